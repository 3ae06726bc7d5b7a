/*
 * Purpose: what the part of a filter before the cursor may become.
 * Owns:    the candidates; a plain value.
 * Borrows: what was seen, as long as the candidates are used.
 * Bounds:  FILTER_CANDIDATES_MAX candidates; a look over the tables of words.
 * Fails:   never; where nothing fits there are none, and a hint says what may stand there.
 * Used by: ui/filter_line.
 */
#ifndef LOFLOW_UI_FILTER_COMPLETE_H
#define LOFLOW_UI_FILTER_COMPLETE_H

#include "ui/filter_program.h"

#define FILTER_CANDIDATES_MAX 96
#define FILTER_CANDIDATE_MAX  64 /* bytes; longer names are left out */
#define FILTER_SEEN_MAX       32

/* Processes and server ports that are in the table, those met first. Names are untrusted. */
struct filter_seen {
    unsigned name_count, port_count;
    char names[FILTER_SEEN_MAX][OWNER_COMM + 1];
    struct {
        uint16_t port;
        char name[OWNER_COMM + 1]; /* of who listens there; "" unknown */
    } ports[FILTER_SEEN_MAX];
};

/* Each is noted once. */
void filter_see_name(struct filter_seen *seen, const char *name);
void filter_see_port(struct filter_seen *seen, uint16_t port, const char *name);

struct filter_candidate {
    char text[FILTER_CANDIDATE_MAX];
    const char *meaning; /* untrusted; "" for none */
};

struct filter_completion {
    size_t begin, end; /* what of the line a candidate takes the place of */
    const char *hint;  /* what stands there, if there is nothing to choose; "" for nothing */
    unsigned count;
    struct filter_candidate candidates[FILTER_CANDIDATES_MAX];
};

void filter_complete(struct filter_completion *completion, const char *text, size_t cursor,
                     const struct filter_seen *seen);

/* Bytes that all candidates begin with: no less than what is there, or 0. */
size_t filter_common(const struct filter_completion *completion, const char *text);

#endif
