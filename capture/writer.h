/*
 * Purpose: writes frames as pcap files (nanosecond time stamps), with tcpdump's rotation by size
 *          (-C), by time (-G) and by number of files (-W).
 * Owns:    the open file and its buffer.
 * Bounds:  WRITER_BUFFER_SIZE bytes of buffer and at most one second: writer_flush is called once a
 *          second, so that after a kill -9 the file lacks at most that second.
 * Fails:   with -errno and a sentence; on a full disk the file is cut back to its last whole
 *          record, everything already written stays readable.
 * Secrets: files are created 0600, never through a symbolic link, and under sudo belong to the
 *          invoking user (SUDO_UID and SUDO_GID are given in the options).
 * Used by: app.
 */
#ifndef LOFLOW_CAPTURE_WRITER_H
#define LOFLOW_CAPTURE_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/frame.h"

#define WRITER_BUFFER_SIZE (1u << 20)

struct writer;

struct writer_options {
    const char *path; /* "-" is standard output; with rotate_seconds a strftime(3) pattern */
    bool is_new;      /* -EEXIST for what exists */
    const int
        *fd; /* that file is open already, new, and from now on the writer's; NULL: it is not */
    uint16_t link_type;      /* or SOURCE_LINK_UNKNOWN: that of the first frame */
    uint32_t snaplen;        /* for the file header, bytes */
    uint64_t rotate_bytes;   /* -C times 1,000,000; 0: never */
    uint32_t rotate_seconds; /* -G; 0: never */
    uint32_t file_count;     /* -W: with -C a ring of that many files, with -G stop after as many */
    uid_t owner;             /* who shall own new files; (uid_t)-1: whoever runs the program */
    gid_t group;
};

/* -ELOOP: a symbolic link; -EBUSY: loflow reads or writes that file just now; -EINVAL: a usage
 * error; others as open(2) has them. An existing file is emptied, its owner and mode stay. */
int writer_open(struct writer **writer, const struct writer_options *options, struct err *err);

/* Returns 0, 1 when -G and -W together say that the run is over (the batch was not written), or
 * -errno. Frames are borrowed during the call only. All frames must have one link type: -EINVAL.
 * What failed once fails from then on, with the same sentence. */
int writer_write(struct writer *writer, const struct frame_batch *batch, struct err *err);

/* A path that ends in .pcapng makes a pcapng file. Its packets may have comments (`comments` or any of
 * them may be NULL), and between them go notes, lines of NAME=value (see notes.h). Other files take
 * neither, and nothing is written then. */
int writer_write_commented(struct writer *writer, const struct frame_batch *batch,
                           const char *const *comments, struct err *err);
bool writer_takes_notes(const struct writer *writer);
int writer_note(struct writer *writer, const char *note, struct err *err);

int writer_flush(struct writer *writer, struct err *err);

uint64_t writer_frame_count(const struct writer *writer);

/* Flushes and closes; frees in any case. */
int writer_close(struct writer *writer, struct err *err);

#endif
