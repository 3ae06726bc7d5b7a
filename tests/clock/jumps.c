/*
 * loflow on a machine whose clock somebody sets, or whose time flies.
 *
 * LOFLOW_JUMPS is "AT:BY AT:BY ...", each so many seconds after the start and by so many seconds, later or
 * (negative) earlier. The wall clock and the time stamps of packets jump, as they do in the kernel; the other
 * clocks do not.
 *
 * LOFLOW_SPEED is how many seconds pass in one: for all clocks but that of processor time, for packets and for
 * kernel events, from the start of the program on.
 */
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/clock/sped.h"

#define NS_PER_S INT64_C(1000000000)

int __real_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __real_pcap_dispatch(pcap_t *pcap, int count, pcap_handler handler, u_char *user);
int __wrap_pcap_dispatch(pcap_t *pcap, int count, pcap_handler handler, u_char *user);

static int64_t read_real(clockid_t id)
{
    struct timespec now = {0};
    (void)__real_clock_gettime(id, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t sped(clockid_t id, int64_t true_ns)
{
    static int64_t begin_ns[2];
    static long speed;
    if (speed == 0) {
        const char *given = getenv("LOFLOW_SPEED");
        speed = given ? strtol(given, NULL, 10) : 1;
        begin_ns[0] = read_real(CLOCK_REALTIME);
        begin_ns[1] = read_real(CLOCK_MONOTONIC);
    }
    int64_t from_ns = begin_ns[id == CLOCK_MONOTONIC];
    return from_ns + (true_ns - from_ns) * speed;
}

/* By how much the clock was wrong at that time of the unchanged clock. */
static int64_t jumped_s(int64_t true_ns)
{
    static int64_t begin_ns;
    if (begin_ns == 0)
        begin_ns = true_ns;
    const char *at = getenv("LOFLOW_JUMPS");
    int64_t sum_s = 0;
    while (at && *at != '\0') {
        char *end = NULL;
        long after_s = strtol(at, &end, 10);
        long by_s = *end == ':' ? strtol(end + 1, &end, 10) : 0;
        if (true_ns - begin_ns >= after_s * NS_PER_S)
            sum_s += by_s;
        at = *end == ' ' ? end + 1 : NULL;
    }
    return sum_s;
}

int __wrap_clock_gettime(clockid_t id, struct timespec *now)
{
    int result = __real_clock_gettime(id, now);
    if (result != 0 || (id != CLOCK_REALTIME && id != CLOCK_MONOTONIC))
        return result;
    int64_t true_ns = now->tv_sec * NS_PER_S + now->tv_nsec;
    int64_t told_ns = sped(id, true_ns);
    if (id == CLOCK_REALTIME)
        told_ns += jumped_s(true_ns) * NS_PER_S;
    now->tv_sec = told_ns / NS_PER_S;
    now->tv_nsec = told_ns % NS_PER_S;
    return 0;
}

struct taker {
    pcap_t *pcap;
    pcap_handler handler;
    u_char *user;
};

static void take(u_char *user, const struct pcap_pkthdr *header, const u_char *data)
{
    const struct taker *taker = (const struct taker *)(const void *)user;
    struct pcap_pkthdr shifted = *header;
    bool is_nano = pcap_get_tstamp_precision(taker->pcap) == PCAP_TSTAMP_PRECISION_NANO;
    int64_t fraction_ns = (int64_t)header->ts.tv_usec * (is_nano ? 1 : 1000);
    int64_t true_ns = header->ts.tv_sec * NS_PER_S + fraction_ns;
    int64_t told_ns = sped(CLOCK_REALTIME, true_ns) + jumped_s(true_ns) * NS_PER_S;
    shifted.ts.tv_sec = told_ns / NS_PER_S;
    shifted.ts.tv_usec = told_ns % NS_PER_S / (is_nano ? 1 : 1000);
    taker->handler(taker->user, &shifted, data);
}

int __wrap_pcap_dispatch(pcap_t *pcap, int count, pcap_handler handler, u_char *user)
{
    struct taker taker = {pcap, handler, user};
    return __real_pcap_dispatch(pcap, count, take, (u_char *)&taker);
}
