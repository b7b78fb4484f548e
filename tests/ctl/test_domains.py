# SPDX-License-Identifier: GPL-2.0-or-later
"""`domains`: what it asks and prints."""
from fake_daemon import STATUS, error

PARTNER = {
    "name": "spf:partner.example", "list": "partners", "action": "allow", "origin": "config",
    "in_force": True, "entries": 12,
    "fetched_at": "2026-11-23T10:00:00Z", "checked_at": "2026-11-24T00:00:00Z",
    "age_seconds": 900, "last_fetch": {"at": "2026-11-24T00:00:00Z", "result": "held",
                                       "message": "it has no entries, and had 12 (may_be_empty)"},
    "next_fetch_at": "2026-11-24T01:00:00Z", "fetching": False,
    "held": {"at": "2026-11-24T00:00:00Z", "entries": 0,
             "reasons": ["it has no entries, and had 12 (may_be_empty)"]}, "trouble": None,
    "missing": ["exists:%{i}.x.example in the record of x.example: exists cannot be expanded"],
    "gone_since": None}
HOST = {
    "name": "mail.partner.example", "list": "partners", "action": "allow", "origin": "config",
    "in_force": True, "entries": 1,
    "fetched_at": "2026-11-23T10:00:00Z", "checked_at": "2026-11-23T10:00:00Z",
    "age_seconds": 50400, "last_fetch": {
        "at": "2026-11-24T00:00:00Z", "result": "failed",
        "message": "the domain does not exist since 2026-11-23T12:00:00Z"},
    "next_fetch_at": None, "fetching": True, "held": None, "trouble": None, "missing": [],
    "gone_since": "2026-11-23T12:00:00Z"}
DOMAINS = {"schema_version": 1, "domains": [PARTNER, HOST]}
TABLE = """\
DOMAIN                LIST      ORIGIN  ENTRIES  AGE     LAST    HELD
spf:partner.example   partners  config       12  15m 0s  held       0
mail.partner.example  partners  config        1  14h 0m  failed     -
spf:partner.example: missing: exists:%{i}.x.example in the record of x.example: \
exists cannot be expanded
spf:partner.example: held back: it has no entries, and had 12 (may_be_empty)
spf:partner.example: `ipwlctl domains diff spf:partner.example' shows the changes, \
`ipwlctl domains accept spf:partner.example' accepts them
mail.partner.example: failed: the domain does not exist since 2026-11-23T12:00:00Z
"""


def test_domains(ask, daemon):
    daemon.answers["GET", "/v1/domains"] = 200, DOMAINS
    done = ask("domains")
    assert (done.code, done.out, done.err) == (0, TABLE, "")
    assert ask("--json", "domains").json() == DOMAINS


def test_learned(ask, daemon):
    """Not every partner has an SPF record: that is nothing to complain about."""
    absent = {**HOST, "origin": "learned", "in_force": False, "fetched_at": None,
              "checked_at": None, "age_seconds": None, "entries": 0}
    daemon.answers["GET", "/v1/domains"] = 200, {"schema_version": 1, "domains": [absent]}
    done = ask("domains")
    assert done.code == 0 and len(done.out.splitlines()) == 2
    assert "learned        0" in done.out and "does not exist" not in done.out


def test_no_domains(ask, daemon):
    daemon.answers["GET", "/v1/domains"] = 200, {"schema_version": 1, "domains": []}
    done = ask("domains")
    assert (done.code, done.out) == (0, "") and "no domains are configured" in done.err


def test_refresh(ask, daemon):
    daemon.answers["POST", "/v1/domains/refresh"] = 200, DOMAINS
    done = ask("domains", "refresh")
    assert (done.code, done.out, done.err) == (1, TABLE, "")
    ask("domains", "refresh", "mail.partner.example")
    assert [request["body"] for request in daemon.requests] \
        == [{"name": None}, {"name": "mail.partner.example"}]
    fresh = {"schema_version": 1,
             "domains": [{**PARTNER, "last_fetch": {"at": "2026-11-24T00:00:00Z",
                                                    "result": "new", "message": None}}]}
    daemon.answers["POST", "/v1/domains/refresh"] = 200, fresh
    assert ask("domains", "refresh").code == 0


def test_diff_and_accept(ask, daemon):
    daemon.answers["GET", "/v1/domains/diff"] = 200, {
        "schema_version": 1, "name": "spf:partner.example", "entries": 12,
        "held": PARTNER["held"], "added_count": 0, "removed_count": 1, "added": [],
        "removed": ["192.0.2.0/24"]}
    done = ask("domains", "diff", "spf:partner.example")
    assert done.code == 0 and "-192.0.2.0/24\n" in done.out
    assert daemon.requests[0]["query"] == {"name": "spf:partner.example"}
    daemon.answers["POST", "/v1/domains/accept"] = 200, {
        "schema_version": 1, "domain": PARTNER, "added": 0, "removed": 1}
    done = ask("domains", "accept", "spf:partner.example")
    assert done.out == "spf:partner.example: now in force with 12 entries, 0 added, 1 removed\n"


def test_status_tells_of_them(ask, daemon):
    domains = {"count": 3, "held": ["spf:partner.example"], "missing": [],
               "gone": ["a.example", "b.example"]}
    daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "domains": domains}
    done = ask("status")
    assert "the domain spf:partner.example has new addresses that are held back: see" in done.out
    assert "2 domains have no record any more: see `ipwlctl domains'" in done.out
    assert ask("--json", "status").json()["domains"] == domains


def test_errors(ask, daemon):
    assert ask("domains", "diff").code == 2
    done = ask("domains", "expand")
    assert done.code == 2 and "write refresh, diff or accept" in done.err
    daemon.answers["POST", "/v1/domains/refresh"] = error(404, "not_found",
                                                          'there is no domain "x.example"')
    done = ask("domains", "refresh", "x.example")
    assert done.code == 1 and 'there is no domain "x.example"' in done.err
