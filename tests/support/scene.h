/*
 * Purpose: plays a written scene of packets through a tracker, and reads the outcome.
 * Owns:    the tracker of a scene, from scene_open to scene_close.
 * Used by: tests/unit/test_flows_*.c, tests/unit/test_report_*.c.
 *
 * A scene is a list of packets separated by ';', each a list of words:
 *
 *     > or <         from the client's end (127.0.0.1:40000) or the server's (127.0.0.1:3000)
 *     SAFRPUEC       TCP flags, E and C for ECE and CWR, "-" for none
 *     udp            a datagram
 *     icmp3/3        an ICMP error that quotes a packet of that direction
 *     100 200        sequence and acknowledgment number; the flag is set by the letter A
 *     +10            payload bytes;   cut5   of them were captured;   other   with other content
 *     w0             window (default 500)
 *     ws7            option: window scale;   tfo   option: fast open
 *     ts50/9         option: time stamp and echo
 *     sack1-9,20-30  option: SACK blocks
 *     @2000          milliseconds since the scene began (default: one after the packet before)
 *     :41000         another port at the client's end;   ~self   both ends are 127.0.0.1:3000
 *
 * Payload bytes follow from their sequence number, so the same byte sent twice is the same, but for
 * the word "other". `shift` moves all sequence numbers of a side, so that they wrap somewhere else.
 */
#ifndef LOFLOW_TESTS_SUPPORT_SCENE_H
#define LOFLOW_TESTS_SUPPORT_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "flows/detail.h"
#include "flows/tracker.h"
#include "tests/support/rows.h"

#define SCENE_BEGIN_NS   (INT64_C(1700000000) * CLOCK_NS_PER_S)
#define SCENE_PACKET_MAX 128
#define SCENE_BYTES      4096

struct scene {
    struct tracker *tracker;
    struct event_list events;
    struct packet packets[SCENE_PACKET_MAX];
    uint8_t payloads[SCENE_PACKET_MAX][SCENE_BYTES];
    uint32_t marks[SCENE_PACKET_MAX]; /* what the tracker noted of each packet */
    size_t count;
    uint32_t shift[2];  /* of the client's and of the server's sequence numbers */
    char words[4096];   /* of the events, but for retired */
    char retired[4096]; /* "state/conn_state/history " of each flow as it left */
    void (*each)(void *context, const struct tracker *tracker, const struct flow_event *event);
    void *context;
};

static inline uint8_t scene_byte(uint32_t seq)
{
    return (uint8_t)(seq * 31 + (seq >> 8));
}

static inline void scene_flags(struct packet *packet, const char *word)
{
    static const char letters[] = "FSRPAUEC";
    for (; *word; word++) {
        const char *found = strchr(letters, *word);
        if (found)
            packet->flags |= (uint16_t)(1u << (found - letters));
        else
            assert_int_equal(*word, '-');
    }
}

/* What is not in the packet itself. */
struct scene_words {
    unsigned numbers, port;
    bool from_client, self, other;
    int64_t ms;
};

/* Returns false when the word is no TCP option. */
static inline bool scene_option(struct packet *packet, const char *word)
{
    unsigned first = 0, second = 0;
    int len = 0;
    if (sscanf(word, "ws%u", &first) == 1) {
        packet->options |= TCP_OPTION_WINDOW_SCALE;
        packet->window_scale = (uint8_t)first;
    } else if (strcmp(word, "tfo") == 0) {
        packet->options |= TCP_OPTION_FAST_OPEN;
    } else if (sscanf(word, "ts%u/%u", &first, &second) == 2) {
        packet->options |= TCP_OPTION_TIMESTAMPS;
        packet->timestamp = first;
        packet->timestamp_echo = second;
    } else if (strncmp(word, "sack", 4) == 0) {
        packet->options |= TCP_OPTION_SACK;
        for (word += 4; sscanf(word, "%u-%u%n", &first, &second, &len) == 2; word += len + 1) {
            assert_true(packet->sack_count < TCP_SACK_MAX);
            packet->sack[packet->sack_count][0] = first;
            packet->sack[packet->sack_count++][1] = second;
            if (word[len] != ',')
                break;
        }
    } else {
        return false;
    }
    return true;
}

static inline void scene_word(struct packet *packet, struct scene_words *words, const char *word)
{
    unsigned type = 0, code = 0;
    if (*word == '<' || *word == '>') {
        words->from_client = *word == '>';
    } else if (scene_option(packet, word)) {
        return;
    } else if (*word == '+') {
        packet->payload_wire_len = packet->payload_captured_len = (uint32_t)atoi(word + 1);
    } else if (strncmp(word, "cut", 3) == 0) {
        packet->payload_captured_len = (uint32_t)atoi(word + 3);
    } else if (strcmp(word, "other") == 0) {
        words->other = true;
    } else if (*word == 'w') {
        packet->window = (uint16_t)atoi(word + 1);
    } else if (*word == '@') {
        words->ms = atoll(word + 1);
    } else if (*word == ':') {
        words->port = (unsigned)atoi(word + 1);
    } else if (strcmp(word, "~self") == 0) {
        words->self = true;
    } else if (strcmp(word, "udp") == 0) {
        packet->kind = PACKET_UDP;
        packet->tuple.protocol = PROTOCOL_UDP;
    } else if (sscanf(word, "icmp%u/%u", &type, &code) == 2) {
        packet->kind = PACKET_ICMP_ERROR;
        packet->icmp_type = (uint8_t)type;
        packet->icmp_code = (uint8_t)code;
    } else if (*word >= '0' && *word <= '9') {
        uint32_t number = (uint32_t)strtoul(word, NULL, 10);
        *(words->numbers++ == 0 ? &packet->seq : &packet->ack) = number;
    } else {
        scene_flags(packet, word);
    }
}

/* The peer's numbers are those that ACK and SACK name; a socket that talks to itself has one row. */
static inline void scene_shift(const struct scene *scene, struct packet *packet,
                               const struct scene_words *words)
{
    uint32_t peer = scene->shift[words->self ? 0 : words->from_client];
    packet->seq += scene->shift[words->self ? 0 : !words->from_client];
    if (packet->flags & TCP_ACK)
        packet->ack += peer;
    for (unsigned block = 0; block < packet->sack_count; block++) {
        packet->sack[block][0] += peer;
        packet->sack[block][1] += peer;
    }
}

static inline void scene_packet(struct scene *scene, char *written, int64_t *ms)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    assert_true(scene->count < SCENE_PACKET_MAX);
    struct packet *packet = &scene->packets[scene->count];
    *packet = (struct packet){.kind = PACKET_TCP, .window = 500};
    packet->tuple.protocol = PROTOCOL_TCP;
    packet->tuple.family = 4;
    struct scene_words words = {.port = 40000, .from_client = true, .ms = *ms + 1};
    char *rest = NULL;
    for (char *word = strtok_r(written, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        scene_word(packet, &words, word);
    *ms = words.ms;
    unsigned client_port = words.self ? 3000 : words.port;
    packet->tuple.address[0] = packet->tuple.address[1] = address_from_ipv4(loopback);
    packet->tuple.port[0] = (uint16_t)(words.from_client ? client_port : 3000);
    packet->tuple.port[1] = (uint16_t)(words.from_client ? 3000 : client_port);
    packet->direction = tuple_canonicalize(&packet->tuple);
    packet->hash = hash_tuple(&(struct hash_key){{1, 2}}, &packet->tuple);
    packet->time_ns = SCENE_BEGIN_NS + *ms * CLOCK_NS_PER_MS;
    uint8_t *payload = scene->payloads[scene->count++];
    assert_true(packet->payload_captured_len <= SCENE_BYTES);
    for (uint32_t at = 0; at < packet->payload_captured_len; at++)
        payload[at] = scene_byte(packet->seq + at) ^ (words.other ? 0xff : 0);
    packet->payload = payload;
    scene_shift(scene, packet, &words);
}

static inline void scene_take_events(struct scene *scene)
{
    for (uint32_t at = 0; at < scene->events.count; at++) {
        const struct flow_event *event = &scene->events.events[at];
        struct flow_view flow;
        assert_true(tracker_look(scene->tracker, event->flow, &flow));
        if (scene->each)
            scene->each(scene->context, scene->tracker, event);
        char history[FLOW_HISTORY_MAX + 2];
        struct text text = text_begin(history, sizeof history);
        text_add_history(&text, flow);
        char *into = event->kind == EVENT_RETIRED ? scene->retired : scene->words;
        size_t len = strlen(into);
        if (event->kind == EVENT_RETIRED)
            (void)snprintf(into + len, sizeof scene->retired - len, "%s%s/%s/%s", len ? " " : "",
                           flow_state_word(flow.hot->state), flow_conn_state(flow), history);
        else
            (void)snprintf(into + len, sizeof scene->words - len, "%s%s", len ? " " : "",
                           event_word(event->kind));
    }
}

static inline struct scene *scene_open(const struct tracker_options *options)
{
    struct err err;
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    assert_int_equal(tracker_open(&scene->tracker, options, &err), 0);
    return scene;
}

/* Plays the scene in batches of `batch` packets. */
static inline void scene_play(struct scene *scene, const char *written, uint32_t batch)
{
    char *copy = strdup(written);
    assert_non_null(copy);
    int64_t ms = -1;
    char *rest = NULL;
    scene->count = 0;
    for (char *packet = strtok_r(copy, ";", &rest); packet; packet = strtok_r(NULL, ";", &rest)) {
        if (strspn(packet, " ") < strlen(packet))
            scene_packet(scene, packet, &ms);
    }
    free(copy);
    for (size_t at = 0; at < scene->count; at += batch) {
        struct packet_batch packets = {.count = 0};
        while (packets.count < batch && at + packets.count < scene->count) {
            packets.packets[packets.count] = scene->packets[at + packets.count];
            packets.count++;
        }
        for (uint32_t fed = 0; fed < packets.count;) {
            fed = tracker_feed(scene->tracker, &packets, fed, &scene->events);
            scene_take_events(scene);
        }
        for (uint32_t packet = 0; packet < packets.count; packet++)
            scene->marks[at + packet] = scene->events.notes[packet].marks;
    }
}

static inline void scene_advance(struct scene *scene, int64_t ms)
{
    bool more = true;
    while (more) {
        more =
            tracker_advance(scene->tracker, SCENE_BEGIN_NS + ms * CLOCK_NS_PER_MS, &scene->events);
        scene_take_events(scene);
    }
}

static inline void scene_finish(struct scene *scene)
{
    bool more = true;
    while (more) {
        more = tracker_finish(scene->tracker, &scene->events);
        scene_take_events(scene);
    }
}

/* The first flow in the table. */
static inline struct flow_view scene_flow(const struct scene *scene)
{
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view flow;
    assert_true(tracker_next(scene->tracker, &at, &ref, &flow));
    return flow;
}

static inline void scene_close(struct scene *scene)
{
    tracker_close(scene->tracker);
    free(scene);
}

/* A scene of one flow, played. The sides' numbers are shifted apart. */
static inline struct scene *scene_open_flow(const char *written, uint32_t batch, uint32_t shift)
{
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 16});
    scene->shift[0] = shift;
    scene->shift[1] = shift * 3;
    scene_play(scene, written, batch);
    assert_int_equal(tracker_stats(scene->tracker)->flows, 1);
    return scene;
}

/* How often a side did what the mark says. */
static inline uint64_t scene_mark_count(struct flow_view flow, unsigned side, enum mark mark)
{
    const struct flow_side_rare *rare = &flow.cold->rare[side];
    const uint32_t always[MARK_DETAIL_FIRST] = {
        [MARK_RETRANSMISSION] = rare->retransmits, [MARK_OUT_OF_ORDER] = rare->out_of_order,
        [MARK_DUP_ACK] = rare->dup_acks,           [MARK_ZERO_WINDOW] = rare->zero_windows,
        [MARK_KEEPALIVE] = rare->keepalives,
    };
    if (mark < MARK_DETAIL_FIRST)
        return always[mark];
    return flow.detail ? detail_count(flow.detail, side, mark) : 0;
}

#define SCENE_NONE UINT64_MAX /* what facts show as "none" */

static inline uint64_t scene_us(int64_t span_ns)
{
    return span_ns < 0 ? SCENE_NONE : (uint64_t)span_ns / 1000;
}

/* One fact about a flow: "c." is the client's side, "s." the server's. */
static inline uint64_t scene_fact(struct flow_view flow, const char *name)
{
    static const struct flow_detail nothing;
    unsigned side = name[0] == 's' ? !flow.hot->client : flow.hot->client;
    const struct flow_side *hot = &flow.hot->side[side];
    const struct flow_side_rare *rare = &flow.cold->rare[side];
    const struct flow_detail *detail = flow.detail ? flow.detail : &nothing;
    const struct detail_side *times = &detail->side[side];
    bool timed = times->rtt_count > 0;
    int64_t first_ns = times->first_byte_ns - flow.cold->start_ns;
    uint64_t first_us = times->has_spoken ? scene_us(first_ns > 0 ? first_ns : 0) : SCENE_NONE;
    const struct {
        const char *name;
        uint64_t value;
    } facts[] = {
        {"rtt_us", scene_us(flow.cold->handshake_ns)},
        {"syn_ack_us", scene_us(flow.cold->syn_ack_ns)},
        {"idle_ms", scene_us(detail->idle_ns) / 1000},
        {"ecn", (flow.hot->flags & FLOW_FLAG_ECN) != 0},
        {"fast_open", (flow.hot->flags & FLOW_FLAG_FAST_OPEN) != 0},
        {"denied", (flow.hot->flags & FLOW_DENIED_ANY) != 0},
        {".packets", hot->packets},
        {".bytes", hot->bytes},
        {".unique", hot->unique_bytes},
        {".missed", flow_missed_bytes(flow, side)},
        {".uncaptured", rare->uncaptured},
        {".gaps", rare->gaps},
        {".repeats", rare->repeats},
        {".rexmit", rare->retransmits},
        {".ooo", rare->out_of_order},
        {".dup", rare->dup_acks},
        {".zero", rare->zero_windows},
        {".keep", rare->keepalives},
        {".syn", rare->syn},
        {".fin", rare->fin},
        {".rst", rare->rst},
        {".port", flow.hot->tuple.port[side]},
        {".rtts", times->rtt_count},
        {".rtt_us", timed ? scene_us(times->rtt_ns) : SCENE_NONE},
        {".rtt_min_us", timed ? scene_us(times->rtt_min_ns) : SCENE_NONE},
        {".responses", times->response_count},
        {".response_us", scene_us(times->response_ns)},
        {".response_max_us", scene_us(times->response_max_ns)},
        {".first_us", first_us},
        {".stalls", times->stall_count},
        {".stalled_ms", scene_us(times->stalled_ns) / 1000},
    };
    const char *wanted = name[0] != '\0' && name[1] == '.' ? name + 1 : name;
    for (size_t at = 0; at < sizeof facts / sizeof facts[0]; at++) {
        if (strcmp(facts[at].name, wanted) == 0)
            return facts[at].value;
    }
    fail_msg("no fact is called %s", name);
    return 0;
}

/* Checks "c.unique=10 s.missed=0"; "rtt_us=none" for unknown. */
static inline void scene_check_facts(struct flow_view flow, const char *facts)
{
    char copy[512];
    assert_true(strlen(facts) < sizeof copy);
    strcpy(copy, facts);
    char *rest = NULL;
    for (char *fact = strtok_r(copy, " ", &rest); fact; fact = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(fact, '=');
        assert_non_null(value);
        *value++ = '\0';
        uint64_t wanted = strcmp(value, "none") == 0 ? SCENE_NONE : strtoull(value, NULL, 10);
        uint64_t got = scene_fact(flow, fact);
        if (got != wanted)
            fail_msg("%s is %llu, not %s", fact, (unsigned long long)got, value);
    }
}

/* "retransmission, window full" */
static inline void scene_add_marks(struct text *text, uint32_t marks)
{
    for (unsigned mark = 0; mark < MARK_COUNT; mark++) {
        if (marks >> mark & 1)
            text_add(text, "%s%s", text->len > 0 ? ", " : "", mark_word(mark));
    }
}

#endif
