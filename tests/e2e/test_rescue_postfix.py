# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail of a blocked partner that a DNS allow list knows, from one real Postfix to another, with
rbldnsd as the list; and what its operator does to those whom it does not serve."""

import itertools
import smtplib

import pytest

import frames
import mta
import netns
import peers
from daemon import ROOT, write_at_once
from lab import MX4, Sender, wait_for
from test_rescue import EVENTS, ZONE, entries, verdict, wait_until_off, wait_until_up
from test_reject_postfix import SendingPostfix

PARTNER = Sender("partner", "9.1.0.7", "2620:fe::7", "block")
LISTS = """\
  - name: partners
    action: allow
    mark: 0x1
  - name: drop
    action: block
    entries: [9.1.0.0/16]
"""
GOOD = "127.0.0.2 :127.0.10.0:\n9.1.0.7 :127.0.5.2:\n"
RETURNS_HI = "0/0 :127.0.5.3:\n"


class Rbldnsd:
    """The allow list, on the MX."""

    def __init__(self, lab):
        self.top = netns.temporary_directory() / "rbldnsd"
        self.peer = peers.Peer(lab.mx, peers.unpack(ROOT / "build/peers", "rbldnsd"), self.top,
                               ["rbldns"])
        self.say(GOOD)
        self.refuse(False)
        self.peer.start("rbldnsd", "-n", "-u", "rbldns", "-c", "1", "-b", "127.0.0.1/5353",
                        f"{ZONE}:ip4trie:{self.top}/zone", f"{ZONE}:acl:{self.top}/acl")

    def say(self, lines):
        """What the zone has from now on; rbldnsd looks each second."""
        write_at_once(self.top / "zone", "$TTL 60\n$SOA 60 ns.wl.test h.wl.test 0 60 60 60 60\n"
                      + lines)

    def refuse(self, is_refused):
        """Whether the operator serves this resolver."""
        write_at_once(self.top / "acl", "127.0.0.0/8 :refuse\n" if is_refused else "")


@pytest.fixture(name="rbldnsd")
def _rbldnsd(lab):
    rbldnsd = Rbldnsd(lab)
    yield rbldnsd
    print(rbldnsd.peer.words())


@pytest.fixture(name="rescuing")
def _rescuing(ipwld, rbldnsd):
    ipwld.configure(lists=LISTS, extra="resolver: {servers: ['127.0.0.1:5353'], timeout: 5s}\n"
                    f"{EVENTS}rescue:\n  - {{zone: {ZONE}, list: partners, min_trust: medium}}\n")
    ipwld.start()

    def is_up():
        # rbldnsd may have started later.
        ipwld.ask("reload")
        return ipwld.status()["rescue"][0]["up"]
    wait_for(is_up, "the list works", 0.2)
    return ipwld


class Sending(SendingPostfix):
    """The partner's mail server."""

    def __init__(self, host, peer):
        super().__init__(host, peer, netns.temporary_directory() / "sender", MX4,
                         "virtual_mailbox_domains =\nmyhostname = partner.test\n")

    def send_mail(self, token):
        with self.namespace.entered():
            client = smtplib.SMTP("127.0.0.1", 25, "user.test", netns.PATIENCE_SEC)
        with client:
            client.sendmail("friend@partner.test", [mta.INBOX], f"Subject: {token}\n\nhello\n")


def test_mail_of_a_blocked_partner_arrives(lab, rescuing, postfix, postfix_files):
    """Her first packet is dropped, and nobody needs to do anything."""
    sender = Sending(lab.add_sender(PARTNER), postfix_files)
    sender.start()
    assert verdict(rescuing, PARTNER.ipv4) == "block"
    sender.send_mail("first-mail")
    assert postfix.find("first-mail", netns.PATIENCE_SEC), sender.words()
    assert rescuing.packets()["block"] >= 1 and rescuing.packets()["averted"] >= 1
    entry, = entries(rescuing)
    assert (entry["prefix"], entry["origin"]) == (f"{PARTNER.ipv4}/32", ZONE)
    assert "127.0.5.2 (medium)" in entry["reason"]
    blocked = rescuing.packets()["block"]
    sender.send_mail("second-mail")
    assert postfix.find("second-mail", netns.PATIENCE_SEC), sender.words()
    assert rescuing.packets()["block"] == blocked


@pytest.mark.parametrize("lines, why", [(RETURNS_HI, "is listed as 127.0.5.3"),
                                        ("", "127.0.0.2 is not listed"), (None, "")],
                         ids=["returnhi", "empty", "refuse"])
def test_an_operator_who_no_longer_serves_us(rescuing, rbldnsd, wire, lines, why):
    wire.send(frames.tcp(wire, PARTNER.ipv4))
    wait_for(lambda: verdict(rescuing, PARTNER.ipv4) == "averted", "it is rescued")
    if lines is None:
        rbldnsd.refuse(True)
    else:
        rbldnsd.say(lines)

    def is_off():
        rescuing.ask("reload")
        wire.send(frames.tcp(wire, "9.1.0.8"))
        return rescuing.status()["rescue"][0]["problem"]
    if lines == RETURNS_HI:
        # At the first look-up, without a check: sources are always asked about with a control.
        # The answer about a source that is looked up before rbldnsd has the new zone is kept.
        numbers = itertools.count(8)
        wait_for(lambda: wire.send(frames.tcp(wire, f"9.1.0.{next(numbers)}")) and
                 rescuing.status()["rescue"][0]["problem"], "it is off", 1)
    else:
        restart_checks(rescuing, is_off)
    assert why in wait_until_off(rescuing)
    assert verdict(rescuing, "9.1.0.8") == "block"
    assert verdict(rescuing, PARTNER.ipv4) == "averted"
    rbldnsd.refuse(False)
    rbldnsd.say(GOOD)
    wait_for(lambda: rescuing.ask("reload") and rescuing.status()["rescue"][0]["up"],
             "it works again", 0.5)
    wait_until_up(rescuing)


def restart_checks(ipwld, is_off):
    """A zone is checked when ipwld starts, and each hour."""
    def is_noticed():
        ipwld.stop()
        ipwld.start()
        return is_off()
    wait_for(is_noticed, "it is off", 0.5)
