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

#include "app/completion.h"
#include "app/sandbox.h"
#include "base/err.h"
#include "ui/theme.h"

#define FILTER_MAX 65536

enum to_do {
    DO_CAPTURE,
    DO_LIST,
    DO_HELP,
    DO_MANUAL,
    DO_COMPLETION,
    DO_VERSION,
    DO_CHECK_CONFIG,
    DO_NOTHING,
};

struct run;

struct options {
    enum to_do to_do;
    const char *interface;   /* NULL: loopback */
    const char *read_path;   /* NULL: live */
    const char *write_path;  /* NULL: nothing is written */
    const char *filter_path; /* NULL: trailing words */
    const char *stream_path; /* directory for streams; NULL: none */
    const char *config_path; /* NULL: where configurations are */
    enum theme theme;        /* when `theme_chosen` */
    bool theme_chosen;
    enum completion_shell completion; /* when `to_do` is DO_COMPLETION */
    bool no_mouse;
    char *filter;          /* "" for none */
    uint32_t snaplen;      /* bytes; 0: default */
    uint32_t buffer_size;  /* bytes; 0: default */
    uint64_t packet_limit; /* 0: none */
    uint64_t rotate_bytes;
    uint32_t rotate_seconds;
    uint32_t rotate_count;
    int64_t duration_ns; /* 0: none */
    uint32_t max_flows;  /* 0: default */
    uint64_t max_memory; /* bytes; 0: no limit */
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
    bool verbose;
    enum sandbox_wish sandbox;
};

int options_parse(struct options *options, int argc, char **argv, struct err *err);
void options_free(struct options *options);

#define OPTION_NAMES_MAX 64

struct option_told {
    char names[OPTION_NAMES_MAX]; /* "-r, --read FILE" */
    char letter;                  /* '\0': none */
    const char *name;
    const char *argument; /* NULL: none */
    const char *help;
};

/* What options there are, from 0 on; false: no more. */
bool options_tell(unsigned number, struct option_told *told);

void options_print_help(FILE *stream);

#endif
