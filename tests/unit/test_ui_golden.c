/* Whole screens against tests/golden/ui/NAME.txt. */
#include "tests/support/rows.h"

#include "test_ui_golden.h"
#include "test_ui_world.h"

static void nothing(struct world *world)
{
    (void)world;
}

/* A bit of everything: healthy, under way, closed, reset, refused by RST and by ICMP, UDP. */
static void mixed(struct world *world)
{
    world->status.undecoded = 3;
    struct connection web = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_send(world, &web, 0, TCP_ACK | TCP_PSH, 734);
    world_send(world, &web, 1, TCP_ACK | TCP_PSH, 65483);
    struct connection web6 = world_establish(world, "[::1]:40002", "[::1]:8080");
    world_send(world, &web6, 0, TCP_ACK | TCP_PSH, 100);
    world_wait(world, 400 * CLOCK_NS_PER_MS);
    struct connection closed = world_establish(world, "127.0.0.1:40003", "127.0.0.1:5432");
    world_finish(world, &closed);
    struct connection reset = world_establish(world, "127.0.0.1:40004", "127.0.0.1:6379");
    world_send(world, &reset, 0, TCP_ACK | TCP_PSH, 20);
    world_send(world, &reset, 1, TCP_RST | TCP_ACK, 0);
    world_refuse(world, "127.0.0.1:40005", "127.0.0.1:9000");
    world_refuse(world, "[::1]:40006", "[::1]:9000");
    struct connection barred = world_connection("127.0.0.1:40007", "127.0.0.1:9001");
    world_send(world, &barred, 0, TCP_SYN, 0);
    world_icmp(world, &barred, 3, 13);
    struct connection barred6 = world_connection("[::1]:40008", "[::1]:9001");
    world_send(world, &barred6, 0, TCP_SYN, 0);
    world_icmp(world, &barred6, 1, 4);
    struct connection name = world_connection("127.0.0.1:40009", "127.0.0.53:53");
    name.tuple.protocol = PROTOCOL_UDP;
    world_send(world, &name, 0, 0, 40);
    world_send(world, &name, 1, 0, 56);
    struct connection quiet = world_connection("127.0.0.1:40010", "127.0.0.1:8125");
    quiet.tuple.protocol = PROTOCOL_UDP;
    world_send(world, &quiet, 0, 0, 12);
    struct connection lost = world_connection("127.0.0.1:40011", "127.0.0.1:7000");
    world_send(world, &lost, 0, TCP_SYN, 0);
    struct connection middle = world_connection("127.0.0.1:40012", "127.0.0.1:3000");
    world_send(world, &middle, 0, TCP_ACK | TCP_PSH, 1448);
    world_send(world, &middle, 1, TCP_ACK, 0);
    world_wait(world, 1500 * CLOCK_NS_PER_MS);
    world_send(world, &web, 1, TCP_ACK | TCP_PSH, 65483);
}

/* The same server refuses again and again, over IPv6 addresses that fill a narrow screen. */
static void grouped(struct world *world)
{
    char client[64];
    for (int i = 0; i < 12; i++) {
        (void)snprintf(client, sizeof client, "[2001:db8:1234:5678:9abc:def0:1234:%d]:%d", 1000 + i,
                       50000 + i);
        world_refuse(world, client, "[2001:db8:ffff:eeee:dddd:cccc:bbbb:aaaa]:443");
        world_wait(world, CLOCK_NS_PER_MS);
    }
    world_refuse(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_refuse(world, "127.0.0.1:40002", "127.0.0.1:3000");
    struct connection reset = world_establish(world, "127.0.0.1:40003", "127.0.0.1:3000");
    world_send(world, &reset, 0, TCP_RST, 0);
}

static void file_read(struct world *world)
{
    mixed(world);
    world->status.live = false;
    world->status.name = "/srv/captures/checkout-fails.pcapng";
    world->status.filter = "tcp or udp";
    world->status.percent = 42;
}

static void troubled(struct world *world)
{
    file_read(world);
    world->status.ended = true;
    world->status.trouble = "the capture is cut short inside packet 4711: what was read before is "
                            "shown; capture again, or repair the file";
}

static void dropping(struct world *world)
{
    mixed(world);
    world->status.dropped_by_kernel = 1234;
    world->status.dropped_by_interface = 5;
}

/* Named ends, two of them hostile; a server that resets, a port where nobody is, a SYN unanswered. */
static void known(struct world *world)
{
    struct connection store = world_establish(world, "127.0.0.1:41234", "127.0.0.1:5432");
    world_name(world, &store, 0, world_process("node", 4242, "node server.js --port 3000"));
    world_name(world, &store, 1,
               world_process("postgres", 99, "/usr/lib/postgresql/15/bin/postgres -D /var/lib/pg"));
    world_send(world, &store, 0, TCP_ACK | TCP_PSH, 734);
    world_send(world, &store, 1, TCP_ACK | TCP_PSH, 65483);
    world_send(world, &store, 0, TCP_ACK, 0);
    struct connection evil = world_establish(world, "[::1]:41235", "[::1]:8080");
    world_name(world, &evil, 0, world_process("\x1b[2J\x1b]0;x\a", 666, "\x1b[31mred\x1b[0m"));
    world_name(world, &evil, 1, world_process("日本語日本", 1234567, "日本語"));
    struct connection name = world_establish(world, "127.0.0.1:41236", "127.0.0.53:53");
    world_name(world, &name, 1, world_process("dnsmasq", 7, ""));
    for (int i = 0; i < 12; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 42000 + i);
        world_refuse(world, client, "127.0.0.1:3000");
        world_wait(world, CLOCK_NS_PER_MS);
    }
    struct connection curl = world_connection("127.0.0.1:42012", "127.0.0.1:3000");
    world_refuse(world, "127.0.0.1:42012", "127.0.0.1:3000");
    world_name(world, &curl, 0, world_process("curl", 4711, "curl http://localhost:3000/"));
    struct connection lost = world_connection("127.0.0.1:42013", "127.0.0.1:7000");
    for (int i = 0; i < 4; i++) {
        world_send(world, &lost, 0, TCP_SYN, 0);
        lost.seq[0]--;
        world_wait(world, 2 * CLOCK_NS_PER_S);
    }
}

/* Flows by their servers: some of each kind, one server with many, and answers. */
static void servers(struct world *world)
{
    char client[32];
    struct connection last;
    known(world);
    for (int i = 0; i < 30; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 43000 + i);
        struct connection web = world_establish(world, client, "127.0.0.1:8080");
        world_name(world, &web, 0, world_process("wrk", 5000, "wrk -c 30 http://localhost:8080"));
        world_name(world, &web, 1, world_process("nginx", 80, "nginx: worker process"));
        world_send(world, &web, 0, TCP_ACK | TCP_PSH, 100);
        world_wait(world, (i + 1) * CLOCK_NS_PER_MS);
        world_send(world, &web, 1, TCP_ACK | TCP_PSH, 2000);
        if (i % 3 == 0)
            world_finish(world, &web);
        else if (i % 7 == 1)
            world_send(world, &web, 1, TCP_RST | TCP_ACK, 0);
        else
            world_send(world, &web, 0, TCP_ACK, 0);
        last = web;
    }
    world_draw(world);
    for (int second = 0; second < 20; second++) {
        for (int at = 0; at < second * second % 11; at++)
            world_send(world, &last, 1, TCP_ACK | TCP_PSH, 1000);
        world_send(world, &last, 0, TCP_ACK, 0);
        world_wait(world, CLOCK_NS_PER_S);
        world_draw(world);
    }
}

static void known_file(struct world *world)
{
    known(world);
    world->status.live = false;
    world->status.name = "/srv/captures/checkout-fails.pcapng";
    world->status.ended = true;
}

static void untraced(struct world *world)
{
    static const struct screen_missing missing[] = {
        {"tracer", "no kernel events: /sys/kernel/btf/vmlinux is missing; causes are fewer"},
        {"processes", "processes of other users stay unnamed; sudo loflow names them"},
    };
    known(world);
    world->status.missing = missing;
    world->status.missing_count = COUNT(missing);
}

static const struct row {
    const char *name;
    int width, height;
    bool utf8;
    void (*happens)(struct world *world);
    const char *keys;
} rows[] = {
    {"empty_80x24", 80, 24, true, nothing, ""},
    {"empty_200x60", 200, 60, true, nothing, ""},
    {"empty_40x12", 40, 12, true, nothing, ""},
    {"mixed_80x24", 80, 24, true, mixed, ""},
    {"mixed_200x60", 200, 60, true, mixed, ""},
    {"mixed_120x30", 120, 30, true, mixed, ""},
    {"mixed_40x12", 40, 12, true, mixed, ""},
    {"mixed_ascii_80x24", 80, 24, false, mixed, ""},
    {"crowd_80x24", 80, 24, true, world_crowd, "jj"},
    {"crowd_200x60", 200, 60, true, world_crowd, "jj"},
    {"crowd_40x12", 40, 12, true, world_crowd, "jj"},
    {"grouped_80x24", 80, 24, true, grouped, "{Tab}j"},
    {"grouped_200x60", 200, 60, true, grouped, "{Tab}j"},
    {"grouped_40x12", 40, 12, true, grouped, "{Tab}j"},
    {"grouped_ascii_80x24", 80, 24, false, grouped, ""},
    {"help_80x24", 80, 24, true, mixed, "h"},
    {"help_200x60", 200, 60, true, mixed, "h"},
    {"help_40x12", 40, 12, true, mixed, "h"},
    {"help_100x30", 100, 30, true, mixed, "h"},
    {"filter_80x24", 80, 24, true, mixed, "/REFUSED ![::1]"},
    {"filter_wrong_80x24", 80, 24, true, mixed, "/tcp prot:3000"},
    {"filter_wrong_40x12", 40, 12, true, mixed, "/tcp and prot:3000"},
    {"filter_wrong_inside_80x24", 80, 24, true, mixed,
     "/is:loopback rtt>5 and (state:refused or state:reset)"},
    {"command_80x24", 80, 24, true, mixed, ":sort bytes-sent"},
    {"command_wrong_80x24", 80, 24, true, mixed, ":theme pink{Enter}"},
    {"command_wrong_40x12", 40, 12, true, mixed, ":theme pink{Enter}"},
    {"command_complete_80x24", 80, 24, true, mixed, ":map pages x s{Tab}{Tab}"},
    {"command_complete_40x12", 40, 12, true, mixed, ":columns client s{Tab}{Tab}"},
    {"command_complete_120x40", 120, 40, true, mixed, ":{Tab}"},
    {"copy_80x24", 80, 24, true, mixed, "y"},
    {"copy_40x12", 40, 12, true, mixed, "y"},
    {"columns_80x24", 80, 24, true, mixed, ":columns server client rtt age{Enter}"},
    {"filter_complete_80x24", 80, 24, true, mixed, "/port:3000 r{Tab}"},
    {"filter_complete_40x12", 40, 12, true, mixed, "/is:{Tab}{Tab}{Tab}"},
    {"filter_complete_120x40", 120, 40, true, mixed, "/code:refused{Tab}"},
    {"filter_wide_40x12", 40, 12, true, mixed, "/日本語 or node or postgres or prto:42{Enter}"},
    {"filter_200x60", 200, 60, true, mixed, "/REFUSED ![::1]{Enter}"},
    {"filter_40x12", 40, 12, true, mixed, "/REFUSED ![::1]"},
    {"filter_nothing_80x24", 80, 24, true, mixed, "/nowhere{Enter}"},
    {"paused_80x24", 80, 24, true, mixed, "p"},
    {"paused_200x60", 200, 60, true, mixed, "p"},
    {"paused_40x12", 40, 12, true, mixed, "p"},
    {"open_only_80x24", 80, 24, true, mixed, "c"},
    {"sorted_by_bytes_80x24", 80, 24, true, mixed, "<<"},
    {"file_80x24", 80, 24, true, file_read, ""},
    {"trouble_80x24", 80, 24, true, troubled, ""},
    {"dropping_80x24", 80, 24, true, dropping, ""},
};

/* With names and diagnoses. */
static const struct row known_rows[] = {
    {"servers_80x24", 80, 24, true, servers, "vjj"},
    {"servers_120x40", 120, 40, true, servers, "v+"},
    {"servers_200x60", 200, 60, true, servers, "v"},
    {"servers_40x12", 40, 12, true, servers, "v"},
    {"servers_ascii_80x24", 80, 24, false, servers, "v"},
    {"clients_80x24", 80, 24, true, servers, "vv"},
    {"known_80x24", 80, 24, true, known, ""},
    {"known_120x40", 120, 40, true, known, ""},
    {"known_40x24", 40, 24, true, known, ""},
    {"known_ascii_80x24", 80, 24, false, known, ""},
    {"known_file_80x24", 80, 24, true, known_file, ""},
    {"known_filter_80x24", 80, 24, true, known, "/CURL refused"},
    {"known_quiet_80x24", 80, 24, true, mixed, ""},
    {"known_nothing_80x24", 80, 24, true, nothing, ""},
    {"untraced_80x24", 80, 24, true, untraced, ""},
    {"untraced_40x24", 40, 24, true, untraced, ""},
    {"untraced_help_80x24", 80, 24, true, untraced, "h"},
    {"diagnosis_80x24", 80, 24, true, known, "{Tab}{Enter}"},
    {"diagnosis_120x40", 120, 40, true, known, "{Tab}{Enter}"},
    {"diagnosis_40x24", 40, 24, true, known, "{Tab}{Enter}"},
    {"failure_80x24", 80, 24, true, known, "{Tab}G{Enter}"},
    {"refused_flow_80x24", 80, 24, true, known, "j{Enter}"},
    {"refused_flow_120x40", 120, 40, true, known, "j{Enter}"},
    {"refused_flow_40x24", 40, 24, true, known, "j{Enter}"},
    {"refused_flow_ascii_80x24", 80, 24, false, known, "j{Enter}"},
    {"named_flow_80x24", 80, 24, true, known, "G{Enter}"},
    {"hostile_flow_80x24", 80, 24, true, known, "Gk{Enter}"},
};

static void check(const struct row *row, struct world *world)
{
    row->happens(world);
    world_draw(world);
    (void)world_press(world, row->keys);
    golden_check(&world->grid, row->name);
    world_close(world);
}

static void test_row(void **state)
{
    const struct row *row = *state;
    check(row, world_open(row->width, row->height, row->utf8));
}

static void test_known_row(void **state)
{
    const struct row *row = *state;
    check(row, world_open_known(row->width, row->height, row->utf8));
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD(&set, known_rows, test_known_row);
    return rows_run(&set, "ui_golden");
}
