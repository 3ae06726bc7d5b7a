/* What capture files may say that is not true, and what is said about files that are no captures.
 */
#include "tests/support/captures.h"
#include "tests/support/scratch.h"

#include <errno.h>

#include "capture/slab.h"

/* One record in a little-endian file, and the frame that it becomes. */
struct record_row {
    const char *name;
    bool nanoseconds, big_endian;
    uint32_t seconds, fraction, captured_len, wire_len;
    int64_t time_ns;
    uint32_t frame_wire_len;
};

#define S INT64_C(1000000000)

static const struct record_row records[] = {
    {"1970", false, false, 0, 0, 4, 4, 0, 4},
    {"1970, nanosecond 1", true, false, 0, 1, 4, 4, 1, 4},
    {"2038, le", false, false, 0x80000000, 0, 4, 4, 0x80000000 * S, 4},
    {"2038, be", true, true, 0x80000000, 5, 4, 4, 0x80000000 * S + 5, 4},
    {"2106", true, false, UINT32_MAX, 999999999, 4, 4, UINT32_MAX *S + 999999999, 4},
    {"a million microseconds and one", false, false, 7, 1000001, 4, 4, 8 * S + 1000, 4},
    {"a fraction of 2^31 us", false, false, 7, 0x80000000, 4, 4, 7 * S + 0x80000000 * INT64_C(1000),
     4},
    {"a fraction of 2^31 ns, le", true, false, 7, 0x80000000, 4, 4, 7 * S + 0x80000000, 4},
    {"a fraction of 2^31 ns, be", true, true, 7, 0x80000000, 4, 4, 7 * S + 0x80000000, 4},
    {"everything at its largest", false, false, UINT32_MAX, UINT32_MAX, 4, UINT32_MAX,
     UINT32_MAX *S + UINT32_MAX *INT64_C(1000), UINT32_MAX},
    {"longer in the file than on the wire", false, false, 1, 0, 4, 3, S, 4},
    {"nothing on the wire", false, false, 1, 0, 4, 0, S, 4},
    {"nothing captured", false, false, 1, 0, 0, 1500, S, 1500},
    {"nothing at all", false, false, 1, 0, 0, 0, S, 0},
};

static void check_record(void **state)
{
    const struct record_row *row = *state;
    struct capture capture = {.big_endian = row->big_endian};
    put_pcap_header(&capture, row->nanoseconds, LINK_ETHERNET);
    put_pcap_record(&capture,
                    (uint32_t[]){row->seconds, row->fraction, row->captured_len, row->wire_len},
                    (const uint8_t *)"data", row->captured_len);
    struct reading reading;
    reading_memory(&reading, capture.bytes, capture.len, NULL);
    assert_int_equal(reading.result, SOURCE_ENDED);
    assert_int_equal(reading.count, 1);
    assert_int_equal(reading.frames[0].time_ns, row->time_ns);
    assert_int_equal(reading.frames[0].captured_len, row->captured_len);
    assert_int_equal(reading.frames[0].wire_len, row->frame_wire_len);
    assert_memory_equal(reading.frames[0].data, "data", row->captured_len);
}

struct time_row {
    const char *name;
    int64_t seconds, fraction, time_ns;
};

#define LIMIT FRAME_TIME_MAX_NS

static const struct time_row times[] = {
    {"time: now", CAPTURE_SECONDS, 5, CAPTURE_SECONDS *S + 5},
    {"time: before 1970", -1, 5, -S + 5},
    {"time: the last of the pcap format", UINT32_MAX, UINT32_MAX, UINT32_MAX *S + UINT32_MAX},
    {"time: the limit", LIMIT / S, 0, LIMIT},
    {"time: just below", LIMIT / S - 1, 999999999, (LIMIT / S - 1) * S + 999999999},
    {"time: carried over the limit", LIMIT / S - 1, 2 * S, LIMIT},
    {"time: the end of time", INT64_MAX, INT64_MAX, LIMIT},
    {"time: the beginning of time", INT64_MIN, INT64_MIN, -LIMIT},
    {"time: carried under the limit", -(LIMIT / S) + 1, -2 * S, -LIMIT},
    {"time: a fraction of centuries", 1, INT64_MAX, S},
};

static void check_time(void **state)
{
    const struct time_row *row = *state;
    assert_int_equal(slab_time_ns(row->seconds, row->fraction), row->time_ns);
}

/* The file's number and the one that frames carry. */
struct link_row {
    const char *name;
    uint32_t in_file;
    uint16_t link_type;
    const char *link_name;
};

static const struct link_row links[] = {
    {"link: NULL", 0, LINK_NULL, "NULL"},
    {"link: ethernet", 1, LINK_ETHERNET, "EN10MB"},
    {"link: raw", 101, LINK_RAW, "RAW"},
    {"link: loop", 108, LINK_LOOP, "LOOP"},
    {"link: sll", 113, LINK_LINUX_SLL, "LINUX_SLL"},
    {"link: sll2", 276, LINK_LINUX_SLL2, "LINUX_SLL2"},
    {"link: ipv4", 228, LINK_IPV4, "IPV4"},
    {"link: nobody's", 60000, 60000, "unknown"},
};

static void check_link(void **state)
{
    const struct link_row *row = *state;
    struct capture capture = {0};
    put_pcap_header(&capture, false, row->in_file);
    put_pcap_record(&capture, (uint32_t[]){1, 2, 4, 4}, (const uint8_t *)"data", 4);
    struct source *source = NULL;
    struct reading reading = {0};
    assert_int_equal(source_open_memory(&source, capture.bytes, capture.len, "", &reading.err), 0);
    assert_int_equal(source_info(source)->link_type, row->link_type);
    assert_string_equal(source_info(source)->link_name, row->link_name);
    assert_int_equal(source_info(source)->snaplen, 65535);
    assert_false(source_info(source)->live);
    assert_int_equal(source_fd(source), -1);
    reading_finish(&reading, source);
    assert_int_equal(reading.count, 1);
    assert_int_equal(reading.frames[0].link_type, row->link_type);
    source_close(source);
}

/* Bytes that are no capture, and the words by which the user learns why. */
struct alien_row {
    const char *name;
    const char *bytes;
    size_t len;
    const char *words;
};

#define BYTES(literal) literal, sizeof(literal) - 1

static const struct alien_row aliens[] = {
    {"empty", BYTES(""), "is empty"},
    {"one byte", BYTES("\xd4"), "it ends after 1 bytes"},
    {"a header cut short", BYTES("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0"), "it ends after 12 bytes"},
    {"zeros", BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "libpcap reads: "},
    {"snoop", BYTES("snoop\0\0\0\0\0\0\2\0\0\0\4"), "a snoop capture; convert it with: editcap"},
    {"network monitor", BYTES("GMBU\0\2\1\0\0\0\0\0\0\0\0\0\0\0\0"), "a Network Monitor capture"},
    {"bzip2", BYTES("BZh91AY&SY\0\0\0\0\0\0\0\0\0"), "bzcat FILE | loflow -r -"},
    {"xz", BYTES("\xfd\x37zXZ\0\0\4\0\0\0\0\0\0\0\0\0"), "xzcat FILE | loflow -r -"},
    {"json", BYTES("{\"a\": 1, \"b\": \"some more text\"}"), "JSON text"},
    {"html", BYTES("<!DOCTYPE html><html><head>404</head>"), "HTML or XML text"},
    {"damaged gzip", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
     "is damaged after 0 packets"},
    {"cut gzip", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\3"), "is cut short after 0 packets"},
    {"damaged zstd", BYTES("\x28\xb5\x2f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
     "is damaged after 0 packets"},
    {"cut zstd", BYTES("\x28\xb5\x2f\xfd"), "is cut short after 0 packets"},
    {"an old version", BYTES("\xd4\xc3\xb2\xa1\1\0\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\1\0\0\0"),
     "archaic pcap savefile format; if Wireshark reads it"},
};

static void check_alien(void **state)
{
    const struct alien_row *row = *state;
    struct reading reading;
    reading_memory(&reading, (const uint8_t *)row->bytes, row->len, NULL);
    assert_int_equal(reading.result, -EILSEQ);
    assert_int_equal(reading.count, 0);
    if (!strstr(reading.err.text, row->words))
        fail_msg("\"%s\" lacks \"%s\"", reading.err.text, row->words);
}

struct filter_row {
    const char *name;
    const char *filter;
    unsigned passed; /* of the four packets */
    int result;
};

static const struct filter_row filters[] = {
    {"filter: none", NULL, 4, SOURCE_ENDED},
    {"filter: empty", "", 4, SOURCE_ENDED},
    {"filter: blank", " \t", 4, SOURCE_ENDED},
    {"filter: udp", "udp", 3, SOURCE_ENDED},
    {"filter: one port", "port 1003", 1, SOURCE_ENDED},
    {"filter: nothing passes", "tcp", 0, SOURCE_ENDED},
    {"filter: by length", "greater 1000", 1, SOURCE_ENDED},
    {"filter: half an expression", "udp and", 0, -EINVAL},
    {"filter: nonsense", "not a filter", 0, -EINVAL},
    {"filter: unbalanced", "udp) or (tcp", 0, -EINVAL},
    {"filter: only live", "inbound", 0, -EINVAL},
};

static void check_filter(void **state)
{
    const struct filter_row *row = *state;
    const struct capture_kind kind = {.form = FORM_PCAP};
    struct capture capture;
    capture_build(&capture, &kind);
    struct reading reading;
    reading_memory(&reading, capture.bytes, capture.len, row->filter);
    assert_int_equal(reading.result, row->result);
    assert_int_equal(reading.count, row->passed);
    if (row->result == -EINVAL)
        assert_non_null(strstr(reading.err.text, row->filter));
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, records, check_record);
    ROWS_ADD(&set, times, check_time);
    ROWS_ADD(&set, links, check_link);
    ROWS_ADD(&set, aliens, check_alien);
    ROWS_ADD(&set, filters, check_filter);
    return rows_run(&set, "capture_file");
}
