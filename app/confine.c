#include "app/confine.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/config.h"
#include "app/helper_process.h"
#include "app/open.h"
#include "app/owner.h"
#include "app/run.h"
#include "app/session.h"
#include "host/settings.h"

/* Of linux/capability.h, which lies in a header only host/ may include. */
#define MAY_CHOWN        (UINT64_C(1) << 0)
#define MAY_IGNORE_MODES (UINT64_C(1) << 1)

/* Paths of the plan that is being made, and what is told of it. */
static struct {
    struct sandbox_plan plan;
    char config[CONFIG_PATH_MAX];
    char folder[PATH_MAX]; /* of -w */
    char streams[PATH_MAX];
    char terminfo[PATH_MAX];
    char interface[PATH_MAX];
} made;

static void add(const char *path, unsigned access)
{
    struct sandbox_plan *plan = &made.plan;
    if (path && path[0] != '\0' && plan->reach_count < SANDBOX_REACHES_MAX)
        plan->reaches[plan->reach_count++] = (struct reach){path, access};
}

/* The folder that a file lies in, or that a strftime(3) pattern surely has in front. */
static void folder_of(const char *path, bool is_pattern, char folder[PATH_MAX])
{
    size_t len = is_pattern ? strcspn(path, "%") : strlen(path);
    while (len > 0 && path[len - 1] != '/')
        len--;
    (void)snprintf(folder, PATH_MAX, "%.*s", (int)len, len > 0 ? path : "");
    if (len == 0)
        (void)snprintf(folder, PATH_MAX, ".");
}

/* May the user behind sudo do that, who is yet to become the one who does it? */
static bool user_may(const char *path, int mode)
{
    uid_t user = owner_user(), own_user = geteuid();
    gid_t group = owner_group(), own_group = getegid();
    if (user == (uid_t)-1)
        return true;
    bool may = (group == (gid_t)-1 || setegid(group) == 0) && seteuid(user) == 0 &&
               faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
    if (seteuid(own_user) != 0 || setegid(own_group) != 0)
        abort(); /* half of the rights of two users is what nobody wants */
    return may;
}

/* A file that is made later, in a folder that only root may write to. */
static void stay_root(const char *path, int mode, const char *why)
{
    if (user_may(path, mode))
        return;
    made.plan.privilege.stays = why;
    made.plan.privilege.kept |= MAY_CHOWN | MAY_IGNORE_MODES;
}

static bool exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0;
}

static void plan_write(const struct options *options)
{
    const char *why = "the files of -w come into a folder that only root may write to";
    const char *path = options->write_path;
    bool rotates = options->rotate_bytes || options->rotate_seconds;
    if (!path || strcmp(path, "-") == 0)
        return;
    made.plan.groups |= CALLS_FILES;
    if (!rotates && exists(path)) {
        add(path, REACH_MAKE);
        stay_root(path, W_OK, why);
        return;
    }
    folder_of(path, options->rotate_seconds > 0, made.folder);
    add(made.folder, REACH_MAKE);
    stay_root(made.folder, W_OK | X_OK, why);
}

static void plan_streams(const struct options *options)
{
    const char *why = "the files of --stream-dir come into a folder that only root may write to";
    const char *path = options->stream_path;
    if (!path)
        return;
    made.plan.groups |= CALLS_FILES;
    (void)snprintf(made.streams, sizeof made.streams, "%s", path);
    size_t len = strlen(made.streams);
    while (len > 1 && made.streams[len - 1] == '/')
        made.streams[--len] = '\0';
    bool is_there = exists(made.streams);
    if (!is_there) {
        char child[PATH_MAX];
        memcpy(child, made.streams, len + 1);
        folder_of(child, false, made.streams);
    }
    add(made.streams, REACH_READ | REACH_MAKE | (is_there ? 0 : REACH_FOLDERS));
    stay_root(made.streams, W_OK | X_OK, why);
}

static void plan_screen(const struct options *options)
{
    const char *home = getenv("HOME");
    made.plan.groups |= CALLS_SCREEN;
    config_note_path(options);
    config_path(options, made.config);
    add(made.config, REACH_READ);
    add(getenv("TERMINFO"), REACH_READ);
    if (home)
        (void)snprintf(made.terminfo, sizeof made.terminfo, "%.*s/.terminfo", PATH_MAX - 16, home);
    add(made.terminfo, REACH_READ);
}

static void begin(const char *mode, enum sandbox_wish wish, unsigned groups)
{
    made.plan =
        (struct sandbox_plan){.mode = mode, .wish = wish, .groups = groups, .barred = {-1, -1}};
}

/* Starts a helper; where none is wanted nothing is. */
static int start_helper(struct helper **helper, const struct helper_plan *plan, struct err *err)
{
    if (plan->wish == SANDBOX_OFF)
        return 0;
    int failed = *helper ? 0 : helper_open(helper, err);
    return failed ? failed : helper_process_start(*helper, plan, err);
}

int confine_file(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    const struct helper_plan keeper = {
        .wish = options->sandbox, .makes_files = true, .command = -1};
    int failed = 0;
    begin("file", options->sandbox, CALLS_MAIN | CALLS_OPENING);
    plan_write(options);
    plan_streams(options);
    if (open_wants_view(options)) {
        plan_screen(options);
        failed = start_helper(&session->helper, &keeper, err);
    }
    return failed ? failed : sandbox_enter(&made.plan, err);
}

/* libpcap reads there what an interface has dropped. */
static void plan_interface(const struct session *session)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "/sys/class/net/%s/statistics",
                   source_info(session->source)->name);
    if (realpath(path, made.interface))
        add(made.interface, REACH_READ);
}

int confine_check(enum sandbox_wish wish, struct err *err)
{
    int status = 0;
    pid_t pid = wish == SANDBOX_STRICT ? fork() : -1;
    if (pid == 0) {
        begin("check", SANDBOX_STRICT, CALLS_MAIN);
        _exit(sandbox_enter(&made.plan, err) == 0 ? 0 : 1);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status == 0)
        return 0;
    return err_set(err, SANDBOX_MISSING,
                   "--sandbox=strict: a layer is missing, loflow --version -v says which; "
                   "--sandbox=best goes on without it");
}

/* Of -w there is one file, and it is open; but -C and -G make more. */
static void plan_later_files(const struct options *options)
{
    if (options->rotate_bytes || options->rotate_seconds)
        plan_write(options);
    plan_streams(options);
}

/* Names of ports come from a library that may have to be loaded. */
static void prepare_names(void)
{
    char name[SETTINGS_SERVICE + 1];
    settings_service(1, PROTOCOL_TCP, name);
}

int confine_live(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    struct host *host = session->causes.host;
    const struct run *run = session->run;
    struct helper_plan helper = {.wish = options->sandbox,
                                 .asks_host = true,
                                 .makes_files = session->view != NULL,
                                 .tracer = host ? host_tracer(host) : NULL,
                                 .command = -1};
    begin(run ? "run" : options->why ? "why" : "live", options->sandbox, CALLS_MAIN | CALLS_LIVE);
    made.plan.barred.packets = source_fd(session->source);
    plan_interface(session);
    plan_later_files(options);
    prepare_names();
    if (run) {
        made.plan.groups |= CALLS_RUN;
        helper.command = (int)syscall(SYS_pidfd_open, run->child.pid, 0);
    }
    int failed = start_helper(&session->helper, &helper, err);
    if (helper.command >= 0)
        (void)close(helper.command);
    if (!failed && host && session->helper)
        host_use_helper(host, session->helper);
    return failed ? failed : sandbox_enter(&made.plan, err);
}

int confine_question(const char *mode, enum sandbox_wish wish, struct host *host,
                     struct helper **helper, struct err *err)
{
    const struct helper_plan plan = {.wish = wish, .asks_host = true, .command = -1};
    begin(mode, wish, CALLS_MAIN | CALLS_LIVE);
    prepare_names();
    int failed = start_helper(helper, &plan, err);
    if (!failed && host && *helper)
        host_use_helper(host, *helper);
    return failed ? failed : sandbox_enter(&made.plan, err);
}

int confine_to_tell(struct err *err)
{
    begin("version", SANDBOX_BEST, CALLS_MAIN);
    return sandbox_enter(&made.plan, err);
}
