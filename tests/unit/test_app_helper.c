/* The helper process: what it tells is what this process would find itself, and what it is not for it refuses. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/helper_process.h"
#include "base/clock.h"
#include "host/helper_serve.h"
#include "host/host.h"
#include "host/ports.h"
#include "tests/support/loopback.h"
#include "tests/support/rows.h"

#define REQUESTS 20000

static struct helper *start(bool asks_host)
{
    struct err err;
    struct helper *helper = NULL;
    assert_int_equal(helper_open(&helper, &err), 0);
    assert_false(helper_is_there(helper));
    const struct helper_plan plan = {.asks_host = asks_host, .makes_files = true, .command = -1};
    assert_int_equal(helper_process_start(helper, &plan, &err), 0);
    assert_true(helper_is_there(helper));
    return helper;
}

static void stop(struct helper *helper)
{
    helper_close(helper);
    assert_true(wait(NULL) > 0);
}

/* All rows, by the helper and by ourselves. */
static void test_the_same_is_found(void **state)
{
    (void)state;
    struct err err;
    struct host_ports there, here;
    struct helper *helper = start(true);
    int fd = loopback_listen("127.0.0.1", 1);
    uint16_t port = loopback_port(fd);
    assert_int_equal(ports_collect(&there, port, helper, &err), 0);
    assert_int_equal(ports_collect(&here, port, NULL, &err), 0);
    assert_int_equal(there.count, 1);
    assert_int_equal(here.count, 1);
    assert_non_null(there.rows[0].owner);
    assert_int_equal(there.rows[0].owner->pid, getpid());
    assert_int_equal(here.rows[0].owner->pid, getpid());
    assert_int_equal(there.rows[0].owner->fd, fd);
    assert_true(owners_hold(helper, getpid(), fd, here.rows[0].socket.inode));
    assert_false(owners_hold(helper, getpid(), fd, 1));
    ports_free(&there);
    ports_free(&here);
    (void)close(fd);
    stop(helper);
}

static void test_a_host_by_the_helper(void **state)
{
    (void)state;
    struct err err;
    struct host *host = NULL;
    struct host_net here, there;
    struct helper *helper = start(true);
    char name[16 + 1];
    assert_int_equal(host_open(&host, &(struct host_options){.trace = false}, &err), 0);
    assert_true(host_net(host, 0, &here));
    host_use_helper(host, helper);
    assert_true(host_net(host, 0, &there));
    assert_memory_equal(&here, &there, sizeof here);
    assert_true(host_net(host, getpid(), &there));
    assert_memory_equal(&here, &there, sizeof here);
    assert_false(host_net(host, 1 << 30, &there));
    host_interface_name(host, host_loopback_index(), name);
    assert_string_equal(name, "lo");
    assert_true(host_same_program(host, getpid(), getpid()));
    struct host_count count;
    assert_true(host_count(host, &(struct host_count_query){.states = 0}, &count));
    host_close(host);
    stop(helper);
}

/* What is saved where; {} is a folder of the test. */
static const struct create_row {
    const char *name;
    const char *path;
    int failed;
} create_rows[] = {
    {"a new file", "{}/new", 0},
    {"what exists", "{}/there", EEXIST},
    {"a link to what exists", "{}/link", EEXIST},
    {"a link to what does not", "{}/dangling", EEXIST},
    {"a hidden file", "{}/.profile", EPERM},
    {"in a hidden folder", "{}/.ssh/authorized_keys", EPERM},
    {"in a hidden folder, by a link", "{}/keys/authorized_keys", EPERM},
    {"in a hidden folder, by its parent", "{}/.ssh/../.ssh/x", EPERM},
    {"no such folder", "{}/none/new", ENOENT},
    {"a folder", "{}/", EISDIR},
    {"the parent", "{}/..", EPERM},
    {"nothing", "", EISDIR},
    {"no right", "/proc/new", ENOENT},
};

static void fill(const char *path, const char *folder, char filled[PATH_MAX])
{
    bool is_inside = strncmp(path, "{}", 2) == 0;
    (void)snprintf(filled, PATH_MAX, "%s%s", is_inside ? folder : "", is_inside ? path + 2 : path);
}

static void make(const char *folder, const char *name, const char *target)
{
    char path[PATH_MAX], to[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    (void)snprintf(to, sizeof to, "%s/%s", folder, target ? target : "");
    int failed = 0;
    if (target)
        failed = symlink(to, path);
    else if (name[0] == '.')
        failed = mkdir(path, 0700);
    else
        failed = close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    assert_int_equal(failed, 0);
}

static void check_create(void **state)
{
    const struct create_row *row = *state;
    char folder[] = "/tmp/loflow-helper-XXXXXX", path[PATH_MAX], command[64];
    struct stat status;
    assert_non_null(mkdtemp(folder));
    make(folder, "there", NULL);
    make(folder, "link", "there");
    make(folder, "dangling", "none");
    make(folder, ".ssh", NULL);
    make(folder, "keys", ".ssh");
    fill(row->path, folder, path);
    struct helper *helper = start(false);
    int fd = helper_create(path);
    assert_int_equal(fd < 0 ? -fd : 0, row->failed);
    if (fd >= 0) {
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(status.st_mode, S_IFREG | 0600);
        assert_int_equal(write(fd, "x", 1), 1);
        helper_discard(path);
        assert_int_equal(stat(path, &status), -1);
        (void)close(fd);
    }
    stop(helper);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Requests that nobody would send: each is answered, in the form of an answer, and nothing is broken afterwards. */
static void test_any_request_is_answered(void **state)
{
    (void)state;
    struct err err;
    struct helper_server *server = NULL;
    static struct helper_request request;
    static struct helper_answer answer;
    unsigned seed = 7;
    assert_int_equal(helper_server_open(&server, NULL, &err), 0);
    for (int count = 0; count < REQUESTS; count++) {
        unsigned char *bytes = (unsigned char *)&request;
        for (size_t at = 0; at < sizeof request; at += 1 + (size_t)rand_r(&seed) % 40)
            bytes[at] = (unsigned char)rand_r(&seed);
        request.kind = (uint32_t)rand_r(&seed) % (HELPER_KINDS + 3);
        request.budget_ns = rand_r(&seed) % 4 ? rand_r(&seed) % 100000 : -1;
        request.walk = (uint32_t)rand_r(&seed) % 5;
        request.pid_count = (uint32_t)rand_r(&seed) % (HELPER_PIDS + 100);
        int fd = -1;
        helper_serve(server, &request, &answer, &fd);
        assert_int_equal(answer.kind, request.kind);
        assert_true(answer.count <= HELPER_ROWS && answer.result <= 1);
        assert_true(fd < 0 || request.kind == HELPER_SOCKETS);
        if (fd >= 0)
            (void)close(fd);
    }
    helper_server_close(server);
}

/* Whoever asks is told nothing, and does not do it itself either. */
static void test_the_helper_is_gone(void **state)
{
    (void)state;
    struct helper_request request = {.kind = HELPER_HOLDS, .pid = getpid()};
    struct helper *helper = start(true);
    pid_t children[8] = {0};
    bool told = false;
    assert_non_null(helper_ask(helper, &request, NULL));
    assert_int_equal(process_children(getpid(), children, 8, &told), 1);
    assert_int_equal(kill(children[0], SIGKILL), 0);
    assert_null(helper_ask(helper, &request, NULL));
    assert_true(helper_is_lost(helper));
    assert_true(helper_is_there(helper));
    assert_int_equal(helper_create("/tmp/loflow-helper-none"), -EPIPE);
    stop(helper);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_the_same_is_found);
    ROWS_ADD_ONE(&set, test_a_host_by_the_helper);
    ROWS_ADD(&set, create_rows, check_create);
    ROWS_ADD_ONE(&set, test_any_request_is_answered);
    ROWS_ADD_ONE(&set, test_the_helper_is_gone);
    return rows_run(&set, "app_helper");
}
