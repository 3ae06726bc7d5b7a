#include "report/follow.h"

#include "flows/flow_streams.h"

#define HEX_WIDTH 16u

static void begin_line(struct text *line, bool by_server)
{
    text_add_string(line, by_server ? "< " : "> ");
}

static void end_line(const struct follow *follow, struct text *line)
{
    text_add_string(line, "\n");
    out_bytes(follow->out, line->at, line->len);
}

static void flush_line(struct follow *follow)
{
    char written[FOLLOW_LINE_MAX * 4 + 16];
    struct text line = text_begin(written, sizeof written);
    begin_line(&line, follow->by_server);
    text_add_untrusted(&line, follow->line, follow->line_len);
    end_line(follow, &line);
    follow->line_len = 0;
}

/* A line feed ends a line, and so does CR LF; all else is shown. */
static void add_text(struct follow *follow, const struct reassembly_chunk *chunk)
{
    for (uint64_t at = 0; at < chunk->len; at++) {
        char byte = (char)chunk->bytes[at];
        if (byte == '\n') {
            bool ends_in_cr = follow->line_len > 0 && follow->line[follow->line_len - 1] == '\r';
            follow->line_len -= ends_in_cr;
            flush_line(follow);
            continue;
        }
        if (follow->line_len == FOLLOW_LINE_MAX)
            flush_line(follow);
        follow->line[follow->line_len++] = byte;
    }
}

static void add_dump_line(const struct follow *follow, int64_t offset, const uint8_t *bytes,
                          uint32_t count)
{
    char written[128];
    struct text line = text_begin(written, sizeof written);
    begin_line(&line, follow->by_server);
    text_add(&line, "%08llx ", (unsigned long long)offset);
    for (uint32_t at = 0; at < HEX_WIDTH; at++) {
        if (at == HEX_WIDTH / 2)
            text_add_string(&line, " ");
        if (at < count)
            text_add(&line, " %02x", bytes[at]);
        else
            text_add_string(&line, "   ");
    }
    text_add_string(&line, "  |");
    for (uint32_t at = 0; at < count; at++) {
        uint8_t shown = bytes[at] >= 0x20 && bytes[at] < 0x7f ? bytes[at] : '.';
        text_add_bytes(&line, (const char *)&shown, 1);
    }
    text_add_string(&line, "|");
    end_line(follow, &line);
}

static void add_dump(const struct follow *follow, const struct reassembly_chunk *chunk)
{
    for (uint64_t at = 0; at < chunk->len; at += HEX_WIDTH) {
        uint64_t left = chunk->len - at;
        add_dump_line(follow, chunk->offset + (int64_t)at, chunk->bytes + at,
                      left < HEX_WIDTH ? (uint32_t)left : HEX_WIDTH);
    }
}

static void add_gap(const struct follow *follow, const struct reassembly_chunk *chunk)
{
    char written[96];
    struct text line = text_begin(written, sizeof written);
    begin_line(&line, follow->by_server);
    text_add(&line, "[%llu bytes missing at %llu]", (unsigned long long)chunk->len,
             (unsigned long long)chunk->offset);
    end_line(follow, &line);
}

void follow_take(void *context, struct flow_view flow, unsigned side,
                 const struct reassembly_chunk *chunk)
{
    struct follow *follow = context;
    unsigned client = flow.streams ? flow.streams->client : flow.hot->client;
    bool by_server = side != client;
    bool is_gap = !chunk->bytes;
    if (is_gap)
        follow->missing_bytes += chunk->len;
    if (follow->line_len > 0 && (is_gap || by_server != follow->by_server))
        flush_line(follow);
    follow->by_server = by_server;
    if (is_gap) {
        if (follow->form != FOLLOW_RAW)
            add_gap(follow, chunk);
    } else if (follow->form == FOLLOW_TEXT) {
        add_text(follow, chunk);
    } else if (follow->form == FOLLOW_HEX) {
        add_dump(follow, chunk);
    } else {
        out_bytes(follow->out, (const char *)chunk->bytes, chunk->len);
    }
}

void follow_finish(struct follow *follow)
{
    if (follow->line_len > 0)
        flush_line(follow);
}
