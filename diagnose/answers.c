/*
 * Requests without an answer, and slow ones.
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

#define WAITED_NS (50 * CLOCK_NS_PER_MS)

#define FLOWS_LOOKED_AT 4096u

/* What may have been said of a port before it is known better. */
#define WAITING_CODES                                                                              \
    (code_bit(CODE_NO_RESPONSE) | code_bit(CODE_SERVER_NOT_ACCEPTING) |                            \
     code_bit(CODE_SERVER_HUNG_AFTER_ACCEPT))

/* Redis and others that speak RESP have commands that block on purpose, and say so in a protocol that
 * is not read here. */
static bool may_block_on_purpose(const struct story *story)
{
    const struct detail_side *side = &story->flow.detail->side[story->client];
    return side->first_len > 2 && side->first[0] == '*' && side->first[1] >= '1' &&
           side->first[1] <= '9';
}

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

/* A request to the same port that was not answered when it was looked at last. */
static bool look_beside(const struct story *story, const struct watch *other,
                        struct flow_view *flow)
{
    return other->kind == WATCH_ANSWER && tracker_look(story->tracker, other->flow, flow) &&
           flow->hot->tuple.port[!flow->hot->client] == story->port;
}

/* Is it explained by a server that waits for itself? By one that does so now, or began to after this
 * request, which may be the one that it handles. What was found so once is not judged anew when the
 * server goes on, or the order in which its requests are looked at would count. */
static bool is_behind_deadlock(const struct story *story, struct watch *watch)
{
    struct diagnoser *diagnoser = story->diagnoser;
    const struct finding *finding =
        findings_find(&diagnoser->findings,
                      (struct finding_key){.code = CODE_SERVER_SELF_DEADLOCK, .port = story->port});
    if (!finding || watch->code == CODE_SERVER_SELF_DEADLOCK)
        return false;
    if (finding->diagnosis.last_ns >= watch->since_ns)
        watch->is_behind = true;
    for (uint32_t at = 0; at < diagnoser->watch_count && !watch->is_behind; at++) {
        struct flow_view flow;
        watch->is_behind = diagnoser->watches[at].code == CODE_SERVER_SELF_DEADLOCK &&
                           look_beside(story, &diagnoser->watches[at], &flow);
    }
    return watch->is_behind;
}

/* The connection it handles while it calls itself. */
static void name_outer_client(const struct story *story, struct finding *finding, int32_t server)
{
    struct diagnoser *diagnoser = story->diagnoser;
    for (uint32_t at = 0; at < diagnoser->watch_count; at++) {
        struct flow_view flow;
        struct host_socket socket;
        struct host_process process;
        if (!look_beside(story, &diagnoser->watches[at], &flow) ||
            !host_socket(diagnoser->host, &flow.hot->tuple, !flow.hot->client, &socket) ||
            socket.inode == 0 ||
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
    struct finding *finding =
        watch_conclude(story, watch, CODE_SERVER_SELF_DEADLOCK, CERTAINTY_PROVED);
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
    if (is_behind_deadlock(story, watch))
        return;
    bool is_known = server.pid != 0 && host_activity(host, server.pid, &activity);
    bool is_exhausted = is_known && activity.fd_limit > 0 && activity.fd_count >= activity.fd_limit;
    bool is_leaked = listener.opener.pid != 0 && listener.opener.pid != server.pid &&
                     host_exited(host, listener.opener.pid, &gone);
    enum code code = is_leaked      ? CODE_LEAKED_LISTENER
                     : is_exhausted ? CODE_SERVER_FD_EXHAUSTED
                                    : CODE_SERVER_NOT_ACCEPTING;
    struct finding *finding = watch_conclude(story, watch, code, CERTAINTY_PROVED);
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
    /* What it did while the client waited counts, not what it does since. */
    bool gave_up = story->flow.cold->rare[story->client].fin > 0;
    if (is_known && !(gave_up && diagnosis_fact(diagnosis, FACT_PROCESS_STATE)))
        diagnosis_set_text(diagnosis, FACT_PROCESS_STATE, (char[]){activity.state, '\0'});
    if (is_known && activity.state == 'S' && !diagnosis_fact(diagnosis, FACT_BLOCKED_BY_PID) &&
        find_blocker(story, &blocker))
        finding_name(finding, FACT_BLOCKED_BY_PID, FACT_BLOCKED_BY_COMM, &blocker);
}

/* The FIN of a client that gave up counts as a byte until it is read. */
static uint32_t unread_bytes(const struct host_socket *socket)
{
    bool has_fin = socket->state == SOCKET_CLOSE_WAIT && socket->queue > 0;
    return socket->queue - has_fin;
}

/* The server has it, and is silent. */
static struct finding *judge_accepted(const struct story *story, struct watch *watch,
                                      const struct host_socket *socket)
{
    if (is_behind_deadlock(story, watch))
        return NULL;
    struct host_process process;
    struct finding *finding =
        watch_conclude(story, watch, CODE_SERVER_HUNG_AFTER_ACCEPT, CERTAINTY_PROVED);
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
    uint32_t unread = unread_bytes(socket);
    diagnosis_set_once(diagnosis, FACT_REQUEST_READ, unread == 0);
    if (unread > 0)
        diagnosis_set_once(diagnosis, FACT_UNREAD_BYTES, unread);
    return finding;
}

/* What the server's socket says now. */
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
    struct finding *finding = watch_conclude(story, watch, code, CERTAINTY_SEEN);
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

/* It closed after it had waited. One that closes right behind its request says that there is no more,
 * and may read on. */
static bool has_given_up(const struct story *story)
{
    int64_t fin_ns = story->flow.hot->side[story->client].seq_next_ns;
    return !flow_is_open(story->flow) || (story->flow.cold->rare[story->client].fin > 0 &&
                                          fin_ns - story->flow.detail->turn_ns >= WAITED_NS);
}

bool watch_look_answer(const struct story *story, struct watch *watch, bool is_over)
{
    const struct flow_detail *detail = story->flow.detail;
    const struct flow *flow = story->flow.hot;
    if (!detail || may_block_on_purpose(story))
        return false;
    bool is_answered = detail->speaker == story->server;
    int64_t waited_ns = story->diagnoser->now_ns - watch->since_ns;
    bool gave_up = has_given_up(story);
    if (is_answered) {
        /* That it goes on once its own request was given up does not change why that waited. */
        bool was_deadlock = watch->code == CODE_SERVER_SELF_DEADLOCK && gave_up;
        if (was_deadlock || is_behind_deadlock(story, watch))
            return false;
        int64_t took_ns = (int64_t)detail->response_us * CLOCK_NS_PER_US;
        if (took_ns >= SLOW_NS)
            slow(story, watch, took_ns);
        else
            watch_dismiss(story, watch);
        return false;
    }
    if (flow_is_open(story->flow))
        gather(story, watch);
    if (is_behind_deadlock(story, watch))
        return flow_is_open(story->flow) && !is_over;
    if (gave_up && watch->code == CODE_COUNT) {
        struct finding *found = watch_conclude(story, watch, CODE_NO_RESPONSE, CERTAINTY_SEEN);
        waited_ns = flow->side[story->client].seq_next_ns - watch->since_ns;
        diagnosis_set_most(&found->diagnosis, FACT_WAITED_MS, waited_ns / CLOCK_NS_PER_MS);
        story_name_ends(story, found);
    }
    struct finding *finding = set_due(story, watch, gave_up);
    if (is_over && finding && !finding->said && finding->due_ns > story->diagnoser->now_ns)
        watch_dismiss(story, watch);
    else if (is_over && !finding && waited_ns >= QUEUED_NS && flow->side[story->server].bytes == 0)
        story_name_ends(story, watch_conclude(story, watch, CODE_NO_RESPONSE, CERTAINTY_LIKELY));
    /* A client that gave up may still be answered, too late. */
    return flow_is_open(story->flow) && !is_over;
}
