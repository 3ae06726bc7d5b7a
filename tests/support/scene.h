/*
 * Purpose: plays a written scene of packets through a tracker, and reads the outcome.
 * Owns:    the tracker of a scene, from scene_open to scene_close.
 * Used by: tests/unit/test_flows_*.c, tests/unit/test_report_*.c.
 *
 * A scene is a list of packets separated by ';', each a list of words:
 *
 *     > or <     from the client's end (127.0.0.1:40000) or the server's (127.0.0.1:3000)
 *     SAFRPU     TCP flags, "-" for none; "udp" is a datagram; "icmp3/3" an ICMP error that quotes
 * a packet of that direction 100 200    sequence and acknowledgment number; ACK is set by the
 * letter A +10        payload bytes; "cut5" of them were captured w0         window (default 500)
 *     @2000      milliseconds since the scene began (default: one after the packet before)
 *     :41000     another port at the client's end;   ~self   both ends are 127.0.0.1:3000
 *
 * Payload bytes follow from their sequence number, so the same byte sent twice is the same.
 */
#ifndef LOFLOW_TESTS_SUPPORT_SCENE_H
#define LOFLOW_TESTS_SUPPORT_SCENE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
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
    size_t count;
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
    static const char letters[] = "FSRPAU";
    for (; *word; word++) {
        const char *found = strchr(letters, *word);
        if (found)
            packet->flags |= (uint16_t)(1u << (found - letters));
        else
            assert_int_equal(*word, '-');
    }
}

static inline void scene_word(struct packet *packet, const char *word, unsigned *numbers,
                              unsigned *port, bool *self, int64_t *ms)
{
    unsigned type = 0, code = 0;
    if (*word == '+') {
        packet->payload_wire_len = packet->payload_captured_len = (uint32_t)atoi(word + 1);
    } else if (strncmp(word, "cut", 3) == 0) {
        packet->payload_captured_len = (uint32_t)atoi(word + 3);
    } else if (*word == 'w') {
        packet->window = (uint16_t)atoi(word + 1);
    } else if (*word == '@') {
        *ms = atoll(word + 1);
    } else if (*word == ':') {
        *port = (unsigned)atoi(word + 1);
    } else if (strcmp(word, "~self") == 0) {
        *self = true;
    } else if (strcmp(word, "udp") == 0) {
        packet->kind = PACKET_UDP;
        packet->tuple.protocol = PROTOCOL_UDP;
    } else if (sscanf(word, "icmp%u/%u", &type, &code) == 2) {
        packet->kind = PACKET_ICMP_ERROR;
        packet->icmp_type = (uint8_t)type;
        packet->icmp_code = (uint8_t)code;
    } else if (*word >= '0' && *word <= '9') {
        uint32_t number = (uint32_t)strtoul(word, NULL, 10);
        *((*numbers)++ == 0 ? &packet->seq : &packet->ack) = number;
    } else {
        scene_flags(packet, word);
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
    unsigned numbers = 0, client_port = 40000;
    bool self = false, from_client = true;
    (*ms)++;
    char *rest = NULL;
    for (char *word = strtok_r(written, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (*word == '<' || *word == '>')
            from_client = *word == '>';
        else
            scene_word(packet, word, &numbers, &client_port, &self, ms);
    }
    packet->tuple.address[0] = packet->tuple.address[1] = address_from_ipv4(loopback);
    packet->tuple.port[0] = (uint16_t)(self ? 3000 : from_client ? client_port : 3000);
    packet->tuple.port[1] = (uint16_t)(self ? 3000 : from_client ? 3000 : client_port);
    packet->direction = tuple_canonicalize(&packet->tuple);
    packet->hash = hash_tuple(&(struct hash_key){{1, 2}}, &packet->tuple);
    packet->time_ns = SCENE_BEGIN_NS + *ms * CLOCK_NS_PER_MS;
    uint8_t *payload = scene->payloads[scene->count++];
    assert_true(packet->payload_captured_len <= SCENE_BYTES);
    for (uint32_t at = 0; at < packet->payload_captured_len; at++)
        payload[at] = scene_byte(packet->seq + at);
    packet->payload = payload;
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
        tracker_feed(scene->tracker, &packets, &scene->events);
        scene_take_events(scene);
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

/* One fact about a flow: "c." is the client's side, "s." the server's. */
static inline uint64_t scene_fact(struct flow_view flow, const char *name)
{
    unsigned side = name[0] == 's' ? !flow.hot->client : flow.hot->client;
    const struct flow_side *hot = &flow.hot->side[side];
    const struct flow_side_rare *rare = &flow.cold->rare[side];
    const struct {
        const char *name;
        uint64_t value;
    } facts[] = {
        {"packets", hot->packets},
        {"bytes", hot->bytes},
        {"unique", hot->unique_bytes},
        {"missed", flow_missed_bytes(flow, side)},
        {"rexmit", rare->retransmits},
        {"ooo", rare->out_of_order},
        {"dup", rare->dup_acks},
        {"zero", rare->zero_windows},
        {"keep", rare->keepalives},
        {"syn", rare->syn},
        {"fin", rare->fin},
        {"rst", rare->rst},
        {"port", flow.hot->tuple.port[side]},
    };
    if (strcmp(name, "rtt_us") == 0)
        return flow.cold->handshake_ns < 0 ? UINT64_MAX : (uint64_t)flow.cold->handshake_ns / 1000;
    for (size_t at = 0; at < sizeof facts / sizeof facts[0]; at++) {
        if (strcmp(facts[at].name, name + 2) == 0)
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
        uint64_t wanted = strcmp(value, "none") == 0 ? UINT64_MAX : strtoull(value, NULL, 10);
        uint64_t got = scene_fact(flow, fact);
        if (got != wanted)
            fail_msg("%s is %llu, not %s", fact, (unsigned long long)got, value);
    }
}

#endif
