#include "app/sandbox.h"

#include <assert.h>

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "app/probe.h"

/* The one of this process. */
static struct {
    bool is_up;
    bool has_helper;
    struct sandbox_layer layers[LAYER_COUNT];
} sandbox;

static const char *const layer_words[LAYER_COUNT] = {
#define LAYER(NAME, word, purpose) word,
#include "app/sandbox_layer.def"
#undef LAYER
};

bool sandbox_parse(const char *word, enum sandbox_wish *wish)
{
    static const char *const words[] = {
        [SANDBOX_BEST] = "best", [SANDBOX_STRICT] = "strict", [SANDBOX_OFF] = "off"};
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (strcmp(word, words[at]) != 0)
            continue;
        *wish = (enum sandbox_wish)at;
        return true;
    }
    return false;
}

const struct sandbox_layer *sandbox_layers(void)
{
    return sandbox.is_up ? sandbox.layers : NULL;
}

const char *sandbox_layer_word(enum sandbox_layer_name layer)
{
    return layer_words[layer];
}

void sandbox_note_helper(const struct sandbox_layer *layer)
{
    sandbox.has_helper = true;
    sandbox.layers[LAYER_HELPER] = *layer;
}

static void bar_privileges(struct sandbox_layer *layer)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        (void)sandbox_layer_set(layer, true, "barred (no_new_privs)");
    else
        (void)sandbox_layer_set(layer, false, "the kernel does not bar them: %s", strerror(errno));
}

static size_t collect_reaches(const struct sandbox_plan *plan, struct reach *reaches)
{
#define MAIN      CALLS_MAIN
#define SCREEN    CALLS_SCREEN
#define LIVE      CALLS_LIVE
#define SANITIZER CALLS_SANITIZER
    static const struct {
        struct reach reach;
        unsigned groups;
    } always[] = {
#define REACH(path, access, groups) {{path, REACH_##access}, groups},
#include "app/reach.def"
#undef REACH
    };
#undef MAIN
#undef SCREEN
#undef LIVE
#undef SANITIZER
    size_t count = 0;
    unsigned groups = plan->groups | calls_of_sanitizer();
    for (size_t at = 0; at < sizeof always / sizeof always[0]; at++) {
        if (always[at].groups & groups)
            reaches[count++] = always[at].reach;
    }
    static_assert(sizeof always / sizeof always[0] <= SANDBOX_REACHES_MAX, "room for all");
    memcpy(reaches + count, plan->reaches, plan->reach_count * sizeof *reaches);
    return count + plan->reach_count;
}

static int check(const struct sandbox_plan *plan, struct err *err)
{
    for (int layer = 0; plan->wish == SANDBOX_STRICT && layer < LAYER_COUNT; layer++) {
        if (!sandbox.layers[layer].holds)
            return err_set(err, SANDBOX_MISSING,
                           "--sandbox=strict: a layer is missing, %s: %s; --sandbox=best goes on "
                           "without it",
                           layer_words[layer], sandbox.layers[layer].words);
    }
    return 0;
}

int sandbox_enter(const struct sandbox_plan *plan, struct err *err)
{
    struct reach reaches[2 * SANDBOX_REACHES_MAX];
    struct sandbox_layer *layers = sandbox.layers;
    if (plan->wish == SANDBOX_OFF)
        return 0;
    size_t count = collect_reaches(plan, reaches);
    bar_privileges(&layers[LAYER_PRIVILEGES]);
    privilege_drop(&plan->privilege, &layers[LAYER_USER], &layers[LAYER_CAPABILITIES]);
    if (plan->groups & CALLS_HELPER)
        (void)sandbox_layer_set(&layers[LAYER_LANDLOCK], true, "not for the helper");
    else
        landlock_restrict(reaches, count, &layers[LAYER_LANDLOCK]);
    calls_restrict(plan->groups, &plan->barred, &layers[LAYER_SECCOMP]);
    if (!sandbox.has_helper)
        (void)sandbox_layer_set(&layers[LAYER_HELPER], true, "none is needed");
    sandbox.is_up = true;
    probe_inside(plan->mode);
    return check(plan, err);
}
