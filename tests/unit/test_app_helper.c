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
#include "base/channel.h"
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
        assert_int_equal(helper_discard(path), 0);
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

/* How the other side of the channel behaves, in a process of its own. */
enum manner {
    IS_KILLED,        /* on the first question */
    IS_GONE,          /* before it */
    IS_STOPPED,       /* it takes the first question and never answers */
    SAYS_GARBAGE,     /* of any size */
    SAYS_WRONG_THING, /* the head is right, nothing else is */
    SAYS_TOO_MUCH,
    SAYS_TOO_LITTLE,
    SAYS_NOTHING,
    ANSWERS_ANOTHER,
    COUNTS_WRONG,
    NEVER_ENDS,       /* each walk goes on */
    SENDS_DESCRIPTORS /* with whatever it says, that nobody asked for */
};

static const struct manner_row {
    const char *name;
    enum manner manner;
    int error; /* that a question is left with; 0: it is answered */
} manner_rows[] = {
    {"helper: it is killed", IS_KILLED, -EOWNERDEAD},
    {"helper: it is gone before", IS_GONE, -EOWNERDEAD},
    {"helper: it is stopped", IS_STOPPED, -ETIME},
    {"helper: garbage", SAYS_GARBAGE, -EOWNERDEAD},
    {"helper: garbage behind a good head", SAYS_WRONG_THING, -EOWNERDEAD},
    {"helper: too much", SAYS_TOO_MUCH, -EOWNERDEAD},
    {"helper: too little", SAYS_TOO_LITTLE, -EOWNERDEAD},
    {"helper: nothing", SAYS_NOTHING, -EOWNERDEAD},
    {"helper: another question's answer", ANSWERS_ANOTHER, -EOWNERDEAD},
    {"helper: more rows than it sends", COUNTS_WRONG, -EOWNERDEAD},
    {"helper: it never ends", NEVER_ENDS, 0},
    {"helper: descriptors", SENDS_DESCRIPTORS, 0},
};

static void say(int end, enum manner manner, const struct helper_request *request)
{
    static union {
        struct helper_answer answer;
        unsigned char bytes[sizeof(struct helper_answer) + 4096];
    } said;
    static unsigned seed = 3;
    size_t size = helper_answer_size(0);
    memset(&said, 0, sizeof said);
    if (manner == SAYS_GARBAGE || manner == SAYS_WRONG_THING)
        for (size_t at = 0; at < sizeof said; at++)
            said.bytes[at] = (unsigned char)rand_r(&seed);
    if (manner == SAYS_GARBAGE)
        size = 1 + (size_t)rand_r(&seed) % sizeof said.answer;
    if (manner != SAYS_GARBAGE) {
        said.answer.kind = request->kind;
        said.answer.sequence = request->sequence + (manner == ANSWERS_ANOTHER);
    }
    if (manner == SAYS_WRONG_THING) {
        said.answer.count = HELPER_ROWS;
        size = helper_answer_size(HELPER_ROWS);
    }
    if (manner == SAYS_TOO_MUCH)
        size = sizeof said;
    if (manner == SAYS_TOO_LITTLE || manner == SAYS_NOTHING)
        size = manner == SAYS_NOTHING ? 0 : 3;
    if (manner == COUNTS_WRONG)
        said.answer.count = UINT32_MAX / 8;
    if (manner == NEVER_ENDS)
        said.answer.walk = 1;
    if (channel_send(end, &said, size, manner == SENDS_DESCRIPTORS ? STDIN_FILENO : -1) != 0)
        _exit(0);
}

/* In place of the helper. */
static void put_in_place(struct helper *helper, enum manner manner)
{
    int ends[2];
    static struct helper_request request;
    assert_int_equal(channel_open(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        while (manner != IS_GONE &&
               channel_take(ends[1], &request, sizeof request, NULL) == (long)sizeof request) {
            if (manner == IS_KILLED)
                (void)raise(SIGKILL);
            if (manner != IS_STOPPED)
                say(ends[1], manner, &request);
        }
        _exit(0);
    }
    (void)close(ends[1]);
    if (manner == IS_GONE)
        assert_int_equal(waitpid(pid, NULL, 0), pid);
    helper_connect(helper, ends[0]);
}

static int count_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* All that asks it. */
static void use_for_everything(struct host *host, struct helper *helper)
{
    struct err err = {.text = ""};
    struct host_net net;
    struct host_elsewhere elsewhere;
    struct host_count count;
    struct host_ports ports = {0};
    struct owners owners = {0};
    struct sockets *sockets = NULL;
    char name[16 + 1];
    const struct address address = address_from_ipv4((const uint8_t[4]){127, 0, 0, 1});
    const uint32_t inode = 1;
    const struct owners_query query = {&inode, 1, NULL, 0, helper};
    (void)host_net(host, getpid(), &net);
    (void)host_has_address(host, &address, 4, getpid());
    host_interface_name(host, 1, name);
    assert_true(strlen(name) <= 16);
    (void)host_same_program(host, getpid(), 1);
    (void)host_elsewhere(host, 9, &elsewhere);
    (void)host_count(host, &(struct host_count_query){.states = 0}, &count);
    assert_int_equal(owners_find(&owners, &query, clock_thread_ns() + HELPER_BUDGET_NS, &err), 0);
    owners_free(&owners);
    (void)owners_hold(helper, getpid(), 0, 1);
    if (sockets_open_by(&sockets, helper, NULL, &err) == 0)
        sockets_close(sockets);
    else
        assert_true(err.text[0] != '\0');
    if (ports_collect(&ports, 0, helper, &err) == 0)
        ports_free(&ports);
    else
        assert_true(err.text[0] != '\0');
}

/* Whatever it does: no question waits but the first, each has a good answer or none, one sentence says what to do. */
static void check_manner(void **state)
{
    const struct manner_row *row = *state;
    struct err err;
    struct host *host = NULL;
    struct helper *helper = start(true);
    assert_int_equal(host_open(&host, &(struct host_options){.trace = false}, &err), 0);
    host_use_helper(host, helper);
    put_in_place(helper, row->manner);
    int before = count_descriptors();
    int64_t begin_ns = clock_monotonic_ns(), spent_ns = clock_thread_ns();
    int fd = helper_create("/tmp/loflow-helper-none");
    int64_t first_ns = clock_monotonic_ns() - begin_ns;
    if (row->error) {
        assert_int_equal(fd, row->error);
        assert_int_equal(helper_error(helper), row->error);
        assert_non_null(strstr(helper_trouble(helper), "start loflow again"));
        assert_int_equal(helper_discard("/tmp/loflow-helper-none"), row->error);
        assert_int_equal(helper_signal(getpid(), SIGTERM), row->error);
    }
    assert_true(row->error == -ETIME ? first_ns >= HELPER_WAIT_NS : true);
    if (fd >= 0)
        (void)close(fd);
    for (int round = 0; round < 20; round++)
        use_for_everything(host, helper);
    assert_true(clock_thread_ns() - spent_ns < 20 * CLOCK_NS_PER_S);
    assert_true(clock_monotonic_ns() - begin_ns < 100 * CLOCK_NS_PER_S);
    assert_int_equal(helper_error(helper), row->error);
    assert_int_equal(count_descriptors(), before - (row->error == -EOWNERDEAD));
    host_close(host);
    helper_close(helper);
    while (wait(NULL) > 0)
        continue;
}

static pid_t child_of_this(void)
{
    pid_t children[8] = {0};
    bool told = false;
    assert_int_equal(process_children(getpid(), children, 8, &told), 1);
    return children[0];
}

/* Whoever asks is told nothing, and does not do it itself either. */
static void test_the_helper_is_gone(void **state)
{
    (void)state;
    struct helper_request request = {.kind = HELPER_HOLDS, .pid = getpid()};
    struct helper *helper = start(true);
    assert_non_null(helper_ask(helper, &request, NULL));
    assert_int_equal(kill(child_of_this(), SIGKILL), 0);
    assert_null(helper_ask(helper, &request, NULL));
    assert_true(helper_is_lost(helper));
    assert_true(helper_is_there(helper));
    assert_int_equal(helper_create("/tmp/loflow-helper-none"), -EOWNERDEAD);
    stop(helper);
}

/* What it was asked for while it was stopped it does afterwards; nobody waits for that any more. */
static void test_the_helper_goes_on(void **state)
{
    (void)state;
    char folder[] = "/tmp/loflow-helper-XXXXXX", path[64];
    struct stat status;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/late", folder);
    struct helper *helper = start(true);
    pid_t pid = child_of_this();
    assert_int_equal(kill(pid, SIGSTOP), 0);
    assert_int_equal(helper_create(path), -ETIME);
    int64_t begin_ns = clock_monotonic_ns();
    assert_int_equal(helper_create(path), -ETIME);
    assert_true(clock_monotonic_ns() - begin_ns < HELPER_WAIT_NS / 2);
    assert_int_equal(kill(pid, SIGCONT), 0);
    for (int tries = 0; tries < 1000 && stat(path, &status) != 0; tries++)
        (void)usleep(10000);
    int fd = -1;
    for (int tries = 0; tries < 1000 && fd < 0; tries++) {
        fd = helper_create(path); /* the late one is in the way no longer */
        (void)usleep(10000);
    }
    assert_true(fd >= 0);
    assert_false(helper_is_lost(helper));
    (void)close(fd);
    assert_int_equal(helper_discard(path), 0);
    assert_int_equal(helper_discard(path), -ENOENT);
    assert_int_equal(rmdir(folder), 0);
    stop(helper);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_the_same_is_found);
    ROWS_ADD_ONE(&set, test_a_host_by_the_helper);
    ROWS_ADD(&set, create_rows, check_create);
    ROWS_ADD_ONE(&set, test_any_request_is_answered);
    ROWS_ADD(&set, manner_rows, check_manner);
    ROWS_ADD_ONE(&set, test_the_helper_is_gone);
    ROWS_ADD_ONE(&set, test_the_helper_goes_on);
    return rows_run(&set, "app_helper");
}
