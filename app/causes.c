#include "app/causes.h"

#include "base/clock.h"
#include "host/helper.h"

static bool passes_filter(const void *context, const struct tuple *tuple)
{
    return endpoints_pass(context, tuple);
}

int causes_open(struct causes *causes, const char *filter, bool live, struct kept *kept,
                struct err *err)
{
    causes->kept = kept;
    struct err trouble;
    int failed = endpoints_open(&causes->endpoints, filter, err);
    if (failed)
        return failed;
    causes->live = live;
    causes->offset_ns = clock_offset_ns();
    if (live && host_open(&causes->host, &(struct host_options){.trace = true}, &trouble) != 0)
        causes->host = NULL;
    failed = diagnoser_open(&causes->diagnoser, causes->host, err);
    if (!failed)
        diagnoser_restrict(causes->diagnoser,
                           (struct diagnoser_scope){causes->endpoints, passes_filter});
    return failed;
}

void causes_close(struct causes *causes)
{
    diagnoser_close(causes->diagnoser);
    endpoints_close(causes->endpoints);
    host_close(causes->host);
}

const struct names *causes_names(const struct causes *causes)
{
    return causes->host ? host_names(causes->host) : causes->kept->names;
}

uint32_t causes_missing(const struct causes *causes, struct report_missing *missing)
{
    uint32_t count = 0;
    if (!causes->live)
        return 0;
    uint32_t bits = causes->host ? host_missing(causes->host) : UINT32_MAX;
    /* What the helper was for is told with the gaps. */
    if (causes->host && helper_is_lost(host_helper(causes->host)))
        bits &= HOST_MISSING_TRACER;
    if (bits & HOST_MISSING_TRACER)
        missing[count++] = (struct report_missing){
            "tracer", causes->host ? host_tracer_trouble(causes->host) : "no kernel events"};
    if (bits & HOST_MISSING_PROCESSES)
        missing[count++] = (struct report_missing){
            "processes", "processes of other users stay unnamed; sudo loflow names them"};
    if (bits & HOST_MISSING_NETNS)
        missing[count++] = (struct report_missing){"netns", CAUSES_NO_NETNS};
    return count;
}

uint32_t causes_gaps(struct causes *causes, struct report_missing *gaps)
{
    uint32_t count = 0;
    uint64_t lost = causes->host ? host_lost(causes->host) : 0;
    int64_t unwatched_ns = causes->host ? host_unwatched_ns(causes->host) : 0;
    if (lost > 0) {
        struct text text = text_begin(causes->lost, sizeof causes->lost);
        text_add_grouped(&text, lost);
        text_add(&text,
                 " kernel events were lost, as too many came at once: names and reasons may be "
                 "missing");
        gaps[count++] = (struct report_missing){"events", causes->lost};
    }
    if (unwatched_ns > 0) {
        struct text text = text_begin(causes->unwatched, sizeof causes->unwatched);
        text_add(&text, "for ");
        text_add_span(&text, unwatched_ns);
        text_add(&text, " the machine was so busy that failed bind, listen and connect calls were "
                        "looked at only now and then");
        gaps[count++] = (struct report_missing){"calls", causes->unwatched};
    }
    if (causes->host && helper_is_lost(host_helper(causes->host))) {
        struct text text = text_begin(causes->helper, sizeof causes->helper);
        text_add(&text, "processes and other network namespaces are not looked into: %s",
                 helper_trouble(host_helper(causes->host)));
        gaps[count++] = (struct report_missing){"helper", causes->helper};
    }
    return count;
}

/* By the sockets, which must be asked at once: a moment later they may be gone. */
static void name_by_sockets(struct causes *causes, struct tracker *tracker,
                            const struct flow_event *event)
{
    struct flow_view flow;
    struct names *names = host_names(causes->host);
    if (!tracker_look(tracker, event->flow, &flow))
        return;
    unsigned client = flow.hot->client;
    const struct tuple *tuple = &flow.hot->tuple;
    if (host_missing(causes->host) & HOST_MISSING_TRACER)
        tracker_set_owner(tracker, event->flow, client, names_client(names, tuple, client));
    tracker_set_owner(tracker, event->flow, !client, names_server(names, tuple, !client));
}

/* Where no socket told, or one whose holder may have ended before it is found. */
static void name_server(struct causes *causes, struct tracker *tracker,
                        const struct flow_event *event, const struct flow_view *flow)
{
    struct host_process process;
    struct names *names = host_names(causes->host);
    unsigned server = !flow->hot->client;
    uint32_t ticket = flow->cold->owner[server];
    if (names_owner(names, ticket) ||
        !host_server(causes->host, &flow->hot->tuple, server, event->time_ns, &process))
        return;
    if (ticket == 0)
        tracker_set_owner(tracker, event->flow, server, names_process(names, &process));
    else
        names_spare(names, ticket, &process);
}

/* By the tracer, which has told by now who connected, and who called listen. */
static void name_by_tracer(struct causes *causes, struct tracker *tracker,
                           const struct flow_event *event)
{
    struct flow_view flow;
    struct host_process process;
    if (!tracker_look(tracker, event->flow, &flow) || flow.hot->tuple.protocol != PROTOCOL_TCP)
        return;
    unsigned client = flow.hot->client;
    if (flow.cold->owner[client] == 0 &&
        host_client(causes->host, &flow.hot->tuple, client, &process))
        tracker_set_owner(tracker, event->flow, client,
                          names_process(host_names(causes->host), &process));
    if (event->kind == EVENT_ESTABLISHED)
        name_server(causes, tracker, event, &flow);
}

static void take(struct causes *causes, struct tracker *tracker, const struct flow_event *event)
{
    bool is_told = event->kind == EVENT_ESTABLISHED || event->kind == EVENT_REFUSED ||
                   event->kind == EVENT_NO_ANSWER;
    if (causes->host && is_told)
        name_by_tracer(causes, tracker, event);
    diagnoser_event(causes->diagnoser, tracker, event);
}

static void take_first(struct causes *causes, struct tracker *tracker)
{
    const struct flow_event event = causes->waiting[causes->first];
    causes->first = (causes->first + 1) % CAUSES_WAITING;
    causes->count--;
    take(causes, tracker, &event);
}

void causes_event(struct causes *causes, struct tracker *tracker, const struct flow_event *event)
{
    if (causes->host && event->kind == EVENT_ESTABLISHED)
        name_by_sockets(causes, tracker, event);
    if (!(diagnoser_wants() >> event->kind & 1))
        return;
    if (!causes->host) {
        take(causes, tracker, event);
        return;
    }
    if (causes->count == CAUSES_WAITING)
        take_first(causes, tracker);
    causes->waiting[(causes->first + causes->count++) % CAUSES_WAITING] = *event;
    /* The record goes: what waits for it can wait no longer. */
    while (event->kind == EVENT_RETIRED && causes->count > 0)
        take_first(causes, tracker);
}

static void take_trace(void *context, const struct trace_event *event)
{
    struct causes *causes = context;
    if (causes->also)
        causes->also(causes->also_context, event);
    /* Who watches one port is not told of others. */
    if (event->kind != TRACE_EXIT && !endpoints_pass(causes->endpoints, &event->tuple))
        return;
    kept_trace(causes->kept, event);
    diagnoser_trace(causes->diagnoser, event);
}

void causes_poll(struct causes *causes, struct tracker *tracker)
{
    if (!causes->host)
        return;
    host_poll(causes->host, take_trace, causes);
    int64_t now_ns = causes->count > 0 ? clock_monotonic_ns() + causes->offset_ns : 0;
    while (causes->count > 0 && now_ns - causes->waiting[causes->first].time_ns >= CAUSES_DELAY_NS)
        take_first(causes, tracker);
}

void causes_tick(struct causes *causes, struct tracker *tracker, int64_t now_ns)
{
    causes_poll(causes, tracker);
    if (causes->host)
        host_tick(causes->host, now_ns);
    diagnoser_tick(causes->diagnoser, tracker, now_ns);
}

void causes_finish(struct causes *causes, struct tracker *tracker)
{
    causes_poll(causes, tracker);
    while (causes->count > 0)
        take_first(causes, tracker);
    diagnoser_finish(causes->diagnoser, tracker);
    if (causes->host)
        names_resolve(host_names(causes->host), clock_monotonic_ns());
}
