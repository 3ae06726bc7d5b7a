/*
 * Purpose: brings the BPF program of host/tracer.bpf.c into the kernel, fitted to that kernel.
 * Owns:    nothing; the loaded object is the caller's, to be closed with tracer_unload.
 * Bounds:  some 50 ms and, while it works, 40 MiB for the kernel's type information.
 * Fails:   with -errno and a sentence that says what is missing. Tracepoints that this kernel lacks
 *          are left out, except the essential one.
 * Used by: host/tracer.
 */
#ifndef LOFLOW_HOST_TRACER_LOAD_H
#define LOFLOW_HOST_TRACER_LOAD_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "host/trace_record.h"

#define TRACER_PROGRAMS 5u

struct tracer_loaded {
    struct bpf_object *object;
    struct bpf_link *links[TRACER_PROGRAMS];
    const volatile struct trace_counts *counts; /* the kernel writes them */
    int ring;                                   /* descriptor of the ring buffer map */
};

int tracer_load(struct tracer_loaded *loaded, struct err *err);
/* Begins or ends to watch system calls, which are not watched at first. */
void tracer_watch_calls(struct tracer_loaded *loaded, bool watch);
bool tracer_watches_calls(const struct tracer_loaded *loaded);

/* What these two need open, if it is; returns how many. */
unsigned tracer_call_descriptors(const struct tracer_loaded *loaded, int descriptors[2]);

void tracer_unload(struct tracer_loaded *loaded);

#endif
