/*
 * Purpose: what becomes of the streams that the user asked for: one flow printed (--follow), or all
 *          of them in files (--stream-dir).
 * Owns:    the directory.
 * Borrows: the options, and the `out` that --follow prints to.
 * Fails:   streams_open with -errno and a sentence; streams_trouble tells what came later.
 * Used by: app/session.c.
 */
#ifndef LOFLOW_APP_STREAMS_H
#define LOFLOW_APP_STREAMS_H

#include "app/options.h"
#include "report/follow.h"
#include "report/stream_dir.h"

struct streams {
    const struct options *options;
    struct follow follow;
    struct stream_dir *dir; /* NULL without --stream-dir */
};

/* `owner` and `group` are those of the files, (uid_t)-1 for whoever runs the program. */
int streams_open(struct streams *streams, const struct options *options, struct out *out,
                 struct err *err);

/* Which flow the tracker shall follow, see struct tracker_options; and where its bytes go. */
uint64_t streams_followed(const struct streams *streams);
struct stream_sink streams_sink(struct streams *streams);

/* 0, or -errno and a sentence. */
int streams_trouble(const struct streams *streams, struct err *err);

/* All flows had their last word, `flows` of them. */
int streams_finish(struct streams *streams, uint64_t flows, struct err *err);

void streams_close(struct streams *streams);

#endif
