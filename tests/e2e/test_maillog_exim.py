# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence of a real Exim that sends to a real mail server and receives mail: what counts, what
does not, and texts that strangers write into its log."""

import smtplib
import socket

import pytest

import consumers
import daemon
import lab as laboratory
import mta
import netns
import peers
from lab import wait_for
from noted import await_sent, days, finish, learn_from

# Addresses that anybody could have: those for documentation are never learned.
PARTNER, STRANGER, FORGED = "9.9.10.7", "9.9.20.7", "8.8.4.4"
INBOX, USER, PASSWORD = "inbox@mx.test", "alice@mx.test", "secret"

CONFIG = """\
primary_hostname = mx.test
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = {top}/spool
log_file_path = {top}/log/%slog
log_selector = {selector}
pid_file_path = /run/exim.pid
tls_advertise_hosts =
local_interfaces = 0.0.0.0
host_lookup =
helo_accept_junk_hosts = *
helo_allow_chars = _
domainlist local = mx.test
acl_smtp_helo = helo
acl_smtp_rcpt = rcpt
acl_smtp_data = data
keep_environment =
begin acl
helo:
  deny condition = ${{if eq{{$sender_helo_name}}{{evil.test}}}}
  accept
rcpt:
  accept authenticated = *
  deny local_parts = none
       message = Unknown user
  deny local_parts = listed
       message = rejected because $sender_host_address is in a black list at bl.test
  defer local_parts = later
       message = try again later
  accept domains = +local
  deny message = relay not permitted
data:
  deny condition = ${{if eq{{$h_subject:}}{{spam}}}}
       message = This is spam
  accept
begin routers
inbox:
  driver = accept
  domains = +local
  transport = inbox
others:
  driver = manualroute
  route_list = * {partner}
  transport = remote_smtp
  host_find_failed = defer
begin transports
inbox:
  driver = appendfile
  file = {top}/mail/inbox
  user = nobody
remote_smtp:
  driver = smtp
  hosts_avoid_tls = *
begin retry
* * F,1h,5m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password}}}}}
  server_set_id = $auth2
  server_advertise_condition = true
"""


class Exim(peers.Peer):
    """An Exim with an authenticated user, whose spool and log any namespace can see."""

    def __init__(self, namespace, top, selector):
        super().__init__(namespace, peers.unpack(daemon.ROOT / "build/peers",
                                                 "exim4-daemon-light", "exim4-base"),
                         top, ["Debian-exim"])
        for name in "spool", "log", "mail":
            (top / name).mkdir()
            (top / name).chmod(0o777 if name == "mail" else 0o755)
        self.log = top / "log/mainlog"
        # Exim would make a log that only its group can read.
        self.log.touch()
        self.log.chmod(0o644)
        self.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
        self.write("etc/exim4/exim4.conf",
                   CONFIG.format(top=top, partner=PARTNER, selector=selector,
                                 password=PASSWORD))

    def serve(self, lab):
        self.start("sh", "-c", f"chown -R Debian-exim {self.top}/spool {self.top}/log && "
                   "exec exim4 -bdf")
        consumers.await_smtp(lab, self)

    def text(self):
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def connect(self, namespace, address, source, helo):
        with namespace.entered():
            connection = socket.create_connection((address, 25), netns.PATIENCE_SEC, (source, 0))
        client = smtplib.SMTP()
        client.sock = connection
        client.getreply()
        client.putcmd("EHLO", helo)
        code, answer = client.getreply()
        client.esmtp_features = {"auth": "PLAIN"}
        assert code in (250, 550), answer
        return client

    def send(self, recipients, sender=USER):
        """An authenticated user sends."""
        with self.connect(self.namespace, "127.0.0.1", "127.0.0.1", "client.test") as client:
            client.helo_resp = b""
            client.ehlo_resp = b""
            client.login(USER, PASSWORD, initial_response_ok=True)
            client.mail(sender)
            for recipient in recipients:
                code, answer = client.docmd(f"RCPT TO:<{recipient}>")
                assert code == 250, answer
            assert client.data("Subject: x\r\n\r\nx\r\n")[0] == 250

    def receive(self, host, helo="sender.example", sender="bob@partner.test", recipient=INBOX,
                subject="x"):
        """Another server sends; returns the code of the answer."""
        with self.connect(host, laboratory.MX4, STRANGER, helo) as client:
            client.docmd(f"MAIL FROM:<{sender}>")
            code, _ = client.docmd(f"RCPT TO:<{recipient}>")
            if code == 250:
                code, _ = client.data(f"Subject: {subject}\r\nMessage-ID: "
                                      f"<\"x P=esmtpa A=plain:alice\"@[{FORGED}]>\r\n\r\nx\r\n")
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


@pytest.fixture(name="stranger")
def _stranger(lab):
    return lab.add_sender(laboratory.Sender("stranger", STRANGER, "2a00:99:20::7", ""))


@pytest.fixture(name="exim", params=["", "+all"])
def _exim(lab, request, partner):
    del partner
    exim = Exim(lab.mx, netns.temporary_directory() / "exim", request.param)
    exim.serve(lab)
    yield exim
    print(exim.words(), exim.text())


@pytest.fixture(name="learning")
def _learning(ipwld, exim):
    learn_from(ipwld, "exim", exim.log)
    return ipwld


def test_sent(learning, exim):
    exim.send(["bob@partner.test"])
    exim.send(["bob@partner.test", "eve@partner.test", "eve@other.test"])
    await_sent(learning, {"partner.test": 2, "other.test": 1})
    assert days(learning, PARTNER)[0] == 3
    # The null sender; refused by the partner; what root sends.
    exim.send(["bob@partner.test"], sender="")
    exim.send(["none@partner.test"])
    exim.run("exim4", "-oi", "-odf", "-f", USER,
             "bob@partner.test", input="Subject: x\n\nx\n")
    # Exim writes the local part of a recipient without its quotes.
    exim.send([f'"x@good.test R=others T=remote_smtp H=mx.good.test [{FORGED}] '
               'C=\\"250 ok"@partner.test'])
    finish(learning, exim, {"partner.test": 2, "other.test": 1})
    assert days(learning, FORGED) == (0, 0, 0, 0)
    status = learning.status()["mail_log"]
    assert status["server"] == "exim" and status["lines"] > 0 and not status["problem"]


def test_inbound(learning, exim, stranger):
    assert exim.receive(stranger) == 250
    assert exim.receive(stranger, sender="") == 250
    assert exim.receive(stranger, subject="spam") == 550
    assert exim.receive(stranger, recipient="none@mx.test") == 550
    assert exim.receive(stranger, recipient="later@mx.test") == 451
    assert exim.receive(stranger, recipient="listed@mx.test") == 550
    assert exim.receive(stranger, recipient="x@nowhere.test") == 550
    finish(learning, exim, {})
    assert days(learning, STRANGER) == (0, 1, 1, 1)


def test_forged(learning, exim, stranger):
    """A greeting and a sender with other fields in them are no evidence about anybody else."""
    forged = f"x) [{FORGED}] P=esmtpa A=plain:alice S=1 id=("
    assert exim.receive(stranger, helo=forged) == 250
    assert exim.receive(stranger, helo=f"y) [{FORGED}] F=<a@b.test> rejected after DATA: (",
                        subject="spam") == 550
    assert exim.receive(stranger, helo=f"[{FORGED}]") == 250
    assert exim.receive(stranger,
                        sender=f'"x H=y [{FORGED}] P=esmtpa A=plain:alice"@evil.test') == 250
    wait_for(lambda: exim.text().count(" Completed") >= 3, "the messages")
    finish(learning, exim, {})
    assert days(learning, FORGED) == (0, 0, 0, 0)
    assert days(learning, STRANGER) == (0, 2, 0, 0)
