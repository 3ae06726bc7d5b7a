#include "decode/transport.h"

#define UDP_HEADER_LEN 8u

enum verdict udp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet)
{
    const uint8_t *header = layer_take(layer, UDP_HEADER_LEN);
    if (!header)
        return VERDICT_UDP_CUT;
    uint16_t announced = load_be16(header + 4);
    uint32_t payload_len = layer->wire_left;
    /* 0: a jumbogram (RFC 2675 section 4), or a datagram before fragmentation offload. */
    if (announced != 0) {
        if (announced < UDP_HEADER_LEN)
            return VERDICT_UDP_LENGTH;
        payload_len = announced - UDP_HEADER_LEN;
    }
    packet->kind = PACKET_UDP;
    packet->icmp_type = 0;
    packet->icmp_code = 0;
    transport_clear_tcp(packet);
    transport_name(packet, header, PROTOCOL_UDP, key);
    transport_carry(packet, layer, payload_len);
    return VERDICT_UDP;
}
