/*
 * Purpose: regular expressions of a bounded size, matched in bounded time: ( ) | * + ? {m,n} . ^ $,
 *          [a-z], [^a-z], [[:alpha:]], \d \w \s and their capitals, \ before anything else that is
 *          no letter or digit.
 * Owns:    nothing; a plain value.
 * Bounds:  PATTERN_PLACES letters or sets; linear time: some nanoseconds a byte of text. No
 *          allocation: regcomp allocates for as long as the expression says, and regexec too.
 * Fails:   pattern_parse with a sentence and the byte that is wrong.
 * Used by: ui/filter_parse, ui/filter_match.
 *
 * Text is bytes: '.' is one byte of it.
 */
#ifndef LOFLOW_UI_PATTERN_H
#define LOFLOW_UI_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PATTERN_PLACES  64
#define PATTERN_SYMBOLS 258 /* bytes, and the begin and end of the text */

struct pattern {
    bool always;    /* it matches the empty text, which is everywhere */
    uint64_t first; /* places that may begin a match */
    uint64_t last;  /* places that may end one */
    uint64_t follow[PATTERN_PLACES];
    uint64_t at[PATTERN_SYMBOLS]; /* places that a symbol fits */
};

struct pattern_source {
    const char *text;
    size_t len;
    bool ignore_case;
};

/* NULL: good. Otherwise what is wrong at *wrong. */
const char *pattern_parse(struct pattern *pattern, struct pattern_source source, size_t *wrong);

/* Is it anywhere in the text? */
bool pattern_matches(const struct pattern *pattern, const char *text, size_t len);

#endif
