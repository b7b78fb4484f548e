# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Postfix as a blocked sender: its users' mail comes back at once, with the text."""

import smtplib

import pytest

import mta
import netns
import rejecting
from lab import BLOCKED, MX4, MX6, wait_for
from rejecting import Reject, await_reject

RECIPIENT = "somebody@elsewhere.test"


class SendingPostfix(mta.Postfix):
    """It relays what its own host sends to the MX, and bounces go to its inbox."""

    def __init__(self, namespace, peer, top, to, settings=""):
        super().__init__(namespace, peer, top)
        with open(top / "config/master.cf", "a", encoding="utf-8") as master:
            master.write("smtp      unix  -  -  n  -  -  smtp\n")
        main = top / "config/main.cf"
        main.write_text(main.read_text().replace(
            "mynetworks =\n", "mynetworks = 127.0.0.0/8\n").replace(
            "smtpd_relay_restrictions = ", "smtpd_relay_restrictions = permit_mynetworks, ")
            # On a busy machine the first connection may be dropped; it soon tries again.
            + "queue_run_delay = 5s\nminimal_backoff_time = 5s\nmaximal_backoff_time = 10s\n"
            + f"relayhost = [{to}]\n{settings}")

    def deferrals(self):
        """What put a mail off, but for connections that were dropped."""
        return [line for line in self.words().splitlines()
                if "status=deferred" in line and "timed out" not in line]

    def send(self):
        """A mail of one of its users."""
        with self.namespace.entered():
            client = smtplib.SMTP("127.0.0.1", 25, "user.test", netns.PATIENCE_SEC)
        with client:
            client.sendmail(mta.INBOX, [RECIPIENT], "Subject: question\n\nwell?\n")


@pytest.fixture(name="sender")
def _sender(lab, ipwld, postfix_files):
    """A function that starts it at a blocked host."""
    host = lab.add_sender(BLOCKED)
    rejecting.start(ipwld, is_up=False)

    def start(to, settings=""):
        for family in "ipv4", "ipv6":
            await_reject(ipwld, True, family)
        postfix = SendingPostfix(host, postfix_files, netns.temporary_directory() / "sender", to,
                                 settings)
        postfix.start()
        return postfix
    return start


@pytest.mark.parametrize("to", [MX4, MX6])
def test_mail_bounces_at_once(lab, sender, to):
    reject = Reject(lab.mx, "-v", "-n", "reject.test", "-t", rejecting.TEXT).start()
    postfix = sender(to)
    postfix.send()
    address = BLOCKED.ipv4 if to == MX4 else BLOCKED.ipv6
    # Its author reads this. Postfix breaks long lines.
    assert postfix.find("550 5.7.1 blocked by list drop", netns.PATIENCE_SEC), postfix.words()
    assert "status=bounced" in postfix.words() and not postfix.deferrals()
    line = f"{address}, helo \"mx.test\", from <{mta.INBOX}>, to elsewhere.test; recipients: 1"
    wait_for(lambda: line in reject.words(), "the rejection is logged")


def test_greeting_that_rejects(lab, sender):
    """Postfix keeps such mail by default, which is why ipwl-reject does not greet so."""
    Reject(lab.mx, "-g", "-t", "blocked here").start()
    postfix = sender(MX4)
    postfix.send()
    wait_for(lambda: "refused to talk to me: 554 5.7.1 blocked here" in postfix.words(),
             "the greeting is seen")
    assert postfix.deferrals() and "status=bounced" not in postfix.words()


def test_greeting_that_rejects_at_once(lab, sender):
    Reject(lab.mx, "-g", "-t", "blocked here").start()
    postfix = sender(MX4, "smtp_skip_5xx_greeting = no\n")
    postfix.send()
    assert postfix.find("554 5.7.1 blocked here", netns.PATIENCE_SEC), postfix.words()
    assert "status=bounced" in postfix.words()
