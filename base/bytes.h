/*
 * Purpose: the only way to untrusted bytes: a cursor that cannot be read past its end, and loads
 *          that do not care about alignment.
 * Owns:    nothing.
 * Borrows: the bytes under the cursor, for as long as their owner keeps them.
 * Bounds:  constant time.
 * Fails:   bytes_take returns NULL and moves nothing when fewer bytes are left than asked for.
 * Used by: everyone who looks into a packet or a file.
 */
#ifndef LOFLOW_BASE_BYTES_H
#define LOFLOW_BASE_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at;
    size_t left;
};

static inline const uint8_t *bytes_take(struct bytes *bytes, size_t count)
{
    if (count > bytes->left)
        return NULL;
    const uint8_t *taken = bytes->at;
    bytes->at += count;
    bytes->left -= count;
    return taken;
}

/* Shortens the cursor to at most `count` bytes: a header announced its length. */
static inline void bytes_limit(struct bytes *bytes, size_t count)
{
    if (bytes->left > count)
        bytes->left = count;
}

static inline uint16_t load_be16(const uint8_t *at)
{
    return (uint16_t)((at[0] << 8) | at[1]);
}

static inline uint32_t load_be32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

static inline uint64_t load_be64(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return be64toh(word);
}

static inline uint16_t load_le16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (at[1] << 8));
}

static inline uint32_t load_le32(const uint8_t *at)
{
    return ((uint32_t)at[3] << 24) | ((uint32_t)at[2] << 16) | ((uint32_t)at[1] << 8) | at[0];
}

/* A word in the byte order of this machine, for hashing and comparing only. */
static inline uint64_t load_word(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

#endif
