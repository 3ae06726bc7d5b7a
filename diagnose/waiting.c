/*
 * Connections that do not go on: requests without an answer, segments without an ACK, windows that
 * stay closed, SYNs that nobody answers. They are watched until it is known what became of them.
 *
 * Packets show that a request was acknowledged and not answered. Whether the server has accepted the
 * connection, and read the request, only its socket tells, while it is there: so it is looked at
 * ten times a second, and what was seen last holds when the client gives up.
 */
#include "diagnose/rules.h"

/* A request that took this long is slow. Below it lie pollers that wait a second on purpose. */
#define SLOW_NS (1500 * CLOCK_NS_PER_MS)

/* A client that is still patient is not believed to be in trouble before that. Some never expect an
 * answer; so on a connection that has had answers only a client that gives up is told. */
#define QUEUED_NS (2 * CLOCK_NS_PER_S)
#define HUNG_NS   (10 * CLOCK_NS_PER_S)
#define NEVER_NS  (INT64_C(1000000) * CLOCK_NS_PER_S)

#define FLOWS_LOOKED_AT 4096u

/* What may have been said of a port before it is known better. */
#define WAITING_CODES                                                                              \
    (code_bit(CODE_NO_RESPONSE) | code_bit(CODE_SERVER_NOT_ACCEPTING) |                            \
     code_bit(CODE_SERVER_HUNG_AFTER_ACCEPT))

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
    *watch = (struct watch){
        .flow = story->event->flow,
        .since_ns = since_ns,
        .kind = (uint8_t)kind,
        .side = story->event->side,
        .code = CODE_COUNT,
    };
    (void)watch_look(story, watch, false);
}

struct watch *watch_find(struct diagnoser *diagnoser, struct flow_ref flow)
{
    for (uint32_t at = 0; at < diagnoser->watch_count; at++) {
        if (diagnoser->watches[at].flow.index == flow.index &&
            diagnoser->watches[at].flow.generation == flow.generation)
            return &diagnoser->watches[at];
    }
    return NULL;
}

/* The flow counts for another finding than it did before. */
static struct finding *conclude(const struct story *story, struct watch *watch, enum code code,
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
static void dismiss(const struct story *story, struct watch *watch)
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

/* Redis and others that speak RESP have commands that block on purpose, and say so in a protocol that
 * is not read here. */
static bool may_block_on_purpose(const struct story *story)
{
    const struct detail_side *side = &story->flow.detail->side[story->client];
    return side->first_len > 2 && side->first[0] == '*' && side->first[1] >= '1' &&
           side->first[1] <= '9';
}

/* SYNs. */

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
    bool is_full = has_listener && listener.socket.queue > listener.socket.queue_limit;
    bool is_dropped = find_filter_drops(story, story->flow.cold->start_ns - CLOCK_NS_PER_S, &drops);
    /* Somebody else answers: address translation splits a connection on lo in two. */
    bool goes_on = flow->side[story->client].packets > client->syn;
    if (flow->state == FLOW_ESTABLISHED || (goes_on && !is_one_way)) {
        if (watch->code == CODE_TIMEOUT_UNANSWERED_SYN)
            dismiss(story, watch);
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
    }
    struct finding *finding = conclude(story, watch, code, certainty);
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
        diagnosis_set(diagnosis, FACT_BACKLOG, listener.socket.queue_limit);
        diagnosis_set_most(diagnosis, FACT_QUEUE, listener.socket.queue);
    }
    return !is_over;
}

void rule_unanswered(const struct story *story)
{
    watch_begin(story, WATCH_SYN, story->flow.cold->start_ns);
}

/* Answers. */

/* A connection to the same server that it has accepted and whose client says nothing: a server with
 * one thread waits for it. */
static bool find_blocker(const struct story *story, struct party *blocker)
{
    struct diagnoser *diagnoser = story->diagnoser;
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view flow;
    while (at < FLOWS_LOOKED_AT && tracker_next(story->tracker, &at, &ref, &flow)) {
        unsigned client = flow.hot->client;
        struct host_socket socket;
        struct host_process process;
        if (flow.hot == story->flow.hot || flow.hot->state != FLOW_ESTABLISHED ||
            flow.hot->tuple.port[!client] != story->port || flow.hot->side[client].bytes > 0)
            continue;
        if (!host_socket(diagnoser->host, &flow.hot->tuple, !client, &socket) ||
            socket.inode == 0 || !host_client(diagnoser->host, &flow.hot->tuple, client, &process))
            continue;
        *blocker = party_of(&process);
        return true;
    }
    return false;
}

/* The connection it handles while it calls itself. */
static void name_outer_client(const struct story *story, struct finding *finding, int32_t server)
{
    struct diagnoser *diagnoser = story->diagnoser;
    for (uint32_t at = 0; at < diagnoser->watch_count; at++) {
        const struct watch *other = &diagnoser->watches[at];
        struct flow_view flow;
        struct host_process process;
        if (other->kind != WATCH_ANSWER || !tracker_look(story->tracker, other->flow, &flow) ||
            flow.hot->tuple.port[!flow.hot->client] != story->port ||
            !host_client(diagnoser->host, &flow.hot->tuple, flow.hot->client, &process) ||
            process.pid == server)
            continue;
        struct party party = party_of(&process);
        finding_name(finding, FACT_CLIENT_PID, FACT_CLIENT_COMM, &party);
        return;
    }
}

static void self_deadlock(const struct story *story, struct watch *watch,
                          const struct party *server)
{
    struct finding *finding = conclude(story, watch, CODE_SERVER_SELF_DEADLOCK, CERTAINTY_PROVED);
    struct diagnosis *diagnosis = &finding->diagnosis;
    findings_supersede(&story->diagnoser->findings, WAITING_CODES, finding);
    finding_name(finding, FACT_SERVER_PID, FACT_SERVER_COMM, server);
    diagnosis_set(diagnosis, FACT_INNER_CLIENT_PID, server->pid);
    diagnosis_set(diagnosis, FACT_INNER_PORT, story->tuple->port[story->client]);
    name_outer_client(story, finding, server->pid);
}

/* The connection waits in the accept queue. */
static void judge_queued(const struct story *story, struct watch *watch)
{
    struct host *host = story->diagnoser->host;
    struct host_listener listener;
    struct host_activity activity;
    struct host_past gone;
    watch->was_queued = true;
    if (!find_listener(story->diagnoser, story->tuple, story->server, &listener))
        return;
    struct party client = story_client(story), server = party_of(&listener.process);
    if (listener.queue_most > watch->queue)
        watch->queue =
            (uint16_t)(listener.queue_most < UINT16_MAX ? listener.queue_most : UINT16_MAX);
    if (server.pid != 0 && client.pid == server.pid) {
        self_deadlock(story, watch, &server);
        return;
    }
    bool is_known = server.pid != 0 && host_activity(host, server.pid, &activity);
    bool is_exhausted = is_known && activity.fd_limit > 0 && activity.fd_count >= activity.fd_limit;
    bool is_leaked = listener.opener.pid != 0 && listener.opener.pid != server.pid &&
                     host_exited(host, listener.opener.pid, &gone);
    enum code code = is_leaked      ? CODE_LEAKED_LISTENER
                     : is_exhausted ? CODE_SERVER_FD_EXHAUSTED
                                    : CODE_SERVER_NOT_ACCEPTING;
    struct finding *finding = conclude(story, watch, code, CERTAINTY_PROVED);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (watch->count++ == 0)
        diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    diagnosis_set_most(diagnosis, FACT_ACCEPT_QUEUE, listener.socket.queue);
    if (is_leaked) {
        struct party was = party_of(&listener.opener);
        finding_name(finding, FACT_HOLDER_PID, FACT_HOLDER_COMM, &server);
        finding_name(finding, FACT_WAS_PID, FACT_WAS_COMM, &was);
        return;
    }
    finding_name_listener(finding, &listener);
    if (is_exhausted) {
        diagnosis_set(diagnosis, FACT_FD_LIMIT, activity.fd_limit);
        if (client.pid != 0)
            diagnosis_add_number(diagnosis, FACT_CLIENT_PIDS, client.pid);
        return;
    }
    struct party blocker;
    if (is_known)
        diagnosis_set_text(diagnosis, FACT_PROCESS_STATE, (char[]){activity.state, '\0'});
    if (is_known && activity.state == 'S' && !diagnosis_fact(diagnosis, FACT_BLOCKED_BY_PID) &&
        find_blocker(story, &blocker))
        finding_name(finding, FACT_BLOCKED_BY_PID, FACT_BLOCKED_BY_COMM, &blocker);
}

/* The server has it, and is silent. */
static struct finding *judge_accepted(const struct story *story, struct watch *watch,
                                      const struct host_socket *socket)
{
    struct findings *findings = &story->diagnoser->findings;
    if (findings_find(findings,
                      (struct finding_key){.code = CODE_SERVER_SELF_DEADLOCK, .port = story->port}))
        return NULL;
    struct host_process process;
    struct finding *finding =
        conclude(story, watch, CODE_SERVER_HUNG_AFTER_ACCEPT, CERTAINTY_PROVED);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (!diagnosis_fact(diagnosis, FACT_CLIENT_PID)) {
        struct party client = story_client(story);
        diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    }
    if (!diagnosis_fact(diagnosis, FACT_SERVER_PID) &&
        host_holders(story->diagnoser->host, socket->inode, &process, 1) > 0) {
        struct party server = party_of(&process);
        finding_name(finding, FACT_SERVER_PID, FACT_SERVER_COMM, &server);
    }
    diagnosis_set_once(diagnosis, FACT_REQUEST_READ, socket->queue == 0);
    if (socket->queue > 0)
        diagnosis_set_once(diagnosis, FACT_UNREAD_BYTES, socket->queue);
    return finding;
}

/* What the server's socket says now. A FIN that was not read counts as a byte, hence _once above: what
 * was seen first was before the client gave up. */
static void gather(const struct story *story, struct watch *watch)
{
    struct host *host = story->diagnoser->host;
    struct host_socket socket;
    if (!host || !host_socket(host, story->tuple, story->server, &socket))
        return;
    bool is_open = socket.state == SOCKET_ESTABLISHED || socket.state == SOCKET_CLOSE_WAIT;
    if (!is_open)
        return;
    if (socket.inode == 0)
        judge_queued(story, watch);
    else
        (void)judge_accepted(story, watch, &socket);
}

static void slow(const struct story *story, struct watch *watch, int64_t took_ns)
{
    enum code code = watch->was_queued ? CODE_SLOW_QUEUEING : CODE_SLOW_RESPONSE;
    struct finding *finding = conclude(story, watch, code, CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    finding->due_ns = story->diagnoser->now_ns;
    story_name_ends(story, finding);
    if (watch->was_queued) {
        diagnosis_set_most(diagnosis, FACT_MAX_QUEUE, watch->queue);
        diagnosis_set_most(diagnosis, FACT_MAX_MS, took_ns / CLOCK_NS_PER_MS);
        return;
    }
    diagnosis_set_most(diagnosis, FACT_TTFB_MS, took_ns / CLOCK_NS_PER_MS);
    diagnosis_set(diagnosis, FACT_SLOW_REQUESTS, (int64_t)diagnosis->count);
    diagnosis_set_text(diagnosis, FACT_WHERE, "server");
}

/* When what was found of a pending request may be told. Returns it, NULL for nothing. */
static struct finding *set_due(const struct story *story, const struct watch *watch, bool gave_up)
{
    struct finding *finding =
        findings_find(&story->diagnoser->findings,
                      (struct finding_key){.code = (enum code)watch->code, .port = story->port});
    if (!finding || finding->said)
        return finding;
    bool never_answered = story->flow.hot->side[story->server].bytes == 0;
    int64_t patience_ns = watch->was_queued ? QUEUED_NS : never_answered ? HUNG_NS : NEVER_NS;
    finding->due_ns = gave_up ? story->diagnoser->now_ns : watch->since_ns + patience_ns;
    return finding;
}

static bool look_answer(const struct story *story, struct watch *watch, bool is_over)
{
    const struct flow_detail *detail = story->flow.detail;
    const struct flow *flow = story->flow.hot;
    if (!detail || may_block_on_purpose(story))
        return false;
    bool is_answered = detail->speaker == story->server;
    int64_t waited_ns = story->diagnoser->now_ns - watch->since_ns;
    if (is_answered) {
        int64_t took_ns = (int64_t)detail->response_us * CLOCK_NS_PER_US;
        if (took_ns >= SLOW_NS)
            slow(story, watch, took_ns);
        else
            dismiss(story, watch);
        return false;
    }
    bool gave_up = story->flow.cold->rare[story->client].fin > 0 || !flow_is_open(story->flow);
    if (flow_is_open(story->flow))
        gather(story, watch);
    if (gave_up && watch->code == CODE_COUNT) {
        struct finding *found = conclude(story, watch, CODE_NO_RESPONSE, CERTAINTY_SEEN);
        waited_ns = flow->side[story->client].seq_next_ns - watch->since_ns;
        diagnosis_set_most(&found->diagnosis, FACT_WAITED_MS, waited_ns / CLOCK_NS_PER_MS);
        story_name_ends(story, found);
    }
    struct finding *finding = set_due(story, watch, gave_up);
    if (is_over && finding && !finding->said && finding->due_ns > story->diagnoser->now_ns)
        dismiss(story, watch);
    else if (is_over && !finding && waited_ns >= QUEUED_NS && flow->side[story->server].bytes == 0)
        story_name_ends(story, conclude(story, watch, CODE_NO_RESPONSE, CERTAINTY_LIKELY));
    /* A client that gave up may still be answered, too late. */
    return flow_is_open(story->flow) && !is_over;
}

/* ACKs. */

static bool look_ack(const struct story *story, struct watch *watch, bool is_over)
{
    const struct flow *flow = story->flow.hot;
    struct filter_drops drops;
    if (!(flow->flags & FLOW_FLAG_JUDGED) && flow_is_open(story->flow)) {
        dismiss(story, watch);
        return false;
    }
    if (watch->code == CODE_ESTABLISHED_FIREWALL_DROP)
        return flow_is_open(story->flow) && !is_over;
    bool is_dropped = find_filter_drops(story, watch->since_ns - CLOCK_NS_PER_S, &drops);
    struct finding *finding =
        conclude(story, watch, is_dropped ? CODE_ESTABLISHED_FIREWALL_DROP : CODE_NO_RESPONSE,
                 is_dropped ? CERTAINTY_PROVED : CERTAINTY_SEEN);
    if (is_dropped)
        findings_supersede(&story->diagnoser->findings,
                           code_bit(CODE_DROP_ON_LOOPBACK) | code_bit(CODE_NO_RESPONSE), finding);
    diagnosis_set_once(&finding->diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    if (!diagnosis_fact(&finding->diagnosis, FACT_CLIENT_PID))
        story_name_ends(story, finding);
    return flow_is_open(story->flow) && !is_over;
}

/* Windows. */

static bool look_window(const struct story *story, struct watch *watch, bool is_over)
{
    const struct flow_detail *detail = story->flow.detail;
    if (!detail)
        return false;
    bool is_closed = story->flow.hot->flags & FLOW_FLAG_JUDGED && flow_is_open(story->flow);
    unsigned receiver = watch->side, sender = !receiver;
    int64_t now_ns = is_closed ? story->diagnoser->now_ns - watch->since_ns : 0;
    int64_t stalled_ns = detail->side[receiver].stalled_ns + (now_ns > 0 ? now_ns : 0);
    struct finding *finding = conclude(story, watch, CODE_ZERO_WINDOW, CERTAINTY_SEEN);
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
        return look_answer(story, watch, is_over);
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
    if (event->arg == STALL_ANSWER && event->side == story->server) {
        watch_begin(story, WATCH_ANSWER, since_ns);
    } else if (event->arg == STALL_ACK) {
        watch_begin(story, WATCH_ACK, since_ns);
    } else if (event->arg == STALL_WINDOW) {
        watch_begin(story, WATCH_WINDOW, since_ns);
    }
}
