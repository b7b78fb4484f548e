# SPDX-License-Identifier: GPL-2.0-or-later
"""backup and restore: what people and learning have added, in one file."""

import ipaddress
import json
import operator
import os
import random
import sqlite3
import struct

from daemon import DONE, INVALID, NEGATIVE, UNREACHABLE
from lab import wait_for
from test_learned import LEARN, learned, remember_probation

SEED = int(os.environ.get("IPWL_SEED", random.randrange(1 << 32)))
COUNT = 10000
HEADER = struct.Struct("<12sIIIQQQ")


def fill(ipwld, rng):
    """Manual entries with and without expiry and protection, of both lists."""
    for name, number in ("partners", 700), ("drop", 700):
        lines = [f"10.{rng.randrange(8)}.{rng.randrange(256)}.0/{rng.randrange(24, 27)}"
                 for _ in range(number)]
        lines += [f"2001:db8:{rng.randrange(1 << 16):x}::/48" for _ in range(200)]
        path = ipwld.write_list(f"{name}.txt", *lines)
        ipwld.ask("import", "--list", name, "--force", "--reason", f"import {name}", path)
    ipwld.ask("add", "--list", "partners", "192.0.2.1-192.0.2.9", "--ttl", "30d", "--reason", "ticket")
    ipwld.ask("protect", "--list", "partners", "192.0.2.1/32", "--reason", "VIP")


def addresses(rng):
    found = [str(ipaddress.ip_address((10 << 24) + rng.randrange(1 << 19))) for _ in range(COUNT - 3000)]
    found += [str(ipaddress.ip_address((0x20010db8 << 96) + (rng.randrange(1 << 16) << 80) + 1))
              for _ in range(2980)]
    return found + [f"192.0.2.{number}" for number in range(20)]


def answers(ipwld, questions):
    """What `test` says, without counters and limits, which are of one machine."""
    results = ipwld.ctl("--json", "test", "-", input="\n".join(questions))
    assert results.returncode in (DONE, NEGATIVE, 6), results.stderr
    found = json.loads(results.stdout)["results"]
    kept = "prefix", "list", "action", "source", "reason", "author", "added_at", "expires_at", \
        "protected", "decides"
    return [(one["address"], one["verdict"], one["list"],
             [{key: entry[key] for key in kept} for entry in one["entries"]]) for one in found]


def history(ipwld):
    return ipwld.ask("history", "--limit", "1000")["records"]


def elsewhere(ipwld, **configuration):
    """Let the configuration be that of a machine that has nothing of the former one."""
    ipwld.stop()
    ipwld.ctl("detach", "--config", str(ipwld.config))
    ipwld.state = ipwld.top / "other"
    ipwld.state.mkdir()
    ipwld.configure(**configuration)


def test_another_machine_gives_the_same_answers(running):
    rng = random.Random(SEED)
    print(f"IPWL_SEED={SEED}")
    fill(running, rng)
    questions = addresses(rng)
    before, records = answers(running, questions), history(running)
    assert len(before) == COUNT and {verdict for _, verdict, _, _ in before} == {
        "allow", "averted", "block", "unlisted"}
    file = running.top / "ipwl.backup"
    made = running.ask("backup", file)
    assert made["protections"] == 1
    assert made["entries"] == len(running.ask("list", "--source", "manual")["entries"])
    assert made["records"] == len(records) and made["restored_to"] is None
    assert file.stat().st_mode & 0o777 == 0o600 and not (running.top / "ipwl.backup.new").exists()
    # What comes later is not in it.
    running.ask("add", "--list", "drop", "--force", "10.0.0.0/13")

    elsewhere(running)
    running.start()
    assert running.manual() == [] and answers(running, questions) != before
    result = running.ctl("restore", file, "--config", running.config)
    assert result.returncode == NEGATIVE and "stop it first" in result.stderr
    running.stop()
    os.chown(running.state, 1234, 1234)
    done = running.ask("restore", file, "--config", running.config)
    assert done["restored_to"] == str(running.state)
    assert {path.name for path in running.state.iterdir() if "state.db" in path.name} == {
        "state.db", "state.db.before-restore"}
    status = (running.state / "state.db").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o777) == (1234, 1234, 0o640)
    os.chown(running.state, 0, 0)
    os.chown(running.state / "state.db", 0, 0)
    running.start()
    assert running.status()["state"]["ok"] is True
    assert answers(running, questions) == before
    assert history(running) == records
    # It is a state like any other: what is protected stays, and an undo takes a change back.
    assert running.ctl("del", "--list", "partners", "192.0.2.1").returncode == NEGATIVE
    running.ask("unprotect", "--list", "partners", "192.0.2.1")
    running.ask("undo", "--yes")
    assert answers(running, questions) == before


def test_learned_entries_come_along(ipwld):
    """They stay in force without the evidence, which is not in a backup."""
    ipwld.configure(extra=LEARN)
    ipwld.start()
    wait_for((ipwld.state / "learn.db").exists, "learn.db exists")
    ipwld.stop()
    remember_probation(ipwld.state / "learn.db")
    ipwld.start()
    wait_for(lambda: learned(ipwld), "the sender is learned")
    kept = operator.itemgetter("prefix", "list", "origin", "reason", "added_at", "expires_at")
    before = [kept(entry) for entry in learned(ipwld)]
    file = ipwld.top / "b"
    assert ipwld.ask("backup", file)["learned"] == 1
    elsewhere(ipwld, extra=LEARN)
    ipwld.ask("restore", "--config", ipwld.config, file)
    ipwld.start()
    assert [kept(entry) for entry in learned(ipwld)] == before


def test_what_is_no_good_backup_is_refused(running):
    running.ask("add", "--list", "partners", "192.0.2.1")
    file = running.top / "b"
    running.ask("backup", file)
    good = file.read_bytes()
    running.stop()
    state = (running.state / "state.db").read_bytes()

    def refused(content, words):
        file.write_bytes(content)
        result = running.ctl("restore", "--config", running.config, file)
        assert result.returncode == INVALID and words in result.stderr, result
        assert (running.state / "state.db").read_bytes() == state
        assert not (running.state / "state.db.before-restore").exists()
    head = list(HEADER.unpack_from(good))
    body = good[HEADER.size:]

    def with_field(index, value):
        changed = head[:]
        changed[index] = value
        return HEADER.pack(*changed) + body
    refused(b"", "no backup of ipwl")
    refused(state, "no backup of ipwl")
    refused(good[:-1], "it is truncated")
    refused(good + b"\0", "bytes were added")
    refused(good[:-5] + bytes([good[-5] ^ 1]) + good[-4:], "checksum is wrong")
    refused(with_field(1, 2), "from a later version of ipwl (format 2)")
    refused(with_field(2, head[2] + 1), f"from a later version of ipwl (tables of version {head[2] + 1}")
    assert running.ctl("restore", "--config", running.config, "/nonexistent").returncode == INVALID
    assert running.ctl("restore", "--config", "/nonexistent", file).returncode == INVALID
    file.write_bytes(good)
    assert running.ctl("restore", "--config", running.config, file).returncode == DONE


def test_a_former_backup_stays_if_none_can_be_made(running):
    file = running.top / "b"
    running.ask("add", "--list", "partners", "192.0.2.1")
    running.ask("backup", file)
    good = file.read_bytes()
    assert running.ctl("backup", running.top / "none/b").returncode == NEGATIVE
    running.stop()
    assert running.ctl("backup", file).returncode == UNREACHABLE
    assert file.read_bytes() == good
    # Its database is one of SQLite.
    (running.top / "image").write_bytes(good[HEADER.size:])
    database = sqlite3.connect(running.top / "image")
    assert database.execute("SELECT prefix FROM entries").fetchall() == [("192.0.2.1/32",)]
    database.close()
