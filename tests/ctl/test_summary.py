# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl summary`: what it asks, and what it makes of the answers."""
import copy
import email
import email.policy
import html.parser
import re
import time

import pytest
from fake_daemon import FEEDS, STATUS, change, error, record
from screens import compare, tables
from test_inspect import LINT
from test_learn import LEARNED

SCREENS = {"summary"}
NOW = int(time.time()) // 600 * 600
SERIES = {"step_seconds": 600, "start": [NOW - 1200, NOW - 600, NOW], "seconds": [600, 600, 60],
          "connections": {"other": [0, 0, 0], "fragment": [0, 0, 0], "malformed": [0, 0, 0],
                          "unlisted": [20, 31, 2], "allow": [3, 0, 1], "averted": [1, 1, 0],
                          "would_block": [0, 2, 0], "block": [7, 1234567, 3]}}
TOTALS = {
    "schema_version": 1, "attempts_by_verdict": {"averted": 2, "would_block": 2, "block": 1234577},
    "source_count": 417,
    "averted": [
        {"allow": {"list": "partners", "entry": "198.51.100.7/32"}, "block_list": "drop",
         "attempts": 1, "source_count": 1,
         "entry": {"source": "domain", "origin": "spf:partner.example", "author": None,
                   "reason": "<b>the plant</b> in Lyon"}},
        {"allow": {"list": "partners", "entry": "2001:db8:1111:2222:3333:4444:5555:6666/128"},
         "block_list": None, "attempts": 1, "source_count": 1, "entry": None}],
    "averted_count": 31,
    "lists": [
        {"list": "drop", "attempts_by_verdict": {"averted": 1, "would_block": 0, "block": 1234577},
         "source_count": 416, "sources": [
             {"source": "203.0.113.66", "attempts": 98765, "first_at": "2026-11-20T09:00:00Z",
              "last_at": "2026-11-24T09:00:00Z"},
             {"source": "2001:db8:1111:2222:3333:4444:5555:6666", "attempts": 3,
              "first_at": "2026-11-24T08:59:00Z", "last_at": "2026-11-24T09:00:00Z"}]},
        {"list": None, "attempts_by_verdict": {"averted": 1, "would_block": 2, "block": 0},
         "source_count": 1, "sources": [
             {"source": "192.0.2.99", "attempts": 2, "first_at": "2026-11-24T08:59:00Z",
              "last_at": "2026-11-24T09:00:00Z"}]}],
    "since": "2026-11-17T09:00:00Z", "remembered_since": "2026-11-10T09:00:00Z",
    "left_out": {"source_limit": 0, "limit": 17, "ring_full": 0, "rows": 0, "lost": 0},
    "error": None}
FINDING = {**LINT["findings"][0], "check": "expiring", "prefix": "192.0.2.7/32", "other": None,
           "expires_at": "2026-11-29T09:00:00Z", "reason": "ticket 4711", "origin": "alice"}
RECORDS = [
    record(31, "add", [change()]), record(30, "add", [change()], via="sudo"),
    record(29, "learned", [
        change("198.51.100.9/32", source="learned",
               now={"rule": "reply", "reason": "answers to mail of 3 users", "added_at": 1}),
        change("198.51.100.10/32", source="learned", added=0, removed=1,
               was={"rule": "reply", "reason": "no mail for 90 days", "added_at": 1})],
        author=None, added=1, removed=1),
    record(28, "feed", [change(None, source="feed", added=120, removed=3, list="drop")],
           author=None, added=120, removed=3)]


def lint(request):
    query = request["query"]
    findings = [FINDING] if query["check"] == "expiring" or query.get("list") == "partners" else []
    total = len(findings) or 1200
    return 200, {**LINT, "total": total, "findings": findings if query["limit"] != "0" else []}


def history(request):
    """In two pages."""
    first = "before" not in request["query"]
    return 200, {"schema_version": 1, "records": RECORDS[:2] if first else RECORDS[2:],
                 "next": 30 if first else None}


@pytest.fixture(name="mx")
def _mx(daemon):
    status = copy.deepcopy(STATUS)
    status["learn"] = {"mode": "suggest", "list": "partners", "held": 0, "failing": False,
                       "addresses": {"candidate": 3, "probation": 0, "active": 0, "at_risk": 0,
                                     "removed": 0},
                       "domains": {}, "last_evidence": {}}
    daemon.answers.update({
        ("GET", "/v1/status"): (200, status),
        ("GET", "/v1/samples"): (200, {"schema_version": 1, "now": None,
                                       "samples": {"day": SERIES, "week": SERIES}}),
        ("GET", "/v1/seen/totals"): (200, TOTALS),
        ("GET", "/v1/lint"): lint,
        ("GET", "/v1/learn"): (200, {"schema_version": 1, "learned": [LEARNED], "next": None}),
        ("GET", "/v1/feeds"): (200, FEEDS),
        ("GET", "/v1/domains"): (200, {"schema_version": 1, "domains": []}),
        ("GET", "/v1/history"): history})
    return daemon


def steady(text):
    """Without the host and what the clock says."""
    text = re.sub(r"ipwl on \S+, (\S+) to \S+", r"ipwl on mx1, \1 to 2026-11-24T10:00Z", text)
    return re.sub(r"Connections since \S+:", "Connections since 2026-11-24T09:00Z:", text)


def test_screen(ask, mx):
    done = ask("summary", "--since", "2026-11-17T09:00:00Z")
    assert (done.code, done.err) == (0, "")
    compare("summary", f"$ ipwlctl summary --since 2026-11-17T09:00:00Z\n{steady(done.out)}")
    assert max(map(len, tables(done.out))) <= 80
    asked = {request["path"]: request["query"] for request in mx.requests}
    assert asked["/v1/seen/totals"]["since"] == "1794906000" == asked["/v1/history"]["since"]
    checks = {(request["query"]["check"], request["query"].get("list")) for request in mx.requests
              if request["path"] == "/v1/lint"}
    assert checks == {("expiring", None), ("unused", "partners"), ("unused", "drop")}


def test_json(ask, mx):
    answer = ask("--json", "summary").json()
    assert ask("summary", "--format", "json").json().keys() == answer.keys()
    assert answer["attempts"] == {key: value for key, value in TOTALS.items()
                                  if key != "schema_version"}
    assert answer["connections"]["total"] == {"unlisted": 53, "allow": 4, "averted": 2,
                                              "would_block": 2, "block": 1234577}
    assert answer["changes"]["record_count"] == 4
    assert [(by["author"], by["event"], by["records"]) for by in answer["changes"]["by"]] == [
        ("alice", "add", 1), ("alice (sudo)", "add", 1), ("-", "learned", 1), ("-", "feed", 1)]
    assert [(item["change"], item["reason"]) for item in answer["learned"]["items"]] == [
        ("+198.51.100.9/32", "answers to mail of 3 users"),
        ("-198.51.100.10/32", "no mail for 90 days")]
    assert {feed["name"]: feed["state"] for feed in answer["feeds"]} == {
        "botnets": "held", "vendor": "damaged"}


@pytest.mark.parametrize("path", ["status", "samples", "seen/totals", "lint", "learn", "feeds",
                                  "domains", "history"])
def test_failure(ask, mx, path):
    """Nothing is shown of a part."""
    mx.answers["GET", f"/v1/{path}"] = error(500, "internal", "the disk is full")
    done = ask("summary")
    assert (done.code, done.out) == (1, "")
    assert done.err == "ipwlctl: the disk is full\n"


@pytest.mark.parametrize("argv", [("--since", "soon"), ("--format", "pdf"), ("--format", "")])
def test_options(ask, argv):
    assert ask("summary", *argv).code == 4


# ---- HTML -----------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """The text of each table cell and the attributes of each element, if the elements are nested
    as they must be."""

    EMPTY = {"meta"}

    def __init__(self, text):
        super().__init__()
        self.open, self.cells, self.elements = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)
        if tag in ("td", "th"):
            self.cells.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


HOSTILE = "\"'><script>alert(1)</script>&amp;\x1b[31m\u202e"


def test_html(ask, mx):
    done = ask("summary", "--format", "html")
    assert (done.code, done.err) == (0, "")
    page = Page(done.out)
    for text in ("198.51.100.7/32", "<b>the plant</b> in Lyon", "203.0.113.66", "98765",
                 "1234577", "+198.51.100.9/32", "botnets", "alice (sudo)", "ticket 4711"):
        assert text in page.cells, text
    plots = [attrs["aria-label"] for tag, attrs in page.elements if tag == "svg"]
    assert plots == ["allow", "averted", "unlisted", "would_block", "block"]
    # The bars of a plot are as high as what they show: 7, 1234567 and 3 connections.
    bars = [attrs for tag, attrs in page.elements if tag == "rect"][-3:]
    heights = [float(bar["height"]) for bar in bars]
    assert heights[1] == 59 and heights[0] < 2 and heights[2] < 2
    assert all(0 <= float(bar["y"]) <= 60 and float(bar["x"]) < 700 for bar in bars)


def test_html_needs_nothing_else(ask, mx):
    text = ask("summary", "--format", "html").out
    page = Page(text)
    assert not {tag for tag, _ in page.elements} & {"script", "link", "img", "iframe", "object"}
    assert "url(" not in text and "http" not in text
    assert not [attrs for _, attrs in page.elements
                if {"src", "href", "onload", "style"} & attrs.keys()]


def replace_texts(value):
    """Every text but names of members and times is hostile."""
    if isinstance(value, dict):
        return {key: item if key in ("action", "verdict", "at", "mode") else replace_texts(item)
                for key, item in value.items()}
    if isinstance(value, list):
        return [replace_texts(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


def test_html_escapes_everything(ask, mx):
    for route in ("/v1/seen/totals", "/v1/learn", "/v1/feeds", "/v1/domains", "/v1/status"):
        code, answer = mx.answers["GET", route]
        mx.answers["GET", route] = code, replace_texts(answer)
    records = replace_texts(RECORDS)
    mx.answers["GET", "/v1/history"] = 200, {"schema_version": 1, "records": records, "next": None}
    mx.answers["GET", "/v1/lint"] = 200, replace_texts({**LINT, "total": 1, "findings": [FINDING]})
    text = ask("summary", "--format", "html").out
    assert "<script" not in text and "\x1b" not in text and "\u202e" not in text
    page = Page(text)
    assert HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e") in page.cells
    assert {tag for tag, _ in page.elements} <= {
        "html", "head", "meta", "style", "title", "body", "h1", "h2", "p", "ul", "li", "table",
        "tr", "th", "td", "svg", "rect", "path"}


# ---- mail -----------------------------------------------------------------------------------------

def test_mail(ask, mx):
    done = ask("summary", "--since", "2026-11-17T09:00:00Z", "--mail", "root,admin@example.org")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.split("\n"))) <= 78 and done.out.isascii()
    mail = email.message_from_string(done.out, policy=email.policy.default)
    assert not [part.defects for part in mail.walk() if part.defects]
    assert mail["To"] == "root, admin@example.org" or mail["To"] == "root,admin@example.org"
    assert mail["Subject"].startswith("CRITICAL: ipwl on ")
    assert mail["Subject"].endswith(": 2 averted, 1234577 dropped")
    assert abs(mail["Date"].datetime.timestamp() - time.time()) < 3600
    assert mail["MIME-Version"] == "1.0" and mail["From"] is None
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"
    text, page = mail.iter_parts()
    assert [part.get_content_type() for part in (text, page)] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in (text, page)} == {"utf-8"}
    shown = ask("summary", "--since", "2026-11-17T09:00:00Z").out
    assert steady(text.get_content()) == steady(shown)
    assert Page(page.get_content()).cells


@pytest.mark.parametrize("address", ["", "a b", "a\nBcc: x@example.org", "-oQ/tmp", "<a@b>",
                                     '"a"@b', "a@b(c)", "é@example.org", "a" * 901, "a@b\x7f"])
def test_no_address(ask, mx, address):
    done = ask("summary", "--mail", address)
    assert (done.code, done.out) == (4, "")
    assert mx.requests == []


def test_mail_or_format(ask):
    assert ask("summary", "--mail", "root", "--format", "html").code == 2
    assert ask("--json", "summary", "--mail", "root").code == 2
