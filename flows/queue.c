#include "flows/queue.h"

void queue_join(struct queue *queue, const struct pool *cold, uint32_t index, int64_t since_ns)
{
    struct flow_cold *joining = pool_at(cold, index);
    joining->queue_ns = since_ns;
    joining->queue_next = POOL_NONE;
    joining->queue_prev = queue->tail;
    if (queue->tail == POOL_NONE)
        queue->head = index;
    else
        ((struct flow_cold *)pool_at(cold, queue->tail))->queue_next = index;
    queue->tail = index;
    queue->count++;
}

void queue_leave(struct queue *queue, const struct pool *cold, uint32_t index)
{
    const struct flow_cold *leaving = pool_at(cold, index);
    assert(queue->count > 0);
    if (leaving->queue_prev == POOL_NONE)
        queue->head = leaving->queue_next;
    else
        ((struct flow_cold *)pool_at(cold, leaving->queue_prev))->queue_next = leaving->queue_next;
    if (leaving->queue_next == POOL_NONE)
        queue->tail = leaving->queue_prev;
    else
        ((struct flow_cold *)pool_at(cold, leaving->queue_next))->queue_prev = leaving->queue_prev;
    queue->count--;
}
