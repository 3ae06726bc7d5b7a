/*
 * Purpose: plays a file on the screen: at a speed, packet by packet, or to where the user wants to be.
 * Owns:    how far it is, where the user wants to go, and what is known of the file's course: its density
 *          and which of its packets were failures.
 * Borrows: the session during each call.
 * Bounds:  packets are taken for at most REPLAY_BUDGET_NS a call; one bit a packet of the file, for
 *          REPLAY_BITS_MAX packets (failures behind these are found, but not sought backwards).
 * Fails:   replay_open with -ENOMEM; what cannot be done is said on the screen.
 * Used by: app/session.c, app/loop.c.
 *
 * Packets are taken one by one, and time passes as packets say, so that what is shown is decided by how
 * many packets were taken and by nothing else: not by batches, not by the speed, not by the way that led
 * there. To go back, everything that packets made is made anew and the file is read again from its
 * beginning (app/rewind.c).
 */
#ifndef LOFLOW_APP_REPLAY_H
#define LOFLOW_APP_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "capture/pace.h"
#include "ui/seek.h"
#include "ui/transport_bar.h"

#define REPLAY_BUDGET_NS (20 * CLOCK_NS_PER_MS)
#define REPLAY_BITS_MAX  (UINT64_C(1) << 29)

struct session;
struct diagnoser;

enum replay_goal_kind {
    GOAL_NONE,
    GOAL_PACKETS, /* that many were taken */
    GOAL_PLACE,   /* all up to that place were taken */
    GOAL_TIME,    /* the next one is later */
    GOAL_EVENT,   /* something happens */
    GOAL_FAILURE, /* something fails, or is diagnosed */
    GOAL_END,
};

struct replay_goal {
    enum replay_goal_kind kind;
    uint64_t packets;
    int64_t ns;    /* place or time */
    bool rewinds;  /* from the first packet on */
    bool plays_on; /* once it is there */
    bool has_then; /* at the end: where to go from there, once it is known how long the file is */
    struct seek then;
};

/* What is known of the file from reading it. */
struct replay_course {
    uint64_t packets;
    bool is_whole;
    int64_t begin_time_ns; /* what the clock showed at the first packet */
    int64_t end_ns;        /* the last place */
    struct density density;
    uint64_t *failures; /* bits, by packet */
    uint64_t room;      /* for so many packets */
};

struct replay {
    bool is_open;
    bool one_way; /* what is read cannot be read again */
    bool playing;
    bool is_over;                /* the source gave all there is */
    bool had_event, had_failure; /* the packet taken last */
    double speed;
    struct replay_goal goal;
    struct pace pace;      /* while playing */
    struct pace_axis axis; /* of the packets that were taken */
    int64_t place_ns;      /* of what is shown */
    uint64_t count;        /* packets taken */
    uint32_t at;           /* of session->frames, that come next */
    uint64_t made;         /* diagnoses */
    struct replay_course course;
    struct diagnoser *pristine; /* as it was before the first packet */
};

int replay_open(struct session *session, struct err *err);
void replay_close(struct replay *replay);

/* Takes the packets that are due. Returns whether the screen should show it at once. */
bool replay_run(struct session *session);

/* For poll: how long there is nothing to do, -1 for ever; and the descriptor that tells of packets, -1
 * for none. */
int replay_wait_ms(const struct session *session, int *fd);

void replay_state(const struct session *session, struct transport_state *state);

/* For app/replay_wish.c: plays on from here. */
void replay_play(struct replay *replay);

/* For app/rewind.c: nothing was taken yet. */
void replay_begin(struct replay *replay);

#endif
