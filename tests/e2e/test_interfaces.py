# SPDX-License-Identifier: GPL-2.0-or-later
"""Interfaces that are missing, go, come back, or will not have an XDP program."""

import contextlib
import fcntl
import os
import struct

import frames
from daemon import has_programs
from lab import BLOCKED, wait_for

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
    """It is attached again, the other one works meanwhile, and counters go on."""
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


def test_auto_falls_back_to_generic(lab, ipwld):
    """Where the driver has no native XDP; `native` alone says why it does not work."""
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


def test_program_of_someone_else(lab, ipwld, tmp_path):
    """It stays, mail flows, and the status names the trouble."""
    source = tmp_path / "pass.c"
    source.write_text('__attribute__((section("xdp"), used)) int pass(void *c) { return 2; }\n'
                      'char _license[] __attribute__((section("license"), used)) = "GPL";\n')
    lab.mx.run("clang", "-O2", "-target", "bpf", "-c", source, "-o", tmp_path / "pass.o")
    lab.mx.ip("link", "set", "eth0", "xdpdrv", "obj", tmp_path / "pass.o", "sec", "xdp")
    ipwld.start()
    found = ipwld.interface()
    assert not found["attached"]
    assert found["error"], found
    lab.mx.ip("link", "set", "eth0", "xdpdrv", "off")
    # An administrator who removed it asks for another try.
    assert ipwld.ctl("reload").returncode == 0
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


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
