/*
 * A live interface through libpcap's memory-mapped ring (TPACKET_V3): the kernel fills blocks and
 * hands each over when it is full, or after SOURCE_TIMEOUT_MS.
 *
 * A packet socket on a loopback device sees every packet twice, going out and coming in; libpcap
 * throws the first away in user space, after it has taken its place in the ring. So the kernel's
 * filter gets `inbound` in front there. Not through pcap_setfilter: libpcap runs the filter it was
 * given over the first block once more in user space, where `inbound` holds for nothing, and the
 * first 256 KiB would be lost without a trace. So libpcap is given the user's filter alone, and the
 * kernel afterwards both.
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

#include "base/permit.h"
#include "capture/filter.h"
#include "capture/interfaces.h"
#include "capture/slab.h"

struct live {
    struct source source;
    pcap_t *pcap;
    struct slab slab;
    struct frame_batch *batch; /* of the call under way */
    bool is_network;           /* not "any" and its like, which cannot go down */
    int fraction_ns;           /* what libpcap counts the fractions of a second in */
    struct pcap_stat last;     /* libpcap's counters are 32 bits wide and wrap */
    uint64_t dropped_by_kernel;
    uint64_t dropped_by_interface;
};

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    struct live *live = (struct live *)(void *)user;
    struct frame *frame = &live->batch->frames[live->batch->count++];
    struct pcap_pkthdr scaled = *header;
    scaled.ts.tv_usec *= live->fraction_ns;
    slab_add(&live->slab, &scaled, data, frame);
    frame->link_type = live->source.info.link_type;
    frame->interface = 0;
    if (!slab_has_room(&live->slab))
        pcap_breakloop(live->pcap);
}

static bool is_up(const char *name)
{
    bool is_loopback;
    return interfaces_state(name, &is_loopback) == INTERFACE_UP;
}

static int explain_loss(struct live *live, struct err *err)
{
    bool is_loopback;
    const char *name = live->source.info.name;
    switch (interfaces_state(name, &is_loopback)) {
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

static int live_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct live *live = (struct live *)source;
    live->slab.used = 0;
    live->batch = batch;
    int count = pcap_dispatch(live->pcap, FRAME_BATCH_MAX, take_packet, (u_char *)live);
    if (count > 0 || count == PCAP_ERROR_BREAK || batch->count > 0)
        return SOURCE_OPEN;
    /* libpcap stays silent about an interface that is only down, and so would the screen. */
    bool is_lost = live->is_network && !is_up(live->source.info.name);
    return count == 0 && !is_lost ? SOURCE_OPEN : explain_loss(live, err);
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
}

static void live_close(struct source *source)
{
    struct live *live = (struct live *)source;
    if (live->pcap)
        pcap_close(live->pcap);
    slab_close(&live->slab);
    free(live);
}

static const struct source_ops live_ops = {live_next, live_stats, live_close};

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

/* The kernel's `struct sock_fprog`, which lies in a header only host/ may include. */
struct kernel_filter {
    unsigned short len; /* instructions */
    struct bpf_insn *instructions;
};

/* When this cannot be done, what pcap_setfilter installed stays in force: as right, only slower. */
static void halve_loopback(pcap_t *pcap, const char *text)
{
    char *whole = NULL;
    if (asprintf(&whole, "(inbound)%s%s%s", text ? " and (" : "", text ? text : "",
                 text ? ")" : "") < 0)
        return;
    struct filter filter;
    struct err unused;
    if (filter_compile(&filter, pcap, whole, &unused) == 0) {
        struct kernel_filter kernel = {
            .len = (unsigned short)filter.program.bf_len,
            .instructions = filter.program.bf_insns,
        };
        if (filter.program.bf_len <= USHRT_MAX)
            (void)setsockopt(pcap_fileno(pcap), SOL_SOCKET, SO_ATTACH_FILTER, &kernel,
                             sizeof kernel);
        filter_free(&filter);
    }
    free(whole);
}

static int install_filter(struct live *live, const char *text, struct err *err)
{
    struct filter filter;
    int result = filter_compile(&filter, live->pcap, text, err);
    if (result != 0)
        return result;
    if (filter.active && pcap_setfilter(live->pcap, &filter.program) != 0)
        result = err_set(err, EINVAL, "the filter was refused: %.300s", pcap_geterr(live->pcap));
    bool is_loopback = false;
    (void)interfaces_state(live->source.info.name, &is_loopback);
    if (result == 0 && is_loopback)
        halve_loopback(live->pcap, filter.active ? text : NULL);
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
    live->is_network = is_up(live->source.info.name);
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
