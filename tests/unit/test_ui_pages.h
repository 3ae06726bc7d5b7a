/*
 * Purpose: what the kernel and the program would tell the Ports and About pages, made up.
 * Used by: tests/unit/test_ui_*.c.
 */
#ifndef LOFLOW_TEST_UI_PAGES_H
#define LOFLOW_TEST_UI_PAGES_H

#include "host/port_watch.h"
#include "test_ui_world.h"

struct made_port {
    const char *end;
    bool udp;
    const char *service;
    int pid; /* 0 unknown */
    const char *comm, *command;
    uint32_t holders, queue, queue_limit, queue_most, connections, time_wait;
    int64_t age_s;     /* of the process; -1 unknown */
    int64_t opened_ns; /* ago; 0: before the run */
    uint32_t remarks;  /* bits */
    int64_t closed_ns; /* ago; 0: somebody listens */
    uint32_t past_count;
    int32_t exit_status;
};

#define PAGES_S CLOCK_NS_PER_S

static const struct made_port made_ports[] = {
    {"[::]:22", false, "ssh", 0, "", "", 0, 0, 128, 0, 1, 0, -1, 0, 0, 0, 0, 0},
    {"127.0.0.53:53", true, "domain", 7, "dnsmasq", "dnsmasq -k", 1, 0, 0, 0, 0, 0, 180000, 0, 0, 0,
     0, 0},
    {"127.0.0.1:3000", false, "", 4242, "node", "node server.js --port 3000", 1, 3, 511, 240, 12,
     1234, 7380, 95 * PAGES_S, 1u << PORT_SPLIT, 0, 2, 256},
    {"[::1]:3000", false, "", 4300, "vite", "node node_modules/.bin/vite", 1, 0, 511, 0, 12, 1234,
     80, 80 * PAGES_S, 1u << PORT_SPLIT, 0, 0, 0},
    {"0.0.0.0:5432", false, "postgresql", 99, "postgres",
     "/usr/lib/postgresql/15/bin/postgres -D /var/lib/pg", 6, 160, 200, 160, 88, 0, 7380, 0, 0, 0,
     0, 0},
    {"127.0.0.1:6379", false, "redis", 812, "redis-server", "redis-server 127.0.0.1:6379", 1, 6, 5,
     6, 40, 2, 59, 0, 1u << PORT_QUEUE_FULL | 1u << PORT_LOOPBACK_V4, 0, 0, 0},
    {"[2001:db8:1234:5678:9abc:def0:1234:5678]:40000", false, "", 666, "\x1b[2Jown", "\x1b]0;x\a",
     1, 0, 4096, 1, 3, 0, 3, 3 * PAGES_S, 1u << PORT_EPHEMERAL, 0, 0, 0},
    {"127.0.0.1:8080", false, "http-alt", 4100, "日本語", "日本語 --serve", 0, 0, 0, 0, 0, 0, -1,
     100 * PAGES_S, 0, 12 * PAGES_S, 3, 256},
    {"127.0.0.1:9000", false, "", 4101, "api", "", 0, 0, 0, 0, 0, 0, -1, 0, 0, 400 * PAGES_S, 1, 9},
};

static inline struct host_process made_process(const struct made_port *made)
{
    return world_process(made->comm, made->pid, made->command);
}

static inline void make_port(struct port_line *line, const struct made_port *made, uint32_t inode,
                             int64_t now_ns)
{
    line->socket =
        (struct host_socket){.inode = made->closed_ns ? 0 : inode,
                             .queue = made->queue,
                             .queue_limit = made->queue_limit,
                             .state = made->udp || made->closed_ns ? SOCKET_CLOSE : SOCKET_LISTEN};
    world_parse(made->end, &line->socket.tuple, 0);
    line->socket.tuple.protocol = made->udp ? PROTOCOL_UDP : PROTOCOL_TCP;
    line->process = made_process(made);
    line->holders = made->holders;
    line->connections = made->connections;
    line->time_wait = made->time_wait;
    line->remarks = made->remarks;
    line->queue_most = made->queue_most;
    line->process_age_s = made->age_s;
    line->opened_ns = made->opened_ns ? now_ns - made->opened_ns : 0;
    line->opener = made->opened_ns ? made_process(made) : (struct host_process){0};
    line->closed = made->closed_ns != 0;
    line->past_count = made->past_count;
    int64_t closed_ns = now_ns - (made->closed_ns ? made->closed_ns : 96 * PAGES_S);
    line->past = (struct host_past){.process = made_process(made),
                                    .closed_ns = closed_ns,
                                    .exited_ns = closed_ns,
                                    .exit_status = made->exit_status};
    (void)snprintf(line->service, sizeof line->service, "%s", made->service);
}

/* The caller frees it. */
static inline struct port_list *pages_ports(int64_t now_ns)
{
    struct port_list *list = calloc(1, sizeof *list);
    assert(list);
    list->number = 1;
    list->ephemeral_low = 32768;
    list->ephemeral_high = 60999;
    for (size_t at = 0; at < COUNT(made_ports); at++) {
        make_port(&list->lines[at], &made_ports[at], (uint32_t)at + 100, now_ns);
        list->listening += made_ports[at].closed_ns == 0;
    }
    list->count = COUNT(made_ports);
    return list;
}

/* A run to which everything happened. */
static inline struct screen_health pages_health(const struct tracker *tracker)
{
    static const struct screen_count undecoded[] = {
        {"packets that end inside the TCP header", 2},
        {"impossible IP total lengths", 1},
    };
    static const struct screen_layer layers[] = {
        {"user", "runs as user 1000", true},
        {"capabilities", "none are left", true},
        {"files", "this kernel has no Landlock (Linux 5.13), or a container hides it", false},
        {"system calls", "seccomp: none starts a program, opens a socket, or looks into a process",
         true},
    };
    static const struct screen_stall stalls[] = {
        {"whole round", 1234, 12 * CLOCK_NS_PER_MS, 131 * CLOCK_NS_PER_MS, WORLD_BEGIN_NS},
        {"signals", 0, 0, 0, 0},
        {"keys", 12, 40 * CLOCK_NS_PER_US, 90 * CLOCK_NS_PER_US, WORLD_BEGIN_NS},
        {"packets", 1000, 20 * CLOCK_NS_PER_MS, 21 * CLOCK_NS_PER_MS, WORLD_BEGIN_NS},
        {"clock tick", 100, CLOCK_NS_PER_MS, 6 * CLOCK_NS_PER_MS, WORLD_BEGIN_NS},
        {"drawing", 112, 2 * CLOCK_NS_PER_MS, 9 * CLOCK_NS_PER_MS, WORLD_BEGIN_NS},
    };
    return (struct screen_health){
        .version = "0.1.0",
        .features = "libpcap version 1.10.3 (with TPACKET_V3), zlib 1.2.13, zstd 1.5.4, ncurses "
                    "6.4.20221231, libbpf v1.1",
        .config_path = "/home/\x1b[8mu/.config/loflow/config",
        .has_config = true,
        .link_name = "EN10MB",
        .snaplen = 262144,
        .ring_size = 64u << 20,
        .file_size = -1,
        .elapsed_ns = 3723 * CLOCK_NS_PER_S,
        .received = 1236567,
        .captured_bytes = 987654321,
        .spared_bytes = 654321000,
        .truncated = 4,
        .undecoded = undecoded,
        .undecoded_count = COUNT(undecoded),
        .flows = tracker_stats(tracker),
        .memory = {.flows = 5 << 20, .table = 128 << 10, .details = 96 << 10, .streams = 0},
        .fragment_memory = 4096,
        .memory_peak = 71u << 20,
        .max_flows = 1u << 20,
        .is_traced = true,
        .lost = 17,
        .unwatched_ns = 2500 * CLOCK_NS_PER_MS,
        .stalls = stalls,
        .stall_count = COUNT(stalls),
        .layers = layers,
        .layer_count = COUNT(layers),
    };
}

#endif
