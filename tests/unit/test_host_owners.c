#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "host/owners.h"
#include "tests/support/loopback.h"

#define MANY 3000u /* open files of one process */

static uint32_t inode_of(int fd)
{
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    return (uint32_t)status.st_ino;
}

static int compare_inodes(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

/* Room for MANY files, or the machine does not allow it. */
static bool may_open_many(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < MANY + 256 ? limit.rlim_max : MANY + 256;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur >= MANY + 256;
}

/* Sockets of this process, and how a walk looks for them. */
static const struct row {
    const char *name;
    size_t sockets;  /* that are looked for */
    size_t files;    /* all others */
    bool child;      /* a child has them too */
    bool everywhere; /* in all processes, else in this one and the child */
} rows[] = {
    {"one socket, this process", 1, 0, false, false},
    {"one socket, everywhere", 1, 0, false, true},
    {"one socket, with a child", 1, 0, true, true},
    {"3,000 sockets, this process", MANY, 0, false, false},
    {"3,000 sockets, everywhere", MANY, 0, true, true},
    {"one socket among 3,000 files", 1, MANY - 1, true, true},
};

struct world {
    int fds[MANY];
    uint32_t inodes[MANY];
    pid_t pids[2];
    struct owners_query query;
};

static void open_world(struct world *world, const struct row *row)
{
    for (size_t at = 0; at < row->files; at++) {
        world->fds[row->sockets + at] = dup(STDIN_FILENO);
        assert_true(world->fds[row->sockets + at] >= 0);
    }
    for (size_t at = 0; at < row->sockets; at++) {
        world->fds[at] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assert_true(world->fds[at] >= 0);
        world->inodes[at] = inode_of(world->fds[at]);
    }
    qsort(world->inodes, row->sockets, sizeof *world->inodes, compare_inodes);
    world->pids[0] = getpid();
    world->pids[1] = row->child ? loopback_sleeper() : 1 << 30;
    world->query = (struct owners_query){world->inodes, row->sockets,
                                         row->everywhere ? NULL : world->pids, 2, NULL};
}

static void close_world(const struct world *world, const struct row *row)
{
    if (row->child)
        loopback_kill(world->pids[1]);
    for (size_t at = 0; at < row->sockets + row->files; at++)
        (void)close(world->fds[at]);
}

/* Every step is a file or a process, so there are no fewer steps than those. */
static void walk_in_steps(const struct world *world, const struct row *row, struct owners *found)
{
    struct err err;
    struct owners_walk walk;
    size_t steps = 1;
    assert_int_equal(owners_walk_begin(&walk, &world->query, &err), 0);
    while (!owners_walk_step(&walk, 0))
        steps++;
    assert_true(steps > row->sockets + row->files);
    owners_walk_end(&walk, found);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    struct owners sliced, whole;
    struct err err;
    if (!may_open_many())
        skip();
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    open_world(world, row);
    walk_in_steps(world, row, &sliced);
    assert_int_equal(owners_find(&whole, &world->query, INT64_MAX, &err), 0);
    assert_int_equal(sliced.count, row->sockets * (row->child ? 2 : 1));
    assert_int_equal(sliced.count, whole.count);
    for (size_t at = 0; at < whole.count; at++) {
        const struct owner *one = &sliced.found[at], *other = &whole.found[at];
        assert_int_equal(one->inode, other->inode);
        assert_int_equal(one->pid, other->pid);
        assert_int_equal(one->fd, other->fd);
        assert_int_equal(one->start, other->start);
        assert_string_equal(one->comm, other->comm);
        assert_true(owners_hold(NULL, one->pid, one->fd, one->inode));
        assert_false(owners_hold(NULL, one->pid, one->fd, one->inode + (1u << 31)));
    }
    owners_free(&sliced);
    owners_free(&whole);
    close_world(world, row);
    free(world);
}

/* With a process in hand that ends, and as soon as it began. */
static void test_a_walk_is_left_in_the_middle(void **state)
{
    (void)state;
    struct err err;
    struct owners_walk walk = {.next = 0};
    int fd = loopback_listen("127.0.0.1", 1);
    uint32_t inode = inode_of(fd);
    pid_t child = loopback_sleeper();
    const pid_t pids[2] = {child, getpid()};
    const struct owners_query query = {&inode, 1, pids, 2, NULL};
    struct owners found;
    assert_int_equal(owners_walk_begin(&walk, &query, &err), 0);
    assert_false(owners_walk_step(&walk, 0));
    loopback_kill(child);
    while (!owners_walk_step(&walk, 0))
        assert_true(walk.owners.count <= 1);
    owners_walk_end(&walk, &found);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.found[0].pid, getpid());
    owners_free(&found);
    assert_int_equal(owners_walk_begin(&walk, &query, &err), 0);
    owners_walk_end(&walk, NULL);
    owners_walk_end(&walk, NULL); /* none goes on */
    (void)close(fd);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD_ONE(&set, test_a_walk_is_left_in_the_middle);
    return rows_run(&set, "host_owners");
}
