# SPDX-License-Identifier: GPL-2.0-or-later
"""How strangers could try to get onto the allow list: each by the log of a mail server, which
the real reader reads and ipwld judges. Mode is auto, so nothing but the rules stands between
them and the list."""

import pytest

import daemon
import maillog
from lab import wait_for
from maillog import Log

# The documentation networks are never learned, so this is another one.
EVIL = "44.1.3.9"
GOOD = "44.1.2.7"
LEARN = """\
learn:
  list: partners
  mode: auto
  local_domains: [mx.test]
  trusted_relays: [44.9.9.0/24]
"""


@pytest.fixture(name="learning")
def _learning(ipwld):
    ipwld.configure(extra=LEARN)
    ipwld.start()
    return ipwld


def learn(ipwld, log):
    """Read a log; returns what was noted, after ipwld has judged it. A good correspondent,
    whose mail is in the log too, tells when that is."""
    for days in range(9, 1, -1):
        log.sent(days, "bob@partner.test", GOOD)
        log.received(days, "bob@partner.test", GOOD, "mx.partner.test")
    answer = ipwld.ask("learn", "backfill", log.write(ipwld.top / "mail.log"))
    wait_for(lambda: state(ipwld, GOOD) == "probation", "the good correspondent is found")
    return answer["noted"]


def state(ipwld, address):
    learned = ipwld.ask("explain", address)["learned"]
    return learned and learned["state"]


def partners(ipwld):
    return {partner["domain"] for partner in ipwld.ask("learn", "partners")["partners"]
            if partner["partner"]}


def check_not_learned(ipwld, address=EVIL):
    assert state(ipwld, address) is None
    assert partners(ipwld) == {"partner.test"}


def test_mail_that_unsubscribes(learning):
    """A newsletter that users leave. Each wrote once, all on one day."""
    log = Log()
    for days in range(9, 1, -1):
        log.received(days, "news@evil.test", EVIL, "mx.evil.test")
    for user in "alice", "bob", "carol", "dave":
        log.sent(3, f"unsubscribe-{user}@evil.test", EVIL, user)
    learn(learning, log)
    check_not_learned(learning)


def test_vacation_loop(learning):
    """Answers that nobody wrote have no sender."""
    log = Log()
    for days in range(9, 1, -1):
        log.received(days, "x@evil.test", EVIL, "mx.evil.test")
        log.message(days, maillog.program(5000, ""), "", maillog.remote("x@evil.test", EVIL))
    learn(learning, log)
    check_not_learned(learning)


def test_callouts(learning):
    """Address verification: no message was sent."""
    log = Log()
    for days in range(9, 1, -1):
        log.message(days, maillog.program(0, "double-bounce@mx.test"), "double-bounce@mx.test",
                    maillog.remote("x@evil.test", EVIL, "deliverable (delivery attempt)"))
        log.received(days, "x@evil.test", EVIL, "mx.evil.test")
    learn(learning, log)
    check_not_learned(learning)


def test_forwarding(learning):
    """Mail of strangers that an alias sends on."""
    log = Log()
    for days in range(9, 1, -1):
        log.message(days, maillog.client(EVIL, "mx.evil.test"), "x@evil.test",
                    maillog.remote("me@evil.test", EVIL, original="alias@mx.test"))
    learn(learning, log)
    check_not_learned(learning)


def test_bounces(learning):
    """Mail with a forged recipient makes this host write to the sender."""
    log = Log()
    for days in range(9, 1, -1):
        for _ in range(3):
            log.message(days, maillog.program(0, ""), "", maillog.remote("x@evil.test", EVIL))
    learn(learning, log)
    check_not_learned(learning)


def test_reports_that_strangers_ask_for(learning):
    """A domain's DMARC record makes this host mail reports to it, day by day, by a program."""
    log = Log()
    for days in range(9, 1, -1):
        log.message(days, maillog.program(112, "opendmarc"), "noreply-dmarc@mx.test",
                    maillog.remote("rua@evil.test", EVIL))
        log.received(days, "x@evil.test", EVIL, "mx.evil.test")
    learn(learning, log)
    check_not_learned(learning)


def test_compromised_account(learning):
    """An account that writes to thousands of domains, on several days."""
    log = Log()
    for days in 4, 3, 2:
        for number in range(700):
            log.sent(days, f"x@evil{number}.test", EVIL, "mallory")
        for number in range(50):
            log.received(days, f"x@evil{number}.test", EVIL, "mx.evil.test")
    learn(learning, log)
    # As many as one user can make in a day, and no more.
    assert len(partners(learning)) <= 21
    dropped = learning.metric("ipwl_evidence_dropped_total", source="postfix", reason="user")
    assert dropped >= 3 * 700 - 3 * 20


def test_mail_to_everybody(learning):
    """One message to many recipients makes no partner of each."""
    log = Log()
    for days in range(9, 1, -1):
        log.message(days, maillog.authenticated(), "alice@mx.test",
                    *(maillog.remote(f"x@evil{number}.test", EVIL) for number in range(40)))
    learn(learning, log)
    assert partners(learning) == {"partner.test"}


def test_local_relays_and_containers(learning):
    """Clients that are no senders: NAT, the gateway of containers, trusted relays."""
    log = Log()
    for days in range(20, 1, -1):
        for address in "172.17.0.1", "10.0.0.1", "192.168.1.1", "44.9.9.9", "fd00::1":
            log.received(days, "bob@partner.test", address)
    learn(learning, log)
    for address in "172.17.0.1", "10.0.0.1", "192.168.1.1", "44.9.9.9", "fd00::1":
        assert state(learning, address) is None, address
        assert learning.ask("explain", address)["never"], address


@pytest.mark.parametrize("recipient", [
    f'"a>, relay=mx.evil.test[{EVIL}]:25, delay=1, delays=0/0/0/0, dsn=2.0.0, status=sent (250 '
    'x"@evil.test',
    f'"x>, relay=mx.evil.test[{EVIL}]:25, status=sent (250 2.0.0 Ok)"@evil.test',
    f"relay=mx.evil.test[{EVIL}]:25@evil.test",
    "status=sent@evil.test",
])
def test_words_of_strangers_in_the_log(learning, recipient):
    """A recipient that looks like the rest of a line. The message was not even sent."""
    log = Log()
    for days in range(9, 1, -1):
        log.message(days, maillog.authenticated(), "alice@mx.test",
                    ("smtp", f"to=<{recipient}>, relay=none, delay=1, delays=0.1/0/1/0, "
                             "dsn=4.4.1, status=deferred (connect to mx: timed out)"))
        log.received(days, "x@evil.test", EVIL, "mx.evil.test")
    learn(learning, log)
    check_not_learned(learning)


def test_trust_that_is_misused(learning):
    """A sender who has earned trust and then sends spam: it is off the list at once."""
    learn(learning, Log())
    assert learning.ask("learn", "accept", GOOD)["changed"] == 1
    assert learning.ctl("test", GOOD).returncode == daemon.DONE
    # Enough spam for its share, and reports of several people.
    log = Log()
    for number in range(4):
        log.rejected(0.01, GOOD, f"user{number}@mx.test")
    assert learning.ask("learn", "backfill", log.write(learning.top / "new.log"))["noted"] == 4
    for user in "alice", "bob", "carol":
        assert learning.ask("report", "spam", GOOD, "--user", user)["noted"]
    wait_for(lambda: state(learning, GOOD) == "removed", "it is removed")
    assert learning.ctl("test", GOOD).returncode == daemon.NEGATIVE
    record = learning.ask("history", "--limit", "1")["records"][0]
    assert record["event"] == "learned"
    assert learning.metric("ipwl_learned_removals_total", reason="complaints") == 1


def test_protection_beats_complaints(learning):
    learn(learning, Log())
    assert learning.ask("learn", "accept", GOOD)["changed"] == 1
    learning.ask("protect", "--list", "partners", GOOD)
    for user in "alice", "bob", "carol", "dave":
        learning.ask("report", "spam", GOOD, "--user", user)
    wait_for(lambda: learning.metric("ipwl_evidence_total", source="report",
                                     kind="reported-spam") == 4, "the reports are noted")
    assert learning.ctl("test", GOOD).returncode == daemon.DONE
