#include "flows/describe.h"

struct icmp_word {
    uint8_t family, type, code;
    const char *word;
};

#define ANY_CODE 0xff

static const struct icmp_word icmp_words[] = {
    {4, 3, 0, "network unreachable"},
    {4, 3, 1, "host unreachable"},
    {4, 3, 2, "protocol unreachable"},
    {4, 3, 3, "port unreachable"},
    {4, 3, 4, "fragmentation needed"},
    {4, 3, 9, "network prohibited"},
    {4, 3, 10, "host prohibited"},
    {4, 3, 13, "administratively prohibited"},
    {4, 3, ANY_CODE, "destination unreachable"},
    {4, 4, ANY_CODE, "source quench"},
    {4, 5, ANY_CODE, "redirect"},
    {4, 11, ANY_CODE, "time exceeded"},
    {4, 12, ANY_CODE, "parameter problem"},
    {6, 1, 0, "no route"},
    {6, 1, 1, "administratively prohibited"},
    {6, 1, 3, "address unreachable"},
    {6, 1, 4, "port unreachable"},
    {6, 1, 5, "source address failed policy"},
    {6, 1, 6, "route rejected"},
    {6, 1, ANY_CODE, "destination unreachable"},
    {6, 2, ANY_CODE, "packet too big"},
    {6, 3, ANY_CODE, "time exceeded"},
    {6, 4, ANY_CODE, "parameter problem"},
};

void text_add_icmp(struct text *text, uint8_t family, uint8_t type, uint8_t code)
{
    const char *word = "error";
    for (size_t row = 0; row < sizeof icmp_words / sizeof icmp_words[0]; row++) {
        const struct icmp_word *candidate = &icmp_words[row];
        if (candidate->family == family && candidate->type == type &&
            (candidate->code == code || candidate->code == ANY_CODE)) {
            word = candidate->word;
            break;
        }
    }
    text_add(text, "%s (%u/%u)", word, type, code);
}

static const char *side_word(struct flow_view flow, unsigned side)
{
    return side == flow.hot->client ? "client" : "server";
}

static void add_refused(struct text *text, struct flow_view flow, const struct flow_event *event)
{
    if (event->arg == 0) {
        text_add(text, "RST after ");
        text_add_span(text, event->time_ns - flow.cold->start_ns);
        return;
    }
    text_add(text, "ICMP ");
    text_add_icmp(text, flow.hot->tuple.family, (uint8_t)(event->arg >> 8), (uint8_t)event->arg);
}

static void add_volume(struct text *text, struct flow_view flow)
{
    text_add_size(text, flow_client_side(flow)->bytes);
    text_add(text, " sent, ");
    text_add_size(text, flow_server_side(flow)->bytes);
    text_add(text, " received in ");
    text_add_span(text, flow.hot->last_ns - flow.cold->start_ns);
}

void text_add_event(struct text *text, struct flow_view flow, const struct flow_event *event)
{
    switch ((enum event_kind)event->kind) {
    case EVENT_REFUSED:
        add_refused(text, flow, event);
        break;
    case EVENT_ICMP_ERROR:
        text_add_icmp(text, flow.hot->tuple.family, (uint8_t)(event->arg >> 8),
                      (uint8_t)event->arg);
        break;
    case EVENT_RESET:
        text_add(text, "by the %s, ", side_word(flow, event->side));
        add_volume(text, flow);
        break;
    case EVENT_CLOSED:
        add_volume(text, flow);
        break;
    case EVENT_NO_ANSWER:
        text_add(text, "%u SYN without an answer", flow.cold->rare[flow.hot->client].syn);
        break;
    case EVENT_ESTABLISHED:
        if (flow.cold->handshake_ns >= 0) {
            text_add(text, "handshake took ");
            text_add_span(text, flow.cold->handshake_ns);
        }
        break;
    case EVENT_RETRANSMISSION:
    case EVENT_ZERO_WINDOW:
        text_add(text, "by the %s", side_word(flow, event->side));
        break;
    default:
        break;
    }
}
