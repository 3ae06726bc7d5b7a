/*
 * Purpose: the bytes of one direction in stream order: delivers each byte once, to a digest and to
 *          whoever follows the flow, and keeps some of them.
 * Owns:    pieces of payload, in one pool for all flows: bytes that came before their turn, and
 *          bytes that were delivered, to compare what is sent again with them.
 * Borrows: payload during each call.
 * Bounds:  the pool holds REASSEMBLY_PIECES pieces or fewer, the stream budget. One direction has at most
 *          REASSEMBLY_EARLY_MAX early ones and REASSEMBLY_KEPT_MAX delivered ones. A segment looks
 *          at REASSEMBLY_STEPS_MAX early ones and those that it overlaps.
 * Fails:   never. What finds no room is given up: a gap, and REASSEMBLY_DENIED is returned.
 * Used by: flows/analysis.
 *
 * The first copy of a byte wins, as for a receiver that has delivered it already. A gap is given up
 * when the peer has acknowledged what lies behind it for REASSEMBLY_PATIENCE_NS (the capture missed
 * it, the receiver has it), when too much waits behind it, or when the flow ends.
 */
#ifndef LOFLOW_FLOWS_REASSEMBLY_H
#define LOFLOW_FLOWS_REASSEMBLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"

#define REASSEMBLY_PIECE_SIZE   238u
#define REASSEMBLY_PIECES       262144u /* 64 MiB: of REASSEMBLY_PIECE_MEMORY each */
#define REASSEMBLY_PIECE_MEMORY 256u
#define REASSEMBLY_EARLY_MAX    4096u /* 1 MB */
#define REASSEMBLY_KEPT_MAX     273u  /* 64 KiB */
#define REASSEMBLY_STEPS_MAX    512u  /* early pieces looked at for one segment */
#define REASSEMBLY_PATIENCE_NS  INT64_C(1000000000)

/* Of one direction. Offsets are those of flows/stream.h. */
struct reassembly {
    int64_t begin; /* of the first byte */
    int64_t next;  /* all before it was delivered or given up */
    /* Since when the peer acknowledges what lies behind the gap; 0: it does not. */
    int64_t acked_ns;
    uint32_t kept, kept_last;   /* chain of delivered pieces, oldest first; POOL_NONE for none */
    uint32_t early, early_last; /* chain of early pieces, by offset */
    uint16_t kept_count;
    uint16_t early_count;
    uint32_t gap_count;  /* given up so far */
    int64_t gap_bytes;   /* in them */
    uint32_t early_hint; /* early piece that was put last, POOL_NONE for none */
    bool begun;
    uint8_t zero[3];
};

/* Bytes in stream order. `bytes` is NULL for a gap. */
struct reassembly_chunk {
    int64_t offset; /* of the first of them, counted from the stream's first byte */
    const uint8_t *bytes;
    uint64_t len;
    int64_t missing_before; /* bytes in gaps before it */
    uint32_t gaps_before;
};

/* Where the bytes go, and what the direction may use. */
struct reassembly_way {
    struct pool *pieces;
    int64_t time_ns;
    void (*deliver)(void *context, const struct reassembly_chunk *chunk);
    void *context;
};

/* Payload at a stream offset; `bytes` holds `captured_len` of its `wire_len` bytes. */
struct reassembly_payload {
    const uint8_t *bytes;
    uint32_t captured_len;
    uint32_t wire_len;
    int64_t offset;
};

enum reassembly_result {
    REASSEMBLY_DENIED = 1,  /* a part of it is not delivered: no room, or before the beginning */
    REASSEMBLY_DIFFERS = 2, /* it repeats bytes with others in their place */
};

/* `count` 0: REASSEMBLY_PIECES. */
int reassembly_pieces_open(struct pool *pieces, uint32_t count, struct err *err);

static inline void reassembly_init(struct reassembly *reassembly)
{
    reassembly->kept = reassembly->early = reassembly->early_hint = POOL_NONE;
    reassembly->kept_count = reassembly->early_count = 0;
    reassembly->gap_count = 0;
    reassembly->gap_bytes = 0;
    reassembly->acked_ns = 0;
    reassembly->begun = false;
}

/* `begin` is the offset of the stream's first byte, as far as it is known with the first payload.
 * Returns enum reassembly_result bits. */
unsigned reassembly_add(struct reassembly *reassembly, const struct reassembly_way *way,
                        int64_t begin, const struct reassembly_payload *payload);

/* The peer has acknowledged everything before `offset`. */
void reassembly_acknowledge(struct reassembly *reassembly, const struct reassembly_way *way,
                            int64_t offset);

/* The flow is over and its stream ended at `end`: delivers what waits, gaps between. */
void reassembly_finish(struct reassembly *reassembly, const struct reassembly_way *way,
                       int64_t end);

void reassembly_release(struct reassembly *reassembly, struct pool *pieces);

#endif
