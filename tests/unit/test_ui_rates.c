#include "ui/rates.h"
#include "tests/support/scene.h"

/* SYNs of as many clients as a table of `max_flows` has room for, and more, which push others out: the places
 * of those that left stay taken until the next call. */
static const struct full_row {
    const char *name;
    uint32_t max_flows;
    unsigned clients;
} full_rows[] = {
    {"one flow", 4, 1},
    {"as many as there is room for", 4, 4},
    {"more", 4, 9},
    {"many more", 2, 60},
};

static void check_full(void **state)
{
    const struct full_row *row = *state;
    struct rates rates;
    struct err err;
    char words[SCENE_PACKET_MAX * 16];
    struct text text = text_begin(words, sizeof words);
    for (unsigned at = 0; at < row->clients; at++)
        text_add(&text, "%s> S 1 :%u", at ? "; " : "", 41000 + at);
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = row->max_flows});
    scene_play(scene, words, FRAME_BATCH_MAX);
    assert_int_equal(rates_open(&rates, row->max_flows, &err), 0);
    struct flow_ref ref;
    struct flow_view view;
    unsigned seen = 0;
    for (uint32_t at = 0; tracker_next(scene->tracker, &at, &ref, &view); seen++) {
        assert_int_equal(rates_look(&rates, ref, view, SCENE_BEGIN_NS), 0);
        assert_int_equal(rates_look(&rates, ref, view, SCENE_BEGIN_NS + 9 * CLOCK_NS_PER_S), 0);
    }
    assert_int_equal(seen, row->clients < row->max_flows ? row->clients : row->max_flows);
    rates_close(&rates);
    scene_close(scene);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, full_rows, check_full);
    return rows_run(&set, "ui_rates");
}
