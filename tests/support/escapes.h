/*
 * Purpose: looks at every byte a program sends to its terminal: which escape sequences it uses, and whether each
 *          is one that a well-behaved screen needs. Whatever else arrives, a name or a payload told the terminal.
 * Owns:    nothing; a plain value.
 * Bounds:  ESCAPES_MAX bytes of a sequence; longer ones are forbidden.
 * Used by: tests/support/terminal.
 *
 * libvterm knows no faint text; it is handed on as struck out, which no screen of ours is.
 */
#ifndef LOFLOW_TESTS_SUPPORT_ESCAPES_H
#define LOFLOW_TESTS_SUPPORT_ESCAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ESCAPES_MAX    65536
#define ESCAPES_REPEAT 1000 /* most characters that one "repeat" may stand for */

enum escapes_state {
    ESCAPES_TEXT,
    ESCAPES_BEGUN, /* after ESC */
    ESCAPES_CONTROL,
    ESCAPES_SYSTEM, /* OSC, to BEL or ESC \ */
    ESCAPES_CHARSET,
};

struct escapes {
    enum escapes_state state;
    char sequence[ESCAPES_MAX];
    size_t len;
    char character[8]; /* the latest, for "repeat" */
    size_t character_len;
    char forbidden[256];      /* the first that no screen needs, readable; "" while there is none */
    char copied[ESCAPES_MAX]; /* OSC 52: what went to the clipboard, base64 */
    uint32_t clears;          /* how often the whole screen was cleared */
    bool may_copy;
    bool cursor_hidden; /* libvterm takes ESC 8 for a change of it, which it is not */
    void (*out)(void *to, const char *bytes, size_t len); /* to the emulator */
    void *to;
};

void escapes_feed(struct escapes *escapes, const char *bytes, size_t len);

#endif
