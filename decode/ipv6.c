/*
 * Theory of operation: extension headers name the kind of the next one, up to a kind that is none
 * of them. All but AH and the fragment header count their length in units of 8 octets behind the
 * first 8 (RFC 8200 section 4, RFC 6564, RFC 4302 section 2.2). A payload length of 0 with a jumbo
 * payload option means that option (RFC 2675); without one it is what Linux hands to a tap before
 * segmentation offload, and the length of the frame decides.
 */
#include "decode/ip.h"

#define IPV6_HEADER_LEN   40u
#define OPTION_PAD1       0x00
#define OPTION_JUMBO      0xc2
#define FRAGMENT_OFFSET   0xfff8u
#define FRAGMENT_MORE     0x0001u
#define EXTENSION_LEN_MIN 8u

enum ipv6_extension {
    EXTENSION_HOP_BY_HOP = 0,
    EXTENSION_ROUTING = 43,
    EXTENSION_FRAGMENT = 44,
    EXTENSION_AUTHENTICATION = 51,
    EXTENSION_DESTINATION = 60,
    EXTENSION_MOBILITY = 135,
    EXTENSION_HIP = 139,
    EXTENSION_SHIM6 = 140,
};

static bool is_extension(uint8_t protocol)
{
    switch (protocol) {
    case EXTENSION_HOP_BY_HOP:
    case EXTENSION_ROUTING:
    case EXTENSION_FRAGMENT:
    case EXTENSION_AUTHENTICATION:
    case EXTENSION_DESTINATION:
    case EXTENSION_MOBILITY:
    case EXTENSION_HIP:
    case EXTENSION_SHIM6:
        return true;
    default:
        return false;
    }
}

/* The header that `layer` stands at, whole; an empty cursor when it is not all there. */
static struct bytes take_extension(struct layer *layer, uint8_t kind, enum verdict *verdict)
{
    struct layer start = *layer;
    uint32_t len = EXTENSION_LEN_MIN;
    const uint8_t *taken = layer_take(layer, EXTENSION_LEN_MIN);
    if (taken) {
        uint32_t rest = 0;
        if (kind == EXTENSION_AUTHENTICATION)
            rest = taken[1] * 4u;
        else if (kind != EXTENSION_FRAGMENT)
            rest = taken[1] * 8u;
        len += rest;
        if (layer_take(layer, rest))
            return (struct bytes){taken, len};
    }
    *verdict = len > start.wire_left ? VERDICT_IPV6_EXTENSION : VERDICT_IP_CUT;
    return (struct bytes){0};
}

/* `options` is a whole hop-by-hop header. */
static bool find_jumbo(struct bytes options, uint32_t *jumbo_len)
{
    (void)bytes_take(&options, 2);
    for (;;) {
        const uint8_t *kind = bytes_take(&options, 1);
        if (!kind)
            return false;
        if (*kind == OPTION_PAD1)
            continue;
        const uint8_t *len = bytes_take(&options, 1);
        const uint8_t *value = len ? bytes_take(&options, *len) : NULL;
        if (!value)
            return false;
        if (*kind == OPTION_JUMBO && *len == 4) {
            *jumbo_len = load_be32(value);
            return true;
        }
    }
}

static bool announce_jumbo(struct ip_header *ip, enum verdict *verdict)
{
    struct layer behind = ip->payload;
    struct bytes options = take_extension(&behind, EXTENSION_HOP_BY_HOP, verdict);
    if (!options.at)
        return false;
    uint32_t jumbo_len = 0;
    if (!find_jumbo(options, &jumbo_len))
        return true;
    if (jumbo_len < options.left)
        return layer_refuse(verdict, VERDICT_IP_TOTAL_LENGTH);
    layer_announce(&ip->payload, jumbo_len);
    return true;
}

static void read_fragment(struct ip_header *ip, const uint8_t *header)
{
    uint16_t offset = load_be16(header + 2);
    ip->fragment_offset = offset & FRAGMENT_OFFSET;
    ip->more_fragments = (offset & FRAGMENT_MORE) != 0;
    ip->fragment_id = load_be32(header + 4);
    ip->is_fragment = ip->fragment_offset != 0 || ip->more_fragments;
}

bool ipv6_walk(struct ip_header *ip, enum verdict *verdict)
{
    ip->is_fragment = false;
    for (int count = 0; count < IPV6_EXTENSION_MAX; count++) {
        uint8_t kind = ip->protocol;
        if (!is_extension(kind))
            return true;
        struct bytes header = take_extension(&ip->payload, kind, verdict);
        if (!header.at)
            return false;
        ip->protocol = header.at[0];
        if (kind == EXTENSION_FRAGMENT)
            read_fragment(ip, header.at);
        if (ip->is_fragment)
            return true;
    }
    return layer_refuse(verdict, VERDICT_IPV6_EXTENSION);
}

bool ipv6_parse(struct ip_header *ip, struct tuple *tuple, enum verdict *verdict)
{
    const uint8_t *header = layer_take(&ip->payload, IPV6_HEADER_LEN);
    if (!header)
        return layer_refuse(verdict, VERDICT_IP_CUT);
    uint16_t payload_len = load_be16(header + 4);
    ip->protocol = header[6];
    tuple->address[0] = address_from_ipv6(header + 8);
    tuple->address[1] = address_from_ipv6(header + 24);
    tuple->family = 6;
    if (payload_len != 0)
        layer_announce(&ip->payload, payload_len);
    else if (ip->protocol == EXTENSION_HOP_BY_HOP && !announce_jumbo(ip, verdict))
        return false;
    return ipv6_walk(ip, verdict);
}
