/*
 * Purpose: flows summed by the server they go to, or by the client they come from.
 * Owns:    GROUPS_MAX groups; flows beyond are summed in one group, "others".
 * Bounds:  4 MB, used pages only; constant time a flow and an answer. A look at the whole table sums anew
 *          beside what is shown, and takes its place when it is complete.
 * Fails:   never.
 * Used by: ui/flow_pane.
 */
#ifndef LOFLOW_UI_GROUPS_H
#define LOFLOW_UI_GROUPS_H

#include <stdbool.h>
#include <stdint.h>

#include "flows/flow.h"
#include "ui/latency.h"
#include "ui/spark.h"

#define GROUPS_MAX  1024u
#define GROUPS_AUTO 8u /* flows up to which a group that nobody touched is unfolded */

enum grouping {
    GROUP_BY_SERVER, /* protocol, address and port */
    GROUP_BY_CLIENT, /* process, or address where that is not known */
    GROUP_NONE,
    GROUPING_COUNT
};

/* Who it is. */
struct group_key {
    struct tuple place; /* end 0; port 0: any. Protocol 0: others */
    uint32_t owner;     /* process, as in struct flow_cold; 0 not part of the key */
};

struct group_sums {
    uint64_t flows, open, refused, resets, unanswered;
    uint64_t packets[2], bytes[2]; /* from clients, from servers */
    uint64_t rate;                 /* bytes a second */
    uint64_t retransmits;
    int64_t first_ns, last_ns; /* valid with flows > 0 */
    uint32_t owner;            /* of one of its flows; 0 unknown */
};

enum group_fold {
    FOLD_AUTO_OPEN, /* nobody touched it */
    FOLD_AUTO_SHUT,
    FOLD_OPEN,
    FOLD_SHUT,
};

struct group {
    struct group_key key;
    uint64_t id;   /* 1, 2, 3 ... never used twice */
    uint32_t rank; /* among those that are shown; GROUPS_MAX: it is new */
    enum group_fold fold;
    uint32_t passing; /* for ui/flow_pane: flows that pass while the picture is held */
    struct group_sums sums, next;
    struct latency latency;
    struct spark spark;
};

#define GROUPS_SLOTS (4 * GROUPS_MAX)

struct groups {
    enum grouping by;
    bool of_file; /* rates are averages: a group's is that of all its bytes over all its time */
    uint64_t last_id;
    uint32_t count;
    uint32_t latest;              /* found last: flows of one group often follow each other */
    uint16_t slots[GROUPS_SLOTS]; /* hash table: a group and 1, 0 free */
    struct group all[GROUPS_MAX];
};

/* Forgets all of them, and groups by something else. */
void groups_set(struct groups *groups, enum grouping by);

/* Keeps who they are and how they are folded, and forgets what was told of their flows. */
void groups_forget(struct groups *groups);

/* A look at the table begins. */
void groups_begin(struct groups *groups);

/* A flow of that look. Returns its group; a new one when need be. */
struct group *groups_add(struct groups *groups, struct flow_view flow, uint64_t rate);

/* The look is complete: what it summed is shown, and groups without flows are gone. */
void groups_finish(struct groups *groups, int64_t now_ns);

/* The server of the flow answered. */
void groups_answer(struct groups *groups, struct flow_view flow, const struct flow_event *event);

/* NULL: it is gone, or was never there. */
struct group *groups_of_flow(struct groups *groups, struct flow_view flow);
struct group *groups_find(struct groups *groups, uint64_t id);

static inline bool group_is_open(const struct group *group)
{
    return group->fold == FOLD_AUTO_OPEN || group->fold == FOLD_OPEN;
}

static inline bool group_is_others(const struct group *group)
{
    return group->key.place.protocol == 0 && group->key.owner == 0;
}

#endif
