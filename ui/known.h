/*
 * Purpose: what is known of flows beside their packets: the processes at their ends, and what is
 *          wrong with them.
 * Owns:    a copy of the diagnoses that hold, as they were when the picture was taken.
 * Borrows: names and diagnoser, for its life.
 * Bounds:  FINDINGS_MAX diagnoses, 2 MB of which only used pages cost memory; known_take copies those
 *          that hold; a question about a flow is constant time, or one look at the diagnoses for a
 *          flow that has some.
 * Fails:   never; what is not known is NULL or nothing.
 * Used by: ui.
 */
#ifndef LOFLOW_UI_KNOWN_H
#define LOFLOW_UI_KNOWN_H

#include "diagnose/diagnoser.h"
#include "flows/flow.h"
#include "host/names.h"
#include "ui/grid.h"

#define KNOWN_WORD_MAX 12 /* columns of known_word */

/* A diagnosis that goes on keeps its place; one that was quiet for so long and comes back is new. */
#define KNOWN_QUIET_NS DIAGNOSER_QUIET_NS

struct known_diagnosis {
    struct diagnosis diagnosis;
    int64_t since_ns; /* its place in the order */
};

struct known {
    const struct names *names;         /* NULL: nobody is named */
    const struct diagnoser *diagnoser; /* NULL: nothing is diagnosed */
    uint32_t count;
    uint16_t order[FINDINGS_MAX]; /* newest first */
    struct known_diagnosis diagnoses[FINDINGS_MAX];
};

/* Takes a new picture of the diagnoses. */
void known_take(struct known *known);

static inline const struct known_diagnosis *known_at(const struct known *known, uint32_t position)
{
    return &known->diagnoses[known->order[position]];
}

/* NULL: not known. `end` is that of the tuple. */
const struct owner *known_owner(const struct known *known, struct flow_view flow, unsigned end);

/* The diagnoses of a flow: start with *at = 0; NULL at the end. In the order of diagnose/code.def. */
const struct diagnosis *known_walk(const struct known *known, struct flow_view flow, unsigned *at);

/* Its first diagnosis; CODE_COUNT for none. */
enum code known_code(const struct known *known, struct flow_view flow);

/* "no-listener": a code for narrow columns, KNOWN_WORD_MAX at most. */
void text_add_code(struct text *text, enum code code, bool utf8);
enum style code_style(enum code code);

#endif
