/*
 * Theory: host/descriptors.h tells which sockets processes hold, here or by way of the helper; those that are looked for are kept,
 * and the process is described at once. The helper is asked for HELPER_PIDS processes at a time, or for all.
 */
#include "host/owners.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define ROWS_MAX 64 /* of one step of our own */

static int compare_inodes(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static int compare_owners(const void *a, const void *b)
{
    const struct owner *one = a, *other = b;
    int order = compare_inodes(&one->inode, &other->inode);
    return order ? order : (one->pid > other->pid) - (one->pid < other->pid);
}

/* `before` is the owner that was found before, NULL for none: a process is read once. */
static void describe(struct owner *owner, const struct owner *before)
{
    struct process_stat stat;
    if (before && before->pid == owner->pid) {
        uint32_t inode = owner->inode;
        int fd = owner->fd;
        *owner = *before;
        owner->inode = inode;
        owner->fd = fd;
        return;
    }
    process_read_comm(owner->pid, owner->comm);
    process_read_command(owner->pid, owner->command);
    owner->start = process_read_stat(owner->pid, &stat) ? stat.start : 0;
}

/* One process may hold a socket by several descriptors: it counts once. */
static bool is_known(const struct owners *owners, uint32_t inode, pid_t pid)
{
    for (size_t at = owners->count; at > 0 && owners->found[at - 1].pid == pid; at--) {
        if (owners->found[at - 1].inode == inode)
            return true;
    }
    return false;
}

static void take(struct owners_walk *walk, const struct descriptor *row)
{
    struct owners *owners = &walk->owners;
    const struct owners_query *query = &walk->query;
    if (!bsearch(&row->inode, query->inodes, query->count, sizeof row->inode, compare_inodes) ||
        owners->count == owners->room || is_known(owners, row->inode, row->pid))
        return;
    struct owner *owner = &owners->found[owners->count++];
    *owner = (struct owner){.inode = row->inode, .pid = row->pid, .fd = row->fd};
    describe(owner, owners->count > 1 ? owner - 1 : NULL);
}

int owners_walk_begin(struct owners_walk *walk, const struct owners_query *query, struct err *err)
{
    size_t room = OWNERS_LEAST + query->count * 2;
    room = room < OWNERS_MAX ? room : OWNERS_MAX;
    *walk = (struct owners_walk){.query = *query, .owners = {.room = room}};
    walk->owners.found = calloc(room, sizeof(struct owner));
    if (!walk->owners.found)
        return err_set(err, ENOMEM, "no memory to look for processes; close other programs");
    walk->is_asked = helper_is_there(query->helper);
    if (walk->is_asked)
        return 0;
    int failed = descriptors_begin(&walk->own, query->pids, query->pid_count, err);
    if (failed)
        owners_free(&walk->owners);
    return failed;
}

/* True: it is over. */
static bool step_here(struct owners_walk *walk, int64_t deadline_ns)
{
    struct descriptor rows[ROWS_MAX];
    size_t count = 0;
    bool is_over = descriptors_step(&walk->own, deadline_ns, rows, ROWS_MAX, &count);
    for (size_t at = 0; at < count; at++)
        take(walk, &rows[at]);
    walk->owners.hidden = walk->own.hidden;
    return is_over;
}

/* The walk of the helper that goes on, or the next one. */
static void put_walk(struct owners_walk *walk, struct helper_request *request)
{
    const struct owners_query *query = &walk->query;
    request->walk = walk->number;
    if (walk->number != 0 || !query->pids)
        return;
    while (request->pid_count < HELPER_PIDS && walk->next < query->pid_count)
        request->pids[request->pid_count++] = query->pids[walk->next++];
}

/* One question: true when it was the last. */
static bool step_there(struct owners_walk *walk, int64_t budget_ns)
{
    const struct owners_query *query = &walk->query;
    struct helper_request request = {.kind = HELPER_FILES,
                                     .budget_ns = budget_ns < HELPER_BUDGET_NS ? budget_ns
                                                                               : HELPER_BUDGET_NS};
    if (query->pids && walk->number == 0 && walk->next == query->pid_count)
        return true;
    put_walk(walk, &request);
    const struct helper_answer *answer = helper_ask(query->helper, &request, NULL);
    if (!answer || answer->result < 0)
        return true;
    walk->number = answer->walk;
    walk->owners.hidden += answer->hidden;
    for (uint32_t at = 0; at < answer->count; at++)
        take(walk, &answer->rows[at]);
    return walk->number == 0 && (!query->pids || walk->next == query->pid_count);
}

bool owners_walk_step(struct owners_walk *walk, int64_t deadline_ns)
{
    struct helper *helper = walk->query.helper;
    int64_t before_ns = helper_spent_ns(helper);
    do {
        /* What the helper took is taken from the same time. */
        int64_t spent_ns = helper_spent_ns(helper) - before_ns;
        int64_t left_ns = deadline_ns - spent_ns - clock_thread_ns();
        if (walk->is_asked ? step_there(walk, left_ns > 0 ? left_ns : 0)
                           : step_here(walk, deadline_ns))
            return true;
    } while (clock_thread_ns() + helper_spent_ns(helper) - before_ns < deadline_ns);
    return false;
}

static void end_there(struct owners_walk *walk)
{
    struct helper_request request = {.kind = HELPER_END, .walk = walk->number};
    if (walk->is_asked && walk->number != 0)
        (void)helper_ask(walk->query.helper, &request, NULL);
}

void owners_walk_end(struct owners_walk *walk, struct owners *owners)
{
    end_there(walk);
    descriptors_end(&walk->own);
    if (owners) {
        *owners = walk->owners;
        qsort(owners->found, owners->count, sizeof *owners->found, compare_owners);
    } else {
        owners_free(&walk->owners);
    }
    *walk = (struct owners_walk){.next = 0};
}

int owners_find(struct owners *owners, const struct owners_query *query, int64_t deadline_ns,
                struct err *err)
{
    struct owners_walk walk;
    *owners = (struct owners){0};
    int failed = owners_walk_begin(&walk, query, err);
    if (failed)
        return failed;
    (void)owners_walk_step(&walk, deadline_ns);
    owners_walk_end(&walk, owners);
    return 0;
}

bool owners_hold(struct helper *helper, pid_t pid, int fd, uint32_t inode)
{
    struct helper_request request = {
        .kind = HELPER_HOLDS, .pid = pid, .other = fd, .number = inode};
    if (!helper_is_there(helper))
        return descriptors_hold(pid, fd, inode);
    const struct helper_answer *answer = helper_ask(helper, &request, NULL);
    return answer && answer->result == 1;
}

void owners_free(struct owners *owners)
{
    free(owners->found);
    *owners = (struct owners){0};
}

const struct owner *owners_of(const struct owners *owners, uint32_t inode, size_t *count)
{
    size_t low = 0, high = owners->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (owners->found[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    size_t last = low;
    while (last < owners->count && owners->found[last].inode == inode)
        last++;
    *count = last - low;
    return last > low ? &owners->found[low] : NULL;
}
