# SPDX-License-Identifier: GPL-2.0-or-later
"""Lanes: configurations with one, and servers that greet with their name."""

import contextlib
import socket
import struct
import threading

import lab as laboratory
import mta
import netns
from daemon import DROP, PARTNERS, ROOT
from lab import is_ipv6, wait_for

PORT = 10025
LANE = f'lane: {{ipv4: "127.0.0.1:{PORT}", ipv6: "[::1]:{PORT}"}}'
SO_MARK = 36


def with_lane(lane=LANE):
    """The usual lists, and a lane for the partners."""
    lane = lane.replace("{", "{{").replace("}", "}}")  # for Ipwld.configure()
    return PARTNERS.replace("    mark: 0x1\n", f"    mark: 0x1\n    {lane}\n") + DROP


def family_of(address):
    return socket.AF_INET6 if is_ipv6(address) else socket.AF_INET


class Server:
    """Greets with its name, and notes of each connection (source, own address and port, mark)."""

    def __init__(self, namespace, name, addresses, port, backlog=64):
        self.name = name
        self.seen = []
        self._listeners = []
        self._threads = []
        netns.at_exit(self.close)
        for address in addresses:
            with namespace.entered():
                listener = socket.socket(family_of(address), socket.SOCK_STREAM)
            if is_ipv6(address):
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(backlog)
            self._listeners.append(listener)

    def serve(self):
        for listener in self._listeners:
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def _serve(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, peer = listener.accept()
                with contextlib.suppress(OSError), connection:
                    mark = connection.getsockopt(socket.SOL_SOCKET, SO_MARK)
                    self.seen.append((peer[0], connection.getsockname()[:2], mark))
                    connection.sendall(f"220 {self.name}\r\n".encode())

    def close(self):
        for listener in self._listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for thread in self._threads:
            thread.join()
        self._listeners, self._threads = [], []


def mail_server(lab):
    """The mail port, for everybody."""
    return Server(lab.mx, "normal", ("0.0.0.0", "::"), 25).serve()


def lane_server(lab, name="lane", port=PORT, addresses=("127.0.0.1", "::1")):
    return Server(lab.mx, name, addresses, port).serve()


def connect(host, source, to=None, timeout=netns.PATIENCE_SEC):
    """A connection to the MX's port 25."""
    with host.entered():
        client = socket.socket(family_of(source), socket.SOCK_STREAM)
    client.settimeout(timeout)
    # End with a reset, so that no port of the MX waits for late packets (TIME_WAIT).
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.bind((source, 0))
    client.connect((to or laboratory.mx_address(source), 25))
    return client


def greeting(host, source, to=None, timeout=netns.PATIENCE_SEC):
    """The name of the server that answers."""
    with connect(host, source, to, timeout) as client:
        return client.recv(512).decode().strip().removeprefix("220 ")


def lane_of(ipwld, family="ipv4"):
    """The lane in the status."""
    lane, = [lane for lane in ipwld.status()["lanes"] if lane["family"] == family]
    return lane


def await_lane(ipwld, is_up, family="ipv4"):
    return wait_for(lambda: (lane := lane_of(ipwld, family))["up"] == is_up and lane,
                    f"the lane is {'up' if is_up else 'off'}", 0.2)


# ---- Postfix -------------------------------------------------------------------------

POSTSCREEN = """\
smtp      inet  n  -  n  -  1  postscreen
smtpd     pass  -  -  n  -  -  smtpd
dnsblog   unix  -  -  n  -  0  dnsblog
tlsproxy  unix  -  -  n  -  0  tlsproxy
tlsmgr    unix  -  -  n  1000? 1  tlsmgr
"""
GREET_WAIT_SEC = 6


class TrustingPostfix(mta.Postfix):
    """postscreen before the mail port, and the smtpd of contrib/ on the lane."""

    def __init__(self, namespace, peer, top):
        super().__init__(namespace, peer, top)
        snippet = (ROOT / "contrib/postfix-lane.cf").read_text(encoding="utf-8")
        self._write("config/master.cf", mta.MASTER.replace(
            "smtp      inet  n  -  n  -  -  smtpd\n", POSTSCREEN) + _unconfined(snippet))
        netns.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                  f"/CN={mta.DOMAIN}", "-keyout", top / "key.pem", "-out", top / "cert.pem")
        main = top / "config/main.cf"
        main.write_text(main.read_text().replace(
            "smtpd_tls_security_level = none\n",
            f"postscreen_greet_wait = {GREET_WAIT_SEC}s\nsmtpd_tls_security_level = may\n"
            f"smtpd_tls_key_file = {top}/key.pem\nsmtpd_tls_cert_file = {top}/cert.pem\n"))


class OnlyLanePostfix(mta.Postfix):
    """An instance that serves the lane and not the mail port."""

    def __init__(self, namespace, peer, top):
        super().__init__(namespace, peer, top)
        self._write("config/master.cf", mta.MASTER.replace("smtp      inet",
                                                           f"127.0.0.1:{PORT} inet"))


def _unconfined(master):
    """Without chroot, which needs files in the queue's directory."""
    return master.replace("inet n       -       -       -", "inet n       -       n       -")
