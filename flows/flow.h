/*
 * Purpose: a flow as the table keeps it: a hot record of three cache lines that every packet
 *          touches, and a cold one for what changes rarely.
 * Owns:    nothing; the records belong to the tracker.
 * Bounds:  sizeof (hot) + sizeof (cold) + 16 bytes of queue + 48 bytes of table <= 512 bytes a flow.
 * Used by: flows (writes), report and ui (read, through struct flow_view).
 *
 * Sides are indexed by the end of the canonical tuple, 0 or 1; `client` says which of them is the
 * client. Read through flow_client_side and flow_server_side.
 */
#ifndef LOFLOW_FLOWS_FLOW_H
#define LOFLOW_FLOWS_FLOW_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/tuple.h"
#include "flows/event.h"

#define FLOW_HISTORY_MAX 35

/* Where one endpoint stands; Zeek's words (analyzer/protocol/tcp), since conn_state is Zeek's. */
enum endpoint_state {
    ENDPOINT_INACTIVE, /* has sent nothing that counts */
    ENDPOINT_SYN_SENT, /* SYN without ACK */
    ENDPOINT_SYN_ACK_SENT,
    ENDPOINT_PARTIAL, /* sent something, the beginning was not captured */
    ENDPOINT_ESTABLISHED,
    ENDPOINT_CLOSED, /* sent FIN */
    ENDPOINT_RESET,  /* sent RST */
    ENDPOINT_STATE_COUNT
};

/* Where the flow stands. */
enum flow_state {
#define STATE(NAME, word, open, meaning) FLOW_##NAME,
#include "flows/state.def"
#undef STATE
    FLOW_STATE_COUNT
};

enum flow_flag {
    FLOW_FLAG_SELF = 0x001,         /* both ends are one socket: self-connect */
    FLOW_FLAG_CLIENT_KNOWN = 0x002, /* client told by SYN or SYN-ACK, not guessed */
    FLOW_FLAG_ICMP = 0x004,         /* an ICMP error quoted it; cold record has type and code */
    FLOW_FLAG_NO_ANSWER = 0x008,    /* NO_ANSWER was raised */
    FLOW_FLAG_EVICTED = 0x010,      /* had to make room */
    /* The hole budget was used up: unique bytes are a lower bound. */
    FLOW_FLAG_HOLES_DENIED = 0x020,
    FLOW_FLAG_LIVE = 0x040,          /* in the table; without it the record is retired or free */
    FLOW_FLAG_FLIPPED = 0x080,       /* by a guess, the first packet came from the server */
    FLOW_FLAG_HANDSHAKE = 0x100,     /* SYN and SYN-ACK were seen, the completing ACK is awaited */
    FLOW_FLAG_DETAIL = 0x200,        /* it has a detail record */
    FLOW_FLAG_DETAIL_DENIED = 0x400, /* it wanted one and there was none left */
    FLOW_FLAG_BYTES_DENIED = 0x800,  /* payload found no room: its stream has gaps of our making */
    FLOW_FLAG_ECN = 0x1000,          /* SYN and SYN-ACK agreed on ECN, RFC 3168 */
    /* Payload on the SYN was acknowledged by the SYN-ACK, RFC 7413. */
    FLOW_FLAG_FAST_OPEN = 0x2000,
    FLOW_FLAG_TROUBLE = 0x4000,     /* a mark of trouble was set, see flows/mark.def */
    FLOW_FLAG_WAITING = 0x8000,     /* its latest segment was no progress, see flows/timing.h */
    FLOW_FLAG_STREAMS = 0x10000,    /* its record of flows/flow_streams.h is in use */
    FLOW_FLAG_JUDGED = 0x20000,     /* without progress for long, and its detail says why */
    FLOW_FLAG_BARE_RESET = 0x40000, /* its first RST had no ACK: no connection sent it */
    FLOW_FLAG_SMOOTH = 0x80000,     /* what comes next may go the short way, see flows/smooth.h */
};

/* Something about the flow found no room: what is told of it is a lower bound. */
#define FLOW_DENIED_ANY (FLOW_FLAG_HOLES_DENIED | FLOW_FLAG_DETAIL_DENIED | FLOW_FLAG_BYTES_DENIED)

/* When a RST came, seen from who had not sent it. */
enum reset_phase {
#define PHASE(NAME, word, meaning) RESET_##NAME,
#include "flows/phase.def"
#undef PHASE
    RESET_PHASE_COUNT
};

enum side_flag {
    SIDE_SEQ_KNOWN = 0x01,        /* seq_next is valid */
    SIDE_BEGIN_KNOWN = 0x02,      /* its SYN was seen: the stream's first byte is no guess */
    SIDE_ACK_KNOWN = 0x04,        /* ack and window are valid */
    SIDE_LAST_KEEPALIVE = 0x08,   /* its latest segment was a keep-alive probe */
    SIDE_LAST_ZERO_PROBE = 0x10,  /* its latest segment was a zero-window probe */
    SIDE_STREAM_KNOWN = 0x20,     /* stream_next is valid */
    SIDE_HISTORY_ACK = 0x40,      /* its A is in the history */
    SIDE_HISTORY_DATA = 0x80,     /* its D is in the history */
    SIDE_LAST_CHALLENGED = 0x100, /* its latest segment calls for a challenge ACK */
    SIDE_SYN_WINDOW = 0x200,      /* its window is that of a SYN-ACK, which is not scaled */
    SIDE_HOLES = 0x400,           /* its stream has holes that the peer did not acknowledge */
    SIDE_TIMED = 0x800,           /* a segment of it is being timed, see flows/timing.h */
    SIDE_TIMED_AGAIN = 0x1000,    /* that segment was sent again since */
};

#define SIDE_LAST_ANY (SIDE_LAST_KEEPALIVE | SIDE_LAST_ZERO_PROBE | SIDE_LAST_CHALLENGED)

#define WINDOW_SCALE_UNKNOWN 0xff /* its SYN was not seen */
#define WINDOW_SCALE_NONE    0xfe /* its SYN does not have the option */

#define WINDOW_SHIFT_UNKNOWN 31 /* one of the SYNs was not seen */

/* One direction: what this end sent. Offsets count stream bytes from the first one known; they are
 * 64 bits wide, so that sequence numbers may wrap. */
struct flow_side {
    uint64_t packets;
    uint64_t bytes;        /* payload on the wire, sent again or not */
    uint64_t unique_bytes; /* of the stream that were seen */
    int64_t stream_end;    /* offset behind the last byte seen, or of the FIN */
    int64_t seq_next_ns;   /* when seq_next advanced last */
    uint32_t seq_next;     /* highest sequence number sent + 1 */
    uint32_t stream_next;  /* sequence number at offset stream_end */
    uint32_t ack;          /* latest acknowledgment sent */
    uint16_t window;       /* latest window announced, unscaled */
    uint16_t flags;        /* enum side_flag */
    uint8_t window_scale;  /* shift, WINDOW_SCALE_UNKNOWN or WINDOW_SCALE_NONE */
    uint8_t state;         /* enum endpoint_state */
    uint8_t dup_ack_run;   /* duplicate ACKs sent since ack advanced, saturating */
    uint8_t window_shift;  /* of `window`, as both SYNs agreed, or WINDOW_SHIFT_UNKNOWN */
    uint8_t zero[4];
};

static_assert(sizeof(struct flow_side) == 64, "one cache line");

struct flow {
    struct tuple tuple;
    int64_t last_ns;     /* latest packet, in file order */
    uint32_t generation; /* see struct flow_ref */
    uint32_t hash;       /* low word of the tuple's hash, to leave the table without hashing */
    uint32_t flags;      /* enum flow_flag */
    uint8_t client;      /* which side is the client: 0 or 1 */
    uint8_t state;       /* enum flow_state */
    uint8_t queue;       /* enum queue_kind, see flows/queue.h */
    uint8_t zero;
    struct flow_side side[2];
};

static_assert(sizeof(struct flow) == 192, "three cache lines");

/* Of one direction: what stays 0 for a healthy flow, or changes a few times in its life. */
struct flow_side_rare {
    uint32_t syn; /* segments with it, SYN-ACK included */
    uint32_t fin;
    uint32_t rst;
    uint32_t isn;        /* sequence number of its first SYN, else one below its first segment */
    uint32_t first_hole; /* chain of holes in its stream, POOL_NONE when there is none */
    uint16_t hole_count;
    uint16_t repeats;     /* segments that brought nothing new, saturating: Zeek's T */
    int64_t stream_begin; /* offset of the first byte; holes lie between it and stream_end */
    int64_t dup_ack_ns;   /* when it sent its latest duplicate ACK */
    /* Bytes of the holes that the peer acknowledged: the capture missed them. */
    uint64_t uncaptured;
    uint32_t retransmits;
    uint32_t out_of_order;
    uint32_t dup_acks;
    uint32_t zero_windows;
    uint32_t keepalives;
    uint32_t gaps; /* times that the peer acknowledged bytes which were not captured */
};

struct flow_cold {
    uint64_t id; /* 1, 2, 3 ... in order of appearance */
    int64_t start_ns;
    int64_t syn_ns;       /* the client's latest SYN; valid when its syn > 0 */
    int64_t handshake_ns; /* from syn_ns to the ACK that completes the handshake, -1 unknown */
    int64_t syn_ack_ns;   /* from syn_ns to the SYN-ACK, -1 unknown */
    uint64_t zero[2];     /* so that `rare` begins a cache line */
    /* Who the ends belong to, in the terms of whoever called tracker_set_owner; 0 unknown. */
    uint32_t owner[2];
    /* Here a cache line begins. */
    struct flow_side_rare rare[2];
    /* The last cache line: what the first segments touch. */
    uint32_t history_seen; /* letters written already, one bit a letter and side */
    uint32_t detail;       /* index of its detail; valid with FLOW_FLAG_DETAIL */
    uint8_t icmp_type;     /* of the latest ICMP error; valid with FLOW_FLAG_ICMP */
    uint8_t icmp_code;
    uint8_t reset_side;  /* tuple end that sent the first RST; valid with reset_phase */
    uint8_t reset_phase; /* enum reset_phase */
    uint8_t history_len;
    uint8_t history[FLOW_HISTORY_MAX]; /* Zeek's upper-case letters; bit 7 is the side */
};

static_assert(sizeof(struct flow_cold) == 256, "four cache lines");
static_assert(sizeof(struct flow) + sizeof(struct flow_cold) + 16 + 48 <= 512, "512 bytes a flow");

struct flow_detail;
struct flow_streams;

/* The records of a flow, to read. */
struct flow_view {
    const struct flow *hot;
    const struct flow_cold *cold;
    const struct flow_detail *detail;   /* NULL until it carried payload or met trouble */
    const struct flow_streams *streams; /* NULL until a stream that is wanted whole begins */
};

static inline const struct flow_side *flow_client_side(struct flow_view flow)
{
    return &flow.hot->side[flow.hot->client];
}

static inline const struct flow_side *flow_server_side(struct flow_view flow)
{
    return &flow.hot->side[!flow.hot->client];
}

static inline bool flow_is_tcp(struct flow_view flow)
{
    return flow.hot->tuple.protocol == PROTOCOL_TCP;
}

/* It may still carry packets: neither closed, reset, refused nor timed out. */
static inline bool flow_state_is_open(enum flow_state state)
{
    /* One bit a state. */
    const uint32_t open_states = 0
#define STATE(NAME, word, open, meaning) | (UINT32_C(open) << FLOW_##NAME)
#include "flows/state.def"
#undef STATE
        ;
    return (open_states >> state & 1) != 0;
}

static inline bool flow_is_open(struct flow_view flow)
{
    return flow_state_is_open(flow.hot->state);
}

/* "syn_sent" ... the words of the JSON contract. */
const char *flow_state_word(enum flow_state state);

/* "SYN sent, no answer yet" */
const char *flow_state_meaning(enum flow_state state);

/* "handshake", "data" ... */
const char *reset_phase_word(enum reset_phase phase);

/* Zeek's conn_state: "S0", "SF", "REJ" ... */
const char *flow_conn_state(struct flow_view flow);

/* Zeek's history: upper case for what the client sent, lower case for the server. */
void text_add_history(struct text *text, struct flow_view flow);

/* Bytes of the stream of that side (0 or 1) that were not seen: holes. */
uint64_t flow_missed_bytes(struct flow_view flow, unsigned side);

#endif
