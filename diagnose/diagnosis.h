/*
 * Purpose: a diagnosis: what is wrong with a local connection, how sure that is, the evidence as typed
 *          facts, and the words for it.
 * Owns:    nothing; plain values of a fixed size.
 * Bounds:  DIAGNOSIS_FACTS facts, DIAGNOSIS_CLIENTS clients, DIAGNOSIS_FLOWS flows; what exceeds them is
 *          left out and counted where it counts.
 * Used by: diagnose (makes it), report and ui (show it).
 *
 * Facts hold bytes of others (process names): they are escaped where they are shown.
 */
#ifndef LOFLOW_DIAGNOSE_DIAGNOSIS_H
#define LOFLOW_DIAGNOSE_DIAGNOSIS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/tuple.h"

#define DIAGNOSIS_FACTS    20
#define DIAGNOSIS_CLIENTS  8
#define DIAGNOSIS_FLOWS    8
#define DIAGNOSIS_PORT_ANY 0 /* of diagnoses that are about no port */

enum code {
#define CODE(NAME, word, summary, advice) CODE_##NAME,
#include "diagnose/code.def"
#undef CODE
    CODE_COUNT
};

enum certainty { CERTAINTY_LIKELY, CERTAINTY_SEEN, CERTAINTY_PROVED, CERTAINTY_COUNT };

enum fact_kind {
    FACT_KIND_NUMBER,
    FACT_KIND_TEXT,
    FACT_KIND_FLAG,
    FACT_KIND_TIME,
    FACT_KIND_NUMBERS,
    FACT_KIND_TEXTS,
    FACT_KIND_NOTHING,
};

enum fact_name {
#define FACT(NAME, name, KIND) FACT_##NAME,
#include "diagnose/fact.def"
#undef FACT
    FACT_COUNT
};

#define FACT_TEXT_SIZE  65
#define FACT_LIST_MAX   16
#define FACT_TEXTS_MAX  3
#define FACT_TEXTS_SIZE 17

struct fact {
    uint8_t name;  /* enum fact_name */
    uint8_t count; /* items of a list */
    union {
        int64_t number;                              /* NUMBER, FLAG, TIME in ns */
        char text[FACT_TEXT_SIZE];                   /* TEXT */
        int32_t numbers[FACT_LIST_MAX];              /* NUMBERS */
        char texts[FACT_TEXTS_MAX][FACT_TEXTS_SIZE]; /* TEXTS */
    };
};

/* A program at one end, and how often it was that. */
struct party {
    int32_t pid; /* 0: unknown */
    uint32_t count;
    char comm[FACT_TEXTS_SIZE];
};

struct diagnosis {
    uint8_t code;      /* enum code */
    uint8_t certainty; /* enum certainty */
    uint8_t fact_count;
    uint8_t client_count;
    uint8_t flow_count;
    uint16_t port;  /* that it is about, DIAGNOSIS_PORT_ANY for none */
    uint32_t netns; /* inode number of the namespace, 0 for this one */
    uint64_t
        supersedes; /* bits 1 << enum code: what was said of the port before and holds no more */
    uint64_t count; /* how often it happened */
    int64_t first_ns, last_ns;
    struct fact facts[DIAGNOSIS_FACTS];
    struct party clients[DIAGNOSIS_CLIENTS];
    uint64_t flows[DIAGNOSIS_FLOWS]; /* ids */
};

static_assert(CODE_COUNT <= 64, "codes are bits");

const char *code_word(enum code code);
const char *certainty_word(enum certainty certainty);
const char *certainty_meaning(enum certainty certainty);
const char *fact_word(enum fact_name name);
enum fact_kind fact_kind(enum fact_name name);

/* NULL when the diagnosis does not have it. */
const struct fact *diagnosis_fact(const struct diagnosis *diagnosis, enum fact_name name);
int64_t diagnosis_number(const struct diagnosis *diagnosis, enum fact_name name, int64_t otherwise);

/* Sets a fact, over what it was. `_once` leaves it as it was. */
void diagnosis_set(struct diagnosis *diagnosis, enum fact_name name, int64_t number);
void diagnosis_set_once(struct diagnosis *diagnosis, enum fact_name name, int64_t number);
void diagnosis_set_most(struct diagnosis *diagnosis, enum fact_name name, int64_t number);
void diagnosis_set_text(struct diagnosis *diagnosis, enum fact_name name, const char *text);
void diagnosis_set_address(struct diagnosis *diagnosis, enum fact_name name,
                           const struct address *address, uint8_t family);
/* Adds to a list what it does not have yet. */
void diagnosis_add_number(struct diagnosis *diagnosis, enum fact_name name, int32_t number);
void diagnosis_add_text(struct diagnosis *diagnosis, enum fact_name name, const char *text);
void diagnosis_forget(struct diagnosis *diagnosis, enum fact_name name);

/* A program met it once more. The facts `pid` and `comm` name the one that did so most often, the first
 * of equals. A pid of 0 counts, and names nobody. */
void diagnosis_tally(struct diagnosis *diagnosis, enum fact_name pid, enum fact_name comm,
                     const struct party *party);

void diagnosis_add_flow(struct diagnosis *diagnosis, uint64_t flow_id);

/* The value of a fact, as a template has it. It holds untrusted bytes. */
void text_add_fact(struct text *text, const struct fact *fact);

/* The programs that a diagnosis knows, from *at = 0 on: what they are to it, "client", and who. False: there
 * are no more. */
bool diagnosis_program(const struct diagnosis *diagnosis, unsigned *at, const char **role,
                       struct party *program);

/* One sentence. It holds untrusted bytes. */
void text_add_summary(struct text *text, const struct diagnosis *diagnosis);

/* The advice's line `at`, from 0. False: there are no more. */
bool text_add_advice(struct text *text, const struct diagnosis *diagnosis, unsigned at);

#endif
