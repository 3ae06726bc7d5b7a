/*
 * Purpose: the compiled BPF program of host/tracer.bpf.c, made by the build.
 * Owns:    constant bytes.
 * Used by: host/tracer_load.
 */
#ifndef LOFLOW_HOST_TRACER_PROGRAM_H
#define LOFLOW_HOST_TRACER_PROGRAM_H

#include <stddef.h>

extern const unsigned char tracer_program[];
extern const size_t tracer_program_size;

#endif
