#!/usr/bin/env python3
"""A socket connected to itself: a client port taken from the ephemeral range was its own target."""

import socket
import time

from stage import play

PORT = 45678


def scene(_):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as both:
        both.bind(("127.0.0.1", PORT))
        both.connect(("127.0.0.1", PORT))
        both.sendall(b"talking to myself")
        assert both.recv(100) == b"talking to myself"
    time.sleep(0.1)


play("self-connect", scene)
