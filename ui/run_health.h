/*
 * Purpose: how the run is doing, as the program tells the About page.
 * Owns:    nothing; a plain value.
 * Borrows: texts and arrays, during screen_draw.
 * Used by: app/health (fills it), ui/about.
 */
#ifndef LOFLOW_UI_RUN_HEALTH_H
#define LOFLOW_UI_RUN_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "flows/tracker.h"

/* "12 undecoded: impossible TCP header lengths" */
struct screen_count {
    const char *explanation;
    uint64_t count;
};

/* A part of the loop, and for how long it kept all others waiting. */
struct screen_stall {
    const char *word;
    uint64_t calls;
    int64_t latest_ns, worst_ns;
    int64_t worst_at_ns; /* when the worst ended, wall clock */
};

/* A layer of what keeps the program from doing harm. */
struct screen_layer {
    const char *word;
    const char *words; /* how it holds, or what is missing */
    bool holds;
};

struct screen_health {
    const char *version;
    const char *features;    /* "libpcap 1.10.4, zstd 1.5.4"; untrusted */
    const char *config_path; /* "": there is no home to have one in; untrusted */
    bool has_config;         /* there is a file */
    const char *link_name;
    uint32_t snaplen;   /* bytes */
    uint32_t ring_size; /* bytes, 0 for files */
    int64_t file_size;  /* bytes, -1 unknown */
    int64_t elapsed_ns;
    uint64_t received; /* live: decoded and dropped by the kernel */
    uint64_t captured_bytes;
    uint64_t spared_bytes; /* of them: payload that was not taken, as nobody reads it */
    uint64_t truncated;    /* packets cut by the snap length */
    const struct screen_count *undecoded; /* reasons with a count above 0 */
    uint32_t undecoded_count;
    const struct tracker_stats *flows;
    struct tracker_memory memory;
    uint64_t fragment_memory;
    uint64_t memory_peak;         /* of the whole program; 0 unknown */
    uint64_t forgotten_diagnoses; /* that made room for newer ones */
    uint32_t max_flows;
    uint64_t max_memory;  /* of the whole program, bytes; 0: no limit */
    bool is_traced;       /* the kernel tells its events */
    uint64_t lost;        /* of them */
    int64_t unwatched_ns; /* for so long failed calls were only sampled */
    const struct screen_stall *stalls;
    uint32_t stall_count;
    const struct screen_layer *layers;
    uint32_t layer_count; /* 0: there is no sandbox */
};

#endif
