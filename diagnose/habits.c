/*
 * What only shows over time or at the end: answers without a byte, connections made one after the other,
 * segments that get lost, small writes, closed connections that are kept, listeners that share a port.
 */
#include "diagnose/rules.h"

#define RTO_MS           150u /* Linux sends nothing again sooner than 200 ms */
#define HELD_BACK_LEAST  5    /* of one flow: a habit */
#define CHURN_LEAST      200u
#define CHURN_PAUSE_NS   (500 * CLOCK_NS_PER_MS)
#define CHURN_LIFE_NS    (1 * CLOCK_NS_PER_S) /* a short connection */
#define CLOSE_WAIT_NS    (1 * CLOCK_NS_PER_S)
#define CLOSE_WAIT_LEAST 5u
#define SWEEP_NS         (1 * CLOCK_NS_PER_S)
#define SWEEP_REST       50 /* times of what the last one has cost: at most 2 % of a processor */
#define PAIR_NS          (400 * CLOCK_NS_PER_MS) /* servers that are replaced overlap less */

static int64_t fin_ns(const struct story *story, unsigned side)
{
    return story->flow.hot->side[side].seq_next_ns;
}

static void empty_reply(const struct story *story)
{
    const struct flow *flow = story->flow.hot;
    const struct flow_detail *detail = story->flow.detail;
    bool server_first = story->flow.cold->rare[story->server].fin > 0 &&
                        fin_ns(story, story->server) < fin_ns(story, story->client);
    if (!detail || !detail->spoken || detail->speaker != story->client || !server_first ||
        flow->side[story->server].bytes > 0)
        return;
    struct finding *finding = story_add(story, CODE_EMPTY_REPLY, CERTAINTY_SEEN);
    story_name_ends(story, finding);
    diagnosis_set(&finding->diagnosis, FACT_CONNECTIONS, (int64_t)finding->diagnosis.count);
}

static void count_time_wait(struct diagnoser *diagnoser, struct finding *finding)
{
    struct host_count count;
    const struct host_count_query query = {.states = 1u << SOCKET_TIME_WAIT,
                                           .remote_port = finding->diagnosis.port};
    if (diagnoser->host && host_count(diagnoser->host, &query, &count))
        diagnosis_set_most(&finding->diagnosis, FACT_TIME_WAIT, count.sockets);
}

/* One connection for each request, and no pause in between. */
static void churn(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    const struct flow *flow = story->flow.hot;
    int64_t now_ns = story->event->time_ns;
    if (now_ns - story->flow.cold->start_ns > CHURN_LIFE_NS ||
        flow->side[0].packets + flow->side[1].packets > 40)
        return;
    struct service *service =
        services_get(&diagnoser->services, story->tuple, story->server, now_ns);
    if (service->churn == 0 || now_ns - service->churn_ns > CHURN_PAUSE_NS) {
        service->churn = 0;
        service->churn_first_ns = now_ns;
    }
    service->churn_ns = now_ns;
    service->churn++;
    if (service->churn < CHURN_LEAST)
        return;
    struct finding *finding = story_add(story, CODE_CONNECTION_CHURN, CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    int64_t earlier = diagnosis_number(diagnosis, FACT_CONNECTIONS, 0);
    diagnosis_set(diagnosis, FACT_CONNECTIONS,
                  service->churn == CHURN_LEAST ? earlier + CHURN_LEAST : earlier + 1);
    finding_touch(finding, service->churn_first_ns);
    if (diagnosis_fact(diagnosis, FACT_CLIENT_PID) && service->churn % 64 != 0)
        return;
    struct party client = story_client(story);
    diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &service->address, service->family);
}

/* The server has closed, and the client did not for long. */
static void close_wait(const struct story *story, int64_t now_ns)
{
    const struct flow_side_rare *server = &story->flow.cold->rare[story->server];
    bool is_late = server->fin > 0 && fin_ns(story, story->client) <= now_ns &&
                   now_ns - fin_ns(story, story->server) >= CLOSE_WAIT_NS;
    /* Whoever goes on sending uses the half that is open. */
    bool is_used = story->flow.detail && story->flow.detail->speaker == story->client &&
                   story->flow.detail->turn_ns > fin_ns(story, story->server);
    if (!is_late || is_used)
        return;
    struct service *service =
        services_get(&story->diagnoser->services, story->tuple, story->server, now_ns);
    if (++service->close_wait < CLOSE_WAIT_LEAST)
        return;
    struct finding *finding = story_update(story, CODE_CLOSE_WAIT_LEAK, CERTAINTY_SEEN,
                                           fin_ns(story, story->server) + CLOSE_WAIT_NS);
    diagnosis_set_most(&finding->diagnosis, FACT_CLOSE_WAIT, service->close_wait);
    if (diagnosis_fact(&finding->diagnosis, FACT_CLIENT_PID))
        return;
    struct party client = story_client(story);
    diagnosis_tally(&finding->diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
}

void rule_closed(const struct story *story)
{
    empty_reply(story);
    churn(story);
    bool server_first = fin_ns(story, story->server) < fin_ns(story, story->client);
    if (server_first && !story->diagnoser->host)
        close_wait(story, story->event->time_ns);
}

/* The end of the input, or of what is kept: it was never closed by the client. */
void rule_retired(const struct story *story)
{
    bool is_half =
        story->flow.hot->state == FLOW_CLOSING && story->flow.cold->rare[story->client].fin == 0;
    if (is_half && !story->diagnoser->host)
        close_wait(story, story->diagnoser->now_ns);
}

void rule_held_back(const struct story *story)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding_key key = {.code = CODE_NAGLE_DELAYED_ACK, .port = story->port};
    struct watch_count *count = &story->diagnoser->held[story->event->flow.index % HELD_MAX];
    if (count->flow.index != story->event->flow.index ||
        count->flow.generation != story->event->flow.generation)
        *count = (struct watch_count){.flow = story->event->flow};
    count->count++;
    count->sum_ms += story->event->silence_ms;
    if (count->count < HELD_BACK_LEAST)
        return;
    bool is_new = !findings_find(findings, key);
    struct finding *finding = story_add(story, CODE_NAGLE_DELAYED_ACK, CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    int64_t stalls = diagnosis_number(diagnosis, FACT_STALLS, 0) + 1;
    if (count->count == HELD_BACK_LEAST)
        stalls += HELD_BACK_LEAST - 1;
    diagnosis_set(diagnosis, FACT_STALLS, stalls);
    diagnosis_set(diagnosis, FACT_STALL_MS, count->sum_ms / count->count);
    if (!is_new)
        return;
    struct party party =
        story->event->side == story->client ? story_client(story) : story_server(story);
    finding_name(finding, FACT_SENDER_PID, FACT_SENDER_COMM, &party);
}

void rule_retransmission(const struct story *story)
{
    const struct flow *flow = story->flow.hot;
    unsigned sender = story->event->side;
    if (flow->state == FLOW_SYN_RECEIVED || flow->state == FLOW_SYN_SENT) {
        if (story->flow.cold->rare[story->server].syn >= 2 && sender == story->client)
            watch_begin(story, WATCH_SYN, story->flow.cold->start_ns);
        return;
    }
    if (!story->is_local || flow->flags & FLOW_FLAG_SELF || flow->state == FLOW_MIDSTREAM ||
        !story->flow.detail || watch_find(story->diagnoser, story->event->flow))
        return;
    struct filter_drops drops;
    int64_t since_ns = story->event->time_ns - 2 * CLOCK_NS_PER_S;
    bool is_filter = find_filter_drops(story, since_ns, &drops);
    /* On lo a segment that is sent again was lost here, behind the capture: nothing else takes
     * 200 ms. Earlier copies are the kernel's impatience. */
    bool is_late = story->event->silence_ms >= RTO_MS;
    if (!is_filter && !is_late)
        return;
    struct finding *finding =
        story_add(story, CODE_DROP_ON_LOOPBACK, is_filter ? CERTAINTY_PROVED : CERTAINTY_LIKELY);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set(diagnosis, FACT_RETRANSMISSIONS,
                  diagnosis_number(diagnosis, FACT_RETRANSMISSIONS, 0) + 1);
    if (is_filter)
        diagnosis_set_text(diagnosis, FACT_CAUSE, "firewall");
    if (diagnosis->count == 1)
        story_name_ends(story, finding);
}

/* Two listeners that would take the same connections, of different programs. */
static void check_pair(const struct story *story, const struct host_listener *a,
                       const struct host_listener *b)
{
    struct host *host = story->diagnoser->host;
    bool same_family = a->socket.tuple.family == b->socket.tuple.family;
    if (a->process.pid == 0 || b->process.pid == 0 || a->process.pid == b->process.pid ||
        host_same_program(host, a->process.pid, b->process.pid))
        return;
    if (same_family && memcmp(&a->socket.tuple.address[0], &b->socket.tuple.address[0],
                              sizeof a->socket.tuple.address[0]) != 0)
        return;
    struct finding *finding =
        story_update(story, same_family ? CODE_DUPLICATE_LISTENERS : CODE_SPLIT_LISTENERS,
                     CERTAINTY_PROVED, story->event->time_ns);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (diagnosis->count == 1)
        finding->due_ns = story->diagnoser->now_ns + PAIR_NS;
    if (same_family) {
        diagnosis_add_number(diagnosis, FACT_LISTENER_PIDS, a->process.pid);
        diagnosis_add_number(diagnosis, FACT_LISTENER_PIDS, b->process.pid);
        diagnosis_add_text(diagnosis, FACT_LISTENER_COMMS, a->process.comm);
        diagnosis_add_text(diagnosis, FACT_LISTENER_COMMS, b->process.comm);
        return;
    }
    bool a_is_v4 = a->socket.tuple.family == 4;
    struct party v4 = party_of(a_is_v4 ? &a->process : &b->process);
    struct party v6 = party_of(a_is_v4 ? &b->process : &a->process);
    finding_name(finding, FACT_V4_PID, FACT_V4_COMM, &v4);
    finding_name(finding, FACT_V6_PID, FACT_V6_COMM, &v6);
}

void rule_listeners(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    int64_t now_ns = story->event->time_ns;
    if (!diagnoser->host)
        return;
    struct service *service =
        services_get(&diagnoser->services, story->tuple, story->server, now_ns);
    if (service->checked_ns != 0 && now_ns - service->checked_ns < SWEEP_NS)
        return;
    service->checked_ns = now_ns;
    struct host_listener listeners[LOOKED_AT_MAX]; /* cleared where it begins, so not for all */
    size_t count = host_listeners(diagnoser->host, story->port, listeners, LOOKED_AT_MAX);
    for (size_t a = 0; a < count; a++) {
        for (size_t b = a + 1; b < count; b++)
            check_pair(story, &listeners[a], &listeners[b]);
    }
}

/* Live, the sockets themselves tell who keeps what is closed. */
static void tell_close_wait(struct diagnoser *diagnoser, const struct host_crowd *crowd)
{
    struct findings *findings = &diagnoser->findings;
    struct finding_key key = {.code = CODE_CLOSE_WAIT_LEAK, .port = crowd->remote_port};
    struct finding *finding = findings_find(findings, key);
    if (!finding)
        finding = findings_add(findings, key, diagnoser->now_ns);
    struct diagnosis *diagnosis = &finding->diagnosis;
    struct host_process process;
    diagnosis->certainty = CERTAINTY_PROVED;
    if (crowd->sockets != diagnosis_number(diagnosis, FACT_CLOSE_WAIT, 0))
        finding_touch(finding, diagnoser->now_ns);
    diagnosis_set_most(diagnosis, FACT_CLOSE_WAIT, crowd->sockets);
    if (!diagnosis_fact(diagnosis, FACT_CLIENT_PID) &&
        host_holders(diagnoser->host, crowd->example.inode, &process, 1) > 0) {
        struct party client = party_of(&process);
        finding_name(finding, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
        finding->changed = true;
    }
}

/* Since when the port has many, by what was known until now. */
static int64_t crowded_since(const struct diagnoser *diagnoser, uint16_t port)
{
    for (size_t at = 0; at < HOST_CROWDS_MAX; at++) {
        if (diagnoser->close_wait[at].port == port)
            return diagnoser->close_wait[at].since_ns;
    }
    return diagnoser->now_ns;
}

static bool is_in_scope(const struct diagnoser *diagnoser, const struct tuple *tuple)
{
    const struct diagnoser_scope *scope = &diagnoser->scope;
    return !scope->passes || scope->passes(scope->context, tuple);
}

/* For a moment many connections are in that state: only those ports count where they stay. */
static void sweep_close_wait(struct diagnoser *diagnoser)
{
    struct host_crowd crowds[HOST_CROWDS_MAX];
    struct close_wait now[HOST_CROWDS_MAX] = {0};
    size_t count =
        host_crowds(diagnoser->host, SOCKET_CLOSE_WAIT, CLOSE_WAIT_LEAST, crowds, HOST_CROWDS_MAX);
    for (size_t at = 0; at < count; at++) {
        uint16_t port = crowds[at].remote_port;
        if (!is_in_scope(diagnoser, &crowds[at].example.tuple))
            continue;
        now[at] = (struct close_wait){port, crowded_since(diagnoser, port)};
        if (diagnoser->now_ns - now[at].since_ns >= CLOSE_WAIT_NS)
            tell_close_wait(diagnoser, &crowds[at]);
    }
    memcpy(diagnoser->close_wait, now, sizeof now);
}

/* While a server is replaced the old and the new one listen side by side for a moment: a pair that is
 * gone before it was told is none. */
static void sweep_pair(struct diagnoser *diagnoser, struct finding *finding)
{
    struct host_listener listeners[LOOKED_AT_MAX];
    const struct diagnosis *diagnosis = &finding->diagnosis;
    const struct fact *pids = diagnosis_fact(diagnosis, FACT_LISTENER_PIDS);
    unsigned left = 0;
    size_t count = host_listeners(diagnoser->host, diagnosis->port, listeners, LOOKED_AT_MAX);
    for (size_t at = 0; at < count; at++) {
        int32_t pid = listeners[at].process.pid;
        bool is_one = pid == diagnosis_number(diagnosis, FACT_V4_PID, 0) ||
                      pid == diagnosis_number(diagnosis, FACT_V6_PID, 0);
        for (unsigned n = 0; pids && n < pids->count; n++)
            is_one = is_one || pids->numbers[n] == pid;
        left += is_one;
    }
    if (left < 2)
        findings_withdraw(&diagnoser->findings, finding, NULL);
}

void rule_pairs(struct diagnoser *diagnoser)
{
    uint32_t at = 0;
    for (const struct diagnosis *found; (found = diagnoser_walk(diagnoser, &at));) {
        struct finding *finding = &diagnoser->findings.rows[at - 1];
        bool is_pair =
            found->code == CODE_DUPLICATE_LISTENERS || found->code == CODE_SPLIT_LISTENERS;
        if (is_pair && !finding->said)
            sweep_pair(diagnoser, finding);
    }
}

/* Who holds a listener may have taken longer to find out than there was time for. */
static void name_late(struct diagnoser *diagnoser, struct finding *finding)
{
    struct host_listener listeners[LOOKED_AT_MAX];
    struct diagnosis *diagnosis = &finding->diagnosis;
    const struct fact *address = diagnosis_fact(diagnosis, FACT_LISTENER_ADDRESS);
    if (!address || diagnosis_fact(diagnosis, FACT_LISTENER_PID))
        return;
    size_t count = host_listeners(diagnoser->host, diagnosis->port, listeners, LOOKED_AT_MAX);
    for (size_t at = 0; at < count; at++) {
        const struct tuple *tuple = &listeners[at].socket.tuple;
        char own[FACT_TEXT_SIZE];
        struct text text = text_begin(own, sizeof own);
        text_add_address(&text, &tuple->address[0], tuple->family);
        if (listeners[at].process.pid == 0 || strcmp(own, address->text) != 0)
            continue;
        finding_name_listener(finding, &listeners[at]);
        finding->changed = true;
        return;
    }
}

void rule_sweep(struct diagnoser *diagnoser)
{
    int64_t passed_ns = diagnoser->now_ns - diagnoser->swept_ns;
    bool is_early = passed_ns < SWEEP_NS / 4 || passed_ns < diagnoser->sweep_cost_ns * SWEEP_REST;
    if (!diagnoser->host || (passed_ns >= 0 && is_early))
        return;
    int64_t begin_ns = clock_thread_ns();
    diagnoser->swept_ns = diagnoser->now_ns;
    sweep_close_wait(diagnoser);
    uint32_t at = 0;
    for (const struct diagnosis *found; (found = diagnoser_walk(diagnoser, &at));) {
        bool is_recent = diagnoser->now_ns - found->last_ns < 2 * CLOCK_NS_PER_S;
        struct finding *finding = &diagnoser->findings.rows[at - 1];
        if (found->code == CODE_CONNECTION_CHURN && is_recent)
            count_time_wait(diagnoser, finding);
        if (is_recent)
            name_late(diagnoser, finding);
    }
    diagnoser->sweep_cost_ns = clock_thread_ns() - begin_ns;
}
