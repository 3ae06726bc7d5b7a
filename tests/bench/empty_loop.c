/*
 * The bar for reading a file: libpcap's own loop with a callback that does nothing.
 *
 *     empty_loop FILE
 *     empty_loop --count FILE      prints how many packets there are
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <pcap/pcap.h>

static void ignore(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)context;
    (void)header;
    (void)bytes;
}

static void count(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    uint64_t *packets = (void *)context;
    (void)header;
    (void)bytes;
    ++*packets;
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    uint64_t packets = 0;
    bool counts = argc == 3 && strcmp(argv[1], "--count") == 0;
    if (argc != 2 && !counts) {
        fprintf(stderr, "usage: empty_loop [--count] FILE\n");
        return 2;
    }
    pcap_t *pcap = pcap_open_offline(argv[argc - 1], error);
    if (pcap == NULL) {
        fprintf(stderr, "empty_loop: %s\n", error);
        return 1;
    }
    int result = pcap_loop(pcap, -1, counts ? count : ignore, counts ? (u_char *)&packets : NULL);
    if (result != 0) {
        fprintf(stderr, "empty_loop: %s\n", pcap_geterr(pcap));
    }
    pcap_close(pcap);
    if (counts)
        printf("%" PRIu64 "\n", packets);
    return result == 0 ? 0 : 1;
}
