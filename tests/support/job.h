/*
 * Purpose: a program on a pseudo-terminal as a shell with job control runs it: in the foreground, stopped by
 *          Ctrl-Z, continued as by fg.
 * Owns:    a process that plays the shell, and through it the program; both are gone after job_end.
 * Fails:   job_begin with false.
 * Used by: tests/support/terminal.
 */
#ifndef LOFLOW_TESTS_SUPPORT_JOB_H
#define LOFLOW_TESTS_SUPPORT_JOB_H

#include <stdbool.h>
#include <sys/types.h>

enum job_state {
    JOB_RUNS,
    JOB_STOPPED,
    JOB_EXITED,
    JOB_KILLED, /* by a signal */
};

struct job {
    pid_t shell, program;
    int control, report; /* to the shell, from the shell */
    enum job_state state;
    int code; /* exit status or signal */
};

/* Runs argv[0] with `slave` as its terminal; TERM is `type`. */
bool job_begin(struct job *job, int slave, const char *type, const char *const *argv);

/* Takes what became of the program by now. */
void job_look(struct job *job);

/* After a stop. */
void job_continue(struct job *job);

void job_end(struct job *job);

#endif
