#include "app/signals.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t stop, resize, resume, suspend;
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

void signals_note_suspend(int number)
{
    int kept = errno;
    uint64_t one = 1;
    (void)number;
    suspend = 1;
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

bool signals_take_suspend(void)
{
    return take(&suspend);
}

bool signals_take_resume(void)
{
    return take(&resume);
}

/* One more than the pid of who sent it last; 0: nobody. */
static volatile sig_atomic_t sender[NSIG];

static const int outlived[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

static void note_sent(int number, siginfo_t *info, void *context)
{
    int kept = errno;
    uint64_t one = 1;
    (void)context;
    if (number != SIGCHLD && info->si_code <= 0)
        sender[number] = info->si_pid + 1;
    (void)!write(wake_fd, &one, sizeof one);
    errno = kept;
}

int signals_open_outliving(struct err *err)
{
    wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_fd < 0)
        return err_set(err, errno, "cannot wait for signals: %s", strerror(errno));
    struct sigaction action = {.sa_sigaction = note_sent, .sa_flags = SA_SIGINFO};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGCHLD, &action, NULL);
    for (size_t at = 0; at < sizeof outlived / sizeof outlived[0]; at++) {
        struct sigaction before;
        (void)sigaction(outlived[at], NULL, &before);
        if (outlived[at] != SIGHUP || before.sa_handler != SIG_IGN)
            (void)sigaction(outlived[at], &action, NULL);
    }
    return 0;
}

bool signals_take_sent(int *number, pid_t *who)
{
    for (size_t at = 0; at < sizeof outlived / sizeof outlived[0]; at++) {
        sig_atomic_t sent = sender[outlived[at]];
        if (sent == 0)
            continue;
        sender[outlived[at]] = 0;
        *number = outlived[at];
        *who = (pid_t)sent - 1;
        return true;
    }
    return false;
}

void signals_stop_outliving(void)
{
    for (size_t at = 0; at < sizeof outlived / sizeof outlived[0]; at++)
        (void)signal(outlived[at], SIG_DFL);
}
