#include "report/packet_lines.h"

#include "flows/mark.h"

#define PACKET_LINE_MAX 640

static void add_ends(struct text *text, const struct packet *packet)
{
    const struct tuple *tuple = &packet->tuple;
    unsigned from = packet->direction;
    text_add_string(text, tuple->family == 6 ? "IP6 " : "IP ");
    text_add_address(text, &tuple->address[from], tuple->family);
    text_add_string(text, ".");
    text_add_number(text, tuple->port[from]);
    text_add_string(text, " > ");
    text_add_address(text, &tuple->address[!from], tuple->family);
    text_add_string(text, ".");
    text_add_number(text, tuple->port[!from]);
}

/* tcpdump's letters: ACK is a dot. */
static void add_flags(struct text *text, uint16_t flags)
{
    static const struct {
        uint16_t flag;
        char letter;
    } letters[] = {{TCP_FIN, 'F'}, {TCP_SYN, 'S'}, {TCP_RST, 'R'}, {TCP_PSH, 'P'}, {TCP_ACK, '.'},
                   {TCP_URG, 'U'}, {TCP_ECE, 'E'}, {TCP_CWR, 'W'}, {TCP_AE, 'e'}};
    char written[sizeof letters / sizeof letters[0]];
    size_t len = 0;
    for (size_t at = 0; at < sizeof letters / sizeof letters[0]; at++) {
        if (flags & letters[at].flag)
            written[len++] = letters[at].letter;
    }
    text_add_string(text, "Flags [");
    text_add_bytes(text, len > 0 ? written : "none", len > 0 ? len : strlen("none"));
    text_add_string(text, "]");
}

static void add_named(struct text *text, const char *words, uint64_t number)
{
    text_add_string(text, words);
    text_add_number(text, number);
}

static const char *add_option(struct text *text, const char *before, const char *words)
{
    text_add_string(text, before);
    text_add_string(text, words);
    return ",";
}

static void add_options(struct text *text, const struct packet *packet, uint32_t sack_base)
{
    const char *before = ", options [";
    if (packet->options & TCP_OPTION_MSS) {
        before = add_option(text, before, "mss ");
        text_add_number(text, packet->mss);
    }
    if (packet->options & TCP_OPTION_SACK_PERMITTED)
        before = add_option(text, before, "sackOK");
    if (packet->options & TCP_OPTION_TIMESTAMPS) {
        before = add_option(text, before, "TS val ");
        text_add_number(text, packet->timestamp);
        add_named(text, " ecr ", packet->timestamp_echo);
    }
    if (packet->options & TCP_OPTION_WINDOW_SCALE) {
        before = add_option(text, before, "wscale ");
        text_add_number(text, packet->window_scale);
    }
    if (packet->sack_count > 0) {
        before = add_option(text, before, "sack ");
        text_add_number(text, packet->sack_count);
        for (unsigned at = 0; at < packet->sack_count; at++) {
            add_named(text, at == 0 ? " {" : "}{", packet->sack[at][0] - sack_base);
            add_named(text, ":", packet->sack[at][1] - sack_base);
        }
        text_add_string(text, "}");
    }
    if (packet->options & TCP_OPTION_FAST_OPEN)
        before = add_option(text, before, "tfo");
    if (packet->options & TCP_OPTION_MPTCP)
        before = add_option(text, before, "mptcp");
    if (packet->options & TCP_OPTION_MALFORMED)
        before = add_option(text, before, "[bad or cut]");
    if (*before == ',' && before[1] == '\0')
        text_add_string(text, "]");
}

/* Sequence numbers count from the side's first, which is 1 behind a SYN, captured or not; those of a
 * SYN are told as they are. */
static void add_segment(struct text *text, const struct packet *packet, struct flow_view flow)
{
    const struct flow_side_rare *own = &flow.cold->rare[packet->direction];
    const struct flow_side_rare *peer = &flow.cold->rare[!packet->direction];
    bool peer_known = flow.hot->side[!packet->direction].packets > 0;
    uint32_t base = packet->flags & TCP_SYN ? 0 : own->isn;
    uint32_t peer_base = peer_known && !(packet->flags & TCP_SYN) ? peer->isn : 0;
    uint32_t seq = packet->seq - base;
    uint32_t len = packet->payload_wire_len;
    add_flags(text, packet->flags);
    if (len > 0 || packet->flags & (TCP_SYN | TCP_FIN | TCP_RST))
        add_named(text, ", seq ", seq);
    if (len > 0)
        add_named(text, ":", (uint32_t)(seq + len));
    if (packet->flags & TCP_ACK)
        add_named(text, ", ack ", packet->ack - peer_base);
    add_named(text, ", win ", packet->window);
    if (packet->flags & TCP_URG)
        add_named(text, ", urg ", packet->urgent);
    add_options(text, packet, peer_base);
    add_named(text, ", length ", len);
}

/* The narrower word stands for the wider one. */
static void add_marks(struct text *text, uint32_t marks)
{
    if (marks & (MARK_BIT(FAST_RETRANSMISSION) | MARK_BIT(SPURIOUS_RETRANSMISSION)))
        marks &= ~MARK_BIT(RETRANSMISSION);
    const char *before = "  [";
    for (; marks; marks &= marks - 1) {
        text_add_string(text, before);
        text_add_string(text, mark_word((enum mark)__builtin_ctz(marks)));
        before = ", ";
    }
    if (*before == ',')
        text_add_string(text, "]");
}

static void add_icmp(struct text *text, const struct packet *packet)
{
    text_add_string(text, "ICMP ");
    text_add_icmp(text, packet->tuple.family, packet->icmp_type, packet->icmp_code);
    text_add_string(text, " for ");
    text_add_string(text, protocol_word(packet->tuple.protocol));
    text_add_string(text, " ");
    add_ends(text, packet);
}

static void add_packet(struct text *text, const struct packet *packet, struct flow_view flow,
                       uint32_t marks)
{
    add_ends(text, packet);
    text_add_string(text, ": ");
    if (packet->kind == PACKET_UDP) {
        add_named(text, "UDP, length ", packet->payload_wire_len);
        return;
    }
    add_segment(text, packet, flow);
    add_marks(text, marks);
}

static void print_packet(struct report *report, const struct report_batch *batch, uint32_t at)
{
    const struct packet *packet = &batch->packets->packets[at];
    const struct packet_note *note = &batch->events->notes[at];
    uint64_t wanted = report->options.flow_id;
    struct flow_view flow;
    bool has_flow = tracker_look(batch->tracker, note->flow, &flow);
    if (wanted != 0 && (!has_flow || flow.cold->id != wanted))
        return;
    char line[PACKET_LINE_MAX];
    struct text text = text_begin(line, sizeof line - 1);
    format_add_clock(report, &text, packet->time_ns);
    text_add_string(&text, " ");
    if (has_flow) {
        text_add_string(&text, "#");
        text_add_number(&text, flow.cold->id);
        text_add_string(&text, " ");
    }
    if (packet->kind == PACKET_ICMP_ERROR)
        add_icmp(&text, packet);
    else if (has_flow)
        add_packet(&text, packet, flow, note->marks);
    else
        text_add(&text, "%s, %u bytes", batch->verdict_word(packet->verdict),
                 batch->frames->frames[at].wire_len);
    line[text.len++] = '\n';
    out_bytes(report->out, line, text.len);
}

void packet_lines_print(struct report *report, const struct report_batch *batch)
{
    for (uint32_t at = 0; at < batch->packets->count; at++)
        print_packet(report, batch, at);
}

const struct format format_packets = {.failures_only = true, .batch = packet_lines_print};
