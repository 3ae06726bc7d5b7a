#include "report/community.h"

#include <sha1.h>

/* Four characters of three bytes. */
static char *put_group(char *at, uint32_t group)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    at[0] = alphabet[group >> 18 & 63];
    at[1] = alphabet[group >> 12 & 63];
    at[2] = alphabet[group >> 6 & 63];
    at[3] = alphabet[group & 63];
    return at + 4;
}

/* Of the 160 bits of a digest, which are 27 characters and a filled-up one. */
static char *put_base64(char *at, const uint32_t words[5])
{
    uint8_t bytes[SHA1_DIGEST_LENGTH + 1] = {0};
    for (size_t word = 0; word < 5; word++) {
        uint32_t written = htobe32(words[word]);
        memcpy(bytes + word * sizeof written, &written, sizeof written);
    }
    for (size_t group = 0; group < sizeof bytes; group += 3)
        at = put_group(at, (uint32_t)bytes[group] << 16 | (uint32_t)bytes[group + 1] << 8 |
                               bytes[group + 2]);
    at[-1] = '=';
    return at;
}

/* The specification wants the smaller end first, which is the canonical order of a tuple. What is hashed fits
 * into one block of SHA-1 (RFC 3174, section 4), which is filled here: to let the library collect it costs as much
 * as the hash. */
char *put_community_id(char *at, const struct tuple *tuple)
{
    size_t skip = tuple->family == 4 ? 12 : 0;
    SHA1_CTX hash;
    SHA1Init(&hash);
    memset(hash.buffer, 0, sizeof hash.buffer);
    uint8_t *end = hash.buffer + 2; /* behind the seed, which is 0 */
    for (unsigned side = 0; side < 2; side++) {
        memcpy(end, tuple->address[side].octets + skip, 16 - skip);
        end += 16 - skip;
    }
    *end = tuple->protocol;
    end += 2;
    for (unsigned side = 0; side < 2; side++) {
        *end++ = (uint8_t)(tuple->port[side] >> 8);
        *end++ = (uint8_t)tuple->port[side];
    }
    *end = 0x80;
    size_t bits = (size_t)(end - hash.buffer) * 8;
    hash.buffer[SHA1_BLOCK_LENGTH - 2] = (uint8_t)(bits >> 8);
    hash.buffer[SHA1_BLOCK_LENGTH - 1] = (uint8_t)bits;
    SHA1Transform(hash.state, hash.buffer);
    return put_base64(PUT(at, "1:"), hash.state);
}
