# SPDX-License-Identifier: GPL-2.0-or-later
"""Learned entries in a running ipwld: in force, remembered, and kept when learn.db is lost."""

import sqlite3
import time

import pytest

from lab import wait_for

SENDER = "46.0.0.1"
LEARN = "learn:\n  list: partners\n  mode: auto\n"
DAY_SEC = 86400


def verdict(ipwld):
    return ipwld.request("POST", "/v1/test", {"addresses": [SENDER]})[1]["results"][0]["verdict"]


def learned(ipwld):
    entries = ipwld.request("GET", f"/v1/entries?prefix={SENDER}/32")[1]["entries"]
    return [entry for entry in entries if entry["source"] == "learned"]


def remember_probation(path):
    """What ipwld remembers of a sender that answered our users 8 days ago."""
    now = int(time.time())
    address = bytes(map(int, SENDER.split(".")))
    since = now - 8 * DAY_SEC
    with sqlite3.connect(path) as database:
        database.execute("UPDATE memory SET newest = ?", (now,))
        database.execute("INSERT INTO days VALUES (?, ?, 0, 3, 0, 0, 2, 0, 1, 0, 0, ?)",
                         (address, since // DAY_SEC, since))
        database.execute(
            "INSERT INTO learned VALUES (?, 'probation', 'reply', 'rule', 0, 0, 0, 1.0, ?, 0, ?, "
            "?, '', '', '1 answer to mail of our users')", (address, since, now, now))
    database.close()


@pytest.fixture(name="learning")
def _learning(ipwld):
    """A daemon that has learned a sender."""
    ipwld.configure(extra=LEARN)
    ipwld.start()
    path = ipwld.state / "learn.db"
    wait_for(path.exists, "learn.db exists")
    assert ipwld.stop() == 0
    remember_probation(path)
    ipwld.start()
    wait_for(lambda: learned(ipwld), "the sender is learned")
    return ipwld


def test_learned_entry(learning):
    entry = learned(learning)[0]
    assert (entry["list"], entry["origin"]) == ("partners", "reply")
    assert entry["reason"] == "1 answer to mail of our users"
    assert verdict(learning) == "allow"
    record = learning.ask("history", "--limit", "1")["records"][0]
    assert record["event"] == "learned" and record["author"] is None
    assert [change["source"] for change in record["changes"]] == ["learned"]
    assert learning.request("POST", "/v1/undo", {"id": record["id"]})[0] == 200
    assert verdict(learning) == "unlisted" and not learned(learning)
    undo = learning.ask("history", "--limit", "1")["records"][0]
    assert learning.request("POST", "/v1/undo", {"id": undo["id"]})[0] == 200
    assert verdict(learning) == "allow"


def test_learned_entry_outlives_its_evidence(learning):
    assert learning.stop() == 0
    (learning.state / "learn.db").write_bytes(b"no database" * 400)
    learning.start()
    assert verdict(learning) == "allow"
    wait_for(lambda: "is corrupt and is kept as" in learning.words(), "the loss is told")
    assert verdict(learning) == "allow"
    assert learning.status()["mode"] == "enforce"


def test_without_learning_nothing_is_stored(running):
    assert not (running.state / "learn.db").exists()
