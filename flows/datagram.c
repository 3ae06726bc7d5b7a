#include "flows/datagram.h"

#include "flows/history.h"
#include "flows/unreachable.h"

uint32_t datagram_take(const struct flow_records *flow, const struct packet *packet)
{
    struct flow *hot = flow->hot;
    struct flow_side *own = &hot->side[packet->direction];
    if (!(own->flags & SIDE_HISTORY_DATA)) {
        own->flags |= SIDE_HISTORY_DATA;
        history_add(flow->cold, packet->direction, HISTORY_DATA);
    }
    own->state = ENDPOINT_ESTABLISHED;
    if (flow->sink && packet->payload_captured_len > 0)
        flow->sink->take(
            flow->sink->context, records_view(flow), packet->direction,
            &(struct reassembly_chunk){.offset = (int64_t)(own->bytes - packet->payload_wire_len),
                                       .bytes = packet->payload,
                                       .len = packet->payload_captured_len});
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
