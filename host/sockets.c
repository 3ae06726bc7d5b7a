#include "host/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "host/helper.h"

#define ERRORS_MAX  4096 /* the kernel has none beyond, linux/err.h */
#define FOREIGN_MAX 256u /* datagrams of others in the way of one answer */

struct sockets {
    struct mnl_socket *netlink;
    uint32_t sequence;
    _Alignas(struct nlmsghdr) char answer[32768]; /* of dumps */
};

/* One dump on its way. */
struct dump {
    const struct sockets_visitor *visitor;
    const struct sockets_query *query;
    bool lists; /* all that match, rather than the one the kernel chose */
};

/* The root of a container could answer in the kernel's place, but not to a socket that is connected to the
 * kernel. */
static bool hear_kernel_alone(const struct mnl_socket *netlink)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    return connect(mnl_socket_get_fd(netlink), (const struct sockaddr *)&kernel, sizeof kernel) ==
           0;
}

int sockets_open(struct sockets **sockets, struct err *err)
{
    struct sockets *opened = calloc(1, sizeof *opened);
    *sockets = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to ask for sockets; close other programs");
    opened->netlink = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (opened->netlink && mnl_socket_bind(opened->netlink, 0, MNL_SOCKET_AUTOPID) == 0 &&
        hear_kernel_alone(opened->netlink))
        return 0;
    int failed =
        err_set(err, errno, "the kernel tells no sockets (sock_diag): %s", strerror(errno));
    sockets_close(opened);
    *sockets = NULL;
    return failed;
}

/* The helper, whose work this is, may not call connect(2): who sent an answer is looked at instead. */
int sockets_descriptor(void)
{
    const struct sockaddr_nl own = {.nl_family = AF_NETLINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_SOCK_DIAG);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&own, sizeof own) == 0)
        return fd;
    int failed = -errno;
    if (fd >= 0)
        (void)close(fd);
    return failed;
}

static int explain_refusal(int failed, struct err *err)
{
    return err_set(err, -failed, "the kernel tells no sockets (sock_diag): %s", strerror(-failed));
}

int sockets_open_by(struct sockets **sockets, struct helper *helper,
                    const struct netns_place *place, struct err *err)
{
    struct helper_request request = {.kind = HELPER_SOCKETS};
    int fd = -1;
    *sockets = NULL;
    if (!helper_is_there(helper))
        return place ? explain_refusal(-ENOTSUP, err) : sockets_open(sockets, err);
    if (place)
        request.place = *place;
    const struct helper_answer *answer = helper_ask(helper, &request, &fd);
    if (fd < 0 && helper_is_lost(helper))
        return err_set(err, -helper_error(helper), "no sockets are told: %s",
                       helper_trouble(helper));
    if (fd < 0)
        return explain_refusal(answer && answer->result < 0 ? answer->result : -EPROTO, err);
    struct sockets *opened = calloc(1, sizeof *opened);
    if (opened)
        opened->netlink = mnl_socket_fdopen(fd);
    if (opened && opened->netlink) {
        *sockets = opened;
        return 0;
    }
    free(opened);
    (void)close(fd);
    return explain_refusal(-ENOMEM, err);
}

void sockets_close(struct sockets *sockets)
{
    if (!sockets)
        return;
    if (sockets->netlink)
        (void)mnl_socket_close(sockets->netlink);
    free(sockets);
}

static bool is_mapped(const uint32_t words[4])
{
    return words[0] == 0 && words[1] == 0 && words[2] == htonl(0xffff);
}

/* A mapped address, or :: of a socket that is connected to nobody. */
static struct address mapped_address(const uint32_t words[4])
{
    return address_from_ipv4((const uint8_t *)(words + 3));
}

static void take_ends(struct tuple *tuple, const struct inet_diag_msg *message)
{
    const uint32_t *ends[2] = {message->id.idiag_src, message->id.idiag_dst};
    bool v4 = message->idiag_family == AF_INET, mapped = !v4 && is_mapped(ends[0]);
    tuple->family = v4 || mapped ? 4 : 6;
    for (int end = 0; end < 2; end++) {
        if (v4)
            tuple->address[end] = address_from_ipv4((const uint8_t *)ends[end]);
        else if (mapped)
            tuple->address[end] = mapped_address(ends[end]);
        else
            tuple->address[end] = address_from_ipv6((const uint8_t *)ends[end]);
    }
    tuple->port[0] = ntohs(message->id.idiag_sport);
    tuple->port[1] = ntohs(message->id.idiag_dport);
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct host_socket *socket = context;
    uint16_t type = mnl_attr_get_type(attribute);
    if (type == INET_DIAG_SKV6ONLY && mnl_attr_validate(attribute, MNL_TYPE_U8) == 0)
        socket->v6only = mnl_attr_get_u8(attribute) != 0;
    const size_t drops_end = (SK_MEMINFO_DROPS + 1) * sizeof(uint32_t);
    if (type == INET_DIAG_SKMEMINFO && mnl_attr_get_payload_len(attribute) >= drops_end) {
        const uint32_t *values = mnl_attr_get_payload(attribute);
        socket->drops = values[SK_MEMINFO_DROPS];
    }
    return MNL_CB_OK;
}

/* The kernel tells a bound TCP socket as CLOSE; no other one is. */
static uint8_t state_of(const struct inet_diag_msg *message, uint8_t protocol)
{
    bool is_bound = protocol == PROTOCOL_TCP && message->idiag_state == SOCKET_CLOSE;
    return is_bound ? (uint8_t)SOCKET_BOUND_INACTIVE : message->idiag_state;
}

/* The kernel looks at the ports itself, but not for sockets that are only bound (6.18). */
static bool is_asked_for(const struct dump *dump, const struct tuple *tuple)
{
    const struct sockets_query *query = dump->query;
    return !dump->lists || ((query->local_port == 0 || query->local_port == tuple->port[0]) &&
                            (query->remote_port == 0 || query->remote_port == tuple->port[1]));
}

static int take_message(const struct nlmsghdr *header, void *context)
{
    const struct dump *dump = context;
    const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
    if (mnl_nlmsg_get_payload_len(header) < sizeof *message ||
        (message->idiag_family != AF_INET && message->idiag_family != AF_INET6))
        return MNL_CB_OK;
    bool listens = message->idiag_state == SOCKET_LISTEN;
    struct host_socket socket = {
        .tuple = {.protocol = (uint8_t)dump->query->protocol},
        .inode = message->idiag_inode,
        .user = message->idiag_uid,
        .queue = message->idiag_rqueue,
        .queue_limit = listens ? message->idiag_wqueue : 0,
        .send_queue = listens ? 0 : message->idiag_wqueue,
        .interface = message->id.idiag_if,
        .state = state_of(message, (uint8_t)dump->query->protocol),
    };
    take_ends(&socket.tuple, message);
    if (!is_asked_for(dump, &socket.tuple))
        return MNL_CB_OK;
    (void)mnl_attr_parse(header, sizeof *message, take_attribute, &socket);
    dump->visitor->visit(dump->visitor->context, &socket);
    return MNL_CB_OK;
}

/* A request that the caller completes and sends. */
static struct inet_diag_req_v2 *begin_request(struct sockets *sockets, char *buffer, int flags,
                                              const struct sockets_query *query)
{
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    header->nlmsg_seq = ++sockets->sequence;
    struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof *request);
    request->sdiag_protocol = (uint8_t)query->protocol;
    request->idiag_states = query->states;
    if (query->protocol == PROTOCOL_UDP)
        request->idiag_ext = 1u << (INET_DIAG_SKMEMINFO - 1);
    request->id.idiag_sport = htons(query->local_port);
    request->id.idiag_dport = htons(query->remote_port);
    request->id.idiag_cookie[0] = request->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return request;
}

static int send_request(const struct sockets *sockets, const char *buffer)
{
    const struct nlmsghdr *header = (const void *)buffer;
    return mnl_socket_sendto(sockets->netlink, header, header->nlmsg_len) < 0 ? -errno : 0;
}

static int ask(struct sockets *sockets, uint8_t family, const struct sockets_query *query)
{
    _Alignas(struct nlmsghdr) char buffer[256];
    begin_request(sockets, buffer, NLM_F_DUMP, query)->sdiag_family = family;
    return send_request(sockets, buffer);
}

/* Every message lies within the answer. libmnl takes lengths as signed numbers: with one above 2 GiB it would
 * walk backwards for ever. */
static bool is_whole(const char *buffer, size_t len)
{
    struct bytes left = {(const uint8_t *)buffer, len};
    while (left.left >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *header = (const void *)left.at;
        size_t size = header->nlmsg_len;
        if (size < sizeof *header || size > left.left)
            return false;
        size_t padded = MNL_ALIGN(size);
        (void)bytes_take(&left, padded < left.left ? padded : left.left);
    }
    return len >= sizeof(struct nlmsghdr);
}

/* One datagram, whoever sent it. Returns bytes, or -1 and errno. */
static ssize_t hear(const struct sockets *sockets, char *buffer, size_t size, bool *is_of_kernel)
{
    struct sockaddr_nl sender = {.nl_pid = 1};
    socklen_t sender_size = sizeof sender;
    ssize_t len = recvfrom(mnl_socket_get_fd(sockets->netlink), buffer, size, MSG_TRUNC,
                           (struct sockaddr *)&sender, &sender_size);
    *is_of_kernel = sender_size == sizeof sender && sender.nl_pid == 0;
    if (len <= (ssize_t)size)
        return len;
    errno = ENOSPC;
    return -1;
}

/* The kernel answers within the request or never: nothing is waited for. What an earlier question
 * that failed left in the queue is read over, and what is no answer; of others only so much that they cannot
 * keep this process busy. Returns bytes, or -1 and errno. */
static ssize_t receive(struct sockets *sockets, char *buffer, size_t size)
{
    unsigned foreign = 0;
    while (foreign < FOREIGN_MAX) {
        bool is_of_kernel = false;
        ssize_t len = hear(sockets, buffer, size, &is_of_kernel);
        const struct nlmsghdr *header = (const void *)buffer;
        if (len < 0 && errno == EINTR)
            continue;
        if (len < 0)
            return len;
        foreign += !is_of_kernel;
        if (is_of_kernel && is_whole(buffer, (size_t)len) && header->nlmsg_seq == sockets->sequence)
            return len;
    }
    errno = EPROTO;
    return -1;
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

/* What an answer says is wrong, which need not be an errno. */
static int trouble(int error)
{
    return error > 0 && error < ERRORS_MAX ? -error : -EPROTO;
}

/* Takes one answer. True: the family is over. The dump is read to its end even when the table changed
 * under it (-EINTR): the kernel takes no other request before. */
static bool take_answer(struct sockets *sockets, struct sockets_steps *steps)
{
    struct dump dump = {steps->visitor, &steps->query, true};
    unsigned port = mnl_socket_get_portid(sockets->netlink);
    ssize_t len = receive(sockets, sockets->answer, sizeof sockets->answer);
    if (len < 0 || (!steps->failed && mnl_cb_run(sockets->answer, (size_t)len, sockets->sequence,
                                                 port, take_message, &dump) == MNL_CB_ERROR))
        steps->failed = trouble(errno);
    return len < 0 || ends_dump(sockets->answer, len);
}

static const uint8_t families[] = {AF_INET, AF_INET6};

#define FAMILY_COUNT (sizeof families / sizeof families[0])

static int ask_next(struct sockets *sockets, struct sockets_steps *steps)
{
    return ask(sockets, families[steps->families++], &steps->query);
}

static int begin_try(struct sockets *sockets, struct sockets_steps *steps)
{
    steps->tries++;
    steps->failed = 0;
    steps->families = 0;
    steps->visitor->begin(steps->visitor->context);
    return ask_next(sockets, steps);
}

int sockets_begin(struct sockets *sockets, struct sockets_steps *steps)
{
    steps->tries = 0;
    return begin_try(sockets, steps);
}

int sockets_step(struct sockets *sockets, struct sockets_steps *steps, int64_t deadline_ns)
{
    do {
        int failed = 0;
        if (!take_answer(sockets, steps))
            continue;
        if (steps->failed == -EINTR && steps->tries < SOCKETS_TRIES)
            failed = begin_try(sockets, steps);
        else if (steps->failed || steps->families == FAMILY_COUNT)
            return steps->failed;
        else
            failed = ask_next(sockets, steps);
        if (failed)
            return failed;
    } while (clock_thread_ns() < deadline_ns);
    return 1;
}

int sockets_dump(struct sockets *sockets, const struct sockets_query *query,
                 const struct sockets_visitor *visitor, struct err *err)
{
    struct sockets_steps steps = {.query = *query, .visitor = visitor};
    int failed = sockets_begin(sockets, &steps);
    if (!failed)
        failed = sockets_step(sockets, &steps, INT64_MAX);
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

/* Sends a request for one socket and takes the answer. */
static bool find_one(struct sockets *sockets, const char *request,
                     const struct sockets_query *query, struct host_socket *found)
{
    _Alignas(struct nlmsghdr) char buffer[8192];
    if (send_request(sockets, request))
        return false;
    struct find find = {found, false};
    const struct sockets_visitor visitor = {&find, begin_nothing, visit_found};
    struct dump dump = {&visitor, query, false};
    ssize_t len = receive(sockets, buffer, sizeof buffer);
    if (len > 0)
        (void)mnl_cb_run(buffer, (size_t)len, sockets->sequence,
                         mnl_socket_get_portid(sockets->netlink), take_message, &dump);
    return find.found;
}

/* `v6` asks for a connection of IPv4 on an IPv6 socket, whose addresses are mapped ones. A socket
 * that is bound to an interface is only found under its number; any other one is then as well. */
static bool find_exactly(struct sockets *sockets, const struct tuple *tuple, unsigned end, bool v6,
                         struct host_socket *found)
{
    _Alignas(struct nlmsghdr) char buffer[256];
    const struct sockets_query query = {PROTOCOL_TCP, UINT32_MAX, tuple->port[end],
                                        tuple->port[!end]};
    struct inet_diag_req_v2 *request = begin_request(sockets, buffer, 0, &query);
    request->sdiag_family = v6 || tuple->family == 6 ? AF_INET6 : AF_INET;
    request->id.idiag_if = SOCKETS_LOOPBACK;
    if (v6) {
        memcpy(request->id.idiag_src, tuple->address[end].octets, 16);
        memcpy(request->id.idiag_dst, tuple->address[!end].octets, 16);
    } else {
        put_address(request->id.idiag_src, tuple, end);
        put_address(request->id.idiag_dst, tuple, !end);
    }
    return find_one(sockets, buffer, &query, found);
}

bool sockets_find(struct sockets *sockets, const struct tuple *tuple, unsigned end,
                  struct host_socket *found)
{
    bool is_mine = find_exactly(sockets, tuple, end, false, found);
    if (!is_mine && tuple->family == 4)
        is_mine = find_exactly(sockets, tuple, end, true, found);
    /* Where no connection fits the kernel names the listener. */
    return is_mine && found->state != SOCKET_LISTEN;
}

/* For UDP the kernel takes the request's source for the datagram's, udp_dump_one. */
bool sockets_find_udp(struct sockets *sockets, const struct tuple *tuple, unsigned end,
                      struct host_socket *found)
{
    _Alignas(struct nlmsghdr) char buffer[256];
    const struct sockets_query query = {PROTOCOL_UDP, UINT32_MAX, tuple->port[!end],
                                        tuple->port[end]};
    struct inet_diag_req_v2 *request = begin_request(sockets, buffer, 0, &query);
    request->sdiag_family = tuple->family == 6 ? AF_INET6 : AF_INET;
    request->id.idiag_if = SOCKETS_LOOPBACK;
    put_address(request->id.idiag_src, tuple, !end);
    put_address(request->id.idiag_dst, tuple, end);
    return find_one(sockets, buffer, &query, found);
}

int socket_fit_address(const struct host_socket *listener, const struct tuple *tuple, unsigned end)
{
    const struct tuple *own = &listener->tuple;
    bool same_family = own->family == tuple->family;
    /* Loopback addresses are reached over lo alone. */
    if (listener->interface != 0 && listener->interface != SOCKETS_LOOPBACK &&
        address_is_loopback(&tuple->address[end], tuple->family))
        return 0;
    if (same_family && memcmp(&own->address[0], &tuple->address[end], sizeof own->address[0]) == 0)
        return 3;
    if (!address_is_any(&own->address[0], own->family))
        return 0;
    if (same_family)
        return 2;
    return tuple->family == 4 && !listener->v6only;
}

int socket_fit(const struct host_socket *listener, const struct tuple *tuple, unsigned end)
{
    bool same_port = listener->tuple.port[0] == tuple->port[end];
    return same_port ? socket_fit_address(listener, tuple, end) : 0;
}
