/*
 * Purpose: where frames come from: a live interface, a capture file (plain, gzip or zstd), a pipe,
 *          or memory. All of them look alike from outside.
 * Owns:    the capture handle, its buffers and, for pipes, the thread that reads ahead.
 * Borrows: the bytes of a memory source, until source_close.
 * Bounds:  one slab of SOURCE_SLAB_SIZE bytes plus one snap length (two slabs for pipes; smaller blocks
 *          for plain files); live: the kernel's ring of `buffer_size` bytes. No allocation after
 *          opening.
 * Fails:   with -errno and a sentence that says what to do; see each function.
 * Used by: app.
 */
#ifndef LOFLOW_CAPTURE_SOURCE_H
#define LOFLOW_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/frame.h"

#define SOURCE_SLAB_SIZE       (1u << 20)
#define SOURCE_BUFFER_DEFAULT  (64u << 20) /* bytes of kernel ring */
#define SOURCE_SNAPLEN_DEFAULT 262144u     /* as tcpdump */
#define SOURCE_TIMEOUT_MS      50          /* a ring block is handed over at least this often */
#define SOURCE_PAYLOAD_ALL     UINT32_MAX
#define SOURCE_LINK_UNKNOWN    UINT16_MAX /* a pipe whose header has not arrived yet */

struct source;

/* What source_next has to say besides -errno. */
enum source_state {
    SOURCE_OPEN = 0,  /* frames in the batch, or none just now: poll source_fd and call again */
    SOURCE_ENDED = 1, /* nothing will follow; the batch is empty */
};

struct source_live_options {
    const char *interface; /* name or number of -D; NULL: the loopback interface, "lo" on Linux */
    const char *filter;    /* pcap-filter(7), NULL or "": everything */
    uint32_t snaplen;      /* bytes; 0: SOURCE_SNAPLEN_DEFAULT, which is the largest, too */
    uint32_t buffer_size;  /* bytes; 0: SOURCE_BUFFER_DEFAULT */
    bool waits;            /* for an interface that is taken down to be up again */
};

struct source_file_options {
    const char *path;   /* "-" is standard input */
    const int *fd;      /* that file is open already, and stays the caller's; NULL: it is not */
    const char *filter; /* pcap-filter(7), NULL or "": everything */
};

struct source_info {
    char name[256]; /* interface or path, untrusted text */
    bool live;
    uint16_t link_type;    /* enum link_type of the (first) interface, or SOURCE_LINK_UNKNOWN */
    const char *link_name; /* "EN10MB", as libpcap names it; "unknown" */
    uint32_t snaplen;      /* bytes */
    uint32_t buffer_size;  /* bytes of kernel ring; 0 for files */
    int64_t size;          /* bytes of the file, -1 when unknown (pipe, live) */
};

/* All counts since the source was opened. `read` counts frames handed out by source_next. */
struct source_stats {
    uint64_t read;                 /* frames that passed the filter */
    uint64_t dropped_by_kernel;    /* no room in the ring; frames that passed the filter */
    uint64_t dropped_by_interface; /* by the driver, where it tells */
    int64_t position;              /* bytes of the file consumed (compressed bytes), -1 unknown */
    /* Frames that were not taken whole, though the snap length has room for them or the file has all of
     * them, as nobody wants to see the rest; and bytes of any frame that were left out for that reason alone. */
    uint64_t spared_packets, spared_bytes;
    bool is_down; /* live: so is the interface, and it is waited for */
};

/* -EPERM or -EACCES: the sentence holds the setcap line that helps, with the path of this very
 * program. -ENODEV: no such interface (names those there are). -EINVAL: bad filter or options, a
 * usage error; the sentence holds libpcap's own words. */
int source_open_live(struct source **source, const struct source_live_options *options,
                     struct err *err);

/* -ENOENT, -EACCES, -EISDIR ...: cannot be opened. -EINVAL: bad filter. -EILSEQ: not a capture, or
 * of a kind that cannot be read. A regular file is read in place; anything else (pipe, FIFO,
 * terminal is refused) through a thread, so that a slow writer never blocks the caller: then the
 * header, and with it the link type and what is wrong with bytes or filter (-EILSEQ, -EINVAL), is
 * first known to source_next. A regular file stays locked (flock, shared) against writer_open. */
int source_open_file(struct source **source, const struct source_file_options *options,
                     struct err *err);

/* Opens a file for that, and reads nothing of it. Returns a descriptor, or -errno and a sentence. */
int source_open_path(const char *path, struct err *err);

/* A capture file in memory, for tests and fuzzing. */
int source_open_memory(struct source **source, const void *bytes, size_t len, const char *filter,
                       struct err *err);

/* Fills the batch with 0..FRAME_BATCH_MAX frames and returns enum source_state, or -errno: -EILSEQ
 * when the file is damaged or cut short (frames before the damage have all been handed out),
 * -ENETDOWN when the interface went away or, unless it is waited for, was taken down. Never blocks. What ended once stays ended. */
int source_next(struct source *source, struct frame_batch *batch, struct err *err);

/* From now on a source has to take only so many bytes of payload of each packet of TCP and UDP; all
 * headers, and packets of every other kind, stay whole as far as the snap length goes. At first it takes
 * all. The change loses nothing; packets that are in the ring already stay as they are. Where the kernel
 * cannot tell payload from headers, and of a file where that saves no time, everything is taken. */
void source_keep_payload(struct source *source, uint32_t payload_len);

/* Frames lie in blocks, numbered as they are begun: source_block is the one that the latest batch lies in.
 * Frames stay valid while at most `kept` others were begun after theirs, and source_next begins at most
 * one. 0, as it may become while a file is read: they are valid until the next call only. */
uint64_t source_block(const struct source *source);
uint32_t source_blocks_kept(const struct source *source);

/* Becomes readable when source_next may have frames; -1 for a source that is always ready. */
int source_fd(const struct source *source);

const struct source_info *source_info(const struct source *source);
void source_stats(struct source *source, struct source_stats *stats);
void source_close(struct source *source);

/* One line for each capture interface, for -D: calls `each` with its number (from 1), name and a
 * short description. Returns 0 or -errno. */
int source_list_interfaces(void (*each)(void *context, unsigned number, const char *name,
                                        const char *description),
                           void *context, struct err *err);

#endif
