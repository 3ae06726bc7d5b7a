/*
 * What filters cost: how long each takes to look at a million flows, in nanoseconds a flow.
 *
 *     match [FLOWS [FILTER...]]
 *
 * Flows are made up: 64 processes, 20 servers, one in a hundred refused; they lie in memory as in the flow
 * table. The first line is what the walk costs alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "flows/detail.h"
#include "ui/filter_program.h"

#define FLOWS_DEFAULT 1000000u
#define PROCESSES     64
#define SERVERS       20
#define ROUNDS        5

struct made {
    struct flow *hot;
    struct flow_cold *cold;
    size_t count;
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void make_flow(struct made *made, size_t at, const uint32_t *owners, uint64_t *state)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    struct flow *hot = &made->hot[at];
    struct flow_cold *cold = &made->cold[at];
    uint64_t random = random_next(state);
    unsigned server = (unsigned)(random % SERVERS);
    hot->tuple = (struct tuple){
        .address = {address_from_ipv4(loopback), address_from_ipv4(loopback)},
        .port = {(uint16_t)(3000 + server), (uint16_t)(20000 + at % 45000)},
        .protocol = PROTOCOL_TCP,
        .family = 4,
    };
    hot->client = 1;
    hot->state = random / 64 % 100 == 0 ? FLOW_REFUSED : FLOW_ESTABLISHED;
    hot->last_ns = (int64_t)(random % 1000000000);
    hot->side[0].bytes = random % 3000000;
    hot->side[1].bytes = random % 1000;
    cold->id = at + 1;
    cold->handshake_ns = (int64_t)(random % 10000000);
    cold->owner[0] = owners[server];
    cold->owner[1] = owners[random / 4096 % PROCESSES];
}

static int64_t look_at_all(struct filter *filter, const struct made *made,
                           const struct known *known, size_t *passed)
{
    int64_t best_ns = INT64_MAX;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t begin_ns = clock_monotonic_ns();
        *passed = 0;
        for (size_t at = 0; at < made->count; at++) {
            const struct filter_look look = {
                .view = {.hot = &made->hot[at], .cold = &made->cold[at]},
                .known = known,
                .now_ns = 2000000000,
            };
            *passed += filter_matches(filter, &look);
        }
        int64_t took_ns = clock_monotonic_ns() - begin_ns;
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

static int run(const struct made *made, const struct known *known, const char *text)
{
    static struct filter filter;
    struct filter_note note;
    size_t passed = 0;
    if (filter_parse(&filter, text, &note) != FILTER_GOOD) {
        (void)fprintf(stderr, "match: %s: %s\n", text, note.sentence);
        return 2;
    }
    int64_t took_ns = look_at_all(&filter, made, known, &passed);
    (void)printf("%8.1f ns  %8zu pass  %s\n", (double)took_ns / (double)made->count, passed, text);
    return 0;
}

int main(int argc, char **argv)
{
    static const char *const filters[] = {"",
                                          "port:3000",
                                          "state:refused",
                                          "bytes>1M rtt>5ms",
                                          "proc:node",
                                          "server:node dport:3000-3010 not is:failed",
                                          "host:127.0.0.0/8 and (bytes>2M or age<1s)",
                                          "node",
                                          ":3000",
                                          "proc~/^work.*7$/",
                                          "\"tcp refused\"",
                                          "/:30[01][0-9] tcp ref/"};
    static struct known known;
    struct made made = {.count = argc > 1 ? strtoul(argv[1], NULL, 10) : FLOWS_DEFAULT};
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    uint32_t owners[PROCESSES];
    struct names *names = NULL;
    struct err err;
    if (names_open(&names, &err) != 0) {
        (void)fprintf(stderr, "match: %s\n", err.text);
        return 1;
    }
    for (int at = 0; at < PROCESSES; at++) {
        struct host_process process = {.pid = 1000 + at};
        (void)snprintf(process.comm, sizeof process.comm, at % 8 == 0 ? "node" : "worker%d", at);
        owners[at] = names_process(names, &process);
    }
    known.names = names;
    made.hot = calloc(made.count, sizeof *made.hot);
    made.cold = calloc(made.count, sizeof *made.cold);
    if (!made.hot || !made.cold)
        return 1;
    for (size_t at = 0; at < made.count; at++)
        make_flow(&made, at, owners, &state);
    int failed = 0;
    if (argc > 2) {
        for (int at = 2; at < argc && !failed; at++)
            failed = run(&made, &known, argv[at]);
    } else {
        for (size_t at = 0; at < sizeof filters / sizeof filters[0] && !failed; at++)
            failed = run(&made, &known, filters[at]);
    }
    free(made.hot);
    free(made.cold);
    names_close(names);
    return failed;
}
