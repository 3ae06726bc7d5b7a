/*
 * Theory of operation: an incomplete datagram is a buffer of the largest size and two bitmaps with
 * a bit for each unit of 8 bytes: `received`, and `starts`, which remembers where fragments began.
 * Together they tell in a few word operations whether a fragment is new, the same as one before
 * (harmless: the network duplicates) or overlaps others, without a list that an attacker could make
 * long. As nothing overlaps, the datagram is complete when the received bytes add up to its length.
 *
 * An overlap is an attack or a reused identification; both make the whole datagram worthless. For
 * IPv6 its remaining fragments are refused too (RFC 5722 section 3, RFC 8200 section 4.5). IPv4
 * identifications have 16 bits and come round within seconds (RFC 4963), so there the datagram is
 * forgotten and the next fragment begins anew.
 *
 * A snap length cuts fragments; their announced extents are kept, and the bytes count as captured
 * up to the first that is missing.
 *
 * Age is looked at when a fragment meets its datagram, and old datagrams are the first to make way:
 * no timer, so the order of time stamps does not matter. Packet time may run backwards; a jump back
 * by more than the age is another capture, and as good as old.
 *
 * Source: RFC 791 section 3.2, RFC 815 (the idea of completeness), RFC 8200 section 4.5.
 */
#include "decode/fragment.h"

#include <errno.h>
#include <stdlib.h>

#include "decode/decoder.h"

static_assert(sizeof(struct datagram) % 8 == 0, "a pool packs them");

int fragments_open(struct fragment_table *table, uint32_t memory, const struct hash_key *key,
                   struct err *err)
{
    uint32_t capacity = memory / sizeof(struct datagram);
    if (capacity == 0)
        capacity = 1;
    uint32_t bucket_count = 1;
    while (bucket_count < capacity)
        bucket_count *= 2;
    *table = (struct fragment_table){
        .hash_key = *key,
        .bucket_mask = bucket_count - 1,
        .oldest = POOL_NONE,
        .newest = POOL_NONE,
        .complete = POOL_NONE,
    };
    int failed = pool_open(&table->pool, "IP fragments", sizeof(struct datagram), capacity, err);
    if (failed)
        return failed;
    table->buckets = malloc(bucket_count * sizeof *table->buckets);
    if (!table->buckets) {
        pool_close(&table->pool);
        return err_set(err, ENOMEM, "no memory for IP fragments; give a smaller limit");
    }
    for (uint32_t bucket = 0; bucket < bucket_count; bucket++)
        table->buckets[bucket] = POOL_NONE;
    return 0;
}

void fragments_close(struct fragment_table *table)
{
    free(table->buckets);
    pool_close(&table->pool);
    *table = (struct fragment_table){0};
}

static struct datagram *datagram_at(const struct fragment_table *table, uint32_t index)
{
    return pool_at(&table->pool, index);
}

static uint32_t *find_bucket(const struct fragment_table *table, const struct tuple *name)
{
    return &table->buckets[hash_tuple(&table->hash_key, name) & table->bucket_mask];
}

/* Out of its bucket and out of the order of arrival; the item stays taken. */
static void unlink_datagram(struct fragment_table *table, uint32_t index)
{
    struct datagram *datagram = datagram_at(table, index);
    uint32_t *link = find_bucket(table, &datagram->name);
    while (*link != index)
        link = &datagram_at(table, *link)->next;
    *link = datagram->next;
    if (datagram->older == POOL_NONE)
        table->oldest = datagram->newer;
    else
        datagram_at(table, datagram->older)->newer = datagram->newer;
    if (datagram->newer == POOL_NONE)
        table->newest = datagram->older;
    else
        datagram_at(table, datagram->newer)->older = datagram->older;
}

static void forget_datagram(struct fragment_table *table, uint32_t index)
{
    unlink_datagram(table, index);
    pool_give(&table->pool, index);
}

void fragments_release(struct fragment_table *table)
{
    while (table->complete != POOL_NONE) {
        uint32_t index = table->complete;
        table->complete = datagram_at(table, index)->next;
        pool_give(&table->pool, index);
    }
}

static uint32_t start_datagram(struct fragment_table *table, const struct tuple *name,
                               int64_t time_ns)
{
    if (table->pool.live == table->pool.capacity && table->oldest != POOL_NONE) {
        table->evicted_count += datagram_at(table, table->oldest)->fragment_count;
        forget_datagram(table, table->oldest);
    }
    uint32_t index = pool_take(&table->pool);
    if (index == POOL_NONE)
        return POOL_NONE;
    struct datagram *datagram = datagram_at(table, index);
    memset(datagram, 0, offsetof(struct datagram, bytes));
    datagram->name = *name;
    datagram->first_ns = time_ns;
    datagram->captured_end = FRAGMENT_END_MAX;
    uint32_t *bucket = find_bucket(table, name);
    datagram->next = *bucket;
    *bucket = index;
    datagram->newer = POOL_NONE;
    datagram->older = table->newest;
    if (table->newest == POOL_NONE)
        table->oldest = index;
    else
        datagram_at(table, table->newest)->newer = index;
    table->newest = index;
    return index;
}

static bool is_old(const struct datagram *datagram, int64_t time_ns)
{
    /* Hostile time stamps use all 64 bits; the distance is taken where it cannot overflow. */
    uint64_t distance = time_ns > datagram->first_ns
                            ? (uint64_t)time_ns - (uint64_t)datagram->first_ns
                            : (uint64_t)datagram->first_ns - (uint64_t)time_ns;
    return distance > (uint64_t)DECODER_FRAGMENT_AGE_NS;
}

static uint32_t find_datagram(struct fragment_table *table, const struct tuple *name,
                              int64_t time_ns)
{
    uint32_t index = *find_bucket(table, name);
    while (index != POOL_NONE && !tuple_equal(&datagram_at(table, index)->name, name))
        index = datagram_at(table, index)->next;
    if (index != POOL_NONE && is_old(datagram_at(table, index), time_ns)) {
        forget_datagram(table, index);
        index = POOL_NONE;
    }
    return index != POOL_NONE ? index : start_datagram(table, name, time_ns);
}

/* The bits [from, to) that lie in word number `word`. */
static uint64_t word_mask(uint32_t word, uint32_t from, uint32_t to)
{
    uint32_t base = word * 64;
    uint64_t mask = UINT64_MAX;
    if (from > base)
        mask &= UINT64_MAX << (from - base);
    if (to < base + 64)
        mask &= UINT64_MAX >> (base + 64 - to);
    return mask;
}

static uint32_t count_bits(const uint64_t *bits, uint32_t from, uint32_t to)
{
    uint32_t count = 0;
    for (uint32_t word = from / 64; word * 64 < to; word++)
        count += (uint32_t)__builtin_popcountll(bits[word] & word_mask(word, from, to));
    return count;
}

static void fill_bits(uint64_t *bits, uint32_t from, uint32_t to)
{
    for (uint32_t word = from / 64; word * 64 < to; word++)
        bits[word] |= word_mask(word, from, to);
}

static bool has_bit(const uint64_t *bits, uint32_t at)
{
    return at < FRAGMENT_UNIT_COUNT && (bits[at / 64] >> at % 64 & 1);
}

enum fit { FIT_NEW, FIT_REPEATED, FIT_OVERLAP, FIT_WRONG };

static enum fit fit_fragment(const struct datagram *datagram, const struct ip_header *ip)
{
    uint32_t end = ip->fragment_offset + ip->payload.wire_left;
    uint32_t from = ip->fragment_offset / FRAGMENT_UNIT;
    uint32_t to = (end + FRAGMENT_UNIT - 1) / FRAGMENT_UNIT;
    uint32_t total_len = datagram->total_len;
    if (total_len != 0 && (ip->more_fragments ? end >= total_len : end != total_len))
        return FIT_WRONG;
    if (!ip->more_fragments && end < datagram->end)
        return FIT_WRONG;
    uint32_t known = count_bits(datagram->received, from, to);
    if (known == 0)
        return FIT_NEW;
    bool same_start = has_bit(datagram->starts, from);
    bool same_end = !has_bit(datagram->received, to) || has_bit(datagram->starts, to);
    bool whole = known == to - from && count_bits(datagram->starts, from + 1, to) == 0;
    return same_start && same_end && whole ? FIT_REPEATED : FIT_OVERLAP;
}

/* The whole datagram goes. Of IPv6 whatever still comes goes as well, RFC 5722 section 3. */
static bool refuse_datagram(struct fragment_table *table, uint32_t index, bool for_good)
{
    if (for_good)
        datagram_at(table, index)->refused = true;
    else
        forget_datagram(table, index);
    return false;
}

static void store_fragment(struct datagram *datagram, const struct ip_header *ip)
{
    uint32_t offset = ip->fragment_offset;
    uint32_t len = ip->payload.wire_left;
    uint32_t captured = (uint32_t)ip->payload.bytes.left;
    uint32_t from = offset / FRAGMENT_UNIT;
    fill_bits(datagram->received, from, (offset + len + FRAGMENT_UNIT - 1) / FRAGMENT_UNIT);
    fill_bits(datagram->starts, from, from + 1);
    if (captured > 0)
        memcpy(datagram->bytes + offset, ip->payload.bytes.at, captured);
    if (captured < len && offset + captured < datagram->captured_end)
        datagram->captured_end = offset + captured;
    datagram->received_len += len;
    if (offset + len > datagram->end)
        datagram->end = offset + len;
    if (!ip->more_fragments)
        datagram->total_len = offset + len;
    if (offset == 0)
        datagram->protocol = ip->protocol;
}

static void hand_out(struct fragment_table *table, uint32_t index, struct ip_header *ip)
{
    unlink_datagram(table, index);
    struct datagram *datagram = datagram_at(table, index);
    datagram->next = table->complete;
    table->complete = index;
    ip->protocol = datagram->protocol;
    ip->payload.bytes = (struct bytes){datagram->bytes, datagram->captured_end};
    ip->payload.wire_left = datagram->total_len;
    bytes_limit(&ip->payload.bytes, datagram->total_len);
}

static struct tuple name_datagram(const struct tuple *ends, const struct ip_header *ip)
{
    struct tuple name = *ends;
    name.port[0] = (uint16_t)(ip->fragment_id >> 16);
    name.port[1] = (uint16_t)ip->fragment_id;
    /* IPv6: only the first fragment's next header counts (RFC 8200 section 4.5). */
    name.protocol = ends->family == 4 ? ip->protocol : 0;
    name.zero[0] = 0;
    name.zero[1] = 0;
    return name;
}

bool fragments_add(struct fragment_table *table, int64_t time_ns, const struct tuple *ends,
                   struct ip_header *ip, enum verdict *verdict)
{
    uint32_t len = ip->payload.wire_left;
    if (len == 0 || len > FRAGMENT_END_MAX - ip->fragment_offset ||
        (ip->more_fragments && len % FRAGMENT_UNIT != 0))
        return layer_refuse(verdict, VERDICT_FRAGMENT_BAD);
    struct tuple name = name_datagram(ends, ip);
    uint32_t index = find_datagram(table, &name, time_ns);
    if (index == POOL_NONE)
        return layer_refuse(verdict, VERDICT_FRAGMENT_DENIED);
    struct datagram *datagram = datagram_at(table, index);
    if (datagram->refused)
        return layer_refuse(verdict, VERDICT_FRAGMENT_OVERLAP);
    switch (fit_fragment(datagram, ip)) {
    case FIT_WRONG:
        *verdict = VERDICT_FRAGMENT_BAD;
        return refuse_datagram(table, index, ends->family == 6);
    case FIT_OVERLAP:
        *verdict = VERDICT_FRAGMENT_OVERLAP;
        return refuse_datagram(table, index, ends->family == 6);
    case FIT_REPEATED:
        datagram->fragment_count++;
        return layer_refuse(verdict, VERDICT_FRAGMENT_HELD);
    case FIT_NEW:
        break;
    }
    store_fragment(datagram, ip);
    if (datagram->received_len != datagram->total_len) {
        datagram->fragment_count++;
        return layer_refuse(verdict, VERDICT_FRAGMENT_HELD);
    }
    hand_out(table, index, ip);
    return true;
}
