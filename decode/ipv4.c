#include "decode/ip.h"

#define IPV4_HEADER_LEN     20u
#define IPV4_MORE_FRAGMENTS 0x2000u
#define IPV4_OFFSET         0x1fffu

bool ipv4_parse(struct ip_header *ip, struct tuple *tuple, enum verdict *verdict)
{
    struct layer *layer = &ip->payload;
    const uint8_t *header = layer_take(layer, IPV4_HEADER_LEN);
    if (!header)
        return layer_refuse(verdict, VERDICT_IP_CUT);
    uint32_t header_len = (header[0] & 0xfu) * 4;
    uint32_t total_len = load_be16(header + 2);
    if (header_len < IPV4_HEADER_LEN)
        return layer_refuse(verdict, VERDICT_IP_HEADER_LENGTH);
    if (total_len != 0 && total_len < header_len)
        return layer_refuse(verdict, VERDICT_IP_TOTAL_LENGTH);
    if (header_len > IPV4_HEADER_LEN && !layer_take(layer, header_len - IPV4_HEADER_LEN))
        return layer_refuse(verdict, VERDICT_IP_CUT);
    /* 0: the kernel left it to the network card (TSO), or 65535 was not enough (BIG TCP). */
    if (total_len != 0)
        layer_announce(layer, total_len - header_len);

    uint16_t fragment = load_be16(header + 6);
    ip->protocol = header[9];
    ip->is_fragment = (fragment & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET)) != 0;
    ip->more_fragments = (fragment & IPV4_MORE_FRAGMENTS) != 0;
    ip->fragment_offset = (uint16_t)((fragment & IPV4_OFFSET) * 8);
    ip->fragment_id = load_be16(header + 4);
    tuple->address[0] = address_from_ipv4(header + 12);
    tuple->address[1] = address_from_ipv4(header + 16);
    tuple->family = 4;
    return true;
}
