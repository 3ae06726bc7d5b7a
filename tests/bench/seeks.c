/* How long a replay on a screen takes to go somewhere: seeks CAPTURE RESULT [RUNS], on a terminal such
 * as script(1) makes. Each line of RESULT: place, median, least and greatest milliseconds, the same of CPU time
 * (median and least), and the longest slice that keys had to wait for. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/replay_wish.h"

#define RUNS_MAX 101

static void settle(struct session *session, int64_t *longest_ns)
{
    const struct replay *replay = &session->replay;
    while (replay->goal.kind != GOAL_NONE || replay->playing) {
        int64_t began_ns = clock_monotonic_ns();
        (void)replay_run(session);
        int64_t took_ns = clock_monotonic_ns() - began_ns;
        *longest_ns = took_ns > *longest_ns ? took_ns : *longest_ns;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

static void measure(FILE *result, struct session *session, const char *from, const char *to,
                    int runs)
{
    int64_t took_ns[RUNS_MAX] = {0}, cpu_ns[RUNS_MAX] = {0}, longest_ns = 0, ignored_ns = 0;
    for (int run = 0; run < runs; run++) {
        replay_seek_text(session, from);
        settle(session, &ignored_ns);
        int64_t began_ns = clock_monotonic_ns(), cpu_began_ns = clock_thread_ns();
        replay_seek_text(session, to);
        settle(session, &longest_ns);
        took_ns[run] = clock_monotonic_ns() - began_ns;
        cpu_ns[run] = clock_thread_ns() - cpu_began_ns;
    }
    qsort(cpu_ns, (size_t)runs, sizeof cpu_ns[0], compare);
    qsort(took_ns, (size_t)runs, sizeof took_ns[0], compare);
    int half = runs / 2;
    (void)fprintf(
        result,
        "%-5s to %-9s %7.1f ms (%.1f to %.1f), CPU %.1f (%.1f), keys wait at most %.1f ms\n", from,
        to, (double)took_ns[half] / 1e6, (double)took_ns[0] / 1e6, (double)took_ns[runs - 1] / 1e6,
        (double)cpu_ns[half] / 1e6, (double)cpu_ns[0] / 1e6, (double)longest_ns / 1e6);
}

int main(int argc, char **argv)
{
    static char nothing[] = "";
    static struct session session;
    struct err err;
    int runs = argc > 3 ? atoi(argv[3]) : 11;
    FILE *result = argc > 2 ? fopen(argv[2], "w") : NULL;
    if (!result || runs < 1 || runs > RUNS_MAX)
        return 2;
    struct options options = {.read_path = argv[1], .filter = nothing};
    int failed = session_open(&session, &options, &err);
    if (failed || !session.view) {
        (void)fprintf(stderr, "%s\n", failed ? err.text : "no screen");
        return 1;
    }
    int64_t longest_ns = 0, began_ns = clock_monotonic_ns();
    settle(&session, &longest_ns);
    (void)fprintf(result,
                  "first read %.1f ms, keys wait at most %.1f ms, %llu packets, %llu flows\n",
                  (double)(clock_monotonic_ns() - began_ns) / 1e6, (double)longest_ns / 1e6,
                  (unsigned long long)session.replay.count,
                  (unsigned long long)tracker_stats(session.tracker)->flows);
    measure(result, &session, "end", "begin", runs);
    measure(result, &session, "end", "25%", runs);
    measure(result, &session, "end", "50%", runs);
    measure(result, &session, "end", "99%", runs);
    measure(result, &session, "end", "previous", runs);
    session_close(&session);
    return fclose(result) == 0 ? 0 : 1;
}
