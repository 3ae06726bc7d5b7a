/* What is kept of packets to look back at: rings that wrap, records given to other flows, payload that
 * has to go, and the tape of one flow. */
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "flows/packet_log.h"
#include "flows/packet_tape.h"

#define FLOWS 16u

struct fixture {
    struct packet_log *log;
    struct packet_tape tape;
    struct packet_batch packets;
    struct event_list events;
    int64_t now_ns;
    uint8_t payload[65536];
};

static struct fixture *fixture_open(uint32_t records, uint32_t bytes)
{
    struct err err;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    const struct packet_log_options options = {
        .records = records, .bytes = bytes, .max_flows = FLOWS};
    assert_int_equal(packet_log_open(&fixture->log, &options, &err), 0);
    assert_int_equal(packet_tape_open(&fixture->tape, fixture->log, &err), 0);
    return fixture;
}

static void fixture_close(struct fixture *fixture)
{
    packet_tape_close(&fixture->tape);
    packet_log_close(fixture->log);
    free(fixture);
}

static struct packet *next_packet(struct fixture *fixture, struct flow_ref flow)
{
    uint32_t at = fixture->packets.count++;
    fixture->events.to = fixture->packets.count;
    struct packet *packet = &fixture->packets.packets[at];
    *packet = (struct packet){.kind = PACKET_TCP, .time_ns = ++fixture->now_ns};
    fixture->events.notes[at] = (struct packet_note){.flow = flow};
    return packet;
}

static void flush(struct fixture *fixture)
{
    packet_log_take(fixture->log, NULL, &fixture->packets, &fixture->events);
    fixture->packets.count = fixture->events.count = 0;
}

/* The sequence numbers of a flow's records, newest first, as far as the log has them. */
static void read_back(const struct fixture *fixture, struct flow_ref flow, struct text *text)
{
    uint64_t number = packet_log_latest(fixture->log, flow);
    while (number != PACKET_LOG_NONE) {
        const struct packet_record *record = packet_log_at(fixture->log, number);
        assert_non_null(record);
        text_add(text, text->len > 0 ? " %u" : "%u", record->seq);
        number = packet_log_before(fixture->log, number, record);
    }
}

/* The same of the tape, oldest first. */
static void read_tape(const struct packet_tape *tape, struct text *text)
{
    for (uint64_t at = tape->begin; at < tape->end; at++)
        text_add(text, text->len > 0 ? " %u" : "%u", packet_tape_at(tape, at)->seq);
}

/* "a1" a packet of flow a with that sequence number, "A2" of the flow that has its record next, "/" the
 * end of a batch, "!" everything is forgotten, "-" of no flow, "=" the tape of `wanted` is taken. */
static void play(struct fixture *fixture, const char *written, struct flow_ref wanted)
{
    for (; *written != '\0'; written++) {
        if (*written == '/') {
            flush(fixture);
        } else if (*written == '!') {
            packet_log_clear(fixture->log);
        } else if (*written == '=') {
            packet_tape_choose(&fixture->tape, wanted);
            packet_tape_take(&fixture->tape);
        } else if (*written == '-') {
            (void)next_packet(fixture, (struct flow_ref){POOL_NONE, 0});
        } else if (*written != ' ') {
            bool is_next = *written < 'a';
            struct flow_ref flow = {(uint32_t)(*written - (is_next ? 'A' : 'a')), is_next};
            char *end = NULL;
            uint32_t seq = (uint32_t)strtoul(written + 1, &end, 10);
            next_packet(fixture, flow)->seq = seq;
            written = end - 1;
        }
    }
}

static const struct chain_row {
    const char *name;
    const char *written;
    char flow; /* capital: the second flow of its record */
    const char *back, *tape;
} chain_rows[] = {
    {"one flow", "a1 a2 a3 / =", 'a', "3 2 1", "1 2 3"},
    {"two flows in turn", "a1 b2 a3 b4 a5 / =", 'a', "5 3 1", "1 3 5"},
    {"over batches", "a1 / b2 a3 / b4 / a5 / =", 'a', "5 3 1", "1 3 5"},
    {"packets of no flow take no place", "a1 - - - - - - - - a2 / =", 'a', "2 1", "1 2"},
    {"nothing of that flow", "a1 a2 / =", 'b', "", ""},
    {"nothing at all", "=", 'a', "", ""},
    {"the ring is full", "a1 a2 a3 a4 a5 a6 a7 a8 / =", 'a', "8 7 6 5 4 3 2 1", "1 2 3 4 5 6 7 8"},
    {"the ring has wrapped", "a1 a2 a3 a4 a5 a6 a7 a8 a9 a10 / =", 'a', "10 9 8 7 6 5 4 3",
     "3 4 5 6 7 8 9 10"},
    {"others took their place", "a1 a2 b1 b2 b3 b4 b5 b6 b7 / =", 'a', "2", "2"},
    {"all of them", "a1 a2 b1 b2 b3 b4 b5 b6 b7 b8 / =", 'a', "", ""},
    {"the one before is gone", "a1 b1 b2 b3 b4 b5 b6 b7 b8 a2 / =", 'a', "2", "2"},
    {"exactly a ring ago", "a1 b1 b2 b3 b4 b5 b6 b7 a2 / =", 'a', "2", "2"},
    {"one less", "a1 b1 b2 b3 b4 b5 b6 a2 / =", 'a', "2 1", "1 2"},
    {"the record's next flow", "a1 a2 A3 A4 / =", 'A', "4 3", "3 4"},
    {"the record's old flow is found no more", "a1 a2 A3 / =", 'a', "", ""},
    {"forgotten", "a1 a2 / ! =", 'a', "", ""},
    {"begun anew", "a1 a2 / ! a3 a4 / =", 'a', "4 3", "3 4"},
    {"the tape goes on", "a1 a2 / = a3 b1 a4 / =", 'a', "4 3 2 1", "1 2 3 4"},
    {"the tape keeps what the log loses", "a1 a2 / = b1 b2 b3 b4 b5 b6 a3 / =", 'a', "3 2",
     "1 2 3"},
    {"the tape is full", "a1 a2 a3 a4 a5 a6 / = a7 a8 a9 a10 / =", 'a', "10 9 8 7 6 5 4 3",
     "3 4 5 6 7 8 9 10"},
    {"the tape was too late", "a1 a2 / = b1 b2 b3 b4 b5 b6 b7 b8 a3 a4 / =", 'a', "4 3", "3 4"},
    {"the tape's flow has left", "a1 a2 / = A3 A4 / =", 'a', "", "1 2"},
    {"the tape starts again with the log", "a1 a2 / = ! a3 / =", 'a', "3", "3"},
};

static void test_chain(void **state)
{
    const struct chain_row *row = *state;
    struct fixture *fixture = fixture_open(8, PACKET_LOG_KEPT_MAX);
    bool is_next = row->flow < 'a';
    struct flow_ref flow = {(uint32_t)(row->flow - (is_next ? 'A' : 'a')), is_next};
    char words[256];
    play(fixture, row->written, flow);
    struct text text = text_begin(words, sizeof words);
    read_back(fixture, flow, &text);
    assert_string_equal(words, row->back);
    text = text_begin(words, sizeof words);
    read_tape(&fixture->tape, &text);
    assert_string_equal(words, row->tape);
    fixture_close(fixture);
}

/* Payloads of so many bytes, one a packet; what is left of each: its bytes kept, or -1 for gone. */
static const struct payload_row {
    const char *name;
    uint32_t bytes; /* of the ring */
    uint32_t wire[8], captured[8];
    int kept[8];
    int count;
} payload_rows[] = {
    {"kept whole", 16384, {100, 200}, {100, 200}, {100, 200}, 2},
    {"none", 16384, {0, 0}, {0, 0}, {-1, -1}, 2},
    {"cut by the capture", 16384, {100, 200}, {60, 0}, {60, -1}, 2},
    {"a large one is cut", 65536, {65483, 10}, {65483, 10}, {16384, 10}, 2},
    {"exactly the ring", 16384, {16384}, {16384}, {16384}, 1},
    {"the next one takes its place", 16384, {16384, 1}, {16384, 1}, {-1, 1}, 2},
    {"four fill the ring",
     16384,
     {4096, 4096, 4096, 4096},
     {4096, 4096, 4096, 4096},
     {4096, 4096, 4096, 4096},
     4},
    {"the fifth evicts the first",
     16384,
     {4096, 4096, 4096, 4096, 1},
     {4096, 4096, 4096, 4096, 1},
     {-1, 4096, 4096, 4096, 1},
     5},
    {"one that does not fit at the end begins at the start",
     16384,
     {10000, 5000, 5000},
     {10000, 5000, 5000},
     {-1, 5000, 5000},
     3},
};

static void test_payload(void **state)
{
    const struct payload_row *row = *state;
    const struct flow_ref flow = {1, 7};
    struct fixture *fixture = fixture_open(8, row->bytes);
    for (int at = 0; at < row->count; at++) {
        struct packet *packet = next_packet(fixture, flow);
        uint8_t *payload = malloc(row->captured[at] ? row->captured[at] : 1);
        assert_non_null(payload);
        memset(payload, 'a' + at, row->captured[at]);
        packet->payload = payload;
        packet->payload_wire_len = row->wire[at];
        packet->payload_captured_len = row->captured[at];
        flush(fixture);
        free(payload);
    }
    uint64_t number = packet_log_latest(fixture->log, flow);
    for (int at = row->count - 1; at >= 0; at--) {
        const struct packet_record *record = packet_log_at(fixture->log, number);
        const uint8_t *payload = packet_log_payload(fixture->log, record);
        assert_int_equal(record->wire_len, row->wire[at]);
        assert_int_equal(record->captured_len, row->captured[at]);
        assert_int_equal(payload ? (int)record->kept_len : -1, row->kept[at]);
        for (uint32_t byte = 0; payload && byte < record->kept_len; byte++)
            assert_int_equal(payload[byte], 'a' + at);
        number = packet_log_before(fixture->log, number, record);
    }
    fixture_close(fixture);
}

/* Events lie between the packets that caused them; "e:word" in a row. */
static const struct event_row {
    const char *name;
    const char
        *written; /* "p" a packet; "x" a reset, "s" a stall, "o" opened, "c" closed, all of the
                            packet before them, "q" a stall later than any packet; of flow a */
    const char *seen;
} event_rows[] = {
    {"none", "p p p", "p p p"},
    {"after its packet", "p c p", "p closed p"},
    {"a silence lies before the packet that ends it", "p p s", "p stalled p"},
    {"what marks tell already is left out", "p o p", "p p"},
    {"several", "p s x c p", "stalled p reset closed p"},
    {"as time passes", "p p q", "p p stalled"},
};

static void add_event(struct fixture *fixture, enum event_kind kind, int64_t time_ns)
{
    fixture->events.events[fixture->events.count++] =
        (struct flow_event){.flow = {0, 0}, .kind = (uint8_t)kind, .time_ns = time_ns};
}

static void test_event(void **state)
{
    const struct event_row *row = *state;
    struct fixture *fixture = fixture_open(16, PACKET_LOG_KEPT_MAX);
    for (const char *at = row->written; *at != '\0'; at++) {
        if (*at == 'p')
            (void)next_packet(fixture, (struct flow_ref){0, 0});
        else if (*at == 'x')
            add_event(fixture, EVENT_RESET, fixture->now_ns);
        else if (*at == 's')
            add_event(fixture, EVENT_STALLED, fixture->now_ns);
        else if (*at == 'o')
            add_event(fixture, EVENT_OPENED, fixture->now_ns);
        else if (*at == 'c')
            add_event(fixture, EVENT_CLOSED, fixture->now_ns);
        else if (*at == 'q')
            add_event(fixture, EVENT_STALLED, fixture->now_ns + CLOCK_NS_PER_S);
    }
    flush(fixture);
    packet_tape_choose(&fixture->tape, (struct flow_ref){0, 0});
    packet_tape_take(&fixture->tape);
    char words[256];
    struct text text = text_begin(words, sizeof words);
    for (uint64_t at = fixture->tape.begin; at < fixture->tape.end; at++) {
        const struct packet_record *record = packet_tape_at(&fixture->tape, at);
        text_add(&text, "%s%s", text.len > 0 ? " " : "",
                 record->kind == PACKET_RECORD_EVENT ? event_word(record->event) : "p");
    }
    assert_string_equal(words, row->seen);
    fixture_close(fixture);
}

/* More than a take copies: the newest are there at once, the others soon, and nothing twice. */
static void test_long_tape(void **state)
{
    (void)state;
    const uint32_t count = 3 * PACKET_TAPE_STEPS + 5;
    struct fixture *fixture = fixture_open(1u << 18, PACKET_LOG_KEPT_MAX);
    for (uint32_t seq = 0; seq < count; seq++) {
        next_packet(fixture, (struct flow_ref){2, 0})->seq = seq;
        flush(fixture);
    }
    packet_tape_choose(&fixture->tape, (struct flow_ref){2, 0});
    packet_tape_take(&fixture->tape);
    assert_false(fixture->tape.complete);
    assert_int_equal(packet_tape_at(&fixture->tape, fixture->tape.end - 1)->seq, count - 1);
    for (int take = 0; take < 3; take++)
        packet_tape_take(&fixture->tape);
    assert_true(fixture->tape.complete);
    assert_int_equal(packet_tape_count(&fixture->tape), count);
    for (uint32_t seq = 0; seq < count; seq++)
        assert_int_equal(packet_tape_at(&fixture->tape, fixture->tape.begin + seq)->seq, seq);
    fixture_close(fixture);
}

/* Payload that comes faster than it can be kept is cut shorter, and whole again when it comes slowly. */
static const struct pace_row {
    const char *name;
    int64_t gap_ns; /* between packets of 4096 bytes */
    int count;
    uint32_t first, last; /* bytes kept of the first packet and of the last */
} pace_rows[] = {
    {"slow", CLOCK_NS_PER_S, 100, 4096, 4096},
    {"as fast as may be", CLOCK_NS_PER_S / 16, 100, 4096, 4096},
    {"twice as fast", CLOCK_NS_PER_S / 32, 200, 4096, 2048},
    {"very fast", CLOCK_NS_PER_S / 10000, 400, 4096, 1024},
};

static uint32_t pass(struct fixture *fixture, int64_t gap_ns)
{
    struct packet *packet = next_packet(fixture, (struct flow_ref){1, 0});
    packet->time_ns = fixture->now_ns += gap_ns;
    packet->payload = fixture->payload;
    packet->payload_wire_len = packet->payload_captured_len = 4096;
    flush(fixture);
    uint64_t number = packet_log_latest(fixture->log, (struct flow_ref){1, 0});
    return packet_log_at(fixture->log, number)->kept_len;
}

static void test_pace(void **state)
{
    const struct pace_row *row = *state;
    struct err err;
    struct fixture *fixture = fixture_open(8, PACKET_LOG_KEPT_MAX);
    packet_log_close(fixture->log);
    const struct packet_log_options options = {
        .records = 64, .bytes = 1u << 16, .max_flows = FLOWS, .keep_ns = CLOCK_NS_PER_S};
    assert_int_equal(packet_log_open(&fixture->log, &options, &err), 0);
    fixture->now_ns = CLOCK_NS_PER_S;
    uint32_t kept = 0;
    for (int count = 0; count < row->count; count++) {
        kept = pass(fixture, row->gap_ns);
        if (count == 0)
            assert_int_equal(kept, row->first);
    }
    assert_int_equal(kept, row->last);
    /* What somebody reads is kept longer; and all of it, when nothing came for a while. */
    uint32_t most = kept < 4096 ? kept : PACKET_LOG_KEPT_MAX;
    assert_int_equal(packet_log_payload_wanted(fixture->log), most);
    packet_log_favour(fixture->log, (struct flow_ref){1, 0});
    most = kept < 2048 ? kept * PACKET_LOG_FAVOUR : PACKET_LOG_KEPT_MAX;
    assert_int_equal(packet_log_payload_wanted(fixture->log), most);
    assert_int_equal(pass(fixture, row->gap_ns), 4096);
    packet_log_favour(fixture->log, (struct flow_ref){2, 0});
    assert_int_equal(pass(fixture, row->gap_ns), row->last);
    packet_log_favour(fixture->log, (struct flow_ref){.index = POOL_NONE});
    packet_log_pass(fixture->log, fixture->now_ns + 10 * CLOCK_NS_PER_S);
    assert_int_equal(packet_log_payload_wanted(fixture->log), PACKET_LOG_KEPT_MAX);
    for (int count = 0; count < 400; count++)
        kept = pass(fixture, 10 * CLOCK_NS_PER_S);
    assert_int_equal(kept, 4096);
    fixture_close(fixture);
}

/* Frames are told again as they were captured, up to what is kept of them. */
static const struct frame_row {
    const char *name;
    uint32_t head, payload; /* bytes before the payload, and of it */
    bool is_apart;          /* the payload is not the frame's own */
    uint32_t count;         /* frames, of which the last is looked at */
    uint32_t captured;      /* bytes of it that are told */
} frame_rows[] = {
    {"frame: headers alone", 66, 0, false, 1, 66},
    {"frame: with payload", 66, 1000, false, 1, 1066},
    {"frame: more payload than is kept", 66, 40000, false, 1, 66 + PACKET_LOG_KEPT_MAX},
    {"frame: put together from others", 66, 1000, true, 1, 66},
    {"frame: long headers are cut", 3000, 0, false, 1, PACKET_LOG_HEAD_MAX},
    {"frame: payload behind long headers", 3000, 100, false, 1, PACKET_LOG_HEAD_MAX},
    {"frame: the ring is full to its last byte", 52, 0, false, 1024, 52},
    {"frame: full to its last byte, with payload", 52, 64, false, 512, 116},
    {"frame: the ring has gone round", 52, 0, false, 1025, 52},
};

static void test_frame(void **state)
{
    const struct frame_row *row = *state;
    struct fixture *fixture = fixture_open(4096, 1u << 16);
    struct flow_ref flow = {1, 1};
    static uint8_t data[65536], bytes[PACKET_LOG_FRAME_MAX];
    struct frame frame = {0};
    for (uint32_t number = 1; number <= row->count; number++) {
        for (size_t at = 0; at < sizeof data; at++)
            data[at] = (uint8_t)(at * 7 + number);
        struct packet *packet = next_packet(fixture, flow);
        packet->payload = row->is_apart ? fixture->payload : data + row->head;
        packet->payload_captured_len = packet->payload_wire_len = row->payload;
        uint32_t len = row->head + (row->is_apart ? 0 : row->payload);
        const struct frame_batch frames = {.count = 1,
                                           .frames[0] = {.time_ns = fixture->now_ns,
                                                         .data = data,
                                                         .captured_len = len,
                                                         .wire_len = len + 7,
                                                         .link_type = LINK_ETHERNET}};
        packet_log_take(fixture->log, &frames, &fixture->packets, &fixture->events);
        fixture->packets.count = 0;
    }
    const struct packet_record *record =
        packet_log_at(fixture->log, packet_log_latest(fixture->log, flow));
    assert_true(packet_log_frame(fixture->log, record, bytes, &frame));
    assert_int_equal(frame.captured_len, row->captured);
    assert_int_equal(frame.wire_len, row->head + (row->is_apart ? 0 : row->payload) + 7);
    assert_int_equal(frame.link_type, LINK_ETHERNET);
    assert_int_equal(frame.time_ns, fixture->now_ns);
    assert_memory_equal(frame.data, data, row->captured);
    fixture_close(fixture);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, chain_rows, test_chain);
    ROWS_ADD(&set, payload_rows, test_payload);
    ROWS_ADD(&set, event_rows, test_event);
    ROWS_ADD(&set, pace_rows, test_pace);
    ROWS_ADD(&set, frame_rows, test_frame);
    ROWS_ADD_ONE(&set, test_long_tape);
    return rows_run(&set, "flows_packet_log");
}
