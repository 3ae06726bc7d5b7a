/*
 * What the rules share: who the ends are, which listener serves an end, what a filter dropped.
 */
#include "diagnose/rules.h"

struct finding *story_add(const struct story *story, enum code code, enum certainty certainty)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding *finding = findings_add(
        findings, (struct finding_key){.code = code, .port = story->port}, story->event->time_ns);
    if (certainty > finding->diagnosis.certainty)
        finding->diagnosis.certainty = (uint8_t)certainty;
    findings_note_flow(findings, finding, story->flow.cold->id);
    return finding;
}

struct finding *story_update(const struct story *story, enum code code, enum certainty certainty,
                             int64_t since_ns)
{
    struct findings *findings = &story->diagnoser->findings;
    struct finding_key key = {.code = code, .port = story->port};
    struct finding *finding = findings_find(findings, key);
    bool is_known =
        finding && (diagnoser_flow_codes(story->diagnoser, story->flow.cold->id) & code_bit(code));
    if (!is_known)
        finding = findings_add(findings, key, since_ns);
    if (certainty > finding->diagnosis.certainty)
        finding->diagnosis.certainty = (uint8_t)certainty;
    findings_note_flow(findings, finding, story->flow.cold->id);
    finding_touch(finding, since_ns);
    return finding;
}

struct party party_of(const struct host_process *process)
{
    struct party party = {.pid = process->pid, .count = 1};
    memcpy(party.comm, process->comm, strnlen(process->comm, sizeof party.comm - 1));
    return party;
}

struct party story_client(const struct story *story)
{
    struct host_process process;
    struct host *host = story->diagnoser->host;
    if (host && host_client(host, story->tuple, story->client, &process))
        return party_of(&process);
    return (struct party){.count = 1};
}

/* Whoever has accepted the connection; before that, whoever listens. */
struct party story_server(const struct story *story)
{
    struct host *host = story->diagnoser->host;
    struct host_socket socket;
    struct host_process process;
    struct host_listener listener;
    if (host && host_socket(host, story->tuple, story->server, &socket) && socket.inode != 0 &&
        host_holders(host, socket.inode, &process, 1) > 0)
        return party_of(&process);
    if (find_listener(story->diagnoser, story->tuple, story->server, &listener))
        return party_of(&listener.process);
    struct host_past past;
    if (host && host_past_listener(host, story->port, &past))
        return party_of(&past.process);
    return (struct party){.count = 1};
}

void finding_name(struct finding *finding, enum fact_name pid, enum fact_name comm,
                  const struct party *party)
{
    if (party->pid == 0)
        return;
    diagnosis_set(&finding->diagnosis, pid, party->pid);
    diagnosis_set_text(&finding->diagnosis, comm, party->comm);
}

void story_name_ends(const struct story *story, struct finding *finding)
{
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (!diagnosis_fact(diagnosis, FACT_ADDRESS))
        diagnosis_set_address(diagnosis, FACT_ADDRESS, &story->tuple->address[story->server],
                              story->tuple->family);
    struct party client = story_client(story), server = story_server(story);
    diagnosis_tally(diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &client);
    if (!diagnosis_fact(diagnosis, FACT_SERVER_PID))
        finding_name(finding, FACT_SERVER_PID, FACT_SERVER_COMM, &server);
}

bool listener_serves(const struct host_listener *listener, const struct tuple *tuple, unsigned end)
{
    const struct host_socket *socket = &listener->socket;
    const struct address *address = &socket->tuple.address[0];
    uint8_t family = socket->tuple.family;
    bool is_any = address_is_any(address, family);
    if (socket->interface != 0 && socket->interface != host_loopback_index() &&
        address_is_loopback(&tuple->address[end], tuple->family))
        return false;
    if (family != tuple->family)
        return family == 6 && is_any && !socket->v6only;
    return is_any || memcmp(address, &tuple->address[end], sizeof *address) == 0;
}

bool find_listener(struct diagnoser *diagnoser, const struct tuple *tuple, unsigned end,
                   struct host_listener *found)
{
    if (!diagnoser->host)
        return false;
    struct host_listener listeners[LOOKED_AT_MAX];
    size_t count = host_listeners(diagnoser->host, tuple->port[end], listeners, LOOKED_AT_MAX);
    for (size_t at = 0; at < count; at++) {
        if (!listener_serves(&listeners[at], tuple, end))
            continue;
        *found = listeners[at];
        return true;
    }
    return false;
}

void finding_name_listener(struct finding *finding, const struct host_listener *listener)
{
    const struct tuple *tuple = &listener->socket.tuple;
    struct party party = party_of(&listener->process);
    finding_name(finding, FACT_LISTENER_PID, FACT_LISTENER_COMM, &party);
    diagnosis_set_address(&finding->diagnosis, FACT_LISTENER_ADDRESS, &tuple->address[0],
                          tuple->family);
}

bool has_tracer(const struct diagnoser *diagnoser)
{
    return diagnoser->host && !(host_missing(diagnoser->host) & HOST_MISSING_TRACER);
}

bool find_filter_drops(const struct story *story, int64_t since_ns, struct filter_drops *drops)
{
    struct host *host = story->diagnoser->host;
    const unsigned ends[] = {story->client, story->server};
    struct host_drops found;
    for (unsigned at = 0; host && at < 2; at++) {
        if (!host_drops(host, story->tuple, ends[at], since_ns, &found) ||
            found.last.value != TRACE_DROP_FILTER)
            continue;
        *drops = (struct filter_drops){
            .count = found.count, .from_client = at == 0, .output = found.last.output};
        return true;
    }
    return false;
}
