# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl top` in a real terminal, with real packets."""

import itertools
import re
import sys

import pytest

import daemon
import frames
from lab import AVERTED, BLOCKED, UNLISTED

sys.path.insert(0, str(daemon.ROOT / "tests/ctl"))
from tmux import Terminal  # noqa: E402

EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
_port = itertools.count(2000)


def attempt(wire, address, count=1):
    for _ in range(count):
        wire.send(frames.tcp(wire, address, source_port=next(_port)))


@pytest.fixture(name="mx")
def _mx(ipwld):
    ipwld.configure(extra=EVENTS)
    ipwld.start()
    return ipwld


def top(mx, **options):
    return Terminal(daemon.BUILD / "ipwlctl", "--socket", mx.socket, "top", width=120, **options)


def row(screen, name):
    """The words of a row; none: there is no such row."""
    return next((line.split() for line in screen.splitlines() if line.split()[:1] == [name]), [])


def counted(mx, verdict):
    return int(mx.metric_sum("ipwl_connections_total", verdict=verdict))


def test_traffic(mx, wire):
    """What is shown is what was sent, and what metrics have."""
    attempt(wire, BLOCKED.ipv4, 2)
    with top(mx) as terminal:
        terminal.wait(lambda screen: row(screen, BLOCKED.ipv4)[2:3] == ["2"])
        attempt(wire, BLOCKED.ipv4, 3)
        attempt(wire, BLOCKED.ipv6)
        attempt(wire, AVERTED.ipv4, 4)
        attempt(wire, UNLISTED.ipv4, 6)
        screen = terminal.wait(lambda screen: row(screen, BLOCKED.ipv4)[2:3] == ["5"]
                               and row(screen, "block")[1:2] == ["6"])
        for verdict in "allow", "averted", "unlisted", "would_block", "block":
            assert row(screen, verdict)[1] == str(counted(mx, verdict))
        verdict, attempts, lately, _, *by = row(screen, BLOCKED.ipv4)[1:]
        assert (verdict, attempts, by) == ("block", "5", ["drop", "203.0.113.0/24"])
        # Those before the start do not count as of the last minute.
        assert 3 <= int(lately) <= 5
        assert row(screen, BLOCKED.ipv6)[1:3] == ["block", "1"]
        assert re.search(r"^block .*[▁-█]", screen, re.M)
        terminal.type("2")
        screen = terminal.wait(lambda screen: row(screen, AVERTED.ipv4))
        assert row(screen, AVERTED.ipv4)[1:4] == ["averted", "4", "4"]
        terminal.type("3")
        screen = terminal.wait("203.0.113.0/24")
        assert row(screen, "203.0.113.0/24")[2] == "9"
        terminal.type("4")
        screen = terminal.wait("CONNECTIONS  PER SEC")
        assert row(screen, "drop")[4] == "6"


def test_restart(mx, wire):
    """It says that ipwld has gone and that it has come back, and misses no attempt."""
    attempt(wire, BLOCKED.ipv4)
    with top(mx) as terminal:
        terminal.wait(lambda screen: row(screen, BLOCKED.ipv4)[2:3] == ["1"])
        mx.kill()
        terminal.wait("no answer from ipwld")
        attempt(wire, BLOCKED.ipv4)
        mx.start()
        screen = terminal.wait("ipwld was restarted at")
        assert "no answer" not in screen
        attempt(wire, BLOCKED.ipv4)
        terminal.wait(lambda screen: row(screen, BLOCKED.ipv4)[2:3] == ["3"])


def test_add(mx, wire):
    """An address is tested, and added after a question; the history tells by what."""
    attempt(wire, BLOCKED.ipv4)
    with top(mx) as terminal:
        terminal.wait(lambda screen: row(screen, BLOCKED.ipv4))
        terminal.type("Enter")
        assert f"{BLOCKED.ipv4}: block: blocked by drop" in terminal.wait("any key continues")
        terminal.type("x", "a", "Enter", "y")
        terminal.wait(f"{BLOCKED.ipv4} is now in list partners")
        attempt(wire, BLOCKED.ipv4)
        terminal.type("x", "2")
        # The row of before the question stays until the second attempt is fetched.
        terminal.wait(lambda screen: row(screen, BLOCKED.ipv4)[1:2] == ["averted"])
    record, = mx.ask("history")["records"]
    assert (record["event"], record["reason"]) == ("add", "ipwlctl top")
    assert record["changes"][0]["prefix"] == f"{BLOCKED.ipv4}/32"
