/* The pages about one flow against tests/golden/ui/NAME.txt: its overview, packets, plots and events, and
 * what it said. */
#include "tests/support/rows.h"

#include "test_ui_golden.h"
#include "test_ui_world.h"
#include "ui/flow_notes.h"

static struct connection open_named(struct world *world)
{
    struct connection made = world_connection("127.0.0.1:41234", "127.0.0.1:8080");
    for (int step = 0; step < 3; step++) {
        struct packet packet = {
            .tuple = made.tuple,
            .kind = PACKET_TCP,
            .verdict = VERDICT_TCP,
            .direction = (uint8_t)(made.client ^ (step == 1)),
            .flags = step == 0   ? TCP_SYN
                     : step == 1 ? TCP_SYN | TCP_ACK
                                 : TCP_ACK,
            .seq = made.seq[step == 1],
            .ack = step == 0 ? 0 : made.seq[step != 1],
            .window = step == 2 ? 512 : 65495,
        };
        if (step < 2) {
            packet.options = TCP_OPTION_MSS | TCP_OPTION_WINDOW_SCALE | TCP_OPTION_SACK_PERMITTED |
                             TCP_OPTION_TIMESTAMPS;
            packet.mss = 65495;
            packet.window_scale = 7;
            made.seq[step]++;
        }
        world_feed(world, packet);
    }
    world_name(world, &made, 0, world_process("node", 4242, "node client.js --retries 3"));
    world_name(world, &made, 1, world_process("nginx", 99, "nginx: worker process"));
    return made;
}

static void say(struct world *world, struct connection *made, int from, const char *words)
{
    world_say(world, made, from, words, (uint32_t)strlen(words), NULL);
}

static void acknowledge(struct world *world, struct connection *made, int from)
{
    world_say(world, made, from, NULL, 0, &(struct packet){.flags = TCP_ACK});
}

/* Two requests and their answers, then both sides close. */
static void exchange(struct world *world)
{
    struct connection made = open_named(world);
    say(world, &made, 0,
        "GET /orders?customer=42 HTTP/1.1\r\nHost: localhost:8080\r\nAccept: application/json\r\n"
        "\r\n");
    acknowledge(world, &made, 1);
    world_wait(world, 12 * CLOCK_NS_PER_MS);
    say(world, &made, 1,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 31\r\n\r\n");
    say(world, &made, 1, "{\"orders\":[{\"id\":1,\"total\":99}]}");
    acknowledge(world, &made, 0);
    world_wait(world, 250 * CLOCK_NS_PER_MS);
    say(world, &made, 0, "DELETE /orders/1 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n");
    acknowledge(world, &made, 1);
    world_wait(world, 3 * CLOCK_NS_PER_MS);
    say(world, &made, 1, "HTTP/1.1 204 No Content\r\n\r\n");
    acknowledge(world, &made, 0);
    world_finish(world, &made);
}

/* Everything that goes wrong: sent again, out of order, a window that closes, silence, a reset. */
static void trouble(struct world *world)
{
    static const uint8_t block[1448];
    struct connection made = open_named(world);
    say(world, &made, 0, "PUT /upload HTTP/1.1\r\nExpect: 100-continue\r\n\r\n");
    acknowledge(world, &made, 1);
    uint32_t first = made.seq[0];
    for (int count = 0; count < 4; count++)
        world_say(world, &made, 0, block, sizeof block, NULL);
    world_wait(world, 210 * CLOCK_NS_PER_MS);
    world_say(world, &made, 0, block, sizeof block, &(struct packet){.seq = first});
    world_wait(world, 420 * CLOCK_NS_PER_MS);
    world_say(world, &made, 0, block, sizeof block, &(struct packet){.seq = first});
    acknowledge(world, &made, 1);
    acknowledge(world, &made, 1);
    acknowledge(world, &made, 1);
    made.seq[0] += 2000;
    world_say(world, &made, 0, block, 600, NULL);
    world_wait(world, 2500 * CLOCK_NS_PER_MS);
    world_send(world, &made, 1, TCP_RST | TCP_ACK, 0);
}

/* Thousands of packets: a download that slows down, its window breathing. */
static void download(struct world *world)
{
    static uint8_t block[4096];
    struct connection made = open_named(world);
    say(world, &made, 0, "GET /video HTTP/1.1\r\n\r\n");
    for (int count = 0; count < 3000; count++) {
        (void)snprintf((char *)block, sizeof block, "block %d of the film\n", count);
        world_say(world, &made, 1, block, 256, NULL);
        world_wait(world, (20 + count % 500) * CLOCK_NS_PER_US);
        struct packet packet = {
            .tuple = made.tuple,
            .kind = PACKET_TCP,
            .verdict = VERDICT_TCP,
            .direction = made.client,
            .flags = TCP_ACK,
            .seq = made.seq[0],
            .ack = made.seq[1],
            .window = (uint16_t)(512 - count % 300),
        };
        world_feed(world, packet);
    }
}

static void binary(struct world *world)
{
    uint8_t bytes[300];
    for (size_t at = 0; at < sizeof bytes; at++)
        bytes[at] = (uint8_t)(at * 7);
    struct connection made = open_named(world);
    say(world, &made, 0, "\x03select 1; select 2");
    world_say(world, &made, 1, bytes, sizeof bytes, NULL);
}

/* A segment that was not captured, and one of which only the beginning was. */
static void gap(struct world *world)
{
    struct connection made = open_named(world);
    say(world, &made, 0, "GET /large HTTP/1.1\r\n\r\n");
    say(world, &made, 1, "HTTP/1.1 200 OK\r\n\r\nfirst part,");
    made.seq[1] += 30000;
    say(world, &made, 1, " last part");
    world_wait(world, 1200 * CLOCK_NS_PER_MS);
    acknowledge(world, &made, 0);
    world_wait(world, 1200 * CLOCK_NS_PER_MS);
    acknowledge(world, &made, 0);
    world_say(world, &made, 1, " cut", 4, &(struct packet){.payload_wire_len = 49103});
    world_wait(world, 5 * CLOCK_NS_PER_S);
}

/* Lines longer than the screen, wide characters, combining marks, tabs. */
static void long_lines(struct world *world)
{
    struct connection made = open_named(world);
    say(world, &made, 0,
        "a\tb\tc\n日本語の長い行はここで折り返されるはずです。日本語の長い行はここで折り"
        "返されるはずです。\ne\xcc\x81t\xc3\xa9\n");
    char line[1000];
    memset(line, 'x', sizeof line);
    for (int at = 0; at < 990; at += 10)
        (void)snprintf(line + at, 11, "%09d ", at);
    line[sizeof line - 1] = '\0';
    say(world, &made, 1, line);
    say(world, &made, 1, "\nshort\n\n\nlast");
}

/* What must not reach the terminal. */
static void hostile(struct world *world)
{
    struct connection made = open_named(world);
    say(world, &made, 0,
        "\x1b[2J\x1b]0;owned\a\r\nplain\rreturn\x08\x7f\n\xff\xfe\xc3( \xe2\x80\xae reversed\n"
        "literal \\x1b stays\n\xc2\x9b"
        "31m C1\n");
    say(world, &made, 1, "\x1b[31mred\x1b[0m\n");
}

/* Where nothing of it is kept. */
static void datagrams(struct world *world)
{
    struct connection name = world_connection("127.0.0.1:40009", "127.0.0.53:53");
    name.tuple.protocol = PROTOCOL_UDP;
    world_send(world, &name, 0, 0, 40);
    world_send(world, &name, 1, 0, 56);
    world_icmp(world, &name, 3, 3);
}

static const struct row {
    const char *name;
    int width, height;
    bool utf8;
    void (*happens)(struct world *world);
    const char *keys;
} rows[] = {
    {"flow_overview_80x24", 80, 24, true, exchange, "{Enter}"},
    {"flow_overview_120x40", 120, 40, true, exchange, "{Enter}"},
    {"flow_overview_40x12", 40, 12, true, exchange, "{Enter}{PgDn}"},
    {"flow_overview_reset_80x24", 80, 24, true, trouble, "{Enter}{PgDn}"},
    {"ladder_80x24", 80, 24, true, exchange, "{Enter}{Tab}"},
    {"ladder_120x40", 120, 40, true, exchange, "{Enter}{Tab}jjj"},
    {"ladder_40x12", 40, 12, true, exchange, "{Enter}{Tab}jjj"},
    {"ladder_ascii_80x24", 80, 24, false, exchange, "{Enter}{Tab}"},
    {"ladder_delta_80x24", 80, 24, true, exchange, "{Enter}{Tab}t"},
    {"ladder_clock_80x24", 80, 24, true, exchange, "{Enter}{Tab}tta"},
    {"ladder_trouble_80x24", 80, 24, true, trouble, "{Enter}{Tab}nn"},
    {"ladder_trouble_120x40", 120, 40, true, trouble, "{Enter}{Tab}n"},
    {"ladder_trouble_40x12", 40, 12, true, trouble, "{Enter}{Tab}G"},
    {"ladder_long_80x24", 80, 24, true, download, "{Enter}{Tab}{End}{PgUp}"},
    {"ladder_datagrams_80x24", 80, 24, true, datagrams, "{Enter}{Tab}"},
    {"plots_80x24", 80, 24, true, download, "{Enter}{Tab}{Tab}"},
    {"plots_120x40", 120, 40, true, download, "{Enter}{Tab}{Tab}"},
    {"plots_40x12", 40, 12, true, download, "{Enter}{Tab}{Tab}"},
    {"plots_ascii_80x24", 80, 24, false, download, "{Enter}{Tab}{Tab}"},
    {"flow_events_80x24", 80, 24, true, trouble, "{Enter}{Left}"},
    {"flow_events_40x12", 40, 12, true, trouble, "{Enter}{Left}"},
    {"stream_80x24", 80, 24, true, exchange, "f"},
    {"stream_120x40", 120, 40, true, exchange, "f"},
    {"stream_40x12", 40, 12, true, exchange, "f"},
    {"stream_hex_80x24", 80, 24, true, exchange, "fx"},
    {"stream_hex_40x12", 40, 12, true, exchange, "fx"},
    {"stream_turn_80x24", 80, 24, true, exchange, "f}}"},
    {"stream_found_80x24", 80, 24, true, exchange, "f/orders{Enter}nn"},
    {"stream_found_hex_80x24", 80, 24, true, exchange, "fx/0x0d0a0d0a{Enter}n"},
    {"stream_found_no_more_80x24", 80, 24, true, exchange, "f/delete{Enter}nN"},
    {"stream_ascii_80x24", 80, 24, false, exchange, "f"},
    {"stream_binary_80x24", 80, 24, true, binary, "f"},
    {"stream_binary_hex_80x24", 80, 24, true, binary, "fx}"},
    {"stream_gap_80x24", 80, 24, true, gap, "f"},
    {"stream_gap_40x12", 40, 12, true, gap, "f"},
    {"stream_long_lines_80x24", 80, 24, true, long_lines, "f"},
    {"stream_long_lines_40x12", 40, 12, true, long_lines, "f{End}"},
    {"stream_hostile_80x24", 80, 24, true, hostile, "f"},
    {"stream_download_80x24", 80, 24, true, download, "f{End}"},
    {"stream_datagrams_80x24", 80, 24, true, datagrams, "f"},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *world = world_open_known(row->width, row->height, row->utf8);
    row->happens(world);
    world_draw(world);
    (void)world_press(world, row->keys);
    golden_check(&world->grid, row->name);
    world_close(world);
}

#define NOTES_SHOWN 5

/* Events beyond those that are kept are counted, and told below the oldest. */
static void test_notes_left_out(void **state)
{
    (void)state;
    enum { RECORDS = 4096 };
    static struct packet_record records[RECORDS];
    static struct flow_notes notes;
    static struct flow_row row;
    struct packet_tape tape = {
        .records = records, .mask = RECORDS - 1, .end = 1500, .complete = true, .restarts = 1};
    struct grid grid = {0};
    struct err err;
    char line[WORLD_TEXT_MAX];
    for (uint32_t at = 0; at < RECORDS; at++)
        records[at] = (struct packet_record){
            .time_ns = WORLD_BEGIN_NS + at, .kind = PACKET_TCP, .flags = TCP_SYN, .side = at % 2};
    assert_int_equal(grid_resize(&grid, 60, NOTES_SHOWN, &err), 0);
    flow_notes_take(&notes, &tape);
    flow_notes_move(&notes, FLOW_NOTES);
    grid_clear(&grid);
    flow_notes_draw(&notes, &row, &grid, 0, NOTES_SHOWN);
    (void)grid_row_text(&grid, NOTES_SHOWN - 1, line);
    assert_non_null(strstr(line, "512 older ones are left out"));
    grid_free(&grid);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_notes_left_out);
    return rows_run(&set, "ui_flow");
}
