#include "flows/failure_log.h"

static_assert(FAILURE_LOG_MAX < FAILURE_NONE, "indexes fit");

void failure_log_clear(struct failure_log *log)
{
    log->total = 0;
    log->last_id = 0;
    log->count = 0;
    log->newest = FAILURE_NONE;
    log->oldest = FAILURE_NONE;
    memset(log->buckets, 0xff, sizeof log->buckets);
}

/* FNV-1a, after Fowler, Noll and Vo; whoever makes it collide slows down a list of 1000. */
static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT32_C(16777619);
    return hash;
}

static uint32_t hash_group(const struct failure_case *failure)
{
    const struct tuple *tuple = &failure->tuple;
    const struct event_facts *facts = &failure->facts;
    unsigned server = !failure->client;
    uint32_t hash = mix(UINT32_C(2166136261), &facts->kind, sizeof facts->kind);
    hash = mix(hash, &facts->arg, sizeof facts->arg);
    hash = mix(hash, &tuple->protocol, sizeof tuple->protocol);
    hash = mix(hash, &tuple->port[server], sizeof tuple->port[server]);
    return mix(hash, &tuple->address[server], sizeof tuple->address[server]);
}

static bool same_group(const struct failure_case *a, const struct failure_case *b)
{
    unsigned x = !a->client;
    unsigned y = !b->client;
    return a->facts.kind == b->facts.kind && a->facts.by_client == b->facts.by_client &&
           a->facts.arg == b->facts.arg && a->tuple.family == b->tuple.family &&
           a->tuple.protocol == b->tuple.protocol && a->tuple.port[x] == b->tuple.port[y] &&
           memcmp(&a->tuple.address[x], &b->tuple.address[y], sizeof a->tuple.address[x]) == 0;
}

static uint16_t *bucket_of(struct failure_log *log, uint32_t hash)
{
    return &log->buckets[(hash ^ hash >> 16) % FAILURE_LOG_BUCKETS];
}

static void unlink_time(struct failure_log *log, uint16_t at)
{
    const struct failure *group = &log->groups[at];
    *(group->newer == FAILURE_NONE ? &log->newest : &log->groups[group->newer].older) =
        group->older;
    *(group->older == FAILURE_NONE ? &log->oldest : &log->groups[group->older].newer) =
        group->newer;
}

static void link_newest(struct failure_log *log, uint16_t at)
{
    struct failure *group = &log->groups[at];
    group->newer = FAILURE_NONE;
    group->older = log->newest;
    *(log->newest == FAILURE_NONE ? &log->oldest : &log->groups[log->newest].newer) = at;
    log->newest = at;
}

static uint16_t find(struct failure_log *log, const struct failure_case *wanted, uint32_t hash)
{
    uint16_t at = *bucket_of(log, hash);
    while (at != FAILURE_NONE &&
           (log->groups[at].hash != hash || !same_group(&log->groups[at].latest, wanted)))
        at = log->groups[at].chain;
    return at;
}

static void unlink_bucket(struct failure_log *log, uint16_t at)
{
    uint16_t *link = bucket_of(log, log->groups[at].hash);
    while (*link != at)
        link = &log->groups[*link].chain;
    *link = log->groups[at].chain;
}

static uint16_t take_group(struct failure_log *log, const struct failure_case *first, uint32_t hash)
{
    uint16_t at = log->count;
    if (at < FAILURE_LOG_MAX) {
        log->count++;
    } else {
        at = log->oldest;
        unlink_time(log, at);
        unlink_bucket(log, at);
    }
    uint16_t *bucket = bucket_of(log, hash);
    log->groups[at] =
        (struct failure){.id = ++log->last_id, .first = *first, .hash = hash, .chain = *bucket};
    *bucket = at;
    return at;
}

void failure_log_add(struct failure_log *log, struct flow_view flow, const struct flow_event *event)
{
    struct failure_case failure = {
        .time_ns = event->time_ns,
        .tuple = flow.hot->tuple,
        .facts = describe_event(flow, event),
        .client = flow.hot->client,
    };
    uint32_t hash = hash_group(&failure);
    uint16_t at = find(log, &failure, hash);
    if (at == FAILURE_NONE)
        at = take_group(log, &failure, hash);
    else
        unlink_time(log, at);
    log->groups[at].latest = failure;
    log->groups[at].count++;
    link_newest(log, at);
    log->total++;
}

const struct failure *failure_log_next(const struct failure_log *log, const struct failure *group)
{
    const struct failure *next = NULL;
    uint64_t id = group ? group->id : 0;
    for (uint16_t at = 0; at < log->count; at++) {
        const struct failure *candidate = &log->groups[at];
        if (candidate->id > id && (!next || candidate->id < next->id))
            next = candidate;
    }
    return next;
}
