# SPDX-License-Identifier: GPL-2.0-or-later
"""A host of a fleet by itself: what other hosts have said is in its database."""
import signal
import sqlite3
import time

import pytest

from daemon import DONE, INVALID, NEGATIVE
from lab import UNLISTED, wait_for

FLEET = ("fleet: {name: mail, host: mx1, url: 'unix:/nonexistent/redis', "
         "key_file: /nonexistent/key}\n")


def value(op="add", action="allow", *, expires=0, scope="- -", later_sec=0):
    version = int((time.time() + later_sec) * 1000) << 16
    return f"1 {op} {version} {action} 1764500000 {expires} anna ticket%204711 {scope}"


def say(ipwld, *rows):
    """Write records into the database of an ipwld that does not run: (host, key, value, held)."""
    with sqlite3.connect(ipwld.state / "state.db") as database:
        database.executemany("INSERT INTO fleet_records (fleet, origin, key, value, is_held) "
                             "VALUES (1, ?, ?, ?, ?)", rows)
    database.close()


def ask_database(ipwld, query):
    with sqlite3.connect(ipwld.state / "state.db") as database:
        rows = database.execute(query).fetchall()
    database.close()
    return rows


def entries(ipwld, source="fleet"):
    return {entry["prefix"]: entry for entry in
            ipwld.request("GET", f"/v1/entries?source={source}")[1]["entries"]}


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


@pytest.fixture(name="host")
def _host(ipwld):
    """An ipwld of a fleet that has run once and does not run now."""
    ipwld.configure(extra=FLEET)
    ipwld.start()
    ipwld.stop()
    return ipwld


def test_entries_of_other_hosts(host):
    address, network = UNLISTED.ipv4, f"{UNLISTED.ipv6}/128"
    say(host,
        ("mx2", f"partners {address}/32 manual", value(), 0),
        ("mx3", f"drop {network} learned", value(action="block", scope="mx1,mx2 -"), 0),
        ("mx3", "partners 9.9.9.9/32 manual", value(scope="- mx1"), 0),
        ("mx3", "partners 9.9.9.8/32 manual", value(expires=5), 0),
        ("mx3", "nowhere 9.9.9.7/32 manual", value(), 0))
    host.start()
    assert verdict(host, address) == "allow"
    assert verdict(host, UNLISTED.ipv6) == "block"
    found = entries(host)
    assert set(found) == {f"{address}/32", network}
    one = found[f"{address}/32"]
    assert (one["origin"], one["author"], one["reason"], one["list"]) == \
        ("mx2", "anna", "ticket 4711", "partners")
    assert found[network]["origin"] == "mx3 (only on mx1,mx2)"
    shown = host.ctl("test", address)
    assert shown.returncode == DONE and "fleet mx2" in shown.stdout
    assert "fleet" in host.ctl("list", "--source", "fleet").stdout
    # It is another host's: del says so.
    refused = host.ctl("del", "--list", "partners", address)
    assert refused.returncode == NEGATIVE and "fleet mx2" in refused.stderr
    # Without `fleet:` nothing of it is in force, and nothing of it is lost.
    host.configure()
    host.ask("reload", "--accept")
    assert entries(host) == {} and verdict(host, address) == "unlisted"
    host.configure(extra=FLEET)
    host.ask("reload")
    assert set(entries(host)) == set(found)


def test_held_removals(host):
    say(host,
        ("mx2", f"partners {UNLISTED.ipv4}/32 manual", value(), 0),
        ("mx3", f"partners {UNLISTED.ipv4}/32 manual", value("del", later_sec=5), 1))
    host.start()
    assert verdict(host, UNLISTED.ipv4) == "allow"
    hosts = {item["name"]: item for item in host.ask("fleet")["hosts"]}
    assert (hosts["mx2"]["held"], hosts["mx3"]["held"], hosts["mx1"]["self"]) == (0, 1, True)
    assert "1 removal is held" in host.ctl("fleet").stdout
    assert host.ctl("fleet", "accept", "mx2").returncode == NEGATIVE
    host.ask("fleet", "accept", "mx3", "--reason", "moved")
    assert verdict(host, UNLISTED.ipv4) == "unlisted" and entries(host) == {}
    record = host.ask("history", "--limit", "1")["records"][0]
    assert (record["event"], record["origin"], record["reason"]) == ("fleet", "mx3", "moved")
    change, = record["changes"]
    assert (change["source"], change["removed"], change["was"]["host"]) == ("fleet", 1, "mx2")
    host.stop()
    host.start()
    assert verdict(host, UNLISTED.ipv4) == "unlisted"


def test_protections(host):
    """What another host protects cannot be removed here, and this host says what it protects."""
    say(host,
        ("mx2", f"partners {UNLISTED.ipv4}/32 manual", value(), 0),
        ("mx2", f"partners {UNLISTED.ipv4}/32 protections", value(), 0),
        ("mx3", f"partners {UNLISTED.ipv4}/32 manual", value("del", later_sec=5), 0),
        # A newer version may say this.
        ("mx2", f"partners {UNLISTED.ipv4}/32 weather", value(), 0))
    host.start()
    assert verdict(host, UNLISTED.ipv4) == "allow"
    assert entries(host)[f"{UNLISTED.ipv4}/32"]["protected"]
    refused = host.ctl("del", "--fleet", "--list", "partners", UNLISTED.ipv4)
    assert refused.returncode == NEGATIVE and "on mx2" in refused.stderr, refused
    refused = host.ctl("unprotect", "--list", "partners", UNLISTED.ipv4)
    assert refused.returncode == NEGATIVE and "unprotect it there" in refused.stderr, refused
    host.ask("add", "--list", "partners", UNLISTED.ipv6)
    host.ask("protect", "--list", "partners", UNLISTED.ipv6)
    query = "SELECT value FROM fleet_records WHERE origin = 'mx1' AND key LIKE '% protections'"
    wait_for(lambda: ask_database(host, query), "the record is written")
    host.ask("unprotect", "--list", "partners", UNLISTED.ipv6)
    wait_for(lambda: ask_database(host, query)[0][0].split()[1] == "end", "it is withdrawn")


def test_delete_and_forget(host):
    say(host,
        ("mx2", f"partners {UNLISTED.ipv4}/32 manual", value(), 0),
        ("mx2", f"partners {UNLISTED.ipv6}/128 manual", value(), 0))
    host.start()
    host.ask("add", "--list", "partners", UNLISTED.ipv4, "--reason", "mine")
    answer = host.ask("del", "--fleet", "--list", "partners", UNLISTED.ipv4, "--reason", "gone")
    assert answer["removed"] == 1
    assert verdict(host, UNLISTED.ipv4) == "unlisted" and entries(host, "manual") == {}
    record = host.ask("history", "--limit", "1")["records"][0]
    assert (record["event"], record["reason"], record["removed"]) == ("del", "gone", 2)
    (removal,), = ask_database(host, "SELECT value FROM fleet_records WHERE origin = 'mx1'")
    assert removal.split()[1] == "del" and removal.split()[7] == "gone"
    again = host.ctl("del", "--fleet", "--list", "partners", UNLISTED.ipv4)
    assert again.returncode == NEGATIVE and "no host has added" in again.stderr
    assert host.ask("fleet", "forget", "mx2")["forgotten"] == 2
    assert entries(host) == {}
    # What was removed from all hosts can be restored here, and so on all.
    host.ask("undo", record["id"])
    assert verdict(host, UNLISTED.ipv4) == "allow"


def test_scope_and_changes(host):
    host.start()
    assert ask_database(host, "SELECT * FROM fleet_changed") == []
    host.ask("add", "--list", "partners", UNLISTED.ipv4, "--local")
    host.ask("add", "--list", "partners", UNLISTED.ipv6, "--only-hosts", "mx1,mx2")
    # A kill loses neither the entries nor that they are to be published.
    host.stop(signal.SIGKILL)
    host.start()
    origins = {entry["prefix"]: entry["origin"] for entry in entries(host, "manual").values()}
    assert origins[f"{UNLISTED.ipv4}/32"].endswith(" (local)")
    assert origins[f"{UNLISTED.ipv6}/128"].endswith(" (only on mx1,mx2)")
    query = "SELECT key FROM fleet_records WHERE origin = 'mx1'"
    wait_for(lambda: ask_database(host, query) == [(f"partners {UNLISTED.ipv6}/128 manual",)],
             "the record is written")
    assert ask_database(host, "SELECT * FROM fleet_changed") == []
    for words in (("--only-hosts", "mx2"), ("--not-hosts", "mx1,mx2"), ("--only-hosts", "mx 1")):
        refused = host.ctl("add", "--list", "partners", "9.9.9.9", *words)
        assert refused.returncode == INVALID, refused
    host.ask("del", "--list", "partners", UNLISTED.ipv4, "--yes")
    host.ask("undo")
    assert entries(host, "manual")[f"{UNLISTED.ipv4}/32"]["origin"].endswith(" (local)")


def test_no_fleet(running):
    refused = running.ctl("fleet")
    assert refused.returncode == NEGATIVE and "in no fleet" in refused.stderr
    refused = running.ctl("add", "--list", "partners", UNLISTED.ipv4, "--local")
    assert refused.returncode == NEGATIVE and "in no fleet" in refused.stderr
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    assert ask_database(running, "SELECT * FROM fleet_changed") == []
