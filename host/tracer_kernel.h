/*
 * Purpose: the parts of the kernel's own structures that host/tracer.bpf.c reads, and its numbers.
 *          Where the fields lie is found out when the program is loaded, from their names.
 * Owns:    nothing.
 * Source:  Linux, include/linux and include/net; the names are the kernel's.
 * Used by: host/tracer.bpf.c only.
 */
#ifndef LOFLOW_HOST_TRACER_KERNEL_H
#define LOFLOW_HOST_TRACER_KERNEL_H

#include <stdint.h>

#include "host/trace_record.h"

#define KERNEL __attribute__((preserve_access_index))

struct ns_common {
    unsigned inum;
} KERNEL;

struct net {
    struct ns_common ns;
} KERNEL;

struct in6_addr {
    union {
        uint32_t u6_addr32[4];
    } KERNEL in6_u;
} KERNEL;

struct sock_common {
    uint32_t skc_daddr, skc_rcv_saddr;
    uint16_t skc_dport, skc_num;
    unsigned short skc_family;
    unsigned char skc_state;
    struct {
        struct net *net;
    } KERNEL skc_net;
    struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
} KERNEL;

struct sock {
    struct sock_common __sk_common;
    uint16_t sk_protocol;
    uint32_t sk_max_ack_backlog;
} KERNEL;

struct inet_sock {
    uint16_t inet_sport;
} KERNEL;

struct net_device {
    struct {
        struct net *net;
    } KERNEL nd_net;
} KERNEL;

struct sk_buff {
    struct net_device *dev;
    struct sock *sk;
    int skb_iif;
    uint16_t protocol, network_header;
    unsigned char *head;
} KERNEL;

struct file {
    void *private_data;
} KERNEL;

struct socket {
    struct file *file;
    struct sock *sk;
} KERNEL;

struct fdtable {
    unsigned max_fds;
    struct file **fd;
} KERNEL;

struct files_struct {
    struct fdtable *fdt;
} KERNEL;

struct signal_struct {
    struct {
        int counter;
    } KERNEL live;
    int group_exit_code;
    unsigned flags;
} KERNEL;

struct task_struct {
    unsigned flags;
    int exit_code, tgid;
    struct task_struct *group_leader;
    struct signal_struct *signal;
    struct files_struct *files;
    char comm[TRACE_COMM];
} KERNEL;

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
    unsigned long di, si, dx, orig_ax;
} KERNEL;
#define CALL_NUMBER(regs) ((regs)->orig_ax)
#define CALL_FIRST(regs)  ((regs)->di)
#define CALL_SECOND(regs) ((regs)->si)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
    uint64_t regs[31], orig_x0;
    int syscallno;
} KERNEL;
#define CALL_NUMBER(regs) ((unsigned long)(regs)->syscallno)
#define CALL_FIRST(regs)  ((regs)->orig_x0)
#define CALL_SECOND(regs) ((regs)->regs[1])
#endif

/* Numbers of the kernel that no header for BPF programs has. */
enum {
    FAMILY_IPV4 = 2,
    FAMILY_IPV6 = 10,
    TCP = 6,
    UDP = 17,
    MPTCP = 262,
    STATE_ESTABLISHED = 1,
    STATE_SYN_SENT = 2,
    STATE_SYN_RECV = 3,
    STATE_CLOSE = 7,
    STATE_CLOSE_WAIT = 8,
    STATE_LISTEN = 10,
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    TASK_IS_KERNEL = 0x00200000, /* PF_KTHREAD */
    SIGNAL_IS_EXIT = 0x4,        /* SIGNAL_GROUP_EXIT */
};

#endif
