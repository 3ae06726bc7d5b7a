#include "host/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct sockets {
    struct mnl_socket *netlink;
    uint32_t sequence;
};

/* One dump on its way. */
struct dump {
    const struct sockets_visitor *visitor;
    uint8_t protocol;
};

int sockets_open(struct sockets **sockets, struct err *err)
{
    struct sockets *opened = calloc(1, sizeof *opened);
    *sockets = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to ask for sockets; close other programs");
    opened->netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (opened->netlink && mnl_socket_bind(opened->netlink, 0, MNL_SOCKET_AUTOPID) == 0)
        return 0;
    int failed =
        err_set(err, errno, "the kernel tells no sockets (sock_diag): %s", strerror(errno));
    sockets_close(opened);
    *sockets = NULL;
    return failed;
}

void sockets_close(struct sockets *sockets)
{
    if (!sockets)
        return;
    if (sockets->netlink)
        (void)mnl_socket_close(sockets->netlink);
    free(sockets);
}

static struct address address_of(const uint32_t words[4], uint8_t family)
{
    const uint8_t *octets = (const uint8_t *)words;
    return family == AF_INET ? address_from_ipv4(octets) : address_from_ipv6(octets);
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct host_socket *socket = context;
    if (mnl_attr_get_type(attribute) == INET_DIAG_SKV6ONLY &&
        mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
        socket->v6only = mnl_attr_get_u8(attribute) != 0;
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *header, void *context)
{
    const struct dump *dump = context;
    const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
    if (mnl_nlmsg_get_payload_len(header) < sizeof *message ||
        (message->idiag_family != AF_INET && message->idiag_family != AF_INET6))
        return MNL_CB_OK;
    struct host_socket socket = {
        .tuple = {.address = {address_of(message->id.idiag_src, message->idiag_family),
                              address_of(message->id.idiag_dst, message->idiag_family)},
                  .port = {ntohs(message->id.idiag_sport), ntohs(message->id.idiag_dport)},
                  .protocol = dump->protocol,
                  .family = message->idiag_family == AF_INET ? 4 : 6},
        .inode = message->idiag_inode,
        .user = message->idiag_uid,
        .queue = message->idiag_rqueue,
        .queue_limit = message->idiag_state == SOCKET_LISTEN ? message->idiag_wqueue : 0,
        .interface = message->id.idiag_if,
        .state = message->idiag_state,
    };
    (void)mnl_attr_parse(header, sizeof *message, take_attribute, &socket);
    dump->visitor->visit(dump->visitor->context, &socket);
    return MNL_CB_OK;
}

static int ask(struct sockets *sockets, uint8_t family, uint8_t protocol, uint32_t states)
{
    _Alignas(struct nlmsghdr) char buffer[256];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = ++sockets->sequence;
    struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof *request);
    request->sdiag_family = family;
    request->sdiag_protocol = protocol;
    request->idiag_states = states;
    return mnl_socket_sendto(sockets->netlink, header, header->nlmsg_len) < 0 ? -errno : 0;
}

/* The kernel answers within the request or never: nothing is waited for. What an earlier question
 * that failed left in the queue is read over. Returns bytes, or -1 and errno. */
static ssize_t receive(struct sockets *sockets, char *buffer, size_t size)
{
    for (;;) {
        ssize_t len = mnl_socket_recvfrom(sockets->netlink, buffer, size);
        const struct nlmsghdr *header = (const void *)buffer;
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0 || (mnl_nlmsg_ok(header, (int)len) && header->nlmsg_seq == sockets->sequence))
            return len;
    }
}

static bool ends_dump(const char *buffer, ssize_t len)
{
    int left = (int)len;
    const struct nlmsghdr *header = (const void *)buffer;
    for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
        if (header->nlmsg_type == NLMSG_DONE || header->nlmsg_type == NLMSG_ERROR)
            return true;
    }
    return false;
}

/* Returns -EINTR when the table changed under the dump, which is read to its end even then: the
 * kernel takes no other request before. */
static int dump_family(struct sockets *sockets, uint8_t family, struct dump *dump, uint32_t states)
{
    static const size_t size = 32768;
    unsigned port = mnl_socket_get_portid(sockets->netlink);
    int failed = ask(sockets, family, dump->protocol, states);
    char *buffer = failed ? NULL : malloc(size);
    if (!buffer)
        return failed ? failed : -ENOMEM;
    for (bool over = false; !over;) {
        ssize_t len = receive(sockets, buffer, size);
        over = len < 0 || ends_dump(buffer, len);
        if (len < 0 || (!failed && mnl_cb_run(buffer, (size_t)len, sockets->sequence, port,
                                              take_message, dump) == MNL_CB_ERROR))
            failed = -errno;
    }
    free(buffer);
    return failed;
}

int sockets_dump(struct sockets *sockets, enum ip_protocol protocol, uint32_t states,
                 const struct sockets_visitor *visitor, struct err *err)
{
    struct dump dump = {visitor, (uint8_t)protocol};
    int failed = -EINTR;
    for (int tries = 0; tries < SOCKETS_TRIES && failed == -EINTR; tries++) {
        visitor->begin(visitor->context);
        failed = dump_family(sockets, AF_INET, &dump, states);
        if (!failed)
            failed = dump_family(sockets, AF_INET6, &dump, states);
    }
    if (failed)
        return err_set(err, -failed, "the kernel did not tell its sockets: %s", strerror(-failed));
    return 0;
}

/* What an exact lookup found. */
struct find {
    struct host_socket *socket;
    bool found;
};

static void begin_nothing(void *context)
{
    (void)context;
}

static void visit_found(void *context, const struct host_socket *socket)
{
    struct find *find = context;
    *find->socket = *socket;
    find->found = true;
}

static void put_address(uint32_t words[4], const struct tuple *tuple, unsigned end)
{
    const uint8_t *octets = tuple->address[end].octets;
    if (tuple->family == 4)
        memcpy(words, octets + 12, 4);
    else
        memcpy(words, octets, 16);
}

/* `v6` asks for a connection of IPv4 on an IPv6 socket, whose addresses are mapped ones. */
static bool find_exactly(struct sockets *sockets, const struct tuple *tuple, unsigned end, bool v6,
                         struct host_socket *found)
{
    _Alignas(struct nlmsghdr) char buffer[8192];
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = NLM_F_REQUEST;
    header->nlmsg_seq = ++sockets->sequence;
    struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof *request);
    request->sdiag_family = v6 || tuple->family == 6 ? AF_INET6 : AF_INET;
    request->sdiag_protocol = PROTOCOL_TCP;
    request->idiag_states = UINT32_MAX;
    request->id.idiag_sport = htons(tuple->port[end]);
    request->id.idiag_dport = htons(tuple->port[!end]);
    request->id.idiag_cookie[0] = request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    if (v6) {
        memcpy(request->id.idiag_src, tuple->address[end].octets, 16);
        memcpy(request->id.idiag_dst, tuple->address[!end].octets, 16);
    } else {
        put_address(request->id.idiag_src, tuple, end);
        put_address(request->id.idiag_dst, tuple, !end);
    }
    if (mnl_socket_sendto(sockets->netlink, header, header->nlmsg_len) < 0)
        return false;
    struct find find = {found, false};
    const struct sockets_visitor visitor = {&find, begin_nothing, visit_found};
    struct dump dump = {&visitor, PROTOCOL_TCP};
    ssize_t len = receive(sockets, buffer, sizeof buffer);
    if (len > 0)
        (void)mnl_cb_run(buffer, (size_t)len, sockets->sequence,
                         mnl_socket_get_portid(sockets->netlink), take_message, &dump);
    return find.found;
}

bool sockets_find(struct sockets *sockets, const struct tuple *tuple, unsigned end,
                  struct host_socket *found)
{
    bool is_mine = find_exactly(sockets, tuple, end, false, found);
    if (!is_mine && tuple->family == 4)
        is_mine = find_exactly(sockets, tuple, end, true, found);
    /* Where no connection fits the kernel names the listener. */
    return is_mine && found->state != SOCKET_LISTEN && found->state != SOCKET_TIME_WAIT;
}
