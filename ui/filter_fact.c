#include "ui/filter_fact.h"

#include "flows/detail.h"
#include "flows/timing.h"

#define UNKNOWN INT64_C(-1)

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t rtt_of(struct flow_view flow)
{
    int64_t rtt_ns = UNKNOWN;
    for (unsigned side = 0; flow.detail && side < 2; side++) {
        if (flow.detail->side[side].rtt_count > 0)
            rtt_ns = most(rtt_ns, flow.detail->side[side].rtt_ns);
    }
    return rtt_ns >= 0 ? rtt_ns : flow.cold->handshake_ns;
}

static int64_t response_of(struct flow_view flow, bool mean)
{
    if (!flow.detail)
        return UNKNOWN;
    const struct detail_side *server = &flow.detail->side[!flow.hot->client];
    if (server->response_count == 0)
        return UNKNOWN;
    return mean ? server->response_ns / server->response_count : server->response_max_ns;
}

static int64_t missed_of(struct flow_view flow)
{
    return (int64_t)(flow_missed_bytes(flow, 0) + flow_missed_bytes(flow, 1));
}

static int64_t span_of(enum filter_field field, const struct filter_look *look)
{
    struct flow_view flow = look->view;
    switch (field) {
    case FILTER_RTT:
        return rtt_of(flow);
    case FILTER_HANDSHAKE:
        return flow.cold->handshake_ns;
    case FILTER_RESPONSE:
    case FILTER_RESPONSE_MEAN:
        return response_of(flow, field == FILTER_RESPONSE_MEAN);
    case FILTER_STALLED:
        return flow.detail ? flow.detail->side[0].stalled_ns + flow.detail->side[1].stalled_ns : 0;
    case FILTER_AGE:
        return most(look->now_ns - flow.cold->start_ns, 0);
    case FILTER_IDLE:
        return most(look->now_ns - flow.hot->last_ns, 0);
    case FILTER_LIFE:
        return most(flow.hot->last_ns - flow.cold->start_ns, 0);
    default:
        return UNKNOWN;
    }
}

int64_t filter_number(enum filter_field field, const struct filter_look *look)
{
    struct flow_view flow = look->view;
    const struct flow_side *client = flow_client_side(flow), *server = flow_server_side(flow);
    const struct flow_side_rare *rare = flow.cold->rare;
    switch (field) {
    case FILTER_BYTES:
        return (int64_t)(client->bytes + server->bytes);
    case FILTER_BYTES_SENT:
        return (int64_t)client->bytes;
    case FILTER_BYTES_BACK:
        return (int64_t)server->bytes;
    case FILTER_MISSED:
        return missed_of(flow);
    case FILTER_RATE:
        return (int64_t)look->rate;
    case FILTER_PACKETS:
        return (int64_t)(client->packets + server->packets);
    case FILTER_PACKETS_SENT:
        return (int64_t)client->packets;
    case FILTER_PACKETS_BACK:
        return (int64_t)server->packets;
    case FILTER_TURNS:
        return flow.detail ? flow.detail->side[!flow.hot->client].response_count : 0;
    case FILTER_RETRANS:
        return (int64_t)rare[0].retransmits + rare[1].retransmits;
    case FILTER_OUT_OF_ORDER:
        return (int64_t)rare[0].out_of_order + rare[1].out_of_order;
    case FILTER_DUP_ACKS:
        return (int64_t)rare[0].dup_acks + rare[1].dup_acks;
    case FILTER_ZERO_WINDOWS:
        return (int64_t)rare[0].zero_windows + rare[1].zero_windows;
    case FILTER_KEEPALIVES:
        return (int64_t)rare[0].keepalives + rare[1].keepalives;
    case FILTER_SYNS:
        return rare[flow.hot->client].syn;
    default:
        return span_of(field, look);
    }
}

/* The tracker has asked why nothing goes on, and somebody is to blame; or no SYN was answered. */
static bool is_stuck(struct flow_view flow)
{
    bool unanswered = flow.hot->state == FLOW_SYN_SENT && (flow.hot->flags & FLOW_FLAG_NO_ANSWER);
    bool judged = flow_is_open(flow) && (flow.hot->flags & FLOW_FLAG_JUDGED) && flow.detail &&
                  flow.detail->cause != STALL_NONE;
    return unanswered || judged;
}

static bool is_unanswered(const struct flow *flow)
{
    return flow->state == FLOW_TIMED_OUT || flow->state == FLOW_UDP_UNREPLIED ||
           (flow->state == FLOW_SYN_SENT && (flow->flags & FLOW_FLAG_NO_ANSWER));
}

static bool is_failed(const struct flow *flow)
{
    return flow->state == FLOW_REFUSED || flow->state == FLOW_RESET ||
           flow->state == FLOW_TIMED_OUT ||
           (flow->state == FLOW_SYN_SENT && (flow->flags & FLOW_FLAG_NO_ANSWER));
}

static bool is_loopback(const struct tuple *tuple)
{
    return address_is_loopback(&tuple->address[0], tuple->family) &&
           address_is_loopback(&tuple->address[1], tuple->family);
}

bool filter_flag_holds(enum filter_flag flag, const struct filter_look *look)
{
    struct flow_view flow = look->view;
    const struct tuple *tuple = &flow.hot->tuple;
    switch (flag) {
    case FILTER_IS_OPEN:
    case FILTER_IS_CLOSED:
        return flow_is_open(flow) == (flag == FILTER_IS_OPEN);
    case FILTER_IS_FAILED:
        return is_failed(flow.hot);
    case FILTER_IS_NEW:
        return look->now_ns - flow.cold->start_ns <= FILTER_NEW_NS;
    case FILTER_IS_STUCK:
        return is_stuck(flow);
    case FILTER_IS_REFUSED:
    case FILTER_IS_RESET:
        return flow.hot->state == (flag == FILTER_IS_RESET ? FLOW_RESET : FLOW_REFUSED);
    case FILTER_IS_UNANSWERED:
        return is_unanswered(flow.hot);
    case FILTER_IS_NAMED:
        return known_owner(look->known, flow, 0) && known_owner(look->known, flow, 1);
    case FILTER_IS_LOOPBACK:
        return is_loopback(tuple);
    case FILTER_IS_SELF:
        return (flow.hot->flags & FLOW_FLAG_SELF) != 0;
    case FILTER_IS_TCP:
    case FILTER_IS_UDP:
        return tuple->protocol == (flag == FILTER_IS_TCP ? PROTOCOL_TCP : PROTOCOL_UDP);
    case FILTER_IS_IPV4:
    case FILTER_IS_IPV6:
        return tuple->family == (flag == FILTER_IS_IPV4 ? 4 : 6);
    case FILTER_IS_MIDSTREAM:
        return !(flow.hot->flags & FLOW_FLAG_CLIENT_KNOWN) && flow_is_tcp(flow);
    case FILTER_IS_SILENT:
        return flow.hot->side[0].bytes + flow.hot->side[1].bytes == 0;
    case FILTER_IS_PARTIAL:
        return (flow.hot->flags & FLOW_DENIED_ANY) || missed_of(flow) > 0;
    case FILTER_IS_DIAGNOSED:
    case FILTER_FLAG_COUNT:
        break;
    }
    return false;
}
