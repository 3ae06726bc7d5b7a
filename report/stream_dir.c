#include "report/stream_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "flows/flow_streams.h"

#define NAME_MAX_LEN 160
#define FILE_NONE    UINT64_MAX

/* One open file. The slot follows from its key, so a file is found without a search; two that want
 * the same slot take turns. */
struct stream_file {
    uint64_t key; /* flow id * 2 + side, FILE_NONE for an empty slot */
    char name[NAME_MAX_LEN];
    int fd;
};

struct stream_dir {
    int fd;
    uid_t owner;
    gid_t group;
    int failed;
    struct err trouble;
    char path[PATH_MAX];
    struct stream_file files[STREAM_DIR_OPEN_MAX];
};

static void fail(struct stream_dir *dir, const char *name, int error)
{
    if (dir->failed)
        return;
    if (error == EEXIST)
        dir->failed =
            err_set(&dir->trouble, error,
                    "%.400s/%s exists already and is not overwritten; name an empty directory",
                    dir->path, name);
    else
        dir->failed = err_set(&dir->trouble, error, "cannot write %.400s/%s: %s", dir->path, name,
                              strerror(error));
}

static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* With O_DIRECTORY a link is ENOTDIR, just as a file is. */
static int explain_open(const char *path, int error, struct err *err)
{
    if ((error == ELOOP || error == ENOTDIR) && is_link(path))
        return err_set(err, error,
                       "%.400s is a symbolic link, and streams are not written through those; name"
                       " the directory itself",
                       path);
    return err_set(err, error, "cannot use %.400s as a directory for streams: %s", path,
                   strerror(error));
}

/* A slash at the end would have the kernel follow a link all the same. */
static int open_directory(struct stream_dir *dir, const char *path, struct err *err)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len >= sizeof dir->path)
        return explain_open(path, ENAMETOOLONG, err);
    memcpy(dir->path, path, len);
    bool is_new = mkdir(dir->path, S_IRWXU) == 0;
    int refusal = is_new || errno == EEXIST ? 0 : errno;
    dir->fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir->fd < 0)
        return explain_open(dir->path, refusal ? refusal : errno, err);
    if (is_new && dir->owner != (uid_t)-1 && fchown(dir->fd, dir->owner, dir->group) != 0)
        errno = 0;
    return 0;
}

int stream_dir_open(struct stream_dir **dir, const char *path, uid_t owner, gid_t group,
                    struct err *err)
{
    struct stream_dir *opened = calloc(1, sizeof *opened);
    *dir = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for stream files; close other programs");
    opened->owner = owner;
    opened->group = group;
    for (size_t at = 0; at < STREAM_DIR_OPEN_MAX; at++)
        opened->files[at] = (struct stream_file){.key = FILE_NONE, .fd = -1};
    int failed = open_directory(opened, path, err);
    if (failed) {
        free(opened);
        *dir = NULL;
    }
    return failed;
}

/* Addresses have colons, which other systems do not take in names. */
static void add_end(struct text *name, const struct tuple *tuple, unsigned end)
{
    size_t from = name->len;
    text_add_address(name, &tuple->address[end], tuple->family);
    for (size_t at = from; at < name->len; at++) {
        if (name->at[at] == ':')
            name->at[at] = '_';
    }
    text_add(name, ".%u", tuple->port[end]);
}

static void write_name(char *buffer, struct flow_view flow, unsigned side, const char *ending)
{
    struct text name = text_begin(buffer, NAME_MAX_LEN);
    unsigned client = flow.streams->client;
    text_add(&name, "%06llu_", (unsigned long long)flow.cold->id);
    add_end(&name, &flow.hot->tuple, client);
    text_add_string(&name, "-");
    add_end(&name, &flow.hot->tuple, !client);
    text_add_string(&name, side == client ? "_client" : "_server");
    text_add_string(&name, ending);
}

static void close_file(struct stream_dir *dir, struct stream_file *file)
{
    if (file->fd >= 0 && close(file->fd) != 0)
        fail(dir, file->name, errno);
    *file = (struct stream_file){.key = FILE_NONE, .fd = -1};
}

/* Creates the file with its first chunk, opens it again later. */
static int open_file(struct stream_dir *dir, const char *name, bool is_first)
{
    const int flags = O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir->fd, name, is_first ? flags | O_CREAT | O_EXCL : flags, S_IRUSR | S_IWUSR);
    if (fd < 0)
        fail(dir, name, errno);
    else if (is_first && dir->owner != (uid_t)-1 && fchown(fd, dir->owner, dir->group) != 0)
        errno = 0;
    return fd;
}

static void write_all(struct stream_dir *dir, int fd, const char *name, const void *bytes,
                      size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t written = write(fd, at, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            fail(dir, name, errno);
            return;
        }
        at += written;
        len -= (size_t)written;
    }
}

static void take_gap(struct stream_dir *dir, struct flow_view flow, unsigned side,
                     const struct reassembly_chunk *chunk)
{
    char name[NAME_MAX_LEN], written[64];
    write_name(name, flow, side, ".gaps");
    int fd = open_file(dir, name, chunk->gaps_before == 0);
    if (fd < 0)
        return;
    struct text line = text_begin(written, sizeof written);
    text_add(&line, "%llu %llu\n", (unsigned long long)(chunk->offset - chunk->missing_before),
             (unsigned long long)chunk->len);
    write_all(dir, fd, name, line.at, line.len);
    if (close(fd) != 0)
        fail(dir, name, errno);
}

static void take_bytes(struct stream_dir *dir, struct flow_view flow, unsigned side,
                       const struct reassembly_chunk *chunk)
{
    char name[NAME_MAX_LEN];
    uint64_t key = flow.cold->id * 2 + side;
    struct stream_file *file = &dir->files[key % STREAM_DIR_OPEN_MAX];
    write_name(name, flow, side, "");
    if (file->key != key) {
        close_file(dir, file);
        file->fd = open_file(dir, name, chunk->offset == chunk->missing_before);
        if (file->fd < 0)
            return;
        file->key = key;
        memcpy(file->name, name, sizeof name);
    }
    write_all(dir, file->fd, name, chunk->bytes, chunk->len);
}

void stream_dir_take(void *context, struct flow_view flow, unsigned side,
                     const struct reassembly_chunk *chunk)
{
    struct stream_dir *dir = context;
    if (dir->failed || !flow_is_tcp(flow))
        return;
    if (chunk->bytes)
        take_bytes(dir, flow, side, chunk);
    else
        take_gap(dir, flow, side, chunk);
}

int stream_dir_trouble(const struct stream_dir *dir, struct err *err)
{
    if (dir->failed)
        *err = dir->trouble;
    return dir->failed;
}

int stream_dir_close(struct stream_dir *dir, struct err *err)
{
    for (size_t at = 0; at < STREAM_DIR_OPEN_MAX; at++)
        close_file(dir, &dir->files[at]);
    (void)close(dir->fd);
    int failed = stream_dir_trouble(dir, err);
    free(dir);
    return failed;
}
