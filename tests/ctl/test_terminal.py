# SPDX-License-Identifier: GPL-2.0-or-later
"""What each command shows on a terminal of 80 columns, with its questions and errors, compared
with the files in screens/."""
import dataclasses

import pytest
from fake_daemon import FEEDS, STATUS, change, entry, error, record
from screens import compare, tables
from terminal import at_terminal
from test_careful import IMPACT, MANUAL
from test_domains import DOMAINS, PARTNER
from test_feeds import DIFF as FEED_DIFF
from test_import import ANSWER as IMPORTED
from test_inspect import CHANGES, DIFF, LINT, SAME
from test_learn import ADDRESS, DOMAIN, LEARNED, REPORTED, SIMULATION
from test_learn import PARTNER as LEARN_PARTNER

LONG = "2001:db8:1111:2222:3333:4444:5555:6666/128"
LONG_LIST = "partners-of-the-plant-in-lyon"
LONG_FILE = "/etc/ipwl/allow.d/partners-of-the-plant-in-lyon.list:4711"
GET, POST, DELETE = "GET", "POST", "DELETE"


@dataclasses.dataclass
class Case:
    """A command line, and what ipwld answers: {(method, path): (status, body) or body}."""
    command: str
    answers: dict = dataclasses.field(default_factory=dict)
    typed: bytes = None
    code: int = 0


def body(**members):
    return {"schema_version": 1, **members}


ADDED = {**MANUAL, "expires_at": "2026-12-24T09:00:00Z"}
LONG_CHANGE = {"change": "added", "prefix": LONG, "list": LONG_LIST, "action": "allow",
               "source": "file", "origin": LONG_FILE, "reason": None, "exclusion": True}
CONFLICT = {**LINT["findings"][0], "check": "conflict", "prefix": LONG, "list": LONG_LIST,
            "origin": LONG_FILE, "exclusion": True,
            "message": "block list drop has 192.0.2.0/24 (file /etc/ipwl/block.d/ipsum.list:93), "
                       "which this entry overrides; last hit 2026-11-24T09:00:00Z",
            "suggestion": "nothing: the allow list wins"}
FULL_DAY = {"day": "2026-11-28", "sent": 1, "accepted": 31, "rejected": 2, "listed": 3, "ham": 28,
            "spam": 1, "reply": 4, "reported-ham": 1, "reported-spam": 2}
UNDONE = [record(12, "add", [change()], author="bob"), record(11, "del", [
    change("198.51.100.7/32", added=0, removed=1)], author="bob", via="sudo")]


def undo(**changes):
    return body(undone=None, records=UNDONE, record_count=250, skipped=1, dry_run=True, record=None,
                added=249, removed=0, removes_allow=True, **changes)


CASES = {
    "help": Case("help"),
    "help-import": Case("help import"),
    "help-learn": Case("learn --help"),
    "misspelt": Case("stauts", code=2),
    "misspelt-option": Case("add --reson x 192.0.2.7", code=2),
    "no-daemon": Case("reload", code=3),
    "add": Case("add --list partners 192.0.2.7 --reason invoices --ttl 30d", {
        (POST, "/v1/entries"): body(entry=ADDED, entries=[ADDED], warnings=[
            "192.0.2.0/24 is in block list drop, too (file /etc/ipwl/block.d/ipsum.list:93)"])}),
    "allow": Case("allow 192.0.2.7 --ttl 30d", {
        (GET, "/v1/status"): STATUS, (POST, "/v1/entries"): body(entry=ADDED, entries=[ADDED], warnings=[])}),
    "allow-several": Case("allow 192.0.2.7", {
        (GET, "/v1/status"): {**STATUS, "lists": [
            *STATUS["lists"], {**STATUS["lists"][0], "name": "vips"}]}}, code=4),
    "add-refused": Case("add --list drop 192.0.2.0/24", {
        (POST, "/v1/entries"): error(409, "dangerous", "192.0.2.0/24 was not added to the block "
                                     "list drop; `--force' adds it", [
                                         "192.0.2.0/24 would block this host's own address "
                                         "192.0.2.25 (own)"])}, code=1),
    "del": Case("del --list partners 192.0.2.7", {
        (GET, "/v1/impact"): body(entry=MANUAL, entries=[MANUAL], impact=IMPACT, impacts=[IMPACT]),
        (DELETE, "/v1/entries"): body(entry=MANUAL, entries=[MANUAL], impact=IMPACT, impacts=[IMPACT],
                                      still_listed_by=["file /etc/ipwl/allow.d/a.list:12"])},
        typed=b"y\n"),
    "del-declined": Case("del --list partners 192.0.2.7", {
        (GET, "/v1/impact"): body(entry=MANUAL, entries=[MANUAL], impact=IMPACT, impacts=[IMPACT])}, typed=b"n\n", code=1),
    "import": Case("import --list partners --dry-run access.cidr", {
        (POST, "/v1/import"): {**IMPORTED, "dry_run": True, "prefixes": ["192.0.2.0/24", LONG],
                               "skipped_records": ["access.cidr:4: 192.0.3.0/24: of another "
                                                   "action"],
                               "warnings": ["access.cidr:3:1: 192.0.2.9/24 has host bits"]}}),
    "history-of": Case("history 192.0.2.7", {(GET, "/v1/history"): body(next=None, records=[
        record(13, "protect", [change(added=0)], reason="vital"),
        record(12, "add", [change()], reason="invoices of the plant in Lyon, ticket 4711",
               via="sudo")])}),
    "undo": Case("undo --since 2026-11-24T09:00Z --by bob", {(POST, "/v1/undo"): undo()},
                 typed=b"n\n", code=1),
    "undo-dry-run": Case("undo --since 2026-11-24T09:00Z --dry-run",
                         {(POST, "/v1/undo"): undo()}),
    "protect": Case("protect --list partners 192.0.2.7 --reason vital", {
        (POST, "/v1/protections"): body(entry={**MANUAL, "protected": True}, entries=[MANUAL])}),
    "reload": Case("reload", {(POST, "/v1/reload"): body(
        added=3, removed=1, seconds=0.021, **CHANGES, warnings=[
            "/etc/ipwl/ipwld.yaml:31:13: /etc/ipwl/block.d/*.list matches no file, but the "
            "directory has ipsum.txt", "the block list drop loses 100 of its 102 entries"])}),
    "reload-held": Case("reload", {(POST, "/v1/reload"): error(
        409, "held", "held: it would remove 3 of 4 allow entries in use, wholly or in part: all 3 "
        "that /etc/ipwl/allow.d/partners.list has; `ipwlctl reload --accept' reloads anyway",
        ["192.0.2.1/32, list partners", "192.0.2.2/32, list partners"])}, code=1),
    "reload-failed": Case("reload", {(POST, "/v1/reload"): error(
        422, "configuration", "the configuration has 39 errors", [
            f"/etc/ipwl/allow.d/a.list:{i}:1: \"nonsense\" is not an address" for i in
            range(1, 40)])}, code=4),
    "diff": Case("diff", {(POST, "/v1/diff"): {
        **DIFF, "entries": [*DIFF["entries"], LONG_CHANGE],
        "held": "it would remove 1 of 1 allow entry in use, wholly or in part: more than the guard "
                "permits", "removed_in_use": ["192.0.2.7/32, list partners"]}}, code=1),
    "diff-none": Case("diff", {(POST, "/v1/diff"): SAME}),
    "lint": Case("lint", {(GET, "/v1/lint"): {**LINT, "findings": [*LINT["findings"], CONFLICT]}},
                 code=1),
    "feeds-diff": Case("feeds diff botnets", {(GET, "/v1/feeds/diff"): FEED_DIFF}),
    "feeds-accept": Case("feeds accept botnets", {
        (POST, "/v1/feeds/accept"): body(feed=FEEDS["feeds"][0], added=3, removed=1)}),
    "refresh": Case("refresh botnets", {
        (POST, "/v1/feeds/refresh"): body(feeds=FEEDS["feeds"][:1])}, code=1),
    "domains": Case("domains", {(GET, "/v1/domains"): body(domains=[
        *DOMAINS["domains"], {**PARTNER, "name": "spf:the-plant-in-lyon.of.partner.example",
                              "list": LONG_LIST, "held": None, "missing": [],
                              "last_fetch": {"at": None, "result": "new", "message": None}}])}),
    "domains-diff": Case("domains diff spf:partner.example", {
        (GET, "/v1/domains/diff"): body(name="spf:partner.example", entries=12,
                                        held=PARTNER["held"], added_count=1, removed_count=1,
                                        added=[LONG], removed=["192.0.2.0/24"])}),
    "learn-list": Case("learn list", {(GET, "/v1/learn"): body(next=None, learned=[
        LEARNED, {**LEARNED, "prefix": LONG, "state": "active", "in_force": True}])}),
    "learn-partners": Case("learn partners", {(GET, "/v1/learn/partners"): body(next=None, partners=[
        LEARN_PARTNER, {**LEARN_PARTNER, "domain": "mail.test", "partner": False,
                        "never": "a freemail domain"}])}),
    "learn-accept": Case("learn accept 192.0.2.7 198.51.100.1", {
        (POST, "/v1/learn/accept"): body(deed="accept", changed=1, warnings=[],
                                         unchanged=["198.51.100.1/32: not learned"])}),
    "learn-reject": Case("learn reject 192.0.2.7", {
        (POST, "/v1/learn/reject"): body(deed="reject", changed=1, warnings=[], unchanged=[])},
        typed=b"y\n"),
    "learn-simulate": Case("learn simulate --since 2026-10-30", {
        (GET, "/v1/learn/simulate"): {**SIMULATION, "entries": [
            *SIMULATION["entries"], {**SIMULATION["entries"][0], "prefix": LONG, "spam": 2,
                                     "active_at": "2026-11-02T00:00:00Z",
                                     "removed_at": "2026-11-20T00:00:00Z"}]}}),
    "explain": Case("explain 192.0.2.7", {(GET, "/v1/explain"): {
        **ADDRESS, "days": [FULL_DAY], "domains": [
            *ADDRESS["domains"], {**ADDRESS["domains"][0], "server": True,
                                  "domain": "mail.the-plant-in-lyon.of.partner.example"}]}}),
    "explain-domain": Case("explain partner.test", {(GET, "/v1/explain"): {
        **DOMAIN, "addresses": [*DOMAIN["addresses"],
                                {**DOMAIN["addresses"][0], "prefix": LONG}]}}),
    "report": Case("report spam 192.0.2.7 --user bob", {(POST, "/v1/report"): REPORTED}),
    "check-config": Case("check-config valid.yaml"),
    "check-config-errors": Case("check-config bad.yaml", code=4),
    "export": Case("export --format plain", {
        (GET, "/v1/export"): (200, b"# Written by ipwl from the allow list partners. Changes made "
                                   b"here are lost.\n192.0.2.0/24\n2001:db8::/32\n")}),
    "detach": Case("detach", {(POST, "/v1/detach"): body(detached=True)}),
}
FILES = {
    "access.cidr": "192.0.2.0/24 permit\n",
    "valid.yaml": """\
interfaces: [lo]
lists:
  - name: partners
    action: allow
    files: [{top}/partners.cidr]
  - name: drop
    action: block
    files: [{top}/block.d/*.list]
""",
    "partners.cidr": "192.0.2.0/24 permit\n198.51.100.0/24 permit\n203.0.113.7 reject\n",
    "block.d/ipsum.txt": "8.8.4.4\n",
    "bad.yaml": """\
interfaces: [lo]
mode: enforced
lists:
  - name: partners
    action: allow
    entries: [192.0.2.7/24, 192.0.2.256]
""",
}


@pytest.mark.parametrize("name", CASES)
def test_on_a_terminal(daemon, tmp_path, monkeypatch, name):
    case = CASES[name]
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text.format(top=tmp_path))
    for place, answer in case.answers.items():
        daemon.answers[place] = answer if isinstance(answer, tuple) else (200, answer)
    if name == "no-daemon":
        monkeypatch.setattr(daemon, "path", str(tmp_path / "none.sock"))
    code, shown = at_terminal(daemon, *case.command.split(), answer=case.typed, cwd=tmp_path)
    shown = shown.replace(daemon.path, "/run/ipwl/control.sock").replace(str(tmp_path), "/etc/ipwl")
    assert code == case.code, shown
    compare(name, f"$ ipwlctl {case.command}\n{shown}")
    assert not [line for line in tables(shown) if len(line) > 80]
