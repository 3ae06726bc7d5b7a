/*
 * Purpose: failures, repeats put together: a thousand refusals by one retry loop are one group. A
 *          group is one kind of failure, caused by one side, for one reason of ICMP's, at one
 *          server endpoint, whoever the clients are.
 * Owns:    its groups; a plain value, so that a paused screen can keep a copy.
 * Bounds:  FAILURE_LOG_MAX groups; the one that was quiet longest makes room; constant time an
 *          event.
 * Fails:   never.
 * Used by: report/text_report, ui/events_pane.
 */
#ifndef LOFLOW_FLOWS_FAILURE_LOG_H
#define LOFLOW_FLOWS_FAILURE_LOG_H

#include "flows/describe.h"

#define FAILURE_LOG_MAX     1000
#define FAILURE_LOG_BUCKETS 1024
#define FAILURE_NONE        UINT16_MAX

/* One failure of a group. */
struct failure_case {
    int64_t time_ns;
    struct tuple tuple;
    struct event_facts facts;
    uint8_t client; /* end of the tuple */
};

struct failure {
    uint64_t id; /* 1, 2, 3 ... in order of first appearance */
    uint64_t count;
    struct failure_case first, latest;
    uint32_t hash;
    uint16_t newer, older; /* by time of the latest */
    uint16_t chain;        /* of its bucket */
};

struct failure_log {
    uint64_t total;   /* failures ever */
    uint64_t last_id; /* groups ever */
    uint16_t count;
    uint16_t newest, oldest;
    uint16_t buckets[FAILURE_LOG_BUCKETS];
    struct failure groups[FAILURE_LOG_MAX];
};

void failure_log_clear(struct failure_log *log);
void failure_log_add(struct failure_log *log, struct flow_view flow,
                     const struct flow_event *event);

/* The group that appeared first after `group`, or first of all for NULL; NULL when there is none.
 * Looks at all groups: for the end of a run. */
const struct failure *failure_log_next(const struct failure_log *log, const struct failure *group);

/* Groups that had to make room. */
static inline uint64_t failure_log_forgotten(const struct failure_log *log)
{
    return log->last_id - log->count;
}

#endif
