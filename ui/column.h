/*
 * Purpose: the columns of the flow table: what they say about a flow, how they sort, and which of
 *          them fit a width.
 * Owns:    nothing.
 * Bounds:  constant time a call.
 * Used by: ui/flow_pane, ui/help.
 */
#ifndef LOFLOW_UI_COLUMN_H
#define LOFLOW_UI_COLUMN_H

#include <stdbool.h>
#include <stdint.h>

#include "diagnose/diagnosis.h"
#include "flows/flow.h"
#include "ui/endpoint.h"
#include "ui/grid.h"
#include "ui/groups.h"
#include "ui/select.h"
#include "ui/spark.h"

enum column {
#define COLUMN(NAME, heading, width, rank, kind, descending, meaning) COLUMN_##NAME,
#include "ui/column.def"
#undef COLUMN
    COLUMN_COUNT
};

#define COLUMN_TEXT_MAX ENDPOINT_TEXT_MAX
#define COLUMN_FOLD     2  /* the mark of a group, and what its flows are set in */
#define COLUMN_GAP_ENDS 3  /* " > " between client and server */
#define COLUMN_END_IPV4 15 /* "127.0.0.1:54321" */

/* A flow as it is looked at. */
struct column_flow {
    struct flow_view view;
    uint64_t rate; /* bytes a second */
    int64_t now_ns;
    const struct owner *owner[2]; /* by end of the tuple; NULL: not known */
    enum code code;               /* what is wrong with it; CODE_COUNT: nothing that is known */
    const struct spark *spark;    /* NULL: not kept */
};

/* A group as it is looked at. */
struct column_group {
    const struct group_key *key;
    const struct group_sums *sums;
    int64_t now_ns;
    int64_t median_ns, p95_ns; /* -1 unknown */
    const struct spark *spark;
    const struct owner *owner; /* NULL: not known */
    enum grouping by;
    bool is_unfolded;
};

/* Which columns there are at all, and in which order. */
struct column_choice {
    uint8_t count;
    uint8_t columns[COLUMN_COUNT]; /* enum column, each once at most */
};

struct column_place {
    enum column column;
    int left, width;
    bool has_arrow; /* to the server, behind it */
};

/* All of them as ui/column.def has them; of a file without those that only time fills. */
struct column_choice column_choose_all(bool live);

/* Which of the chosen columns fit and where. `need` is what client and server want; `sorted` is shown even
 * where its rank would leave it out, but on the narrowest screens. Returns how many there are. */
struct column_wish {
    int width;
    int need[2];
    enum column sorted;
    struct column_choice choice;
};

int column_layout(struct column_place places[COLUMN_COUNT], const struct column_wish *wish);

/* "rate" for RATE: the name that commands and settings have for it; by it: COLUMN_COUNT for none. */
const char *column_name(enum column column);
enum column column_find(const char *name, size_t len);

/* As drawn in `room` columns; for endpoints see ui/endpoint.h. */
void column_write(enum column column, const struct column_flow *flow, int room, bool utf8,
                  struct text *text);

void column_write_group(enum column column, const struct column_group *group, int room, bool utf8,
                        struct text *text);

/* By what rows are ordered: three words of a key. */
#define COLUMN_SORT_WORDS 3
void column_sort_words(enum column column, const struct column_flow *flow,
                       uint64_t words[COLUMN_SORT_WORDS]);
void column_group_words(enum column column, const struct column_group *group,
                        uint64_t words[COLUMN_SORT_WORDS]);

enum style column_style(enum column column, const struct column_flow *flow);
enum style column_group_style(enum column column, const struct column_group *group);
const char *column_heading(enum column column);
const char *column_meaning(enum column column);
bool column_is_descending(enum column column);
bool column_is_right_aligned(enum column column);

enum style state_style(struct flow_view flow);

#endif
