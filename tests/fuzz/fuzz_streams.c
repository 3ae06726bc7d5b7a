/* Payload as operations on the reassembly of one direction, against a simple model: an array with the first
 * copy of each byte. Offsets come without holes, each once; a byte that is delivered is one that was captured
 * there; where nothing was denied or given up it is the first copy, and all that was captured is delivered.
 *
 * An input is how many pieces there are, then operations of six bytes: what, offset, length, captured. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "base/clock.h"
#include "flows/reassembly.h"

#define STREAM_MAX  70000
#define OPS_MAX     600u
#define PIECES_MOST 4096u
#define PIECE_SIZE  256u

enum copy { COPY_NONE, COPY_PLAIN, COPY_OTHER, COPY_BOTH };

struct stage {
    struct pool pieces;
    struct reassembly side;
    uint8_t first[STREAM_MAX]; /* enum copy that came first */
    uint8_t seen[STREAM_MAX];  /* bits 1 << enum copy */
    int64_t next;              /* end of what was delivered */
    int64_t missing, gaps;
    bool is_exact;  /* nothing was denied or given up */
    bool is_broken; /* something was delivered that is wrong if so */
    bool has_other;
    unsigned result;
};

static struct stage stage;

static uint8_t byte_of(int64_t at, bool other)
{
    return (uint8_t)(((uint64_t)at * UINT64_C(0x9e3779b97f4a7c15) >> 32) + other);
}

static void take(void *context, const struct reassembly_chunk *chunk)
{
    (void)context;
    MUST(chunk->offset == stage.next && chunk->len > 0);
    MUST(chunk->missing_before == stage.missing && chunk->gaps_before == stage.gaps);
    MUST(stage.next + (int64_t)chunk->len <= STREAM_MAX);
    for (int64_t at = stage.next; at < stage.next + (int64_t)chunk->len; at++) {
        if (!chunk->bytes) {
            stage.is_broken |= stage.seen[at] != 0;
            continue;
        }
        uint8_t byte = chunk->bytes[at - chunk->offset];
        bool plain = byte == byte_of(at, false), other = byte == byte_of(at, true);
        MUST((plain && stage.seen[at] & 1u << COPY_PLAIN) ||
             (other && stage.seen[at] & 1u << COPY_OTHER));
        stage.is_broken |= stage.first[at] != (plain ? COPY_PLAIN : COPY_OTHER);
    }
    if (!chunk->bytes) {
        stage.missing += (int64_t)chunk->len;
        stage.gaps++;
    }
    stage.next += (int64_t)chunk->len;
}

static struct reassembly_way way_at(int64_t ms)
{
    return (struct reassembly_way){
        .pieces = &stage.pieces, .time_ns = ms * CLOCK_NS_PER_MS, .deliver = take};
}

static void add(int64_t ms, int64_t offset, uint32_t len, uint32_t captured, bool other)
{
    const struct reassembly_way way = way_at(ms);
    uint8_t *bytes = malloc(captured > 0 ? captured : 1);
    MUST(bytes);
    for (uint32_t at = 0; at < captured; at++) {
        enum copy copy = other ? COPY_OTHER : COPY_PLAIN;
        bytes[at] = byte_of(offset + at, other);
        stage.seen[offset + at] |= (uint8_t)(1u << copy);
        if (stage.first[offset + at] == COPY_NONE)
            stage.first[offset + at] = (uint8_t)copy;
    }
    stage.has_other |= other;
    const struct reassembly_payload payload = {bytes, captured, len, offset};
    unsigned told = reassembly_add(&stage.side, &way, 0, &payload);
    stage.result |= told;
    stage.is_exact &= !(told & REASSEMBLY_DENIED);
    free(bytes);
}

static void check(void)
{
    MUST(!stage.is_exact || !stage.is_broken);
    MUST(stage.side.early_count <= REASSEMBLY_EARLY_MAX);
    MUST(stage.side.kept_count <= REASSEMBLY_KEPT_MAX);
    MUST(stage.pieces.live == (uint32_t)stage.side.early_count + stage.side.kept_count);
    MUST(stage.pieces.live <= stage.pieces.capacity);
    MUST(stage.has_other || !(stage.result & REASSEMBLY_DIFFERS));
    MUST(stage.side.gap_count == stage.gaps && stage.side.gap_bytes == stage.missing);
}

/* Returns how long the stream is so far. */
static int64_t step(struct bytes *input, int64_t ms, int64_t end)
{
    uint8_t what = fuzz_8(input);
    int64_t offset = fuzz_16(input);
    uint32_t len = (uint32_t)fuzz_8(input) * (what & 8 ? 16 : 1), cut = fuzz_16(input);
    const struct reassembly_way way = way_at(ms);
    if (what % 8 == 0) {
        stage.is_exact = false;
        reassembly_acknowledge(&stage.side, &way, offset);
        return offset > end && stage.side.begun ? offset : end;
    }
    if (len == 0)
        return end;
    add(ms, offset, len, what & 4 && cut < len ? cut : len, what % 8 == 1);
    /* What can be given up for the sake of what waits. */
    stage.is_exact &= stage.side.early_count + 32u < REASSEMBLY_EARLY_MAX;
    return offset + len > end ? offset + len : end;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err;
    struct bytes input = {bytes, len};
    uint32_t pieces = 1 + (uint32_t)fuzz_8(&input) * fuzz_8(&input) % PIECES_MOST;
    int64_t end = 0, ms = 0;
    memset(&stage, 0, sizeof stage);
    stage.is_exact = true;
    MUST(pool_open(&stage.pieces, "pieces", PIECE_SIZE, pieces, &err) == 0);
    reassembly_init(&stage.side);
    for (unsigned count = 0; input.left >= 6 && count < OPS_MAX; count++) {
        end = step(&input, ms, end);
        ms += 300;
        check();
    }
    if (end > 0 && stage.side.begun) {
        const struct reassembly_way way = way_at(ms);
        reassembly_finish(&stage.side, &way, end);
        MUST(stage.next == end);
        check();
    }
    reassembly_release(&stage.side, &stage.pieces);
    MUST(stage.pieces.live == 0);
    pool_close(&stage.pieces);
    return 0;
}
