#include "host/ports.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/settings.h"

#define COMPARED_MAX 64

/* An unconnected UDP socket with a port takes datagrams from anybody. */
#define UDP_STATES (1u << SOCKET_CLOSE)

static const struct {
    const char *word;
    bool trouble;
    const char *words;
} remarks[PORT_REMARK_COUNT] = {
#define REMARK(NAME, word, trouble, words) {word, trouble, words},
#include "host/remark.def"
#undef REMARK
};

const char *port_remark_word(enum port_remark remark)
{
    return remarks[remark].word;
}

bool port_remark_is_trouble(enum port_remark remark)
{
    return remarks[remark].trouble;
}

const char *port_remark_words(enum port_remark remark)
{
    return remarks[remark].words;
}

/* What the dumps collect. */
struct collection {
    struct host_ports *ports;
    uint16_t port;
    uint32_t connections[65536];
    uint32_t time_wait[65536];
};

static void add_row(struct host_ports *ports, const struct host_socket *socket)
{
    if (ports->count == PORTS_MAX)
        ports->left_out++;
    else
        ports->rows[ports->count++] = (struct port_row){.socket = *socket};
}

static void begin_tcp(void *context)
{
    struct collection *collection = context;
    collection->ports->count = 0;
    memset(collection->connections, 0, sizeof collection->connections);
    memset(collection->time_wait, 0, sizeof collection->time_wait);
}

static void visit_tcp(void *context, const struct host_socket *socket)
{
    struct collection *collection = context;
    uint16_t port = socket->tuple.port[0];
    if (collection->port != 0 && port != collection->port)
        return;
    if (socket->state == SOCKET_LISTEN)
        add_row(collection->ports, socket);
    else if (socket->state == SOCKET_TIME_WAIT)
        collection->time_wait[port]++;
    else
        collection->connections[port]++;
}

/* UDP has its rows behind those of TCP; a dump that begins anew drops only its own. */
struct udp_collection {
    struct collection *all;
    size_t first;
};

static void begin_udp(void *context)
{
    struct udp_collection *collection = context;
    collection->all->ports->count = collection->first;
}

static void visit_udp(void *context, const struct host_socket *socket)
{
    const struct udp_collection *collection = context;
    uint16_t port = collection->all->port;
    if (socket->tuple.port[0] != 0 && (port == 0 || socket->tuple.port[0] == port))
        add_row(collection->all->ports, socket);
}

int ports_compare_rows(const void *a, const void *b)
{
    const struct host_socket *one = &((const struct port_row *)a)->socket;
    const struct host_socket *other = &((const struct port_row *)b)->socket;
    int order = one->tuple.port[0] - other->tuple.port[0];
    if (order == 0)
        order = one->tuple.protocol - other->tuple.protocol;
    if (order == 0)
        order = one->tuple.family - other->tuple.family;
    if (order == 0)
        order = memcmp(&one->tuple.address[0], &other->tuple.address[0], sizeof(struct address));
    return order ? order : (one->inode > other->inode) - (one->inode < other->inode);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static int find_owners(struct host_ports *ports, struct helper *helper, struct err *err)
{
    uint32_t *inodes = calloc(ports->count + 1, sizeof *inodes);
    if (!inodes)
        return err_set(err, ENOMEM, "no memory to look for processes; close other programs");
    for (size_t at = 0; at < ports->count; at++)
        inodes[at] = ports->rows[at].socket.inode;
    qsort(inodes, ports->count, sizeof *inodes, compare_numbers);
    int failed =
        owners_find(&ports->owners, &(struct owners_query){inodes, ports->count, NULL, 0, helper},
                    INT64_MAX, err);
    free(inodes);
    for (size_t at = 0; at < ports->count && !failed; at++) {
        struct port_row *row = &ports->rows[at];
        row->owner = owners_of(&ports->owners, row->socket.inode, &row->owner_count);
    }
    return failed;
}

static bool is_any(const struct tuple *listener)
{
    return address_is_any(&listener->address[0], listener->family);
}

static bool is_loopback(const struct tuple *listener)
{
    return address_is_loopback(&listener->address[0], listener->family);
}

/* Would the socket take a client that calls this family's loopback address? */
static bool serves(const struct host_socket *socket, uint8_t family)
{
    if (socket->tuple.family == family)
        return is_any(&socket->tuple) || is_loopback(&socket->tuple);
    return family == 4 && is_any(&socket->tuple) && !socket->v6only;
}

/* Two that are known to be different programs: workers of one server share a name. */
static bool is_other_program(const struct port_row *one, const struct port_row *other)
{
    return one->owner && other->owner && one->owner->pid != other->owner->pid &&
           strcmp(one->owner->comm, other->owner->comm) != 0;
}

/* `group` are the rows of one port and protocol. Of hundreds of workers the first are compared with. */
static void remark_group(struct port_row *group, size_t count)
{
    size_t compared = count < COMPARED_MAX ? count : COMPARED_MAX;
    bool served[2] = {false, false};
    for (size_t at = 0; at < count; at++) {
        served[0] |= serves(&group[at].socket, 4);
        served[1] |= serves(&group[at].socket, 6);
        for (size_t with = 0; with < compared; with++) {
            const struct tuple *one = &group[at].socket.tuple, *other = &group[with].socket.tuple;
            if (!is_other_program(&group[at], &group[with]))
                continue;
            if (one->family != other->family)
                group[at].remarks |= 1u << PORT_SPLIT;
            else if (memcmp(&one->address[0], &other->address[0], sizeof one->address[0]) == 0)
                group[at].remarks |= 1u << PORT_SHARED;
        }
    }
    for (size_t at = 0; at < count; at++) {
        if (served[0] && !served[1] && is_loopback(&group[at].socket.tuple))
            group[at].remarks |= 1u << PORT_LOOPBACK_V4;
        if (served[1] && !served[0] && is_loopback(&group[at].socket.tuple))
            group[at].remarks |= 1u << PORT_LOOPBACK_V6;
    }
}

static bool is_same_group(const struct port_row *one, const struct port_row *other)
{
    return one->socket.tuple.port[0] == other->socket.tuple.port[0] &&
           one->socket.tuple.protocol == other->socket.tuple.protocol;
}

void ports_remark(struct host_ports *ports)
{
    for (size_t at = 0; at < ports->count; at++) {
        struct port_row *row = &ports->rows[at];
        const struct host_socket *socket = &row->socket;
        bool listens = socket->state == SOCKET_LISTEN;
        if (listens && socket->tuple.port[0] >= ports->ephemeral_low &&
            socket->tuple.port[0] <= ports->ephemeral_high)
            row->remarks |= 1u << PORT_EPHEMERAL;
        /* The kernel lets one more in than it was told, tcp_v4_syn_recv_sock. */
        if (listens && socket->queue > socket->queue_limit)
            row->remarks |= 1u << PORT_QUEUE_FULL;
    }
    size_t end = 0;
    for (size_t at = 0; at < ports->count; at = end) {
        for (end = at + 1; end < ports->count; end++) {
            if (!is_same_group(&ports->rows[at], &ports->rows[end]))
                break;
        }
        if (ports->rows[at].socket.state == SOCKET_LISTEN)
            remark_group(&ports->rows[at], end - at);
    }
}

static int collect(struct collection *collection, struct helper *helper, struct err *err)
{
    struct sockets *sockets = NULL;
    struct udp_collection udp = {collection, 0};
    int failed = sockets_open_by(&sockets, helper, NULL, err);
    if (!failed)
        failed = sockets_dump(
            sockets, &(struct sockets_query){PROTOCOL_TCP, SOCKETS_ALL, collection->port, 0},
            &(struct sockets_visitor){collection, begin_tcp, visit_tcp}, err);
    udp.first = collection->ports->count;
    if (!failed)
        failed = sockets_dump(
            sockets, &(struct sockets_query){PROTOCOL_UDP, UDP_STATES, collection->port, 0},
            &(struct sockets_visitor){&udp, begin_udp, visit_udp}, err);
    sockets_close(sockets);
    return failed;
}

static int collect_counted(struct host_ports *ports, uint16_t port, struct helper *helper,
                           struct err *err)
{
    struct collection *collection = calloc(1, sizeof *collection);
    if (!collection)
        return err_set(err, ENOMEM, "no memory to list ports; close other programs");
    collection->ports = ports;
    collection->port = port;
    int failed = collect(collection, helper, err);
    for (size_t at = 0; at < ports->count && !failed; at++) {
        struct port_row *row = &ports->rows[at];
        if (row->socket.tuple.protocol != PROTOCOL_TCP)
            continue;
        row->connections = collection->connections[row->socket.tuple.port[0]];
        row->time_wait = collection->time_wait[row->socket.tuple.port[0]];
    }
    free(collection);
    return failed;
}

int ports_collect(struct host_ports *ports, uint16_t port, struct helper *helper, struct err *err)
{
    *ports = (struct host_ports){.rows = calloc(PORTS_MAX, sizeof(struct port_row))};
    if (!ports->rows)
        return err_set(err, ENOMEM, "no memory to list ports; close other programs");
    int failed = collect_counted(ports, port, helper, err);
    if (!failed) {
        qsort(ports->rows, ports->count, sizeof *ports->rows, ports_compare_rows);
        settings_ephemeral_range(&ports->ephemeral_low, &ports->ephemeral_high);
        failed = find_owners(ports, helper, err);
    }
    if (failed)
        ports_free(ports);
    else
        ports_remark(ports);
    return failed;
}

void ports_free(struct host_ports *ports)
{
    free(ports->rows);
    owners_free(&ports->owners);
    *ports = (struct host_ports){0};
}
