#include "ui/failure_log.h"

#include <assert.h>
#include <string.h>

#include "ui/compact.h"

static_assert(SCREEN_EVENTS_MAX < FAILURE_NONE, "indexes fit");

static const struct {
    const char *words;
    uint8_t family, type, code;
} icmp_errors[] = {
#define ICMP(family, type, code, words) {words, family, type, code},
#include "ui/icmp.def"
#undef ICMP
};

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

static unsigned server_of(const struct failure *failure)
{
    return !failure->client;
}

static uint32_t hash_group(const struct failure *failure)
{
    unsigned end = server_of(failure);
    uint32_t hash = mix(UINT32_C(2166136261), &failure->kind, sizeof failure->kind);
    hash = mix(hash, &failure->tuple.protocol, sizeof failure->tuple.protocol);
    hash = mix(hash, &failure->tuple.port[end], sizeof failure->tuple.port[end]);
    return mix(hash, &failure->tuple.address[end], sizeof failure->tuple.address[end]);
}

static bool same_group(const struct failure *a, const struct failure *b)
{
    unsigned x = server_of(a);
    unsigned y = server_of(b);
    return a->hash == b->hash && a->kind == b->kind && a->tuple.family == b->tuple.family &&
           a->tuple.protocol == b->tuple.protocol && a->tuple.port[x] == b->tuple.port[y] &&
           memcmp(&a->tuple.address[x], &b->tuple.address[y], sizeof a->tuple.address[x]) == 0;
}

static uint16_t *bucket_of(struct failure_log *log, uint32_t hash)
{
    return &log->buckets[(hash ^ hash >> 16) % FAILURE_BUCKETS];
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

static uint16_t find(struct failure_log *log, const struct failure *wanted)
{
    uint16_t at = *bucket_of(log, wanted->hash);
    while (at != FAILURE_NONE && !same_group(&log->groups[at], wanted))
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

static uint16_t take_group(struct failure_log *log, uint32_t hash)
{
    uint16_t at = log->count;
    if (at < SCREEN_EVENTS_MAX) {
        log->count++;
    } else {
        at = log->oldest;
        unlink_time(log, at);
        unlink_bucket(log, at);
    }
    uint16_t *bucket = bucket_of(log, hash);
    log->groups[at] = (struct failure){.id = ++log->last_id, .chain = *bucket};
    *bucket = at;
    return at;
}

void failure_log_add(struct failure_log *log, const struct flow_event *event, struct flow_view flow)
{
    struct failure failure = {
        .time_ns = event->time_ns,
        .tuple = flow.hot->tuple,
        .packets = flow.hot->side[0].packets + flow.hot->side[1].packets,
        .syns = flow.cold->rare[flow.hot->client].syn,
        .arg = event->arg,
        .kind = event->kind,
        .client = flow.hot->client,
        .side = event->side,
    };
    failure.hash = hash_group(&failure);
    uint16_t at = find(log, &failure);
    if (at == FAILURE_NONE)
        at = take_group(log, failure.hash);
    else
        unlink_time(log, at);
    struct failure *group = &log->groups[at];
    failure.id = group->id;
    failure.count = group->count + 1;
    failure.chain = group->chain;
    *group = failure;
    link_newest(log, at);
    log->total++;
}

static void write_icmp(struct text *text, const struct failure *failure)
{
    uint8_t type = failure->arg >> 8;
    uint8_t code = failure->arg & 0xff;
    for (size_t i = 0; i < sizeof icmp_errors / sizeof icmp_errors[0]; i++) {
        if (icmp_errors[i].family == failure->tuple.family && icmp_errors[i].type == type &&
            icmp_errors[i].code == code) {
            text_add(text, "ICMP %s", icmp_errors[i].words);
            return;
        }
    }
    text_add(text, "ICMP type %u code %u", type, code);
}

void failure_write(struct text *text, const struct failure *failure)
{
    if (failure->arg != 0) {
        write_icmp(text, failure);
    } else if (failure->kind == EVENT_REFUSED) {
        text_add(text, "RST after the SYN");
    } else if (failure->kind == EVENT_RESET) {
        text_add(text, "by %s, ", failure->side == failure->client ? "client" : "server");
        compact_add_count(text, failure->packets);
        text_add(text, " packets");
    } else if (failure->kind == EVENT_NO_ANSWER) {
        compact_add_count(text, failure->syns);
        text_add(text, failure->syns == 1 ? " SYN, no answer" : " SYNs, no answer");
    }
}
