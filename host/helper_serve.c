#include "host/helper_serve.h"

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/elsewhere.h"
#include "host/process.h"
#include "host/settings.h"

/* A walk that goes on. */
struct slot {
    uint32_t number; /* 0: free */
    struct descriptors_walk walk;
    pid_t pids[HELPER_PIDS];
};

struct helper_server {
    struct netns *netns;
    struct tracer *tracer;
    uint32_t numbers; /* given to walks so far */
    struct slot slots[HELPER_WALKS];
};

int helper_server_open(struct helper_server **server, struct tracer *tracer, struct err *err)
{
    struct helper_server *opened = calloc(1, sizeof *opened);
    *server = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for a helper; close other programs");
    opened->tracer = tracer;
    int failed = netns_open(&opened->netns, err);
    if (failed) {
        helper_server_close(opened);
        *server = NULL;
    }
    return failed;
}

void helper_server_close(struct helper_server *server)
{
    if (!server)
        return;
    for (size_t at = 0; at < HELPER_WALKS; at++)
        descriptors_end(&server->slots[at].walk);
    netns_close(server->netns);
    free(server);
}

unsigned helper_server_descriptors(const struct helper_server *server,
                                   int descriptors[HELPER_DESCRIPTORS])
{
    unsigned count = 0;
    int own = netns_descriptor(server->netns);
    if (own >= 0)
        descriptors[count++] = own;
    if (server->tracer)
        count += tracer_descriptors(server->tracer, descriptors + count);
    return count;
}

static void end_walk(struct slot *slot)
{
    descriptors_end(&slot->walk);
    slot->number = 0;
}

static struct slot *find_walk(struct helper_server *server, uint32_t number)
{
    for (size_t at = 0; number != 0 && at < HELPER_WALKS; at++) {
        if (server->slots[at].number == number)
            return &server->slots[at];
    }
    return NULL;
}

static struct slot *begin_walk(struct helper_server *server, const struct helper_request *request)
{
    struct err err;
    uint32_t count = request->pid_count;
    if (count > HELPER_PIDS)
        return NULL;
    if (++server->numbers == 0)
        server->numbers = 1;
    struct slot *slot = &server->slots[server->numbers % HELPER_WALKS];
    end_walk(slot);
    memcpy(slot->pids, request->pids, count * sizeof slot->pids[0]);
    if (descriptors_begin(&slot->walk, count > 0 ? slot->pids : NULL, count, &err) != 0)
        return NULL;
    slot->number = server->numbers;
    return slot;
}

static int32_t serve_files(struct helper_server *server, const struct helper_request *request,
                           struct helper_answer *answer)
{
    struct slot *slot =
        request->walk == 0 ? begin_walk(server, request) : find_walk(server, request->walk);
    int64_t budget_ns = request->budget_ns;
    size_t count = 0;
    if (!slot || budget_ns < 0 || budget_ns > HELPER_BUDGET_NS)
        return -EINVAL;
    uint32_t hidden = slot->walk.hidden;
    bool is_over = descriptors_step(&slot->walk, clock_thread_ns() + budget_ns, answer->rows,
                                    HELPER_ROWS, &count);
    answer->count = (uint32_t)count;
    answer->hidden = slot->walk.hidden - hidden;
    if (is_over)
        end_walk(slot);
    answer->walk = slot->number;
    return 0;
}

static int32_t serve_end(struct helper_server *server, const struct helper_request *request)
{
    struct slot *slot = find_walk(server, request->walk);
    if (slot)
        end_walk(slot);
    return 0;
}

static int32_t serve_namespaces(const struct helper_request *request, struct helper_answer *answer)
{
    DIR *processes = opendir("/proc");
    if (!processes)
        return -errno;
    pid_t pid = process_next(processes);
    for (; pid != 0 && answer->count < HELPER_ROWS; pid = process_next(processes)) {
        if (pid > request->pid)
            answer->rows[answer->count++] = (struct descriptor){.pid = pid, .inode = netns_of(pid)};
    }
    (void)closedir(processes);
    return 0;
}

/* A copy whose name ends, and is none of a path. */
static bool take_place(const struct helper_request *request, struct netns_place *place)
{
    *place = request->place;
    return memchr(place->name, '\0', sizeof place->name) && !strchr(place->name, '/') &&
           strcmp(place->name, "..") != 0 && place->pid >= 0;
}

static int32_t serve_place(struct helper_server *server, const struct helper_request *request,
                           struct helper_answer *answer, int *fd)
{
    struct netns_place place;
    if (!take_place(request, &place))
        return -EINVAL;
    if (request->kind == HELPER_NET)
        return elsewhere_read_net(server->netns, &place, &answer->net);
    if (request->kind == HELPER_SOCKETS) {
        *fd = elsewhere_open_sockets(server->netns, &place);
        return *fd < 0 ? *fd : 0;
    }
    if (request->family != 4 && request->family != 6)
        return -EINVAL;
    return elsewhere_find_address(server->netns, &place, &request->address, request->family);
}

static int32_t serve_interface(const struct helper_request *request, struct helper_answer *answer)
{
    char name[IF_NAMESIZE] = "";
    if (!settings_interface_name(request->number, name))
        return -ENODEV;
    memcpy(answer->name, name, strnlen(name, HELPER_NAME));
    return 0;
}

static int32_t serve_calls(struct helper_server *server, const struct helper_request *request)
{
    if (!server->tracer || request->number > 1)
        return -EINVAL;
    return tracer_set_watch(server->tracer, request->number == 1);
}

static int32_t serve(struct helper_server *server, const struct helper_request *request,
                     struct helper_answer *answer, int *fd)
{
    switch (request->kind) {
    case HELPER_FILES:
        return serve_files(server, request, answer);
    case HELPER_END:
        return serve_end(server, request);
    case HELPER_HOLDS:
        return descriptors_hold(request->pid, request->other, request->number);
    case HELPER_SAME:
        return process_is_same_program(request->pid, request->other);
    case HELPER_NAMESPACES:
        return serve_namespaces(request, answer);
    case HELPER_SOCKETS:
    case HELPER_NET:
    case HELPER_ADDRESS:
        return serve_place(server, request, answer, fd);
    case HELPER_INTERFACE:
        return serve_interface(request, answer);
    case HELPER_CALLS:
        return serve_calls(server, request);
    default:
        return -EINVAL;
    }
}

void helper_serve(struct helper_server *server, const struct helper_request *request,
                  struct helper_answer *answer, int *fd)
{
    int64_t begin_ns = clock_thread_ns();
    memset(answer, 0, helper_answer_size(0));
    *fd = -1;
    answer->kind = request->kind;
    answer->result = serve(server, request, answer, fd);
    answer->spent_ns = clock_thread_ns() - begin_ns;
}
