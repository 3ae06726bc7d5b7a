/*
 * Writes a capture that is made to cost memory or time, the same one for the same words:
 *
 *     hostile KIND COUNT >FILE
 *
 * COUNT is the number of packets. KIND says what they are:
 *     overlap    ranges sent again with other bytes, in part, ahead of their turn, byte by byte
 *     gaps       every other segment is missing for good, the peer acknowledges some; wild numbers
 *     falling    sequence numbers that fall, a gap between, in a connection without beginning;
 *                then the highest gap is filled byte by byte
 *     halfopen   SYNs of connections that never are; one in four is answered
 *     wrap       sequence numbers that cross 2^32, over and over, with reordering there
 *     jumbo      segments of 64 KB and of 200 KB (IPv4 length 0), in the wrong order
 *     early      bytes ahead of their turn, one a segment and with gaps between, sent twice
 *     detail     connections that carried payload, all of them open
 *     fragments  first, middle and last parts of datagrams of which one part never comes
 *     events     connections that are refused, reset and answered with ICMP errors, each with another tuple
 *     clock      connections whose time stamps jump to and fro by hours
 */
#include <stdlib.h>

#include "tests/bench/traffic.h"

enum {
    MSS = 1448,
    OVERLAP_FLOWS = 64,
    OVERLAP_BACK = 65536,
    OVERLAP_AHEAD = 4000,
    GAPS_FLOWS_MAX = 256,
    GAPS_PACKETS = 1200, /* of a connection: more holes and pieces than it may have */
    FALLING_GAPS_MAX = 60000,
    WRAP_FLOWS = 48,
    WRAP_SHORT = 40, /* segments of the connections that cross 2^32 once */
    JUMBO_FLOWS = 8,
    JUMBO_LARGE = 65483,
    EARLY_FLOWS_MAX = 64,
    EARLY_PIECES = 2000,
    CLOCK_FLOWS = 1000,
    FRAGMENT_SIZE = 1400,
    FRAGMENT_PARTS = 4,
};

#define CLOCK_HOURS_NS (4ull * 3600u * 1000000000u)

struct capture {
    uint64_t left; /* packets to be written */
    uint64_t time_ns;
    uint64_t random;
};

/* One connection: `seq` is the next byte of the client, who sends; the server acknowledges. */
struct flow {
    uint32_t serial;
    uint32_t seq;
    uint32_t sent; /* segments */
};

#define SERVER_ISN 1000u

static uint8_t payload[SEGMENT_PAYLOAD_MAX + 256];

/* Four million connections have distinct tuples. */
static struct segment segment_of(const struct flow *flow, bool from_client)
{
    uint32_t address = SEGMENT_LOOPBACK + 1 + (flow->serial >> 14);
    uint16_t client = (uint16_t)(40000 + (flow->serial & 0x3fff));
    const uint16_t server = 9000;
    return (struct segment){
        .address = {from_client ? address : SEGMENT_LOOPBACK,
                    from_client ? SEGMENT_LOOPBACK : address},
        .port = {from_client ? client : server, from_client ? server : client},
        .seq = from_client ? flow->seq : SERVER_ISN + 1,
        .ack = from_client ? SERVER_ISN + 1 : flow->seq,
        .bits = ACK,
    };
}

/* False when enough packets were written, or when one cannot be. */
static bool emit(struct capture *capture, const struct segment *segment)
{
    if (capture->left == 0)
        return false;
    capture->left--;
    capture->time_ns += 5000;
    return segment_write(stdout, capture->time_ns, segment);
}

/* The bytes differ with every call. */
static bool send_at(struct capture *capture, const struct flow *flow, uint32_t seq, uint32_t len)
{
    struct segment segment = segment_of(flow, true);
    segment.seq = seq;
    segment.payload = payload + random_below(&capture->random, 256);
    segment.payload_len = len;
    return emit(capture, &segment);
}

static bool send_next(struct capture *capture, struct flow *flow, uint32_t len)
{
    bool good = send_at(capture, flow, flow->seq, len);
    flow->seq += len;
    return good;
}

static bool acknowledge(struct capture *capture, const struct flow *flow)
{
    struct segment segment = segment_of(flow, false);
    return emit(capture, &segment);
}

static bool open_flow(struct capture *capture, struct flow *flow, uint32_t serial, uint32_t isn)
{
    *flow = (struct flow){.serial = serial, .seq = isn};
    struct segment syn = segment_of(flow, true);
    syn.bits = SYN;
    flow->seq++;
    struct segment answer = segment_of(flow, false);
    answer.bits = SYN | ACK;
    answer.seq = SERVER_ISN;
    struct segment ack = segment_of(flow, true);
    return emit(capture, &syn) && emit(capture, &answer) && emit(capture, &ack);
}

static bool open_flows(struct capture *capture, struct flow *flows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!open_flow(capture, &flows[i], i, (uint32_t)random_next(&capture->random)))
            return false;
    }
    return true;
}

static void write_overlap(struct capture *capture)
{
    static struct flow flows[OVERLAP_FLOWS];
    bool good = open_flows(capture, flows, OVERLAP_FLOWS);
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, OVERLAP_FLOWS)];
        uint32_t len = 1 + random_below(&capture->random, MSS);
        uint32_t back = random_below(&capture->random, OVERLAP_BACK);
        uint32_t ahead = 1 + random_below(&capture->random, OVERLAP_AHEAD);
        switch (random_below(&capture->random, 5)) {
        case 0:
            good = send_next(capture, flow, len);
            break;
        case 1:
            good = send_at(capture, flow, flow->seq - back, len);
            break;
        case 2:
            good = send_at(capture, flow, flow->seq + ahead, len);
            break;
        case 3:
            good = send_at(capture, flow, flow->seq + ahead * 2, 1);
            break;
        default:
            good = acknowledge(capture, flow);
        }
    }
}

static void write_gaps(struct capture *capture)
{
    static struct flow flows[GAPS_FLOWS_MAX];
    uint64_t wanted = capture->left / GAPS_PACKETS + 1;
    uint32_t count = wanted < GAPS_FLOWS_MAX ? (uint32_t)wanted : GAPS_FLOWS_MAX;
    bool good = open_flows(capture, flows, count);
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, count)];
        uint32_t len = 1 + random_below(&capture->random, MSS);
        flow->seq += len;
        if (++flow->sent % 8 == 0)
            good = acknowledge(capture, flow);
        else if (flow->sent % 50 == 0)
            good = send_at(capture, flow, (uint32_t)random_next(&capture->random), len);
        else
            good = send_next(capture, flow, len);
    }
}

static void write_falling(struct capture *capture)
{
    struct flow flow = {.seq = UINT32_MAX / 2};
    uint64_t half = capture->left / 2;
    uint32_t gaps = half < FALLING_GAPS_MAX ? (uint32_t)half : FALLING_GAPS_MAX;
    bool good = true;
    for (uint32_t i = 0; good && i < gaps; i++)
        good = send_at(capture, &flow, flow.seq - i * MSS, MSS / 2);
    for (uint32_t i = 1; good; i++)
        good = send_at(capture, &flow, flow.seq - i % MSS, 1);
}

static void write_halfopen(struct capture *capture)
{
    bool good = true;
    for (uint32_t serial = 0; good; serial++) {
        struct flow flow = {.serial = serial, .seq = (uint32_t)random_next(&capture->random)};
        struct segment segment = segment_of(&flow, true);
        segment.bits = SYN;
        good = emit(capture, &segment);
        if (good && serial % 4 == 0) {
            flow.seq++;
            segment = segment_of(&flow, false);
            segment.bits = SYN | ACK;
            good = emit(capture, &segment);
        }
    }
}

/* Crosses 2^32 with every fifth byte, a quarter of the numbers is missing before each. */
static bool wrap_by_jumps(struct capture *capture, struct flow *flow)
{
    flow->seq += 0x3fffffff;
    return send_at(capture, flow, flow->seq, 1) &&
           (flow->sent++ % 4 > 0 || acknowledge(capture, flow));
}

/* 200 KB a segment, of which 60 bytes were captured: 4 GiB are 21,000 packets. */
static bool wrap_by_volume(struct capture *capture, struct flow *flow)
{
    struct segment segment = segment_of(flow, true);
    segment.payload = payload;
    segment.payload_len = SEGMENT_PAYLOAD_MAX;
    segment.cut = SEGMENT_PAYLOAD_MAX - 60;
    flow->seq += SEGMENT_PAYLOAD_MAX;
    return emit(capture, &segment) && (flow->sent++ % 2 > 0 || acknowledge(capture, flow));
}

/* A short connection that crosses once, every pair of segments in the wrong order; then another. */
static bool wrap_by_reordering(struct capture *capture, struct flow *flow)
{
    uint32_t len = 1 + random_below(&capture->random, 99);
    bool good = send_at(capture, flow, flow->seq + len, len) &&
                send_at(capture, flow, flow->seq, len) && acknowledge(capture, flow);
    flow->seq += 2 * len;
    if (good && ++flow->sent == WRAP_SHORT)
        good = open_flow(capture, flow, flow->serial + WRAP_FLOWS, UINT32_MAX - WRAP_SHORT * 50);
    return good;
}

static void write_wrap(struct capture *capture)
{
    static bool (*const ways[])(struct capture *, struct flow *) = {
        wrap_by_jumps,
        wrap_by_volume,
        wrap_by_reordering,
    };
    static struct flow flows[WRAP_FLOWS];
    bool good = true;
    for (uint32_t i = 0; good && i < WRAP_FLOWS; i++)
        good = open_flow(capture, &flows[i], i, UINT32_MAX - WRAP_SHORT * 50);
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, WRAP_FLOWS)];
        good = ways[flow->serial % 3](capture, flow);
    }
}

static void write_jumbo(struct capture *capture)
{
    static struct flow flows[JUMBO_FLOWS];
    bool good = open_flows(capture, flows, JUMBO_FLOWS);
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, JUMBO_FLOWS)];
        uint32_t len = flow->serial % 2 == 0 ? JUMBO_LARGE : SEGMENT_PAYLOAD_MAX;
        good = send_at(capture, flow, flow->seq + len, len) &&
               send_at(capture, flow, flow->seq, len) && acknowledge(capture, flow);
        flow->seq += 2 * len;
    }
}

/* Half of the packets bring pieces that never join, in turn, so that those of one connection are
 * far apart in memory; the other half brings them again, so that they are searched. */
static void write_early(struct capture *capture)
{
    static struct flow flows[EARLY_FLOWS_MAX];
    uint64_t wanted = capture->left / (2ul * EARLY_PIECES) + 1;
    uint32_t count = wanted < EARLY_FLOWS_MAX ? (uint32_t)wanted : EARLY_FLOWS_MAX;
    bool good = open_flows(capture, flows, count);
    for (uint32_t i = 0; good && i < count * EARLY_PIECES; i++) {
        struct flow *flow = &flows[i % count];
        good = send_at(capture, flow, flow->seq + 1 + i / count * 2, 1);
    }
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, count)];
        uint32_t piece = random_below(&capture->random, EARLY_PIECES);
        good = send_at(capture, flow, flow->seq + 1 + piece * 2, 1);
    }
}

static void write_detail(struct capture *capture)
{
    bool good = true;
    for (uint32_t serial = 0; good; serial++) {
        struct flow flow;
        good = open_flow(capture, &flow, serial, (uint32_t)random_next(&capture->random)) &&
               send_next(capture, &flow, 100);
    }
}

/* Parts of 1,400 bytes, of datagrams that lack their second part. */
static void write_fragments(struct capture *capture)
{
    bool good = true;
    for (uint32_t serial = 0; good; serial++) {
        static const uint8_t places[] = {0, 2, 3, 4};
        uint32_t datagram = serial / FRAGMENT_PARTS, part = serial % FRAGMENT_PARTS;
        uint8_t ip[20 + FRAGMENT_SIZE] = {0x45};
        put16(ip + 2, sizeof(ip));
        put16(ip + 4, datagram & 0xffff);
        put16(ip + 6, (uint32_t)places[part] * FRAGMENT_SIZE / 8 | (part < 3 ? 0x2000u : 0));
        ip[8] = 64;
        ip[9] = 17;
        put32(ip + 12, SEGMENT_LOOPBACK + (datagram >> 16));
        put32(ip + 16, SEGMENT_LOOPBACK);
        memcpy(ip + 20, payload, FRAGMENT_SIZE);
        if (part == 0) {
            put16(ip + 20, 40000);
            put16(ip + 22, 53);
            put16(ip + 24, FRAGMENT_SIZE * 5);
        }
        if (capture->left == 0)
            break;
        capture->left--;
        capture->time_ns += 1000;
        good = packet_write(stdout, capture->time_ns, ip, sizeof(ip));
    }
}

/* Port unreachable: it quotes the SYN. */
static bool refuse_by_icmp(struct capture *capture, const struct segment *syn)
{
    uint8_t ip[20 + 8 + 40] = {0x45};
    if (capture->left == 0)
        return false;
    put16(ip + 2, sizeof(ip));
    ip[8] = 64;
    ip[9] = 1;
    put32(ip + 12, syn->address[1]);
    put32(ip + 16, syn->address[0]);
    ip[20] = 3;
    ip[21] = 3;
    (void)put_headers(ip + 28 - SEGMENT_LINK_SIZE, syn, 20);
    put16(ip + 48, syn->port[0]);
    put16(ip + 50, syn->port[1]);
    put32(ip + 52, syn->seq);
    ip[60] = 0x50;
    ip[61] = SYN;
    capture->left--;
    capture->time_ns += 1000;
    return packet_write(stdout, capture->time_ns, ip, sizeof(ip));
}

static void write_events(struct capture *capture)
{
    bool good = true;
    for (uint32_t serial = 0; good; serial++) {
        struct flow flow = {.serial = serial, .seq = (uint32_t)random_next(&capture->random)};
        struct segment segment = segment_of(&flow, true);
        segment.bits = SYN;
        segment.port[1] = (uint16_t)(1 + serial % 50000);
        good = emit(capture, &segment);
        if (good && serial % 3 == 0) {
            good = refuse_by_icmp(capture, &segment);
        } else if (good) {
            flow.seq++;
            struct segment answer = segment_of(&flow, false);
            answer.port[0] = segment.port[1];
            answer.bits = serial % 3 == 1 ? RST | ACK : SYN | ACK;
            answer.seq = serial % 3 == 1 ? 0 : SERVER_ISN;
            good = emit(capture, &answer);
            answer.bits = RST;
            answer.seq = SERVER_ISN + 1;
            if (good && serial % 3 == 2)
                good = emit(capture, &answer);
        }
    }
}

static void write_clock(struct capture *capture)
{
    static struct flow flows[CLOCK_FLOWS];
    bool good = open_flows(capture, flows, CLOCK_FLOWS);
    uint64_t begin_ns = capture->time_ns;
    while (good) {
        struct flow *flow = &flows[random_below(&capture->random, CLOCK_FLOWS)];
        capture->time_ns = begin_ns + random_next(&capture->random) % CLOCK_HOURS_NS;
        good = ++flow->sent % 2 == 0 ? acknowledge(capture, flow) : send_next(capture, flow, 10);
    }
}

static const struct kind {
    const char *name;
    void (*write)(struct capture *capture);
} kinds[] = {
    {"overlap", write_overlap},     {"gaps", write_gaps},     {"falling", write_falling},
    {"halfopen", write_halfopen},   {"wrap", write_wrap},     {"jumbo", write_jumbo},
    {"early", write_early},         {"detail", write_detail}, {"clock", write_clock},
    {"fragments", write_fragments}, {"events", write_events},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    const struct kind *kind = argc == 3 ? find_kind(argv[1]) : NULL;
    struct capture capture = {
        .left = argc == 3 ? strtoull(argv[2], NULL, 10) : 0,
        .time_ns = 1700000000ULL * 1000000000u,
        .random = 0x9E3779B97F4A7C15ULL,
    };
    if (kind == NULL || capture.left == 0) {
        fprintf(stderr, "usage: hostile KIND COUNT >FILE, KIND is one of");
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            fprintf(stderr, " %s", kinds[i].name);
        fprintf(stderr, "\n");
        return 2;
    }
    for (size_t i = 0; i < sizeof(payload); i++)
        payload[i] = (uint8_t)(i * 7 + (i >> 8));
    if (!segment_write_file_header(stdout)) {
        perror("hostile");
        return 1;
    }
    kind->write(&capture);
    if (fflush(stdout) != 0 || capture.left > 0) {
        perror("hostile");
        return 1;
    }
    return 0;
}
