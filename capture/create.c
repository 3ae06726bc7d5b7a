#include "capture/create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int explain_open(const char *path, int error, struct err *err)
{
    switch (error) {
    case EEXIST:
        return err_set(err, error,
                       "%.400s exists already and is not overwritten; name another file", path);
    case ELOOP:
        return err_set(err, error,
                       "%.500s is a symbolic link, and captures are not written through those; name"
                       " the file itself",
                       path);
    case ENXIO:
        return err_set(err, error, "nobody reads the FIFO %.500s; start its reader first", path);
    case ENOENT:
        return err_set(err, error, "cannot create %.500s: its directory does not exist", path);
    case EISDIR:
        return err_set(err, error, "%.500s is a directory; name a file in it", path);
    case EACCES:
    case EPERM:
    case EROFS:
        return err_set(err, error, "cannot write %.500s: %s; choose another place", path,
                       strerror(error));
    default:
        return err_set(err, error, "cannot write %.500s: %s", path, strerror(error));
    }
}

/* Only now is what the file held before thrown away. */
static int empty_file(int fd, const char *path, struct err *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return explain_open(path, errno, err);
    if (!S_ISREG(status.st_mode))
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(err, EBUSY,
                       "%.500s is being read or written by loflow just now; choose another name"
                       " with -w",
                       path);
    return ftruncate(fd, 0) == 0 ? 0 : explain_open(path, errno, err);
}

int create_file(const char *path, bool must_be_new, struct create_owner owner, struct err *err)
{
    const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    int fd = open(path, flags | O_EXCL, S_IRUSR | S_IWUSR);
    bool is_new = fd >= 0;
    /* O_CREAT stays, although the file exists: the kernel guards sticky directories
     * (fs.protected_regular) only against opens that have it. */
    if (!is_new && errno == EEXIST && !must_be_new)
        /* cppcheck-suppress resourceLeak ; it is below 0 */
        fd = open(path, flags, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return explain_open(path, errno, err);
    /* Where an owner cannot be given (some network file systems) the file just stays root's. */
    if (is_new && owner.user != (uid_t)-1 && fchown(fd, owner.user, owner.group) != 0)
        errno = 0;
    int result = empty_file(fd, path, err);
    if (result == 0)
        return fd;
    (void)close(fd);
    return result;
}

int create_stdout(struct err *err)
{
    if (isatty(STDOUT_FILENO))
        return err_set(err, EINVAL,
                       "a capture would only garble the terminal; redirect standard output or name"
                       " a file with -w");
    int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, errno, "standard output is not open; name a file with -w");
    return fd;
}
