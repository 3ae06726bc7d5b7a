#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "host/callers.h"
#include "tests/support/loopback.h"

static const struct stat_row {
    const char *name;
    const char *text;
    bool known;
    char state;
    pid_t parent;
    uint64_t start;
} stat_rows[] = {
    {"a plain one", "7 (node) S 5 7 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 11 0 4711 99 1", true, 'S',
     5, 4711},
    {"a name with blanks and brackets",
     "7 (a) R 9 (b) T 5 7 5 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 11 0 4711 99 1", true, 'T', 5, 4711},
    {"too short", "7 (node) S 5 7 5", false, 0, 0, 0},
    {"without a name", "7 node S 5 7 5", false, 0, 0, 0},
    {"cut behind the name", "7 (node)", false, 0, 0, 0},
    {"nothing", "", false, 0, 0, 0},
};

static void check_stat(void **state)
{
    const struct stat_row *row = *state;
    struct process_stat stat;
    assert_int_equal(process_parse_stat(row->text, &stat), row->known);
    if (!row->known)
        return;
    assert_int_equal(stat.state, row->state);
    assert_int_equal(stat.parent, row->parent);
    assert_int_equal(stat.start, row->start);
}

static char state_of(pid_t pid)
{
    struct process_stat stat;
    return (char)(process_read_stat(pid, &stat) ? stat.state : '?');
}

static void test_a_stopped_one(void **state)
{
    (void)state;
    struct process_stat stat;
    pid_t child = loopback_sleeper();
    int64_t until_ns = 0;
    while (state_of(child) != 'S')
        assert_true(loopback_await(&until_ns));
    assert_int_equal(kill(child, SIGSTOP), 0);
    while (state_of(child) != 'T')
        assert_true(loopback_await(&until_ns));
    assert_true(process_read_stat(child, &stat));
    assert_int_equal(stat.parent, getpid());
    assert_true(stat.start > 0);
    loopback_kill(child);
    assert_false(process_read_stat(child, &stat));
}

static void test_names(void **state)
{
    (void)state;
    char comm[OWNER_COMM + 1], command[OWNER_COMMAND + 1];
    process_read_comm(getpid(), comm);
    process_read_command(getpid(), command);
    assert_int_equal(strncmp(comm, "test_host_proce", OWNER_COMM - 1), 0);
    assert_non_null(strstr(command, "test_host_process"));
    assert_int_equal(process_read_user(getpid()), geteuid());
    /* No process has this number. */
    process_read_comm(1 << 30, comm);
    process_read_command(1 << 30, command);
    assert_string_equal(comm, "?");
    assert_string_equal(command, "");
    /* One may have no name at all. */
    assert_int_equal(prctl(PR_SET_NAME, "", 0, 0, 0), 0);
    process_read_comm(getpid(), comm);
    assert_string_equal(comm, "?");
    assert_int_equal(process_read_user(1 << 30), UINT32_MAX);
    assert_int_equal(process_count_files(1 << 30), 0);
    assert_int_equal(process_read_file_limit(1 << 30), 0);
}

static void test_open_files(void **state)
{
    (void)state;
    struct rlimit limit;
    uint32_t before = process_count_files(getpid());
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(before >= 3);
    assert_int_equal(process_count_files(getpid()), before + 1);
    (void)close(fd);
    assert_int_equal(process_count_files(getpid()), before);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(process_read_file_limit(getpid()), limit.rlim_cur);
    limit.rlim_cur = 77;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(process_read_file_limit(getpid()), 77);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_when_it_lived(void **state)
{
    (void)state;
    int64_t before_ns = clock_wall_ns() - CLOCK_NS_PER_S;
    pid_t child = loopback_sleeper();
    assert_true(process_lived_at(child, clock_wall_ns()));
    assert_false(process_lived_at(child, before_ns));
    const char comm[OWNER_COMM + 1] = "worker";
    struct host_process process = process_of_call(child, comm, clock_wall_ns());
    assert_int_equal(process.pid, child);
    assert_int_equal(process.how, HOST_BY_TRACER);
    assert_string_equal(process.comm, "worker");
    assert_non_null(strstr(process.command, "test_host_process"));
    /* Its number was another one's then. */
    process = process_of_call(child, comm, before_ns);
    assert_string_equal(process.command, "");
    loopback_kill(child);
    assert_false(process_lived_at(child, clock_wall_ns()));
}

/* What was read of a process holds for calls that it made before it was read, and for no others. */
static void test_callers(void **state)
{
    (void)state;
    static struct callers callers;
    const char comm[OWNER_COMM + 1] = "worker";
    pid_t child = loopback_sleeper();
    int64_t first_ns = clock_wall_ns();
    const struct {
        char comm[OWNER_COMM + 1];
        int64_t time_ns;
        bool is_known; /* also when it is gone */
    } calls[] = {
        {"worker", first_ns, true},
        {"worker", first_ns - 1, false},
        {"worker", clock_wall_ns() + CLOCK_NS_PER_S, false},
        {"other", first_ns, false},
    };
    assert_non_null(
        strstr(callers_find(&callers, child, comm, first_ns).command, "test_host_process"));
    loopback_kill(child);
    for (size_t at = 0; at < sizeof calls / sizeof calls[0]; at++) {
        struct host_process process =
            callers_find(&callers, child, calls[at].comm, calls[at].time_ns);
        assert_int_equal(process.pid, child);
        assert_string_equal(process.comm, calls[at].comm);
        assert_int_equal(process.command[0] != '\0', calls[at].is_known);
    }
}

static void test_children(void **state)
{
    (void)state;
    pid_t own[2] = {loopback_sleeper(), loopback_sleeper()}, children[4];
    bool told = false;
    size_t count = process_children(getpid(), children, 4, &told);
    if (told) {
        assert_int_equal(count, 2);
        assert_int_equal(children[0] + children[1], own[0] + own[1]);
        assert_int_equal(process_children(getpid(), children, 1, &told), 1);
    }
    loopback_kill(own[0]);
    loopback_kill(own[1]);
}

/* A worker, its sibling, and one of another name. */
static void test_one_program(void **state)
{
    (void)state;
    pid_t one = loopback_sleeper(), other = loopback_sleeper(), renamed = fork();
    if (renamed == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_NAME, "app-v2");
        for (;;)
            (void)pause();
    }
    char comm[OWNER_COMM + 1] = "";
    int64_t until_ns = 0;
    while (strcmp(comm, "app-v2") != 0) {
        assert_true(loopback_await(&until_ns));
        process_read_comm(renamed, comm);
    }
    assert_true(process_is_same_program(one, one));
    assert_true(process_is_same_program(one, other));
    assert_true(process_is_same_program(getpid(), one));
    assert_true(process_is_same_program(one, getpid()));
    assert_false(process_is_same_program(one, renamed));
    assert_true(process_is_same_program(one, 1 << 30)); /* unknown */
    loopback_kill(one);
    loopback_kill(other);
    loopback_kill(renamed);
}

/* What /proc/PID/cgroup says, and whose container it is. */
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct container_row {
    const char *name;
    const char *cgroup;
    const char *id;
} containers[] = {
    {"docker, one hierarchy", "0::/system.slice/docker-" ID ".scope\n", "0123456789ab"},
    {"docker, many", "12:pids:/docker/" ID "\n11:cpu:/docker/" ID "\n", "0123456789ab"},
    {"kubernetes", "0::/kubepods.slice/kubepods-pod1a2b.slice/cri-containerd-" ID ".scope",
     "0123456789ab"},
    {"none", "0::/user.slice/user-1000.slice/session-2.scope\n", ""},
    {"too short", "0::/docker/0123456789abcdef\n", ""},
    {"too long", "0::/docker/" ID "0\n", ""},
    {"nothing", "", ""},
};

static void check_container(void **state)
{
    const struct container_row *row = *state;
    char id[PROCESS_CONTAINER + 1];
    assert_int_equal(process_parse_container(row->cgroup, id), row->id[0] != '\0');
    assert_string_equal(id, row->id);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, containers, check_container);
    ROWS_ADD(&set, stat_rows, check_stat);
    ROWS_ADD_ONE(&set, test_a_stopped_one);
    ROWS_ADD_ONE(&set, test_names);
    ROWS_ADD_ONE(&set, test_open_files);
    ROWS_ADD_ONE(&set, test_when_it_lived);
    ROWS_ADD_ONE(&set, test_callers);
    ROWS_ADD_ONE(&set, test_children);
    ROWS_ADD_ONE(&set, test_one_program);
    return rows_run(&set, "host_process");
}
