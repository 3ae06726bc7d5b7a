#include "ui/events_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ui/motion.h"

#define DIAGNOSIS_BIT (UINT64_C(1) << 63)

static_assert(EVENTS_LINES_MAX < INT32_MAX && FINDINGS_MAX <= UINT16_MAX, "lines are counted");

static const struct {
    uint32_t events;
    enum style style;
    const char *words;
} classes[EVENT_CLASS_COUNT] = {
#define CLASS(NAME, events, style, words) {events, STYLE_##style, words},
#include "ui/event_class.def"
#undef CLASS
};

enum style event_class_style(enum event_kind kind)
{
    int class = EVENT_CLASS_ALL + 1;
    while (class < EVENT_CLASS_COUNT - 1 && !(classes[class].events >> kind & 1))
        class ++;
    return classes[class].style;
}

const char *event_class_words(enum event_class class)
{
    return classes[class].words;
}

int events_page_open(struct events_page **page, const struct known *known, struct err *err)
{
    struct events_page *opened = calloc(1, sizeof *opened);
    *page = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the screen; --no-ui needs less");
    opened->known = known;
    failure_log_clear(&opened->record.failures);
    failure_log_clear(&opened->picture.failures);
    return 0;
}

void events_page_close(struct events_page *page)
{
    free(page);
}

void events_page_forget(struct events_page *page)
{
    page->bursts = (struct bursts){0};
    memset(&page->record, 0, sizeof page->record);
    failure_log_clear(&page->record.failures);
}

/* The group that the latest event of the log went to. */
static struct events_group *newest_group(struct events_record *record, int64_t before_ns)
{
    const struct failure_log *log = &record->failures;
    const struct failure *failure = &log->groups[log->newest];
    struct events_group *group = &record->groups[log->newest];
    if (group->id != failure->id)
        *group = (struct events_group){.id = failure->id, .since_ns = failure->latest.time_ns};
    else if (failure->latest.time_ns - before_ns >= EVENTS_QUIET_NS)
        group->since_ns = failure->latest.time_ns;
    return group;
}

/* When the latest case of a group was, before the next one is noted. */
static int64_t latest_of(const struct events_group *group, uint64_t count)
{
    return group->cases[count % EVENTS_CASES].seen.time_ns;
}

static void take_name(struct events_name *name, const struct owner *owner)
{
    if (!owner)
        return;
    name->pid = owner->pid;
    memcpy(name->comm, owner->comm, sizeof name->comm);
}

static void name_ends(const struct known *known, struct flow_view flow, struct events_case *seen)
{
    take_name(&seen->names[0], known_owner(known, flow, seen->seen.client));
    take_name(&seen->names[1], known_owner(known, flow, !seen->seen.client));
}

static void note(struct events_page *page, struct flow_view flow, const struct flow_event *event)
{
    struct events_record *record = &page->record;
    struct failure_log *log = &record->failures;
    failure_log_add(log, flow, event);
    const struct failure *failure = &log->groups[log->newest];
    const struct events_group *before = &record->groups[log->newest];
    int64_t before_ns = before->id == failure->id ? latest_of(before, failure->count - 1) : 0;
    struct events_group *group = newest_group(record, before_ns);
    struct events_case *seen = &group->cases[failure->count % EVENTS_CASES];
    *seen = (struct events_case){
        .seen = failure->latest, .flow = event->flow, .number = failure->count};
    name_ends(page->known, flow, seen);
}

/* The group of the burst that goes on, if it is still the newest of its kind there: else what is added
 * to it is left out. */
static void add_segments(struct events_record *record, const struct flow_event *event,
                         uint32_t segments)
{
    struct failure_log *log = &record->failures;
    uint16_t at = log->newest;
    for (unsigned looked = 0; at != FAILURE_NONE && looked < EVENTS_CASES; looked++) {
        const struct failure *failure = &log->groups[at];
        struct events_case *latest = &record->groups[at].cases[failure->count % EVENTS_CASES];
        if (failure->latest.facts.kind == EVENT_RETRANSMISSION &&
            latest->flow.index == event->flow.index &&
            latest->flow.generation == event->flow.generation) {
            record->groups[at].segments += segments;
            return;
        }
        at = failure->older;
    }
}

void events_page_add(struct events_page *page, struct flow_view flow,
                     const struct flow_event *event)
{
    if (event_is_failure((enum event_kind)event->kind)) {
        note(page, flow, event);
    } else if (event->kind == EVENT_RETRANSMISSION) {
        uint32_t segments = bursts_note(&page->bursts, event);
        if (segments == BURST_LEAST)
            note(page, flow, event);
        if (segments >= BURST_LEAST)
            add_segments(&page->record, event, segments == BURST_LEAST ? segments : 1);
    }
}

static void name_case(const struct known *known, const struct tracker *tracker,
                      struct events_case *seen)
{
    struct flow_view flow;
    bool is_named = seen->names[0].pid != 0 && seen->names[1].pid != 0;
    if (seen->number == 0 || is_named || !tracker_look(tracker, seen->flow, &flow))
        return;
    name_ends(known, flow, seen);
}

/* Names come a moment after the event, and are asked for while the flow is there. */
#define NAMED_FOR_NS (3 * CLOCK_NS_PER_S)

void events_page_name(struct events_page *page, const struct tracker *tracker)
{
    struct events_record *record = &page->record;
    const struct failure_log *log = &record->failures;
    int64_t since_ns = tracker_stats(tracker)->last_ns - NAMED_FOR_NS;
    uint16_t at = page->known->names ? log->newest : FAILURE_NONE;
    for (; at != FAILURE_NONE && log->groups[at].latest.time_ns >= since_ns;
         at = log->groups[at].older) {
        for (unsigned number = 0; number < EVENTS_CASES; number++)
            name_case(page->known, tracker, &record->groups[at].cases[number]);
    }
}

static void copy_record(struct events_record *to, const struct events_record *from)
{
    to->failures = from->failures;
    memcpy(to->groups, from->groups, from->failures.count * sizeof from->groups[0]);
}

static int compare_lines(const void *a, const void *b)
{
    const struct events_line *one = a, *other = b;
    if (one->since_ns != other->since_ns)
        return one->since_ns < other->since_ns ? 1 : -1;
    if (one->is_diagnosis != other->is_diagnosis)
        return one->is_diagnosis ? -1 : 1;
    return (one->at > other->at) - (one->at < other->at);
}

static bool is_shown(const struct events_page *page, const struct failure *failure)
{
    return classes[page->shown].events >> failure->latest.facts.kind & 1;
}

static uint32_t add_heads(struct events_page *page)
{
    const struct failure_log *log = &page->picture.failures;
    uint32_t count = 0;
    bool diagnoses = page->shown == EVENT_CLASS_ALL || page->shown == EVENT_CLASS_DIAGNOSIS;
    for (uint32_t at = 0; diagnoses && at < page->known->count; at++)
        page->lines[count++] = (struct events_line){
            .is_diagnosis = true,
            .at = page->known->order[at],
            .since_ns = page->known->diagnoses[page->known->order[at]].since_ns};
    page->diagnosis_count = count;
    for (uint16_t at = 0; at < log->count; at++) {
        if (is_shown(page, &log->groups[at]))
            page->lines[count++] =
                (struct events_line){.at = at, .since_ns = page->picture.groups[at].since_ns};
    }
    page->group_count = count - page->diagnosis_count;
    return count;
}

static uint32_t case_count(const struct events_page *page, const struct events_line *head)
{
    if (head->is_diagnosis || !page->picture.groups[head->at].unfolded)
        return 0;
    uint64_t count = page->picture.failures.groups[head->at].count;
    return count < EVENTS_CASES ? (uint32_t)count : EVENTS_CASES;
}

/* Puts the cases of unfolded groups below their heads: from behind, so that nothing is written over
 * before it moved. */
static void unfold(struct events_page *page, uint32_t heads)
{
    uint32_t total = heads;
    for (uint32_t at = 0; at < heads; at++)
        total += case_count(page, &page->lines[at]);
    page->line_count = total;
    for (uint32_t at = heads; at-- > 0;) {
        const struct events_line head = page->lines[at];
        uint32_t cases = case_count(page, &head);
        total -= cases + 1;
        page->lines[total] = head;
        for (uint32_t n = 0; n < cases; n++) {
            page->lines[total + 1 + n] = head;
            page->lines[total + 1 + n].number = page->picture.failures.groups[head.at].count - n;
        }
    }
}

static void list(struct events_page *page)
{
    uint32_t heads = add_heads(page);
    qsort(page->lines, heads, sizeof page->lines[0], compare_lines);
    unfold(page, heads);
}

void events_page_take(struct events_page *page)
{
    copy_record(&page->picture, &page->record);
    list(page);
}

/* Ids of failures are counted from 1. */
static uint64_t line_id(const struct events_page *page, const struct events_line *line)
{
    if (!line->is_diagnosis)
        return page->picture.failures.groups[line->at].id;
    const struct diagnosis *diagnosis = &page->known->diagnoses[line->at].diagnosis;
    return DIAGNOSIS_BIT | (uint64_t)diagnosis->netns << 24 | (uint64_t)diagnosis->port << 8 |
           diagnosis->code;
}

uint32_t events_page_position(const struct events_page *page)
{
    const struct events_cursor *cursor = &page->cursor;
    uint32_t found = 0;
    for (uint32_t at = 0; cursor->id != 0 && at < page->line_count; at++) {
        const struct events_line *line = &page->lines[at];
        if (line_id(page, line) != cursor->id)
            continue;
        if (line->number == cursor->number)
            return at;
        found = line->number == 0 ? at : found; /* its case is gone: its group then */
    }
    return found;
}

static void stay_on(struct events_page *page, uint32_t position)
{
    const struct events_line *line = &page->lines[position];
    page->cursor = (struct events_cursor){line_id(page, line), line->number};
}

static void move(struct events_page *page, int64_t lines)
{
    uint32_t to =
        scroller_move(&page->scroller, page->line_count, events_page_position(page), lines);
    page->cursor = (struct events_cursor){0};
    if (to > 0)
        stay_on(page, to);
}

static bool can_unfold(const struct events_page *page, const struct events_line *line)
{
    return !line->is_diagnosis && line->number == 0 &&
           page->picture.failures.groups[line->at].count > 1;
}

/* In the log as well, or the next picture would fold it again. */
static bool fold(struct events_page *page)
{
    uint32_t position = events_page_position(page);
    const struct events_line line = page->lines[position];
    if (page->line_count == 0 || !can_unfold(page, &line))
        return false;
    struct events_group *group = &page->picture.groups[line.at];
    struct events_group *origin = &page->record.groups[line.at];
    stay_on(page, position);
    group->unfolded = !group->unfolded;
    if (origin->id == group->id)
        origin->unfolded = group->unfolded;
    list(page);
    return true;
}

bool events_page_act(struct events_page *page, enum key_action action)
{
    int64_t lines = 0;
    if (motion_of(action, (int)page->scroller.height, &lines)) {
        move(page, lines);
        return true;
    }
    switch (action) {
    case ACTION_KINDS:
        page->shown = (page->shown + 1) % EVENT_CLASS_COUNT;
        list(page);
        return true;
    case ACTION_FOLD:
        (void)fold(page);
        return true;
    case ACTION_SHOW_FLOW:
        return fold(page);
    default:
        return false;
    }
}

const struct events_case *events_page_case(const struct events_page *page,
                                           const struct events_line *line)
{
    const struct failure *failure = &page->picture.failures.groups[line->at];
    uint64_t number = line->number ? line->number : failure->count;
    return &page->picture.groups[line->at].cases[number % EVENTS_CASES];
}

struct events_target events_page_target(const struct events_page *page)
{
    struct events_target target = {0};
    if (page->line_count == 0)
        return target;
    const struct events_line *line = &page->lines[events_page_position(page)];
    if (line->is_diagnosis) {
        target.diagnosis = &page->known->diagnoses[line->at].diagnosis;
        return target;
    }
    target.has_flow = true;
    target.flow = events_page_case(page, line)->flow;
    target.failure = &page->picture.failures.groups[line->at];
    return target;
}

const struct events_case *events_page_chosen(const struct events_page *page)
{
    const struct events_line *line =
        page->line_count > 0 ? &page->lines[events_page_position(page)] : NULL;
    return line && !line->is_diagnosis ? events_page_case(page, line) : NULL;
}
