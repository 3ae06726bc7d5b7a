/* How a session comes to its packets: from the source at once, or read ahead on another thread. */
#include "app/ahead.h"
#include "app/session.h"

#include <string.h>

static void limit_packets(struct session *session)
{
    uint64_t limit = session->options->packet_limit;
    if (limit == 0)
        return;
    uint64_t left = limit - session->packets_read;
    if (session->frames->count >= left) {
        session->frames->count = (uint32_t)left;
        session->ended = true;
    }
}

void session_write_frames(struct session *session, const struct frame_batch *frames,
                          const char *const *comments)
{
    struct err err;
    int state = writer_write_commented(session->writer, frames, comments, &err);
    if (state < 0) {
        session_note_trouble(session, state, &err);
    } else if (state > 0) {
        session->frames->count = 0;
        session->ended = true;
    }
}

/* What a rewound file gives again was written before. */
static void write_new_frames(struct session *session)
{
    uint64_t old = session->packets_written - session->packets_read;
    if (session->packets_written < session->packets_read)
        old = 0;
    if (old >= session->frames->count)
        return;
    struct frame_batch new = {.count = session->frames->count - (uint32_t)old};
    if (old > 0)
        memcpy(new.frames, session->frames->frames + old, new.count * sizeof new.frames[0]);
    session->packets_written = session->packets_read + session->frames->count;
    session_write_frames(session, old > 0 ? &new : session->frames, NULL);
}

/* As source_next. */
static int next_ahead(struct session *session, struct err *err)
{
    struct ahead_batch *batch = ahead_next(session->ahead);
    session->frames = &batch->frames;
    session->packets = &batch->packets;
    if (batch->state < 0)
        *err = batch->err;
    return batch->state;
}

void session_source_stats(const struct session *session, struct source_stats *stats)
{
    if (session->ahead)
        ahead_stats(session->ahead, stats);
    else
        source_stats(session->source, stats);
}

bool session_read(struct session *session)
{
    struct err err;
    int state = session->ahead ? next_ahead(session, &err)
                               : source_next(session->source, session->frames, &err);
    if (state < 0)
        session_note_trouble(session, state, &err);
    else if (state == SOURCE_ENDED)
        session->ended = true;
    session_print_start(session);
    if (state != SOURCE_OPEN || session->frames->count == 0)
        return false;
    limit_packets(session);
    if (session->writer && !session->kept.writer)
        write_new_frames(session);
    session->packets_read += session->frames->count;
    return true;
}

void session_read_ahead(struct session *session)
{
    const struct options *options = session->options;
    struct err err;
    bool is_whole = !options->packets && options->packet_limit == 0 && !session->writer;
    /* Without a thread it takes longer, and nothing else. */
    if (!session->replay.is_open && is_whole && ahead_pays(session->source))
        (void)ahead_open(&session->ahead, session->source, session->decoder, &err);
}

void session_stop_reading(struct session *session)
{
    if (!session->ahead)
        return;
    ahead_stop(session->ahead);
    while (!session->ended)
        (void)session_pump(session);
    ahead_close(session->ahead);
    session->ahead = NULL;
}
