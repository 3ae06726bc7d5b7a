#include "host/forks.h"

#include <errno.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct forks {
    int fd;
};

/* A message of the connector: both headers, and what it says behind them. */
#define HEADERS_SIZE (NLMSG_LENGTH(sizeof(struct cn_msg)))

static int subscribe(int fd)
{
    uint8_t bytes[NLMSG_SPACE(sizeof(struct cn_msg) + sizeof(enum proc_cn_mcast_op))] = {0};
    const enum proc_cn_mcast_op wanted = PROC_CN_MCAST_LISTEN;
    const struct cn_msg message = {.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC},
                                   .len = sizeof wanted};
    const struct nlmsghdr header = {.nlmsg_len = NLMSG_LENGTH(sizeof message + sizeof wanted),
                                    .nlmsg_type = NLMSG_DONE};
    memcpy(bytes, &header, sizeof header);
    memcpy(bytes + NLMSG_HDRLEN, &message, sizeof message);
    memcpy(bytes + NLMSG_HDRLEN + sizeof message, &wanted, sizeof wanted);
    return send(fd, bytes, header.nlmsg_len, 0) < 0 ? -errno : 0;
}

int forks_open(struct forks **forks, struct err *err)
{
    struct forks *opened = calloc(1, sizeof *opened);
    *forks = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory to follow processes; close other programs");
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = CN_IDX_PROC};
    const int size = FORKS_BUFFER;
    opened->fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR);
    int failed = opened->fd < 0 ? -errno : 0;
    if (!failed && setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        (void)setsockopt(opened->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (!failed && bind(opened->fd, (const struct sockaddr *)&address, sizeof address) != 0)
        failed = -errno;
    if (!failed)
        failed = subscribe(opened->fd);
    if (!failed)
        return 0;
    forks_close(opened);
    *forks = NULL;
    return err_set(err, -failed, "the kernel does not tell of new processes: %s",
                   strerror(-failed));
}

void forks_close(struct forks *forks)
{
    if (!forks)
        return;
    if (forks->fd >= 0)
        (void)close(forks->fd);
    free(forks);
}

/* The event of one message; what is no new process has what PROC_EVENT_NONE. */
static struct proc_event read_event(const uint8_t *bytes, size_t len)
{
    struct proc_event event = {.what = PROC_EVENT_NONE};
    struct cn_msg message;
    if (len < HEADERS_SIZE)
        return event;
    memcpy(&message, bytes + NLMSG_HDRLEN, sizeof message);
    size_t left = len - HEADERS_SIZE;
    if (message.id.idx == CN_IDX_PROC && message.id.val == CN_VAL_PROC && left > 0)
        memcpy(&event, bytes + HEADERS_SIZE, left < sizeof event ? left : sizeof event);
    return event;
}

bool forks_read(struct forks *forks, void (*take)(void *context, pid_t parent, pid_t child),
                void *context)
{
    bool complete = true;
    for (;;) {
        uint8_t bytes[512];
        struct sockaddr_nl from = {0};
        socklen_t from_size = sizeof from;
        ssize_t len =
            recvfrom(forks->fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_size);
        if (len < 0 && errno == ENOBUFS)
            complete = false;
        else if (len < 0 && errno != EINTR)
            return complete;
        if (len <= 0 || from.nl_pid != 0) /* only the kernel is believed */
            continue;
        struct proc_event event = read_event(bytes, (size_t)len);
        /* A new thread is a fork of its process, too. */
        if (event.what == PROC_EVENT_FORK &&
            event.event_data.fork.child_pid == event.event_data.fork.child_tgid)
            take(context, event.event_data.fork.parent_tgid, event.event_data.fork.child_tgid);
    }
}
