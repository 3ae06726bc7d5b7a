#include "capture/sparing.h"

#include "base/bytes.h"
#include "capture/program.h"

/* A call to the system costs as much as to copy some 7 KB; packets below this gain next to nothing. */
#define LONG_LEN (16u << 10)

/* More payload than that is not worth looking for. */
#define PAYLOAD_MOST 1024u

#define ETHERNET_LEN   14u
#define ETHERTYPE_IPV4 0x0800u
#define ETHERTYPE_IPV6 0x86ddu
#define IPV4_LEN       20u
#define IPV4_FRAGMENT  0x3fffu /* more fragments, or an offset */
#define IPV6_LEN       40u
#define PROTOCOL_TCP   6u
#define PROTOCOL_UDP   17u
#define TCP_LEN        20u
#define UDP_LEN        8u

void sparing_begin(struct sparing *sparing)
{
    *sparing = (struct sparing){.least = UINT32_MAX};
}

void sparing_keep(struct sparing *sparing, uint32_t payload_len)
{
    sparing->payload_len = payload_len;
    sparing->least = payload_len <= PAYLOAD_MOST ? LONG_LEN : UINT32_MAX;
}

/* Bytes before the payload of TCP or UDP; 0: it is neither, or something is odd about it. At least
 * PROGRAM_HEADERS_MAX bytes are there. */
static uint32_t headers_len(const uint8_t *frame)
{
    const uint8_t *ip = frame + ETHERNET_LEN;
    uint16_t type = load_be16(ip - 2);
    uint32_t ip_len = IPV6_LEN;
    uint8_t protocol = ip[6];
    if (type == ETHERTYPE_IPV4 && ip[0] >> 4 == 4 && !(load_be16(ip + 6) & IPV4_FRAGMENT)) {
        ip_len = (ip[0] & 15u) * 4;
        protocol = ip[9];
    } else if (type != ETHERTYPE_IPV6 || ip[0] >> 4 != 6) {
        return 0;
    }
    if (ip_len < IPV4_LEN)
        return 0;
    uint32_t before = ETHERNET_LEN + ip_len;
    if (protocol == PROTOCOL_UDP)
        return before + UDP_LEN;
    uint32_t tcp_len = (ip[ip_len + 12] >> 4) * 4u;
    return protocol == PROTOCOL_TCP && tcp_len >= TCP_LEN ? before + tcp_len : 0;
}

uint32_t sparing_leave(const struct sparing *sparing, struct window *window,
                       const struct sparing_record *record)
{
    uint32_t whole = record->captured_len;
    uint32_t most = PROGRAM_HEADERS_MAX + sparing->payload_len;
    if (whole < sparing->least || record->wire_len < whole ||
        window_has(window, record->head_len + most, record->is_first) != WINDOW_READY)
        return whole;
    uint32_t headers = headers_len(window_at(window) + record->head_len);
    uint32_t kept = headers + sparing->payload_len;
    if (headers == 0 || !window_leave(window, record->size, record->head_len + kept, SPARING_TAIL))
        return whole;
    return kept;
}

void sparing_note(struct sparing *sparing, const struct sparing_record *record, uint32_t kept)
{
    if (kept >= record->captured_len)
        return;
    sparing->packets += record->captured_len == record->wire_len;
    sparing->bytes += record->captured_len - kept;
}

void sparing_stats(const struct sparing *sparing, struct source_stats *stats)
{
    stats->spared_packets = sparing->packets;
    stats->spared_bytes = sparing->bytes;
}
