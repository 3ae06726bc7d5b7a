#include "capture/backend.h"

#include <pcap/pcap.h>
#include <stdio.h>

/* The file format's numbers (LINKTYPE_) differ from libpcap's own (DLT_) for a few that came to be
 * numbered differently on each BSD: https://www.tcpdump.org/linktypes.html */
static uint16_t link_type_of_dlt(int dlt)
{
    static const struct {
        int dlt;
        uint16_t link_type;
    } moved[] = {{DLT_RAW, LINK_RAW}, {DLT_ATM_RFC1483, 100}, {DLT_ATM_CLIP, 106}};
    for (size_t i = 0; i < sizeof moved / sizeof moved[0]; i++) {
        if (moved[i].dlt == dlt)
            return moved[i].link_type;
    }
    return (uint16_t)dlt;
}

void source_begin(struct source *source, const struct source_ops *ops, const char *name)
{
    source->ops = ops;
    source->fd = -1;
    source->info = (struct source_info){
        .link_type = SOURCE_LINK_UNKNOWN,
        .link_name = "unknown",
        .size = -1,
    };
    (void)snprintf(source->info.name, sizeof source->info.name, "%s", name);
}

void source_set_link(struct source *source, int dlt)
{
    const char *link_name = pcap_datalink_val_to_name(dlt);
    source->info.link_type = link_type_of_dlt(dlt);
    source->info.link_name = link_name ? link_name : "unknown";
}
