/* A pcapng file: our reader and libpcap say the same about it, and its notes can be read.
 *
 * What begins with the type of a section is taken as it is. Anything else is a list of blocks, whose lengths
 * are put in, so that a change leads somewhere: a byte of form, a byte of length in words, and the words. */
#include "tests/fuzz/readers.h"

#include "capture/blocks.h"

#define FILE_MAX 65536u

struct made {
    uint8_t bytes[FILE_MAX];
    size_t len;
    bool big;
};

static void put32(struct made *made, uint32_t word)
{
    if (made->len + 4 > FILE_MAX)
        return;
    uint32_t placed = made->big ? __builtin_bswap32(word) : word;
    memcpy(made->bytes + made->len, &placed, 4);
    made->len += 4;
}

static void put_section(struct made *made)
{
    const uint32_t words[] = {BLOCK_SECTION, 28, BLOCKS_BYTE_ORDER, 0, UINT32_MAX, UINT32_MAX, 28};
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++)
        put32(made, at == 3 ? (made->big ? 1u << 16 : 1u) : words[at]);
}

static void put_block(struct made *made, struct bytes *input)
{
    static const uint32_t types[] = {
        BLOCK_INTERFACE, BLOCK_OLD_PACKET, BLOCK_SIMPLE_PACKET, BLOCK_PACKET,
        BLOCK_JOURNAL,   BLOCK_SECTION,    BLOCK_PACKET,        0x4242};
    uint8_t form = fuzz_8(input);
    struct bytes body = fuzz_part(input, 4 * (size_t)fuzz_8(input));
    size_t words = body.left / 4;
    uint32_t size = (uint32_t)(12 + 4 * words);
    if (form == 0xff) {
        put_section(made);
        return;
    }
    put32(made, types[form % 8]);
    put32(made, form & 0x10 ? size + 4 : size);
    for (size_t at = 0; at < words; at++)
        put32(made, fuzz_32(&body));
    put32(made, form & 0x20 ? size - 4 : size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct made made;
    struct bytes input = {bytes, len};
    if (len >= 4 && load_le32(bytes) == BLOCK_SECTION) {
        (void)readers_check(bytes, len);
        return 0;
    }
    made.len = 0;
    made.big = fuzz_8(&input) & 1;
    put_section(&made);
    while (input.left >= 2)
        put_block(&made, &input);
    (void)readers_check(made.bytes, made.len);
    return 0;
}
