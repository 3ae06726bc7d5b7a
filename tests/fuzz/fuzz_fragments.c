/* Fragments against a simple model: a list of those that came. A datagram is whole when the model says so and
 * has the bytes that were sent; overlaps, wrong lengths and old age are seen alike; what has no room makes way
 * in the order of arrival.
 *
 * An input is a list of operations of four bytes: what, offset, length, cut. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "decode/decoder.h"
#include "decode/fragment.h"

#define DATAGRAMS 3u /* that there is room for */
#define NAMES     6u /* that are sent */
#define PARTS_MAX 64u
#define OPS_MAX   400u
#define TCP_LEN   20u
#define TCP_TAKEN 16u /* a header is read as far as its window */
#define HEAD_MAX  48u
#define END_MAX   65535u
#define AGE_NS    DECODER_FRAGMENT_AGE_NS
#define FRAME_MAX (HEAD_MAX + END_MAX)

struct part {
    uint32_t offset, len;
};

/* A datagram on its way. */
struct model {
    bool is_there, is_refused;
    uint64_t number; /* order of arrival */
    int64_t first_ns;
    uint32_t total, end, sum, captured_end;
    unsigned count;
    struct part parts[PARTS_MAX];
};

struct op {
    bool v6, more;
    unsigned name;
    uint32_t offset, len, captured;
    int64_t time_ns;
};

struct stage {
    struct decoder *decoder;
    struct model models[NAMES];
    uint64_t arrivals;
    uint8_t frame[FRAME_MAX];
};

/* What the datagrams of a name are made of: a TCP header, and bytes without a period. */
static uint8_t byte_of(unsigned name, uint32_t at)
{
    const uint8_t header[TCP_LEN] = {0x9c, 0x40, 0x0b, 0xb8, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x10};
    if (at < TCP_LEN)
        return header[at];
    return (uint8_t)((at + UINT64_C(1000) * name) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

static struct op take_op(struct bytes *input, int64_t *time_ns)
{
    uint8_t what = fuzz_8(input), offset = fuzz_8(input), len = fuzz_8(input), cut = fuzz_8(input);
    uint32_t scale = what & 0x40 ? 256 : 1;
    struct op op = {.v6 = what & 1,
                    .more = what & 2,
                    .name = (what >> 2 & 3) % (NAMES / 2),
                    .offset = offset * scale % 8192 * 8,
                    .len = len * (what & 0x80 ? 1 : 8 * scale)};
    *time_ns += what & 0x20 ? AGE_NS / 2 + 1 : 1000;
    op.time_ns = *time_ns;
    op.name += op.v6 ? NAMES / 2 : 0;
    /* Alone it would be no fragment. */
    op.more |= op.offset == 0;
    /* Longer than the length field of a packet can say. */
    uint32_t most = END_MAX - HEAD_MAX;
    op.len = op.len < most ? op.len : most;
    op.captured = what & 0x10 && cut < op.len ? cut : op.len;
    return op;
}

static uint32_t write_head(const struct op *op, uint8_t *at)
{
    uint32_t units = op->offset / 8;
    if (op->v6) {
        const uint8_t head[48] = {0x60,
                                  [4] = (uint8_t)((op->len + 8) >> 8),
                                  [5] = (uint8_t)(op->len + 8),
                                  [6] = 44,
                                  [7] = 64,
                                  [23] = 1,
                                  [39] = 2,
                                  [40] = 6,
                                  [42] = (uint8_t)(units >> 5),
                                  [43] = (uint8_t)(units << 3 | op->more),
                                  [47] = (uint8_t)op->name};
        memcpy(at, head, sizeof head);
        return sizeof head;
    }
    const uint8_t head[20] = {0x45,
                              [2] = (uint8_t)((op->len + 20) >> 8),
                              [3] = (uint8_t)(op->len + 20),
                              [5] = (uint8_t)op->name,
                              [6] = (uint8_t)((op->more ? 0x20 : 0) | units >> 8),
                              [7] = (uint8_t)units,
                              [8] = 64,
                              [9] = 6,
                              [12] = 127,
                              [15] = 1,
                              [16] = 127,
                              [19] = 2};
    memcpy(at, head, sizeof head);
    return sizeof head;
}

static void decode_op(struct stage *stage, const struct op *op, struct packet_batch *packets)
{
    uint32_t head = write_head(op, stage->frame);
    for (uint32_t at = 0; at < op->captured; at++)
        stage->frame[head + at] = byte_of(op->name, op->offset + at);
    uint8_t *block = malloc(head + op->captured);
    MUST(block);
    memcpy(block, stage->frame, head + op->captured);
    const struct frame_batch frames = {.count = 1,
                                       .frames = {{.time_ns = op->time_ns,
                                                   .data = block,
                                                   .captured_len = head + op->captured,
                                                   .wire_len = head + op->len,
                                                   .link_type = LINK_RAW}}};
    decode_batch(stage->decoder, &frames, packets);
    /* What is whole lies in the decoder. */
    free(block);
}

static struct model *begin(struct stage *stage, const struct op *op)
{
    struct model *model = &stage->models[op->name];
    struct model *oldest = NULL;
    unsigned live = 0;
    if (model->is_there && op->time_ns - model->first_ns > AGE_NS)
        model->is_there = false;
    if (model->is_there)
        return model;
    for (unsigned at = 0; at < NAMES; at++) {
        struct model *other = &stage->models[at];
        live += other->is_there;
        if (other->is_there && (!oldest || other->number < oldest->number))
            oldest = other;
    }
    if (live == DATAGRAMS)
        oldest->is_there = false;
    *model = (struct model){.is_there = true,
                            .number = stage->arrivals++,
                            .first_ns = op->time_ns,
                            .captured_end = END_MAX};
    return model;
}

static enum verdict refuse(struct model *model, const struct op *op, enum verdict verdict)
{
    model->is_refused = op->v6;
    model->is_there = op->v6;
    return verdict;
}

static uint32_t unit_end(uint32_t offset, uint32_t len)
{
    return (offset + len + 7) / 8;
}

/* VERDICT_TCP: it is whole. */
static enum verdict judge(struct stage *stage, const struct op *op, struct model **found)
{
    uint32_t end = op->offset + op->len;
    if (op->len == 0 || end > END_MAX || (op->more && op->len % 8 != 0))
        return VERDICT_FRAGMENT_BAD;
    struct model *model = *found = begin(stage, op);
    if (model->is_refused)
        return VERDICT_FRAGMENT_OVERLAP;
    bool is_wrong = (model->total != 0 && (op->more ? end >= model->total : end != model->total)) ||
                    (!op->more && end < model->end);
    if (is_wrong)
        return refuse(model, op, VERDICT_FRAGMENT_BAD);
    for (unsigned at = 0; at < model->count; at++) {
        const struct part *part = &model->parts[at];
        uint32_t part_end = unit_end(part->offset, part->len);
        if (part->offset == op->offset && part_end == unit_end(op->offset, op->len))
            return VERDICT_FRAGMENT_HELD;
        if (part->offset / 8 < unit_end(op->offset, op->len) && op->offset / 8 < part_end)
            return refuse(model, op, VERDICT_FRAGMENT_OVERLAP);
    }
    MUST(model->count < PARTS_MAX || op->len < 8);
    if (model->count < PARTS_MAX)
        model->parts[model->count++] = (struct part){op->offset, op->len};
    model->sum += op->len;
    model->end = end > model->end ? end : model->end;
    if (!op->more)
        model->total = end;
    if (op->captured < op->len && op->offset + op->captured < model->captured_end)
        model->captured_end = op->offset + op->captured;
    return model->sum == model->total ? VERDICT_TCP : VERDICT_FRAGMENT_HELD;
}

static void check_whole(const struct model *model, const struct op *op, const struct packet *packet)
{
    uint32_t captured = model->captured_end < model->total ? model->captured_end : model->total;
    if (model->total < TCP_LEN || captured < TCP_TAKEN) {
        MUST(packet->verdict == VERDICT_TCP_CUT);
        return;
    }
    MUST(packet->verdict == VERDICT_TCP);
    MUST(packet->payload_wire_len == model->total - TCP_LEN);
    MUST(packet->payload_captured_len == (captured > TCP_LEN ? captured - TCP_LEN : 0));
    for (uint32_t at = 0; at < packet->payload_captured_len; at++)
        MUST(packet->payload[at] == byte_of(op->name, TCP_LEN + at));
}

static void step(struct stage *stage, const struct op *op)
{
    static struct packet_batch packets;
    struct model *model = NULL;
    memset(&packets.packets[0], 0xa5, sizeof packets.packets[0]);
    enum verdict verdict = judge(stage, op, &model);
    decode_op(stage, op, &packets);
    const struct packet *packet = &packets.packets[0];
    if (verdict == VERDICT_TCP) {
        check_whole(model, op, packet);
        model->is_there = false;
    } else {
        MUST(packet->verdict == verdict && packet->kind == PACKET_NONE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct stage stage;
    struct err err;
    struct bytes input = {bytes, len};
    int64_t time_ns = INT64_C(1700000000000000000);
    memset(&stage, 0, sizeof stage);
    const uint32_t memory = DATAGRAMS * sizeof(struct datagram);
    MUST(decoder_open(&stage.decoder, &(struct decoder_options){.fragment_memory = memory}, &err) ==
         0);
    for (unsigned count = 0; input.left >= 4 && count < OPS_MAX; count++) {
        struct op op = take_op(&input, &time_ns);
        step(&stage, &op);
        MUST(decoder_memory(stage.decoder) <= memory);
    }
    decoder_close(stage.decoder);
    return 0;
}
