#include "app/helper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/probe.h"
#include "base/channel.h"
#include "host/helper_serve.h"

/* Of linux/capability.h, which lies in a header only host/ may include. */
#define MAY_KILL        (UINT64_C(1) << 5)
#define MAY_READ_ALL    (UINT64_C(1) << 2)
#define MAY_LOOK_INTO   (UINT64_C(1) << 19)
#define MAY_ENTER       (UINT64_C(1) << 21)
#define MAY_WATCH_CALLS (UINT64_C(1) << 38 | UINT64_C(1) << 39)

/* The one of this process; NULL: none. */
static struct helper *started;

#define HELPER_MODE_MAX 32
/* It has BPF programs to look at, and a machine may be busy. */
#define GREETING_NS INT64_C(20000000000)

#define DESCRIPTORS_MOST 65536u

#define KEPT_MAX (HELPER_DESCRIPTORS + 3u)

/* What the helper says first. */
struct greeting {
    struct sandbox_layer layer;
};

/* The helper, in its own process. */
struct process {
    const struct helper_plan *plan;
    struct helper_server *server; /* NULL: the host is not asked for */
    int end;
    char here[PATH_MAX];    /* the folder that it was started in */
    char created[PATH_MAX]; /* the latest; "" none */
    struct stat created_as;
};

/* Is a part of the path hidden? Parts of the folder that loflow was started in are not counted: there it was sent. */
static bool is_hidden(const char *path, const char *here)
{
    size_t len = strlen(here);
    if (len > 1 && strncmp(path, here, len) == 0 && path[len] == '/')
        path += len;
    for (; *path; path++) {
        if (path[0] == '/' && path[1] == '.')
            return true;
    }
    return false;
}

/* Where the file will be, without links. Returns 0 or -errno. */
static int resolve(const struct process *process, const char *path, char resolved[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (name[0] == '\0')
        return -EISDIR;
    if (!slash)
        memcpy(folder, ".", 2);
    else
        memcpy(folder, slash == path ? "/" : path, slash == path ? 2 : (size_t)(slash - path));
    if (slash && slash != path)
        folder[slash - path] = '\0';
    if (!realpath(folder, resolved))
        return -errno;
    size_t len = strlen(resolved);
    if (len > 1)
        resolved[len++] = '/';
    if (len + strlen(name) >= PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(resolved + len, name, strlen(name) + 1);
    return is_hidden(resolved, process->here) ? -EPERM : 0;
}

static int create(const char *path)
{
    /* O_EXCL takes neither what exists nor a link to what does not. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    /* cppcheck-suppress resourceLeak ; it is handed on */
    return fd < 0 ? -errno : fd;
}

static int32_t serve_create(struct process *process, const struct helper_request *request, int *fd)
{
    char resolved[PATH_MAX];
    process->created[0] = '\0';
    if (!memchr(request->path, '\0', sizeof request->path))
        return -EINVAL;
    int failed = resolve(process, request->path, resolved);
    if (failed)
        return failed;
    *fd = create(resolved);
    if (*fd < 0)
        return *fd;
    if (fstat(*fd, &process->created_as) == 0)
        memcpy(process->created, resolved, sizeof resolved);
    return 0;
}

static int32_t serve_discard(struct process *process)
{
    struct stat status;
    if (process->created[0] == '\0' || lstat(process->created, &status) != 0 ||
        status.st_dev != process->created_as.st_dev || status.st_ino != process->created_as.st_ino)
        return -ENOENT;
    int failed = unlink(process->created) == 0 ? 0 : -errno;
    process->created[0] = '\0';
    return failed;
}

static int32_t serve_signal(const struct process *process, const struct helper_request *request)
{
    if (process->plan->command < 0 || request->number < 1 || request->number >= NSIG)
        return -EINVAL;
    long failed = syscall(SYS_pidfd_send_signal, process->plan->command, request->number, NULL, 0);
    return failed ? -errno : 0;
}

static void answer_one(struct process *process, const struct helper_request *request,
                       struct helper_answer *answer, int *fd)
{
    int32_t result = -EINVAL;
    *fd = -1;
    switch (request->kind) {
    case HELPER_CREATE:
        result = serve_create(process, request, fd);
        break;
    case HELPER_DISCARD:
        result = serve_discard(process);
        break;
    case HELPER_SIGNAL:
        result = serve_signal(process, request);
        break;
    default:
        if (process->server)
            helper_serve(process->server, request, answer, fd);
        break;
    }
    bool is_host = process->server && request->kind < HELPER_SIGNAL;
    if (!is_host) {
        memset(answer, 0, helper_answer_size(0));
        answer->kind = request->kind;
        answer->result = result;
    }
    answer->sequence = request->sequence;
}

/* Until the other end is closed, or says what loflow does not say. */
static void serve(struct process *process)
{
    static struct helper_request request;
    static struct helper_answer answer;
    while (channel_take(process->end, &request, sizeof request, NULL) == (long)sizeof request) {
        int fd = -1;
        answer_one(process, &request, &answer, &fd);
        int failed = channel_send(process->end, &answer, helper_answer_size(answer.count), fd);
        if (fd >= 0)
            (void)close(fd);
        if (failed)
            return;
    }
}

static int compare_descriptors(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* One by one where close_range(2) is refused, as by Linux before 5.9. */
static void close_from_to(unsigned first, unsigned last)
{
    struct rlimit limit = {.rlim_cur = DESCRIPTORS_MOST};
    if (close_range(first, last, 0) == 0)
        return;
    (void)getrlimit(RLIMIT_NOFILE, &limit);
    unsigned end = limit.rlim_cur < DESCRIPTORS_MOST ? (unsigned)limit.rlim_cur : DESCRIPTORS_MOST;
    for (unsigned fd = first; fd <= last && fd < end; fd++)
        (void)close((int)fd);
}

/* Nothing that it has no use for: not the packets, nor the terminal. */
static void close_others(const struct process *process)
{
    int kept[KEPT_MAX] = {process->end, process->plan->command, probe_descriptor()};
    unsigned count = 3, from = 0;
    if (process->server)
        count += helper_server_descriptors(process->server, kept + count);
    qsort(kept, count, sizeof kept[0], compare_descriptors);
    for (unsigned at = 0; at < count; at++) {
        if (kept[at] < 0)
            continue;
        if ((unsigned)kept[at] > from)
            close_from_to(from, (unsigned)kept[at] - 1);
        from = (unsigned)kept[at] + 1;
    }
    close_from_to(from, UINT_MAX);
}

static int confine(const struct process *process, struct err *err)
{
    const struct helper_plan *plan = process->plan;
    static struct sandbox_plan confined;
    static char mode[HELPER_MODE_MAX];
    (void)snprintf(mode, sizeof mode, "helper%s%s%s", plan->asks_host ? " asked" : "",
                   plan->makes_files ? " saves" : "", plan->tracer ? " traces" : "");
    confined = (struct sandbox_plan){.mode = mode,
                                     .wish = plan->wish,
                                     .groups = CALLS_HELPER,
                                     .barred = {.packets = -1, .channel = process->end},
                                     .privilege = {.is_helper = true}};
    if (plan->asks_host) {
        confined.groups |= CALLS_ASKED;
        confined.privilege.kept |= MAY_READ_ALL | MAY_LOOK_INTO | MAY_ENTER;
    }
    if (plan->makes_files)
        confined.groups |= CALLS_SAVES;
    if (plan->tracer) {
        confined.groups |= CALLS_TRACE;
        confined.privilege.kept |= MAY_WATCH_CALLS;
    }
    if (plan->command >= 0) {
        confined.groups |= CALLS_SIGNAL;
        confined.privilege.kept |= MAY_KILL;
    }
    return sandbox_enter(&confined, err);
}

/* What it has left, and what is missing there. */
static void greet(struct process *process, int failed, const struct err *err)
{
    struct greeting greeting = {.layer = {.holds = !failed}};
    const struct sandbox_layer *layers = sandbox_layers();
    struct text text = text_begin(greeting.layer.words, sizeof greeting.layer.words);
    for (int layer = 0; layers && layer < LAYER_HELPER; layer++)
        greeting.layer.holds = greeting.layer.holds && layers[layer].holds;
    if (failed)
        text_add_string(&text, err->text);
    else if (layers)
        text_add(&text, "%s, capabilities: %s", layers[LAYER_USER].words,
                 layers[LAYER_CAPABILITIES].words);
    (void)channel_send(process->end, &greeting, sizeof greeting, -1);
}

/* Signals are loflow's: it ends, and then the helper does. */
static _Noreturn void be_helper(struct process *process)
{
    struct err err = {.text = ""};
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_NAME, "loflow-helper", 0, 0, 0);
    if (!getcwd(process->here, sizeof process->here))
        process->here[0] = '\0';
    int failed = 0;
    if (process->plan->asks_host)
        failed = helper_server_open(&process->server, process->plan->tracer, &err);
    close_others(process);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!failed)
        failed = confine(process, &err);
    greet(process, failed, &err);
    if (!failed)
        serve(process);
    _exit(0);
}

static int take_greeting(int end, struct err *err)
{
    struct greeting greeting;
    if (!channel_await(end, GREETING_NS))
        return err_set(err, ETIME,
                       "the helper process does not answer; try again, or --sandbox=off");
    if (channel_take(end, &greeting, sizeof greeting, NULL) != (long)sizeof greeting)
        return err_set(err, EPIPE, "the helper process ended at once; try --sandbox=off");
    greeting.layer.words[sizeof greeting.layer.words - 1] = '\0';
    sandbox_note_helper(&greeting.layer);
    return 0;
}

int helper_process_start(struct helper *helper, const struct helper_plan *plan, struct err *err)
{
    static struct process process;
    int ends[2];
    int failed = channel_open(ends);
    if (failed)
        return err_set(err, -failed, "no channel to a helper process: %s", strerror(-failed));
    process = (struct process){.plan = plan, .end = ends[1]};
    pid_t pid = fork();
    if (pid == 0)
        be_helper(&process);
    failed = pid < 0 ? errno : 0;
    (void)close(ends[1]);
    if (failed)
        failed = err_set(err, failed, "no helper process: %s", strerror(failed));
    else
        failed = take_greeting(ends[0], err);
    if (failed)
        (void)close(ends[0]);
    else
        helper_connect(started = helper, ends[0]);
    return failed;
}

/* Why there was no answer, or the answer's reason. */
static int error_of(const struct helper_answer *answer)
{
    if (answer)
        return answer->result < 0 ? answer->result : -EPROTO;
    return helper_is_lost(started) ? helper_error(started) : -EPROTO;
}

/* One that was made when nobody waited for it any more. */
static void discard_late(bool *is_late)
{
    struct helper_request request = {.kind = HELPER_DISCARD};
    if (*is_late && helper_ask(started, &request, NULL))
        *is_late = false;
}

int helper_create(const char *path)
{
    static struct helper_request request;
    static bool is_late;
    int fd = -1;
    if (!helper_is_there(started))
        return create(path);
    discard_late(&is_late);
    request = (struct helper_request){.kind = HELPER_CREATE};
    struct text text = text_begin(request.path, sizeof request.path);
    text_add_string(&text, path);
    if (text.cut)
        return -ENAMETOOLONG;
    bool is_asked = !helper_is_lost(started);
    const struct helper_answer *answer = helper_ask(started, &request, &fd);
    if (answer && answer->result == 0 && fd >= 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    is_late |= is_asked && helper_error(started) == -ETIME;
    return error_of(answer);
}

const char *helper_create_trouble(void)
{
    return helper_trouble(started);
}

int helper_discard(const char *path)
{
    struct helper_request request = {.kind = HELPER_DISCARD};
    if (!helper_is_there(started))
        return unlink(path) == 0 ? 0 : -errno;
    const struct helper_answer *answer = helper_ask(started, &request, NULL);
    return answer && answer->result == 0 ? 0 : error_of(answer);
}

int helper_signal(pid_t pid, int number)
{
    struct helper_request request = {.kind = HELPER_SIGNAL, .number = (uint32_t)number};
    if (!helper_is_there(started))
        return kill(pid, number) == 0 ? 0 : -errno;
    const struct helper_answer *answer = helper_ask(started, &request, NULL);
    return answer && answer->result == 0 ? 0 : error_of(answer);
}
