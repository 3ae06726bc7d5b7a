#include "report/community.h"

#include <sha1.h>

#define PADDING 64 /* in the alphabet of base64 */

static void encode_base64(const uint8_t *bytes, size_t len, char *encoded)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    for (size_t at = 0; at < len; at += 3) {
        size_t left = len - at;
        uint32_t group = (uint32_t)bytes[at] << 16;
        group |= left > 1 ? (uint32_t)bytes[at + 1] << 8 : 0u;
        group |= left > 2 ? (uint32_t)bytes[at + 2] : 0u;
        *encoded++ = alphabet[group >> 18];
        *encoded++ = alphabet[group >> 12 & 63];
        *encoded++ = alphabet[left > 1 ? group >> 6 & 63 : PADDING];
        *encoded++ = alphabet[left > 2 ? group & 63 : PADDING];
    }
    *encoded = '\0';
}

static void hash_port(SHA1_CTX *hash, uint16_t port)
{
    const uint8_t octets[2] = {(uint8_t)(port >> 8), (uint8_t)port};
    SHA1Update(hash, octets, sizeof octets);
}

/* The specification wants the smaller end first, which is the canonical order of a tuple. */
void community_id(const struct tuple *tuple, char id[COMMUNITY_ID_MAX])
{
    static const uint8_t seed[2] = {0, 0};
    const uint8_t protocol[2] = {tuple->protocol, 0};
    size_t skip = tuple->family == 4 ? 12 : 0;
    uint8_t digest[SHA1_DIGEST_LENGTH];
    SHA1_CTX hash;
    SHA1Init(&hash);
    SHA1Update(&hash, seed, sizeof seed);
    SHA1Update(&hash, tuple->address[0].octets + skip, 16 - skip);
    SHA1Update(&hash, tuple->address[1].octets + skip, 16 - skip);
    SHA1Update(&hash, protocol, sizeof protocol);
    hash_port(&hash, tuple->port[0]);
    hash_port(&hash, tuple->port[1]);
    SHA1Final(digest, &hash);
    id[0] = '1';
    id[1] = ':';
    encode_base64(digest, sizeof digest, id + 2);
}
