# SPDX-License-Identifier: GPL-2.0-or-later
"""Stop, crash and restart: the programs keep deciding and counting."""

import os
import re
import signal
import socket

import netns
import pytest

import frames
from daemon import EX_CONFIG, UNREACHABLE, has_programs
from flow import Flow
from lab import ALLOWED, AVERTED, BLOCKED, SENDERS, UNLISTED, wait_for
from stack import MARKED, Stack, mail_from

PER_SECOND = 1000
# A directory of maps, by the version of their layout.
LAYOUT = re.compile("v[0-9]+")


def all_counters(ipwld):
    """All samples that count what the kernel did. What is seen is counted by each daemon anew."""
    return {key: value for key, value in ipwld.metrics().items() if key[0].endswith("_total")
            and key[0].startswith("ipwl_") and not key[0].startswith("ipwl_seen_")}


def test_sigterm_leaves_the_data_plane(lab, running, wire):
    stack = Stack(lab, {"blocked": mail_from(BLOCKED.ipv4),
                        "marked": f"{mail_from(ALLOWED.ipv4)} {MARKED}"})
    assert running.stop(signal.SIGTERM) == 0
    # With the one command that takes it off.
    assert "ipwld is not running; still attached to eth0 and dropping; to let everything through: ipwlctl detach" \
        in running.words()
    assert running.ctl("status").returncode == UNREACHABLE
    assert has_programs(lab.mx) == (True, True)
    for address in BLOCKED.ipv4, ALLOWED.ipv4:
        wire.send(frames.tcp(wire, address), count=10)
    seen = stack.read()
    assert (seen.blocked, seen.marked) == (0, 10)
    running.start()
    # Packets that were decided meanwhile are counted.
    packets = running.packets()
    assert (packets["block"], packets["allow"]) == (10, 10)
    lists = {item["name"]: item["packets"] for item in running.status()["lists"]}
    assert lists == {"partners": 10, "drop": 10}
    entries = {entry["prefix"]: entry["packets"] for entry in running.ask("list")["entries"]}
    assert (entries["203.0.113.0/24"], entries["198.51.100.0/24"]) == (10, 10)
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    assert running.packets()["block"] == 15


def await_rounds(stack, count):
    """Let so many more packets of the first source come through."""
    before = stack.read().s0
    wait_for(lambda: stack.read().s0 >= before + count, "packets come through")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_under_traffic(lab, ipwld, wire, number, xdp_mode):
    """No packet of an allowed source is lost, none of a blocked one gets through,
    and each is counted exactly once, over several restarts."""
    ipwld.configure(xdp_mode=xdp_mode)
    ipwld.start()
    sources = [address for sender in SENDERS for address in sender.addresses]
    rules = {f"s{index}": mail_from(address) for index, address in enumerate(sources)}
    rules["marked"] = MARKED
    stack = Stack(lab, rules, drop=True)
    flow = Flow(lab, [frames.tcp(wire, address) for address in sources], PER_SECOND)
    before = all_counters(ipwld)
    for _ in range(4):
        await_rounds(stack, 100)
        ipwld.stop(number)
        await_rounds(stack, 50)
        ipwld.start()
        after = all_counters(ipwld)
        for key, value in before.items():
            assert after.get(key, -1) >= value, key
        before = after
    rounds = flow.stop()
    assert rounds > 4 * 150
    seen = vars(stack.read())
    marked = 0
    for index, sender in enumerate(sender for sender in SENDERS for _ in sender.addresses):
        assert seen[f"s{index}"] == (0 if sender is BLOCKED else rounds), sender
        marked += rounds * sender.is_marked
    assert seen["marked"] == marked
    for family in "ipv4", "ipv6":
        for sender in SENDERS:
            assert ipwld.counters()[family, sender.verdict] == rounds
            # The same SYN again and again, also to the programs of the next daemon.
            assert ipwld.counters("connections")[family, sender.verdict] == 1
    entries = ipwld.ask("list")["entries"]
    assert sum(entry["packets"] for entry in entries) == 2 * 3 * rounds
    assert sum(entry["averted_packets"] for entry in entries) == 2 * rounds
    assert AVERTED.is_marked and not UNLISTED.is_marked


def test_upgrade_from_another_layout(lab, running, wire):
    """The programs of an ipwld whose maps have another layout decide until the new ones do. Its
    maps are not used and go, and so do those of one before it that was killed in between."""
    sources = [address for sender in SENDERS for address in sender.addresses]
    rules = {f"s{index}": mail_from(address) for index, address in enumerate(sources)}
    stack = Stack(lab, rules, drop=True)
    flow = Flow(lab, [frames.tcp(wire, address) for address in sources], PER_SECOND)
    await_rounds(stack, 100)
    running.kill()
    layout, = [path.name for path in running.bpffs.iterdir() if LAYOUT.fullmatch(path.name)]
    os.rename(running.bpffs / layout, running.bpffs / "v4")
    (running.bpffs / "v3").mkdir()
    await_rounds(stack, 100)
    running.start()
    await_rounds(stack, 100)
    names = [path.name for path in running.bpffs.iterdir() if LAYOUT.fullmatch(path.name)]
    assert names == [layout]
    before = running.packets()
    await_rounds(stack, 100)
    after = running.packets()
    for verdict in "allow", "averted", "unlisted", "block":
        assert after[verdict] >= before[verdict] + 100, verdict
    rounds = flow.stop()
    seen = vars(stack.read())
    for index, sender in enumerate(sender for sender in SENDERS for _ in sender.addresses):
        assert seen[f"s{index}"] == (0 if sender is BLOCKED else rounds), sender


def test_restart_with_a_changed_configuration(running, wire):
    """What is listed before and after keeps its counter, what is new starts at 0."""
    running.write_list("block.d/a.list", "192.0.2.96/27")
    running.ask("reload")
    for address in UNLISTED.ipv4, BLOCKED.ipv4:
        wire.send(frames.tcp(wire, address), count=6)
    running.kill()
    running.write_list("block.d/a.list", "192.0.2.99", "192.0.2.96/28")
    running.start()
    entries = {entry["prefix"]: entry["packets"]
               for entry in running.ask("list", "--list", "drop")["entries"]}
    assert entries["203.0.113.0/24"] == 6
    assert (entries["192.0.2.99/32"], entries["192.0.2.96/28"]) == (0, 0)
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=2)
    assert running.packets()["block"] == 14
    assert running.ask("list", "--list", "drop", "192.0.2.99")["entries"][0]["prefix"]


def test_restart_with_a_broken_configuration(lab, running, wire):
    """It does not start, says why, and the old tables keep deciding."""
    running.stop()
    running.write_list("block.d/a.list", "nonsense")
    assert lab.mx.run(*running.argv("-f"), check=False).returncode == EX_CONFIG
    stack = Stack(lab, {"blocked": mail_from(BLOCKED.ipv6)})
    wire.send(frames.tcp(wire, BLOCKED.ipv6), count=5)
    assert stack.read().blocked == 0
    assert has_programs(lab.mx) == (True, True)


def test_other_xdp_mode_after_a_restart(running, wire):
    """A program in the wrong mode is replaced; counters stay."""
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    running.stop()
    running.configure(xdp_mode="generic")
    running.start()
    assert running.interface()["xdp_mode"] == "generic"
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    assert running.packets()["block"] == 10


def test_readiness(ipwld):
    """READY=1 comes once the programs decide; STOPPING=1 on the way out."""
    path = ipwld.top / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(netns.PATIENCE_SEC)
        ipwld.spawn(env={"NOTIFY_SOCKET": str(path), "PATH": "/usr/sbin:/usr/bin"})
        words = ""
        while "READY=1" not in words.split("\n"):
            words += listener.recv(4096).decode() + "\n"
        assert ipwld.interface()["attached"]
        assert ipwld.request("GET", "/v1/status")[0] == 200
        ipwld.process.send_signal(signal.SIGHUP)
        while words.split("\n").count("READY=1") < 2:
            words += listener.recv(4096).decode() + "\n"
        assert "RELOADING=1" in words.split("\n")
        ipwld.process.send_signal(signal.SIGTERM)
        while "STOPPING=1" not in words.split("\n"):
            words += listener.recv(4096).decode() + "\n"
    assert ipwld.process.wait(netns.PATIENCE_SEC) == 0


def test_second_daemon_refuses(running):
    """On the same runtime directory; the first one keeps running."""
    result = running.namespace.run(*running.argv("-f"), check=False)
    assert result.returncode not in (0, 4)
    assert str(running.process.pid) in result.stderr, result.stderr
    assert running.status()["pid"] == running.process.pid
    assert running.interface()["attached"]


def test_in_the_background(ipwld):
    """Without -f it returns when it works."""
    result = ipwld.namespace.run(*ipwld.argv(), check=False)
    assert result.returncode == 0, result.stderr
    status = ipwld.status()
    try:
        assert status["interfaces"][0]["attached"]
    finally:
        signal_and_wait(status["pid"])
    assert ipwld.ctl("status").returncode == UNREACHABLE


def signal_and_wait(pid):
    """End a process that is not our child."""
    os.kill(pid, signal.SIGTERM)

    def is_gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"

    wait_for(is_gone, "the daemon ends")
