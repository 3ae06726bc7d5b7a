#include "app/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/owner.h"
#include "base/text.h"

/* Returns false when it is too long. */
static bool expand(const char *path, char expanded[PATH_MAX])
{
    struct text text = text_begin(expanded, PATH_MAX);
    const char *home = getenv("HOME");
    if (strncmp(path, "~/", 2) == 0 && home) {
        text_add_string(&text, home);
        path++;
    }
    text_add_string(&text, path);
    return !text.cut;
}

static int explain(const char *path, int error, struct err *err)
{
    if (error == EEXIST)
        return err_set(err, error,
                       "%.400s exists already and is not overwritten; name another file", path);
    return err_set(err, error, "cannot write %.400s: %s", path, strerror(error));
}

/* Returns 0 or an errno. */
static int write_all(int fd, const uint8_t *bytes, uint64_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        len -= (uint64_t)written;
    }
    return 0;
}

static int write_side(int fd, const struct conversation *conversation, unsigned side,
                      struct saved *saved)
{
    int error = 0;
    for (uint32_t at = 0; at < conversation->run_count && !error; at++) {
        const struct conversation_run *run = &conversation->runs[at];
        if (conversation->turns[run->turn].side != side)
            continue;
        if (run->is_gap) {
            saved->missing += run->len;
            continue;
        }
        error = write_all(fd, conversation_bytes(conversation, run), run->len);
        saved->bytes += run->len;
    }
    return error;
}

/* A file of its own: O_EXCL takes neither what exists nor a link to what does not. */
int save_stream(const struct conversation *conversation, unsigned side, const char *path,
                struct saved *saved, struct err *err)
{
    char expanded[PATH_MAX];
    *saved = (struct saved){0};
    if (!expand(path, expanded))
        return explain(path, ENAMETOOLONG, err);
    int fd =
        open(expanded, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return explain(expanded, errno, err);
    if (owner_user() != (uid_t)-1 && fchown(fd, owner_user(), owner_group()) != 0)
        errno = 0;
    int error = write_side(fd, conversation, side, saved);
    if (close(fd) != 0 && !error)
        error = errno;
    if (!error)
        return 0;
    (void)unlink(expanded);
    return explain(expanded, error, err);
}
