#!/usr/bin/env python3
"""A firewall drops every SYN: the client sends it four times in 3.5 s and gives up unanswered."""

from stage import connect_fails, firewall, play


def scene(_):
    with firewall("tcp dport 9200 drop"):
        assert connect_fails("127.0.0.1", 9200, timeout_s=3.5) == "timeout"


play("syn-unanswered", scene)
