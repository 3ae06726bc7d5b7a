/*
 * Purpose: what a fuzz target is: a function that takes any bytes and aborts when something that must
 *          hold does not; and how it takes numbers from those bytes.
 * Used by: tests/fuzz/fuzz_*.c (have it), tests/fuzz/rounds.c and libFuzzer (call it).
 */
#ifndef LOFLOW_TESTS_FUZZ_FUZZ_H
#define LOFLOW_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* In builds with NDEBUG, too. */
#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds)) {                                                                            \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* `wrong` is NULL, or says what is wrong. */
#define MUST_BE_RIGHT(wrong)                                                                       \
    do {                                                                                           \
        const char *is_wrong = (wrong);                                                            \
        if (is_wrong) {                                                                            \
            (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #wrong, is_wrong);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Numbers from the input; 0 behind its end. */
static inline uint8_t fuzz_8(struct bytes *input)
{
    const uint8_t *at = bytes_take(input, 1);
    return at ? *at : 0;
}

static inline uint16_t fuzz_16(struct bytes *input)
{
    const uint8_t *at = bytes_take(input, 2);
    return at ? load_le16(at) : 0;
}

static inline uint32_t fuzz_32(struct bytes *input)
{
    const uint8_t *at = bytes_take(input, 4);
    return at ? load_le32(at) : 0;
}

/* At most `count` bytes, as many as there are. */
static inline struct bytes fuzz_part(struct bytes *input, size_t count)
{
    struct bytes part = {input->at, count < input->left ? count : input->left};
    (void)bytes_take(input, part.left);
    return part;
}

/* A copy that ends with a zero, for free(3). */
static inline char *fuzz_text(struct bytes part)
{
    char *text = malloc(part.left + 1);
    MUST(text);
    if (part.left > 0)
        memcpy(text, part.at, part.left);
    text[part.left] = '\0';
    return text;
}

#endif
