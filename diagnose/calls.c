/*
 * System calls that failed, and packets that the kernel dropped: most of them never make a packet that
 * a capture could show.
 */
#include <errno.h>

#include "diagnose/rules.h"

#define TIME_WAIT_S         60 /* TCP_TIMEWAIT_LEN */
#define OUTPUT_PATIENCE_NS  (900 * CLOCK_NS_PER_MS)
#define OUTPUT_DECIDED_NS   (4 * CLOCK_NS_PER_S)
#define SEGMENTS_LOST_LEAST 3 /* the segment, sent again after 0.2 and 0.6 s, or later if slow */
#define OUTPUT_FORGOTTEN_NS (10 * CLOCK_NS_PER_S)

static bool is_here(const struct diagnoser *diagnoser, const struct trace_event *event)
{
    return event->netns == 0 || event->netns == host_netns(diagnoser->host);
}

/* In whose network namespace it happened. 0 is our own: who may not look into others may look there. */
static pid_t place_of(const struct diagnoser *diagnoser, const struct trace_event *event)
{
    return event->netns == host_netns(diagnoser->host) ? 0 : event->pid;
}

static struct finding *add(struct diagnoser *diagnoser, const struct trace_event *event,
                           enum code code, uint16_t port)
{
    struct finding *finding = findings_add(
        &diagnoser->findings,
        (struct finding_key){
            .code = code, .port = port, .netns = is_here(diagnoser, event) ? 0 : event->netns},
        event->time_ns);
    finding->diagnosis.certainty = CERTAINTY_PROVED;
    return finding;
}

static struct party caller(const struct trace_event *event)
{
    struct party party = {.pid = event->pid, .count = 1};
    memcpy(party.comm, event->comm, sizeof party.comm);
    return party;
}

static void tally_server(struct finding *finding, const struct trace_event *event)
{
    struct party party = caller(event);
    diagnosis_tally(&finding->diagnosis, FACT_SERVER_PID, FACT_SERVER_COMM, &party);
    diagnosis_set_address(&finding->diagnosis, FACT_ADDRESS, &event->tuple.address[0],
                          event->tuple.family);
}

static void set_holder(struct finding *finding, const struct host_listener *holder,
                       const char *state)
{
    struct diagnosis *diagnosis = &finding->diagnosis;
    struct party party = party_of(&holder->process);
    finding_name(finding, FACT_HOLDER_PID, FACT_HOLDER_COMM, &party);
    diagnosis_set_text(diagnosis, FACT_HOLDER_STATE, state);
    diagnosis_set_address(diagnosis, FACT_HOLDER_ADDRESS, &holder->socket.tuple.address[0],
                          holder->socket.tuple.family);
}

/* Two sockets cannot both have the port: the same address, or one of them has all. */
static bool conflicts(const struct host_listener *holder, const struct trace_event *event)
{
    const struct tuple *theirs = &holder->socket.tuple, *ours = &event->tuple;
    bool any = address_is_any(&theirs->address[0], theirs->family) ||
               address_is_any(&ours->address[0], ours->family);
    if (theirs->family != ours->family)
        return any && !holder->socket.v6only;
    return any || memcmp(&theirs->address[0], &ours->address[0], sizeof ours->address[0]) == 0;
}

static bool find_holder(const struct trace_event *event, const struct host_listener *listeners,
                        size_t count, struct host_listener *holder)
{
    for (size_t at = 0; at < count; at++) {
        /* Its own other socket does not explain it, but for want of another. */
        if (!conflicts(&listeners[at], event) || listeners[at].process.pid == event->pid)
            continue;
        *holder = listeners[at];
        return true;
    }
    return false;
}

/* A client got the port as its local one. */
static bool find_client(struct diagnoser *diagnoser, const struct trace_event *event,
                        struct host_count *count)
{
    const struct host_count_query query = {
        .states = 1u << SOCKET_ESTABLISHED | 1u << SOCKET_CLOSE_WAIT | 1u << SOCKET_FIN_WAIT1 |
                  1u << SOCKET_FIN_WAIT2 | 1u << SOCKET_SYN_SENT,
        .local_port = event->tuple.port[0],
        .in_netns_of = place_of(diagnoser, event),
    };
    return host_count(diagnoser->host, &query, count) && count->sockets > 0;
}

static void address_in_use(struct diagnoser *diagnoser, const struct trace_event *event)
{
    struct host *host = diagnoser->host;
    uint16_t port = event->tuple.port[0];
    struct host_listener listeners[LOOKED_AT_MAX], holder;
    struct host_count count;
    bool is_ours = is_here(diagnoser, event);
    size_t found = is_ours ? host_listeners(host, port, listeners, LOOKED_AT_MAX) : 0;
    struct finding *finding = NULL;
    if (find_holder(event, listeners, found, &holder)) {
        finding = add(diagnoser, event, CODE_ADDRESS_IN_USE, port);
        set_holder(finding, &holder, "LISTEN");
    } else if (is_ours && find_holder(event, listeners,
                                      host_bound(host, port, listeners, LOOKED_AT_MAX), &holder)) {
        finding = add(diagnoser, event, CODE_ADDRESS_IN_USE, port);
        set_holder(finding, &holder, "BOUND");
    } else if (find_client(diagnoser, event, &count)) {
        struct host_process process;
        finding = add(diagnoser, event, CODE_ADDRESS_IN_USE_EPHEMERAL, port);
        diagnosis_set(&finding->diagnosis, FACT_HOLDER_REMOTE_PORT, count.example.tuple.port[1]);
        if (host_holders(host, count.example.inode, &process, 1) > 0) {
            struct party party = party_of(&process);
            finding_name(finding, FACT_HOLDER_PID, FACT_HOLDER_COMM, &party);
        }
    } else if (host_count(host,
                          &(struct host_count_query){.states = 1u << SOCKET_TIME_WAIT,
                                                     .local_port = port,
                                                     .in_netns_of = place_of(diagnoser, event)},
                          &count) &&
               count.sockets > 0) {
        finding = add(diagnoser, event, CODE_ADDRESS_IN_USE_TIME_WAIT, port);
        diagnosis_set(&finding->diagnosis, FACT_TIME_WAIT, count.sockets);
        diagnosis_set(&finding->diagnosis, FACT_RETRY_WITHIN_S, TIME_WAIT_S);
    } else {
        finding = add(diagnoser, event, CODE_ADDRESS_IN_USE, port);
    }
    if (event->detail == TRACE_CALL_LISTEN)
        diagnosis_set_text(&finding->diagnosis, FACT_SYSCALL, "listen");
    tally_server(finding, event);
}

static void bind_failed(struct diagnoser *diagnoser, const struct trace_event *event)
{
    uint16_t port = event->tuple.port[0];
    struct host_net net;
    struct finding *finding = NULL;
    switch (event->value) {
    case EADDRINUSE:
        if (port != 0)
            address_in_use(diagnoser, event);
        return;
    case EACCES:
        finding = add(diagnoser, event, CODE_BIND_PERMISSION_DENIED, port);
        if (host_net(diagnoser->host, place_of(diagnoser, event), &net))
            diagnosis_set(&finding->diagnosis, FACT_FIRST_UNPRIVILEGED_PORT,
                          net.first_unprivileged);
        break;
    case EADDRNOTAVAIL:
        if (host_has_address(diagnoser->host, &event->tuple.address[0], event->tuple.family,
                             place_of(diagnoser, event)))
            return;
        finding = add(diagnoser, event, CODE_BIND_ADDRESS_NOT_LOCAL, port);
        break;
    default:
        return;
    }
    tally_server(finding, event);
}

static void no_local_port(struct diagnoser *diagnoser, const struct trace_event *event,
                          struct finding *finding)
{
    struct host_count count;
    const struct host_count_query query = {.states = ~(1u << SOCKET_LISTEN),
                                           .remote_port = event->tuple.port[1],
                                           .in_netns_of = place_of(diagnoser, event)};
    if (!host_count(diagnoser->host, &query, &count))
        return;
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_most(diagnosis, FACT_CONNECTIONS, count.sockets);
    diagnosis_forget(diagnosis, FACT_RANGE);
    diagnosis_add_number(diagnosis, FACT_RANGE, count.local_low);
    diagnosis_add_number(diagnosis, FACT_RANGE, count.local_high);
}

static void connect_failed(struct diagnoser *diagnoser, const struct trace_event *event)
{
    const struct tuple *tuple = &event->tuple;
    uint16_t port = tuple->port[1];
    struct host_net net;
    struct finding *finding = NULL;
    bool is_known = host_net(diagnoser->host, place_of(diagnoser, event), &net);
    bool is_loopback = address_is_loopback(&tuple->address[1], tuple->family);
    if (tuple->protocol != PROTOCOL_TCP)
        return;
    if (event->value == ENETUNREACH && is_loopback && is_known && !net.lo_up) {
        finding = add(diagnoser, event, CODE_LO_DOWN, port);
    } else if (event->value == EADDRNOTAVAIL && tuple->family == 6 && is_loopback && is_known &&
               !net.ipv6_on_lo) {
        finding = add(diagnoser, event, CODE_IPV6_DISABLED, port);
    } else if (event->value == EADDRNOTAVAIL && (is_known || tuple->family != 6)) {
        finding = add(diagnoser, event, CODE_PORTS_EXHAUSTED, port);
        no_local_port(diagnoser, event, finding);
    } else {
        return;
    }
    struct party party = caller(event);
    diagnosis_tally(&finding->diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &party);
    diagnosis_set_address(&finding->diagnosis, FACT_ADDRESS, &tuple->address[1], tuple->family);
}

void rule_call(struct diagnoser *diagnoser, const struct trace_event *event)
{
    switch ((enum trace_call)event->detail) {
    case TRACE_CALL_BIND:
        bind_failed(diagnoser, event);
        break;
    case TRACE_CALL_LISTEN:
        if (event->value == EADDRINUSE)
            address_in_use(diagnoser, event);
        break;
    case TRACE_CALL_CONNECT:
        connect_failed(diagnoser, event);
        break;
    case TRACE_CALL_ACCEPT:
        break; /* server-fd-exhausted: by the requests that wait */
    }
}

static void datagram_lost(struct diagnoser *diagnoser, const struct trace_event *event)
{
    struct host *host = diagnoser->host;
    struct host_socket socket;
    struct host_process process;
    struct finding *finding = add(diagnoser, event, CODE_UDP_RCVBUF_OVERFLOW, event->tuple.port[1]);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set(diagnosis, FACT_DROPPED, (int64_t)diagnosis->count);
    if (!diagnosis_fact(diagnosis, FACT_RECEIVER_PID) &&
        host_udp_socket(host, &event->tuple, 1, &socket) &&
        host_holders(host, socket.inode, &process, 1) > 0) {
        struct party receiver = party_of(&process);
        finding_name(finding, FACT_RECEIVER_PID, FACT_RECEIVER_COMM, &receiver);
    }
    if (!diagnosis_fact(diagnosis, FACT_SENDER_PID) &&
        host_udp_socket(host, &event->tuple, 0, &socket) &&
        host_holders(host, socket.inode, &process, 1) > 0) {
        struct party sender = party_of(&process);
        finding_name(finding, FACT_SENDER_PID, FACT_SENDER_COMM, &sender);
    }
}

/* Dropped on its way out: no capture will ever show it. */
static void output_lost(struct diagnoser *diagnoser, const struct trace_event *event)
{
    struct output_drop *place = &diagnoser->output_drops[0];
    for (unsigned at = 0; at < OUTPUT_DROPS_MAX; at++) {
        struct output_drop *drop = &diagnoser->output_drops[at];
        if (drop->tuple.port[0] != 0 && tuple_equal(&drop->tuple, &event->tuple)) {
            drop->count++;
            drop->last_ns = event->time_ns;
            return;
        }
        if (drop->last_ns < place->last_ns)
            place = drop;
    }
    *place = (struct output_drop){
        .tuple = event->tuple, .first_ns = event->time_ns, .last_ns = event->time_ns, .count = 1};
}

void rule_drop(struct diagnoser *diagnoser, const struct trace_event *event)
{
    bool is_here = event->netns == 0 || event->netns == host_netns(diagnoser->host);
    if (!is_here)
        return;
    if (event->tuple.protocol == PROTOCOL_UDP && event->value == TRACE_DROP_RECEIVE_BUFFER)
        datagram_lost(diagnoser, event);
    else if (event->tuple.protocol == PROTOCOL_TCP && event->value == TRACE_DROP_FILTER &&
             event->output)
        output_lost(diagnoser, event);
}

/* Is the client known just now? */
static bool name_client(struct diagnoser *diagnoser, struct output_drop *drop, unsigned end)
{
    struct host_process process;
    if (drop->client.pid != 0 || !host_client(diagnoser->host, &drop->tuple, end, &process))
        return false;
    drop->client = party_of(&process);
    return true;
}

/* The finding about that port; each has the drop's times. */
static struct finding *find_of_drop(struct diagnoser *diagnoser, const struct output_drop *drop,
                                    enum code code, uint16_t port)
{
    struct finding_key key = {.code = code, .port = port};
    struct finding *finding = findings_find(&diagnoser->findings, key);
    if (!finding)
        finding = findings_add(&diagnoser->findings, key, drop->first_ns);
    finding_touch(finding, drop->last_ns);
    finding->diagnosis.certainty = CERTAINTY_PROVED;
    return finding;
}

/* A connection that was made before, and now sends in vain. */
static void segments_unanswered(struct diagnoser *diagnoser, struct output_drop *drop)
{
    struct host_listener listener;
    struct host_socket socket;
    struct host_process process;
    unsigned server = find_listener(diagnoser, &drop->tuple, 0, &listener) ? 0 : 1;
    struct finding *finding =
        find_of_drop(diagnoser, drop, CODE_ESTABLISHED_FIREWALL_DROP, drop->tuple.port[server]);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_once(diagnosis, FACT_CLIENT_PORT, drop->tuple.port[!server]);
    if (name_client(diagnoser, drop, !server))
        diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &drop->client);
    if (!diagnosis_fact(diagnosis, FACT_SERVER_PID) &&
        host_socket(diagnoser->host, &drop->tuple, server, &socket) &&
        host_holders(diagnoser->host, socket.inode, &process, 1) > 0) {
        struct party party = party_of(&process);
        finding_name(finding, FACT_SERVER_PID, FACT_SERVER_COMM, &party);
    }
}

static void syn_unanswered(struct diagnoser *diagnoser, struct output_drop *drop)
{
    struct host_listener listener;
    struct finding *finding =
        find_of_drop(diagnoser, drop, CODE_TIMEOUT_FIREWALL_DROP, drop->tuple.port[1]);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_most(diagnosis, FACT_SYN_RETRANSMITS, (int64_t)drop->count - 1);
    diagnosis_set_text(diagnosis, FACT_DIRECTION, "forward");
    diagnosis_set_text(diagnosis, FACT_HOOK, "output");
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &drop->tuple.address[1], drop->tuple.family);
    if (name_client(diagnoser, drop, 0))
        diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &drop->client);
    if (find_listener(diagnoser, &drop->tuple, 1, &listener))
        finding_name_listener(finding, &listener);
}

void rule_output_drops(struct diagnoser *diagnoser)
{
    for (unsigned at = 0; diagnoser->host && at < OUTPUT_DROPS_MAX; at++) {
        struct output_drop *drop = &diagnoser->output_drops[at];
        struct host_socket socket;
        if (drop->tuple.port[0] == 0 || diagnoser->now_ns - drop->first_ns < OUTPUT_PATIENCE_NS)
            continue;
        bool is_there = host_socket(diagnoser->host, &drop->tuple, 0, &socket);
        bool is_syn = is_there && socket.state == SOCKET_SYN_SENT;
        bool is_queued = is_there && socket.send_queue > 0;
        bool is_waiting = is_syn || (is_queued && drop->count >= SEGMENTS_LOST_LEAST);
        if (!is_waiting && is_queued && !drop->is_told &&
            diagnoser->now_ns - drop->first_ns < OUTPUT_DECIDED_NS)
            continue; /* how often it sends again depends on its round trips */
        if (is_waiting)
            drop->is_syn = is_syn;
        if ((is_waiting || drop->is_told) && drop->is_syn)
            syn_unanswered(diagnoser, drop);
        else if (is_waiting || drop->is_told)
            segments_unanswered(diagnoser, drop);
        drop->is_told = is_waiting;
        if (!is_waiting || diagnoser->now_ns - drop->last_ns > OUTPUT_FORGOTTEN_NS)
            *drop = (struct output_drop){0};
    }
}
