#include "capture/source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/backend.h"

int source_open_path(const char *path, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    /* Opening a FIFO would otherwise wait for somebody who writes to it. */
    int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                      : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0)
        return fd;
    int error = errno;
    if (is_stdin)
        return err_set(err, error, "standard input is not open; redirect a capture into it");
    const char *advice = error == ENOENT   ? "; check the name"
                         : error == EACCES ? "; ask its owner for leave to read it, or use sudo"
                                           : "";
    return err_set(err, error, "cannot open %.500s: %s%s", path, strerror(error), advice);
}

/* A descriptor of its own, as a source closes what it has. Both share one position: one source is read
 * at a time. */
static int open_again(const struct source_file_options *options, struct err *err)
{
    struct stat status;
    int fd = fcntl(*options->fd, F_DUPFD_CLOEXEC, 0);
    bool is_stdin = strcmp(options->path, "-") == 0;
    if (fd >= 0 && (is_stdin || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
                    lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    int failed = err_set(err, errno, "cannot read %.500s: %s", options->path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return failed;
}

int source_open_file(struct source **source, const struct source_file_options *options,
                     struct err *err)
{
    int fd = options->fd ? open_again(options, err) : source_open_path(options->path, err);
    if (fd < 0)
        return fd;
    struct stat status;
    int result = 0;
    if (fstat(fd, &status) != 0) {
        result = err_set(err, errno, "cannot read %.500s: %s", options->path, strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        result =
            err_set(err, EISDIR, "%.500s is a directory; name a capture file in it", options->path);
    } else if (isatty(fd)) {
        result = err_set(err, EINVAL,
                         "a capture cannot be typed on a terminal; redirect or pipe one in, as in:"
                         " tcpdump -i lo -U -w - | loflow -r -");
    }
    if (result != 0) {
        (void)close(fd);
        return result;
    }
    if (!S_ISREG(status.st_mode))
        return pipe_open(source, fd, options, err);
    struct file_input input = {
        .fd = fd,
        .size = (int64_t)status.st_size,
        .name = strcmp(options->path, "-") == 0 ? "standard input" : options->path,
        .filter = options->filter,
    };
    /* Tells a writer_open that this file is being read; failing to say so harms nobody. */
    (void)flock(fd, LOCK_SH | LOCK_NB);
    if (records_open(source, &input, &result, err) || pcapng_open(source, &input, &result, err))
        return result;
    return file_open(source, &input, err);
}

int source_open_memory(struct source **source, const void *bytes, size_t len, const char *filter,
                       struct err *err)
{
    struct file_input input = {
        .fd = -1,
        .bytes = bytes,
        .len = len,
        .size = (int64_t)len,
        .name = "memory",
        .filter = filter,
    };
    return file_open(source, &input, err);
}

int source_next(struct source *source, struct frame_batch *batch, struct err *err)
{
    batch->count = 0;
    int result = source->ops->next(source, batch, err);
    assert(result == SOURCE_OPEN || batch->count == 0);
    source->read += batch->count;
    return result;
}

void source_keep_payload(struct source *source, uint32_t payload_len)
{
    if (source->ops->keep_payload)
        source->ops->keep_payload(source, payload_len);
}

uint64_t source_block(const struct source *source)
{
    return source->block;
}

uint32_t source_blocks_kept(const struct source *source)
{
    return source->blocks_kept;
}

int source_fd(const struct source *source)
{
    return source->fd;
}

const struct source_info *source_info(const struct source *source)
{
    return &source->info;
}

void source_stats(struct source *source, struct source_stats *stats)
{
    *stats = (struct source_stats){.read = source->read, .position = -1};
    if (source->ops->stats)
        source->ops->stats(source, stats);
}

void source_close(struct source *source)
{
    if (source)
        source->ops->close(source);
}
