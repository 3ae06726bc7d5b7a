#include "app/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flows/detail.h"

#define PORTS            65536u
#define FLOWS_MORE_BYTES 4096u
/* The clocks of packets and of kernel events are read at different moments. */
#define LISTEN_SLACK_NS (10 * CLOCK_NS_PER_MS)

/* A socket that began to listen while we looked. */
struct listened {
    struct tuple tuple;        /* end 0 */
    int64_t from_ns, until_ns; /* until_ns 0: still does */
    pid_t pid;
    bool is_ours;
    char comm[OWNER_COMM + 1];
};

struct tally {
    struct tally_options options;
    struct listened listened[LISTENED_MAX];
    uint64_t listened_count; /* ever */
    uint8_t *flows;          /* bits by id: the command's */
    uint64_t flows_size;     /* bytes */
    struct expect_traffic all;
    struct expect_traffic *ports;
    struct run_endpoint endpoints[RUN_ENDPOINTS_MAX];
    uint32_t endpoint_count;
    uint64_t unlisted;
};

int tally_open(struct tally **tally, const struct tally_options *options, struct err *err)
{
    struct tally *opened = calloc(1, sizeof *opened);
    *tally = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to count flows; close other programs");
    opened->options = *options;
    opened->ports = calloc(PORTS, sizeof *opened->ports);
    if (!opened->ports)
        return err_set(err, ENOMEM, "no memory to count flows; close other programs");
    return 0;
}

void tally_close(struct tally *tally)
{
    if (!tally)
        return;
    free(tally->flows);
    free(tally->ports);
    free(tally);
}

static bool is_same_end(const struct tuple *a, const struct tuple *b)
{
    return a->port[0] == b->port[0] && a->family == b->family &&
           memcmp(&a->address[0], &b->address[0], sizeof a->address[0]) == 0;
}

/* The latest that still listens there; NULL for none. */
static struct listened *find_open(struct tally *tally, const struct tuple *tuple)
{
    for (uint64_t back = 1; back <= LISTENED_MAX && back <= tally->listened_count; back++) {
        struct listened *one = &tally->listened[(tally->listened_count - back) % LISTENED_MAX];
        if (one->until_ns == 0 && is_same_end(&one->tuple, tuple))
            return one;
    }
    return NULL;
}

void tally_trace(struct tally *tally, const struct trace_event *event)
{
    if (tally->options.netns != 0 && event->netns != 0 && event->netns != tally->options.netns)
        return;
    /* Without the kernel's word of new processes, it must be asked while it is there. */
    bool is_ours = (event->kind == TRACE_CONNECT || event->kind == TRACE_LISTEN) &&
                   family_has(tally->options.family, event->pid);
    if (event->kind == TRACE_UNLISTEN) {
        struct listened *one = find_open(tally, &event->tuple);
        if (one)
            one->until_ns = event->time_ns;
    }
    if (event->kind != TRACE_LISTEN)
        return;
    struct listened *one = &tally->listened[tally->listened_count++ % LISTENED_MAX];
    *one = (struct listened){
        .tuple = event->tuple, .from_ns = event->time_ns, .pid = event->pid, .is_ours = is_ours};
    memcpy(one->comm, event->comm, sizeof one->comm);
}

/* Did it take connections to that end when the flow began? */
static bool served(const struct listened *one, struct flow_view flow, unsigned end)
{
    const struct tuple *tuple = &flow.hot->tuple;
    const struct address *address = &one->tuple.address[0];
    if (one->tuple.port[0] != tuple->port[end] ||
        one->from_ns > flow.cold->start_ns + LISTEN_SLACK_NS ||
        (one->until_ns != 0 && one->until_ns < flow.cold->start_ns - LISTEN_SLACK_NS))
        return false;
    return address_is_any(address, one->tuple.family) ||
           (one->tuple.family == tuple->family &&
            memcmp(address, &tuple->address[end], sizeof *address) == 0);
}

/* Who listened at that end of a TCP flow, the latest one; NULL: nobody who began while we looked. Who was
 * refused met nobody, though one may begin to listen a moment later. */
static const struct listened *find_server(const struct tally *tally, struct flow_view flow,
                                          unsigned end)
{
    bool had_server = flow_is_tcp(flow) && flow.hot->state != FLOW_REFUSED;
    for (uint64_t back = 1; had_server && back <= LISTENED_MAX && back <= tally->listened_count;
         back++) {
        const struct listened *one =
            &tally->listened[(tally->listened_count - back) % LISTENED_MAX];
        if (served(one, flow, end))
            return one;
    }
    return NULL;
}

/* It was there before the command. */
static bool is_older(const struct tally *tally, struct flow_view flow)
{
    bool began_before =
        flow_is_tcp(flow) && flow.cold->rare[0].syn == 0 && flow.cold->rare[1].syn == 0;
    return began_before || flow.cold->start_ns < tally->options.begin_ns;
}

enum whose tally_whose(const struct tally *tally, const struct names *names, struct flow_view flow)
{
    unsigned client_end = flow.hot->client;
    struct family *family = tally->options.family;
    if (is_older(tally, flow))
        return WHOSE_OTHER;
    const struct listened *listener = find_server(tally, flow, !client_end);
    if (listener && listener->is_ours)
        return WHOSE_COMMAND;
    const struct owner *client = names ? names_owner(names, flow.cold->owner[client_end]) : NULL;
    const struct owner *server = names ? names_owner(names, flow.cold->owner[!client_end]) : NULL;
    if ((client && family_has(family, client->pid)) ||
        (!listener && server && family_has(family, server->pid)))
        return WHOSE_COMMAND;
    if (!client)
        return WHOSE_UNKNOWN;
    /* A server of the command was seen when it began to listen, or is no server yet. */
    bool server_is_other = server || listener || tally->options.has_tracer ||
                           flow.hot->state == FLOW_REFUSED || !flow_is_tcp(flow);
    return server_is_other ? WHOSE_OTHER : WHOSE_UNKNOWN;
}

static bool note_flow(struct tally *tally, uint64_t id)
{
    uint64_t size = id / 8 + 1;
    if (id >= TALLY_FLOWS_MAX)
        return false;
    if (size > tally->flows_size) {
        uint64_t more = size * 2 > FLOWS_MORE_BYTES ? size * 2 : FLOWS_MORE_BYTES;
        uint8_t *grown = realloc(tally->flows, more);
        if (!grown)
            return false;
        memset(grown + tally->flows_size, 0, more - tally->flows_size);
        tally->flows = grown;
        tally->flows_size = more;
    }
    tally->flows[id / 8] |= (uint8_t)(1u << id % 8);
    return true;
}

bool tally_has(const struct tally *tally, uint64_t flow_id)
{
    return flow_id / 8 < tally->flows_size && (tally->flows[flow_id / 8] >> flow_id % 8 & 1);
}

static bool was_established(struct flow_view flow)
{
    enum flow_state state = flow.hot->state;
    return flow_is_tcp(flow) &&
           (flow.cold->handshake_ns >= 0 || state == FLOW_ESTABLISHED || state == FLOW_CLOSING ||
            state == FLOW_CLOSED ||
            (state == FLOW_RESET && flow.cold->rare[!flow.hot->client].syn > 0));
}

/* SYNs that were never answered; or not for a second, which is as bad for whoever waits. */
static bool is_unanswered(struct flow_view flow)
{
    return flow_is_tcp(flow) &&
           (flow.hot->flags & FLOW_FLAG_NO_ANSWER || flow.hot->state == FLOW_TIMED_OUT ||
            flow.hot->state == FLOW_SYN_SENT);
}

/* What one flow adds. */
static struct expect_traffic traffic_of(const struct tally *tally, struct flow_view flow)
{
    const struct flow_cold *cold = flow.cold;
    bool established = was_established(flow), refused = flow.hot->state == FLOW_REFUSED;
    struct expect_traffic one = {
        .flows = 1,
        .connections = established || (!flow_is_tcp(flow) && !refused),
        .established = established,
        .refused = refused,
        .resets = flow.hot->state == FLOW_RESET,
        .timeouts = is_unanswered(flow),
        .retransmissions = (uint64_t)cold->rare[0].retransmits + cold->rare[1].retransmits,
        .bytes = flow.hot->side[0].bytes + flow.hot->side[1].bytes,
        .established_ns = cold->start_ns - tally->options.begin_ns,
    };
    if (established && cold->handshake_ns >= 0)
        one.established_ns = cold->syn_ns + cold->handshake_ns - tally->options.begin_ns;
    if (flow.detail) {
        const struct detail_side *server = &flow.detail->side[!flow.hot->client];
        one.responses = server->response_count;
        one.response_sum_ns = server->response_ns;
        one.response_most_ns = server->response_max_ns;
    }
    return one;
}

static void add_traffic(struct expect_traffic *sum, const struct expect_traffic *one)
{
    bool is_first = one->established > 0 &&
                    (sum->established == 0 || one->established_ns < sum->established_ns);
    if (is_first)
        sum->established_ns = one->established_ns;
    sum->flows += one->flows;
    sum->connections += one->connections;
    sum->established += one->established;
    sum->refused += one->refused;
    sum->resets += one->resets;
    sum->timeouts += one->timeouts;
    sum->retransmissions += one->retransmissions;
    sum->bytes += one->bytes;
    sum->responses += one->responses;
    sum->response_sum_ns += one->response_sum_ns;
    if (one->response_most_ns > sum->response_most_ns)
        sum->response_most_ns = one->response_most_ns;
}

/* The row of the flow's server, a new one if need be; NULL: all of them are taken. */
static struct run_endpoint *find_endpoint(struct tally *tally, struct flow_view flow)
{
    unsigned end = !flow.hot->client;
    struct tuple server = {.protocol = flow.hot->tuple.protocol, .family = flow.hot->tuple.family};
    server.address[1] = flow.hot->tuple.address[end];
    server.port[1] = flow.hot->tuple.port[end];
    for (uint32_t at = 0; at < tally->endpoint_count; at++) {
        if (tuple_equal(&tally->endpoints[at].tuple, &server))
            return &tally->endpoints[at];
    }
    if (tally->endpoint_count == RUN_ENDPOINTS_MAX)
        return NULL;
    struct run_endpoint *endpoint = &tally->endpoints[tally->endpoint_count++];
    *endpoint = (struct run_endpoint){.tuple = server};
    return endpoint;
}

static void name_endpoint(const struct tally *tally, const struct names *names,
                          struct flow_view flow, struct run_endpoint *endpoint)
{
    const struct listened *listener = find_server(tally, flow, !flow.hot->client);
    const struct owner *owner =
        names ? names_owner(names, flow.cold->owner[!flow.hot->client]) : NULL;
    const char *comm = listener ? listener->comm : owner ? owner->comm : NULL;
    if (!comm)
        return;
    endpoint->pid = listener ? listener->pid : owner->pid;
    endpoint->is_ours =
        listener ? listener->is_ours : family_has(tally->options.family, owner->pid);
    memcpy(endpoint->comm, comm, strnlen(comm, sizeof endpoint->comm - 1) + 1);
    endpoint->comm[sizeof endpoint->comm - 1] = '\0';
}

enum whose tally_flow(struct tally *tally, const struct names *names, struct flow_view flow)
{
    enum whose whose = tally_whose(tally, names, flow);
    struct expect_traffic *port = &tally->ports[flow.hot->tuple.port[!flow.hot->client]];
    if (whose == WHOSE_COMMAND && !note_flow(tally, flow.cold->id))
        whose = WHOSE_UNKNOWN;
    if (whose == WHOSE_UNKNOWN) {
        tally->all.unknown++;
        port->unknown++;
    }
    if (whose != WHOSE_COMMAND)
        return whose;
    const struct expect_traffic one = traffic_of(tally, flow);
    add_traffic(&tally->all, &one);
    add_traffic(port, &one);
    struct run_endpoint *endpoint = find_endpoint(tally, flow);
    if (!endpoint) {
        tally->unlisted++;
        return whose;
    }
    add_traffic(&endpoint->traffic, &one);
    endpoint->sent += flow_client_side(flow)->bytes;
    endpoint->received += flow_server_side(flow)->bytes;
    if (endpoint->pid == 0)
        name_endpoint(tally, names, flow, endpoint);
    return whose;
}

void tally_add_timeouts(struct tally *tally, uint16_t port, uint64_t count)
{
    const struct expect_traffic one = {.flows = count, .timeouts = count};
    add_traffic(&tally->all, &one);
    add_traffic(&tally->ports[port], &one);
}

const struct expect_traffic *tally_all(const struct tally *tally)
{
    return &tally->all;
}

struct expect_traffic *tally_ports(struct tally *tally)
{
    return tally->ports;
}

uint64_t tally_unlisted(const struct tally *tally)
{
    return tally->unlisted;
}

static int compare_endpoints(const void *a, const void *b)
{
    const struct run_endpoint *one = a, *other = b;
    if (one->tuple.port[1] != other->tuple.port[1])
        return one->tuple.port[1] < other->tuple.port[1] ? -1 : 1;
    return memcmp(&one->tuple, &other->tuple, sizeof one->tuple);
}

const struct run_endpoint *tally_endpoints(struct tally *tally, uint32_t *count)
{
    qsort(tally->endpoints, tally->endpoint_count, sizeof tally->endpoints[0], compare_endpoints);
    *count = tally->endpoint_count;
    return tally->endpoints;
}
