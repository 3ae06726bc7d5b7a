/* What the groups of the table are told: by what they are, that they fold, who answered. */
#include "ui/flow_pane.h"

void flow_pane_group(struct flow_pane *pane, enum grouping by)
{
    groups_set(&pane->groups, by);
    pane->walking = false;
    /* A flow stays under the cursor; a group is gone. */
    if (pane->cursor_row.group)
        pane->cursor = CURSOR_TOP;
    pane->cursor_row.group = 0;
}

void flow_pane_fold_all(struct flow_pane *pane, bool shut)
{
    for (uint32_t at = 0; at < pane->groups.count; at++)
        pane->groups.all[at].fold = shut ? FOLD_SHUT : FOLD_OPEN;
    pane->walking = false;
}

void flow_pane_answer(struct flow_pane *pane, const struct tracker *tracker,
                      const struct flow_event *event)
{
    struct flow_view view;
    if (pane->groups.by != GROUP_NONE && tracker_look(tracker, event->flow, &view))
        groups_answer(&pane->groups, view, event);
}
