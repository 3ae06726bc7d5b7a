#include "host/elsewhere.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/holders.h"
#include "host/settings.h"

#define PIDS_MAX 4096u /* of one namespace, among which the holder is looked for */

/* Calls `run` in the namespace of that process, 0 for our own. Returns -errno when that cannot be. */
static int run_in(struct netns *netns, pid_t pid, int (*run)(void *context), void *context)
{
    struct netns_place place = {.inode = netns_own(netns), .pid = pid};
    if (pid != 0)
        place.inode = netns_of(pid);
    if (place.inode == 0)
        return -ESRCH;
    return place.inode == netns_own(netns) ? run(context) : netns_run(netns, &place, run, context);
}

/* One dump of the namespace that this thread is in. */
static int dump(const struct sockets_query *query, const struct sockets_visitor *visitor)
{
    struct sockets *sockets = NULL;
    struct err err;
    int failed = sockets_open(&sockets, &err);
    if (!failed)
        failed = sockets_dump(sockets, query, visitor, &err);
    sockets_close(sockets);
    return failed;
}

/* A listener that is looked for. */
struct search {
    uint16_t port;
    bool found;
    struct host_socket socket;
};

static void begin_search(void *context)
{
    ((struct search *)context)->found = false;
}

static void visit_search(void *context, const struct host_socket *socket)
{
    struct search *search = context;
    if (!search->found)
        search->socket = *socket;
    search->found = true;
}

static int run_search(void *context)
{
    struct search *search = context;
    const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_LISTEN, search->port, 0};
    return dump(&query, &(struct sockets_visitor){search, begin_search, visit_search});
}

static void find_holder(uint32_t netns, uint32_t inode, struct host_process *process)
{
    struct err err;
    struct owners owners = {0};
    pid_t *pids = calloc(PIDS_MAX, sizeof *pids);
    size_t count = pids ? netns_processes(netns, pids, PIDS_MAX) : 0;
    size_t holders = 0;
    const struct owner *first = NULL;
    const struct owners_query query = {&inode, 1, pids, count};
    if (count > 0 && owners_find(&owners, &query, clock_thread_ns() + HOLDERS_ASK_NS, &err) == 0)
        first = owners_of(&owners, inode, &holders);
    if (first) {
        *process = (struct host_process){.pid = first->pid, .how = HOST_BY_SOCKET};
        memcpy(process->comm, first->comm, sizeof process->comm);
        memcpy(process->command, first->command, sizeof process->command);
    }
    owners_free(&owners);
    free(pids);
}

bool elsewhere_find(struct netns *netns, uint16_t port, struct host_elsewhere *found)
{
    struct netns_place *places = calloc(NETNS_MAX, sizeof *places);
    size_t count = places ? netns_list(netns, places, NETNS_MAX) : 0;
    struct search search = {.port = port};
    *found = (struct host_elsewhere){0};
    for (size_t at = 0; at < count && !search.found; at++) {
        search.found = netns_run(netns, &places[at], run_search, &search) == 0 && search.found;
        if (!search.found)
            continue;
        found->tuple = search.socket.tuple;
        found->netns = places[at].inode;
        memcpy(found->name, places[at].name, sizeof found->name);
        find_holder(places[at].inode, search.socket.inode, &found->process);
    }
    free(places);
    return search.found;
}

/* What is counted. */
struct tally {
    const struct host_count_query *query;
    struct host_count *count;
};

static void begin_tally(void *context)
{
    *((struct tally *)context)->count = (struct host_count){0};
}

static void visit_tally(void *context, const struct host_socket *socket)
{
    struct host_count *count = ((struct tally *)context)->count;
    uint16_t port = socket->tuple.port[0];
    if (count->sockets++ == 0) {
        count->example = *socket;
        count->local_low = count->local_high = port;
    }
    count->local_low = port < count->local_low ? port : count->local_low;
    count->local_high = port > count->local_high ? port : count->local_high;
}

static int run_tally(void *context)
{
    const struct tally *tally = context;
    const struct sockets_query query = {PROTOCOL_TCP,
                                        tally->query->states ? tally->query->states : SOCKETS_ALL,
                                        tally->query->local_port, tally->query->remote_port};
    return dump(&query, &(struct sockets_visitor){context, begin_tally, visit_tally});
}

bool elsewhere_count(struct netns *netns, const struct host_count_query *query,
                     struct host_count *count)
{
    struct tally tally = {query, count};
    *count = (struct host_count){0};
    return run_in(netns, query->in_netns_of, run_tally, &tally) == 0;
}

/* Sockets by their remote port. */
struct census {
    uint32_t least;
    struct host_crowd *crowds;
    size_t count, room;
    uint32_t sockets[UINT16_MAX + 1];
};

static void begin_census(void *context)
{
    struct census *census = context;
    census->count = 0;
    memset(census->sockets, 0, sizeof census->sockets);
}

static void visit_census(void *context, const struct host_socket *socket)
{
    struct census *census = context;
    uint16_t port = socket->tuple.port[1];
    if (++census->sockets[port] != census->least || census->count == census->room)
        return;
    census->crowds[census->count++] = (struct host_crowd){.remote_port = port, .example = *socket};
}

size_t elsewhere_crowds(enum socket_state state, uint32_t least, struct host_crowd *crowds,
                        size_t room)
{
    struct census *census = calloc(1, sizeof *census);
    if (!census)
        return 0;
    census->least = least;
    census->crowds = crowds;
    census->room = room;
    const struct sockets_query query = {PROTOCOL_TCP, 1u << state, 0, 0};
    int failed = dump(&query, &(struct sockets_visitor){census, begin_census, visit_census});
    size_t count = failed ? 0 : census->count;
    for (size_t at = 0; at < count; at++)
        crowds[at].sockets = census->sockets[crowds[at].remote_port];
    free(census);
    return count;
}

static int run_net(void *context)
{
    struct host_net *net = context;
    settings_ephemeral_range(&net->ephemeral_low, &net->ephemeral_high);
    net->first_unprivileged = settings_first_unprivileged();
    settings_loopback(&net->lo_up, &net->ipv6_on_lo);
    return 0;
}

bool elsewhere_net(struct netns *netns, pid_t pid, struct host_net *net)
{
    *net = (struct host_net){0};
    return run_in(netns, pid, run_net, net) == 0;
}

struct address_question {
    const struct address *address;
    uint8_t family;
    bool has;
};

static int run_address(void *context)
{
    struct address_question *question = context;
    question->has = settings_have_address(question->address, question->family);
    return 0;
}

bool elsewhere_has_address(struct netns *netns, const struct address *address, uint8_t family,
                           pid_t pid)
{
    struct address_question question = {address, family, false};
    return run_in(netns, pid, run_address, &question) == 0 && question.has;
}
