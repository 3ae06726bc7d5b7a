/*
 * Purpose: reads the same bytes as a capture in every way that there is, and checks that all say the same:
 *          libpcap over memory, and a file as the program opens it.
 * Used by: tests/fuzz/fuzz_pcap.c, fuzz_pcapng.c, fuzz_compressed.c.
 */
#ifndef LOFLOW_TESTS_FUZZ_READERS_H
#define LOFLOW_TESTS_FUZZ_READERS_H

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/notes.h"
#include "capture/source.h"
#include "tests/fuzz/fuzz.h"

#define READERS_FRAMES_MAX 100000u

/* All that a source says, in numbers. */
struct readers_outcome {
    uint64_t hash, frames;
    int result;
    bool is_first_ok; /* it was opened */
    bool is_libpcaps; /* it ended as only libpcap's reading does, see below */
};

static inline uint64_t readers_mix(uint64_t hash, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

static inline void readers_take(struct readers_outcome *outcome, const struct frame *frame)
{
    MUST(frame->captured_len <= frame->wire_len);
    MUST(frame->time_ns <= FRAME_TIME_MAX_NS && frame->time_ns >= -FRAME_TIME_MAX_NS);
    outcome->frames++;
    uint64_t hash = readers_mix(outcome->hash, &frame->time_ns, sizeof frame->time_ns);
    hash = readers_mix(hash, &frame->captured_len, sizeof frame->captured_len);
    hash = readers_mix(hash, &frame->wire_len, sizeof frame->wire_len);
    hash = readers_mix(hash, &frame->link_type, sizeof frame->link_type);
    outcome->hash = readers_mix(hash, frame->data, frame->captured_len);
}

/* A sentence for the user: told, one line, and ended. */
static inline void readers_check_words(int result, const struct err *err)
{
    if (result >= 0)
        return;
    MUST(err->text[0] != '\0' && memchr(err->text, '\0', sizeof err->text));
}

/* libpcap compares the type of a second interface with another number than the file's where the two differ, as
 * they do for raw IP: it reads no two such interfaces, and our reader does. */
static inline bool readers_is_libpcaps(const struct err *err)
{
    return strstr(err->text, "an interface has a type 101 different from the type of the first") !=
           NULL;
}

static inline void readers_wait(struct source *source)
{
    struct pollfd ready = {.fd = source_fd(source), .events = POLLIN};
    int got = 0;
    do
        got = ready.fd >= 0 ? poll(&ready, 1, 20000) : 1;
    while (got < 0 && errno == EINTR);
    MUST(got == 1);
}

static inline struct readers_outcome readers_finish(struct source *source, int opened,
                                                    struct err *err)
{
    static struct frame_batch batch;
    struct readers_outcome outcome = {.hash = UINT64_C(14695981039346656037), .result = opened};
    readers_check_words(opened, err);
    if (opened != 0)
        return outcome;
    outcome.is_first_ok = true;
    while ((outcome.result = source_next(source, &batch, err)) == SOURCE_OPEN) {
        MUST(batch.count <= FRAME_BATCH_MAX);
        for (uint32_t at = 0; at < batch.count; at++)
            readers_take(&outcome, &batch.frames[at]);
        if (batch.count == 0)
            readers_wait(source);
        if (outcome.frames > READERS_FRAMES_MAX)
            break;
    }
    readers_check_words(outcome.result, err);
    outcome.is_libpcaps = outcome.result < 0 && readers_is_libpcaps(err);
    struct source_stats stats;
    source_stats(source, &stats);
    MUST(stats.read == outcome.frames);
    /* What ended once stays ended. */
    if (outcome.result != SOURCE_OPEN)
        MUST(source_next(source, &batch, err) == outcome.result && batch.count == 0);
    source_close(source);
    return outcome;
}

static inline struct readers_outcome readers_memory(const uint8_t *bytes, size_t len,
                                                    const char *filter)
{
    struct err err = {0};
    struct source *source = NULL;
    int opened = source_open_memory(&source, bytes, len, filter, &err);
    return readers_finish(source, opened, &err);
}

static inline struct readers_outcome readers_path(const char *path, const char *filter)
{
    struct err err = {0};
    struct source *source = NULL;
    const struct source_file_options options = {.path = path, .filter = filter};
    int opened = source_open_file(&source, &options, &err);
    return readers_finish(source, opened, &err);
}

static inline void readers_must_agree(const struct readers_outcome *one,
                                      const struct readers_outcome *other)
{
    if (one->is_libpcaps || other->is_libpcaps)
        return;
    MUST(one->result == other->result);
    MUST(one->frames == other->frames);
    MUST(one->hash == other->hash);
}

static inline void readers_count_note(void *context, const char *note)
{
    MUST(note[0] != '\0');
    ++*(uint32_t *)context;
}

/* A file in memory; *path is where it can be opened. Returns its descriptor. */
static inline int readers_file(const uint8_t *bytes, size_t len, char path[64])
{
    int fd = memfd_create("capture", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, bytes, len) == (ssize_t)len);
    (void)snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

static inline uint32_t readers_notes(const char *path,
                                     void (*take)(void *context, const char *note), void *context)
{
    return notes_read(path, take, context);
}

/* Returns what libpcap says. */
static inline struct readers_outcome readers_check(const uint8_t *bytes, size_t len)
{
    static const char *const filters[] = {NULL, "tcp[tcpflags] & tcp-syn != 0 or udp"};
    char path[64];
    int fd = readers_file(bytes, len, path);
    struct readers_outcome first = {0};
    for (size_t at = 0; at < 2; at++) {
        struct readers_outcome with = readers_memory(bytes, len, filters[at]);
        struct readers_outcome without = readers_path(path, filters[at]);
        readers_must_agree(&with, &without);
        if (at == 0)
            first = with;
    }
    uint32_t notes = 0;
    MUST(readers_notes(path, readers_count_note, &notes) == notes);
    (void)close(fd);
    return first;
}

#endif
