/*
 * Purpose: two UDP sockets on 127.0.0.1 and a live capture of what one says to the other.
 * Owns:    the sockets and the source, from talk_begin to talk_end. Skips the test where capturing is not
 *          permitted.
 * Used by: tests/unit/test_capture_live*.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_TALK_H
#define LOFLOW_TESTS_SUPPORT_TALK_H

#include "tests/support/rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "capture/source.h"

#define PATIENCE_NS    (10 * CLOCK_NS_PER_S)
#define UDP_PAYLOAD_AT 42

/* Two UDP sockets on 127.0.0.1. */
struct talk {
    int from, to;
    struct sockaddr_in address;
    struct source *source;
    struct err err;
};

static inline int udp_socket(struct sockaddr_in *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof *address), 0);
    socklen_t len = sizeof *address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

static inline void open_or_skip(struct source **source, const struct source_live_options *options)
{
    struct err err = {0};
    int result = source_open_live(source, options, &err);
    if (result == -EPERM) {
        print_message("%s\n", err.text);
        skip();
    }
    if (result != 0)
        fail_msg("%d: %s", result, err.text);
}

/* `filter` may hold one %u, for the port that is sent to. */
static inline void talk_begin(struct talk *talk, const char *filter, uint32_t snaplen)
{
    *talk = (struct talk){.from = -1};
    struct sockaddr_in sender;
    talk->to = udp_socket(&talk->address);
    talk->from = udp_socket(&sender);
    char text[256] = "";
    if (filter)
        assert_true(snprintf(text, sizeof text, "%s %u", filter, ntohs(talk->address.sin_port)) <
                    (int)sizeof text);
    struct source_live_options options = {.filter = text, .snaplen = snaplen};
    open_or_skip(&talk->source, &options);
}

static inline void talk_end(struct talk *talk)
{
    source_close(talk->source);
    (void)close(talk->from);
    (void)close(talk->to);
}

static inline void send_numbered(struct talk *talk, uint32_t number, size_t len)
{
    static uint8_t payload[65507];
    memcpy(payload, &number, sizeof number);
    assert_true(len >= sizeof number && len <= sizeof payload);
    assert_int_equal(sendto(talk->from, payload, len, 0, (struct sockaddr *)&talk->address,
                            sizeof talk->address),
                     len);
}

/* Waits for one frame; the count is 0 when none came. */
static inline void take_one(struct talk *talk, struct frame_batch *batch)
{
    int64_t deadline = clock_monotonic_ns() + PATIENCE_NS;
    batch->count = 0;
    while (batch->count == 0 && clock_monotonic_ns() < deadline) {
        struct pollfd ready = {.fd = source_fd(talk->source), .events = POLLIN};
        (void)poll(&ready, 1, 50);
        assert_int_equal(source_next(talk->source, batch, &talk->err), SOURCE_OPEN);
    }
}

#endif
