/*
 * Purpose: the SHA-1 of each direction's stream, in stream order, for comparing with other tools.
 * Owns:    the hash of every flow in the table.
 * Bounds:  sizeof (struct stream_digest) a direction, only when asked for. A gap breaks a digest,
 *          which is then not told.
 * Used by: flows/analysis (adds what flows/reassembly delivers), report (tells).
 */
#ifndef LOFLOW_FLOWS_DIGEST_H
#define LOFLOW_FLOWS_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include <sha1.h>

#include "flows/reassembly.h"

enum digest_state { DIGEST_EMPTY, DIGEST_WHOLE, DIGEST_BROKEN };

struct stream_digest {
    SHA1_CTX hash;
    int64_t len;   /* bytes hashed */
    uint8_t state; /* enum digest_state */
};

static inline void digest_init(struct stream_digest *digest)
{
    digest->len = 0;
    digest->state = DIGEST_EMPTY;
}

/* The next bytes of the stream, or a gap. */
void digest_add(struct stream_digest *digest, const struct reassembly_chunk *chunk);

/* Writes the SHA-1 of a stream of `len` bytes, or returns false when a byte of it is missing. */
bool digest_result(const struct stream_digest *digest, int64_t len,
                   uint8_t sha1[SHA1_DIGEST_LENGTH]);

#endif
