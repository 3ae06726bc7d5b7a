/*
 * Purpose: what both ends of a flow have said, in the order it was said: turns of bytes and gaps, put
 *          together from the packets of a tape.
 * Owns:    the bytes, runs and turns, and the pieces that wait for others: reservations of address space.
 * Borrows: a tape and its log during conversation_take.
 * Bounds:  as many bytes as conversation_open is told, a run for CONVERSATION_BYTES_PER_RUN of them and a
 *          turn for CONVERSATION_BYTES_PER_TURN; what comes behind them is not kept, and counted in
 *          `left_out`. With what waits for bytes before it that is at most two and a half times the
 *          bytes. A take looks at CONVERSATION_PACKETS packets and CONVERSATION_STEP bytes.
 * Fails:   conversation_open with -ENOMEM.
 * Used by: ui (the Stream page), app (writes a side to a file).
 *
 * A turn is what one side says until the other one does. It consists of runs: bytes in a row, or a gap,
 * which is what the capture or the log did not keep.
 */
#ifndef LOFLOW_FLOWS_CONVERSATION_H
#define LOFLOW_FLOWS_CONVERSATION_H

#include "flows/packet_tape.h"
#include "flows/reassembly.h"

#define CONVERSATION_BYTES          (64u << 20) /* by default */
#define CONVERSATION_BYTES_PER_RUN  256u
#define CONVERSATION_BYTES_PER_TURN 512u
#define CONVERSATION_PACKETS        32768u
#define CONVERSATION_STEP           (8u << 20)

struct conversation_run {
    uint64_t at;    /* of its bytes; of a gap: where those behind it begin */
    uint64_t len;   /* of a gap: bytes that are missing */
    int64_t offset; /* in the stream of its side */
    uint32_t turn;
    bool is_gap;
};

struct conversation_turn {
    int64_t begin_ns, end_ns; /* packets that its first and its last byte came with */
    uint64_t len;             /* gaps included */
    uint64_t missing;         /* in gaps */
    uint32_t first_run;
    uint32_t run_count;
    uint8_t side; /* end of the tuple */
};

/* Where a side's stream is, in the terms of its sequence numbers. */
struct conversation_side {
    struct reassembly reassembly;
    int64_t offset;    /* of `seq` */
    uint32_t seq;      /* the latest that was looked at */
    int64_t end;       /* behind the highest byte seen, or at the FIN */
    int64_t begin;     /* of the first byte, valid when it is known */
    bool is_known;     /* `seq` and `offset` are valid */
    uint64_t len;      /* that is kept */
    uint64_t missing;  /* in gaps */
    uint64_t left_out; /* bytes behind what there was room for */
};

struct conversation {
    struct pool memory[3];
    struct pool pieces;
    uint8_t *bytes;
    struct conversation_run *runs;
    struct conversation_turn *turns;
    uint64_t len;
    uint32_t run_count, turn_count;
    uint32_t changes;  /* grows when `conversation_begin` drops everything */
    uint64_t left_out; /* of both sides */
    bool is_cut;       /* the packets before the first one are not kept */
    bool is_apart;     /* the next bytes are a run of their own */
    bool is_settled;   /* what waited for a gap was given up waiting */
    uint64_t position; /* of the next packet of the tape */
    int64_t now_ns;    /* of the packet that is being taken */
    int64_t gap_ns;    /* of the one that told of the latest gap */
    const struct packet_tape *tape;
    uint32_t isn[2]; /* see conversation_take */
    struct conversation_side side[2];
};

/* `bytes`: a multiple of 512 or more. */
int conversation_open(struct conversation *conversation, uint32_t bytes, struct err *err);
void conversation_close(struct conversation *conversation);

/* Begins with the first packet of a tape. */
void conversation_begin(struct conversation *conversation, const struct packet_tape *tape);

/* Takes what the tape has; false when there is more to take. Begins only when the tape has all that is
 * older. `isn`: of both sides, one below the first byte. */
bool conversation_take(struct conversation *conversation, const uint32_t isn[2]);

/* Nothing more is to come: what waits for missing bytes does not wait any longer. */
void conversation_settle(struct conversation *conversation);

static inline const uint8_t *conversation_bytes(const struct conversation *conversation,
                                                const struct conversation_run *run)
{
    return conversation->bytes + run->at;
}

#endif
