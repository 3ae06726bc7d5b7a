#include "ui/stream_find.h"

#include <string.h>

static int hex_digit(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* Two hex digits; -1 when they are none. */
static int hex_byte(const char *at)
{
    int high = hex_digit(at[0]);
    int low = high < 0 ? -1 : hex_digit(at[1]);
    return low < 0 ? -1 : high * 16 + low;
}

static bool add_byte(struct stream_find *find, int byte)
{
    if (byte < 0 || find->len == FIND_MAX)
        return false;
    find->bytes[find->len++] = (uint8_t)byte;
    return true;
}

static bool choose_bytes(struct stream_find *find, const char *at)
{
    while (*at != '\0') {
        if (*at == ' ') {
            at++;
            continue;
        }
        if (!add_byte(find, hex_byte(at)))
            return false;
        at += 2;
    }
    return true;
}

/* The byte that an escape behind its backslash stands for; sets the characters it takes. */
static int escaped_byte(const char *at, size_t *len)
{
    static const struct {
        char letter, byte;
    } escapes[] = {{'n', '\n'}, {'r', '\r'}, {'t', '\t'}, {'\\', '\\'}, {'0', '\0'}};
    *len = 1;
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        if (*at == escapes[i].letter)
            return escapes[i].byte;
    }
    *len = 3;
    return *at == 'x' ? hex_byte(at + 1) : -1;
}

static bool choose_text(struct stream_find *find, const char *at)
{
    find->is_caseless = true;
    while (*at != '\0') {
        size_t len = 1;
        int byte = (uint8_t)*at;
        if (*at == '\\') {
            byte = escaped_byte(at + 1, &len);
            len++;
        }
        if (byte >= 'A' && byte <= 'Z')
            find->is_caseless = false;
        if (!add_byte(find, byte))
            return false;
        at += len;
    }
    return true;
}

bool stream_find_choose(struct stream_find *find, const char *pattern)
{
    *find = (struct stream_find){0};
    bool is_hex = pattern[0] == '0' && pattern[1] == 'x' && pattern[2] != '\0';
    bool good = is_hex ? choose_bytes(find, pattern + 2) : choose_text(find, pattern);
    if (!good)
        find->len = 0;
    return find->len > 0;
}

void stream_find_begin(struct stream_find *find, const struct stream_spot *from, bool forward,
                       bool inclusive)
{
    find->is_under_way = find->len > 0;
    find->forward = forward;
    find->run = from->run;
    find->at = from->is_heading ? 0 : from->at;
    if (forward && !inclusive && !from->is_heading)
        find->at++;
}

static uint8_t fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 'a' - 'A') : byte;
}

static bool matches(const struct stream_find *find, const uint8_t *bytes)
{
    if (!find->is_caseless)
        return memcmp(bytes, find->bytes, find->len) == 0;
    for (uint32_t at = 0; at < find->len; at++) {
        if (fold(bytes[at]) != find->bytes[at])
            return false;
    }
    return true;
}

static bool may_begin(const struct stream_find *find, uint8_t byte)
{
    return byte == find->bytes[0] || (find->is_caseless && fold(byte) == find->bytes[0]);
}

/* Hits that begin in [from, to) of a run; `to` keeps the whole pattern inside. */
static bool search(struct stream_find *find, const uint8_t *bytes, uint64_t from, uint64_t to)
{
    for (uint64_t count = to - from, step = 0; step < count; step++) {
        uint64_t at = find->forward ? from + step : to - 1 - step;
        if (!may_begin(find, bytes[at]) || !matches(find, bytes + at))
            continue;
        find->hit = (struct stream_hit){true, find->run, at, find->len};
        return true;
    }
    return false;
}

/* The next run in that direction; false behind the last. */
static bool leave_run(struct stream_find *find, const struct conversation *conversation)
{
    if (find->forward) {
        find->run++;
        find->at = 0;
        return find->run < conversation->run_count;
    }
    if (find->run == 0)
        return false;
    find->run--;
    find->at = UINT64_MAX;
    return true;
}

enum find_answer stream_find_step(struct stream_find *find, const struct conversation *conversation)
{
    uint64_t budget = FIND_STEP;
    bool more = find->is_under_way && find->run < conversation->run_count;
    while (more && budget > 0) {
        const struct conversation_run *run = &conversation->runs[find->run];
        const uint8_t *bytes = conversation_bytes(conversation, run);
        uint64_t end = run->is_gap || run->len < find->len ? 0 : run->len - find->len + 1;
        uint64_t from = find->forward ? find->at : 0;
        uint64_t to = find->forward || find->at > end ? end : find->at;
        if (from > to)
            from = to;
        uint64_t part = to - from < budget ? to - from : budget;
        uint64_t low = find->forward ? from : to - part;
        if (search(find, bytes, low, low + part)) {
            find->is_under_way = false;
            return FIND_HIT;
        }
        budget -= part < budget ? part + 1 : budget;
        if (part < to - from)
            find->at = find->forward ? low + part : low;
        else
            more = leave_run(find, conversation);
    }
    find->is_under_way = more;
    return more ? FIND_MORE : FIND_NONE;
}
