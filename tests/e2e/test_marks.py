# SPDX-License-Identifier: GPL-2.0-or-later
"""Mark and priority, on every packet of a connection and on no other."""

import socket
import threading

import pytest

import frames
import netns
from daemon import DROP, PARTNERS
from lab import ALLOWED, AVERTED, BLOCKED, SENDERS, UNLISTED, is_ipv6, mx_address
from stack import MARKED, Stack, mail_from

BULK = 4 << 20


def receive_one(lab, address):
    """Accept one connection on the MX's port 25 in a thread and read it to its end."""
    family = socket.AF_INET6 if is_ipv6(address) else socket.AF_INET
    with lab.mx.entered():
        listener = socket.create_server((mx_address(address), 25), family=family)
    received = []

    def serve():
        with listener:
            connection, _ = listener.accept()
            with connection:
                while data := connection.recv(1 << 16):
                    received.append(len(data))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread, received


def send_bulk(lab, host, address):
    thread, received = receive_one(lab, address)
    family = socket.AF_INET6 if is_ipv6(address) else socket.AF_INET
    with host.entered():
        connection = socket.socket(family, socket.SOCK_STREAM)
    with connection:
        connection.settimeout(netns.PATIENCE_SEC)
        connection.bind((address, 0))
        connection.connect((mx_address(address), 25))
        connection.sendall(bytes(BULK))
    thread.join(20)
    assert sum(received) == BULK


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_every_packet_of_a_connection(lab, ipwld, xdp_mode):
    """From the SYN to the FIN, with all that GSO and GRO make of a bulk transfer."""
    ipwld.configure(xdp_mode=xdp_mode)
    ipwld.start()
    rules = {}
    for sender in ALLOWED, AVERTED, UNLISTED:
        for address in sender.addresses:
            name = sender.name + ("6" if is_ipv6(address) else "4")
            rules[f"all_{name}"] = mail_from(address)
            rules[f"marked_{name}"] = f"{mail_from(address)} {MARKED}"
            rules[f"plain_{name}"] = f"{mail_from(address)} meta mark 0 meta priority 0"
    stack = Stack(lab, rules)
    for sender in ALLOWED, AVERTED, UNLISTED:
        host = lab.add_sender(sender)
        for address in sender.addresses:
            send_bulk(lab, host, address)
    seen = vars(stack.read())
    for sender in ALLOWED, AVERTED, UNLISTED:
        for digit in "46":
            total = seen[f"all_{sender.name}{digit}"]
            assert total > 20
            assert seen[f"marked_{sender.name}{digit}"] == (total if sender.is_marked else 0)
            assert seen[f"plain_{sender.name}{digit}"] == (0 if sender.is_marked else total)


def test_not_on_other_ports(lab, running, wire):
    """Packets of an allowed source to other ports are not changed."""
    stack = Stack(lab, {"marked": MARKED, "all": f"ip saddr {ALLOWED.ipv4}"})
    wire.send(frames.tcp(wire, ALLOWED.ipv4, port=26), frames.udp(wire, ALLOWED.ipv4),
              frames.ping(wire, ALLOWED.ipv4), count=5)
    wire.send(frames.fragments(wire, ALLOWED.ipv4)[1], count=5)
    seen = stack.read()
    assert (seen.marked, seen.all) == (0, 20)
    assert running.packets()["other"] == 15


def test_each_list_its_own(lab, ipwld, wire):
    """The most specific entry decides on the list, and so on the mark; a list
    without a mark sets none; bits outside mark_mask stay."""
    lists = PARTNERS + """\
  - name: vip
    action: allow
    mark: 0x500
    mark_mask: 0xff00
    priority: 7
    entries: [198.51.100.8/30]
  - name: plain
    action: allow
    entries: [198.51.100.64/26]
""" + DROP
    ipwld.configure(lists=lists)
    ipwld.start()
    expected = {"198.51.100.10": (0x500, 7, "vip"), "198.51.100.20": (0x1, 6, "partners"),
                "198.51.100.70": (0, 0, "plain")}
    stack = Stack(lab, {f"c{index}": f"{mail_from(address)} meta mark {mark:#x} "
                                     f"meta priority 0:{priority:x}"
                        for index, (address, (mark, priority, _)) in enumerate(expected.items())})
    for address in expected:
        wire.send(frames.tcp(wire, address), count=5)
    assert vars(stack.read()) == {"c0": 5, "c1": 5, "c2": 5}
    for address, (mark, _, name) in expected.items():
        result, = ipwld.ask("test", address)["results"]
        assert (result["verdict"], result["list"]) == ("allow", name)
        assert result["mark"] == (mark or None)


def test_mark_follows_a_reload(lab, running, wire):
    stack = Stack(lab, {"one": "meta mark 0x1", "two": "meta mark 0x2"})
    wire.send(frames.tcp(wire, ALLOWED.ipv6), count=5)
    running.configure(lists=PARTNERS.replace("mark: 0x1", "mark: 0x2") + DROP)
    assert running.ctl("reload").returncode == 0
    wire.send(frames.tcp(wire, ALLOWED.ipv6), count=7)
    seen = stack.read()
    assert (seen.one, seen.two) == (5, 7)


def test_monitor_mode_marks_too(lab, ipwld, wire):
    ipwld.configure(mode="monitor")
    ipwld.start()
    stack = Stack(lab, {"marked": MARKED})
    for sender in SENDERS:
        wire.send(frames.tcp(wire, sender.ipv4), count=5)
    assert stack.read().marked == 2 * 5
    packets = ipwld.packets()
    assert (packets["would_block"], packets["block"]) == (5, 0)
    assert BLOCKED.verdict == "block"
