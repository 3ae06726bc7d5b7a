#include "capture/blocks.h"

#include <assert.h>
#include <string.h>

/* Every block: its type and its length, and the length again at its end; words of this machine's byte
 * order, everything padded to 4 bytes. */
#define FRAME_SIZE 12u

#define OPTION_END        0
#define OPTION_COMMENT    1
#define OPTION_TSRESOL    9
#define OPTION_USERAPPL   4
#define RESOLUTION_NS     9
#define SECTION_LEN_NONE  UINT64_MAX
#define PACKET_FIXED_SIZE 20u

static const char application[] = "loflow";

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t len)
{
    memcpy(at, bytes, len);
    memset(at + len, 0, padded(len) - len);
    return at + padded(len);
}

static uint8_t *put16(uint8_t *at, uint16_t first, uint16_t second)
{
    const uint16_t words[] = {first, second};
    return put(at, words, sizeof words);
}

static uint8_t *put32(uint8_t *at, uint32_t word)
{
    return put(at, &word, sizeof word);
}

static uint8_t *put_option(uint8_t *at, uint16_t code, const void *bytes, size_t len)
{
    at = put16(at, code, (uint16_t)len);
    return put(at, bytes, len);
}

static uint8_t *begin(uint8_t *at, uint32_t type, size_t size)
{
    at = put32(at, type);
    return put32(at, (uint32_t)size);
}

size_t blocks_header(uint8_t *at, uint16_t link_type, uint32_t snaplen)
{
    const uint8_t resolution = RESOLUTION_NS;
    const uint64_t section_len = SECTION_LEN_NONE;
    const size_t section_size = FRAME_SIZE + 16 + 4 + 8 + 4,
                 interface_size = FRAME_SIZE + 8 + 8 + 4;
    static_assert(sizeof application - 1 <= 8, "one option of 8 bytes");
    uint8_t *next = begin(at, BLOCK_SECTION, section_size);
    next = put32(next, BLOCKS_BYTE_ORDER);
    next = put16(next, 1, 0);
    next = put(next, &section_len, sizeof section_len);
    next = put_option(next, OPTION_USERAPPL, application, sizeof application - 1);
    next = put16(next, OPTION_END, 0);
    next = put32(next, (uint32_t)section_size);
    next = begin(next, BLOCK_INTERFACE, interface_size);
    next = put16(next, link_type, 0);
    next = put32(next, snaplen);
    next = put_option(next, OPTION_TSRESOL, &resolution, sizeof resolution);
    next = put16(next, OPTION_END, 0);
    next = put32(next, (uint32_t)interface_size);
    assert((size_t)(next - at) == section_size + interface_size &&
           section_size + interface_size <= BLOCKS_HEADER_SIZE);
    return (size_t)(next - at);
}

static size_t comment_len(const char *comment)
{
    return comment ? strnlen(comment, BLOCKS_COMMENT_MAX) : 0;
}

size_t blocks_packet_size(const struct frame *frame, const char *comment)
{
    size_t options = comment ? 4 + padded(comment_len(comment)) + 4 : 0;
    return FRAME_SIZE + PACKET_FIXED_SIZE + padded(frame->captured_len) + options;
}

void blocks_packet(uint8_t *at, const struct frame *frame, const char *comment)
{
    size_t size = blocks_packet_size(frame, comment);
    uint64_t ns = frame->time_ns > 0 ? (uint64_t)frame->time_ns : 0;
    at = begin(at, BLOCK_PACKET, size);
    at = put32(at, 0); /* the only interface */
    at = put32(at, (uint32_t)(ns >> 32));
    at = put32(at, (uint32_t)ns);
    at = put32(at, frame->captured_len);
    at = put32(at, frame->wire_len);
    if (frame->captured_len > 0)
        at = put(at, frame->data, frame->captured_len);
    if (comment) {
        at = put_option(at, OPTION_COMMENT, comment, comment_len(comment));
        at = put16(at, OPTION_END, 0);
    }
    (void)put32(at, (uint32_t)size);
}

size_t blocks_note_size(size_t len)
{
    return FRAME_SIZE + padded(len);
}

void blocks_note(uint8_t *at, const char *note, size_t len)
{
    size_t size = blocks_note_size(len);
    at = begin(at, BLOCK_JOURNAL, size);
    at = put(at, note, len);
    (void)put32(at, (uint32_t)size);
}
