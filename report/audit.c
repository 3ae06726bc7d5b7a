#include "report/audit.h"

#include <errno.h>

/* Distinct bytes cannot be more than all bytes, and a stream is what was seen of it and what was
 * not. */
static bool is_sound(struct flow_view flow, unsigned side)
{
    const struct flow_side *own = &flow.hot->side[side];
    if (flow.hot->flags & FLOW_FLAG_HOLES_DENIED)
        return true;
    int64_t span = own->stream_end - flow.cold->rare[side].stream_begin;
    return own->unique_bytes <= own->bytes && span >= 0 && own->unique_bytes <= (uint64_t)span &&
           flow.cold->rare[side].uncaptured <= flow_missed_bytes(flow, side);
}

void audit_add_flow(struct audit *audit, struct flow_view flow)
{
    audit->told_flows++;
    for (unsigned side = 0; side < 2; side++) {
        audit->told_packets += flow.hot->side[side].packets;
        audit->told_payload_bytes += flow.hot->side[side].bytes;
    }
    if (flow_is_tcp(flow) && !(is_sound(flow, 0) && is_sound(flow, 1)))
        audit->bad_flows++;
}

int audit_check(const struct audit *audit, struct err *err)
{
    const struct {
        const char *what;
        uint64_t one, other;
    } sums[] = {
        {"packets read, packets with a verdict", audit->read_packets,
         audit->flow_packets + audit->icmp_packets + audit->other_packets},
        {"bytes read, bytes under verdicts", audit->read_bytes, audit->verdict_bytes},
        {"TCP and UDP packets, packets of flows", audit->flow_packets, audit->told_packets},
        {"payload bytes, payload bytes of flows", audit->payload_bytes, audit->told_payload_bytes},
        {"ICMP errors, ICMP errors looked up", audit->icmp_packets, audit->told_icmp_packets},
        {"flows, flows told", audit->flows, audit->told_flows},
        {"flows that contradict themselves, none", audit->bad_flows, 0},
    };
    for (size_t at = 0; at < sizeof sums / sizeof sums[0]; at++) {
        if (sums[at].one != sums[at].other)
            return err_set(
                err, EPROTO,
                "audit failed (%s): %llu is not %llu; the numbers of this run are wrong, "
                "please report it with the capture",
                sums[at].what, (unsigned long long)sums[at].one,
                (unsigned long long)sums[at].other);
    }
    return 0;
}

void text_add_audit(struct text *text, const struct audit *audit)
{
    text_add_grouped(text, audit->read_packets);
    text_add_string(text, " packets read = ");
    text_add_grouped(text, audit->told_packets);
    text_add_string(text, " in ");
    text_add_grouped(text, audit->told_flows);
    text_add_string(text, audit->told_flows == 1 ? " flow + " : " flows + ");
    text_add_grouped(text, audit->icmp_packets);
    text_add_string(text, " ICMP errors + ");
    text_add_grouped(text, audit->other_packets);
    text_add_string(text, " in no flow; ");
    text_add_grouped(text, audit->read_bytes);
    text_add_string(text, " bytes captured, ");
    if (audit->spared_bytes > 0) {
        text_add_grouped(text, audit->spared_bytes);
        text_add_string(text, " left out that nobody reads, ");
    }
    text_add_grouped(text, audit->told_payload_bytes);
    text_add_string(text, " payload bytes in flows");
}
