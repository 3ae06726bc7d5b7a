#!/usr/bin/env python3
"""The server listens on 127.0.0.1 only: "localhost" as ::1 is refused, then 127.0.0.1 answers."""

import time

from stage import connect, connect_fails, http_get, http_talk, play, serve


def scene(_):
    with serve("127.0.0.1", 3000, http_talk):
        assert connect_fails("::1", 3000) == "Connection refused"
        with connect("127.0.0.1", 3000) as client:
            http_get(client, "/")
        time.sleep(0.1)


play("refused-v6", scene)
