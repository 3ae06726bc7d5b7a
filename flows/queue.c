#include "flows/queue.h"

void queue_join(struct queue *queue, struct queue_link *links, uint32_t index, int64_t since_ns)
{
    links[index] = (struct queue_link){since_ns, POOL_NONE, queue->tail};
    if (queue->tail == POOL_NONE)
        queue->head = index;
    else
        links[queue->tail].next = index;
    queue->tail = index;
    queue->count++;
}

void queue_leave(struct queue *queue, struct queue_link *links, uint32_t index)
{
    const struct queue_link leaving = links[index];
    assert(queue->count > 0);
    if (leaving.prev == POOL_NONE)
        queue->head = leaving.next;
    else
        links[leaving.prev].next = leaving.next;
    if (leaving.next == POOL_NONE)
        queue->tail = leaving.prev;
    else
        links[leaving.next].prev = leaving.prev;
    queue->count--;
}
