#include "app/save.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "app/helper_process.h"
#include "app/owner.h"
#include "base/clock.h"
#include "base/text.h"
#include "capture/source.h"
#include "capture/writer.h"

#define WORD_BITS 64u

/* What one side said. */
struct side_save {
    const struct conversation *conversation;
    uint32_t changes; /* of it, at the beginning, as the next two are */
    uint32_t run_count;
    uint64_t end;  /* of its bytes */
    uint32_t run;  /* that comes next */
    uint64_t done; /* bytes of it */
    unsigned side;
    int fd;
};

/* Packets of flows: their records are marked, a bit each, and then written in the order they came in. */
struct flows_save {
    struct save_flows what;
    struct writer *writer;
    uint32_t epoch;       /* of the log */
    uint64_t first, last; /* records that there were at the beginning */
    uint64_t *marks;
    bool is_marked;   /* all of them are */
    uint32_t flow_at; /* of the tracker, that comes next */
    uint64_t number;  /* of the record of a flow that comes next, from the latest on */
    uint64_t left;    /* packets of that flow that were not met yet */
    uint64_t next;    /* record to write */
    uint64_t marked;
};

struct save {
    char path[PATH_MAX];
    struct saved saved;
    bool is_stream;
    union {
        struct side_save stream;
        struct flows_save flows;
    };
};

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
    if (error == ENOENT)
        return err_set(err, error, "cannot create %.400s: its directory does not exist", path);
    if (error == EPERM)
        return err_set(err, error,
                       "%.400s is hidden, and the sandbox saves nothing there; choose another name",
                       path);
    if (error == EOWNERDEAD || error == ETIME)
        return err_set(err, error, "cannot save %.400s: %s", path, helper_create_trouble());
    return err_set(err, error, "cannot write %.400s: %s", path, strerror(error));
}

/* What was begun does not stay; if it does that is told as well. */
static void discard(const char *path, struct err *err)
{
    struct err why = *err;
    int failed = helper_discard(path);
    if (failed != 0 && failed != -ENOENT)
        (void)err_set(err, -failed, "%.500s; remove %.400s, which is not whole", why.text, path);
}

/* NULL: it failed. */
static struct save *begin(const char *path, int *failed, struct err *err)
{
    struct save *begun = calloc(1, sizeof *begun);
    *failed = 0;
    if (!begun)
        *failed = err_set(err, ENOMEM, "no memory to save anything; close other programs");
    else if (!expand(path, begun->path))
        *failed = explain(path, ENAMETOOLONG, err);
    if (*failed == 0)
        return begun;
    free(begun);
    return NULL;
}

/* It is the user's, as all that is written behind sudo. */
static int make_file(const char *path, struct err *err)
{
    int fd = helper_create(path);
    if (fd < 0)
        return explain(path, -fd, err);
    if (owner_user() != (uid_t)-1 && fchown(fd, owner_user(), owner_group()) != 0)
        errno = 0;
    return fd;
}

int save_begin_stream(struct save **save, const struct conversation *conversation, unsigned side,
                      const char *path, struct err *err)
{
    int failed = 0;
    struct save *begun = begin(path, &failed, err);
    *save = begun;
    if (!begun)
        return failed;
    begun->is_stream = true;
    begun->stream = (struct side_save){.conversation = conversation,
                                       .changes = conversation->changes,
                                       .run_count = conversation->run_count,
                                       .end = conversation->len,
                                       .side = side};
    begun->saved.missing = conversation->side[side].left_out;
    int fd = make_file(begun->path, err);
    if (fd < 0) {
        free(begun);
        *save = NULL;
        return fd;
    }
    begun->stream.fd = fd;
    return 0;
}

/* Returns 0 or -errno. */
static int write_all(int fd, const uint8_t *bytes, uint64_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes += written;
        len -= (uint64_t)written;
    }
    return 0;
}

/* The next piece of a run; moves on to the next one behind its last. */
static int write_piece(struct save *save, const struct conversation_run *run)
{
    struct side_save *own = &save->stream;
    uint64_t end = run->at + run->len < own->end ? run->at + run->len : own->end;
    uint64_t left = end > run->at + own->done ? end - run->at - own->done : 0;
    uint64_t len = left < SAVE_PIECE ? left : SAVE_PIECE;
    int failed = write_all(own->fd, conversation_bytes(own->conversation, run) + own->done, len);
    save->saved.count += len;
    own->done += len;
    if (len == left) {
        own->done = 0;
        own->run++;
    }
    return failed;
}

static int step_stream(struct save *save, int64_t deadline_ns, struct err *err)
{
    struct side_save *own = &save->stream;
    const struct conversation *conversation = own->conversation;
    if (conversation->changes != own->changes)
        return err_set(err, ECANCELED,
                       "the flow was left before all of it was saved to %.400s; save it again",
                       save->path);
    bool is_late = false;
    for (; own->run < own->run_count && !is_late; is_late = clock_monotonic_ns() >= deadline_ns) {
        const struct conversation_run *run = &conversation->runs[own->run];
        bool is_ours = conversation->turns[run->turn].side == own->side;
        if (is_ours && !run->is_gap) {
            int failed = write_piece(save, run);
            if (failed)
                return explain(save->path, -failed, err);
            continue;
        }
        save->saved.missing += is_ours ? run->len : 0;
        own->run++;
    }
    return own->run < own->run_count;
}

static int open_writer(struct save *save, struct err *err)
{
    struct flows_save *own = &save->flows;
    own->marks = calloc(packet_log_capacity(own->what.log) / WORD_BITS + 1, sizeof *own->marks);
    if (!own->marks)
        return err_set(err, ENOMEM, "no memory to save packets; close other programs");
    int fd = make_file(save->path, err);
    if (fd < 0)
        return fd;
    (void)flock(fd, LOCK_EX | LOCK_NB); /* tells a reader that it is being written */
    int failed = writer_open(&own->writer,
                             &(struct writer_options){.path = save->path,
                                                      .fd = &fd,
                                                      .link_type = SOURCE_LINK_UNKNOWN,
                                                      .snaplen = own->what.snaplen,
                                                      .owner = (uid_t)-1,
                                                      .group = (gid_t)-1},
                             err);
    if (failed) {
        (void)close(fd);
        discard(save->path, err);
    }
    return failed;
}

int save_begin_flows(struct save **save, const struct save_flows *what, const char *path,
                     struct err *err)
{
    int failed = 0;
    struct save *begun = begin(path, &failed, err);
    *save = begun;
    if (!begun)
        return failed;
    uint64_t last = packet_log_last(what->log), capacity = packet_log_capacity(what->log);
    uint64_t first = last >= capacity ? last - capacity + 1 : 1;
    begun->flows = (struct flows_save){.what = *what,
                                       .epoch = packet_log_epoch(what->log),
                                       .first = first,
                                       .last = last,
                                       .number = PACKET_LOG_NONE,
                                       .next = first};
    failed = open_writer(begun, err);
    if (failed) {
        free(begun->flows.marks);
        free(begun);
        *save = NULL;
    }
    return failed;
}

static uint64_t *mark_word(const struct flows_save *own, uint64_t number)
{
    return &own->marks[(number - own->first) / WORD_BITS];
}

static uint64_t mark_bit(const struct flows_save *own, uint64_t number)
{
    return UINT64_C(1) << (number - own->first) % WORD_BITS;
}

/* Marks a record, and goes on to the one before it of the same flow. */
static void mark_one(struct save *save)
{
    struct flows_save *own = &save->flows;
    const struct packet_log *log = own->what.log;
    const struct packet_record *record = packet_log_at(log, own->number);
    if (!record || own->number < own->first) {
        own->number = PACKET_LOG_NONE;
    } else {
        bool is_packet = record->kind != PACKET_RECORD_EVENT;
        if (is_packet && own->number <= own->last) {
            *mark_word(own, own->number) |= mark_bit(own, own->number);
            own->marked++;
        }
        own->left -= is_packet && own->left > 0;
        own->number = packet_log_before(log, own->number, record);
    }
    /* What came before is not kept any more. */
    if (own->number == PACKET_LOG_NONE)
        save->saved.missing += own->left;
}

/* Goes on to the next flow that is wanted; false: there is none. */
static bool find_flow(struct flows_save *own)
{
    struct flow_ref ref;
    struct flow_view flow;
    if (!tracker_next(own->what.tracker, &own->flow_at, &ref, &flow))
        return false;
    if (own->what.wants(own->what.context, ref, flow)) {
        own->number = packet_log_latest(own->what.log, ref);
        own->left = flow.hot->side[0].packets + flow.hot->side[1].packets;
    }
    return true;
}

static void mark_records(struct save *save, int64_t deadline_ns)
{
    struct flows_save *own = &save->flows;
    for (uint32_t count = 1; !own->is_marked; count++) {
        if (own->number != PACKET_LOG_NONE)
            mark_one(save);
        else
            own->is_marked = !find_flow(own);
        if (count % SAVE_STRIDE == 0 && clock_monotonic_ns() >= deadline_ns)
            return;
    }
}

static int write_record(struct save *save, struct err *err)
{
    struct flows_save *own = &save->flows;
    uint8_t bytes[PACKET_LOG_FRAME_MAX];
    struct frame_batch one = {.count = 1};
    const struct packet_record *record = packet_log_at(own->what.log, own->next);
    if (!record || !packet_log_frame(own->what.log, record, bytes, &one.frames[0])) {
        save->saved.missing++;
        return 0;
    }
    int failed = writer_write(own->writer, &one, err);
    save->saved.count += !failed;
    save->saved.cut += !failed && one.frames[0].captured_len < one.frames[0].wire_len;
    return failed;
}

static int step_flows(struct save *save, int64_t deadline_ns, struct err *err)
{
    struct flows_save *own = &save->flows;
    if (packet_log_epoch(own->what.log) != own->epoch)
        return err_set(err, ECANCELED,
                       "the file was read anew before all was saved to %.400s; save it again",
                       save->path);
    mark_records(save, deadline_ns);
    if (own->is_marked && own->marked == 0)
        return err_set(err, ENODATA, "no packet of these flows is kept; -w keeps all");
    for (uint32_t count = 1; own->is_marked && own->next <= own->last; own->next++) {
        if (!(*mark_word(own, own->next) & mark_bit(own, own->next)))
            continue;
        int failed = write_record(save, err);
        if (failed)
            return failed;
        if (count++ % SAVE_STRIDE == 0 && clock_monotonic_ns() >= deadline_ns) {
            own->next++;
            return 1;
        }
    }
    return !own->is_marked;
}

/* Returns 0 or -errno; what failed before is told. */
static int close_file(struct save *save, struct err *err)
{
    struct flows_save *own = &save->flows;
    int failed = 0;
    if (save->is_stream)
        return close(save->stream.fd) == 0 ? 0 : explain(save->path, errno, err);
    failed = writer_close(own->writer, err);
    free(own->marks);
    return failed;
}

int save_step(struct save *save, int64_t deadline_ns, struct saved *saved, struct err *err)
{
    int state =
        save->is_stream ? step_stream(save, deadline_ns, err) : step_flows(save, deadline_ns, err);
    if (state > 0)
        return state;
    struct err late;
    int closed = close_file(save, &late);
    if (state == 0 && closed != 0) {
        state = closed;
        *err = late;
    }
    /* The writer tells what the file holds, which is gone. */
    bool is_of_disk = state == -ENOSPC || state == -EDQUOT || state == -EFBIG || state == -EIO;
    if (is_of_disk)
        (void)explain(save->path, -state, err);
    if (state != 0)
        discard(save->path, err);
    *saved = save->saved;
    free(save);
    return state;
}
