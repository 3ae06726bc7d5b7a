#include "host/host.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/callers.h"
#include "host/crowds.h"
#include "host/elsewhere.h"
#include "host/helper.h"

/* A list of listeners is good for a tick, for longer when the kernel tells of each that comes or goes so that only
 * their queues are looked at, for longest when it tells that nothing happens at all, and for a moment when it
 * is asked for. */
#define LOOK_TICK_NS   (50 * CLOCK_NS_PER_MS)
#define LOOK_TRACED_NS (250 * CLOCK_NS_PER_MS)
#define LOOK_QUIET_NS  (500 * CLOCK_NS_PER_MS)
#define LOOK_ASK_NS    (5 * CLOCK_NS_PER_MS)

/* Between two ticks' looks so many times of what the first has cost: at most 1 % of a processor. */
#define LOOK_REST 100

/* Walks over /proc that nobody waits for, in a tick, names first; beyond it one read of a directory, a ms. */
#define SLICE_NS       (3 * CLOCK_NS_PER_MS)
#define SLICE_NAMES_NS (SLICE_NS / 2)

struct host {
    struct sockets *sockets;
    struct names *names;
    struct netns *netns;
    struct holders *holders;
    struct listeners *listeners;
    struct kernel_log *log;
    struct tracer *tracer; /* NULL: none */
    struct callers callers;
    struct crowds crowds;
    struct helper *helper; /* NULL: none */
    bool is_stirred;       /* it told something since the latest tick */
    struct err tracer_trouble;
    uint32_t missing;
    int64_t offset_ns; /* of the clocks, at the beginning */
};

static int64_t now_of(const struct host *host)
{
    return clock_monotonic_ns() + host->offset_ns;
}

static int open_parts(struct host *host, struct err *err)
{
    int failed = sockets_open(&host->sockets, err);
    if (!failed)
        failed = names_open(&host->names, err);
    if (!failed)
        failed = netns_open(&host->netns, err);
    if (!failed)
        failed = holders_open(&host->holders, HOLDERS_ASK_NS, err);
    if (!failed)
        failed = listeners_open(&host->listeners, host->holders, now_of(host), err);
    if (!failed)
        failed = kernel_log_open(&host->log, netns_own(host->netns), err);
    return failed;
}

static bool may_see_processes(void)
{
    DIR *files = opendir("/proc/1/fd");
    if (files)
        (void)closedir(files);
    return files != NULL;
}

int host_open(struct host **host, const struct host_options *options, struct err *err)
{
    struct host *opened = calloc(1, sizeof *opened);
    *host = NULL;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to ask this machine; close other programs");
    opened->offset_ns = clock_offset_ns();
    int failed = open_parts(opened, err);
    if (failed) {
        host_close(opened);
        return failed;
    }
    if (!options->trace || tracer_open(&opened->tracer, &opened->tracer_trouble)) {
        opened->tracer = NULL;
        opened->missing |= HOST_MISSING_TRACER;
    }
    if (!may_see_processes())
        opened->missing |= HOST_MISSING_PROCESSES;
    if (!netns_may_enter(opened->netns))
        opened->missing |= HOST_MISSING_NETNS;
    *host = opened;
    return 0;
}

void host_close(struct host *host)
{
    if (!host)
        return;
    if (host->tracer)
        tracer_close(host->tracer);
    kernel_log_close(host->log);
    listeners_close(host->listeners);
    holders_close(host->holders);
    netns_close(host->netns);
    names_close(host->names);
    sockets_close(host->sockets);
    free(host);
}

void host_use_helper(struct host *host, struct helper *helper)
{
    host->helper = helper;
    names_use(host->names, helper);
    netns_use(host->netns, helper);
    holders_use(host->holders, helper);
    if (host->tracer)
        tracer_use(host->tracer, helper);
}

struct helper *host_helper(const struct host *host)
{
    return host->helper;
}

/* Without the helper neither processes are looked into nor namespaces entered. */
static uint32_t missing_helper(const struct host *host)
{
    return helper_is_lost(host->helper) ? HOST_MISSING_PROCESSES | HOST_MISSING_NETNS : 0;
}

uint32_t host_missing(const struct host *host)
{
    return missing_helper(host) | host->missing |
           (holders_hidden(host->holders) ? (uint32_t)HOST_MISSING_PROCESSES : 0);
}

const char *host_tracer_trouble(const struct host *host)
{
    return host->tracer_trouble.text;
}

uint64_t host_lost(const struct host *host)
{
    return host->tracer ? tracer_lost(host->tracer) : 0;
}

int64_t host_unwatched_ns(const struct host *host)
{
    return host->tracer ? tracer_unwatched_ns(host->tracer) : 0;
}

struct tracer *host_tracer(const struct host *host)
{
    return host->tracer;
}

/* Events on their way to who polls. */
struct poll {
    struct host *host;
    void (*take)(void *context, const struct trace_event *event);
    void *context;
};

static void take_event(void *context, const struct trace_event *event)
{
    const struct poll *poll = context;
    struct host *host = poll->host;
    host->is_stirred = true;
    kernel_log_note(host->log, event);
    bool is_listener = event->kind == TRACE_LISTEN || event->kind == TRACE_UNLISTEN;
    if (is_listener && kernel_log_is_ours(host->log, event))
        listeners_note(host->listeners, event);
    if (event->kind == TRACE_CONNECT)
        holders_know(host->holders, event->pid);
    poll->take(poll->context, event);
}

void host_poll(struct host *host, void (*take)(void *context, const struct trace_event *event),
               void *context)
{
    struct poll poll = {host, take, context};
    if (host->tracer)
        (void)tracer_read(host->tracer, take_event, &poll);
}

void host_tick(struct host *host, int64_t now_ns)
{
    int64_t age_ns = !host->tracer      ? LOOK_TICK_NS
                     : host->is_stirred ? LOOK_TRACED_NS
                                        : LOOK_QUIET_NS;
    int64_t rest_ns = listeners_cost_ns(host->listeners) * LOOK_REST;
    listeners_refresh(host->listeners, now_ns, age_ns > rest_ns ? age_ns : rest_ns);
    host->is_stirred = false;
    int64_t begin_ns = clock_thread_ns();
    names_step(host->names, clock_monotonic_ns(), begin_ns + SLICE_NAMES_NS);
    (void)listeners_find_holders(host->listeners, begin_ns + SLICE_NS);
}

struct names *host_names(struct host *host)
{
    return host->names;
}

static bool find_caller(struct host *host, const struct trace_event *event,
                        struct host_process *process)
{
    if (event)
        *process = callers_find(&host->callers, event->pid, event->comm,
                                event->time_ns + clock_offset_ns() - host->offset_ns);
    return event != NULL;
}

bool host_client(struct host *host, const struct tuple *tuple, unsigned end,
                 struct host_process *process)
{
    struct host_socket socket;
    if (find_caller(host, kernel_log_find(host->log, TRACE_CONNECT, tuple, end, 0), process))
        return true;
    return sockets_find(host->sockets, tuple, end, &socket) &&
           holders_of(host->holders, socket.inode, process, 1) > 0;
}

bool host_server(struct host *host, const struct tuple *tuple, unsigned end, int64_t time_ns,
                 struct host_process *process)
{
    return find_caller(host, kernel_log_listen(host->log, tuple, end, time_ns), process);
}

size_t host_holders(struct host *host, uint32_t inode, struct host_process *holders, size_t room)
{
    return holders_of(host->holders, inode, holders, room);
}

/* Asked for now: those who held it a while ago may have ended. */
static void find_holders(struct host *host, struct host_listener *listener)
{
    listener->process = (struct host_process){0};
    listener->holders =
        (uint32_t)holders_of(host->holders, listener->socket.inode, &listener->process, 1);
}

/* The n-th of the listeners, complete. */
static struct host_listener complete(struct host *host, size_t n, int64_t now_ns)
{
    struct host_listener listener = *listeners_at(host->listeners, n);
    listener.queue_most = listeners_queue_most(host->listeners, n, now_ns);
    find_holders(host, &listener);
    /* There was no time to look, or nobody may: who called listen most likely holds it still. */
    if (listener.process.pid == 0 && listener.opener.pid != 0 &&
        !kernel_log_exit(host->log, listener.opener.pid, listener.opened_ns))
        listener.process = listener.opener;
    return listener;
}

size_t host_listeners(struct host *host, uint16_t port, struct host_listener *listeners,
                      size_t room)
{
    int64_t now_ns = now_of(host);
    size_t count = 0;
    listeners_refresh(host->listeners, now_ns, LOOK_ASK_NS);
    const struct host_listener *listener = listeners_at(host->listeners, 0);
    for (size_t n = 0; listener && count < room; listener = listeners_at(host->listeners, ++n)) {
        if (listener->socket.tuple.port[0] == port)
            listeners[count++] = complete(host, n, now_ns);
    }
    return count;
}

void host_each_listener(struct host *host,
                        void (*take)(void *context, const struct host_listener *listener),
                        void *context)
{
    int64_t now_ns = now_of(host);
    listeners_refresh(host->listeners, now_ns, LOOK_ASK_NS);
    /* One walk for all that are new, if it is short. */
    (void)listeners_find_holders(host->listeners, clock_thread_ns() + HOLDERS_ASK_NS);
    for (size_t n = 0; listeners_at(host->listeners, n); n++) {
        struct host_listener listener = complete(host, n, now_ns);
        take(context, &listener);
    }
}

void host_each_known_listener(struct host *host,
                              void (*take)(void *context, const struct host_listener *listener),
                              void *context)
{
    int64_t now_ns = now_of(host);
    for (size_t n = 0; listeners_at(host->listeners, n); n++) {
        struct host_listener listener = *listeners_at(host->listeners, n);
        listener.queue_most = listeners_queue_most(host->listeners, n, now_ns);
        take(context, &listener);
    }
}

/* Sockets that are only bound, on their way. */
struct bound {
    struct host_listener *listeners;
    size_t count, room;
};

static void begin_bound(void *context)
{
    ((struct bound *)context)->count = 0;
}

static void visit_bound(void *context, const struct host_socket *socket)
{
    struct bound *bound = context;
    if (bound->count < bound->room)
        bound->listeners[bound->count++] = (struct host_listener){.socket = *socket};
}

size_t host_bound(struct host *host, uint16_t port, struct host_listener *listeners, size_t room)
{
    struct err err;
    struct bound bound = {listeners, 0, room};
    const struct sockets_query query = {PROTOCOL_TCP, 1u << SOCKET_BOUND_INACTIVE, port, 0};
    const struct sockets_visitor visitor = {&bound, begin_bound, visit_bound};
    if (sockets_dump(host->sockets, &query, &visitor, &err))
        return 0;
    for (size_t at = 0; at < bound.count; at++)
        find_holders(host, &listeners[at]);
    return bound.count;
}

bool host_similar_port(struct host *host, const struct tuple *tuple, unsigned end,
                       struct host_listener *listener)
{
    int64_t now_ns = now_of(host);
    size_t place = 0;
    listeners_refresh(host->listeners, now_ns, LOOK_ASK_NS);
    if (!listeners_similar(host->listeners, tuple, end, &place))
        return false;
    *listener = complete(host, place, now_ns);
    return true;
}

static void add_exit(struct host *host, struct host_past *past)
{
    const struct trace_event *exit = kernel_log_exit(host->log, past->process.pid, past->opened_ns);
    past->exited_ns = exit ? exit->time_ns : 0;
    past->exit_status = exit ? exit->value : 0;
}

bool host_past_listener(struct host *host, uint16_t port, struct host_past *past)
{
    listeners_refresh(host->listeners, now_of(host), LOOK_ASK_NS);
    const struct host_past *latest = listeners_past(host->listeners, port);
    if (!latest)
        return false;
    *past = *latest;
    add_exit(host, past);
    return true;
}

bool host_past_at(struct host *host, size_t n, struct host_past *past)
{
    const struct host_past *found = listeners_past_at(host->listeners, n);
    if (!found)
        return false;
    *past = *found;
    add_exit(host, past);
    return true;
}

uint64_t host_past_count(const struct host *host)
{
    return listeners_past_count(host->listeners);
}

bool host_exited(struct host *host, pid_t pid, struct host_past *past)
{
    const struct trace_event *exit = kernel_log_exit(host->log, pid, 0);
    if (!exit)
        return false;
    *past = (struct host_past){.process = {.pid = pid, .how = HOST_BY_TRACER},
                               .exited_ns = exit->time_ns,
                               .exit_status = exit->value};
    memcpy(past->process.comm, exit->comm, sizeof past->process.comm);
    return true;
}

bool host_elsewhere(struct host *host, uint16_t port, struct host_elsewhere *found)
{
    if (!(host->missing & HOST_MISSING_NETNS))
        return elsewhere_find(host->netns, port, found);
    *found = (struct host_elsewhere){0};
    return false;
}

bool host_elsewhere_hidden(struct host *host)
{
    struct netns_place place;
    return host->missing & HOST_MISSING_NETNS && netns_list(host->netns, &place, 1) > 0;
}

bool host_socket(struct host *host, const struct tuple *tuple, unsigned end,
                 struct host_socket *socket)
{
    return sockets_find(host->sockets, tuple, end, socket);
}

bool host_udp_socket(struct host *host, const struct tuple *tuple, unsigned end,
                     struct host_socket *socket)
{
    return sockets_find_udp(host->sockets, tuple, end, socket);
}

bool host_reset(struct host *host, const struct tuple *tuple, unsigned end, int64_t since_ns,
                struct trace_event *event)
{
    const struct trace_event *found = kernel_log_find(host->log, TRACE_RESET, tuple, end, since_ns);
    if (found)
        *event = *found;
    return found != NULL;
}

bool host_drops(struct host *host, const struct tuple *tuple, unsigned end, int64_t since_ns,
                struct host_drops *drops)
{
    return kernel_log_drops(host->log, tuple, end, since_ns, drops);
}

bool host_count(struct host *host, const struct host_count_query *query, struct host_count *count)
{
    return elsewhere_count(host->netns, query, count);
}

size_t host_crowds(struct host *host, enum socket_state state, uint32_t least,
                   struct host_crowd *crowds, size_t room)
{
    struct host_crowd found[HOST_CROWDS_MAX];
    struct elsewhere_crowds ask = {.state = state, .least = least};
    const struct crowds_sources sources = {host->netns, host->tracer};
    size_t count = crowds_find(&host->crowds, &sources, &ask, found);
    count = count < room ? count : room;
    memcpy(crowds, found, count * sizeof *found);
    return count;
}

bool host_activity(struct host *host, pid_t pid, struct host_activity *activity)
{
    struct process_stat stat;
    (void)host;
    if (!process_read_stat(pid, &stat))
        return false;
    *activity = (struct host_activity){.state = stat.state,
                                       .parent = stat.parent,
                                       .start = stat.start,
                                       .fd_count = process_count_files(pid),
                                       .fd_limit = process_read_file_limit(pid),
                                       .user = process_read_user(pid)};
    return true;
}

bool host_net(struct host *host, pid_t pid, struct host_net *net)
{
    return elsewhere_net(host->netns, pid, net);
}

bool host_has_address(struct host *host, const struct address *address, uint8_t family, pid_t pid)
{
    return elsewhere_has_address(host->netns, address, family, pid);
}

void host_interface_name(struct host *host, uint32_t index, char name[16 + 1])
{
    elsewhere_interface_name(host->netns, index, name);
}

uint32_t host_loopback_index(void)
{
    return SOCKETS_LOOPBACK;
}

uint32_t host_netns(const struct host *host)
{
    return netns_own(host->netns);
}

bool host_same_program(struct host *host, pid_t a, pid_t b)
{
    struct helper_request request = {.kind = HELPER_SAME, .pid = a, .other = b};
    if (!helper_is_there(host->helper))
        return process_is_same_program(a, b);
    const struct helper_answer *answer = helper_ask(host->helper, &request, NULL);
    return !answer || answer->result != 0;
}
