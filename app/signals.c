#include "app/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t stop, resize, resume;
static int wake_fd = -1;

static void note(int number)
{
    int kept = errno;
    uint64_t one = 1;
    if (number == SIGWINCH) {
        resize = 1;
    } else if (number == SIGCONT) {
        resume = 1;
    } else {
        stop = 1;
        (void)signal(number, SIG_DFL);
    }
    (void)!write(wake_fd, &one, sizeof one);
    errno = kept;
}

int signals_open(struct err *err)
{
    static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT};
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0)
        return err_set(err, errno, "cannot wait for signals: %s", strerror(errno));
    for (size_t at = 0; at < sizeof wanted / sizeof wanted[0]; at++) {
        struct sigaction before;
        struct sigaction action = {.sa_handler = note};
        (void)sigemptyset(&action.sa_mask);
        (void)sigaction(wanted[at], NULL, &before);
        /* nohup means what it says, as to tcpdump; but a shell starts background jobs with SIGINT
         * ignored, and nobody means that. */
        if (wanted[at] != SIGHUP || before.sa_handler != SIG_IGN)
            (void)sigaction(wanted[at], &action, NULL);
    }
    return 0;
}

int signals_fd(void)
{
    return wake_fd;
}

void signals_clear(void)
{
    uint64_t count;
    (void)!read(wake_fd, &count, sizeof count);
}

const volatile sig_atomic_t *signals_stop(void)
{
    return &stop;
}

static bool take(volatile sig_atomic_t *flag)
{
    bool was = *flag != 0;
    *flag = 0;
    return was;
}

bool signals_take_resize(void)
{
    return take(&resize);
}

bool signals_take_resume(void)
{
    return take(&resume);
}
