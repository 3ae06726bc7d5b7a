#include "tests/support/job.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FD_MAX 1024

struct news {
    pid_t program;
    int state, code;
};

static void tell(int report, pid_t program, enum job_state state, int code)
{
    struct news news = {program, (int)state, code};
    if (write(report, &news, sizeof news) != (ssize_t)sizeof news)
        _exit(97);
}

static void set_environment(const char *type)
{
    (void)setenv("TERM", type, 1);
    if (!getenv("LOFLOW_TEST_LOCALE"))
        (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)setenv("TZ", "UTC", 1);
    (void)unsetenv("NO_COLOR");
    (void)unsetenv("LINES");
    (void)unsetenv("COLUMNS");
}

static pid_t run_program(const char *type, const char *const *argv)
{
    pid_t program = fork();
    if (program != 0)
        return program;
    (void)setpgid(0, 0);
    (void)tcsetpgrp(STDIN_FILENO, getpid());
    (void)signal(SIGTTOU, SIG_DFL);
    (void)signal(SIGHUP, SIG_DFL);
    set_environment(type);
    (void)execv(argv[0], (char *const *)argv);
    _exit(98);
}

/* Until the program ended; then until nobody holds the other end of `control`. */
static void be_shell(pid_t program, int control, int report)
{
    int status = 0;
    char word = 0;
    while (waitpid(program, &status, WUNTRACED) == program && WIFSTOPPED(status)) {
        (void)tcsetpgrp(STDIN_FILENO, getpid());
        tell(report, program, JOB_STOPPED, WSTOPSIG(status));
        if (read(control, &word, 1) != 1) {
            (void)kill(program, SIGKILL);
            continue;
        }
        (void)tcsetpgrp(STDIN_FILENO, program);
        (void)kill(-program, SIGCONT);
    }
    if (WIFEXITED(status))
        tell(report, program, JOB_EXITED, WEXITSTATUS(status));
    else
        tell(report, program, JOB_KILLED, WTERMSIG(status));
    ssize_t got = read(control, &word, 1); /* until the other end closes */
    _exit(got < 0 ? 1 : 0);
}

/* The shell holds nothing but its terminal and its two pipes, above all not the terminal's other end. */
static void take_terminal(int slave, int control, int report)
{
    (void)setsid();
    (void)ioctl(slave, TIOCSCTTY, 0);
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        (void)dup2(slave, fd);
    for (int fd = STDERR_FILENO + 1; fd < FD_MAX; fd++) {
        if (fd != control && fd != report)
            (void)close(fd);
    }
    (void)signal(SIGTTOU, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
}

bool job_begin(struct job *job, int slave, const char *type, const char *const *argv)
{
    int control[2], report[2];
    *job = (struct job){.control = -1, .report = -1};
    if (pipe2(control, O_CLOEXEC) != 0)
        return false;
    if (pipe2(report, O_CLOEXEC) != 0)
        return false;
    job->shell = fork();
    if (job->shell < 0)
        return false;
    if (job->shell == 0) {
        (void)close(control[1]);
        (void)close(report[0]);
        take_terminal(slave, control[0], report[1]);
        pid_t program = run_program(type, argv);
        tell(report[1], program, JOB_RUNS, 0);
        be_shell(program, control[0], report[1]);
    }
    (void)close(control[0]);
    (void)close(report[1]);
    job->control = control[1];
    job->report = report[0];
    struct news news;
    if (read(job->report, &news, sizeof news) != (ssize_t)sizeof news)
        return false;
    job->program = news.program;
    return true;
}

void job_look(struct job *job)
{
    struct pollfd report = {.fd = job->report, .events = POLLIN};
    struct news news;
    while (poll(&report, 1, 0) == 1 &&
           read(job->report, &news, sizeof news) == (ssize_t)sizeof news) {
        job->state = (enum job_state)news.state;
        job->code = news.code;
    }
}

void job_continue(struct job *job)
{
    if (job->state == JOB_STOPPED && write(job->control, "c", 1) == 1)
        job->state = JOB_RUNS;
}

void job_end(struct job *job)
{
    job_look(job);
    if (job->program > 0 && (job->state == JOB_RUNS || job->state == JOB_STOPPED))
        (void)kill(job->program, SIGKILL);
    if (job->control >= 0)
        (void)close(job->control);
    if (job->shell > 0)
        (void)waitpid(job->shell, NULL, 0);
    if (job->report >= 0)
        (void)close(job->report);
    *job = (struct job){.control = -1, .report = -1};
}
