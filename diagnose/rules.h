/*
 * Purpose: what the rules share: the diagnoser's state, and the questions most of them ask.
 * Used by: the files of diagnose, nobody else.
 */
#ifndef LOFLOW_DIAGNOSE_RULES_H
#define LOFLOW_DIAGNOSE_RULES_H

#include "base/clock.h"
#include "diagnose/findings.h"
#include "diagnose/services.h"
#include "flows/detail.h"
#include "flows/timing.h"

#define WATCHES_MAX      1024u
#define WATCHED_BITS     65536u
#define SCANNERS_MAX     16u
#define REFUSALS_MAX     64u
#define OUTPUT_DROPS_MAX 32u
#define LOOKED_AT_MAX    16 /* listeners of one port */

/* A kernel event may carry an earlier time than the packet that it is about. */
#define BEFORE_NS (5 * CLOCK_NS_PER_MS)
#define HELD_MAX  256u

/* A flow that is not over: what is wrong with it is not known yet, or still grows. */
struct watch {
    struct flow_ref flow;
    int64_t since_ns; /* when the trouble began */
    uint8_t kind;     /* enum watch_kind */
    uint8_t side;     /* tuple end that caused it */
    bool was_queued;  /* WATCH_ANSWER: its server had not accepted it when it was looked at */
    bool is_behind;   /* WATCH_ANSWER: its server waited for itself while it waited */
    uint8_t code;     /* what was found last; CODE_COUNT for nothing */
    uint16_t queue;   /* WATCH_ANSWER: connections that waited beside it, at most */
    uint32_t count;   /* SYN, UDP: packets counted so far; ANSWER: looks at it in the queue */
};

enum watch_kind { WATCH_SYN, WATCH_ANSWER, WATCH_ACK, WATCH_WINDOW, WATCH_UDP };

/* Who is refused at many ports. */
struct scanner {
    int32_t pid; /* 0: only the address is known */
    struct address address;
    int64_t first_ns, last_ns;
    uint32_t refused, open;
    uint16_t first_port, last_port;
    bool is_scan;
    uint64_t ports[65536 / 64]; /* refused ones, a bit each */
};

/* One of the latest refusals, in case the client finds another way at once. */
struct refusal {
    int64_t time_ns;
    struct address address;
    uint8_t family;
    uint8_t code; /* of the finding it counted for; CODE_COUNT when it counts no more */
    uint16_t port;
    int32_t pid;
};

/* What was dropped before any capture could see it: a SYN, or what a connection sends. */
struct output_drop {
    struct tuple tuple; /* end 0 is the sender's; port[0] 0: free */
    int64_t first_ns, last_ns;
    uint32_t count;
    bool is_syn;
    bool is_told;
    struct party client;
};

/* How often segments of a flow were held back. */
struct watch_count {
    struct flow_ref flow;
    uint32_t count;
    uint32_t sum_ms;
};

/* A port with many connections that the server closed and the client did not. */
struct close_wait {
    uint16_t port;
    int64_t since_ns;
};

static_assert(REFUSALS_MAX <= 64, "a bit each");

struct diagnoser {
    struct host *host;            /* NULL: capture only */
    struct diagnoser_scope scope; /* passes NULL: all */
    struct findings findings;
    struct services services;
    struct watch watches[WATCHES_MAX];
    uint32_t watch_count;
    uint64_t watched[WATCHED_BITS / 64]; /* a bit for each watched flow; others may have the same */
    struct scanner scanners[SCANNERS_MAX];
    uint64_t scanners_used; /* a bit for each */
    struct refusal refusals[REFUSALS_MAX];
    uint16_t refusal_ports[REFUSALS_MAX]; /* theirs, looked through at once */
    uint64_t refusals_of_family[2];       /* which of them: a bit each, IPv4 and IPv6 */
    uint32_t refusal_next;
    int64_t refusal_last_ns;
    int64_t refusal_of_family_ns[2]; /* the latest with IPv4 and with IPv6; 0: none */
    struct output_drop output_drops[OUTPUT_DROPS_MAX];
    bool is_adopted;       /* the diagnoses are those of a file */
    int64_t now_ns;        /* of the latest tick or event */
    int64_t looked_ns;     /* when nothing was to be told */
    int64_t swept_ns;      /* when sockets were counted last */
    int64_t sweep_cost_ns; /* what that has cost, in time of this thread */
    struct watch_count held[HELD_MAX];
    struct close_wait close_wait[HOST_CROWDS_MAX]; /* port 0: free */
};

/* A flow, its ends and an event, as the rules see them. */
struct story {
    struct diagnoser *diagnoser;
    const struct tracker *tracker;
    const struct flow_event *event;
    struct flow_view flow;
    const struct tuple *tuple;
    unsigned client, server; /* ends of the tuple */
    uint16_t port;           /* the server's */
    bool is_local;           /* both ends are on one machine, by their addresses */
};

/* Adds an occurrence to the finding of that code and the story's port. */
struct finding *story_add(const struct story *story, enum code code, enum certainty certainty);

/* As story_add, but does not count again what is known of this flow already. */
struct finding *story_update(const struct story *story, enum code code, enum certainty certainty,
                             int64_t since_ns);

/* Notes address, client and server of the story in the finding. */
void story_name_ends(const struct story *story, struct finding *finding);

/* The process at an end; pid 0: unknown. */
struct party story_client(const struct story *story);
struct party story_server(const struct story *story);

/* Sets the two facts, unless the process is unknown. */
void finding_name(struct finding *finding, enum fact_name pid, enum fact_name comm,
                  const struct party *party);

/* Of a host's process. */
struct party party_of(const struct host_process *process);

/* Would this listener take a connection to that end? */
bool listener_serves(const struct host_listener *listener, const struct tuple *tuple, unsigned end);

/* The listener that takes connections to that end. False: none, or no host. */
bool find_listener(struct diagnoser *diagnoser, const struct tuple *tuple, unsigned end,
                   struct host_listener *found);

/* Notes pid, name and address of a listener. */
void finding_name_listener(struct finding *finding, const struct host_listener *listener);

/* The host tells every reset and drop that there is. */
bool has_tracer(const struct diagnoser *diagnoser);

/* Drops by a packet filter of what either end sent since; the client's are preferred. */
struct filter_drops {
    uint32_t count;
    bool from_client;
    bool output; /* before the device */
};

bool find_filter_drops(const struct story *story, int64_t since_ns, struct filter_drops *drops);

/* The rules. */
void rule_refused(const struct story *story);
void rule_udp_refused(const struct story *story);
void rule_established(const struct story *story);
void rule_reset(const struct story *story);
void rule_closed(const struct story *story);
void rule_listeners(const struct story *story);
void rule_held_back(const struct story *story);
void rule_retransmission(const struct story *story);
void rule_unanswered(const struct story *story);
void rule_stalled(const struct story *story);
void rule_retired(const struct story *story);

/* Looks again at a watched flow. Returns false when it need not be watched any more; `is_over`: nothing
 * more will come. */
bool watch_look(const struct story *story, struct watch *watch, bool is_over);
void watch_begin(const struct story *story, enum watch_kind kind, int64_t since_ns);
struct watch *watch_find(struct diagnoser *diagnoser, struct flow_ref flow);
void watch_note(struct diagnoser *diagnoser, struct flow_ref flow); /* it is among the watches */

/* The flow counts for that finding, and no more for another one. */
struct finding *watch_conclude(const struct story *story, struct watch *watch, enum code code,
                               enum certainty certainty);

/* It was nothing. */
void watch_dismiss(const struct story *story, struct watch *watch);

/* answers.c: watch_look of WATCH_ANSWER. */
bool watch_look_answer(const struct story *story, struct watch *watch, bool is_over);

void rule_call(struct diagnoser *diagnoser, const struct trace_event *event);
void rule_drop(struct diagnoser *diagnoser, const struct trace_event *event);
void rule_sweep(struct diagnoser *diagnoser);
void rule_pairs(struct diagnoser *diagnoser);
void rule_output_drops(struct diagnoser *diagnoser);

/* scan.c: a refusal of this client counts for a scan, returns whether it is one; and so does a port that
 * it found open. */
bool scan_note(const struct story *story, const struct party *client);
void scan_found(const struct story *story);

#endif
