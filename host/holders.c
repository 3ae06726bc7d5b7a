#include "host/holders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PIDS_MAX      512u /* of one look into families: beyond, a walk over all costs no more */
#define REST_LEAST_NS CLOCK_NS_PER_S
#define PIDS_ASKED    16u /* holders that are kept of one socket */

/* Who is kept is proved by the descriptor: one link read, however many files the process has. */
struct holder {
    pid_t pid;
    int fd;
};

struct answer {
    uint32_t inode; /* 0: free */
    uint32_t count; /* all there were */
    int64_t found_ns;
    struct holder holders[PIDS_ASKED]; /* the first of them */
};

struct holders {
    struct helper *helper; /* NULL: none */
    struct answer answers[HOLDERS_KEPT];
    uint32_t next_answer; /* to be written over */
    pid_t known[HOLDERS_KNOWN];
    uint32_t next_known;
    uint32_t hidden;
    int64_t ask_ns;    /* for the questions of a moment together */
    int64_t moment_ns; /* when it began; monotonic */
    int64_t asked_ns;  /* what its questions took so far */
    uint32_t wanted[HOLDERS_KEPT];
    size_t wanted_count;
    struct owners_walk walk;
    uint32_t walked[HOLDERS_KEPT]; /* what it looks for, sorted */
    size_t walked_count;           /* 0: no walk goes on */
    int64_t walk_ns;               /* what it took so far */
    int64_t rest_until_ns;
};

/* Processes of one look, each once. */
struct pids {
    pid_t pids[PIDS_MAX];
    size_t count;
    bool cut;              /* there were more, or they are not told */
    struct helper *helper; /* who looks into them */
};

int holders_open(struct holders **holders, int64_t ask_ns, struct err *err)
{
    *holders = calloc(1, sizeof **holders);
    if (!*holders)
        return err_set(err, ENOMEM, "no memory to look for processes; close other programs");
    (*holders)->ask_ns = ask_ns;
    return 0;
}

void holders_use(struct holders *holders, struct helper *helper)
{
    holders->helper = helper;
}

void holders_close(struct holders *holders)
{
    if (!holders)
        return;
    owners_walk_end(&holders->walk, NULL);
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

static uint32_t kept_count(const struct answer *answer)
{
    return answer->count < PIDS_ASKED ? answer->count : PIDS_ASKED;
}

/* Do all of an answer hold it still? */
static bool is_true(const struct holders *holders, const struct answer *answer)
{
    for (uint32_t at = 0; at < kept_count(answer); at++) {
        if (!owners_hold(holders->helper, answer->holders[at].pid, answer->holders[at].fd,
                         answer->inode))
            return false;
    }
    return true;
}

/* That nobody holds it is believed for a moment only: it may be on its way to somebody. */
static bool is_fresh(const struct holders *holders, const struct answer *answer)
{
    int64_t age_ns = clock_monotonic_ns() - answer->found_ns;
    int64_t most_ns = answer->count == 0 ? HOLDERS_AGE_NS / 10 : HOLDERS_AGE_NS;
    return age_ns < most_ns && answer->count <= PIDS_ASKED && is_true(holders, answer);
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

/* Looks until the deadline. False: there may be more than what was found. */
static bool look_until(struct owners *found, const struct owners_query *query, int64_t deadline_ns)
{
    struct err err;
    struct owners_walk walk;
    *found = (struct owners){0};
    if (owners_walk_begin(&walk, query, &err))
        return false;
    bool over = owners_walk_step(&walk, deadline_ns);
    owners_walk_end(&walk, found);
    return over;
}

/* Looks into those that were not looked into, and adds the families of those who hold it. */
static bool look_into_new(struct owners *all, struct pids *pids, size_t looked, uint32_t inode,
                          int64_t deadline_ns)
{
    struct owners found;
    const struct owners_query query = {&inode, 1, pids->pids + looked, pids->count - looked,
                                       pids->helper};
    bool over = look_until(&found, &query, deadline_ns);
    merge(all, &found);
    for (size_t at = 0; over && at < found.count; at++)
        add_family(pids, found.found[at].pid);
    owners_free(&found);
    return over;
}

/* Looks into the processes known, and then into the families of those who hold it, until there is
 * nobody new. False: that cannot be all, or it is nobody. */
static bool look_into_known(const struct holders *holders, const struct answer *before,
                            uint32_t inode, struct owners *found, int64_t deadline_ns)
{
    struct pids pids = {.helper = holders->helper};
    for (uint32_t at = 0; at < HOLDERS_KNOWN; at++)
        add_pid(&pids, holders->known[at]);
    for (uint32_t at = 0; before && at < kept_count(before); at++)
        add_pid(&pids, before->holders[at].pid);
    *found = (struct owners){.room = PIDS_MAX, .found = calloc(PIDS_MAX, sizeof *found->found)};
    bool done = found->found != NULL;
    for (size_t looked = 0; done && looked < pids.count && !pids.cut;) {
        size_t from = looked;
        looked = pids.count;
        done = look_into_new(found, &pids, from, inode, deadline_ns);
    }
    if (found->count > 0)
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
        answer->holders[at] = (struct holder){first[at].pid, first[at].fd};
    if (count > 0)
        holders_know(holders, first->pid);
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

/* False: there was no time to find all. What was found holds it all the same. */
static bool look(struct holders *holders, const struct answer *before, uint32_t inode,
                 struct owners *found, int64_t deadline_ns)
{
    struct owners everywhere;
    const struct owners_query query = {&inode, 1, NULL, 0, holders->helper};
    bool all =
        look_into_known(holders, before, inode, found, deadline_ns) && !has_lost_one(before, found);
    if (all || clock_thread_ns() >= deadline_ns)
        return all;
    all = look_until(&everywhere, &query, deadline_ns);
    if (all)
        holders->hidden = everywhere.hidden;
    if (!all && found->count > 0) {
        owners_free(&everywhere);
        return false;
    }
    owners_free(found);
    *found = everywhere;
    return all;
}

/* Those of an answer who hold it still. */
static size_t tell_kept(const struct holders *holders, const struct answer *answer,
                        struct host_process *found, size_t room)
{
    size_t count = 0;
    for (uint32_t at = 0; at < kept_count(answer); at++) {
        const struct holder *holder = &answer->holders[at];
        if (!owners_hold(holders->helper, holder->pid, holder->fd, answer->inode))
            continue;
        if (count < room)
            found[count] = describe(holder->pid);
        count++;
    }
    return count;
}

/* What is left of the time for the questions of this moment. */
static int64_t time_left_ns(struct holders *holders, int64_t now_ns)
{
    if (now_ns - holders->moment_ns >= HOLDERS_MOMENT_NS) {
        holders->moment_ns = now_ns;
        holders->asked_ns = 0;
    }
    return holders->ask_ns - holders->asked_ns;
}

/* Looks as long as there is time, and keeps what is all there is. */
static bool ask(struct holders *holders, const struct answer *before, uint32_t inode,
                struct owners *found)
{
    int64_t begin_ns = clock_thread_ns(), left_ns = time_left_ns(holders, clock_monotonic_ns());
    int64_t spent_ns = helper_spent_ns(holders->helper);
    *found = (struct owners){0};
    if (left_ns <= 0)
        return false;
    bool all = look(holders, before, inode, found, begin_ns + left_ns);
    holders->asked_ns += clock_thread_ns() - begin_ns + helper_spent_ns(holders->helper) - spent_ns;
    if (all)
        keep(holders, inode, found->found, found->count);
    return all;
}

size_t holders_of(struct holders *holders, uint32_t inode, struct host_process *found, size_t room)
{
    struct owners owners;
    const struct answer *before = inode == 0 ? NULL : answer_of(holders, inode);
    if (inode == 0)
        return 0;
    if (before && is_fresh(holders, before))
        return tell_kept(holders, before, found, room);
    bool all = ask(holders, before, inode, &owners);
    size_t count = 0;
    if (!all) {
        holders_want(holders, inode);
        count = before ? tell_kept(holders, before, found, room) : 0;
    }
    for (size_t at = 0; count == 0 && at < owners.count && at < room; at++)
        found[at] = process_of(&owners.found[at]);
    count = count > 0 ? count : owners.count;
    owners_free(&owners);
    return count;
}

bool holders_is_held_by(struct holders *holders, pid_t pid, uint32_t inode, int64_t deadline_ns,
                        bool *known)
{
    struct owners found;
    const struct owners_query query = {&inode, 1, &pid, 1, holders->helper};
    bool over = look_until(&found, &query, deadline_ns);
    bool holds = found.count > 0;
    *known = over || holds;
    owners_free(&found);
    return holds;
}

static int compare_inodes(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

bool holders_want(struct holders *holders, uint32_t inode)
{
    if (bsearch(&inode, holders->walked, holders->walked_count, sizeof inode, compare_inodes))
        return true;
    for (size_t at = 0; at < holders->wanted_count; at++) {
        if (holders->wanted[at] == inode)
            return true;
    }
    if (holders->wanted_count == HOLDERS_KEPT)
        return false;
    holders->wanted[holders->wanted_count++] = inode;
    return true;
}

static bool begin_walk(struct holders *holders)
{
    struct err err;
    size_t count = holders->wanted_count;
    memcpy(holders->walked, holders->wanted, sizeof holders->walked);
    qsort(holders->walked, count, sizeof *holders->walked, compare_inodes);
    if (owners_walk_begin(&holders->walk,
                          &(struct owners_query){holders->walked, count, NULL, 0, holders->helper},
                          &err))
        return false;
    holders->walked_count = count;
    holders->wanted_count = 0;
    holders->walk_ns = 0;
    return true;
}

static void end_walk(struct holders *holders, const struct holders_taker *taker)
{
    struct owners found;
    size_t count = holders->walked_count;
    owners_walk_end(&holders->walk, &found);
    holders->walked_count = 0;
    holders->hidden = found.hidden;
    for (size_t at = 0; at < count; at++) {
        uint32_t inode = holders->walked[at];
        size_t holding = 0;
        const struct owner *first = owners_of(&found, inode, &holding);
        struct host_process process = {0};
        keep(holders, inode, first, holding);
        if (first)
            process = process_of(first);
        taker->take(taker->context, inode, first ? &process : NULL, holding);
    }
    owners_free(&found);
}

bool holders_step(struct holders *holders, int64_t deadline_ns, const struct holders_taker *taker)
{
    int64_t begin_ns = clock_monotonic_ns();
    bool goes_on = holders->walked_count > 0;
    bool may_begin = holders->wanted_count > 0 && begin_ns >= holders->rest_until_ns;
    if (!goes_on && (!may_begin || !begin_walk(holders)))
        return true;
    bool over = owners_walk_step(&holders->walk, deadline_ns);
    if (over)
        end_walk(holders, taker);
    int64_t end_ns = clock_monotonic_ns();
    holders->walk_ns += end_ns - begin_ns;
    int64_t rest_ns = holders->walk_ns * HOLDERS_REST;
    if (over)
        holders->rest_until_ns = end_ns + (rest_ns > REST_LEAST_NS ? rest_ns : REST_LEAST_NS);
    return over;
}
