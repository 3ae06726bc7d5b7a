/*
 * Theory: each rule looks at one property of the two ports and decides only when exactly one of
 * them has it. The surest come first: a port that was seen to be served; a port that many talk to
 * while the other is used once; the system ports, which only servers bind (RFC 6335 section 6); the
 * range from which this system gives ports to clients. When none decides, who speaks first is the
 * client.
 */
#include "flows/orient.h"

#define MANY_FLOWS      4
#define FIRST_USER_PORT 1024

static void count(uint16_t *counter)
{
    if (*counter < UINT16_MAX)
        (*counter)++;
}

void orient_learn_flow(struct orient *orient, const struct tuple *tuple)
{
    count(&orient->touched[tuple->port[0]]);
    count(&orient->touched[tuple->port[1]]);
}

void orient_learn_server(struct orient *orient, uint16_t port)
{
    count(&orient->served[port]);
}

static bool is_served(const struct orient *orient, uint16_t port, uint16_t other)
{
    (void)other;
    return orient->served[port] > 0;
}

static bool is_popular(const struct orient *orient, uint16_t port, uint16_t other)
{
    return orient->touched[port] >= MANY_FLOWS && orient->touched[other] <= 1;
}

static bool is_system_port(const struct orient *orient, uint16_t port, uint16_t other)
{
    (void)orient;
    (void)other;
    return port < FIRST_USER_PORT;
}

static bool is_no_client_port(const struct orient *orient, uint16_t port, uint16_t other)
{
    (void)other;
    return port < orient->ephemeral_low || port > orient->ephemeral_high;
}

/* The range of client ports is this system's. With TCP it is a good guess for others as well; with
 * UDP, where both ends often keep their ports, only between two ends of one host. */
static bool is_range_known(const struct tuple *tuple)
{
    return tuple->protocol == PROTOCOL_TCP ||
           memcmp(&tuple->address[0], &tuple->address[1], sizeof tuple->address[0]) == 0;
}

uint8_t orient_guess_client(const struct orient *orient, const struct tuple *tuple,
                            uint8_t first_sender)
{
    static bool (*const marks_server[])(const struct orient *, uint16_t port, uint16_t other) = {
        is_served, is_popular, is_system_port, is_no_client_port};
    size_t rules = sizeof marks_server / sizeof marks_server[0] - !is_range_known(tuple);
    for (size_t rule = 0; rule < rules; rule++) {
        bool first = marks_server[rule](orient, tuple->port[0], tuple->port[1]);
        bool second = marks_server[rule](orient, tuple->port[1], tuple->port[0]);
        if (first != second)
            return first ? 1 : 0;
    }
    return first_sender;
}
