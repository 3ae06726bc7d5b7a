/*
 * Theory: asking the kernel which socket has a tuple is cheap, finding who holds that socket is not.
 * So the inode is asked for at once, while the socket is there, and the processes of all new inodes
 * are found together by one walk, in slices: first over the processes named last, which is short and
 * mostly enough, and else over all. A server is known by its listener, since the accepted socket has
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

/* SPARE: `owner` is who is told if nobody is found to hold the socket. */
enum state { ASKED, SPARE, KNOWN };

/* The ticket is the number of the entry; its place in the ring follows from it. */
struct entry {
    uint32_t ticket;
    uint8_t state; /* enum state */
    struct owner owner;
};

/* Tickets whose processes are looked for by the walk at hand. */
struct question {
    uint32_t first, count;
    uint32_t inodes[NEW_MAX]; /* of those, sorted; known ones are left out */
    uint32_t inode_count;
    pid_t pids[RECENT_MAX]; /* where it is looked first */
    uint32_t pid_count;
    uint32_t taken; /* of what the walk found */
    uint32_t left;  /* tickets without a process */
    bool everywhere;
};

struct names {
    struct sockets *sockets; /* NULL: nobody is asked */
    struct helper *helper;   /* NULL: none */
    struct host_socket listeners[LISTENERS_MAX];
    size_t listener_count;
    int64_t listeners_ns; /* when they were dumped; monotonic */
    uint32_t last_ticket;
    uint32_t fresh; /* tickets from this one on were not looked for */
    struct question question;
    struct owners_walk walk;
    bool walks;       /* it goes on */
    int64_t spent_ns; /* on the question */
    int64_t rest_until_ns;
    uint32_t asked; /* since names_resolve */
    pid_t recent[RECENT_MAX];
    uint32_t recent_at; /* the next to be replaced */
    struct entry entries[NAMES_MAX];
};

int names_open_told(struct names **names, struct err *err)
{
    struct names *opened = calloc(1, sizeof *opened);
    *names = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for names of processes; close other programs");
    opened->fresh = 1;
    opened->listeners_ns = -LISTENERS_AGE_NS;
    opened->rest_until_ns = INT64_MIN;
    return 0;
}

int names_open(struct names **names, struct err *err)
{
    int failed = names_open_told(names, err);
    if (!failed)
        failed = sockets_open(&(*names)->sockets, err);
    if (failed) {
        names_close(*names);
        *names = NULL;
    }
    return failed;
}

void names_close(struct names *names)
{
    if (!names)
        return;
    owners_walk_end(&names->walk, NULL);
    sockets_close(names->sockets);
    free(names);
}

void names_use(struct names *names, struct helper *helper)
{
    names->helper = helper;
}

/* How far back a ticket is looked for that can be given again. */
#define LOOKED_BACK 256u

static uint32_t place_of(uint32_t ticket)
{
    return ticket % NAMES_MAX;
}

static uint32_t next_ticket(struct names *names, const struct owner *owner, enum state state)
{
    if (++names->last_ticket == 0)
        names->last_ticket = 1;
    names->entries[place_of(names->last_ticket)] =
        (struct entry){.ticket = names->last_ticket, .owner = *owner, .state = (uint8_t)state};
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
    return next_ticket(names, &(struct owner){.inode = inode}, ASKED);
}

static struct owner owner_of(const struct host_process *process, uint32_t inode)
{
    struct owner owner = {.inode = inode, .pid = process->pid, .how = process->how};
    memcpy(owner.comm, process->comm, sizeof owner.comm);
    memcpy(owner.command, process->command, sizeof owner.command);
    return owner;
}

uint32_t names_process(struct names *names, const struct host_process *process)
{
    for (uint32_t back = 0; back < LOOKED_BACK && back < names->last_ticket; back++) {
        uint32_t ticket = names->last_ticket - back;
        const struct owner *known = &names->entries[place_of(ticket)].owner;
        if (known->inode == 0 && known->pid == process->pid &&
            strcmp(known->comm, process->comm) == 0)
            return ticket;
    }
    struct owner owner = owner_of(process, 0);
    return next_ticket(names, &owner, KNOWN);
}

/* Is the ticket one that is looked for, or will be? */
static bool is_sought(const struct names *names, uint32_t ticket)
{
    return ticket >= names->fresh ||
           (names->walks && ticket - names->question.first < names->question.count);
}

void names_spare(struct names *names, uint32_t ticket, const struct host_process *process)
{
    struct entry *entry = &names->entries[place_of(ticket)];
    if (ticket == 0 || entry->ticket != ticket || entry->state != ASKED)
        return;
    entry->owner = owner_of(process, entry->owner.inode);
    entry->state = is_sought(names, ticket) ? SPARE : KNOWN;
}

static bool find_socket(struct names *names, const struct tuple *tuple, unsigned end,
                        struct host_socket *socket)
{
    return names->sockets && names->asked++ < NAMES_ASK &&
           sockets_find(names->sockets, tuple, end, socket);
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
    if (!names->sockets || !is_of_this_host(names, tuple, end))
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

static int compare_pids(const void *a, const void *b)
{
    pid_t one = *(const pid_t *)a, other = *(const pid_t *)b;
    return (one > other) - (one < other);
}

static void collect_unknown(const struct names *names, struct question *question)
{
    question->inode_count = 0;
    for (uint32_t at = 0; at < question->count; at++) {
        const struct entry *entry = &names->entries[place_of(question->first + at)];
        if (entry->ticket == question->first + at && entry->state != KNOWN)
            question->inodes[question->inode_count++] = entry->owner.inode;
    }
    qsort(question->inodes, question->inode_count, sizeof question->inodes[0], compare_inodes);
}

/* The least pid that holds a socket is found first, so it names the socket. */
static void name_tickets(struct names *names, const struct owner *owner)
{
    struct question *question = &names->question;
    for (uint32_t at = 0; at < question->count; at++) {
        struct entry *entry = &names->entries[place_of(question->first + at)];
        if (entry->ticket != question->first + at || entry->state == KNOWN ||
            entry->owner.inode != owner->inode)
            continue;
        entry->owner = *owner;
        entry->state = KNOWN;
        question->left--;
        remember(names, owner->pid);
    }
}

static void take_found(struct names *names)
{
    while (names->question.taken < names->walk.owners.count)
        name_tickets(names, &names->walk.owners.found[names->question.taken++]);
}

/* In all processes or those named last, for what is unknown still. False: there is no such walk. */
static bool begin_walk(struct names *names, bool everywhere)
{
    struct err err;
    struct question *question = &names->question;
    collect_unknown(names, question);
    question->taken = 0;
    question->left = question->inode_count;
    question->everywhere = everywhere;
    const struct owners_query query = {question->inodes, question->inode_count,
                                       everywhere ? NULL : question->pids, question->pid_count,
                                       names->helper};
    names->walks = question->inode_count > 0 && owners_walk_begin(&names->walk, &query, &err) == 0;
    return names->walks;
}

/* Asks for the tickets that were given since. False: there are none that are unknown. */
static bool begin_question(struct names *names)
{
    struct question *question = &names->question;
    question->count = names->last_ticket + 1 - names->fresh;
    if (question->count > NEW_MAX)
        question->count = NEW_MAX;
    question->first = names->last_ticket + 1 - question->count;
    question->pid_count = 0;
    for (uint32_t at = 0; at < RECENT_MAX; at++) {
        if (names->recent[at] != 0)
            question->pids[question->pid_count++] = names->recent[at];
    }
    qsort(question->pids, question->pid_count, sizeof question->pids[0], compare_pids);
    names->spent_ns = 0;
    names->fresh = names->last_ticket + 1;
    return begin_walk(names, false);
}

static void take_spare(struct names *names)
{
    const struct question *question = &names->question;
    for (uint32_t at = 0; at < question->count; at++) {
        struct entry *entry = &names->entries[place_of(question->first + at)];
        if (entry->ticket == question->first + at && entry->state == SPARE)
            entry->state = KNOWN;
    }
}

/* False: the question is not answered yet. */
static bool answer(struct names *names, int64_t deadline_ns)
{
    while (names->walks) {
        bool over = owners_walk_step(&names->walk, deadline_ns);
        take_found(names);
        if (!over && names->question.left > 0)
            return false;
        owners_walk_end(&names->walk, NULL);
        names->walks = false;
        if (!names->question.everywhere)
            (void)begin_walk(names, true);
    }
    take_spare(names);
    return true;
}

void names_step(struct names *names, int64_t now_ns, int64_t deadline_ns)
{
    names->asked = 0;
    if (!names->walks && now_ns < names->rest_until_ns)
        return;
    if (!names->walks && !begin_question(names)) {
        take_spare(names);
        return;
    }
    bool over = answer(names, deadline_ns);
    int64_t end_ns = clock_monotonic_ns();
    names->spent_ns += end_ns - now_ns;
    if (!over)
        return;
    /* What was not rested lately is rest already: at first servers are seen one after the other, and those that come
     * right after a walk must not wait for a hundred of it. */
    int64_t least_ns = end_ns - NAMES_BURST_NS * NAMES_REST;
    if (names->rest_until_ns < least_ns)
        names->rest_until_ns = least_ns;
    names->rest_until_ns += names->spent_ns * NAMES_REST;
}

void names_resolve(struct names *names, int64_t now_ns)
{
    /* A walk that goes on begins anew, for what came since too. */
    if (names->walks) {
        owners_walk_end(&names->walk, NULL);
        names->walks = false;
        names->fresh = names->question.first;
    }
    names_step(names, now_ns, INT64_MAX);
}

bool names_remembers(const struct names *names, uint32_t ticket)
{
    return ticket != 0 && names->last_ticket - ticket < NAMES_MAX;
}

const struct owner *names_owner(const struct names *names, uint32_t ticket)
{
    const struct entry *entry = &names->entries[place_of(ticket)];
    return ticket != 0 && entry->ticket == ticket && entry->state == KNOWN ? &entry->owner : NULL;
}
