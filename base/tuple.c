#include "base/tuple.h"

#include <arpa/inet.h>

#define LOOPBACK 0x7f000001u /* what nearly every address here is */

static void add_ipv4(struct text *text, const uint8_t *octets)
{
    char written[16];
    size_t len = 0;
    if (load_be32(octets) == LOOPBACK) {
        text_add_string(text, "127.0.0.1");
        return;
    }
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
    if (address_is_loopback(address, family)) {
        text_add_string(text, "::1");
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
    if (tuple->family == 6)
        text_add_string(text, "]");
    text_add_string(text, ":");
    text_add_number(text, tuple->port[end]);
}
