# SPDX-License-Identifier: GPL-2.0-or-later
"""`fleet`, and what `add` and `del` say to a fleet: what they ask and print."""
import pytest

from fake_daemon import STATUS, error

SERVER = {"place": "redis.example:6379", "connected": True, "problem": None,
          "last_contact_at": "2026-11-24T10:00:00Z", "reading": False, "lag_ms": 12, "sent": 12,
          "received": 1204567, "refused": 0, "unknown": 0,
          "refused_hosts": 0}
HOSTS = {"schema_version": 1, "name": "mail", "host": "mx1", "server": SERVER, "feeds": None, "hosts": [
    {"name": "mx1", "self": True, "state": "equal", "records": 12, "evidence": 3, "full": False, "held": 0, "digest": "00c5a1b2c3d4e5f6",
     "changed_at": "2026-11-24T09:30:00Z", "heard_at": "2026-11-24T10:00:00Z"},
    {"name": "mx2.example.org", "self": False, "state": "different", "records": 1204567, "evidence": 50000, "full": True, "held": 40,
     "digest": "11c5a1b2c3d4e5f6", "changed_at": "2026-11-24T10:00:00Z",
     "heard_at": "2026-11-24T10:00:00Z"},
    {"name": "mx3", "self": False, "state": "silent", "records": 0, "evidence": 0, "full": False, "held": 0, "digest": "0" * 16,
     "changed_at": None, "heard_at": None}]}
FULL = "mx2.example.org: no more evidence is taken, because it has said more than enough"
HELD = ("mx2.example.org: 40 removals are held, so these entries stay in force; "
        "`ipwlctl fleet accept mx2.example.org' removes them")


def test_hosts(ask, daemon):
    daemon.answers["GET", "/v1/fleet"] = 200, HOSTS
    done = ask("fleet")
    lines = done.out.splitlines()
    assert done.code == 0 and lines[0].split() == [
        "HOST", "SELF", "STATE", "RECORDS", "HELD", "CHANGED"]
    assert [line.split()[0] for line in lines[1:4]] == ["mx1", "mx2.example.org", "mx3"]
    assert lines[4:] == ["connected with redis.example:6379", FULL, HELD]
    assert ask("--json", "fleet").json() == HOSTS


def test_feeds(ask, daemon):
    counts = {"given": 3, "taken": 41, "refused": 0, "large": 0}
    daemon.answers["GET", "/v1/fleet"] = 200, {**HOSTS, "feeds": counts}
    assert "copies of feeds: 3 given, 41 taken" in ask("fleet").out.splitlines()
    assert ask("--json", "fleet").json()["feeds"] == counts
    daemon.answers["GET", "/v1/fleet"] = 200, {**HOSTS, "feeds": {**counts, "refused": 2, "large": 1}}
    assert "copies of feeds: 3 given, 41 taken, 2 refused, 1 too large" in ask("fleet").out


def test_server(ask, daemon):
    daemon.answers["GET", "/v1/fleet"] = 200, {**HOSTS, "server": {
        **SERVER, "connected": False, "refused_hosts": 2,
        "problem": "cannot connect to redis.example:6379: Connection refused"}}
    done = ask("fleet")
    assert "not connected: cannot connect to redis.example:6379: Connection refused" in done.out
    assert "2 hosts are refused: another key_file than here" in done.out


FLEET = {"name": "mail", "place": "redis.example:6379", "connected": True, "problem": None,
         "last_contact_at": "2026-11-24T10:00:00Z", "hosts": 3, "different": 1, "held": 0,
         "refused_hosts": 0}


@pytest.mark.parametrize("fleet, line", [
    (None, None),
    (FLEET, "fleet mail: 3 hosts, 1 different"),
    ({**FLEET, "held": 40}, "fleet mail: 3 hosts, 1 different, 40 removals held (see `ipwlctl fleet')"),
    ({**FLEET, "connected": False, "problem": "cannot connect to redis.example:6379: timeout"},
     "fleet mail: cannot connect to redis.example:6379: timeout"),
])
def test_status(ask, daemon, fleet, line):
    daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "fleet": fleet}
    done = ask("status")
    assert [text for text in done.out.splitlines() if text.startswith("fleet ")] \
        == ([line] if line else [])
    assert ask("--json", "status").json()["fleet"] == fleet


def test_no_fleet(ask, daemon):
    daemon.answers["GET", "/v1/fleet"] = error(409, "conflict", "this host is in no fleet")
    done = ask("fleet")
    assert done.code == 1 and "in no fleet" in done.err and done.out == ""


def test_accept_and_forget(ask, daemon):
    daemon.answers["POST", "/v1/fleet/accept"] = 200, {"schema_version": 1, "accepted": 40}
    daemon.answers["POST", "/v1/fleet/forget"] = 200, {"schema_version": 1, "forgotten": 1}
    done = ask("fleet", "accept", "--reason", "moved", env={"SUDO_USER": "alice"})
    assert done.code == 0 and done.out == "accepted: 40 removals\n"
    assert daemon.requests[-1]["body"] == {"host": None, "reason": "moved", "sudo_user": "alice"}
    done = ask("fleet", "accept", "mx2")
    assert daemon.requests[-1]["body"]["host"] == "mx2"
    done = ask("fleet", "forget", "mx2")
    assert done.code == 0 and done.out == "forgotten: 1 record\n"
    assert daemon.requests[-1]["body"]["host"] == "mx2"
    count = len(daemon.requests)
    for words in ("forget",), ("remove", "mx2"), ("accept", "mx2", "mx3"):
        done = ask("fleet", *words)
        assert done.code == 2 and "fleet" in done.err
    assert len(daemon.requests) == count


def test_delete_from_all_hosts(ask, daemon):
    daemon.answers["POST", "/v1/fleet/delete"] = 200, {"schema_version": 1, "list": "partners",
                                                       "removed": 2}
    done = ask("del", "--fleet", "--list", "partners", "192.0.2.1", "192.0.2.2",
               env={"SUDO_USER": "alice"})
    assert done.code == 0 and done.out == "removed from list partners on all hosts: 2 prefixes\n"
    assert [request["path"] for request in daemon.requests] == ["/v1/fleet/delete"]
    assert daemon.requests[0]["body"] == {
        "list": "partners", "prefix": "192.0.2.1,192.0.2.2", "reason": None, "accept": False,
        "sudo_user": "alice"}


def test_scope(ask, daemon):
    daemon.answers["POST", "/v1/entries"] = error(409, "conflict", "no")
    ask("add", "--list", "partners", "192.0.2.1", "--local", env={"SUDO_USER": "alice"})
    body = daemon.requests[-1]["body"]
    assert body["local"] is True and "only_hosts" not in body and "not_hosts" not in body
    ask("allow", "--list", "partners", "192.0.2.1", "--only-hosts", "mx1,mx2", "--not-hosts", "mx3")
    body = daemon.requests[-1]["body"]
    assert "local" not in body and (body["only_hosts"], body["not_hosts"]) == ("mx1,mx2", "mx3")
