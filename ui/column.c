#include "ui/column.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "flows/describe.h"
#include "flows/detail.h"
#include "flows/timing.h"
#include "ui/known.h"

#define END_LEAST 6 /* ":54321" */

enum column_kind {
    KIND_END,
    KIND_WORD,
    KIND_COUNT,
    KIND_SPAN,
    KIND_BARS,
};

static const struct {
    const char *name;
    const char *heading;
    const char *meaning;
    uint8_t width, rank, kind;
    bool descending;
} columns[COLUMN_COUNT] = {
#define COLUMN(NAME, heading, width, rank, kind, descending, meaning)                              \
    {#NAME, heading, meaning, width, rank, KIND_##kind, descending},
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

#define FLOWS_ROOM   11 /* "1.2k flows" */
#define RANK_MAX     12
#define NEW_NS       (1 * CLOCK_NS_PER_S) /* so young is new */
#define SORTED_WIDTH 60                   /* narrower screens keep the room for endpoints */

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

struct column_choice column_choose_all(bool live)
{
    struct column_choice choice = {.count = 0};
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (live || columns[column].kind != KIND_BARS)
            choice.columns[choice.count++] = (uint8_t)column;
    }
    return choice;
}

/* Adds columns of a rank as long as they fit beside endpoints of that size. */
static void take_rank(const struct column_choice *choice, bool shown[COLUMN_COUNT], int rank,
                      int *left)
{
    for (int at = 0; at < choice->count; at++) {
        int column = choice->columns[at];
        int width = columns[column].width + 1;
        if (shown[column] || columns[column].rank != rank || width > *left)
            continue;
        shown[column] = true;
        *left -= width;
    }
}

static bool is_chosen(const struct column_choice *choice, enum column column)
{
    for (int at = 0; at < choice->count; at++) {
        if (choice->columns[at] == column)
            return true;
    }
    return false;
}

/* The arrow between them needs more room than other columns do. */
static bool is_before_server(const struct column_choice *choice, int at)
{
    return choice->columns[at] == COLUMN_CLIENT && at + 1 < choice->count &&
           choice->columns[at + 1] == COLUMN_SERVER;
}

int column_layout(struct column_place places[COLUMN_COUNT], const struct column_wish *wish)
{
    const struct column_choice *choice = &wish->choice;
    bool shown[COLUMN_COUNT] = {false};
    int left = wish->width + 1;
    for (int at = 0; at < choice->count; at++) {
        int column = choice->columns[at];
        left -= (columns[column].kind == KIND_END) +
                (is_before_server(choice, at) ? COLUMN_GAP_ENDS - 1 : 0);
        shown[column] = columns[column].rank == 0 ||
                        (column == (int)wish->sorted && wish->width >= SORTED_WIDTH);
        if (shown[column] && columns[column].kind != KIND_END)
            left -= columns[column].width + 1;
    }
    const int need[2] = {is_chosen(choice, COLUMN_CLIENT) ? wish->need[0] : 0,
                         is_chosen(choice, COLUMN_SERVER) ? wish->need[1] : 0};
    int comfortable = least(need[0], COLUMN_END_IPV4) + least(need[1], COLUMN_END_IPV4);
    left -= comfortable;
    take_rank(choice, shown, 1, &left);

    int ends[2];
    share_room(left + comfortable, need, ends);
    left += comfortable - ends[0] - ends[1];
    for (int rank = 2; rank <= RANK_MAX; rank++)
        take_rank(choice, shown, rank, &left);

    int count = 0;
    int column_at = 0;
    for (int at = 0; at < choice->count; at++) {
        int column = choice->columns[at];
        if (!shown[column])
            continue;
        bool is_end = columns[column].kind == KIND_END;
        int cells = is_end ? ends[column == COLUMN_SERVER] : columns[column].width;
        places[count++] = (struct column_place){(enum column)column, column_at, cells,
                                                is_before_server(choice, at)};
        column_at += cells + (is_before_server(choice, at) ? COLUMN_GAP_ENDS : 1);
    }
    return count;
}

static int64_t response_number(enum column column, struct flow_view flow)
{
    const struct detail_side *server = flow.detail ? &flow.detail->side[!flow.hot->client] : NULL;
    if (!server || server->response_count == 0)
        return -1;
    return column == COLUMN_WORST ? server->response_max_ns
                                  : server->response_ns / server->response_count;
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
    case COLUMN_RESPONSE:
    case COLUMN_WORST:
        return response_number(column, flow->view);
    case COLUMN_MINUTE:
        return (int64_t)flow->rate;
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

/* Silent for long, and somebody is to blame. */
static bool is_stuck(struct flow_view flow)
{
    return flow.hot->flags & FLOW_FLAG_JUDGED && flow.detail && flow.detail->cause != STALL_NONE;
}

static void add_word(enum column column, struct flow_view flow, struct text *text)
{
    if (column == COLUMN_PROTOCOL)
        text_add_string(text, protocol_word(flow.hot->tuple.protocol));
    else if (column == COLUMN_STATE)
        text_add_string(text, is_stuck(flow) ? event_word(EVENT_STALLED)
                                             : flow_state_word((enum flow_state)flow.hot->state));
    else if (column == COLUMN_CONN_STATE)
        text_add_string(text, flow_conn_state(flow));
    else
        text_add_history(text, flow);
}

static void add_number(enum column column, int64_t number, struct text *text)
{
    if (number < 0)
        text_add(text, "-");
    else if (column == COLUMN_AGE || column == COLUMN_IDLE)
        text_add_age(text, number);
    else if (columns[column].kind == KIND_SPAN)
        text_add_span(text, number);
    else
        text_add_count(text, (uint64_t)number);
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
    if (columns[column].kind == KIND_BARS) {
        if (flow->spark)
            spark_write(flow->spark, flow->now_ns, room, utf8, text);
        return;
    }
    add_number(column, column_number(column, flow), text);
}

/* Of a group; negative: unknown. */
static int64_t group_number(enum column column, const struct column_group *group)
{
    const struct group_sums *sums = group->sums;
    int64_t span_ns = 0;
    switch (column) {
    case COLUMN_CLIENT:
    case COLUMN_SERVER:
        return (int64_t)sums->flows;
    case COLUMN_STATE:
        return (int64_t)(sums->refused + sums->resets + sums->unanswered);
    case COLUMN_PACKETS:
        return (int64_t)(sums->packets[0] + sums->packets[1]);
    case COLUMN_PACKETS_SENT:
    case COLUMN_PACKETS_BACK:
        return (int64_t)sums->packets[column == COLUMN_PACKETS_BACK];
    case COLUMN_BYTES_SENT:
    case COLUMN_BYTES_BACK:
        return (int64_t)sums->bytes[column == COLUMN_BYTES_BACK];
    case COLUMN_RATE:
    case COLUMN_MINUTE:
        return (int64_t)sums->rate;
    case COLUMN_RETRANSMITS:
        return (int64_t)sums->retransmits;
    case COLUMN_RESPONSE:
        return group->median_ns;
    case COLUMN_WORST:
        return group->p95_ns;
    case COLUMN_AGE:
        span_ns = group->now_ns - sums->first_ns;
        break;
    case COLUMN_IDLE:
        span_ns = group->now_ns - sums->last_ns;
        break;
    case COLUMN_LASTED:
        span_ns = sums->last_ns - sums->first_ns;
        break;
    default:
        return -1;
    }
    return span_ns > 0 ? span_ns : 0;
}

/* Who it is: "node(4242):3000", or for clients "curl(4711)". */
static void add_group_end(const struct column_group *group, int room, bool utf8, struct text *text)
{
    const struct tuple *place = &group->key->place;
    const struct endpoint endpoint = {place, group->owner, 0};
    char whole[COLUMN_TEXT_MAX];
    struct text name = text_begin(whole, sizeof whole);
    if (place->protocol == 0 && group->key->owner == 0) {
        text_add_string(text, "others");
    } else if (place->port[0] != 0) {
        endpoint_write(text, &endpoint, room, utf8);
    } else {
        if (group->owner)
            text_add_owner(&name, group->owner);
        else if (group->key->owner == 0)
            text_add_address(&name, &place->address[0], place->family);
        grid_cut(text, whole, room, utf8);
    }
}

/* What is wrong with most of them, else how many are alive: "reset x4", as long as that has room. */
static void add_group_state(const struct group_sums *sums, int room, struct text *text)
{
    const char *word = sums->open > 0 ? "open" : "closed";
    uint64_t most = 0;
    const struct {
        uint64_t count;
        const char *word;
    } bad[] = {{sums->refused, "refused"}, {sums->resets, "reset"}, {sums->unanswered, "silent"}};
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        word = bad[at].count > most ? bad[at].word : word;
        most = bad[at].count > most ? bad[at].count : most;
    }
    uint64_t count = most > 0 ? most : sums->open;
    char number[COLUMN_TEXT_MAX] = "";
    struct text digits = text_begin(number, sizeof number);
    if (count >= 10000 && count < 1000000)
        text_add(&digits, "%uk", (unsigned)(count / 1000));
    else if (count > 0)
        text_add_count(&digits, count);
    bool has_room = (int)(strlen(word) + strlen(" x") + digits.len) <= room;
    text_add(text, "%s%s%s", word, count == 0 ? "" : has_room ? " x" : " ", number);
}

static void add_fold(const struct column_group *group, bool utf8, struct text *text)
{
    if (utf8)
        text_add_string(text, group->is_unfolded ? "▾ " : "▸ ");
    else
        text_add_string(text, group->is_unfolded ? "- " : "+ ");
}

static void add_flow_count(const struct group_sums *sums, int room, struct text *text)
{
    text_add_count(text, sums->flows);
    if (room >= FLOWS_ROOM)
        text_add_string(text, sums->flows == 1 ? " flow" : " flows");
}

void column_write_group(enum column column, const struct column_group *group, int room, bool utf8,
                        struct text *text)
{
    bool by_server = group->by == GROUP_BY_SERVER;
    int own_room = column == COLUMN_CLIENT ? room - COLUMN_FOLD : room;
    if (column == COLUMN_CLIENT)
        add_fold(group, utf8, text);
    if (columns[column].kind == KIND_END && (column == COLUMN_SERVER) == by_server)
        add_group_end(group, own_room, utf8, text);
    else if (columns[column].kind == KIND_END)
        add_flow_count(group->sums, own_room, text);
    else if (column == COLUMN_STATE)
        add_group_state(group->sums, room, text);
    else if (column == COLUMN_PROTOCOL && group->key->place.protocol != 0)
        text_add_string(text, protocol_word(group->key->place.protocol));
    else if (columns[column].kind == KIND_BARS)
        spark_write(group->spark, group->now_ns, room, utf8, text);
    else if (columns[column].kind != KIND_WORD)
        add_number(column, group_number(column, group), text);
}

static uint64_t word_be(const void *at)
{
    const uint8_t *octets = at;
    return (uint64_t)load_be32(octets) << 32 | load_be32(octets + 4);
}

static void add_address_words(const struct tuple *tuple, unsigned end,
                              uint64_t words[COLUMN_SORT_WORDS])
{
    words[0] = word_be(tuple->address[end].octets);
    words[1] = word_be(tuple->address[end].octets + 8);
    words[2] = tuple->port[end];
}

void column_sort_words(enum column column, const struct column_flow *flow,
                       uint64_t words[COLUMN_SORT_WORDS])
{
    const struct flow *hot = flow->view.hot;
    char word[COLUMN_TEXT_MAX] = "";
    if (columns[column].kind == KIND_END) {
        add_address_words(&hot->tuple, column == COLUMN_CLIENT ? hot->client : !hot->client, words);
    } else if (column == COLUMN_STATE) {
        words[0] = hot->state;
    } else if (columns[column].kind == KIND_WORD) {
        struct text text = text_begin(word, sizeof word);
        add_word(column, flow->view, &text);
        words[0] = word_be(word);
        words[1] = word_be(word + 8);
        words[2] = word_be(word + 16);
    } else {
        words[0] = (uint64_t)column_number(column, flow) ^ UINT64_C(1) << 63;
    }
}

void column_group_words(enum column column, const struct column_group *group,
                        uint64_t words[COLUMN_SORT_WORDS])
{
    bool is_own = (column == COLUMN_SERVER) == (group->by == GROUP_BY_SERVER);
    if (columns[column].kind == KIND_END && is_own)
        add_address_words(&group->key->place, 0, words);
    else if (column == COLUMN_PROTOCOL)
        words[0] = group->key->place.protocol;
    else
        words[0] = (uint64_t)group_number(column, group) ^ UINT64_C(1) << 63;
}

enum style column_style(enum column column, const struct column_flow *flow)
{
    if (column == COLUMN_STATE)
        return flow->code != CODE_COUNT ? code_style(flow->code) : state_style(flow->view);
    if (state_styles[flow->view.hot->state] == STYLE_DIM)
        return STYLE_DIM;
    bool is_new = column == COLUMN_AGE && flow->now_ns - flow->view.cold->start_ns < NEW_NS;
    return is_new ? STYLE_NEW : STYLE_NORMAL;
}

enum style column_group_style(enum column column, const struct column_group *group)
{
    const struct group_sums *sums = group->sums;
    if (column == COLUMN_STATE && sums->refused + sums->resets > 0)
        return STYLE_FAILURE;
    if (column == COLUMN_STATE && sums->unanswered > 0)
        return STYLE_WARNING;
    if (column == COLUMN_STATE && sums->open > 0)
        return STYLE_GOOD;
    return sums->open == 0 ? STYLE_DIM : STYLE_TITLE;
}

enum style state_style(struct flow_view flow)
{
    bool is_unanswered =
        flow.hot->state == FLOW_SYN_SENT && (flow.hot->flags & FLOW_FLAG_NO_ANSWER);
    if (is_unanswered || is_stuck(flow))
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

const char *column_name(enum column column)
{
    return columns[column].name;
}

enum column column_find(const char *name, size_t len)
{
    int column = 0;
    while (column < COLUMN_COUNT && !(strlen(columns[column].name) == len &&
                                      strncasecmp(columns[column].name, name, len) == 0))
        column++;
    return (enum column)column;
}
