/*
 * Connections that were ended by RST: who did it, and why.
 *
 * A RST with ACK comes from a socket that was closed with something unread, or on purpose; one without
 * from a host that has no such connection, or has closed it (RFC 9293 section 3.5.2). The kernel's reason,
 * if the tracer saw it, decides between a program, the kernel and a packet filter.
 */
#include "diagnose/rules.h"

#define WAITED_NS    (50 * CLOCK_NS_PER_MS) /* who closes sooner did not want an answer */
#define SERVED_LEAST 3u                     /* answers that show that all is well */
#define STREAM_BYTES 1000000u
#define STREAM_NS    (1 * CLOCK_NS_PER_S)
#define SETTLED_NS   (100 * CLOCK_NS_PER_MS) /* an answer that ended then is one of before */
#define PIECES_NS    (50 * CLOCK_NS_PER_MS)  /* an answer that takes this long comes in pieces */
#define AT_ONCE_NS   (20 * CLOCK_NS_PER_MS)  /* the answer and the FIN are one */
#define INSTANT_NS   (50 * CLOCK_NS_PER_MS)  /* one cause, several connections */

/* What the kernel tells of the RST. */
struct cause {
    bool is_known;  /* it told its reason */
    bool is_filter; /* it sent none, and a filter dropped what was answered */
    bool
        is_there; /* it is not known whether it did; the end that seems to have sent it is open still */
    struct trace_event event;
};

static struct cause cause_of(const struct story *story)
{
    struct cause cause = {0};
    struct host *host = story->diagnoser->host;
    struct filter_drops drops;
    int64_t since_ns = story->event->time_ns - INSTANT_NS;
    if (!host)
        return cause;
    cause.is_known = host_reset(host, story->tuple, story->event->side, since_ns, &cause.event);
    cause.is_filter = !cause.is_known && find_filter_drops(story, since_ns, &drops);
    struct host_socket socket;
    cause.is_there = !cause.is_known && !cause.is_filter &&
                     host_socket(host, story->tuple, story->event->side, &socket) &&
                     socket.state == SOCKET_ESTABLISHED;
    return cause;
}

static enum certainty sureness(const struct cause *cause)
{
    return cause->is_known || cause->is_filter ? CERTAINTY_PROVED : CERTAINTY_SEEN;
}

static struct finding *add_named(const struct story *story, enum code code,
                                 const struct cause *cause)
{
    struct finding *finding = story_add(story, code, sureness(cause));
    story_name_ends(story, finding);
    return finding;
}

/* When the side's FIN was sent: it is the last of its sequence space. */
static int64_t fin_ns(const struct story *story, unsigned side)
{
    return story->flow.hot->side[side].seq_next_ns;
}

/* Before the RST: the flow may have gone on since. */
static bool had_closed(const struct story *story, unsigned side)
{
    return story->flow.cold->rare[side].fin > 0 && fin_ns(story, side) < story->event->time_ns;
}

/* When the request began that the side answered last, or would have answered. */
static int64_t request_ns(const struct story *story)
{
    const struct flow_detail *detail = story->flow.detail;
    if (story->flow.cold->rare[story->client].fin == 0)
        return story->flow.hot->side[story->client].seq_next_ns;
    int64_t response_ns = (int64_t)detail->response_us * CLOCK_NS_PER_US;
    return detail->speaker == story->server ? detail->turn_ns - response_ns : detail->turn_ns;
}

static void client_aborted(const struct story *story, const char *how, int64_t abort_ns,
                           const struct cause *cause)
{
    struct finding *finding = add_named(story, CODE_CLIENT_ABORTED, cause);
    struct diagnosis *diagnosis = &finding->diagnosis;
    int64_t after_ns = abort_ns - request_ns(story);
    diagnosis_set_text(diagnosis, FACT_HOW, how);
    if (after_ns >= 0)
        diagnosis_set_once(diagnosis, FACT_AFTER_MS, after_ns / CLOCK_NS_PER_MS);
    findings_supersede(&story->diagnoser->findings,
                       code_bit(CODE_NO_RESPONSE) | code_bit(CODE_SERVER_HUNG_AFTER_ACCEPT),
                       finding);
}

static void keepalive_timeout(const struct story *story, const struct cause *cause)
{
    struct finding *finding = add_named(story, CODE_KEEPALIVE_TIMEOUT, cause);
    diagnosis_set_most(&finding->diagnosis, FACT_PROBES,
                       story->flow.cold->rare[story->event->side].keepalives);
}

/* Its own probes had no answer. */
static bool is_keepalive_timeout(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    unsigned sender = story->event->side;
    if (cause->is_known)
        return cause->event.value == TRACE_RESET_KEEPALIVE_TIMEOUT;
    uint32_t probes = story->flow.cold->rare[sender].keepalives;
    uint32_t answers = detail ? detail_count(detail, !sender, MARK_KEEPALIVE_ACK) : 0;
    bool was_silent = story->event->arg == RESET_IDLE || story->event->arg == RESET_UNANSWERED;
    return was_silent && probes > answers;
}

/* TLS closes with an alert that the other end may find closed already: RST is its daily bread. */
static bool speaks_tls(const struct flow_detail *detail, unsigned side)
{
    return detail->side[side].first_len > 0 && detail->side[side].first[0] == 0x16;
}

/* "Content-Length: 1000" among the first bytes of the side, and fewer came. Of the head only the first
 * bytes are kept: false may also mean that it is not known. */
static bool is_cut_short(const struct story *story, unsigned side)
{
    static const uint8_t field[] = "\ncontent-length:";
    const struct detail_side *said = &story->flow.detail->side[side];
    const struct detail_side *asked = &story->flow.detail->side[!side];
    uint64_t promised = 0;
    unsigned at = 0, matched = 0;
    bool is_answer = said->first_len > 5 && memcmp(said->first, "HTTP/", 5) == 0;
    bool wants_head_only = asked->first_len > 5 && memcmp(asked->first, "HEAD ", 5) == 0;
    if (!is_answer || wants_head_only)
        return false;
    for (; at < said->first_len && field[matched] != '\0'; at++) {
        uint8_t byte = said->first[at];
        uint8_t lower = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
        matched = lower == field[matched] ? matched + 1 : lower == field[0];
    }
    for (; at < said->first_len; at++) {
        uint8_t byte = said->first[at];
        if (byte >= '0' && byte <= '9' && promised < UINT32_MAX)
            promised = promised * 10 + (byte - '0');
        else if (byte != ' ')
            break;
    }
    return story->flow.hot->side[side].unique_bytes < promised;
}

/* The answer was still on its way when the client's RST came: it had left bytes unread, or stopped an
 * answer that came in pieces. Some clients that have all of it close with RST, too. */
static bool is_in_answer(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    const struct detail_side *server = &detail->side[story->server];
    if (had_closed(story, story->server))
        return false;
    if (story->event->arg == RESET_DATA || is_cut_short(story, story->server))
        return true;
    if (cause->is_known)
        return cause->event.value == TRACE_RESET_ABORT_ON_CLOSE;
    int64_t pieces_ns = detail->turn_ns - server->first_byte_ns;
    return server->response_count == 1 && pieces_ns >= PIECES_NS &&
           story->event->time_ns - detail->turn_ns < pieces_ns;
}

static void reset_by_client(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    int64_t now_ns = story->event->time_ns;
    if (!detail || !detail->spoken || speaks_tls(detail, story->client))
        return;
    bool is_answered = detail->speaker == story->server;
    if (had_closed(story, story->client)) {
        /* It had closed, and the answer came too late. */
        bool is_late = is_answered && detail->turn_ns > fin_ns(story, story->client);
        bool has_waited = fin_ns(story, story->client) - request_ns(story) >= WAITED_NS;
        if (is_late && story->flow.hot->flags & FLOW_FLAG_BARE_RESET && has_waited)
            client_aborted(story, "FIN", fin_ns(story, story->client), cause);
        return;
    }
    /* Load generators and pools that end leave what is under way. */
    bool is_last_of_many = detail->side[story->server].response_count >= SERVED_LEAST &&
                           now_ns - request_ns(story) < WAITED_NS;
    if (is_last_of_many)
        return;
    if ((is_answered && is_in_answer(story, cause)) ||
        (!is_answered && story->flow.hot->side[story->client].bytes > 0))
        client_aborted(story, "RST", now_ns, cause);
}

static void keepalive_race(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    /* The silence before the request, up to the server's FIN. */
    int64_t idle_ns = fin_ns(story, story->server) - detail->turn_ns +
                      (int64_t)detail->response_us * CLOCK_NS_PER_US;
    /* A server that answers once and closes is not to be sent more. */
    if (idle_ns < AT_ONCE_NS && detail->side[story->server].response_count < 2)
        return;
    struct finding *finding = add_named(story, CODE_KEEPALIVE_RACE, cause);
    struct diagnosis *diagnosis = &finding->diagnosis;
    diagnosis_set_once(diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    if (idle_ns >= 0)
        diagnosis_set_once(diagnosis, FACT_IDLE_MS, idle_ns / CLOCK_NS_PER_MS);
    diagnosis_set(diagnosis, FACT_RACES, (int64_t)diagnosis->count);
}

/* The kernel answers so for connections that it does not have. An end that is open did not: a filter
 * stands before it. */
static bool reset_by_filter(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    bool is_bare = story->flow.hot->flags & FLOW_FLAG_BARE_RESET;
    if (!is_bare || !(cause->is_filter || cause->is_there) || !detail || !detail->spoken ||
        had_closed(story, story->event->side))
        return false;
    struct finding *finding = story_add(story, CODE_RESET_BY_FIREWALL,
                                        cause->is_filter ? CERTAINTY_PROVED : CERTAINTY_LIKELY);
    story_name_ends(story, finding);
    diagnosis_set_once(&finding->diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    return true;
}

/* The segment met no connection: forgotten, or closed long ago. */
static void reset_bare(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    struct host_listener listener;
    if (!detail || !detail->spoken)
        return;
    bool is_closed = had_closed(story, story->server);
    if (is_closed && detail->speaker == story->client &&
        detail->turn_ns > fin_ns(story, story->server)) {
        keepalive_race(story, cause);
        return;
    }
    if (is_closed)
        return;
    struct finding *finding = add_named(story, CODE_STALE_CONNECTION, cause);
    diagnosis_set_once(&finding->diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    if (find_listener(story->diagnoser, story->tuple, story->server, &listener))
        finding_name_listener(finding, &listener);
}

/* Nobody had accepted it, and the listener went. */
static bool is_listener_closed(const struct story *story, const struct cause *cause,
                               struct host_past *past)
{
    struct host *host = story->diagnoser->host;
    if (!host || !cause->is_known || cause->event.value != TRACE_RESET_TCP_STATE ||
        !host_past_listener(host, story->port, past))
        return false;
    int64_t apart_ns = past->closed_ns - story->event->time_ns;
    return apart_ns > -INSTANT_NS && apart_ns < INSTANT_NS && past->process.pid == cause->event.pid;
}

/* Somebody who holds neither end: ss -K and the like. A program's own abort shows a closed socket. */
static bool is_killed(const struct story *story, const struct cause *cause)
{
    if (!cause->is_known || cause->event.value != TRACE_RESET_TCP_STATE ||
        cause->event.detail != SOCKET_ESTABLISHED)
        return false;
    return cause->event.pid != story_server(story).pid &&
           cause->event.pid != story_client(story).pid;
}

/* The answer that was sent last was over. */
static bool is_idle(const struct story *story, const struct cause *cause)
{
    return story->event->arg == RESET_IDLE && !cause->is_known &&
           !is_cut_short(story, story->server) &&
           story->event->time_ns - story->flow.detail->turn_ns >= SETTLED_NS;
}

/* The server took a stream for long that asks for no answer: then its end is no refusal. */
static bool is_taken_stream(const struct story *story)
{
    const struct flow_detail *detail = story->flow.detail;
    return detail && detail->spoken && story->flow.hot->side[story->server].bytes == 0 &&
           story->flow.hot->side[story->client].bytes >= STREAM_BYTES &&
           story->event->time_ns - detail->side[story->client].first_byte_ns >= STREAM_NS;
}

static void reset_by_server(const struct story *story, const struct cause *cause)
{
    const struct flow_detail *detail = story->flow.detail;
    enum reset_phase phase = story->event->arg;
    struct host_past past;
    /* The middle of an answer, or what follows one, is another story. */
    bool has_begun = detail && detail->spoken && detail->speaker == story->server;
    if (phase == RESET_CLOSING || phase == RESET_NONE || phase == RESET_SYN)
        return;
    if (is_killed(story, cause)) {
        struct finding *finding = add_named(story, CODE_CONNECTION_KILLED, cause);
        diagnosis_set_text(&finding->diagnosis, FACT_RST_FROM, "server");
        return;
    }
    if (is_listener_closed(story, cause, &past)) {
        struct finding *finding = story_add(story, CODE_LISTENER_CLOSED_QUEUED, CERTAINTY_PROVED);
        struct party server = party_of(&past.process);
        finding_name(finding, FACT_SERVER_PID, FACT_SERVER_COMM, &server);
        diagnosis_set(&finding->diagnosis, FACT_CONNECTIONS, (int64_t)finding->diagnosis.count);
        diagnosis_set_once(&finding->diagnosis, FACT_T, past.closed_ns);
        return;
    }
    if (is_taken_stream(story) || (has_begun && !is_idle(story, cause)))
        return;
    struct finding *finding = add_named(
        story, cause->is_filter ? CODE_RESET_BY_FIREWALL : CODE_ACCEPTED_THEN_RESET, cause);
    diagnosis_set_once(&finding->diagnosis, FACT_CLIENT_PORT, story->tuple->port[story->client]);
    diagnosis_set(&finding->diagnosis, FACT_CONNECTIONS, (int64_t)finding->diagnosis.count);
    diagnosis_set_text(&finding->diagnosis, FACT_RST_FROM, "server");
}

/* A RST of which nothing but it was captured, in answer to something before the device: its number is
 * that of an answer to a SYN. */
static bool is_refusal_alone(const struct story *story)
{
    const struct flow *flow = story->flow.hot;
    unsigned sender = story->event->side;
    return story->event->arg == RESET_MIDSTREAM && flow->side[sender].packets == 1 &&
           flow->side[!sender].packets == 0 && !(flow->flags & FLOW_FLAG_BARE_RESET) &&
           story->flow.cold->rare[sender].isn == UINT32_MAX;
}

void rule_reset(const struct story *story)
{
    struct cause cause = cause_of(story);
    if (is_refusal_alone(story)) {
        rule_refused(story);
        return;
    }
    if (story->event->arg == RESET_MIDSTREAM)
        return;
    if (is_keepalive_timeout(story, &cause))
        keepalive_timeout(story, &cause);
    else if (reset_by_filter(story, &cause))
        return;
    else if (story->event->side == story->client)
        reset_by_client(story, &cause);
    else if (story->flow.hot->flags & FLOW_FLAG_BARE_RESET)
        reset_bare(story, &cause);
    else
        reset_by_server(story, &cause);
}
