#include "base/tuple.h"

#include <arpa/inet.h>

/* Exchanges two words when `mask` is all ones, leaves them when it is 0. */
static inline void swap_masked(uint8_t *a, uint8_t *b, uint64_t mask)
{
    uint64_t first = load_word(a);
    uint64_t second = load_word(b);
    uint64_t differ = (first ^ second) & mask;
    first ^= differ;
    second ^= differ;
    memcpy(a, &first, sizeof first);
    memcpy(b, &second, sizeof second);
}

/* Half of all packets go each way in no order that a branch predictor could learn: no branches. */
uint8_t tuple_canonicalize(struct tuple *tuple)
{
    uint8_t *first = tuple->address[0].octets;
    uint8_t *second = tuple->address[1].octets;
    const uint64_t high[2] = {load_be64(first), load_be64(second)};
    const uint64_t low[2] = {load_be64(first + 8), load_be64(second + 8)};
    unsigned swapped =
        (unsigned)(high[0] > high[1]) |
        ((unsigned)(high[0] == high[1]) &
         ((unsigned)(low[0] > low[1]) |
          ((unsigned)(low[0] == low[1]) & (unsigned)(tuple->port[0] > tuple->port[1]))));
    uint64_t mask = 0 - (uint64_t)swapped;
    swap_masked(first, second, mask);
    swap_masked(first + 8, second + 8, mask);
    uint16_t differ = (uint16_t)((tuple->port[0] ^ tuple->port[1]) & mask);
    tuple->port[0] ^= differ;
    tuple->port[1] ^= differ;
    return (uint8_t)swapped;
}

static void add_ipv4(struct text *text, const uint8_t *octets)
{
    char written[16];
    size_t len = 0;
    for (size_t at = 0; at < 4; at++) {
        uint8_t octet = octets[at];
        if (at > 0)
            written[len++] = '.';
        if (octet >= 100)
            written[len++] = (char)('0' + octet / 100);
        if (octet >= 10)
            written[len++] = (char)('0' + octet / 10 % 10);
        written[len++] = (char)('0' + octet % 10);
    }
    text_add_bytes(text, written, len);
}

void text_add_address(struct text *text, const struct address *address, uint8_t family)
{
    if (family == 4) {
        add_ipv4(text, address->octets + 12);
        return;
    }
    char written[INET6_ADDRSTRLEN];
    const char *done = inet_ntop(AF_INET6, address->octets, written, sizeof written);
    assert(done);
    text_add_string(text, done);
}

void text_add_endpoint(struct text *text, const struct tuple *tuple, unsigned end)
{
    assert(end < 2);
    if (tuple->family == 6)
        text_add_string(text, "[");
    text_add_address(text, &tuple->address[end], tuple->family);
    text_add_string(text, tuple->family == 6 ? "]:" : ":");
    text_add_number(text, tuple->port[end]);
}
