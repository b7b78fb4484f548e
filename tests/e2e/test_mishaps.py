# SPDX-License-Identifier: GPL-2.0-or-later
"""What people do by mistake: what is refused, what is asked about, and what can be undone."""

import contextlib
import os
import pty
import re
import select
import time

import pytest

import daemon
import frames
from daemon import DONE, DROP, NEGATIVE, PARTNERS
from lab import AVERTED, wait_for

MANY = [f"192.0.2.{i}" for i in range(1, 31)]


def prefixes(ipwld, name="partners"):
    return {entry["prefix"].removesuffix("/32") for entry in ipwld.manual()
            if entry["list"] == name}


def add(ipwld, *addresses, author=None, options=(), name="partners"):
    for address in addresses:
        run(ipwld, "add", "--list", name, *options, address, author=author)


def run(ipwld, *argv, author=None, status=DONE):
    result = ipwld.namespace.run(
        daemon.BUILD / "ipwlctl", "--socket", ipwld.socket, *argv, check=False,
        env={**os.environ, "SUDO_USER": author} if author else None)
    assert result.returncode == status, result
    return result


def at_terminal(ipwld, *argv, answer):
    """Run ipwlctl with a person before it; returns (exit status, what was shown)."""
    pid, terminal = pty.fork()
    if pid == 0:
        with ipwld.namespace.entered():
            os.execv(daemon.BUILD / "ipwlctl",
                     ["ipwlctl", "--socket", str(ipwld.socket), *argv])
    shown, is_answered, deadline = b"", False, time.monotonic() + 60
    with contextlib.suppress(OSError):
        while time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.1)[0]:
                part = os.read(terminal, 65536)
                if not part:
                    break
                shown += part
            if b"[y/N]" in shown and not is_answered:
                os.write(terminal, answer)
                is_answered = True
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


# ---- what no block list should have --------------------------------------------

@pytest.fixture(name="own")
def _own(lab, ipwld):
    lab.mx.ip("addr", "add", "5.9.1.1/24", "dev", "eth0")
    ipwld.configure(lists=PARTNERS + DROP, extra="protected: [7.7.0.0/16]\n")
    ipwld.start()
    return ipwld


@pytest.mark.parametrize("prefix, words", [
    ("5.9.0.0/16", "5.9.0.0/16 would block this host's own address 5.9.1.1"),
    ("7.7.7.7", "7.7.7.7 would block the protected 7.7.0.0/16"),
    ("8.0.0.0/6", "8.0.0.0/6 is wider than /8"),
    ("2600::/12", "2600::/12 is wider than /19")])
def test_add_is_refused_without_force(own, prefix, words):
    result = own.ctl("add", "--list", "drop", prefix)
    assert result.returncode == NEGATIVE and own.manual() == []
    assert words in result.stderr and "--force" in result.stderr
    # An allow list may have it.
    assert own.ctl("add", "--list", "partners", prefix).returncode == DONE
    own.ask("del", "--list", "partners", prefix)
    result = own.ctl("add", "--list", "drop", "--force", prefix)
    assert result.returncode == DONE
    assert len(own.manual()) == 1


def test_add_of_reserved_space_only_warns(own):
    result = own.ctl("add", "--list", "drop", "192.168.0.0/16")
    assert result.returncode == DONE and "is private space" in result.stderr


def test_import_is_refused_as_a_whole_without_force(own):
    path = own.top / "import.list"
    path.write_text("9.9.9.9\n5.9.0.0/16\n7.0.0.0/8\n", encoding="utf-8")
    result = own.ctl("import", "--list", "drop", path)
    assert result.returncode == NEGATIVE and own.manual() == []
    assert "5.9.0.0/16 would block this host's own address" in result.stderr
    assert "7.0.0.0/8 would block the protected 7.7.0.0/16" in result.stderr
    result = own.ctl("import", "--list", "drop", "--dry-run", path)
    assert result.returncode == DONE and "without --force, this would be refused" in result.stderr
    # What the list itself excludes is no danger.
    path.write_text("9.9.9.9\n5.9.0.0/16\n!5.9.1.1\n", encoding="utf-8")
    assert own.ctl("import", "--list", "drop", path).returncode == DONE
    path.write_text("7.0.0.0/8\n", encoding="utf-8")
    assert own.ctl("import", "--list", "drop", "--force", path).returncode == DONE
    assert "7.0.0.0/8" in prefixes(own, "drop")


# ---- a mass deletion -----------------------------------------------------------

def test_a_script_that_deletes_everything_is_held(running):
    add(running, *MANY)
    results = [running.ctl("del", "--yes", "--list", "partners", address) for address in MANY]
    assert [result.returncode for result in results] == [DONE] * 20 + [NEGATIVE] * 10
    assert "20 allow entries have been deleted within a minute" in results[-1].stderr
    assert "`ipwlctl undo --since' restores them" in results[-1].stderr
    assert prefixes(running) == set(MANY[20:])
    # Entries of block lists are not counted: no mail is lost by that.
    others = [f"9.9.9.{i}" for i in range(30)]
    add(running, *others, name="drop")
    for address in others:
        run(running, "del", "--list", "drop", address)
    assert running.ctl("del", "--accept", "--list", "partners", MANY[20]).returncode == DONE
    # A person is asked, and told.
    status, shown = at_terminal(running, "del", "--list", "partners", MANY[21], answer=b"n\n")
    assert status == NEGATIVE and "have been deleted within a minute" in shown
    status, shown = at_terminal(running, "del", "--list", "partners", MANY[21], answer=b"y\n")
    assert status == DONE
    assert prefixes(running) == set(MANY[22:])


def test_the_limit_can_be_set(ipwld):
    ipwld.configure(extra="guard: {max_deleted_entries: none}\n")
    ipwld.start()
    add(ipwld, *MANY)
    for address in MANY:
        run(ipwld, "del", "--list", "partners", address)
    ipwld.configure(extra="guard: {max_deleted_entries: 1}\n")
    ipwld.ask("reload")
    add(ipwld, *MANY[:2])
    assert ipwld.ctl("del", "--list", "partners", MANY[0]).returncode == NEGATIVE


def test_undo_of_a_colleagues_mass_deletion(running):
    """The day as it was: entries of two people, one of whom deletes what he should not."""
    add(running, *MANY[:10], author="alice", options=("--reason", "ticket 1"))
    add(running, MANY[10], author="alice", options=("--ttl", "8s"))
    before = {entry["prefix"]: entry for entry in running.manual()}
    time.sleep(1.1)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for address in MANY[:11]:
        run(running, "del", "--list", "partners", address, author="bob")
    add(running, MANY[20], author="carol")
    expires = time.monotonic() + 8
    wait_for(lambda: time.monotonic() > expires, "it would have expired")
    answer = running.ask("undo", "--since", start, "--by", "bob", "--dry-run")
    assert (answer["record_count"], answer["added"], answer["skipped"]) == (11, 10, 1)
    assert prefixes(running) == {MANY[20]}
    answer = running.ask("undo", "--since", start, "--by", "bob", "--reason", "a mistake")
    assert (answer["added"], answer["removed"], answer["skipped"]) == (10, 0, 1)
    after = {entry["prefix"]: entry for entry in running.manual()}
    for address in MANY[:10]:
        entry = after.pop(f"{address}/32")
        assert (entry["author"], entry["reason"], entry["added_at"]) \
            == ("alice", "ticket 1", before[f"{address}/32"]["added_at"])
    assert set(after) == {f"{MANY[20]}/32"}
    newest, *rest = running.ask("history")["records"]
    assert (newest["event"], newest["reason"], newest["added"]) == ("undo", "a mistake", 10)
    assert {record["undone_by"] for record in rest if record["author"] == "bob"} == {newest["id"]}
    # It can be taken back, and done again.
    running.ask("undo", str(newest["id"]))
    assert prefixes(running) == {MANY[20]}
    assert {record["undone_by"] for record in running.ask("history")["records"]
            if record["author"] == "bob"} == {None}
    assert running.ask("undo", "--since", start, "--by", "bob")["added"] == 10


def test_undo_of_many_is_all_or_nothing(running):
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    add(running, *MANY[:3], author="bob")
    add(running, MANY[1], author="alice", options=("--reason", "mine"))
    result = run(running, "undo", "--since", start, "--by", "bob", status=NEGATIVE)
    assert f"{MANY[1]}/32 in list \"partners\": it has changed since" in result.stderr
    assert prefixes(running) == set(MANY[:3])
    # Without the other user's change in the way:
    assert running.ask("undo", "--since", start)["removed"] == 3
    assert run(running, "undo", "--since", start, status=NEGATIVE).stderr.startswith(
        "ipwlctl: there is no change to undo since then")


def test_undo_of_many_at_a_terminal(running):
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    add(running, *MANY[:3], name="drop")
    status, shown = at_terminal(running, "undo", "--since", start, answer=b"n\n")
    assert status == NEGATIVE and shown.count("this undoes: record ") == 3
    assert len(running.manual()) == 3
    status, shown = at_terminal(running, "undo", "--since", start, answer=b"y\n")
    assert status == DONE and running.manual() == []


def test_del_and_undo_keep_the_hits(ipwld, wire):
    """Also those that have come since the counters were last read."""
    ipwld.configure(extra="history: {sample: 1d}\n")
    ipwld.start()
    wait_for(lambda: ipwld.ask("list")["entries"][0]["total_packets"] == 0, "hits are read")
    add(ipwld, MANY[0])
    wire.send(*frames.attempts(wire, MANY[0], 7))
    wait_for(lambda: ipwld.packets()["allow"] == 7, "all are counted")
    ipwld.ask("del", "--list", "partners", MANY[0])
    ipwld.ask("undo")
    entry, = [one for one in ipwld.manual() if one["prefix"] == f"{MANY[0]}/32"]
    assert (entry["packets"], entry["total_packets"], entry["total_connections"]) == (0, 7, 7)
    assert entry["last_hit_at"] is not None


# ---- who it was ----------------------------------------------------------------

def test_detach_and_reload_have_an_author(running):
    run(running, "reload", author="alice")
    assert "reload: requested by alice" in running.words()
    run(running, "detach", author="bob")
    wait_for(lambda: running.ask("history")["records"][0]["event"] == "detach", "it is recorded")
    record = running.ask("history")["records"][0]
    assert (record["author"], record["via"], record["changes"]) == ("bob", "sudo", [])
    assert re.search(r"^ipwld: warning: datapath: bob detached ipwl", running.words(), re.M)
    assert " bob (sudo) " in running.ctl("--wide", "history").stdout
    assert run(running, "undo", str(record["id"]), status=NEGATIVE).stderr.startswith(
        f"ipwlctl: record {record['id']} is of kind detach")
    # Again, there is nothing to detach.
    run(running, "detach", author="carol")
    assert running.ask("history")["records"][0]["id"] == record["id"]
    assert running.ask("test", AVERTED.ipv4)["results"][0]["verdict"] == "averted"
