/*
 * Runs a command and says what it cost, as one line for awk:
 *
 *     measure OUTPUT COMMAND [ARGUMENT...]
 *
 * appends "WALL_S USER_S SYSTEM_S PEAK_KIB" to OUTPUT. SIGINT and SIGTERM are handed on to the
 * command, so that a live capture can be ended. Exits with the command's status. It is so small
 * because the peak of a child begins with the size of the process that forked it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child;

static void hand_on(int number)
{
    if (child > 0) {
        kill(child, number);
    }
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

/* Returns the wait status; fills in what the child used. */
static int run(char **command, struct rusage *usage)
{
    int status = 0;
    child = fork();
    if (child == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    if (child < 0) {
        perror("measure: fork");
        exit(1);
    }
    while (wait4(child, &status, 0, usage) < 0 && errno == EINTR) {
    }
    return status;
}

int main(int argc, char **argv)
{
    struct rusage usage = {0};
    struct sigaction action = {.sa_handler = hand_on};
    if (argc < 3) {
        fprintf(stderr, "usage: measure OUTPUT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    FILE *output = fopen(argv[1], "ae");
    if (output == NULL) {
        perror(argv[1]);
        return 1;
    }
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    double begin_s = now_s();
    int status = run(argv + 2, &usage);
    fprintf(output, "%.4f %.4f %.4f %ld\n", now_s() - begin_s, seconds(usage.ru_utime),
            seconds(usage.ru_stime), usage.ru_maxrss);
    fclose(output);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
