#include "capture/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "capture/savefile.h"
#include "capture/slab.h"

/* Packets looked at before a call returns with a batch that is not full: a filter that nothing
 * passes must not make source_next block. */
#define PACKETS_PER_CALL 1024

struct file {
    struct source source;
    struct savefile savefile;
    struct slab slab;
    struct frame_batch *batch; /* of the call under way */
    int64_t size;
    bool finished;
    int result; /* once finished: 0 for a good end, or -errno and `err` */
    struct err err;
};

static void take_packet(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    struct file *file = (struct file *)(void *)user;
    struct pcap_pkthdr mended = *header;
    if (!savefile_accept(&file->savefile, &mended, data))
        return;
    struct frame *frame = &file->batch->frames[file->batch->count++];
    slab_add(&file->slab, &mended, data, frame);
    frame->link_type = file->source.info.link_type;
    frame->interface = 0;
    if (!slab_has_room(&file->slab))
        pcap_breakloop(file->savefile.pcap);
}

static void read_batch(struct file *file)
{
    uint64_t limit = file->savefile.packets + PACKETS_PER_CALL;
    while (file->batch->count < FRAME_BATCH_MAX && slab_has_room(&file->slab) &&
           file->savefile.packets < limit) {
        int room = (int)(FRAME_BATCH_MAX - file->batch->count);
        int count = pcap_dispatch(file->savefile.pcap, room, take_packet, (u_char *)file);
        /* A break that was asked for when the last packet of a call had been taken comes late. */
        if (count > 0 || count == PCAP_ERROR_BREAK)
            continue;
        file->finished = true;
        file->result = savefile_verdict(&file->savefile, count < 0, &file->err);
        return;
    }
}

static int file_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    struct file *file = (struct file *)source;
    if (!file->finished) {
        file->slab.used = 0;
        file->batch = batch;
        read_batch(file);
    }
    if (batch->count > 0 || !file->finished)
        return SOURCE_OPEN;
    if (file->result == 0)
        return SOURCE_ENDED;
    *err = file->err;
    return file->result;
}

static void file_stats(struct source *source, struct source_stats *stats)
{
    const struct file *file = (struct file *)source;
    stats->position = (int64_t)inflate_state(file->savefile.inflate)->position;
}

static void file_close(struct source *source)
{
    struct file *file = (struct file *)source;
    savefile_close(&file->savefile);
    slab_close(&file->slab);
    free(file);
}

static const struct source_ops file_ops = {
    .next = file_next, .stats = file_stats, .close = file_close};

int file_open(struct source **source, const struct file_input *input, struct err *err)
{
    struct file *file = calloc(1, sizeof *file);
    if (!file) {
        if (input->fd >= 0)
            (void)close(input->fd);
        return err_set(err, ENOMEM, "no memory to open %s", input->name);
    }
    source_begin(&file->source, &file_ops, input->name);
    struct inflate_input bytes = {
        .fd = input->fd,
        .stop_fd = -1,
        .bytes = input->bytes,
        .len = input->len,
    };
    int result = savefile_open(&file->savefile, &bytes, file->source.info.name, input->filter, err);
    if (result == 0)
        result = slab_open(&file->slab, err);
    if (result != 0) {
        file_close(&file->source);
        return result;
    }
    source_set_link(&file->source, pcap_datalink(file->savefile.pcap));
    file->source.info.snaplen = (uint32_t)pcap_snapshot(file->savefile.pcap);
    file->source.info.size = input->size;
    *source = &file->source;
    return 0;
}
