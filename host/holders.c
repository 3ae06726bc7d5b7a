#include "host/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIDS_MAX   512u /* of one look into families: beyond, a walk over all costs no more */
#define PIDS_ASKED 16u  /* holders that are kept of one socket */

struct holder {
    pid_t pid;
    uint64_t start; /* a pid with another start is another process */
};

struct answer {
    uint32_t inode; /* 0: free */
    uint32_t count; /* all there were */
    int64_t found_ns;
    struct holder holders[PIDS_ASKED]; /* the first of them */
};

struct holders {
    struct answer answers[HOLDERS_KEPT];
    uint32_t next_answer; /* to be written over */
    pid_t known[HOLDERS_KNOWN];
    uint32_t next_known;
    uint32_t hidden;
};

/* Processes of one look, each once. */
struct pids {
    pid_t pids[PIDS_MAX];
    size_t count;
    bool cut; /* there were more, or they are not told */
};

int holders_open(struct holders **holders, struct err *err)
{
    *holders = calloc(1, sizeof **holders);
    return *holders ? 0
                    : err_set(err, ENOMEM, "no memory to look for processes; close other programs");
}

void holders_close(struct holders *holders)
{
    free(holders);
}

uint32_t holders_hidden(const struct holders *holders)
{
    return holders->hidden;
}

void holders_know(struct holders *holders, pid_t pid)
{
    for (uint32_t at = 0; at < HOLDERS_KNOWN; at++) {
        if (holders->known[at] == pid)
            return;
    }
    holders->known[holders->next_known++ % HOLDERS_KNOWN] = pid;
}

static struct answer *answer_of(struct holders *holders, uint32_t inode)
{
    for (uint32_t at = 0; at < HOLDERS_KEPT; at++) {
        if (holders->answers[at].inode == inode)
            return &holders->answers[at];
    }
    return NULL;
}

/* Are those of an answer still the processes they were? One that ended has closed its files before
 * its parent takes notice. */
static bool is_alive(const struct answer *answer)
{
    for (uint32_t at = 0; at < answer->count && at < PIDS_ASKED; at++) {
        struct process_stat stat;
        if (!process_read_stat(answer->holders[at].pid, &stat) || stat.state == 'Z' ||
            stat.start != answer->holders[at].start)
            return false;
    }
    return true;
}

/* That nobody holds it is believed for a moment only: it may be on its way to somebody. */
static bool is_fresh(const struct answer *answer)
{
    int64_t age_ns = clock_monotonic_ns() - answer->found_ns;
    int64_t most_ns = answer->count == 0 ? HOLDERS_AGE_NS / 10 : HOLDERS_AGE_NS;
    return age_ns < most_ns && answer->count <= PIDS_ASKED && is_alive(answer);
}

static void add_pid(struct pids *pids, pid_t pid)
{
    for (size_t at = 0; at < pids->count; at++) {
        if (pids->pids[at] == pid)
            return;
    }
    if (pids->count == PIDS_MAX)
        pids->cut = true;
    else if (pid > 0)
        pids->pids[pids->count++] = pid;
}

static void add_children(struct pids *pids, pid_t pid)
{
    pid_t children[PIDS_MAX];
    bool told = false;
    size_t count = process_children(pid, children, PIDS_MAX, &told);
    pids->cut |= !told || count == PIDS_MAX;
    for (size_t at = 0; at < count; at++)
        add_pid(pids, children[at]);
}

/* Who may share a socket with that process. Children of pid 1 are no family: it takes in the
 * children of all who died. */
static void add_family(struct pids *pids, pid_t pid)
{
    struct process_stat stat;
    add_children(pids, pid);
    if (!process_read_stat(pid, &stat) || stat.parent <= 1)
        return;
    add_pid(pids, stat.parent);
    add_children(pids, stat.parent);
}

/* Adds what one look found, as far as there is room. */
static void merge(struct owners *all, const struct owners *found)
{
    for (size_t at = 0; at < found->count && all->count < all->room; at++)
        all->found[all->count++] = found->found[at];
}

static int compare_pids(const void *a, const void *b)
{
    const struct owner *one = a, *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

/* Looks into those that were not looked into, and adds the families of those who hold it. */
static bool look_into_new(struct owners *all, struct pids *pids, size_t looked, uint32_t inode)
{
    struct err err;
    struct owners found;
    if (owners_find_in(&found, &inode, 1, pids->pids + looked, pids->count - looked, &err))
        return false;
    merge(all, &found);
    for (size_t at = 0; at < found.count; at++)
        add_family(pids, found.found[at].pid);
    owners_free(&found);
    return true;
}

/* Looks into the processes known, and then into the families of those who hold it, until there is
 * nobody new. False: that cannot be all, or it is nobody. */
static bool look_into_known(struct holders *holders, const struct answer *before, uint32_t inode,
                            struct owners *found)
{
    struct pids pids = {.count = 0};
    for (uint32_t at = 0; at < HOLDERS_KNOWN; at++)
        add_pid(&pids, holders->known[at]);
    for (uint32_t at = 0; before && at < before->count && at < PIDS_ASKED; at++)
        add_pid(&pids, before->holders[at].pid);
    *found = (struct owners){.room = PIDS_MAX, .found = calloc(PIDS_MAX, sizeof *found->found)};
    bool done = found->found != NULL;
    for (size_t looked = 0; done && looked < pids.count && !pids.cut;) {
        size_t from = looked;
        looked = pids.count;
        done = look_into_new(found, &pids, from, inode);
    }
    if (done)
        qsort(found->found, found->count, sizeof *found->found, compare_pids);
    return done && found->count > 0 && !pids.cut;
}

static void keep(struct holders *holders, uint32_t inode, const struct owner *first, size_t count)
{
    struct answer *answer = answer_of(holders, inode);
    if (!answer)
        answer = &holders->answers[holders->next_answer++ % HOLDERS_KEPT];
    *answer =
        (struct answer){.inode = inode, .count = (uint32_t)count, .found_ns = clock_monotonic_ns()};
    for (size_t at = 0; at < count && at < PIDS_ASKED; at++)
        answer->holders[at] = (struct holder){first[at].pid, first[at].start};
    if (count > 0)
        holders_know(holders, first->pid);
}

static void walk(struct holders *holders, const uint32_t *inodes, size_t count,
                 struct owners *found)
{
    struct err err;
    if (owners_find(found, inodes, count, &err))
        *found = (struct owners){0};
    else
        holders->hidden = found->hidden;
}

static struct host_process process_of(const struct owner *owner)
{
    struct host_process process = {.pid = owner->pid, .how = HOST_BY_SOCKET};
    memcpy(process.comm, owner->comm, sizeof process.comm);
    memcpy(process.command, owner->command, sizeof process.command);
    return process;
}

/* Who is kept by number only is described anew: names change. */
static struct host_process describe(pid_t pid)
{
    struct host_process process = {.pid = pid, .how = HOST_BY_SOCKET};
    process_read_comm(pid, process.comm);
    process_read_command(pid, process.command);
    return process;
}

/* Those who held it died, and nobody holds it in their stead: a walk says so. */
static bool has_lost_one(const struct answer *before, const struct owners *found)
{
    return before && found->count < before->count;
}

size_t holders_of(struct holders *holders, uint32_t inode, struct host_process *found, size_t room)
{
    struct owners owners;
    struct answer *before = inode == 0 ? NULL : answer_of(holders, inode);
    if (inode == 0)
        return 0;
    if (before && is_fresh(before)) {
        for (size_t at = 0; at < before->count && at < room; at++)
            found[at] = describe(before->holders[at].pid);
        return before->count;
    }
    if (!look_into_known(holders, before, inode, &owners) || has_lost_one(before, &owners)) {
        owners_free(&owners);
        walk(holders, &inode, 1, &owners);
    }
    size_t count = owners.count;
    keep(holders, inode, owners.found, count);
    for (size_t at = 0; at < count && at < room; at++)
        found[at] = process_of(&owners.found[at]);
    owners_free(&owners);
    return count;
}

bool holders_is_held_by(pid_t pid, uint32_t inode)
{
    struct owners found;
    struct err err;
    if (owners_find_in(&found, &inode, 1, &pid, 1, &err))
        return false;
    bool holds = found.count > 0;
    owners_free(&found);
    return holds;
}

void holders_find_all(struct holders *holders, const uint32_t *inodes, size_t count,
                      void (*take)(void *context, uint32_t inode, const struct host_process *first,
                                   size_t holders),
                      void *context)
{
    struct owners found;
    count = count < HOLDERS_KEPT ? count : HOLDERS_KEPT;
    if (count == 0)
        return;
    walk(holders, inodes, count, &found);
    for (size_t at = 0; at < count; at++) {
        size_t holding = 0;
        const struct owner *first = owners_of(&found, inodes[at], &holding);
        struct host_process process = {0};
        keep(holders, inodes[at], first, holding);
        if (first)
            process = process_of(first);
        take(context, inodes[at], first ? &process : NULL, holding);
    }
    owners_free(&found);
}
