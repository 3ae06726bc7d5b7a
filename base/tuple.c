#include "base/tuple.h"

#include <arpa/inet.h>

/* As memcmp: negative, 0, positive. */
static int address_order(const struct address *a, const struct address *b)
{
    for (size_t at = 0; at < sizeof a->octets; at += 8) {
        uint64_t first = load_be64(a->octets + at);
        uint64_t second = load_be64(b->octets + at);
        if (first != second)
            return first < second ? -1 : 1;
    }
    return 0;
}

uint8_t tuple_canonicalize(struct tuple *tuple)
{
    int order = address_order(&tuple->address[0], &tuple->address[1]);
    if (order < 0 || (order == 0 && tuple->port[0] <= tuple->port[1]))
        return 0;
    struct address address = tuple->address[0];
    tuple->address[0] = tuple->address[1];
    tuple->address[1] = address;
    uint16_t port = tuple->port[0];
    tuple->port[0] = tuple->port[1];
    tuple->port[1] = port;
    return 1;
}

static void add_ipv4(struct text *text, const uint8_t *octets)
{
    for (size_t at = 0; at < 4; at++) {
        if (at > 0)
            text_add_string(text, ".");
        text_add_number(text, octets[at]);
    }
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
