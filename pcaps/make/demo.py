#!/usr/bin/env python3
"""What a developer's machine may look like: a web server and a redis-like store that are well, and
connects to port 3000 that are refused over IPv4, and over IPv6 to a server that is IPv4 only."""

import time

from stage import connect, connect_fails, http_get, http_talk, play, read_until, serve


def store_talk(connection):
    """PING, SET and GET of the Redis protocol, as inline commands."""
    values = {}
    while command := read_until(connection, b"\r\n").split():
        if command[0] == b"SET":
            values[command[1]] = command[2]
            connection.sendall(b"+OK\r\n")
        elif command[0] == b"GET":
            value = values[command[1]]
            connection.sendall(b"$%d\r\n%s\r\n" % (len(value), value))
        else:
            connection.sendall(b"+PONG\r\n")


def use_store():
    with connect("127.0.0.1", 6379) as client:
        for command, end in ((b"PING", b"PONG\r\n"), (b"SET greeting hello", b"OK\r\n"),
                             (b"GET greeting", b"hello\r\n")):
            client.sendall(command + b"\r\n")
            assert read_until(client, end).endswith(end)
            time.sleep(0.01)


def scene(_):
    with serve("127.0.0.1", 8080, http_talk), serve("127.0.0.1", 6379, store_talk):
        with connect("127.0.0.1", 8080) as browser:
            http_get(browser, "/")
            use_store()
            http_get(browser, "/cart")
            assert connect_fails("127.0.0.1", 3000) == "Connection refused"
            time.sleep(0.1)
            http_get(browser, "/checkout")
        assert connect_fails("::1", 8080) == "Connection refused"
        with connect("127.0.0.1", 8080) as browser:
            http_get(browser, "/again")
        assert connect_fails("127.0.0.1", 3000) == "Connection refused"
        time.sleep(0.1)


play("demo", scene)
