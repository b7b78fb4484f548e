# SPDX-License-Identifier: GPL-2.0-or-later
"""Learned entries in a running ipwld: in force, remembered, and kept when learn.db is lost."""

import sqlite3
import time

import pytest

import maillog
import netns
from lab import wait_for
from noted import names_of

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
        database.execute("INSERT INTO days VALUES (?, ?, 0, 3, 0, 0, 2, 0, 1, 0, 0, ?, 0, 0)",
                         (address, since // DAY_SEC, since))
        database.execute(
            "INSERT INTO learned VALUES (?, 'probation', 'reply', 'rule', 0, 0, 0, 1.0, ?, 0, ?, "
            "?, '', '', '1 answer to mail of our users')", (address, since, now, now))
    database.close()


def learn(ipwld, extra=""):
    """A daemon that has learned a sender."""
    ipwld.configure(extra=LEARN + extra)
    ipwld.start()
    path = ipwld.state / "learn.db"
    wait_for(path.exists, "learn.db exists")
    assert ipwld.stop() == 0
    remember_probation(path)
    ipwld.start()
    wait_for(lambda: learned(ipwld), "the sender is learned")
    return ipwld


@pytest.fixture(name="learning")
def _learning(ipwld):
    return learn(ipwld)


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


def test_reverse_name_of_another_organisation(ipwld):
    """The address of a partner's host becomes that of a stranger's."""
    log = netns.temporary_directory() / "mail.log"

    def receive(name):
        part = maillog.Log()
        part.received(0, "bob@partner.example", SENDER, name)
        part.write(log.with_suffix(".part"))
        with open(log, "a", encoding="utf-8") as stream:
            stream.write(log.with_suffix(".part").read_text(encoding="utf-8"))

    learn(ipwld, f"  postfix: {{file: {log}}}\n")
    receive("mx.partner.example")
    wait_for(lambda: names_of(ipwld, SENDER) == ("mx.partner.example", ""), "a name")
    receive("vm1.cloud.example")
    wait_for(lambda: names_of(ipwld, SENDER) == ("mx.partner.example", "vm1.cloud.example"),
             "another name")
    receive("unknown")
    assert verdict(ipwld) == "allow"
    receive("vm2.cloud.example")
    wait_for(lambda: not learned(ipwld), "probation")
    assert verdict(ipwld) == "unlisted"
    record = ipwld.ask("history", "--limit", "1")["records"][0]
    assert record["reason"] == "reverse name of cloud.example, not of partner.example"
    assert "its reverse name is now of cloud.example, not of partner.example" in ipwld.words()


def test_without_learning_nothing_is_stored(running):
    assert not (running.state / "learn.db").exists()
