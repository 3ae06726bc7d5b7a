#include "ui/groups.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

static bool is_same(const struct group_key *a, const struct group_key *b)
{
    return a->owner == b->owner && tuple_equal(&a->place, &b->place);
}

/* The key is not secret: who fills the table with chosen collisions makes the screen slower, and nothing
 * else. */
static uint32_t slot_of(const struct group_key *key)
{
    static const struct hash_key no_key;
    return (uint32_t)(hash_tuple(&no_key, &key->place) +
                      key->owner * UINT64_C(0x9e3779b97f4a7c15)) %
           GROUPS_SLOTS;
}

static struct group_key key_of(const struct groups *groups, struct flow_view flow)
{
    const struct tuple *tuple = &flow.hot->tuple;
    bool by_server = groups->by == GROUP_BY_SERVER;
    unsigned end = by_server ? !flow.hot->client : flow.hot->client;
    struct group_key key = {.owner = by_server ? 0 : flow.cold->owner[end]};
    if (key.owner != 0)
        return key;
    key.place = (struct tuple){.address = {tuple->address[end]},
                               .port = {by_server ? tuple->port[end] : 0},
                               .protocol = tuple->protocol,
                               .family = tuple->family};
    return key;
}

static struct group *find(struct groups *groups, const struct group_key *key, uint32_t *slot)
{
    if (groups->latest < groups->count && is_same(&groups->all[groups->latest].key, key))
        return &groups->all[groups->latest];
    *slot = slot_of(key);
    while (groups->slots[*slot] != 0) {
        uint32_t at = groups->slots[*slot] - 1u;
        if (is_same(&groups->all[at].key, key)) {
            groups->latest = at;
            return &groups->all[at];
        }
        *slot = (*slot + 1) % GROUPS_SLOTS;
    }
    return NULL;
}

/* The last one is for all that found no room. */
static struct group *add(struct groups *groups, const struct group_key *key, uint32_t slot)
{
    static const struct group_key others = {0};
    if (groups->count == GROUPS_MAX)
        return &groups->all[GROUPS_MAX - 1];
    bool is_last = groups->count == GROUPS_MAX - 1;
    struct group *group = &groups->all[groups->count++];
    *group =
        (struct group){.key = is_last ? others : *key, .id = ++groups->last_id, .rank = GROUPS_MAX};
    if (!is_last)
        groups->slots[slot] = (uint16_t)groups->count;
    return group;
}

void groups_set(struct groups *groups, enum grouping by)
{
    groups->by = by;
    groups->count = 0;
    memset(groups->slots, 0, sizeof groups->slots);
}

void groups_forget(struct groups *groups)
{
    for (uint32_t at = 0; at < groups->count; at++) {
        struct group *group = &groups->all[at];
        group->latency = (struct latency){0};
        group->spark = (struct spark){0};
    }
}

void groups_begin(struct groups *groups)
{
    for (uint32_t at = 0; at < groups->count; at++)
        groups->all[at].next = (struct group_sums){0};
}

struct group *groups_add(struct groups *groups, struct flow_view flow, uint64_t rate)
{
    uint32_t slot = 0;
    struct group_key key = key_of(groups, flow);
    struct group *group = find(groups, &key, &slot);
    if (!group)
        group = add(groups, &key, slot);
    struct group_sums *sums = &group->next;
    const struct flow_side *client = flow_client_side(flow), *server = flow_server_side(flow);
    enum flow_state state = flow.hot->state;
    if (sums->flows++ == 0 || flow.cold->start_ns < sums->first_ns)
        sums->first_ns = flow.cold->start_ns;
    if (sums->flows == 1 || flow.hot->last_ns > sums->last_ns)
        sums->last_ns = flow.hot->last_ns;
    sums->open += flow_is_open(flow);
    sums->refused += state == FLOW_REFUSED;
    sums->resets += state == FLOW_RESET;
    sums->unanswered += state == FLOW_TIMED_OUT ||
                        (state == FLOW_SYN_SENT && (flow.hot->flags & FLOW_FLAG_NO_ANSWER));
    sums->packets[0] += client->packets;
    sums->packets[1] += server->packets;
    sums->bytes[0] += client->bytes;
    sums->bytes[1] += server->bytes;
    sums->rate += rate;
    sums->retransmits += (uint64_t)flow.cold->rare[0].retransmits + flow.cold->rare[1].retransmits;
    uint32_t owner =
        flow.cold->owner[groups->by == GROUP_BY_SERVER ? !flow.hot->client : flow.hot->client];
    if (owner != 0)
        sums->owner = owner;
    return group;
}

static void make_slots(struct groups *groups)
{
    memset(groups->slots, 0, sizeof groups->slots);
    groups->latest = 0;
    for (uint32_t at = 0; at < groups->count; at++) {
        if (group_is_others(&groups->all[at]))
            continue;
        uint32_t slot = slot_of(&groups->all[at].key);
        while (groups->slots[slot] != 0)
            slot = (slot + 1) % GROUPS_SLOTS;
        groups->slots[slot] = (uint16_t)(at + 1);
    }
}

/* Flows lived at different times, so that the sum of their rates says nothing. */
static uint64_t average_rate(const struct group_sums *sums)
{
    int64_t lived_ns = sums->last_ns - sums->first_ns;
    if (lived_ns <= 0)
        return 0;
    return (uint64_t)((double)(sums->bytes[0] + sums->bytes[1]) *
                      ((double)CLOCK_NS_PER_S / (double)lived_ns));
}

void groups_finish(struct groups *groups, int64_t now_ns)
{
    uint32_t kept = 0, before = groups->count;
    for (uint32_t at = 0; at < groups->count; at++) {
        struct group *group = &groups->all[at];
        if (group->next.flows == 0)
            continue;
        uint32_t owner = group->sums.owner;
        group->sums = group->next;
        if (groups->of_file)
            group->sums.rate = average_rate(&group->sums);
        if (group->sums.owner == 0)
            group->sums.owner = owner;
        if (group->fold == FOLD_AUTO_OPEN && group->sums.flows > GROUPS_AUTO)
            group->fold = FOLD_AUTO_SHUT;
        if (group->spark.second == 0)
            spark_begin(&group->spark, group->sums.first_ns, now_ns);
        spark_note(&group->spark, now_ns, (float)group->sums.rate);
        if (kept != at)
            groups->all[kept] = *group;
        kept++;
    }
    groups->count = kept;
    if (kept != before)
        make_slots(groups);
}

void groups_answer(struct groups *groups, struct flow_view flow, const struct flow_event *event)
{
    uint32_t slot = 0;
    struct group_key key = key_of(groups, flow);
    struct group *group = find(groups, &key, &slot);
    if (!group)
        group = add(groups, &key, slot);
    latency_add(&group->latency, event->time_ns, event->answer_us);
}

struct group *groups_of_flow(struct groups *groups, struct flow_view flow)
{
    uint32_t slot = 0;
    struct group_key key = key_of(groups, flow);
    return find(groups, &key, &slot);
}

struct group *groups_find(struct groups *groups, uint64_t id)
{
    for (uint32_t at = 0; at < groups->count; at++) {
        if (groups->all[at].id == id)
            return &groups->all[at];
    }
    return NULL;
}
