#include "capture/header.h"

#include <stdio.h>

#include "base/frame.h"

bool header_link_is_plain(uint32_t link_type)
{
    static const uint16_t plain[] = {LINK_NULL, LINK_ETHERNET, LINK_RAW,        LINK_LOOP,
                                     LINK_IPV4, LINK_IPV6,     LINK_LINUX_SLL2, LINK_PPP};
    for (size_t at = 0; at < sizeof plain / sizeof plain[0]; at++) {
        if (plain[at] == link_type)
            return true;
    }
    return false;
}

pcap_t *header_open(uint8_t *bytes, size_t len)
{
    char words[PCAP_ERRBUF_SIZE];
    FILE *stream = fmemopen(bytes, len, "rb");
    pcap_t *pcap = stream ? pcap_fopen_offline(stream, words) : NULL;
    if (stream && !pcap)
        (void)fclose(stream);
    return pcap;
}
