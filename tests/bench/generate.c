/*
 * Writes a capture of connections on loopback, the same one for the same numbers:
 *
 *     generate PACKETS FLOWS [paced | bulk | keepalive | payload SIZE] >FILE
 *
 * FLOWS connections are open at any time; each packet belongs to a random one of them, which is the
 * worst order for a flow table. A connection takes the next of 28,232 client ports, and each round
 * over them the next server port, so that a tuple comes again only after 2.8 million connections.
 *
 * Without a kind they are short-lived HTTP connections: one in 50 is refused, one in 10 is IPv6.
 *
 * With `paced` they are the same at the pace that 1000 of them have at a time: a packet every 5 ms, however
 * many they are. Without it a million of them wait seconds for every packet, as stuck ones do.
 *
 * With `bulk` the server of each sends 500 to 2,500 segments of 1448 bytes, in one connection of
 * 16 of 65,483 bytes, and the client acknowledges every second one. One segment in 100 is lost,
 * every other time before the capture sees it; three duplicate ACKs with SACK bring it back.
 *
 * With `keepalive` they are HTTP as a server behind a load balancer sees it: 20 to 180 requests over one
 * connection, each answered with 128 bytes to 4 KB, which the next request acknowledges two times in
 * three. Packets come in bursts: three in four are of the same connection as the one before.
 *
 * With `payload` the server of each sends 100 segments of SIZE bytes, each acknowledged at once. With a
 * SIZE of 0 both only tell of their windows.
 */
#include <limits.h>
#include <stdlib.h>

#include "tests/bench/traffic.h"

enum {
    CLIENT_PORT_LOW = 32768,
    CLIENT_PORT_COUNT = 28232,
    SERVER_PORT_LOW = 8000,
    SERVER_PORT_COUNT = 100,
    PAYLOAD_MAX = 512,
    BULK_MSS = 1448,
    BULK_LARGE = 65483,
    BULK_REQUEST = 100,
    BULK_LOSS = 100,
    BULK_DUP_ACKS = 3,
    KEPT_REQUESTS_MIN = 20,
    KEPT_REQUESTS_RANGE = 160,
    KEPT_DOUBLINGS = 5, /* of an answer's 128 bytes */
    SIZED_SENDS = 100,
    PACE_FLOWS = 1000,
};

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

/* Before and after what the server has to send. */
static const struct step bulk[] = {
    {true, SYN, 0, 0},        {false, SYN | ACK, 0, 0},
    {true, ACK, 0, 0},        {true, PSH | ACK, BULK_REQUEST, BULK_REQUEST},
    {false, FIN | ACK, 0, 0}, {true, FIN | ACK, 0, 0},
    {false, ACK, 0, 0},
};

#define BULK_SENDS 4 /* the step before which the server sends */

static const struct step kept[] = {
    {true, SYN, 0, 0},           {false, SYN | ACK, 0, 0}, {true, ACK, 0, 0},
    {true, PSH | ACK, 120, 400}, {false, PSH | ACK, 0, 0}, {true, ACK, 0, 0},
    {false, FIN | ACK, 0, 0},    {true, FIN | ACK, 0, 0},  {false, ACK, 0, 0},
};

#define KEPT_ASKS 3 /* the steps that come again and again: request, answer, perhaps an ACK */
#define KEPT_ACKS 5

static const struct step sized[] = {
    {true, SYN, 0, 0}, {false, SYN | ACK, 0, 0}, {true, ACK, 0, 0},       {false, PSH | ACK, 0, 0},
    {true, ACK, 0, 0}, {false, FIN | ACK, 0, 0}, {true, FIN | ACK, 0, 0}, {false, ACK, 0, 0},
};

#define SIZED_ACKS 4

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct connection {
    uint32_t serial;
    uint32_t seq[2]; /* next byte of server and client, indexed by from_client */
    uint8_t at;      /* index of the next step */
    bool is_refused;
    bool is_ipv6;
    uint8_t unacked;  /* bulk: segments since the client's latest ACK */
    uint8_t dup_acks; /* bulk: since the loss */
    uint32_t left;    /* segments or requests to be sent */
    uint32_t len;     /* of a segment */
    uint32_t lost;    /* bulk: sequence number of what is missing */
    bool has_lost;
};

static uint8_t payload[BULK_LARGE];

static uint32_t payload_size; /* what the command line says */

static void connection_begin(struct connection *connection, uint32_t serial, uint64_t *state)
{
    *connection = (struct connection){.serial = serial};
    connection->seq[0] = (uint32_t)random_next(state);
    connection->seq[1] = (uint32_t)random_next(state);
    connection->is_refused = random_below(state, 50) == 0;
    connection->is_ipv6 = random_below(state, 10) == 0;
}

static void transfer_begin(struct connection *connection, uint32_t serial, uint64_t *state)
{
    connection_begin(connection, serial, state);
    connection->left = 500 + random_below(state, 2000);
    connection->len = serial % 16 == 0 ? BULK_LARGE : BULK_MSS;
}

static struct segment segment_of(const struct connection *connection, bool from_client)
{
    uint32_t client = CLIENT_PORT_LOW + connection->serial % CLIENT_PORT_COUNT;
    uint32_t server = SERVER_PORT_LOW + connection->serial / CLIENT_PORT_COUNT % SERVER_PORT_COUNT;
    return (struct segment){
        .address = {SEGMENT_LOOPBACK, SEGMENT_LOOPBACK},
        .port = {(uint16_t)(from_client ? client : server),
                 (uint16_t)(from_client ? server : client)},
        .seq = connection->seq[from_client],
        .ack = connection->seq[!from_client],
        .payload = payload,
        .is_ipv6 = connection->is_ipv6,
    };
}

/* Makes the segment of a step. */
static struct segment connection_step(struct connection *connection, const struct step *step,
                                      uint64_t *state)
{
    struct segment segment = segment_of(connection, step->from_client);
    uint32_t range = (uint32_t)(step->payload_max - step->payload_min);
    segment.payload_len = step->payload_min + (range > 0 ? random_below(state, range) : 0);
    segment.bits = step->bits;
    connection->seq[step->from_client] += segment.payload_len + ((step->bits & (SYN | FIN)) != 0);
    connection->at++;
    return segment;
}

static struct segment connection_next(struct connection *connection, uint64_t *state)
{
    const struct step *steps = connection->is_refused ? refused : answered;
    return connection_step(connection, &steps[connection->at], state);
}

static bool connection_is_over(const struct connection *connection)
{
    return connection->at == (connection->is_refused ? COUNT(refused) : COUNT(answered));
}

static struct segment transfer_ack(struct connection *connection)
{
    struct segment segment = segment_of(connection, true);
    segment.bits = ACK;
    connection->unacked = 0;
    if (connection->has_lost) {
        segment.ack = connection->lost;
        segment.sack[0] = connection->lost + connection->len;
        segment.sack[1] = connection->seq[0];
        connection->dup_acks++;
    }
    return segment;
}

static struct segment transfer_data(struct connection *connection, uint64_t *state)
{
    struct segment segment = segment_of(connection, false);
    segment.bits = ACK;
    segment.payload_len = connection->len;
    connection->unacked++;
    if (connection->dup_acks == BULK_DUP_ACKS) {
        segment.seq = connection->lost;
        connection->has_lost = false;
        connection->dup_acks = 0;
        connection->unacked++; /* what fills a gap is acknowledged at once, RFC 5681 section 4.2 */
        return segment;
    }
    bool loses = !connection->has_lost && connection->left > BULK_DUP_ACKS + 1 &&
                 random_below(state, BULK_LOSS) == 0;
    if (loses) {
        connection->has_lost = true;
        connection->lost = connection->seq[0];
        connection->unacked = 0;
    }
    if (loses && random_below(state, 2) == 0) {
        connection->seq[0] += connection->len;
        connection->left--;
        segment.seq = connection->seq[0];
        connection->unacked = 1;
    }
    connection->seq[0] += connection->len;
    connection->left--;
    return segment;
}

static struct segment transfer_next(struct connection *connection, uint64_t *state)
{
    uint8_t patience = connection->has_lost ? 1 : 2;
    if (connection->at == BULK_SENDS && connection->unacked >= patience &&
        connection->dup_acks < BULK_DUP_ACKS)
        return transfer_ack(connection);
    if (connection->at == BULK_SENDS && (connection->left > 0 || connection->has_lost))
        return transfer_data(connection, state);
    return connection_step(connection, &bulk[connection->at], state);
}

static bool transfer_is_over(const struct connection *connection)
{
    return connection->at == COUNT(bulk);
}

static void kept_begin(struct connection *connection, uint32_t serial, uint64_t *state)
{
    connection_begin(connection, serial, state);
    connection->left = KEPT_REQUESTS_MIN + random_below(state, KEPT_REQUESTS_RANGE);
}

/* Messages of `size` bytes, whole as a parser wants them, filled up with x. */
static uint8_t message[2 * (128 << KEPT_DOUBLINGS)];

static const uint8_t *http_request(uint32_t size)
{
    static const char begin[] =
        "GET /items HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nCookie: s=";
    static const uint8_t end[] = {'\r', '\n', '\r', '\n'};
    memset(message, 'x', size);
    memcpy(message, begin, sizeof(begin) - 1);
    memcpy(message + size - sizeof(end), end, sizeof(end));
    return message;
}

static const uint8_t *http_answer(uint32_t size)
{
    static const char begin[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ";
    char head[sizeof(begin) + 16];
    uint32_t body =
        size - (uint32_t)(sizeof(begin) - 1 + 5 + 4); /* five digits, two ends of line */
    int len = snprintf(head, sizeof(head), "%s%05u\r\n\r\n", begin, (unsigned)body);
    memset(message, 'x', size);
    memcpy(message, head, (size_t)len);
    return message;
}

static struct segment kept_next(struct connection *connection, uint64_t *state)
{
    struct step step = kept[connection->at];
    bool is_answer = connection->at == KEPT_ACKS - 1;
    if (is_answer) {
        uint32_t least = 128u << random_below(state, KEPT_DOUBLINGS);
        step.payload_min = (uint16_t)(least + random_below(state, least));
        step.payload_max = step.payload_min;
    }
    struct segment segment = connection_step(connection, &step, state);
    if (segment.payload_len > 0)
        segment.payload =
            step.from_client ? http_request(segment.payload_len) : http_answer(segment.payload_len);
    bool is_done = is_answer ? random_below(state, 3) > 0 : connection->at == KEPT_ACKS + 1;
    if (is_done && connection->left > 0) {
        connection->left--;
        connection->at = KEPT_ASKS;
    }
    return segment;
}

static bool kept_is_over(const struct connection *connection)
{
    return connection->at == COUNT(kept);
}

static void sized_begin(struct connection *connection, uint32_t serial, uint64_t *state)
{
    connection_begin(connection, serial, state);
    connection->left = SIZED_SENDS;
}

static struct segment sized_next(struct connection *connection, uint64_t *state)
{
    struct step step = sized[connection->at];
    if (connection->at == SIZED_ACKS - 1) {
        step.payload_min = step.payload_max = (uint16_t)payload_size;
        connection->left--;
    }
    struct segment segment = connection_step(connection, &step, state);
    if (payload_size == 0)
        segment.window = (uint16_t)(256 + connection->left);
    if (connection->at == SIZED_ACKS + 1 && connection->left > 0)
        connection->at = SIZED_ACKS - 1;
    return segment;
}

static bool sized_is_over(const struct connection *connection)
{
    return connection->at == COUNT(sized);
}

/* What the connections of a capture do. */
struct scene {
    const char *name;
    uint32_t stays; /* of four packets, so many are of the same connection as the one before */
    bool is_paced;
    void (*begin)(struct connection *connection, uint32_t serial, uint64_t *state);
    struct segment (*next)(struct connection *connection, uint64_t *state);
    bool (*is_over)(const struct connection *connection);
};

static const struct scene scenes[] = {
    {"short", 0, false, connection_begin, connection_next, connection_is_over},
    {"paced", 0, true, connection_begin, connection_next, connection_is_over},
    {"bulk", 0, false, transfer_begin, transfer_next, transfer_is_over},
    {"keepalive", 3, false, kept_begin, kept_next, kept_is_over},
    {"payload", 0, false, sized_begin, sized_next, sized_is_over},
};

static const struct scene *scene_find(const char *name)
{
    for (size_t i = 0; i < COUNT(scenes); i++) {
        if (strcmp(scenes[i].name, name) == 0)
            return &scenes[i];
    }
    return NULL;
}

static bool generate(const struct scene *scene, uint64_t packets, struct connection *connections,
                     uint32_t flows)
{
    uint64_t state = 0x9E3779B97F4A7C15ULL;
    uint64_t time_ns = 1700000000ULL * 1000000000u;
    uint32_t serial = 0;
    uint32_t at = 0;
    memset(payload, 'x', sizeof(payload));
    for (uint32_t i = 0; i < flows; i++) {
        scene->begin(&connections[i], serial++, &state);
    }
    if (!segment_write_file_header(stdout)) {
        return false;
    }
    for (uint64_t i = 0; i < packets; i++) {
        if (scene->stays == 0 || random_below(&state, 4) >= scene->stays)
            at = random_below(&state, flows);
        struct connection *connection = &connections[at];
        uint64_t gap_ns = 2000 + random_below(&state, 6000);
        time_ns += scene->is_paced ? gap_ns * PACE_FLOWS / flows : gap_ns;
        struct segment segment = scene->next(connection, &state);
        if (!segment_write(stdout, time_ns, &segment)) {
            return false;
        }
        if (scene->is_over(connection)) {
            scene->begin(connection, serial++, &state);
        }
    }
    return fflush(stdout) == 0;
}

/* A whole number up to `limit`; the limit and one more when it is none. */
static uint64_t number(const char *word, uint64_t limit)
{
    char *end = NULL;
    unsigned long long value = strtoull(word, &end, 10);
    bool good = *word >= '0' && *word <= '9' && *end == '\0' && value <= limit;
    return good ? value : limit + 1;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: generate PACKETS FLOWS [paced | bulk | keepalive | payload SIZE] >FILE\n"
            "       at most 16777216 flows, a size of at most 65483\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 3 || argc > 5)
        return usage();
    const struct scene *scene = scene_find(argc > 3 ? argv[3] : "short");
    uint64_t packets = number(argv[1], LONG_MAX);
    uint64_t flows = number(argv[2], 1u << 24);
    uint64_t size = argc > 4 ? number(argv[4], BULK_LARGE) : 0;
    bool has_size = scene && strcmp(scene->name, "payload") == 0;
    if (!scene || has_size != (argc > 4) || packets == 0 || packets > LONG_MAX || flows == 0 ||
        flows > 1u << 24 || size > BULK_LARGE)
        return usage();
    payload_size = (uint32_t)size;
    struct connection *connections = calloc(flows, sizeof(*connections));
    if (connections == NULL || !generate(scene, packets, connections, (uint32_t)flows)) {
        perror("generate");
        free(connections);
        return 1;
    }
    free(connections);
    return 0;
}
