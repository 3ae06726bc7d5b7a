#include "flows/datagram.h"

#include "flows/history.h"
#include "flows/unreachable.h"

/* To whoever follows the flow; what the snap length cut off is a gap. */
static void deliver(const struct flow_records *flow, const struct packet *packet)
{
    const struct stream_sink *sink = flow->sink;
    uint64_t before = flow->hot->side[packet->direction].bytes - packet->payload_wire_len;
    uint32_t captured_len = packet->payload_captured_len;
    struct reassembly_chunk chunk = {
        .offset = (int64_t)before, .bytes = packet->payload, .len = captured_len};
    if (captured_len > 0)
        sink->take(sink->context, records_view(flow), packet->direction, &chunk);
    chunk = (struct reassembly_chunk){.offset = (int64_t)(before + captured_len),
                                      .len = packet->payload_wire_len - captured_len};
    if (chunk.len > 0)
        sink->take(sink->context, records_view(flow), packet->direction, &chunk);
}

uint32_t datagram_take(const struct flow_records *flow, const struct packet *packet)
{
    struct flow *hot = flow->hot;
    struct flow_side *own = &hot->side[packet->direction];
    if (!(own->flags & SIDE_HISTORY_DATA)) {
        own->flags |= SIDE_HISTORY_DATA;
        history_add(flow->cold, packet->direction, HISTORY_DATA);
    }
    own->state = ENDPOINT_ESTABLISHED;
    if (flow->sink)
        deliver(flow, packet);
    bool answered = hot->side[0].packets > 0 && hot->side[1].packets > 0;
    if (answered)
        hot->state = FLOW_UDP_ACTIVE;
    return 0;
}

uint32_t datagram_icmp_error(const struct flow_records *flow, const struct packet *packet)
{
    struct flow *hot = flow->hot;
    if (!icmp_is_port_unreachable(hot->tuple.family, packet->icmp_type, packet->icmp_code))
        return UINT32_C(1) << EVENT_ICMP_ERROR;
    if (hot->state == FLOW_REFUSED)
        return 0;
    hot->state = FLOW_REFUSED;
    return UINT32_C(1) << EVENT_REFUSED;
}
