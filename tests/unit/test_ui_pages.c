/* The pages of events, ports and about: whole screens against tests/golden/ui, and what moves on them. */
#include "tests/support/rows.h"

#include "flows/burst.h"
#include "test_ui_golden.h"
#include "test_ui_pages.h"
#include "ui/gauge.h"

/* What was made up for a world, until it ends. */
static struct port_list *ports;
static struct screen_health health;

static void nothing(struct world *world)
{
    (void)world;
}

/* The same port refuses a thousand times, by two programs; another one by nobody known. */
static void refused(struct world *world)
{
    for (int i = 0; i < 1000; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 41000 + i);
        struct connection made = world_connection(client, "127.0.0.1:3000");
        world_refuse(world, client, "127.0.0.1:3000");
        if (world->names && i >= 990)
            world_name(world, &made, 0,
                       i % 2 ? world_process("curl", 4711, "curl http://localhost:3000/")
                             : world_process("node", 4242, "node retry.js"));
        if (i >= 990)
            world_draw(world);
        world_wait(world, CLOCK_NS_PER_MS);
    }
    world_refuse(world, "[::1]:41000", "[::1]:9000");
}

/* Segments sent again and again, and an answer that never comes. */
static void stuck(struct world *world)
{
    struct connection slow = world_establish(world, "127.0.0.1:42000", "127.0.0.1:5432");
    if (world->names) {
        world_name(world, &slow, 0, world_process("node", 4242, "node server.js"));
        world_name(world, &slow, 1, world_process("postgres", 99, "postgres"));
    }
    world_send(world, &slow, 0, TCP_ACK | TCP_PSH, 200);
    for (int again = 0; again < 4; again++) {
        world_wait(world, 200 * CLOCK_NS_PER_MS);
        slow.seq[0] -= 200;
        world_send(world, &slow, 0, TCP_ACK | TCP_PSH, 200);
    }
    struct connection waits = world_establish(world, "127.0.0.1:42001", "127.0.0.1:8080");
    world_send(world, &waits, 0, TCP_ACK | TCP_PSH, 80);
    world_send(world, &waits, 1, TCP_ACK, 0);
    world_wait(world, 5 * CLOCK_NS_PER_S);
    struct connection lost = world_connection("127.0.0.1:42013", "127.0.0.1:7000");
    world_send(world, &lost, 0, TCP_SYN, 0);
    world_wait(world, 2 * CLOCK_NS_PER_S);
    struct connection cut = world_establish(world, "127.0.0.1:42014", "127.0.0.1:6379");
    world_send(world, &cut, 0, TCP_ACK | TCP_PSH, 20);
    world_send(world, &cut, 1, TCP_RST | TCP_ACK, 0);
}

static void all(struct world *world)
{
    refused(world);
    stuck(world);
}

static void listed(struct world *world)
{
    ports = pages_ports(world->status.now_ns);
    world->status.ports = ports;
}

static void capture(struct world *world)
{
    world->status.live = false;
    world->status.name = "/srv/captures/checkout-fails.pcapng";
    world->status.filter = "tcp port 3000";
    world->status.ended = true;
    health = pages_health(world->tracker);
    health.has_config = false;
    health.ring_size = 0;
    health.file_size = 123456789;
    health.undecoded_count = 0;
    health.truncated = 0;
    health.spared_bytes = 0;
    world->status.health = &health;
}

/* As app/kept.c reads them: nothing but ends, queues and processes is told. */
static void capture_listed(struct world *world)
{
    capture(world);
    listed(world);
    uint32_t kept = 0;
    for (size_t at = 0; at < ports->count; at++) {
        const struct port_line *line = &ports->lines[at];
        if (line->closed || line->socket.tuple.protocol != PROTOCOL_TCP)
            continue;
        ports->lines[kept++] = (struct port_line){.socket = line->socket,
                                                  .process = line->process,
                                                  .holders = line->holders,
                                                  .queue_most = line->socket.queue,
                                                  .process_age_s = -1};
    }
    ports->count = ports->listening = kept;
    ports->ephemeral_low = ports->ephemeral_high = 0;
}

static void healthy(struct world *world)
{
    health = pages_health(world->tracker);
    health.truncated = health.undecoded_count = 0;
    health.spared_bytes = 0;
    health.lost = 0;
    health.unwatched_ns = 0;
    world->status.health = &health;
}

static void troubled(struct world *world)
{
    static const struct screen_missing missing[] = {
        {"processes", "processes of other users stay unnamed; sudo loflow names them"},
        {"netns", "other network namespaces are not looked into; sudo loflow does"},
    };
    world->status.missing = missing;
    world->status.missing_count = COUNT(missing);
    world->status.packets = 1234567;
    world->status.undecoded = 3;
    world->status.dropped_by_kernel = 2000;
    world->status.dropped_by_interface = 1;
    world->status.filter = "port 3000";
    health = pages_health(world->tracker);
    world->status.health = &health;
}

static const struct row {
    const char *name;
    int width, height;
    bool utf8, known;
    void (*happens)(struct world *world);
    const char *keys;
} rows[] = {
    {"events_empty_80x24", 80, 24, true, true, nothing, "2"},
    {"events_empty_40x12", 40, 12, true, true, nothing, "2"},
    {"events_120x40", 120, 40, true, true, all, "2"},
    {"events_80x24", 80, 24, true, true, all, "2"},
    {"events_40x12", 40, 12, true, true, all, "2"},
    {"events_ascii_80x24", 80, 24, false, true, all, "2"},
    {"events_unnamed_80x24", 80, 24, true, false, all, "2"},
    {"events_unfolded_120x40", 120, 40, true, true, all, "2f{Enter}"},
    {"events_unfolded_80x24", 80, 24, true, true, all, "2fj{Space}jj"},
    {"events_unfolded_40x12", 40, 12, true, true, all, "2fj{Space}jj"},
    {"events_resent_80x24", 80, 24, true, true, all, "2fffff"},
    {"events_none_of_these_80x24", 80, 24, true, true, refused, "2fff"},
    {"events_diagnoses_80x24", 80, 24, true, true, all, "2fffffff"},
    {"events_diagnosis_80x24", 80, 24, true, true, all, "2fffffff{Enter}"},
    {"events_show_flow_80x24", 80, 24, true, true, all, "2ff{Enter}"},
    {"ports_asking_80x24", 80, 24, true, true, nothing, "3"},
    {"ports_asking_40x12", 40, 12, true, true, nothing, "3"},
    {"ports_capture_80x24", 80, 24, true, true, capture, "3"},
    {"ports_capture_40x12", 40, 12, true, true, capture, "3"},
    {"ports_of_capture_80x24", 80, 24, true, true, capture_listed, "3j"},
    {"ports_of_capture_40x12", 40, 12, true, true, capture_listed, "3j"},
    {"ports_120x40", 120, 40, true, true, listed, "3jj"},
    {"ports_80x24", 80, 24, true, true, listed, "3jj"},
    {"ports_40x12", 40, 12, true, true, listed, "3jj"},
    {"ports_200x60", 200, 60, true, true, listed, "3"},
    {"ports_ascii_80x24", 80, 24, false, true, listed, "3jjjjj"},
    {"ports_full_80x24", 80, 24, true, true, listed, "3jjjjj"},
    {"ports_udp_80x24", 80, 24, true, true, listed, "3j"},
    {"ports_closed_80x24", 80, 24, true, true, listed, "3Gk"},
    {"ports_killed_40x12", 40, 12, true, true, listed, "3G"},
    {"ports_by_backlog_80x24", 80, 24, true, true, listed, "3ss"},
    {"ports_flows_80x24", 80, 24, true, true, listed, "3jj{Enter}"},
    {"about_unknown_80x24", 80, 24, true, true, nothing, "4"},
    {"about_healthy_120x40", 120, 40, true, true, healthy, "4"},
    {"about_120x40", 120, 40, true, true, troubled, "4"},
    {"about_80x24", 80, 24, true, true, troubled, "4"},
    {"about_end_80x24", 80, 24, true, true, troubled, "4G"},
    {"about_40x12", 40, 12, true, true, troubled, "4"},
    {"about_capture_120x40", 120, 40, true, true, capture, "4"},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct world *world = row->known ? world_open_known(row->width, row->height, row->utf8)
                                     : world_open(row->width, row->height, row->utf8);
    row->happens(world);
    world_draw(world);
    (void)world_press(world, row->keys);
    golden_check(&world->grid, row->name);
    world_close(world);
    free(ports);
    ports = NULL;
}

/* The bar as it is drawn: "###|..". */
static const struct gauge_row {
    const char *name;
    struct gauge gauge;
    int width;
    const char *ascii, *cells;
    enum style first;
} gauge_rows[] = {
    {"gauge_empty", {0, 0, 10}, 5, ".....", "·····", STYLE_DIM},
    {"gauge_a_little", {1, 1, 1000}, 5, "#....", "▏····", STYLE_GOOD},
    {"gauge_half", {5, 5, 10}, 5, "###..", "██▌··", STYLE_GOOD},
    {"gauge_three_quarters", {6, 6, 8}, 4, "###.", "███·", STYLE_WARNING},
    {"gauge_full", {8, 8, 8}, 4, "####", "████", STYLE_FAILURE},
    {"gauge_more_than_full", {9, 9, 8}, 4, "####", "████", STYLE_FAILURE},
    {"gauge_was_higher", {1, 8, 10}, 5, "#..|.", "▌··┃·", STYLE_GOOD},
    {"gauge_was_full", {0, 10, 10}, 5, "....|", "····┃", STYLE_DIM},
    {"gauge_was_a_little_higher", {5, 6, 10}, 5, "###..", "██▌··", STYLE_GOOD},
    {"gauge_no_limit", {0, 0, 0}, 3, "...", "···", STYLE_DIM},
    {"gauge_beyond_no_limit", {1, 1, 0}, 3, "###", "███", STYLE_FAILURE},
    {"gauge_no_room", {1, 1, 1}, 0, "", "", STYLE_NORMAL},
};

static void test_gauge(void **state)
{
    const struct gauge_row *row = *state;
    for (int utf8 = 0; utf8 < 2; utf8++) {
        struct err err;
        struct grid grid = {0};
        char text[WORLD_TEXT_MAX];
        assert_int_equal(grid_resize(&grid, 8, 1, &err), 0);
        grid_clear(&grid);
        gauge_draw(&row->gauge, &grid, (struct gauge_place){0, 0, row->width}, utf8);
        (void)grid_row_text(&grid, 0, text);
        const char *wanted = utf8 ? row->cells : row->ascii;
        assert_memory_equal(text, wanted, strlen(wanted));
        assert_int_equal(text[strlen(wanted)], ' ');
        assert_int_equal(grid_cell(&grid, 0, 0)->style, row->first);
        grid_free(&grid);
    }
}

/* Events of flow and side, so many ms after one another; the answer to the last. */
static const struct burst_row {
    const char *name;
    struct {
        uint32_t flow;
        uint8_t side;
        int after_ms;
    } events[5];
    uint32_t segments;
} burst_rows[] = {
    {"burst_begins", {{1, 0, 0}}, 1},
    {"burst_of_three", {{1, 0, 0}, {1, 0, 200}, {1, 0, 400}}, 3},
    {"burst_with_longest_gaps", {{1, 0, 0}, {1, 0, 1000}, {1, 0, 1000}}, 3},
    {"burst_too_slow", {{1, 0, 0}, {1, 0, 200}, {1, 0, 1001}}, 1},
    {"burst_of_the_other_side", {{1, 0, 0}, {1, 0, 1}, {1, 1, 1}}, 1},
    {"burst_of_both_sides", {{1, 0, 0}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}, {1, 0, 1}}, 3},
    {"burst_of_another_flow", {{1, 0, 0}, {1, 0, 1}, {2, 0, 1}}, 1},
};

static void test_burst(void **state)
{
    const struct burst_row *row = *state;
    static struct bursts bursts;
    bursts = (struct bursts){0};
    int64_t now_ns = WORLD_BEGIN_NS;
    uint32_t segments = 0;
    for (size_t at = 0; at < COUNT(row->events) && row->events[at].flow != 0; at++) {
        now_ns += row->events[at].after_ms * CLOCK_NS_PER_MS;
        segments = bursts_note(&bursts, &(struct flow_event){.flow = {row->events[at].flow, 1},
                                                             .side = row->events[at].side,
                                                             .time_ns = now_ns});
    }
    assert_int_equal(segments, row->segments);
}

/* A flow that took the record of another one begins anew. */
static void test_burst_of_a_new_flow(void **state)
{
    (void)state;
    static struct bursts bursts;
    struct flow_event event = {.flow = {7, 1}, .time_ns = WORLD_BEGIN_NS};
    (void)bursts_note(&bursts, &event);
    assert_int_equal(bursts_note(&bursts, &event), 2);
    event.flow.generation = 2;
    assert_int_equal(bursts_note(&bursts, &event), 1);
}

/* The cursor stays on its group while others fail, and while it goes on itself. */
static void test_cursor_stays(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "2jj");
    expect_marked(world, ":4006");
    for (int i = 0; i < 50; i++) {
        char server[32];
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 5000 + i);
        world_wait(world, CLOCK_NS_PER_S);
        world_refuse(world, "127.0.0.1:60000", server);
        world_draw(world);
        expect_marked(world, ":4006");
    }
    world_refuse(world, "127.0.0.1:60001", "127.0.0.1:4006");
    world_draw(world);
    expect_marked(world, "x2");
    assert_true(is_shown(world, ":5049"));
    (void)world_press(world, "g");
    world_wait(world, 3 * CLOCK_NS_PER_S);
    world_refuse(world, "127.0.0.1:60000", "127.0.0.1:5050");
    world_draw(world);
    expect_marked(world, ":5050");
    world_close(world);
}

/* An unfolded group stays unfolded; what the cursor was on in it makes room in the end. */
static void test_case_makes_room(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "2{Enter}jj");
    expect_marked(world, ":50009");
    for (int i = 0; i < 6; i++) {
        char client[32];
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 51000 + i);
        world_refuse(world, client, "127.0.0.1:4008");
        world_draw(world);
        expect_marked(world, ":50009");
    }
    world_refuse(world, "127.0.0.1:51006", "127.0.0.1:4008");
    world_refuse(world, "127.0.0.1:51007", "127.0.0.1:4008");
    world_draw(world);
    expect_marked(world, "x11");
    world_close(world);
}

/* Enter leads to the flow whatever the filter, or says that it is gone. */
static void test_way_to_the_flow(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "/nowhere{Enter}2jj{Enter}");
    expect_marked(world, ":50006");
    assert_true(is_shown(world, "127.0.0.1:4006"));
    world_close(world);
}

/* What is copied is the flow of the event. */
static void test_copies_the_flow(void **state)
{
    (void)state;
    struct screen_request request;
    struct world *world = world_open(80, 24, true);
    world_crowd(world);
    world_draw(world);
    (void)world_press(world, "2jjyy");
    assert_true(screen_take_request(world->screen, &request));
    assert_int_equal(request.kind, SCREEN_REQUEST_COPY);
    assert_string_equal(request.text, "tcp 127.0.0.1:50006 > 127.0.0.1:4006");
    (void)world_press(world, "3yy");
    assert_false(screen_take_request(world->screen, &request));
    world_close(world);
}

/* What comes while the screen is paused is not shown before it goes on. */
static void test_paused(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_refuse(world, "127.0.0.1:41000", "127.0.0.1:3000");
    world_draw(world);
    (void)world_press(world, "p2");
    assert_true(is_shown(world, "1 failure in 1 group"));
    world_refuse(world, "127.0.0.1:41001", "127.0.0.1:3001");
    world_draw(world);
    assert_true(is_shown(world, "1 failure in 1 group"));
    (void)world_press(world, "p");
    assert_true(is_shown(world, "2 failures in 2 groups"));
    world_close(world);
}

static void test_ports_are_wanted(void **state)
{
    (void)state;
    struct world *world = world_open(80, 24, true);
    world_draw(world);
    assert_false(screen_wants_ports(world->screen));
    (void)world_press(world, "3");
    assert_true(screen_wants_ports(world->screen));
    (void)world_press(world, "h");
    assert_false(screen_wants_ports(world->screen));
    (void)world_press(world, "{Esc}p");
    assert_true(screen_wants_ports(world->screen));
    listed(world);
    (void)world_press(world, "p");
    world_draw(world);
    (void)world_press(world, "p");
    assert_false(screen_wants_ports(world->screen));
    (void)world_press(world, "1");
    assert_false(screen_wants_ports(world->screen));
    world_close(world);
    free(ports);
    ports = NULL;
}

/* The cursor stays on its socket while lines come and go above it, and on the end when it is closed. */
static void test_ports_cursor(void **state)
{
    (void)state;
    struct world *world = world_open(120, 40, true);
    listed(world);
    world_draw(world);
    (void)world_press(world, "3jj");
    expect_marked(world, "127.0.0.1:3000");
    memmove(&ports->lines[0], &ports->lines[1], 8 * sizeof ports->lines[0]);
    ports->count--;
    ports->listening--;
    ports->number++;
    world_draw(world);
    expect_marked(world, "127.0.0.1:3000");
    ports->lines[1].socket.inode = 4711;
    ports->number++;
    world_draw(world);
    expect_marked(world, "127.0.0.1:3000");
    world_close(world);
    free(ports);
    ports = NULL;
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD(&set, gauge_rows, test_gauge);
    ROWS_ADD(&set, burst_rows, test_burst);
    ROWS_ADD_ONE(&set, test_burst_of_a_new_flow);
    ROWS_ADD_ONE(&set, test_cursor_stays);
    ROWS_ADD_ONE(&set, test_case_makes_room);
    ROWS_ADD_ONE(&set, test_way_to_the_flow);
    ROWS_ADD_ONE(&set, test_copies_the_flow);
    ROWS_ADD_ONE(&set, test_paused);
    ROWS_ADD_ONE(&set, test_ports_are_wanted);
    ROWS_ADD_ONE(&set, test_ports_cursor);
    return rows_run(&set, "ui_pages");
}
