# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server on loopback in a namespace, which answers from a table as a test says: as a
resolver would, and worse."""

import contextlib
import ipaddress
import socket
import socketserver
import struct
import threading

import netns

TYPES = {"A": 1, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
SERVFAIL, NXDOMAIN, REFUSED = 2, 3, 5
HANG = "hang"


def encode_name(name):
    labels = [label.encode() for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def decode_question(message):
    """The name, the type and where the question ends."""
    labels, position = [], 12
    while message[position]:
        labels.append(message[position + 1:position + 1 + message[position]].decode())
        position += 1 + message[position]
    kind, = struct.unpack("!H", message[position + 1:position + 3])
    return ".".join(labels).lower(), NAMES.get(kind, str(kind)), position + 5


def encode_data(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack("!H", value[0]) + encode_name(value[1])
    if kind == "CNAME":
        return encode_name(value)
    text = value.encode()
    parts = [text[i:i + 255] for i in range(0, len(text), 255)] or [b""]
    return b"".join(bytes([len(part)]) + part for part in parts)


class Zone:
    """records[name] is a dict {type: [values]}, a response code, or HANG. A name that is not
    there does not exist."""

    def __init__(self, namespace, address="127.0.0.1", ttl=300):
        self.records = {}
        self.questions = []
        self.ttl = ttl
        with namespace.entered():
            self.udp = socketserver.ThreadingUDPServer((address, 0), self._handler(True))
            port = self.udp.server_address[1]
            socketserver.ThreadingTCPServer.allow_reuse_address = True
            self.tcp = socketserver.ThreadingTCPServer((address, port), self._handler(False))
        self.server = f"{address}:{port}"
        self.threads = []
        for server in self.udp, self.tcp:
            server.daemon_threads = True
            self.threads.append(threading.Thread(target=server.serve_forever, args=(0.02,)))
            self.threads[-1].start()
        netns.at_exit(self.stop)

    def _handler(self, is_udp):
        zone = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError, IndexError, struct.error):
                    if is_udp:
                        answer = zone.answer(self.request[0], 512)
                        if answer:
                            self.request[1].sendto(answer, self.client_address)
                        return
                    while size := self.request.recv(2, socket.MSG_WAITALL):
                        message = self.request.recv(*struct.unpack("!H", size),
                                                    socket.MSG_WAITALL)
                        answer = zone.answer(message, 65535)
                        if answer:
                            self.request.sendall(struct.pack("!H", len(answer)) + answer)
        return Handler

    def stop(self):
        if not self.threads:
            return
        for server in self.udp, self.tcp:
            server.shutdown()
            server.server_close()
        for thread in self.threads:
            thread.join()
        self.threads = []

    def put(self, name, **records):
        """put("x.example", TXT="v=spf1 -all", A=["192.0.2.1"])"""
        self.records[name] = {kind: values if isinstance(values, list) else [values]
                              for kind, values in records.items()}

    def fail(self, name, how):
        self.records[name] = how

    def asked(self, name):
        return [kind for asked, kind in self.questions if asked == name]

    def answer(self, message, limit):
        name, kind, end = decode_question(message)
        self.questions.append((name, kind))
        found = self.records.get(name, NXDOMAIN)
        if found == HANG:
            return None
        code, values = (found, []) if isinstance(found, int) else (0, found.get(kind, []))
        answers = b"".join(
            b"\xc0\x0c" + struct.pack("!HHIH", TYPES[kind], 1, self.ttl, len(data)) + data
            for data in (encode_data(kind, value) for value in values))
        head = message[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(values), 0, 0)
        if 12 + end - 12 + len(answers) > limit:
            head = message[:2] + struct.pack("!HHHHH", 0x8380, 1, 0, 0, 0)
            answers = b""
        return head + message[12:end] + answers
