#include "base/tuple.h"

#include <arpa/inet.h>

uint8_t tuple_canonicalize(struct tuple *tuple)
{
    int order = memcmp(&tuple->address[0], &tuple->address[1], sizeof tuple->address[0]);
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

void text_add_address(struct text *text, const struct address *address, uint8_t family)
{
    char written[INET6_ADDRSTRLEN];
    const char *done = family == 4
                           ? inet_ntop(AF_INET, address->octets + 12, written, sizeof written)
                           : inet_ntop(AF_INET6, address->octets, written, sizeof written);
    assert(done);
    text_add(text, "%s", done);
}

void text_add_endpoint(struct text *text, const struct tuple *tuple, unsigned end)
{
    assert(end < 2);
    if (tuple->family == 6)
        text_add(text, "[");
    text_add_address(text, &tuple->address[end], tuple->family);
    text_add(text, tuple->family == 6 ? "]:%u" : ":%u", tuple->port[end]);
}
