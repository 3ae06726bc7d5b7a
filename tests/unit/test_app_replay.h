/*
 * Purpose: a file that is played without a screen, for tests.
 * Owns:    the session, from begin to end.
 * Used by: tests/unit/test_app_replay*.c.
 */
#ifndef LOFLOW_TEST_APP_REPLAY_H
#define LOFLOW_TEST_APP_REPLAY_H

#include "tests/support/rows.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/open.h"
#include "app/replay_wish.h"
#include "app/rewind.h"

#define PCAPS LOFLOW_SOURCE_DIR "/pcaps/"

static inline struct session *begin(struct options *options, const char *path)
{
    static char nothing[] = "";
    struct err err = {0};
    struct session *session = calloc(1, sizeof *session);
    assert_non_null(session);
    *options = (struct options){
        .read_path = path, .filter = nothing, .no_ui = true, .sandbox = SANDBOX_OFF};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), shown = dup(STDOUT_FILENO);
    assert_true(dup2(null, STDOUT_FILENO) == STDOUT_FILENO);
    int failed = session_open(session, options, &err);
    if (!failed)
        failed = replay_open(session, &err);
    /* One key for all, so that their tables can be compared byte for byte. */
    session->hash_key = (struct hash_key){{1, 2}};
    if (!failed)
        failed = rewind_session(session, &err);
    (void)out_flush(&session->out);
    assert_true(dup2(shown, STDOUT_FILENO) == STDOUT_FILENO);
    (void)close(null);
    (void)close(shown);
    if (failed)
        fail_msg("%s: %s", path, err.text);
    return session;
}

static inline void end(struct session *session)
{
    session_close(session);
    free(session);
}

/* Until it is where it was sent to. */
static inline void settle(struct session *session)
{
    const struct replay *replay = &session->replay;
    while (replay->goal.kind != GOAL_NONE || (replay->playing && replay->speed == PACE_SPEED_MAX))
        (void)replay_run(session);
}

static inline void seek(struct session *session, const char *text)
{
    replay_seek_text(session, text);
    settle(session);
}

static inline void expect_at(struct session *session, uint64_t packets)
{
    assert_int_equal(session->replay.count, packets);
    assert_false(session->replay.playing);
}

#endif
