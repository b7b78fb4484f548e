# SPDX-License-Identifier: GPL-2.0-or-later
"""Random and mutated packets against a real listener: no blocked source is ever answered,
and by XDP's own count no packet of an allowed one is dropped.

IPWL_PACKETS sets how many (make soak: ten million), IPWL_SEED repeats a run."""

import json
import os
import socket
import time

import pytest

import frames
from daemon import BUILD
from lab import MX4, MX6, link_of, wait_for

PACKETS = int(os.environ.get("IPWL_PACKETS", "200000"))
SEED = int(os.environ.get("IPWL_SEED") or time.time())
MTU = 9000
VLAN = 5
TIMEOUT = max(600, PACKETS // 1000)

# As strange.c has them: each block entry of a sender that is allowed has its own counter.
LISTS = """\
  - name: partners
    action: allow
    entries: [198.51.100.0/24, 100.64.7.0/24, "2001:db8:a::/48", "2001:db8:c::/48"]
  - name: drop
    action: block
    entries: [203.0.113.0/24, 100.64.7.0/24, "2001:db8:bad::/48", "2001:db8:c::/48"]
"""
BLOCKED = {"203.0.113.0/24", "2001:db8:bad::/48"}

# Linux 7.1 takes no more than 12 extension headers, and so do some kernels before it.
UNANSWERED = {"many headers"}


def prepare(lab):
    """An MX that hears all of its network's jumbo frames and VLAN, answers every SYN without
    keeping anything, and keeps fragments no longer than it must."""
    lab.switch.ip("link", "set", "mx-eth0", "mtu", MTU)
    lab.mx.ip("link", "set", "eth0", "mtu", MTU)
    for name, value in {"ipv4.conf.all.rp_filter": 0, "ipv4.conf.default.rp_filter": 0,
                        "ipv4.conf.eth0.rp_filter": 0, "ipv4.tcp_syncookies": 2,
                        "ipv4.ipfrag_time": 1, "ipv4.ipfrag_max_dist": 0,
                        "ipv4.ipfrag_high_thresh": 1 << 28, "ipv6.ip6frag_time": 1,
                        "ipv6.ip6frag_high_thresh": 1 << 28}.items():
        lab.mx.sysctl(f"net.{name}", value)
    for family, gateway in ("-4", "192.0.2.1"), ("-6", "fe80::1"):
        lab.mx.ip(family, "route", "replace", "default", "via", gateway, "dev", "eth0", "onlink")
        lab.mx.ip(family, "neigh", "replace", gateway, "lladdr", frames.SENDER_MAC, "dev", "eth0",
                  "nud", "permanent")


def add_vlan(lab):
    """A VLAN on the MX; its number, or 0 where the kernel knows none."""
    added = lab.mx.ip("link", "add", "link", "eth0", "name", "vlan", "type", "vlan", "id", VLAN,
                      check=False)
    if "Unknown device type" in added.stderr:
        return 0
    lab.mx.ip("link", "set", "vlan", "up")
    return VLAN


def listen(lab):
    """Both families' port 25, with nobody who accepts."""
    with lab.mx.entered():
        return [socket.create_server((MX4, 25), backlog=4096),
                socket.create_server((MX6, 25), family=socket.AF_INET6, backlog=4096)]


def barrage(lab, vlan, packets=PACKETS):
    """Send that many packets and return what came of them."""
    argv = [BUILD / "tests/e2e/barrage", "mx-eth0", link_of(lab.mx, "eth0")["address"], MX4, MX6,
            MTU + 14, vlan, packets, SEED]
    result = json.loads(lab.switch.run(*argv, timeout=TIMEOUT).stdout)
    if result["found"]:
        argv[-2] = 0
        for number in result["found"][:3]:
            print(lab.switch.run(*argv, number).stdout[:2000])
    return result


def drops(ipwld):
    """Packets dropped by the entries of blocked senders, by all others, and in all."""
    entries = ipwld.ask("list", "--list", "drop")["entries"]
    blocked = sum(entry["packets"] for entry in entries if entry["prefix"] in BLOCKED)
    others = sum(entry["packets"] for entry in entries if entry["prefix"] not in BLOCKED)
    return blocked, others, ipwld.packets()["block"]


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_barrage(lab, ipwld, xdp_mode):
    prepare(lab)
    vlan = add_vlan(lab)
    ipwld.configure(xdp_mode=xdp_mode, lists=LISTS)
    ipwld.start()
    assert ipwld.interface()["attached"], ipwld.interface()
    listeners = listen(lab)
    received = lab.received()
    result = barrage(lab, vlan)
    blocked, others, dropped = drops(ipwld)
    print(f"{xdp_mode}, VLAN {vlan}: IPWL_SEED={SEED}, {result['packets']} packets in {result['frames']} "
          f"frames, {result['mutants']} of them mutants, {lab.received() - received} received, "
          f"{dropped} dropped, of these {dropped - blocked} not by an entry of a blocked source, "
          f"answered: {({name: sum(by.values()) for name, by in result['answers'].items()})}, "
          f"else answered: {result['others']}; XDP counts {ipwld.packets()}")
    for name, by_shape in result["answers"].items():
        print(name, by_shape)
    # Nobody in a block list gets as much as a RST of the listener.
    assert result["lost"] == 0
    assert sum(result["answers"]["blocked"].values()) == 0, result["found"]
    assert result["others"]["blocked"] == 0, result["found"]
    assert others == 0
    assert dropped == blocked > 0
    # The listener answers each kind of packet, if only it gets it.
    for name in "allowed", "averted", "unlisted":
        for shape, sent in result["sent"][name].items():
            answers = result["answers"][name][shape]
            assert answers > sent // 10 or shape in UNANSWERED, (name, shape, sent, answers)
    for listener in listeners:
        listener.close()
