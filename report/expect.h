/*
 * Purpose: what a user expects of the connections of a program, as a small language; and whether that
 *          came true.
 * Owns:    nothing; plain values.
 * Borrows: the expression's text, for the life of the expectation.
 * Bounds:  EXPECT_TEXT_MAX bytes of text; constant time a question.
 * Fails:   expect_parse with -EINVAL, a sentence, and the character that is wrong.
 * Used by: app/run.
 *
 *     no refused | no resets | no retransmissions | no timeouts | no diagnoses | no CODE
 *     port N established [within TIME]
 *     port N refused
 *     port N untouched
 *     port N connections CMP COUNT
 *     port N bytes CMP SIZE
 *     port N response p95|mean|max CMP TIME
 *
 * CMP is one of < <= = >= >. TIME has a unit: us, ms, s or m. COUNT and SIZE may have k, M or G, which
 * are powers of 1000, and SIZE a B. CODE is a word of diagnose/code.def.
 */
#ifndef LOFLOW_REPORT_EXPECT_H
#define LOFLOW_REPORT_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "diagnose/diagnosis.h"

#define EXPECT_TEXT_MAX 200

enum expect_subject {
    EXPECT_NO_REFUSED,
    EXPECT_NO_RESETS,
    EXPECT_NO_RETRANSMISSIONS,
    EXPECT_NO_TIMEOUTS,
    EXPECT_NO_DIAGNOSES,
    EXPECT_NO_CODE,
    EXPECT_PORT_ESTABLISHED,
    EXPECT_PORT_REFUSED,
    EXPECT_PORT_UNTOUCHED,
    EXPECT_PORT_CONNECTIONS,
    EXPECT_PORT_BYTES,
    EXPECT_PORT_P95,
    EXPECT_PORT_MEAN,
    EXPECT_PORT_MAX,
};

enum expect_compare { EXPECT_LESS, EXPECT_AT_MOST, EXPECT_EQUAL, EXPECT_AT_LEAST, EXPECT_MORE };

struct expect {
    const char *text;
    uint8_t subject; /* enum expect_subject */
    uint8_t compare; /* enum expect_compare */
    uint8_t code;    /* EXPECT_NO_CODE */
    uint16_t port;   /* EXPECT_PORT_... */
    uint64_t limit;  /* count, bytes or ns; EXPECT_PORT_ESTABLISHED: ns, 0 without "within" */
};

/* What happened at a server's port, or at all of them. */
struct expect_traffic {
    uint64_t flows;       /* everything that was tried */
    uint64_t connections; /* of them, those that were established, and UDP flows */
    uint64_t established; /* TCP only */
    uint64_t refused;
    uint64_t resets;
    uint64_t timeouts; /* never answered, or not for a second */
    uint64_t retransmissions;
    uint64_t bytes;           /* payload of both directions */
    int64_t established_ns;   /* the first one, since the program began; valid with `established` */
    uint64_t responses;       /* how many answers were timed */
    int64_t response_sum_ns;  /* of all of them */
    int64_t response_most_ns; /* the slowest one */
    int64_t response_p95_ns;  /* valid when it is asked for */
    uint64_t unknown;         /* flows that are not counted: nobody knows whose they are */
};

struct expect_facts {
    struct expect_traffic all;
    const struct expect_traffic *ports; /* 65536 of them */
    uint64_t codes;                     /* bits 1 << enum code: what was diagnosed */
};

/* `*wrong` is the offset of what could not be read. */
int expect_parse(struct expect *expect, const char *text, size_t *wrong, struct err *err);

/* Did it come true? Adds what happened, in a few words: "port 80: 3 connections". */
bool expect_holds(const struct expect *expect, const struct expect_facts *facts, struct text *what);

/* Does the diagnosis tell of something that failed, or only of what could be better? */
bool expect_is_failure(enum code code);

#endif
