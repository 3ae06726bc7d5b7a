/*
 * Purpose: the decoded view of one packet, which is all that the layers above see of it.
 * Owns:    nothing; a plain value.
 * Borrows: `payload` points into the frame's bytes, or into the decoder's reassembly buffer; it
 *          lives until the next decode_batch or source_next.
 * Bounds:  FRAME_BATCH_MAX packets a batch, one for each frame, in the same order.
 * Used by: decode (makes it), flows and report (read it).
 */
#ifndef LOFLOW_DECODE_PACKET_H
#define LOFLOW_DECODE_PACKET_H

#include <stdint.h>

#include "base/frame.h"
#include "base/tuple.h"

enum verdict {
#define VERDICT(NAME, class, word, explanation) VERDICT_##NAME,
#include "decode/verdict.def"
#undef VERDICT
    VERDICT_COUNT
};

/* What the flow table can do with a packet. */
enum packet_kind {
    PACKET_NONE, /* belongs to no flow */
    PACKET_TCP,
    PACKET_UDP,
    PACKET_ICMP_ERROR, /* `tuple` and `direction` are those of the quoted packet */
};

/* TCP flags, RFC 9293 section 3.1, RFC 3168, RFC 8311 (AE). */
enum tcp_flag {
    TCP_FIN = 0x001,
    TCP_SYN = 0x002,
    TCP_RST = 0x004,
    TCP_PSH = 0x008,
    TCP_ACK = 0x010,
    TCP_URG = 0x020,
    TCP_ECE = 0x040,
    TCP_CWR = 0x080,
    TCP_AE = 0x100,
};

/* Which TCP options were present and well formed. */
enum tcp_option {
    TCP_OPTION_MSS = 0x01,            /* RFC 9293 */
    TCP_OPTION_WINDOW_SCALE = 0x02,   /* RFC 7323 */
    TCP_OPTION_SACK_PERMITTED = 0x04, /* RFC 2018 */
    TCP_OPTION_SACK = 0x08,           /* RFC 2018, RFC 2883 */
    TCP_OPTION_TIMESTAMPS = 0x10,     /* RFC 7323 */
    TCP_OPTION_FAST_OPEN = 0x20,      /* RFC 7413 */
    TCP_OPTION_MPTCP = 0x40,          /* RFC 8684 */
    TCP_OPTION_MALFORMED = 0x80,      /* the list broke off or was cut; earlier ones hold */
};

#define TCP_SACK_MAX 4

struct packet {
    int64_t time_ns;
    uint64_t hash; /* hash_tuple of `tuple`; 0 for PACKET_NONE */
    struct tuple tuple;
    const uint8_t *payload;
    uint32_t payload_captured_len; /* bytes at `payload` */
    uint32_t payload_wire_len;     /* as IP announces and the wire had; UDP: as UDP announces */
    uint8_t kind;                  /* enum packet_kind */
    uint8_t verdict;               /* enum verdict */
    uint8_t direction;             /* the tuple's end that sent it: 0 or 1 */
    uint8_t options;               /* TCP: enum tcp_option bits */
    uint16_t flags;                /* TCP: enum tcp_flag bits */
    uint16_t window;               /* TCP: as in the header, unscaled */
    uint32_t seq;                  /* TCP; also the quoted segment's, when it was long enough */
    uint32_t ack;                  /* TCP */
    uint32_t timestamp;            /* TCP option */
    uint32_t timestamp_echo;       /* TCP option */
    uint16_t mss;                  /* TCP option */
    uint16_t urgent;               /* TCP: urgent pointer */
    uint8_t window_scale;          /* TCP option, at most 14 as RFC 7323 wants */
    uint8_t sack_count;            /* TCP option: pairs in `sack` */
    uint8_t icmp_type;             /* ICMP error */
    uint8_t icmp_code;             /* ICMP error */
    uint32_t sack[TCP_SACK_MAX][2];
};

struct packet_batch {
    uint32_t count;
    struct packet packets[FRAME_BATCH_MAX];
};

#endif
