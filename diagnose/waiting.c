/*
 * Connections that do not go on: SYNs that nobody answers, segments without an ACK, windows that stay
 * closed. They are watched until it is known what became of them.
 */
#include "diagnose/rules.h"
#include "flows/segment.h"

void watch_begin(const struct story *story, enum watch_kind kind, int64_t since_ns)
{
    struct diagnoser *diagnoser = story->diagnoser;
    struct watch *watch = watch_find(diagnoser, story->event->flow);
    if (!watch && diagnoser->watch_count == WATCHES_MAX)
        return;
    if (!watch)
        watch = &diagnoser->watches[diagnoser->watch_count++];
    else if (watch->kind == kind)
        return;
    watch_note(diagnoser, story->event->flow);
    *watch = (struct watch){
        .flow = story->event->flow,
        .since_ns = since_ns,
        .kind = (uint8_t)kind,
        .side = story->event->side,
        .code = CODE_COUNT,
    };
    (void)watch_look(story, watch, false);
}

void watch_note(struct diagnoser *diagnoser, struct flow_ref flow)
{
    uint32_t bit = flow.index % WATCHED_BITS;
    diagnoser->watched[bit / 64] |= UINT64_C(1) << bit % 64;
}

/* Most flows that are asked for are not watched: a bit says so. */
struct watch *watch_find(struct diagnoser *diagnoser, struct flow_ref flow)
{
    uint32_t bit = flow.index % WATCHED_BITS;
    if (!(diagnoser->watched[bit / 64] >> bit % 64 & 1))
        return NULL;
    for (uint32_t at = 0; at < diagnoser->watch_count; at++) {
        if (diagnoser->watches[at].flow.index == flow.index &&
            diagnoser->watches[at].flow.generation == flow.generation)
            return &diagnoser->watches[at];
    }
    return NULL;
}

/* The flow counts for another finding than it did before. */
struct finding *watch_conclude(const struct story *story, struct watch *watch, enum code code,
                               enum certainty certainty)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding *finding = story_update(story, code, certainty, watch->since_ns);
    if (watch->code != CODE_COUNT && watch->code != code) {
        struct finding *old = findings_find(
            findings, (struct finding_key){.code = (enum code)watch->code, .port = story->port});
        if (old && --old->diagnosis.count == 0)
            findings_withdraw(findings, old, finding);
    }
    watch->code = (uint8_t)code;
    return finding;
}

/* It was nothing. */
void watch_dismiss(const struct story *story, struct watch *watch)
{
    struct findings *findings = &story->diagnoser->findings;
    if (watch->code == CODE_COUNT)
        return;
    struct finding *old = findings_find(
        findings, (struct finding_key){.code = (enum code)watch->code, .port = story->port});
    watch->code = CODE_COUNT;
    if (old && --old->diagnosis.count == 0)
        findings_withdraw(findings, old, NULL);
}

static bool look_syn(const struct story *story, struct watch *watch, bool is_over)
{
    struct diagnoser *diagnoser = story->diagnoser;
    const struct flow *flow = story->flow.hot;
    const struct flow_side_rare *client = &story->flow.cold->rare[story->client];
    const struct flow_side_rare *server = &story->flow.cold->rare[story->server];
    bool is_answered = server->syn > 0;
    bool is_one_way = story->is_local && is_answered && server->syn >= 2 && client->syn >= 2 &&
                      flow->state == FLOW_SYN_RECEIVED;
    struct host_listener listener;
    struct filter_drops drops = {0};
    bool has_listener = find_listener(diagnoser, story->tuple, story->server, &listener);
    /* The queue may have had room since the SYN that it had none for. */
    bool is_full = has_listener && (listener.socket.queue > listener.socket.queue_limit ||
                                    listener.queue_most > listener.socket.queue_limit);
    bool is_dropped = find_filter_drops(story, story->flow.cold->start_ns - CLOCK_NS_PER_S, &drops);
    /* Somebody else answers: address translation splits a connection on lo in two. */
    bool goes_on = flow->side[story->client].packets > client->syn;
    if (flow->state == FLOW_ESTABLISHED || (goes_on && !is_one_way)) {
        if (watch->code == CODE_TIMEOUT_UNANSWERED_SYN)
            watch_dismiss(story, watch);
        return false;
    }
    enum code code = CODE_TIMEOUT_UNANSWERED_SYN;
    enum certainty certainty = CERTAINTY_SEEN;
    if (is_dropped || is_one_way) {
        code = CODE_TIMEOUT_FIREWALL_DROP;
        certainty = is_dropped ? CERTAINTY_PROVED : CERTAINTY_SEEN;
    } else if (is_full || watch->code == CODE_TIMEOUT_BACKLOG_FULL) {
        code = CODE_TIMEOUT_BACKLOG_FULL;
        certainty = CERTAINTY_PROVED;
    } else if (has_listener) {
        code = CODE_TIMEOUT_FIREWALL_DROP;
        certainty = CERTAINTY_LIKELY;
    } else if (watch->code != CODE_COUNT) {
        /* The listener went since: what it was before holds, and is no surer. */
        code = (enum code)watch->code;
        certainty = CERTAINTY_LIKELY;
    }
    struct finding *finding = watch_conclude(story, watch, code, certainty);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (watch->count != client->syn) {
        struct party party = story_client(story);
        if (watch->count == 0)
            diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &party);
        if (party.pid != 0 && code == CODE_TIMEOUT_BACKLOG_FULL)
            diagnosis_add_number(diagnosis, FACT_CLIENT_PIDS, party.pid);
        watch->count = client->syn;
    }
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &story->tuple->address[story->server],
                          story->tuple->family);
    diagnosis_set_most(diagnosis, FACT_SYN_RETRANSMITS, (int64_t)client->syn - 1);
    if (has_listener)
        finding_name_listener(finding, &listener);
    if (code == CODE_TIMEOUT_FIREWALL_DROP && (is_dropped || is_one_way)) {
        bool is_return = is_one_way || !drops.from_client;
        diagnosis_set_text(diagnosis, FACT_DIRECTION, is_return ? "return" : "forward");
        if (is_dropped)
            diagnosis_set_text(diagnosis, FACT_HOOK, drops.output ? "output" : "input");
    }
    if (code == CODE_TIMEOUT_BACKLOG_FULL && is_full) {
        uint32_t most = listener.queue_most > listener.socket.queue ? listener.queue_most
                                                                    : listener.socket.queue;
        diagnosis_set(diagnosis, FACT_BACKLOG, listener.socket.queue_limit);
        diagnosis_set_most(diagnosis, FACT_QUEUE, most);
    }
    return !is_over;
}

void rule_unanswered(const struct story *story)
{
    watch_begin(story, WATCH_SYN, story->flow.cold->start_ns);
}

/* The ACK came after all, and the connection went on. One that ended meanwhile was given up. */
static bool is_acked(const struct story *story, const struct watch *watch)
{
    const struct flow_side *side = story->flow.hot->side;
    const struct flow_side_rare *rare = story->flow.cold->rare;
    const struct flow_detail *detail = story->flow.detail;
    bool spoke_since = detail && (detail->speaker == watch->side ||
                                  detail->turn_ns > watch->since_ns + TIMING_STALL_NS);
    bool goes_on = rare[0].fin + rare[1].fin == 0 || spoke_since;
    return goes_on && flow_is_open(story->flow) &&
           !segment_is_outstanding(&side[!watch->side], &side[watch->side]);
}

/* What was said of the retransmissions is part of it. */
static void take_over_losses(const struct story *story, struct finding *finding)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding *losses = findings_find(
        findings, (struct finding_key){.code = CODE_DROP_ON_LOOPBACK, .port = story->port});
    if (losses && losses->diagnosis.flow_count == 1 &&
        losses->diagnosis.flows[0] == story->flow.cold->id)
        findings_withdraw(findings, losses, finding);
}

/* It was delayed only: of the segments some were lost. */
static void recovered(const struct story *story, struct watch *watch)
{
    struct filter_drops drops;
    uint32_t retransmits = story->flow.cold->rare[!watch->side].retransmits;
    if (!story->is_local || retransmits == 0 || watch->code == CODE_COUNT) {
        watch_dismiss(story, watch);
        return;
    }
    bool is_filter = find_filter_drops(story, watch->since_ns - CLOCK_NS_PER_S, &drops);
    struct finding *finding = watch_conclude(story, watch, CODE_DROP_ON_LOOPBACK,
                                             is_filter ? CERTAINTY_PROVED : CERTAINTY_LIKELY);
    diagnosis_set_most(&finding->diagnosis, FACT_RETRANSMISSIONS, retransmits);
    if (is_filter)
        diagnosis_set_text(&finding->diagnosis, FACT_CAUSE, "firewall");
    if (!diagnosis_fact(&finding->diagnosis, FACT_CLIENT_PID))
        story_name_ends(story, finding);
}

static bool look_ack(const struct story *story, struct watch *watch, bool is_over)
{
    struct filter_drops drops;
    if (is_acked(story, watch)) {
        recovered(story, watch);
        return false;
    }
    if (watch->code == CODE_ESTABLISHED_FIREWALL_DROP)
        return flow_is_open(story->flow) && !is_over;
    bool is_dropped = find_filter_drops(story, watch->since_ns - CLOCK_NS_PER_S, &drops);
    struct finding *finding =
        watch_conclude(story, watch, is_dropped ? CODE_ESTABLISHED_FIREWALL_DROP : CODE_NO_RESPONSE,
                       is_dropped ? CERTAINTY_PROVED : CERTAINTY_SEEN);
    if (is_dropped)
        findings_supersede(&story->diagnoser->findings, code_bit(CODE_NO_RESPONSE), finding);
    else
        diagnosis_set_most(&finding->diagnosis, FACT_RETRANSMISSIONS,
                           story->flow.cold->rare[!watch->side].retransmits);
    take_over_losses(story, finding);
    diagnosis_set_once(&finding->diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    if (!diagnosis_fact(&finding->diagnosis, FACT_CLIENT_PID))
        story_name_ends(story, finding);
    return flow_is_open(story->flow) && !is_over;
}

static bool look_window(const struct story *story, struct watch *watch, bool is_over)
{
    const struct flow_detail *detail = story->flow.detail;
    if (!detail)
        return false;
    bool is_closed = story->flow.hot->flags & FLOW_FLAG_JUDGED && flow_is_open(story->flow);
    unsigned receiver = watch->side, sender = !receiver;
    int64_t now_ns = is_closed ? story->diagnoser->now_ns - watch->since_ns : 0;
    int64_t stalled_ns = detail->side[receiver].stalled_ns + (now_ns > 0 ? now_ns : 0);
    struct finding *finding = watch_conclude(story, watch, CODE_ZERO_WINDOW, CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_most(diagnosis, FACT_STALL_MS, stalled_ns / CLOCK_NS_PER_MS);
    diagnosis_set_text(diagnosis, FACT_BLAME, receiver == story->client ? "client" : "server");
    if (!diagnosis_fact(diagnosis, FACT_RECEIVER_PID)) {
        struct party client = story_client(story), server = story_server(story);
        finding_name(finding, FACT_RECEIVER_PID, FACT_RECEIVER_COMM,
                     receiver == story->client ? &client : &server);
        finding_name(finding, FACT_SENDER_PID, FACT_SENDER_COMM,
                     sender == story->client ? &client : &server);
    }
    return is_closed && !is_over;
}

/* Datagrams that are refused: how many there are is known at the end. */
static bool look_udp(const struct story *story, struct watch *watch, bool is_over)
{
    uint32_t sent = (uint32_t)story->flow.hot->side[story->client].packets;
    struct finding *finding =
        findings_find(&story->diagnoser->findings,
                      (struct finding_key){.code = CODE_UDP_REFUSED, .port = story->port});
    if (!finding)
        return false;
    if (sent != watch->count) {
        struct diagnosis *diagnosis = &finding->diagnosis;
        diagnosis_set(diagnosis, FACT_DATAGRAMS,
                      diagnosis_number(diagnosis, FACT_DATAGRAMS, 0) + sent - watch->count);
        finding_touch(finding, story->flow.hot->last_ns);
    }
    watch->count = sent;
    return !is_over;
}

bool watch_look(const struct story *story, struct watch *watch, bool is_over)
{
    switch ((enum watch_kind)watch->kind) {
    case WATCH_SYN:
        return look_syn(story, watch, is_over);
    case WATCH_ANSWER:
        return watch_look_answer(story, watch, is_over);
    case WATCH_ACK:
        return look_ack(story, watch, is_over);
    case WATCH_WINDOW:
        return look_window(story, watch, is_over);
    case WATCH_UDP:
        return look_udp(story, watch, is_over);
    }
    return false;
}

void rule_stalled(const struct story *story)
{
    const struct flow_event *event = story->event;
    int64_t since_ns = event->time_ns - (int64_t)event->silence_ms * CLOCK_NS_PER_MS;
    /* Of a connection that is seen one way only nobody knows what the other end says: address
     * translation on lo makes two such halves of one connection. */
    bool is_half = story->flow.hot->side[event->side].packets == 0;
    /* The ACK may be among what the capture missed. */
    const struct flow_side_rare *rare = story->flow.cold->rare;
    bool is_whole = rare[0].gaps + rare[1].gaps == 0 &&
                    flow_missed_bytes(story->flow, 0) + flow_missed_bytes(story->flow, 1) == 0;
    if (event->arg == STALL_ANSWER && event->side == story->server && !is_half) {
        watch_begin(story, WATCH_ANSWER, since_ns);
    } else if (event->arg == STALL_ACK && is_whole) {
        watch_begin(story, WATCH_ACK, since_ns);
    } else if (event->arg == STALL_WINDOW) {
        watch_begin(story, WATCH_WINDOW, since_ns);
    }
}
