/*
 * Purpose: the table of diagnoses of a run: one for each code and port.
 * Owns:    FINDINGS_MAX findings.
 * Bounds:  constant time; a finding that goes costs one pass over the keys.
 * Used by: diagnose.
 */
#ifndef LOFLOW_DIAGNOSE_FINDINGS_H
#define LOFLOW_DIAGNOSE_FINDINGS_H

#include "diagnose/diagnoser.h"

#define FLOW_CODES_MAX 4096u
#define FINDINGS_SLOTS 4096u

struct finding {
    struct diagnosis diagnosis;
    int64_t due_ns;       /* may be told from then on */
    int64_t since_ns;     /* it goes on since then, without a long silence */
    int64_t said_ns;      /* told last; valid with `said` */
    uint64_t said_digest; /* of what was told last; valid with `said` */
    bool said;
    bool changed; /* since it was told */
    bool withdrawn;
};

struct findings {
    uint64_t keys[FINDINGS_MAX]; /* 0: free */
    struct finding rows[FINDINGS_MAX];
    struct {
        uint64_t flow_id, codes;
    } flow_codes[FLOW_CODES_MAX];
    uint16_t slots[FINDINGS_SLOTS]; /* hash table: a row and 1, 0 free */
    uint32_t told;                  /* where the walk of findings_next stands */
    uint64_t forgotten;
    uint64_t made; /* ever */
};

/* How long a finding waits before it is told, so that what follows may change it. */
#define FINDING_SETTLES_NS INT64_C(500000000)
#define FINDING_REPEATS_NS INT64_C(1000000000)

/* What a finding is about. */
struct finding_key {
    enum code code;
    uint16_t port;
    uint32_t netns;
};

/* NULL: there is none that holds. */
struct finding *findings_find(struct findings *findings, struct finding_key key);

/* Counts one more occurrence at time_ns: makes the finding, or goes on with the one there is. */
struct finding *findings_add(struct findings *findings, struct finding_key key, int64_t time_ns);

/* It happened `time_ns`, of `flow`: notes both, and that the finding changed. */
void finding_touch(struct finding *finding, int64_t time_ns);
void findings_note_flow(struct findings *findings, struct finding *finding, uint64_t flow_id);

/* It does not hold: never told, or told to be superseded by `by`, which may be NULL. */
void findings_withdraw(struct findings *findings, struct finding *finding, struct finding *by);

/* Withdraws the findings with those codes (bits) of that port in favour of `by`. Returns the first. */
void findings_supersede(struct findings *findings, uint64_t codes, struct finding *by);

const struct diagnosis *findings_next(struct findings *findings, int64_t now_ns, bool final);

static inline uint64_t code_bit(enum code code)
{
    return UINT64_C(1) << code;
}

#endif
