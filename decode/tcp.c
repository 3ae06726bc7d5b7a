/*
 * Source: RFC 9293 section 3.1 and 3.2 (header, options). Options of a known kind but of a wrong
 * length are passed over, as Linux does; a length that leads nowhere ends the list.
 *
 * A snap length may cut the header. A segment that still has its ports, sequence numbers, flags and
 * window is worth more in its flow than among the undecoded, so it is taken.
 */
#include "decode/transport.h"

#define TCP_HEADER_LEN       20u
#define TCP_HEADER_LEN_TAKEN 16u /* up to and with the window */
#define WINDOW_SCALE_MAX     14  /* RFC 7323 section 2.3 */
#define FAST_OPEN_MAGIC      0xf989u

enum tcp_option_kind {
    KIND_END = 0,
    KIND_NOP = 1,
    KIND_MSS = 2,
    KIND_WINDOW_SCALE = 3,
    KIND_SACK_PERMITTED = 4,
    KIND_SACK = 5,
    KIND_TIMESTAMPS = 8,
    KIND_MPTCP = 30,
    KIND_FAST_OPEN = 34,
    KIND_EXPERIMENT = 254,
};

static void read_timestamps(struct packet *packet, const uint8_t *value)
{
    packet->timestamp = load_be32(value);
    packet->timestamp_echo = load_be32(value + 4);
    packet->options |= TCP_OPTION_TIMESTAMPS;
}

static void read_sack(struct packet *packet, const uint8_t *value, uint8_t len)
{
    uint8_t count = len / 8;
    if (len % 8 != 0 || count == 0 || count > TCP_SACK_MAX)
        return;
    for (uint8_t block = 0; block < count; block++, value += 8) {
        packet->sack[block][0] = load_be32(value);
        packet->sack[block][1] = load_be32(value + 4);
    }
    packet->sack_count = count;
    packet->options |= TCP_OPTION_SACK;
}

static bool is_fast_open(uint8_t kind, const uint8_t *value, uint8_t len)
{
    return kind == KIND_FAST_OPEN ||
           (kind == KIND_EXPERIMENT && len >= 2 && load_be16(value) == FAST_OPEN_MAGIC);
}

/* `value` holds the `len` bytes behind kind and length. */
static void read_option(struct packet *packet, uint8_t kind, const uint8_t *value, uint8_t len)
{
    if (kind == KIND_MSS && len == 2) {
        packet->mss = load_be16(value);
        packet->options |= TCP_OPTION_MSS;
    } else if (kind == KIND_WINDOW_SCALE && len == 1) {
        packet->window_scale = value[0] < WINDOW_SCALE_MAX ? value[0] : WINDOW_SCALE_MAX;
        packet->options |= TCP_OPTION_WINDOW_SCALE;
    } else if (kind == KIND_SACK_PERMITTED && len == 0) {
        packet->options |= TCP_OPTION_SACK_PERMITTED;
    } else if (kind == KIND_SACK) {
        read_sack(packet, value, len);
    } else if (kind == KIND_TIMESTAMPS && len == 8) {
        read_timestamps(packet, value);
    } else if (kind == KIND_MPTCP && len >= 1) {
        packet->options |= TCP_OPTION_MPTCP;
    } else if (is_fast_open(kind, value, len)) {
        packet->options |= TCP_OPTION_FAST_OPEN;
    }
}

static void read_options(struct packet *packet, struct bytes list)
{
    for (;;) {
        const uint8_t *kind = bytes_take(&list, 1);
        if (!kind || *kind == KIND_END)
            return;
        if (*kind == KIND_NOP)
            continue;
        const uint8_t *len = bytes_take(&list, 1);
        const uint8_t *value = len && *len >= 2 ? bytes_take(&list, *len - 2u) : NULL;
        if (!value) {
            packet->options |= TCP_OPTION_MALFORMED;
            return;
        }
        read_option(packet, *kind, value, (uint8_t)(*len - 2));
    }
}

void tcp_read_options(struct packet *packet, const uint8_t *list, uint32_t len)
{
    read_options(packet, (struct bytes){list, len});
}

enum verdict tcp_decode(struct layer *layer, const struct hash_key *key, struct packet *packet)
{
    if (layer->wire_left < TCP_HEADER_LEN || layer->bytes.left < TCP_HEADER_LEN_TAKEN)
        return VERDICT_TCP_CUT;
    uint32_t wire_len = layer->wire_left;
    const uint8_t *header = layer->bytes.at;
    uint32_t header_len = (uint32_t)(header[12] >> 4) * 4;
    if (header_len < TCP_HEADER_LEN || header_len > wire_len)
        return VERDICT_TCP_HEADER_LENGTH;

    packet->kind = PACKET_TCP;
    packet->seq = load_be32(header + 4);
    packet->ack = load_be32(header + 8);
    packet->flags = load_be16(header + 12) & TCP_FLAGS;
    packet->window = load_be16(header + 14);
    packet->urgent = layer->bytes.left >= TCP_HEADER_LEN ? load_be16(header + 18) : 0;
    packet->options = 0;
    packet->timestamp = 0;
    packet->timestamp_echo = 0;
    packet->mss = 0;
    packet->window_scale = 0;
    packet->sack_count = 0;
    packet->icmp_type = 0;
    packet->icmp_code = 0;
    transport_name(packet, header, PROTOCOL_TCP, key);

    struct bytes list = layer->bytes;
    bytes_limit(&list, header_len);
    if (list.left < header_len && header_len > TCP_HEADER_LEN)
        packet->options |= TCP_OPTION_MALFORMED;
    if (bytes_take(&list, TCP_HEADER_LEN))
        read_options(packet, list);
    (void)bytes_take(&layer->bytes,
                     layer->bytes.left < header_len ? layer->bytes.left : header_len);
    transport_carry(packet, layer, wire_len - header_len);
    return VERDICT_TCP;
}
