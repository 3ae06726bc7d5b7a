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
#include "capture/source.h"
#include "capture/writer.h"

/* Returns false when it is too long. */
static bool expand(const char *path, char expanded[PATH_MAX])
{
    struct text text = text_begin(expanded, PATH_MAX);
    const char *home = getenv("HOME");
    if (strncmp(path, "~/", 2) == 0 && home) {
        text_add_string(&text, home);
        path++;
    }
    /* A file of that name, not standard output. */
    text_add_string(&text, strcmp(path, "-") == 0 ? "./-" : path);
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

/* A file of its own: O_EXCL takes neither what exists nor a link to what does not. Returns the descriptor. */
static int create(const char *path, char expanded[PATH_MAX], struct err *err)
{
    if (!expand(path, expanded))
        return explain(path, ENAMETOOLONG, err);
    int fd =
        open(expanded, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return explain(expanded, errno, err);
    if (owner_user() != (uid_t)-1 && fchown(fd, owner_user(), owner_group()) != 0)
        errno = 0;
    return fd;
}

int save_stream(const struct conversation *conversation, unsigned side, const char *path,
                struct saved *saved, struct err *err)
{
    char expanded[PATH_MAX];
    *saved = (struct saved){0};
    int fd = create(path, expanded, err);
    if (fd < 0)
        return fd;
    int error = write_side(fd, conversation, side, saved);
    if (close(fd) != 0 && !error)
        error = errno;
    if (!error)
        return 0;
    (void)unlink(expanded);
    return explain(expanded, error, err);
}

/* Numbers of records, to be put in order. */
struct numbers {
    uint64_t *all;
    size_t count, room;
};

static bool add_number(struct numbers *numbers, uint64_t number)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? 2 * numbers->room : 1024;
        uint64_t *grown = realloc(numbers->all, room * sizeof *grown);
        if (!grown)
            return false;
        numbers->all = grown;
        numbers->room = room;
    }
    numbers->all[numbers->count++] = number;
    return true;
}

/* What the log has of the flows, and how much it has no more. */
static bool collect(const struct save_flows *what, struct numbers *numbers, struct saved *saved)
{
    struct flow_ref ref;
    struct flow_view flow;
    uint32_t at = 0;
    while (tracker_next(what->tracker, &at, &ref, &flow)) {
        uint64_t packets = flow.hot->side[0].packets + flow.hot->side[1].packets;
        uint64_t number = what->wants(what->context, ref, flow) ? packet_log_latest(what->log, ref)
                                                                : PACKET_LOG_NONE;
        if (number == PACKET_LOG_NONE)
            continue;
        while (number != PACKET_LOG_NONE) {
            const struct packet_record *record = packet_log_at(what->log, number);
            bool is_packet = record->kind != PACKET_RECORD_EVENT;
            if (is_packet && !add_number(numbers, number))
                return false;
            packets -= is_packet && packets > 0;
            number = packet_log_before(what->log, number, record);
        }
        saved->missing += packets;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

static int write_frames(struct writer *writer, const struct save_flows *what,
                        const struct numbers *numbers, struct saved *saved, struct err *err)
{
    uint8_t bytes[PACKET_LOG_FRAME_MAX];
    for (size_t at = 0; at < numbers->count; at++) {
        struct frame_batch one = {.count = 1};
        const struct packet_record *record = packet_log_at(what->log, numbers->all[at]);
        if (!record || !packet_log_frame(what->log, record, bytes, &one.frames[0])) {
            saved->missing++;
            continue;
        }
        int failed = writer_write(writer, &one, err);
        if (failed)
            return failed;
        saved->bytes++;
    }
    return 0;
}

static int write_capture(const struct save_flows *what, const struct numbers *numbers,
                         const char *path, struct saved *saved, struct err *err)
{
    struct writer *writer = NULL;
    int failed = writer_open(&writer,
                             &(struct writer_options){.path = path,
                                                      .link_type = SOURCE_LINK_UNKNOWN,
                                                      .snaplen = what->snaplen,
                                                      .owner = (uid_t)-1,
                                                      .group = (gid_t)-1},
                             err);
    if (failed)
        return failed;
    struct err ignored;
    failed = write_frames(writer, what, numbers, saved, err);
    int closed = writer_close(writer, failed ? &ignored : err);
    return failed ? failed : closed;
}

int save_flows(const struct save_flows *what, const char *path, struct saved *saved,
               struct err *err)
{
    char expanded[PATH_MAX];
    struct numbers numbers = {0};
    *saved = (struct saved){0};
    int fd = create(path, expanded, err);
    if (fd < 0)
        return fd;
    (void)close(fd);
    int failed = 0;
    if (!collect(what, &numbers, saved))
        failed = err_set(err, ENOMEM, "no memory to save so many packets; save fewer flows");
    if (!failed && numbers.count == 0)
        failed = err_set(err, ENODATA, "no packet of these flows is kept; -w keeps all");
    if (!failed) {
        qsort(numbers.all, numbers.count, sizeof *numbers.all, compare_numbers);
        failed = write_capture(what, &numbers, expanded, saved, err);
    }
    free(numbers.all);
    if (failed)
        (void)unlink(expanded);
    return failed;
}
