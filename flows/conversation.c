/*
 * Theory of operation
 *
 * Each side's payload goes through flows/reassembly, which gives it back byte by byte in stream order,
 * gaps in between. What it gives is appended to one store for both sides, so that a turn's bytes lie
 * there in a row. A sequence number becomes an offset by its signed distance from the one before it
 * (RFC 9293 section 3.4).
 */
#include "flows/conversation.h"

#include <string.h>

#include "flows/segment.h"

#define LINE 64u /* the unit of reservations */

int conversation_open(struct conversation *conversation, uint32_t bytes, struct err *err)
{
    *conversation = (struct conversation){0};
    const struct {
        const char *name;
        size_t item_size;
        uint32_t count;
    } parts[] = {
        {"lines of streams", LINE, bytes / LINE},
        {"runs of streams", sizeof(struct conversation_run), bytes / CONVERSATION_BYTES_PER_RUN},
        {"turns of streams", sizeof(struct conversation_turn), bytes / CONVERSATION_BYTES_PER_TURN},
    };
    int failed =
        reassembly_pieces_open(&conversation->pieces, bytes / REASSEMBLY_PIECE_MEMORY, err);
    for (size_t at = 0; !failed && at < sizeof parts / sizeof parts[0]; at++)
        failed = pool_open(&conversation->memory[at], parts[at].name, parts[at].item_size,
                           parts[at].count, err);
    if (failed) {
        conversation_close(conversation);
        return failed;
    }
    conversation->bytes = conversation->memory[0].items;
    conversation->runs = (void *)conversation->memory[1].items;
    conversation->turns = (void *)conversation->memory[2].items;
    return 0;
}

void conversation_close(struct conversation *conversation)
{
    for (size_t at = 0; at < sizeof conversation->memory / sizeof conversation->memory[0]; at++)
        pool_close(&conversation->memory[at]);
    pool_close(&conversation->pieces);
}

void conversation_begin(struct conversation *conversation, const struct packet_tape *tape)
{
    for (unsigned side = 0; side < 2; side++) {
        if (conversation->tape)
            reassembly_release(&conversation->side[side].reassembly, &conversation->pieces);
        conversation->side[side] = (struct conversation_side){0};
        reassembly_init(&conversation->side[side].reassembly);
    }
    conversation->tape = tape;
    conversation->position = 0;
    conversation->len = conversation->left_out = 0;
    conversation->run_count = conversation->turn_count = 0;
    conversation->is_settled = conversation->is_cut = false;
    conversation->changes++;
}

/* The turn that goes on, or a new one when another side speaks; NULL when there is no room. */
static struct conversation_turn *need_turn(struct conversation *conversation, unsigned side)
{
    uint32_t count = conversation->turn_count;
    if (count > 0 && conversation->turns[count - 1].side == side)
        return &conversation->turns[count - 1];
    if (count == conversation->memory[2].capacity)
        return NULL;
    conversation->turn_count++;
    conversation->turns[count] = (struct conversation_turn){
        .begin_ns = conversation->now_ns,
        .first_run = conversation->run_count,
        .side = (uint8_t)side,
    };
    return &conversation->turns[count];
}

static bool has_room(const struct conversation *conversation, const struct reassembly_chunk *chunk)
{
    return conversation->run_count < conversation->memory[1].capacity &&
           conversation->left_out == 0 &&
           (!chunk->bytes ||
            chunk->len <= (uint64_t)conversation->memory[0].capacity * LINE - conversation->len);
}

/* A run that the chunk continues, or a new one. */
static struct conversation_run *need_run(struct conversation *conversation,
                                         struct conversation_turn *turn, bool is_gap,
                                         int64_t offset)
{
    struct conversation_run *last = &conversation->runs[conversation->run_count - 1];
    bool is_apart = conversation->is_apart && !is_gap;
    conversation->is_apart = false;
    if (turn->run_count > 0 && !is_apart && last->is_gap == is_gap &&
        last->offset + (int64_t)last->len == offset)
        return last;
    struct conversation_run *run = &conversation->runs[conversation->run_count++];
    *run = (struct conversation_run){
        .at = conversation->len,
        .offset = offset,
        .turn = conversation->turn_count - 1,
        .is_gap = is_gap,
    };
    turn->run_count++;
    return run;
}

static void append(struct conversation *conversation, unsigned side,
                   const struct reassembly_chunk *chunk)
{
    struct conversation_side *own = &conversation->side[side];
    bool is_gap = !chunk->bytes;
    struct conversation_turn *turn =
        has_room(conversation, chunk) ? need_turn(conversation, side) : NULL;
    if (!turn) {
        conversation->left_out += chunk->len;
        own->left_out += chunk->len;
        return;
    }
    struct conversation_run *run = need_run(conversation, turn, is_gap, chunk->offset + own->begin);
    run->len += chunk->len;
    turn->len += chunk->len;
    turn->end_ns = conversation->now_ns;
    if (is_gap) {
        turn->missing += chunk->len;
        own->missing += chunk->len;
        conversation->gap_ns = conversation->now_ns;
        return;
    }
    memcpy(conversation->bytes + conversation->len, chunk->bytes, chunk->len);
    conversation->len += chunk->len;
    own->len += chunk->len;
}

struct delivery {
    struct conversation *conversation;
    unsigned side;
};

static void deliver(void *context, const struct reassembly_chunk *chunk)
{
    const struct delivery *delivery = context;
    append(delivery->conversation, delivery->side, chunk);
}

static struct reassembly_way way_of(struct delivery *delivery)
{
    return (struct reassembly_way){.pieces = &delivery->conversation->pieces,
                                   .time_ns = delivery->conversation->now_ns,
                                   .deliver = deliver,
                                   .context = delivery};
}

/* Where a sequence number lies in the stream of that side. */
static int64_t offset_of(struct conversation *conversation, unsigned side, uint32_t seq)
{
    struct conversation_side *own = &conversation->side[side];
    if (!own->is_known) {
        own->is_known = true;
        own->offset = (int64_t)(uint32_t)(seq - conversation->isn[side] - 1);
        own->seq = seq;
    }
    int64_t offset = own->offset + seq_diff(seq, own->seq);
    if (offset > own->offset) {
        own->offset = offset;
        own->seq = seq;
    }
    return offset;
}

/* The stream begins with the first packet that is kept: at its SYN, or in the middle. */
static void take_payload(struct conversation *conversation, const struct packet_record *record,
                         uint32_t seq)
{
    struct conversation_side *own = &conversation->side[record->side];
    int64_t offset = offset_of(conversation, record->side, seq);
    if (!own->reassembly.begun && conversation->is_cut)
        own->begin = offset;
    const uint8_t *bytes = packet_log_payload(conversation->tape->log, record);
    struct delivery delivery = {conversation, record->side};
    struct reassembly_way way = way_of(&delivery);
    (void)reassembly_add(&own->reassembly, &way, own->begin,
                         &(struct reassembly_payload){.bytes = bytes,
                                                      .captured_len = bytes ? record->kept_len : 0,
                                                      .wire_len = record->wire_len,
                                                      .offset = offset});
    if (offset + record->wire_len > own->end)
        own->end = offset + record->wire_len;
}

static void take_segment(struct conversation *conversation, const struct packet_record *record)
{
    bool has_syn = record->flags & TCP_SYN;
    uint32_t seq = record->seq + has_syn;
    if (has_syn)
        (void)offset_of(conversation, record->side, seq);
    /* A keep-alive repeats a byte that was acknowledged long ago, or sends one of its own. */
    if (record->wire_len > 0 && !(record->marks & MARK_BIT(KEEPALIVE)))
        take_payload(conversation, record, seq);
    struct conversation_side *peer = &conversation->side[!record->side];
    if (record->flags & TCP_ACK && peer->is_known) {
        struct delivery delivery = {conversation, !record->side};
        struct reassembly_way way = way_of(&delivery);
        reassembly_acknowledge(&peer->reassembly, &way,
                               peer->offset + seq_diff(record->ack, peer->seq));
    }
}

/* A datagram is a run of its own. */
static void take_datagram(struct conversation *conversation, const struct packet_record *record)
{
    struct conversation_side *own = &conversation->side[record->side];
    const uint8_t *bytes = packet_log_payload(conversation->tape->log, record);
    uint32_t kept = bytes ? record->kept_len : 0;
    conversation->is_apart = true;
    if (kept > 0)
        append(conversation, record->side,
               &(struct reassembly_chunk){.offset = own->end, .bytes = bytes, .len = kept});
    if (record->wire_len > kept)
        append(
            conversation, record->side,
            &(struct reassembly_chunk){.offset = own->end + kept, .len = record->wire_len - kept});
    own->end += record->wire_len;
}

bool conversation_take(struct conversation *conversation, const uint32_t isn[2])
{
    const struct packet_tape *tape = conversation->tape;
    uint64_t budget = CONVERSATION_STEP;
    memcpy(conversation->isn, isn, sizeof conversation->isn);
    if (!tape || !tape->complete || packet_tape_count(tape) == 0)
        return false;
    bool is_first = conversation->position == 0;
    if (conversation->position < tape->begin)
        conversation->position = tape->begin;
    if (is_first) {
        conversation->is_cut = packet_tape_count(tape) > 0 &&
                               packet_tape_at(tape, tape->begin)->kind == PACKET_TCP &&
                               !(packet_tape_at(tape, tape->begin)->flags & TCP_SYN);
    }
    for (uint32_t count = 0; conversation->position < tape->end; count++) {
        const struct packet_record *record = packet_tape_at(tape, conversation->position);
        if (count == CONVERSATION_PACKETS || record->kept_len > budget)
            return false;
        budget -= record->kept_len;
        conversation->position++;
        conversation->is_settled = false;
        conversation->now_ns = record->time_ns;
        if (record->kind == PACKET_TCP)
            take_segment(conversation, record);
        else if (record->kind == PACKET_UDP && record->wire_len > 0)
            take_datagram(conversation, record);
    }
    return true;
}

void conversation_settle(struct conversation *conversation)
{
    if (conversation->is_settled || !conversation->tape ||
        conversation->position < conversation->tape->end)
        return;
    conversation->is_settled = true;
    for (unsigned side = 0; side < 2; side++) {
        struct delivery delivery = {conversation, side};
        struct reassembly_way way = way_of(&delivery);
        reassembly_finish(&conversation->side[side].reassembly, &way, conversation->side[side].end);
    }
}
