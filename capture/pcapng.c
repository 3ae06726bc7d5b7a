/*
 * Theory of operation
 *
 * A pcapng file as nearly every program writes it: one section, interfaces that are all of one kind with time
 * stamps in micro- or nanoseconds, and enhanced packet blocks; blocks of other kinds are passed over, as
 * libpcap does. Packets are borrowed from their block, see capture/window.h.
 *
 * Whatever else comes, another section, an older kind of packet, lengths that do not agree, the middle of a
 * block at the end of the file: from there on libpcap reads, from the beginning, and as many packets as were
 * handed out already are dropped. So all that is odd or broken is judged in one place, and a test compares
 * both on every capture at hand.
 */
#include "capture/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "capture/blocks.h"
#include "capture/filter.h"
#include "capture/header.h"
#include "capture/slab.h"
#include "capture/sparing.h"
#include "capture/window.h"

#define FRAME_SIZE      8u    /* type and length, which comes again at the end */
#define BLOCK_MIN       12u   /* both */
#define SECTION_SIZE    28u   /* without options */
#define INTERFACE_SIZE  20u   /* without options */
#define PACKET_SIZE     32u   /* without data and options */
#define DATA_AT         28u   /* in a packet */
#define HEADER_MOST     4096u /* section and first interface */
#define OPTION_END      0u
#define OPTION_TSRESOL  9u
#define OPTION_TSOFFSET 14u
#define RESOLUTION_US   6u
#define RESOLUTION_NS   9u
#define INTERFACES_MOST 1024u

/* Blocks looked at before a call returns with a batch that is not full. */
#define BLOCKS_PER_CALL 1024

/* An interface, as far as it matters: all of a file must be the same. */
struct form {
    uint32_t link_type;
    uint32_t snaplen;
    int64_t unit_ns; /* of a time stamp */
    bool has_unit;   /* by an option */
};

struct pcapng {
    struct source source;
    struct filter filter;
    struct window window;
    struct sparing sparing;
    struct source *rest; /* libpcap, once it reads; NULL: it does not */
    bool swapped;
    bool ended;
    struct form form;
    uint32_t interfaces;
    uint64_t handed; /* packets handed out, of which `rest` has dropped so many: */
    uint64_t dropped;
    int64_t begin; /* of the capture in the file */
    char *text;    /* of the filter; NULL: none */
    int result;    /* once ended: 0 for a good end, or -errno and `err` */
    struct err err;
};

static uint32_t load32(bool swapped, const uint8_t *at)
{
    return swapped ? load_be32(at) : load_le32(at);
}

static uint16_t load16(bool swapped, const uint8_t *at)
{
    return swapped ? load_be16(at) : load_le16(at);
}

/* False: something that libpcap may take otherwise. */
static bool read_option(struct form *form, uint16_t code, const uint8_t *value, uint16_t len)
{
    if (code == OPTION_TSOFFSET || (code == OPTION_TSRESOL && form->has_unit))
        return false;
    if (code != OPTION_TSRESOL)
        return true;
    if (len != 1 || (value[0] != RESOLUTION_US && value[0] != RESOLUTION_NS))
        return false;
    form->has_unit = true;
    form->unit_ns = value[0] == RESOLUTION_NS ? 1 : CLOCK_NS_PER_US;
    return true;
}

/* The interface block of `size` bytes. False: not one that is read here. */
static bool read_interface(struct form *form, bool swapped, const uint8_t *block, uint32_t size)
{
    if (size < INTERFACE_SIZE)
        return false;
    struct bytes left = {block + INTERFACE_SIZE - 4, size - INTERFACE_SIZE};
    *form = (struct form){.link_type = load16(swapped, block + 8),
                          .snaplen = load32(swapped, block + 12),
                          .unit_ns = CLOCK_NS_PER_US};
    while (left.left > 0) {
        const uint8_t *option = bytes_take(&left, 4);
        if (!option)
            return false;
        uint16_t code = load16(swapped, option), len = load16(swapped, option + 2);
        if (code == OPTION_END)
            return len == 0 && header_link_is_plain(form->link_type);
        const uint8_t *value = bytes_take(&left, (len + 3u) & ~3u);
        if (!value || !read_option(form, code, value, len))
            return false;
    }
    return header_link_is_plain(form->link_type);
}

/* A block whose lengths agree and that is no longer than what is read here; 0: not such. */
static uint32_t block_size(bool swapped, const uint8_t *block)
{
    uint32_t size = load32(swapped, block + 4);
    return size >= BLOCK_MIN && size <= WINDOW_MOST && size % 4 == 0 ? size : 0;
}

static bool is_closed(bool swapped, const uint8_t *block, uint32_t size)
{
    return load32(swapped, block + size - 4) == size;
}

/* Section and first interface. Returns their size, 0 when the file is not one of ours. */
static uint32_t learn_format(struct pcapng *form, const uint8_t *bytes, size_t len)
{
    if (len < SECTION_SIZE + INTERFACE_SIZE || load_le32(bytes) != BLOCK_SECTION)
        return 0;
    form->swapped = load_le32(bytes + 8) != BLOCKS_BYTE_ORDER;
    if (load32(form->swapped, bytes + 8) != BLOCKS_BYTE_ORDER ||
        load16(form->swapped, bytes + 12) != 1 || load16(form->swapped, bytes + 14) != 0)
        return 0;
    uint32_t section = block_size(form->swapped, bytes);
    if (section < SECTION_SIZE || section + INTERFACE_SIZE > len ||
        !is_closed(form->swapped, bytes, section))
        return 0;
    const uint8_t *interface = bytes + section;
    uint32_t size = block_size(form->swapped, interface);
    if (load32(form->swapped, interface) != BLOCK_INTERFACE || size < INTERFACE_SIZE ||
        section + size > len || !is_closed(form->swapped, interface, size) ||
        !read_interface(&form->form, form->swapped, interface, size))
        return 0;
    form->interfaces = 1;
    return section + size;
}

/* From here on libpcap reads. */
static int hand_over(struct pcapng *pcapng, struct err *err)
{
    struct file_input input = {
        .fd = fcntl(pcapng->window.fd, F_DUPFD_CLOEXEC, 0),
        .size = pcapng->source.info.size,
        .name = pcapng->source.info.name,
        .filter = pcapng->text,
    };
    if (input.fd < 0 || lseek(input.fd, pcapng->begin, SEEK_SET) < 0) {
        int error = errno;
        if (input.fd >= 0)
            (void)close(input.fd);
        return err_set(err, error, "%s cannot be read again: %s", input.name, strerror(error));
    }
    return file_open(&pcapng->rest, &input, err);
}

/* What was handed out before is dropped. */
static int next_of_rest(struct pcapng *pcapng, struct frame_batch *batch, struct err *err)
{
    int state = source_next(pcapng->rest, batch, err);
    uint64_t again = pcapng->handed - pcapng->dropped;
    if (again > batch->count)
        again = batch->count;
    pcapng->dropped += again;
    batch->count -= (uint32_t)again;
    memmove(batch->frames, batch->frames + again, batch->count * sizeof batch->frames[0]);
    return state;
}

/* Of its data `kept` bytes are there, if it has so many. False: it is none that is read here. */
static bool take_packet(struct pcapng *pcapng, uint32_t size, uint32_t kept,
                        struct frame_batch *batch)
{
    const uint8_t *block = window_at(&pcapng->window);
    bool swapped = pcapng->swapped;
    if (size < PACKET_SIZE || load32(swapped, block + 8) >= pcapng->interfaces)
        return false;
    uint32_t captured_len = load32(swapped, block + 20), wire_len = load32(swapped, block + 24);
    uint64_t stamp = (uint64_t)load32(swapped, block + 12) << 32 | load32(swapped, block + 16);
    if (captured_len > size - PACKET_SIZE || captured_len > pcapng->source.info.snaplen ||
        captured_len > SLAB_PACKET_MAX ||
        stamp > (uint64_t)(FRAME_TIME_MAX_NS / pcapng->form.unit_ns))
        return false;
    const uint8_t *data = block + DATA_AT;
    if (pcapng->filter.active) {
        struct pcap_pkthdr header = {.caplen = captured_len, .len = wire_len};
        if (!filter_passes(&pcapng->filter, &header, data))
            return true;
    }
    batch->frames[batch->count++] = (struct frame){
        .time_ns = (int64_t)stamp * pcapng->form.unit_ns,
        .data = data,
        .captured_len = captured_len < kept ? captured_len : kept,
        .wire_len = wire_len > captured_len ? wire_len : captured_len,
        .link_type = pcapng->source.info.link_type,
    };
    return true;
}

/* One more interface, if it is as the others are. */
static bool take_interface(struct pcapng *pcapng, const uint8_t *block, uint32_t size)
{
    struct form form;
    if (pcapng->interfaces == INTERFACES_MOST ||
        !read_interface(&form, pcapng->swapped, block, size) ||
        form.link_type != pcapng->form.link_type || form.snaplen != pcapng->form.snaplen ||
        form.unit_ns != pcapng->form.unit_ns)
        return false;
    pcapng->interfaces++;
    return true;
}

static bool take_block(struct pcapng *pcapng, const uint8_t *block, uint32_t size,
                       struct frame_batch *batch)
{
    if (!is_closed(pcapng->swapped, block, size))
        return false;
    switch (load32(pcapng->swapped, block)) {
    case BLOCK_PACKET:
        return take_packet(pcapng, size, UINT32_MAX, batch);
    case BLOCK_INTERFACE:
        return take_interface(pcapng, block, size);
    case BLOCK_OLD_PACKET:
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_SECTION:
        return false;
    default:
        return true;
    }
}

/* A packet that is worth leaving out in part, in a block of that size. Returns whether it was; then false in
 * *is_ours when libpcap has to go on. */
static bool __attribute__((noinline))
take_in_part(struct pcapng *pcapng, uint32_t size, struct frame_batch *batch, bool *is_ours)
{
    struct window *window = &pcapng->window;
    bool is_first = batch->count == 0, swapped = pcapng->swapped;
    if (window_has(window, DATA_AT, is_first) != WINDOW_READY ||
        load32(swapped, window_at(window)) != BLOCK_PACKET)
        return false;
    const struct sparing_record record = {
        .size = size,
        .head_len = DATA_AT,
        .captured_len = load32(swapped, window_at(window) + 20),
        .wire_len = load32(swapped, window_at(window) + 24),
        .is_first = is_first,
    };
    if (record.captured_len > size - PACKET_SIZE || record.captured_len < pcapng->sparing.least)
        return false;
    uint32_t kept = sparing_leave(&pcapng->sparing, window, &record);
    if (kept == record.captured_len)
        return false;
    const uint8_t *end = window_at(window) + DATA_AT + kept;
    *is_ours = load32(swapped, end) == size && take_packet(pcapng, size, kept, batch);
    if (*is_ours)
        sparing_note(&pcapng->sparing, &record, kept);
    window->begin += DATA_AT + kept + SPARING_TAIL;
    return true;
}

/* False: libpcap has to go on. */
static bool read_batch(struct pcapng *pcapng, struct frame_batch *batch)
{
    struct window *window = &pcapng->window;
    window_begin_batch(window);
    for (unsigned blocks = 0; blocks < BLOCKS_PER_CALL && batch->count < FRAME_BATCH_MAX;
         blocks++) {
        bool is_first = batch->count == 0;
        int state = window_has(window, FRAME_SIZE, is_first);
        if (state == WINDOW_LATER)
            return true;
        if (state == WINDOW_SHORT && window->begin == window->end) {
            pcapng->ended = true;
            return true;
        }
        uint32_t size = state == WINDOW_READY ? block_size(pcapng->swapped, window_at(window)) : 0;
        if (size == 0)
            return false;
        bool is_ours = true;
        if (size >= pcapng->sparing.least && take_in_part(pcapng, size, batch, &is_ours)) {
            if (!is_ours)
                return false;
            continue;
        }
        state = window_has(window, size, is_first);
        if (state == WINDOW_LATER)
            return true;
        if (state != WINDOW_READY || !take_block(pcapng, window_at(window), size, batch))
            return false;
        window->begin += size;
    }
    return true;
}

/* Nobody may read ahead any more. */
static void go_on_with_rest(struct pcapng *pcapng)
{
    pcapng->result = hand_over(pcapng, &pcapng->err);
    pcapng->ended = pcapng->result != 0;
    pcapng->source.blocks_kept = 0;
}

static int pcapng_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct pcapng *pcapng = (struct pcapng *)source;
    if (pcapng->rest)
        return next_of_rest(pcapng, batch, err);
    if (!pcapng->ended && !read_batch(pcapng, batch))
        go_on_with_rest(pcapng);
    source->block = pcapng->window.number;
    pcapng->handed += batch->count;
    if (batch->count > 0 || !pcapng->ended)
        return SOURCE_OPEN;
    if (pcapng->result == 0)
        return SOURCE_ENDED;
    *err = pcapng->err;
    return pcapng->result;
}

static void pcapng_stats(struct source *source, struct source_stats *stats)
{
    struct pcapng *pcapng = (struct pcapng *)source;
    struct source_stats rest;
    stats->position = (int64_t)window_position(&pcapng->window);
    sparing_stats(&pcapng->sparing, stats);
    if (!pcapng->rest)
        return;
    source_stats(pcapng->rest, &rest);
    stats->position = rest.position;
}

/* A filter may look at any byte. */
static void pcapng_keep_payload(struct source *source, uint32_t payload_len)
{
    struct pcapng *pcapng = (struct pcapng *)source;
    if (!pcapng->filter.active && source->info.link_type == LINK_ETHERNET)
        sparing_keep(&pcapng->sparing, payload_len);
}

static void pcapng_close(struct source *source)
{
    struct pcapng *pcapng = (struct pcapng *)source;
    source_close(pcapng->rest);
    filter_free(&pcapng->filter);
    window_close(&pcapng->window);
    free(pcapng->text);
    free(pcapng);
}

static const struct source_ops pcapng_ops = {.next = pcapng_next,
                                             .stats = pcapng_stats,
                                             .close = pcapng_close,
                                             .keep_payload = pcapng_keep_payload};

/* The descriptor becomes the source's when it is made. */
static struct pcapng *create(const struct pcapng *form, const struct file_input *input,
                             uint64_t position)
{
    struct pcapng *pcapng = malloc(sizeof *pcapng);
    char *text = input->filter ? strdup(input->filter) : NULL;
    struct window window = {.fd = -1};
    if (!pcapng || (input->filter && !text) || lseek(input->fd, (off_t)position, SEEK_SET) < 0 ||
        window_open(&window, input->fd, position) != 0) {
        free(pcapng);
        free(text);
        return NULL;
    }
    *pcapng = *form;
    pcapng->window = window;
    pcapng->text = text;
    sparing_begin(&pcapng->sparing);
    source_begin(&pcapng->source, &pcapng_ops, input->name);
    pcapng->source.blocks_kept = WINDOW_BLOCKS - 1;
    pcapng->source.info.size = input->size;
    return pcapng;
}

bool pcapng_open(struct source **source, const struct file_input *input, int *result,
                 struct err *err)
{
    uint8_t bytes[HEADER_MOST];
    struct pcapng form = {.begin = lseek(input->fd, 0, SEEK_CUR)};
    ssize_t got = form.begin < 0 ? -1 : pread(input->fd, bytes, sizeof bytes, form.begin);
    uint32_t size = got > 0 ? learn_format(&form, bytes, (size_t)got) : 0;
    pcap_t *pcap = size > 0 ? header_open(bytes, size) : NULL;
    struct pcapng *pcapng = pcap ? create(&form, input, (uint64_t)form.begin + size) : NULL;
    if (!pcapng) {
        if (pcap)
            pcap_close(pcap);
        return false;
    }
    source_set_link(&pcapng->source, pcap_datalink(pcap));
    pcapng->source.info.snaplen = (uint32_t)pcap_snapshot(pcap);
    *result = filter_compile(&pcapng->filter, pcap, input->filter, err);
    pcap_close(pcap);
    if (*result == 0)
        *source = &pcapng->source;
    else
        pcapng_close(&pcapng->source);
    return true;
}
