#include "flows/describe.h"

#include "base/clock.h"
#include "flows/timing.h"

#define ANY 0xff

static const struct {
    uint8_t family, type, code;
    const char *words;
} icmp_errors[] = {
#define ICMP(family, type, code, words) {family, type, code, words},
#include "flows/icmp.def"
#undef ICMP
};

void text_add_icmp(struct text *text, uint8_t family, uint8_t type, uint8_t code)
{
    const char *words = "error";
    for (size_t row = 0; row < sizeof icmp_errors / sizeof icmp_errors[0]; row++) {
        if (icmp_errors[row].family == family && icmp_errors[row].type == type &&
            (icmp_errors[row].code == code || icmp_errors[row].code == ANY)) {
            words = icmp_errors[row].words;
            break;
        }
    }
    text_add(text, "%s (%u/%u)", words, type, code);
}

const char *protocol_word(uint8_t protocol)
{
    return protocol == PROTOCOL_TCP ? "tcp" : "udp";
}

struct event_facts describe_event(struct flow_view flow, const struct flow_event *event)
{
    return (struct event_facts){
        .after_ns = event->time_ns - flow.cold->start_ns,
        .handshake_ns = flow.cold->handshake_ns,
        .sent_bytes = flow_client_side(flow)->bytes,
        .received_bytes = flow_server_side(flow)->bytes,
        .syns = flow.cold->rare[flow.hot->client].syn,
        .silence_ms = event->silence_ms,
        .arg = event->arg,
        .kind = event->kind,
        .family = flow.hot->tuple.family,
        .by_client = event->side == flow.hot->client,
    };
}

static void add_icmp_arg(struct text *text, const struct event_facts *facts)
{
    text_add_icmp(text, facts->family, (uint8_t)(facts->arg >> 8), (uint8_t)facts->arg);
}

static void add_refused(struct text *text, const struct event_facts *facts)
{
    if (facts->arg != 0) {
        text_add_string(text, "ICMP ");
        add_icmp_arg(text, facts);
    } else {
        text_add_string(text, "RST after ");
        text_add_span(text, facts->after_ns);
    }
}

static void add_side(struct text *text, const struct event_facts *facts)
{
    text_add_string(text, facts->by_client ? "by the client" : "by the server");
}

/* "no answer from the server for 2.0s" */
static void add_stall(struct text *text, const struct event_facts *facts)
{
    text_add_string(text, stall_cause_words(facts->arg));
    text_add_string(text, facts->by_client ? " the client for " : " the server for ");
    text_add_span(text, facts->silence_ms * CLOCK_NS_PER_MS);
}

static void add_life(struct text *text, const struct event_facts *facts)
{
    text_add_string(text, "after ");
    text_add_span(text, facts->after_ns);
    text_add_string(text, ", ");
    text_add_size(text, facts->sent_bytes);
    text_add_string(text, " sent, ");
    text_add_size(text, facts->received_bytes);
    text_add_string(text, " back");
}

static void add_phase(struct text *text, enum reset_phase phase)
{
    if (phase == RESET_NONE)
        return;
    text_add_string(text, ", ");
    text_add_string(text, reset_phase_word(phase));
}

void text_add_event(struct text *text, const struct event_facts *facts)
{
    switch ((enum event_kind)facts->kind) {
    case EVENT_REFUSED:
        add_refused(text, facts);
        break;
    case EVENT_ICMP_ERROR:
        add_icmp_arg(text, facts);
        break;
    case EVENT_RESET:
        add_side(text, facts);
        text_add_string(text, " ");
        add_life(text, facts);
        add_phase(text, facts->arg);
        break;
    case EVENT_CLOSED:
        add_life(text, facts);
        break;
    case EVENT_NO_ANSWER:
        text_add_number(text, facts->syns);
        text_add_string(text, facts->syns == 1 ? " SYN, no answer" : " SYNs, no answer");
        break;
    case EVENT_ESTABLISHED:
        if (facts->handshake_ns >= 0) {
            text_add_string(text, "handshake took ");
            text_add_span(text, facts->handshake_ns);
        }
        break;
    case EVENT_RETRANSMISSION:
    case EVENT_ZERO_WINDOW:
    case EVENT_OVERLAP:
        add_side(text, facts);
        break;
    case EVENT_STALLED:
        add_stall(text, facts);
        break;
    case EVENT_HELD_BACK:
        add_side(text, facts);
        text_add(text, " for %u ms", facts->silence_ms);
        break;
    default:
        break;
    }
}
