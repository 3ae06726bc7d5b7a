#include "base/hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t word, int by)
{
    return word << by | word >> (64 - by);
}

static inline void sip_round(struct sip *sip)
{
    sip->v0 += sip->v1;
    sip->v1 = rotate(sip->v1, 13) ^ sip->v0;
    sip->v0 = rotate(sip->v0, 32);
    sip->v2 += sip->v3;
    sip->v3 = rotate(sip->v3, 16) ^ sip->v2;
    sip->v0 += sip->v3;
    sip->v3 = rotate(sip->v3, 21) ^ sip->v0;
    sip->v2 += sip->v1;
    sip->v1 = rotate(sip->v1, 17) ^ sip->v2;
    sip->v2 = rotate(sip->v2, 32);
}

static inline void sip_word(struct sip *sip, uint64_t word)
{
    sip->v3 ^= word;
    sip_round(sip);
    sip->v0 ^= word;
}

uint64_t hash_tuple(const struct hash_key *key, const struct tuple *tuple)
{
    struct sip sip = {
        key->word[0] ^ UINT64_C(0x736f6d6570736575),
        key->word[1] ^ UINT64_C(0x646f72616e646f6d),
        key->word[0] ^ UINT64_C(0x6c7967656e657261),
        key->word[1] ^ UINT64_C(0x7465646279746573),
    };
    const uint8_t *octets = (const uint8_t *)tuple;
    if (tuple->family == 4) {
        sip_word(&sip, (uint64_t)load_be32(octets + 12) << 32 | load_be32(octets + 28));
    } else {
        for (size_t at = 0; at < 32; at += 8)
            sip_word(&sip, load_word(octets + at));
    }
    /* From the fields: a word would have to wait until their stores have reached the cache. */
    sip_word(&sip, (uint64_t)tuple->family << 40 | (uint64_t)tuple->protocol << 32 |
                       (uint64_t)tuple->port[1] << 16 | tuple->port[0]);
    sip.v2 ^= 0xff;
    sip_round(&sip);
    sip_round(&sip);
    sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}
