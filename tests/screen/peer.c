#include "tests/screen/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL_FD   3
#define PEER_SIGN    "LOFLOW_TEST_PEER" /* environment: the name of the process */
#define PORT_FIRST   20000              /* below those that clients are given */
#define PORT_LAST    32000
#define PORT_SPREAD  8000
#define BACKLOG      4
#define CONNECTIONS  256
#define BYTES_MAX    65536
#define PATIENCE_S   10
#define WORDS        6
#define BUSY_WAIT_MS 1

struct slot {
    char name[32];
    int fd;
    bool listens, breaks;
    int answer_len, wait_ms;
};

struct acting {
    struct slot slots[PEER_SLOTS];
    struct {
        int fd;
        const struct slot *server;
    } accepted[CONNECTIONS];
    int accepted_count;
    int busy_port, busy_len;
};

static char bytes[BYTES_MAX];

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static struct slot *slot_of(struct acting *acting, const char *name)
{
    struct slot *free_slot = NULL;
    for (size_t i = 0; i < PEER_SLOTS; i++) {
        struct slot *slot = &acting->slots[i];
        if (slot->fd > 0 && strcmp(slot->name, name) == 0)
            return slot;
        if (slot->fd <= 0 && !free_slot)
            free_slot = slot;
    }
    if (free_slot) {
        *free_slot = (struct slot){.fd = 0};
        (void)snprintf(free_slot->name, sizeof free_slot->name, "%s", name);
    }
    return free_slot;
}

static bool bind_to(int fd, int port)
{
    struct sockaddr_in address = address_of(port);
    return bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
}

/* A new socket on the port, or on any of ours that is free; returns the port, 0 for none. */
static int take_port(struct slot *slot, int port)
{
    int first = port ? port : PORT_FIRST + (int)getpid() % PORT_SPREAD;
    int last = port ? port : PORT_LAST;
    const int yes = 1;
    slot->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (port)
        (void)setsockopt(slot->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    for (int at = first; at <= last; at++) {
        if (bind_to(slot->fd, at))
            return at;
    }
    (void)close(slot->fd);
    slot->fd = 0;
    return 0;
}

static int connect_to(int port, int from)
{
    struct sockaddr_in address = address_of(port);
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if ((from == 0 || bind_to(fd, from)) &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int why = errno;
    (void)close(fd);
    errno = why;
    return -1;
}

static int port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t len = sizeof address;
    (void)getsockname(fd, (struct sockaddr *)&address, &len);
    return ntohs(address.sin_port);
}

static void drop(int fd, bool reset)
{
    const struct linger now = {.l_onoff = 1};
    if (reset)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(fd);
}

static bool send_all(int fd, const char *from, size_t len)
{
    return send(fd, from, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool ask(int fd, int len)
{
    char answer[BYTES_MAX];
    return send_all(fd, bytes, (size_t)len) && recv(fd, answer, sizeof answer, 0) > 0;
}

static bool chat(int fd, char *const words[WORDS])
{
    for (int i = 0; i < atoi(words[3]); i++) {
        if (!ask(fd, atoi(words[2])))
            return false;
        (void)poll(NULL, 0, atoi(words[4]));
    }
    return true;
}

static const char *serve(struct acting *acting, char *const words[WORDS], char *answer)
{
    struct slot *slot = slot_of(acting, words[1]);
    int port = slot ? take_port(slot, atoi(words[2])) : 0;
    if (!slot || port == 0)
        return "no: the port is taken";
    bool holds = strcmp(words[0], "hold") == 0;
    slot->breaks = strcmp(words[0], "break") == 0;
    slot->listens = slot->breaks || strcmp(words[0], "listen") == 0;
    slot->answer_len = atoi(words[3]);
    slot->wait_ms = atoi(words[4]);
    if (!holds && listen(slot->fd, slot->listens ? SOMAXCONN : BACKLOG) != 0)
        return "no: cannot listen";
    (void)snprintf(answer, PEER_LINE, "%d", port);
    return answer;
}

static const char *converse(struct acting *acting, char *const words[WORDS])
{
    struct slot *slot = slot_of(acting, words[1]);
    if (!slot || slot->fd <= 0)
        return "no: nothing is open there";
    if (strcmp(words[0], "ask") == 0)
        return ask(slot->fd, atoi(words[2])) ? "ok" : "no: it was not answered";
    if (strcmp(words[0], "chat") == 0)
        return chat(slot->fd, words) ? "ok" : "no: it was not answered";
    if (strcmp(words[0], "say") == 0)
        return send_all(slot->fd, words[2], strlen(words[2])) ? "ok" : "no: cannot send";
    drop(slot->fd, strcmp(words[0], "reset") == 0);
    slot->fd = 0;
    return "ok";
}

static const char *obey(struct acting *acting, char *const words[WORDS], char *answer)
{
    const char *verb = words[0];
    acting->busy_port = 0;
    if (strcmp(verb, "listen") == 0 || strcmp(verb, "mute") == 0 || strcmp(verb, "break") == 0 ||
        strcmp(verb, "hold") == 0)
        return serve(acting, words, answer);
    if (strcmp(verb, "refused") == 0)
        return connect_to(atoi(words[1]), 0) < 0 && errno == ECONNREFUSED ? "ok"
                                                                          : "no: not refused";
    if (strcmp(verb, "busy") == 0) {
        acting->busy_port = atoi(words[1]);
        acting->busy_len = atoi(words[2]);
        return "ok";
    }
    if (strcmp(verb, "rest") == 0)
        return "ok";
    if (strcmp(verb, "open") != 0)
        return converse(acting, words);
    struct slot *slot = slot_of(acting, words[1]);
    if (!slot)
        return "no: too many are open";
    slot->fd = connect_to(atoi(words[2]), atoi(words[3]));
    if (slot->fd < 0)
        return "no: cannot connect";
    (void)snprintf(answer, PEER_LINE, "%d", port_of(slot->fd));
    return answer;
}

/* Words lie between unit separators, since a text may hold spaces. */
static bool take_order(struct acting *acting)
{
    char line[PEER_LINE], answer[PEER_LINE];
    char empty[] = "";
    char *words[WORDS];
    ssize_t len = read(CONTROL_FD, line, sizeof line - 1);
    if (len <= 0)
        return false;
    line[len] = '\0';
    char *rest = line;
    for (int i = 0; i < WORDS; i++) {
        char *word = strsep(&rest, "\x1f");
        words[i] = word ? word : empty;
    }
    const char *told = obey(acting, words, answer);
    return write(CONTROL_FD, told, strlen(told)) > 0;
}

static void take_client(struct acting *acting, const struct slot *server)
{
    /* cppcheck-suppress nullPointer ; accept4 takes no address, too */
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (acting->accepted_count == CONNECTIONS) {
        (void)close(fd);
        return;
    }
    acting->accepted[acting->accepted_count].fd = fd;
    acting->accepted[acting->accepted_count++].server = server;
}

/* False when the connection is over. */
static bool answer_client(int fd, const struct slot *server)
{
    char request[BYTES_MAX];
    ssize_t len = recv(fd, request, sizeof request, 0);
    if (len <= 0 || server->breaks) {
        drop(fd, server->breaks);
        return false;
    }
    if (server->wait_ms > 0)
        (void)poll(NULL, 0, server->wait_ms);
    (void)send_all(fd, bytes, (size_t)server->answer_len);
    return true;
}

static int collect(const struct acting *acting, struct pollfd *waits)
{
    int count = 0;
    waits[count++] = (struct pollfd){.fd = CONTROL_FD, .events = POLLIN};
    for (size_t i = 0; i < PEER_SLOTS; i++) {
        bool serves = acting->slots[i].fd > 0 && acting->slots[i].listens;
        waits[count++] = (struct pollfd){.fd = serves ? acting->slots[i].fd : -1, .events = POLLIN};
    }
    for (int i = 0; i < acting->accepted_count; i++)
        waits[count++] = (struct pollfd){.fd = acting->accepted[i].fd, .events = POLLIN};
    return count;
}

static void serve_clients(struct acting *acting, const struct pollfd *waits)
{
    int count = acting->accepted_count;
    for (int i = count - 1; i >= 0; i--) {
        if (!waits[1 + PEER_SLOTS + i].revents)
            continue;
        if (!answer_client(acting->accepted[i].fd, acting->accepted[i].server))
            acting->accepted[i] = acting->accepted[--acting->accepted_count];
    }
    for (int i = 0; i < PEER_SLOTS; i++) {
        if (waits[1 + i].revents)
            take_client(acting, &acting->slots[i]);
    }
}

static void ask_once(const struct acting *acting)
{
    int fd = connect_to(acting->busy_port, 0);
    if (fd < 0)
        return;
    (void)ask(fd, acting->busy_len);
    (void)close(fd);
}

void peer_main(void)
{
    static struct acting acting;
    struct pollfd waits[1 + PEER_SLOTS + CONNECTIONS];
    const char *name = getenv(PEER_SIGN);
    if (!name)
        return;
    (void)prctl(PR_SET_NAME, name);
    memset(bytes, 'x', sizeof bytes);
    for (;;) {
        int count = collect(&acting, waits);
        (void)poll(waits, (nfds_t)count, acting.busy_port ? BUSY_WAIT_MS : -1);
        if (waits[0].revents && !take_order(&acting))
            _exit(0);
        serve_clients(&acting, waits);
        if (acting.busy_port)
            ask_once(&acting);
    }
}

bool peer_start(struct peer *peer, const char *name, const char *const *argv)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    peer->process = fork();
    if (peer->process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pair[1] == CONTROL_FD)
            (void)fcntl(CONTROL_FD, F_SETFD, 0);
        else
            (void)dup2(pair[1], CONTROL_FD);
        (void)setenv(PEER_SIGN, name, 1);
        (void)execv("/proc/self/exe", (char *const *)argv);
        _exit(98);
    }
    (void)close(pair[1]);
    peer->control = pair[0];
    return peer->process > 0;
}

bool peer_tell(const struct peer *peer, const char *line, char answer[PEER_LINE])
{
    struct pollfd wait = {.fd = peer->control, .events = POLLIN};
    answer[0] = '\0';
    if (send(peer->control, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line) ||
        poll(&wait, 1, PATIENCE_S * 2000) != 1)
        return false;
    ssize_t len = read(peer->control, answer, PEER_LINE - 1);
    if (len <= 0)
        return false;
    answer[len] = '\0';
    return strncmp(answer, "no:", 3) != 0;
}

void peer_stop(struct peer *peer)
{
    if (peer->process <= 0)
        return;
    (void)close(peer->control);
    (void)kill(peer->process, SIGKILL);
    (void)waitpid(peer->process, NULL, 0);
    peer->process = 0;
}
