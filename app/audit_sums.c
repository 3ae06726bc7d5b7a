#include "app/audit_sums.h"

void audit_sum(struct audit *audit, const struct decode_stats *decoded,
               const struct tracker_stats *flows)
{
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        audit->verdict_bytes += decoded->verdict_bytes[verdict];
        if (verdict == VERDICT_TCP || verdict == VERDICT_UDP)
            audit->flow_packets += decoded->verdicts[verdict];
        else if (verdict == VERDICT_ICMP_ERROR)
            audit->icmp_packets += decoded->verdicts[verdict];
        else
            audit->other_packets += decoded->verdicts[verdict];
    }
    audit->payload_bytes = decoded->payload_bytes;
    audit->told_icmp_packets = flows->icmp_bound + flows->icmp_unbound;
    audit->flows = flows->flows;
}
