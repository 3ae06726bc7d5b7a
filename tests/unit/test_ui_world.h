/*
 * Purpose: a small world for tests of the screen: connections whose packets go through the flow
 *          table, a screen that hears of them, and a grid that can be read as text.
 * Owns:    tracker, screen and grid, from world_open to world_close.
 * Used by: tests/unit/test_ui_*.c.
 */
#ifndef LOFLOW_TEST_UI_WORLD_H
#define LOFLOW_TEST_UI_WORLD_H

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "flows/packet_log.h"
#include "flows/tracker.h"
#include "ui/grid.h"
#include "ui/screen.h"

/* 2023-11-14 22:13:20 UTC */
#define WORLD_BEGIN_NS (INT64_C(1700000000) * CLOCK_NS_PER_S)
#define WORLD_FLOWS    16384
#define WORLD_TEXT_MAX (GRID_WIDTH_MAX * 4 * (1 + CELL_MARKS_MAX) + 1)

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

struct world {
    struct tracker *tracker;
    struct packet_log *packets;
    struct names *names;         /* NULL: nobody is named */
    struct diagnoser *diagnoser; /* NULL: nothing is diagnosed */
    bool is_grouped;             /* by server */
    struct screen *screen;
    struct grid grid;
    struct screen_status status;
    struct packet_batch batch;
    struct event_list events;
};

/* Seen from the client: 0 is the client, 1 the server. */
struct connection {
    struct tuple tuple;
    uint8_t client; /* end of the canonical tuple */
    uint32_t seq[2];
};

static inline void world_must(int result, const struct err *err)
{
    if (result != 0) {
        (void)fprintf(stderr, "%s\n", err->text);
        abort();
    }
}

static inline void world_start(struct world *world, int width, int height, bool utf8)
{
    struct err err;
    struct tracker_options flows = {.max_flows = WORLD_FLOWS, .tell_answers = true};
    world_must(tracker_open(&world->tracker, &flows, &err), &err);
    const struct packet_log_options packets = {.max_flows = WORLD_FLOWS};
    world_must(packet_log_open(&world->packets, &packets, &err), &err);
    struct screen_options options = {.utf8 = utf8,
                                     .packets = world->packets,
                                     .max_flows = WORLD_FLOWS,
                                     .grouping = world->is_grouped ? GROUP_BY_SERVER : GROUP_NONE,
                                     .names = world->names,
                                     .diagnoser = world->diagnoser};
    world_must(screen_open(&world->screen, &options, &err), &err);
    world_must(grid_resize(&world->grid, width, height, &err), &err);
    world->status = (struct screen_status){
        .name = "lo", .filter = "", .live = true, .percent = -1, .now_ns = WORLD_BEGIN_NS};
}

/* Nothing but packets is known there. */
static inline struct world *world_open(int width, int height, bool utf8)
{
    struct world *world = calloc(1, sizeof *world);
    assert(world);
    world_start(world, width, height, utf8);
    return world;
}

/* Diagnoses are made there, and processes can be named. */
static inline struct world *world_open_known(int width, int height, bool utf8)
{
    struct err err;
    struct world *world = calloc(1, sizeof *world);
    assert(world);
    world_must(names_open(&world->names, &err), &err);
    world_must(diagnoser_open(&world->diagnoser, NULL, &err), &err);
    world_start(world, width, height, utf8);
    return world;
}

static inline void world_close(struct world *world)
{
    screen_close(world->screen);
    packet_log_close(world->packets);
    tracker_close(world->tracker);
    diagnoser_close(world->diagnoser);
    names_close(world->names);
    grid_free(&world->grid);
    free(world);
}

static inline void world_hear(struct world *world)
{
    for (uint32_t i = 0; i < world->events.count; i++) {
        screen_event(world->screen, world->tracker, &world->events.events[i]);
        if (world->diagnoser)
            diagnoser_event(world->diagnoser, world->tracker, &world->events.events[i]);
    }
}

static inline void world_wait(struct world *world, int64_t ns)
{
    world->status.now_ns += ns;
    bool more = true;
    while (more) {
        more = tracker_advance(world->tracker, world->status.now_ns, &world->events);
        packet_log_take_events(world->packets, &world->events);
        world_hear(world);
    }
    if (world->diagnoser)
        diagnoser_tick(world->diagnoser, world->tracker, world->status.now_ns);
}

static inline void world_parse(const char *endpoint, struct tuple *tuple, int end)
{
    char host[64];
    const char *colon = strrchr(endpoint, ':');
    assert(colon);
    bool v6 = endpoint[0] == '[';
    int len = (int)(colon - endpoint) - (v6 ? 2 : 0);
    (void)snprintf(host, sizeof host, "%.*s", len, endpoint + (v6 ? 1 : 0));
    uint8_t octets[16];
    int parsed = inet_pton(v6 ? AF_INET6 : AF_INET, host, octets);
    assert(parsed == 1);
    (void)parsed;
    tuple->address[end] = v6 ? address_from_ipv6(octets) : address_from_ipv4(octets);
    tuple->port[end] = (uint16_t)atoi(colon + 1);
    tuple->family = v6 ? 6 : 4;
}

static inline struct connection world_connection(const char *client, const char *server)
{
    struct connection connection = {.tuple = {.protocol = PROTOCOL_TCP}, .seq = {1000, 5000}};
    world_parse(client, &connection.tuple, 0);
    world_parse(server, &connection.tuple, 1);
    connection.client = tuple_canonicalize(&connection.tuple);
    return connection;
}

static inline void world_feed(struct world *world, struct packet packet)
{
    static const struct hash_key key = {{1, 2}};
    world->status.now_ns += 10 * CLOCK_NS_PER_US;
    world->status.packets++;
    packet.time_ns = world->status.now_ns;
    packet.hash = hash_tuple(&key, &packet.tuple);
    world->batch.count = 1;
    world->batch.packets[0] = packet;
    (void)tracker_feed(world->tracker, &world->batch, 0, &world->events);
    packet_log_take(world->packets, NULL, &world->batch, &world->events);
    world_hear(world);
}

/* `from`: 0 the client, 1 the server. */
static inline void world_send(struct world *world, struct connection *connection, int from,
                              uint16_t flags, uint32_t len)
{
    bool tcp = connection->tuple.protocol == PROTOCOL_TCP;
    struct packet packet = {
        .tuple = connection->tuple,
        .kind = tcp ? PACKET_TCP : PACKET_UDP,
        .verdict = tcp ? VERDICT_TCP : VERDICT_UDP,
        .direction = (uint8_t)(connection->client ^ from),
        .flags = flags,
        .seq = connection->seq[from],
        .ack = flags & TCP_ACK ? connection->seq[!from] : 0,
        .window = 65535,
        .payload_wire_len = len,
    };
    connection->seq[from] += len + ((flags & (TCP_SYN | TCP_FIN)) ? 1 : 0);
    world_feed(world, packet);
}

/* What a side says, byte by byte; `other` changes the packet before it is sent. */
static inline void world_say(struct world *world, struct connection *connection, int from,
                             const void *bytes, uint32_t len, const struct packet *other)
{
    struct packet packet = {
        .tuple = connection->tuple,
        .kind = PACKET_TCP,
        .verdict = VERDICT_TCP,
        .direction = (uint8_t)(connection->client ^ from),
        .flags = TCP_ACK | TCP_PSH,
        .seq = connection->seq[from],
        .ack = connection->seq[!from],
        .window = 512,
        .payload = bytes,
        .payload_captured_len = len,
        .payload_wire_len = len,
    };
    if (other && other->payload_wire_len > 0)
        packet.payload_wire_len = other->payload_wire_len;
    if (other && other->seq > 0)
        packet.seq = other->seq;
    if (other && other->flags > 0)
        packet.flags = other->flags;
    if (packet.seq == connection->seq[from])
        connection->seq[from] += packet.payload_wire_len;
    world_feed(world, packet);
}

static inline void world_icmp(struct world *world, struct connection *connection, uint8_t type,
                              uint8_t code)
{
    struct packet packet = {
        .tuple = connection->tuple,
        .kind = PACKET_ICMP_ERROR,
        .verdict = VERDICT_ICMP_ERROR,
        .direction = connection->client,
        .seq = connection->seq[0] - 1,
        .icmp_type = type,
        .icmp_code = code,
    };
    world_feed(world, packet);
}

static inline void world_refuse(struct world *world, const char *client, const char *server)
{
    struct connection refused = world_connection(client, server);
    world_send(world, &refused, 0, TCP_SYN, 0);
    refused.seq[1] = 0;
    world_send(world, &refused, 1, TCP_RST | TCP_ACK, 0);
}

static inline struct connection world_establish(struct world *world, const char *client,
                                                const char *server)
{
    struct connection made = world_connection(client, server);
    world_send(world, &made, 0, TCP_SYN, 0);
    world_send(world, &made, 1, TCP_SYN | TCP_ACK, 0);
    world_send(world, &made, 0, TCP_ACK, 0);
    return made;
}

static inline struct host_process world_process(const char *comm, int pid, const char *command)
{
    struct host_process process = {.pid = pid};
    (void)snprintf(process.comm, sizeof process.comm, "%s", comm);
    (void)snprintf(process.command, sizeof process.command, "%s", command);
    return process;
}

/* `from`: 0 the client's end, 1 the server's. */
static inline void world_name(struct world *world, const struct connection *connection, int from,
                              struct host_process process)
{
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view view;
    while (tracker_next(world->tracker, &at, &ref, &view)) {
        if (tuple_equal(&view.hot->tuple, &connection->tuple))
            tracker_set_owner(world->tracker, ref, connection->client ^ (unsigned)from,
                              names_process(world->names, &process));
    }
}

static inline void world_finish(struct world *world, struct connection *connection)
{
    world_send(world, connection, 0, TCP_FIN | TCP_ACK, 0);
    world_send(world, connection, 1, TCP_FIN | TCP_ACK, 0);
    world_send(world, connection, 0, TCP_ACK, 0);
}

static inline void world_draw(struct world *world)
{
    screen_draw(world->screen, world->tracker, &world->status, &world->grid);
}

static inline void world_resize(struct world *world, int width, int height)
{
    struct err err;
    world_must(grid_resize(&world->grid, width, height, &err), &err);
}

/* One row of the grid as UTF-8; the right half of a wide character adds nothing. */
static inline size_t grid_row_text(const struct grid *grid, int row, char *text)
{
    size_t len = 0;
    for (int column = 0; column < grid->width; column++) {
        const struct cell *cell = grid_cell(grid, row, column);
        if (cell->code != 0)
            len += utf8_encode(cell->code, text + len);
        for (int mark = 0; mark < CELL_MARKS_MAX && cell->marks[mark] != 0; mark++)
            len += utf8_encode(cell->marks[mark], text + len);
    }
    text[len] = '\0';
    return len;
}

/* The row with the cursor, "" when there is none. */
static inline void world_marked(const struct world *world, char text[WORLD_TEXT_MAX])
{
    text[0] = '\0';
    for (int row = 0; row < world->grid.height; row++) {
        if (style_is_selected(grid_cell(&world->grid, row, 0)->style))
            (void)grid_row_text(&world->grid, row, text);
    }
}

/* The whole grid, a line a row, then its styles, a letter a cell. The caller frees it. */
static inline char *grid_dump(const struct grid *grid)
{
    static const char letters[] = {
#define STYLE(NAME, letter, meaning, dark, light, contrast, mono) letter,
#include "ui/theme.def"
    };
    size_t size = (size_t)grid->height * ((size_t)grid->width * (5 + 4 * CELL_MARKS_MAX) + 6) + 1;
    char *dump = malloc(size);
    assert(dump);
    size_t len = 0;
    for (int row = 0; row < grid->height; row++) {
        dump[len++] = '|';
        len += grid_row_text(grid, row, dump + len);
        dump[len++] = '|';
        dump[len++] = '\n';
    }
    for (int row = 0; row < grid->height; row++) {
        dump[len++] = ':';
        for (int column = 0; column < grid->width; column++)
            dump[len++] = letters[grid_cell(grid, row, column)->style];
        dump[len++] = ':';
        dump[len++] = '\n';
    }
    dump[len] = '\0';
    return dump;
}

static inline void expect_marked(const struct world *world, const char *part)
{
    char marked[WORLD_TEXT_MAX];
    world_marked(world, marked);
    if (!strstr(marked, part))
        fail_msg("%s is not in the marked row: %s", part, marked);
}

static inline bool is_shown(const struct world *world, const char *part)
{
    char *dump = grid_dump(&world->grid);
    bool shown = strstr(dump, part) != NULL;
    free(dump);
    return shown;
}

/* Keys as a string: characters stand for themselves, {Down} for a key of that name in ui/key.def.
 */
static inline enum screen_answer world_press(struct world *world, const char *keys)
{
    static const struct {
        const char *name;
        uint32_t code;
    } names[] = {
#define KEY(contexts, code, NAME, name) {name, code},
#include "ui/key.def"
    };
    enum screen_answer answer = SCREEN_STAY;
    while (*keys != '\0') {
        uint32_t code = 0;
        keys += utf8_decode(keys, strlen(keys), &code);
        if (code == '{') {
            size_t len = strcspn(keys, "}");
            size_t i = 0;
            while (strlen(names[i].name) != len || memcmp(names[i].name, keys, len) != 0)
                i++;
            code = names[i].code;
            keys += len + 1;
        }
        answer = screen_key(world->screen, code);
        world_draw(world);
    }
    return answer;
}

/* 40 established flows, one closed, ten refused at eight ports; the newest is refused. */
static inline void world_crowd(struct world *world)
{
    char client[32];
    char server[32];
    for (int i = 1; i <= 40; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 40000 + i);
        struct connection made = world_establish(world, client, "127.0.0.1:3000");
        world_send(world, &made, 0, TCP_ACK | TCP_PSH, (uint32_t)i * 10);
        world_send(world, &made, 1, TCP_ACK | TCP_PSH, (uint32_t)(50 - i) * 1000);
        world_wait(world, CLOCK_NS_PER_MS);
    }
    struct connection closed = world_establish(world, "127.0.0.1:60001", "127.0.0.1:3001");
    world_finish(world, &closed);
    for (int i = 1; i <= 10; i++) {
        (void)snprintf(client, sizeof client, "127.0.0.1:%d", 50000 + i);
        (void)snprintf(server, sizeof server, "127.0.0.1:%d", 4000 + (i < 8 ? i : 8));
        world_refuse(world, client, server);
        world_wait(world, CLOCK_NS_PER_MS);
    }
}

#endif
