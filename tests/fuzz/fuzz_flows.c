/* Connections as operations, the whole way from frames to reports: what tests/fuzz/way.h checks, and every byte
 * of a stream is the one that was sent at its sequence number; in batches of one frame the same is told.
 *
 * An input is how many flows there is room for, then operations of eight bytes: what, whose, flags, sequence,
 * acknowledgment, length, window, time. Numbers are told from where the side stands, so that most operations fit
 * to the ones before. */
#include "tests/fuzz/way.h"

#define CONNECTIONS 8u
#define OPS_MAX     500u
#define HEAD_LEN    40u /* IPv4 and TCP */
#define PAYLOAD_MAX 4096u
#define QUOTE_LEN   28u

struct end {
    uint32_t seq, ack;
};

struct stage {
    struct way way;
    struct frame_batch frames;
    uint8_t *blocks[FRAME_BATCH_MAX];
    struct end ends[CONNECTIONS][2];
    int64_t time_ns;
    bool has_others; /* bytes were sent again with others in their place */
    bool has_frames; /* of any payload */
    bool one_by_one; /* each frame is a batch */
};

struct op {
    uint8_t what, whose, flags, window;
    int8_t seq, ack;
    uint32_t len;
};

static struct stage stage;

static uint8_t byte_of(uint32_t seq)
{
    return (uint8_t)(seq * 2654435761u >> 24);
}

static bool is_byte(const void *context, uint32_t seq, uint8_t byte)
{
    const struct stage *self = context;
    return self->has_frames || byte == byte_of(seq) ||
           (self->has_others && byte == (uint8_t)(byte_of(seq) + 1));
}

static void flush(void)
{
    way_feed(&stage.way, &stage.frames);
    for (uint32_t at = 0; at < stage.frames.count; at++)
        free(stage.blocks[at]);
    stage.frames.count = 0;
}

static void add_frame(const uint8_t *bytes, uint32_t captured, uint32_t len, uint16_t link_type)
{
    uint8_t *block = malloc(captured > 0 ? captured : 1);
    MUST(block);
    memcpy(block, bytes, captured);
    stage.blocks[stage.frames.count] = block;
    stage.frames.frames[stage.frames.count++] = (struct frame){
        stage.time_ns, captured > 0 ? block : block + 1, captured, len, link_type, 0};
    if (stage.one_by_one || stage.frames.count == FRAME_BATCH_MAX)
        flush();
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* Both ends of a connection are on one machine; the last of them is connected to itself. */
static void write_ip(uint8_t *at, const struct op *op, uint8_t protocol, uint32_t len)
{
    const uint8_t head[20] = {
        0x45, [8] = 64, [9] = protocol, [12] = 127, [15] = 1, [16] = 127, [19] = 1};
    unsigned connection = op->whose % CONNECTIONS, side = op->whose >> 3 & 1;
    memcpy(at, head, sizeof head);
    put16(at + 2, len);
    bool is_self = connection == CONNECTIONS - 1;
    uint32_t ports[2] = {is_self ? 3000 : 40000 + connection, 3000 + connection % 3};
    put16(at + 20, ports[is_self ? 0 : side]);
    put16(at + 22, ports[is_self ? 0 : !side]);
}

static void add_segment(const struct op *op)
{
    static uint8_t bytes[HEAD_LEN + PAYLOAD_MAX];
    unsigned side = op->whose >> 3 & 1;
    struct end *own = &stage.ends[op->whose % CONNECTIONS][side];
    const struct end *peer = &stage.ends[op->whose % CONNECTIONS][!side];
    int32_t scale = op->what & 0x10 ? 1000 : 1;
    uint32_t seq = own->seq + (uint32_t)(op->seq * scale),
             ack = peer->seq + (uint32_t)(op->ack * scale);
    uint32_t len = op->len < PAYLOAD_MAX ? op->len : PAYLOAD_MAX;
    bool is_other = (op->what & 0xe0) == 0xe0;
    write_ip(bytes, op, 6, HEAD_LEN + len);
    put32(bytes + 24, seq);
    put32(bytes + 28, ack);
    bytes[32] = 0x50;
    bytes[33] = op->flags;
    put16(bytes + 34, op->window * 256u);
    memset(bytes + 36, 0, 4);
    uint32_t first = seq + (op->flags & TCP_SYN ? 1 : 0);
    for (uint32_t at = 0; at < len; at++)
        bytes[HEAD_LEN + at] = (uint8_t)(byte_of(first + at) + is_other);
    stage.has_others |= is_other && len > 0;
    uint32_t captured = (op->what & 0xe0) == 0x20 ? len / 2 : len;
    add_frame(bytes, HEAD_LEN + captured, HEAD_LEN + len, LINK_RAW);
    uint32_t next = first + len + (op->flags & TCP_FIN ? 1 : 0);
    if ((int32_t)(next - own->seq) > 0)
        own->seq = next;
}

static void add_datagram(const struct op *op)
{
    static uint8_t bytes[28 + PAYLOAD_MAX];
    uint32_t len = op->len < PAYLOAD_MAX ? op->len : PAYLOAD_MAX;
    write_ip(bytes, op, 17, 28 + len);
    put16(bytes + 24, 8 + len);
    add_frame(bytes, 28 + len, 28 + len, LINK_RAW);
}

static void add_icmp(const struct op *op)
{
    uint8_t bytes[28 + QUOTE_LEN] = {
        0x45, [8] = 64, [9] = 1, [12] = 127, [15] = 1, [16] = 127, [19] = 1};
    struct op quoted = *op;
    put16(bytes + 2, sizeof bytes);
    bytes[20] = 3;
    bytes[21] = op->flags % 16;
    write_ip(bytes + 28, &quoted, op->window & 1 ? 17 : 6, 60);
    put32(bytes + 52, stage.ends[op->whose % CONNECTIONS][op->whose >> 3 & 1].seq);
    add_frame(bytes, sizeof bytes, sizeof bytes, LINK_RAW);
}

static void step(const struct op *op, struct bytes *input)
{
    struct bytes part;
    switch (op->what % 16) {
    case 10:
        add_datagram(op);
        break;
    case 11:
        add_icmp(op);
        break;
    case 12:
        part = fuzz_part(input, op->len);
        stage.has_frames = true;
        add_frame(part.at, (uint32_t)part.left, (uint32_t)part.left + op->window, op->flags);
        break;
    case 13:
        flush();
        way_wait(&stage.way, stage.time_ns);
        break;
    case 14:
        part = fuzz_part(input, op->len % 32);
        flush();
        way_name(&stage.way, op->whose, op->flags & 1, (const char *)part.at, part.left);
        break;
    case 15:
        flush();
        break;
    default:
        add_segment(op);
        break;
    }
}

/* Returns what was told, as a number. */
static uint64_t play(struct bytes input, bool one_by_one)
{
    memset(&stage, 0, sizeof stage);
    stage.one_by_one = one_by_one;
    stage.time_ns = INT64_C(1700000000000000000);
    for (unsigned at = 0; at < CONNECTIONS; at++)
        stage.ends[at][1].seq = at % 2 ? 0xffffff00u : 5000;
    way_open(&stage.way, 1 + fuzz_8(&input) % 64, is_byte, &stage);
    for (unsigned count = 0; input.left >= 8 && count < OPS_MAX; count++) {
        struct op op = {.what = fuzz_8(&input), .whose = fuzz_8(&input), .flags = fuzz_8(&input)};
        op.seq = (int8_t)fuzz_8(&input);
        op.ack = (int8_t)fuzz_8(&input);
        op.len = fuzz_8(&input) * (op.what & 0x10 ? 40u : 1u);
        op.window = fuzz_8(&input);
        uint8_t time = fuzz_8(&input);
        stage.time_ns += time < 128 ? time * INT64_C(100000) : INT64_C(1) << (time % 40);
        step(&op, &input);
    }
    flush();
    return way_finish(&stage.way);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct bytes input = {bytes, len};
    uint64_t told = play(input, false);
    if (len > 0 && bytes[0] & 0x80)
        MUST(play(input, true) == told);
    return 0;
}
