# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet frames to put on a wire, made by scapy."""

import itertools
import logging
import random

logging.getLogger("scapy.runtime").setLevel(logging.ERROR)

# pylint: disable=wrong-import-position
from scapy.layers.inet import IP, TCP, UDP, ICMP, IPOption_Router_Alert, fragment  # noqa: E402
from scapy.layers.inet6 import (IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,  # noqa: E402
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, ICMPv6EchoRequest, PadN)
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

from lab import is_ipv6, mx_address  # noqa: E402

SENDER_MAC = "02:00:00:00:00:01"
# Another one for each segment. Programs that outlive a test must not take it for the same.
SEQUENCE = itertools.count(random.randrange(2**31))


def ethernet(wire, *tags):
    """The header of a frame to the MX; tags are VLAN numbers, the outer first."""
    frame = Ether(src=SENDER_MAC, dst=wire.mac)
    for position, number in enumerate(tags):
        is_outer = position == 0 and len(tags) > 1
        frame /= Dot1AD(vlan=number) if is_outer else Dot1Q(vlan=number)
    return frame


def network(source, **fields):
    """The IP header from source to the MX."""
    return (IPv6 if is_ipv6(source) else IP)(src=source, dst=mx_address(source), **fields)


def tcp(wire, source, port=25, flags="S", source_port=40000, tags=(), payload=b""):
    """A TCP segment, a SYN to port 25 unless told. Each one begins an attempt."""
    segment = TCP(sport=source_port, dport=port, flags=flags, seq=next(SEQUENCE))
    return bytes(ethernet(wire, *tags) / network(source) / segment / Raw(payload))


def attempts(wire, source, count):
    """SYNs that each begin an attempt."""
    return [tcp(wire, source) for _ in range(count)]


def udp(wire, source, port=25):
    return bytes(ethernet(wire) / network(source) / UDP(sport=40000, dport=port) / Raw(b"x"))


def ping(wire, source):
    echo = ICMPv6EchoRequest() if is_ipv6(source) else ICMP()
    return bytes(ethernet(wire) / network(source) / echo)


def ipv4_with_options(wire, source):
    header = IP(src=source, dst=mx_address(source), options=[IPOption_Router_Alert()])
    return bytes(ethernet(wire) / header / TCP(sport=40000, dport=25, flags="S", seq=next(SEQUENCE)))


def ipv6_with_extensions(wire, source):
    """Hop-by-hop, destination options, routing, and destination options again."""
    chain = (IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / IPv6ExtHdrDestOpt()
             / IPv6ExtHdrRouting(type=4, segleft=0) / IPv6ExtHdrDestOpt())
    return bytes(ethernet(wire) / network(source) / chain
                 / TCP(sport=40000, dport=25, flags="S", seq=next(SEQUENCE)))


def fragments(wire, source, payload=b"y" * 2400):
    """A TCP segment in three fragments; only the first has the ports."""
    segment = TCP(sport=40000, dport=25, flags="PA", seq=1) / Raw(payload)
    if not is_ipv6(source):
        return [bytes(ethernet(wire) / part)
                for part in fragment(network(source, id=77) / segment, fragsize=1000)]
    body = bytes(network(source) / segment)[40:]
    return [bytes(ethernet(wire) / network(source)
                  / IPv6ExtHdrFragment(nh=6, offset=at // 8, m=int(at + 1000 < len(body)), id=77)
                  / Raw(body[at:at + 1000])) for at in range(0, len(body), 1000)]


def split_headers(wire, source):
    """A SYN in two fragments, the first of which ends between two extension headers."""
    segment = TCP(sport=40000, dport=25, flags="S", seq=next(SEQUENCE))
    body = bytes(network(source) / IPv6ExtHdrDestOpt() / IPv6ExtHdrDestOpt() / segment)[40:]
    return [bytes(ethernet(wire) / network(source)
                  / IPv6ExtHdrFragment(nh=60, offset=at // 8, m=int(at == 0), id=78)
                  / Raw(body[at:end])) for at, end in ((0, 8), (8, len(body)))]


def cut(frame, length):
    """The beginning of a frame."""
    return frame[:length]
