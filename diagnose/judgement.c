/*
 * A RST in answer to a SYN looks the same whatever the reason. The host tells them apart: a listener that
 * would have taken the connection (then a packet filter refused it), one on another address, family, device
 * or in another namespace, one that was there before.
 */
#include "diagnose/judgement.h"

void judgement_set(struct judgement *judgement, enum code code, enum certainty certainty)
{
    judgement->code = code;
    judgement->certainty = certainty;
}

/* A listener takes this very address, and yet it was refused. */
static bool judge_firewall(const struct story *story, struct judgement *judgement)
{
    struct filter_drops drops;
    struct trace_event reset;
    struct host *host = story->diagnoser->host;
    int64_t since_ns = story->flow.cold->start_ns - BEFORE_NS;
    if (find_filter_drops(story, since_ns, &drops)) {
        judgement->has_listener =
            find_listener(story->diagnoser, story->tuple, story->server, &judgement->listener);
        judgement->hook = drops.output ? "output" : "input";
        judgement_set(judgement, CODE_REFUSED_FIREWALL, CERTAINTY_PROVED);
        return true;
    }
    if (!find_listener(story->diagnoser, story->tuple, story->server, &judgement->listener))
        return false;
    /* Opened since: it was the server that came up. */
    bool is_older = judgement->listener.opened_ns < story->flow.cold->start_ns - BEFORE_NS;
    bool kernel_refused = host_reset(host, story->tuple, story->server, since_ns, &reset);
    if (!is_older || kernel_refused) {
        judgement_set(judgement, CODE_REFUSED, CERTAINTY_SEEN);
        return !judgement->has_past;
    }
    judgement->has_listener = true;
    judgement_set(judgement, CODE_REFUSED_FIREWALL,
                  has_tracer(story->diagnoser) ? CERTAINTY_PROVED : CERTAINTY_LIKELY);
    return true;
}

static bool is_same_end(const struct tuple *a, const struct tuple *b, unsigned end)
{
    return a->family == b->family &&
           memcmp(&a->address[0], &b->address[end], sizeof a->address[0]) == 0;
}

/* It closed after the refusal, which is judged a moment late: it was there. */
static bool was_open(const struct story *story, const struct host_past *past)
{
    return story->event && past->closed_ns > story->event->time_ns;
}

/* Those that listened on the port when it was tried. */
static size_t listeners_then(const struct story *story, const struct judgement *judgement,
                             struct host_listener *listeners)
{
    size_t count =
        host_listeners(story->diagnoser->host, story->port, listeners, LOOKED_AT_MAX - 1);
    if (judgement->has_past && was_open(story, &judgement->past))
        listeners[count++] = (struct host_listener){
            .socket.tuple = judgement->past.tuple,
            .process = judgement->past.process,
            .opened_ns = judgement->past.opened_ns,
        };
    return count;
}

/* Somebody listens on the port, but not where it was tried. */
static bool judge_other_listener(const struct story *story, struct judgement *judgement)
{
    struct host_listener listeners[LOOKED_AT_MAX];
    size_t count = listeners_then(story, judgement, listeners);
    enum code found = CODE_COUNT;
    for (size_t at = 0; at < count; at++) {
        const struct host_socket *socket = &listeners[at].socket;
        enum code code = CODE_REFUSED_WRONG_FAMILY;
        if (listener_serves(&listeners[at], story->tuple, story->server))
            continue;
        if (socket->interface != 0 && socket->interface != host_loopback_index())
            code = CODE_REFUSED_WRONG_DEVICE;
        else if (socket->tuple.family == story->tuple->family)
            code = CODE_REFUSED_WRONG_ADDRESS;
        /* What is nearest to working is what is told. */
        bool is_better = found == CODE_COUNT ||
                         (found == CODE_REFUSED_WRONG_FAMILY && code != CODE_REFUSED_WRONG_FAMILY);
        if (!is_better)
            continue;
        found = code;
        judgement->listener = listeners[at];
    }
    if (found == CODE_COUNT)
        return false;
    judgement->has_listener = true;
    judgement_set(judgement, found, CERTAINTY_PROVED);
    if (found == CODE_REFUSED_WRONG_DEVICE)
        host_interface_name(story->diagnoser->host, judgement->listener.socket.interface,
                            judgement->device);
    return true;
}

static bool judge_bound(const struct story *story, struct judgement *judgement)
{
    struct host_listener bound[LOOKED_AT_MAX];
    size_t count = host_bound(story->diagnoser->host, story->port, bound, LOOKED_AT_MAX);
    for (size_t at = 0; at < count; at++) {
        if (!listener_serves(&bound[at], story->tuple, story->server))
            continue;
        judgement->listener = bound[at];
        judgement_set(judgement, CODE_REFUSED_BOUND_NOT_LISTENING, CERTAINTY_PROVED);
        return true;
    }
    return false;
}

/* Nobody takes connections at this end: who is nearest to doing so? */
static void judge_absence(const struct story *story, const struct service *service,
                          struct judgement *judgement)
{
    struct host *host = story->diagnoser->host;
    judgement->has_past = host_past_listener(host, story->port, &judgement->past);
    bool has_stopped = judgement->has_past && !was_open(story, &judgement->past);
    bool stopped_here =
        has_stopped && is_same_end(&judgement->past.tuple, story->tuple, story->server);
    if (stopped_here || (service->served > 0 && has_stopped)) {
        judgement_set(judgement, CODE_REFUSED_SERVER_STOPPED, CERTAINTY_PROVED);
        return;
    }
    if (judge_other_listener(story, judgement) || judge_bound(story, judgement))
        return;
    if (has_stopped || service->served > 0) {
        judgement_set(judgement, CODE_REFUSED_SERVER_STOPPED,
                      has_stopped ? CERTAINTY_PROVED : CERTAINTY_SEEN);
        return;
    }
    judgement->has_elsewhere = host_elsewhere(host, story->port, &judgement->elsewhere);
    if (judgement->has_elsewhere) {
        judgement_set(judgement, CODE_NETNS_LISTENER, CERTAINTY_PROVED);
        return;
    }
    judgement->has_listener =
        host_similar_port(host, story->tuple, story->server, &judgement->listener);
    if (judgement->has_listener)
        judgement_set(judgement, CODE_REFUSED_WRONG_PORT, CERTAINTY_LIKELY);
    else if (host_elsewhere_hidden(host))
        judgement_set(judgement, CODE_REFUSED, CERTAINTY_SEEN);
    else
        judgement_set(judgement, CODE_REFUSED_NO_LISTENER,
                      host_missing(host) & HOST_MISSING_NETNS ? CERTAINTY_LIKELY
                                                              : CERTAINTY_PROVED);
}

/* A listener that would have taken the connection, or what is nearest to one. */
void judgement_make(const struct story *story, const struct service *service,
                    struct judgement *judgement)
{
    if (!judge_firewall(story, judgement))
        judge_absence(story, service, judgement);
}

static void set_past(struct diagnosis *diagnosis, const struct host_past *past)
{
    diagnosis_set(diagnosis, FACT_T_STOPPED, past->exited_ns ? past->exited_ns : past->closed_ns);
    if (past->process.pid == 0)
        return;
    diagnosis_set(diagnosis, FACT_WAS_PID, past->process.pid);
    diagnosis_set_text(diagnosis, FACT_WAS_COMM, past->process.comm);
}

static void set_elsewhere(struct finding *finding, const struct host_elsewhere *elsewhere)
{
    struct party party = party_of(&elsewhere->process);
    finding_name(finding, FACT_LISTENER_PID, FACT_LISTENER_COMM, &party);
    if (elsewhere->name[0] != '\0')
        diagnosis_set_text(&finding->diagnosis, FACT_NETNS, elsewhere->name);
    char container[PROCESS_CONTAINER + 1];
    if (process_read_container(elsewhere->process.pid, container))
        diagnosis_set_text(&finding->diagnosis, FACT_CONTAINER, container);
    diagnosis_set(&finding->diagnosis, FACT_NETNS_INODE, elsewhere->netns);
}

static void set_listener(struct finding *finding, const struct judgement *judgement)
{
    const struct host_socket *socket = &judgement->listener.socket;
    finding_name_listener(finding, &judgement->listener);
    if (judgement->code == CODE_REFUSED_WRONG_PORT)
        diagnosis_set(&finding->diagnosis, FACT_LISTENER_PORT, socket->tuple.port[0]);
    if (judgement->code == CODE_REFUSED_WRONG_DEVICE)
        diagnosis_set_text(&finding->diagnosis, FACT_LISTENER_DEVICE, judgement->device);
}

void judgement_note(struct finding *finding, const struct judgement *judgement)
{
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (judgement->has_listener)
        set_listener(finding, judgement);
    if (judgement->code == CODE_REFUSED_SERVER_STOPPED && judgement->has_past)
        set_past(diagnosis, &judgement->past);
    if (judgement->has_elsewhere)
        set_elsewhere(finding, &judgement->elsewhere);
    if (judgement->code == CODE_REFUSED_BOUND_NOT_LISTENING) {
        struct party party = party_of(&judgement->listener.process);
        finding_name(finding, FACT_HOLDER_PID, FACT_HOLDER_COMM, &party);
    }
    if (judgement->code == CODE_REFUSED_NO_LISTENER)
        diagnosis_set(diagnosis, FACT_LISTENER, 0);
    if (judgement->code == CODE_REFUSED_FIREWALL) {
        diagnosis_set_text(diagnosis, FACT_HOW, "tcp-reset");
        if (judgement->hook)
            diagnosis_set_text(diagnosis, FACT_HOOK, judgement->hook);
    }
}

/* The server is there; would it answer? */
static bool judge_presence(struct diagnoser *diagnoser, const struct host_listener *listener,
                           struct diagnosis *diagnosis)
{
    struct host_activity activity;
    const struct host_socket *socket = &listener->socket;
    pid_t pid = listener->process.pid;
    bool is_known = pid != 0 && host_activity(diagnoser->host, pid, &activity);
    bool is_full = socket->queue > socket->queue_limit;
    bool is_stopped = is_known && (activity.state == 'T' || activity.state == 't');
    if (!is_full && !is_stopped)
        return false;
    diagnosis->code = is_stopped ? CODE_SERVER_NOT_ACCEPTING : CODE_TIMEOUT_BACKLOG_FULL;
    if (is_stopped)
        diagnosis_set_text(diagnosis, FACT_PROCESS_STATE, (char[]){activity.state, '\0'});
    diagnosis_set(diagnosis, is_stopped ? FACT_ACCEPT_QUEUE : FACT_QUEUE, socket->queue);
    diagnosis_set(diagnosis, FACT_BACKLOG, socket->queue_limit);
    return true;
}

bool diagnoser_endpoint(struct diagnoser *diagnoser, const struct tuple *tuple, int64_t now_ns,
                        struct diagnosis *diagnosis)
{
    struct finding finding = {.diagnosis = {.port = tuple->port[1],
                                            .certainty = CERTAINTY_PROVED,
                                            .count = 1,
                                            .first_ns = now_ns,
                                            .last_ns = now_ns}};
    const struct service unused = {0};
    struct judgement judgement = {0};
    struct host_listener listener;
    bool fails = true;
    diagnosis_set(&finding.diagnosis, FACT_PORT, tuple->port[1]);
    diagnosis_set_address(&finding.diagnosis, FACT_ADDRESS, &tuple->address[1], tuple->family);
    if (find_listener(diagnoser, tuple, 1, &listener)) {
        fails = judge_presence(diagnoser, &listener, &finding.diagnosis);
        finding_name_listener(&finding, &listener);
    } else {
        judge_absence(
            &(struct story){
                .diagnoser = diagnoser, .tuple = tuple, .server = 1, .port = tuple->port[1]},
            &unused, &judgement);
        /* Nobody tried yet, so nothing was refused. */
        if (judgement.code == CODE_REFUSED)
            judgement_set(&judgement, CODE_REFUSED_NO_LISTENER, CERTAINTY_LIKELY);
        finding.diagnosis.code = (uint8_t)judgement.code;
        finding.diagnosis.certainty = (uint8_t)judgement.certainty;
        judgement_note(&finding, &judgement);
    }
    *diagnosis = finding.diagnosis;
    return fails;
}
