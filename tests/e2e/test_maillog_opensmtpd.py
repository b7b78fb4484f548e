# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence of a real OpenSMTPD that sends to a real mail server and receives mail. It writes to
standard error what it would give to the system's log; the heads of the lines are added here. It
offers authentication only with TLS, and handshakes with Debian 12's version fail in the namespaces.
So the line of a user who logs in is added, too, for each session from this host."""

import smtplib
import socket

import pytest

import consumers
import daemon
import lab as laboratory
import mta
import netns
import peers
from noted import await_sent, days, finish, learn_from

# Addresses that anybody could have: those for documentation are never learned.
PARTNER, STRANGER, FORGED = "9.9.10.7", "9.9.20.7", "8.8.4.4"
INBOX, USER = "inbox@mx.test", "alice@mx.test"

CONFIG = """\
table inboxes {{ "inbox" = nobody }}
filter evil phase ehlo match helo "evil.test" disconnect "550 5.7.1 go away"
listen on 0.0.0.0 filter evil
action in maildir "{top}/mail" virtual <inboxes>
action out relay host smtp://{partner}
match from local for any action out
match from any for domain "mx.test" action in
"""

STAMP = f"""\
import sys, time
HEAD = "%Y-%m-%dT%H:%M:%S+00:00 mx smtpd[7]: "
with open(sys.argv[1], "a", encoding="utf-8", buffering=1) as log:
    for line in sys.stdin:
        head = time.strftime(HEAD, time.gmtime())
        log.write(head + line)
        if " smtp connected address=127.0.0.1 " in line:
            log.write(head + line.split()[0] + " smtp authentication user={USER} result=ok\\n")
"""


class OpenSMTPD(peers.Peer):
    """With an authenticated user; any namespace can see its log."""

    def __init__(self, namespace, top):
        super().__init__(namespace, peers.unpack(daemon.ROOT / "build/peers", "opensmtpd"), top,
                         ["opensmtpd", "opensmtpq"],
                         ["/run/opensmtpd", "/var/lib/opensmtpd/empty"])
        (top / "mail").mkdir()
        (top / "mail").chmod(0o777)
        self.log = top / "mail.log"
        self.log.touch()
        self.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.write("etc/smtpd.conf", CONFIG.format(top=top, partner=PARTNER))
        self.stamp = self.write("stamp.py", STAMP)

    def serve(self, lab):
        self.start("sh", "-c", f"smtpd -d 2>&1 | python3 -u {self.stamp} {self.log}")
        consumers.await_smtp(lab, self)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def connect(self, namespace, address, source, helo):
        with namespace.entered():
            connection = socket.create_connection((address, 25), netns.PATIENCE_SEC, (source, 0))
        client = smtplib.SMTP(local_hostname=helo)
        client.sock = connection
        client.getreply()
        return client

    def send(self, recipients, sender=USER):
        """A user of this host sends."""
        with self.connect(self.namespace, "127.0.0.1", "127.0.0.1", "client.test") as client:
            client.ehlo()
            client.mail(sender)
            for recipient in recipients:
                code, answer = client.rcpt(recipient)
                assert code == 250, answer
            assert client.data("Subject: x\r\n\r\nx\r\n")[0] == 250

    def receive(self, host, helo="sender.example", sender="bob@partner.test", recipient=INBOX):
        """Another server sends; returns the code of the answer."""
        with self.connect(host, laboratory.MX4, STRANGER, helo) as client:
            code, _ = client.docmd(f"EHLO {helo}")
            if code == 250:
                code, _ = client.docmd(f"MAIL FROM:<{sender}>")
            if code == 250:
                code, _ = client.docmd(f"RCPT TO:<{recipient}>")
            if code == 250:
                code, _ = client.data("Subject: x\r\n\r\nx\r\n")
            return code


@pytest.fixture(name="partner")
def _partner(lab, postfix_files):
    """The mail server of other domains."""
    host = lab.add_sender(laboratory.Sender("partner", PARTNER, "2a00:99:10::7", ""))
    server = mta.Postfix(host, postfix_files, netns.temporary_directory() / "partner")
    with open(server.top / "config/main.cf", "a", encoding="utf-8") as stream:
        stream.write("myhostname = mx.partner.test\n"
                     "virtual_mailbox_domains = partner.test, other.test, last.test\n"
                     "smtpd_recipient_restrictions = check_recipient_access "
                     "inline:{ none@partner.test=REJECT }\n")
    server.start()
    return host


@pytest.fixture(name="smtpd")
def _smtpd(lab, partner):
    del partner
    smtpd = OpenSMTPD(lab.mx, netns.temporary_directory() / "smtpd")
    try:
        smtpd.serve(lab)
        yield smtpd
    finally:
        print(smtpd.words(), smtpd.text())


@pytest.fixture(name="learning")
def _learning(ipwld, smtpd):
    learn_from(ipwld, "opensmtpd", smtpd.log)
    return ipwld


def test_sent(learning, smtpd):
    smtpd.send(["bob@partner.test"])
    smtpd.send(["bob@partner.test", "eve@partner.test", "eve@other.test"])
    await_sent(learning, {"partner.test": 2, "other.test": 1})
    assert days(learning, PARTNER)[0] == 3
    # The null sender; refused by the partner; a recipient that looks like another field.
    smtpd.send(["bob@partner.test"], sender="")
    smtpd.send(["none@partner.test"])
    smtpd.send(["result=Ok@other.test"])
    finish(learning, smtpd, {"partner.test": 2, "other.test": 2})
    status = learning.status()["mail_log"]
    assert status["server"] == "opensmtpd" and status["lines"] > 0 and not status["problem"]


def test_inbound(learning, lab, smtpd):
    stranger = lab.add_sender(laboratory.Sender("stranger", STRANGER, "2a00:99:20::7", ""))
    assert smtpd.receive(stranger) == 250
    assert smtpd.receive(stranger, sender="") == 250
    assert smtpd.receive(stranger, recipient="none@mx.test") == 524
    assert smtpd.receive(stranger, recipient="x@nowhere.test") == 550
    assert smtpd.receive(stranger, helo="evil.test") == 550
    assert smtpd.receive(stranger, recipient=f'x" result="550 5.7.1 [{FORGED}]') >= 500
    finish(learning, smtpd, {})
    assert days(learning, FORGED) == (0, 0, 0, 0)
    # The greeting, and the forged command: it concerns nobody else.
    assert days(learning, STRANGER) == (0, 1, 2, 0)
