#include "ui/trouble_page.h"

#include "ui/motion.h"

static void begin(struct trouble_page *page, enum trouble_kind kind)
{
    page->kind = kind;
    page->is_gone = page->is_looking = false;
    page->flow_count = page->item_count = 0;
    page->line = page->line_count = 0;
    page->scroller = (struct scroller){0};
}

void trouble_page_of_diagnosis(struct trouble_page *page, const struct diagnosis *diagnosis)
{
    begin(page, TROUBLE_DIAGNOSIS);
    page->diagnosis = *diagnosis;
}

void trouble_page_of_failure(struct trouble_page *page, const struct failure *failure,
                             struct flow_ref flow)
{
    begin(page, TROUBLE_FAILURE);
    page->failure = *failure;
    page->flow_count = 1;
    page->flows[0] = (struct trouble_flow){.row.ref = flow};
}

/* The diagnosis as it is now, or the one that took its place. */
static const struct diagnosis *find_again(const struct trouble_page *page)
{
    const struct diagnosis *old = &page->diagnosis;
    const struct diagnosis *heir = NULL;
    for (uint32_t at = 0; at < page->known->count; at++) {
        const struct diagnosis *now = &known_at(page->known, at)->diagnosis;
        if (now->port != old->port || now->netns != old->netns)
            continue;
        if (now->code == old->code)
            return now;
        if (now->supersedes >> old->code & 1)
            heir = now;
    }
    return heir;
}

static const struct trouble_flow *find_flow(const struct trouble_page *page, uint64_t id)
{
    for (unsigned at = 0; at < page->flow_count; at++) {
        if (page->flows[at].id == id)
            return &page->flows[at];
    }
    return NULL;
}

/* The flows that the diagnosis names now; those that are new are looked for. */
static void follow_flows(struct trouble_page *page)
{
    const struct diagnosis *diagnosis = &page->diagnosis;
    struct trouble_flow flows[TROUBLE_FLOWS] = {0};
    for (unsigned at = 0; at < diagnosis->flow_count; at++) {
        const struct trouble_flow *old = find_flow(page, diagnosis->flows[at]);
        flows[at] = old ? *old : (struct trouble_flow){.id = diagnosis->flows[at]};
        if (old)
            continue;
        page->is_looking = true;
        page->walk_at = 0;
    }
    page->flow_count = diagnosis->flow_count;
    for (unsigned at = 0; at < page->flow_count; at++)
        page->flows[at] = flows[at];
}

static void look_for_flows(struct trouble_page *page, struct flow_pane *pane,
                           const struct tracker *tracker)
{
    struct flow_ref ref;
    struct flow_view view;
    for (uint32_t step = 0; page->is_looking && step < TROUBLE_WALK; step++) {
        page->is_looking = tracker_next(tracker, &page->walk_at, &ref, &view);
        for (unsigned at = 0; page->is_looking && at < page->flow_count; at++) {
            struct trouble_flow *flow = &page->flows[at];
            if (!flow->is_found && flow->id == view.cold->id)
                flow->is_found = flow_pane_take(pane, tracker, ref, &flow->row);
        }
    }
}

static void take_diagnosis(struct trouble_page *page)
{
    const struct diagnosis *now = find_again(page);
    page->is_gone = !now;
    if (now)
        page->diagnosis = *now;
    follow_flows(page);
}

/* A file that is played from its beginning once more may have another flow in that place. */
static void take_flow(struct trouble_page *page, struct trouble_flow *flow, struct flow_pane *pane,
                      const struct tracker *tracker)
{
    uint64_t id = flow->id;
    flow->is_gone = !flow_pane_take(pane, tracker, flow->row.ref, &flow->row);
    flow->is_found = flow->is_found || !flow->is_gone;
    if (flow->is_found)
        flow->id = flow->row.cold.id;
    if (id == 0 || flow->id == id)
        return;
    *flow = (struct trouble_flow){.id = id};
    page->is_looking = true;
    page->walk_at = 0;
}

void trouble_page_take(struct trouble_page *page, struct flow_pane *pane,
                       const struct tracker *tracker)
{
    if (page->kind == TROUBLE_DIAGNOSIS)
        take_diagnosis(page);
    look_for_flows(page, pane, tracker);
    for (unsigned at = 0; at < page->flow_count; at++) {
        struct trouble_flow *flow = &page->flows[at];
        if (flow->is_found || flow->id == 0) /* that of a failure is known by its place alone */
            take_flow(page, flow, pane, tracker);
    }
}

bool trouble_page_act(struct trouble_page *page, enum key_action action)
{
    int64_t lines = 0;
    if (!motion_of(action, (int)page->scroller.height, &lines))
        return false;
    page->line = scroller_move(&page->scroller, page->line_count, page->line, lines);
    return true;
}

static const struct trouble_item *chosen(const struct trouble_page *page)
{
    for (unsigned at = 0; at < page->item_count; at++) {
        const struct trouble_item *item = &page->items[at];
        if ((int)page->line >= item->first && (int)page->line < item->end)
            return item;
    }
    return NULL;
}

const struct flow_row *trouble_page_flow(const struct trouble_page *page)
{
    const struct trouble_item *item = chosen(page);
    return item && item->flow && item->flow->is_found ? &item->flow->row : NULL;
}

const char *trouble_page_advice(const struct trouble_page *page)
{
    const struct trouble_item *item = chosen(page);
    return item && !item->flow ? item->advice : NULL;
}

struct extent trouble_page_extent(const struct trouble_page *page)
{
    return scroller_extent(&page->scroller, page->line_count);
}

/* Once to count its lines, which say what is in sight, and once to see it. */
void trouble_page_draw(struct trouble_page *trouble, struct grid *grid, int top, int height)
{
    struct page page = {.grid = grid, .top = top, .width = grid->width};
    if (height < 1 || trouble->kind == TROUBLE_NOTHING)
        return;
    trouble->line_count = (uint32_t)trouble_draw_lines(trouble, &page);
    if (trouble->line >= trouble->line_count)
        trouble->line = trouble->line_count - 1;
    scroller_place(&trouble->scroller, trouble->line_count, trouble->line, (uint32_t)height);
    page = (struct page){.grid = grid,
                         .top = top,
                         .height = height,
                         .width = grid->width,
                         .first = (int)trouble->scroller.first};
    (void)trouble_draw_lines(trouble, &page);
    grid_select_row(grid, top + (int)trouble->scroller.line);
}
