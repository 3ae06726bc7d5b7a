/*
 * Purpose: the SHA-1 of each direction's stream, in stream order, for comparing with other tools.
 * Owns:    the hash of every flow in the table, and payload that came before its turn.
 * Bounds:  sizeof (struct flow_digest) a flow, only when asked for; DIGEST_PIECES pieces of early
 *          payload in all; DIGEST_STEPS_MAX steps a segment. What finds no room, or would take
 *          longer, breaks its digest, which is then not told.
 * Used by: flows/connection.c (adds payload), report (tells).
 *
 * The first copy of a byte wins, as for a receiver that has delivered it already.
 */
#ifndef LOFLOW_FLOWS_DIGEST_H
#define LOFLOW_FLOWS_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <sha1.h>

#include "base/pool.h"

#define DIGEST_PIECE_SIZE 2032
#define DIGEST_PIECES     16384u /* 32 MiB */
#define DIGEST_STEPS_MAX  512u   /* pieces looked at for one segment that fits between others */

enum digest_state { DIGEST_EMPTY, DIGEST_WHOLE, DIGEST_BROKEN };

struct stream_digest {
    SHA1_CTX hash;
    int64_t begin;        /* stream offset of the first byte hashed */
    int64_t next;         /* stream offset of the next byte to hash */
    uint32_t first_piece; /* early payload, sorted by offset; POOL_NONE when there is none */
    uint32_t last_piece;  /* valid while first_piece is: most early payload goes behind it */
    uint8_t state;        /* enum digest_state */
};

struct flow_digest {
    struct stream_digest side[2];
};

/* Payload at a stream offset; `bytes` holds `captured_len` of its `wire_len` bytes. */
struct digest_payload {
    const uint8_t *bytes;
    uint32_t captured_len;
    uint32_t wire_len;
    int64_t offset;
};

int digest_pieces_open(struct pool *pieces, struct err *err);

void digest_init(struct flow_digest *digest);

/* `begin` is the offset of the stream's first byte as far as it is known. */
void digest_add(struct stream_digest *digest, struct pool *pieces, int64_t begin,
                const struct digest_payload *payload);

/* Writes the SHA-1 of the stream [begin, end), or returns false when a byte of it is missing. */
bool digest_result(const struct stream_digest *digest, int64_t begin, int64_t end,
                   uint8_t sha1[SHA1_DIGEST_LENGTH]);

void digest_release(struct flow_digest *digest, struct pool *pieces);

#endif
