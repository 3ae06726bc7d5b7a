/* Files of /proc with anything in them: what is read of them lies within its room, and names and commands are the
 * bytes that were there. A line of /proc/PID/stat is made with any name, and still read right.
 *
 * The functions of libc that open them are here, and give the input: which file, then its content. */
#include "tests/fuzz/fuzz.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/tuple.h"
#include "host/process.h"
#include "host/settings.h"

#define CHILDREN 16u
#define TEXT_MAX 4096u

struct stage {
    bool active;
    struct bytes content;
};

static struct stage stage;

static int give_content(void)
{
    int fd = memfd_create("proc", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, stage.content.at, stage.content.left) == (ssize_t)stage.content.left);
    MUST(lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

static bool is_ours(const char *path)
{
    return stage.active && strncmp(path, "/proc/", 6) == 0;
}

int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = (flags & O_CREAT) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return is_ours(path) ? give_content() : openat(AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) = NULL;
    if (is_ours(path))
        return fdopen(give_content(), "r");
    *(void **)&real = dlsym(RTLD_NEXT, "fopen");
    return real(path, mode);
}

static void check_comm(void)
{
    char comm[OWNER_COMM + 1], wanted[OWNER_COMM + 1] = "";
    size_t len = stage.content.left < OWNER_COMM ? stage.content.left : OWNER_COMM;
    memcpy(wanted, stage.content.at, len);
    if (len > 0 && wanted[len - 1] == '\n')
        wanted[--len] = '\0';
    process_read_comm(getpid(), comm);
    MUST(strcmp(comm, len > 0 ? wanted : "?") == 0);
}

static void check_command(void)
{
    char command[OWNER_COMMAND + 1], wanted[OWNER_COMMAND + 1] = "";
    size_t len = stage.content.left < OWNER_COMMAND ? stage.content.left : OWNER_COMMAND;
    memcpy(wanted, stage.content.at, len);
    while (len > 0 && wanted[len - 1] == '\0')
        len--;
    for (size_t at = 0; at < len; at++) {
        if (wanted[at] == '\0')
            wanted[at] = ' ';
    }
    process_read_command(getpid(), command);
    MUST(memchr(command, '\0', sizeof command) && strcmp(command, wanted) == 0);
}

/* As the kernel writes it, man proc(5), around a name of the input. */
static void check_stat(struct bytes *input)
{
    char line[TEXT_MAX], name[OWNER_COMM + 1] = "";
    char state = "RSDZTtXxKWPI"[fuzz_8(input) % 12];
    int parent = (int)(fuzz_32(input) >> 1);
    unsigned long long start = (unsigned long long)fuzz_32(input) << 20 | fuzz_32(input);
    struct bytes part = fuzz_part(input, OWNER_COMM - 1);
    if (part.left > 0)
        memcpy(name, part.at, part.left);
    int len = snprintf(line, sizeof line,
                       "42 (%s) %c %d 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %llu 9 9 9\n", name,
                       state, parent, start);
    struct process_stat stat = {0};
    stage.content = (struct bytes){(const uint8_t *)line, (size_t)len};
    stage.active = true;
    MUST(process_read_stat(42, &stat));
    MUST(stat.state == state && stat.parent == parent && stat.start == start);
}

static void check_container(void)
{
    char id[PROCESS_CONTAINER + 1];
    bool found = process_read_container(getpid(), id);
    MUST(strlen(id) == (found ? PROCESS_CONTAINER : 0));
    MUST(strspn(id, "0123456789abcdef") == strlen(id));
}

static void check_children(void)
{
    pid_t children[CHILDREN];
    bool told = false;
    MUST(process_children(getpid(), children, CHILDREN, &told) <= CHILDREN);
}

static void check_settings(void)
{
    uint16_t low = 0, high = 0;
    struct settings_sockets sockets;
    settings_ephemeral_range(&low, &high);
    MUST(low <= high);
    (void)settings_first_unprivileged();
    (void)settings_count_sockets(&sockets);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct bytes input = {bytes, len};
    struct process_stat stat;
    uint8_t which = fuzz_8(&input) % 9;
    stage = (struct stage){.active = which != 0, .content = fuzz_part(&input, TEXT_MAX)};
    switch (which) {
    case 0:
        input = stage.content;
        check_stat(&input);
        break;
    case 1:
        (void)process_read_stat(getpid(), &stat);
        break;
    case 2:
        check_comm();
        break;
    case 3:
        check_command();
        break;
    case 4:
        (void)process_read_user(getpid());
        break;
    case 5:
        check_container();
        break;
    case 6:
        (void)process_read_file_limit(getpid());
        break;
    case 7:
        check_children();
        break;
    default:
        check_settings();
        break;
    }
    stage.active = false;
    return 0;
}
