/*
 * Connections that were refused: why, and whether it was a failure at all.
 *
 * A RST in answer to a SYN looks the same whatever the reason. The host tells them apart: a listener
 * that would have taken the connection (then a packet filter refused it), one on another address,
 * family, device or in another namespace, one that was there before, one that comes a moment later.
 */
#include "diagnose/judgement.h"

#define FALLBACK_NS         (2 * CLOCK_NS_PER_S)    /* with the same pid */
#define FALLBACK_UNNAMED_NS (1 * CLOCK_NS_PER_S)    /* whoever it was */
#define STARTING_NS         (60 * CLOCK_NS_PER_S)   /* the server came up that soon after */
#define JUDGED_ANEW_NS      (500 * CLOCK_NS_PER_MS) /* the host is asked again after this */

/* What starting servers supersede. */
#define REFUSED_CODES                                                                              \
    (code_bit(CODE_REFUSED) | code_bit(CODE_REFUSED_NO_LISTENER) |                                 \
     code_bit(CODE_REFUSED_WRONG_ADDRESS) | code_bit(CODE_REFUSED_WRONG_FAMILY) |                  \
     code_bit(CODE_REFUSED_WRONG_PORT) | code_bit(CODE_REFUSED_SERVER_STOPPED) |                   \
     code_bit(CODE_REFUSED_BOUND_NOT_LISTENING) | code_bit(CODE_REFUSED_WRONG_DEVICE) |            \
     code_bit(CODE_NETNS_LISTENER))

/* On one machine nothing but a packet filter answers a SYN with an ICMP error: the kernel sends RST.
 * From elsewhere it is one when it says so, or when it names a port. */
static bool is_filter_icmp(const struct story *story)
{
    uint8_t type = (uint8_t)(story->event->arg >> 8), code = (uint8_t)story->event->arg;
    const struct tuple *tuple = story->tuple;
    if (tuple->family == 4)
        return type == 3 && (story->is_local || code == 3 || code == 9 || code == 10 || code == 13);
    return type == 1 && (story->is_local || code == 1 || code == 4 || code == 5 || code == 6);
}

static void refused_by_icmp(const struct story *story, const struct party *client)
{
    struct host_listener listener;
    struct filter_drops drops;
    bool is_proved = find_filter_drops(story, story->flow.cold->start_ns - BEFORE_NS, &drops);
    struct finding *finding =
        story_add(story, CODE_REFUSED_FIREWALL, is_proved ? CERTAINTY_PROVED : CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    char icmp[16];
    struct text text = text_begin(icmp, sizeof icmp);
    text_add(&text, "%u/%u", story->event->arg >> 8, story->event->arg & 0xff);
    diagnosis_set_text(diagnosis, FACT_HOW, "icmp");
    diagnosis_set_text(diagnosis, FACT_ICMP, icmp);
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &story->tuple->address[story->server],
                          story->tuple->family);
    if (is_proved)
        diagnosis_set_text(diagnosis, FACT_HOOK, drops.output ? "output" : "input");
    if (find_listener(story->diagnoser, story->tuple, story->server, &listener))
        finding_name_listener(finding, &listener);
    diagnosis_set(diagnosis, FACT_ATTEMPTS, (int64_t)diagnosis->count);
    diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, client);
}

/* Asking the host costs, and 1,000 refusals of a retry loop have one reason. */
static enum code judge_again(const struct story *story, struct service *service,
                             struct judgement *judgement)
{
    int64_t now_ns = story->event->time_ns;
    if (!story->diagnoser->host) {
        judgement_set(judgement, service->served > 0 ? CODE_REFUSED_SERVER_STOPPED : CODE_REFUSED,
                      CERTAINTY_SEEN);
        return judgement->code;
    }
    if (service->judged_ns != 0 && now_ns - service->judged_ns < JUDGED_ANEW_NS &&
        findings_find(&story->diagnoser->findings,
                      (struct finding_key){.code = (enum code)service->code, .port = story->port}))
        return service->code;
    judgement_make(story, service, judgement);
    service->judged_ns = now_ns;
    service->code = (uint8_t)judgement->code;
    return judgement->code;
}

static void remember(const struct story *story, enum code code, const struct party *client)
{
    struct diagnoser *diagnoser = story->diagnoser;
    unsigned at = diagnoser->refusal_next++ % REFUSALS_MAX;
    bool is_ipv6 = story->tuple->family == 6;
    diagnoser->refusals_of_family[!is_ipv6] &= ~(UINT64_C(1) << at);
    diagnoser->refusals_of_family[is_ipv6] |= UINT64_C(1) << at;
    diagnoser->refusal_ports[at] = story->port;
    diagnoser->refusals[at] = (struct refusal){
        .time_ns = story->event->time_ns,
        .address = story->tuple->address[story->server],
        .family = story->tuple->family,
        .code = (uint8_t)code,
        .port = story->port,
        .pid = client->pid,
    };
    diagnoser->refusal_last_ns = story->event->time_ns;
    diagnoser->refusal_of_family_ns[is_ipv6] = story->event->time_ns;
}

/* Now it is known why. */
static void take_over_unknown(const struct story *story, struct finding *finding)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding *unknown =
        findings_find(findings, (struct finding_key){.code = CODE_REFUSED, .port = story->port});
    if (!unknown || !story->diagnoser->host)
        return;
    finding->diagnosis.count += unknown->diagnosis.count;
    findings_withdraw(findings, unknown, finding);
}

/* The address that was tried first, and another: localhost stands for two. */
static void note_address(struct diagnosis *diagnosis, const struct service *service)
{
    const struct fact *first = diagnosis_fact(diagnosis, FACT_ADDRESS);
    if (!first) {
        diagnosis_set_address(diagnosis, FACT_ADDRESS, &service->address, service->family);
        return;
    }
    char written[FACT_TEXT_SIZE];
    struct text text = text_begin(written, sizeof written);
    text_add_address(&text, &service->address, service->family);
    if (strcmp(written, first->text) != 0)
        diagnosis_set_text(diagnosis, FACT_OTHER_ADDRESS, written);
}

void rule_refused(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    struct party client = story_client(story);
    struct service *service =
        services_get(&diagnoser->services, story->tuple, story->server, story->event->time_ns);
    /* A server that is away for a moment is no guess of a scanner. */
    if (service->served == 0 && scan_note(story, &client))
        return;
    if (story->event->kind == EVENT_REFUSED && story->event->arg != 0 && is_filter_icmp(story)) {
        refused_by_icmp(story, &client);
        return;
    }
    struct judgement judgement = {.certainty = CERTAINTY_LIKELY}; /* as it was before */
    enum code code = judge_again(story, service, &judgement);
    if (service->refused++ == 0)
        service->refused_first_ns = story->event->time_ns;
    service->refused_ns = story->event->time_ns;
    struct finding *finding = story_add(story, code, judgement.certainty);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (code != CODE_REFUSED)
        take_over_unknown(story, finding);
    judgement_note(finding, &judgement);
    note_address(diagnosis, service);
    diagnosis_set(diagnosis, FACT_ATTEMPTS, (int64_t)diagnosis->count);
    diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    remember(story, code, &client);
}

void rule_udp_refused(const struct story *story)
{
    struct host *host = story->diagnoser->host;
    struct host_socket socket;
    struct host_process process = {0};
    struct host_drops drops = {0};
    int64_t since_ns = story->flow.cold->start_ns - BEFORE_NS;
    bool is_dropped = host && host_drops(host, story->tuple, story->client, since_ns, &drops);
    bool is_filter = is_dropped && drops.last.value == TRACE_DROP_FILTER;
    struct party client = {.count = 1};
    if (host && host_udp_socket(host, story->tuple, story->client, &socket) &&
        host_holders(host, socket.inode, &process, 1) > 0)
        client = party_of(&process);
    else if (is_dropped && drops.last.pid != 0) {
        client.pid = drops.last.pid;
        memcpy(client.comm, drops.last.comm, sizeof client.comm);
    }
    struct finding *finding =
        story_update(story, is_filter ? CODE_REFUSED_FIREWALL : CODE_UDP_REFUSED,
                     is_dropped ? CERTAINTY_PROVED : CERTAINTY_SEEN, story->event->time_ns);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &story->tuple->address[story->server],
                          story->tuple->family);
    if (is_filter)
        diagnosis_set_text(diagnosis, FACT_HOW, "icmp");
    diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    if (!is_filter)
        watch_begin(story, WATCH_UDP, story->event->time_ns);
}

/* The refusal was the first try of a client that knew another way. */
static void take_back(struct diagnoser *diagnoser, struct refusal *refusal)
{
    struct findings *findings = &diagnoser->findings;
    struct finding *finding = findings_find(
        findings, (struct finding_key){.code = (enum code)refusal->code, .port = refusal->port});
    refusal->code = CODE_COUNT;
    if (!finding)
        return;
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (--diagnosis->count == 0) {
        findings_withdraw(findings, finding, NULL);
        return;
    }
    diagnosis_set(diagnosis, FACT_ATTEMPTS, (int64_t)diagnosis->count);
    diagnosis_forget(diagnosis, FACT_OTHER_ADDRESS);
}

/* Happy eyeballs (RFC 8305): refused at one address, served at another, at once. */
static void look_for_fallback(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    int64_t now_ns = story->event->time_ns;
    bool is_other_ipv6 = story->tuple->family != 6;
    int64_t other_ns = diagnoser->refusal_of_family_ns[is_other_ipv6];
    if (other_ns == 0 || now_ns - other_ns > FALLBACK_NS)
        return;
    int32_t pid = -1; /* not asked for yet */
    uint64_t others = diagnoser->refusals_of_family[is_other_ipv6];
    for (; others; others &= others - 1) {
        unsigned at = (unsigned)__builtin_ctzll(others);
        struct refusal *refusal = &diagnoser->refusals[at];
        int64_t age_ns = now_ns - refusal->time_ns;
        if (diagnoser->refusal_ports[at] != story->port || refusal->code == CODE_COUNT ||
            age_ns > FALLBACK_NS)
            continue;
        if (pid < 0)
            pid = story_client(story).pid;
        bool is_same = pid != 0 && refusal->pid == pid;
        bool is_unnamed = (pid == 0 || refusal->pid == 0) && age_ns <= FALLBACK_UNNAMED_NS;
        if (is_same || is_unnamed)
            take_back(diagnoser, refusal);
    }
}

/* The server was refused at before, and answers now. */
static void server_came_up(const struct story *story, struct service *service)
{
    struct diagnoser *diagnoser = story->diagnoser;
    struct finding *finding = story_add(story, CODE_REFUSED_SERVER_STARTING, CERTAINTY_SEEN);
    struct diagnosis *diagnosis = &finding->diagnosis;
    int64_t attempts = diagnosis_number(diagnosis, FACT_ATTEMPTS, 0) + service->refused;
    for (uint64_t codes = REFUSED_CODES; codes; codes &= codes - 1) {
        struct finding *old = findings_find(
            &diagnoser->findings,
            (struct finding_key){.code = (enum code)__builtin_ctzll(codes), .port = story->port});
        for (unsigned at = 0; old && at < old->diagnosis.client_count; at++)
            diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM,
                            &old->diagnosis.clients[at]);
    }
    findings_supersede(&diagnoser->findings, REFUSED_CODES, finding);
    finding_touch(finding, service->refused_first_ns);
    diagnosis_set(diagnosis, FACT_ATTEMPTS, attempts);
    diagnosis_set_address(diagnosis, FACT_ADDRESS, &service->address, service->family);
    struct host_listener listener;
    int64_t listening_ns = story->flow.cold->start_ns;
    if (find_listener(diagnoser, story->tuple, story->server, &listener)) {
        finding_name_listener(finding, &listener);
        finding->diagnosis.certainty = CERTAINTY_PROVED;
        if (listener.opened_ns > service->refused_first_ns)
            listening_ns = listener.opened_ns;
    }
    diagnosis_set(diagnosis, FACT_T_LISTENING, listening_ns);
}

void rule_established(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    int64_t now_ns = story->event->time_ns;
    if (story->flow.hot->flags & FLOW_FLAG_SELF) {
        struct finding *finding = story_add(story, CODE_SELF_CONNECT, CERTAINTY_SEEN);
        struct party client = story_client(story);
        diagnosis_tally(&finding->diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
        return;
    }
    struct service *service =
        services_get(&diagnoser->services, story->tuple, story->server, now_ns);
    look_for_fallback(story);
    scan_found(story);
    if (service->refused > 0 && now_ns - service->refused_ns < STARTING_NS)
        server_came_up(story, service);
    service->refused = 0;
    service->judged_ns = 0;
    service->served++;
    service->served_ns = now_ns;
    rule_listeners(story);
    struct watch *watch = watch_find(diagnoser, story->event->flow);
    if (watch && watch->kind == WATCH_SYN)
        (void)watch_look(story, watch, false);
}
