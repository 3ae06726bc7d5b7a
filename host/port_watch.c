/*
 * Theory: a look is two dumps of sockets, those of TCP that listen and those of UDP, which tell ends and
 * queues. Two things cost more and go at a pace of their own. Connections are counted by a dump of all
 * other sockets, 1 us each, which is left out while the kernel says that it has as many as before. Processes
 * come from a walk over /proc, which is begun when a socket appears that no walk looked for, else every few
 * seconds.
 */
#include "host/port_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UDP_STATES   (1u << SOCKET_CLOSE)
#define PORTS        65536
#define SERVICES_MAX 16384u

enum phase { PHASE_SERVICES, PHASE_RESTS, PHASE_LISTEN, PHASE_UDP, PHASE_COUNT };

/* By local port. */
struct port_counts {
    uint32_t connections[PORTS];
    uint32_t time_wait[PORTS];
};

struct port_watch {
    struct host *host;
    struct sockets *sockets;
    enum phase phase;
    struct sockets_visitor visitor; /* of the dump that goes on */
    struct sockets_steps steps;
    int64_t looked_ns; /* when the latest look began; monotonic, as is the next */
    int64_t walked_ns; /* when the latest walk ended; 0: none did */

    struct port_row *rows; /* PORT_LIST_MAX */
    size_t count, udp_first;
    uint64_t left_out;

    struct port_counts counts, counting; /* the latest, and that which is under way */
    struct settings_sockets counted_of;  /* what the kernel had then */
    int64_t counted_ns;                  /* when that began; 0: never */
    int64_t count_ns;                    /* that it took so far */

    struct owners_walk walk;
    bool walking;
    int64_t walk_ns;                /* that it took so far */
    uint32_t walked[PORT_LIST_MAX]; /* inodes of the latest walk, sorted */
    size_t walked_count;
    struct owners owners;

    struct host_listener *known; /* LISTENERS_MAX, by inode */
    size_t known_count;
    struct settings_name *services; /* SERVICES_MAX, by port once they are read */
    size_t service_count;
    struct port_list list;
};

int port_watch_open(struct port_watch **watch, struct host *host, struct err *err)
{
    struct port_watch *opened = calloc(1, sizeof *opened);
    *watch = NULL;
    if (opened) {
        opened->host = host;
        opened->rows = calloc(PORT_LIST_MAX, sizeof *opened->rows);
        opened->known = calloc(LISTENERS_MAX, sizeof *opened->known);
        opened->services = calloc(SERVICES_MAX, sizeof *opened->services);
    }
    int failed = 0;
    if (!opened || !opened->rows || !opened->known || !opened->services)
        failed = err_set(err, ENOMEM, "no memory to list ports; close other programs");
    else
        failed = sockets_open_by(&opened->sockets, host_helper(host), NULL, err);
    if (failed) {
        port_watch_close(opened);
        return failed;
    }
    settings_begin_services();
    *watch = opened;
    return 0;
}

void port_watch_close(struct port_watch *watch)
{
    if (!watch)
        return;
    if (watch->sockets && watch->phase == PHASE_SERVICES)
        settings_end_services();
    owners_walk_end(&watch->walk, NULL);
    owners_free(&watch->owners);
    sockets_close(watch->sockets);
    free(watch->services);
    free(watch->rows);
    free(watch->known);
    free(watch);
}

static void add_row(struct port_watch *watch, const struct host_socket *socket)
{
    if (watch->count == PORT_LIST_MAX)
        watch->left_out++;
    else
        watch->rows[watch->count++] = (struct port_row){.socket = *socket};
}

static void begin_listen(void *context)
{
    struct port_watch *watch = context;
    watch->count = 0;
    watch->left_out = 0;
}

static void visit_listen(void *context, const struct host_socket *socket)
{
    add_row(context, socket);
}

static void begin_count(void *context)
{
    struct port_watch *watch = context;
    memset(&watch->counting, 0, sizeof watch->counting);
}

static void visit_count(void *context, const struct host_socket *socket)
{
    struct port_watch *watch = context;
    uint16_t port = socket->tuple.port[0];
    if (socket->state == SOCKET_TIME_WAIT)
        watch->counting.time_wait[port]++;
    else
        watch->counting.connections[port]++;
}

static void begin_udp(void *context)
{
    struct port_watch *watch = context;
    watch->count = watch->udp_first;
}

static void visit_udp(void *context, const struct host_socket *socket)
{
    struct port_watch *watch = context;
    if (socket->tuple.port[0] != 0)
        add_row(watch, socket);
}

static const struct {
    struct sockets_query query;
    void (*begin)(void *context);
    void (*visit)(void *context, const struct host_socket *socket);
} dumps[] = {
    [PHASE_LISTEN] = {{PROTOCOL_TCP, 1u << SOCKET_LISTEN, 0, 0}, begin_listen, visit_listen},
    [PHASE_UDP] = {{PROTOCOL_UDP, UDP_STATES, 0, 0}, begin_udp, visit_udp},
    [PHASE_COUNT] = {{PROTOCOL_TCP, SOCKETS_ALL & ~(1u << SOCKET_LISTEN), 0, 0},
                     begin_count,
                     visit_count},
};

/* Rests when the kernel does not answer. */
static int begin_dump(struct port_watch *watch, enum phase phase)
{
    watch->visitor = (struct sockets_visitor){watch, dumps[phase].begin, dumps[phase].visit};
    watch->steps = (struct sockets_steps){.query = dumps[phase].query, .visitor = &watch->visitor};
    int failed = sockets_begin(watch->sockets, &watch->steps);
    watch->phase = failed ? PHASE_RESTS : phase;
    return failed;
}

/* Are connections to be counted? Then `sockets` is what the kernel has now. */
static bool needs_count(const struct port_watch *watch, int64_t now_ns,
                        struct settings_sockets *sockets)
{
    int64_t passed_ns = now_ns - watch->counted_ns;
    if (watch->phase != PHASE_RESTS || watch->list.number == 0)
        return false;
    if (watch->counted_ns != 0 &&
        (passed_ns < PORT_WATCH_EVERY_NS || passed_ns < PORT_WATCH_REST * watch->count_ns))
        return false;
    bool known = settings_count_sockets(sockets);
    return !known || passed_ns >= PORT_WATCH_COUNT_NS ||
           memcmp(sockets, &watch->counted_of, sizeof *sockets) != 0;
}

static void begin_count_dump(struct port_watch *watch, int64_t now_ns,
                             const struct settings_sockets *sockets)
{
    watch->counted_of = *sockets;
    watch->counted_ns = now_ns;
    watch->count_ns = 0;
    (void)begin_dump(watch, PHASE_COUNT);
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static bool was_walked_for(const struct port_watch *watch, uint32_t inode)
{
    return bsearch(&inode, watch->walked, watch->walked_count, sizeof inode, compare_numbers);
}

static bool needs_walk(const struct port_watch *watch, int64_t now_ns)
{
    int64_t rested_ns = now_ns - watch->walked_ns;
    if (watch->phase != PHASE_RESTS || watch->list.number == 0)
        return false;
    if (watch->walked_ns == 0 ||
        (rested_ns >= PORT_WATCH_WALK_NS && rested_ns >= PORT_WATCH_REST * watch->walk_ns))
        return true;
    if (rested_ns < PORT_WATCH_HURRY * watch->walk_ns)
        return false;
    for (size_t at = 0; at < watch->count; at++) {
        if (!was_walked_for(watch, watch->rows[at].socket.inode))
            return true;
    }
    return false;
}

static void begin_walk(struct port_watch *watch)
{
    struct err err;
    watch->walked_count = watch->count;
    for (size_t at = 0; at < watch->count; at++)
        watch->walked[at] = watch->rows[at].socket.inode;
    qsort(watch->walked, watch->walked_count, sizeof watch->walked[0], compare_numbers);
    watch->walk_ns = 0;
    const struct owners_query query = {watch->walked, watch->walked_count, NULL, 0,
                                       host_helper(watch->host)};
    watch->walking = owners_walk_begin(&watch->walk, &query, &err) == 0;
}

static void take_known(void *context, const struct host_listener *listener)
{
    struct port_watch *watch = context;
    if (watch->known_count < LISTENERS_MAX)
        watch->known[watch->known_count++] = *listener;
}

static int compare_listeners(const void *a, const void *b)
{
    const struct host_listener *one = a, *other = b;
    return compare_numbers(&one->socket.inode, &other->socket.inode);
}

static int compare_services(const void *a, const void *b)
{
    const struct settings_name *one = a, *other = b;
    int order = one->port - other->port;
    return order ? order : one->protocol - other->protocol;
}

/* The file may have thousands of lines. */
static void step_services(struct port_watch *watch, int64_t deadline_ns)
{
    bool more = true;
    do {
        struct settings_name *next = &watch->services[watch->service_count];
        more = watch->service_count < SERVICES_MAX && settings_next_service(next);
        watch->service_count += more;
    } while (more && clock_thread_ns() < deadline_ns);
    if (more)
        return;
    settings_end_services();
    qsort(watch->services, watch->service_count, sizeof *watch->services, compare_services);
    watch->phase = PHASE_RESTS;
}

static void set_service(const struct port_watch *watch, struct port_line *line)
{
    const struct tuple *tuple = &line->socket.tuple;
    const struct settings_name wanted = {.port = tuple->port[0], .protocol = tuple->protocol};
    const struct settings_name *found =
        bsearch(&wanted, watch->services, watch->service_count, sizeof *found, compare_services);
    if (found)
        memcpy(line->service, found->name, sizeof line->service);
}

static struct host_process process_of(const struct owner *owner)
{
    struct host_process process = {.pid = owner->pid, .how = HOST_BY_SOCKET};
    memcpy(process.comm, owner->comm, sizeof process.comm);
    memcpy(process.command, owner->command, sizeof process.command);
    return process;
}

static void add_line(struct port_watch *watch, const struct port_row *row)
{
    struct port_line *line = &watch->list.lines[watch->list.count++];
    *line = (struct port_line){.socket = row->socket,
                               .connections = row->connections,
                               .time_wait = row->time_wait,
                               .remarks = row->remarks,
                               .queue_most = row->socket.queue,
                               .process_age_s = -1};
    set_service(watch, line);
    const struct host_listener wanted = {.socket = row->socket};
    const struct host_listener *known =
        bsearch(&wanted, watch->known, watch->known_count, sizeof *watch->known, compare_listeners);
    if (known && row->socket.tuple.protocol == PROTOCOL_TCP) {
        line->opened_ns = known->opened_ns;
        line->opener = known->opener;
        line->process = known->process;
        line->holders = known->holders;
        if (known->queue_most > line->queue_most)
            line->queue_most = known->queue_most;
    }
    if (!row->owner)
        return;
    line->process = process_of(row->owner);
    line->holders = (uint32_t)row->owner_count;
    if (row->owner->start > 0)
        line->process_age_s = process_age_s(row->owner->start);
}

static bool is_same_end(const struct tuple *one, const struct tuple *other)
{
    return one->port[0] == other->port[0] && one->protocol == other->protocol &&
           one->family == other->family &&
           memcmp(&one->address[0], &other->address[0], sizeof one->address[0]) == 0;
}

static struct port_line *line_at_end(struct port_list *list, const struct tuple *end)
{
    for (size_t at = 0; at < list->count; at++) {
        if (is_same_end(&list->lines[at].socket.tuple, end))
            return &list->lines[at];
    }
    return NULL;
}

/* Each end once: where somebody listens again that is told there, else it gets a line of its own. */
static void add_past(struct port_watch *watch)
{
    struct port_list *list = &watch->list;
    struct host_past past;
    list->past_left_out = host_past_count(watch->host);
    for (size_t n = 0; host_past_at(watch->host, n, &past); n++) {
        past.tuple.protocol = PROTOCOL_TCP;
        struct port_line *line = line_at_end(list, &past.tuple);
        bool fits = list->count < PORT_LIST_MAX && list->count - list->listening < PORT_LIST_CLOSED;
        if (!line && !fits)
            continue;
        if (!line) {
            line = &list->lines[list->count++];
            *line = (struct port_line){.socket = {.tuple = past.tuple, .state = SOCKET_CLOSE},
                                       .closed = true,
                                       .process_age_s = -1,
                                       .process = past.process,
                                       .opened_ns = past.opened_ns};
            set_service(watch, line);
        }
        list->past_left_out--;
        if (line->past_count++ == 0)
            line->past = past;
    }
}

/* Makes the list of the rows and of what is known about them now. */
static void publish(struct port_watch *watch)
{
    struct port_list *list = &watch->list;
    struct host_ports ports = {.rows = watch->rows, .count = watch->count};
    settings_ephemeral_range(&ports.ephemeral_low, &ports.ephemeral_high);
    for (size_t at = 0; at < watch->count; at++) {
        struct port_row *row = &watch->rows[at];
        row->owner = owners_of(&watch->owners, row->socket.inode, &row->owner_count);
        row->remarks = 0;
    }
    ports_remark(&ports);
    watch->known_count = 0;
    host_each_known_listener(watch->host, take_known, watch);
    qsort(watch->known, watch->known_count, sizeof *watch->known, compare_listeners);
    list->number++;
    list->count = 0;
    list->left_out = watch->left_out;
    list->hidden = watch->owners.hidden;
    list->ephemeral_low = ports.ephemeral_low;
    list->ephemeral_high = ports.ephemeral_high;
    for (size_t at = 0; at < watch->count; at++)
        add_line(watch, &watch->rows[at]);
    list->listening = list->count;
    add_past(watch);
}

static void set_counts(struct port_watch *watch)
{
    for (size_t at = 0; at < watch->count; at++) {
        struct port_row *row = &watch->rows[at];
        uint16_t port = row->socket.tuple.port[0];
        bool is_tcp = row->socket.tuple.protocol == PROTOCOL_TCP;
        row->connections = is_tcp ? watch->counts.connections[port] : 0;
        row->time_wait = is_tcp ? watch->counts.time_wait[port] : 0;
    }
}

/* A dump is over. */
static void finish_dump(struct port_watch *watch)
{
    enum phase phase = watch->phase;
    watch->phase = PHASE_RESTS;
    if (phase == PHASE_LISTEN) {
        watch->udp_first = watch->count;
        (void)begin_dump(watch, PHASE_UDP);
        return;
    }
    if (phase == PHASE_COUNT)
        watch->counts = watch->counting;
    else
        qsort(watch->rows, watch->count, sizeof *watch->rows, ports_compare_rows);
    set_counts(watch);
    publish(watch);
}

static void step_dump(struct port_watch *watch, int64_t deadline_ns)
{
    int64_t begin_ns = clock_thread_ns();
    bool counts = watch->phase == PHASE_COUNT;
    int state = sockets_step(watch->sockets, &watch->steps, deadline_ns);
    if (counts)
        watch->count_ns += clock_thread_ns() - begin_ns;
    if (state == 0)
        finish_dump(watch);
    else if (state < 0)
        watch->phase = PHASE_RESTS;
}

static void step_walk(struct port_watch *watch, int64_t now_ns, int64_t deadline_ns)
{
    int64_t begin_ns = clock_thread_ns();
    bool over = owners_walk_step(&watch->walk, deadline_ns);
    watch->walk_ns += clock_thread_ns() - begin_ns;
    if (!over)
        return;
    owners_free(&watch->owners);
    owners_walk_end(&watch->walk, &watch->owners);
    watch->walking = false;
    watch->walked_ns = now_ns;
    if (watch->phase == PHASE_RESTS)
        publish(watch);
}

/* What is due when nothing else goes on. */
static void begin_next(struct port_watch *watch, int64_t now_ns)
{
    struct settings_sockets sockets;
    bool is_due = watch->list.number == 0 || now_ns - watch->looked_ns >= PORT_WATCH_EVERY_NS;
    if (watch->phase == PHASE_RESTS && is_due) {
        watch->looked_ns = now_ns;
        (void)begin_dump(watch, PHASE_LISTEN);
    } else if (needs_count(watch, now_ns, &sockets)) {
        begin_count_dump(watch, now_ns, &sockets);
    }
}

void port_watch_step(struct port_watch *watch, int64_t now_ns, int64_t budget_ns)
{
    int64_t begin_ns = clock_thread_ns();
    int64_t half_ns = begin_ns + budget_ns / 2;
    if (watch->phase == PHASE_SERVICES)
        step_services(watch, begin_ns + budget_ns);
    begin_next(watch, now_ns);
    while (watch->phase > PHASE_RESTS) {
        step_dump(watch, half_ns);
        if (clock_thread_ns() >= half_ns)
            break;
        begin_next(watch, now_ns);
    }
    if (!watch->walking && needs_walk(watch, now_ns))
        begin_walk(watch);
    if (watch->walking)
        step_walk(watch, now_ns, begin_ns + budget_ns);
}

const struct port_list *port_watch_list(const struct port_watch *watch)
{
    return &watch->list;
}
