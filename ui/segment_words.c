#include "ui/segment_words.h"

#include "flows/describe.h"
#include "flows/mark.h"

static const char *add_after(struct text *text, const char *before, const char *word)
{
    text_add_string(text, before);
    text_add_string(text, word);
    return " ";
}

void text_add_packet_kind(struct text *text, const struct packet_record *record)
{
    static const struct {
        uint16_t flag;
        const char *word;
    } words[] = {{TCP_SYN, "SYN"}, {TCP_FIN, "FIN"}, {TCP_RST, "RST"},
                 {TCP_PSH, "PSH"}, {TCP_ACK, "ACK"}, {TCP_URG, "URG"},
                 {TCP_ECE, "ECE"}, {TCP_CWR, "CWR"}, {TCP_AE, "AE"}};
    const char *before = "";
    if (record->kind == PACKET_UDP)
        text_add_string(text, "UDP");
    if (record->kind == PACKET_ICMP_ERROR)
        text_add_string(text, "ICMP");
    if (record->kind != PACKET_TCP)
        return;
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (record->flags & words[at].flag)
            before = add_after(text, before, words[at].word);
    }
    if (*before == '\0')
        text_add_string(text, "no flags");
}

void text_add_marks(struct text *text, uint32_t marks)
{
    if (marks & (MARK_BIT(FAST_RETRANSMISSION) | MARK_BIT(SPURIOUS_RETRANSMISSION)))
        marks &= ~MARK_BIT(RETRANSMISSION);
    const char *before = "";
    for (; marks; marks &= marks - 1) {
        (void)add_after(text, before, mark_word((enum mark)__builtin_ctz(marks)));
        before = ", ";
    }
}

enum style marks_style(uint32_t marks)
{
    return (marks & mark_troubles) ? STYLE_WARNING : STYLE_DIM;
}

/* Those of a SYN are told as they are only when asked for: from 0 they are 0. */
void text_add_seq(struct text *text, const struct packet_record *record,
                  const struct flow_cold *cold, bool absolute)
{
    uint32_t seq = record->seq - (absolute ? 0 : cold->rare[record->side].isn);
    text_add(text, "seq %u", seq);
    if (record->wire_len > 0)
        text_add(text, ":%u", seq + record->wire_len);
}

void text_add_ack(struct text *text, const struct packet_record *record,
                  const struct flow_cold *cold, bool absolute)
{
    bool is_plain = absolute || record->ack == 0;
    text_add(text, "ack %u", record->ack - (is_plain ? 0 : cold->rare[!record->side].isn));
}

void text_add_options(struct text *text, const struct packet_record *record)
{
    const char *before = "";
    if (record->options & TCP_OPTION_MSS) {
        (void)add_after(text, before, "mss ");
        text_add_number(text, record->mss);
        before = ", ";
    }
    if (record->options & TCP_OPTION_WINDOW_SCALE) {
        (void)add_after(text, before, "window scale ");
        text_add_number(text, record->window_scale);
        before = ", ";
    }
    static const struct {
        uint8_t option;
        const char *word;
    } words[] = {{TCP_OPTION_SACK_PERMITTED, "SACK permitted"},
                 {TCP_OPTION_TIMESTAMPS, "timestamps"},
                 {TCP_OPTION_FAST_OPEN, "fast open"},
                 {TCP_OPTION_MPTCP, "multipath"},
                 {TCP_OPTION_MALFORMED, "options bad or cut"}};
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (!(record->options & words[at].option))
            continue;
        (void)add_after(text, before, words[at].word);
        before = ", ";
    }
}

uint64_t segment_window(const struct packet_record *record, const struct flow *hot)
{
    uint8_t own = hot->side[record->side].window_scale;
    uint8_t peer = hot->side[!record->side].window_scale;
    bool is_scaled = own != WINDOW_SCALE_UNKNOWN && own != WINDOW_SCALE_NONE &&
                     peer != WINDOW_SCALE_UNKNOWN && peer != WINDOW_SCALE_NONE &&
                     !(record->flags & TCP_SYN);
    return (uint64_t)record->window << (is_scaled ? own : 0);
}

void text_add_logged_event(struct text *text, const struct packet_record *record,
                           const struct flow *hot, const struct flow_cold *cold)
{
    struct event_facts facts = {
        .after_ns = record->time_ns - cold->start_ns,
        .handshake_ns = cold->handshake_ns,
        .sent_bytes = hot->side[hot->client].bytes,
        .received_bytes = hot->side[!hot->client].bytes,
        .syns = cold->rare[hot->client].syn,
        .silence_ms = record->marks,
        .arg = record->flags,
        .kind = record->event,
        .family = hot->tuple.family,
        .by_client = record->side == hot->client,
    };
    text_add_string(text, event_word((enum event_kind)record->event));
    size_t len = text->len;
    text_add_string(text, ": ");
    size_t before = text->len;
    text_add_event(text, &facts);
    if (text->len > before)
        return;
    text->len = len;
    text->at[len] = '\0';
}

enum style logged_event_style(const struct packet_record *record)
{
    if (!event_is_failure((enum event_kind)record->event))
        return record->event == EVENT_ESTABLISHED ? STYLE_GOOD : STYLE_DIM;
    bool is_end = record->event == EVENT_REFUSED || record->event == EVENT_RESET;
    return is_end ? STYLE_FAILURE : STYLE_WARNING;
}
