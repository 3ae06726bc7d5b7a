#!/usr/bin/env python3
"""Datagrams to a port without a reader, answered by ICMP (v4 and v6), and one that gets a reply."""

import socket

from stage import family_of, play


def ask(host, port, question):
    with socket.socket(family_of(host), socket.SOCK_DGRAM) as client:
        client.settimeout(2)
        client.connect((host, port))
        client.send(question)
        return client.recv(100)


def ask_nobody(host, port):
    try:
        ask(host, port, b"is anybody there?")
    except ConnectionRefusedError:
        return
    raise SystemExit(f"udp-refused: {host} port {port} was not refused")


def scene(_):
    ask_nobody("127.0.0.1", 5300)
    ask_nobody("::1", 5300)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        server.bind(("127.0.0.1", 5301))
        client.connect(("127.0.0.1", 5301))
        client.send(b"is anybody there?")
        question, sender = server.recvfrom(100)
        server.sendto(b"yes: " + question, sender)
        assert client.recv(100).startswith(b"yes")


play("udp-refused", scene)
