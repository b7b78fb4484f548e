# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl top` in a real terminal. What the keys do is also in tests/unit/test_top.c."""
import copy
import itertools
import os
import re
import subprocess

import pytest
from conftest import PROGRAM, environment
from fake_daemon import STATUS, FakeDaemon, attempts, entry, error, result, seen
from screens import compare
from tmux import Terminal

SCREENS = {"top", "top-wide", "top-narrow", "top-networks", "top-lists", "top-interfaces", "top-test",
           "top-add", "top-lost"}
LONG = "2001:db8:1111:2222:3333:4444:5555:6666"
ROWS = [
    attempts(attempts=12345), attempts("203.0.113.67", attempts=7, last_at="2026-11-24T08:59:01Z"),
    attempts(LONG, "would_block", block={"list": "trial", "entry": "2001:db8::/32"}, attempts=31),
    attempts("198.51.100.7", "averted", allow={"list": "partners", "entry": "198.51.100.0/24"}),
    attempts("192.0.2.9", attempts=1, block={"list": None, "entry": None})]
TESTED = result("203.0.113.66", "block", entries=[
    {**entry("203.0.113.0/24", list="drop", action="block", reason=None,
             origin="/etc/ipwl/block.d/ipsum.list:93"), "decides": True}])


def monitored(*rows, after=0, missed=0):
    return 200, {"schema_version": 1, "next": after + len(rows), "missed": missed, "reporting": True,
                 "counts": {"reported": 0, "source_limit": 0, "limit": 0, "ring_full": 0},
                 "attempts": list(rows)}


def live(source="203.0.113.99", verdict="block", **changes):
    return {"at": "2026-11-24T09:30:00.000000Z", "at_ns": 1795512600 * 10 ** 9, "source": source,
            "source_port": 40312, "destination": "192.0.2.25", "port": 25, "verdict": verdict,
            "list": "drop", "entry": "203.0.113.0/24", "interface": "eth0", "bytes": 74,
            "left_out": 0, "header_bytes": 74, "packet": "", **changes}


@pytest.fixture(name="mx")
def _mx(daemon):
    daemon.answers.update({
        ("GET", "/v1/status"): (200, copy.deepcopy(STATUS)),
        ("GET", "/v1/blocked"): seen("sources", ROWS),
        ("GET", "/v1/monitor"): monitored(),
        ("POST", "/v1/test"): (200, {"schema_version": 1, "results": [TESTED]})})
    return daemon


def top(daemon, *options, **changes):
    return Terminal(PROGRAM, "--socket", daemon.path, "top", *options, **changes)


def steady(screen):
    """With the host of the tests, and without rates: the counters stay as they are."""
    return re.sub(r"(?m)^\S+: (?=mail|asking|no answer)", "mx1: ", screen).rstrip("\n") + "\n"


def looked(screen):
    """It has asked twice, so rates are known."""
    return re.search(r"^block +6 +0", screen, re.M)


def test_screen(mx):
    with top(mx) as terminal:
        compare("top", steady(terminal.wait(looked)))
        for key, name, text in (("3", "top-networks", "NETWORK"), ("4", "top-lists", "ENTRIES"),
                                ("5", "top-interfaces", "XDP")):
            terminal.type(key)
            compare(name, steady(terminal.wait(text)))
        terminal.type("2")
        assert "198.51.100.0/24" in terminal.wait("198.51.100.7")
        terminal.type("Tab", "q")
        terminal.wait("exit status 0")


@pytest.mark.parametrize("name, width, height", [("top-wide", 132, 43), ("top-narrow", 72, 16)])
def test_resize(mx, name, width, height):
    with top(mx) as terminal:
        terminal.wait(looked)
        terminal.resize(width, height)
        screen = terminal.wait(lambda screen: len(screen.splitlines()) == height
                               and screen.splitlines()[-1].startswith("q quit"))
        compare(name, steady(screen))
        terminal.resize(10, 3)
        terminal.resize(80, 24)
        assert looked(terminal.wait(lambda screen: "203.0.113.66 " in screen and looked(screen)))


def test_rates(mx):
    """What grows has a rate and a plot; the rest has none."""
    number = itertools.count()

    def status(_):
        answer = copy.deepcopy(STATUS)
        answer["interfaces"][0]["connections"]["averted"] = 1000 * next(number)
        return 200, answer
    mx.answers["GET", "/v1/status"] = status
    with top(mx) as terminal:
        screen = terminal.wait(lambda screen: screen.count("█") >= 2)
        line, = re.findall(r"^averted .*$", screen, re.M)
        # How large it is depends on how fast the answers come here.
        assert float(line.split()[2].replace("k", "e3")) > 0
        assert not re.search(r"^(allow|block|unlisted) .*[▁-█]", screen, re.M)


def test_attempts(mx):
    """They are added to what was known before."""
    asked = []

    def monitor(request):
        after = request["query"].get("after")
        asked.append(after)
        if after is None:
            return monitored(after=17)
        return monitored(live(), live("203.0.113.66", left_out=4), after=17) if after == "17" else \
            monitored(after=int(after))
    mx.answers["GET", "/v1/monitor"] = monitor
    with top(mx, width=120) as terminal:
        screen = terminal.wait("203.0.113.99")
        assert re.search(r"^203\.0\.113\.66 +block +12\.3k +0 09:30:00 drop +203\.0\.113\.0/24$",
                         screen, re.M)
        assert re.search(r"^203\.0\.113\.99 +block +1 +0 09:30:00 drop", screen, re.M)
        assert asked[0] is None and asked[1] == "17" and "19" in asked
    query, = [request["query"] for request in mx.requests if request["path"] == "/v1/blocked"]
    assert set(query) == {"since"}


def test_load(mx):
    """A look is two requests, and none of them asks for all entries."""
    with top(mx) as terminal:
        terminal.wait(looked)
        terminal.type("p")
        terminal.wait("paused")
        paths = [request["path"] for request in mx.requests]
        assert set(paths) == {"/v1/status", "/v1/monitor", "/v1/blocked"}
        assert paths.count("/v1/monitor") <= paths.count("/v1/status") <= \
            paths.count("/v1/monitor") + 1
        # Nothing more is asked.
        mx.answers["GET", "/v1/status"] = error(500, "internal", "asked while paused")
        terminal.type("s", "s")
        terminal.wait("by last")
        terminal.type("p")
        terminal.wait("asked while paused")


def test_keys(mx):
    with top(mx) as terminal:
        terminal.wait(looked)
        terminal.type("Enter")
        compare("top-test", steady(terminal.wait("any key continues")))
        assert [request["body"] for request in mx.requests if request["path"] == "/v1/test"] == \
            [{"addresses": ["203.0.113.66"]}]
        terminal.type("x")
        terminal.wait("q quit")
        terminal.type("t", "198.51.100.9")
        terminal.wait("look up the address: 198.51.100.9_")
        terminal.type("Enter")
        terminal.wait("any key continues")
        assert [request["body"] for request in mx.requests if request["path"] == "/v1/test"][1:] == \
            [{"addresses": ["198.51.100.9"]}]
        terminal.type("x")
        terminal.wait("q quit")
        terminal.type("/", "203.0.113.64/26", "Enter")
        screen = terminal.wait("2 rows by count")
        assert "filter 203.0.113.64/26" in screen and LONG not in screen
        terminal.type("Down", "s", "s", "s")
        terminal.wait("2 rows by name")
        terminal.type("Escape")
        terminal.wait("4 rows by name")


def test_add(mx):
    """Only a y adds."""
    mx.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": entry(), "entries": [entry()], "warnings": []}

    def added():
        return [request["body"] for request in mx.requests if request["path"] == "/v1/entries"]
    with top(mx, SUDO_USER="alice") as terminal:
        terminal.wait(looked)
        terminal.type("a")
        terminal.wait("add 203.0.113.66 to the list: partners_")
        terminal.type("Enter")
        compare("top-add", steady(terminal.wait("[y/N]")))
        terminal.type("n")
        terminal.wait("q quit")
        assert added() == []
        terminal.type("a", "Enter")
        terminal.wait("[y/N]")
        terminal.type("y")
        terminal.wait("203.0.113.66 is now in list partners")
        assert added() == [{"list": "partners", "prefix": "203.0.113.66", "reason": "ipwlctl top",
                            "sudo_user": "alice"}]
        mx.answers["POST", "/v1/entries"] = error(409, "conflict", "it is excluded", ["by a.list:3"])
        terminal.type("x")
        terminal.wait("q quit")
        terminal.type("a", "BSpace", "BSpace", "Enter")
        terminal.wait("add 203.0.113.66 to the list partne? [y/N]")
        terminal.type("y")
        screen = terminal.wait("it is excluded")
        assert "by a.list:3" in screen


def test_restart(mx, tmp_path):
    """It says that ipwld does not answer, keeps what it knows, and goes on."""
    path = tmp_path / "moved"
    with top(mx) as terminal:
        terminal.wait(looked)
        os.rename(mx.path, path)
        # It hangs up.
        mx.answers["GET", "/v1/status"] = b""
        screen = terminal.wait("no answer from ipwld")
        assert "203.0.113.66 " in screen
        compare("top-lost", re.sub(r"ipwld at .*", "ipwld at /run/ipwl/control.sock: …",
                                   steady(screen)))
        terminal.type("t", "192.0.2.1", "Enter")
        assert "is it running?" in re.sub(r"\s+", " ", terminal.wait("any key continues"))
        terminal.type("x")
        mx.answers["GET", "/v1/status"] = 200, {**STATUS, "started_at": "2026-11-24T09:31:00Z"}
        os.rename(path, mx.path)
        screen = terminal.wait("ipwld was restarted at 2026-11-24T09:31:00Z")
        assert "no answer" not in screen


def test_from_the_start(tmp_path):
    """It waits for ipwld."""
    with Terminal(PROGRAM, "--socket", tmp_path / "c.sock", "top") as terminal:
        terminal.wait("no answer from ipwld")
        with FakeDaemon(tmp_path / "c.sock") as daemon:
            daemon.answers["GET", "/v1/status"] = 200, STATUS
            daemon.answers["GET", "/v1/monitor"] = monitored()
            # Attempts are not stored.
            daemon.answers["GET", "/v1/blocked"] = error(409, "conflict", "keep: none")
            assert "nothing yet" in terminal.wait(looked)


@pytest.mark.parametrize("colour", [True, False])
def test_no_color(mx, colour):
    with top(mx, **({} if colour else {"NO_COLOR": "1"})) as terminal:
        terminal.wait(looked)
        assert bool(re.search(r"\x1b\[(?:\d+;)*3[1-37]m", terminal.styled())) == colour


def test_hostile_names(mx):
    """Control characters of a list's name or an answer reach no terminal."""
    status = copy.deepcopy(STATUS)
    status["lists"][0]["name"] = "a\x1b]0;x\x07\u202eb"
    mx.answers["GET", "/v1/status"] = 200, status
    with top(mx) as terminal:
        terminal.wait(looked)
        terminal.type("4")
        assert "a\\x1b]0;x\\x07\\u202eb" in terminal.wait("ACTION")


@pytest.mark.parametrize("key", ["C-c", "q"])
def test_end(mx, key):
    """The terminal is as it was."""
    with top(mx) as terminal:
        terminal.wait(looked)
        terminal.type(key)
        screen = terminal.wait("exit status 0")
        assert "VERDICT" not in screen


def test_no_terminal(ask, ctl):
    done = ask("top")
    assert (done.code, done.out) == (2, "") and "it needs a terminal" in done.err
    assert ask("--json", "top").code == 2
    for interval in "0", "61", "x":
        assert ask("top", "--interval", interval).code == 4


def test_unknown_terminal(daemon):
    done = subprocess.run(
        ["script", "-qec", f"{PROGRAM} --socket {daemon.path} top", "/dev/null"],
        env=environment(TERM="nonsense"), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and 'cannot show a screen' in done.stdout
