#include "flows/digest.h"

#include <string.h>

struct piece {
    uint32_t next;
    uint32_t len;
    int64_t offset;
    uint8_t bytes[DIGEST_PIECE_SIZE];
};

int digest_pieces_open(struct pool *pieces, struct err *err)
{
    return pool_open(pieces, "pieces of streams", sizeof(struct piece), DIGEST_PIECES, err);
}

void digest_init(struct flow_digest *digest)
{
    for (unsigned side = 0; side < 2; side++)
        digest->side[side] = (struct stream_digest){.first_piece = POOL_NONE};
}

static struct piece *piece_at(const struct pool *pieces, uint32_t index)
{
    return pool_at(pieces, index);
}

static void release_side(struct stream_digest *digest, struct pool *pieces)
{
    while (digest->first_piece != POOL_NONE) {
        uint32_t index = digest->first_piece;
        digest->first_piece = piece_at(pieces, index)->next;
        pool_give(pieces, index);
    }
}

void digest_release(struct flow_digest *digest, struct pool *pieces)
{
    release_side(&digest->side[0], pieces);
    release_side(&digest->side[1], pieces);
}

static void give_up(struct stream_digest *digest, struct pool *pieces)
{
    release_side(digest, pieces);
    digest->state = DIGEST_BROKEN;
}

/* Drops the first `count` bytes. */
static void skip(struct digest_payload *payload, int64_t count)
{
    payload->bytes += count;
    payload->captured_len -= (uint32_t)count;
    payload->offset += count;
}

/* Puts up to `room` bytes behind *link, in as many pieces as it takes. Returns the link behind
 * them, or NULL when the pool is empty. */
static uint32_t *put_pieces(struct stream_digest *digest, struct pool *pieces, uint32_t *link,
                            struct digest_payload *payload, int64_t room)
{
    int64_t left = payload->captured_len < room ? payload->captured_len : room;
    while (left > 0) {
        uint32_t index = pool_take(pieces);
        if (index == POOL_NONE)
            return NULL;
        uint32_t len = left < DIGEST_PIECE_SIZE ? (uint32_t)left : DIGEST_PIECE_SIZE;
        struct piece *piece = piece_at(pieces, index);
        piece->next = *link;
        piece->len = len;
        piece->offset = payload->offset;
        memcpy(piece->bytes, payload->bytes, len);
        *link = index;
        link = &piece->next;
        if (*link == POOL_NONE)
            digest->last_piece = index;
        skip(payload, len);
        left -= len;
    }
    return link;
}

/* Keeps early payload, without what other pieces have already. */
static bool keep(struct stream_digest *digest, struct pool *pieces, struct digest_payload payload)
{
    uint32_t *link = &digest->first_piece;
    if (*link != POOL_NONE) {
        struct piece *last = piece_at(pieces, digest->last_piece);
        if (payload.offset >= last->offset + last->len)
            link = &last->next;
    }
    uint32_t steps = 0;
    while (payload.captured_len > 0 && *link != POOL_NONE) {
        if (++steps > DIGEST_STEPS_MAX)
            return false;
        struct piece *piece = piece_at(pieces, *link);
        if (payload.offset < piece->offset) {
            link = put_pieces(digest, pieces, link, &payload, piece->offset - payload.offset);
            if (!link)
                return false;
            continue;
        }
        int64_t known = piece->offset + piece->len - payload.offset;
        if (known > 0)
            skip(&payload, known < payload.captured_len ? known : payload.captured_len);
        link = &piece->next;
    }
    return put_pieces(digest, pieces, link, &payload, payload.captured_len) != NULL;
}

static void hash_payload(struct stream_digest *digest, const uint8_t *bytes, size_t len)
{
    SHA1Update(&digest->hash, bytes, len);
    digest->next += (int64_t)len;
}

/* Hashes kept payload whose turn has come. */
static void drain(struct stream_digest *digest, struct pool *pieces)
{
    while (digest->first_piece != POOL_NONE) {
        uint32_t index = digest->first_piece;
        const struct piece *piece = piece_at(pieces, index);
        if (piece->offset > digest->next)
            return;
        int64_t known = digest->next - piece->offset;
        if (known < piece->len)
            hash_payload(digest, piece->bytes + known, piece->len - (size_t)known);
        digest->first_piece = piece->next;
        pool_give(pieces, index);
    }
}

void digest_add(struct stream_digest *digest, struct pool *pieces, int64_t begin,
                const struct digest_payload *payload)
{
    if (digest->state == DIGEST_BROKEN)
        return;
    if (digest->state == DIGEST_EMPTY) {
        SHA1Init(&digest->hash);
        digest->begin = digest->next = begin;
        digest->state = DIGEST_WHOLE;
    }
    struct digest_payload rest = *payload;
    if (begin < digest->begin || rest.captured_len < rest.wire_len) {
        give_up(digest, pieces);
        return;
    }
    if (rest.offset < digest->next) {
        int64_t known = digest->next - rest.offset;
        skip(&rest, known < rest.captured_len ? known : rest.captured_len);
    }
    if (rest.captured_len == 0)
        return;
    if (rest.offset > digest->next) {
        if (!keep(digest, pieces, rest))
            give_up(digest, pieces);
        return;
    }
    hash_payload(digest, rest.bytes, rest.captured_len);
    drain(digest, pieces);
}

bool digest_result(const struct stream_digest *digest, int64_t begin, int64_t end,
                   uint8_t sha1[SHA1_DIGEST_LENGTH])
{
    if (digest->state != DIGEST_WHOLE || digest->begin != begin || digest->next != end)
        return false;
    SHA1_CTX copy = digest->hash;
    SHA1Final(sha1, &copy);
    return true;
}
