#include "ui/flow_page.h"

#include "ui/motion.h"

#define PLOT_LEAST 4 /* lines */

static const char *const titles[SECTION_COUNT] = {"Overview", "Packets", "Plots", "Events"};

void flow_page_begin(struct flow_page *page)
{
    page->section = SECTION_OVERVIEW;
    page->overview = (struct page_view){0};
    packet_tape_choose(page->tape, page->details->ref);
}

void flow_page_take(struct flow_page *page, struct flow_pane *pane, const struct tracker *tracker)
{
    details_take(page->details, pane, tracker);
    packet_tape_choose(page->tape, page->details->ref);
    packet_tape_take(page->tape);
    ladder_take(&page->ladder);
    flow_story_take(&page->story, page->tape, &page->details->row.hot);
    flow_notes_take(&page->notes, page->tape);
    page->details->story = page->story.restarts == page->tape->restarts ? &page->story : NULL;
}

bool flow_page_is_whole(const struct flow_page *page)
{
    const struct packet_tape *tape = page->tape;
    bool is_read = packet_tape_count(tape) == 0 || page->story.position >= tape->end;
    return !tape->log || (tape->complete && is_read);
}

static bool packets_act(struct flow_page *page, enum key_action action)
{
    struct ladder *ladder = &page->ladder;
    int64_t lines = 0;
    if (motion_of(action, ladder->height, &lines))
        ladder_move(ladder, lines);
    else if (action == ACTION_FOUND_NEXT || action == ACTION_FOUND_PREVIOUS)
        (void)ladder_jump(ladder, action == ACTION_FOUND_NEXT);
    else
        return false;
    return true;
}

/* From an event to its packet. */
static void show_packet(struct flow_page *page)
{
    uint64_t position = 0;
    if (!flow_notes_choice(&page->notes, &position))
        return;
    page->section = SECTION_PACKETS;
    ladder_go(&page->ladder, position);
}

static bool events_act(struct flow_page *page, enum key_action action)
{
    int64_t lines = 0;
    if (motion_of(action, (int)page->notes.scroller.height, &lines))
        flow_notes_move(&page->notes, lines);
    else if (action == ACTION_PACKET)
        show_packet(page);
    else
        return false;
    return true;
}

static void step_section(struct flow_page *page, unsigned step)
{
    page->section = (page->section + step) % SECTION_COUNT;
}

bool flow_page_act(struct flow_page *page, enum key_action action)
{
    if (action == ACTION_SECTION_NEXT)
        step_section(page, 1);
    else if (action == ACTION_SECTION_PREVIOUS)
        step_section(page, SECTION_COUNT - 1);
    else if (action == ACTION_TIME)
        page->ladder.time = (page->ladder.time + 1) % LADDER_TIME_COUNT;
    else if (action == ACTION_ABSOLUTE)
        page->ladder.absolute = !page->ladder.absolute;
    else if (page->section == SECTION_PACKETS)
        return packets_act(page, action);
    else if (page->section == SECTION_EVENTS)
        return events_act(page, action);
    else
        return page_view_act(&page->overview, action);
    return true;
}

static int draw_sections(const struct flow_page *page, struct grid *grid, int line)
{
    int column = 0;
    grid_fill(grid, line, 0, grid->width, STYLE_NORMAL, ' ');
    for (int section = 0; section < SECTION_COUNT; section++) {
        bool is_open = page->section == (enum flow_section)section;
        enum style style = is_open ? STYLE_SELECTED : STYLE_DIM;
        column += grid_text(grid, line, column, grid->width - column, style, " ");
        column += grid_text(grid, line, column, grid->width - column, style, titles[section]);
        column += grid_text(grid, line, column, grid->width - column, style, " ");
    }
    return 1;
}

/* Once to count its lines, which say how far it can be scrolled, and once to see it. */
static void draw_overview(struct flow_page *page, struct grid *grid, int top, int height)
{
    struct page_view *view = &page->overview;
    page_view_fit(view, details_draw(page->details, grid, top, 0, view->first), height);
    (void)details_draw(page->details, grid, top, view->height, view->first);
}

struct extent flow_page_extent(const struct flow_page *page)
{
    const struct ladder *ladder = &page->ladder;
    const struct packet_tape *tape = page->tape;
    switch (page->section) {
    case SECTION_OVERVIEW:
        return page_view_extent(&page->overview);
    case SECTION_PACKETS:
        return (struct extent){.first =
                                   ladder->first > tape->begin ? ladder->first - tape->begin : 0,
                               .shown = ladder->height > 0 ? (uint64_t)ladder->height : 0,
                               .count = packet_tape_count(tape)};
    case SECTION_EVENTS:
        return scroller_extent(&page->notes.scroller, page->notes.count);
    default:
        return (struct extent){0};
    }
}

/* Two plots; one where there is room for no more. */
static void draw_plots(const struct flow_page *page, struct grid *grid, int top, int height)
{
    const struct flow_story *story = &page->story;
    unsigned client = page->details->row.hot.client;
    int upper = height >= 2 * PLOT_LEAST ? height / 2 : height;
    if (!page->details->story || height < PLOT_LEAST) {
        const char *words = page->details->story ? "no room for plots" : "reading";
        (void)grid_text(grid, top, 0, height > 0 ? grid->width : 0, STYLE_DIM, words);
        return;
    }
    struct plot plot = {.title = "ROUND TRIP",
                        .series = {&story->side[client].rtt, &story->side[!client].rtt},
                        .span_ns = story->last_ns - story->begin_ns + 1,
                        .is_time = true,
                        .utf8 = page->utf8};
    plot_draw(&plot, grid, top, upper);
    if (upper == height)
        return;
    plot = (struct plot){.title = "WINDOW",
                         .series = {&story->side[client].window, &story->side[!client].window},
                         .span_ns = plot.span_ns,
                         .holds = true,
                         .utf8 = page->utf8};
    plot_draw(&plot, grid, top + upper, height - upper);
}

void flow_page_draw(struct flow_page *page, struct grid *grid, int top, int height)
{
    const struct flow_row *row = &page->details->row;
    if (height < 1)
        return;
    int used = draw_sections(page, grid, top);
    top += used;
    height -= used;
    if (page->section == SECTION_OVERVIEW)
        draw_overview(page, grid, top, height);
    else if (page->section == SECTION_PACKETS)
        ladder_draw(&page->ladder, row, page->details->known, grid, top, height);
    else if (page->section == SECTION_PLOTS)
        draw_plots(page, grid, top, height);
    else
        flow_notes_draw(&page->notes, row, grid, top, height);
}
