# SPDX-License-Identifier: GPL-2.0-or-later
"""A resolver that answers as a test wants: well, wrongly, too much or not at all."""

import contextlib
import ipaddress
import socket
import struct
import threading

import netns

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
OK, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
RESPONSE, TRUNCATED, AUTHENTICATED = 0x8180, 0x200, 0x20
UDP_BYTES_MAX = 1232
TTL_SEC = 300


def encode(name):
    return b"".join(bytes([len(label)]) + label.encode()
                    for label in name.rstrip(".").split(".") if label) + b"\0"


def data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack("!H", 10) + encode(value)
    if kind == "TXT":
        text = value.encode() if isinstance(value, str) else value
        return b"".join(bytes([len(text[at:at + 255])]) + text[at:at + 255]
                        for at in range(0, len(text), 255))
    return encode(value)


def record(name, kind, value, ttl=TTL_SEC):
    content = data(kind, value)
    return encode(name) + struct.pack("!HHIH", TYPES[kind], 1, ttl, len(content)) + content


class Query:
    """A question as it came in."""

    def __init__(self, packet):
        self.packet = packet
        self.id, self.flags, _, _, _, extra = struct.unpack("!6H", packet[:12])
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode())
            at += 1 + packet[at]
        self.name = ".".join(labels).lower()
        self.kind = NAMES.get(struct.unpack("!H", packet[at + 1:at + 3])[0])
        self.question = packet[12:at + 5]
        self.has_edns = extra > 0

    def answer(self, *records, code=OK, flags=0, query_id=None, question=None):
        return struct.pack("!6H", self.id if query_id is None else query_id,
                           RESPONSE | flags | code, 1, len(records), 0, 0) \
            + (question or self.question) + b"".join(records)


def hang(_query, _is_tcp):
    return []


def code(number):
    return lambda query, _is_tcp: [query.answer(code=number)]


class NameServer:
    """Listens on UDP and TCP until the end of the test. `zone`: {(name, type): values};
    `behaviours`: {name: function of (query, is_tcp)} that returns packets instead."""

    def __init__(self, zone=(), behaviours=(), namespace=None, ttl=TTL_SEC,
                 port=0):
        self.zone = dict(zone)
        self.behaviours = dict(behaviours)
        self.ttl = ttl
        self.queries = []
        self.stopped = threading.Event()
        # Both with the same port.
        with namespace.entered() if namespace else contextlib.nullcontext():
            self.tcp = socket.create_server(("127.0.0.1", port))
            self.port = self.tcp.getsockname()[1]
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.udp.bind(("127.0.0.1", self.port))
            # To wake the thread that waits for a query.
            self.waker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.threads = [threading.Thread(target=run, daemon=True)
                        for run in (self._run_udp, self._run_tcp)]
        netns.at_exit(self.stop)
        for thread in self.threads:
            thread.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def stop(self):
        if self.stopped.is_set():
            return
        self.stopped.set()
        self.tcp.shutdown(socket.SHUT_RDWR)
        self.waker.sendto(b"", ("127.0.0.1", self.port))
        for thread in self.threads:
            thread.join()
        for endpoint in self.tcp, self.udp, self.waker:
            endpoint.close()

    def put(self, name, **records):
        """All records of a name: put("x.test", TXT="v=spf1 -all", A=["192.0.2.1"])."""
        self.behaviours.pop(name, None)
        for key in [key for key in self.zone if key[0] == name]:
            del self.zone[key]
        for kind, values in records.items():
            self.zone[name, kind] = values if isinstance(values, list) else [values]

    def asked(self, name):
        return [kind for asked, kind, _ in self.queries if asked == name]

    def packets(self, packet, is_tcp):
        query = Query(packet)
        self.queries.append((query.name, query.kind, is_tcp))
        behaviour = self.behaviours.get(query.name)
        if behaviour:
            return behaviour(query, is_tcp)
        answer = self.reply(query)
        if not is_tcp and len(answer) > UDP_BYTES_MAX:
            return [query.answer(flags=TRUNCATED)]
        return [answer]

    def reply(self, query):
        """What the zone says."""
        values = self.zone.get((query.name, query.kind))
        if values is not None:
            return query.answer(*(record(query.name, query.kind, value, self.ttl)
                                  for value in values))
        is_known = any(name == query.name for name, _ in self.zone)
        return query.answer(code=OK if is_known else NXDOMAIN)

    def _run_udp(self):
        while not self.stopped.is_set():
            packet, peer = self.udp.recvfrom(4096)
            if len(packet) < 12:
                continue
            for answer in self.packets(packet, False):
                self.udp.sendto(answer, peer)

    def _run_tcp(self):
        while not self.stopped.is_set():
            try:
                client, _ = self.tcp.accept()
            except OSError:
                return
            with client:
                client.settimeout(netns.PATIENCE_SEC)
                head = client.recv(2)
                if len(head) == 2:
                    packet = client.recv(struct.unpack("!H", head)[0])
                    for answer in self.packets(packet, True):
                        client.sendall(struct.pack("!H", len(answer)) + answer)
