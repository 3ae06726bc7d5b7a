/* For builds without clang or libbpf; see cmake/tracer.cmake. */
#include "host/tracer.h"

#include <errno.h>
#include <stddef.h>

int tracer_open(struct tracer **tracer, struct err *err)
{
    *tracer = NULL;
    return err_set(err, ENOTSUP,
                   "this loflow was built without the tracer: install clang and libbpf-dev and "
                   "build again");
}

void tracer_use(struct tracer *tracer, struct helper *helper)
{
    (void)tracer;
    (void)helper;
}

bool tracer_set_watch(struct tracer *tracer, bool watch)
{
    (void)tracer;
    (void)watch;
    return false;
}

unsigned tracer_descriptors(const struct tracer *tracer, int descriptors[TRACER_DESCRIPTORS])
{
    (void)tracer;
    (void)descriptors;
    return 0;
}

void tracer_close(struct tracer *tracer)
{
    (void)tracer;
}

unsigned tracer_read(struct tracer *tracer,
                     void (*take)(void *context, const struct trace_event *event), void *context)
{
    (void)tracer;
    (void)take;
    (void)context;
    return 0;
}

void text_add_tracer_library(struct text *text)
{
    text_add_string(text, "no tracer of kernel events (clang or libbpf was missing)");
}

uint64_t tracer_lost(const struct tracer *tracer)
{
    (void)tracer;
    return 0;
}

struct tracer_close_wait tracer_close_wait(const struct tracer *tracer)
{
    (void)tracer;
    return (struct tracer_close_wait){0};
}

int64_t tracer_unwatched_ns(const struct tracer *tracer)
{
    (void)tracer;
    return 0;
}
