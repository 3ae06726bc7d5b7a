/*
 * Purpose: sessions as text: one fact a line, a key and what it does.
 *
 *     session moving about in the list
 *     run -r {pcaps}/demo.pcap
 *     see "46 packets" | in LIST
 *     press Down | cursor "127.0.0.1:3000"
 *
 * Owns:    the statements, from script_read to script_free.
 * Bounds:  SCRIPT_WORDS words a statement.
 * Fails:   script_read with false, after it printed what is wrong.
 * Used by: tests/screen/play.
 */
#ifndef LOFLOW_TESTS_SCREEN_SCRIPT_H
#define LOFLOW_TESTS_SCREEN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_WORDS 16

enum verb {
#define VERB(name, kind, least, most) VERB_##name,
#include "tests/screen/verb.def"
    VERB_COUNT,
    VERB_session = VERB_COUNT
};

struct statement {
    enum verb verb;
    int line, count;           /* of words after the verb */
    char *words[SCRIPT_WORDS]; /* after the verb; a session's only word is its name */
};

struct script {
    const char *path;
    char *text;
    struct statement *statements;
    size_t count;
};

bool script_read(struct script *script, const char *path);
void script_free(struct script *script);

/* Keys of ui/key.def that none of the scripts presses in one of their contexts are printed; their number. */
int script_uncovered(const struct script *scripts, size_t count);

#endif
