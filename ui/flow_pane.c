#include "ui/flow_pane.h"

#include <assert.h>
#include <string.h>

#define WALK_STRIDE 4096 /* flows between two looks at the clock */
#define MEDIAN      50
#define PERCENT_95  95

int flow_pane_open(struct flow_pane *pane, const struct known *known, uint32_t max_flows,
                   struct err *err)
{
    pane->known = known;
    pane->sorted = COLUMN_AGE;
    pane->cursor = CURSOR_TOP;
    pane->budget_ns = FLOW_PANE_BUDGET_NS;
    filter_clear(&pane->filter);
    return rates_open(&pane->rates, max_flows, err);
}

void flow_pane_close(struct flow_pane *pane)
{
    rates_close(&pane->rates);
}

/* The keys of rows: the rank of the group, and whether it is one of its flows; the sorted column; the
 * flow's id. Equal flows are ordered by appearance, newest first: no two keys are equal, so rows never
 * change places without a reason. */
#define WORD_RANK   0
#define WORD_COLUMN 1
#define WORD_ID     (SELECT_KEY_WORDS - 1)

static uint64_t group_word(const struct group *group, bool is_flow)
{
    return (uint64_t)group->rank << 1 | is_flow;
}

static void turn_round(const struct flow_pane *pane, struct select_key *key, uint64_t id)
{
    bool descending = column_is_descending(pane->sorted) != pane->reversed;
    for (int word = WORD_COLUMN; descending && word < WORD_ID; word++)
        key->words[word] = ~key->words[word];
    key->words[WORD_ID] = pane->reversed ? id : ~id;
}

/* `group` is NULL where rows are not grouped. */
static void make_key(const struct flow_pane *pane, const struct column_flow *flow,
                     const struct group *group, struct select_key *key)
{
    *key = (struct select_key){.words[WORD_RANK] = group ? group_word(group, true) : 0};
    column_sort_words(pane->sorted, flow, &key->words[WORD_COLUMN]);
    turn_round(pane, key, flow->view.cold->id);
}

/* Puts the groups in order, by what was summed at the look before. */
static void rank_groups(struct flow_pane *pane)
{
    struct groups *groups = &pane->groups;
    struct select_entry *entries = pane->ranks.entries;
    for (uint32_t at = 0; at < groups->count; at++) {
        const struct group *group = &groups->all[at];
        const struct column_group look = {
            .key = &group->key,
            .sums = &group->sums,
            .now_ns = pane->now_ns,
            .median_ns = latency_percentile_ns(&group->latency, MEDIAN),
            .p95_ns = latency_percentile_ns(&group->latency, PERCENT_95),
            .by = groups->by,
        };
        entries[at] = (struct select_entry){.index = at};
        column_group_words(pane->sorted, &look, &entries[at].key.words[WORD_COLUMN]);
        turn_round(pane, &entries[at].key, group->id);
        entries[at].key.words[WORD_RANK] = group_is_others(group);
    }
    select_sort(entries, groups->count);
    for (uint32_t at = 0; at < groups->count; at++)
        groups->all[entries[at].index].rank = at;
}

static bool is_wanted(struct flow_pane *pane, const struct column_flow *flow)
{
    if (pane->open_only && !flow_is_open(flow->view))
        return false;
    const struct filter_look look = {flow->view, pane->known, flow->rate, flow->now_ns};
    return filter_matches(&pane->filter, &look);
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
        .has_detail = view.detail != NULL,
        .hot = *view.hot,
        .cold = *view.cold,
    };
    if (view.detail)
        row->detail = *view.detail;
    struct flow_spark *spark = &pane->sparks[row->cold.id % FLOW_SPARKS];
    if (spark->flow_id == row->cold.id)
        row->spark = spark->spark;
    return true;
}

bool flow_pane_aim(struct flow_pane *pane, const struct tracker *tracker, struct flow_ref ref)
{
    if (!flow_pane_take(pane, tracker, ref, &pane->cursor_row))
        return false;
    pane->cursor = CURSOR_ROW;
    return true;
}

/* The group of a flow, or the one that a row tells of; NULL where there are no groups, or it is gone. */
static struct group *group_of(struct flow_pane *pane, const struct flow_row *row)
{
    struct flow_view view = {.hot = &row->hot, .cold = &row->cold};
    if (pane->groups.by == GROUP_NONE)
        return NULL;
    return row->group ? groups_find(&pane->groups, row->group)
                      : groups_of_flow(&pane->groups, view);
}

/* Where the cursor belongs in the present order, also when its flow is gone. */
static struct select_key cursor_place(struct flow_pane *pane, int64_t now_ns)
{
    struct select_key place = {0};
    const struct group *group = group_of(pane, &pane->cursor_row);
    if (pane->cursor == CURSOR_ROW && pane->cursor_row.group) {
        place.words[WORD_RANK] = group ? group_word(group, false) : 0;
    } else if (pane->cursor == CURSOR_ROW) {
        struct column_flow flow = flow_row_look(&pane->cursor_row, now_ns);
        make_key(pane, &flow, group, &place);
        if (group && !group_is_open(group))
            place = (struct select_key){.words[WORD_RANK] = group_word(group, false)};
    } else {
        memset(&place, pane->cursor == CURSOR_TOP ? 0 : 0xff, sizeof place);
    }
    return place;
}

static bool is_cursor(const struct flow_pane *pane, const struct flow_row *row)
{
    const struct flow_row *cursor = &pane->cursor_row;
    return cursor->group ? row->group == cursor->group
                         : row->group == 0 && row->cold.id == cursor->cold.id;
}

/* `at` is where its row would stand; the row itself may have moved since the walk began. */
static void set_cursor(struct flow_pane *pane, uint32_t at)
{
    if (pane->cursor != CURSOR_ROW)
        at = pane->cursor == CURSOR_TOP ? 0 : pane->order_count;
    for (uint32_t i = 0; pane->cursor == CURSOR_ROW && i < pane->order_count; i++) {
        if (is_cursor(pane, &pane->rows[pane->order[i].index]))
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
    pane->walk_matching = 0;
    pane->has_new_groups = false;
    if (pane->groups.by != GROUP_NONE) {
        rank_groups(pane);
        groups_begin(&pane->groups);
    }
    if (pane->cursor == CURSOR_ROW && pane->cursor_row.group == 0)
        (void)flow_pane_take(pane, tracker, pane->cursor_row.ref, &pane->cursor_row);
    struct select_key place = cursor_place(pane, pane->walk_now_ns);
    select_begin(&pane->selection, &place);
}

/* A flow that passes the filter; its group is told with the first of its flows. */
static void walk_flow(struct flow_pane *pane, const struct column_flow *flow, struct flow_ref ref)
{
    struct select_entry entry = {.index = ref.index, .generation = ref.generation};
    struct group *group = NULL;
    pane->walk_matching++;
    if (pane->groups.by != GROUP_NONE) {
        group = groups_add(&pane->groups, flow->view, flow->rate);
        /* It has no place yet: the next look shows it. */
        if (group->rank == GROUPS_MAX) {
            pane->has_new_groups = true;
            return;
        }
        /* One alone needs no head. */
        bool is_alone = group->sums.flows <= 1 && group->fold == FOLD_AUTO_OPEN;
        if (group->next.flows == 1 && !is_alone) {
            struct select_entry head = {.key.words[WORD_RANK] = group_word(group, false),
                                        .index = (uint32_t)(group - pane->groups.all)};
            select_add(&pane->selection, &head);
        }
        if (!group_is_open(group))
            return;
    }
    make_key(pane, flow, group, &entry.key);
    select_add(&pane->selection, &entry);
}

/* Returns true when it came to the end of the table. */
static bool walk(struct flow_pane *pane, const struct tracker *tracker)
{
    int64_t until_ns = clock_monotonic_ns() + pane->budget_ns;
    struct flow_ref ref;
    struct flow_view view;
    for (uint32_t seen = 1; tracker_next(tracker, &pane->walk_at, &ref, &view); seen++) {
        struct column_flow flow = {
            .view = view,
            .rate = look_at_rate(pane, ref, view, pane->now_ns),
            .now_ns = pane->walk_now_ns,
            .code = CODE_COUNT,
        };
        if (is_wanted(pane, &flow))
            walk_flow(pane, &flow, ref);
        if (seen % WALK_STRIDE == 0 && clock_monotonic_ns() > until_ns)
            return false;
    }
    return true;
}

static bool is_group_entry(const struct flow_pane *pane, const struct select_entry *entry)
{
    return pane->groups.by != GROUP_NONE && !(entry->key.words[WORD_RANK] & 1);
}

static void take_group(struct flow_row *row, const struct group *group)
{
    row->group = group->id;
    row->is_unfolded = group_is_open(group);
    row->key = group->key;
    row->sums = group->next;
    if (row->sums.owner == 0)
        row->sums.owner = group->sums.owner;
    row->median_ns = latency_percentile_ns(&group->latency, MEDIAN);
    row->p95_ns = latency_percentile_ns(&group->latency, PERCENT_95);
    row->spark = group->spark;
}

/* The minute of a flow that is in the picture goes on. */
static void note_spark(struct flow_pane *pane, const struct flow_row *row)
{
    struct flow_spark *spark = &pane->sparks[row->cold.id % FLOW_SPARKS];
    if (spark->flow_id != row->cold.id)
        spark_begin(&spark->spark, row->cold.start_ns, pane->now_ns);
    spark->flow_id = row->cold.id;
    spark_note(&spark->spark, pane->now_ns, (float)row->rate);
}

static void finish_walk(struct flow_pane *pane, const struct tracker *tracker)
{
    uint32_t at = 0;
    /* All groups are new: they get their places with the next look, and until then the picture stays. */
    if (pane->has_new_groups && pane->selection.total == 0) {
        groups_finish(&pane->groups, pane->now_ns);
        pane->walking = false;
        return;
    }
    uint32_t found = select_finish(&pane->selection, pane->order, &at);
    pane->above = pane->selection.before - at;
    pane->total = pane->selection.total;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < found; i++) {
        struct select_entry *entry = &pane->order[i];
        struct flow_ref ref = {entry->index, entry->generation};
        if (is_group_entry(pane, entry))
            take_group(&pane->rows[kept], &pane->groups.all[entry->index]);
        else if (flow_pane_take(pane, tracker, ref, &pane->rows[kept]))
            note_spark(pane, &pane->rows[kept]);
        else
            continue;
        pane->order[kept] = *entry;
        pane->order[kept].index = kept;
        kept++;
    }
    pane->row_count = kept;
    pane->order_count = kept;
    pane->matching = pane->walk_matching;
    pane->walking = false;
    if (pane->groups.by != GROUP_NONE)
        groups_finish(&pane->groups, pane->now_ns);
    set_cursor(pane, at);
    if (pane->cursor == CURSOR_LAST && kept > 0)
        pane->cursor = CURSOR_ROW;
}

/* Keeps what is in sight up to date while the walk is still on its way. */
static void refresh_rows(struct flow_pane *pane, const struct tracker *tracker)
{
    uint32_t end = pane->scroller.first + pane->scroller.height;
    for (uint32_t i = pane->scroller.first; i < end && i < pane->order_count; i++) {
        struct flow_row *row = &pane->rows[pane->order[i].index];
        if (row->group == 0)
            (void)flow_pane_take(pane, tracker, row->ref, row);
    }
}

void flow_pane_collect(struct flow_pane *pane, const struct tracker *tracker, int64_t now_ns,
                       bool live)
{
    pane->now_ns = now_ns;
    pane->live = live;
    pane->groups.of_file = !live;
    pane->recounting = false;
    bool is_whole = !pane->walking;
    if (!pane->walking)
        begin_walk(pane, tracker);
    if (!walk(pane, tracker)) {
        refresh_rows(pane, tracker);
        return;
    }
    finish_walk(pane, tracker);
    /* Groups that are new have a place now. */
    if (is_whole && pane->has_new_groups) {
        begin_walk(pane, tracker);
        if (walk(pane, tracker))
            finish_walk(pane, tracker);
    }
}

void flow_pane_forget(struct flow_pane *pane)
{
    pane->walking = false;
    rates_forget(&pane->rates);
    memset(pane->sparks, 0, sizeof pane->sparks);
    groups_forget(&pane->groups);
}

/* Are there flows of that group that pass the filter, in the picture or behind it? */
static bool has_passing(const struct flow_pane *pane, const struct group *group)
{
    return !group || pane->recounting || group->passing > 0;
}

/* Puts the rows of the picture in order anew. */
static void sort_picture(struct flow_pane *pane)
{
    struct select_key place = cursor_place(pane, pane->now_ns);
    select_begin(&pane->selection, &place);
    pane->matching = 0;
    for (uint32_t i = 0; i < pane->row_count; i++) {
        const struct flow_row *row = &pane->rows[i];
        struct column_flow flow = flow_row_look(row, pane->now_ns);
        struct select_entry entry = {.index = i};
        const struct group *group = group_of(pane, row);
        bool is_hidden = row->group ? !has_passing(pane, group)
                                    : !is_wanted(pane, &flow) || (group && !group_is_open(group));
        if (is_hidden)
            continue;
        if (row->group)
            entry.key.words[WORD_RANK] = group ? group_word(group, false) : 0;
        else
            make_key(pane, &flow, group, &entry.key);
        pane->matching += row->group == 0;
        select_add(&pane->selection, &entry);
    }
    uint32_t at = 0;
    pane->order_count = select_finish(&pane->selection, pane->order, &at);
    pane->above = pane->selection.before - at;
    pane->total = pane->selection.total;
    set_cursor(pane, at);
}

/* Flows of the picture count for their groups, whether they are folded or gone. */
static void begin_recount(struct flow_pane *pane)
{
    pane->recounting = pane->groups.by != GROUP_NONE;
    pane->recount_at = 0;
    for (uint32_t at = 0; at < pane->groups.count; at++)
        pane->groups.all[at].passing = 0;
    for (uint32_t i = 0; pane->recounting && i < pane->row_count; i++) {
        const struct flow_row *row = &pane->rows[i];
        const struct column_flow flow = flow_row_look(row, pane->now_ns);
        struct group *group = row->group ? NULL : group_of(pane, row);
        if (group && is_wanted(pane, &flow))
            group->passing++;
    }
}

void flow_pane_reorder(struct flow_pane *pane, bool paused)
{
    pane->walking = false;
    pane->recounting = false;
    pane->need_width = 0;
    if (!paused)
        return;
    if (pane->groups.by != GROUP_NONE)
        rank_groups(pane);
    begin_recount(pane);
    sort_picture(pane);
}

void flow_pane_recount(struct flow_pane *pane, const struct tracker *tracker)
{
    int64_t until_ns = clock_monotonic_ns() + pane->budget_ns;
    struct flow_ref ref;
    struct flow_view view;
    if (!pane->recounting)
        return;
    for (uint32_t seen = 1; tracker_next(tracker, &pane->recount_at, &ref, &view); seen++) {
        struct group *group = groups_of_flow(&pane->groups, view);
        if (group && group->passing == 0)
            group->passing += flow_pane_has(pane, ref, view, 0);
        if (seen % WALK_STRIDE == 0 && clock_monotonic_ns() > until_ns)
            return;
    }
    pane->recounting = false;
    sort_picture(pane);
}

void flow_pane_move(struct flow_pane *pane, int64_t lines)
{
    if (pane->order_count == 0)
        return;
    pane->position = scroller_move(&pane->scroller, pane->order_count, pane->position, lines);
    pane->cursor = CURSOR_ROW;
    pane->cursor_row = pane->rows[pane->order[pane->position].index];
}

void flow_pane_go(struct flow_pane *pane, enum flow_cursor cursor)
{
    pane->cursor = cursor;
    pane->walking = false;
    if (cursor == CURSOR_TOP)
        pane->scroller.first = 0;
    set_cursor(pane, 0);
}

struct extent flow_pane_extent(const struct flow_pane *pane)
{
    struct extent extent = scroller_extent(&pane->scroller, pane->order_count);
    extent.first += pane->above;
    extent.count = pane->total;
    return extent;
}

void flow_pane_sort(struct flow_pane *pane, int step)
{
    int next = ((int)pane->sorted + step + COLUMN_COUNT) % COLUMN_COUNT;
    pane->sorted = (enum column)next;
    pane->reversed = false;
}

bool flow_pane_fold(struct flow_pane *pane)
{
    struct group *group = pane->order_count > 0 ? group_of(pane, &pane->cursor_row) : NULL;
    if (!group)
        return false;
    group->fold = group_is_open(group) ? FOLD_SHUT : FOLD_OPEN;
    pane->walking = false;
    pane->cursor = CURSOR_ROW;
    pane->cursor_row.group = group->id;
    return true;
}

bool flow_pane_has(struct flow_pane *pane, struct flow_ref ref, struct flow_view flow,
                   uint64_t group)
{
    const struct group *own = group ? groups_of_flow(&pane->groups, flow) : NULL;
    const struct column_flow look = {.view = flow,
                                     .rate = look_at_rate(pane, ref, flow, pane->now_ns),
                                     .now_ns = pane->now_ns,
                                     .code = CODE_COUNT};
    return is_wanted(pane, &look) && (!group || (own && own->id == group));
}
