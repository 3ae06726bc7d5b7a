/*
 * Purpose: proves that nothing was lost on the way: what was read is what was counted, by numbers
 *          that were counted apart from each other.
 * Bounds:  constant time.
 * Fails:   audit_check with -EPROTO and a sentence that names the first sum that does not come out.
 * Used by: app.
 */
#ifndef LOFLOW_REPORT_AUDIT_H
#define LOFLOW_REPORT_AUDIT_H

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "flows/flow.h"

struct audit {
    /* As the source gave them. */
    uint64_t read_packets;
    uint64_t read_bytes;
    uint64_t spared_bytes; /* that it left out, as nobody reads them; told and not checked */
    /* As decoding sorted them, one verdict a packet: TCP and UDP, ICMP errors, all else. */
    uint64_t flow_packets;
    uint64_t icmp_packets;
    uint64_t other_packets;
    uint64_t verdict_bytes;
    uint64_t payload_bytes; /* of TCP and UDP */
    /* As the flows that were told have them. */
    uint64_t told_flows;
    uint64_t told_packets;
    uint64_t told_payload_bytes;
    uint64_t told_icmp_packets; /* bound to a flow or not */
    uint64_t flows;             /* that ever were */
    uint64_t bad_flows;         /* told flows whose own numbers contradict each other */
};

/* A flow had its last word. */
void audit_add_flow(struct audit *audit, struct flow_view flow);

int audit_check(const struct audit *audit, struct err *err);

/* "3,507 packets read = 3,500 in 12 flows + 2 ICMP errors + 5 in no flow; 1,234,567 bytes ..." */
void text_add_audit(struct text *text, const struct audit *audit);

#endif
