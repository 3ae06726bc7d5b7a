/*
 * Theory: asking the kernel which socket has a tuple is cheap, finding who holds that socket is not.
 * So the inode is asked for at once, while the socket is there, and the processes of all new inodes
 * are found together by one walk. A server is known by its listener, since the accepted socket has
 * no inode before accept(2), and most connections are over before a walk comes.
 */
#include "host/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define LISTENERS_MAX    4096u
#define LISTENERS_AGE_NS (CLOCK_NS_PER_S / 2)
#define NEW_MAX          1024u /* inodes that one walk looks for */
#define RECENT_MAX       8u /* processes that were named last: most connections are theirs again */

/* The ticket is the number of the entry; its place in the ring follows from it. */
struct entry {
    uint32_t ticket;
    bool known;
    struct owner owner;
};

struct names {
    struct sockets *sockets;
    struct host_socket listeners[LISTENERS_MAX];
    size_t listener_count;
    int64_t listeners_ns; /* when they were dumped; monotonic */
    uint32_t last_ticket;
    uint32_t fresh; /* tickets from this one on were not looked for */
    int64_t rest_until_ns;
    uint32_t asked; /* since names_resolve */
    pid_t recent[RECENT_MAX];
    uint32_t recent_at; /* the next to be replaced */
    struct entry entries[NAMES_MAX];
};

int names_open(struct names **names, struct err *err)
{
    struct names *opened = calloc(1, sizeof *opened);
    *names = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for names of processes; close other programs");
    opened->fresh = 1;
    opened->listeners_ns = -LISTENERS_AGE_NS;
    int failed = sockets_open(&opened->sockets, err);
    if (failed) {
        free(opened);
        *names = NULL;
    }
    return failed;
}

void names_close(struct names *names)
{
    if (!names)
        return;
    sockets_close(names->sockets);
    free(names);
}

/* How far back a ticket is looked for that can be given again. */
#define LOOKED_BACK 256u

static uint32_t place_of(uint32_t ticket)
{
    return ticket % NAMES_MAX;
}

static uint32_t next_ticket(struct names *names, const struct owner *owner, bool known)
{
    if (++names->last_ticket == 0)
        names->last_ticket = 1;
    names->entries[place_of(names->last_ticket)] =
        (struct entry){.ticket = names->last_ticket, .owner = *owner, .known = known};
    return names->last_ticket;
}

/* A socket that was asked for before keeps its ticket, as long as that is among the latest. */
static uint32_t ticket_for(struct names *names, uint32_t inode)
{
    for (uint32_t back = 0; back < LOOKED_BACK && back < names->last_ticket; back++) {
        uint32_t ticket = names->last_ticket - back;
        if (names->entries[place_of(ticket)].owner.inode == inode)
            return ticket;
    }
    return next_ticket(names, &(struct owner){.inode = inode}, false);
}

uint32_t names_process(struct names *names, const struct host_process *process)
{
    struct owner owner = {.pid = process->pid, .how = process->how};
    for (uint32_t back = 0; back < LOOKED_BACK && back < names->last_ticket; back++) {
        uint32_t ticket = names->last_ticket - back;
        const struct owner *known = &names->entries[place_of(ticket)].owner;
        if (known->inode == 0 && known->pid == process->pid &&
            strcmp(known->comm, process->comm) == 0)
            return ticket;
    }
    memcpy(owner.comm, process->comm, sizeof owner.comm);
    memcpy(owner.command, process->command, sizeof owner.command);
    return next_ticket(names, &owner, true);
}

static bool find_socket(struct names *names, const struct tuple *tuple, unsigned end,
                        struct host_socket *socket)
{
    return names->asked++ < NAMES_ASK && sockets_find(names->sockets, tuple, end, socket);
}

uint32_t names_client(struct names *names, const struct tuple *tuple, unsigned end)
{
    struct host_socket socket;
    if (!find_socket(names, tuple, end, &socket) || socket.inode == 0)
        return 0;
    return ticket_for(names, socket.inode);
}

static void begin_listeners(void *context)
{
    ((struct names *)context)->listener_count = 0;
}

static void visit_listener(void *context, const struct host_socket *socket)
{
    struct names *names = context;
    if (names->listener_count < LISTENERS_MAX)
        names->listeners[names->listener_count++] = *socket;
}

static const struct host_socket *find_listener(const struct names *names, const struct tuple *tuple,
                                               unsigned end)
{
    const struct host_socket *best = NULL;
    int most = 0;
    for (size_t at = 0; at < names->listener_count; at++) {
        int found = socket_fit(&names->listeners[at], tuple, end);
        if (found > most) {
            most = found;
            best = &names->listeners[at];
        }
    }
    return best;
}

/* A listener on all addresses fits the ends of other machines too. */
static bool is_of_this_host(struct names *names, const struct tuple *tuple, unsigned end)
{
    struct host_socket socket;
    return address_is_loopback(&tuple->address[end], tuple->family) ||
           find_socket(names, tuple, end, &socket);
}

uint32_t names_server(struct names *names, const struct tuple *tuple, unsigned end)
{
    struct err err;
    if (!is_of_this_host(names, tuple, end))
        return 0;
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - names->listeners_ns >= LISTENERS_AGE_NS) {
        names->listeners_ns = now_ns;
        const struct sockets_visitor visitor = {names, begin_listeners, visit_listener};
        const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_LISTEN, 0, 0};
        if (sockets_dump(names->sockets, &query, &visitor, &err))
            names->listener_count = 0;
    }
    const struct host_socket *listener = find_listener(names, tuple, end);
    return listener && listener->inode ? ticket_for(names, listener->inode) : 0;
}

static int compare_inodes(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static void remember(struct names *names, pid_t pid)
{
    for (uint32_t at = 0; at < RECENT_MAX; at++) {
        if (names->recent[at] == pid)
            return;
    }
    names->recent[names->recent_at++ % RECENT_MAX] = pid;
}

/* Tickets that are not answered yet. */
struct question {
    uint32_t first, count;
    uint32_t inodes[NEW_MAX]; /* of those, sorted; known ones are left out */
    uint32_t inode_count;
};

static void collect_unknown(const struct names *names, struct question *question)
{
    question->inode_count = 0;
    for (uint32_t at = 0; at < question->count; at++) {
        const struct entry *entry = &names->entries[place_of(question->first + at)];
        if (!entry->known)
            question->inodes[question->inode_count++] = entry->owner.inode;
    }
    qsort(question->inodes, question->inode_count, sizeof question->inodes[0], compare_inodes);
}

static void take_found(struct names *names, const struct question *question,
                       const struct owners *found)
{
    for (uint32_t at = 0; at < question->count; at++) {
        struct entry *entry = &names->entries[place_of(question->first + at)];
        size_t holders = 0;
        const struct owner *owner = owners_of(found, entry->owner.inode, &holders);
        if (entry->ticket != question->first + at || !owner)
            continue;
        entry->owner = *owner;
        entry->known = true;
        remember(names, owner->pid);
    }
}

/* `everywhere`: in all processes, else in those named last. */
static void look(struct names *names, struct question *question, bool everywhere)
{
    struct owners found;
    struct err err;
    collect_unknown(names, question);
    if (question->inode_count == 0)
        return;
    int failed = everywhere ? owners_find(&found, question->inodes, question->inode_count, &err)
                            : owners_find_in(&found, question->inodes, question->inode_count,
                                             names->recent, RECENT_MAX, &err);
    if (failed)
        return;
    take_found(names, question, &found);
    owners_free(&found);
}

void names_resolve(struct names *names, int64_t now_ns)
{
    struct question question = {names->fresh, names->last_ticket + 1 - names->fresh, {0}, 0};
    names->asked = 0;
    if (question.count == 0)
        return;
    if (question.count > NEW_MAX) {
        question.first = names->last_ticket + 1 - NEW_MAX;
        question.count = NEW_MAX;
    }
    if (now_ns < names->rest_until_ns)
        return;
    int64_t begin_ns = clock_monotonic_ns();
    look(names, &question, false);
    look(names, &question, true);
    names->fresh = names->last_ticket + 1;
    names->rest_until_ns = now_ns + (clock_monotonic_ns() - begin_ns) * NAMES_REST;
}

const struct owner *names_owner(const struct names *names, uint32_t ticket)
{
    const struct entry *entry = &names->entries[place_of(ticket)];
    return ticket != 0 && entry->ticket == ticket && entry->known ? &entry->owner : NULL;
}
