"""Captures with packets of up to 64 KB, of every kind that a reader of headers may take for another, whole and
damaged: of such packets only the beginning is read where nobody looks at the rest."""

import os
import struct

MTU = 65535
PER_KIND = 14  # so many that the reader has noticed how long they are
CLIENT, SERVER = 40000, 80
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def payload(number, size, changed=()):
    """Not the same in any two packets; `changed` are places of bytes that differ from what they were."""
    data = bytearray(struct.pack("<I", number * 2654435761 % (1 << 32)) * (size // 4 + 1))[:size]
    for at in changed:
        data[at] ^= 0xff
    return bytes(data)


def ipv4(protocol, body, options=b"", fragment=0, announced=None):
    total = 20 + len(options) + len(body) if announced is None else announced
    return b"\0" * 12 + b"\x08\0" + struct.pack(
        ">BBHHHBBH4s4s", 0x45 + len(options) // 4, 0, total, 1, fragment, 64, protocol, 0,
        bytes((127, 0, 0, 1)), bytes((127, 0, 0, 2))) + options + body


def ipv6(protocol, body, version=6):
    address = bytes(15) + b"\x01"
    return b"\0" * 12 + b"\x86\xdd" + struct.pack(
        ">IHBB16s16s", version << 28, len(body), protocol, 64, address, address) + body


def tcp(ports, seq, ack, flags, data=b"", options=b"", words=None):
    words = 5 + len(options) // 4 if words is None else words
    return struct.pack(">HHIIBBHHH", *ports, seq % (1 << 32), ack % (1 << 32), words << 4, flags,
                       65535, 0, 0) + options + data


def udp(ports, data):
    return struct.pack(">HHHH", *ports, 8 + len(data), 0) + data


def connection(number, wrap, size, changed=(), **odd):
    """A server that sends long segments; every sixth one comes again, the second time with other bytes."""
    there, back = (CLIENT + number, SERVER), (SERVER, CLIENT + number)
    yield wrap(6, tcp(there, 99, 0, SYN))
    yield wrap(6, tcp(back, 999, 100, SYN | ACK))
    yield wrap(6, tcp(there, 100, 1000, ACK))
    yield wrap(6, tcp(there, 100, 1000, PSH | ACK, payload(1, 300)))
    seq = 1000
    for at in range(PER_KIND):
        yield wrap(6, tcp(back, seq, 400, PSH | ACK, payload(at, size), **odd))
        if at % 6 == 0:
            yield wrap(6, tcp(back, seq, 400, PSH | ACK, payload(at, size, changed), **odd))
        seq += size
        if at % 2:
            yield wrap(6, tcp(there, 400, seq, ACK))
    yield wrap(6, tcp(back, seq, 400, FIN | ACK))


def fragments(body):
    yield ipv4(17, body[:32000], fragment=0x2000)
    yield ipv4(17, body[32000:], fragment=32000 // 8)


def frames():
    big = MTU - 20 - 60
    kinds = (
        connection(0, ipv4, big, [3]),
        connection(1, ipv4, big, [60000]),
        connection(2, ipv6, big, [63, 64]),
        connection(3, ipv4, 20000, [0], options=b"\x01\x01\x08\x0a" + bytes(8)),
        connection(4, lambda protocol, body: ipv4(protocol, body, options=b"\x01" * 40), 30000),
        connection(5, lambda protocol, body: ipv4(protocol, body, announced=0), big),
        connection(6, lambda protocol, body: ipv4(protocol, body, announced=1000), 30000),
        connection(7, lambda protocol, body: ipv6(protocol, body, version=4), 30000),
        connection(8, lambda protocol, body: ipv4(protocol, body)[:12] + b"\x81\0\0\x05"
                   + ipv4(protocol, body)[12:], 30000),
        connection(9, ipv4, 30000, words=3),
        connection(10, ipv4, 30000, words=15),
        (ipv4(17, udp((CLIENT, 53), payload(at, 60000))) for at in range(PER_KIND)),
        (ipv6(17, udp((CLIENT, 53), payload(at, 60000))) for at in range(PER_KIND)),
        (fragment for at in range(PER_KIND) for fragment in fragments(udp((CLIENT, 54), payload(at, 40000)))),
        (ipv4(1, b"\x03\x03" + bytes(6) + ipv4(17, udp((CLIENT, 53), payload(at, 30000)))[14:])
         for at in range(PER_KIND)),
        (ipv6(0, payload(at, 30000)) for at in range(PER_KIND)),
        connection(11, ipv4, 1448),
        connection(12, ipv4, big),
    )
    for kind in kinds:
        yield from kind


def pcap(packets, order="<", snaplen=262144, link=1, cut=None, beyond=0):
    """Of each packet at most `cut` bytes were captured; on the wire it had `beyond` more than are there."""
    out = [struct.pack(order + "IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, snaplen, link)]
    for at, packet in enumerate(packets):
        data = packet[:cut]
        out.append(struct.pack(order + "IIII", 1700000000 + at // 1000, at % 1000 * 1000, len(data),
                               max(0, len(packet) + beyond)) + data)
    return b"".join(out)


def block(kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + size + body + size


def pcapng(packets, options=b"", odd_at=None, odd=b""):
    out = [block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)),
           block(1, struct.pack("<HHI", 1, 0, 262144))]
    for at, packet in enumerate(packets):
        time = 1700000000000000 + at * 1000
        data = packet + bytes(-len(packet) % 4)
        out.append(block(6, struct.pack("<IIIII", 0, time >> 32, time % (1 << 32), len(packet), len(packet))
                         + data + options))
        if at == odd_at:
            out.append(odd)
    return b"".join(out)


def one_changed(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1:]


def captures():
    """Name and bytes."""
    packets = list(frames())
    plain, blocks = pcap(packets), pcapng(packets)
    few = pcap(packets[:60])
    last = len(packets[59])
    yield "long.pcap", plain
    yield "long-big-endian.pcap", pcap(packets, ">")
    yield "long-above-snaplen.pcap", pcap(packets, snaplen=40000)
    yield "long-of-other-kind.pcap", pcap(packets, link=113)
    yield "long-cut-by-snaplen.pcap", pcap(packets, cut=30000)
    yield "long-less-on-the-wire.pcap", pcap(packets, beyond=-1)
    yield "long.pcapng", blocks
    yield "long-with-comments.pcapng", pcapng(packets, struct.pack("<HH8sI", 1, 8, b"comments", 0))
    yield "long-then-odd.pcapng", pcapng(packets, odd_at=70, odd=block(3, struct.pack("<I4s", 4, b"abcd")))
    yield "long-then-not-closed.pcapng", one_changed(blocks, len(pcapng(packets[:59])) - 4)
    for name, more in (("head", 8), ("headers", 60), ("payload", 30000), ("before-the-end", last + 16 - 1),
                       ("in-the-tail", last + 16 - 3)):
        end = len(few) - last - 16 + more
        yield f"long-cut-in-{name}.pcap", few[:end]
        yield f"long-cut-in-{name}.pcapng", pcapng(packets[:60])[:end]


def write(folder):
    """Returns the paths."""
    paths = []
    for name, data in captures():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "wb") as file:
            file.write(data)
    return paths
