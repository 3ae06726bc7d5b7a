#!/usr/bin/env python3
"""A firewall rejects the SYN with ICMP port-unreachable, over IPv4 and IPv6: also "refused".

Over IPv6 Linux takes the first ICMP error for a soft one and sends its SYN once more.
"""

from stage import connect_fails, firewall, play


def scene(_):
    with firewall("tcp dport 5432 ip protocol tcp reject with icmp port-unreachable",
                  "tcp dport 5432 ip6 nexthdr tcp reject with icmpv6 port-unreachable"):
        assert connect_fails("127.0.0.1", 5432) == "Connection refused"
        assert connect_fails("::1", 5432) == "Connection refused"


play("refused-by-icmp", scene)
