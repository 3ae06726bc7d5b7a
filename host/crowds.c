/*
 * Theory: a socket that is in CLOSE_WAIT now was there when they were counted, or has entered since. Of the first
 * those are gone that have left since, at least as many as left after the counting was over (whoever left while it
 * went on may not have been counted). So there are never more than
 *
 *     counted + entered since the counting began - left since it was over
 *
 * and they are counted anew only when that is enough. Each counting brings the bound down to what there is.
 */
#include "host/crowds.h"

static uint64_t most_now(const struct crowds *crowds, const struct tracer *tracer)
{
    struct tracer_close_wait now = tracer_close_wait(tracer);
    uint64_t come = crowds->counted + (now.entered - crowds->before.entered);
    uint64_t gone = now.left - crowds->after.left;
    return come > gone ? come - gone : 0;
}

size_t crowds_find(struct crowds *crowds, const struct crowds_sources *sources,
                   struct elsewhere_crowds *ask, struct host_crowd *found)
{
    const struct tracer *tracer = ask->state == SOCKET_CLOSE_WAIT ? sources->tracer : NULL;
    if (tracer && crowds->is_counted && most_now(crowds, tracer) < ask->least)
        return 0;
    if (tracer)
        crowds->before = tracer_close_wait(tracer);
    size_t count = elsewhere_crowds(sources->netns, ask, found, HOST_CROWDS_MAX);
    if (!tracer)
        return count;
    crowds->after = tracer_close_wait(tracer);
    crowds->is_counted = ask->sockets != UINT32_MAX;
    crowds->counted = ask->sockets;
    return count;
}
