#include "ui/column.h"

#include <assert.h>
#include <string.h>

#include "flows/describe.h"
#include "ui/known.h"

#define END_LEAST 6 /* ":54321" */

enum column_kind {
    KIND_END,
    KIND_WORD,
    KIND_COUNT,
    KIND_SPAN,
};

static const struct {
    const char *heading;
    const char *meaning;
    uint8_t width, rank, kind;
    bool descending;
} columns[COLUMN_COUNT] = {
#define COLUMN(NAME, heading, width, rank, kind, descending, meaning)                              \
    {heading, meaning, width, rank, KIND_##kind, descending},
#include "ui/column.def"
#undef COLUMN
};

static const enum style state_styles[FLOW_STATE_COUNT] = {
    [FLOW_SYN_SENT] = STYLE_NEW,         [FLOW_SYN_RECEIVED] = STYLE_NEW,
    [FLOW_ESTABLISHED] = STYLE_GOOD,     [FLOW_CLOSING] = STYLE_NORMAL,
    [FLOW_CLOSED] = STYLE_DIM,           [FLOW_RESET] = STYLE_FAILURE,
    [FLOW_REFUSED] = STYLE_FAILURE,      [FLOW_TIMED_OUT] = STYLE_WARNING,
    [FLOW_MIDSTREAM] = STYLE_NORMAL,     [FLOW_UDP_ACTIVE] = STYLE_GOOD,
    [FLOW_UDP_UNREPLIED] = STYLE_NORMAL,
};

#define RANK_MAX     11
#define SORTED_WIDTH 60 /* narrower screens keep the room for endpoints */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* The server is what the user looks for, so the client's address goes first; with room for two
 * addresses they share it. */
static void share_room(int room, const int need[2], int ends[2])
{
    if (need[0] + need[1] <= room) {
        ends[0] = need[0];
        ends[1] = need[1];
    } else if (room < 2 * COLUMN_END_IPV4) {
        ends[1] = least(need[1], room - END_LEAST);
        ends[0] = room - ends[1];
    } else {
        int smaller = need[0] < need[1] ? 0 : 1;
        ends[smaller] = least(need[smaller], room / 2);
        ends[!smaller] = room - ends[smaller];
    }
    for (int end = 0; end < 2; end++)
        ends[end] = ends[end] < END_LEAST ? END_LEAST : ends[end];
}

/* Adds columns of a rank as long as they fit beside endpoints of that size. */
static void take_rank(bool shown[COLUMN_COUNT], int rank, int *left)
{
    for (int column = 0; column < COLUMN_COUNT; column++) {
        int width = columns[column].width + 1;
        if (shown[column] || columns[column].rank != rank || width > *left)
            continue;
        shown[column] = true;
        *left -= width;
    }
}

int column_layout(struct column_place places[COLUMN_COUNT], int width, const int need[2],
                  enum column sorted)
{
    bool shown[COLUMN_COUNT] = {false};
    int left = width - COLUMN_GAP_ENDS;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        shown[column] =
            columns[column].rank == 0 || (column == (int)sorted && width >= SORTED_WIDTH);
        if (shown[column] && columns[column].kind != KIND_END)
            left -= columns[column].width + 1;
    }
    int comfortable = least(need[0], COLUMN_END_IPV4) + least(need[1], COLUMN_END_IPV4);
    left -= comfortable;
    take_rank(shown, 1, &left);

    int ends[2];
    share_room(left + comfortable, need, ends);
    left += comfortable - ends[0] - ends[1];
    for (int rank = 2; rank <= RANK_MAX; rank++)
        take_rank(shown, rank, &left);

    int count = 0;
    int at = 0;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!shown[column])
            continue;
        bool is_end = columns[column].kind == KIND_END;
        int cells = is_end ? ends[column == COLUMN_SERVER] : columns[column].width;
        places[count++] = (struct column_place){(enum column)column, at, cells};
        at += cells + (column == COLUMN_CLIENT ? COLUMN_GAP_ENDS : 1);
    }
    return count;
}

/* Negative: unknown. */
static int64_t column_number(enum column column, const struct column_flow *flow)
{
    const struct flow_side *client = flow_client_side(flow->view);
    const struct flow_side *server = flow_server_side(flow->view);
    const struct flow_cold *cold = flow->view.cold;
    int64_t span_ns = 0;
    switch (column) {
    case COLUMN_PACKETS:
        return (int64_t)(client->packets + server->packets);
    case COLUMN_PACKETS_SENT:
        return (int64_t)client->packets;
    case COLUMN_PACKETS_BACK:
        return (int64_t)server->packets;
    case COLUMN_BYTES_SENT:
        return (int64_t)client->bytes;
    case COLUMN_BYTES_BACK:
        return (int64_t)server->bytes;
    case COLUMN_RATE:
        return (int64_t)flow->rate;
    case COLUMN_RETRANSMITS:
        return (int64_t)cold->rare[0].retransmits + cold->rare[1].retransmits;
    case COLUMN_RTT:
        return cold->handshake_ns;
    case COLUMN_AGE:
        span_ns = flow->now_ns - cold->start_ns;
        break;
    case COLUMN_IDLE:
        span_ns = flow->now_ns - flow->view.hot->last_ns;
        break;
    case COLUMN_LASTED:
        span_ns = flow->view.hot->last_ns - cold->start_ns;
        break;
    default:
        assert(!"a column of numbers");
    }
    return span_ns > 0 ? span_ns : 0;
}

static void add_word(enum column column, struct flow_view flow, struct text *text)
{
    if (column == COLUMN_PROTOCOL)
        text_add_string(text, protocol_word(flow.hot->tuple.protocol));
    else if (column == COLUMN_STATE)
        text_add_string(text, flow_state_word((enum flow_state)flow.hot->state));
    else if (column == COLUMN_CONN_STATE)
        text_add_string(text, flow_conn_state(flow));
    else
        text_add_history(text, flow);
}

void column_write(enum column column, const struct column_flow *flow, int room, bool utf8,
                  struct text *text)
{
    if (columns[column].kind == KIND_END) {
        unsigned client = flow->view.hot->client;
        unsigned end = column == COLUMN_CLIENT ? client : !client;
        const struct endpoint endpoint = {&flow->view.hot->tuple, flow->owner[end], end};
        endpoint_write(text, &endpoint, room, utf8);
        return;
    }
    if (column == COLUMN_STATE && flow->code != CODE_COUNT) {
        text_add_code(text, flow->code, utf8);
        return;
    }
    if (columns[column].kind == KIND_WORD) {
        add_word(column, flow->view, text);
        return;
    }
    int64_t number = column_number(column, flow);
    if (number < 0)
        text_add(text, "-");
    else if (columns[column].kind == KIND_SPAN)
        text_add_span(text, number);
    else
        text_add_count(text, (uint64_t)number);
}

static uint64_t word_be(const void *at)
{
    const uint8_t *octets = at;
    return (uint64_t)load_be32(octets) << 32 | load_be32(octets + 4);
}

void column_sort_key(enum column column, const struct column_flow *flow, struct select_key *key)
{
    const struct flow *hot = flow->view.hot;
    char word[COLUMN_TEXT_MAX] = "";
    *key = (struct select_key){0};
    if (columns[column].kind == KIND_END) {
        unsigned end = column == COLUMN_CLIENT ? hot->client : !hot->client;
        key->words[0] = word_be(hot->tuple.address[end].octets);
        key->words[1] = word_be(hot->tuple.address[end].octets + 8);
        key->words[2] = hot->tuple.port[end];
    } else if (column == COLUMN_STATE) {
        key->words[0] = hot->state;
    } else if (columns[column].kind == KIND_WORD) {
        struct text text = text_begin(word, sizeof word);
        add_word(column, flow->view, &text);
        key->words[0] = word_be(word);
        key->words[1] = word_be(word + 8);
        key->words[2] = word_be(word + 16);
    } else {
        key->words[0] = (uint64_t)column_number(column, flow) ^ UINT64_C(1) << 63;
    }
}

enum style column_style(enum column column, const struct column_flow *flow)
{
    if (column == COLUMN_STATE)
        return flow->code != CODE_COUNT ? code_style(flow->code) : state_style(flow->view);
    return state_styles[flow->view.hot->state] == STYLE_DIM ? STYLE_DIM : STYLE_NORMAL;
}

enum style state_style(struct flow_view flow)
{
    if (flow.hot->state == FLOW_SYN_SENT && (flow.hot->flags & FLOW_FLAG_NO_ANSWER))
        return STYLE_WARNING;
    return state_styles[flow.hot->state];
}

const char *column_heading(enum column column)
{
    return columns[column].heading;
}

const char *column_meaning(enum column column)
{
    return columns[column].meaning;
}

bool column_is_descending(enum column column)
{
    return columns[column].descending;
}

bool column_is_right_aligned(enum column column)
{
    return columns[column].kind == KIND_COUNT || columns[column].kind == KIND_SPAN;
}
