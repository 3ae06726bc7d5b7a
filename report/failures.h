/*
 * Purpose: the failures of a run, repeats put together: a thousand refusals by one retry loop are
 *          one line with a count.
 * Bounds:  FAILURES_MAX different ones; what comes after is counted in `others`.
 * Used by: report/text_report.c.
 */
#ifndef LOFLOW_REPORT_FAILURES_H
#define LOFLOW_REPORT_FAILURES_H

#include <stdint.h>

#include "flows/describe.h"
#include "flows/flow.h"

#define FAILURES_MAX 200

struct failure {
    struct address client, server;
    uint16_t client_port; /* of the first */
    uint16_t server_port;
    uint16_t arg;
    uint8_t kind;
    uint8_t protocol;
    uint8_t family;
    uint8_t from_client;
    uint64_t count;
    int64_t first_ns, last_ns;
    char reason[DESCRIBE_MAX]; /* of the first */
};

struct failures {
    uint32_t count;
    uint64_t others;
    struct failure rows[FAILURES_MAX];
};

void failures_add(struct failures *failures, struct flow_view flow, const struct flow_event *event);

#endif
