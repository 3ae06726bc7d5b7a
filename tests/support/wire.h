/*
 * Purpose: plays payload through the reassembly of one direction, and reads what is delivered.
 * Owns:    a pool of pieces and one direction, from wire_open to wire_close.
 * Used by: tests/unit/test_flows_reassembly*.c.
 *
 * Whatever is played, wire_take checks that offsets are contiguous and bytes are the stream's.
 */
#ifndef LOFLOW_TESTS_SUPPORT_WIRE_H
#define LOFLOW_TESTS_SUPPORT_WIRE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "flows/reassembly.h"
#include "tests/support/rows.h"

/* One direction, and what was delivered of it: "0+10" bytes, "0+10x" other bytes than the stream's,
 * "0-10" a gap. Bytes in a row are one entry, gaps are told one by one. */
struct wire {
    struct pool pieces;
    struct reassembly side;
    int64_t begin;
    int64_t next;      /* end of what was delivered */
    int64_t missing;   /* in gaps */
    uint32_t gaps;     /* delivered */
    unsigned result;   /* of all that was added */
    int64_t shown;     /* begin of the entry that is not in `words` yet */
    char kind;         /* '+', 'x', or 0 for none */
    struct text words; /* delivered */
    char buffer[512];
};

/* The stream has no period that a piece or a segment could have. */
static inline uint8_t wire_byte(int64_t offset)
{
    return (uint8_t)((uint64_t)(offset + 1000) * 0x9e3779b97f4a7c15u >> 32);
}

static inline uint8_t wire_other_byte(int64_t offset)
{
    return (uint8_t)(wire_byte(offset) + 1);
}

static inline void wire_show(struct wire *wire)
{
    if (wire->kind)
        text_add(&wire->words, "%lld+%lld%s ", (long long)wire->shown,
                 (long long)(wire->next - wire->shown), wire->kind == 'x' ? "x" : "");
    wire->kind = 0;
}

static inline void wire_take_byte(struct wire *wire, uint8_t byte)
{
    int64_t offset = wire->begin + wire->next;
    char kind = byte == wire_byte(offset) ? '+' : 'x';
    assert_true(kind == '+' || byte == wire_other_byte(offset));
    if (kind != wire->kind) {
        wire_show(wire);
        wire->kind = kind;
        wire->shown = wire->next;
    }
    wire->next++;
}

/* Whatever comes, offsets are contiguous, and bytes are those of their offset. */
static inline void wire_take(void *context, const struct reassembly_chunk *chunk)
{
    struct wire *wire = context;
    assert_int_equal(chunk->offset, wire->next);
    assert_true(chunk->len > 0);
    assert_int_equal(chunk->missing_before, wire->missing);
    assert_int_equal(chunk->gaps_before, wire->gaps);
    if (chunk->bytes) {
        for (uint64_t at = 0; at < chunk->len; at++)
            wire_take_byte(wire, chunk->bytes[at]);
        return;
    }
    wire_show(wire);
    text_add(&wire->words, "%lld-%llu ", (long long)wire->next, (unsigned long long)chunk->len);
    wire->next += (int64_t)chunk->len;
    wire->missing += (int64_t)chunk->len;
    wire->gaps++;
}

static inline struct wire *wire_open(int64_t begin)
{
    struct err err;
    struct wire *wire = calloc(1, sizeof *wire);
    assert_non_null(wire);
    assert_int_equal(reassembly_pieces_open(&wire->pieces, 0, &err), 0);
    reassembly_init(&wire->side);
    wire->begin = begin;
    wire->words = text_begin(wire->buffer, sizeof wire->buffer);
    return wire;
}

static inline struct reassembly_way wire_way(struct wire *wire, int64_t ms)
{
    return (struct reassembly_way){.pieces = &wire->pieces,
                                   .time_ns = ms * CLOCK_NS_PER_MS,
                                   .deliver = wire_take,
                                   .context = wire};
}

/* The payload's bytes lie in a block of exactly their size. */
static inline void wire_add(struct wire *wire, int64_t offset, uint32_t len, uint32_t captured,
                            bool other)
{
    struct reassembly_way way = wire_way(wire, 1);
    uint8_t *bytes = malloc(captured ? captured : 1);
    assert_non_null(bytes);
    for (uint32_t at = 0; at < captured; at++)
        bytes[at] = other ? wire_other_byte(offset + at) : wire_byte(offset + at);
    struct reassembly_payload payload = {bytes, captured, len, offset};
    wire->result |= reassembly_add(&wire->side, &way, wire->begin, &payload);
    free(bytes);
}

static inline void wire_finish(struct wire *wire, int64_t end)
{
    struct reassembly_way way = wire_way(wire, 1);
    reassembly_finish(&wire->side, &way, end);
}

/* When the direction is released, every piece is back but for those that the test itself holds. */
static inline void wire_close(struct wire *wire, uint32_t held)
{
    reassembly_release(&wire->side, &wire->pieces);
    assert_int_equal(wire->pieces.live, held);
    pool_close(&wire->pieces);
    free(wire);
}

/* "10+20" payload, "10+20c5" of which 5 bytes were captured, "10+20x" with other bytes;
 * "ack30@2000" acknowledged at 2000 ms; "end50" the flow is over, its stream ended there. */
static inline void wire_word(struct wire *wire, const char *word)
{
    long long offset = 0, ms = 0;
    unsigned len = 0, captured = 0;
    if (sscanf(word, "ack%lld@%lld", &offset, &ms) == 2) {
        struct reassembly_way way = wire_way(wire, ms);
        reassembly_acknowledge(&wire->side, &way, offset);
    } else if (sscanf(word, "end%lld", &offset) == 1) {
        wire_finish(wire, offset);
    } else if (sscanf(word, "%lld+%uc%u", &offset, &len, &captured) == 3) {
        wire_add(wire, offset, len, captured, false);
    } else if (sscanf(word, "%lld+%u", &offset, &len) == 2) {
        wire_add(wire, offset, len, len, word[strlen(word) - 1] == 'x');
    } else {
        fail_msg("what is %s?", word);
    }
}

static inline void wire_play(struct wire *wire, const char *written)
{
    char *copy = strdup(written);
    assert_non_null(copy);
    char *rest = NULL;
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        wire_word(wire, word);
    free(copy);
}

/* Takes all pieces of the pool but `left`. */
static inline uint32_t wire_leave_pieces(struct wire *wire, uint32_t left)
{
    uint32_t held = 0;
    for (; held < REASSEMBLY_PIECES - left; held++)
        assert_int_not_equal(pool_take(&wire->pieces), POOL_NONE);
    return held;
}

#endif
