#include "host/callers.h"

#include <string.h>

#include "base/clock.h"

struct host_process callers_find(struct callers *callers, pid_t pid,
                                 const char comm[OWNER_COMM + 1], int64_t time_ns)
{
    struct caller *caller = &callers->known[(uint32_t)pid % CALLERS_MAX];
    if (caller->process.pid == pid && strcmp(caller->process.comm, comm) == 0 &&
        time_ns >= caller->from_ns && time_ns <= caller->until_ns)
        return caller->process;
    int64_t now_ns = clock_wall_ns();
    struct host_process process = process_of_call(pid, comm, time_ns);
    /* Without a command it was gone already, or another has its number. */
    if (process.command[0] != '\0')
        *caller = (struct caller){.process = process, .from_ns = time_ns, .until_ns = now_ns};
    return process;
}
