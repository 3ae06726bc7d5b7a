/*
 * What users feel of the whole program on a terminal:
 *
 *     answers keys N PROGRAM ARGUMENT...         how long until a key's effect is on the screen
 *     answers storm SECONDS PROGRAM ARGUMENT...  random sizes and pages, one change every 5 ms
 *     answers quiet SECONDS PROGRAM ARGUMENT...  how much of a processor it takes when nobody does anything
 *
 * Prints one line, and after keys and storm the program's own last words, with what the kernel dropped.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/support/terminal.h"

#define WIDTH      120
#define HEIGHT     40
#define KEYS_MAX   10000
#define WAIT_NS    (10 * CLOCK_NS_PER_S)
#define SETTLE_NS  (2 * CLOCK_NS_PER_S) /* before anything is measured */
#define PAUSE_NS   (40 * CLOCK_NS_PER_MS)
#define CHANGE_NS  (5 * CLOCK_NS_PER_MS)
#define ARGUMENTS  32
#define STALL_NAME 14 /* columns before "worst" */
#define MOST_WIDE  300
#define MOST_HIGH  100

static struct terminal terminal;

static bool shows(const char *text, int *row)
{
    char line[TERMINAL_ROW_MAX];
    for (*row = 0; *row < terminal.height; ++*row) {
        terminal_row(&terminal, *row, line);
        if (strstr(line, text))
            return true;
    }
    return false;
}

/* Reads until the text is there, or not there; nanoseconds, -1 when it took too long. */
static int64_t wait_for(const char *text, bool there, int64_t begin_ns)
{
    int row = 0;
    for (;;) {
        bool is_there = shows(text, &row);
        int64_t now_ns = clock_monotonic_ns();
        if (is_there == there)
            return now_ns - begin_ns;
        if (now_ns - begin_ns > WAIT_NS)
            return -1;
        (void)terminal_pump(&terminal, 100);
    }
}

static void read_for(int64_t duration_ns)
{
    int64_t end_ns = clock_monotonic_ns() + duration_ns;
    int64_t left_ns = duration_ns;
    while (left_ns > 0) {
        (void)terminal_pump(&terminal, (int)(left_ns / CLOCK_NS_PER_MS) + 1);
        left_ns = end_ns - clock_monotonic_ns();
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Help opens and closes; the filter line opens and closes. */
static const struct {
    char key;
    bool there;
    const char *text;
} keys[] = {{'h', true, "KEYS"},
            {'q', false, "KEYS"},
            {'/', true, "keep the filter"},
            {'\r', false, "keep the filter"}};

#define KEY_COUNT ((int)(sizeof keys / sizeof keys[0]))

static int measure_keys(int count)
{
    static int64_t took_ns[KEYS_MAX];
    uint64_t state = 7;
    for (int i = 0; i < count; i++) {
        const int at = i % KEY_COUNT;
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        read_for(PAUSE_NS + (int64_t)(state >> 33) % PAUSE_NS);
        int64_t begin_ns = clock_monotonic_ns();
        terminal_bytes(&terminal, &keys[at].key, 1);
        took_ns[i] = wait_for(keys[at].text, keys[at].there, begin_ns);
        if (took_ns[i] < 0) {
            (void)fprintf(stderr, "answers: key %d was not answered\n", i + 1);
            return 1;
        }
    }
    qsort(took_ns, (size_t)count, sizeof took_ns[0], by_value);
    int half = count / 2, most = count * 99 / 100;
    (void)printf("%d keys: median %.1f ms, p99 %.1f ms, longest %.1f ms\n", count,
                 (double)took_ns[half] / 1e6, (double)took_ns[most] / 1e6,
                 (double)took_ns[count - 1] / 1e6);
    return 0;
}

/* What the program itself says of its longest stalls, on its page about them. */
static void print_stalls(void)
{
    char line[TERMINAL_ROW_MAX];
    terminal_bytes(&terminal, "4", 1);
    if (wait_for("worst", true, clock_monotonic_ns()) < 0)
        return;
    read_for(SETTLE_NS);
    for (int row = 0; row < terminal.height; row++) {
        terminal_row(&terminal, row, line);
        const char *worst = strstr(line, "worst");
        if (worst && worst - line >= STALL_NAME)
            (void)printf("  %s\n", worst - STALL_NAME);
    }
}

static int measure_storm(int seconds)
{
    int64_t end_ns = clock_monotonic_ns() + seconds * CLOCK_NS_PER_S;
    uint64_t state = 7;
    int changes = 0;
    for (; clock_monotonic_ns() < end_ns; changes++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        int number = (int)(state >> 40);
        if (changes % 2 == 0)
            terminal_resize(&terminal, 1 + number % MOST_WIDE, 1 + number / MOST_WIDE % MOST_HIGH);
        else
            terminal_bytes(&terminal, &keys[changes / 2 % KEY_COUNT].key, 1);
        read_for(CHANGE_NS);
    }
    terminal_resize(&terminal, WIDTH, HEIGHT);
    terminal_bytes(&terminal, "\r\r", 2); /* out of a page or line that is open */
    read_for(SETTLE_NS);
    (void)printf("%d changes of size and page in %d s\n", changes, seconds);
    return 0;
}

/* User and system time, in clock ticks. */
static long ticks_used(pid_t process)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    const char *at = len > 0 ? strrchr(text, ')') : NULL;
    if (!at ||
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        return -1;
    return (long)(user + system);
}

static int measure_quiet(int seconds)
{
    uint64_t received = terminal.received;
    long before = ticks_used(terminal.job.program);
    read_for(seconds * CLOCK_NS_PER_S);
    long used = ticks_used(terminal.job.program) - before;
    (void)printf("%.2f %% of a processor over %d s, %llu bytes to the terminal\n",
                 (double)used * 100 / (double)sysconf(_SC_CLK_TCK) / seconds, seconds,
                 (unsigned long long)(terminal.received - received));
    return 0;
}

/* The line with "received", from the screen after the program ended. */
static void print_last_words(void)
{
    char line[TERMINAL_ROW_MAX];
    int row = 0;
    (void)kill(terminal.job.program, SIGTERM);
    (void)wait_for("received", true, clock_monotonic_ns());
    if (!shows("received", &row))
        return;
    terminal_row(&terminal, row, line);
    (void)printf("%s\n", line);
}

int main(int argc, char **argv)
{
    const char *words[ARGUMENTS + 1] = {NULL};
    int number = argc > 3 ? atoi(argv[2]) : 0;
    if (argc < 4 || argc - 3 > ARGUMENTS || number <= 0 || number > KEYS_MAX) {
        (void)fprintf(stderr, "usage: answers keys|storm|quiet NUMBER PROGRAM ARGUMENT...\n");
        return 2;
    }
    for (int i = 3; i < argc; i++)
        words[i - 3] = argv[i];
    const struct terminal_options options = {
        .width = WIDTH, .height = HEIGHT, .type = "xterm-256color", .argv = words};
    if (!terminal_open(&terminal, &options) || wait_for("quit", true, clock_monotonic_ns()) < 0) {
        (void)fprintf(stderr, "answers: %s shows no screen\n", argv[3]);
        terminal_close(&terminal);
        return 1;
    }
    read_for(SETTLE_NS);
    int failed = 2;
    if (strcmp(argv[1], "keys") == 0)
        failed = measure_keys(number);
    else if (strcmp(argv[1], "storm") == 0)
        failed = measure_storm(number);
    else if (strcmp(argv[1], "quiet") == 0)
        failed = measure_quiet(number);
    if (strcmp(argv[1], "keys") == 0 && failed == 0)
        print_stalls();
    if (strcmp(argv[1], "quiet") != 0)
        print_last_words();
    terminal_close(&terminal);
    return failed;
}
