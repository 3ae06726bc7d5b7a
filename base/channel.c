#include "base/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* A longer pause was not spent in waiting: this process was stopped. */
#define WAIT_MS 100

/* Room for one descriptor; of more the kernel closes what finds none. */
union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

int channel_open(int ends[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

static void put_descriptor(struct msghdr *header, union control *control, int fd)
{
    memset(control, 0, sizeof *control);
    header->msg_control = control->bytes;
    header->msg_controllen = sizeof control->bytes;
    struct cmsghdr *first = CMSG_FIRSTHDR(header);
    first->cmsg_level = SOL_SOCKET;
    first->cmsg_type = SCM_RIGHTS;
    first->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(first), &fd, sizeof fd);
}

int channel_send(int end, const void *message, size_t size, int fd)
{
    union control control;
    struct iovec bytes = {.iov_len = size};
    struct msghdr header = {.msg_iov = &bytes, .msg_iovlen = 1};
    memcpy(&bytes.iov_base, &message, sizeof message); /* sendmsg(2) does not write there */
    if (fd >= 0)
        put_descriptor(&header, &control, fd);
    ssize_t sent = 0;
    do {
        sent = sendmsg(end, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

static int take_descriptor(struct msghdr *header)
{
    int fd = -1;
    struct cmsghdr *first = CMSG_FIRSTHDR(header);
    if (first && first->cmsg_level == SOL_SOCKET && first->cmsg_type == SCM_RIGHTS &&
        first->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(first), sizeof fd);
    return fd;
}

bool channel_await(int end, int64_t most_ns)
{
    const int64_t step_ns = WAIT_MS * CLOCK_NS_PER_MS;
    struct pollfd wait = {.fd = end, .events = POLLIN};
    int64_t waited_ns = 0;
    do {
        int64_t begin_ns = clock_monotonic_ns();
        int wait_ms = most_ns < step_ns ? (int)(most_ns / CLOCK_NS_PER_MS) : WAIT_MS;
        int came = poll(&wait, 1, wait_ms);
        if (came > 0)
            return true;
        int64_t passed_ns = clock_monotonic_ns() - begin_ns;
        waited_ns += passed_ns > step_ns || (came < 0 && errno != EINTR) ? step_ns : passed_ns;
    } while (waited_ns < most_ns);
    return false;
}

long channel_take(int end, void *message, size_t room, int *fd)
{
    union control control;
    struct iovec bytes = {.iov_base = message, .iov_len = room};
    struct msghdr header = {.msg_iov = &bytes,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof control.bytes};
    ssize_t got = 0;
    do {
        got = recvmsg(end, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    int came = take_descriptor(&header);
    bool is_whole = got > 0 && !(header.msg_flags & MSG_TRUNC);
    if (came >= 0 && (!fd || !is_whole)) {
        (void)close(came);
        came = -1;
    }
    if (fd)
        *fd = came;
    if (got == 0)
        return -EPIPE;
    return is_whole ? got : -EMSGSIZE;
}
