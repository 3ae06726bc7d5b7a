/*
 * Purpose: what a session has at hand while it is played: the terminal, the processes that talk, the names for
 *          ports, and what went wrong.
 * Owns:    all of it, from stage_open to stage_close.
 * Bounds:  STAGE_PEERS processes, STAGE_NAMES names; waits end after patience_ns.
 * Used by: tests/screen/play, act, look.
 */
#ifndef LOFLOW_TESTS_SCREEN_STAGE_H
#define LOFLOW_TESTS_SCREEN_STAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/screen/keys.h"
#include "tests/screen/peer.h"
#include "tests/screen/script.h"
#include "tests/support/terminal.h"

#define STAGE_PEERS    16
#define STAGE_NAMES    32
#define STAGE_NAME_MAX 32
#define STAGE_WORD_MAX KEYS_WORD_MAX
#define STAGE_WHY_MAX  1024

struct stage {
    struct terminal terminal;
    bool is_open; /* the program was begun */
    bool hung_up;
    char type[STAGE_NAME_MAX]; /* TERM */
    int width, height;
    int64_t patience_ns;
    const char *program, *shots; /* shots: NULL for none */
    struct {
        char name[STAGE_NAME_MAX], value[STAGE_WORD_MAX];
    } names[STAGE_NAMES];
    int name_count;
    struct {
        char name[STAGE_NAME_MAX];
        struct peer peer;
    } peers[STAGE_PEERS];
    int peer_count;
    const struct statement *place;  /* the latest "in" */
    struct terminal_picture before; /* before the latest key */
    bool is_fresh;                  /* a key was sent, and nothing was looked at since */
    char words[SCRIPT_WORDS][STAGE_WORD_MAX];
    int count;
    const char *lacks; /* why the session is left out; NULL: it is not */
    char why[STAGE_WHY_MAX];
};

void stage_open(struct stage *stage, const char *program, const char *shots);
void stage_close(struct stage *stage);

void stage_name(struct stage *stage, const char *name, const char *value);

/* The statement's words with {name} made what it stands for, into stage->words. */
bool stage_words(struct stage *stage, const struct statement *statement);

/* Notes what is wrong; false. */
bool stage_fail(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes what the program does until `holds` or patience ends; false then. What held before a key was answered
 * must hold after it, too. */
bool stage_wait(struct stage *stage, bool (*holds)(struct stage *stage));

/* Is the text on the screen? Returns its row, -1 when it is not. */
int stage_find(struct stage *stage, const char *text);

/* Draws the whole screen again with Ctrl-L, and waits until it begins. */
bool stage_redraw(struct stage *stage);

/* Remembers the picture for "same". */
void stage_remember(struct stage *stage);

/* The picture is what was remembered. */
bool stage_is_same(struct stage *stage);

/* Verbs, each with stage->words; false after stage_fail. */
bool act_do(struct stage *stage, enum verb verb);
bool act_press(struct stage *stage);
bool look_check(struct stage *stage, const struct statement *statement);

#endif
