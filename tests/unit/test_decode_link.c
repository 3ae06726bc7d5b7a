#include "tests/support/build.h"

/* What every frame here carries: a segment with two bytes of payload. */
#define SEGMENT4   IPV4("002a", "06") TCP("5018") "6869 "
#define SEGMENT6   IPV6("0016", "06") TCP("5018") "6869 "
#define SLL(type)  "0000 0304 0006 000000000000 0000 " type " "
#define SLL2(type) type " 0000 00000001 0304 00 06 000000000000 0000 "
#define TAG4       "8100 0001 8100 0001 8100 0001 8100 0001 "

static const struct decode_row rows[] = {
    {"ethernet: IPv4", LINK_ETHERNET, ETHER("0800") SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"ethernet: IPv6", LINK_ETHERNET, ETHER("86dd") SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"ethernet: the IP header knows its version", LINK_ETHERNET, ETHER("0800") SEGMENT6,
     VERDICT_TCP, 2, 2, 0},
    {"ethernet: padding is no payload", LINK_ETHERNET, ETHER("0800") SEGMENT4 "00000000",
     VERDICT_TCP, 2, 2, 0},
    {"ethernet: ARP", LINK_ETHERNET, ETHER("0806") "0001", VERDICT_ARP, 0, 0, 0},
    {"ethernet: LLDP", LINK_ETHERNET, ETHER("88cc") "0001", VERDICT_NOT_IP, 0, 0, 0},
    {"ethernet: empty", LINK_ETHERNET, "", VERDICT_LINK_CUT, 0, 0, 0},
    {"ethernet: 13 bytes", LINK_ETHERNET, "02000000000102000000000208", VERDICT_LINK_CUT, 0, 0, 0},
    {"ethernet: nothing behind the header", LINK_ETHERNET, ETHER("0800"), VERDICT_IP_CUT, 0, 0, 0},

    {"vlan", LINK_ETHERNET, ETHER("8100") "0001 0800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"vlan: ARP", LINK_ETHERNET, ETHER("8100") "0001 0806", VERDICT_ARP, 0, 0, 0},
    {"802.1ad", LINK_ETHERNET, ETHER("88a8") "0001 8100 0002 86dd" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"old QinQ", LINK_ETHERNET, ETHER("9100") "0001 8100 0002 0800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"vlan: cut in the tag", LINK_ETHERNET, ETHER("8100") "0001 08", VERDICT_LINK_CUT, 0, 0, 0},
    {"vlan: a tower of tags", LINK_ETHERNET,
     "020000000001 020000000002 " TAG4 TAG4 TAG4 TAG4 TAG4 "0800" SEGMENT4, VERDICT_NOT_IP, 0, 0,
     0},

    {"pppoe: IPv4", LINK_ETHERNET, ETHER("8864") "1100 0001 002c 0021" SEGMENT4, VERDICT_TCP, 2, 2,
     0},
    {"pppoe: IPv6", LINK_ETHERNET, ETHER("8864") "1100 0001 0040 0057" SEGMENT6, VERDICT_TCP, 2, 2,
     0},
    {"pppoe: its length ends the packet", LINK_ETHERNET,
     ETHER("8864") "1100 0001 002b 0021" SEGMENT4, VERDICT_TCP, 1, 1, 0},
    {"pppoe: LCP", LINK_ETHERNET, ETHER("8864") "1100 0001 0004 c021 0900", VERDICT_NOT_IP, 0, 0,
     0},
    {"pppoe: discovery", LINK_ETHERNET, ETHER("8863") "1109 0000 0000", VERDICT_NOT_IP, 0, 0, 0},
    {"pppoe: cut", LINK_ETHERNET, ETHER("8864") "1100 0001 00", VERDICT_LINK_CUT, 0, 0, 0},
    {"pppoe: no protocol", LINK_ETHERNET, ETHER("8864") "1100 0001 0000", VERDICT_LINK_CUT, 0, 0,
     0},

    {"mpls: IPv4", LINK_ETHERNET, ETHER("8847") "00010140" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"mpls: two labels, IPv6", LINK_ETHERNET, ETHER("8848") "00010040 00010140" SEGMENT6,
     VERDICT_TCP, 2, 2, 0},
    {"mpls: pseudowire", LINK_ETHERNET, ETHER("8847") "00010140 00000000", VERDICT_NOT_IP, 0, 0, 0},
    {"mpls: cut", LINK_ETHERNET, ETHER("8847") "000101", VERDICT_LINK_CUT, 0, 0, 0},
    {"mpls: nothing behind", LINK_ETHERNET, ETHER("8847") "00010140", VERDICT_IP_CUT, 0, 0, 0},
    {"mpls: no bottom", LINK_ETHERNET,
     ETHER("8847") "00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010040"
                   "00010040 00010040 00010040 00010040 00010040 00010040 00010040 00010040"
                   "00010140" SEGMENT4,
     VERDICT_NOT_IP, 0, 0, 0},

    {"snap: IPv4", LINK_ETHERNET, ETHER("0032") "aaaa03 000000 0800" SEGMENT4, VERDICT_TCP, 2, 2,
     0},
    {"snap: vendor", LINK_ETHERNET, ETHER("0032") "aaaa03 00000c 0800" SEGMENT4, VERDICT_NOT_IP, 0,
     0, 0},
    {"snap: cut", LINK_ETHERNET, ETHER("0032") "aaaa03 000000 08", VERDICT_LINK_CUT, 0, 0, 0},
    {"llc: IP", LINK_ETHERNET, ETHER("002d") "060603" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"llc: spanning tree", LINK_ETHERNET, ETHER("0026") "424203 0000", VERDICT_NOT_IP, 0, 0, 0},
    {"llc: not unnumbered information", LINK_ETHERNET, ETHER("0026") "aaaa7f 0000", VERDICT_NOT_IP,
     0, 0, 0},
    {"llc: cut", LINK_ETHERNET, ETHER("0026") "aaaa", VERDICT_LINK_CUT, 0, 0, 0},

    {"null: little-endian", LINK_NULL, "02000000" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"null: big-endian", LINK_NULL, "00000002" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"null: Linux IPv6", LINK_NULL, "0a000000" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"null: NetBSD IPv6", LINK_NULL, "18000000" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"null: FreeBSD IPv6", LINK_NULL, "0000001c" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"null: macOS IPv6", LINK_NULL, "1e000000" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"null: EtherType in the lower half", LINK_NULL, "0f000800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"null: AppleTalk", LINK_NULL, "10000000" SEGMENT4, VERDICT_NOT_IP, 0, 0, 0},
    {"null: cut", LINK_NULL, "020000", VERDICT_LINK_CUT, 0, 0, 0},
    {"loop: IPv4", LINK_LOOP, "00000002" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"loop: IPv6", LINK_LOOP, "00000018" SEGMENT6, VERDICT_TCP, 2, 2, 0},

    {"raw: IPv4", LINK_RAW, SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"raw: IPv6", LINK_RAW, SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"raw: empty", LINK_RAW, "", VERDICT_IP_CUT, 0, 0, 0},
    {"raw 12", LINK_RAW_BSD, SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"raw 14", LINK_RAW_OPENBSD, SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"ipv4", LINK_IPV4, SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"ipv6", LINK_IPV6, SEGMENT6, VERDICT_TCP, 2, 2, 0},

    {"sll: IPv4", LINK_LINUX_SLL, SLL("0800") SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"sll: IPv6", LINK_LINUX_SLL, SLL("86dd") SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"sll: vlan", LINK_LINUX_SLL, SLL("8100") "0001 0800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"sll: 802.2", LINK_LINUX_SLL, SLL("0004") "aaaa03 000000 0800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"sll: ARP", LINK_LINUX_SLL, SLL("0806"), VERDICT_ARP, 0, 0, 0},
    {"sll: cut", LINK_LINUX_SLL, "0000 0304 0006 000000000000 0000 08", VERDICT_LINK_CUT, 0, 0, 0},
    {"sll2: IPv4", LINK_LINUX_SLL2, SLL2("0800") SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"sll2: IPv6", LINK_LINUX_SLL2, SLL2("86dd") SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"sll2: cut", LINK_LINUX_SLL2, "0800 0000 00000001 0304 00 06 000000000000 00",
     VERDICT_LINK_CUT, 0, 0, 0},

    {"ppp: framed", LINK_PPP, "ff03 0021" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"ppp: bare", LINK_PPP, "0057" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"ppp: compressed protocol", LINK_PPP, "21" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"ppp: mpls", LINK_PPP, "0281 00010140" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"ppp: IPCP", LINK_PPP, "ff03 8021 0101", VERDICT_NOT_IP, 0, 0, 0},
    {"ppp: cut", LINK_PPP, "ff03 00", VERDICT_LINK_CUT, 0, 0, 0},
    {"ppp in hdlc", LINK_PPP_HDLC, "ff03 0021" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"cisco hdlc: IPv4", LINK_CISCO_HDLC, "0f00 0800" SEGMENT4, VERDICT_TCP, 2, 2, 0},
    {"cisco hdlc: IPv6", LINK_CISCO_HDLC, "0f00 86dd" SEGMENT6, VERDICT_TCP, 2, 2, 0},
    {"cisco hdlc: keep-alive", LINK_CISCO_HDLC, "8f00 8035 00000002", VERDICT_NOT_IP, 0, 0, 0},
    {"cisco hdlc: cut", LINK_CISCO_HDLC, "0f00 08", VERDICT_LINK_CUT, 0, 0, 0},

    {"802.11 is not known", 105, SEGMENT4, VERDICT_LINK_UNKNOWN, 0, 0, 0},
    {"a number nobody has", 65535, SEGMENT4, VERDICT_LINK_UNKNOWN, 0, 0, 0},
};

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_decode_row);
    return rows_run(&set, "decode_link");
}
