/* Answers of the kernel over netlink, to questions for sockets (sock_diag) and of the connector that tells of new
 * processes: any datagrams in any order. What is asked comes to an end, what is told was asked for, and nothing is
 * read behind a datagram.
 *
 * The functions of libmnl and libc that reach the kernel are here, and answer from the input: which question, then
 * datagrams: a byte of form, a byte of messages, and for each its kind, its length and its body. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "host/forks.h"
#include "host/sockets.h"

#define OWN_PORT     77u
#define DATAGRAM_MAX 40000u
#define ANSWERS_MAX  2000u /* the kernel's are as many as there are requests */
#define FORKS_FD     1000000

struct stage {
    struct bytes input;
    uint32_t sequence; /* of the latest request */
    unsigned answers, begun, visited;
    const struct sockets_query *query;
};

static struct stage stage;

struct datagram {
    size_t len;
    uint8_t bytes[DATAGRAM_MAX];
};

static void put_message(struct datagram *datagram, struct bytes *input)
{
    static const uint16_t types[] = {
        SOCK_DIAG_BY_FAMILY, SOCK_DIAG_BY_FAMILY, SOCK_DIAG_BY_FAMILY, SOCK_DIAG_BY_FAMILY,
        NLMSG_DONE,          NLMSG_ERROR,         NLMSG_NOOP,          0x4242};
    uint8_t kind = fuzz_8(input);
    struct bytes body = fuzz_part(input, fuzz_8(input));
    size_t size = NLMSG_ALIGN(sizeof(struct nlmsghdr) + body.left);
    if (datagram->len + size > DATAGRAM_MAX)
        return;
    struct nlmsghdr header = {
        .nlmsg_len = (uint32_t)(sizeof header + body.left),
        .nlmsg_type = types[kind & 7],
        .nlmsg_flags = (uint16_t)(NLM_F_MULTI | (kind & 0x10 ? NLM_F_DUMP_INTR : 0)),
        .nlmsg_seq = stage.sequence + (kind & 0x20 ? 1 : 0),
        .nlmsg_pid = kind & 0x40 ? 1 : OWN_PORT,
    };
    if (kind & 0x80)
        header.nlmsg_len += 4;
    memset(datagram->bytes + datagram->len, 0, size);
    memcpy(datagram->bytes + datagram->len, &header, sizeof header);
    if (body.left > 0)
        memcpy(datagram->bytes + datagram->len + sizeof header, body.at, body.left);
    datagram->len += size;
}

/* False: the kernel has nothing more to say. */
static bool take_datagram(struct datagram *datagram)
{
    if (stage.input.left == 0 || ++stage.answers > ANSWERS_MAX)
        return false;
    uint8_t form = fuzz_8(&stage.input);
    datagram->len = 0;
    if (form & 1) {
        struct bytes raw = fuzz_part(&stage.input, 2 * (size_t)fuzz_8(&stage.input));
        memcpy(datagram->bytes, raw.at, raw.left);
        datagram->len = raw.left;
        return true;
    }
    for (unsigned left = 1 + (form >> 1) % 16; left > 0 && stage.input.left > 0; left--)
        put_message(datagram, &stage.input);
    return true;
}

/* What libmnl and libc would do. */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
    (void)bus;
    (void)flags;
    return (struct mnl_socket *)&stage;
}

int mnl_socket_bind(struct mnl_socket *nl, unsigned int groups, pid_t pid)
{
    (void)nl;
    (void)groups;
    (void)pid;
    return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *nl)
{
    (void)nl;
    return FORKS_FD;
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    MUST(fd == FORKS_FD && len == sizeof(struct sockaddr_nl) &&
         address.__sockaddr__->sa_family == AF_NETLINK);
    return 0;
}

int mnl_socket_close(struct mnl_socket *nl)
{
    (void)nl;
    return 0;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *nl)
{
    (void)nl;
    return OWN_PORT;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *nl, const void *req, size_t siz)
{
    struct nlmsghdr header;
    (void)nl;
    MUST(siz >= sizeof header);
    memcpy(&header, req, sizeof header);
    MUST(header.nlmsg_len == siz && (header.nlmsg_flags & NLM_F_REQUEST));
    stage.sequence = header.nlmsg_seq;
    return (ssize_t)siz;
}

int socket(int domain, int type, int protocol)
{
    (void)domain;
    (void)type;
    (void)protocol;
    return FORKS_FD;
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
    (void)address;
    (void)len;
    MUST(fd == FORKS_FD);
    return 0;
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)level;
    (void)name;
    (void)value;
    (void)len;
    MUST(fd == FORKS_FD);
    return 0;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    (void)bytes;
    (void)flags;
    MUST(fd == FORKS_FD);
    return (ssize_t)len;
}

/* With MSG_TRUNC it is told how long the datagram was. */
ssize_t recvfrom(int fd, void *bytes, size_t size, int flags, __SOCKADDR_ARG from,
                 /* cppcheck-suppress constParameter ; as the library declares it */
                 socklen_t *from_len)
{
    static struct datagram datagram;
    MUST(fd == FORKS_FD && *from_len >= sizeof(struct sockaddr_nl));
    if (!take_datagram(&datagram)) {
        errno = EAGAIN;
        return -1;
    }
    if (datagram.len == 4) {
        errno = datagram.bytes[0] & 1 ? ENOBUFS : EINTR;
        return -1;
    }
    const struct sockaddr_nl sender = {.nl_pid = datagram.len % 32 == 31};
    memcpy(from.__sockaddr__, &sender, sizeof sender);
    size_t len = datagram.len < size ? datagram.len : size;
    memset(bytes, 0x5a, size);
    memcpy(bytes, datagram.bytes, len);
    return (ssize_t)((flags & MSG_TRUNC) ? datagram.len : len);
}

static void begin(void *context)
{
    (void)context;
    stage.begun++;
    stage.visited = 0;
}

static void check_socket(const struct host_socket *found, enum ip_protocol protocol)
{
    MUST(found->tuple.family == 4 || found->tuple.family == 6);
    MUST(found->tuple.protocol == protocol);
    MUST(found->state != SOCKET_LISTEN || found->send_queue == 0);
    MUST(found->state == SOCKET_LISTEN || found->queue_limit == 0);
}

static void visit(void *context, const struct host_socket *found)
{
    const struct sockets_query *query = stage.query;
    (void)context;
    stage.visited++;
    check_socket(found, query->protocol);
    MUST(query->local_port == 0 || query->local_port == found->tuple.port[0]);
    MUST(query->remote_port == 0 || query->remote_port == found->tuple.port[1]);
}

static void dump(struct sockets *sockets, uint8_t which)
{
    const struct sockets_query query = {.protocol = which & 8 ? PROTOCOL_UDP : PROTOCOL_TCP,
                                        .states = SOCKETS_ALL,
                                        .local_port = which & 16 ? 3000 : 0,
                                        .remote_port = which & 32 ? 40000 : 0};
    const struct sockets_visitor visitor = {NULL, begin, visit};
    struct err err = {0};
    stage.query = &query;
    int failed = sockets_dump(sockets, &query, &visitor, &err);
    MUST(failed <= 0 && (failed == 0 || err.text[0] != '\0'));
    MUST(stage.begun >= 1 && stage.begun <= SOCKETS_TRIES);
}

static void find(struct sockets *sockets, uint8_t which)
{
    struct tuple tuple = {.family = which & 16 ? 6 : 4, .port = {40000, 3000}};
    struct host_socket found = {0};
    tuple.protocol = which & 8 ? PROTOCOL_UDP : PROTOCOL_TCP;
    bool there = which & 8 ? sockets_find_udp(sockets, &tuple, which >> 5 & 1, &found)
                           : sockets_find(sockets, &tuple, which >> 5 & 1, &found);
    if (!there)
        return;
    check_socket(&found, tuple.protocol);
    (void)socket_fit(&found, &tuple, 1);
}

static void take_fork(void *context, pid_t parent, pid_t child)
{
    (void)context;
    (void)parent;
    (void)child;
    stage.visited++;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct err err;
    stage = (struct stage){.input = {bytes, len}};
    uint8_t which = fuzz_8(&stage.input);
    if (which % 4 == 3) {
        struct forks *forks = NULL;
        MUST(forks_open(&forks, &err) == 0);
        (void)forks_read(forks, take_fork, NULL);
        MUST(stage.visited <= stage.answers);
        free(forks);
        return 0;
    }
    struct sockets *sockets = NULL;
    MUST(sockets_open(&sockets, &err) == 0);
    if (which % 4 == 0)
        dump(sockets, which);
    else
        find(sockets, which);
    sockets_close(sockets);
    return 0;
}
