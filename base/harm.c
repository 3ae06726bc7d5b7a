#include "base/harm.h"

#include <stddef.h>

struct range {
    uint32_t first, last;
};

/* By code. Variation selectors are marks: what they vary is seen. */
static const struct range harmful[] = {
    {0x7f, 0x9f},       /* DEL and C1 */
    {0xad, 0xad},       /* soft hyphen */
    {0x34f, 0x34f},     /* combining grapheme joiner */
    {0x61c, 0x61c},     /* Arabic letter mark */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels, which are not seen */
    {0x180e, 0x180e},   /* Mongolian vowel separator */
    {0x200b, 0x200f},   /* zero width, and marks of direction */
    {0x2028, 0x202e},   /* line and paragraph separator, embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, invisible operators, isolates */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xffa0, 0xffa0},   /* half width Hangul filler */
    {0xfff0, 0xfffb},   /* interlinear annotations, and what is kept for the like */
    {0x1d173, 0x1d17a}, /* musical beams and slurs */
    {0xe0000, 0xe0fff}, /* tags, more selectors */
};

static const struct range marks[] = {
#define RANGE_MARK(first, last) {first, last},
#define RANGE_WIDE(first, last)
#define RANGE_HIDDEN(first, last)
#define RANGE(KIND, first, last) RANGE_##KIND(first, last)
#include "base/width.def"
#undef RANGE
    {0xfe00, 0xfe0f},
};

#define COUNT(ranges) (sizeof(ranges) / sizeof(ranges)[0])

/* Of ranges in order. */
static int is_in(const struct range *ranges, size_t count, uint32_t code)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else if (code < ranges[middle].first)
            count = middle;
        else
            return 1;
    }
    return 0;
}

enum harm harm_look_up(uint32_t code)
{
    const struct range *selectors = &marks[COUNT(marks) - 1];
    if (is_in(harmful, COUNT(harmful), code))
        return HARM_SURE;
    if (is_in(marks, COUNT(marks) - 1, code) || is_in(selectors, 1, code))
        return HARM_MARK;
    return HARM_NONE;
}
