"""The stage on which a scene is played and captured: a loopback interface of its own.

play(NAME, scene, ...) starts over in a private network namespace, so that no foreign packet can be
in the capture, brings lo up, lets tcpdump write ../NAME.pcap, plays the scene and waits until
tcpdump has seen everything. Needs root or unprivileged user namespaces, ip and tcpdump; scenes with
firewall() need nft.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = "LOFLOW_STAGE_INSIDE"
SETTLE_S = 0.3  # until the kernel has sent its last ACK and tcpdump has been given it


def play(name, scene, before=None, snaplen=65535):
    """Captures scene(state), where state is what before() returned, uncaptured."""
    if INSIDE not in os.environ:
        enter_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    state = before() if before else None
    path = os.path.join(os.path.dirname(HERE), name + ".pcap")
    # -Z: tcpdump would give up the right to write here.  --immediate-mode: at the end, packets
    # that still wait in the kernel's ring would be lost.
    tcpdump = subprocess.Popen(
        ["tcpdump", "-i", "lo", "-n", "-U", "--immediate-mode", "-Z", "root", "-s", str(snaplen),
         "--time-stamp-precision=nano", "-w", path],
        stderr=subprocess.PIPE, text=True)
    try:
        words = ""
        for line in tcpdump.stderr:
            words += line
            if "listening on" in line:
                break
        else:
            sys.exit(f"{name}: tcpdump did not start: {words.strip()}")
        scene(state)
        time.sleep(SETTLE_S)
    finally:
        tcpdump.send_signal(signal.SIGINT)
        said = tcpdump.communicate(timeout=10)[1]
    if "\n0 packets dropped by kernel" not in "\n" + said:
        sys.exit(f"{name}: {said.strip()}")
    os.chmod(path, 0o644)
    print(f"{name}.pcap: {os.path.getsize(path)} bytes")


def enter_namespace():
    os.environ[INSIDE] = "1"
    # A mapped root would not do: tcpdump cannot change users inside a user namespace.
    flags = ["-n"] if os.geteuid() == 0 else ["-n", "-c", "--keep-caps"]
    os.execvp("unshare", ["unshare", *flags, "--", sys.executable, *sys.argv])


def family_of(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def listen(host, port):
    server = socket.socket(family_of(host), socket.SOCK_STREAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((host, port))
    server.listen(16)
    return server


def connect(host, port, timeout_s=5):
    client = socket.socket(family_of(host), socket.SOCK_STREAM)
    client.settimeout(timeout_s)
    client.connect((host, port))
    return client


def connect_fails(host, port, timeout_s=2):
    """A connect that must not succeed; returns the errno's name or "timeout"."""
    try:
        connect(host, port, timeout_s)
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return os.strerror(error.errno)
    sys.exit(f"connecting to {host} port {port} should have failed")


@contextmanager
def serve(host, port, talk):
    """Accepts connections, one after the other, and hands each to talk(connection)."""
    server = listen(host, port)

    def loop():
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            with connection:
                talk(connection)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def read_until(connection, end):
    """Reads up to and including `end`, or what there was when the other side closed."""
    got = b""
    while not got.endswith(end):
        piece = connection.recv(4096)
        if not piece:
            break
        got += piece
    return got


def read_all(connection):
    return read_until(connection, b"\0never\0")


def http_talk(connection):
    """A server that keeps the connection alive, however many requests come."""
    while read_until(connection, b"\r\n\r\n"):
        body = b"hello from loopback\n"
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def http_get(connection, path, host="localhost"):
    connection.sendall(b"GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: demo\r\n\r\n"
                       % (path.encode(), host.encode()))
    answer = read_until(connection, b"loopback\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer


@contextmanager
def firewall(*rules):
    """Rules for packets that arrive on lo: the capture has seen them when they are dropped."""
    def nft(*words):
        subprocess.run(["nft", *words], check=True)

    nft("add", "table", "inet", "stage")
    nft("add", "chain", "inet", "stage", "arriving", "{ type filter hook input priority 0; }")
    for rule in rules:
        nft("add", "rule", "inet", "stage", "arriving", *rule.split())
    try:
        yield
    finally:
        nft("delete", "table", "inet", "stage")
