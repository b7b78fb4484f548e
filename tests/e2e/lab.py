# SPDX-License-Identifier: GPL-2.0-or-later
"""The laboratory: an MX and its senders, each a network namespace, on one
Ethernet switch, which is a namespace with a bridge."""

import contextlib
import dataclasses
import json
import socket
import time

import netns

MX4 = "192.0.2.25"
MX6 = "2001:db8:25::25"
ETH_P_ALL = 3


@dataclasses.dataclass(frozen=True)
class Sender:
    """A host that sends mail, and its place in the lists of daemon.py."""
    name: str
    ipv4: str
    ipv6: str
    verdict: str

    @property
    def addresses(self):
        return (self.ipv4, self.ipv6)

    @property
    def is_marked(self):
        return self.verdict in ("allow", "averted")


ALLOWED = Sender("allowed", "198.51.100.10", "2001:db8:a::10", "allow")
BLOCKED = Sender("blocked", "203.0.113.66", "2001:db8:bad::66", "block")
AVERTED = Sender("averted", "203.0.113.77", "2001:db8:bad::77", "averted")
UNLISTED = Sender("unlisted", "192.0.2.99", "2001:db8:25::99", "unlisted")
SENDERS = (ALLOWED, BLOCKED, AVERTED, UNLISTED)


def is_ipv6(address):
    return ":" in address


def mx_address(like):
    """The MX's address of the same family."""
    return MX6 if is_ipv6(like) else MX4


def link_of(namespace, interface):
    """What the kernel says of an interface."""
    link, = json.loads(namespace.ip("-j", "-s", "link", "show", interface).stdout)
    return link


class Lab:
    """An MX with an eth0, and no sender yet."""

    def __init__(self, tag=""):
        self.tag = tag
        self.switch = netns.Namespace(f"{tag}switch")
        # The switch itself is silent: what the MX sees was sent by a test.
        self.switch.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        self.switch.ip("link", "add", "br0", "type", "bridge", "stp_state", 0,
                       "forward_delay", 0, "mcast_snooping", 0)
        self.switch.ip("link", "set", "br0", "up")
        self.mx = netns.Namespace(f"{tag}mx")
        self.mx.sysctl("net.ipv4.tcp_fwmark_accept", 1)
        # Reports of version 1 go to groups that the MX itself is in: the kernel hands them back,
        # up to ten seconds later, and generic XDP sees them.
        self.mx.sysctl("net.ipv6.conf.default.force_mld_version", 2)
        self.hosts = {}
        self.plug("eth0")
        self.address(self.mx, "eth0", MX4, MX6)

    def plug(self, interface):
        """Give the MX an interface at the switch."""
        self._link(self.mx, interface, f"mx-{interface}")

    def unplug(self, interface):
        """Take the interface away, as when a module is unloaded."""
        self.mx.ip("link", "del", interface)

    def _link(self, host, interface, port):
        host.ip("link", "add", interface, "type", "veth", "peer", "name", port,
                "netns", self.switch.name)
        self.switch.ip("link", "set", port, "master", "br0", "up")
        host.ip("link", "set", interface, "up")
        # The kernel notes the carrier of both ends a little later.
        for namespace, name in (host, interface), (self.switch, port):
            wait_for(lambda n=namespace, i=name: link_of(n, i)["operstate"] == "UP",
                     f"{name} up", 0.01)

    @staticmethod
    def address(host, interface, *addresses):
        """Give a host addresses; all others are reached over that link directly."""
        for address in addresses:
            family, bits = ("-6", 128) if is_ipv6(address) else ("-4", 32)
            host.ip(family, "address", "add", f"{address}/{bits}", "dev", interface)
            host.ip(family, "route", "replace", "default", "dev", interface)

    def add_sender(self, sender):
        host = netns.Namespace(self.tag + sender.name)
        self._link(host, "eth0", sender.name)
        self.address(host, "eth0", *sender.addresses)
        self.hosts[sender] = host
        return host

    def accept_sent_frames(self, interface="eth0"):
        """A veth device takes frames that XDP sends only if its other end has an XDP program
        (veth_xdp_flush())."""
        top = netns.temporary_directory()
        netns.run("clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-", "-o", top / "pass.o",
                  input='__attribute__((section("xdp"))) int pass(void *c) { return 2; }\n')
        self.switch.ip("link", "set", "dev", f"mx-{interface}", "xdpdrv", "obj", top / "pass.o",
                       "sec", "xdp")

    def wire(self, interface="eth0"):
        """The cable of one of the MX's interfaces."""
        return Wire(self, interface)

    def fwmark(self, address, port):
        """The mark of the MX's accepted socket of that connection, or 0."""
        text = self.mx.run("ss", "-tnHe", "dst", f"[{address}]" if is_ipv6(address) else address,
                           "dport", "=", f":{port}").stdout
        if not text.strip():
            raise RuntimeError(f"the MX has no connection with {address} port {port}")
        words = [word for word in text.split() if word.startswith("fwmark:")]
        return int(words[0].removeprefix("fwmark:"), 0) if words else 0

    def received(self, interface="eth0"):
        """How many packets reached the MX's driver."""
        return link_of(self.mx, interface)["stats64"]["rx"]["packets"]


class Wire:
    """Puts frames on the cable towards one of the MX's interfaces."""

    def __init__(self, lab, interface):
        self.mac = link_of(lab.mx, interface)["address"]
        with lab.switch.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            self._socket.bind((f"mx-{interface}", 0))

    def close(self):
        self._socket.close()

    def send(self, *frames, count=1):
        """Send each of the frames so many times; returns how many that were."""
        for _ in range(count):
            for frame in frames:
                self._socket.send(frame)
        return count * len(frames)


class Sniffer:
    """Reads the frames that reach the MX's stack after XDP."""

    def __init__(self, lab, interface="eth0"):
        with lab.mx.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
            self._socket.bind((interface, ETH_P_ALL))
        self._socket.settimeout(0.2)

    def close(self):
        self._socket.close()

    def frames(self):
        """All incoming frames until now."""
        found = []
        with contextlib.suppress(TimeoutError):
            while True:
                frame, sender = self._socket.recvfrom(65536)
                if sender[2] != socket.PACKET_OUTGOING:
                    found.append(frame)
        return found


def check_answers(work, ask):
    """That answers come while a long request is dealt with. work() starts one, and yields
    as long as it lasts. No answer takes a second, or a quarter of the work on a slow
    machine; a busy moment of the machine is excused by trying again."""
    for _ in range(20):
        began = time.monotonic()
        taken = []
        for _ in work():
            asked = time.monotonic()
            ask()
            taken.append(time.monotonic() - asked)
        total = time.monotonic() - began
        print(f"{len(taken)} answers in {total:.2f} s, the slowest in {max(taken):.3f} s")
        if len(taken) >= 3 and max(taken) < max(1, total / 4):
            return
    raise AssertionError("answers came late each time")


def wait_for(condition, message="condition", interval=0.05):
    """Call condition until it is true and return what it said."""
    deadline = time.monotonic() + netns.PATIENCE_SEC
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{message}: not within {netns.PATIENCE_SEC} s")
        time.sleep(interval)
