/* Plain pcap and pcapng files are read without libpcap, everything in memory is read with it: both must say
 * the same about the same bytes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "capture/source.h"
#include "tests/support/rows.h"

#define IMAGE_MAX   (16u << 20)
#define PATH_SIZE   512
#define PCAP_HEADER 24

struct image {
    uint8_t *bytes;
    size_t len;
};

static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Everything that a source says, in one number; the count and result for the reader of a failure.
 */
struct outcome {
    uint64_t hash;
    uint64_t frames;
    int result;
};

static struct outcome read_all(struct source *source)
{
    static struct frame_batch batch;
    struct err err;
    struct outcome outcome = {.hash = UINT64_C(14695981039346656037)};
    while ((outcome.result = source_next(source, &batch, &err)) == SOURCE_OPEN) {
        for (uint32_t at = 0; at < batch.count; at++) {
            const struct frame *frame = &batch.frames[at];
            outcome.frames++;
            outcome.hash = mix(outcome.hash, &frame->time_ns, sizeof frame->time_ns);
            outcome.hash = mix(outcome.hash, &frame->captured_len, sizeof frame->captured_len);
            outcome.hash = mix(outcome.hash, &frame->wire_len, sizeof frame->wire_len);
            outcome.hash = mix(outcome.hash, &frame->link_type, sizeof frame->link_type);
            outcome.hash = mix(outcome.hash, frame->data, frame->captured_len);
        }
    }
    const struct source_info *info = source_info(source);
    outcome.hash = mix(outcome.hash, &info->snaplen, sizeof info->snaplen);
    outcome.hash = mix(outcome.hash, info->link_name, strlen(info->link_name));
    return outcome;
}

static struct outcome read_memory(const struct image *image, const char *filter)
{
    struct err err;
    struct source *source = NULL;
    struct outcome outcome = {
        .result = source_open_memory(&source, image->bytes, image->len, filter, &err)};
    if (outcome.result == 0) {
        outcome = read_all(source);
        source_close(source);
    }
    return outcome;
}

static int open_image(const struct image *image, const char *filter, struct source **source)
{
    struct err err;
    char path[] = "/tmp/loflow-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, image->bytes, image->len), image->len);
    (void)close(fd);
    int failed = source_open_file(
        source, &(struct source_file_options){.path = path, .filter = filter}, &err);
    (void)unlink(path);
    return failed;
}

static struct outcome read_file(const struct image *image, const char *filter)
{
    struct source *source = NULL;
    struct outcome outcome = {.result = open_image(image, filter, &source)};
    if (outcome.result == 0) {
        outcome = read_all(source);
        source_close(source);
    }
    return outcome;
}

static void check_same(const struct image *image, const char *filter, const char *what)
{
    struct outcome with = read_memory(image, filter);
    struct outcome without = read_file(image, filter);
    if (with.hash != without.hash || with.frames != without.frames || with.result != without.result)
        fail_msg("%s: libpcap reads %llu packets and ends with %d, we %llu and %d", what,
                 (unsigned long long)with.frames, with.result, (unsigned long long)without.frames,
                 without.result);
}

static bool load(const char *path, struct image *image)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    image->bytes = malloc(IMAGE_MAX);
    assert_non_null(image->bytes);
    ssize_t len = read(fd, image->bytes, IMAGE_MAX);
    (void)close(fd);
    image->len = len > 0 ? (size_t)len : 0;
    return len > 0 && len < (ssize_t)IMAGE_MAX;
}

/* Without that file there is no test. */
static struct image load_shipped(const char *path)
{
    struct image image = {0};
    if (!load(path, &image))
        fail_msg("%s cannot be read", path);
    if (!image.bytes)
        abort(); /* said for who only reads the code */
    return image;
}

static unsigned check_folder(const char *folder)
{
    unsigned checked = 0;
    DIR *listing = opendir(folder);
    if (!listing)
        return 0;
    for (struct dirent *entry; (entry = readdir(listing));) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        struct image image = {0};
        if (entry->d_name[0] == '.' || entry->d_type != DT_REG)
            continue;
        if (load(path, &image)) {
            check_same(&image, NULL, path);
            check_same(&image, "tcp port 80 or udp", path);
            checked++;
        }
        free(image.bytes);
    }
    (void)closedir(listing);
    return checked;
}

static void test_the_projects_captures(void **state)
{
    (void)state;
    assert_true(check_folder(LOFLOW_SOURCE_DIR "/pcaps") >= 10);
}

/* The captures of other projects, where they are at hand. */
static void test_the_corpus(void **state)
{
    (void)state;
    static const char *const folders[] = {"derived", "libpcap",      "loopback", "ndpi",
                                          "tcpdump", "pcapplusplus", "zeek",     "suricata-verify"};
    unsigned checked = 0;
    for (size_t at = 0; at < sizeof folders / sizeof folders[0]; at++) {
        char path[PATH_SIZE];
        (void)snprintf(path, sizeof path, "%s/../shared/corpus/%s", LOFLOW_SOURCE_DIR, folders[at]);
        checked += check_folder(path);
    }
    if (checked == 0)
        skip();
}

static void load_sample(struct image *image)
{
    if (!load(LOFLOW_SOURCE_DIR "/pcaps/refused-v4.pcap", image) || image->len >= 1000)
        abort();
}

struct sample_row {
    const char *name;
    const char *path;
    size_t headers; /* bytes that say how the file is to be read: of it and of its first packets */
};

static const struct sample_row cut_rows[] = {
    {"pcap cut at every byte", "refused-v4.pcap", 0},
    {"pcapng cut at every byte", "half-close.pcapng", 0},
};

static const struct sample_row changed_rows[] = {
    {"every byte of pcap's headers changed", "refused-v4.pcap", 24 + 16},
    {"every byte of pcapng's headers changed", "half-close.pcapng", 400},
};

static void load_row(const struct sample_row *row, struct image *image)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof path, "%s/pcaps/%s", LOFLOW_SOURCE_DIR, row->path);
    *image = load_shipped(path);
}

static void check_cut_row(void **state)
{
    struct image image;
    load_row(*state, &image);
    for (size_t len = 0; len <= image.len; len++)
        check_same(&(struct image){image.bytes, len}, NULL, "cut");
    free(image.bytes);
}

/* Every byte of the headers replaced by values that matter: another magic, version, link type, snap
 * length, lengths that are too small or too large, times beyond a second. */
static void check_changed_row(void **state)
{
    const struct sample_row *row = *state;
    static const uint8_t values[] = {0, 1, 4, 0x7f, 0x80, 0xff};
    struct image image;
    load_row(row, &image);
    for (size_t at = 0; at < row->headers; at++) {
        uint8_t kept = image.bytes[at];
        for (size_t value = 0; value < sizeof values; value++) {
            image.bytes[at] = values[value];
            check_same(&image, NULL, "changed");
        }
        image.bytes[at] = kept;
    }
    free(image.bytes);
}

static void put_be32(uint8_t *at, uint32_t value)
{
    for (int byte = 0; byte < 4; byte++)
        at[byte] = (uint8_t)(value >> (24 - 8 * byte));
}

/* The same file in the other byte order. */
static void test_big_endian(void **state)
{
    (void)state;
    struct image image;
    load_sample(&image);
    struct outcome little = read_file(&image, NULL);
    put_be32(image.bytes, load_le32(image.bytes));
    memcpy(image.bytes + 4, (const uint8_t[]){0, 2, 0, 4}, 4);
    for (size_t at = 8; at < 24; at += 4)
        put_be32(image.bytes + at, load_le32(image.bytes + at));
    for (size_t record = 24; record < image.len;) {
        uint32_t captured_len = load_le32(image.bytes + record + 8);
        for (size_t at = 0; at < 16; at += 4)
            put_be32(image.bytes + record + at, load_le32(image.bytes + record + at));
        record += 16 + captured_len;
    }
    struct outcome big = read_file(&image, NULL);
    assert_int_equal(little.result, SOURCE_ENDED);
    assert_int_equal(big.result, SOURCE_ENDED);
    assert_int_equal(big.frames, little.frames);
    assert_true(big.hash == little.hash);
    check_same(&image, NULL, "big endian");
    free(image.bytes);
}

/* Packets longer than the header's snap length, and one of every size around the block's end. */
static void test_long_records(void **state)
{
    (void)state;
    struct image image = {.bytes = calloc(1, IMAGE_MAX)};
    assert_non_null(image.bytes);
    struct image sample;
    load_sample(&sample);
    memcpy(image.bytes, sample.bytes, 24);
    image.len = 24;
    for (uint32_t len = 1; image.len + 16 + len < IMAGE_MAX && len <= 262144;
         len = len * 5 / 3 + 1) {
        uint8_t *record = image.bytes + image.len;
        memcpy(record + 8, &len, 4);
        memcpy(record + 12, &len, 4);
        memset(record + 16, (int)len, len);
        image.len += 16 + len;
    }
    check_same(&image, NULL, "long records");
    const uint32_t snaplen = 100;
    memcpy(image.bytes + 16, &snaplen, 4);
    check_same(&image, NULL, "longer than the snap length");
    free(sample.bytes);
    free(image.bytes);
}

#define SPARED_WANTED 64
#define SPARED_MOST   (14 + 20 + 20 + SPARED_WANTED)

/* What is left out of long packets of TCP, and of nothing else. */
struct spared_row {
    const char *name;
    uint32_t packet_len;
    uint8_t protocol;
    uint32_t wanted;
    const char *filter;
    bool is_spared;
};

static const struct spared_row spared_rows[] = {
    {"long packets of TCP", 60000, 6, SPARED_WANTED, NULL, true},
    {"long packets that somebody reads", 60000, 6, SOURCE_PAYLOAD_ALL, NULL, false},
    {"long packets behind a filter", 60000, 6, SPARED_WANTED, "tcp", false},
    {"long packets of something else", 60000, 132, SPARED_WANTED, NULL, false},
    {"packets that are not long", 9000, 6, SPARED_WANTED, NULL, false},
};

#define SPARED_COUNT 100u

static void fill_spared(struct image *image, const struct spared_row *row)
{
    static const uint8_t ip[] = {8, 0, 0x45, 0, 0, 0, 0, 1, 0, 0, 64};
    for (uint32_t count = 0; count < SPARED_COUNT; count++) {
        uint8_t *record = image->bytes + image->len, *data = record + 16;
        const uint32_t lens[] = {row->packet_len, row->packet_len};
        memset(record, 0, 16);
        memcpy(record, &count, sizeof count);
        memcpy(record + 8, lens, sizeof lens);
        memset(data, (int)count, row->packet_len);
        memcpy(data + 12, ip, sizeof ip);
        data[14 + 9] = row->protocol;
        data[14 + 20 + 12] = 0x50;
        image->len += 16 + row->packet_len;
    }
}

static void check_spared_row(void **state)
{
    const struct spared_row *row = *state;
    static struct frame_batch batch;
    struct err err;
    struct source_stats stats;
    struct source *source = NULL;
    struct image sample, image = {.bytes = calloc(1, IMAGE_MAX), .len = PCAP_HEADER};
    assert_non_null(image.bytes);
    load_sample(&sample);
    memcpy(image.bytes, sample.bytes, PCAP_HEADER);
    fill_spared(&image, row);
    assert_int_equal(open_image(&image, row->filter, &source), 0);
    source_keep_payload(source, row->wanted);
    uint32_t count = 0, spared = 0;
    uint64_t missing = 0;
    const uint8_t *whole = image.bytes + PCAP_HEADER + 16;
    while (source_next(source, &batch, &err) == SOURCE_OPEN) {
        for (uint32_t at = 0; at < batch.count; at++, whole += 16 + row->packet_len) {
            const struct frame *frame = &batch.frames[at];
            bool is_cut = frame->captured_len < row->packet_len;
            assert_int_equal(frame->time_ns / 1000000000, count++);
            assert_int_equal(frame->wire_len, row->packet_len);
            assert_int_equal(frame->captured_len, is_cut ? SPARED_MOST : row->packet_len);
            assert_memory_equal(frame->data, whole, frame->captured_len);
            spared += is_cut;
            missing += frame->wire_len - frame->captured_len;
        }
    }
    source_stats(source, &stats);
    assert_int_equal(count, SPARED_COUNT);
    assert_int_equal(stats.spared_packets, spared);
    assert_int_equal(stats.spared_bytes, missing);
    assert_int_equal(stats.position, image.len);
    assert_true(row->is_spared ? spared > SPARED_COUNT / 2 : spared == 0);
    source_close(source);
    free(sample.bytes);
    free(image.bytes);
}

/* libpcap reads ahead through stdio; the block reader knows to the byte how far it is. So this tells
 * which of them read the file. */
static void test_plain_files_are_read_by_blocks(void **state)
{
    (void)state;
    static struct frame_batch batch;
    struct err err;
    struct source_stats stats;
    struct source *source = NULL;
    int64_t consumed = PCAP_HEADER;
    struct image image = load_shipped(LOFLOW_SOURCE_DIR "/pcaps/demo.pcap");
    /* Its records twice are more than a batch. */
    memcpy(image.bytes + image.len, image.bytes + PCAP_HEADER, image.len - PCAP_HEADER);
    image.len += image.len - PCAP_HEADER;
    assert_int_equal(open_image(&image, NULL, &source), 0);
    assert_int_equal(source_next(source, &batch, &err), SOURCE_OPEN);
    assert_int_equal(batch.count, FRAME_BATCH_MAX);
    for (uint32_t at = 0; at < batch.count; at++)
        consumed += 16 + batch.frames[at].captured_len;
    source_stats(source, &stats);
    assert_int_equal(stats.position, consumed);
    assert_true(consumed < source_info(source)->size);
    source_close(source);
    free(image.bytes);
}

/* Only who reads by blocks keeps them; once libpcap has to go on, nobody does. */
static void test_plain_pcapng_files_are_read_by_blocks(void **state)
{
    (void)state;
    static struct frame_batch batch;
    struct err err;
    struct source *source = NULL;
    const uint32_t simple_packet[] = {3, 20, 4, 0x68692121, 20};
    struct image image = load_shipped(LOFLOW_SOURCE_DIR "/pcaps/half-close.pcapng");
    for (int odd = 0; odd < 2; odd++) {
        assert_int_equal(open_image(&image, NULL, &source), 0);
        assert_true(source_blocks_kept(source) > 0);
        while (source_next(source, &batch, &err) == SOURCE_OPEN)
            continue;
        assert_int_equal(source_blocks_kept(source) == 0, odd);
        source_close(source);
        memcpy(image.bytes + image.len, simple_packet, sizeof simple_packet);
        image.len += sizeof simple_packet;
    }
    free(image.bytes);
}

/* What is put behind the packets of a file: each is passed over, taken, or left to libpcap. */
struct block_row {
    const char *name;
    uint32_t words[10]; /* ended by 0xffffffff */
};

#define END       0xffffffff
#define PACKET(n) n, 0, 0, 4, 4, 0x68692121

static const struct block_row block_rows[] = {
    {"an unknown block", {0x4242, 16, 1, 16, END}},
    {"a packet", {6, 36, PACKET(0), 36, END}},
    {"a packet of no interface", {6, 36, PACKET(1), 36, END}},
    {"another interface of the same kind", {1, 32, 1, 262144, 0x00010009, 9, 0, 32, END}},
    {"another interface with other time stamps", {1, 32, 1, 262144, 0x00010009, 3, 0, 32, END}},
    {"another interface with another snap length", {1, 32, 1, 96, 0x00010009, 9, 0, 32, END}},
    {"another interface of another link type", {1, 32, 113, 262144, 0x00010009, 9, 0, 32, END}},
    {"an interface with another start of time", {1, 36, 1, 262144, 0x0008000e, 9, 0, 0, 36, END}},
    {"a simple packet", {3, 20, 4, 0x68692121, 20, END}},
    {"an old packet", {2, 36, 0, 0, 0, 4, 4, 0x68692121, 36, END}},
    {"another section", {0x0a0d0d0a, 28, 0x1a2b3c4d, 1, END, END}},
    {"a length that does not come again", {6, 36, PACKET(0), 40, END}},
    {"a length that is no multiple of 4", {0x4242, 14, 1, 14, END}},
    {"a length that is too short", {0x4242, 8, END}},
    {"a length beyond all files", {0x4242, 0x7fffffff, END}},
    {"a packet longer than its block", {6, 36, 0, 0, 0, 5, 5, 0x68692121, 36, END}},
};

/* Two packets of the sample follow, if they are still reached. */
static void check_block_row(void **state)
{
    const struct block_row *row = *state;
    struct image image = load_shipped(LOFLOW_SOURCE_DIR "/pcaps/half-close.pcapng");
    size_t end = image.len, first = 0;
    for (size_t at = 0; first == 0; at += load_le32(image.bytes + at + 4)) {
        assert_true(at + 8 < end);
        first = load_le32(image.bytes + at) == 6 ? at : 0;
    }
    size_t two = load_le32(image.bytes + first + 4);
    two += load_le32(image.bytes + first + two + 4);
    for (size_t word = 0; row->words[word] != END; word++, image.len += 4)
        memcpy(image.bytes + image.len, &row->words[word], 4);
    check_same(&image, NULL, row->name);
    memcpy(image.bytes + image.len, image.bytes + first, two);
    image.len += two;
    check_same(&image, NULL, row->name);
    check_same(&image, "tcp[tcpflags] & tcp-syn != 0", row->name);
    free(image.bytes);
}

static void test_bad_filter(void **state)
{
    (void)state;
    struct image image;
    load_sample(&image);
    assert_int_equal(read_file(&image, "nonsense and").result, -EINVAL);
    free(image.bytes);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_the_projects_captures);
    ROWS_ADD_ONE(&set, test_the_corpus);
    ROWS_ADD(&set, cut_rows, check_cut_row);
    ROWS_ADD(&set, changed_rows, check_changed_row);
    ROWS_ADD_ONE(&set, test_big_endian);
    ROWS_ADD_ONE(&set, test_long_records);
    ROWS_ADD(&set, spared_rows, check_spared_row);
    ROWS_ADD_ONE(&set, test_plain_files_are_read_by_blocks);
    ROWS_ADD_ONE(&set, test_plain_pcapng_files_are_read_by_blocks);
    ROWS_ADD(&set, block_rows, check_block_row);
    ROWS_ADD_ONE(&set, test_bad_filter);
    return rows_run(&set, "capture_records");
}
