#include "diagnose/diagnoser.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/rules.h"

/* Between two looks for something to tell. */
#define LOOK_NS (50 * CLOCK_NS_PER_MS)

static const struct {
    void (*rule)(const struct story *story);
    bool tcp, udp;
} rules[EVENT_KIND_COUNT] = {
    [EVENT_ESTABLISHED] = {rule_established, true, false},
    [EVENT_REFUSED] = {rule_refused, true, true},
    [EVENT_RESET] = {rule_reset, true, false},
    [EVENT_NO_ANSWER] = {rule_unanswered, true, false},
    [EVENT_RETRANSMISSION] = {rule_retransmission, true, false},
    [EVENT_STALLED] = {rule_stalled, true, false},
    [EVENT_HELD_BACK] = {rule_held_back, true, false},
    [EVENT_CLOSED] = {rule_closed, true, false},
    [EVENT_RETIRED] = {rule_retired, true, false},
};

int diagnoser_open(struct diagnoser **diagnoser, struct host *host, struct err *err)
{
    struct diagnoser *opened = calloc(1, sizeof *opened);
    *diagnoser = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for diagnoses; close other programs");
    opened->host = host;
    opened->looked_ns = INT64_MIN;
    return 0;
}

void diagnoser_close(struct diagnoser *diagnoser)
{
    free(diagnoser);
}

void diagnoser_restrict(struct diagnoser *diagnoser, struct diagnoser_scope scope)
{
    diagnoser->scope = scope;
}

void diagnoser_copy(struct diagnoser *diagnoser, const struct diagnoser *from)
{
    *diagnoser = *from;
}

uint32_t diagnoser_wants(void)
{
    uint32_t wanted = 0;
    for (int kind = 0; kind < EVENT_KIND_COUNT; kind++)
        wanted |= (uint32_t)(rules[kind].rule != NULL) << kind;
    return wanted;
}

static bool story_of(struct story *story, struct diagnoser *diagnoser,
                     const struct tracker *tracker, const struct flow_event *event)
{
    *story = (struct story){.diagnoser = diagnoser, .tracker = tracker, .event = event};
    if (!tracker_look(tracker, event->flow, &story->flow))
        return false;
    story->tuple = &story->flow.hot->tuple;
    story->client = story->flow.hot->client;
    story->server = !story->client;
    story->port = story->tuple->port[story->server];
    story->is_local = address_is_loopback(&story->tuple->address[0], story->tuple->family) ||
                      memcmp(&story->tuple->address[0], &story->tuple->address[1],
                             sizeof story->tuple->address[0]) == 0;
    return true;
}

void diagnoser_event(struct diagnoser *diagnoser, const struct tracker *tracker,
                     const struct flow_event *event)
{
    struct story story;
    if (diagnoser->is_adopted || !rules[event->kind].rule ||
        !story_of(&story, diagnoser, tracker, event))
        return;
    if (event->time_ns > diagnoser->now_ns)
        diagnoser->now_ns = event->time_ns;
    if (story.tuple->protocol == PROTOCOL_TCP)
        rules[event->kind].rule(&story);
    else if (event->kind == EVENT_REFUSED)
        rule_udp_refused(&story);
    /* A flow that leaves is looked at for the last time. */
    struct watch *watch =
        event->kind == EVENT_RETIRED || event->kind == EVENT_CLOSED || event->kind == EVENT_RESET
            ? watch_find(diagnoser, event->flow)
            : NULL;
    if (watch)
        (void)watch_look(&story, watch, event->kind == EVENT_RETIRED);
}

void diagnoser_trace(struct diagnoser *diagnoser, const struct trace_event *event)
{
    if (event->time_ns > diagnoser->now_ns)
        diagnoser->now_ns = event->time_ns;
    if (event->kind == TRACE_CALL)
        rule_call(diagnoser, event);
    else if (event->kind == TRACE_DROP)
        rule_drop(diagnoser, event);
}

void diagnoser_adopt(struct diagnoser *diagnoser, const struct diagnosis *diagnosis)
{
    struct findings *findings = &diagnoser->findings;
    struct finding *finding = findings_add(findings,
                                           (struct finding_key){.code = diagnosis->code,
                                                                .port = diagnosis->port,
                                                                .netns = diagnosis->netns},
                                           diagnosis->last_ns);
    diagnoser->is_adopted = true;
    finding->diagnosis = *diagnosis;
    finding->due_ns = INT64_MIN;
    finding->since_ns = diagnosis->last_ns;
    for (unsigned at = 0; at < diagnosis->flow_count; at++)
        findings_note_flow(findings, finding, diagnosis->flows[at]);
    findings_supersede(findings, diagnosis->supersedes, finding);
    finding->diagnosis.supersedes = diagnosis->supersedes;
}

static void look_at_watches(struct diagnoser *diagnoser, const struct tracker *tracker,
                            bool is_over)
{
    uint32_t kept = 0;
    memset(diagnoser->watched, 0, sizeof diagnoser->watched);
    for (uint32_t at = 0; at < diagnoser->watch_count; at++) {
        struct watch watch = diagnoser->watches[at];
        struct story story;
        const struct flow_event event = {.flow = watch.flow, .time_ns = diagnoser->now_ns};
        if (!story_of(&story, diagnoser, tracker, &event))
            continue;
        diagnoser->watches[kept] = watch;
        if (!watch_look(&story, &diagnoser->watches[kept], is_over))
            continue;
        watch_note(diagnoser, watch.flow);
        kept++;
    }
    diagnoser->watch_count = kept;
}

void diagnoser_tick(struct diagnoser *diagnoser, const struct tracker *tracker, int64_t now_ns)
{
    if (now_ns > diagnoser->now_ns)
        diagnoser->now_ns = now_ns;
    if (diagnoser->watch_count > 0)
        look_at_watches(diagnoser, tracker, false);
    if (!diagnoser->host)
        return;
    rule_output_drops(diagnoser);
    rule_pairs(diagnoser);
    rule_sweep(diagnoser);
}

void diagnoser_finish(struct diagnoser *diagnoser, const struct tracker *tracker)
{
    if (tracker_stats(tracker)->last_ns > diagnoser->now_ns)
        diagnoser->now_ns = tracker_stats(tracker)->last_ns;
    look_at_watches(diagnoser, tracker, true);
    if (diagnoser->host)
        rule_pairs(diagnoser);
    diagnoser->swept_ns = 0;
    rule_sweep(diagnoser);
}

const struct diagnosis *diagnoser_next(struct diagnoser *diagnoser, bool final)
{
    if (!final && diagnoser->now_ns - LOOK_NS < diagnoser->looked_ns)
        return NULL;
    const struct diagnosis *found = findings_next(&diagnoser->findings, diagnoser->now_ns, final);
    if (!found)
        diagnoser->looked_ns = diagnoser->now_ns;
    return found;
}

const struct diagnosis *diagnoser_walk(const struct diagnoser *diagnoser, uint32_t *at)
{
    while (*at < FINDINGS_MAX) {
        uint32_t row = (*at)++;
        if (diagnoser->findings.keys[row] != 0)
            return &diagnoser->findings.rows[row].diagnosis;
    }
    return NULL;
}

int64_t diagnoser_since(const struct diagnoser *diagnoser, uint32_t at)
{
    return diagnoser->findings.rows[at - 1].since_ns;
}

uint64_t diagnoser_made(const struct diagnoser *diagnoser)
{
    return diagnoser->findings.made;
}

uint64_t diagnoser_flow_codes(const struct diagnoser *diagnoser, uint64_t flow_id)
{
    uint32_t at = (uint32_t)(flow_id % FLOW_CODES_MAX);
    bool is_known = diagnoser->findings.flow_codes[at].flow_id == flow_id;
    return is_known ? diagnoser->findings.flow_codes[at].codes : 0;
}

uint64_t diagnoser_forgotten(const struct diagnoser *diagnoser)
{
    return diagnoser->findings.forgotten;
}
