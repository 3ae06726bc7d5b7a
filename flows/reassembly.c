#include "flows/reassembly.h"

#include <assert.h>
#include <string.h>

struct piece {
    uint32_t next;
    uint32_t prev; /* of early ones */
    int64_t offset;
    uint16_t len;
    uint8_t bytes[REASSEMBLY_PIECE_SIZE];
};

static_assert(sizeof(struct piece) == REASSEMBLY_PIECE_MEMORY, "four cache lines");

int reassembly_pieces_open(struct pool *pieces, uint32_t count, struct err *err)
{
    return pool_open(pieces, "pieces of streams", sizeof(struct piece),
                     count ? count : REASSEMBLY_PIECES, err);
}

static struct piece *piece_at(const struct pool *pieces, uint32_t index)
{
    return pool_at(pieces, index);
}

static uint32_t shorter(int64_t len, uint32_t most)
{
    return len < (int64_t)most ? (uint32_t)len : most;
}

/* Drops the first `count` bytes. */
static void skip(struct reassembly_payload *payload, int64_t count)
{
    uint32_t captured = shorter(count, payload->captured_len);
    payload->bytes += captured;
    payload->captured_len -= captured;
    payload->wire_len -= shorter(count, payload->wire_len);
    payload->offset += count;
}

/* Do the bytes that a piece and a payload have in common differ? */
static bool piece_differs(const struct piece *piece, const struct reassembly_payload *payload)
{
    int64_t from = piece->offset > payload->offset ? piece->offset : payload->offset;
    int64_t piece_end = piece->offset + piece->len;
    int64_t payload_end = payload->offset + payload->captured_len;
    int64_t to = piece_end < payload_end ? piece_end : payload_end;
    return from < to && memcmp(piece->bytes + (from - piece->offset),
                               payload->bytes + (from - payload->offset), (size_t)(to - from)) != 0;
}

/* The same of a chain, as far as it lies before the end of the payload. */
static bool chain_differs(uint32_t chain, const struct pool *pieces,
                          const struct reassembly_payload *payload)
{
    for (uint32_t at = chain; at != POOL_NONE; at = piece_at(pieces, at)->next) {
        const struct piece *piece = piece_at(pieces, at);
        if (piece->offset >= payload->offset + payload->captured_len)
            return false;
        if (piece_differs(piece, payload))
            return true;
    }
    return false;
}

/* A piece for bytes that were delivered; a direction that has enough of them, or finds no other,
 * gives its oldest. POOL_NONE when it has none. */
static uint32_t take_kept(struct reassembly *reassembly, struct pool *pieces)
{
    if (reassembly->kept_count < REASSEMBLY_KEPT_MAX) {
        uint32_t index = pool_take(pieces);
        if (index != POOL_NONE)
            reassembly->kept_count++;
        if (index != POOL_NONE || reassembly->kept == POOL_NONE)
            return index;
    }
    uint32_t oldest = reassembly->kept;
    reassembly->kept = piece_at(pieces, oldest)->next;
    return oldest;
}

static struct piece *append_kept(struct reassembly *reassembly, struct pool *pieces, int64_t offset)
{
    uint32_t index = take_kept(reassembly, pieces);
    if (index == POOL_NONE)
        return NULL;
    struct piece *piece = piece_at(pieces, index);
    piece->next = POOL_NONE;
    piece->len = 0;
    piece->offset = offset;
    if (reassembly->kept == POOL_NONE)
        reassembly->kept = index;
    else
        piece_at(pieces, reassembly->kept_last)->next = index;
    reassembly->kept_last = index;
    return piece;
}

/* Keeps a copy of bytes at `next`, as far as there is room: it is a courtesy. */
static void keep(struct reassembly *reassembly, const struct reassembly_way *way,
                 const uint8_t *bytes, uint32_t len)
{
    int64_t offset = reassembly->next;
    struct piece *piece = NULL;
    if (reassembly->kept != POOL_NONE)
        piece = piece_at(way->pieces, reassembly->kept_last);
    while (len > 0) {
        bool fits =
            piece && piece->len < REASSEMBLY_PIECE_SIZE && piece->offset + piece->len == offset;
        if (!fits)
            piece = append_kept(reassembly, way->pieces, offset);
        if (!piece)
            return;
        uint32_t part = shorter(len, REASSEMBLY_PIECE_SIZE - piece->len);
        memcpy(piece->bytes + piece->len, bytes, part);
        piece->len = (uint16_t)(piece->len + part);
        bytes += part;
        offset += part;
        len -= part;
    }
}

static void deliver(struct reassembly *reassembly, const struct reassembly_way *way,
                    const uint8_t *bytes, uint64_t len)
{
    way->deliver(way->context,
                 &(struct reassembly_chunk){.offset = reassembly->next - reassembly->begin,
                                            .bytes = bytes,
                                            .len = len,
                                            .missing_before = reassembly->gap_bytes,
                                            .gaps_before = reassembly->gap_count});
    if (bytes)
        return;
    reassembly->gap_count++;
    reassembly->gap_bytes += (int64_t)len;
}

/* Bytes whose turn it is. */
static void take(struct reassembly *reassembly, const struct reassembly_way *way,
                 const uint8_t *bytes, uint32_t len)
{
    if (len == 0)
        return;
    deliver(reassembly, way, bytes, len);
    keep(reassembly, way, bytes, len);
    reassembly->next += len;
}

static void give_up_to(struct reassembly *reassembly, const struct reassembly_way *way,
                       int64_t offset)
{
    if (offset <= reassembly->next)
        return;
    deliver(reassembly, way, NULL, (uint64_t)(offset - reassembly->next));
    reassembly->next = offset;
    reassembly->acked_ns = 0;
}

/* Takes early pieces whose turn has come. */
static void drain(struct reassembly *reassembly, const struct reassembly_way *way)
{
    while (reassembly->early != POOL_NONE) {
        uint32_t index = reassembly->early;
        const struct piece *piece = piece_at(way->pieces, index);
        int64_t known = reassembly->next - piece->offset;
        if (known < 0)
            break;
        if (known < piece->len)
            take(reassembly, way, piece->bytes + known, piece->len - (uint32_t)known);
        reassembly->early = piece->next;
        if (piece->next != POOL_NONE)
            piece_at(way->pieces, piece->next)->prev = POOL_NONE;
        reassembly->early_count--;
        if (reassembly->early_hint == index)
            reassembly->early_hint = POOL_NONE;
        reassembly->acked_ns = 0;
        pool_give(way->pieces, index);
    }
}

/* Gives the first gap up. */
static void pass_gap(struct reassembly *reassembly, const struct reassembly_way *way)
{
    give_up_to(reassembly, way, piece_at(way->pieces, reassembly->early)->offset);
    drain(reassembly, way);
}

/* Puts the first `len` bytes, at most a piece, behind `prev` (POOL_NONE: to the front). Returns the
 * new piece, POOL_NONE when there is no room. */
static uint32_t put_early(struct reassembly *reassembly, const struct reassembly_way *way,
                          uint32_t prev, struct reassembly_payload *payload, uint32_t len)
{
    if (reassembly->early_count >= REASSEMBLY_EARLY_MAX)
        return POOL_NONE;
    uint32_t index = pool_take(way->pieces);
    if (index == POOL_NONE)
        return POOL_NONE;
    uint32_t *link = prev == POOL_NONE ? &reassembly->early : &piece_at(way->pieces, prev)->next;
    struct piece *piece = piece_at(way->pieces, index);
    piece->next = *link;
    piece->prev = prev;
    piece->offset = payload->offset;
    piece->len = (uint16_t)len;
    memcpy(piece->bytes, payload->bytes, len);
    skip(payload, len);
    if (*link == POOL_NONE)
        reassembly->early_last = index;
    else
        piece_at(way->pieces, *link)->prev = index;
    *link = index;
    reassembly->early_hint = index;
    reassembly->early_count++;
    return index;
}

/* The last early piece that begins no later than `offset`, POOL_NONE when all do. Looks from the one
 * that was put last, or from the end: most early payload goes near one of them. False: it is too
 * far from both. */
static bool find_early(const struct reassembly *reassembly, const struct pool *pieces,
                       int64_t offset, uint32_t *found)
{
    uint32_t at = reassembly->early == POOL_NONE ? POOL_NONE : reassembly->early_last;
    uint32_t steps = 0;
    if (at != POOL_NONE && piece_at(pieces, at)->offset > offset &&
        reassembly->early_hint != POOL_NONE) {
        at = reassembly->early_hint;
        uint32_t next = piece_at(pieces, at)->next;
        for (; next != POOL_NONE && piece_at(pieces, next)->offset <= offset &&
               ++steps <= REASSEMBLY_STEPS_MAX;
             next = piece_at(pieces, at)->next)
            at = next;
    }
    while (at != POOL_NONE && piece_at(pieces, at)->offset > offset &&
           ++steps <= REASSEMBLY_STEPS_MAX)
        at = piece_at(pieces, at)->prev;
    *found = at;
    return steps <= REASSEMBLY_STEPS_MAX;
}

/* Takes away what a piece has of the payload, which does not begin before it. */
static unsigned pass_piece(const struct piece *piece, struct reassembly_payload *payload)
{
    unsigned result = piece_differs(piece, payload) ? REASSEMBLY_DIFFERS : 0;
    int64_t known = piece->offset + piece->len - payload->offset;
    if (known > 0)
        skip(payload, shorter(known, payload->captured_len));
    return result;
}

/* Keeps early payload, without what other pieces have already; `payload` is left with what found
 * no room. */
static unsigned wait_early(struct reassembly *reassembly, const struct reassembly_way *way,
                           struct reassembly_payload *payload)
{
    uint32_t at = POOL_NONE;
    if (!find_early(reassembly, way->pieces, payload->offset, &at))
        return REASSEMBLY_DENIED;
    unsigned result = at == POOL_NONE ? 0 : pass_piece(piece_at(way->pieces, at), payload);
    while (payload->captured_len > 0) {
        uint32_t next = at == POOL_NONE ? reassembly->early : piece_at(way->pieces, at)->next;
        int64_t room = REASSEMBLY_PIECE_SIZE;
        if (next != POOL_NONE)
            room = piece_at(way->pieces, next)->offset - payload->offset;
        if (room <= 0) {
            result |= pass_piece(piece_at(way->pieces, next), payload);
            at = next;
            continue;
        }
        uint32_t len = shorter(shorter(room, REASSEMBLY_PIECE_SIZE), payload->captured_len);
        at = put_early(reassembly, way, at, payload, len);
        if (at == POOL_NONE)
            return result | REASSEMBLY_DENIED;
    }
    return result;
}

/* Early payload found no room: the stream goes on without what is missing before it. */
static void make_room(struct reassembly *reassembly, const struct reassembly_way *way,
                      struct reassembly_payload *payload)
{
    while (reassembly->early != POOL_NONE)
        pass_gap(reassembly, way);
    give_up_to(reassembly, way, payload->offset);
    int64_t known = reassembly->next - payload->offset;
    if (known < payload->captured_len)
        take(reassembly, way, payload->bytes + known, payload->captured_len - (uint32_t)known);
}

/* Payload at `next`, up to the first early piece, whose bytes came before these. What of it was cut
 * off is missing for good. Returns whether something of the payload is left. */
static bool take_next(struct reassembly *reassembly, const struct reassembly_way *way,
                      struct reassembly_payload *payload)
{
    uint32_t room = UINT32_MAX;
    if (reassembly->early != POOL_NONE)
        room = shorter(piece_at(way->pieces, reassembly->early)->offset - reassembly->next,
                       UINT32_MAX);
    uint32_t announced = shorter(room, payload->wire_len);
    int64_t end = reassembly->next + announced;
    take(reassembly, way, payload->bytes, shorter(room, payload->captured_len));
    give_up_to(reassembly, way, end);
    skip(payload, announced);
    drain(reassembly, way);
    skip(payload, shorter(reassembly->next - payload->offset, payload->wire_len));
    return payload->wire_len > 0;
}

unsigned reassembly_add(struct reassembly *reassembly, const struct reassembly_way *way,
                        int64_t begin, const struct reassembly_payload *payload)
{
    if (!reassembly->begun) {
        reassembly->begin = reassembly->next = begin;
        reassembly->begun = true;
    }
    /* What lies before the first payload came too late: it is delivered no more. */
    bool is_lost = begin < reassembly->begin && payload->offset < reassembly->begin;
    unsigned result = is_lost ? REASSEMBLY_DENIED : 0;
    struct reassembly_payload rest = *payload;
    if (rest.offset < reassembly->next) {
        if (chain_differs(reassembly->kept, way->pieces, &rest))
            result |= REASSEMBLY_DIFFERS;
        skip(&rest, shorter(reassembly->next - rest.offset, rest.wire_len));
    }
    if (rest.wire_len == 0)
        return result;
    if (rest.offset > reassembly->next) {
        unsigned waited = wait_early(reassembly, way, &rest);
        if (waited & REASSEMBLY_DENIED)
            make_room(reassembly, way, &rest);
        return result | waited;
    }
    if (chain_differs(reassembly->early, way->pieces, &rest))
        result |= REASSEMBLY_DIFFERS;
    while (take_next(reassembly, way, &rest))
        continue;
    return result;
}

void reassembly_acknowledge(struct reassembly *reassembly, const struct reassembly_way *way,
                            int64_t offset)
{
    if (reassembly->early == POOL_NONE || offset < piece_at(way->pieces, reassembly->early)->offset)
        return;
    if (reassembly->acked_ns == 0)
        reassembly->acked_ns = way->time_ns;
    else if (way->time_ns - reassembly->acked_ns >= REASSEMBLY_PATIENCE_NS)
        pass_gap(reassembly, way);
}

void reassembly_finish(struct reassembly *reassembly, const struct reassembly_way *way, int64_t end)
{
    while (reassembly->early != POOL_NONE)
        pass_gap(reassembly, way);
    if (reassembly->begun)
        give_up_to(reassembly, way, end);
}

/* The last piece of a chain, often its only one, need not be read. */
static void release_chain(struct pool *pieces, uint32_t *chain, uint32_t last)
{
    while (*chain != POOL_NONE) {
        uint32_t index = *chain;
        *chain = index == last ? POOL_NONE : piece_at(pieces, index)->next;
        pool_give(pieces, index);
    }
}

void reassembly_release(struct reassembly *reassembly, struct pool *pieces)
{
    release_chain(pieces, &reassembly->kept, reassembly->kept_last);
    release_chain(pieces, &reassembly->early, reassembly->early_last);
    reassembly->kept_count = reassembly->early_count = 0;
    reassembly->early_hint = POOL_NONE;
}
