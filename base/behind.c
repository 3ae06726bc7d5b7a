#include "base/behind.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct piece {
    size_t len;
    char bytes[BEHIND_PIECE + BEHIND_MORE];
};

/* Numbers of pieces count from 0 and are never lowered; number n is at n % BEHIND_PIECES. */
struct behind {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    unsigned passed, written;
    int failed; /* -errno of the first failed write */
    bool is_over;
    int fd;
    struct piece pieces[BEHIND_PIECES];
};

bool behind_pays(int fd)
{
    struct stat status;
    cpu_set_t cpus;
    bool has_two = sched_getaffinity(0, sizeof cpus, &cpus) == 0 && CPU_COUNT(&cpus) > 1;
    return has_two && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

static int write_piece(int fd, const struct piece *piece)
{
    for (size_t done = 0; done < piece->len;) {
        ssize_t written = write(fd, piece->bytes + done, piece->len - done);
        if (written >= 0)
            done += (size_t)written;
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

static void *run(void *context)
{
    struct behind *behind = context;
    (void)pthread_mutex_lock(&behind->lock);
    for (;;) {
        while (behind->passed == behind->written && !behind->is_over)
            (void)pthread_cond_wait(&behind->changed, &behind->lock);
        if (behind->passed == behind->written)
            break;
        const struct piece *piece = &behind->pieces[behind->written % BEHIND_PIECES];
        int failed = behind->failed;
        (void)pthread_mutex_unlock(&behind->lock);
        if (!failed)
            failed = write_piece(behind->fd, piece);
        (void)pthread_mutex_lock(&behind->lock);
        behind->failed = failed;
        behind->written++;
        (void)pthread_cond_broadcast(&behind->changed);
    }
    (void)pthread_mutex_unlock(&behind->lock);
    return NULL;
}

int behind_open(struct behind **behind, int fd)
{
    struct behind *opened = calloc(1, sizeof *opened);
    sigset_t all, before;
    *behind = opened;
    if (!opened)
        return -ENOMEM;
    opened->fd = fd;
    (void)pthread_mutex_init(&opened->lock, NULL);
    (void)pthread_cond_init(&opened->changed, NULL);
    /* Signals are for the thread that asks for them. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&opened->thread, NULL, run, opened);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!failed)
        return 0;
    free(opened);
    *behind = NULL;
    return -failed;
}

char *behind_place(struct behind *behind)
{
    return behind->pieces[behind->passed % BEHIND_PIECES].bytes;
}

/* Until at most `left` pieces wait. */
static int wait_for(struct behind *behind, unsigned left)
{
    while (behind->passed - behind->written > left)
        (void)pthread_cond_wait(&behind->changed, &behind->lock);
    return behind->failed;
}

int behind_pass(struct behind *behind, size_t len)
{
    behind->pieces[behind->passed % BEHIND_PIECES].len = len;
    (void)pthread_mutex_lock(&behind->lock);
    behind->passed++;
    (void)pthread_cond_broadcast(&behind->changed);
    int failed = wait_for(behind, BEHIND_PIECES - 1);
    (void)pthread_mutex_unlock(&behind->lock);
    return failed;
}

int behind_wait(struct behind *behind)
{
    (void)pthread_mutex_lock(&behind->lock);
    int failed = wait_for(behind, 0);
    (void)pthread_mutex_unlock(&behind->lock);
    return failed;
}

void behind_close(struct behind *behind)
{
    if (!behind)
        return;
    (void)pthread_mutex_lock(&behind->lock);
    behind->is_over = true;
    (void)pthread_cond_broadcast(&behind->changed);
    (void)pthread_mutex_unlock(&behind->lock);
    (void)pthread_join(behind->thread, NULL);
    (void)pthread_cond_destroy(&behind->changed);
    (void)pthread_mutex_destroy(&behind->lock);
    free(behind);
}
