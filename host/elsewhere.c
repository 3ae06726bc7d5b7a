#include "host/elsewhere.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "host/helper.h"
#include "host/holders.h"
#include "host/settings.h"

#define PIDS_MAX 4096u /* of one namespace, among which the holder is looked for */

/* One dump, of a namespace. */
struct job {
    const struct sockets_query *query;
    const struct sockets_visitor *visitor;
};

static int dump(struct sockets *sockets, const struct job *job)
{
    struct err err;
    int failed = sockets_dump(sockets, job->query, job->visitor, &err);
    sockets_close(sockets);
    return failed;
}

/* Of the one that this thread is in. */
static int run_dump(void *context)
{
    struct sockets *sockets = NULL;
    struct err err;
    int failed = sockets_open(&sockets, &err);
    return failed ? failed : dump(sockets, context);
}

static int dump_there(struct helper *helper, const struct netns_place *place, const struct job *job)
{
    struct sockets *sockets = NULL;
    struct err err;
    int failed = sockets_open_by(&sockets, helper, place, &err);
    return failed ? failed : dump(sockets, job);
}

static int dump_place(struct netns *netns, const struct netns_place *place, struct job *job)
{
    struct helper *helper = netns_helper(netns);
    bool is_own = place->inode == netns_own(netns);
    if (helper_is_there(helper))
        return dump_there(helper, is_own ? NULL : place, job);
    return is_own ? run_dump(job) : netns_run(netns, place, run_dump, job);
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

static bool search_place(struct netns *netns, const struct netns_place *place,
                         struct search *search)
{
    const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_LISTEN, search->port, 0};
    const struct sockets_visitor visitor = {search, begin_search, visit_search};
    return dump_place(netns, place, &(struct job){&query, &visitor}) == 0 && search->found;
}

static void find_holder(struct netns *netns, uint32_t place, uint32_t inode,
                        struct host_process *process)
{
    struct err err;
    struct owners owners = {0};
    pid_t *pids = calloc(PIDS_MAX, sizeof *pids);
    size_t count = pids ? netns_processes(netns, place, pids, PIDS_MAX) : 0;
    size_t holders = 0;
    const struct owner *first = NULL;
    const struct owners_query query = {&inode, 1, pids, count, netns_helper(netns)};
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
        search.found = search_place(netns, &places[at], &search);
        if (!search.found)
            continue;
        found->tuple = search.socket.tuple;
        found->netns = places[at].inode;
        memcpy(found->name, places[at].name, sizeof found->name);
        find_holder(netns, places[at].inode, search.socket.inode, &found->process);
    }
    free(places);
    return search.found;
}

/* What is counted. */
struct tally {
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

bool elsewhere_count(struct netns *netns, const struct host_count_query *query,
                     struct host_count *count)
{
    struct netns_place place;
    struct tally tally = {count};
    const struct sockets_query wanted = {PROTOCOL_TCP, query->states ? query->states : SOCKETS_ALL,
                                         query->local_port, query->remote_port};
    const struct sockets_visitor visitor = {&tally, begin_tally, visit_tally};
    *count = (struct host_count){0};
    return netns_place_of(netns, query->in_netns_of, &place) &&
           dump_place(netns, &place, &(struct job){&wanted, &visitor}) == 0;
}

/* Sockets by their remote port. */
struct census {
    uint32_t least;
    struct host_crowd *crowds;
    size_t count, room;
    uint32_t all;
    uint32_t sockets[UINT16_MAX + 1];
};

static void begin_census(void *context)
{
    struct census *census = context;
    census->count = 0;
    census->all = 0;
    memset(census->sockets, 0, sizeof census->sockets);
}

static void visit_census(void *context, const struct host_socket *socket)
{
    struct census *census = context;
    uint16_t port = socket->tuple.port[1];
    census->all++;
    if (++census->sockets[port] != census->least || census->count == census->room)
        return;
    census->crowds[census->count++] = (struct host_crowd){.remote_port = port, .example = *socket};
}

size_t elsewhere_crowds(struct netns *netns, struct elsewhere_crowds *ask,
                        struct host_crowd *crowds, size_t room)
{
    struct netns_place own;
    ask->sockets = UINT32_MAX;
    struct census *census = calloc(1, sizeof *census);
    if (!census)
        return 0;
    census->least = ask->least;
    census->crowds = crowds;
    census->room = room;
    const struct sockets_query query = {PROTOCOL_TCP, 1u << ask->state, 0, 0};
    const struct sockets_visitor visitor = {census, begin_census, visit_census};
    bool told = netns_place_of(netns, 0, &own) &&
                dump_place(netns, &own, &(struct job){&query, &visitor}) == 0;
    size_t count = told ? census->count : 0;
    if (told)
        ask->sockets = census->all;
    for (size_t at = 0; at < count; at++)
        crowds[at].sockets = census->sockets[crowds[at].remote_port];
    free(census);
    return count;
}

static int run_net(void *context)
{
    settings_read(context);
    return 0;
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

static int run_in(struct netns *netns, const struct netns_place *place, int (*run)(void *context),
                  void *context)
{
    bool is_own = place->inode == 0 || place->inode == netns_own(netns);
    return is_own ? run(context) : netns_run(netns, place, run, context);
}

int elsewhere_read_net(struct netns *netns, const struct netns_place *place, struct host_net *net)
{
    return run_in(netns, place, run_net, net);
}

int elsewhere_find_address(struct netns *netns, const struct netns_place *place,
                           const struct address *address, uint8_t family)
{
    struct address_question question = {address, family, false};
    int failed = run_in(netns, place, run_address, &question);
    return failed ? failed : question.has;
}

static int run_descriptor(void *context)
{
    (void)context;
    return sockets_descriptor();
}

int elsewhere_open_sockets(struct netns *netns, const struct netns_place *place)
{
    return run_in(netns, place, run_descriptor, NULL);
}

bool elsewhere_net(struct netns *netns, pid_t pid, struct host_net *net)
{
    struct helper_request request = {.kind = HELPER_NET};
    *net = (struct host_net){0};
    if (!netns_place_of(netns, pid, &request.place))
        return false;
    if (!helper_is_there(netns_helper(netns)))
        return elsewhere_read_net(netns, &request.place, net) == 0;
    const struct helper_answer *answer = helper_ask(netns_helper(netns), &request, NULL);
    if (!answer || answer->result != 0)
        return false;
    *net = answer->net;
    return true;
}

bool elsewhere_has_address(struct netns *netns, const struct address *address, uint8_t family,
                           pid_t pid)
{
    struct helper_request request = {.kind = HELPER_ADDRESS, .address = *address, .family = family};
    if (!netns_place_of(netns, pid, &request.place))
        return false;
    if (!helper_is_there(netns_helper(netns)))
        return elsewhere_find_address(netns, &request.place, address, family) == 1;
    const struct helper_answer *answer = helper_ask(netns_helper(netns), &request, NULL);
    return answer && answer->result == 1;
}

void elsewhere_interface_name(struct netns *netns, uint32_t index, char name[16 + 1])
{
    static_assert(IF_NAMESIZE <= 16 + 1, "the kernel writes so many");
    static_assert(HELPER_NAME == 16, "as long as here");
    struct helper *helper = netns_helper(netns);
    struct helper_request request = {.kind = HELPER_INTERFACE, .number = index};
    const struct helper_answer *answer = NULL;
    name[0] = '\0';
    if (helper_is_there(helper))
        answer = helper_ask(helper, &request, NULL);
    else
        (void)settings_interface_name(index, name);
    if (answer)
        memcpy(name, answer->name, HELPER_NAME);
    name[16] = '\0';
}
