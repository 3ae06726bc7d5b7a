/*
 * An ICMP error quotes the packet it is about: its IP header and at least the first 8 bytes behind
 * it (RFC 792, RFC 1122 section 3.2.2, RFC 4443 section 2.4), which are the ports and, for TCP, the
 * sequence number. That is all there is to know which flow it means.
 */
#include "decode/ip.h"
#include "decode/transport.h"

#define ICMP_HEADER_LEN 8u
#define QUOTE_LEN_MIN   8u

static bool is_error(uint8_t family, uint8_t type)
{
    if (family == 6)
        return type >= 1 && type <= 4;
    return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

/* Goes on behind the header of a first fragment, which IPv6 may follow with more of its own. */
static bool open_first_fragment(struct ip_header *quote, uint8_t family, enum verdict *verdict)
{
    if (quote->fragment_offset != 0)
        return layer_refuse(verdict, VERDICT_ICMP_OTHER);
    if (family == 6 && (!ipv6_walk(quote, verdict) || quote->is_fragment))
        return layer_refuse(verdict, VERDICT_ICMP_QUOTE);
    return true;
}

enum verdict icmp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet)
{
    uint8_t family = packet->tuple.family;
    const uint8_t *header = layer_take(layer, ICMP_HEADER_LEN);
    if (!header)
        return VERDICT_ICMP_CUT;
    if (!is_error(family, header[0]))
        return VERDICT_ICMP_OTHER;

    struct ip_header quote = {.payload = *layer};
    enum verdict verdict = VERDICT_ICMP_QUOTE;
    if (!ip_parse(&quote, &packet->tuple, &verdict) || packet->tuple.family != family)
        return VERDICT_ICMP_QUOTE;
    if (quote.is_fragment && !open_first_fragment(&quote, family, &verdict))
        return verdict;
    if (quote.protocol != PROTOCOL_TCP && quote.protocol != PROTOCOL_UDP)
        return VERDICT_ICMP_OTHER;
    const uint8_t *quoted = layer_take(&quote.payload, QUOTE_LEN_MIN);
    if (!quoted)
        return VERDICT_ICMP_QUOTE;

    packet->kind = PACKET_ICMP_ERROR;
    packet->icmp_type = header[0];
    packet->icmp_code = header[1];
    packet->payload = NULL;
    packet->payload_captured_len = 0;
    packet->payload_wire_len = 0;
    transport_clear_tcp(packet);
    if (quote.protocol == PROTOCOL_TCP)
        packet->seq = load_be32(quoted + 4);
    transport_name(packet, quoted, quote.protocol, key);
    return VERDICT_ICMP_ERROR;
}
