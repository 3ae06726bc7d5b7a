#include "ui/ladder.h"

#include <string.h>

#include "flows/describe.h"
#include "flows/mark.h"
#include "ui/endpoint.h"
#include "ui/motion.h"
#include "ui/segment_words.h"

#define NARROW       60 /* columns, below which times are short */
#define WIDE         110
#define MARKS_ROOM   34 /* columns beside a wide ladder */
#define DETAIL_LINES 4  /* a rule, and three about the packet of the cursor */
#define DETAIL_LEAST 15 /* lines for which there are all of those */
#define LABEL_LEAST  8  /* columns of an arrow that has words */
#define STUB         2  /* columns of line before the words */
#define PREVIEW_MAX  200

/* Where things are on the grid, and of what. */
struct sight {
    const struct ladder *ladder;
    const struct flow_row *row;
    struct grid *grid;
    int left, right; /* columns of the lifelines */
    int marks;       /* column of the marks, 0: in the arrow */
};

/* Keeps cursor and top line within the tape; one that waits for the first packet takes it. */
static void place(struct ladder *ladder)
{
    const struct packet_tape *tape = ladder->tape;
    uint64_t height = ladder->height > 0 ? (uint64_t)ladder->height : 1;
    if (packet_tape_count(tape) == 0)
        return;
    if (ladder->follows || ladder->cursor >= tape->end)
        ladder->cursor = tape->end - 1;
    if (ladder->cursor < tape->begin)
        ladder->cursor = tape->begin;
    if (ladder->first + height <= ladder->cursor)
        ladder->first = ladder->cursor - height + 1;
    if (ladder->first + height > tape->end)
        ladder->first = tape->end > height ? tape->end - height : 0;
    if (ladder->first > ladder->cursor)
        ladder->first = ladder->cursor;
    if (ladder->first < tape->begin)
        ladder->first = tape->begin;
}

/* Until the cursor was moved it stays on the first packet, which may come after the others. */
void ladder_take(struct ladder *ladder)
{
    const struct packet_tape *tape = ladder->tape;
    if (ladder->restarts != tape->restarts) {
        ladder->restarts = tape->restarts;
        ladder->cursor = ladder->first = 0;
        ladder->follows = false;
    }
    bool is_new = ladder->cursor == 0 && packet_tape_count(tape) > 0 && tape->complete;
    if (is_new)
        ladder->cursor = ladder->first = tape->begin;
    if (ladder->cursor != 0)
        place(ladder);
}

void ladder_go(struct ladder *ladder, uint64_t position)
{
    ladder->follows = false;
    ladder->cursor = position;
    place(ladder);
}

void ladder_move(struct ladder *ladder, int64_t lines)
{
    const struct packet_tape *tape = ladder->tape;
    int64_t to = (int64_t)ladder->cursor + lines;
    ladder->follows = lines == MOTION_FAR;
    if (packet_tape_count(tape) == 0)
        return;
    ladder->cursor = to < (int64_t)tape->begin ? tape->begin : (uint64_t)to;
    place(ladder);
}

bool ladder_is_notable(const struct packet_record *record)
{
    if (record->kind == PACKET_RECORD_EVENT)
        return event_is_failure((enum event_kind)record->event);
    return record->kind == PACKET_ICMP_ERROR || (record->flags & TCP_RST) ||
           (record->marks & mark_troubles);
}

bool ladder_jump(struct ladder *ladder, bool forward)
{
    const struct packet_tape *tape = ladder->tape;
    uint64_t at = ladder->cursor;
    for (uint32_t step = 0; step < LADDER_JUMP; step++) {
        at = forward ? at + 1 : at - 1;
        if (at < tape->begin || at >= tape->end)
            return false;
        if (ladder_is_notable(packet_tape_at(tape, at))) {
            ladder_go(ladder, at);
            return true;
        }
    }
    return false;
}

static int time_room(const struct ladder *ladder, int width)
{
    static const int wide[LADDER_TIME_COUNT] = {11, 7, 15}, narrow[LADDER_TIME_COUNT] = {6, 6, 8};
    return width < NARROW ? narrow[ladder->time] : wide[ladder->time];
}

static void add_elapsed(struct text *text, int64_t span_ns)
{
    text_add(text, "%s%lld.", span_ns < 0 ? "-" : "",
             (long long)((span_ns < 0 ? -span_ns : span_ns) / CLOCK_NS_PER_S));
    text_add_digits(
        text, (uint32_t)((span_ns < 0 ? -span_ns : span_ns) % CLOCK_NS_PER_S / CLOCK_NS_PER_US), 6);
}

/* The time of the packet before it; its own when there is none. */
static int64_t previous_ns(const struct ladder *ladder, uint64_t position)
{
    bool has_previous = position > ladder->tape->begin;
    return packet_tape_at(ladder->tape, has_previous ? position - 1 : position)->time_ns;
}

static void draw_time(const struct sight *sight, int line, uint64_t position)
{
    const struct ladder *ladder = sight->ladder;
    int64_t time_ns = packet_tape_at(ladder->tape, position)->time_ns;
    int64_t span_ns = time_ns - sight->row->cold.start_ns;
    char words[64];
    struct text text = text_begin(words, sizeof words);
    if (ladder->time == LADDER_CLOCK) {
        text_add_clock(&text, time_ns, ladder->local_time);
    } else if (ladder->time == LADDER_SINCE_PREVIOUS) {
        text_add_string(&text, "+");
        text_add_span(&text, time_ns - previous_ns(ladder, position));
    } else if (sight->grid->width < NARROW) {
        text_add_span(&text, span_ns);
    } else {
        add_elapsed(&text, span_ns);
    }
    int room = sight->left - 1;
    int columns = grid_columns(words);
    int indent = ladder->time != LADDER_CLOCK && columns < room ? room - columns : 0;
    (void)grid_text(sight->grid, line, indent, room - indent, STYLE_DIM, words);
}

/* Words of a segment, the most telling first, as many as there is room for. */
static void add_label(const struct sight *sight, struct text *text,
                      const struct packet_record *record, int room)
{
    const struct ladder *ladder = sight->ladder;
    const struct flow_row *row = sight->row;
    char parts[5][SEGMENT_WORDS_MAX];
    struct text part[5];
    for (int at = 0; at < 5; at++)
        part[at] = text_begin(parts[at], SEGMENT_WORDS_MAX);
    text_add_packet_kind(&part[0], record);
    if (record->wire_len > 0) {
        text_add_grouped(&part[1], record->wire_len);
        text_add_string(&part[1], "B");
    }
    if (record->kind == PACKET_ICMP_ERROR)
        text_add_icmp(&part[1], row->hot.tuple.family, record->icmp_type, record->icmp_code);
    if (record->kind == PACKET_TCP) {
        text_add_seq(&part[2], record, &row->cold, ladder->absolute);
        if (record->flags & TCP_ACK)
            text_add_ack(&part[3], record, &row->cold, ladder->absolute);
        text_add(&part[4], "win %llu", (unsigned long long)segment_window(record, &row->hot));
    }
    for (int at = 0; at < 5; at++) {
        int gap = text->len > 0 ? 1 : 0;
        if (part[at].len == 0 || (int)(text->len + part[at].len) + gap > room)
            continue;
        text_add_string(text, gap ? " " : "");
        text_add_string(text, parts[at]);
    }
}

static enum style label_style(const struct sight *sight, const struct packet_record *record)
{
    if (record->kind == PACKET_ICMP_ERROR || record->flags & TCP_RST)
        return STYLE_FAILURE;
    return record->side == sight->row->hot.client ? STYLE_CLIENT : STYLE_SERVER;
}

static void draw_line(const struct sight *sight, int line, int from, int count, enum style style)
{
    const char *piece = sight->ladder->utf8 ? "─" : "-";
    for (int at = 0; at < count; at++)
        (void)grid_text(sight->grid, line, from + at, 1, style, piece);
}

/* "──► " the words begin at the sender's end. An ICMP error comes from the other end than the packet
 * that it quotes. */
static void draw_arrow(const struct sight *sight, int line, const struct packet_record *record)
{
    bool is_back = record->side == (record->kind == PACKET_ICMP_ERROR ? sight->row->hot.client
                                                                      : !sight->row->hot.client);
    int from = sight->left + 1;
    int width = sight->right - from;
    int room = width - 2 * STUB - 2;
    char label[SEGMENT_WORDS_MAX] = "", marks[SEGMENT_WORDS_MAX] = "", cut[SEGMENT_WORDS_MAX] = "";
    struct text text = text_begin(marks, sizeof marks);
    text_add_marks(&text, record->marks);
    int marks_room = sight->marks > 0 ? 0 : grid_columns(marks);
    text = text_begin(label, sizeof label);
    if (room >= LABEL_LEAST)
        add_label(sight, &text, record, marks_room > 0 ? room - marks_room - 1 : room);
    if (text.len == 0 && room >= LABEL_LEAST)
        add_label(sight, &text, record, room / 2);
    marks_room = marks_room > 0 && room > (int)text.len ? room - (int)text.len - 1 : 0;
    text = text_begin(cut, sizeof cut);
    if (marks_room > 0)
        grid_cut(&text, marks, marks_room, sight->ladder->utf8);
    enum style style = label_style(sight, record);
    int words = (int)strlen(label) + grid_columns(cut) + (cut[0] != '\0' ? 1 : 0);
    draw_line(sight, line, from, width, style == STYLE_FAILURE ? style : STYLE_DIM);
    (void)grid_text(sight->grid, line, is_back ? from : sight->right - 1, 1, style,
                    sight->ladder->utf8 ? (is_back ? "◄" : "►") : (is_back ? "<" : ">"));
    int at = is_back ? sight->right - STUB - words - 1 : from + STUB + 1;
    grid_fill(sight->grid, line, at - 1, words > 0 ? words + 2 : 0, STYLE_NORMAL, ' ');
    at += grid_text(sight->grid, line, at, width, style, label);
    if (cut[0] != '\0')
        (void)grid_text(sight->grid, line, at + (label[0] != '\0'), width,
                        marks_style(record->marks), cut);
    if (sight->marks > 0)
        (void)grid_text(sight->grid, line, sight->marks, sight->grid->width - sight->marks,
                        marks_style(record->marks), marks);
}

static void draw_event(const struct sight *sight, int line, const struct packet_record *record)
{
    char words[SEGMENT_WORDS_MAX], cut[SEGMENT_WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    text_add_logged_event(&text, record, &sight->row->hot, &sight->row->cold);
    int width = sight->right - sight->left - 1;
    int room = width > 2 ? width - 2 : 0;
    text = text_begin(cut, sizeof cut);
    grid_cut(&text, words, room, sight->ladder->utf8);
    int columns = grid_columns(cut);
    (void)grid_text(sight->grid, line, sight->left + 1 + (width - columns) / 2, columns,
                    logged_event_style(record), cut);
}

static void draw_packet(const struct sight *sight, int line, uint64_t position)
{
    const struct ladder *ladder = sight->ladder;
    const struct packet_record *record = packet_tape_at(ladder->tape, position);
    const char *lifeline = ladder->utf8 ? "│" : "|";
    draw_time(sight, line, position);
    (void)grid_text(sight->grid, line, sight->left, 1, STYLE_DIM, lifeline);
    (void)grid_text(sight->grid, line, sight->right, 1, STYLE_DIM, lifeline);
    if (record->kind == PACKET_RECORD_EVENT)
        draw_event(sight, line, record);
    else
        draw_arrow(sight, line, record);
    if (position == ladder->cursor)
        grid_select_row(sight->grid, line);
}

/* Whose the lifelines are: the client is on the left. */
static void draw_ends(const struct sight *sight, const struct known *known, int line)
{
    struct column_flow flow = flow_row_look(sight->row, 0);
    const struct flow *hot = &sight->row->hot;
    static const char *const times[LADDER_TIME_COUNT] = {"SINCE", "DELTA", "CLOCK"};
    grid_fill(sight->grid, line, 0, sight->grid->width, STYLE_HEADING, ' ');
    (void)grid_text(sight->grid, line, 0, sight->left, STYLE_HEADING, times[sight->ladder->time]);
    int room = (sight->right - sight->left) / 2 - 1;
    for (unsigned end = 0; end < 2; end++) {
        char words[ENDPOINT_TEXT_MAX];
        struct text text = text_begin(words, sizeof words);
        struct endpoint endpoint = {&hot->tuple, known_owner(known, flow.view, end), end};
        endpoint_write(&text, &endpoint, room > 0 ? room : 0, sight->ladder->utf8);
        bool is_client = end == hot->client;
        int column = is_client ? sight->left : sight->right + 1 - grid_columns(words);
        (void)grid_text(sight->grid, line, column, room, is_client ? STYLE_CLIENT : STYLE_SERVER,
                        words);
    }
    if (sight->marks > 0)
        (void)grid_text(sight->grid, line, sight->marks, MARKS_ROOM, STYLE_HEADING, "ANALYSIS");
}

/* The packet of the cursor: when, from whom, what. */
static void add_detail(const struct sight *sight, struct text *text)
{
    const struct ladder *ladder = sight->ladder;
    const struct packet_record *record = packet_tape_at(ladder->tape, ladder->cursor);
    text_add_grouped(text, ladder->cursor - ladder->tape->begin + 1);
    text_add_string(text, " of ");
    text_add_grouped(text, packet_tape_count(ladder->tape));
    text_add_string(text, "  ");
    text_add_clock(text, record->time_ns, ladder->local_time);
    text_add_string(text, "  +");
    text_add_span(text, record->time_ns - previous_ns(ladder, ladder->cursor));
    text_add_string(text, "  ");
    if (record->kind == PACKET_RECORD_EVENT) {
        text_add_logged_event(text, record, &sight->row->hot, &sight->row->cold);
        return;
    }
    text_add_string(text, record->side == sight->row->hot.client ? "client: " : "server: ");
    text_add_packet_kind(text, record);
    if (record->kind == PACKET_ICMP_ERROR) {
        text_add_string(text, " answers it: ");
        text_add_icmp(text, sight->row->hot.tuple.family, record->icmp_type, record->icmp_code);
    }
}

static void add_numbers(const struct sight *sight, struct text *text,
                        const struct packet_record *record)
{
    const struct flow_cold *cold = &sight->row->cold;
    if (record->kind == PACKET_TCP) {
        text_add_seq(text, record, cold, sight->ladder->absolute);
        text_add_string(text, "  ");
        if (record->flags & TCP_ACK)
            text_add_ack(text, record, cold, sight->ladder->absolute);
        text_add(text, "  window %llu  ",
                 (unsigned long long)segment_window(record, &sight->row->hot));
        text_add_options(text, record);
        if (record->sack_count > 0) {
            uint32_t base = sight->ladder->absolute ? 0 : cold->rare[!record->side].isn;
            text_add(text, "  SACK %u:%u", record->sack[0] - base, record->sack[1] - base);
        }
    }
    if (record->wire_len > 0) {
        text_add(text, "  %u bytes", record->wire_len);
        if (record->captured_len < record->wire_len)
            text_add(text, ", %u captured", record->captured_len);
    }
}

static void draw_payload(const struct sight *sight, int line, const struct packet_record *record)
{
    const uint8_t *payload = packet_log_payload(sight->ladder->tape->log, record);
    char words[PREVIEW_MAX * 4 + 1];
    struct text text = text_begin(words, sizeof words);
    if (payload)
        text_add_untrusted(&text, (const char *)payload,
                           record->kept_len < PREVIEW_MAX ? record->kept_len : PREVIEW_MAX);
    else if (record->wire_len > 0)
        text_add_string(&text, "its payload is not kept");
    (void)grid_text(sight->grid, line, 0, sight->grid->width, payload ? STYLE_NORMAL : STYLE_DIM,
                    words);
}

static void draw_detail(const struct sight *sight, int line, int count)
{
    const struct packet_record *record = packet_tape_at(sight->ladder->tape, sight->ladder->cursor);
    struct grid *grid = sight->grid;
    char words[SEGMENT_WORDS_MAX * 2];
    struct text text = text_begin(words, sizeof words);
    add_detail(sight, &text);
    if (count == DETAIL_LINES)
        draw_line(sight, line++, 0, grid->width, STYLE_DIM);
    int used = grid_text(grid, line, 0, grid->width, STYLE_NORMAL, words);
    if (record->kind == PACKET_RECORD_EVENT)
        return;
    text = text_begin(words, sizeof words);
    text_add_marks(&text, record->marks);
    (void)grid_text(grid, line, used + 2, grid->width - used - 2, marks_style(record->marks),
                    words);
    if (count < DETAIL_LINES)
        return;
    text = text_begin(words, sizeof words);
    add_numbers(sight, &text, record);
    (void)grid_text(grid, line + 1, 0, grid->width, STYLE_DIM, words);
    draw_payload(sight, line + 2, record);
}

static struct sight look(const struct ladder *ladder, const struct flow_row *row, struct grid *grid)
{
    bool is_wide = grid->width >= WIDE;
    int lane_end = is_wide ? grid->width - MARKS_ROOM - 2 : grid->width - 1;
    return (struct sight){.ladder = ladder,
                          .row = row,
                          .grid = grid,
                          .left = time_room(ladder, grid->width) + 1,
                          .right = lane_end,
                          .marks = is_wide ? lane_end + 3 : 0};
}

void ladder_draw(struct ladder *ladder, const struct flow_row *row, const struct known *known,
                 struct grid *grid, int top, int height)
{
    const struct packet_tape *tape = ladder->tape;
    struct sight sight = look(ladder, row, grid);
    int detail = height >= DETAIL_LEAST ? DETAIL_LINES : height > 4 ? 1 : 0;
    if (height < 1)
        return;
    draw_ends(&sight, known, top);
    ladder->height = height - 1 - detail;
    if (packet_tape_count(tape) == 0 || ladder->cursor == 0) {
        const char *words = !tape->log                    ? "packets are not kept in this run"
                            : packet_tape_count(tape) > 0 ? "reading"
                                                          : "its packets are kept no more";
        (void)grid_text(grid, top + 1, 0, height > 1 ? grid->width : 0, STYLE_DIM, words);
        return;
    }
    place(ladder);
    for (int line = 0; line < ladder->height; line++) {
        uint64_t position = ladder->first + (uint64_t)line;
        if (position < tape->end)
            draw_packet(&sight, top + 1 + line, position);
    }
    if (detail > 0)
        draw_detail(&sight, top + height - detail, detail);
}
