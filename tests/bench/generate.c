/*
 * Writes a capture of short-lived HTTP connections on loopback, the same one for the same numbers:
 *
 *     generate PACKETS FLOWS >FILE
 *
 * FLOWS connections are open at any time; each packet belongs to a random one of them, which is the
 * worst order for a flow table. One connection in 50 is refused, one in 10 is IPv6. A connection
 * takes the next of 28,232 client ports, and each round over them the next server port, so that a
 * tuple comes again only after 2.8 million connections.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLIENT_PORT_LOW = 32768,
    CLIENT_PORT_COUNT = 28232,
    SERVER_PORT_LOW = 8000,
    SERVER_PORT_COUNT = 100,
    LINK_SIZE = 14,
    TCP_SIZE = 32, /* with time stamps, which nearly all segments on Linux carry */
    PAYLOAD_MAX = 512,
    FRAME_MAX = LINK_SIZE + 40 + TCP_SIZE + PAYLOAD_MAX,
};

enum tcp_bits { FIN = 0x01, SYN = 0x02, RST = 0x04, PSH = 0x08, ACK = 0x10 };

/* One segment of a scene: who sends it, its flags, and how much payload. */
struct step {
    bool from_client;
    uint8_t bits;
    uint16_t payload_min, payload_max;
};

static const struct step answered[] = {
    {true, SYN, 0, 0},          {false, SYN | ACK, 0, 0}, {true, ACK, 0, 0},
    {true, PSH | ACK, 60, 140}, {false, ACK, 0, 0},       {false, PSH | ACK, 120, PAYLOAD_MAX},
    {true, ACK, 0, 0},          {true, FIN | ACK, 0, 0},  {false, FIN | ACK, 0, 0},
    {true, ACK, 0, 0},
};

static const struct step refused[] = {
    {true, SYN, 0, 0},
    {false, RST | ACK, 0, 0},
};

struct connection {
    uint32_t serial;
    uint32_t seq[2]; /* next byte of server and client, indexed by from_client */
    uint8_t at;      /* index of the next step */
    bool is_refused;
    bool is_ipv6;
};

static uint64_t random_next(uint64_t *state)
{
    /* xorshift64*, Vigna 2016 (arXiv 1402.6246). */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1DULL;
}

static uint32_t random_below(uint64_t *state, uint32_t limit)
{
    return (uint32_t)((random_next(state) >> 32) * limit >> 32);
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static void connection_begin(struct connection *connection, uint32_t serial, uint64_t *state)
{
    connection->serial = serial;
    connection->seq[0] = (uint32_t)random_next(state);
    connection->seq[1] = (uint32_t)random_next(state);
    connection->at = 0;
    connection->is_refused = random_below(state, 50) == 0;
    connection->is_ipv6 = random_below(state, 10) == 0;
}

static const struct step *connection_step(const struct connection *connection)
{
    return connection->is_refused ? &refused[connection->at] : &answered[connection->at];
}

static bool connection_is_over(const struct connection *connection)
{
    size_t count = connection->is_refused ? sizeof(refused) / sizeof(refused[0])
                                          : sizeof(answered) / sizeof(answered[0]);
    return connection->at == count;
}

/* Link and network header; returns their size. Checksums stay 0, as offload leaves them on lo. */
static uint32_t put_headers(uint8_t *frame, bool is_ipv6, uint32_t segment_size)
{
    memset(frame, 0, LINK_SIZE + 40);
    uint8_t *ip = frame + LINK_SIZE;
    if (is_ipv6) {
        put16(frame + 12, 0x86dd);
        ip[0] = 0x60;
        put16(ip + 4, segment_size);
        ip[6] = 6;
        ip[7] = 64;
        ip[23] = 1;
        ip[39] = 1;
        return LINK_SIZE + 40;
    }
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 20 + segment_size);
    ip[6] = 0x40;
    ip[8] = 64;
    ip[9] = 6;
    put32(ip + 12, 0x7f000001);
    put32(ip + 16, 0x7f000001);
    return LINK_SIZE + 20;
}

static void put_tcp(uint8_t *tcp, struct connection *connection, const struct step *step,
                    uint32_t now_ms)
{
    uint32_t client = CLIENT_PORT_LOW + connection->serial % CLIENT_PORT_COUNT;
    uint32_t server = SERVER_PORT_LOW + connection->serial / CLIENT_PORT_COUNT % SERVER_PORT_COUNT;
    put16(tcp, step->from_client ? client : server);
    put16(tcp + 2, step->from_client ? server : client);
    put32(tcp + 4, connection->seq[step->from_client]);
    put32(tcp + 8, step->bits & ACK ? connection->seq[!step->from_client] : 0);
    tcp[12] = TCP_SIZE / 4 << 4;
    tcp[13] = step->bits;
    put16(tcp + 14, 512);
    put32(tcp + 16, 0);
    put32(tcp + 20, 0x0101080a); /* two NOPs, time stamps option of ten bytes */
    put32(tcp + 24, now_ms);
    put32(tcp + 28, now_ms);
}

/* Makes the next segment of the connection; returns the size of the frame. */
static uint32_t connection_next(struct connection *connection, uint8_t *frame, uint32_t now_ms,
                                uint64_t *state)
{
    const struct step *step = connection_step(connection);
    uint32_t range = (uint32_t)(step->payload_max - step->payload_min);
    uint32_t payload = step->payload_min + (range > 0 ? random_below(state, range) : 0);
    uint32_t headers = put_headers(frame, connection->is_ipv6, TCP_SIZE + payload);
    put_tcp(frame + headers, connection, step, now_ms);
    memset(frame + headers + TCP_SIZE, 'x', payload);
    connection->seq[step->from_client] += payload + ((step->bits & (SYN | FIN)) != 0);
    connection->at++;
    return headers + TCP_SIZE + payload;
}

static bool write_file_header(FILE *file)
{
    const uint32_t header[6] = {0xa1b23c4d, 4u << 16 | 2u, 0, 0, 262144, 1};
    return fwrite(header, sizeof(header), 1, file) == 1;
}

static bool write_record(FILE *file, uint64_t time_ns, const uint8_t *frame, uint32_t size)
{
    const uint32_t header[4] = {(uint32_t)(time_ns / 1000000000u),
                                (uint32_t)(time_ns % 1000000000u), size, size};
    return fwrite(header, sizeof(header), 1, file) == 1 && fwrite(frame, size, 1, file) == 1;
}

static bool generate(uint64_t packets, struct connection *connections, uint32_t flows)
{
    uint64_t state = 0x9E3779B97F4A7C15ULL;
    uint64_t time_ns = 1700000000ULL * 1000000000u;
    uint32_t serial = 0;
    uint8_t frame[FRAME_MAX];
    for (uint32_t i = 0; i < flows; i++) {
        connection_begin(&connections[i], serial++, &state);
    }
    if (!write_file_header(stdout)) {
        return false;
    }
    for (uint64_t i = 0; i < packets; i++) {
        struct connection *connection = &connections[random_below(&state, flows)];
        time_ns += 2000 + random_below(&state, 6000);
        uint32_t size = connection_next(connection, frame, (uint32_t)(time_ns / 1000000), &state);
        if (!write_record(stdout, time_ns, frame, size)) {
            return false;
        }
        if (connection_is_over(connection)) {
            connection_begin(connection, serial++, &state);
        }
    }
    return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
    uint64_t packets = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    uint64_t flows = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (packets == 0 || flows == 0 || flows > 1u << 24) {
        fprintf(stderr, "usage: generate PACKETS FLOWS >FILE (at most 16777216 flows)\n");
        return 2;
    }
    struct connection *connections = calloc(flows, sizeof(*connections));
    if (connections == NULL || !generate(packets, connections, (uint32_t)flows)) {
        perror("generate");
        free(connections);
        return 1;
    }
    free(connections);
    return 0;
}
