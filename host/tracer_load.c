#include "host/tracer_load.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/permit.h"
#include "host/trace_record.h"
#include "host/tracer.h"
#include "host/tracer_program.h"

/* The kernel's reasons by name. Those that are not here happen in healthy traffic too. */
static const struct reason {
    const char *name;
    uint8_t value;
} drops[] = {
    {"SKB_DROP_REASON_NETFILTER_DROP", TRACE_DROP_FILTER},
    {"SKB_DROP_REASON_NO_SOCKET", TRACE_DROP_NO_SOCKET},
    {"SKB_DROP_REASON_SOCKET_FILTER", TRACE_DROP_SOCKET_FILTER},
    {"SKB_DROP_REASON_SOCKET_RCVBUFF", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_SOCKET_BACKLOG", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_PROTO_MEM", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_TCP_ZEROWINDOW", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_TCP_OVERWINDOW", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_TCP_OFO_QUEUE_PRUNE", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_TCP_OFO_DROP", TRACE_DROP_RECEIVE_BUFFER},
    {"SKB_DROP_REASON_TCP_LISTEN_OVERFLOW", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TCP_CSUM", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TCP_MD5NOTFOUND", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TCP_MD5UNEXPECTED", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TCP_MD5FAILURE", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TCP_MINTTL", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_UDP_CSUM", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_CSUM", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_RPFILTER", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_LOCAL_SOURCE", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_INVALID_SOURCE", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_INVALID_DEST", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_IP_OUTNOROUTES", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_XFRM_POLICY", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_BPF_CGROUP_EGRESS", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_SECURITY_HOOK", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_CPU_BACKLOG", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_QDISC_DROP", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TC_INGRESS", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_TC_EGRESS", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_XDP", TRACE_DROP_OTHER},
    {"SKB_DROP_REASON_NOMEM", TRACE_DROP_OTHER},
};

static const struct reason resets[] = {
    {"SK_RST_REASON_NO_SOCKET", TRACE_RESET_NO_SOCKET},
    {"SK_RST_REASON_TCP_FLAGS", TRACE_RESET_TCP_FLAGS},
    {"SK_RST_REASON_TCP_STATE", TRACE_RESET_TCP_STATE},
    {"SK_RST_REASON_TCP_ABORT_ON_CLOSE", TRACE_RESET_ABORT_ON_CLOSE},
    {"SK_RST_REASON_TCP_ABORT_ON_DATA", TRACE_RESET_ABORT_ON_DATA},
    {"SK_RST_REASON_TCP_ABORT_ON_LINGER", TRACE_RESET_ABORT_ON_LINGER},
    {"SK_RST_REASON_TCP_TIMEWAIT_SOCKET", TRACE_RESET_TIMEWAIT_SOCKET},
    {"SK_RST_REASON_TCP_KEEPALIVE_TIMEOUT", TRACE_RESET_KEEPALIVE_TIMEOUT},
};

/* The programs of the object: where they hang and how many arguments that must have. */
enum place { ESSENTIAL, RESETS, DROPS, CALLS, EXITS };

static const struct program {
    const char *name, *tracepoint;
    unsigned arguments;
} programs[TRACER_PROGRAMS] = {
    [ESSENTIAL] = {"state_changes", "inet_sock_set_state", 3},
    [RESETS] = {"reset_is_sent", "tcp_send_reset", 2},
    [DROPS] = {"packet_is_dropped", "kfree_skb", 3},
    [CALLS] = {"call_ends", "sys_exit", 2},
    [EXITS] = {"process_ends", "sched_process_exit", 1},
};

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

/* The value of a name in an enum of the kernel, or -1. */
static int64_t number_of(const struct btf *btf, const struct btf_type *type, const char *name)
{
    const struct btf_enum *values = btf_enum(type);
    for (unsigned at = 0; at < btf_vlen(type); at++) {
        if (strcmp(btf__name_by_offset(btf, values[at].name_off), name) == 0)
            return values[at].val;
    }
    return -1;
}

/* What one list of reasons becomes: for each of the kernel's numbers, base + value. */
struct numbering {
    const char *enumeration;
    const struct reason *reasons;
    size_t count;
    uint8_t *by_number;
    size_t size;
    uint8_t base;
};

static void number_reasons(const struct btf *btf, const struct numbering *numbering)
{
    int id = btf__find_by_name_kind(btf, numbering->enumeration, BTF_KIND_ENUM);
    const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    for (size_t at = 0; type && at < numbering->count; at++) {
        int64_t number = number_of(btf, type, numbering->reasons[at].name);
        if (number >= 0 && (uint64_t)number < numbering->size)
            numbering->by_number[number] =
                (uint8_t)(numbering->base + numbering->reasons[at].value);
    }
}

/* How many arguments a tracepoint has on this kernel; 0 when there is no such tracepoint. */
static unsigned arguments_of(const struct btf *btf, const char *tracepoint)
{
    char name[64];
    (void)snprintf(name, sizeof name, "btf_trace_%s", tracepoint);
    int id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
    const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;
    type = type ? btf__type_by_id(btf, type->type) : NULL; /* pointer */
    type = type ? btf__type_by_id(btf, type->type) : NULL; /* function */
    return type && btf_is_func_proto(type) && btf_vlen(type) > 0 ? btf_vlen(type) - 1u : 0;
}

/* What is to be known of this kernel: which programs fit, and their numbers. */
struct kernel {
    bool fits[TRACER_PROGRAMS];
    struct trace_config config;
};

static uint32_t own_netns(void)
{
    struct stat status;
    return stat("/proc/self/ns/net", &status) == 0 ? (uint32_t)status.st_ino : 0;
}

static struct trace_config config_for(const struct btf *btf)
{
    struct trace_config config = {
        .reset_has_reason = arguments_of(btf, "tcp_send_reset") > 2,
        .drop_has_socket = arguments_of(btf, "kfree_skb") > 3,
        .netns = own_netns(),
    };
    const struct numbering of_drops = {"skb_drop_reason", drops,       sizeof drops / sizeof *drops,
                                       config.drop,       TRACE_DROPS, 1};
    const struct numbering of_resets = {
        "sk_rst_reason", resets, sizeof resets / sizeof *resets, config.reset, TRACE_RESETS, 0};
    number_reasons(btf, &of_drops);
    number_reasons(btf, &of_resets);
    return config;
}

/* The kernel's types are several MiB, and libbpf reads them once more for itself. */
static int know_kernel(struct kernel *kernel, struct err *err)
{
    struct btf *btf = btf__load_vmlinux_btf();
    if (!btf)
        return err_set(err, ENOTSUP,
                       "no kernel events: this kernel has no /sys/kernel/btf/vmlinux; one built "
                       "with CONFIG_DEBUG_INFO_BTF has");
    kernel->config = config_for(btf);
    for (unsigned at = 0; at < TRACER_PROGRAMS; at++)
        kernel->fits[at] = arguments_of(btf, programs[at].tracepoint) >= programs[at].arguments;
    btf__free(btf);
    return 0;
}

/* The program's .bss, shared with the kernel; NULL for no memory. */
static const volatile struct trace_counts *map_counts(const struct bpf_object *object)
{
    const size_t size = sizeof(struct trace_counts);
    const struct bpf_map *map = bpf_object__find_map_by_name(object, ".bss");
    if (!map || bpf_map__value_size(map) != size)
        return NULL;
    void *counts = mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);
    /* cppcheck-suppress memleak ; the caller unmaps it */
    return counts == MAP_FAILED ? NULL : counts;
}

/* Loads all programs that fit this kernel, or the essential ones. Returns 0 or -errno. */
static int load(struct tracer_loaded *loaded, const struct kernel *kernel, bool only_essential)
{
    const struct bpf_object_open_opts options = {.sz = sizeof options, .object_name = "loflow"};
    loaded->object = bpf_object__open_mem(tracer_program, tracer_program_size, &options);
    if (!loaded->object)
        return -errno;
    for (unsigned at = 0; at < TRACER_PROGRAMS; at++) {
        struct bpf_program *program =
            bpf_object__find_program_by_name(loaded->object, programs[at].name);
        if (program && (!kernel->fits[at] || (only_essential && at != ESSENTIAL)))
            (void)bpf_program__set_autoload(program, false);
    }
    struct bpf_map *constants = bpf_object__find_map_by_name(loaded->object, ".rodata");
    struct bpf_map *ring = bpf_object__find_map_by_name(loaded->object, "ring");
    if (!constants ||
        bpf_map__set_initial_value(constants, &kernel->config, sizeof kernel->config) || !ring ||
        bpf_map__set_max_entries(ring, TRACER_RING_SIZE))
        return -EINVAL;
    int failed = bpf_object__load(loaded->object);
    loaded->ring = failed ? -1 : bpf_map__fd(ring);
    loaded->counts = failed ? NULL : map_counts(loaded->object);
    return failed || loaded->counts ? failed : -ENOMEM;
}

static struct bpf_link *attach(const struct tracer_loaded *loaded, enum place place)
{
    const struct bpf_program *program =
        bpf_object__find_program_by_name(loaded->object, programs[place].name);
    return program && bpf_program__autoload(program) ? bpf_program__attach(program) : NULL;
}

/* Returns 0 or -errno of the essential program. */
static int attach_all(struct tracer_loaded *loaded)
{
    for (unsigned at = 0; at < TRACER_PROGRAMS; at++) {
        if (at != CALLS)
            loaded->links[at] = attach(loaded, at);
        if (at == ESSENTIAL && !loaded->links[at])
            return -errno;
    }
    return 0;
}

void tracer_watch_calls(struct tracer_loaded *loaded, bool watch)
{
    if (watch == tracer_watches_calls(loaded))
        return;
    if (!watch)
        (void)bpf_link__destroy(loaded->links[CALLS]);
    loaded->links[CALLS] = watch ? attach(loaded, CALLS) : NULL;
}

bool tracer_watches_calls(const struct tracer_loaded *loaded)
{
    return loaded->links[CALLS] != NULL;
}

unsigned tracer_call_descriptors(const struct tracer_loaded *loaded, int descriptors[2])
{
    const struct bpf_program *program =
        bpf_object__find_program_by_name(loaded->object, programs[CALLS].name);
    const struct bpf_link *link = loaded->links[CALLS];
    unsigned count = 0;
    if (program && bpf_program__autoload(program))
        descriptors[count++] = bpf_program__fd(program);
    if (link)
        descriptors[count++] = bpf_link__fd(link);
    return count;
}

static int explain(int failed, struct err *err)
{
    char permit[ERR_TEXT_MAX / 2];
    struct text text = text_begin(permit, sizeof permit);
    text_add_permit(&text);
    if ((failed == -EPERM || failed == -EACCES) && geteuid() != 0 && permit_has_kernel_events())
        return err_set(err, EPERM,
                       "no kernel events, so names and reasons are fewer: use sudo, or permit them "
                       "once with: %s",
                       permit);
    if (failed == -EPERM || failed == -EACCES)
        return err_set(err, EPERM,
                       "no kernel events: nobody here may load BPF programs; a container needs "
                       "--privileged, and a kernel in lockdown=confidentiality lets nobody");
    return err_set(err, -failed, "no kernel events: this kernel does not take the BPF program: %s",
                   strerror(-failed));
}

int tracer_load(struct tracer_loaded *loaded, struct err *err)
{
    *loaded = (struct tracer_loaded){.ring = -1};
    (void)libbpf_set_print(print_nothing);
    struct kernel kernel = {0};
    int failed = know_kernel(&kernel, err);
    if (failed)
        return failed;
    failed = load(loaded, &kernel, false);
    if (failed && failed != -EPERM) {
        tracer_unload(loaded);
        failed = load(loaded, &kernel, true);
    }
    if (!failed)
        failed = attach_all(loaded);
    if (!failed)
        return 0;
    tracer_unload(loaded);
    return explain(failed, err);
}

void tracer_unload(struct tracer_loaded *loaded)
{
    for (unsigned at = 0; at < TRACER_PROGRAMS; at++)
        (void)bpf_link__destroy(loaded->links[at]);
    if (loaded->counts)
        (void)munmap((void *)loaded->counts, sizeof *loaded->counts);
    bpf_object__close(loaded->object);
    *loaded = (struct tracer_loaded){.ring = -1};
}
