/* The whole program on a terminal, as its user has it: over a capture, over a pipe, live. */
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include "capture/source.h"
#include "tests/support/pty.h"

#define HEIGHT 24
#define WIDTH  100

#define DEMO LOFLOW_SOURCE_DIR "/pcaps/demo.pcap"

struct run {
    const char *arguments[8];
    const char *input; /* what standard input is; NULL: the terminal */
};

static void be_loflow(const void *context)
{
    const struct run *run = context;
    char *argv[10] = {(char *)(uintptr_t)LOFLOW_BINARY};
    for (size_t at = 0; at < 8 && run->arguments[at]; at++)
        argv[at + 1] = (char *)(uintptr_t)run->arguments[at];
    (void)setenv("TERM", "xterm-256color", 1);
    (void)setenv("LC_ALL", "C.UTF-8", 1);
    (void)setenv("TZ", "UTC", 1);
    if (run->input) {
        int fd = open(run->input, O_RDONLY | O_CLOEXEC);
        (void)dup2(fd, STDIN_FILENO);
    }
    (void)execv(LOFLOW_BINARY, argv);
    _exit(98);
}

static const struct run demo = {.arguments = {"-r", DEMO}};

static void begin(struct session *session, const struct run *run)
{
    session_begin(session, HEIGHT, WIDTH, be_loflow, run);
}

static void read_screen(struct session *session, char *text)
{
    int rows = 0, columns = 0;
    while (pump(session, 200))
        continue;
    vterm_get_size(session->vterm, &rows, &columns);
    read_rows(session, rows, columns, text);
}

static void expect(struct session *session, const char *part, bool there)
{
    static char text[SCREEN_TEXT_MAX];
    read_screen(session, text);
    if ((strstr(text, part) != NULL) != there)
        fail_msg("\"%s\" is %s:\n%s", part, there ? "missing" : "there", text);
}

static void quit(struct session *session)
{
    type(session, "q");
    session_end(session, 0);
}

static void test_a_capture(void **state)
{
    (void)state;
    struct session session;
    begin(&session, &demo);
    wait_for(&session, "demo.pcap");
    wait_for(&session, "46 packets");
    expect(&session, "127.0.0.1:8080", true);
    expect(&session, "refused", true);
    expect(&session, "closed", true);
    assert_true(session.alternate);
    type(&session, "q");
    wait_for(&session, "46 packets, 6 TCP flows");
    expect_restored(&session);
    session_end(&session, 0);
}

/* What packets alone prove is said of a capture too. */
static void test_a_capture_is_diagnosed(void **state)
{
    (void)state;
    struct session session;
    begin(&session, &demo);
    wait_for(&session, "connecting to 127.0.0.1:3000 was refused");
    expect(&session, "no kernel events", false);
    type(&session, "\t\r");
    wait_for(&session, "refused (seen)");
    wait_for(&session, "sudo ss -ltnp");
    type(&session, "q");
    wait_for(&session, "DIAGNOSES");
    quit(&session);
}

static void test_filter_help_and_back(void **state)
{
    (void)state;
    struct session session;
    begin(&session, &demo);
    wait_for(&session, "127.0.0.1:6379");
    type(&session, "/refused\r");
    wait_for(&session, "127.0.0.1:3000");
    expect(&session, ":6379", false);
    type(&session, "\x1b");
    wait_for(&session, "127.0.0.1:6379");
    type(&session, "?");
    wait_for(&session, "KEYS");
    type(&session, "?");
    wait_for(&session, "127.0.0.1:6379");
    quit(&session);
}

/* What had to make room is told. */
static void test_evictions_are_shown(void **state)
{
    (void)state;
    struct session session;
    begin(&session, &(struct run){.arguments = {"-r", DEMO, "--max-flows", "2"}});
    wait_for(&session, "evicted 4");
    type(&session, "q");
    wait_for(&session, "4 flows had to make room");
    session_end(&session, 0);
}

static void test_resize(void **state)
{
    (void)state;
    static const struct winsize sizes[] = {
        {.ws_row = 60, .ws_col = 200}, {.ws_row = 12, .ws_col = 40}, {.ws_row = 2, .ws_col = 5}};
    struct session session;
    begin(&session, &demo);
    wait_for(&session, "46 packets");
    for (size_t at = 0; at < sizeof sizes / sizeof sizes[0]; at++) {
        vterm_set_size(session.vterm, sizes[at].ws_row, sizes[at].ws_col);
        assert_int_equal(ioctl(session.master, TIOCSWINSZ, &sizes[at]), 0);
        wait_for(&session, "loflo");
    }
    quit(&session);
}

/* However the program ends, the terminal is as it was. */
static const struct end_row {
    const char *name;
    int signal;
    bool kills; /* the program dies of it */
} ends[] = {
    {"SIGINT", SIGINT, false},  {"SIGTERM", SIGTERM, false}, {"SIGHUP", SIGHUP, false},
    {"SIGSEGV", SIGSEGV, true}, {"SIGABRT", SIGABRT, true},  {"SIGBUS", SIGBUS, true},
    {"SIGQUIT", SIGQUIT, true},
};

static void check_end(void **state)
{
    const struct end_row *row = *state;
    struct session session;
    int status = 0;
    begin(&session, &demo);
    wait_for(&session, "46 packets");
    assert_true(session.alternate);
    assert_int_equal(kill(session.child, row->signal), 0);
    while (pump(&session, 1000))
        continue;
    assert_int_equal(waitpid(session.child, &status, 0), session.child);
    expect_restored(&session);
    if (row->kills)
        assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    else
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    (void)close(session.master);
    vterm_free(session.vterm);
}

/* Nobody will ever read or type there again: the program ends by itself. */
static void test_the_terminal_goes_away(void **state)
{
    (void)state;
    struct session session;
    int status = 0;
    begin(&session, &demo);
    wait_for(&session, "46 packets");
    (void)close(session.master);
    pid_t ended = 0;
    int64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;
    while ((ended = waitpid(session.child, &status, WNOHANG)) == 0 &&
           clock_monotonic_ns() < until_ns)
        (void)poll(NULL, 0, 20);
    assert_int_equal(ended, session.child);
    vterm_free(session.vterm);
}

/* Standard input is the capture, so keys come from the terminal itself. */
static void test_keys_while_stdin_is_a_capture(void **state)
{
    (void)state;
    struct session session;
    begin(&session, &(struct run){.arguments = {"-r", "-"}, .input = DEMO});
    wait_for(&session, "46 packets");
    type(&session, "?");
    wait_for(&session, "KEYS");
    type(&session, "?q");
    session_end(&session, 0);
}

/* A port of this moment that nobody listens on. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
    (void)close(fd);
}

static bool may_capture(void)
{
    struct err err;
    struct source *source = NULL;
    if (source_open_live(&source, &(struct source_live_options){0}, &err) != 0)
        return false;
    source_close(source);
    return true;
}

static void test_live(void **state)
{
    (void)state;
    if (!may_capture())
        skip();
    struct session session;
    char filter[32], server[32], tried[32];
    uint16_t port = free_port();
    (void)snprintf(filter, sizeof filter, "tcp port %u", port);
    (void)snprintf(server, sizeof server, "127.0.0.1:%u", port);
    begin(&session, &(struct run){.arguments = {filter}});
    wait_for(&session, "live");
    connect_to(port);
    wait_for(&session, server);
    wait_for(&session, "no-listener");
    (void)snprintf(tried, sizeof tried, "tried 127.0.0.1:%u", port);
    wait_for(&session, tried);
    type(&session, "\r");
    wait_for(&session, "refused-no-listener (");
    wait_for(&session, "loflow ports");
    type(&session, "\x1b");
    wait_for(&session, "DIAGNOSES");
    type(&session, "q");
    wait_for(&session, "2 received, 0 dropped by the kernel");
    session_end(&session, 0);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_a_capture);
    ROWS_ADD_ONE(&set, test_a_capture_is_diagnosed);
    ROWS_ADD_ONE(&set, test_filter_help_and_back);
    ROWS_ADD_ONE(&set, test_evictions_are_shown);
    ROWS_ADD_ONE(&set, test_resize);
    ROWS_ADD(&set, ends, check_end);
    ROWS_ADD_ONE(&set, test_the_terminal_goes_away);
    ROWS_ADD_ONE(&set, test_keys_while_stdin_is_a_capture);
    ROWS_ADD_ONE(&set, test_live);
    return rows_run(&set, "app_screen");
}
