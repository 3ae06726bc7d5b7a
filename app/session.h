/*
 * Purpose: one run of loflow: everything that is open while packets flow, and the way they take.
 * Owns:    source, decoder, tracker, writer, report or view, and the batches between them.
 * Borrows: the options.
 * Bounds:  one of each; batches of FRAME_BATCH_MAX.
 * Fails:   session_open with -errno and a sentence; trouble while running is kept in `trouble` and
 *          ends the run, after everything read so far was reported.
 * Used by: app/main.c and app/run_command.c (open and close), app/loop.c (drives).
 */
#ifndef LOFLOW_APP_SESSION_H
#define LOFLOW_APP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "app/causes.h"
#include "app/health.h"
#include "app/limits.h"
#include "app/meter.h"
#include "app/options.h"
#include "app/progress.h"
#include "app/replay.h"
#include "app/run.h"
#include "app/save.h"
#include "app/streams.h"
#include "app/view.h"
#include "base/err.h"
#include "base/out.h"
#include "capture/source.h"
#include "capture/writer.h"
#include "decode/decoder.h"
#include "flows/packet_log.h"
#include "flows/tracker.h"
#include "report/audit.h"
#include "report/report.h"

/* A file that is being saved. */
struct saving {
    struct save *save; /* NULL: none */
    struct screen_request wish;
};

struct session {
    const struct options *options;
    struct limits limits;
    int read_fd;           /* the file of -r, for as long as it may be read again; -1: none */
    struct helper *helper; /* NULL: none was started */
    struct source *source;
    struct decoder *decoder;
    struct tracker *tracker;
    struct writer *writer;         /* NULL without -w */
    struct report *report;         /* NULL with a view */
    struct view *view;             /* NULL without a screen */
    struct packet_log *packet_log; /* what it looks back at; NULL without a screen */
    struct run *run;               /* the command that is watched; NULL: none */
    struct out out;                /* standard output; with a command, the file of --json */
    struct streams streams;
    struct causes causes;
    struct kept kept;
    struct audit audit;
    struct progress progress;
    struct meter meter;   /* of the loop */
    struct health health; /* what a view is told of it all */
    struct replay replay; /* of a file on a screen */
    struct saving saving;
    struct hash_key hash_key;
    char source_name[sizeof((struct source_info *)0)->name]; /* stays when a file is read again */
    struct frame_batch *frames; /* the latest batch, and what decoding made of it */
    struct packet_batch *packets;
    struct ahead
        *ahead; /* gives these two; NULL: they are `own`, and decoded when they are taken */
    struct {
        struct frame_batch frames;
        struct packet_batch packets;
    } own;
    struct event_list events;
    int64_t begin_ns;  /* monotonic */
    int64_t offset_ns; /* of the clocks, at the beginning: see session_now_ns */
    uint64_t packets_read;
    uint64_t packets_written; /* by -w; a file that is rewound is not written again */
    uint32_t wanted_events;   /* kinds that view or report want, bits 1 << enum event_kind */
    bool started;             /* the start line was printed */
    bool ended;               /* the source has nothing more, or a limit was reached */
    bool judged;              /* what the screen shows of causes is final */
    bool stop;                /* the user wants out */
    bool is_behind;           /* packets wait that there was no time for */
    unsigned failed_waits;    /* how often waiting has failed, one after the other */
    int failed;               /* 0, or -errno with `trouble` */
    struct err trouble;
};

/* Now, as packets have it: as the clock on the wall, but that it goes on when somebody sets that one. */
int64_t session_now_ns(const struct session *session);

/* Opens everything and prints the start line. `session` must be zeroed. */
int session_open(struct session *session, const struct options *options, struct err *err);

/* As source_stats, of what was taken so far. */
void session_source_stats(const struct session *session, struct source_stats *stats);

/* Gets one batch from the source, and writes what is to be written. Returns false when nothing was
 * there. */
bool session_read(struct session *session);

/* Takes one batch from the source through writer, decoder and tracker to whoever shows it. Returns
 * false when nothing was there. */
bool session_pump(struct session *session);

/* From now on a file is read on another thread, if that pays: not where packets are taken one by one, or fewer
 * of them than there are. */
void session_read_ahead(struct session *session);

/* Nothing more is read; what was read ahead is taken. */
void session_stop_reading(struct session *session);

/* Lets time pass on a live run: expiry, flushes. Called some ten times a second. */
void session_tick(struct session *session);

/* The capture is over, and the screen stays: what was waited for will not come any more. */
void session_judge(struct session *session);

/* What the user has set on the screen, or in its configuration, holds from now on. */
void session_follow_view(struct session *session);

/* The run is over: last words and totals (app/finish.c). */
void session_finish(struct session *session);

/* Somebody still takes what the run finds: standard output, the files of streams, or the audit. */
bool session_has_readers(const struct session *session);

/* For app/finish.c and app/replay.c: trouble ends the run, and the first is the one that is told; the events of the
 * last call go to whoever shows them; the start line is printed as soon as it can be. */
void session_note_trouble(struct session *session, int failed, const struct err *err);
void session_show_events(struct session *session);
void session_write_frames(struct session *session, const struct frame_batch *frames,
                          const char *const *comments);
void session_audit_frames(struct session *session, const struct frame_batch *frames);
void session_print_start(struct session *session);
void session_show_causes(struct session *session); /* all diagnoses that were not told yet */

void session_close(struct session *session);

#endif
