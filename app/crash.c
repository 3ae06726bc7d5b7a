#include "app/crash.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "ui/term.h"

#define STACK_SIZE 65536

static uint8_t stack[STACK_SIZE]; /* a crash may be a stack that ran out */

static void die(int signal_number)
{
    term_emergency_restore();
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static pid_t owner; /* not its children, which end, too */

/* ncurses has no other answer to lack of memory than exit(3). */
static void leave(void)
{
    if (getpid() == owner)
        term_emergency_restore();
}

void crash_prepare(void)
{
    owner = getpid();
    (void)atexit(leave);
    static const int fatal[] = {SIGSEGV, SIGBUS,  SIGABRT, SIGFPE,  SIGILL, SIGQUIT,
                                SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU, SIGSYS, SIGTRAP};
    stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    (void)sigaltstack(&own, NULL);
    struct sigaction action = {.sa_handler = die, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    for (size_t at = 0; at < sizeof fatal / sizeof fatal[0]; at++)
        (void)sigaction(fatal[at], &action, NULL);
}
