/* Compressed captures. Any bytes behind the magic of gzip or zstd are read alike from memory, from a file and
 * from a pipe. Other bytes are compressed first, and then all readers say what they say of the plain bytes.
 *
 * The first byte of those says how: with what, and in how many members. */
#include "tests/fuzz/readers.h"

#include <fcntl.h>
#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>
#include <zstd.h>

#define PACKED_MAX 262144u
#define PIPE_MAX   65536u /* that a pipe takes without anybody who reads */

struct packed {
    uint8_t bytes[PACKED_MAX];
    size_t len;
};

static void pack_gzip(struct packed *packed, const uint8_t *bytes, size_t len)
{
    z_stream zlib = {.next_in = bytes,
                     .avail_in = (uInt)len,
                     .next_out = packed->bytes + packed->len,
                     .avail_out = (uInt)(PACKED_MAX - packed->len)};
    MUST(deflateInit2(&zlib, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, 0) == Z_OK);
    MUST(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
    packed->len = PACKED_MAX - zlib.avail_out;
    (void)deflateEnd(&zlib);
}

static void pack_zstd(struct packed *packed, const uint8_t *bytes, size_t len)
{
    size_t made =
        ZSTD_compress(packed->bytes + packed->len, PACKED_MAX - packed->len, bytes, len, 1);
    MUST(!ZSTD_isError(made));
    packed->len += made;
}

/* Another descriptor than that of a file: read by a thread. */
static void check_pipe(const uint8_t *bytes, size_t len, const struct readers_outcome *wanted)
{
    int ends[2];
    char path[64];
    if (len > PIPE_MAX)
        return;
    MUST(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], bytes, len) == (ssize_t)len);
    (void)close(ends[1]);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    struct readers_outcome outcome = readers_path(path, NULL);
    (void)close(ends[0]);
    /* What is wrong with a header is known later, but it is the same. */
    MUST(outcome.result == wanted->result && outcome.frames == wanted->frames);
    MUST(!wanted->is_first_ok || outcome.hash == wanted->hash);
}

static bool is_packed(const uint8_t *bytes, size_t len)
{
    return len >= 4 && (load_le16(bytes) == 0x8b1f || load_le32(bytes) == UINT32_C(0xfd2fb528));
}

static void pack(struct packed *packed, const uint8_t *bytes, size_t len, uint8_t how)
{
    size_t first = how & 2 ? len / 2 : len;
    void (*const packs[])(struct packed *, const uint8_t *, size_t) = {pack_gzip, pack_zstd};
    packed->len = 0;
    packs[how & 1](packed, bytes, first);
    if (first < len)
        packs[how & 1](packed, bytes + first, len - first);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct packed packed;
    if (is_packed(bytes, len)) {
        struct readers_outcome outcome = readers_check(bytes, len);
        if (len % 8 == 0)
            check_pipe(bytes, len, &outcome);
        return 0;
    }
    if (len < 1 || len > PACKED_MAX / 4)
        return 0;
    struct readers_outcome plain = readers_memory(bytes + 1, len - 1, NULL);
    pack(&packed, bytes + 1, len - 1, bytes[0]);
    struct readers_outcome outcome = readers_check(packed.bytes, packed.len);
    if (!is_packed(bytes + 1, len - 1))
        readers_must_agree(&plain, &outcome);
    if (bytes[0] & 4)
        check_pipe(packed.bytes, packed.len, &outcome);
    return 0;
}
