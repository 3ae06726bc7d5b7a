#!/usr/bin/env python3
"""Two short HTTP connections over IPv6, one request each."""

import time

from stage import connect, http_get, http_talk, play, serve


def scene(_):
    with serve("::1", 8080, http_talk):
        for path in ("/", "/favicon.ico"):
            with connect("::1", 8080) as client:
                http_get(client, path)
            time.sleep(0.05)


play("http-v6", scene)
