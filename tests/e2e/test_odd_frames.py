# SPDX-License-Identifier: GPL-2.0-or-later
"""Random frames at lists with a lane and lists that reject: what the MX answers to each.

IPWL_FRAMES sets how many, IPWL_SEED repeats a run."""

import contextlib
import os
import random
import socket
import time

import frames
import lanes
import rejecting
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, is_ipv6, wait_for
from rejecting import Reject, reject_of

# pylint: disable=wrong-import-order
from scapy.layers.inet import IP, TCP, IPOption_Router_Alert
from scapy.layers.inet6 import ICMPv6ParamProblem, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

FRAMES = int(os.environ.get("IPWL_FRAMES", "400"))
SEED = int(os.environ.get("IPWL_SEED") or time.time())
ETH_P_ALL = 3
USUAL = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
OPTIONS = [USUAL, USUAL, [("MSS", 1460)], [], [("NOP", None)] * 4, [("WScale", 7), ("MSS", 536)]]
FLAGS = ["S"] * 8 + ["SEC", "SEC", "", "A", "A", "PA", "FA", "R", "RA", "SA", "SF", "SR", "SU",
                     "SP", "SPA", "FSRPAUEC"]


def prepare(lab):
    """The MX answers every address over its only link. SYN cookies: it keeps nothing, and sends
    nothing twice."""
    for name in "all", "eth0":
        lab.mx.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)
    lab.mx.sysctl("net.ipv4.tcp_syncookies", 2)
    # Otherwise the kernel leaves out answers to packets that are in no window.
    lab.mx.sysctl("net.ipv4.tcp_invalid_ratelimit", 0)
    for family, gateway in ("-4", "192.0.2.1"), ("-6", "fe80::1"):
        lab.mx.ip(family, "route", "replace", "default", "via", gateway, "dev", "eth0", "onlink")
        lab.mx.ip(family, "neigh", "replace", gateway, "lladdr", frames.SENDER_MAC, "dev", "eth0",
                  "nud", "permanent")


class Listener:
    """Reads what the MX sends."""

    def __init__(self, lab):
        with lab.switch.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
            self._socket.bind(("mx-eth0", ETH_P_ALL))
        self._socket.settimeout(0.5)

    def answers(self, sources):
        """All IP packets to these sources until now."""
        found = []
        with contextlib.suppress(TimeoutError):
            while True:
                frame, sender = self._socket.recvfrom(65536)
                if sender[2] == socket.PACKET_OUTGOING:
                    continue
                packet = Ether(frame)
                for layer in IP, IPv6:
                    if layer in packet and packet[layer].dst in sources:
                        found.append(packet[layer])
        return found

    def close(self):
        self._socket.close()


def odd_frame(draw, wire, source, port):
    """A TCP segment from that port, with some things that are unusual."""
    fields = {}
    if not is_ipv6(source):
        if draw.random() < 0.05:
            fields["options"] = [IPOption_Router_Alert()]
        if draw.random() < 0.05:
            fields["flags"] = draw.choice(["DF", "MF"])
        if draw.random() < 0.05:
            fields["chksum"] = draw.randrange(1, 65535)
        if draw.random() < 0.05:
            fields["ihl"] = draw.randrange(16)
    segment = TCP(sport=port, dport=25, flags=draw.choice(FLAGS), seq=next(frames.SEQUENCE),
                  ack=draw.randrange(2**32), options=draw.choice(OPTIONS))
    if draw.random() < 0.1:
        segment.chksum = draw.randrange(1, 65535)
    if draw.random() < 0.05:
        segment.dataofs = draw.randrange(16)
    payload = b"x" * draw.choice([0, 0, 0, 0, 1, 100])
    frame = bytearray(bytes(frames.ethernet(wire) / frames.network(source, **fields) / segment
                            / Raw(payload)))
    if draw.random() < 0.1:
        frame[draw.randrange(14, len(frame))] ^= 1 << draw.randrange(8)
    return bytes(frame)


def is_about_another_protocol(answer):
    """The bit that was turned has made it something else than TCP, which passes."""
    return ICMPv6ParamProblem in answer and answer[ICMPv6ParamProblem].payload.nh != socket.IPPROTO_TCP


def test_blocked_sources(lab, ipwld, wire):
    """Nothing but a SYN that came twice is answered, by no more and no longer packets; nothing at
    all gets to the mail server. A source that is in an allow list, too, is never handed over."""
    prepare(lab)
    draw = random.Random(SEED)
    print(f"IPWL_SEED={SEED}")
    normal, reject = lanes.mail_server(lab), Reject(lab.mx).start()
    rejecting.start(ipwld, "    reject: {per_second: 10000}\n")
    listener = Listener(lab)
    sent = {}
    for number in range(FRAMES):
        source = draw.choice(BLOCKED.addresses + AVERTED.addresses)
        frame = odd_frame(draw, wire, source, 10000 + number)
        sent[source, 10000 + number] = frame, draw.choice([1, 2, 2, 3, 5])
        for _ in range(sent[source, 10000 + number][1]):
            wire.send(frame)
    answers = [answer for answer in listener.answers(BLOCKED.addresses)
               if not is_about_another_protocol(answer)]
    listener.close()
    handed = reject_of(ipwld)["handed"] + reject_of(ipwld, "ipv6")["handed"]
    print(f"{len(answers)} answers, {handed} connections handed over")
    counts = {}
    for answer in answers:
        assert TCP in answer and answer[TCP].flags in ("SA", "SAE"), answer.show(dump=True)
        flow = answer.dst, answer[TCP].dport
        frame, count = sent[flow]
        question = Ether(frame)[TCP]
        assert str(question.flags) in ("S", "SEC")
        assert answer[TCP].ack == (question.seq + 1) % 2**32
        assert count > 1
        counts[flow] = counts.get(flow, 0) + len(answer)
        assert counts[flow] <= count * (len(frame) - 14)
    assert 0 < len(answers) <= handed
    assert not normal.seen and "recipients" not in reject.words()
    # None of them is of the allow list.
    assert handed <= sum(1 for (source, _), (_, count) in sent.items()
                         if source in BLOCKED.addresses and count > 1)


def test_no_answer_is_sent_again(lab, ipwld, wire):
    """Without SYN cookies, a SYN-ACK that nobody confirms is sent again once: two for two SYNs, and
    no SYN that comes then brings another one."""
    prepare(lab)
    lab.mx.sysctl("net.ipv4.tcp_syncookies", 0)
    Reject(lab.mx).start()
    rejecting.start(ipwld)
    listener = Listener(lab)
    syns = [bytes(frames.ethernet(wire) / frames.network(source)
                  / TCP(sport=999, dport=25, flags="S", seq=next(frames.SEQUENCE), options=USUAL))
            for source in BLOCKED.addresses]
    wire.send(*syns, count=2)
    for family in "ipv4", "ipv6":
        wait_for(lambda of=family: reject_of(ipwld, of)["handed"] == 1, "it is handed over")
    wait_for(lambda: lab.mx.run("ss", "-Htn", "state", "syn-recv").stdout == "",
             "the kernel gives up", 0.2)
    wire.send(*syns, count=6)
    found = listener.answers(BLOCKED.addresses)
    listener.close()
    for source in BLOCKED.addresses:
        flags = [str(answer[TCP].flags) for answer in found if answer.dst == source]
        assert flags == ["SA", "SA"], source


def test_lane_answers_as_the_mail_port(lab, ipwld, wire):
    """Each frame has the same answer as one of an unlisted source, which no lane is for."""
    prepare(lab)
    draw = random.Random(SEED)
    print(f"IPWL_SEED={SEED}")
    normal, lane = lanes.mail_server(lab), lanes.lane_server(lab)
    ipwld.configure(lists=lanes.with_lane())
    ipwld.start()
    for family in "ipv4", "ipv6":
        lanes.await_lane(ipwld, True, family)
    listener = Listener(lab)
    pairs = list(zip(ALLOWED.addresses, UNLISTED.addresses))
    asked = {}
    for number in range(FRAMES):
        state = draw.getstate()
        for source in pairs[number % len(pairs)]:
            draw.setstate(state)
            frame = odd_frame(draw, wire, source, 10000 + number)
            asked.setdefault(10000 + number, []).append(frame)
            wire.send(frame)
    found = {}
    for answer in listener.answers(ALLOWED.addresses + UNLISTED.addresses):
        if TCP in answer:
            found.setdefault((answer.dst, answer[TCP].dport), []).append(str(answer[TCP].flags))
    listener.close()
    answered = 0
    for number in range(FRAMES):
        allowed, unlisted = pairs[number % len(pairs)]
        answers = found.get((allowed, 10000 + number), [])
        assert answers == found.get((unlisted, 10000 + number), []), asked[10000 + number]
        answered += answers == ["SA"]
    handed = sum(lanes.lane_of(ipwld, family)["handed"] for family in ("ipv4", "ipv6"))
    print(f"{answered} SYNs were answered, {handed} handed over")
    assert 0 < answered <= handed
    assert not normal.seen and not lane.seen
