/*
 * A live interface through libpcap's memory-mapped ring (TPACKET_V3): the kernel fills blocks and
 * hands each over when it is full, or after SOURCE_TIMEOUT_MS.
 *
 * On Ethernet devices, as the loopback device is one, the kernel's filter program is our own, and libpcap
 * knows of none. It can do two things that pcap_setfilter cannot:
 *
 * - A packet socket on a loopback device sees every packet twice, going out and coming in; libpcap throws
 *   the first away in user space, after it has taken its place in the ring. So the program asks for
 *   `inbound` there. (libpcap would run such a filter over the first block once more in user space, where
 *   `inbound` holds for nothing.)
 * - It takes no more of a packet than somebody wants to see, see capture/program.h. When that changes, one
 *   program takes the place of the other between two packets (SO_ATTACH_FILTER), and nothing is lost;
 *   pcap_setfilter would drain the socket.
 *
 * Packets that came between the opening of the ring and the program are known by their time.
 *
 * The kernel stamps packets with the clock on the wall. When somebody sets that one (or the machine slept) their
 * times go on as if nobody had: a connection would else be silent for an hour, or end before it began.
 *
 * Packets are copied: libpcap gives a block back to the kernel as soon as its last packet was
 * handed over, which may be in the middle of a batch.
 */
#include "capture/backend.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/permit.h"
#include "capture/filter.h"
#include "capture/interfaces.h"
#include "capture/program.h"
#include "capture/slab.h"

/* The interface is looked at so often, at most. */
#define LOOK_NS (50 * CLOCK_NS_PER_MS)

/* A clock that jumps so far was set; the kernel bends it for less. */
#define JUMP_NS (500 * CLOCK_NS_PER_MS)

#define VLAN_LEN 4u /* libpcap puts it back where it was */

struct live {
    struct source source;
    pcap_t *pcap;
    struct slab slab;
    struct frame_batch *batch; /* of the call under way */
    struct program program;    /* without instructions: libpcap's own is in force */
    uint32_t payload_len;      /* behind the headers, as the program says */
    uint32_t payload_most;     /* the most that it ever said, but for all */
    bool is_network;           /* not "any" and its like, which cannot go down */
    bool waits;                /* for an interface that is down */
    bool is_down;
    int64_t begin_offset_ns;  /* of the clocks, as it was at the beginning... */
    int64_t jumped_ns[2];     /* and how far from that it is, and was before the latest jump */
    int64_t looked_ns;        /* monotonic, when the interface was looked at */
    int64_t unfiltered_ns[2]; /* wall clock: from then and until then there was no program */
    int fraction_ns;          /* what libpcap counts the fractions of a second in */
    struct pcap_stat last;    /* libpcap's counters are 32 bits wide and wrap */
    uint64_t dropped_by_kernel;
    uint64_t dropped_by_interface;
    uint64_t spared_packets, spared_bytes;
};

/* What the snap length had let through, and nobody wanted to see. */
static void note_spared(struct live *live, const struct frame *frame)
{
    uint32_t snaplen = live->source.info.snaplen;
    uint32_t whole = frame->wire_len < snaplen ? frame->wire_len : snaplen;
    uint32_t most = PROGRAM_HEADERS_MAX + VLAN_LEN + live->payload_most;
    if (frame->captured_len >= whole || frame->captured_len > most)
        return;
    live->spared_packets += whole == frame->wire_len;
    live->spared_bytes += whole - frame->captured_len;
}

static void look_at_clock(struct live *live)
{
    int64_t jumped_ns = clock_offset_ns() - live->begin_offset_ns;
    if (llabs(jumped_ns - live->jumped_ns[0]) < JUMP_NS)
        return;
    live->jumped_ns[1] = live->jumped_ns[0];
    live->jumped_ns[0] = jumped_ns;
}

/* What waited in the ring may be from before the jump: it cannot be so far from now. */
static int64_t time_as_begun(const struct live *live, int64_t time_ns)
{
    if (live->jumped_ns[0] == live->jumped_ns[1])
        return time_ns - live->jumped_ns[0];
    int64_t now_ns = clock_monotonic_ns() + live->begin_offset_ns;
    int64_t after_ns = time_ns - live->jumped_ns[0], before_ns = time_ns - live->jumped_ns[1];
    return llabs(now_ns - after_ns) <= llabs(now_ns - before_ns) ? after_ns : before_ns;
}

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    struct live *live = (struct live *)(void *)user;
    struct frame *frame = &live->batch->frames[live->batch->count++];
    struct pcap_pkthdr scaled = *header;
    scaled.ts.tv_usec *= live->fraction_ns;
    slab_add(&live->slab, &scaled, data, frame);
    frame->time_ns = time_as_begun(live, frame->time_ns);
    frame->link_type = live->source.info.link_type;
    frame->interface = 0;
    if (frame->captured_len < frame->wire_len)
        note_spared(live, frame);
    if (frame->time_ns >= live->unfiltered_ns[0] && frame->time_ns < live->unfiltered_ns[1])
        live->batch->count--;
    if (!slab_has_room(&live->slab))
        pcap_breakloop(live->pcap);
}

static enum interface_state look(const struct live *live, bool *is_loopback)
{
    return interfaces_state(pcap_fileno(live->pcap), live->source.info.name, is_loopback);
}

static int explain_loss(struct live *live, enum interface_state state, struct err *err)
{
    const char *name = live->source.info.name;
    switch (state) {
    case INTERFACE_DOWN:
        return err_set(err, ENETDOWN,
                       "%s was taken down, so nothing more can be captured; bring it up again with:"
                       " sudo ip link set %s up",
                       name, name);
    case INTERFACE_GONE:
        return err_set(err, ENETDOWN,
                       "%s is gone, so nothing more can be captured; loflow -D lists what there is",
                       name);
    case INTERFACE_UP:
        break;
    }
    return err_set(err, EIO, "capturing on %s failed: %.300s; start again", name,
                   pcap_geterr(live->pcap));
}

/* libpcap stays silent about an interface that is only down, and so would the screen. */
static int look_after(struct live *live, bool has_failed, struct err *err)
{
    bool is_loopback;
    int64_t now_ns = clock_monotonic_ns();
    if (!has_failed && (!live->is_network || now_ns - live->looked_ns < LOOK_NS))
        return SOURCE_OPEN;
    live->looked_ns = now_ns;
    enum interface_state state = look(live, &is_loopback);
    live->is_down = live->is_network && state == INTERFACE_DOWN;
    if (live->is_down && live->waits)
        return SOURCE_OPEN;
    bool is_lost = live->is_network && state != INTERFACE_UP;
    return has_failed || is_lost ? explain_loss(live, state, err) : SOURCE_OPEN;
}

static int live_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct live *live = (struct live *)source;
    live->slab.used = 0;
    live->batch = batch;
    look_at_clock(live);
    int count = pcap_dispatch(live->pcap, FRAME_BATCH_MAX, take_packet, (u_char *)live);
    if (count > 0 || count == PCAP_ERROR_BREAK || batch->count > 0)
        return SOURCE_OPEN;
    return look_after(live, count != 0, err);
}

static void live_stats(struct source *source, struct source_stats *stats)
{
    struct live *live = (struct live *)source;
    struct pcap_stat now;
    if (pcap_stats(live->pcap, &now) == 0) {
        live->dropped_by_kernel += now.ps_drop - live->last.ps_drop;
        live->dropped_by_interface += now.ps_ifdrop - live->last.ps_ifdrop;
        live->last = now;
    }
    stats->dropped_by_kernel = live->dropped_by_kernel;
    stats->dropped_by_interface = live->dropped_by_interface;
    stats->spared_packets = live->spared_packets;
    stats->spared_bytes = live->spared_bytes;
    stats->is_down = live->is_down;
}

static void live_close(struct source *source)
{
    struct live *live = (struct live *)source;
    if (live->pcap)
        pcap_close(live->pcap);
    slab_close(&live->slab);
    program_close(&live->program);
    free(live);
}

/* The kernel's `struct sock_fprog`, which lies in a header only host/ may include. */
struct kernel_filter {
    unsigned short len; /* instructions */
    struct bpf_insn *instructions;
};

/* Returns whether the kernel took it; else the one before it stays in force. */
static bool attach(struct live *live, uint32_t payload_len)
{
    program_set(&live->program, live->source.info.snaplen, payload_len);
    struct kernel_filter kernel = {.len = (unsigned short)live->program.count,
                                   .instructions = live->program.instructions};
    if (live->program.count > USHRT_MAX ||
        setsockopt(pcap_fileno(live->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &kernel, sizeof kernel))
        return false;
    live->payload_len = payload_len;
    if (payload_len != SOURCE_PAYLOAD_ALL && payload_len > live->payload_most)
        live->payload_most = payload_len;
    return true;
}

static void live_keep_payload(struct source *source, uint32_t payload_len)
{
    struct live *live = (struct live *)source;
    if (live->program.instructions && payload_len != live->payload_len)
        (void)attach(live, payload_len);
}

static const struct source_ops live_ops = {
    .next = live_next, .stats = live_stats, .close = live_close, .keep_payload = live_keep_payload};

static int explain_refusal(const char *name, int error, struct err *err)
{
    char permit[ERR_TEXT_MAX / 2];
    struct text text = text_begin(permit, sizeof permit);
    text_add_permit(&text);
    return err_set(
        err, error,
        "capturing on %s needs privilege: use sudo, or give it to this program once with:"
        " %s",
        name, permit);
}

static int explain_activation(pcap_t *pcap, int result, const char *name, struct err *err)
{
    switch (result) {
    case PCAP_ERROR_PERM_DENIED:
        return explain_refusal(name, EPERM, err);
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return interfaces_unknown(name, err);
    case PCAP_ERROR_IFACE_NOT_UP:
        return err_set(err, ENETDOWN, "%s is down; bring it up with: sudo ip link set %s up", name,
                       name);
    default:
        break;
    }
    const char *words = pcap_geterr(pcap);
    return err_set(err, EIO, "cannot capture on %s: %s%s%.300s", name, pcap_statustostr(result),
                   words[0] != '\0' ? ", " : "", words);
}

/* As the user's, but that a loopback device's packets are taken once. */
static int compile_own(struct live *live, struct filter *filter, const char *text, struct err *err)
{
    bool is_loopback = false;
    (void)look(live, &is_loopback);
    if (!is_loopback)
        return filter_compile(filter, live->pcap, text, err);
    char *whole = NULL;
    if (asprintf(&whole, "(inbound)%s%s%s", text ? " and (" : "", text ? text : "",
                 text ? ")" : "") < 0)
        return err_set(err, ENOMEM, "no memory for the filter; close other programs");
    int failed = filter_compile(filter, live->pcap, whole, err);
    free(whole);
    return failed;
}

/* False: the kernel does not take it. */
static bool install_own(struct live *live, const char *text)
{
    struct filter filter = {0};
    struct err unused;
    if (compile_own(live, &filter, text, &unused) != 0)
        return false;
    bool is_taken =
        program_open(&live->program, filter.active ? &filter.program : NULL, &unused) == 0 &&
        attach(live, SOURCE_PAYLOAD_ALL);
    filter_free(&filter);
    if (is_taken)
        live->unfiltered_ns[1] = clock_wall_ns();
    else
        program_close(&live->program);
    return is_taken;
}

/* The user's filter is compiled alone at first: it has to be right without brackets. */
static int install_filter(struct live *live, const char *text, struct err *err)
{
    struct filter filter;
    int result = filter_compile(&filter, live->pcap, text, err);
    if (result != 0)
        return result;
    bool is_own = live->source.info.link_type == LINK_ETHERNET &&
                  install_own(live, filter.active ? text : NULL);
    if (!is_own && filter.active && pcap_setfilter(live->pcap, &filter.program) != 0)
        result = err_set(err, EINVAL, "the filter was refused: %.300s", pcap_geterr(live->pcap));
    filter_free(&filter);
    return result;
}

static int activate(struct live *live, const struct source_live_options *options, struct err *err)
{
    struct source_info *info = &live->source.info;
    char words[PCAP_ERRBUF_SIZE] = "";
    live->pcap = pcap_create(info->name, words);
    if (!live->pcap)
        return err_set(err, EIO, "cannot capture on %s: %.300s", info->name, words);
    info->snaplen = options->snaplen ? options->snaplen : SOURCE_SNAPLEN_DEFAULT;
    info->buffer_size = options->buffer_size ? options->buffer_size : SOURCE_BUFFER_DEFAULT;
    (void)pcap_set_snaplen(live->pcap, (int)info->snaplen);
    (void)pcap_set_buffer_size(live->pcap, (int)info->buffer_size);
    (void)pcap_set_timeout(live->pcap, SOURCE_TIMEOUT_MS);
    (void)pcap_set_tstamp_precision(live->pcap, PCAP_TSTAMP_PRECISION_NANO);
    live->begin_offset_ns = clock_offset_ns();
    live->unfiltered_ns[0] = live->unfiltered_ns[1] = clock_wall_ns();
    int result = pcap_activate(live->pcap);
    if (result < 0)
        return explain_activation(live->pcap, result, info->name, err);
    live->fraction_ns =
        pcap_get_tstamp_precision(live->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    source_set_link(&live->source, pcap_datalink(live->pcap));
    return 0;
}

static int start(struct live *live, const struct source_live_options *options, struct err *err)
{
    int result = activate(live, options, err);
    if (result != 0)
        return result;
    bool is_loopback;
    live->is_network = look(live, &is_loopback) == INTERFACE_UP;
    live->waits = options->waits;
    result = install_filter(live, options->filter, err);
    if (result != 0)
        return result;
    char words[PCAP_ERRBUF_SIZE] = "";
    live->source.fd = pcap_get_selectable_fd(live->pcap);
    if (pcap_setnonblock(live->pcap, 1, words) != 0 || live->source.fd < 0)
        return err_set(err, ENOTSUP, "%s cannot be polled: %.300s; choose a network interface",
                       live->source.info.name, words);
    return slab_open(&live->slab, err);
}

static int check_options(const struct source_live_options *options, struct err *err)
{
    if (options->snaplen > SOURCE_SNAPLEN_DEFAULT)
        return err_set(err, EINVAL, "a snap length of %u is too much; give at most %u (-s)",
                       options->snaplen, SOURCE_SNAPLEN_DEFAULT);
    if (options->buffer_size > INT_MAX)
        return err_set(err, EINVAL, "a buffer of %u bytes is too much; give at most 2 GiB (-B)",
                       options->buffer_size);
    return 0;
}

int source_open_live(struct source **source, const struct source_live_options *options,
                     struct err *err)
{
    int result = check_options(options, err);
    if (result != 0)
        return result;
    char name[sizeof((struct source_info *)NULL)->name];
    result = interfaces_find(name, sizeof name, options->interface, err);
    if (result != 0)
        return result;
    struct live *live = calloc(1, sizeof *live);
    if (!live)
        return err_set(err, ENOMEM, "no memory to capture");
    source_begin(&live->source, &live_ops, name);
    live->source.info.live = true;
    result = start(live, options, err);
    if (result != 0) {
        live_close(&live->source);
        return result;
    }
    *source = &live->source;
    return 0;
}
