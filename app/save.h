/*
 * Purpose: writes what one side of a flow has said, or the packets of flows, to a new file, a step at a
 *          time, so that nothing else waits for a long one.
 * Owns:    the file, from the beginning to the last step.
 * Borrows: conversation, tracker and log until then.
 * Bounds:  what was there at the beginning; a step goes on until its deadline, then by SAVE_PIECE bytes
 *          or SAVE_STRIDE packets at most; a bit for each record of the log.
 * Fails:   with -errno and a sentence. A file that exists is never touched, nor is one written through a
 *          symbolic link; one that could not be written whole is taken away.
 * Used by: app/wish.
 */
#ifndef LOFLOW_APP_SAVE_H
#define LOFLOW_APP_SAVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "flows/conversation.h"
#include "flows/packet_log.h"
#include "flows/tracker.h"

#define SAVE_PIECE  (1u << 20)
#define SAVE_STRIDE 256u

struct save;

struct saved {
    uint64_t count;   /* bytes of a stream, or packets */
    uint64_t missing; /* left out: they are not kept */
    uint64_t cut;     /* packets that are not kept whole */
};

/* `path` as the user has typed it; ~/ is the home directory. */
int save_begin_stream(struct save **save, const struct conversation *conversation, unsigned side,
                      const char *path, struct err *err);

/* The packets of flows, as far as the log has them. `wants` is asked for every flow of the tracker. */
struct save_flows {
    const struct tracker *tracker;
    const struct packet_log *log;
    uint32_t snaplen;
    void *context;
    bool (*wants)(void *context, struct flow_ref ref, struct flow_view flow);
};

int save_begin_flows(struct save **save, const struct save_flows *what, const char *path,
                     struct err *err);

/* Goes on until that time of clock_monotonic_ns. 1: there is more to do. Else it is over and freed: 0 when
 * all is saved, or -errno. */
int save_step(struct save *save, int64_t deadline_ns, struct saved *saved, struct err *err);

#endif
