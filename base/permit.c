#include "base/permit.h"

#include <limits.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Numbers of linux/capability.h, which lies in a header only host/ may include. */
static const struct capability {
    int number;
    const char *name;
} capabilities[] = {
    {13, "cap_net_raw"},   /* packets */
    {12, "cap_net_admin"}, /* new processes, before Linux 6.6 */
    {39, "cap_bpf"},       /* kernel events: these two */
    {38, "cap_perfmon"},
};

#define COUNT       (sizeof capabilities / sizeof capabilities[0])
#define FIRST_EVENT 2u

static bool may_be_given(const struct capability *capability)
{
    return prctl(PR_CAPBSET_READ, capability->number, 0, 0, 0) == 1;
}

bool permit_has_kernel_events(void)
{
    bool has_all = true;
    for (size_t at = FIRST_EVENT; at < COUNT; at++)
        has_all = has_all && may_be_given(&capabilities[at]);
    return has_all;
}

/* The path of this program as a shell word. */
static void add_program(struct text *text)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);
    if (len < 0) {
        text_add_string(text, "\"$(command -v loflow)\"");
        return;
    }
    path[len] = '\0';
    const char *plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
    if (path[strspn(path, plain)] == '\0') {
        text_add_string(text, path);
        return;
    }
    text_add_string(text, "'");
    for (const char *at = path; *at; at++)
        text_add(text, *at == '\'' ? "'\\''" : "%c", *at);
    text_add_string(text, "'");
}

void text_add_permit(struct text *text)
{
    text_add_string(text, "sudo setcap cap_net_raw");
    for (size_t at = 1; at < COUNT; at++) {
        if (may_be_given(&capabilities[at]))
            text_add(text, ",%s", capabilities[at].name);
    }
    text_add_string(text, "=eip ");
    add_program(text);
}
