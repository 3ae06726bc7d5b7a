#include "base/tuple.h"

#include <arpa/inet.h>

static char *put_octet(char *at, unsigned octet)
{
    if (octet >= 100)
        *at++ = (char)('0' + octet / 100);
    if (octet >= 10)
        *at++ = (char)('0' + octet / 10 % 10);
    *at = (char)('0' + octet % 10);
    return at + 1;
}

static char *put_ipv4(char *at, const uint8_t *octets)
{
    for (size_t octet = 0; octet < 3; octet++) {
        at = put_octet(at, octets[octet]);
        *at++ = '.';
    }
    return put_octet(at, octets[3]);
}

char *put_other_ip(char *at, const struct address *address, uint8_t family)
{
    if (family == 4)
        return put_ipv4(at, address->octets + 12);
    if (address_is_loopback(address, family))
        return PUT(at, "::1");
    const char *done = inet_ntop(AF_INET6, address->octets, at, INET6_ADDRSTRLEN);
    assert(done);
    return at + strlen(done);
}

char *put_other_endpoint(char *at, const struct tuple *tuple, unsigned end)
{
    if (tuple->family == 6)
        *at++ = '[';
    at = put_other_ip(at, &tuple->address[end], tuple->family);
    if (tuple->family == 6)
        *at++ = ']';
    *at = ':';
    return put_number(at + 1, tuple->port[end]);
}

void text_add_address(struct text *text, const struct address *address, uint8_t family)
{
    char written[PUT_ENDPOINT_ROOM];
    text_add_bytes(text, written, (size_t)(put_ip(written, address, family) - written));
}

void text_add_endpoint(struct text *text, const struct tuple *tuple, unsigned end)
{
    char written[PUT_ENDPOINT_ROOM];
    text_add_bytes(text, written, (size_t)(put_endpoint(written, tuple, end) - written));
}
