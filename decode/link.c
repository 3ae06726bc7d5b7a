/*
 * Theory of operation: every link type ends in one of three ways of naming what follows: an
 * EtherType, a PPP protocol number or an address family. Tags, labels and PPPoE lead from one
 * EtherType to the next, so they are a loop and cost nothing where there are none. The IP version
 * is taken from the IP header alone: the link layer may be wrong about it, or silent (MPLS).
 *
 * Sources: https://www.tcpdump.org/linktypes.html; IEEE 802.1Q and 802.1ad (tags), RFC 1042 (SNAP),
 * RFC 2516 (PPPoE), RFC 1661 and 1662 (PPP), RFC 3032 and 5332 (MPLS).
 */
#include "decode/link.h"

enum ppp_protocol {
    PPP_IPV4 = 0x0021,
    PPP_IPV6 = 0x0057,
    PPP_MPLS = 0x0281,
    PPP_MPLS_MULTICAST = 0x0283,
};

#define LLC_SAP_IP   0x06
#define LLC_SAP_SNAP 0xaa
#define LLC_UI       0x03

static bool pop_labels(struct layer *layer, enum verdict *verdict)
{
    for (int label = 0; label < LINK_TAG_MAX; label++) {
        const uint8_t *entry = layer_take(layer, 4);
        if (!entry)
            return layer_refuse(verdict, VERDICT_LINK_CUT);
        if (!(entry[2] & 1))
            continue;
        if (layer->bytes.left == 0)
            return layer_refuse(verdict, VERDICT_IP_CUT);
        /* Nothing names the content; other versions are pseudowires, not broken IP. */
        uint8_t version = layer->bytes.at[0] >> 4;
        return version == 4 || version == 6 || layer_refuse(verdict, VERDICT_NOT_IP);
    }
    return layer_refuse(verdict, VERDICT_NOT_IP);
}

static bool open_ppp(struct layer *layer, enum verdict *verdict)
{
    const uint8_t *first = layer_take(layer, 1);
    if (!first)
        return layer_refuse(verdict, VERDICT_LINK_CUT);
    uint16_t protocol = first[0];
    /* Protocol numbers end in an odd octet; an odd first one is a compressed number. */
    if (!(protocol & 1)) {
        const uint8_t *second = layer_take(layer, 1);
        if (!second)
            return layer_refuse(verdict, VERDICT_LINK_CUT);
        protocol = (uint16_t)(protocol << 8 | second[0]);
    }
    if (protocol == PPP_MPLS || protocol == PPP_MPLS_MULTICAST)
        return pop_labels(layer, verdict);
    return protocol == PPP_IPV4 || protocol == PPP_IPV6 || layer_refuse(verdict, VERDICT_NOT_IP);
}

/* Finds the EtherType behind an 802.2 header; IP straight in LLC counts as EtherType IPv4. */
static bool open_llc(struct layer *layer, uint16_t *type, enum verdict *verdict)
{
    const uint8_t *llc = layer_take(layer, 3);
    if (!llc)
        return layer_refuse(verdict, VERDICT_LINK_CUT);
    if (llc[2] != LLC_UI)
        return layer_refuse(verdict, VERDICT_NOT_IP);
    if (llc[0] == LLC_SAP_IP && llc[1] == LLC_SAP_IP) {
        *type = ETHERTYPE_IPV4;
        return true;
    }
    if (llc[0] != LLC_SAP_SNAP || llc[1] != LLC_SAP_SNAP)
        return layer_refuse(verdict, VERDICT_NOT_IP);
    const uint8_t *snap = layer_take(layer, 5);
    if (!snap)
        return layer_refuse(verdict, VERDICT_LINK_CUT);
    if (snap[0] || snap[1] || snap[2])
        return layer_refuse(verdict, VERDICT_NOT_IP);
    *type = load_be16(snap + 3);
    return true;
}

static bool follow_ethertype(struct layer *layer, uint16_t type, enum verdict *verdict)
{
    for (int tag = 0; tag < LINK_TAG_MAX; tag++) {
        if (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6)
            return true;
        const uint8_t *header = NULL;
        switch (type) {
        case ETHERTYPE_VLAN:
        case ETHERTYPE_PROVIDER_VLAN:
        case ETHERTYPE_OLD_QINQ:
            header = layer_take(layer, 4);
            if (!header)
                return layer_refuse(verdict, VERDICT_LINK_CUT);
            type = load_be16(header + 2);
            break;
        case ETHERTYPE_PPPOE_SESSION:
            header = layer_take(layer, 6);
            if (!header)
                return layer_refuse(verdict, VERDICT_LINK_CUT);
            layer_announce(layer, load_be16(header + 4));
            return open_ppp(layer, verdict);
        case ETHERTYPE_MPLS:
        case ETHERTYPE_MPLS_MULTICAST:
            return pop_labels(layer, verdict);
        case ETHERTYPE_ARP:
            return layer_refuse(verdict, VERDICT_ARP);
        default:
            if (type > ETHERTYPE_LENGTH_MAX)
                return layer_refuse(verdict, VERDICT_NOT_IP);
            if (!open_llc(layer, &type, verdict))
                return false;
        }
    }
    return layer_refuse(verdict, VERDICT_NOT_IP);
}

static bool open_ppp_framed(struct layer *layer, enum verdict *verdict)
{
    const uint8_t *at = layer->bytes.at;
    if (layer->bytes.left >= 2 && at[0] == 0xff && at[1] == 0x03)
        (void)layer_take(layer, 2);
    return open_ppp(layer, verdict);
}

/* The family is in the byte order of whoever captured (NULL) or in network order (LOOP); IPv6 has
 * another number on every system. Some writers put an EtherType into the lower half instead. */
static bool open_family(struct layer *layer, enum verdict *verdict)
{
    const uint8_t *header = layer_take(layer, 4);
    if (!header)
        return layer_refuse(verdict, VERDICT_LINK_CUT);
    uint32_t family = load_le32(header);
    if (family > UINT16_MAX)
        family = load_be32(header);
    switch (family) {
    case 2:  /* IPv4, everywhere */
    case 10: /* IPv6: Linux */
    case 24: /* NetBSD, OpenBSD */
    case 28: /* FreeBSD */
    case 30: /* macOS */
        return true;
    default:
        break;
    }
    uint16_t type = load_be16(header + 2);
    if (type <= ETHERTYPE_LENGTH_MAX)
        return layer_refuse(verdict, VERDICT_NOT_IP);
    return follow_ethertype(layer, type, verdict);
}

/* A header of `len` bytes with the EtherType at `type_at`. */
static bool open_header(struct layer *layer, uint32_t len, uint32_t type_at, enum verdict *verdict)
{
    const uint8_t *header = layer_take(layer, len);
    if (!header)
        return layer_refuse(verdict, VERDICT_LINK_CUT);
    return follow_ethertype(layer, load_be16(header + type_at), verdict);
}

bool link_find_ip(struct layer *layer, uint16_t link_type, enum verdict *verdict)
{
    switch (link_type) {
    case LINK_ETHERNET:
        return open_header(layer, LINK_ETHERNET_LEN, LINK_ETHERNET_LEN - 2, verdict);
    case LINK_NULL:
    case LINK_LOOP:
        return open_family(layer, verdict);
    case LINK_RAW:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
        return true;
    case LINK_LINUX_SLL:
        return open_header(layer, 16, 14, verdict);
    case LINK_LINUX_SLL2:
        return open_header(layer, 20, 0, verdict);
    case LINK_PPP:
    case LINK_PPP_HDLC:
        return open_ppp_framed(layer, verdict);
    case LINK_CISCO_HDLC:
        return open_header(layer, 4, 2, verdict);
    default:
        return layer_refuse(verdict, VERDICT_LINK_UNKNOWN);
    }
}
