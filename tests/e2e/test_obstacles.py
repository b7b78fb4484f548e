# SPDX-License-Identifier: GPL-2.0-or-later
"""What keeps an XDP program off an interface, and how ipwld says so."""

import errno
import json
import re

import pytest

import fault
import netns
from lab import wait_for
from test_interfaces import await_attached, judged


@pytest.fixture(name="other_program")
def _other_program(lab, tmp_path):
    """An object file with an XDP program of other software."""
    source = tmp_path / "pass.c"
    source.write_text('__attribute__((section("xdp"), used)) int pass(void *c) { return 2; }\n'
                      'char _license[] __attribute__((section("license"), used)) = "GPL";\n')
    lab.mx.run("clang", "-O2", "-target", "bpf", "-c", source, "-o", tmp_path / "pass.o")
    return tmp_path / "pass.o"


def program_id(lab, interface):
    link, = json.loads(lab.mx.ip("-j", "link", "show", interface).stdout)
    return link["xdp"]["prog"]["id"]


@pytest.mark.parametrize("word, off", (("xdpdrv", "xdp"), ("xdpgeneric", "xdpgeneric")))
def test_program_of_someone_else(lab, ipwld, other_program, word, off):
    """It stays, mail flows, and the status says what takes it off."""
    lab.mx.ip("link", "set", "eth0", word, "obj", other_program, "sec", "xdp")
    number = program_id(lab, "eth0")
    ipwld.start()
    found = ipwld.interface()
    assert not found["attached"]
    command = f"ip link set dev eth0 {off} off"
    assert (f"another XDP program (id {number}, name pass) is attached: remove it with "
            f"`{command}'") in found["error"], found
    assert "Qdisc" not in found["error"] and "Qdisc" not in ipwld.words()
    assert program_id(lab, "eth0") == number
    lab.mx.run(*command.split())
    # An administrator who removed it asks for another try.
    assert ipwld.ctl("reload").returncode == 0
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


def test_program_of_libxdp(lab, ipwld):
    """ipwl shares no interface with it, whether libxdp uses its dispatcher or not, and says what
    is there."""
    # libxdp pins what it loads below /sys/fs/bpf, here in a mount namespace of its own.
    own = "unshare", "-m", "sh", "-c", 'mount -t bpf bpf /sys/fs/bpf && exec "$@"', "sh"
    lab.mx.run(*own, "xdp-filter", "load", "-m", "skb", "eth0")
    number = program_id(lab, "eth0")
    ipwld.start()
    found = ipwld.interface()
    assert not found["attached"]
    assert re.search(rf"another XDP program \(id {number}, name xdp\w+\) is attached",
                     found["error"]), found
    assert program_id(lab, "eth0") == number
    lab.mx.run(*re.search("`(ip link .*?)'", found["error"])[1].split())
    assert ipwld.ctl("reload").returncode == 0
    await_attached(ipwld, "eth0")


def test_link_of_someone_else(lab, ipwld):
    """What a link holds `ip link` does not take off."""
    ipwld.start()
    pin = ipwld.bpffs / "interfaces/eth0/link"
    pin.rename(ipwld.bpffs.parent / "not_ours")
    ipwld.kill()
    ipwld.start()
    found = ipwld.interface()
    assert not found["attached"]
    assert "`bpftool link detach id " in found["error"], found
    lab.mx.run(*re.search("`(.*?)'", found["error"])[1].split())
    (ipwld.bpffs.parent / "not_ours").unlink()
    assert ipwld.ctl("reload").returncode == 0
    await_attached(ipwld, "eth0")


def test_without_the_right_to_look_at_links(lab, ipwld):
    """As under systemd: both ways to take it off are named."""
    ipwld.start()
    (ipwld.bpffs / "interfaces/eth0/link").rename(ipwld.bpffs.parent / "not_ours")
    ipwld.kill()
    ipwld.spawn(wrapper=("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"))
    ipwld.await_answer()
    error = ipwld.interface()["error"]
    number = program_id(lab, "eth0")
    assert f"another XDP program (id {number}) is attached: remove it with `ip link set dev " \
        "eth0 xdp off' or, if a link holds it" in error, error
    assert "`bpftool link detach id LINK'" in error
    (ipwld.bpffs.parent / "not_ours").unlink()


def test_bridge_and_its_port(lab, ipwld):
    """The kernel takes no program below one: the message names both."""
    lab.plug("eth1")
    lab.mx.ip("link", "add", "br0", "type", "bridge")
    lab.mx.ip("link", "set", "eth1", "master", "br0")
    lab.mx.ip("link", "set", "br0", "up")
    ipwld.configure(interfaces="br0, eth1")
    ipwld.start()
    assert ipwld.interface("br0")["attached"]
    error = ipwld.interface("eth1")["error"]
    assert "on eth1 while br0, the device above it, has one" in error \
        and "remove one of the two" in error
    assert "Qdisc" not in error
    ipwld.configure(interfaces="eth1")
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: ipwld.interface("eth1")["attached"], "eth1 attached")


def test_large_mtu(lab, ipwld):
    """Nothing else tells of the driver's limit."""
    lab.mx.ip("link", "add", "mv0", "link", "eth0", "type", "macvlan", "mode", "bridge")
    lab.mx.ip("link", "set", "mv0", "up")
    ipwld.configure(interfaces="mv0", xdp_mode="native")
    ipwld.start()
    assert "MTU" not in ipwld.interface("mv0")["error"]
    for name in ("eth0", "mv0"):
        lab.mx.ip("link", "set", name, "mtu", 9000)
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: "MTU of 9000" in ipwld.interface("mv0")["error"], "the MTU named")


def test_kernel_is_not_judged_by_its_version(lab, ipwld):
    """Distributions back-port: a kernel that calls itself 2.6 is asked what it can."""
    ipwld.spawn(wrapper=("setarch", "--uname-2.6"))
    ipwld.await_answer()
    await_attached(ipwld, "eth0")
    assert judged(lab, ipwld, "eth0")


@pytest.mark.parametrize("call, words", (("MAP_CREATE", "arrays that user space can map"),
                                         ("LINK_CREATE", "links of XDP programs")))
def test_kernel_without_a_feature(ipwld, call, words):
    """The message names what is missing."""
    faults = fault.Faults()
    with faults.armed(1, errno.EINVAL, calls=fault.mask(call), count=1 << 40):
        ipwld.spawn(env=faults.environment)
        assert ipwld.process.wait(netns.PATIENCE_SEC) != 0
    assert words in ipwld.words() and "this kernel is Linux" in ipwld.words()
