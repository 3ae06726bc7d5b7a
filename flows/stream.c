#include "flows/stream.h"

struct hole {
    uint32_t next;
    uint32_t acknowledged; /* the peer has what lies here */
    int64_t from, to;      /* offsets [from, to) were not seen */
};

int stream_holes_open(struct pool *holes, struct err *err)
{
    return pool_open(holes, "stream holes", sizeof(struct hole), STREAM_HOLES_MAX, err);
}

int64_t stream_offset(const struct flow_side *side, uint32_t seq)
{
    return side->stream_end + (int32_t)(seq - side->stream_next);
}

static void begin_at(struct stream *stream, uint32_t seq)
{
    stream->side->stream_next = seq;
    stream->side->stream_end = 0;
    stream->rare->stream_begin = 0;
    stream->side->flags |= SIDE_STREAM_KNOWN;
}

/* Puts [from, to) into the sorted chain. It touches no other hole. */
static bool put_hole(struct stream *stream, int64_t from, int64_t to, uint32_t acknowledged)
{
    uint32_t index = POOL_NONE;
    if (stream->rare->hole_count < STREAM_HOLES_PER_SIDE)
        index = pool_take(stream->holes);
    if (index == POOL_NONE)
        return false;
    stream->rare->hole_count++;
    uint32_t *link = &stream->rare->first_hole;
    while (*link != POOL_NONE) {
        struct hole *hole = pool_at(stream->holes, *link);
        if (hole->from > from)
            break;
        link = &hole->next;
    }
    *(struct hole *)pool_at(stream->holes, index) =
        (struct hole){.next = *link, .acknowledged = acknowledged, .from = from, .to = to};
    *link = index;
    return true;
}

static bool add_hole(struct stream *stream, int64_t from, int64_t to)
{
    stream->side->flags |= SIDE_HOLES;
    return put_hole(stream, from, to, false);
}

static void end_at(struct flow_side *side, int64_t end)
{
    side->stream_next += (uint32_t)(end - side->stream_end);
    side->stream_end = end;
}

/* Takes [from, to) out of the holes. Returns the bytes that were missing until now. Splitting a
 * hole takes one from the pool; when that is denied, the part behind is given up as seen never. */
static uint64_t fill_holes(struct stream *stream, int64_t from, int64_t to, bool *denied)
{
    uint64_t filled = 0;
    uint32_t *link = &stream->rare->first_hole;
    while (*link != POOL_NONE) {
        uint32_t index = *link;
        struct hole *hole = pool_at(stream->holes, index);
        if (hole->from >= to)
            break;
        if (hole->to <= from) {
            link = &hole->next;
            continue;
        }
        int64_t low = hole->from > from ? hole->from : from;
        int64_t high = hole->to < to ? hole->to : to;
        filled += (uint64_t)(high - low);
        if (hole->acknowledged)
            stream->rare->uncaptured -= (uint64_t)(high - low);
        if (low == hole->from && high == hole->to) {
            *link = hole->next;
            pool_give(stream->holes, index);
            stream->rare->hole_count--;
        } else if (low == hole->from) {
            hole->from = high;
            link = &hole->next;
        } else {
            int64_t behind = hole->to;
            hole->to = low;
            if (high < behind && !put_hole(stream, high, behind, hole->acknowledged))
                *denied = true;
            link = &hole->next;
        }
    }
    return filled;
}

bool stream_begin(struct stream *stream, uint32_t seq)
{
    struct flow_side *side = stream->side;
    /* Until payload was seen, the latest SYN is the one that counts. */
    if (side->unique_bytes == 0) {
        stream_release(stream);
        begin_at(stream, seq + 1);
        side->flags |= SIDE_BEGIN_KNOWN;
        return true;
    }
    if (side->flags & SIDE_BEGIN_KNOWN)
        return true;
    side->flags |= SIDE_BEGIN_KNOWN;
    int64_t begin = stream_offset(side, seq + 1);
    if (begin >= stream->rare->stream_begin)
        return true;
    bool kept = add_hole(stream, begin, stream->rare->stream_begin);
    stream->rare->stream_begin = begin;
    return kept;
}

bool stream_data(struct stream *stream, uint32_t seq, uint32_t len)
{
    struct flow_side *side = stream->side;
    if (!(side->flags & SIDE_STREAM_KNOWN))
        begin_at(stream, seq);
    if (seq == side->stream_next) {
        end_at(side, side->stream_end + len);
        side->unique_bytes += len;
        return true;
    }
    int64_t from = stream_offset(side, seq);
    int64_t to = from + len;
    int64_t begin = stream->rare->stream_begin;
    bool denied = false;
    uint64_t seen = 0;
    if (from < begin && !(side->flags & SIDE_BEGIN_KNOWN)) {
        stream->rare->stream_begin = from;
        seen += (uint64_t)((to < begin ? to : begin) - from);
        denied = to < begin && !add_hole(stream, to, begin);
    }
    if (from < side->stream_end) {
        seen += fill_holes(stream, from, to, &denied);
        from = side->stream_end;
    }
    if (to > side->stream_end) {
        if (from > side->stream_end)
            denied = !add_hole(stream, side->stream_end, from);
        seen += (uint64_t)(to - from);
        end_at(side, to);
    }
    side->unique_bytes += seen;
    return !denied;
}

bool stream_fin(struct stream *stream, uint32_t seq)
{
    struct flow_side *side = stream->side;
    if (!(side->flags & SIDE_STREAM_KNOWN))
        begin_at(stream, seq);
    int64_t end = stream_offset(side, seq);
    if (end <= side->stream_end)
        return true;
    bool kept = add_hole(stream, side->stream_end, end);
    end_at(side, end);
    return kept;
}

uint32_t stream_acknowledge(struct stream *stream, uint32_t ack)
{
    int64_t offset = stream_offset(stream->side, ack);
    uint32_t count = 0;
    uint32_t index = stream->rare->first_hole;
    for (; index != POOL_NONE; index = ((struct hole *)pool_at(stream->holes, index))->next) {
        struct hole *hole = pool_at(stream->holes, index);
        if (hole->from >= offset)
            return count;
        if (hole->acknowledged)
            continue;
        hole->acknowledged = true;
        stream->rare->uncaptured += (uint64_t)(hole->to - hole->from);
        count++;
    }
    stream->side->flags &= (uint16_t)~SIDE_HOLES;
    return count;
}

void stream_release(struct stream *stream)
{
    uint32_t index = stream->rare->first_hole;
    while (index != POOL_NONE) {
        uint32_t next = ((struct hole *)pool_at(stream->holes, index))->next;
        pool_give(stream->holes, index);
        index = next;
    }
    stream->rare->first_hole = POOL_NONE;
    stream->rare->hole_count = 0;
    stream->rare->uncaptured = 0;
    stream->side->flags &= (uint16_t)~SIDE_HOLES;
}
