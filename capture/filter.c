#include "capture/filter.h"

#include <errno.h>
#include <string.h>

static bool is_blank(const char *text)
{
    return !text || text[strspn(text, " \t\r\n")] == '\0';
}

int filter_compile(struct filter *filter, pcap_t *pcap, const char *text, struct err *err)
{
    *filter = (struct filter){0};
    if (is_blank(text))
        return 0;
    if (pcap_compile(pcap, &filter->program, text, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return err_set(err, EINVAL, "the filter \"%.300s\" is wrong: %.300s; see pcap-filter(7)",
                       text, pcap_geterr(pcap));
    filter->active = true;
    return 0;
}

void filter_free(struct filter *filter)
{
    if (filter->active)
        pcap_freecode(&filter->program);
    *filter = (struct filter){0};
}
