#include "app/kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "capture/notes.h"

#define PROBES 16u

static void note(struct kept *kept, const struct text *text)
{
    if (kept->failed == 0)
        kept->failed = writer_note(kept->writer, text->at, &kept->trouble);
}

static uint32_t place_of(int64_t start_ns, uint32_t probe)
{
    uint64_t mixed = (uint64_t)start_ns * UINT64_C(0x9e3779b97f4a7c15);
    return ((uint32_t)(mixed >> 40) + probe) % KEPT_FLOWS;
}

static void load_flow(struct kept *kept, const struct evidence_flow *flow)
{
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        struct evidence_flow *place = &kept->flows[place_of(flow->start_ns, probe)];
        if (place->start_ns != 0)
            continue;
        *place = *flow;
        (void)tuple_canonicalize(&place->tuple);
        if (place->tuple.port[0] != flow->tuple.port[0] ||
            memcmp(&place->tuple.address[0], &flow->tuple.address[0],
                   sizeof flow->tuple.address[0]) != 0) {
            place->process[0] = flow->process[1];
            place->process[1] = flow->process[0];
        }
        return;
    }
}

static void load_listener(struct kept *kept, const struct host_listener *listener)
{
    if (!kept->ports)
        kept->ports = calloc(1, sizeof *kept->ports);
    /* Notes of before they told more than a sentence. */
    if (!kept->ports || listener->socket.tuple.family == 0)
        return;
    if (kept->ports->count == PORT_LIST_MAX) {
        kept->ports->left_out++;
        return;
    }
    struct port_line *line = &kept->ports->lines[kept->ports->count++];
    *line = (struct port_line){.socket = listener->socket,
                               .process = listener->process,
                               .holders = listener->process.pid != 0,
                               .queue_most = listener->socket.queue,
                               .process_age_s = -1};
    line->socket.state = SOCKET_LISTEN;
    line->socket.tuple.protocol = PROTOCOL_TCP;
}

static int compare_lines(const void *a, const void *b)
{
    const struct tuple *one = &((const struct port_line *)a)->socket.tuple;
    const struct tuple *other = &((const struct port_line *)b)->socket.tuple;
    if (one->port[0] != other->port[0])
        return one->port[0] - other->port[0];
    if (one->family != other->family)
        return one->family - other->family;
    return memcmp(&one->address[0], &other->address[0], sizeof one->address[0]);
}

static void finish_ports(struct port_list *list)
{
    list->number = 1;
    list->listening = list->count;
    qsort(list->lines, list->count, sizeof list->lines[0], compare_lines);
}

struct load {
    struct kept *kept;
    struct diagnoser *diagnoser;
    struct evidence evidence;
};

static void load_note(void *context, const char *note_text)
{
    struct load *load = context;
    evidence_read(&load->evidence, note_text);
    if (load->evidence.kind == EVIDENCE_DIAGNOSIS)
        diagnoser_adopt(load->diagnoser, &load->evidence.diagnosis);
    else if (load->evidence.kind == EVIDENCE_FLOW && load->kept->flows)
        load_flow(load->kept, &load->evidence.flow);
    else if (load->evidence.kind == EVIDENCE_LISTENER)
        load_listener(load->kept, &load->evidence.listener);
}

void kept_load(struct kept *kept, int fd, struct diagnoser *diagnoser)
{
    struct err err;
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        return;
    load->kept = kept;
    load->diagnoser = diagnoser;
    kept->flows = calloc(KEPT_FLOWS, sizeof *kept->flows);
    uint32_t count = notes_read_open(fd, load_note, load);
    free(load);
    if (kept->ports)
        finish_ports(kept->ports);
    if (count > 0 && kept->flows && names_open_told(&kept->names, &err) == 0)
        return;
    free(kept->flows);
    kept->flows = NULL;
    kept->names = NULL;
}

void kept_close(struct kept *kept)
{
    free(kept->flows);
    free(kept->ports);
    names_close(kept->names);
}

void kept_name(const struct kept *kept, struct tracker *tracker, const struct flow_event *event)
{
    struct flow_view flow;
    if (!kept->names || !tracker_look(tracker, event->flow, &flow))
        return;
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        const struct evidence_flow *known = &kept->flows[place_of(flow.cold->start_ns, probe)];
        if (known->start_ns != flow.cold->start_ns || !tuple_equal(&known->tuple, &flow.hot->tuple))
            continue;
        for (unsigned end = 0; end < 2; end++) {
            if (known->process[end].pid != 0)
                tracker_set_owner(tracker, event->flow, end,
                                  names_process(kept->names, &known->process[end]));
        }
        return;
    }
}

static struct host_process process_of(const struct names *names, struct flow_view flow,
                                      unsigned end)
{
    struct host_process process = {0};
    const struct owner *owner = names ? names_owner(names, flow.cold->owner[end]) : NULL;
    if (!owner)
        return process;
    process.pid = owner->pid;
    memcpy(process.comm, owner->comm, sizeof process.comm);
    memcpy(process.command, owner->command, sizeof process.command);
    return process;
}

void kept_flow(struct kept *kept, const struct names *names, struct flow_view flow)
{
    char line[EVIDENCE_MAX];
    if (!kept->writer)
        return;
    unsigned client = flow.hot->client;
    struct evidence_flow found = {
        .tuple = flow.hot->tuple,
        .start_ns = flow.cold->start_ns,
        .process = {process_of(names, flow, client), process_of(names, flow, !client)}};
    if (found.process[0].pid == 0 && found.process[1].pid == 0)
        return;
    for (unsigned end = 0; end < 2; end++) {
        found.tuple.address[end] = flow.hot->tuple.address[end == 0 ? client : !client];
        found.tuple.port[end] = flow.hot->tuple.port[end == 0 ? client : !client];
    }
    struct text text = text_begin(line, sizeof line);
    text_add_flow_note(&text, &found);
    note(kept, &text);
}

void kept_diagnosis(struct kept *kept, const struct diagnosis *diagnosis)
{
    char line[EVIDENCE_MAX];
    if (!kept->writer)
        return;
    struct text text = text_begin(line, sizeof line);
    text_add_diagnosis_note(&text, diagnosis);
    note(kept, &text);
}

void kept_trace(struct kept *kept, const struct trace_event *event)
{
    char line[EVIDENCE_MAX];
    if (!kept->writer)
        return;
    struct text text = text_begin(line, sizeof line);
    text_add_kernel_note(&text, event);
    note(kept, &text);
}

static void note_listener(void *context, const struct host_listener *listener)
{
    char line[EVIDENCE_MAX];
    struct text text = text_begin(line, sizeof line);
    text_add_listener_note(&text, listener, clock_wall_ns());
    note(context, &text);
}

void kept_listeners(struct kept *kept, struct host *host)
{
    if (kept->writer && host)
        host_each_listener(host, note_listener, kept);
}

static void add_end(struct text *text, struct host *host, const struct tuple *tuple, unsigned end,
                    bool is_client)
{
    struct host_process process = {0};
    struct host_listener listener;
    struct host_past past;
    if (is_client)
        (void)host_client(host, tuple, end, &process);
    else if (host_listeners(host, tuple->port[end], &listener, 1) > 0)
        process = listener.process;
    else if (host_past_listener(host, tuple->port[end], &past))
        process = past.process;
    if (process.pid == 0)
        text_add_string(text, "?");
    else {
        text_add_untrusted(text, process.comm, strlen(process.comm));
        text_add(text, "(%d)", (int)process.pid);
    }
    text_add(text, ":%u", tuple->port[end]);
}

void kept_comments(struct kept *kept, struct host *host, const struct tracker *tracker,
                   const struct packet_batch *packets, const struct event_list *events,
                   const char *comments[FRAME_BATCH_MAX])
{
    for (uint32_t at = events->from; at < events->to; at++) {
        const struct packet *packet = &packets->packets[at];
        struct flow_view flow;
        comments[at] = NULL;
        if (!host || packet->kind != PACKET_TCP ||
            !(packet->flags & (TCP_SYN | TCP_FIN | TCP_RST)) ||
            !tracker_look(tracker, events->notes[at].flow, &flow))
            continue;
        unsigned client = flow.hot->client;
        struct text text = text_begin(kept->comments[at], KEPT_COMMENT);
        add_end(&text, host, &flow.hot->tuple, client, true);
        text_add_string(&text, " -> ");
        add_end(&text, host, &flow.hot->tuple, !client, false);
        comments[at] = kept->comments[at];
    }
}
