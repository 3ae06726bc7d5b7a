/*
 * Purpose: a text for the user's clipboard, as terminals take it (OSC 52).
 * Owns:    nothing.
 * Bounds:  CLIPBOARD_TEXT_MAX bytes of text; CLIPBOARD_OUT_MAX bytes are written.
 * Fails:   clipboard_write returns 0 for a text that is empty or too long.
 * Used by: ui/term.
 */
#ifndef LOFLOW_UI_CLIPBOARD_H
#define LOFLOW_UI_CLIPBOARD_H

#include <stdbool.h>
#include <stddef.h>

/* xterm stops at 100,000 characters of base64, others at about 75,000. */
#define CLIPBOARD_TEXT_MAX 49152
#define CLIPBOARD_OUT_MAX  (CLIPBOARD_TEXT_MAX / 3 * 4 + 2048)

/* `in_screen`: GNU screen hands on what is wrapped for it, in pieces. tmux, with set-clipboard on,
 * takes the text itself. Returns the bytes to send. */
size_t clipboard_write(const char *text, size_t len, bool in_screen, char out[CLIPBOARD_OUT_MAX]);

#endif
