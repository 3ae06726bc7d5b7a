#include "app/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/owner.h"

#ifdef LOFLOW_HAS_CAPNG
#include <cap-ng.h>
#endif

#define CAPABILITIES_MAX 64

/* The user behind sudo, with the groups that user has. Capabilities stay, for drop_capabilities. */
static int become(uid_t user, gid_t group)
{
    const struct passwd *known = getpwuid(user);
    if (group == (gid_t)-1)
        group = known ? known->pw_gid : getgid();
    int failed = known ? initgroups(known->pw_name, group) : setgroups(0, NULL);
    if (failed != 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 ||
        setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
        return -errno;
    return 0;
}

static void drop_user(const struct privilege_plan *plan, struct sandbox_layer *layer)
{
    uid_t user = owner_user();
    gid_t group = owner_group();
    int failed = 0;
    if (user != 0 && user != (uid_t)-1 && plan->stays) {
        (void)sandbox_layer_set(layer, false, "stays root: %s", plan->stays);
        return;
    }
    if (user != 0 && user != (uid_t)-1)
        failed = become(user, group);
    if (failed)
        (void)sandbox_layer_set(layer, false, "stays root: %s", strerror(-failed));
    else if (geteuid() == 0)
        (void)sandbox_layer_set(layer, true, "root, behind whom there is no other user");
    else
        (void)sandbox_layer_set(layer, true, "runs as user %u", (unsigned)geteuid());
}

#ifdef LOFLOW_HAS_CAPNG

/* Of those that are to be kept, what there is. */
static uint64_t take_kept(uint64_t wanted)
{
    uint64_t kept = 0;
    for (unsigned number = 0; number < CAPABILITIES_MAX; number++) {
        if (wanted >> number & 1 && capng_have_capability(CAPNG_PERMITTED, number))
            kept |= UINT64_C(1) << number;
    }
    return kept;
}

static void select_kept(uint64_t kept)
{
    capng_clear(CAPNG_SELECT_ALL);
    for (unsigned number = 0; number < CAPABILITIES_MAX; number++) {
        if (kept >> number & 1)
            (void)capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, number);
    }
}

static void tell_kept(uint64_t kept, bool may_keep, struct sandbox_layer *layer)
{
    struct text text = text_begin(layer->words, sizeof layer->words);
    layer->holds = kept == 0 || may_keep;
    text_add_string(&text, kept == 0 ? "none are left" : may_keep ? "only" : "kept:");
    for (unsigned number = 0; number < CAPABILITIES_MAX; number++) {
        if (kept >> number & 1)
            text_add(&text, " %s", capng_capability_to_name(number));
    }
}

static void drop_capabilities(uint64_t kept, bool may_keep, struct sandbox_layer *layer)
{
    select_kept(kept);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        (void)sandbox_layer_set(layer, false, "the kernel does not take them away: %s",
                                strerror(errno));
    else
        tell_kept(kept, may_keep, layer);
}

void privilege_drop(const struct privilege_plan *plan, struct sandbox_layer *user,
                    struct sandbox_layer *capabilities)
{
    (void)capng_get_caps_process();
    uint64_t kept = take_kept(plan->kept);
    /* While CAP_SETPCAP is there. An ordinary user has none, and gains none by them either. */
    select_kept(kept);
    (void)capng_apply(CAPNG_SELECT_BOUNDS);
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    drop_user(plan, user);
    drop_capabilities(kept, plan->is_helper, capabilities);
}

void text_add_privilege_library(struct text *text)
{
    text_add_string(text, "libcap-ng");
}

#else

void privilege_drop(const struct privilege_plan *plan, struct sandbox_layer *user,
                    struct sandbox_layer *capabilities)
{
    drop_user(plan, user);
    (void)sandbox_layer_set(capabilities, false, "built without libcap-ng");
}

void text_add_privilege_library(struct text *text)
{
    text_add_string(text, "no libcap-ng");
}

#endif
