# SPDX-License-Identifier: GPL-2.0-or-later
"""A host and a container on it, both with an ipwld of their own: each marks by its own
lists, whatever the other one has left on the packet."""

import types

import pytest

import frames
from daemon import Ipwld
from lab import ALLOWED, MX4, MX6, UNLISTED, is_ipv6, link_of
from netns import Namespace
from stack import Stack, mail_from

REPEAT = 20
HOST_LISTS = f"""\
  - name: partners
    action: allow
    mark: 0x1
    priority: 6
    entries: [{ALLOWED.ipv4}, "{ALLOWED.ipv6}"]
"""
# The same place in the kernel's array of lists, and not the same senders.
BOX_LISTS = f"""\
  - name: vip
    action: allow
    mark: 0x500
    priority: 7
    entries: [{UNLISTED.ipv4}, "{UNLISTED.ipv6}"]
"""


def connect(lab, box, is_bridged):
    """Connect the container through the host; returns the MAC that mail to it is sent to."""
    lab.mx.ip("link", "add", "box", "type", "veth", "peer", "name", "eth0", "netns", box.name)
    box.ip("link", "set", "eth0", "up")
    lab.mx.ip("link", "set", "box", "up")
    lab.address(box, "eth0", MX4, MX6)
    if is_bridged:
        lab.mx.ip("link", "add", "br0", "type", "bridge", "stp_state", 0, "forward_delay", 0)
        for port in "eth0", "box":
            lab.mx.ip("link", "set", port, "master", "br0")
        lab.mx.ip("link", "set", "br0", "up")
        return link_of(box, "eth0")["address"]
    lab.mx.ip("address", "flush", "dev", "eth0", "scope", "global")
    for name in ("ipv4.ip_forward", "ipv6.conf.all.forwarding"):
        lab.mx.sysctl(f"net.{name}", 1)
    for name in "all", "eth0", "box":
        lab.mx.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)
    for family, address in ("-4", MX4), ("-6", MX6):
        lab.mx.ip(family, "route", "replace", address, "dev", "box")
        lab.mx.ip(family, "neigh", "replace", address, "lladdr", link_of(box, "eth0")["address"],
                  "dev", "box", "nud", "permanent")
    return link_of(lab.mx, "eth0")["address"]


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
@pytest.mark.parametrize("is_bridged", [False, True], ids=["routed", "bridged"])
def test_marks_of_another_instance(lab, ipwld, wire, is_bridged, xdp_mode):
    box = Namespace(f"{lab.tag}box")
    wire.mac = connect(lab, box, is_bridged)
    inner = Ipwld(box)
    ipwld.configure(xdp_mode=xdp_mode, lists=HOST_LISTS)
    inner.configure(xdp_mode=xdp_mode, lists=BOX_LISTS)
    for daemon in ipwld, inner:
        daemon.start()
        assert daemon.interface()["attached"], daemon.interface()
        assert daemon.interface()["marking"] == "metadata"
    rules = {}
    for sender in ALLOWED, UNLISTED:
        for address in sender.addresses:
            name = sender.name + ("6" if is_ipv6(address) else "4")
            rules[f"all_{name}"] = mail_from(address)
            rules[f"vip_{name}"] = f"{mail_from(address)} meta mark 0x500 meta priority 0:7"
    outside = Stack(lab, {"marked": "meta mark 0x1 meta priority 0:6"})
    inside = Stack(types.SimpleNamespace(mx=box), rules)
    for sender in ALLOWED, UNLISTED:
        for address in sender.addresses:
            wire.send(frames.tcp(wire, address), count=REPEAT)
    assert outside.read().marked == 2 * REPEAT
    seen = vars(inside.read())
    # A packet's mark does not leave its namespace; that of the container is its own.
    assert seen == {name: 0 if name.startswith("vip_allowed") else REPEAT for name in rules}
    assert inner.packets()["allow"] == inner.packets()["unlisted"] == 2 * REPEAT
