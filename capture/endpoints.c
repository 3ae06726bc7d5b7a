#include "capture/endpoints.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture/filter.h"

#define IPV4_SIZE  20
#define IPV6_SIZE  40
#define PORTS_SIZE 20 /* of a TCP header without options */

struct endpoints {
    struct filter filter;
};

int endpoints_open(struct endpoints **endpoints, const char *filter, struct err *err)
{
    struct err refused;
    struct endpoints *opened = calloc(1, sizeof *opened);
    *endpoints = opened;
    if (!opened)
        return err_set(err, ENOMEM, "no memory for the filter; close other programs");
    pcap_t *pcap = pcap_open_dead(DLT_RAW, UINT16_MAX);
    if (!pcap || filter_compile(&opened->filter, pcap, filter, &refused) != 0)
        opened->filter = (struct filter){0};
    if (pcap)
        pcap_close(pcap);
    return 0;
}

void endpoints_close(struct endpoints *endpoints)
{
    if (endpoints)
        filter_free(&endpoints->filter);
    free(endpoints);
}

static size_t write_ipv4(uint8_t *at, const struct tuple *tuple, unsigned from)
{
    at[0] = 0x45;
    at[3] = IPV4_SIZE + PORTS_SIZE;
    at[9] = tuple->protocol;
    memcpy(at + 12, tuple->address[from].octets + 12, 4);
    memcpy(at + 16, tuple->address[!from].octets + 12, 4);
    return IPV4_SIZE;
}

static size_t write_ipv6(uint8_t *at, const struct tuple *tuple, unsigned from)
{
    at[0] = 0x60;
    at[5] = PORTS_SIZE;
    at[6] = tuple->protocol;
    memcpy(at + 8, tuple->address[from].octets, 16);
    memcpy(at + 24, tuple->address[!from].octets, 16);
    return IPV6_SIZE;
}

static bool passes(const struct endpoints *endpoints, const struct tuple *tuple, unsigned from)
{
    uint8_t bytes[IPV6_SIZE + PORTS_SIZE] = {0};
    size_t len =
        tuple->family == 4 ? write_ipv4(bytes, tuple, from) : write_ipv6(bytes, tuple, from);
    for (size_t end = 0; end < 2; end++) {
        uint16_t port = tuple->port[end ? !from : from];
        bytes[len + 2 * end] = (uint8_t)(port >> 8);
        bytes[len + 2 * end + 1] = (uint8_t)port;
    }
    bytes[len + 12] = 5 << 4; /* the TCP header's length */
    bytes[len + 13] = 0x02;   /* SYN */
    struct pcap_pkthdr header = {.caplen = (bpf_u_int32)len + PORTS_SIZE};
    header.len = header.caplen;
    return filter_passes(&endpoints->filter, &header, bytes);
}

bool endpoints_pass(const struct endpoints *endpoints, const struct tuple *tuple)
{
    return !endpoints->filter.active || passes(endpoints, tuple, 0) || passes(endpoints, tuple, 1);
}
