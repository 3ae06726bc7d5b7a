#!/usr/bin/env python3
"""The capture begins when the connection is already in use: no handshake, then requests and FIN."""

import time

from stage import connect, http_get, http_talk, play, serve


def before():
    server = serve("127.0.0.1", 8080, http_talk)
    server.__enter__()
    client = connect("127.0.0.1", 8080)
    http_get(client, "/before-the-capture")
    time.sleep(0.1)
    return server, client


def scene(state):
    server, client = state
    with client:
        http_get(client, "/captured")
        time.sleep(0.02)
        http_get(client, "/captured-too")
    time.sleep(0.1)
    server.__exit__(None, None, None)


play("midstream", scene, before)
