# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables at 80 columns and other widths, compared with the files in screens/."""
import copy

import pytest
from fake_daemon import FEEDS, STATUS, attempts, change, entry, record, result, seen
from screens import SCREENS, compare, tables
from test_summary import SCREENS as SUMMARY_SCREENS
from test_terminal import CASES as TERMINAL_CASES
from test_top import SCREENS as TOP_SCREENS

LONG = "2001:db8:1111:2222:3333:4444:5555:6666/128"
ENTRIES = [
    entry(),
    entry("198.51.100.7/32", source="manual", origin="alice", author="alice",
          reason="invoices of the plant in Lyon, ticket 4711", packets=12, total_packets=1234567,
          added_at="2026-11-01T08:00:00Z", expires_at="2026-12-01T08:00:00Z"),
    entry(LONG, source="manual", origin="bob", author="bob", reason=None, protected=True,
          last_hit_at=None, total_packets=0),
]
BLOCK = entry("192.0.0.0/16", list="drop", action="block", origin="/etc/ipwl/block.d/ipsum.list:93",
              reason=None)
RECORDS = [
    record(14, "undo", [change(added=0, removed=1)], via="sudo", undoes=12),
    record(13, "reload", [change(None, source="file", added=120, removed=3, list="drop")],
           author="carol"),
    record(12, "add", [change()], reason="invoices of the plant in Lyon", undone_by=14),
    record(11, "import", [change(f"10.0.0.{i}/32") for i in range(2)], change_count=5000,
           origin="/etc/postfix/postscreen_access.cidr"),
]


def status(**changes):
    answer = copy.deepcopy(STATUS)
    answer.update(suspended=None, mode_in_force="enforce", exports=[], lanes=[],
                  feeds={"count": 0, "held": [], "missing": []})
    answer["interfaces"] = answer["interfaces"][:1]
    answer["lists"][1]["mode"] = "enforce"
    answer["reload"].update(successful=True, errors=[])
    answer.update(changes)
    return answer


def many():
    """More of everything than 24 lines."""
    interfaces = [dict(STATUS["interfaces"][0], name=f"enp{i}s0f1np1",
                       packets={key: 10 ** 12 for key in STATUS["interfaces"][0]["packets"]})
                  for i in range(4)]
    lists = [dict(STATUS["lists"][i % 2], name=f"a-list-with-a-rather-long-name-{i}",
                  packets=10 ** 12, bytes=10 ** 15, connections=10 ** 11) for i in range(12)]
    for item in lists:
        item["mode"] = item["mode"] and "enforce"
    files = [dict(STATUS["list_files"][0], path=f"/etc/ipwl/allow.d/partners-of-the-plant-{i}.list")
             for i in range(12)]
    return status(interfaces=interfaces, lists=lists, list_files=files)


def page(key, items):
    return 200, {"schema_version": 1, key: items, "next": None}


def verdicts(*results):
    return 200, {"schema_version": 1, "results": list(results)}


GET, POST = "GET", "POST"
# name: (command, method, path, answer)
CASES = {
    "status": ("status", GET, "/v1/status", (200, status())),
    "status-trouble": ("status", GET, "/v1/status", (200, STATUS)),
    "status-loading": ("status", GET, "/v1/status", (200, status(loading={
        "what": "reading /etc/ipwl/block.d/b.list", "unit": "bytes", "done": 62914560,
        "total": 146800640, "text": "reading /etc/ipwl/block.d/b.list: 62 of 147 MB (42 %)"}))),
    "status-wide": ("status --wide", GET, "/v1/status", (200, STATUS)),
    "status-monitor": ("status", GET, "/v1/status",
                       (200, status(mode="monitor", mode_in_force="monitor"))),
    "status-limits": ("status", GET, "/v1/status", (200, status(limits={
        "mode": "enforce", "mode_in_force": "enforce", "address": {"per_minute": 30, "burst": 30},
        "network": {"per_minute": 120, "burst": 60}}))),
    "status-flood": ("status", GET, "/v1/status", (200, status(flood={
        "mode": "enforce", "mode_in_force": "enforce", "threshold": 5000, "quiet_seconds": 60,
        "active": True, "last_at": "2026-11-23T13:05:00Z", "syncookies": "never",
        "syns": {"answered": 1234567, "would_answer": 0, "odd": 3, "refused": 1}}))),
    "status-detached": ("status", GET, "/v1/status",
                        (200, status(detached=True, interfaces=[dict(
                            STATUS["interfaces"][0], attached=False, xdp_mode="none",
                            error="detached; a reload attaches it again")]))),
    "status-no-interface": ("status", GET, "/v1/status", (200, status(interfaces=[]))),
    "status-expiring": ("status", GET, "/v1/status", (200, status(expiring_in_use={
        "entries": 1, "next_at": "2026-11-24T09:00:00Z"}))),
    "status-many": ("status", GET, "/v1/status", (200, many())),
    "list": ("list", GET, "/v1/entries", page("entries", ENTRIES)),
    "list-wide": ("list --wide", GET, "/v1/entries", page("entries", ENTRIES)),
    "list-files": ("list --source file", GET, "/v1/entries", page("entries", [
        entry(f"192.0.{i}.0/24", reason=None) for i in range(3)])),
    "list-hit": ("list --hit --since 2026-11-23 --limit 3", GET, "/v1/entries/hit", (200, {
        "schema_version": 1, "match_count": 1234, "counted_from": "2026-11-23T00:00:00Z",
        "entries": [
            {**item, "recent": {"packets": 10 ** (6 - i), "connections": 10 ** (5 - i),
                                "averted_packets": 7 * i}}
            for i, item in enumerate([BLOCK, *ENTRIES[:2]])]})),
    "seen": ("seen 203.0.113.66", GET, "/v1/seen", seen("attempts", [
        attempts(verdict="averted", allow={"list": "partners", "entry": "203.0.113.66/32"},
                 now={"verdict": "averted", "list": "partners"}, attempts=1),
        attempts(first_at="2026-11-23T17:30:00Z", last_at="2026-11-23T17:34:00Z",
                 now={"verdict": "averted", "list": "partners"})])),
    "seen-network": ("seen 2001:db8::/32", GET, "/v1/seen", seen("attempts", [
        attempts("2001:db8:1111:2222:3333:4444:5555:6666"), attempts("2001:db8::1")])),
    "limits": ("limits", GET, "/v1/limits", seen("networks", [
        {"network": "203.0.113.0/24", "sources": 17, "attempts": 12345,
         "attempts_by_verdict": {"would_limit": 0, "limited": 12345}, "left_out": 345,
         "first_at": "2026-11-24T09:00:00Z", "last_at": "2026-11-24T09:09:00Z", "left": 0},
        {"network": "2001:db8:1::/48", "sources": 1, "attempts": 3,
         "attempts_by_verdict": {"would_limit": 3, "limited": 0}, "left_out": 0,
         "first_at": "2026-11-24T09:01:00Z", "last_at": "2026-11-24T09:01:00Z", "left": None}],
        match_count=2, attempt_count=12348)),
    "blocked": ("blocked", GET, "/v1/blocked", seen("sources", [
        {**attempts(attempts=12345, port=465), "attempts_by_verdict": {
            "averted": 0, "would_block": 45, "block": 12300, "would_limit": 0,
            "limited": 0}},
        {**attempts("198.51.100.7", "averted", allow={"list": "partners", "entry": "198.51.100.0/24"},
                    now={"verdict": "averted", "list": "partners"}), "attempts_by_verdict": {
            "averted": 3, "would_block": 0, "block": 0, "would_limit": 0,
            "limited": 0}},
        {**attempts("2001:db8::1", "would_block", now={"verdict": "unlisted", "list": None},
                    block={"list": "trial", "entry": None}), "attempts_by_verdict": {
            "averted": 0, "would_block": 3, "block": 0, "would_limit": 0,
            "limited": 0}}],
        match_count=417, attempt_count=98765,
        left_out={"source_limit": 0, "limit": 123456, "ring_full": 0, "rows": 7, "lost": 1},
        error="/var/lib/ipwl/seen.db: database or disk is full")),
    "test": ("test 192.0.2.1 192.0.2.2", POST, "/v1/test", verdicts(
        result(verdict="averted", list="partners", mark=31, averted_packets=17,
               entries=[{**ENTRIES[0], "decides": True}, BLOCK],
               exclusions=[{key: BLOCK[key] for key in ("prefix", "list", "action", "source",
                                                        "origin")}],
               overrides=[{key: BLOCK[key] for key in ("prefix", "list", "action", "source",
                                                       "origin")}]),
        result("192.0.2.2", "unlisted"))),
    "history": ("history", GET, "/v1/history", page("records", RECORDS)),
    "feeds": ("feeds", GET, "/v1/feeds", (200, FEEDS)),
    "feeds-wide": ("feeds --wide", GET, "/v1/feeds", (200, FEEDS)),
}


@pytest.mark.parametrize("name", CASES)
def test_screen(ask, daemon, name):
    command, method, path, answer = CASES[name]
    daemon.answers[method, path] = answer
    done = ask(*command.split())
    assert done.err == ""
    compare(name, f"$ ipwlctl {command}\n{done.out}")
    assert tables(done.out)
    if "--wide" not in command:
        assert max(map(len, tables(done.out))) <= 80


def test_no_file_without_a_case():
    assert {path.stem for path in SCREENS.iterdir()} == \
        set(CASES) | set(TERMINAL_CASES) | SUMMARY_SCREENS | TOP_SCREENS


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 132, 200, 1000])
@pytest.mark.parametrize("name", ["list", "test", "history", "status-many"])
def test_any_width(ask, daemon, name, columns):
    """As watch(1) and terminals say. What must stay needs more room than 40 columns."""
    command, method, path, answer = CASES[name]
    daemon.answers[method, path] = answer
    done = ask(*command.split(), env={"COLUMNS": str(columns)})
    assert max(map(len, tables(done.out))) <= max(columns, 80)
    if columns == 1000:
        assert "…" not in done.out


def test_first_screen(ask, daemon):
    """`watch ipwlctl status` shows two lines of its own and 22 of this: whether mail is
    protected, every interface and every list."""
    daemon.answers[GET, "/v1/status"] = 200, many()
    screen = ask("status", env={"COLUMNS": "80", "LINES": "22"}).out.splitlines()[:22]
    assert screen[0].startswith("mail is protected: ")
    for i in range(4):
        assert any(line.startswith(f"enp{i}s0f1np1 ") for line in screen)
    assert sum("a-list-with" in line for line in screen) == 12


def test_columns_that_appear_later(ask, daemon):
    """A column that the first thousand rows do not need comes with a heading of its own."""
    rows = [entry(f"10.{i // 256}.{i % 256}.0/24", reason=None, last_hit_at=None)
            for i in range(1500)]
    rows[1200]["reason"] = "of the second page"

    def answer(request):
        start = int(request["query"].get("after", 0))
        more = str(start + 1000) if start + 1000 < len(rows) else None
        return 200, {"schema_version": 1, "entries": rows[start:start + 1000], "next": more}
    daemon.answers[GET, "/v1/entries"] = answer
    lines = ask("list").out.splitlines()
    heads = [i for i, line in enumerate(lines) if line.startswith("PREFIX")]
    assert heads == [0, 1001]
    assert "REASON" not in lines[0] and lines[1001].endswith("REASON")
    assert len(lines) == 1502 and "of the" in lines[1202]


@pytest.mark.parametrize("answer, code, word", [
    (status(), 0, "OK"),
    (status(mode="monitor", mode_in_force="monitor"), 1, "WARNING"),
    (status(interfaces=STATUS["interfaces"]), 1, "WARNING"),
    (status(expiring_in_use={"entries": 3, "next_at": "2026-11-24T09:00:00Z"}), 1, "WARNING"),
    (status(feeds={"count": 1, "held": ["botnets"], "missing": []}), 1, "WARNING"),
    (status(feeds={"count": 1, "held": [], "missing": ["botnets"]}), 1, "WARNING"),
    (status(seen={**STATUS["seen"], "failing": True}), 1, "WARNING"),
    (status(mail_log=None), 0, "OK"),
    (status(mail_log={"source": "file /var/log/mail.log", "silent": False, "problem": "x"}), 1,
     "WARNING"),
    (status(mail_log={"source": "file /var/log/mail.log", "silent": True, "problem": None}), 1,
     "WARNING"),
    (status(sessions={"mode": "auto", "attached": False, "problem": "x"}), 0, "OK"),
    (status(sessions={"mode": "on", "attached": False, "problem": "x"}), 1, "WARNING"),
    (status(rescue=[{"zone": "list.dnswl.org", "up": True, "problem": None},
                    {"zone": "wl.example.org", "up": False, "problem": None}]), 0, "OK"),
    (status(rescue=[{"zone": "list.dnswl.org", "up": False, "problem": "it lists everything"}]), 1,
     "WARNING"),
    (status(exports=STATUS["exports"]), 1, "WARNING"),
    (status(reload=STATUS["reload"]), 1, "WARNING"),
    (status(state={"path": "/x/state.db", "ok": False, "error": "disk | full"}), 1, "WARNING"),
    (status(suspended="manual entries are missing", mode_in_force="monitor"), 2, "CRITICAL"),
    (status(interfaces=STATUS["interfaces"][1:]), 2, "CRITICAL"),
    (status(interfaces=[]), 2, "CRITICAL"),
    (status(detached=True, interfaces=STATUS["interfaces"][1:]), 2, "CRITICAL"),
])
def test_check(ask, daemon, answer, code, word):
    """A plugin prints one line; what follows a "|" would be performance data."""
    daemon.answers[GET, "/v1/status"] = 200, answer
    done = ask("status", "--check")
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(f"IPWL {word} - ") and done.out.count("\n") == 1
    assert "|" not in done.out
    parsed = ask("--json", "status", "--check").json()
    assert parsed["level"] == word and parsed["summary"] in done.out
    assert bool(parsed["problems"]) == (code != 0 and answer["mode"] != "monitor"
                                        and bool(answer["interfaces"])
                                        and not answer["detached"])


def test_check_without_an_answer(ctl, ask, daemon, tmp_path):
    done = ctl("status", "--check", socket=tmp_path / "nothing.sock")
    assert done.code == 2 and done.out.startswith("IPWL CRITICAL - ")
    daemon.answers[GET, "/v1/status"] = 403, {}
    done = ask("status", "--check")
    assert done.code == 3 and done.out.startswith("IPWL UNKNOWN - ")
