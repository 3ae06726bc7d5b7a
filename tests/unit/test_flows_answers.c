/* ANSWERED: when the server begins to answer, and how long that took. */
#include "tests/support/scene.h"

#define SHAKE    "> S 100; < SA 300 101; > A 101 301; " /* takes 2 ms */
#define ASK      SHAKE "> PA 101 301 +10 @10; "         /* the client asks */
#define TAKEN    ASK "< A 301 111 @11; "
#define ANSWERED TAKEN "< PA 301 111 +20 @15; > A 111 321 @16; "

static const struct answer_row {
    const char *name;
    const char *scene;
    bool asked_for;
    const char *spans_us; /* of each ANSWERED */
} answers[] = {
    {"answer: from the question's last byte", TAKEN "< PA 301 111 +20 @15", true, " 5000"},
    {"answer: nobody asks for it", TAKEN "< PA 301 111 +20 @15", false, ""},
    {"answer: only its first segment", TAKEN "< PA 301 111 +20 @15; < PA 321 111 +20 @19", true,
     " 5000"},
    {"answer: the question in two segments", ASK "> PA 111 301 +10 @13; < PA 301 121 +20 @15", true,
     " 2000"},
    {"answer: a client that answers is none", SHAKE "< PA 301 101 +20 @10; > PA 101 321 +5 @12",
     true, ""},
    {"answer: each of a connection", ANSWERED "> PA 111 321 +5 @30; < PA 321 116 +5 @32", true,
     " 5000 2000"},
    {"answer: sent again is none", ANSWERED "< PA 301 111 +20 @300", true, " 5000"},
};

static void note_answer(void *context, const struct tracker *tracker,
                        const struct flow_event *event)
{
    (void)tracker;
    if (event->kind == EVENT_ANSWERED)
        text_add(context, " %u", event->answer_us);
}

static void check_answer(void **state)
{
    const struct answer_row *row = *state;
    static const uint32_t batches[] = {1, FRAME_BATCH_MAX};
    for (size_t at = 0; at < sizeof batches / sizeof batches[0]; at++) {
        char told[64] = "";
        struct text text = text_begin(told, sizeof told);
        struct scene *scene =
            scene_open(&(struct tracker_options){.max_flows = 4, .tell_answers = row->asked_for});
        scene->each = note_answer;
        scene->context = &text;
        scene_play(scene, row->scene, batches[at]);
        assert_string_equal(told, row->spans_us);
        scene_close(scene);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, answers, check_answer);
    return rows_run(&set, "flows_answers");
}
