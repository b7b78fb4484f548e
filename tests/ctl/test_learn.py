# SPDX-License-Identifier: GPL-2.0-or-later
"""`learn`, `explain` and `report`: what they ask and print."""
import pytest
from fake_daemon import STATUS, error

LEARNED = {"prefix": "192.0.2.7/32", "domain": "partner.test", "list": "partners",
           "state": "probation", "in_force": False, "rule": "partner", "cause": "rule",
           "score": 1.5, "since": "2026-11-24T09:00:00Z", "added_at": None,
           "why": "it sends for partner.test", "next_state": "active",
           "next_at": "2026-12-01T09:00:00Z", "held": False}
PARTNER = {"domain": "partner.test", "partner": True, "messages": 12, "days": 5, "users": 2,
           "last_day": "2026-11-28", "never": None, "addresses": 3, "state": "active",
           "in_force": True, "since": "2026-11-24T09:00:00Z", "next_at": None, "held": False,
           "entries": 7}
SIMULATION = {"schema_version": 1, "since": "2026-10-30T00:00:00Z", "addresses": 812,
              "active_count": 2, "spam_count": 1, "truncated": False,
              "entries": [{"prefix": "192.0.2.7/32", "rule": "reply",
                           "candidate_at": "2026-11-01T00:00:00Z", "active_at": None,
                           "removed_at": None, "messages": 31, "spam": 0}]}
ADDRESS = {"schema_version": 1, "subject": "192.0.2.7", "kind": "address",
           "prefix": "192.0.2.7/32", "learned": LEARNED, "never": None, "complaints": 0,
           "name": "mx.partner.test", "days": [{"day": "2026-11-28", "ham": 3, "reply": 1,
                                                 "inbound": 2}],
           "sessions": {"since": "2026-11-20T09:00:00Z", "outbound": 3, "sent_bytes": 98304,
                        "received_bytes": 4096, "last_outbound_at": "2026-11-28T09:00:00Z",
                        "inbound": 2, "inbound_bytes": 70,
                        "last_inbound_at": "2026-11-28T10:00:00Z"},
           "hosts": [{"host": "mx2", "days": 1, "ham": 2, "reply": 1}],
           "domains": [{"domain": "partner.test", "authenticated_days": 2, "server": False,
                        "messages": 12, "days": 5, "users": 2}],
           "spf": [{"domain": "partner.test", "shared": False}],
           "rules": [{"rule": "reply", "used": True, "met": False, "score": 0.5,
                      "domain": None, "why": None,
                      "criteria": [{"name": "replies", "have": 1.0, "need": 2.0, "met": False,
                                    "text": "1 of 2 answers"}]},
                     {"rule": "partner", "used": False, "met": True, "score": 1.5,
                      "domain": "partner.test", "why": "it sends for partner.test",
                      "criteria": [{"name": "days", "have": 5.0, "need": 2.0, "met": True,
                                    "text": "5 of 2 days"}]}]}
DOMAIN = {"schema_version": 1, "subject": "partner.test", "kind": "domain", "partner": PARTNER,
          "addresses": [{"prefix": "192.0.2.7/32", "authenticated_days": 2, "server": False,
                         "state": "active"}]}


def test_list_asks_for_all_pages(ask, daemon):
    second = {**LEARNED, "prefix": "2001:db8::/64", "state": "active", "in_force": True}

    def page(request):
        last = request["query"].get("after") == "192.0.2.7/32"
        return 200, {"schema_version": 1, "learned": [second if last else LEARNED],
                     "next": None if last else "192.0.2.7/32"}

    daemon.answers["GET", "/v1/learn"] = page
    done = ask("learn", "list", "--wide")
    assert (done.code, done.err) == (0, "")
    assert done.out == """\
ADDRESS        STATE      RULE     SCORE  SINCE                 NEXT    NEXT AT               WHY
192.0.2.7/32   probation  partner    1.5  2026-11-24T09:00:00Z  active  2026-12-01T09:00:00Z  \
it sends for partner.test
2001:db8::/64  active     partner    1.5  2026-11-24T09:00:00Z  active  2026-12-01T09:00:00Z  \
it sends for partner.test
"""
    assert ask("--json", "learn", "list").json() == {"schema_version": 1,
                                                     "learned": [LEARNED, second]}


def test_list_of_a_state(ask, daemon):
    daemon.answers["GET", "/v1/learn"] = 200, {"schema_version": 1, "learned": [], "next": None}
    done = ask("learn", "list", "--state", "removed")
    assert (done.code, done.out) == (1, "") and "in this state" in done.err
    assert daemon.requests[0]["query"] == {"state": "removed"}
    done = ask("learn", "list")
    assert (done.code, done.out) == (0, "") and "nothing has been learned" in done.err


def test_pages_that_do_not_end(ask, daemon):
    daemon.answers["GET", "/v1/learn"] = 200, {"schema_version": 1, "learned": [LEARNED],
                                               "next": "192.0.2.7/32"}
    done = ask("learn", "list")
    assert done.code == 3 and "do not end" in done.err


def test_partners(ask, daemon):
    never = {**PARTNER, "domain": "mail.test", "partner": False, "never": "a freemail domain",
             "state": "none", "in_force": False, "since": None, "entries": 0}
    answer = {"schema_version": 1, "partners": [PARTNER, never], "next": None}
    daemon.answers["GET", "/v1/learn/partners"] = 200, answer
    done = ask("learn", "partners", "--wide")
    assert (done.code, done.err) == (0, "")
    assert done.out == """\
DOMAIN        PARTNER  STATE   ENTRIES  MESSAGES  DAYS  USERS  ADDRESSES  LAST        NEVER
partner.test  yes      active        7        12     5      2          3  2026-11-28  -
mail.test     no       none          0        12     5      2          3  2026-11-28  a freemail domain
"""
    assert ask("--json", "learn", "partners").json()["partners"] == [PARTNER, never]


@pytest.mark.parametrize("verb, word", [("accept", "accepted"), ("reject", "rejected"),
                                        ("forget", "forgotten")])
def test_changes(ask, daemon, verb, word):
    answer = {"schema_version": 1, "deed": verb, "kind": "address", "changed": 1,
              "unchanged": ["198.51.100.1/32: not learned"], "warnings": ["ipwl is detached"]}
    daemon.answers["POST", f"/v1/learn/{verb}"] = 200, answer
    done = ask("learn", verb, "192.0.2.7", "198.51.100.1", "--reason", "known",
               env={"SUDO_USER": "alice"})
    assert done.code == 0
    assert done.out == f"{word}: 1 address\n198.51.100.1/32: not learned\n"
    assert "warning: ipwl is detached" in done.err
    assert daemon.requests[0]["body"] == {"subjects": ["192.0.2.7", "198.51.100.1"],
                                          "reason": "known", "sudo_user": "alice"}
    assert ask("--json", "learn", verb, "192.0.2.7").json() == answer


def test_changes_of_domains(ask, daemon):
    daemon.answers["POST", "/v1/learn/accept"] = 200, {
        "schema_version": 1, "deed": "accept", "kind": "domain", "changed": 2, "unchanged": [],
        "warnings": []}
    done = ask("learn", "accept", "partner.test", "other.test")
    assert (done.code, done.out) == (0, "accepted: 2 domains\n")
    assert daemon.requests[0]["body"]["subjects"] == ["partner.test", "other.test"]


def test_simulate(ask, daemon):
    daemon.answers["GET", "/v1/learn/simulate"] = 200, SIMULATION
    done = ask("learn", "simulate", "--since", "2026-10-30")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[-1] == ("812 addresses with evidence; 2 would have been in "
                                         "force, and 1 of them sent spam then")
    assert daemon.requests[0]["query"] == {"since": "1793318400"}
    assert ask("--json", "learn", "simulate").json() == SIMULATION
    assert ask("learn", "simulate", "--since", "yesterday").code == 4


def test_explain_an_address(ask, daemon):
    daemon.answers["GET", "/v1/explain"] = 200, ADDRESS
    done = ask("explain", "192.0.2.7", "--wide")
    assert (done.code, done.err) == (0, "")
    assert done.out == """\
192.0.2.7/32: probation since 2026-11-24T09:00:00Z, not in force, by rule partner
why: it sends for partner.test
next: active at 2026-12-01T09:00:00Z
reverse name: mx.partner.test
SMTP sessions since 2026-11-20T09:00:00Z: 3 outbound, 2 inbound
  outbound: 98304 bytes sent, 4096 received, the last at 2026-11-28T09:00:00Z
  inbound: 70 bytes received, the last at 2026-11-28T10:00:00Z
rule reply: not met
  [ ] 1 of 2 answers
rule partner: met, not used, for partner.test
  [x] 5 of 2 days
DAY         SENT  ACCEPTED  REJECTED  LISTED  HAM  SPAM  REPLIES  REPORTED-HAM  REPORTED-SPAM  \
OUTBOUND  INBOUND
2026-11-28     -         -         -       -    3     -        1             -              -  \
       -        2
of these on mx2: 2 ham, 1 reply, on 1 day
DOMAIN        AUTHENTICATED-DAYS  SERVER  OUR-MESSAGES  DAYS  USERS
partner.test                   2  no                12     5      2
"""
    assert daemon.requests[0]["query"] == {"subject": "192.0.2.7"}
    assert ask("--json", "explain", "192.0.2.7").json() == ADDRESS


def test_explain_a_stranger(ask, daemon):
    answer = {**ADDRESS, "learned": None, "never": "an address of this host", "name": None,
              "days": [], "hosts": [], "domains": [], "rules": [], "sessions": None}
    daemon.answers["GET", "/v1/explain"] = 200, answer
    assert ask("explain", "192.0.2.7").out == ("192.0.2.7/32: not learned\n"
                                               "never learned: an address of this host\n"
                                               "there is no evidence\n")


def test_explain_a_domain(ask, daemon):
    daemon.answers["GET", "/v1/explain"] = 200, DOMAIN
    done = ask("explain", "partner.test", "--wide")
    assert (done.code, done.err) == (0, "")
    assert done.out == """\
partner.test: a partner
our messages: 12, on 5 days, by 2 users
SPF record: active since 2026-11-24T09:00:00Z, in force, 7 entries
ADDRESS       AUTHENTICATED-DAYS  SERVER  STATE
192.0.2.7/32                   2  no      active
"""
    assert ask("--json", "explain", "partner.test").json() == DOMAIN


LEARN = {"mode": "auto", "list": "partners", "held": 2, "failing": True,
         "addresses": {"candidate": 1, "probation": 2, "active": 3, "at_risk": 4, "removed": 5},
         "last_evidence": {"postfix": None, "rspamd": "2026-11-24T09:00:00Z", "report": None}}


def test_status(ask, daemon):
    daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "learn": LEARN}
    text = ask("status").out
    assert ("learning for list partners, mode auto: 1 waiting, 2 on probation, 3 in force, "
            "4 at risk; rspamd last at 2026-11-24T09:00:00Z\n") in text
    assert "a limit holds learned addresses" in text and "learn.db cannot be used" in text
    assert ask("--json", "status").json()["learn"] == LEARN
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    assert "learning" not in ask("status").out


@pytest.mark.parametrize("more, text", [
    ({}, "SMTP sessions in /sys/fs/cgroup: 12 outbound, 3 short; 40 inbound, 0 short\n"),
    ({"problem": "why"},
     "SMTP sessions in /sys/fs/cgroup: 12 outbound, 3 short; 40 inbound, 0 short; some may be "
     "missed: why\n"),
    ({"attached": False, "problem": "why"}, "SMTP sessions are not counted: why\n"),
    ({"mode": "off", "attached": False}, None),
    ({"attached": False}, None),
])
def test_sessions_in_the_status(ask, daemon, more, text):
    sessions = {"mode": "auto", "attached": True, "cgroup": "/sys/fs/cgroup", "problem": None,
                "totals": {"outbound": {"complete": {"sessions": 12}, "short": {"sessions": 3}},
                           "inbound": {"complete": {"sessions": 40}, "short": {"sessions": 0}}},
                **more}
    daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "sessions": sessions}
    shown = ask("status").out
    assert text in shown if text else "SMTP sessions" not in shown
    assert ask("--json", "status").json()["sessions"] == sessions


def test_learning_is_off(ask, daemon):
    daemon.answers["GET", "/v1/explain"] = error(409, "conflict", "the configuration has no learn")
    assert ask("explain", "192.0.2.7").code == 1


# ---- report --------------------------------------------------------------------------

MESSAGE = """\
Received: from mx.example.org by mx.example.org with LMTP id x for <a@example.org>; date
Received: from helo (unknown [192.0.2.7])
\tby mx.example.org (Postfix) with ESMTP id 4711
Received: from v (v [198.51.100.66]) by mx.example.org (Postfix)

text
"""
REPORTED = {"schema_version": 1, "address": "192.0.2.7", "kind": "spam", "noted": True}


def test_report_an_address(ask, daemon):
    daemon.answers["POST", "/v1/report"] = 200, REPORTED
    done = ask("report", "spam", "192.0.2.7", "--user", "bob")
    assert (done.code, done.out, done.err) == (0, "192.0.2.7: reported as spam\n", "")
    assert daemon.requests[0]["body"] == {"kind": "spam", "address": "192.0.2.7", "user": "bob",
                                          "sudo_user": None}
    assert ask("--json", "report", "spam", "192.0.2.7").json() == REPORTED
    daemon.answers["POST", "/v1/report"] = 200, {**REPORTED, "noted": False}
    done = ask("report", "spam", "192.0.2.7")
    assert done.code == 0 and "not noted" in done.out


def test_report_a_message(ask, daemon):
    daemon.answers["POST", "/v1/report"] = 200, REPORTED
    done = ask("report", "spam", "--message", "--by", "mx.example.org", input=MESSAGE.encode())
    assert (done.code, done.err) == (0, "")
    assert daemon.requests[0]["body"]["address"] == "192.0.2.7"


@pytest.mark.parametrize("message, words", [
    ("Subject: x\n\n", "no Received line by mx.example.org"),
    ("Received: by mx.example.org (Postfix, from userid 0)\n" + MESSAGE, "from this host itself"),
    ("Received: from x (x [192.0.2.7]) by mx.example.org (Postfix) with ESMTPSA\n" + MESSAGE,
     "authenticated user"),
    ("Received: from x by mx.example.org with HTTP\n" + MESSAGE, "unknown form"),
])
def test_messages_without_an_address(ask, daemon, message, words):
    done = ask("report", "ham", "--message", "--by", "mx.example.org", input=message.encode())
    assert done.code == 4 and words in done.err
    assert daemon.requests == []


def test_wrong_usage(ask, daemon):
    for words in ("report", "junk", "192.0.2.7"), ("report", "ham"), \
            ("report", "ham", "192.0.2.7", "--message"), \
            ("report", "ham", "192.0.2.7", "--by", "x"), ("learn", "take"), \
            ("learn", "accept"), ("learn", "list", "x"), ("learn", "list", "--yes"), \
            ("learn", "accept", "192.0.2.7", "--since", "1d"), ("learn", "backfill"):
        assert ask(*words).code == 2, words
    assert daemon.requests == []
