/*
 * Purpose: prints the stream of one flow, what the client sent and what the server sent told apart.
 * Borrows: the `out` it writes to; the bytes during each call.
 * Bounds:  constant memory; a chunk is written as it comes.
 * Fails:   writing trouble stays in out->error.
 * Used by: app.
 *
 * FOLLOW_TEXT writes the client's lines behind "> " and the server's behind "< ", untrusted bytes
 * escaped; FOLLOW_HEX a dump with offsets; FOLLOW_RAW the bytes and nothing else. Text and dump
 * say where bytes are missing.
 */
#ifndef LOFLOW_REPORT_FOLLOW_H
#define LOFLOW_REPORT_FOLLOW_H

#include <stdbool.h>

#include "base/out.h"
#include "flows/sink.h"

enum follow_form { FOLLOW_TEXT, FOLLOW_HEX, FOLLOW_RAW };

#define FOLLOW_LINE_MAX 1024 /* bytes; a longer line of the stream is continued */

struct follow {
    struct out *out;
    enum follow_form form;
    bool begun;     /* the flow was seen */
    bool by_server; /* who sent the line that is being collected */
    size_t line_len;
    uint64_t missing_bytes;
    char line[FOLLOW_LINE_MAX];
};

/* To be given to a sink as `take`, with a struct follow as context. */
void follow_take(void *context, struct flow_view flow, unsigned side,
                 const struct reassembly_chunk *chunk);

/* The flow is over: the last line may lack its end. */
void follow_finish(struct follow *follow);

#endif
