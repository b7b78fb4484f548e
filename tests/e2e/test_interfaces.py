# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that are missing, go, come back, or will not have an XDP program."""

import contextlib
import fcntl
import json
import os
import struct

import pytest

import frames
import netns
from daemon import has_programs, without_space
from lab import BLOCKED, link_of, wait_for

# linux/if_tun.h
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000


def judged(lab, ipwld, name, count=3):
    """Whether mail from a blocked source is dropped on that interface now."""
    before = ipwld.packets(name)["block"]
    with contextlib.closing(lab.wire(name)) as wire:
        wire.send(frames.tcp(wire, BLOCKED.ipv4), count=count)
    return ipwld.packets(name)["block"] - before == count


def await_attached(ipwld, name):
    wait_for(lambda: ipwld.interface(name)["attached"], f"{name} attached")


def test_disappears_and_comes_back(lab, ipwld):
    """It is attached again, the other one works meanwhile, and counters continue."""
    lab.plug("eth1")
    ipwld.configure(interfaces="eth0, eth1")
    ipwld.start()
    assert judged(lab, ipwld, "eth1", 4)
    for round_number in range(1, 4):
        lab.unplug("eth1")
        wait_for(lambda: not ipwld.interface("eth1")["attached"], "eth1 seen to be gone")
        assert ipwld.interface("eth1")["error"]
        assert ipwld.metric("ipwl_interface_attached", interface="eth1", xdp_mode="none") == 0
        assert judged(lab, ipwld, "eth0")
        lab.plug("eth1")
        await_attached(ipwld, "eth1")
        assert judged(lab, ipwld, "eth1", 4)
        assert ipwld.packets("eth1")["block"] == 4 * (1 + round_number)
        assert ipwld.interface("eth1")["marking"] == "metadata"
    assert ipwld.metric("ipwl_interface_attached", interface="eth1", xdp_mode="native") == 1


def test_none_at_first(lab, ipwld):
    """It runs, attaches nothing, and says what to do; a reload does it, and undoes it."""
    ipwld.configure(interfaces="")
    ipwld.start()
    assert ipwld.status()["interfaces"] == []
    assert has_programs(lab.mx) == (False, False)
    assert "ipwld.yaml:1:13: no interface, so ipwl sees no packets: name the interfaces" \
        in ipwld.words()
    assert any("no interface" in line for line in ipwld.status()["reload"]["warnings"])
    ipwld.configure()
    ipwld.ask("reload")
    assert judged(lab, ipwld, "eth0") and not without_space(
        ipwld.status()["reload"]["warnings"])
    ipwld.configure(interfaces="")
    ipwld.ask("reload")
    assert has_programs(lab.mx) == (False, False)


def test_missing_at_start(lab, ipwld):
    """It is waited for; the others work meanwhile."""
    ipwld.configure(interfaces="eth0, eth7")
    ipwld.start()
    missing = ipwld.interface("eth7")
    assert (missing["attached"], missing["xdp_mode"]) == (False, "none")
    assert missing["error"]
    assert judged(lab, ipwld, "eth0")
    lab.plug("eth7")
    await_attached(ipwld, "eth7")
    assert judged(lab, ipwld, "eth7")


def test_unknown_interface_alone(lab, ipwld):
    """A name that nothing has: the daemon runs, and says so."""
    ipwld.configure(interfaces="no-such-if0")
    ipwld.start()
    assert "no-such-if0" in ipwld.ctl("status").stdout
    assert not ipwld.interface("no-such-if0")["attached"]
    assert "no-such-if0" in ipwld.words()
    assert has_programs(lab.mx) == (False, False)


def test_interfaces_follow_a_reload(lab, ipwld):
    lab.plug("eth1")
    ipwld.start()
    ipwld.configure(interfaces="eth1")
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: [item["name"] for item in ipwld.status()["interfaces"]] == ["eth1"])
    await_attached(ipwld, "eth1")
    assert judged(lab, ipwld, "eth1")
    assert has_programs(lab.mx, "eth0") == (False, False)
    assert not (ipwld.bpffs / "interfaces/eth0/link").exists()


def test_renamed_interface(lab, ipwld):
    """A name is what is configured: another device of that name is judged."""
    ipwld.start()
    lab.mx.ip("link", "set", "eth0", "down")
    lab.mx.ip("link", "set", "eth0", "name", "old0")
    wait_for(lambda: not ipwld.interface()["attached"], "eth0 seen to be gone")
    lab.mx.ip("link", "set", "old0", "name", "eth0")
    lab.mx.ip("link", "set", "eth0", "up")
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


def rename(namespace, *pairs):
    """Give devices other names; each must be down for that."""
    for old, new in pairs:
        namespace.ip("link", "set", old, "down")
        namespace.ip("link", "set", old, "name", new)
    for _, new in pairs:
        if not new.startswith("tmp"):
            namespace.ip("link", "set", new, "up")


def link_id(ipwld, name):
    """Of the pinned link, by which the kernel holds the program on a device."""
    shown = ipwld.namespace.run("bpftool", "-j", "link", "show", "pinned",
                                ipwld.bpffs / "interfaces" / name / "link").stdout
    found = json.loads(shown)
    return (found[0] if isinstance(found, list) else found)["id"]


def test_names_exchanged_while_stopped(lab, ipwld):
    """Each device keeps a program all the time; the one it gets counts for its new name."""
    lab.plug("eth1")
    ipwld.configure(interfaces="eth0, eth1")
    ipwld.start()
    assert judged(lab, ipwld, "eth0", 2) and judged(lab, ipwld, "eth1", 5)
    links = [link_id(ipwld, name) for name in ("eth0", "eth1")]
    ipwld.stop()
    rename(lab.mx, ("eth0", "tmp0"), ("eth1", "eth0"), ("tmp0", "eth1"))
    ipwld.start()
    assert [ipwld.interface(name)["attached"] for name in ("eth0", "eth1")] == [True, True]
    assert [link_id(ipwld, name) for name in ("eth1", "eth0")] == links
    assert [ipwld.packets(name)["block"] for name in ("eth0", "eth1")] == [2, 5]
    lab.switch.ip("link", "set", "mx-eth0", "name", "tmp1")
    lab.switch.ip("link", "set", "mx-eth1", "name", "mx-eth0")
    lab.switch.ip("link", "set", "tmp1", "name", "mx-eth1")
    assert judged(lab, ipwld, "eth0") and judged(lab, ipwld, "eth1")
    # Each stop warns that the programs stay attached.
    assert not [line for line in without_space(ipwld.words().splitlines())
                if "warning" in line and "stopping" not in line]


def test_renamed_while_stopped(lab, ipwld):
    """The device is not what is configured any more: the program comes off."""
    ipwld.start()
    ipwld.stop()
    rename(lab.mx, ("eth0", "old0"))
    ipwld.start()
    assert not ipwld.interface()["attached"]
    assert has_programs(lab.mx, "old0") == (False, False)
    rename(lab.mx, ("old0", "eth0"))
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


@pytest.mark.parametrize("is_running", (True, False))
def test_moved_to_another_namespace(lab, ipwld, is_running):
    """It takes no program along, and finds one when it comes back."""
    other = netns.Namespace("elsewhere")
    ipwld.start()
    if not is_running:
        ipwld.stop()
    lab.mx.ip("link", "set", "eth0", "netns", other.name)
    if not is_running:
        ipwld.start()
    wait_for(lambda: not ipwld.interface()["attached"], "eth0 seen to be gone")
    assert "no such interface" in ipwld.interface()["error"]
    wait_for(lambda: has_programs(other) == (False, False), "its program off")
    other.ip("link", "set", "eth0", "netns", lab.mx.name)
    lab.mx.ip("link", "set", "eth0", "up")
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


def test_same_number_in_another_namespace(lab, ipwld):
    """What an ifindex means depends on the namespace: the device here keeps its programs
    while those of its namesake elsewhere come off."""
    other = netns.Namespace("elsewhere")
    plug_numbered(lab, "eth9")
    ipwld.configure(interfaces="eth0, eth9")
    ipwld.start()
    assert ipwld.interface("eth9")["attached"]
    ipwld.stop()
    lab.mx.ip("link", "set", "eth9", "netns", other.name)
    plug_numbered(lab, "eth8")
    assert link_of(other, "eth9")["ifindex"] == link_of(lab.mx, "eth8")["ifindex"]
    ipwld.configure(interfaces="eth0, eth8, eth9")
    ipwld.start()
    assert has_programs(other, "eth9") == (False, False)
    assert has_programs(lab.mx, "eth8") == (True, True)
    assert ipwld.interface("eth8")["marking"] != "none"


def plug_numbered(lab, name):
    """An interface of the MX with an ifindex that is always the same."""
    lab.mx.ip("link", "add", name, "index", 4711, "type", "veth", "peer", "name", f"far-{name}",
              "netns", lab.switch.name)
    lab.mx.ip("link", "set", name, "up")


def test_auto_falls_back_to_generic(lab, ipwld):
    """The driver has no native XDP; only `native` says why it does not work."""
    add_device_without_xdp(lab)
    ipwld.configure(interfaces="mv0", xdp_mode="auto")
    ipwld.start()
    found = ipwld.interface("mv0")
    assert (found["attached"], found["xdp_mode"]) == (True, "generic"), found
    ipwld.configure(interfaces="mv0", xdp_mode="native")
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: not ipwld.interface("mv0")["attached"], "native mode refused")
    error = ipwld.interface("mv0")["error"]
    # The kernel's own words for it, whichever it has.
    assert "native" in error and any(words in error.lower() for words in (
        "not supported", "operation not supported", "does not support xdp")), error
    assert error in ipwld.ctl("status").stdout


def add_device_without_xdp(lab):
    """A macvlan has no XDP of its own."""
    lab.mx.ip("link", "add", "mv0", "link", "eth0", "type", "macvlan", "mode", "bridge")
    lab.mx.ip("link", "set", "mv0", "up")


def test_tap_device(lab, ipwld):
    """Another driver than veth, native; whatever way of marking it offers works."""
    with lab.mx.entered():
        tap = os.open("/dev/net/tun", os.O_RDWR)
    try:
        fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", b"tap0", IFF_TAP | IFF_NO_PI))
        lab.mx.ip("link", "set", "tap0", "up")
        ipwld.configure(interfaces="tap0")
        ipwld.start()
        assert ipwld.interface("tap0")["xdp_mode"] == "native"
        lab.mx.run("nft", "-f", "-", input=(
            'table netdev test {\ncounter marked { }\nchain ingress {\n'
            'type filter hook ingress device "tap0" priority 0;\n'
            'meta mark 0x1 meta priority 0:6 counter name marked\n}\n}\n'))
        with contextlib.closing(lab.wire()) as wire:
            frame = frames.tcp(wire, "198.51.100.10")
        for _ in range(10):
            os.write(tap, frame)
        assert ipwld.packets("tap0")["allow"] == 10
        assert ipwld.interface("tap0")["marking"] in ("metadata", "classify")
        assert "packets 10 " in lab.mx.run("nft", "list", "counters").stdout
    finally:
        os.close(tap)
