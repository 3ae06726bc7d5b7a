#include "flows/digest.h"

void digest_add(struct stream_digest *digest, const struct reassembly_chunk *chunk)
{
    if (digest->state == DIGEST_EMPTY) {
        SHA1Init(&digest->hash);
        digest->state = DIGEST_WHOLE;
    }
    if (!chunk->bytes)
        digest->state = DIGEST_BROKEN;
    if (digest->state == DIGEST_BROKEN)
        return;
    SHA1Update(&digest->hash, chunk->bytes, chunk->len);
    digest->len += (int64_t)chunk->len;
}

bool digest_result(const struct stream_digest *digest, int64_t len,
                   uint8_t sha1[SHA1_DIGEST_LENGTH])
{
    if (digest->state != DIGEST_WHOLE || digest->len != len)
        return false;
    SHA1_CTX copy = digest->hash;
    SHA1Final(sha1, &copy);
    return true;
}
