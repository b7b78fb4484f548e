# SPDX-License-Identifier: GPL-2.0-or-later
"""history, undo, protect and unprotect, and del that asks."""
import time

import pytest
from fake_daemon import change, entry, error, record
from terminal import at_terminal

MANUAL = entry("192.0.2.7/32", source="manual", origin="alice", author="alice", reason="invoices")
IMPACT = {
    "hits": {"since": "2026-01-01T00:00:00Z", "last_hit_at": "2026-11-24T08:00:00Z",
             "last_7_days": {"packets": 12, "connections": 3, "averted_packets": 2},
             "last_30_days": {"packets": 40, "connections": 9, "averted_packets": 5},
             "total": {"packets": 90, "connections": 20, "averted_packets": 6}},
    "still_allowed_by": [],
    "blocked_by": [{"prefix": "192.0.2.0/24", "list": "drop", "action": "block",
                    "source": "file", "origin": "/b.list:3", "drops": True},
                   {"prefix": "192.0.0.0/16", "list": "shadow", "action": "block",
                    "source": "feed", "origin": "spamhaus", "drops": False}],
    "blocked_inside": [{"list": "drop", "entries": 7, "drops": True}],
}


def answer_del(daemon, impact=IMPACT, allow=MANUAL):
    daemon.answers["GET", "/v1/impact"] = 200, {"schema_version": 1, "entry": allow, "entries": [allow],
                                                "impact": impact, "impacts": [impact]}
    daemon.answers["DELETE", "/v1/entries"] = 200, {"schema_version": 1, "entry": allow, "entries": [allow],
                                                    "still_listed_by": [], "impact": impact, "impacts": [impact]}


def methods(daemon):
    return [(request["method"], request["path"]) for request in daemon.requests]


# ---- del -------------------------------------------------------------------

QUESTION = """\
192.0.2.7/32 in allow list partners (manual alice): invoices
  12 packets, 3 connections in 7 days; 40 packets, 9 connections in 30 days; \
last hit 2026-11-24T08:00:00Z; 6 packets averted
  would be dropped by block list drop 192.0.2.0/24 (file /b.list:3)
  counted but not dropped by block list shadow 192.0.0.0/16 (feed spamhaus)
  block list drop has 7 entries inside it
Remove it? [y/N] """


def test_del_asks(daemon):
    answer_del(daemon)
    code, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"y\n")
    assert code == 0
    assert shown == QUESTION + ("y\n192.0.2.7/32: the manual entry in allow list partners is "
                                "removed\n")
    assert methods(daemon) == [("GET", "/v1/impact"), ("DELETE", "/v1/entries")]
    assert daemon.requests[0]["query"] == {"list": "partners", "prefix": "192.0.2.7"}


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"yeah\n", b"\x04", b"Y" * 40 + b"\n"])
def test_del_is_declined(daemon, answer):
    answer_del(daemon)
    code, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=answer)
    assert (code, methods(daemon)) == (1, [("GET", "/v1/impact")])
    assert shown.endswith("ipwlctl: nothing has changed\n")


def test_del_question_goes_to_the_terminal_not_into_the_json(daemon, tmp_path):
    answer_del(daemon)
    with open(tmp_path / "out", "w+b") as out:
        code, shown = at_terminal(daemon, "--json", "del", "--list", "partners", "192.0.2.7",
                                  answer=b"yes\n", stdout=out)
        out.seek(0)
        assert out.read().startswith(b'{"schema_version":1')
    assert code == 0 and shown.startswith(QUESTION)


def test_del_of_what_stays_allowed(daemon):
    holder = {"prefix": "192.0.2.0/24", "list": "partners", "action": "allow", "source": "file",
              "origin": "/a.list:1"}
    answer_del(daemon, {**IMPACT, "still_allowed_by": [holder]})
    _, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"n\n")
    assert "  still allowed by allow list partners 192.0.2.0/24 (file /a.list:1)\n" in shown
    assert "dropped" not in shown


def test_del_without_hits(daemon):
    hits = {**IMPACT["hits"], "last_hit_at": None,
            "total": {"packets": 0, "connections": 0, "averted_packets": 0}}
    answer_del(daemon, {**IMPACT, "hits": hits})
    _, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"n\n")
    assert "  no hits since counting began at 2026-01-01T00:00:00Z\n" in shown
    answer_del(daemon, {**IMPACT, "hits": None})
    _, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"n\n")
    assert "  its hits are unknown\n" in shown


def test_del_counts_in_the_singular(daemon, ask):
    hits = {**IMPACT["hits"], "total": {"packets": 2, "connections": 1, "averted_packets": 1},
            "last_7_days": {"packets": 1, "connections": 1, "averted_packets": 1},
            "last_30_days": {"packets": 1, "connections": 0, "averted_packets": 1}}
    answer_del(daemon, {**IMPACT, "hits": hits,
                        "blocked_inside": [{"list": "drop", "entries": 1}]})
    _, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"n\n")
    assert "  1 packet, 1 connection in 7 days; 1 packet, 0 connections in 30 days; " in shown
    assert "; 1 packet averted\n" in shown
    assert "  block list drop has 1 entry inside it\n" in shown
    assert "had 1 packet, 0 connections in 30 days" in ask(
        "del", "--list", "partners", "192.0.2.7").err


def test_del_of_a_block_entry_is_not_asked_about(daemon):
    answer_del(daemon, None, {**MANUAL, "action": "block", "list": "drop"})
    code, shown = at_terminal(daemon, "del", "--list", "drop", "192.0.2.7", answer=None)
    assert (code, shown) == (0, "192.0.2.7/32: the manual entry in block list drop is removed\n")


def test_del_yes(daemon, ask):
    answer_del(daemon)
    code, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", "--yes",
                              answer=None)
    assert (code, methods(daemon)) == (0, [("DELETE", "/v1/entries")])
    assert "warning" not in shown
    assert ask("del", "--list", "partners", "192.0.2.7", "--yes").err == ""


def test_del_in_a_script(ask, daemon):
    answer_del(daemon)
    done = ask("del", "--list", "partners", "192.0.2.7")
    assert (done.code, methods(daemon)) == (0, [("DELETE", "/v1/entries")])
    assert done.err == (
        "ipwlctl: warning: 192.0.2.7/32 had 40 packets, 9 connections in 30 days; "
        "`ipwlctl undo' restores it\n"
        "ipwlctl: warning: block list drop 192.0.2.0/24 now drops the mail of 192.0.2.7/32\n")
    assert ask("--json", "del", "--list", "partners", "192.0.2.7").json()["impact"] == IMPACT


def test_del_of_several(daemon, ask):
    """One question, one request."""
    both = [MANUAL, {**MANUAL, "prefix": "192.0.2.9/32", "reason": None}]
    impacts = [IMPACT, {**IMPACT, "blocked_by": [], "blocked_inside": []}]
    answer = {"schema_version": 1, "entry": MANUAL, "entries": both, "impact": IMPACT,
              "impacts": impacts}
    daemon.answers["GET", "/v1/impact"] = 200, answer
    daemon.answers["DELETE", "/v1/entries"] = 200, {
        **answer, "still_listed_by": ["file /a.list:3 (192.0.2.9/32)"]}
    code, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", "192.0.2.9",
                              answer=b"y\n")
    assert code == 0 and methods(daemon) == [("GET", "/v1/impact"), ("DELETE", "/v1/entries")]
    assert all(request["query"]["prefix"] == "192.0.2.7,192.0.2.9" for request in daemon.requests)
    assert "\n192.0.2.9/32 in allow list partners (manual alice)\n" in shown
    assert shown.endswith("Remove them? [y/N] y\n"
                          "192.0.2.7/32: the manual entry in allow list partners is removed\n"
                          "192.0.2.9/32: the manual entry in allow list partners is removed\n"
                          "still listed by file /a.list:3 (192.0.2.9/32)\n")
    done = ask("del", "--list", "partners", "192.0.2.7", "192.0.2.9")
    assert done.err.count("had 40 packets, 9 connections in 30 days") == 2
    assert done.err.count("now drops the mail of") == 1
    assert ask("--json", "del", "--list", "partners", "192.0.2.7").json()["impacts"] == impacts


def test_del_refused_at_the_question(daemon):
    daemon.answers["GET", "/v1/impact"] = error(404, "not_found", "192.0.2.7/32 is not there")
    code, shown = at_terminal(daemon, "del", "--list", "partners", "192.0.2.7", answer=b"y\n")
    assert (code, shown) == (1, "ipwlctl: 192.0.2.7/32 is not there\n")


# ---- history ---------------------------------------------------------------

RECORDS = [
    record(14, "undo", [change(added=0, removed=1)], undoes=12, added=0, removed=1, via="sudo"),
    record(13, "reload", [change(None, list="drop", source="file", added=120, removed=3)],
           author=None, added=120, removed=3),
    record(12, "add", [change()], reason="invoices\x1b", undone_by=14),
    record(11, "add", [change(added=0)]),
    record(10, "import", [change(f"10.0.0.{i}/32") for i in range(2)], change_count=5000,
           origin="/tmp/list", added=5000),
]

HISTORY_TEXT = """\
RECORD  AT                    WHO           EVENT               LIST      WHAT            SOURCE  \
ORIGIN     REASON
    14  2026-11-24T09:00:00Z  alice (sudo)  undo of 12          partners  -192.0.2.7/32   manual  \
-          -
    13  2026-11-24T09:00:00Z  -             reload              drop      +120 -3         file    \
-          -
    12  2026-11-24T09:00:00Z  alice         add (undone by 14)  partners  +192.0.2.7/32   manual  \
-          invoices\\x1b
    11  2026-11-24T09:00:00Z  alice         add                 partners  ~192.0.2.7/32   manual  \
-          -
    10  2026-11-24T09:00:00Z  alice         import              partners  +10.0.0.0/32    manual  \
/tmp/list  -
    10  2026-11-24T09:00:00Z  alice         import              partners  +10.0.0.1/32    manual  \
/tmp/list  -
    10  2026-11-24T09:00:00Z  alice         import              -         and 4998 more   -       \
/tmp/list  -
"""


def test_history(ask, daemon):
    daemon.answers["GET", "/v1/history"] = 200, {"schema_version": 1, "records": RECORDS,
                                                 "next": None}
    done = ask("--wide", "history", "192.0.2.7", "--list", "partners", "--since=2026-11-24T00:00:00Z")
    assert (done.code, done.err) == (0, "")
    assert [line.split() for line in done.out.splitlines()] == \
        [line.split() for line in HISTORY_TEXT.splitlines()]
    assert daemon.requests[-1]["query"] == {"prefix": "192.0.2.7", "list": "partners",
                                            "since": "1795478400", "limit": "100"}
    assert ask("--json", "history").json() == {"schema_version": 1, "records": RECORDS}


def test_history_pages(ask, daemon):
    def page(request):
        first = int(request["query"].get("before", 1301)) - 1
        count = min(int(request["query"]["limit"]), first)
        assert count <= 500
        return 200, {"schema_version": 1,
                     "records": [record(first - i, "add", [change()]) for i in range(count)],
                     "next": first - count + 1 if first > count else None}
    daemon.answers["GET", "/v1/history"] = page
    assert len(ask("--json", "history").json()["records"]) == 100
    found = ask("--json", "history", "--limit", "1200").json()["records"]
    assert [item["id"] for item in found] == list(range(1300, 100, -1))
    assert len(ask("--json", "history", "--limit", "9999").json()["records"]) == 1300


def test_history_of_an_endless_daemon(ask, daemon):
    daemon.answers["GET", "/v1/history"] = 200, {
        "schema_version": 1, "next": 5, "records": [record(5, "add", [change()])]}
    done = ask("--json", "history")
    assert done.code == 3 and "do not end" in done.err
    with pytest.raises(ValueError):
        done.json()


def test_history_of_nothing(ask, daemon):
    daemon.answers["GET", "/v1/history"] = 200, {"schema_version": 1, "records": [], "next": None}
    assert (ask("history").code, ask("history").err) == (0, "ipwlctl: there are no records\n")
    assert (ask("history", "--list", "x").code, ask("--json", "history").json()["records"]) == \
        (1, [])


@pytest.mark.parametrize("since, ago", [("90s", 90), ("30d", 2592000), ("1h30m", 5400)])
def test_history_since_so_long_ago(ask, daemon, since, ago):
    daemon.answers["GET", "/v1/history"] = 200, {"schema_version": 1, "records": [], "next": None}
    before = int(time.time())
    ask("history", "--since", since)
    assert before - ago <= int(daemon.requests[-1]["query"]["since"]) <= time.time() - ago


@pytest.mark.parametrize("options", [
    ("--since", ""), ("--since", "yesterday"), ("--since", "2026-11-24x"), ("--since", "10"),
    ("--limit", "0"), ("--limit", "-1"), ("--limit", "x"), ("--limit", "5x"),
    ("--limit", "99999999999999999999")])
def test_history_bad_options(ask, daemon, options):
    done = ask("history", *options)
    assert (done.code, done.out, daemon.requests) == (4, "", [])
    assert done.err.startswith(f"ipwlctl: {options[0]} ")


# ---- undo ------------------------------------------------------------------

def answer_undo(daemon, removes_allow, undone=RECORDS[2]):
    def undo(request):
        return 200, {"schema_version": 1, "undone": undone, "records": [undone],
                     "record_count": 1, "skipped": 0, "dry_run": request["body"]["dry_run"],
                     "record": None if request["body"]["dry_run"] else 15, "added": 0,
                     "removed": 1, "removes_allow": removes_allow}
    daemon.answers["POST", "/v1/undo"] = undo


def test_undo(ask, daemon):
    answer_undo(daemon, True)
    done = ask("undo", "--reason", "a slip", env={"SUDO_USER": "bob"})
    assert (done.code, done.err) == (0, "")
    assert done.out == ("undone: record 12, add of 192.0.2.7/32 in partners by alice at "
                        "2026-11-24T09:00:00Z\n0 added, 1 removed\n")
    assert [request["body"] for request in daemon.requests] == [
        {"id": None, "since": None, "through": None, "by": None, "dry_run": False,
         "reason": "a slip", "sudo_user": "bob"}]
    answer = ask("--json", "undo", "12").json()
    assert (answer["record"], answer["undone"], answer["removes_allow"]) == (15, RECORDS[2], True)
    assert daemon.requests[-1]["body"]["id"] == 12


def test_undo_asks(daemon):
    answer_undo(daemon, True)
    code, shown = at_terminal(daemon, "undo", answer=b"n\n")
    assert code == 1 and "record 12, add of 192.0.2.7/32" in shown
    assert [request["body"]["dry_run"] for request in daemon.requests] == [True]
    code, shown = at_terminal(daemon, "undo", answer=b"y\n")
    assert code == 0 and "undone: record 12" in shown
    # The one that was shown, whatever has come since.
    assert (daemon.requests[-1]["body"]["id"], daemon.requests[-1]["body"]["dry_run"]) == \
        (12, False)
    code, shown = at_terminal(daemon, "undo", "--yes", answer=None)
    assert code == 0 and "[y/N]" not in shown


def test_undo_that_removes_nothing_allowed_does_not_ask(daemon):
    answer_undo(daemon, False, RECORDS[4])
    code, shown = at_terminal(daemon, "undo", answer=None)
    assert code == 0 and "[y/N]" not in shown
    assert "undone: record 10, import of 5000 entries by alice" in shown


def answer_span(daemon):
    def undo(request):
        is_dry_run = request["body"]["dry_run"]
        return 200, {"schema_version": 1, "undone": None, "records": RECORDS[2:4],
                     "record_count": 250, "skipped": 3, "dry_run": is_dry_run,
                     "record": None if is_dry_run else 15, "added": 247, "removed": 0,
                     "removes_allow": False}
    daemon.answers["POST", "/v1/undo"] = undo


SPAN = """\
{0}: record 12, add of 192.0.2.7/32 in partners by alice at 2026-11-24T09:00:00Z
{0}: record 11, add of 192.0.2.7/32 in partners by alice at 2026-11-24T09:00:00Z
{0}: 248 more records
247 added, 0 removed, 3 do not return because of their expiry
"""


def test_undo_of_many(ask, daemon):
    answer_span(daemon)
    done = ask("undo", "--since", "2026-11-24T09:00Z", "--by", "alice")
    assert (done.code, done.out, done.err) == (0, SPAN.format("undone"), "")
    body = daemon.requests[-1]["body"]
    assert (body["id"], body["since"], body["by"], body["dry_run"]) \
        == (None, 1795510800, "alice", False)
    done = ask("undo", "--since", "1h", "--dry-run")
    assert done.out == SPAN.format("this would undo") + "dry run: nothing has changed\n"
    assert [request["body"]["dry_run"] for request in daemon.requests] == [False, True]
    assert ask("--json", "undo", "--since=1h").json()["record_count"] == 250
    for argv in ["12", "--since", "1h"], ["--by", "alice"]:
        assert ask("undo", *argv).code == 2
    assert ask("undo", "--since", "yesterday").code == 4


def test_undo_of_many_asks_and_undoes_what_it_has_shown(daemon):
    answer_span(daemon)
    code, shown = at_terminal(daemon, "undo", "--since", "1h", answer=b"n\n")
    assert code == 1 and "248 more records" in shown and len(daemon.requests) == 1
    code, shown = at_terminal(daemon, "undo", "--since", "1h", answer=b"y\n")
    assert code == 0
    assert daemon.requests[-1]["body"]["through"] == RECORDS[2]["id"] == 12


def test_undo_refused(ask, daemon):
    daemon.answers["POST", "/v1/undo"] = error(409, "conflict", "record 12 cannot be undone", ["x"])
    done = ask("undo", "12")
    assert (done.code, done.err) == (1, "ipwlctl: record 12 cannot be undone\nx\n")


@pytest.mark.parametrize("number", ["0", "-1", "x", "1x", "", "99999999999999999999"])
def test_undo_bad_number(ask, daemon, number):
    done = ask("undo", "--", number)
    assert (done.code, daemon.requests) == (4, [])


# ---- protect ---------------------------------------------------------------

def test_protect(ask, daemon):
    answer = {"schema_version": 1, "entry": {**MANUAL, "protected": True}, "entries": [{**MANUAL, "protected": True}]}
    daemon.answers["POST", "/v1/protections"] = 200, answer
    done = ask("protect", "--list", "partners", "192.0.2.7", "--reason", "vital",
               env={"SUDO_USER": "alice"})
    assert (done.code, done.out, done.err) == (
        0, "192.0.2.7/32 in allow list partners is protected and does not expire\n", "")
    assert daemon.requests[-1]["body"] == {"list": "partners", "prefix": "192.0.2.7",
                                           "reason": "vital", "sudo_user": "alice"}
    assert ask("--json", "protect", "--list", "partners", "192.0.2.7").json() == answer


def test_unprotect(ask, daemon):
    answer = {"schema_version": 1, "entry": MANUAL, "entries": [MANUAL]}
    daemon.answers["DELETE", "/v1/protections"] = 200, answer
    done = ask("unprotect", "--list", "partners", "192.0.2.7", "--reason", "gone")
    assert (done.code, done.out, done.err) == (
        0, "192.0.2.7/32 in allow list partners is no longer protected; it stays in the list\n", "")
    assert daemon.requests[-1]["query"] == {"list": "partners", "prefix": "192.0.2.7",
                                            "reason": "gone"}
    assert ask("--json", "unprotect", "--list", "partners", "192.0.2.7").json() == answer
    daemon.answers["DELETE", "/v1/protections"] = error(404, "not_found", "it is not protected")
    assert ask("unprotect", "--list", "partners", "192.0.2.7").code == 1
