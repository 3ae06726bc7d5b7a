/*
 * Purpose: the latest packets, for a screen that looks back at them: what each was, what became of it,
 *          and the first bytes of its payload; and what happened to flows between them.
 * Owns:    a ring of records, a ring of payload, and for each flow the number of its latest record.
 * Borrows: batches, their payload and their events, during packet_log_take.
 * Bounds:  records, bytes and flows as packet_log_open was told, each one reservation of address
 *          space, of which only what was filled costs memory. Constant time a packet, no allocation.
 *          What is new takes the place of what is oldest.
 * Fails:   packet_log_open with -ENOMEM.
 * Used by: app (feeds it when there is a screen), flows/packet_tape, flows/conversation, ui (read).
 *
 * Records are numbered from 1 on. Each knows how far back the one before it of the same flow is, so
 * that a flow's packets are found without looking at others.
 */
#ifndef LOFLOW_FLOWS_PACKET_LOG_H
#define LOFLOW_FLOWS_PACKET_LOG_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "decode/packet.h"
#include "flows/event.h"

#define PACKET_LOG_RECORDS  (1u << 20) /* 64 MiB */
#define PACKET_LOG_BYTES    (64u << 20)
#define PACKET_LOG_KEPT_MAX 16384u /* of the payload of one packet */
#define PACKET_LOG_KEPT_MIN 1024u  /* the same where payload comes faster than it can be kept */
#define PACKET_LOG_HEAD_MAX 512u   /* bytes of a frame before its payload */
#define PACKET_LOG_NONE     0      /* the number of no record */

/* What a record is besides enum packet_kind. */
#define PACKET_RECORD_EVENT 0x80

struct packet_record {
    int64_t time_ns;
    uint64_t payload; /* place in the ring of payload, see packet_log_payload */
    uint32_t back;    /* how many records ago the flow's previous one was; 0: it is not kept */
    uint32_t seq;     /* as in the packet, as are the next two */
    uint32_t ack;
    uint32_t wire_len;     /* of the payload */
    uint32_t captured_len; /* of it */
    uint32_t marks;        /* enum mark bits; of an event: its silence_ms */
    uint16_t kept_len;     /* bytes of payload at `payload`, at most captured_len */
    uint16_t window;
    uint16_t flags; /* enum tcp_flag bits; of an event: its arg */
    uint16_t mss;
    uint8_t kind; /* enum packet_kind, or PACKET_RECORD_EVENT */
    uint8_t side; /* the tuple's end that sent it, or caused the event */
    uint8_t options;
    uint8_t window_scale;
    uint8_t sack_count;
    uint8_t icmp_type;
    uint8_t icmp_code;
    uint8_t event;    /* enum event_kind */
    uint32_t sack[2]; /* the first block */
};

static_assert(sizeof(struct packet_record) == 64, "one cache line");

struct packet_log_options {
    uint32_t records;   /* a power of two; 0: PACKET_LOG_RECORDS */
    uint32_t bytes;     /* a power of two, at least PACKET_LOG_KEPT_MAX; 0: PACKET_LOG_BYTES */
    uint32_t max_flows; /* of the tracker */
    /* How long payload shall be there, as packet time: where it comes faster, less of each packet is
     * kept, so that what is copied for nothing costs little. 0: as long as it is. */
    int64_t keep_ns;
};

struct packet_log;

int packet_log_open(struct packet_log **log, const struct packet_log_options *options,
                    struct err *err);
void packet_log_close(struct packet_log *log);

/* Somebody reads what this flow says: up to PACKET_LOG_FAVOUR times as much of its packets is kept, where
 * the pace is high. An index of POOL_NONE: nobody does. */
#define PACKET_LOG_FAVOUR 8u
void packet_log_favour(struct packet_log *log, struct flow_ref flow);

/* Time passes without packets, and there is room for more of the next ones. */
void packet_log_pass(struct packet_log *log, int64_t now_ns);

/* How many bytes of each packet's payload it keeps at present, at most. */
uint32_t packet_log_payload_wanted(const struct packet_log *log);

/* A batch that the tracker was fed with, and what it made of it. Packets of no flow are left out. `frames`
 * are those of the packets, whose headers are kept as well; NULL for a log that keeps none. */
void packet_log_take(struct packet_log *log, const struct frame_batch *frames,
                     const struct packet_batch *packets, const struct event_list *events);

/* The same one by one, see tracker_feed_one: brings in what a batch will need, then takes a packet of it. */
void packet_log_prefetch(const struct packet_log *log, const struct packet_batch *packets,
                         const struct event_list *events);
void packet_log_take_one(struct packet_log *log, const struct frame_batch *frames,
                         const struct packet_batch *packets, uint32_t at,
                         const struct event_list *events);

/* Events that came without packets, as time passed. */
void packet_log_take_events(struct packet_log *log, const struct event_list *events);

/* Forgets everything: the tracker begins anew. */
void packet_log_clear(struct packet_log *log);

/* Changes with every packet_log_clear. */
uint32_t packet_log_epoch(const struct packet_log *log);

uint32_t packet_log_capacity(const struct packet_log *log);

/* The number of the latest record of all. */
uint64_t packet_log_last(const struct packet_log *log);

/* The number of a flow's latest record. */
uint64_t packet_log_latest(const struct packet_log *log, struct flow_ref flow);

/* NULL: another has taken its place. */
const struct packet_record *packet_log_at(const struct packet_log *log, uint64_t number);

/* The number of the record before it of the same flow; PACKET_LOG_NONE when it is kept no more.
 * `record` is the one of that number, or a copy. */
uint64_t packet_log_before(const struct packet_log *log, uint64_t number,
                           const struct packet_record *record);

/* `kept_len` bytes of a record, or of a copy; NULL: others have taken their place, or there are none. */
const uint8_t *packet_log_payload(const struct packet_log *log, const struct packet_record *record);

/* The frame of a record, as it was captured, but for payload that is not kept. False: others have taken
 * its place, or it was never kept. `bytes` has room for PACKET_LOG_FRAME_MAX and becomes the frame's. */
#define PACKET_LOG_FRAME_MAX (PACKET_LOG_HEAD_MAX + PACKET_LOG_KEPT_MAX)
bool packet_log_frame(const struct packet_log *log, const struct packet_record *record,
                      uint8_t *bytes, struct frame *frame);

#endif
