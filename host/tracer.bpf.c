/*
 * The kernel side of the tracer. It is compiled for the BPF machine and finds the kernel's fields
 * by their names (CO-RE), so that one object runs on all kernels that have BTF.
 *
 * Theory: these tracepoints fire for healthy traffic too, so each program throws away what is not
 * of interest before it looks at anything else, and only then gathers addresses and names. The
 * local port is not yet there when connect(2) begins, and whoever called is no longer known when it
 * is over: `callers` joins the two.
 */
#include <stdbool.h>

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "host/trace_record.h"
#include "host/tracer_kernel.h"

enum {
    CALLERS_MAX = 16384,
    SEEN_MAX = 8192,
    REFUSALS_MAX = 256,
    REPEAT_NS = 100000000, /* a server without descriptors fails accept in a loop */
};

struct caller {
    int32_t pid;
    char comm[TRACE_COMM];
};

struct refusal {
    int32_t pid;
    int32_t error;
    uint32_t port;
};

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096); /* set before loading */
} ring SEC(".maps");

/* Who called connect for the socket at this address. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, CALLERS_MAX);
    __type(key, uint64_t);
    __type(value, struct caller);
} callers SEC(".maps");

/* Processes that an event named: their end is told. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, SEEN_MAX);
    __type(key, int32_t);
    __type(value, uint8_t);
} seen SEC(".maps");

/* When a refused accept was told last. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, REFUSALS_MAX);
    __type(key, struct refusal);
    __type(value, uint64_t);
} refusals SEC(".maps");

const volatile struct trace_config config;
struct trace_counts counts;

char program_license[] SEC("license") = "GPL";

static __always_inline void name_current(int32_t *pid, char comm[TRACE_COMM])
{
    struct task_struct *task = (void *)bpf_get_current_task();
    if (BPF_CORE_READ(task, flags) & TASK_IS_KERNEL)
        return;
    *pid = (int32_t)(bpf_get_current_pid_tgid() >> 32);
    /* The name of the process, not of its thread: the one that /proc/PID/comm has. */
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);
    bpf_core_read(comm, TRACE_COMM, &leader->comm);
}

static __always_inline void remember(int32_t pid)
{
    uint8_t yes = 1;
    if (pid != 0)
        (void)bpf_map_update_elem(&seen, &pid, &yes, BPF_ANY);
}

static __always_inline void emit(struct trace_record *record, enum trace_kind kind)
{
    record->time_ns = bpf_ktime_get_ns();
    record->kind = kind;
    if (bpf_ringbuf_output(&ring, record, sizeof *record, BPF_RB_NO_WAKEUP) != 0)
        __sync_fetch_and_add(&counts.lost, 1);
}

static __always_inline void put_ipv4(uint32_t words[4], uint32_t address)
{
    words[0] = words[1] = 0;
    words[2] = bpf_htonl(0xffff);
    words[3] = address;
}

static __always_inline bool is_mapped(const uint32_t words[4])
{
    return words[0] == 0 && words[1] == 0 && words[2] == bpf_htonl(0xffff);
}

static __always_inline bool is_loopback(const struct trace_record *record, int end)
{
    const uint32_t *words = record->address[end];
    if (record->family == 4)
        return (words[3] & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000);
    return words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == bpf_htonl(1);
}

static __always_inline bool is_any_ipv6(const uint32_t words[4])
{
    return words[0] == 0 && words[1] == 0 && words[2] == 0 && words[3] == 0;
}

static __always_inline bool is_any(const struct trace_record *record, int end)
{
    const uint32_t *words = record->address[end];
    return record->family == 4 ? words[3] == 0 : is_any_ipv6(words);
}

static __always_inline bool is_local(const struct trace_record *record)
{
    const uint32_t *one = record->address[0], *other = record->address[1];
    return is_loopback(record, 0) || is_loopback(record, 1) ||
           (one[0] == other[0] && one[1] == other[1] && one[2] == other[2] && one[3] == other[3]);
}

static __always_inline uint32_t netns_of(const struct sock *sk)
{
    return BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
}

/* The addresses of any socket, also of the small ones for requests and TIME_WAIT. */
static __always_inline bool put_addresses(struct trace_record *record, const struct sock *sk)
{
    uint16_t family = BPF_CORE_READ(sk, __sk_common.skc_family);
    record->family = family == FAMILY_IPV4 ? 4 : 6;
    if (family == FAMILY_IPV6) {
        BPF_CORE_READ_INTO(&record->address[0], sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
        BPF_CORE_READ_INTO(&record->address[1], sk, __sk_common.skc_v6_daddr.in6_u.u6_addr32);
        if (is_mapped(record->address[0]) || is_mapped(record->address[1]))
            record->family = 4;
    } else if (family != FAMILY_IPV4) {
        return false;
    }
    if (record->family == 4) {
        put_ipv4(record->address[0], BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
        put_ipv4(record->address[1], BPF_CORE_READ(sk, __sk_common.skc_daddr));
    }
    return true;
}

/* Only for full sockets. Closing takes skc_num away before inet_sport; autobind sets it first. */
static __always_inline uint16_t local_port(const struct sock *sk)
{
    uint16_t port = BPF_CORE_READ(sk, __sk_common.skc_num);
    return port ? port : bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport));
}

static __always_inline bool put_socket(struct trace_record *record, const struct sock *sk)
{
    if (!put_addresses(record, sk))
        return false;
    record->port[0] = local_port(sk);
    record->port[1] = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
    record->netns = netns_of(sk);
    record->protocol = TCP;
    return true;
}

static __always_inline void connect_begins(const struct sock *sk)
{
    struct trace_record record = {};
    struct caller caller = {};
    if (!put_socket(&record, sk) || !is_local(&record))
        return;
    name_current(&caller.pid, caller.comm);
    uint64_t key = (uint64_t)sk;
    (void)bpf_map_update_elem(&callers, &key, &caller, BPF_ANY);
    remember(caller.pid);
}

static __always_inline void connect_ends(const struct sock *sk, bool established)
{
    struct trace_record record = {.value = established};
    uint64_t key = (uint64_t)sk;
    if (!put_socket(&record, sk) || !is_local(&record))
        return;
    struct caller *caller = bpf_map_lookup_elem(&callers, &key);
    if (caller) {
        record.pid = caller->pid;
        __builtin_memcpy(record.comm, caller->comm, TRACE_COMM);
        (void)bpf_map_delete_elem(&callers, &key);
    }
    emit(&record, TRACE_CONNECT);
}

static __always_inline void listener_changes(const struct sock *sk, bool listens)
{
    struct trace_record record = {};
    if (!put_socket(&record, sk))
        return;
    name_current(&record.pid, record.comm);
    if (listens) {
        record.value = (int32_t)BPF_CORE_READ(sk, sk_max_ack_backlog);
        remember(record.pid);
    }
    emit(&record, listens ? TRACE_LISTEN : TRACE_UNLISTEN);
}

/* Who wants to know how many stay there need not go over all sockets while they are few. */
static __always_inline void count_close_wait(const struct sock *sk, bool enters)
{
    if (netns_of(sk) != config.netns)
        return;
    if (enters)
        __sync_fetch_and_add(&counts.close_wait_entered, 1);
    else
        __sync_fetch_and_add(&counts.close_wait_left, 1);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changes, const struct sock *sk, int from, int to)
{
    if (sk->sk_protocol != TCP)
        return 0;
    if (from == STATE_CLOSE && to == STATE_SYN_SENT)
        connect_begins(sk);
    else if (from == STATE_SYN_SENT)
        connect_ends(sk, to != STATE_CLOSE);
    else if (from == STATE_CLOSE && to == STATE_LISTEN)
        listener_changes(sk, true);
    else if (from == STATE_LISTEN && to == STATE_CLOSE)
        listener_changes(sk, false);
    else if (from == STATE_CLOSE_WAIT || to == STATE_CLOSE_WAIT)
        count_close_wait(sk, to == STATE_CLOSE_WAIT);
    return 0;
}

/* The ends of a packet as its headers have them, sender first. Only TCP and UDP, first fragments. */
static __always_inline bool put_packet(struct trace_record *record, const struct sk_buff *skb)
{
    uint8_t header[40];
    const unsigned char *at = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
    uint16_t type = bpf_ntohs(BPF_CORE_READ(skb, protocol));
    uint32_t size = 40;
    if (type == ETHERTYPE_IPV4) {
        if (bpf_probe_read_kernel(header, 20, at) != 0 || header[0] >> 4 != 4 ||
            ((header[6] & 0x1f) | header[7]) != 0)
            return false;
        size = (header[0] & 15u) * 4;
        record->family = 4;
        record->protocol = header[9];
        put_ipv4(record->address[0], *(uint32_t *)(header + 12));
        put_ipv4(record->address[1], *(uint32_t *)(header + 16));
    } else if (type == ETHERTYPE_IPV6) {
        if (bpf_probe_read_kernel(header, 40, at) != 0 || header[0] >> 4 != 6)
            return false;
        record->family = 6;
        record->protocol = header[6];
        __builtin_memcpy(record->address[0], header + 8, 16);
        __builtin_memcpy(record->address[1], header + 24, 16);
    } else {
        return false;
    }
    uint16_t ports[2];
    if ((record->protocol != TCP && record->protocol != UDP) ||
        bpf_probe_read_kernel(ports, sizeof ports, at + size) != 0)
        return false;
    record->port[0] = bpf_ntohs(ports[0]);
    record->port[1] = bpf_ntohs(ports[1]);
    return true;
}

static __always_inline uint32_t netns_of_packet(const struct sk_buff *skb)
{
    const struct sock *sk = BPF_CORE_READ(skb, sk);
    return sk ? netns_of(sk) : BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
}

/* Turns the segment that is answered into the answer. */
static __always_inline void swap_ends(struct trace_record *record)
{
    for (int word = 0; word < 4; word++) {
        uint32_t kept = record->address[0][word];
        record->address[0][word] = record->address[1][word];
        record->address[1][word] = kept;
    }
    uint16_t port = record->port[0];
    record->port[0] = record->port[1];
    record->port[1] = port;
}

SEC("tp_btf/tcp_send_reset")
int reset_is_sent(uint64_t *arguments)
{
    const struct sock *sk = (void *)arguments[0];
    const struct sk_buff *skb = (void *)arguments[1];
    struct trace_record record = {};
    if (skb) {
        if (!put_packet(&record, skb) || record.protocol != TCP)
            return 0;
        swap_ends(&record);
        record.netns = sk ? netns_of(sk) : netns_of_packet(skb);
    } else if (!sk || !put_socket(&record, sk)) {
        return 0;
    }
    if (!is_local(&record))
        return 0;
    if (sk)
        record.detail = BPF_CORE_READ(sk, __sk_common.skc_state);
    if (config.reset_has_reason) {
        uint64_t reason = arguments[2];
        record.value = reason < TRACE_RESETS ? config.reset[reason] : TRACE_RESET_OTHER;
    }
    name_current(&record.pid, record.comm);
    emit(&record, TRACE_RESET);
    return 0;
}

SEC("tp_btf/kfree_skb")
int packet_is_dropped(uint64_t *arguments)
{
    uint64_t reason = arguments[2] & 0xffffffff;
    if (reason >= TRACE_DROPS || config.drop[reason] == 0)
        return 0;
    const struct sk_buff *skb = (void *)arguments[0];
    struct trace_record record = {.value = config.drop[reason] - 1};
    if (!put_packet(&record, skb) || !is_local(&record) ||
        (record.value == TRACE_DROP_NO_SOCKET && record.protocol == TCP))
        return 0;
    /* UDP keeps sizes where the device was once the packet is at its socket. */
    const struct sock *sk = config.drop_has_socket ? (void *)arguments[3] : NULL;
    record.netns = sk ? netns_of(sk) : netns_of_packet(skb);
    /* Set when a device hands the packet in, and that is where captures get it. */
    record.output = BPF_CORE_READ(skb, skb_iif) == 0;
    name_current(&record.pid, record.comm);
    emit(&record, TRACE_DROP);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_ends, const struct task_struct *task)
{
    int32_t pid = task->tgid;
    if (!bpf_map_lookup_elem(&seen, &pid) || BPF_CORE_READ(task, signal, live.counter) != 0)
        return 0;
    (void)bpf_map_delete_elem(&seen, &pid);
    struct trace_record record = {.pid = pid};
    const struct task_struct *leader = BPF_CORE_READ(task, group_leader);
    bpf_core_read(record.comm, TRACE_COMM, &leader->comm);
    record.value = BPF_CORE_READ(task, signal, flags) & SIGNAL_IS_EXIT
                       ? BPF_CORE_READ(task, signal, group_exit_code)
                       : BPF_CORE_READ(leader, exit_code);
    emit(&record, TRACE_EXIT);
    return 0;
}

#ifdef CALL_NUMBER

static __always_inline const struct sock *socket_of(unsigned fd)
{
    struct task_struct *task = (void *)bpf_get_current_task();
    struct fdtable *table = BPF_CORE_READ(task, files, fdt);
    if (fd >= BPF_CORE_READ(table, max_fds))
        return NULL;
    struct file **files = BPF_CORE_READ(table, fd);
    struct file *file = NULL;
    (void)bpf_probe_read_kernel(&file, sizeof file, files + fd);
    struct socket *socket = BPF_CORE_READ(file, private_data);
    /* Another thread may have put something else there since. */
    return file && BPF_CORE_READ(socket, file) == file ? BPF_CORE_READ(socket, sk) : NULL;
}

/* The address that bind and connect got. */
static __always_inline bool put_asked(struct trace_record *record, int end, const void *address)
{
    struct {
        uint16_t family, port;
        uint32_t ipv4, ipv6[4];
    } asked;
    if (bpf_probe_read_user(&asked, 8, address) != 0)
        return false;
    record->port[end] = bpf_ntohs(asked.port);
    if (asked.family == FAMILY_IPV4) {
        put_ipv4(record->address[end], asked.ipv4);
    } else {
        if (asked.family != FAMILY_IPV6 || bpf_probe_read_user(&asked, sizeof asked, address) != 0)
            return false;
        __builtin_memcpy(record->address[end], asked.ipv6, 16);
    }
    record->family = is_mapped(record->address[end]) ? 4 : 6;
    if (record->family == 4 && is_any_ipv6(record->address[!end]))
        put_ipv4(record->address[!end], 0);
    return true;
}

static __always_inline bool connect_matters(long error)
{
    return error == EADDRNOTAVAIL || error == ENETUNREACH || error == EHOSTUNREACH ||
           error == EPERM || error == EACCES || error == ETIMEDOUT || error == EADDRINUSE;
}

static __always_inline bool accept_matters(long error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* 0 for nothing of interest, else 1 + enum trace_call. */
static __always_inline int call_of(unsigned long number, long error)
{
    if (number == __NR_connect)
        return connect_matters(error) ? 1 + TRACE_CALL_CONNECT : 0;
    if (number == __NR_accept || number == __NR_accept4)
        return accept_matters(error) ? 1 + TRACE_CALL_ACCEPT : 0;
    if (error == EBADF || error == ENOTSOCK || error == EFAULT)
        return 0;
    if (number == __NR_bind)
        return 1 + TRACE_CALL_BIND;
    return number == __NR_listen ? 1 + TRACE_CALL_LISTEN : 0;
}

static __always_inline bool is_repeated(const struct trace_record *record)
{
    struct refusal refusal = {record->pid, record->value, record->port[0]};
    uint64_t now = bpf_ktime_get_ns();
    const uint64_t *last = bpf_map_lookup_elem(&refusals, &refusal);
    if (last && now - *last < REPEAT_NS)
        return true;
    (void)bpf_map_update_elem(&refusals, &refusal, &now, BPF_ANY);
    return false;
}

/* Fills the ends of a failed call; false when it is not of interest. */
static __always_inline bool put_call(struct trace_record *record, const struct sock *sk,
                                     const void *address)
{
    if (!put_socket(record, sk))
        return false;
    uint16_t protocol = BPF_CORE_READ(sk, sk_protocol);
    record->protocol = protocol == MPTCP ? TCP : (uint8_t)protocol;
    if (record->protocol != TCP && record->protocol != UDP)
        return false;
    if (record->detail == TRACE_CALL_BIND)
        return put_asked(record, 0, address);
    if (record->detail == TRACE_CALL_ACCEPT)
        return !is_repeated(record);
    return record->detail != TRACE_CALL_CONNECT ||
           (put_asked(record, 1, address) && (is_loopback(record, 1) || is_any(record, 1)));
}

/* Runs after every system call of the machine: the first lines are what it costs. */
SEC("tp_btf/sys_exit")
int BPF_PROG(call_ends, const struct pt_regs *regs, long result)
{
    counts.calls[bpf_get_smp_processor_id() % TRACE_CPUS].count++;
    if (result >= 0 || result == -EAGAIN)
        return 0;
    int call = call_of(CALL_NUMBER(regs), -result);
    if (call == 0)
        return 0;
    struct trace_record record = {.value = (int32_t)-result, .detail = (uint8_t)(call - 1)};
    const struct sock *sk = socket_of((unsigned)CALL_FIRST(regs));
    name_current(&record.pid, record.comm);
    if (!sk || !put_call(&record, sk, (const void *)CALL_SECOND(regs)))
        return 0;
    remember(record.pid);
    emit(&record, TRACE_CALL);
    return 0;
}

#endif
