/*
 * Purpose: compiles pcap-filter(7) expressions and applies them to packets of files.
 * Owns:    the compiled program.
 * Fails:   filter_compile returns -EINVAL; the sentence holds libpcap's own words.
 * Used by: live.c, savefile.c.
 */
#ifndef LOFLOW_CAPTURE_FILTER_H
#define LOFLOW_CAPTURE_FILTER_H

#include <pcap/pcap.h>
#include <stdbool.h>

#include "base/err.h"

struct filter {
    struct bpf_program program;
    bool active; /* false: everything passes */
};

/* `text` may be NULL or "" for "everything". */
int filter_compile(struct filter *filter, pcap_t *pcap, const char *text, struct err *err);
void filter_free(struct filter *filter);

static inline bool filter_passes(const struct filter *filter, const struct pcap_pkthdr *header,
                                 const u_char *data)
{
    return !filter->active || pcap_offline_filter(&filter->program, header, data) != 0;
}

#endif
