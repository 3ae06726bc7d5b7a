/*
 * Purpose: the flow table: packets in, flows and events out.
 * Owns:    all records, the hash table, the expiry queues.
 * Borrows: the packets of a batch during tracker_feed.
 * Bounds:  `max_flows` records of at most 512 bytes; constant time a packet, no allocation after
 *          tracker_open but for the hash table, which doubles. A full table evicts: closed flows
 *          first, then half-open ones, then the one that was quiet longest; counted and an event.
 * Fails:   tracker_open with -ENOMEM; nothing else.
 * Used by: app (drives it), report and ui (read it).
 */
#ifndef LOFLOW_FLOWS_TRACKER_H
#define LOFLOW_FLOWS_TRACKER_H

#include "base/err.h"
#include "decode/packet.h"
#include "flows/event.h"
#include "flows/flow.h"
#include "flows/sink.h"

#define TRACKER_MAX_FLOWS_DEFAULT (1u << 20)

struct tracker;

/* Ages are packet time; 0 means "never". */
struct tracker_options {
    uint32_t max_flows;        /* 0: TRACKER_MAX_FLOWS_DEFAULT */
    uint32_t max_details;      /* of flows/detail.h; 0: DETAIL_MAX */
    uint32_t stream_pieces;    /* of flows/reassembly.h; 0: REASSEMBLY_PIECES */
    uint32_t closed_kept;      /* closed flows kept for late segments whatever their age, oldest
                                  leave first; 0: TRACKER_CLOSED_KEPT_DEFAULT */
    uint32_t closed_most;      /* closed flows kept at most; 0: TRACKER_CLOSED_MOST_DEFAULT */
    int64_t closed_age_ns;     /* a closed, reset or refused flow leaves after this */
    int64_t unanswered_age_ns; /* an unanswered SYN leaves as timed_out after this */
    int64_t udp_age_ns;        /* a quiet UDP flow leaves after this */
    uint16_t ephemeral_low;    /* range of client ports, to guess orientation; 0: 32768..60999 */
    uint16_t ephemeral_high;
    bool stream_digest; /* SHA-1 of every stream, see flows/digest.h */
    bool tell_answers;  /* raise ANSWERED: as many as there are requests */
    bool table_only;    /* counts packets and bytes and moves states; no analysis */
    uint32_t stops;     /* kinds of events that end a call of tracker_feed, 1 << enum event_kind */
    uint64_t follow;    /* id of the flow whose streams go to `sink`; 0: none */
    struct stream_sink sink; /* called while tracker_feed runs, and when the flow retires */
};

#define TRACKER_FOLLOW_ALL UINT64_MAX

/* Records that retired and are not reused yet, at most. */
#define TRACKER_RETIRED_MAX 1024u

/* What comes late is the last ACK, or a FIN sent again after Linux's shortest RTO of 200 ms, so closed
 * flows beyond the first number stay that long, up to the second number: 32 MiB of records. */
#define TRACKER_CLOSED_KEPT_DEFAULT 4096u
#define TRACKER_CLOSED_MOST_DEFAULT 65536u
#define TRACKER_CLOSED_SPARE_NS     INT64_C(300000000)

struct tracker_stats {
    uint64_t flows; /* ever */
    uint64_t tcp_flows, udp_flows;
    uint64_t packets;    /* that were counted in a flow */
    uint64_t icmp_bound; /* ICMP errors that found their flow */
    uint64_t icmp_unbound;
    uint64_t evicted;
    uint64_t payload_bytes; /* on the wire, of those packets */
    uint64_t holes_denied;  /* flows, as are the next two */
    uint64_t detail_denied;
    uint64_t bytes_denied;
    uint64_t events[EVENT_KIND_COUNT];
    uint32_t live;             /* records in the table */
    uint32_t open;             /* of them, flows that flow_is_open */
    int64_t first_ns, last_ns; /* of all packets, in file order; 0 before the first */
};

int tracker_open(struct tracker **tracker, const struct tracker_options *options, struct err *err);
void tracker_close(struct tracker *tracker);

/* Sets closed_age_ns, also for flows that are over already. */
void tracker_keep_closed(struct tracker *tracker, int64_t age_ns);

/* As it was after tracker_open, but that its memory stays: filling it anew costs no page faults. */
void tracker_clear(struct tracker *tracker);

/* Takes packets of a batch, from number `at` < count on, and writes what happened to `events` (its old content is
 * dropped, but for the notes of the packets before). Returns the number of the packet that comes next: it
 * stops behind each packet that raised one of the events that `stops` names, or any event of a connection
 * whose client is a guess, so that whoever is told of it finds the flow as it was then, and where time passed. None of that, nor what becomes of a flow, depends
 * on the batches that packets come in. Records that retired during a call may be reused from the next
 * on: read RETIRED flows before. */
uint32_t tracker_feed(struct tracker *tracker, const struct packet_batch *packets, uint32_t at,
                      struct event_list *events);

/* The same for the one packet `at`, for who looks at the tracker behind each of them; and what that lacks:
 * brings in what a batch will need, and guesses the flows in its notes. */
void tracker_feed_one(struct tracker *tracker, const struct packet_batch *packets, uint32_t at,
                      struct event_list *events);
void tracker_prefetch(const struct tracker *tracker, const struct packet_batch *packets,
                      struct event_list *events);

/* Lets packet time pass without packets: expiry, unanswered SYNs. Live runs call it a few times a
 * second, files need not. Returns true when the list is full and it must be called again. */
bool tracker_advance(struct tracker *tracker, int64_t now_ns, struct event_list *events);

/* The input is over: retires every flow, in order of appearance where records were not reused.
 * Returns true while it must be called again. */
bool tracker_finish(struct tracker *tracker, struct event_list *events);

/* False when the record was given to another flow since. */
bool tracker_look(const struct tracker *tracker, struct flow_ref ref, struct flow_view *view);

/* Walks over all flows in the table: start with *at = 0; false at the end. */
bool tracker_next(const struct tracker *tracker, uint32_t *at, struct flow_ref *ref,
                  struct flow_view *view);

/* Notes who an end (0 or 1) of a flow belongs to; the number is the caller's, see struct flow_cold.
 * Nothing happens when the flow has left. */
void tracker_set_owner(struct tracker *tracker, struct flow_ref ref, unsigned end, uint32_t owner);

/* How many bytes of each packet's payload it reads; UINT32_MAX: all. */
uint32_t tracker_payload_wanted(const struct tracker *tracker);

const struct tracker_stats *tracker_stats(const struct tracker *tracker);

/* What the tracker has in use, in bytes, at most so far: it only grows. */
struct tracker_memory {
    uint64_t flows;   /* records */
    uint64_t table;   /* hash slots */
    uint64_t details; /* flows/detail.h */
    uint64_t streams; /* pieces of streams: the stream budget; and holes */
};

struct tracker_memory tracker_memory(const struct tracker *tracker);

#endif
