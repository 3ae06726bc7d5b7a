/*
 * Purpose: the words of the filter language: fields, and what may be said of each.
 * Owns:    nothing; ui/filter_word.def and the tables of states, codes and protocols.
 * Bounds:  a look over a table.
 * Used by: ui/filter_parse, ui/filter_complete, ui/help, app (the manual).
 */
#ifndef LOFLOW_UI_FILTER_WORD_H
#define LOFLOW_UI_FILTER_WORD_H

#include "ui/filter_program.h"

enum filter_kind {
    FILTER_KIND_PORT,
    FILTER_KIND_HOST,
    FILTER_KIND_END,
    FILTER_KIND_NAME,
    FILTER_KIND_COMMAND,
    FILTER_KIND_PID,
    FILTER_KIND_COUNT,
    FILTER_KIND_SIZE,
    FILTER_KIND_SPAN,
    FILTER_KIND_STATE,
    FILTER_KIND_CODE,
    FILTER_KIND_PROTOCOL,
    FILTER_KIND_FLAG,
    FILTER_KIND_TEXT,
};

struct filter_field_word {
    const char *name;
    const char *others; /* separated by spaces */
    const char *example;
    const char *meaning;
    uint8_t kind; /* enum filter_kind */
    uint8_t ends; /* enum filter_ends */
};

const struct filter_field_word *filter_field_word(enum filter_field field);

/* By any of its names, whatever their case; FILTER_FIELD_COUNT: none. */
enum filter_field filter_find_field(const char *name, size_t len);

/* Lines that teach the language, from 0 on; NULL: there are no more. */
const char *filter_example(unsigned at, const char **meaning);

/* The values of STATE, CODE, PROTOCOL and FLAG fields, from 0 on; NULL: there are no more. */
const char *filter_value_word(enum filter_kind kind, unsigned at);
const char *filter_value_meaning(enum filter_kind kind, unsigned at);

/* 1 << at for every value that is the word, or, not exactly, begins with it; of codes any part between
 * '-'. '-' and '_' are alike. */
uint64_t filter_find_values(enum filter_kind kind, const char *word, size_t len, bool exact);

/* 1 << at for every value that has the word, in lower case, anywhere in it. */
uint64_t filter_values_with(enum filter_kind kind, const char *word);

/* What was probably meant; NULL when nothing is near. */
const char *filter_nearest_field(const char *name, size_t len);
const char *filter_nearest_value(enum filter_kind kind, const char *word, size_t len);

#endif
