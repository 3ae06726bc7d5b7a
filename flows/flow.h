/*
 * Purpose: a flow as the table keeps it: a hot record of three cache lines that every packet
 *          touches, and a cold one for what changes rarely.
 * Owns:    nothing; the records belong to the tracker.
 * Bounds:  sizeof (hot) + sizeof (cold) + 32 bytes of table <= 512 bytes a flow.
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

#define FLOW_HISTORY_MAX 40

/* Where one endpoint stands; Zeek's words (analyzer/protocol/tcp), since conn_state is Zeek's. */
enum endpoint_state {
    ENDPOINT_INACTIVE,    /* has sent nothing that counts */
    ENDPOINT_SYN_SENT,    /* SYN without ACK */
    ENDPOINT_SYN_ACK_SENT,
    ENDPOINT_PARTIAL,     /* sent something, the beginning was not captured */
    ENDPOINT_ESTABLISHED,
    ENDPOINT_CLOSED,      /* sent FIN */
    ENDPOINT_RESET,       /* sent RST */
    ENDPOINT_STATE_COUNT
};

/* Where the flow stands; the words are in flow_state_word. */
enum flow_state {
    FLOW_SYN_SENT,
    FLOW_SYN_RECEIVED,
    FLOW_ESTABLISHED,
    FLOW_CLOSING,
    FLOW_CLOSED,
    FLOW_RESET,
    FLOW_REFUSED,
    FLOW_TIMED_OUT,
    FLOW_MIDSTREAM,
    FLOW_UDP_ACTIVE,
    FLOW_UDP_UNREPLIED,
    FLOW_STATE_COUNT
};

enum flow_flag {
    FLOW_FLAG_SELF = 0x01,          /* both ends are one socket: self-connect */
    FLOW_FLAG_CLIENT_KNOWN = 0x02,  /* client told by SYN or SYN-ACK, not guessed */
    FLOW_FLAG_ICMP = 0x04,          /* an ICMP error quoted it; cold record has type and code */
    FLOW_FLAG_NO_ANSWER = 0x08,     /* NO_ANSWER was raised */
    FLOW_FLAG_EVICTED = 0x10,       /* had to make room */
    FLOW_FLAG_HOLES_DENIED = 0x20,  /* the hole budget was used up: unique bytes are a lower bound */
    FLOW_FLAG_RETIRED = 0x40,       /* out of the table; the record lives until the next feed */
    FLOW_FLAG_FLIPPED = 0x80,       /* the first packet came from the server (Zeek's ^) */
};

enum side_flag {
    SIDE_SEQ_KNOWN = 0x01,     /* seq_next is valid */
    SIDE_STREAM_KNOWN = 0x02,  /* stream_begin and stream_next are valid */
    SIDE_BEGIN_KNOWN = 0x04,   /* stream_begin is the byte after the SYN, not a guess */
    SIDE_FIN_SEEN = 0x08,
    SIDE_ACK_KNOWN = 0x10,     /* ack and window are valid */
    SIDE_LAST_KEEPALIVE = 0x20 /* its latest segment was a keep-alive probe */,
    SIDE_LAST_ZERO_PROBE = 0x40 /* its latest segment was a zero-window probe */,
};

/* One direction: what this end sent. */
struct flow_side {
    uint64_t packets;
    uint64_t bytes;          /* payload on the wire, sent again or not */
    uint64_t unique_bytes;   /* of the stream that were seen */
    uint64_t stream_len;     /* from stream_begin to stream_next, as 64-bit offset */
    int64_t seq_next_ns;     /* when seq_next advanced last */
    uint32_t seq_next;       /* highest sequence number sent + 1 */
    uint32_t stream_next;    /* sequence number of offset stream_len */
    uint32_t ack;            /* latest acknowledgment sent */
    uint16_t window;         /* latest window announced, unscaled */
    uint8_t window_scale;    /* shift; 0xff: unknown */
    uint8_t state;           /* enum endpoint_state */
    uint8_t flags;           /* enum side_flag */
    uint8_t dup_ack_run;     /* duplicate ACKs sent since ack advanced, saturating */
    uint16_t pad;
};

static_assert(sizeof(struct flow_side) == 64, "one cache line");

struct flow {
    struct tuple tuple;
    int64_t last_ns;     /* latest packet, in file order */
    uint32_t generation; /* see struct flow_ref */
    uint8_t client;      /* which side is the client: 0 or 1 */
    uint8_t state;       /* enum flow_state */
    uint8_t flags;       /* enum flow_flag */
    uint8_t queue;       /* expiry queue, see flows/tracker.c */
    uint32_t hash;       /* low word of the tuple's hash, to leave the table without hashing */
    uint32_t pad;
    struct flow_side side[2];
};

static_assert(sizeof(struct flow) == 192, "three cache lines");

/* Counts of one direction that stay 0 for a healthy flow, or change a few times in its life. */
struct flow_side_counts {
    uint32_t retransmits;
    uint32_t out_of_order;
    uint32_t dup_acks;
    uint32_t zero_windows;
    uint32_t keepalives;
    uint32_t syn; /* SYN-ACK included */
    uint32_t fin;
    uint32_t rst;
    uint32_t isn;        /* sequence number of its SYN; valid when syn > 0 */
    uint32_t first_hole; /* chain of holes in its stream, POOL_NONE when there is none */
};

struct flow_cold {
    uint64_t id;          /* 1, 2, 3 ... in order of appearance */
    int64_t start_ns;
    int64_t syn_ns;       /* the client's latest SYN, INT64_MIN unknown */
    int64_t syn_ack_ns;   /* the server's latest SYN-ACK, INT64_MIN unknown */
    int64_t handshake_ns; /* from syn_ns to the completing ACK, -1 unknown */
    struct flow_side_counts counts[2];
    uint32_t queue_next, queue_prev; /* expiry queue */
    uint32_t history_seen; /* Zeek letters already written, one bit a letter and side */
    uint8_t history_len;
    uint8_t reset_side;  /* who sent the RST that ended it: 0 or 1; 0xff nobody */
    uint8_t icmp_type;   /* of the latest ICMP error; valid with FLOW_FLAG_ICMP */
    uint8_t icmp_code;
    char history[FLOW_HISTORY_MAX];
    uint8_t zeek_state[2]; /* endpoint state without what follows the close, for conn_state */
    uint8_t pad[6];
};

static_assert(sizeof(struct flow) + sizeof(struct flow_cold) + 32 <= 512, "512 bytes a flow");

/* Both records of a flow, to read. */
struct flow_view {
    const struct flow *hot;
    const struct flow_cold *cold;
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
bool flow_is_open(struct flow_view flow);

/* "syn_sent" ... the words of the JSON contract. */
const char *flow_state_word(enum flow_state state);

/* Zeek's conn_state: "S0", "SF", "REJ" ... */
const char *flow_conn_state(struct flow_view flow);

/* Bytes of the stream of that side (0 or 1) that were not seen: holes. */
uint64_t flow_missed_bytes(struct flow_view flow, unsigned side);

#endif
