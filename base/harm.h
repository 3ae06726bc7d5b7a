/*
 * Purpose: which characters of untrusted text may not be drawn as they are.
 * Source:  ECMA-48 for controls; Unicode's Bidi_Control and Default_Ignorable_Code_Point; general categories
 *          Mn and Me for marks (base/width.def).
 * Bounds:  constant time for ASCII, a search in a table otherwise.
 * Used by: base/text, base/put, report/junit, ui/stream_rows.
 */
#ifndef LOFLOW_BASE_HARM_H
#define LOFLOW_BASE_HARM_H

#include <stdint.h>

enum harm {
    HARM_NONE,
    HARM_MARK, /* is drawn over the character before it: harmless while there are few in a row */
    HARM_SURE, /* acts on a terminal, reorders what is read, ends a line, or is not seen at all */
};

/* Marks in a row on one character that are drawn: more than any language needs run over other lines. */
#define HARM_MARKS_MAX 4u

enum harm harm_look_up(uint32_t code);

static inline enum harm harm_of(uint32_t code)
{
    if (code < 0x7f)
        return code < 0x20 ? HARM_SURE : HARM_NONE;
    return harm_look_up(code);
}

/* The same within a text, where a mark is harmful on nothing or as one of too many. `marks` is how many came in a
 * row so far; HARM_MARKS_MAX before the first character. */
static inline enum harm harm_next(unsigned *marks, uint32_t code)
{
    enum harm harm = harm_of(code);
    if (harm == HARM_MARK && (*marks)++ >= HARM_MARKS_MAX)
        return HARM_SURE;
    if (harm == HARM_NONE)
        *marks = 0;
    return harm;
}

#endif
