#!/usr/bin/env python3
"""Nobody listens on 127.0.0.1 port 3000: two connects, each SYN answered by RST."""

from stage import connect_fails, play


def scene(_):
    for _ in range(2):
        assert connect_fails("127.0.0.1", 3000) == "Connection refused"


play("refused-v4", scene)
