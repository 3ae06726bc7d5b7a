/*
 * For programs that scripts/coverage builds, linked with --wrap: gcov writes what it counted when a program ends, into the folder
 * that it was built in, and from inside of the sandbox nothing of that is possible. So the last step of two layers is left out:
 * all that leads to it is run and counted, and so is all that comes later. Whoever ends with _exit writes its counters, too.
 * Weak: a test that takes the place of these calls itself goes first.
 */
#include <stddef.h>
#include <sys/syscall.h>

void __gcov_dump(void);
__attribute__((weak)) void faults_end(void); /* of tests/faults */
_Noreturn void __real__exit(int status);
long __real_syscall(long number, long a, long b, long c, long d, long e, long f);

_Noreturn void __wrap__exit(int status);
long __wrap_syscall(long number, long a, long b, long c, long d, long e, long f);
int __wrap_seccomp_load(const void *filter);

__attribute__((weak)) _Noreturn void __wrap__exit(int status)
{
    if (faults_end)
        faults_end();
    __gcov_dump();
    __real__exit(status);
}

__attribute__((weak)) long __wrap_syscall(long number, long a, long b, long c, long d, long e,
                                          long f)
{
    return number == SYS_landlock_restrict_self ? 0 : __real_syscall(number, a, b, c, d, e, f);
}

__attribute__((weak)) int __wrap_seccomp_load(const void *filter)
{
    return filter ? 0 : -1;
}
