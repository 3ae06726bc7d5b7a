#!/usr/bin/env python3
"""A request is lost after it was captured, and sent again 200 ms later; then all goes well."""

import time

from stage import connect, firewall, http_get, http_talk, play, serve

LOSS_S = 0.05  # shorter than the least retransmission timeout of Linux, 200 ms


def scene(_):
    with serve("127.0.0.1", 8080, http_talk):
        with connect("127.0.0.1", 8080) as client:
            http_get(client, "/first")
            time.sleep(0.02)
            with firewall("tcp dport 8080 drop"):
                client.sendall(b"GET /lost HTTP/1.1\r\nHost: localhost\r\n\r\n")
                time.sleep(LOSS_S)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(0.1)


play("retransmission", scene)
