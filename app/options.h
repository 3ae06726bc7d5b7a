/*
 * Purpose: the command line, parsed and checked.
 * Owns:    the filter text.
 * Borrows: argv, for the life of the process.
 * Fails:   -EINVAL is a usage error; the sentence names the option.
 * Used by: app/main.c, app/session.c, app/why_command.c, app/run_command.c.
 */
#ifndef LOFLOW_APP_OPTIONS_H
#define LOFLOW_APP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define FILTER_MAX 65536

enum command { COMMAND_CAPTURE, COMMAND_LIST, COMMAND_HELP, COMMAND_VERSION, COMMAND_NOTHING };

struct run;

struct options {
    enum command command;
    const char *interface;   /* NULL: loopback */
    const char *read_path;   /* NULL: live */
    const char *write_path;  /* NULL: nothing is written */
    const char *filter_path; /* NULL: trailing words */
    const char *stream_path; /* directory for streams; NULL: none */
    char *filter;            /* "" for none */
    uint32_t snaplen;        /* bytes; 0: default */
    uint32_t buffer_size;    /* bytes; 0: default */
    uint64_t packet_limit;   /* 0: none */
    uint64_t rotate_bytes;
    uint32_t rotate_seconds;
    uint32_t rotate_count;
    int64_t duration_ns; /* 0: none */
    uint32_t max_flows;  /* 0: default */
    uint64_t flow_id;    /* of --flow; 0: all */
    uint64_t follow_id;  /* of --follow; 0: none */
    uint16_t why_port;   /* with `why`: only what is about this port; 0: all */
    struct run *run;     /* of `loflow run`; else NULL */
    bool why;            /* of `loflow why`: diagnoses and nothing else */
    bool json;
    bool report;
    bool packets;
    bool hex;
    bool raw;
    bool stream_digest;
    bool audit;
    bool no_ui;
};

int options_parse(struct options *options, int argc, char **argv, struct err *err);
void options_free(struct options *options);

void options_print_help(FILE *stream);

#endif
