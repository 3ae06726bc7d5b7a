/*
 * Purpose: why a connection was refused, as the host tells: what the rules of refused.c and the first answer
 *          of `loflow why` have in common.
 * Used by: diagnose/refused, diagnose/judgement.
 */
#ifndef LOFLOW_DIAGNOSE_JUDGEMENT_H
#define LOFLOW_DIAGNOSE_JUDGEMENT_H

#include "diagnose/rules.h"

/* Everything that can be said of one refusal. */
struct judgement {
    enum code code;
    enum certainty certainty;
    bool has_listener, has_past, has_elsewhere;
    struct host_listener listener;
    struct host_past past;
    struct host_elsewhere elsewhere;
    char device[16 + 1]; /* that the listener is bound to, of CODE_REFUSED_WRONG_DEVICE */
    const char *hook;    /* of the packet filter; NULL unknown */
};

/* Why it was refused; needs a host. */
void judgement_make(const struct story *story, const struct service *service,
                    struct judgement *judgement);

void judgement_set(struct judgement *judgement, enum code code, enum certainty certainty);

/* Notes in the finding what the judgement rests on. */
void judgement_note(struct finding *finding, const struct judgement *judgement);

#endif
