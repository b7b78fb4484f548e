# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence of a real Postfix that sends to a real mail server: what counts, what does not, and
that nothing is noted twice or lost, whatever dies and however the log is rotated."""

import contextlib
import functools
import os
import pathlib
import shutil
import signal

import pytest

import lab as laboratory
import mail_site
import mta
import netns
import noted
from lab import wait_for
from noted import await_sent, days, learn_from

# Addresses that anybody could have: those for documentation are never learned.
PARTNER, STRANGER = "9.9.10.7", "9.9.20.7"
FORGED = ('"a>, relay=mx.good.test[8.8.4.4]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, '
          'status=sent (250 \\"x"@partner.test')


@pytest.fixture(name="partner")
def _partner(lab, postfix_files):
    """The mail server of other domains."""
    host = lab.add_sender(laboratory.Sender("partner", PARTNER, "2a00:99:10::7", ""))
    server = mta.Postfix(host, postfix_files, netns.temporary_directory() / "partner")
    with open(server.top / "config/main.cf", "a", encoding="utf-8") as stream:
        stream.write("myhostname = mx.partner.test\n"
                     "virtual_mailbox_domains = partner.test, other.test\n"
                     "smtpd_recipient_restrictions = check_recipient_access "
                     "inline:{ none@partner.test=REJECT }\n")
    server.start()
    return host


@pytest.fixture(name="site")
def _site(lab, partner, postfix_files):
    site = mail_site.Site(lab.mx, postfix_files, netns.temporary_directory() / "site",
                          {"partner.test": PARTNER, "other.test": PARTNER,
                           "last.test": PARTNER})
    site.start()
    yield site
    print(site.words())


@pytest.fixture(name="learning")
def _learning(ipwld, site):
    learn_from(ipwld, "postfix", site.log)
    return ipwld


def reader_of(ipwld):
    """The process of the reader, or None."""
    path = pathlib.Path(f"/proc/{ipwld.process.pid}/task/{ipwld.process.pid}/children")
    for pid in path.read_text("ascii").split():
        with contextlib.suppress(OSError):
            if pathlib.Path(f"/proc/{pid}/comm").read_text("ascii") == "ipwl-maillog\n":
                return int(pid)
    return None


finish = functools.partial(noted.finish, domain="other.test")


def test_what_counts_as_sent(learning, site):
    site.send(["bob@partner.test"])
    site.send(["bob@partner.test", "eve@partner.test"], port=mail_site.FILTERED_PORT)
    site.sendmail("-f", mail_site.USER, "bob@partner.test")
    await_sent(learning, {"partner.test": 3})
    site.send([FORGED])
    await_sent(learning, {"partner.test": 4})
    assert days(learning, PARTNER)[0] == 4
    assert days(learning, "8.8.4.4") == (0, 0, 0, 0)


def test_what_does_not(learning, site):
    # Not authenticated; automatic answers and bounces; a probe; rejected; no user's message.
    site.send(["bob@partner.test"], is_user=False)
    site.send(["bob@partner.test"], is_user=False, port=mail_site.FILTERED_PORT)
    site.send(["bob@partner.test"], sender="")
    site.sendmail("-f", "<>", "bob@partner.test")
    site.sendmail("-f", mail_site.USER, "bob@partner.test", uid=0)
    site.sendmail("-bv", "-f", mail_site.USER, "bob@partner.test")
    site.send(["none@partner.test"])
    wait_for(lambda: "status=deliverable" in site.words() and "status=bounced" in site.words(),
             "the probe and the bounce")
    wait_for(lambda: site.words().count("status=sent") >= 6, "deliveries")
    finish(learning, site, {})
    assert days(learning, PARTNER)[:2] == (1, 0)


def test_inbound(learning, lab, site):
    host = lab.add_sender(laboratory.Sender("stranger", STRANGER, "2a00:99:20::7", ""))
    assert mail_site.receive_from(host, STRANGER) == 250
    assert mail_site.receive_from(host, STRANGER, sender="") == 250
    assert mail_site.receive_from(host, STRANGER, helo="evil.test") == 554
    assert mail_site.receive_from(host, STRANGER, recipient="x@nowhere.test") == 554
    wait_for(lambda: site.words().count("status=sent") >= 2, "deliveries")
    finish(learning, site, {})
    assert days(learning, STRANGER) == (0, 1, 2, 0)


def test_whatever_dies(learning, site):
    """Rotation, and the death of the reader and of ipwld. More of it is in tests/maillog."""
    count = 0

    def send():
        nonlocal count
        for port in 25, mail_site.FILTERED_PORT:
            site.send(["bob@partner.test"], port=port)
            count += 1

    def kill_reader():
        if pid := reader_of(learning):
            os.kill(pid, signal.SIGKILL)

    def kill_ipwld():
        learning.kill()
        learning.start()

    def copytruncate():
        # Lines between the copy and its end are lost for everybody.
        await_sent(learning, {"partner.test": count})
        shutil.copyfile(site.log, site.log.with_name("mail.log.1"))
        os.truncate(site.log, 0)

    send()
    await_sent(learning, {"partner.test": count})
    for deed in kill_reader, kill_ipwld, copytruncate, kill_reader, kill_ipwld:
        send()
        deed()
        send()
    finish(learning, site, {"partner.test": count})
    assert days(learning, PARTNER)[0] == count + 1


def test_a_log_that_cannot_be_read(learning, site):
    """ipwld says so, and reads it as soon as it can."""
    wait_for(lambda: reader_of(learning), "a reader")
    site.log.chmod(0o600)
    os.kill(reader_of(learning), signal.SIGKILL)
    wait_for(lambda: "Permission denied" in learning.words(), "a warning")
    assert "Permission denied" in learning.status()["mail_log"]["problem"]
    assert learning.metric("ipwl_maillog_failing") == 1
    site.log.chmod(0o644)
    finish(learning, site, {})
    status = learning.status()["mail_log"]
    assert (status["problem"], status["silent"]) == (None, False) and status["lines"] > 0
    assert learning.metric("ipwl_maillog_failing") == 0
    assert learning.metric("ipwl_maillog_reader_starts_total") > 1
