# SPDX-License-Identifier: GPL-2.0-or-later
"""Careful management: who changed what, taking it back, and what is protected."""

import os
import pty
import select
import shutil
import sqlite3
import subprocess
import time

import pytest

import daemon
import frames
import netns
from clocks import Clocks
from daemon import DONE, INVALID, NEGATIVE
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, wait_for

PREFIX = f"{UNLISTED.ipv4}/32"


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def records(ipwld, *argv):
    return ipwld.ask("history", *argv)["records"]


def newest(ipwld):
    return records(ipwld, "--limit", "1")[0]


def entry_of(ipwld, prefix=PREFIX, name="partners", source="manual"):
    """The entry that is there, or None."""
    found = [entry for entry in ipwld.request("GET", f"/v1/entries?prefix={prefix}")[1]["entries"]
             if (entry["prefix"], entry["list"], entry["source"]) == (prefix, name, source)]
    assert len(found) <= 1
    return found[0] if found else None


def refused(ipwld, *argv, status=NEGATIVE):
    """Run ipwlctl, which must fail without changing anything; returns its words."""
    before = (ipwld.manual(), records(ipwld))
    result = ipwld.ctl(*argv)
    assert (result.returncode, result.stdout) == (status, ""), result
    assert (ipwld.manual(), records(ipwld)) == before
    return result.stderr


def at_terminal(ipwld, *argv, answer):
    """Run ipwlctl on a terminal and type an answer: (exit code, all that was shown)."""
    leader, follower = pty.openpty()
    process = ipwld.namespace.popen(daemon.BUILD / "ipwlctl", "--socket", ipwld.socket, *argv,
                                    stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    deadline = time.monotonic() + netns.PATIENCE_SEC
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                shown += os.read(leader, 4096)
            except OSError:  # the other end is closed
                break
        if answer is not None and shown.endswith(b"[y/N] "):
            os.write(leader, answer)
            answer = None
    os.close(leader)
    return process.wait(netns.PATIENCE_SEC), shown.decode()


# ---- history ---------------------------------------------------------------

def test_add_and_del_are_recorded(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "invoices")
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "bills", "--ttl", "1h")
    running.ask("del", "--list", "partners", UNLISTED.ipv4, "--reason", "moved")
    deleted, replaced, added = records(running)
    assert [record["event"] for record in (added, replaced, deleted)] == ["add", "add", "del"]
    assert all(record["author"] == "root" and record["via"] is None
               for record in (added, replaced, deleted))
    assert (added["reason"], replaced["reason"], deleted["reason"]) == \
        ("invoices", "bills", "moved")
    assert [(record["added"], record["removed"]) for record in (added, replaced, deleted)] == \
        [(1, 0), (0, 0), (0, 1)]
    change, = added["changes"]
    assert (change["prefix"], change["list"], change["action"], change["source"]) == \
        (PREFIX, "partners", "allow", "manual")
    assert change["was"] is None and change["now"]["reason"] == "invoices"
    assert replaced["changes"][0]["was"] == change["now"]
    assert replaced["changes"][0]["now"]["expires_at"] is not None
    assert deleted["changes"][0]["was"] == replaced["changes"][0]["now"]
    assert deleted["changes"][0]["now"] is None
    text = running.ctl("--wide", "history").stdout.splitlines()
    assert text[0].split() == ["RECORD", "AT", "WHO", "EVENT", "LIST", "WHAT", "SOURCE", "ORIGIN",
                               "REASON"]
    assert [line.split()[5] for line in text[1:]] == [f"-{PREFIX}", f"~{PREFIX}", f"+{PREFIX}"]


def test_what_fails_leaves_no_record(running):
    for argv in (("add", "--list", "nope", "192.0.2.1"), ("add", "--list", "drop", "0.0.0.0/0"),
                 ("del", "--list", "drop", "192.0.2.1")):
        assert running.ctl(*argv).returncode != DONE
    assert running.ask("history")["records"] == []
    assert refused(running, "history", "--list", "partners") == "ipwlctl: no record matches\n"


def test_sudo_is_shown(running):
    result = running.namespace.run(daemon.BUILD / "ipwlctl", "--socket", running.socket, "add",
                                   "--list", "drop", "192.0.2.7", check=False,
                                   env={**os.environ, "SUDO_USER": "alice"})
    assert result.returncode == DONE
    record = newest(running)
    assert (record["author"], record["via"]) == ("alice", "sudo")
    assert " alice (sudo) " in running.ctl("history").stdout


def test_filters(running):
    for prefix in ("192.0.2.0/24", "192.0.2.128/25", "192.0.2.7", "192.0.3.0/24",
                   "2001:db8:25::/64"):
        running.ask("add", "--list", "drop", "--force", prefix)
    running.ask("add", "--list", "partners", "192.0.2.7")

    def prefixes(*argv):
        return [(record["changes"][0]["list"], record["changes"][0]["prefix"])
                for record in records(running, *argv)]
    assert prefixes("192.0.2.7") == [("partners", "192.0.2.7/32"), ("drop", "192.0.2.7/32"),
                                     ("drop", "192.0.2.0/24")]
    assert prefixes("192.0.2.7", "--list", "drop") == [("drop", "192.0.2.7/32"),
                                                      ("drop", "192.0.2.0/24")]
    assert prefixes("192.0.2.128/25") == [("drop", "192.0.2.128/25"), ("drop", "192.0.2.0/24")]
    assert len(prefixes("192.0.2.0/23")) == 5
    assert prefixes("2001:db8:25::1") == [("drop", "2001:db8:25::/64")]
    assert len(prefixes("--limit", "2")) == 2
    assert len(prefixes("--since", "1h")) == 6
    assert len(prefixes("--since", time.strftime("%Y-%m-%d", time.gmtime()))) >= 1
    assert running.ctl("history", "--since", "2100-01-01").returncode == NEGATIVE
    for argv in (("--since", "tomorrow"), ("--limit", "0"), ("--limit", "1x"), ("192.0.2.1/24",)):
        assert running.ctl("history", *argv).returncode == INVALID


def test_reload_is_one_record(running):
    path = running.write_list("block.d/a.list", *(f"10.0.{i}.0/24" for i in range(100)))
    running.ask("reload")
    record = newest(running)
    assert (record["event"], record["author"]) == ("reload", "root")
    assert (record["added"], record["removed"], record["change_count"]) == (100, 0, 1)
    change, = record["changes"]
    assert (change["prefix"], change["list"], change["source"]) == (None, "drop", "file")
    running.write_list("block.d/a.list", *(f"10.0.{i}.0/24" for i in range(10, 103)))
    running.process.send_signal(1)
    wait_for(lambda: newest(running)["id"] != record["id"], "the record of a SIGHUP")
    record = newest(running)
    assert (record["event"], record["author"]) == ("reload", None)
    assert (record["added"], record["removed"]) == (3, 10)
    # Nothing changed: nothing to record.
    running.ask("reload")
    assert newest(running)["id"] == record["id"]
    # A list that goes takes its entries along.
    path.unlink()
    running.configure(lists=daemon.PARTNERS)
    running.ask("reload")
    changes = {change["source"]: (change["list"], change["removed"])
               for change in newest(running)["changes"]}
    assert changes == {"file": ("drop", 93), "config": ("drop", 2)}
    assert "+0 -93" in running.ctl("history").stdout


def test_expiry_is_recorded(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "1s")
    wait_for(lambda: newest(running)["event"] == "expire", "the record of the expiry")
    record = newest(running)
    assert (record["author"], record["removed"]) == (None, 1)
    assert record["changes"][0]["prefix"] == PREFIX
    assert "has changed since" in refused(running, "undo")


def test_kept_over_kill_and_reboot(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    running.ask("protect", "--list", "partners", UNLISTED.ipv4)
    before = records(running)
    running.kill()
    running.start()
    assert records(running) == before
    reboot(running)
    assert records(running) == before
    assert entry_of(running)["protected"] is True
    assert running.ctl("del", "--list", "partners", UNLISTED.ipv4).returncode == NEGATIVE
    running.ask("undo")
    assert entry_of(running)["protected"] is False


def test_retention(running):
    running.ask("add", "--list", "drop", "192.0.2.1")
    running.ask("add", "--list", "drop", "192.0.2.2")
    running.stop()
    with sqlite3.connect(running.state / "state.db") as database:
        database.execute("UPDATE history SET at = at - 86400 * 4000 WHERE id = 1")
    database.close()
    running.configure(extra="history:\n  keep: 2000d\n  sample: 1s\n")
    clocks = Clocks()
    running.spawn(env=clocks.environment)
    running.await_answer()
    assert len(records(running)) == 2

    def is_forgotten():
        # The clock must have gone on for hours without being set.
        clocks.let_pass(7 * 3600)
        return len(records(running)) == 1

    wait_for(is_forgotten, "what is old is forgotten")
    assert records(running)[0]["id"] == 2


def test_clock_ahead_at_the_start(running):
    """Entries that expire by a wrong clock return when the clock is right."""
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "30d")
    before = entry_of(running)
    clocks = Clocks()
    clocks.set_ahead(10 * 366 * 86400)
    running.stop()
    running.spawn(env=clocks.environment)
    running.await_answer()
    assert running.manual() == []
    assert newest(running)["event"] == "expire"
    clocks.set_ahead(0)
    running.stop()
    running.spawn(env=clocks.environment)
    running.await_answer()
    after = entry_of(running)
    assert all(after[name] == before[name] for name in ("author", "added_at", "expires_at"))
    record = newest(running)
    assert (record["event"], record["author"], record["added"]) == ("return", None, 1)
    assert record["changes"][0]["prefix"] == PREFIX
    assert "the clock was ahead" in running.words()
    assert "return" in running.ctl("history").stdout
    assert "only changes of manual and learned entries can be undone" in refused(running, "undo", record["id"])


def test_upgrade_of_a_database_of_the_first_release(ipwld):
    with sqlite3.connect(ipwld.state / "state.db") as database:
        database.executescript("""
            CREATE TABLE entries (list TEXT NOT NULL, prefix TEXT NOT NULL, action TEXT NOT NULL,
                reason TEXT, author TEXT, added_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
                PRIMARY KEY (list, prefix)) WITHOUT ROWID;
            CREATE TABLE suspension (reason TEXT NOT NULL);
            INSERT INTO entries VALUES ('partners', '192.0.2.99/32', 'allow', 'old', 'bob', 5, 0);
            PRAGMA user_version = 1;""")
    database.close()
    ipwld.start()
    assert ipwld.status()["state"]["ok"] is True
    assert entry_of(ipwld)["reason"] == "old"
    ipwld.ask("del", "--list", "partners", UNLISTED.ipv4)
    ipwld.ask("undo")
    entry = entry_of(ipwld)
    assert (entry["reason"], entry["author"], entry["added_at"]) == \
        ("old", "bob", "1970-01-01T00:00:05Z")


def test_full_disk_refuses_whole(ipwld):
    """An entry is not without its record, nor a record without its entry."""
    netns.mount("tmpfs", ipwld.state, "size=256k")
    ipwld.start()
    ipwld.ask("add", "--list", "partners", UNLISTED.ipv4)
    before = (ipwld.manual(), records(ipwld))
    ballast = ipwld.state / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        with pytest.raises(OSError):
            while True:
                file.write(b"x" * 512)
    for argv in (("add", "--list", "drop", "192.0.2.50", "--reason", "x" * 900),
                 ("del", "--list", "partners", UNLISTED.ipv4), ("undo",),
                 ("protect", "--list", "partners", UNLISTED.ipv4)):
        result = ipwld.ctl(*argv)
        assert result.returncode == NEGATIVE and "nothing has changed" in result.stderr, result
        assert (ipwld.manual(), records(ipwld)) == before
    assert verdict(ipwld, UNLISTED.ipv4) == "allow"
    ballast.unlink()
    ipwld.ask("undo")
    assert verdict(ipwld, UNLISTED.ipv4) == "unlisted"


# ---- undo ------------------------------------------------------------------

def test_undo_and_redo(running, wire):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "invoices")
    entry = entry_of(running)
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    deleted = newest(running)["id"]
    answer = running.ask("undo", "--reason", "too early")
    assert answer["undone"]["id"] == deleted
    assert (answer["added"], answer["removed"], answer["removes_allow"]) == (1, 0, False)
    restored = entry_of(running)
    assert {key: restored[key] for key in ("reason", "author", "added_at", "expires_at")} == \
        {key: entry[key] for key in ("reason", "author", "added_at", "expires_at")}
    assert verdict(running, UNLISTED.ipv4) == "allow"
    wire.send(frames.tcp(wire, UNLISTED.ipv4))
    assert running.packets()["allow"] == 1
    record = newest(running)
    assert (record["event"], record["undoes"], record["reason"]) == \
        ("undo", deleted, "too early")
    # The del is undone, so the next one is the add.
    running.ask("undo")
    assert entry_of(running) is None and verdict(running, UNLISTED.ipv4) == "unlisted"
    assert "no change to manual entries to undo" in refused(running, "undo")
    # Redo, by the number of the undo.
    running.ask("undo", str(newest(running)["id"]))
    assert verdict(running, UNLISTED.ipv4) == "allow"
    by_id = {item["id"]: item for item in records(running)}
    assert by_id[1]["undone_by"] is None and by_id[4]["undone_by"] == 5
    assert "already been undone" in refused(running, "undo", "4")
    # And what is in effect again can be undone again.
    assert running.ask("undo")["undone"]["id"] == 1


def test_undo_is_refused_where_it_cannot_be(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "one")
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "two")
    words = refused(running, "undo", "1")
    assert "has changed since" in words and "record 2" in words
    assert "no record 99" in refused(running, "undo", "99")
    refused(running, "undo", "x", status=INVALID)
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    running.write_list("allow.d/a.list", f"!{UNLISTED.ipv4}")
    running.ask("reload")
    assert "excludes it" in refused(running, "undo", "3")
    assert "only changes of manual and learned entries" in refused(running, "undo", "4")
    running.write_list("allow.d/a.list")
    running.configure(lists=daemon.DROP)
    running.ask("reload")
    assert "no longer configured" in refused(running, "undo", "3")


def test_undo_of_what_would_have_expired(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "6s")
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    time.sleep(6.1)
    assert "would already have expired" in refused(running, "undo")


# ---- the guard of del ------------------------------------------------------

def test_del_asks_on_a_terminal(running, wire):
    running.ask("add", "--list", "partners", BLOCKED.ipv4, "--reason", "invoices")
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 3))
    code, shown = at_terminal(running, "del", "--list", "partners", BLOCKED.ipv4, answer=b"n\n")
    assert code == NEGATIVE and "nothing has changed" in shown
    assert "3 packets, 3 connections in 7 days" in shown
    assert "would be dropped by block list drop 203.0.113.0/24" in shown
    assert "invoices" in shown and "3 packets averted" in shown
    assert verdict(running, BLOCKED.ipv4) == "averted"
    code, shown = at_terminal(running, "del", "--list", "partners", BLOCKED.ipv4, answer=b"\x04")
    assert code == NEGATIVE and verdict(running, BLOCKED.ipv4) == "averted"
    code, shown = at_terminal(running, "del", "--list", "partners", BLOCKED.ipv4, answer=b"y\n")
    assert code == DONE and "is removed" in shown
    assert verdict(running, BLOCKED.ipv4) == "block"
    # What removes an allow entry by an undo asks as well.
    running.ask("undo")
    code, shown = at_terminal(running, "undo", "1", answer=b"n\n")
    assert code == NEGATIVE and "[y/N]" in shown
    assert verdict(running, BLOCKED.ipv4) == "averted"
    code, shown = at_terminal(running, "undo", "1", "--yes", answer=None)
    assert code == DONE and "[y/N]" not in shown
    assert verdict(running, BLOCKED.ipv4) == "block"


def test_del_does_not_ask_for_block_entries_or_with_yes(running):
    running.ask("add", "--list", "drop", UNLISTED.ipv4)
    code, shown = at_terminal(running, "del", "--list", "drop", UNLISTED.ipv4, answer=None)
    assert code == DONE and "[y/N]" not in shown
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    code, shown = at_terminal(running, "del", "--list", "partners", UNLISTED.ipv4, "--yes",
                              answer=None)
    assert code == DONE and "[y/N]" not in shown
    code, shown = at_terminal(running, "del", "--list", "partners", UNLISTED.ipv4, answer=None)
    assert code == NEGATIVE and "is not in list" in shown


def test_del_in_a_script_warns(running, wire):
    running.ask("add", "--list", "partners", BLOCKED.ipv4)
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 2))
    result = running.ctl("del", "--list", "partners", BLOCKED.ipv4)
    assert result.returncode == DONE
    assert "2 packets, 2 connections in 30 days" in result.stderr
    assert "block list drop 203.0.113.0/24 now drops the mail of" in result.stderr
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    result = running.ctl("del", "--list", "partners", UNLISTED.ipv4)
    assert (result.returncode, result.stderr) == (DONE, "")


def test_impact(running, wire):
    """Who else allows, who would drop, and what lies inside."""
    running.ask("add", "--list", "partners", "203.0.113.64/26")
    running.ask("add", "--list", "drop", "203.0.113.66")
    running.ask("add", "--list", "drop", "203.0.113.67")
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 4))
    status, answer = running.request("GET", "/v1/impact?list=partners&prefix=203.0.113.64/26")
    impact = answer["impact"]
    assert status == 200 and answer["entry"]["prefix"] == "203.0.113.64/26"
    assert impact["still_allowed_by"] == []
    assert [(item["list"], item["prefix"], item["drops"]) for item in impact["blocked_by"]] == \
        [("drop", "203.0.113.0/24", True)]
    assert impact["blocked_inside"] == [{"list": "drop", "entries": 2, "drops": True}]
    assert impact["hits"]["last_7_days"] == \
        {"packets": 4, "connections": 4, "averted_packets": 4} == impact["hits"]["last_30_days"]
    assert impact["hits"]["last_hit_at"] and impact["hits"]["since"]
    running.ask("add", "--list", "partners", "203.0.113.0/24")
    impact = running.request("GET", "/v1/impact?list=partners&prefix=203.0.113.64/26")[1]["impact"]
    assert [item["prefix"] for item in impact["still_allowed_by"]] == ["203.0.113.0/24"]
    # The same refusals as a deletion.
    assert running.request("GET", "/v1/impact?list=partners&prefix=192.0.2.1")[0] == 404
    assert running.request("GET", f"/v1/impact?list=partners&prefix={AVERTED.ipv4}")[0] == 409
    running.configure(mode="monitor")
    running.ask("reload")
    impact = running.request("GET", "/v1/impact?list=partners&prefix=203.0.113.64/26")[1]["impact"]
    assert impact["blocked_by"][0]["drops"] is False


# ---- protect ---------------------------------------------------------------

def test_protected_does_not_expire_and_is_not_deleted(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4, "--ttl", "6s")
    answer = running.ask("protect", "--list", "partners", UNLISTED.ipv4, "--reason", "vital")
    assert answer["entry"]["protected"] is True and answer["entry"]["expires_at"] is None
    time.sleep(6.2)
    assert verdict(running, UNLISTED.ipv4) == "allow"
    words = refused(running, "del", "--list", "partners", UNLISTED.ipv4)
    assert "protected" in words and "vital" in words and "root" in words
    assert "protected" in refused(running, "add", "--list", "partners", UNLISTED.ipv4, "--ttl",
                                  "1h")
    # Another reason is fine.
    answer = running.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "new")
    assert answer["entry"]["protected"] is True
    assert running.ask("test", UNLISTED.ipv4)["results"][0]["entries"][0]["protected"] is True
    running.ask("reload")
    assert entry_of(running)["protected"] is True
    answer = running.ask("unprotect", "--list", "partners", UNLISTED.ipv4)
    assert answer["entry"]["protected"] is False and answer["entry"]["expires_at"] is None
    assert "not protected" in refused(running, "unprotect", "--list", "partners", UNLISTED.ipv4)
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    assert [record["event"] for record in records(running)] == \
        ["del", "unprotect", "add", "protect", "add"]


def test_protect_what_a_file_holds(running):
    path = running.write_list("allow.d/a.list", UNLISTED.ipv4)
    running.ask("reload")
    running.ask("protect", "--list", "partners", UNLISTED.ipv4)
    assert entry_of(running)["protected"] is True
    assert entry_of(running, source="file")["protected"] is False
    path.unlink()
    running.ask("reload")
    assert verdict(running, UNLISTED.ipv4) == "allow"
    # Undo restores the state before: the manual entry disappears, too.
    running.ask("undo")
    assert entry_of(running) is None and verdict(running, UNLISTED.ipv4) == "unlisted"
    assert "not in list" in refused(running, "protect", "--list", "partners", UNLISTED.ipv4)
    refused(running, "protect", "--list", "nope", UNLISTED.ipv4)
    refused(running, "protect", "--list", "partners", "192.0.2.1/24", status=INVALID)


def test_a_file_does_not_end_what_is_protected_by_itself(running):
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    running.ask("protect", "--list", "partners", UNLISTED.ipv4, "--reason", "vital")
    path = running.write_list("allow.d/a.list", "# by mistake", f"!{UNLISTED.ipv4}")
    place = f"{UNLISTED.ipv4} is excluded by !{UNLISTED.ipv4} (file {path}:2)"
    diff = running.ask("diff", status=NEGATIVE)
    assert "it would remove 1 protected entry" in diff["held"] and place in diff["held"]
    result = running.ctl("reload")
    assert result.returncode == NEGATIVE
    assert place in result.stderr and "vital" in result.stderr and "--accept" in result.stderr
    assert place in newest(running)["reason"]
    assert running.ask("test", UNLISTED.ipv4)["results"][0]["verdict"] == "allow"
    # Who insists may; from then on it is told at each reload, and at each start.
    expected = f'the protected entry {UNLISTED.ipv4} of list "partners" is not in force: {place}'
    assert expected in running.ask("reload", "--accept")["warnings"]
    assert running.ask("test", UNLISTED.ipv4, status=1)["results"][0]["verdict"] == "unlisted"
    assert expected in running.ask("reload")["warnings"]
    running.stop()
    running.start()
    assert expected in running.status()["reload"]["warnings"]
    # A part of the prefix has the same effect as all of it.
    path.unlink()
    running.ask("reload")
    running.ask("add", "--list", "partners", "9.9.9.0/24")
    running.ask("protect", "--list", "partners", "9.9.9.0/24")
    path = running.write_list("allow.d/a.list", "!9.9.9.128/25", "!9.9.0.0/16")
    assert f"9.9.9.128/25 is excluded by !9.9.9.128/25 (file {path}:1)" \
        in running.ctl("reload").stderr


# ---- hits ------------------------------------------------------------------

def reboot(ipwld):
    """A reboot leaves only the state directory."""
    ipwld.stop()
    netns.Namespace.run(ipwld.namespace, "true")
    shutil.rmtree(ipwld.bpffs)
    for path in ipwld.socket.parent.iterdir():
        path.unlink()
    ipwld.start()


def test_hits_outlive_reboots(running, wire):
    running.configure(extra="history:\n  sample: 1s\n")
    running.ask("reload")
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    assert entry_of(running)["last_hit_at"] is None
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 5))
    wait_for(lambda: entry_of(running)["total_packets"] == 5, "counted")
    hit = entry_of(running)["last_hit_at"]
    assert hit is not None
    for round_number in (1, 2):
        reboot(running)
        # Known once the database has been read.
        entry = wait_for(lambda: entry_of(running)["total_packets"] is not None and
                         entry_of(running), "the hits are known")
        assert (entry["packets"], entry["total_packets"], entry["total_connections"]) == \
            (0, 5 * round_number, 5 * round_number)
        assert entry["last_hit_at"] is not None
        wire.send(*frames.attempts(wire, UNLISTED.ipv4, 5))
        wait_for(lambda: entry_of(running)["packets"] == 5, "counted")
    impact = running.request("GET", f"/v1/impact?list=partners&prefix={UNLISTED.ipv4}")[1]["impact"]
    assert impact["hits"]["last_7_days"]["packets"] == 15


def test_hits_outlive_kill(running, wire):
    """Counted once each, whether a look at them was written or not."""
    running.configure(extra="history:\n  sample: 1s\n")
    running.ask("reload")
    sent = 0
    for _ in range(4):
        sent += wire.send(*frames.attempts(wire, ALLOWED.ipv4, 7))
        time.sleep(0.7)
        running.kill()
        sent += wire.send(*frames.attempts(wire, ALLOWED.ipv4, 3))
        running.start()
    entry = wait_for(lambda: entry_of(running, "198.51.100.0/24", source="config")
                     ["total_packets"] and
                     entry_of(running, "198.51.100.0/24", source="config"), "known")
    assert (entry["packets"], entry["total_packets"]) == (sent, sent)


def test_hits_outlive_removal(running, wire):
    """By list and prefix: an entry that comes back has its hits."""
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 5))
    running.configure(extra="history:\n  sample: 1s\n")
    running.ask("reload")
    database = running.state / "hits.db"

    def written():
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            rows = connection.execute("SELECT packets FROM hits WHERE prefix = ?",
                                      (PREFIX,)).fetchall()
        connection.close()
        return rows == [(5,)]
    wait_for(written, "written")
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    running.ask("undo")
    entry = entry_of(running)
    assert (entry["packets"], entry["total_packets"]) == (0, 5)
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 2))
    assert entry_of(running)["total_packets"] == 7


def test_broken_hits_database_is_no_trouble(ipwld, wire):
    (ipwld.state / "hits.db").write_bytes(b"This is not a database.\n" * 100)
    ipwld.start()
    status = ipwld.status()
    assert (status["state"]["ok"], status["suspended"]) == (True, None)
    # It is read once the daemon serves: nobody waits for it.
    wait_for(lambda: "hits start again from zero" in ipwld.words(), "told")
    assert len(list(ipwld.state.glob("hits.db.corrupt-*"))) == 1
    wire.send(*frames.attempts(wire, ALLOWED.ipv4, 5))
    wait_for(lambda: entry_of(ipwld, "198.51.100.0/24", source="config")["total_packets"] == 5,
             "counted")


def test_test_shows_what_is_overridden_and_averted(running, wire):
    wire.send(*frames.attempts(wire, AVERTED.ipv4, 6))
    result, = running.ask("test", AVERTED.ipv4)["results"]
    assert (result["verdict"], result["averted_packets"]) == ("averted", 6)
    assert [(item["list"], item["prefix"], item["action"]) for item in result["overrides"]] == \
        [("drop", "203.0.113.0/24", "block")]
    winner, = [entry for entry in result["entries"] if entry["decides"]]
    assert (winner["list"], winner["prefix"]) == ("partners", f"{AVERTED.ipv4}/32")
    assert len(result["entries"]) == 2
    assert "6 packets averted so far" in running.ctl("test", AVERTED.ipv4).stdout
    result, = running.ask("test", BLOCKED.ipv4, status=daemon.IS_BLOCKED)["results"]
    assert (result["overrides"], result["averted_packets"]) == ([], None)
    result, = running.ask("test", UNLISTED.ipv4, status=NEGATIVE)["results"]
    assert (result["overrides"], result["averted_packets"]) == ([], None)


# ---- the entries that are hit most -----------------------------------------------------------


def test_list_hit(running, wire):
    """Known numbers of packets, in the order asked for."""
    counts = {ALLOWED.ipv4: 7, BLOCKED.ipv4: 12, BLOCKED.ipv6: 3}
    for address, count in counts.items():
        wire.send(frames.tcp(wire, address), count=count)
    answer = running.ask("list", "--hit", "--since", "1h")
    shown = {entry["prefix"]: entry["recent"]["packets"] for entry in answer["entries"]}
    assert list(shown.values()) == [12, 7, 3] and answer["match_count"] == 3
    assert [entry["list"] for entry in answer["entries"]] == ["drop", "partners", "drop"]
    # The same SYN sent again is not another attempt.
    assert all(entry["recent"]["connections"] == 1 and entry["last_hit_at"]
               for entry in answer["entries"])
    answer = running.ask("list", "--hit", "--list", "drop", "--limit", "1")
    assert [entry["recent"]["packets"] for entry in answer["entries"]] == [12]
    assert answer["match_count"] == 2
    text = running.ctl("list", "--hit").stdout
    assert text.splitlines()[-1].startswith("3 of 3 entries with hits; hits since ")
    assert running.ctl("list", "--hit", "--sort", "averted").returncode == NEGATIVE
    assert running.ctl("list", "--hit", "--since", "60d").returncode == INVALID
    assert running.ctl("list", "--hit", "--list", "none").returncode == NEGATIVE
