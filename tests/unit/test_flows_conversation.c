/* What both ends said, put together from logged packets: order, gaps, what is sent again, a beginning that
 * is not kept. */
#include "tests/support/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "flows/conversation.h"
#include "flows/mark.h"

static const uint32_t isn[2] = {1000, 5000};

struct fixture {
    struct packet_log *log;
    struct packet_tape tape;
    struct conversation conversation;
    int64_t now_ns;
};

static struct fixture *fixture_open(uint32_t records)
{
    struct err err;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    const struct packet_log_options options = {
        .records = records, .bytes = PACKET_LOG_KEPT_MAX, .max_flows = 4};
    assert_int_equal(packet_log_open(&fixture->log, &options, &err), 0);
    assert_int_equal(packet_tape_open(&fixture->tape, fixture->log, &err), 0);
    assert_int_equal(conversation_open(&fixture->conversation, CONVERSATION_BYTES, &err), 0);
    packet_tape_choose(&fixture->tape, (struct flow_ref){0, 0});
    conversation_begin(&fixture->conversation, &fixture->tape);
    return fixture;
}

static void fixture_close(struct fixture *fixture)
{
    conversation_close(&fixture->conversation);
    packet_tape_close(&fixture->tape);
    packet_log_close(fixture->log);
    free(fixture);
}

/* "c0:abc" side 0 sends abc at offset 0, "s" side 1; "c0:abc+5" with five bytes more than were captured;
 * "cS" a SYN, "cF9" a FIN at offset 9, "sA3" an ACK of offset 3, "u:abc" a datagram of side 0,
 * "w" a second passes. */
static void feed(struct fixture *fixture, const char *word)
{
    struct packet packet = {.kind = PACKET_TCP, .flags = TCP_ACK};
    struct packet_batch batch = {.count = 1};
    static struct event_list events;
    fixture->now_ns += *word == 'w' ? CLOCK_NS_PER_S : CLOCK_NS_PER_US;
    if (*word == 'w')
        return;
    packet.time_ns = fixture->now_ns;
    packet.direction = *word == 's';
    uint32_t base = isn[packet.direction] + 1, peer = isn[!packet.direction] + 1;
    packet.ack = peer;
    const char *bytes = strchr(word, ':');
    uint32_t number = (uint32_t)strtoul(word + (word[1] >= 'A' ? 2 : 1), NULL, 10);
    packet.seq = base + number;
    if (*word == 'u')
        packet.kind = PACKET_UDP;
    if (word[1] == 'S') {
        packet.flags = TCP_SYN;
        packet.seq = base - 1;
    } else if (word[1] == 'F') {
        packet.flags |= TCP_FIN;
    } else if (word[1] == 'A') {
        packet.seq = base;
        packet.ack = peer + number;
    }
    if (bytes) {
        size_t len = strcspn(++bytes, "+");
        packet.payload = (const uint8_t *)bytes;
        packet.payload_captured_len = (uint32_t)len;
        packet.payload_wire_len =
            (uint32_t)len + (bytes[len] == '+' ? (uint32_t)strtoul(bytes + len, NULL, 10) : 0);
    }
    batch.packets[0] = packet;
    events.notes[0] = (struct packet_note){.flow = {0, 0}};
    events.to = 1;
    packet_log_take(fixture->log, NULL, &batch, &events);
}

static void take(struct fixture *fixture)
{
    packet_tape_take(&fixture->tape);
    (void)conversation_take(&fixture->conversation, isn);
}

/* ">abc[5]d <x": turns with their runs, '|' between runs of bytes. */
static void tell(const struct conversation *conversation, struct text *text)
{
    for (uint32_t at = 0; at < conversation->turn_count; at++) {
        const struct conversation_turn *turn = &conversation->turns[at];
        uint64_t len = 0, missing = 0;
        text_add(text, "%s%c", at > 0 ? " " : "", turn->side ? '<' : '>');
        for (uint32_t run = turn->first_run; run < turn->first_run + turn->run_count; run++) {
            const struct conversation_run *own = &conversation->runs[run];
            bool follows = run > turn->first_run && !own->is_gap && !own[-1].is_gap;
            assert_int_equal(own->turn, at);
            len += own->len;
            missing += own->is_gap ? own->len : 0;
            if (own->is_gap)
                text_add(text, "[%u]", (unsigned)own->len);
            else
                text_add(text, "%s%.*s", follows ? "|" : "", (int)own->len,
                         (const char *)conversation_bytes(conversation, own));
        }
        assert_int_equal(turn->len, len);
        assert_int_equal(turn->missing, missing);
    }
}

static const struct row {
    const char *name;
    const char *written; /* "." takes what there is, "!" settles */
    const char *seen;
    bool is_cut;
} rows[] = {
    {"nothing", "cS sS", "", false},
    {"a turn each", "cS sS c0:ask s0:answer", ">ask <answer", false},
    {"a turn of two packets", "cS c0:as c2:k s0:answer", ">ask <answer", false},
    {"one by one", "cS . c0:as . c2:k . s0:answer", ">ask <answer", false},
    {"taken before anything came", ". cS . c0:ask", ">ask", false},
    {"taken before anything came, then all at once", ". cS sS c0:ask s0:answer c3:more",
     ">ask <answer >more", false},
    {"sent again", "cS c0:ask c0:ask s0:answer", ">ask <answer", false},
    {"sent again with more", "cS c0:ask c0:asking", ">asking", false},
    {"out of order", "cS c3:def c0:abc", ">abcdef", false},
    {"a gap that is waited for", "cS c0:abc c8:xyz", ">abc", false},
    {"a gap that was acknowledged", "cS c0:abc c8:xyz sA11 w sA11", ">abc[5]xyz", false},
    {"a gap at the end", "cS c0:abc c8:xyz !", ">abc[5]xyz", false},
    {"a gap that is filled late", "cS c0:abc c8:xyz c3:defgh", ">abcdefghxyz", false},
    {"cut by the capture", "cS c0:abc+5 c8:xyz", ">abc[5]xyz", false},
    {"the end is missing", "cS c0:abc cF9 !", ">abc", false},
    {"the beginning is not kept", "c100:abc s50:x", ">abc <x", true},
    {"a lone ACK first", "sA0 c0:abc", ">abc", true},
    {"a datagram is a run of its own", "u:abc u:def", ">abc|def", false},
    {"a datagram that is cut", "u:abc+4 u:def", ">abc[4]def", false},
};

static void test_row(void **state)
{
    const struct row *row = *state;
    struct fixture *fixture = fixture_open(64);
    char written[256], words[256], *rest = NULL;
    (void)snprintf(written, sizeof written, "%s", row->written);
    for (char *word = strtok_r(written, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (*word == '.' || *word == '!')
            take(fixture);
        if (*word == '!')
            conversation_settle(&fixture->conversation);
        if (*word != '.' && *word != '!')
            feed(fixture, word);
    }
    take(fixture);
    struct text text = text_begin(words, sizeof words);
    tell(&fixture->conversation, &text);
    assert_string_equal(words, row->seen);
    assert_int_equal(fixture->conversation.is_cut, row->is_cut);
    fixture_close(fixture);
}

/* What the log lost while nobody looked is a gap, and told. */
static void test_evicted_payload(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_open(64);
    feed(fixture, "cS");
    feed(fixture, "c0:abc");
    char large[16390] = "s0:";
    memset(large + 3, 'x', PACKET_LOG_KEPT_MAX);
    feed(fixture, large);
    take(fixture);
    const struct conversation *conversation = &fixture->conversation;
    assert_int_equal(conversation->turn_count, 2);
    assert_true(conversation->runs[0].is_gap);
    assert_int_equal(conversation->runs[0].len, 3);
    assert_int_equal(conversation->runs[1].len, PACKET_LOG_KEPT_MAX);
    fixture_close(fixture);
}

/* What has no room is counted for its side, and nothing that follows is kept. */
static void test_no_room(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_open(64);
    struct conversation *conversation = &fixture->conversation;
    feed(fixture, "cS");
    feed(fixture, "c0:abc");
    take(fixture);
    conversation->len = CONVERSATION_BYTES - 2;
    feed(fixture, "s0:defg");
    feed(fixture, "c3:h");
    take(fixture);
    assert_int_equal(conversation->left_out, 5);
    assert_int_equal(conversation->side[0].left_out + conversation->side[1].left_out, 5);
    assert_int_equal(conversation->side[conversation->turns[0].side].left_out, 1);
    assert_int_equal(conversation->turn_count, 1);
    fixture_close(fixture);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, test_row);
    ROWS_ADD_ONE(&set, test_evicted_payload);
    ROWS_ADD_ONE(&set, test_no_room);
    return rows_run(&set, "flows_conversation");
}
