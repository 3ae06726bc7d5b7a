#!/usr/bin/env python3
"""The client sends its request and FIN; the server answers at leisure in the half-closed stream."""

import socket
import time

from stage import connect, play, read_all, serve


def answer_slowly(connection):
    lines = read_all(connection).splitlines()
    for line in sorted(lines):
        connection.sendall(line + b"\n")
        time.sleep(0.05)


def scene(_):
    with serve("127.0.0.1", 7000, answer_slowly):
        with connect("127.0.0.1", 7000) as client:
            client.sendall(b"pear\napple\nplum\ncherry\n")
            client.shutdown(socket.SHUT_WR)
            assert read_all(client) == b"apple\ncherry\npear\nplum\n"
        time.sleep(0.05)


play("half-close", scene)
