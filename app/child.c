#include "app/child.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define INHERITED_MAX   1024
#define STATUS_NO_FILE  127
#define STATUS_NO_RUN   126
#define STATUS_SIGNALED 128

/* What loflow was started with. */
static struct {
    bool ignored[NSIG];
    int descriptors[INHERITED_MAX];
    int count;
} inherited;

static bool was_inherited(int fd)
{
    for (int at = 0; at < inherited.count; at++) {
        if (inherited.descriptors[at] == fd)
            return true;
    }
    return false;
}

static void note_descriptor(int fd)
{
    if (inherited.count < INHERITED_MAX)
        inherited.descriptors[inherited.count++] = fd;
}

/* Libraries open descriptors that would survive exec. */
static void close_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (fd > STDERR_FILENO && flags >= 0 && !was_inherited(fd))
        (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

static void each_descriptor(void (*take)(int fd))
{
    DIR *open_files = opendir("/proc/self/fd");
    if (!open_files)
        return;
    for (struct dirent *entry = readdir(open_files); entry; entry = readdir(open_files)) {
        char *behind = NULL;
        long fd = strtol(entry->d_name, &behind, 10);
        if (behind != entry->d_name && fd != dirfd(open_files))
            take((int)fd);
    }
    (void)closedir(open_files);
}

void child_note_inherited(void)
{
    struct sigaction action;
    for (int number = 1; number < NSIG; number++)
        inherited.ignored[number] =
            sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
    each_descriptor(note_descriptor);
}

/* Handlers go with exec, ignored signals stay. */
static void restore_signals(const sigset_t *mask)
{
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, inherited.ignored[number] ? SIG_IGN : SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Between fork and exec. Never returns. */
static void become(char **argv, const sigset_t *mask, int report_fd)
{
    restore_signals(mask);
    /* Where loflow is set-uid, it is so to capture, not to run anything. */
    int code = 0;
    if (setgid(getgid()) != 0 || setuid(getuid()) != 0)
        code = errno;
    if (code == 0) {
        (void)execvp(argv[0], argv);
        code = errno;
    }
    (void)!write(report_fd, &code, sizeof code);
    _exit(STATUS_NO_RUN);
}

static int explain(struct child *child, const char *name, int code, struct err *err)
{
    child->ended = true;
    child->status = code == ENOENT ? STATUS_NO_FILE : STATUS_NO_RUN;
    if (code == ENOENT)
        return err_set(err, code, "cannot run \"%.200s\": there is no such program", name);
    return err_set(err, code, "cannot run \"%.200s\": %s", name, strerror(code));
}

/* A signal that comes to the new process before it has its own ways waits until then. */
static pid_t fork_blocked(char **argv, int report_fd)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, &before, report_fd);
    int code = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return pid;
}

int child_start(struct child *child, char **argv, struct err *err)
{
    int pipes[2], code = 0;
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return err_set(err, errno, "cannot start \"%.200s\": %s", argv[0], strerror(errno));
    each_descriptor(close_on_exec);
    (void)fflush(NULL);
    child->pid = fork_blocked(argv, pipes[1]);
    int failed = child->pid < 0 ? errno : 0;
    (void)close(pipes[1]);
    /* Its end is closed by exec, or after it has said why that failed. */
    ssize_t got = failed ? 0 : read(pipes[0], &code, sizeof code);
    while (got < 0 && errno == EINTR)
        got = read(pipes[0], &code, sizeof code);
    (void)close(pipes[0]);
    if (failed) {
        child->pid = 0;
        return err_set(err, failed, "cannot start \"%.200s\": %s", argv[0], strerror(failed));
    }
    return got == (ssize_t)sizeof code ? explain(child, argv[0], code, err) : 0;
}

static void end(struct child *child, int status)
{
    child->ended = true;
    child->killed_by = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    child->status = WIFSIGNALED(status) ? STATUS_SIGNALED + WTERMSIG(status) : WEXITSTATUS(status);
}

bool child_reap(struct child *child)
{
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
        if (pid == child->pid && (WIFEXITED(status) || WIFSIGNALED(status)))
            end(child, status);
    }
    return child->ended;
}
