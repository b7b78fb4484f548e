# SPDX-License-Identifier: GPL-2.0-or-later
"""Manual entries: in force at once, kept, and gone on time."""

import datetime
import time

import frames
from daemon import DONE, INVALID, IS_BLOCKED, NEGATIVE, USAGE
from lab import ALLOWED, BLOCKED, UNLISTED, wait_for
from netns import PATIENCE_SEC
from stack import Stack, mail_from


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def when(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def test_add_and_del(running, wire):
    added = running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "a relay of ours")
    assert added["entry"]["prefix"] == f"{UNLISTED.ipv4}/32"
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=4)
    assert running.packets()["allow"] == 4
    entry, = running.manual()
    assert (entry["prefix"], entry["list"], entry["action"], entry["source"]) \
        == (f"{UNLISTED.ipv4}/32", "partners", "allow", "manual")
    assert (entry["reason"], entry["expires_at"], entry["packets"]) == ("a relay of ours", None, 4)
    assert entry["author"]
    assert abs(when(entry["added_at"]) - time.time()) < 30
    # Once more replaces the reason; there is still one.
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "another", "--ttl", "1h")
    entry, = running.manual()
    assert (entry["reason"], entry["packets"]) == ("another", 4)
    assert abs(when(entry["expires_at"]) - time.time() - 3600) < 30

    running.ask("del", "--list", "partners", UNLISTED.ipv4, "--reason", "moved")
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=3)
    assert running.packets()["unlisted"] == 3
    running.ask("del", "--list", "partners", UNLISTED.ipv4, status=NEGATIVE)
    assert running.manual() == []


def test_block_by_hand(lab, running, wire):
    """Blocked from the very packet after the command returned."""
    stack = Stack(lab, {"through": mail_from(UNLISTED.ipv6)})
    for _ in range(20):
        wire.send(frames.tcp(wire, UNLISTED.ipv6))
        assert running.ctl("add", "--list", "drop", "--force", "2001:db8:25::/64").returncode == DONE
        wire.send(frames.tcp(wire, UNLISTED.ipv6), count=5)
        assert running.ctl("del", "--list", "drop", "2001:db8:25::/64").returncode == DONE
    assert stack.read().through == 20
    assert running.packets()["block"] == 100


def test_held_by_a_file(running):
    path = running.write_list("block.d/a.list", "# one", UNLISTED.ipv4)
    running.ask("reload")
    result = running.ctl("del", "--list", "drop", UNLISTED.ipv4)
    assert result.returncode == NEGATIVE
    assert f"{path}:2" in result.stdout + result.stderr
    status, answer = running.request("DELETE", f"/v1/entries?list=drop&prefix={UNLISTED.ipv4}")
    assert (status, answer["error"]["code"]) == (409, "conflict")
    assert f"file {path}:2" in answer["error"]["details"]
    # With an entry by hand beside it, that one goes and the file's keeps it listed.
    running.ask("add", "--list", "drop", UNLISTED.ipv4)
    assert len(running.ask("test", UNLISTED.ipv4, status=IS_BLOCKED)["results"][0]["entries"]) == 2
    answer = running.ask("del", "--list", "drop", UNLISTED.ipv4)
    assert answer["still_listed_by"] == [f"file {path}:2"]
    assert verdict(running, UNLISTED.ipv4) == "block"


def test_bad_ones(running):
    for argv, code in (
            (("add", "--list", "nope", "192.0.2.1"), NEGATIVE),
            (("add", "--list", "drop", "192.0.2.1/24"), INVALID),
            (("add", "--list", "drop", "192.0.2.1/33"), INVALID),
            (("add", "--list", "drop", "192.0.2.01"), INVALID),
            (("add", "--list", "drop", "192.0.2.1x"), INVALID),
            (("add", "--list", "drop", "0.0.0.0/0"), INVALID),
            (("add", "--list", "drop", "::/0"), INVALID),
            (("add", "--list", "drop", "192.0.2.1", "--ttl", "10x"), INVALID),
            (("add", "--list", "drop", "192.0.2.1", "--ttl", "-1h"), INVALID),
            (("add", "--list", "drop"), USAGE),
            (("add", "192.0.2.1"), USAGE),
            (("add", "--list", "drop", "192.0.2.1", "--colour", "red"), USAGE),
            (("del", "--list", "drop", "192.0.2.1/24"), INVALID),
            (("del", "--list", "nope", "192.0.2.1"), NEGATIVE),
            (("del", "--list", "drop", "192.0.2.1"), NEGATIVE)):
        result = running.ctl(*argv)
        assert result.returncode == code, (argv, result)
        assert result.stderr.strip() and not result.stdout.strip(), argv
    assert running.manual() == []
    both = running.ctl("add", "--list", "drop", "192.0.2.1/24").stderr
    assert "192.0.2.0/24" in both


def test_several_are_one_change(running):
    """One record, which one undo takes back; or nothing at all."""
    answer = running.ask("add", "--list", "partners", "192.0.2.16-192.0.2.18", "2001:db8:9::1",
                         "192.0.3.0/255.255.255.0", "192.0.2.17", "192.0.4.*", "--reason", "moved")
    prefixes = ["192.0.2.16/31", "192.0.2.17/32", "192.0.2.18/32", "192.0.3.0/24",
                "192.0.4.0/24", "2001:db8:9::1/128"]
    assert [entry["prefix"] for entry in answer["entries"]] == prefixes
    assert answer["entry"] == answer["entries"][0]
    assert {entry["reason"] for entry in running.manual()} == {"moved"}
    record, = running.request("GET", "/v1/history?limit=1")[1]["records"]
    assert (record["event"], record["added"], record["change_count"]) == ("add", 6, 6)
    assert verdict(running, "192.0.4.255") == "allow"

    def refused(*argv):
        result = running.ctl(*argv)
        assert result.returncode in (NEGATIVE, INVALID), argv
        assert [entry["prefix"] for entry in running.manual()] == prefixes
        assert running.request("GET", "/v1/history?limit=1")[1]["records"] == [record]
        return result.stderr
    assert "192.0.2.99/32 is not in list" in refused(
        "del", "--list", "partners", "192.0.2.16/31", "192.0.2.99", "--yes")
    assert '"192.0.2" is an incomplete address' in refused(
        "add", "--list", "partners", "192.0.2.99", "192.0.2")
    assert "0.0.0.0/0" in refused("add", "--list", "drop", "198.51.100.99", "0.0.0.0/0")

    # A prefix that is there already is replaced.
    answer = running.ask("add", "--list", "partners", "192.0.2.15-192.0.2.18", "--reason", "again")
    assert [entry["reason"] for entry in running.manual()] == \
        ["again", "again", "moved", "again", "moved", "moved", "moved"]
    running.ask("undo", "--yes")
    answer = running.ask("del", "--list", "partners", "192.0.2.16-192.0.2.18", "192.0.4.0/24", "--yes")
    assert len(answer["entries"]) == len(answer["impacts"]) == 3
    assert [entry["prefix"] for entry in running.manual()] == [prefixes[i] for i in (1, 3, 5)]
    running.ask("undo", "--yes")
    assert [entry["prefix"] for entry in running.manual()] == prefixes
    undone, = running.request("GET", "/v1/history?limit=1")[1]["records"]
    running.ask("undo", str(record["id"]), "--yes")
    assert running.manual() == [] and undone["event"] == "undo"


def test_several_that_a_guard_refuses(running):
    """The block list should not have one of them; and a deletion of too many is held."""
    result = running.ctl("add", "--list", "drop", "192.0.2.16", "10.0.0.0/7")
    assert result.returncode == NEGATIVE and "one of these prefixes" in result.stderr
    assert "10.0.0.0/7 is wider than /8" in result.stderr
    assert running.manual() == []
    running.ask("add", "--list", "partners", *(f"192.0.3.{i}" for i in range(250)))
    result = running.ctl("del", "--list", "partners", *(f"192.0.3.{i}" for i in range(21)))
    assert result.returncode == NEGATIVE
    assert "21 allow entries would be deleted, and 0 have been within a minute" in result.stderr
    assert len(running.manual()) == 250
    running.ask("del", "--list", "partners", "--accept", "--yes", *(f"192.0.3.{i}" for i in range(250)))
    assert running.manual() == []
    result = running.ctl("add", "--list", "drop", "::1-ff00::", "0.0.0.1-255.255.255.254",
                         *(f"192.0.2.{i % 256}" for i in range(900)))
    assert result.returncode == INVALID and "more than 1000 prefixes at once" in result.stderr


def test_networks_are_tested_address_by_address(running):
    results = running.ask("test", "203.0.113.0-203.0.113.2", "2001:db8:9::/127",
                          status=running.ctl("test", "203.0.113.0/28").returncode)["results"]
    assert [result["address"] for result in results] == [
        "203.0.113.0", "203.0.113.1", "203.0.113.2", "2001:db8:9::", "2001:db8:9::1"]
    result = running.ctl("test", "10.0.0.0/19")
    assert result.returncode == INVALID and "more than 4096 addresses" in result.stderr


def test_mapped_address_and_everything(running):
    entry = running.ask("add", "--list", "partners", "::ffff:192.0.2.200")["entry"]
    assert entry["prefix"] == "192.0.2.200/32"
    answer = running.ask("add", "--list", "partners", "::/0", "--ttl", "1h")
    assert answer["warnings"]
    assert verdict(running, "2001:db8:99::1") == "allow"
    assert verdict(running, BLOCKED.ipv6) == "averted"


def expire(running):
    """Let an entry expire, and return how late that was seen."""
    before = time.time()
    added = running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "3s")
    due = when(added["entry"]["expires_at"])
    assert before + 2 <= due <= time.time() + 4
    while verdict(running, UNLISTED.ipv4) == "allow":
        time.sleep(0.02)
    assert time.time() >= due
    # The kernel's tables come first, then what is shown, then what is kept.
    wait_for(lambda: running.manual() == [], interval=0.02)
    return time.time() - due


def test_expires_within_a_second(running, wire):
    """On a machine that is busy, within some tries."""
    assert any(expire(running) <= 1.1 for _ in range(20))
    wire.send(frames.tcp(wire, UNLISTED.ipv4))
    assert running.packets()["unlisted"] == 1


def test_expires_in_order(running):
    """Several at once, one prolonged meanwhile, one with no end."""
    ends = {}

    def add(address, *options):
        entry = running.ask("add", "--list", "drop", address, *options)["entry"]
        ends[entry["prefix"]] = entry["expires_at"]

    for index, ttl in enumerate(("4s", "2s", "3s", "2s")):
        add(f"192.0.2.{index}", "--ttl", ttl)
    add("192.0.2.9")
    add("192.0.2.3", "--ttl", "1h")
    listed = set(ends)
    while listed != {"192.0.2.3/32", "192.0.2.9/32"}:
        listed = {entry["prefix"] for entry in running.manual()}
        now = time.time()
        assert all(prefix in listed for prefix, end in ends.items()
                   if end is None or when(end) > now + 0.1)
        last_gone = max((when(ends[prefix]) for prefix in set(ends) - listed), default=0)
        assert all(ends[prefix] is None or when(ends[prefix]) >= last_gone for prefix in listed)
        assert now < max(when(ends[f"192.0.2.{index}/32"]) for index in range(3)) + PATIENCE_SEC
        time.sleep(0.1)


def test_expires_while_the_daemon_is_down(running, wire):
    """Nothing expires without a daemon; it does as soon as one is back."""
    added = running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "6s")
    running.ask("add", "--list", "drop", "192.0.2.44", "--ttl", "1h", "--reason", "kept")
    running.ask("add", "--list", "drop", "192.0.2.45")
    due = when(added["entry"]["expires_at"])
    assert running.stop() == 0
    time.sleep(max(0, due - time.time()) + 0.2)
    wire.send(frames.tcp(wire, UNLISTED.ipv4))
    running.start()
    wait_for(lambda: verdict(running, UNLISTED.ipv4) == "unlisted", "expired at once")
    entries = {entry["prefix"]: entry for entry in running.manual()}
    assert set(entries) == {"192.0.2.44/32", "192.0.2.45/32"}
    assert entries["192.0.2.44/32"]["reason"] == "kept"
    assert entries["192.0.2.44/32"]["expires_at"] is not None
    assert entries["192.0.2.45/32"]["expires_at"] is None
    assert verdict(running, "192.0.2.44") == "block"
    assert running.packets()["allow"] == 1


def test_kept_over_kill_and_list_removal(running):
    """Changes that were answered with success survive kill -9."""
    for index in range(1, 30):
        running.ask("add", "--list", "partners", f"192.0.2.{index}")
    running.kill()
    running.start()
    assert len(running.manual()) == 29
    assert verdict(running, "192.0.2.29") == "allow"
    assert verdict(running, ALLOWED.ipv4) == "allow"
