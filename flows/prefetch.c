/*
 * Brings in what the packets of a batch will need, in passes, so that many memory accesses are under way at
 * a time: the hash slots of all packets; the records that the slots name; the details that the records name.
 * All of it only warms the caches, so it may guess, and what follows may insert and remove as it likes.
 */
#include "flows/record.h"

/* The records of a flow that the packet will most likely begin, after `ahead` others. */
static uint32_t prefetch_new(const struct tracker *tracker, uint32_t ahead)
{
    uint32_t index = pool_next(&tracker->hot, ahead);
    pool_prefetch(&tracker->hot, index, sizeof(struct flow));
    pool_prefetch(&tracker->cold, index, sizeof(struct flow_cold));
    return index;
}

/* Data in order need the hot record only, but for the first, which go into the history. Returns the
 * index of what is most likely the flow. */
static uint32_t prefetch_flow(const struct tracker *tracker, const struct packet *packet,
                              uint32_t *fresh)
{
    uint32_t hash = (uint32_t)packet->hash;
    uint32_t slot = hash;
    uint32_t index = 0;
    if (!table_candidate(&tracker->table, hash, &slot, &index))
        return prefetch_new(tracker, (*fresh)++);
    const struct flow *hot = record_hot(tracker, index);
    const struct flow_cold *cold = record_cold(tracker, index);
    __builtin_prefetch(&hot->tuple, 1);
    __builtin_prefetch(&hot->side[0], 1);
    __builtin_prefetch(&hot->side[1], 1);
    __builtin_prefetch(&cold->history_seen, 1);
    if (packet->flags & (TCP_SYN | TCP_FIN | TCP_RST)) {
        __builtin_prefetch(cold, 1);
        __builtin_prefetch(&cold->rare[packet->direction], 1);
    }
    return index;
}

/* By now the records are on their way, and with them the place of the detail; or it is the one after
 * `fresh` others. */
static void prefetch_detail(const struct tracker *tracker, const struct packet *packet,
                            uint32_t index, uint32_t *fresh)
{
    unsigned sender = packet->direction;
    const struct flow *hot = record_hot(tracker, index);
    const struct flow_cold *cold = record_cold(tracker, index);
    if (hot->flags & FLOW_FLAG_HANDSHAKE) {
        __builtin_prefetch(cold, 1);
        __builtin_prefetch(&cold->rare[!sender], 1);
    }
    const struct flow_detail *detail = record_detail(tracker, index);
    if (!detail) {
        if (packet->payload_wire_len > 0)
            pool_prefetch(&tracker->pools.details, pool_next(&tracker->pools.details, (*fresh)++),
                          DETAIL_TOUCHED);
        return;
    }
    if (hot->side[!sender].flags & SIDE_TIMED) {
        __builtin_prefetch(detail, 1);
        __builtin_prefetch(&detail->side[!sender], 1);
    }
    if (packet->payload_wire_len == 0)
        return;
    __builtin_prefetch(detail, 1);
    __builtin_prefetch(&detail->side[sender], 1);
    __builtin_prefetch(detail->side[sender].first, 1);
}

/* A flow that was silent leaves its queue: its neighbours there were not looked at for as long. Its own links
 * come first, and then what they name. */
static void prefetch_neighbours(const struct tracker *tracker, const struct packet_batch *packets,
                                const struct event_list *events)
{
    for (uint32_t at = 0; at < packets->count; at++) {
        uint32_t index = events->notes[at].flow.index;
        if (index >= tracker->hot.high || record_hot(tracker, index)->queue != QUEUE_QUIET)
            continue;
        const struct queue_link *link = record_link(tracker, index);
        const struct flow_detail *detail = record_detail(tracker, index);
        if (detail)
            __builtin_prefetch(detail, 1);
        if (link->prev != POOL_NONE)
            __builtin_prefetch(record_link(tracker, link->prev), 1);
        if (link->next != POOL_NONE)
            __builtin_prefetch(record_link(tracker, link->next), 1);
    }
}

void tracker_prefetch(const struct tracker *tracker, const struct packet_batch *packets,
                      struct event_list *events)
{
    uint32_t fresh = 0, fresh_details = 0;
    bool is_any_quiet = false;
    for (uint32_t at = 0; at < packets->count; at++)
        table_prefetch(&tracker->table, (uint32_t)packets->packets[at].hash);
    for (uint32_t at = 0; at < packets->count; at++)
        events->notes[at].flow.index = prefetch_flow(tracker, &packets->packets[at], &fresh);
    for (uint32_t at = 0; at < packets->count; at++) {
        uint32_t index = events->notes[at].flow.index;
        if (index >= tracker->hot.high)
            continue;
        prefetch_detail(tracker, &packets->packets[at], index, &fresh_details);
        if (record_hot(tracker, index)->queue == QUEUE_QUIET) {
            __builtin_prefetch(record_link(tracker, index), 1);
            is_any_quiet = true;
        }
    }
    if (is_any_quiet)
        prefetch_neighbours(tracker, packets, events);
}
