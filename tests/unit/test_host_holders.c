#include <fcntl.h>
#include <sys/stat.h>

#include "host/holders.h"
#include "tests/support/loopback.h"

/* Questions take the time they need, on a slow machine too. */
#define PATIENT_NS (60 * CLOCK_NS_PER_S)

static uint32_t inode_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return (uint32_t)status.st_ino;
}

static struct holders *open_hasty(int64_t ask_ns)
{
    struct err err;
    struct holders *holders = NULL;
    assert_int_equal(holders_open(&holders, ask_ns, &err), 0);
    return holders;
}

static struct holders *open_holders(void)
{
    return open_hasty(PATIENT_NS);
}

static void test_this_process(void **state)
{
    (void)state;
    struct host_process found[4];
    int fd = loopback_listen("127.0.0.1", 1), copy = dup(fd);
    struct holders *holders = open_holders();
    for (int again = 0; again < 3; again++) {
        assert_int_equal(holders_of(holders, inode_of(fd), found, 4), 1);
        assert_int_equal(found[0].pid, getpid());
        assert_int_equal(found[0].how, HOST_BY_SOCKET);
        assert_int_equal(strncmp(found[0].comm, "test_host_holde", OWNER_COMM - 1), 0);
        assert_non_null(strstr(found[0].command, "test_host_holders"));
    }
    holders_close(holders);
    (void)close(copy);
    (void)close(fd);
}

static void test_nobody(void **state)
{
    (void)state;
    struct host_process found[1];
    struct holders *holders = open_holders();
    assert_int_equal(holders_of(holders, 0, found, 1), 0);
    assert_int_equal(holders_of(holders, 1, found, 1), 0);
    holders_close(holders);
}

/* Whether this process is known, or all are walked over, must make no difference. */
static const struct family_row {
    const char *name;
    bool parent_known, child_known;
    bool parent_closes;
} family_rows[] = {
    {"by a walk", false, false, false},
    {"parent known", true, false, false},
    {"child known", false, true, false},
    {"only the children, by a walk", false, false, true},
    {"only the children, parent known", true, false, true},
    {"only the children, one child known", false, true, true},
};

static void check_family(void **state)
{
    const struct family_row *row = *state;
    struct host_process found[4];
    int fd = loopback_listen("127.0.0.1", 1);
    uint32_t inode = inode_of(fd);
    pid_t children[2] = {loopback_sleeper(), loopback_sleeper()};
    struct holders *holders = open_holders();
    if (row->parent_known)
        holders_know(holders, getpid());
    if (row->child_known)
        holders_know(holders, children[1]);
    if (row->parent_closes)
        (void)close(fd);
    size_t count = row->parent_closes ? 2 : 3;
    assert_int_equal(holders_of(holders, inode, found, 4), count);
    for (size_t at = 1; at < count; at++)
        assert_true(found[at].pid > found[at - 1].pid);
    assert_int_equal(found[0].pid == getpid() || found[1].pid == getpid(), !row->parent_closes);
    /* No more is written than there is room for. */
    assert_int_equal(holders_of(holders, inode, found, 1), count);
    loopback_kill(children[0]);
    assert_int_equal(holders_of(holders, inode, found, 4), count - 1);
    loopback_kill(children[1]);
    assert_int_equal(holders_of(holders, inode, found, 4), count - 2);
    holders_close(holders);
    if (!row->parent_closes)
        (void)close(fd);
}

/* The holder ends and a child of it has the socket still: it is the child that counts. */
static void test_a_socket_that_was_left_behind(void **state)
{
    (void)state;
    struct host_process found[4];
    int fd = loopback_listen("127.0.0.1", 1), ready[2];
    uint32_t inode = inode_of(fd);
    assert_int_equal(pipe(ready), 0);
    pid_t server = fork(), child = 0;
    if (server == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        child = fork();
        if (child == 0) {
            (void)alarm(60);
            for (;;)
                (void)pause();
        }
        (void)!write(ready[1], &child, sizeof child);
        for (;;)
            (void)pause();
    }
    (void)close(fd);
    assert_int_equal(read(ready[0], &child, sizeof child), sizeof child);
    struct holders *holders = open_holders();
    assert_int_equal(holders_of(holders, inode, found, 4), 2);
    assert_int_equal(found[0].pid, server < child ? server : child);
    /* It counts no more as soon as it ended, though nobody has waited for it. */
    (void)kill(server, SIGKILL);
    int64_t until_ns = 0;
    while (holders_of(holders, inode, found, 4) != 1)
        assert_true(loopback_await(&until_ns));
    assert_int_equal(found[0].pid, child);
    (void)waitpid(server, NULL, 0);
    (void)kill(child, SIGKILL);
    until_ns = 0;
    while (holders_of(holders, inode, found, 4) > 0)
        assert_true(loopback_await(&until_ns));
    holders_close(holders);
    (void)close(ready[0]);
    (void)close(ready[1]);
}

struct taken {
    uint32_t inodes[2];
    pid_t pids[2];
    size_t holders[2];
    size_t count;
};

static void take(void *context, uint32_t inode, const struct host_process *first, size_t holders)
{
    struct taken *taken = context;
    assert_true(taken->count < 2);
    taken->inodes[taken->count] = inode;
    taken->pids[taken->count] = first ? first->pid : 0;
    taken->holders[taken->count++] = holders;
}

static void test_all_at_once(void **state)
{
    (void)state;
    struct taken taken = {.count = 0};
    const struct holders_taker taker = {&taken, take};
    int fd = loopback_listen("127.0.0.1", 1);
    struct holders *holders = open_holders();
    assert_true(holders_step(holders, INT64_MAX, &taker));
    assert_int_equal(taken.count, 0);
    for (int again = 0; again < 2; again++) {
        assert_true(holders_want(holders, inode_of(fd)));
        assert_true(holders_want(holders, 1));
    }
    assert_true(holders_step(holders, INT64_MAX, &taker));
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.holders[0], 0);
    assert_int_equal(taken.inodes[1], inode_of(fd));
    assert_int_equal(taken.holders[1], 1);
    assert_int_equal(taken.pids[1], getpid());
    /* The next walk rests. */
    assert_true(holders_want(holders, 2));
    assert_true(holders_step(holders, INT64_MAX, &taker));
    assert_int_equal(taken.count, 2);
    holders_close(holders);
    holders_close(NULL);
    (void)close(fd);
}

static void ignore(void *context, uint32_t inode, const struct host_process *first, size_t holders)
{
    (void)context, (void)inode, (void)first, (void)holders;
}

/* A question without time is not answered by guessing, and later by what the ticks found. */
static const struct hasty_row {
    const char *name;
    bool closes; /* the socket, after it was found */
} hasty_rows[] = {
    {"found by the steps after it", false},
    {"found, and closed since", true},
};

static void check_hasty(void **state)
{
    const struct hasty_row *row = *state;
    struct host_process found[2];
    const struct holders_taker taker = {NULL, ignore};
    int fd = loopback_listen("127.0.0.1", 1);
    uint32_t inode = inode_of(fd);
    struct holders *holders = open_hasty(0);
    holders_know(holders, getpid());
    assert_int_equal(holders_of(holders, inode, found, 2), 0);
    size_t steps = 1;
    while (!holders_step(holders, 0, &taker))
        steps++;
    assert_true(steps > 10); /* processes and files there are at least */
    if (row->closes)
        (void)close(fd);
    assert_int_equal(holders_of(holders, inode, found, 2), row->closes ? 0 : 1);
    if (!row->closes) {
        assert_int_equal(found[0].pid, getpid());
        (void)usleep(HOLDERS_AGE_NS / CLOCK_NS_PER_US); /* old answers hold when they are true */
        assert_int_equal(holders_of(holders, inode, found, 2), 1);
        assert_int_equal(found[0].pid, getpid());
        (void)close(fd);
    }
    holders_close(holders);
}

static void test_wanted_are_bounded(void **state)
{
    (void)state;
    struct holders *holders = open_holders();
    for (uint32_t inode = 1; inode <= HOLDERS_KEPT; inode++)
        assert_true(holders_want(holders, inode));
    assert_false(holders_want(holders, HOLDERS_KEPT + 1));
    assert_true(holders_want(holders, 1));
    holders_close(holders);
}

static void test_held_by(void **state)
{
    (void)state;
    bool known = false;
    struct holders *holders = open_holders();
    int fd = loopback_listen("127.0.0.1", 1);
    assert_true(holders_is_held_by(holders, getpid(), inode_of(fd), INT64_MAX, &known));
    assert_true(known);
    assert_false(holders_is_held_by(holders, getpid(), 1, INT64_MAX, &known));
    assert_true(known);
    assert_false(holders_is_held_by(holders, 1 << 30, inode_of(fd), INT64_MAX, &known));
    assert_true(known);
    assert_false(holders_is_held_by(holders, getpid(), inode_of(fd), 0, &known));
    assert_false(known);
    (void)close(fd);
    holders_close(holders);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_this_process);
    ROWS_ADD_ONE(&set, test_nobody);
    ROWS_ADD(&set, family_rows, check_family);
    ROWS_ADD_ONE(&set, test_a_socket_that_was_left_behind);
    ROWS_ADD_ONE(&set, test_all_at_once);
    ROWS_ADD(&set, hasty_rows, check_hasty);
    ROWS_ADD_ONE(&set, test_wanted_are_bounded);
    ROWS_ADD_ONE(&set, test_held_by);
    return rows_run(&set, "host_holders");
}
