/*
 * Purpose: what /proc tells of one process.
 * Bounds:  each question opens one or two small files: some 10 us.
 * Fails:   by saying so: a process that is gone or may not be looked into is unknown.
 * Source:  proc(5).
 * Used by: host/owners, host/holders, host/host, app/family.
 */
#ifndef LOFLOW_HOST_PROCESS_H
#define LOFLOW_HOST_PROCESS_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OWNER_COMM    16
#define OWNER_COMMAND 128

/* How something was learned. */
enum host_how { HOST_UNKNOWN, HOST_BY_TRACER, HOST_BY_SOCKET, HOST_BY_CAPTURE };

/* A process. Texts are its own: untrusted. */
struct host_process {
    pid_t pid; /* 0: unknown */
    char comm[OWNER_COMM + 1];
    char command[OWNER_COMMAND + 1]; /* "" unknown */
    uint8_t how;                     /* enum host_how */
};

struct process_stat {
    char state; /* 'R', 'S', 'T' ... */
    pid_t parent;
    uint64_t start; /* clock ticks since boot */
};

bool process_read_stat(pid_t pid, struct process_stat *stat);

/* What a text says that has the form of /proc/PID/stat; the name in it may hold anything. */
bool process_parse_stat(const char *text, struct process_stat *stat);

/* "?" when it is gone, has none, or may not be looked into. */
void process_read_comm(pid_t pid, char comm[OWNER_COMM + 1]);

/* Its arguments, separated by spaces; "" when it is unknown. */
void process_read_command(pid_t pid, char command[OWNER_COMMAND + 1]);

/* Effective uid; UINT32_MAX unknown. */
uint32_t process_read_user(pid_t pid);

/* The first digits of the container's id, as `docker ps` shows them, by what /proc/PID/cgroup says. False,
 * and "": it is in none. */
#define PROCESS_CONTAINER 12
bool process_parse_container(const char *cgroup, char id[PROCESS_CONTAINER + 1]);
bool process_read_container(pid_t pid, char id[PROCESS_CONTAINER + 1]);

/* Open files and how many there may be (RLIMIT_NOFILE, UINT32_MAX without a limit); 0 unknown. */
uint32_t process_count_files(pid_t pid);
uint32_t process_read_file_limit(pid_t pid);

/* The next one of an open /proc; 0 after the last. */
pid_t process_next(DIR *processes);

/* Was that process there at that time of CLOCK_REALTIME? Tells a pid that was given away anew. */
bool process_lived_at(pid_t pid, int64_t time_ns);

/* How long ago a process began, in seconds, by its start in clock ticks since boot. */
int64_t process_age_s(uint64_t start);

/* Who made a call at that time, as the tracer tells; its command is added when it is still there. */
struct host_process process_of_call(pid_t pid, const char comm[OWNER_COMM + 1], int64_t time_ns);

/* Its children; returns how many were written. False in `told`: the kernel has no such list. */
size_t process_children(pid_t pid, pid_t *children, size_t room, bool *told);

/* Are the two one program, see host_same_program. */
bool process_is_same_program(pid_t a, pid_t b);

#endif
