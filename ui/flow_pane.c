#include "ui/flow_pane.h"

#include <assert.h>
#include <string.h>

#define WALK_STRIDE 4096 /* flows between two looks at the clock */

int flow_pane_open(struct flow_pane *pane, const struct known *known, uint32_t max_flows,
                   struct err *err)
{
    pane->known = known;
    pane->sorted = COLUMN_AGE;
    pane->cursor = CURSOR_TOP;
    pane->budget_ns = FLOW_PANE_BUDGET_NS;
    return rates_open(&pane->rates, max_flows, err);
}

void flow_pane_close(struct flow_pane *pane)
{
    rates_close(&pane->rates);
}

/* Equal flows are ordered by appearance, newest first: no two keys are equal, so rows never change
 * places without a reason. */
static void make_key(const struct flow_pane *pane, const struct column_flow *flow,
                     struct select_key *key)
{
    column_sort_key(pane->sorted, flow, key);
    bool descending = column_is_descending(pane->sorted) != pane->reversed;
    for (int word = 0; descending && word < SELECT_KEY_WORDS - 1; word++)
        key->words[word] = ~key->words[word];
    uint64_t id = flow->view.cold->id;
    key->words[SELECT_KEY_WORDS - 1] = pane->reversed ? id : ~id;
}

static bool is_wanted(struct flow_pane *pane, struct flow_view view)
{
    if (pane->open_only && !flow_is_open(view))
        return false;
    return rowfilter_matches(&pane->filter, view, pane->known);
}

static uint64_t look_at_rate(struct flow_pane *pane, struct flow_ref ref, struct flow_view view,
                             int64_t now_ns)
{
    return pane->live ? rates_look(&pane->rates, ref, view, now_ns) : rates_average(view);
}

bool flow_pane_take(struct flow_pane *pane, const struct tracker *tracker, struct flow_ref ref,
                    struct flow_row *row)
{
    struct flow_view view;
    if (!tracker_look(tracker, ref, &view))
        return false;
    *row = (struct flow_row){
        .ref = ref,
        .rate = look_at_rate(pane, ref, view, pane->now_ns),
        .hot = *view.hot,
        .cold = *view.cold,
    };
    return true;
}

bool flow_pane_aim(struct flow_pane *pane, const struct tracker *tracker, struct flow_ref ref)
{
    if (!flow_pane_take(pane, tracker, ref, &pane->cursor_row))
        return false;
    pane->cursor = CURSOR_FLOW;
    return true;
}

/* Where the cursor belongs in the present order, also when its flow is gone. */
static struct select_key cursor_place(struct flow_pane *pane, int64_t now_ns)
{
    struct select_key place;
    if (pane->cursor == CURSOR_FLOW) {
        struct column_flow flow = flow_row_look(&pane->cursor_row, now_ns);
        make_key(pane, &flow, &place);
    } else {
        memset(&place, pane->cursor == CURSOR_TOP ? 0 : 0xff, sizeof place);
    }
    return place;
}

/* `at` is where its flow would stand; the flow itself may have moved since the walk began. */
static void set_cursor(struct flow_pane *pane, uint32_t at)
{
    uint64_t mask = pane->reversed ? 0 : UINT64_MAX;
    if (pane->cursor != CURSOR_FLOW)
        at = pane->cursor == CURSOR_TOP ? 0 : pane->order_count;
    for (uint32_t i = 0; pane->cursor == CURSOR_FLOW && i < pane->order_count; i++) {
        if ((pane->order[i].key.words[SELECT_KEY_WORDS - 1] ^ mask) == pane->cursor_row.cold.id)
            at = i;
    }
    if (at >= pane->order_count)
        at = pane->order_count > 0 ? pane->order_count - 1 : 0;
    pane->position = at;
    if (pane->order_count > 0)
        pane->cursor_row = pane->rows[pane->order[at].index];
}

static void begin_walk(struct flow_pane *pane, const struct tracker *tracker)
{
    pane->walking = true;
    pane->walk_at = 0;
    pane->walk_now_ns = pane->now_ns;
    if (pane->cursor == CURSOR_FLOW)
        (void)flow_pane_take(pane, tracker, pane->cursor_row.ref, &pane->cursor_row);
    struct select_key place = cursor_place(pane, pane->walk_now_ns);
    select_begin(&pane->selection, &place);
}

/* Returns true when it came to the end of the table. */
static bool walk(struct flow_pane *pane, const struct tracker *tracker)
{
    int64_t until_ns = clock_monotonic_ns() + pane->budget_ns;
    struct flow_ref ref;
    struct flow_view view;
    for (uint32_t seen = 1; tracker_next(tracker, &pane->walk_at, &ref, &view); seen++) {
        struct select_entry entry = {.index = ref.index, .generation = ref.generation};
        struct column_flow flow = {
            .view = view,
            .rate = look_at_rate(pane, ref, view, pane->now_ns),
            .now_ns = pane->walk_now_ns,
            .code = CODE_COUNT,
        };
        if (is_wanted(pane, view)) {
            make_key(pane, &flow, &entry.key);
            select_add(&pane->selection, &entry);
        }
        if (seen % WALK_STRIDE == 0 && clock_monotonic_ns() > until_ns)
            return false;
    }
    return true;
}

static void finish_walk(struct flow_pane *pane, const struct tracker *tracker)
{
    uint32_t at = 0;
    uint32_t found = select_finish(&pane->selection, pane->order, &at);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found; i++) {
        struct select_entry *entry = &pane->order[i];
        struct flow_ref ref = {entry->index, entry->generation};
        if (!flow_pane_take(pane, tracker, ref, &pane->rows[kept]))
            continue;
        pane->order[kept] = *entry;
        pane->order[kept].index = kept;
        kept++;
    }
    pane->row_count = kept;
    pane->order_count = kept;
    pane->matching = pane->selection.total;
    pane->walking = false;
    set_cursor(pane, at);
    if (pane->cursor == CURSOR_LAST && kept > 0)
        pane->cursor = CURSOR_FLOW;
}

/* Keeps what is in sight up to date while the walk is still on its way. */
static void refresh_rows(struct flow_pane *pane, const struct tracker *tracker)
{
    uint32_t end = pane->scroller.first + pane->scroller.height;
    for (uint32_t i = pane->scroller.first; i < end && i < pane->order_count; i++) {
        struct flow_row *row = &pane->rows[pane->order[i].index];
        (void)flow_pane_take(pane, tracker, row->ref, row);
    }
}

void flow_pane_collect(struct flow_pane *pane, const struct tracker *tracker, int64_t now_ns,
                       bool live)
{
    pane->now_ns = now_ns;
    pane->live = live;
    if (!pane->walking)
        begin_walk(pane, tracker);
    if (walk(pane, tracker))
        finish_walk(pane, tracker);
    else
        refresh_rows(pane, tracker);
}

void flow_pane_reorder(struct flow_pane *pane, bool paused)
{
    pane->walking = false;
    pane->need_width = 0;
    if (!paused)
        return;
    struct select_key place = cursor_place(pane, pane->now_ns);
    select_begin(&pane->selection, &place);
    for (uint32_t i = 0; i < pane->row_count; i++) {
        struct column_flow flow = flow_row_look(&pane->rows[i], pane->now_ns);
        struct select_entry entry = {.index = i};
        if (!is_wanted(pane, flow.view))
            continue;
        make_key(pane, &flow, &entry.key);
        select_add(&pane->selection, &entry);
    }
    uint32_t at = 0;
    pane->order_count = select_finish(&pane->selection, pane->order, &at);
    pane->matching = pane->order_count;
    set_cursor(pane, at);
}

void flow_pane_move(struct flow_pane *pane, int64_t lines)
{
    if (pane->order_count == 0)
        return;
    pane->position = scroller_move(&pane->scroller, pane->order_count, pane->position, lines);
    pane->cursor = CURSOR_FLOW;
    pane->cursor_row = pane->rows[pane->order[pane->position].index];
}

void flow_pane_move_pages(struct flow_pane *pane, int pages)
{
    flow_pane_move(pane, scroller_page(pane->scroller.height) * pages);
}

void flow_pane_go(struct flow_pane *pane, enum flow_cursor cursor)
{
    pane->cursor = cursor;
    pane->walking = false;
    if (cursor == CURSOR_TOP)
        pane->scroller.first = 0;
    set_cursor(pane, 0);
}

void flow_pane_sort(struct flow_pane *pane, int step)
{
    int next = ((int)pane->sorted + step + COLUMN_COUNT) % COLUMN_COUNT;
    pane->sorted = (enum column)next;
    pane->reversed = false;
}
