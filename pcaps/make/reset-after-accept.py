#!/usr/bin/env python3
"""The server accepts, reads the request and closes with SO_LINGER 0: RST after the handshake."""

import socket
import struct
import time

from stage import connect, play, read_until, serve


def slam(connection):
    read_until(connection, b"\r\n\r\n")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def scene(_):
    with serve("127.0.0.1", 8081, slam):
        with connect("127.0.0.1", 8081) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                client.recv(100)
            except ConnectionResetError:
                pass
            else:
                raise SystemExit("reset-after-accept: the connection was not reset")
        time.sleep(0.05)


play("reset-after-accept", scene)
