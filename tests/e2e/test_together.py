# SPDX-License-Identifier: GPL-2.0-or-later
"""Where features meet: imports and feeds in the history, feeds before the guard, feeds in
what a reload would change, and by what the kernel decides."""

import re

import frames
import pytest
from daemon import NEGATIVE
from lab import ALLOWED, BLOCKED, UNLISTED
from sources import Source, feed
from feeding import configure, entries, refresh, wait_for_fetch

LIST = [f"9.9.{i}.0/24" for i in range(10)]


@pytest.fixture(name="source")
def _source(lab):
    return Source(lab.mx)


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def records(ipwld, *argv):
    return ipwld.ask("history", *argv)["records"]


def newest(ipwld):
    return records(ipwld, "--limit", "1")[0]


def start(ipwld, source, *lines, allowing=False, extra="", **keys):
    """A daemon with these lines of a feed in force."""
    source.put("/list", *lines)
    configure(ipwld, feed("one", source.url("/list"), **keys), allowing=allowing, extra=extra)
    ipwld.start()
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"


# ---- imports ---------------------------------------------------------------

def test_an_import_is_one_record_and_is_undone_whole(running):
    running.ask("add", "--list", "partners", "192.0.2.3", "--reason", "by hand")
    before = running.manual()
    path = running.write_list("new.txt", *(f"192.0.2.{i}" for i in range(1, 201)))
    assert running.ask("import", "--list", "partners", "--reason", "merger", path)["added"] == 199
    record = newest(running)
    assert (record["event"], record["origin"], record["reason"], record["author"]) == \
        ("import", str(path), "merger", "root")
    assert (record["added"], record["removed"], record["change_count"]) == (199, 0, 200)
    assert len(records(running, "192.0.2.77")) == 1
    assert verdict(running, "192.0.2.77") == "allow"

    undone = running.ask("undo", "--yes")
    assert (undone["added"], undone["removed"]) == (0, 199)
    assert running.manual() == before
    assert verdict(running, "192.0.2.77") == "unlisted" and verdict(running, "192.0.2.3") == "allow"
    running.ask("undo", "--yes", str(newest(running)["id"]))
    assert len(running.manual()) == 200


def test_what_imports_nothing_leaves_no_record(running):
    path = running.write_list("new.txt", "192.0.2.1", "192.0.2.257")
    assert running.ctl("import", "--list", "partners", "--format", "plain", path).returncode
    good = running.write_list("good.txt", "192.0.2.1")
    running.ask("import", "--list", "partners", "--dry-run", good)
    assert records(running) == [] and running.manual() == []


def test_an_import_gives_no_protected_entry_an_expiry(running):
    running.ask("add", "--list", "partners", "192.0.2.7")
    running.ask("protect", "--list", "partners", "192.0.2.7", "--reason", "hospital")
    path = running.write_list("new.txt", "192.0.2.7", "192.0.2.8")
    result = running.ctl("import", "--list", "partners", "--ttl", "1h", path)
    assert result.returncode == NEGATIVE and "192.0.2.7/32 is protected" in result.stderr
    assert len(running.manual()) == 1
    assert running.ask("import", "--list", "partners", path)["replaced"] == 1
    entry, = [entry for entry in running.manual() if entry["prefix"] == "192.0.2.7/32"]
    assert entry["protected"] and entry["expires_at"] is None


# ---- feeds -----------------------------------------------------------------

def test_copies_of_a_feed_are_recorded(ipwld, source):
    start(ipwld, source, *LIST)
    record = newest(ipwld)
    assert (record["event"], record["origin"], record["author"]) == ("feed", "one", None)
    assert (record["added"], record["removed"], record["change_count"]) == (10, 0, 1)
    change, = record["changes"]
    assert (change["list"], change["source"], change["prefix"]) == ("drop", "feed", None)
    # The same entries in another order: nothing to record.
    source.put("/list", *reversed(LIST))
    refresh(ipwld)
    assert newest(ipwld)["id"] == record["id"]
    # Held back: it has changed nothing yet.
    source.put("/list", *LIST[:2], "9.8.0.0/16")
    refresh(ipwld, result="held")
    assert newest(ipwld)["id"] == record["id"]
    ipwld.ask("feeds", "accept", "one")
    record = newest(ipwld)
    assert (record["event"], record["origin"], record["author"]) == ("feed", "one", "root")
    assert (record["added"], record["removed"]) == (1, 8)
    result = ipwld.ctl("undo", "--yes", str(record["id"]))
    assert result.returncode == NEGATIVE and "only changes of manual and learned entries" in result.stderr


def test_a_reload_counts_no_feed_as_removed(ipwld, source):
    """The guard and diff see what feeds have, whatever the limits."""
    start(ipwld, source, *LIST, allowing=True, extra="guard: {max_removed_entries: 0}\n")
    answer = ipwld.ask("diff")
    assert (answer["differs"], answer["held"], answer["removed"]) == (False, None, 0)
    assert ipwld.ask("reload")["removed"] == 0 and entries(ipwld) == LIST
    # Without the feed they are.
    configure(ipwld, allowing=True, extra="guard: {max_removed_entries: 0}\n")
    answer = ipwld.ask("diff", status=NEGATIVE)
    assert (answer["held"], answer["removed"]) == (None, 10)
    assert ipwld.ask("reload")["removed"] == 10
    assert ipwld.ask("list", "--source", "feed", status=NEGATIVE)["entries"] == []
    record = newest(ipwld)
    assert (record["event"], record["removed"]) == ("reload", 10)
    assert [change["source"] for change in record["changes"]] == ["feed"]


def test_a_feed_takes_no_allow_entry_in_use_away_by_itself(ipwld, source, wire):
    sender = "9.9.7.9"
    limits = "guard: {max_removed_entries: 0}\n"
    start(ipwld, source, *LIST, allowing=True, extra=limits)
    wire.send(frames.tcp(wire, sender), count=3)
    assert ipwld.packets()["allow"] == 3
    # What nobody uses may go, and so may what another entry allows.
    source.put("/list", *LIST[2:])
    refresh(ipwld)
    source.put("/list", *LIST[2:7], "9.9.7.0/25", "9.9.7.128/25", *LIST[8:])
    refresh(ipwld)
    wire.send(frames.tcp(wire, sender), count=1)
    source.put("/list", *LIST[2:7], *LIST[8:], ETag='"less"')
    found = refresh(ipwld, result="held")
    assert found["held"]["reasons"] == \
        ["it would remove 1 of 1 allow entry in use, wholly or in part: more than the guard "
         "permits"]
    assert verdict(ipwld, sender) == "allow"
    # Still so when the source has no other, and over a restart.
    source.answers["/list"] = 304, b"", {"Content-Length": "0"}
    refresh(ipwld, result="held")
    assert ipwld.ask("feeds", "accept", "one")["removed"] == 2
    assert verdict(ipwld, sender) == "unlisted"


# ---- reloads ---------------------------------------------------------------

def test_a_held_reload_is_recorded(ipwld, wire):
    ipwld.configure(extra="guard: {max_removed_entries: 0}\n")
    path = ipwld.write_list("allow.d/a.list", UNLISTED.ipv4, "192.0.2.1")
    ipwld.start()
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=2)
    path.unlink()
    assert ipwld.ctl("reload").returncode == NEGATIVE
    record = newest(ipwld)
    assert (record["event"], record["author"]) == ("held", "root")
    assert "it would remove 1 of 1 allow entry in use" in record["reason"]
    assert (record["added"], record["removed"]) == (0, 2)
    assert ipwld.ctl("undo", "--yes", str(record["id"])).returncode == NEGATIVE
    ipwld.ask("reload", "--accept")
    assert [item["event"] for item in records(ipwld)] == ["reload", "held"]


def test_index_or_tries(running, wire):
    """Both decide alike, and status and diff say which of them does."""
    def judged():
        return [verdict(running, end.ipv4) for end in (ALLOWED, BLOCKED, UNLISTED)] + \
            [verdict(running, end.ipv6) for end in (ALLOWED, BLOCKED, UNLISTED)]

    expected = judged()
    assert running.status()["lookup"] == "index"
    for key, lookup in (("off", "tries"), ("auto", "index")):
        running.configure(extra=f"index: {key}\n")
        setting, = running.ask("diff", status=NEGATIVE)["settings"]
        assert (setting["key"], setting["to"]) == ("index", key)
        running.ask("reload")
        assert running.status()["lookup"] == lookup
        assert re.search(rf"^lookup +{lookup}$", running.ctl("--wide", "status").stdout, re.M)
        assert judged() == expected
        before = running.packets()
        for end in (ALLOWED, BLOCKED, UNLISTED):
            wire.send(frames.tcp(wire, end.ipv4), frames.tcp(wire, end.ipv6))
        after = running.packets()
        assert {name: after[name] - before[name] for name in ("allow", "block", "unlisted")} == \
            {"allow": 2, "block": 2, "unlisted": 2}
