#include "report/failures.h"

#include <string.h>

static bool is_repeat(const struct failure *a, const struct failure *b)
{
    return a->kind == b->kind && a->arg == b->arg && a->protocol == b->protocol &&
           a->family == b->family && a->server_port == b->server_port &&
           a->from_client == b->from_client &&
           memcmp(&a->server, &b->server, sizeof a->server) == 0 &&
           memcmp(&a->client, &b->client, sizeof a->client) == 0;
}

void failures_add(struct failures *failures, struct flow_view flow, const struct flow_event *event)
{
    const struct tuple *tuple = &flow.hot->tuple;
    unsigned client = flow.hot->client;
    struct failure failure = {
        .client = tuple->address[client],
        .server = tuple->address[!client],
        .client_port = tuple->port[client],
        .server_port = tuple->port[!client],
        .arg = event->arg,
        .kind = event->kind,
        .protocol = tuple->protocol,
        .family = tuple->family,
        .from_client = event->side == client,
        .count = 1,
        .first_ns = event->time_ns,
        .last_ns = event->time_ns,
    };
    for (uint32_t row = 0; row < failures->count; row++) {
        struct failure *known = &failures->rows[row];
        if (is_repeat(known, &failure)) {
            known->count++;
            known->last_ns = event->time_ns;
            return;
        }
    }
    if (failures->count == FAILURES_MAX) {
        failures->others++;
        return;
    }
    struct text reason = text_begin(failure.reason, sizeof failure.reason);
    text_add_event(&reason, flow, event);
    failures->rows[failures->count++] = failure;
}
