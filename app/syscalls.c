#include "app/syscalls.h"

unsigned calls_of_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return CALLS_SANITIZER;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return CALLS_SANITIZER;
#endif
#endif
    return 0;
}

#ifdef LOFLOW_HAS_SECCOMP

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/* CLONE_THREAD and no namespace of its own. */
#define CALLS_THREAD (CLONE_VM | CLONE_THREAD)
#define CALLS_THREAD_MASK                                                                          \
    (CALLS_THREAD | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |  \
     CLONE_NEWPID | CLONE_NEWNET)

/* Of <asm/termbits.h>, which cannot be included beside <termios.h>; newer C libraries use them. */
#define CALLS_TCGETS2  0x802c542a
#define CALLS_TCSETS2  0x402c542b
#define CALLS_TCSETSW2 0x402c542c
#define CALLS_TCSETSF2 0x402c542d

/* Of <linux/netlink.h>, which only host/ may include. */
#define NETLINK_ROUTE      0
#define NETLINK_SOCK_DIAG  4
#define CALLS_NETLINK_NAME 12 /* bytes of a sockaddr_nl */

#define COMPARED_MAX 2
#define WORD         0xffffffffu

#define ALL       (CALLS_MAIN | CALLS_HELPER)
#define MAIN      CALLS_MAIN
#define OPENING   CALLS_OPENING
#define FILES     CALLS_FILES
#define SCREEN    CALLS_SCREEN
#define LIVE      CALLS_LIVE
#define RUN       CALLS_RUN
#define HELPER    CALLS_HELPER
#define ASKED     CALLS_ASKED
#define SAVES     CALLS_SAVES
#define TRACE     CALLS_TRACE
#define SIGNAL    CALLS_SIGNAL
#define SANITIZER CALLS_SANITIZER

#define IS(n, value)                                                                               \
    {                                                                                              \
        n, SCMP_CMP_MASKED_EQ, WORD, value                                                         \
    }
#define HAS(n, mask, value)                                                                        \
    {                                                                                              \
        n, SCMP_CMP_MASKED_EQ, mask, value                                                         \
    }
#define NONE(n)                                                                                    \
    {                                                                                              \
        n, SCMP_CMP_EQ, 0, 0                                                                       \
    }
#define NOT(n, value)                                                                              \
    {                                                                                              \
        n, SCMP_CMP_NE, value, 0                                                                   \
    }

static const struct call {
    const char *name;
    unsigned groups;
    struct scmp_arg_cmp compared[COMPARED_MAX]; /* op 0: no more */
} calls[] = {
#define CALL(name, groups)         {#name, groups, {{0}}},
#define CALL_IF(name, groups, ...) {#name, groups, {__VA_ARGS__}},
#include "app/syscall.def"
#undef CALL
#undef CALL_IF
};

#define CALL_COUNT (sizeof calls / sizeof calls[0])

static int add(scmp_filter_ctx filter, const struct call *call)
{
    unsigned count = 0;
    int number = seccomp_syscall_resolve_name(call->name);
    if (number == __NR_SCMP_ERROR)
        return 0;
    while (count < COMPARED_MAX && call->compared[count].op != 0)
        count++;
    int failed = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, count, call->compared);
    /* It is there already, or this architecture has no such call. */
    return failed == -EEXIST || failed == -EDOM ? 0 : failed;
}

/* raise(3) and abort(3). */
static int add_own_signals(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, WORD, (scmp_datum_t)getpid()));
}

/* The C library then makes threads by clone, whose flags a filter sees. */
static int add_missing(scmp_filter_ctx filter)
{
    int number = seccomp_syscall_resolve_name("clone3");
    return number == __NR_SCMP_ERROR ? 0
                                     : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
}

static int load(scmp_filter_ctx filter)
{
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    /* No code of others runs in here: kernels before 5.16 would guard against it, and slow all down. */
    (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    return failed ? failed : seccomp_load(filter);
}

/* Calls that are refused of one descriptor: a filter of its own, as libseccomp does not take "all but this one" for an
 * argument of 32 bits. */
static int bar(int fd, const char *const *barred, size_t count)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int failed = filter ? 0 : -ENOMEM;
    for (size_t at = 0; !failed && at < count; at++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
                                  seccomp_syscall_resolve_name(barred[at]), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, WORD, (scmp_datum_t)fd));
    if (!failed)
        failed = load(filter);
    seccomp_release(filter);
    return failed;
}

/* Nothing is sent on the packet socket, and the channel gets no name by which others would find it. */
static int bar_all(const struct calls_barred *barred)
{
    static const char *const writes[] = {"write", "writev", "sendto", "sendmsg"};
    static const char *const names[] = {"bind"};
    int failed = barred->packets < 0 ? 0 : bar(barred->packets, writes, 4);
    return failed || barred->channel < 0 ? failed : bar(barred->channel, names, 1);
}

static int allow(unsigned groups)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int failed = filter ? add_own_signals(filter) : -ENOMEM;
    if (!failed)
        failed = add_missing(filter);
    for (size_t at = 0; !failed && at < CALL_COUNT; at++) {
        if (calls[at].groups & groups)
            failed = add(filter, &calls[at]);
    }
    /* A search by halves, rather than one call after the other. */
    if (!failed)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (!failed)
        failed = load(filter);
    seccomp_release(filter);
    return failed;
}

void calls_restrict(unsigned groups, const struct calls_barred *barred, struct sandbox_layer *layer)
{
    int failed = bar_all(barred);
    if (!failed)
        failed = allow(groups & CALLS_MAIN ? groups | calls_of_sanitizer() : groups);
    if (failed)
        (void)sandbox_layer_set(layer, false, "seccomp: the kernel takes no filter: %s",
                                strerror(-failed));
    else
        (void)sandbox_layer_set(layer, true,
                                "seccomp: none starts a program, opens a socket, or looks into "
                                "a process");
}

void text_add_calls_library(struct text *text)
{
    const struct scmp_version *version = seccomp_version();
    text_add(text, "libseccomp %u.%u.%u", version->major, version->minor, version->micro);
}

#else

void calls_restrict(unsigned groups, const struct calls_barred *barred, struct sandbox_layer *layer)
{
    (void)groups;
    (void)barred;
    (void)sandbox_layer_set(layer, false, "seccomp: built without libseccomp");
}

void text_add_calls_library(struct text *text)
{
    text_add_string(text, "no libseccomp");
}

#endif
