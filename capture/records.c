/*
 * Theory of operation
 *
 * The plain pcap format, which nearly every capture has, is a header of 24 bytes and records of 16
 * bytes plus a packet (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html). Reading it
 * block by block and handing out packets where they lie spares libpcap's copy through stdio and
 * ours into a slab: half of the time of reading.
 *
 * Packets are borrowed from their block, see capture/window.h.
 *
 * What is read is what libpcap would read; a test compares both on every capture at hand. Anything
 * unusual (pcapng, compression, old or modified formats, link types whose packets libpcap rewrites)
 * is left to libpcap: records_fit says no.
 */
#include "capture/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "capture/filter.h"
#include "capture/header.h"
#include "capture/slab.h"
#include "capture/sparing.h"
#include "capture/window.h"

#define HEADER_SIZE 24
#define RECORD_SIZE 16

#define MAGIC_MICROSECONDS 0xa1b2c3d4u
#define MAGIC_NANOSECONDS  0xa1b23c4du

/* Records looked at before a call returns with a batch that is not full. */
#define RECORDS_PER_CALL 1024

struct records {
    struct source source;
    struct filter filter;
    struct window window;
    struct sparing sparing;
    bool swapped; /* the file's byte order is not little endian */
    bool finished;
    int result;       /* once finished: 0 for a good end, or -errno and `err` */
    int64_t fraction; /* nanoseconds in one unit of a record's fraction of a second */
    uint64_t packets; /* read so far, whether or not they passed the filter */
    struct err err;
};

static uint32_t load32(const struct records *records, const uint8_t *at)
{
    return records->swapped ? load_be32(at) : load_le32(at);
}

static void finish(struct records *records, int result)
{
    records->finished = true;
    records->result = result;
}

static void finish_cut(struct records *records)
{
    if (records->window.begin == records->window.end) {
        finish(records, 0);
        return;
    }
    finish(records, err_set(&records->err, EILSEQ,
                            "%s is cut short after %llu packet%s; everything before was read",
                            records->source.info.name, (unsigned long long)records->packets,
                            records->packets == 1 ? "" : "s"));
}

static void finish_damaged(struct records *records, uint32_t captured_len)
{
    finish(
        records,
        err_set(&records->err, EILSEQ,
                "%s cannot be read further after %llu packet%s: the next one claims %u bytes, more"
                " than the %u that are possible; everything before was read",
                records->source.info.name, (unsigned long long)records->packets,
                records->packets == 1 ? "" : "s", captured_len, SLAB_PACKET_MAX));
}

/* The next record is whole in the block, or the batch has to go first, or the file ends here. */
static bool is_ready(struct records *records, uint32_t size, bool is_first)
{
    int state = window_has(&records->window, size, is_first);
    if (state == WINDOW_SHORT)
        finish_cut(records);
    else if (state < 0)
        finish(records, err_set(&records->err, -state, "%s cannot be read further: %s",
                                records->source.info.name, strerror(-state)));
    return state == WINDOW_READY;
}

/* A record of `size` bytes at the window, with so much of its packet. */
static void take_record(struct records *records, uint32_t captured_len, uint32_t size,
                        struct frame_batch *batch)
{
    const uint8_t *record = window_at(&records->window);
    uint32_t wire_len = load32(records, record + 12);
    uint32_t kept =
        captured_len < records->source.info.snaplen ? captured_len : records->source.info.snaplen;
    records->window.begin += size;
    records->packets++;
    if (records->filter.active) {
        struct pcap_pkthdr header = {.caplen = kept, .len = wire_len};
        if (!filter_passes(&records->filter, &header, record + RECORD_SIZE))
            return;
    }
    /* Seconds and fraction have 32 bits each, which is below FRAME_TIME_MAX_NS. */
    int64_t seconds = load32(records, record);
    int64_t fraction = load32(records, record + 4);
    batch->frames[batch->count++] = (struct frame){
        .time_ns = seconds * CLOCK_NS_PER_S + fraction * records->fraction,
        .data = record + RECORD_SIZE,
        .captured_len = kept,
        .wire_len = wire_len > kept ? wire_len : kept,
        .link_type = records->source.info.link_type,
    };
}

/* A packet that is worth leaving out in part. False: it could not be. */
static bool __attribute__((noinline))
take_in_part(struct records *records, uint32_t captured_len, struct frame_batch *batch)
{
    const struct sparing_record record = {
        .size = RECORD_SIZE + captured_len,
        .head_len = RECORD_SIZE,
        .captured_len = captured_len,
        .wire_len = load32(records, window_at(&records->window) + 12),
        .is_first = batch->count == 0,
    };
    if (captured_len > records->source.info.snaplen)
        return false;
    uint32_t kept = sparing_leave(&records->sparing, &records->window, &record);
    if (kept == captured_len)
        return false;
    sparing_note(&records->sparing, &record, kept);
    take_record(records, kept, RECORD_SIZE + kept + SPARING_TAIL, batch);
    return true;
}

static void read_batch(struct records *records, struct frame_batch *batch)
{
    uint64_t limit = records->packets + RECORDS_PER_CALL;
    window_begin_batch(&records->window);
    while (batch->count < FRAME_BATCH_MAX && records->packets < limit) {
        bool is_first = batch->count == 0;
        if (!is_ready(records, RECORD_SIZE, is_first))
            break;
        uint32_t captured_len = load32(records, window_at(&records->window) + 8);
        if (captured_len > SLAB_PACKET_MAX) {
            finish_damaged(records, captured_len);
            break;
        }
        if (captured_len >= records->sparing.least && take_in_part(records, captured_len, batch))
            continue;
        if (!is_ready(records, RECORD_SIZE + captured_len, is_first))
            break;
        take_record(records, captured_len, RECORD_SIZE + captured_len, batch);
    }
    records->source.block = records->window.number;
}

static int records_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct records *records = (struct records *)source;
    if (!records->finished)
        read_batch(records, batch);
    if (batch->count > 0 || !records->finished)
        return SOURCE_OPEN;
    if (records->result == 0)
        return SOURCE_ENDED;
    *err = records->err;
    return records->result;
}

static void records_stats(struct source *source, struct source_stats *stats)
{
    const struct records *records = (struct records *)source;
    stats->position = (int64_t)window_position(&records->window);
    sparing_stats(&records->sparing, stats);
}

/* A filter may look at any byte. */
static void records_keep_payload(struct source *source, uint32_t payload_len)
{
    struct records *records = (struct records *)source;
    if (!records->filter.active && source->info.link_type == LINK_ETHERNET)
        sparing_keep(&records->sparing, payload_len);
}

static void records_close(struct source *source)
{
    struct records *records = (struct records *)source;
    filter_free(&records->filter);
    window_close(&records->window);
    free(records);
}

static const struct source_ops records_ops = {.next = records_next,
                                              .stats = records_stats,
                                              .close = records_close,
                                              .keep_payload = records_keep_payload};

/* The file is one of ours, and in which form. */
static bool learn_format(struct records *records, const uint8_t *header)
{
    records->swapped =
        load_be32(header) == MAGIC_MICROSECONDS || load_be32(header) == MAGIC_NANOSECONDS;
    uint32_t magic = load32(records, header);
    records->fraction = magic == MAGIC_NANOSECONDS ? 1 : 1000;
    return (magic == MAGIC_MICROSECONDS || magic == MAGIC_NANOSECONDS) &&
           load32(records, header + 4) == (records->swapped ? 2u << 16 | 4 : 4u << 16 | 2) &&
           header_link_is_plain(load32(records, header + 20));
}

static struct records *create(const struct records *form, const struct file_input *input,
                              uint64_t position)
{
    struct records *records = malloc(sizeof *records);
    if (!records || lseek(input->fd, (off_t)position, SEEK_SET) < 0) {
        free(records);
        return NULL;
    }
    *records = *form;
    if (window_open(&records->window, input->fd, position) != 0) {
        free(records);
        return NULL;
    }
    sparing_begin(&records->sparing);
    source_begin(&records->source, &records_ops, input->name);
    records->source.blocks_kept = WINDOW_BLOCKS - 1;
    records->source.info.size = input->size;
    return records;
}

bool records_open(struct source **source, const struct file_input *input, int *result,
                  struct err *err)
{
    uint8_t header[HEADER_SIZE];
    struct records form = {0};
    off_t begin = lseek(input->fd, 0, SEEK_CUR);
    if (begin < 0 || pread(input->fd, header, sizeof header, begin) != (ssize_t)sizeof header ||
        !learn_format(&form, header))
        return false;
    pcap_t *pcap = header_open(header, HEADER_SIZE);
    struct records *records = pcap ? create(&form, input, (uint64_t)begin + HEADER_SIZE) : NULL;
    if (!records) {
        if (pcap)
            pcap_close(pcap);
        return false;
    }
    source_set_link(&records->source, pcap_datalink(pcap));
    records->source.info.snaplen = (uint32_t)pcap_snapshot(pcap);
    *result = filter_compile(&records->filter, pcap, input->filter, err);
    pcap_close(pcap);
    if (*result == 0)
        *source = &records->source;
    else
        records_close(&records->source);
    return true;
}
