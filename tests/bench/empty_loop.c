/*
 * The bar for reading a file: libpcap's own loop with a callback that does nothing.
 *
 *     empty_loop FILE
 */
#include <stdio.h>

#include <pcap/pcap.h>

static void ignore(u_char *context, const struct pcap_pkthdr *header, const u_char *bytes)
{
    (void)context;
    (void)header;
    (void)bytes;
}

int main(int argc, char **argv)
{
    char error[PCAP_ERRBUF_SIZE];
    if (argc != 2) {
        fprintf(stderr, "usage: empty_loop FILE\n");
        return 2;
    }
    pcap_t *pcap = pcap_open_offline(argv[1], error);
    if (pcap == NULL) {
        fprintf(stderr, "empty_loop: %s\n", error);
        return 1;
    }
    int result = pcap_loop(pcap, -1, ignore, NULL);
    if (result != 0) {
        fprintf(stderr, "empty_loop: %s\n", pcap_geterr(pcap));
    }
    pcap_close(pcap);
    return result == 0 ? 0 : 1;
}
