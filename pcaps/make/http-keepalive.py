#!/usr/bin/env python3
"""Three HTTP requests over one kept-alive IPv4 connection, closed in order by the client."""

import time

from stage import connect, http_get, http_talk, play, serve


def scene(_):
    with serve("127.0.0.1", 8080, http_talk):
        with connect("127.0.0.1", 8080) as client:
            for path in ("/", "/style.css", "/api/items?page=2"):
                http_get(client, path)
                time.sleep(0.02)
        time.sleep(0.1)


play("http-keepalive", scene)
