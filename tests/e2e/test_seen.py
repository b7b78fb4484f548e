# SPDX-License-Identifier: GPL-2.0-or-later
"""Who tried to connect: the same numbers in every view, or how many are missing from it."""

import itertools
import json
import re
import sqlite3
import struct
import subprocess
import time

import pytest

import daemon
import frames
import netns
import peers
from clocks import Clocks
from daemon import INVALID, NEGATIVE, USAGE
from nameserver import NameServer
from test_state import fill
from lab import BLOCKED, wait_for

LISTS = """\
  - name: partners
    action: allow
    entries: [10.1.0.0/16, 192.0.2.0/24]
  - name: drop
    action: block
    entries: [10.0.0.0/8, 203.0.113.0/24, "2001:db8:bad::/48"]
  - name: trial
    action: block
    mode: monitor
    entries: [172.16.0.0/12]
"""
EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
CHUNK = 3500  # less than the ring has room for


@pytest.fixture(name="watching")
def _watching(ipwld):
    ipwld.configure(lists=LISTS, extra=EVENTS)
    ipwld.start()
    return ipwld


class Syns:
    """SYNs that are quickly made: the stack never reads most of them, so their checksums are
    wrong."""

    def __init__(self, wire, ipwld):
        self._wire = wire
        self._ipwld = ipwld
        self._sent = self._waited_for = 0
        self._before = self._judged()
        self._frame = bytearray(frames.tcp(wire, "10.0.0.1"))
        self._sequence = 0

    def send(self, source, port=25, again=0):
        """One attempt; its SYN is sent again so many times."""
        self._sequence += 1
        frame = self._frame
        frame[26:30] = source
        struct.pack_into("!HHI", frame, 34, 1024 + self._sequence % 60000, port, self._sequence)
        self._wire.send(bytes(frame), count=1 + again)
        self._sent += 1 + again
        # The device has room for 256 frames, and drops others if its CPU is busy.
        if self._sent - self._waited_for >= 200:
            wait_for(lambda: self._judged() - self._before >= self._sent, "all are judged", 0.001)
            self._waited_for = self._sent

    def _judged(self):
        packets = self._ipwld.packets()
        return sum(packets[verdict] for verdict in ("block", "averted", "would_block"))


def noted(ipwld):
    return int(ipwld.metric("ipwl_seen_attempts_total"))


def left_out(answer):
    return sum(answer["left_out"].values())


_port = itertools.count(2000)


def attempt(ipwld, wire, source, count=1):
    """Attempts, and wait until they are stored."""
    before = noted(ipwld)
    for _ in range(count):
        wire.send(frames.tcp(wire, source, source_port=next(_port)))
    wait_for(lambda: noted(ipwld) == before + count, "they are noted")


def attempts_of(ipwld, source):
    return ipwld.request("GET", f"/v1/seen?prefix={source}")[1]["attempt_count"]


def in_all(answer):
    """Attempts that are shown, and those that are not."""
    return answer["attempt_count"] + left_out(answer)


# ---- a hundred thousand sources -----------------------------------------------------------------

def population():
    """Each source with its verdict and the number of its attempts."""
    for i in range(100000):
        kind = i % 4
        low = struct.pack("!H", i // 4)
        verdict, network = (("block", b"\x0a\x02"), ("block", b"\x0a\x03"),
                            ("averted", b"\x0a\x01"), ("would_block", b"\xac\x10"))[kind]
        yield network + low, verdict, 1 + (i % 3 == 0)


def test_known_counts(watching, wire):
    syns = Syns(wire, watching)
    sources = {"block": 0, "averted": 0, "would_block": 0}
    attempts = dict(sources)
    pending = total = 0
    for i, (source, verdict, count) in enumerate(population()):
        for _ in range(count):
            # Later the table of attempts is crowded, and counts what is sent again.
            syns.send(source, again=i < 4000 and i % 10 == 0)
        sources[verdict] += 1
        attempts[verdict] += count
        total += count
        pending += count
        if pending >= CHUNK:
            wait_for(lambda: noted(watching) == total, "the chunk is noted")
            pending = 0
    wait_for(lambda: noted(watching) == total, "all are noted")
    answer = watching.ask("blocked", "--since", "1d", "--limit", "10")
    assert (answer["match_count"], answer["attempt_count"]) == (100000, total)
    assert left_out(answer) == 0 and len(answer["sources"]) == 10
    assert all(source["attempts"] == 2 for source in answer["sources"])
    drop = watching.ask("blocked", "--since", "1d", "--list", "drop", "--limit", "1")
    assert drop["match_count"] == sources["block"] + sources["averted"]
    trial = watching.ask("blocked", "--since", "1d", "--list", "trial", "--limit", "1")
    assert (trial["match_count"], trial["attempt_count"]) == \
        (sources["would_block"], attempts["would_block"])
    seen = watching.ask("seen", "10.1.0.0/16", "--limit", "1")
    assert seen["attempt_count"] == attempts["averted"]
    row, = seen["attempts"]
    assert (row["verdict"], row["block"], row["allow"], row["now"]) == \
        ("averted", {"list": "drop", "entry": "10.0.0.0/8"},
         {"list": "partners", "entry": "10.1.0.0/16"}, {"verdict": "averted", "list": "partners"})
    hits = {entry["prefix"]: entry["recent"]["connections"]
            for entry in watching.ask("list", "--hit", "--since", "1d")["entries"]}
    assert hits == {"10.0.0.0/8": attempts["block"], "10.1.0.0/16": attempts["averted"],
                    "172.16.0.0/12": attempts["would_block"]}
    for verdict, count in attempts.items():
        assert watching.counters("connections")["ipv4", verdict] == count
    assert watching.metric("ipwl_seen_rows") >= 100000
    assert not re.search(r"\d+\.\d+\.\d+\.\d+", "".join(
        line for line in watching.metrics_text().splitlines() if line.startswith("ipwl_seen")))
    lines = re.findall(r"seen: verdict=\S+ address=(\S+)", watching.words())
    assert len(set(lines)) == len(lines) <= 180 and lines
    status = watching.status()["seen"]
    assert status["attempts"] == total
    # The second attempts of a source that has a line belong to its next one.
    assert len(lines) == status["lines"] and 100000 <= len(lines) + status["untold"] <= total


def test_limited_events(ipwld, wire):
    """A limit of each source and one of all: every attempt is shown, or counted by its cause."""
    ipwld.configure(lists=LISTS, extra="events: {per_second: 50, per_source_minute: 10}\n")
    ipwld.start()
    syns = Syns(wire, ipwld)
    for _ in range(100):
        syns.send(bytes([203, 0, 113, 5]))
    for i in range(1000):
        syns.send(b"\x0a\x02" + struct.pack("!H", i))
    wait_for(lambda: in_all(ipwld.ask("blocked", "--since", "1h")) == 1100, "the sum is right")
    answer = ipwld.ask("blocked", "--since", "1h", "--limit", "1000")
    assert answer["left_out"]["limit"] and answer["left_out"]["source_limit"]
    shown = {source["source"]: source["attempts"] for source in answer["sources"]}
    assert 1 <= shown["203.0.113.5"] <= 100 and answer["match_count"] < 1000
    assert "over the limit of all sources" in ipwld.ctl("blocked").stdout
    ipwld.configure(lists=LISTS, extra="events: {per_second: none}\n")
    ipwld.ask("reload")
    before = noted(ipwld)
    syns.send(bytes([203, 0, 113, 9]))
    assert "attempts are not reported" in ipwld.ctl("status").stdout
    ipwld.configure(lists=LISTS)
    ipwld.ask("reload")
    attempt(ipwld, wire, "203.0.113.8")
    assert noted(ipwld) == before + 1
    assert ipwld.ctl("seen", "203.0.113.9").returncode == NEGATIVE


# ---- limits ---------------------------------------------------------------------------------------

def test_limited_rows(ipwld, wire):
    """A flood of sources fills neither the disk nor the sums."""
    ipwld.configure(lists=LISTS, extra=EVENTS + "seen: {max_rows: 1000}\n")
    ipwld.start()
    syns = Syns(wire, ipwld)
    attempt(ipwld, wire, "203.0.113.5")
    for i in range(5000):
        syns.send(b"\x0a\x02" + struct.pack("!H", i))
        if i % 1000 == 999:
            wait_for(lambda sent=i + 2: noted(ipwld) == sent, "they are noted")
    answer = ipwld.ask("blocked", "--since", "1h", "--limit", "1000")
    assert in_all(answer) == 5001 and answer["left_out"]["rows"] >= 4000
    assert answer["match_count"] == len(answer["sources"]) <= 1000
    assert "no room (max_rows)" in ipwld.ctl("blocked").stdout
    assert ipwld.metric("ipwl_seen_rows") <= 1000
    assert ipwld.metric("ipwl_seen_left_out", cause="rows") == answer["left_out"]["rows"]
    assert "attempts left out or lost" in ipwld.ctl("status").stdout


# ---- did she try? ---------------------------------------------------------------------------------

def test_then_and_now(watching, wire):
    attempt(watching, wire, "203.0.113.5", 2)
    assert watching.ctl("seen", "203.0.113.6").returncode == NEGATIVE
    assert "no attempt" in watching.ctl("seen", "203.0.113.6").stderr
    watching.ask("add", "--list", "partners", "203.0.113.5")
    attempt(watching, wire, "203.0.113.5")
    answer = watching.ask("seen", "203.0.113.5")
    assert [row["verdict"] for row in answer["attempts"]] in (["averted", "block"],
                                                              ["block", "averted"])
    for row in answer["attempts"]:
        assert row["now"] == {"verdict": "averted", "list": "partners"}
        assert row["block"] == {"list": "drop", "entry": "203.0.113.0/24"}
        assert (row["allow"] is None) == (row["verdict"] == "block")
        assert row["attempts"] == (2 if row["verdict"] == "block" else 1)
    text = watching.ctl("seen", "203.0.113.5").stdout
    assert "averted" in text and "3 attempts since" in text
    source, = watching.ask("blocked")["sources"]
    assert source["attempts_by_verdict"] == {"averted": 1, "would_block": 0, "block": 2,
                                             "would_limit": 0, "limited": 0}
    for argv, code in ((("seen",), USAGE), (("seen", "x"), INVALID),
                       (("seen", "203.0.113.5", "--since", "soon"), INVALID),
                       (("seen", "203.0.113.5", "--limit", "0"), INVALID),
                       (("seen", "forget"), USAGE), (("seen", "a", "b"), USAGE),
                       (("blocked", "--sort", "name"), INVALID),
                       (("blocked", "--list", "none"), NEGATIVE),
                       (("blocked", "198.51.100.0/24"), NEGATIVE)):
        assert watching.ctl(*argv).returncode == code, argv


def test_forget(watching, wire):
    attempt(watching, wire, "203.0.113.5", 2)
    attempt(watching, wire, "203.0.113.6")
    attempt(watching, wire, BLOCKED.ipv6)
    assert watching.ask("seen", "forget", "203.0.113.5")["deleted"] == 1
    assert watching.ctl("seen", "203.0.113.5").returncode == NEGATIVE
    assert watching.ask("blocked")["match_count"] == 2
    assert watching.ask("seen", "forget", "2001:db8::/32")["deleted"] == 1
    assert watching.ask("seen", "forget", "0.0.0.0/0")["deleted"] == 1
    answer = json.loads(watching.ctl("--json", "blocked").stdout)
    assert answer["sources"] == [] and left_out(answer) == 0


def test_names(watching, wire):
    zone = {("5.113.0.203.in-addr.arpa", "PTR"): ["mail.partner.example"]}
    attempt(watching, wire, "203.0.113.5")
    attempt(watching, wire, "203.0.113.6")
    with watching.namespace.entered():
        server = NameServer(zone)
    try:
        answer = watching.ask("blocked", "--names", "--servers", server.address)
    finally:
        server.stop()
    assert {source["source"]: source["name"] for source in answer["sources"]} == \
        {"203.0.113.5": "mail.partner.example", "203.0.113.6": None}
    began = time.monotonic()
    answer = watching.ask("blocked", "--servers", "127.0.0.1:1")
    assert all(source["name"] is None for source in answer["sources"])
    assert time.monotonic() - began < netns.PATIENCE_SEC
    assert watching.ctl("blocked", "--servers", "nonsense:x").returncode == INVALID


# ---- accidents --------------------------------------------------------------------------------------

def test_kill(watching, wire):
    """What ipwld had read and not written is lost, and said to be; the rest is there."""
    total = 0
    for i in range(5):
        attempt(watching, wire, "203.0.113.5", 3)
        for _ in range(200):
            wire.send(frames.tcp(wire, "203.0.113.6", source_port=next(_port)))
        total += 203
        watching.kill()
        # The programs go on without it.
        wire.send(frames.tcp(wire, "203.0.113.7", source_port=next(_port)))
        total += 1
        watching.start()
        wait_for(lambda: attempts_of(watching, "203.0.113.7") == i + 1, "it is read")
    wait_for(lambda: in_all(watching.ask("blocked", "--since", "1h")) == total, "the sum is right")
    answer = watching.ask("blocked", "--since", "1h")
    if answer["left_out"]["lost"]:
        assert "attempts are lost" in watching.words() or "attempt is lost" in watching.words()
    assert attempts_of(watching, "203.0.113.5") == 15
    assert attempts_of(watching, "203.0.113.7") == 5


def test_damaged(ipwld, wire):
    (ipwld.state / "seen.db").write_bytes(b"This is not a database.\n" * 100)
    ipwld.configure(lists=LISTS, extra=EVENTS)
    ipwld.start()
    wait_for(lambda: "seen.db is corrupt and is kept as" in ipwld.words(), "told")
    assert len(list(ipwld.state.glob("seen.db.corrupt-*"))) == 1
    attempt(ipwld, wire, "203.0.113.5")
    assert ipwld.ask("blocked")["attempt_count"] == 1
    assert ipwld.status()["state"]["ok"] and not ipwld.status()["seen"]["failing"]


def test_full_disk(ipwld, wire):
    """Mail is judged, what is known is shown, and nothing is lost once there is room."""
    netns.mount("tmpfs", ipwld.state, "size=512k")
    ipwld.configure(lists=LISTS, extra=EVENTS)
    ipwld.start()
    attempt(ipwld, wire, "203.0.113.5")
    ballast = fill(ipwld.state)
    for i in range(300):
        wire.send(frames.tcp(wire, f"10.2.0.{i % 256}", source_port=next(_port)))
    wait_for(lambda: ipwld.ask("blocked")["attempt_count"] == 301, "all are shown")
    wait_for(lambda: ipwld.status()["seen"]["failing"], "it is said")
    assert "attempts are not stored" in ipwld.words()
    assert "new attempts are not stored" in ipwld.ctl("blocked").stdout
    assert "not stored" in ipwld.ctl("status").stdout
    assert ipwld.metric("ipwl_seen_failing") == 1
    assert ipwld.ctl("test", "203.0.113.5").returncode == daemon.IS_BLOCKED
    ballast.unlink()
    wait_for(lambda: ipwld.ask("blocked")["error"] is None, "it is stored")
    ipwld.kill()
    ipwld.start()
    answer = ipwld.ask("blocked", "--since", "1h")
    assert (answer["attempt_count"], left_out(answer)) == (301, 0)


def test_retention(ipwld, wire):
    """What is older than `keep` is neither shown nor kept."""
    clocks = Clocks()
    ipwld.configure(lists=LISTS, extra=EVENTS + "seen: {keep: 90d}\nhistory: {sample: 1s}\n")
    ipwld.spawn(env=clocks.environment)
    ipwld.await_answer()
    attempt(ipwld, wire, "203.0.113.5")
    clocks.set_ahead(85 * 86400)
    attempt(ipwld, wire, "203.0.113.6")
    assert ipwld.ask("seen", "203.0.113.5", "--since", "90d")["attempt_count"] == 1
    clocks.set_ahead(90 * 86400 + 600)
    assert ipwld.ctl("seen", "203.0.113.5", "--since", "2020-01-01").returncode == NEGATIVE
    assert ipwld.ask("seen", "203.0.113.6")["attempt_count"] == 1

    def stored():
        database = sqlite3.connect(ipwld.state / "seen.db")
        try:
            return database.execute("SELECT count(*) FROM attempts").fetchone()[0]
        finally:
            database.close()

    def is_pruned():
        # The clock must have gone on for hours without being set.
        clocks.let_pass(7 * 3600)
        return stored() == 1

    assert stored() == 2
    wait_for(is_pruned, "the old one is deleted")
    ipwld.configure(lists=LISTS, extra=EVENTS + "seen: {keep: none}\nhistory: {sample: 1s}\n")
    ipwld.ask("reload")
    wait_for(lambda: stored() == 0, "all are deleted")
    assert ipwld.ctl("blocked").returncode == NEGATIVE
    assert "attempts are not stored" in ipwld.ctl("status").stdout


# ---- other programs ------------------------------------------------------------------------------------

def test_fail2ban(watching, wire, tmp_path):
    """Its filter finds the sources that are dropped, and no others."""
    root, = peers.unpack(daemon.ROOT / "build/peers", "fail2ban")
    attempt(watching, wire, "203.0.113.5")
    attempt(watching, wire, BLOCKED.ipv6)
    wire.send(frames.tcp(wire, "192.0.2.3"))  # allowed, in no block list
    attempt(watching, wire, "10.1.2.3")  # averted
    attempt(watching, wire, "172.16.2.3")  # would be blocked
    lines = [line for line in watching.words().splitlines() if " seen: " in line]
    assert len(lines) == 4
    log = tmp_path / "log"
    log.write_text("".join(f"Nov 24 09:00:0{i} mx ipwld[4711]: {line.split(': ', 1)[1]}\n"
                           for i, line in enumerate(lines)), encoding="utf-8")
    done = subprocess.run(
        ["/usr/bin/python3", root / "usr/bin/fail2ban-regex", "--config", root / "etc/fail2ban",
         "--out", "ip", log, daemon.ROOT / "contrib/fail2ban-ipwl.conf"],
        env={"PYTHONPATH": str(root / "usr/lib/python3/dist-packages"), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["203.0.113.5", BLOCKED.ipv6]
