/*
 * Purpose: the input that breaks something is shown before the process goes, whoever finds it: an assertion, a
 *          sanitizer, the clock.
 * Owns:    the handlers of SIGABRT and SIGALRM.
 * Used by: tests/fuzz/rounds.c, tests/fuzz/mutate.c.
 */
#ifndef LOFLOW_TESTS_FUZZ_BREAKS_H
#define LOFLOW_TESTS_FUZZ_BREAKS_H

#include <signal.h>

static void (*breaks_show)(void);

static void breaks_take(int number)
{
    breaks_show();
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

static inline void breaks_begin(void (*show)(void))
{
    breaks_show = show;
    (void)signal(SIGABRT, breaks_take);
    (void)signal(SIGALRM, breaks_take);
}

/* Asked by the sanitizers, which would leave without a signal otherwise. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
    return "abort_on_error=1";
}

const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

#endif
