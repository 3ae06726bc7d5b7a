#include "ui/flow_notes.h"

#include <string.h>

#include "flows/describe.h"
#include "flows/mark.h"
#include "ui/scroller.h"
#include "ui/segment_words.h"

#define CLOCK_SHORT 12 /* 12:34:56.789 */
#define SIDE_ROOM   7
#define NARROW      60

static bool is_noted(const struct packet_record *record)
{
    return record->kind == PACKET_RECORD_EVENT || record->kind == PACKET_ICMP_ERROR ||
           (record->kind == PACKET_TCP &&
            (record->flags & (TCP_SYN | TCP_FIN | TCP_RST) || record->marks & mark_troubles));
}

/* What makes two packets the same row. */
static bool is_alike(const struct packet_record *a, const struct packet_record *b)
{
    const uint16_t telling = TCP_SYN | TCP_FIN | TCP_RST;
    if (a->kind != b->kind || a->side != b->side)
        return false;
    if (a->kind == PACKET_RECORD_EVENT)
        return a->event == b->event;
    return ((a->flags ^ b->flags) & telling) == 0 &&
           (a->marks & mark_troubles) == (b->marks & mark_troubles);
}

static void drop_old(struct flow_notes *notes)
{
    const uint32_t half = FLOW_NOTES / 2;
    for (uint32_t at = 0; at < half; at++)
        notes->dropped += notes->notes[at].count;
    memmove(notes->notes, notes->notes + half, half * sizeof notes->notes[0]);
    notes->count -= half;
}

static void add(struct flow_notes *notes, const struct packet_record *record, uint64_t position)
{
    struct flow_note *last = notes->count > 0 ? &notes->notes[notes->count - 1] : NULL;
    if (last && is_alike(&last->record, record)) {
        last->last = position;
        last->last_ns = record->time_ns;
        last->count++;
        return;
    }
    if (notes->count == FLOW_NOTES)
        drop_old(notes);
    notes->notes[notes->count++] = (struct flow_note){.first = position,
                                                      .last = position,
                                                      .first_ns = record->time_ns,
                                                      .last_ns = record->time_ns,
                                                      .count = 1,
                                                      .record = *record};
    if (notes->cursor > 0 && notes->cursor + 1 < notes->count)
        notes->cursor++;
}

void flow_notes_take(struct flow_notes *notes, const struct packet_tape *tape)
{
    if (notes->restarts != tape->restarts) {
        notes->restarts = tape->restarts;
        notes->count = notes->cursor = 0;
        notes->dropped = notes->position = 0;
    }
    if (!tape->complete || packet_tape_count(tape) == 0)
        return;
    if (notes->position < tape->begin)
        notes->position = tape->begin;
    for (uint32_t step = 0; step < FLOW_NOTES_PACKETS && notes->position < tape->end; step++) {
        const struct packet_record *record = packet_tape_at(tape, notes->position);
        if (is_noted(record))
            add(notes, record, notes->position);
        notes->position++;
    }
}

void flow_notes_move(struct flow_notes *notes, int64_t lines)
{
    notes->cursor = scroller_move(&notes->scroller, notes->count, notes->cursor, lines);
}

bool flow_notes_choice(const struct flow_notes *notes, uint64_t *position)
{
    if (notes->count == 0)
        return false;
    *position = notes->notes[notes->count - 1 - notes->cursor].first;
    return true;
}

static enum style note_style(const struct packet_record *record)
{
    if (record->kind == PACKET_RECORD_EVENT)
        return logged_event_style(record);
    if (record->kind == PACKET_ICMP_ERROR || record->flags & TCP_RST)
        return STYLE_FAILURE;
    return marks_style(record->marks) == STYLE_WARNING ? STYLE_WARNING : STYLE_NORMAL;
}

static void add_words(struct text *text, const struct flow_note *note, const struct flow_row *row)
{
    const struct packet_record *record = &note->record;
    if (record->kind == PACKET_RECORD_EVENT) {
        text_add_logged_event(text, record, &row->hot, &row->cold);
    } else if (record->kind == PACKET_ICMP_ERROR) {
        text_add_icmp(text, row->hot.tuple.family, record->icmp_type, record->icmp_code);
    } else {
        bool is_plain =
            record->marks & mark_troubles && !(record->flags & (TCP_SYN | TCP_FIN | TCP_RST));
        if (!is_plain)
            text_add_packet_kind(text, record);
        if (!is_plain && record->marks != 0)
            text_add_string(text, "  ");
        text_add_marks(text, record->marks);
    }
    if (note->count > 1) {
        text_add_string(text, "  x");
        text_add_number(text, note->count);
        text_add_string(text, " in ");
        text_add_span(text, note->last_ns - note->first_ns);
    }
}

static void draw_note(const struct flow_notes *notes, const struct flow_note *note,
                      const struct flow_row *row, struct grid *grid, int line)
{
    char words[SEGMENT_WORDS_MAX * 2];
    struct text text = text_begin(words, sizeof words);
    if (grid->width < NARROW)
        text_add_span(&text, note->first_ns - row->cold.start_ns);
    else
        text_add_clock(&text, note->first_ns, notes->local_time);
    int room = grid->width < NARROW ? SIDE_ROOM : CLOCK_SHORT;
    (void)grid_text(grid, line, 0, room, STYLE_DIM, words);
    int column = room + 1;
    bool by_client = note->record.side == row->hot.client;
    bool is_ours = note->record.kind == PACKET_RECORD_EVENT;
    (void)grid_text(grid, line, column, SIDE_ROOM, by_client ? STYLE_CLIENT : STYLE_SERVER,
                    is_ours     ? ""
                    : by_client ? "client"
                                : "server");
    column += SIDE_ROOM;
    text = text_begin(words, sizeof words);
    add_words(&text, note, row);
    (void)grid_text(grid, line, column, grid->width - column, note_style(&note->record), words);
}

/* In the last line, since the oldest come last. */
static int draw_dropped(const struct flow_notes *notes, struct grid *grid, int line)
{
    char words[SEGMENT_WORDS_MAX];
    struct text text = text_begin(words, sizeof words);
    if (notes->dropped == 0)
        return 0;
    text_add_grouped(&text, notes->dropped);
    text_add_string(&text, notes->dropped == 1 ? " older one is" : " older ones are");
    text_add_string(&text, " left out");
    (void)grid_text(grid, line, 0, grid->width, STYLE_WARNING, words);
    return 1;
}

void flow_notes_draw(struct flow_notes *notes, const struct flow_row *row, struct grid *grid,
                     int top, int height)
{
    if (height < 1)
        return;
    if (notes->count == 0) {
        (void)grid_text(grid, top, 0, grid->width, STYLE_DIM, "nothing of note");
        return;
    }
    if (notes->cursor >= notes->count)
        notes->cursor = notes->count - 1;
    if (height > 1)
        height -= draw_dropped(notes, grid, top + height - 1);
    scroller_place(&notes->scroller, notes->count, notes->cursor, (uint32_t)height);
    for (uint32_t line = 0; line < (uint32_t)height; line++) {
        uint32_t at = notes->scroller.first + line;
        if (at >= notes->count)
            break;
        draw_note(notes, &notes->notes[notes->count - 1 - at], row, grid, top + (int)line);
        if (at == notes->cursor)
            grid_select_row(grid, top + (int)line);
    }
}
