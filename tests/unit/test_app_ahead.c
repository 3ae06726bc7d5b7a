/* A file that is read on another thread gives the same batches as one that is not, whoever is faster. */
#include "tests/support/build.h"
#include "tests/support/scratch.h"

#include <errno.h>
#include <unistd.h>

#include "app/ahead.h"

#define FILE_MAX (32u << 20)
#define PACKETS  12000 /* the ring could hold more of them than the blocks do */

#define LENT_EVERY  1500           /* packets, two datagrams with */
#define AGAIN_AFTER 100            /* between them: the second takes the place of the first */
#define CHANGED     (14 + 20 + 10) /* a byte of each that nothing depends on */

static const uint8_t file_header[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0,
                                        0,    0,    0,    0,    0, 0, 4, 0, 1, 0, 0, 0};

#define FRAGMENT(offset) ETHER("0800") "4500 0024 0001 " offset " 40 11 0000 7f000001 7f000002 "
#define BYTES_16         "9c40 0035 0020 0000 646e7320 68692121 "

/* Some are the last fragment of a datagram, whose payload then lies in the decoder. */
static const char *const frames[] = {
    ETHER("0800") IPV4("002c", "06") TCP("5018") "68692121",
    ETHER("86dd") IPV6("0018", "06") TCP("5018") "68692121",
    ETHER("0800") IPV4("0020", "11") UDP("000c") "646e7321",
    FRAGMENT("2000") BYTES_16,
    FRAGMENT("0002") BYTES_16,
};

static size_t put_record(uint8_t *at, const char *hex, uint32_t number, uint32_t size)
{
    static struct build build;
    build.len = 0;
    build_hex(&build, hex);
    build.bytes[CHANGED] = (uint8_t)(number / AGAIN_AFTER);
    /* Longer ones, so that blocks begin at any place. */
    while (build.len < size)
        build_add(&build, &(uint8_t){(uint8_t)number}, 1);
    const uint32_t record[4] = {number / 1000, number % 1000, build.len, build.len};
    memcpy(at, record, sizeof record);
    memcpy(at + sizeof record, build.bytes, build.len);
    return sizeof record + build.len;
}

/* `cut`: so many bytes are missing at the end. */
static const char *write_capture(struct scratch *scratch, size_t cut)
{
    uint8_t *bytes = malloc(FILE_MAX);
    assert_non_null(bytes);
    memcpy(bytes, file_header, sizeof file_header);
    size_t len = sizeof file_header;
    for (uint32_t number = 0; number < PACKETS; number++) {
        uint32_t place = number % LENT_EVERY;
        bool is_fragment = place % AGAIN_AFTER < 2 && place < 2 * AGAIN_AFTER;
        const char *hex = frames[is_fragment ? 3 + place % AGAIN_AFTER : number % 3];
        assert_true(len + 4096 < FILE_MAX);
        len += put_record(bytes + len, hex, number, number % 7 * 500);
    }
    const char *path = scratch_write(scratch, "capture.pcap", bytes, len - cut);
    free(bytes);
    return path;
}

/* What a reader sees, as a number. */
struct seen {
    uint64_t digest, packets, lent;
    int state;
};

static void look(struct seen *seen, const struct frame_batch *batch,
                 const struct packet_batch *packets)
{
    assert_int_equal(packets->count, batch->count);
    for (uint32_t at = 0; at < batch->count; at++) {
        const struct packet *packet = &packets->packets[at];
        const struct frame *frame = &batch->frames[at];
        uint64_t digest = seen->digest;
        for (uint32_t byte = 0; byte < frame->captured_len; byte++)
            digest = (digest ^ frame->data[byte]) * UINT64_C(0x100000001b3);
        for (uint32_t byte = 0; byte < packet->payload_captured_len; byte++)
            digest = (digest ^ packet->payload[byte]) * UINT64_C(0x100000001b3);
        seen->digest = (digest ^ packet->hash ^ packet->verdict ^ (uint64_t)packet->time_ns) *
                       UINT64_C(0x100000001b3);
    }
    seen->packets += batch->count;
}

struct reading {
    struct source *source;
    struct decoder *decoder;
};

static struct reading begin(const char *path)
{
    struct reading reading = {.decoder = decoder_new(1u << 20)};
    struct err err;
    assert_int_equal(
        source_open_file(&reading.source, &(struct source_file_options){.path = path}, &err), 0);
    return reading;
}

static void end(struct reading *reading)
{
    source_close(reading->source);
    decoder_close(reading->decoder);
}

static struct seen read_here(const char *path)
{
    static struct frame_batch batch;
    static struct packet_batch packets;
    struct reading reading = begin(path);
    struct seen seen = {0};
    struct err err;
    while ((seen.state = source_next(reading.source, &batch, &err)) == SOURCE_OPEN) {
        decode_batch(reading.decoder, &batch, &packets);
        seen.lent += decoder_lends(reading.decoder);
        look(&seen, &batch, &packets);
    }
    end(&reading);
    return seen;
}

struct ahead_row {
    const char *name;
    size_t cut;             /* bytes that the file lacks at its end */
    unsigned pause_every;   /* batches; 0: the taker never pauses */
    unsigned stopped_after; /* batches; 0: it reads everything */
};

static const struct ahead_row rows[] = {
    {"the taker is fast", 0, 0, 0},
    {"the taker pauses often", 0, 3, 0},
    {"the taker pauses now and then", 0, 200, 0},
    {"the file is cut short", 5, 0, 0},
    {"stopped at once", 0, 0, 1},
    {"stopped while the other waits for room", 0, 1, 5},
    {"stopped behind the end", 0, 0, 100000},
};

static struct seen read_ahead(const struct ahead_row *row, const char *path)
{
    struct reading reading = begin(path);
    struct seen seen = {0};
    struct source_stats stats, after;
    struct err err;
    struct ahead *ahead = NULL;
    assert_int_equal(ahead_open(&ahead, reading.source, reading.decoder, &err), 0);
    for (unsigned batches = 1;; batches++) {
        const struct ahead_batch *batch = ahead_next(ahead);
        seen.state = batch->state;
        if (batch->state != SOURCE_OPEN)
            break;
        if (row->pause_every && batches % row->pause_every == 0)
            (void)usleep(1000);
        seen.lent += batch->is_lent;
        look(&seen, &batch->frames, &batch->packets);
        if (row->stopped_after && batches == row->stopped_after)
            ahead_stop(ahead);
    }
    /* It stays over, and what was read is what was taken. */
    assert_int_equal(ahead_next(ahead)->state, seen.state);
    ahead_stats(ahead, &stats);
    assert_int_equal(stats.read, seen.packets);
    ahead_stop(ahead);
    source_stats(reading.source, &after);
    assert_int_equal(after.read, seen.packets);
    assert_int_equal(decoder_stats(reading.decoder)->frames, seen.packets);
    ahead_close(ahead);
    end(&reading);
    return seen;
}

static void check_ahead_row(void **state)
{
    const struct ahead_row *row = *state;
    struct scratch scratch;
    scratch_begin(&scratch);
    const char *path = write_capture(&scratch, row->cut);
    struct seen here = read_here(path);
    struct seen ahead = read_ahead(row, path);
    assert_int_equal(here.state, row->cut ? -EILSEQ : SOURCE_ENDED);
    assert_int_equal(here.lent, 2 * PACKETS / LENT_EVERY);
    if (row->stopped_after && row->stopped_after * FRAME_BATCH_MAX < PACKETS) {
        assert_int_equal(ahead.state, SOURCE_ENDED);
        assert_in_range(ahead.packets, row->stopped_after, here.packets - 1);
    } else {
        assert_memory_equal(&ahead, &here, sizeof here);
    }
    scratch_end(&scratch);
}

/* Only where frames stay. */
static void test_it_pays(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct err err;
    assert_int_equal(source_open_memory(&source, file_header, sizeof file_header, NULL, &err), 0);
    assert_false(ahead_pays(source));
    source_close(source);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_ahead_row);
    ROWS_ADD_ONE(&set, test_it_pays);
    return rows_run(&set, "app_ahead");
}
