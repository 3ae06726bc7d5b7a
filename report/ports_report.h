/*
 * Purpose: who listens where, as a table for people, as JSON, or as bare pids for other programs.
 * Bounds:  constant time a row.
 * Fails:   writing trouble stays in out->error.
 * Used by: app/ports_command.
 */
#ifndef LOFLOW_REPORT_PORTS_REPORT_H
#define LOFLOW_REPORT_PORTS_REPORT_H

#include "base/out.h"
#include "host/ports.h"

void ports_report_text(struct out *out, const struct host_ports *ports);

/* One object a listener: "type":"listener"; and a summary. */
void ports_report_json_rows(struct out *out, const struct host_ports *ports);
void ports_report_json(struct out *out, const struct host_ports *ports);

/* The pid of every process that listens, once each, a line each. */
void ports_report_pids(struct out *out, const struct host_ports *ports);

#endif
