# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Postfix with a lane, by the snippet of contrib/: postscreen for all others."""

import os
import signal
import smtplib
import ssl

import pytest

import lanes
import mta
import netns
import smtp
from lab import ALLOWED, UNLISTED, mx_address, wait_for
from lanes import await_lane, lane_of

TRUSTED, SCREENED = "postfix/trusted/smtpd", "postfix/postscreen"


@pytest.fixture(name="host")
def _host(lab):
    host = lab.add_sender(ALLOWED)
    lab.address(host, "eth0", *UNLISTED.addresses)
    return host


@pytest.fixture(name="trusting")
def _trusting(lab, postfix_files):
    postfix = lanes.TrustingPostfix(lab.mx, postfix_files, netns.temporary_directory() / "postfix")
    postfix.start()
    yield postfix
    print(postfix.words())


def start(ipwld):
    ipwld.configure(lists=lanes.with_lane())
    ipwld.start()
    for family in "ipv4", "ipv6":
        await_lane(ipwld, True, family)


def came_by(postfix, address):
    """Which program of Postfix logged connections from there first."""
    lines = [line for line in postfix.log.read_text().splitlines() if f"[{address}]" in line]
    return {program for program in (TRUSTED, SCREENED)
            if any(f" {program}[" in line for line in lines)}


@pytest.mark.parametrize("cookies", [1, 2])
def test_mail_of_the_listed_does_not_wait(lab, ipwld, host, trusting, cookies):
    lab.mx.sysctl("net.ipv4.tcp_syncookies", cookies)
    start(ipwld)
    for address in ALLOWED.addresses:
        attempt = smtp.deliver(lab, trusting, host, address)
        assert (attempt.outcome, attempt.mark, attempt.is_in_maildir) == (smtp.DELIVERED, 1, True)
        assert came_by(trusting, address) == {TRUSTED}
    for address in UNLISTED.addresses:
        assert smtp.deliver(lab, trusting, host, address).outcome == smtp.DELIVERED
        assert came_by(trusting, address) == {SCREENED}
    # With the same rules for relaying.
    with lanes.connect(host, ALLOWED.ipv4) as connection, smtplib.SMTP() as client:
        client.sock = connection
        client.getreply()
        client.ehlo()
        client.mail("from@sender.test")
        assert client.rcpt("somebody@elsewhere.test")[0] == 554


def test_tls(ipwld, host, trusting):
    start(ipwld)
    context = ssl.create_default_context(cafile=trusting.top / "cert.pem")
    context.check_hostname = False
    for address in ALLOWED.addresses:
        with host.entered():
            client = smtplib.SMTP(mx_address(address), 25, "sender.test", netns.PATIENCE_SEC,
                                  (address, 0))
        with client:
            client.starttls(context=context)
            client.sendmail("from@sender.test", [mta.INBOX], "Subject: tls\n\ntls\n")
        assert came_by(trusting, address) == {TRUSTED}


def test_postfix_reloads_and_restarts(ipwld, host, trusting, lab):
    start(ipwld)
    os.kill(trusting.master_pid(), signal.SIGHUP)
    wait_for(lambda: "reload" in trusting.words(), "Postfix has reloaded")
    assert smtp.deliver(lab, trusting, host, ALLOWED.ipv4).outcome == smtp.DELIVERED
    assert came_by(trusting, ALLOWED.ipv4) == {TRUSTED}
    trusting.stop()
    await_lane(ipwld, False)
    trusting.start()
    # Until the lane has kept up for a while, mail takes the normal way.
    assert smtp.deliver(lab, trusting, host, ALLOWED.ipv6).outcome == smtp.DELIVERED
    await_lane(ipwld, True)
    trusting.log.write_text("")
    assert smtp.deliver(lab, trusting, host, ALLOWED.ipv4).outcome == smtp.DELIVERED
    assert came_by(trusting, ALLOWED.ipv4) == {TRUSTED}


def test_lane_is_stopped_with_sigstop(lab, ipwld, host, postfix, postfix_files):
    """Another instance serves the lane. Its master stands still, and port 25 does not."""
    lane = lanes.OnlyLanePostfix(lab.mx, postfix_files, netns.temporary_directory() / "lane")
    lane.start()
    ipwld.configure(lists=lanes.with_lane('lane: {ipv4: "127.0.0.1:10025"}'))
    ipwld.start()
    await_lane(ipwld, True)
    os.kill(lane.master_pid(), signal.SIGSTOP)
    waiting = []
    while lane_of(ipwld)["up"]:
        waiting.append(lanes.connect(host, ALLOWED.ipv4))
        assert len(waiting) < 2000
    assert "places in its queue are taken" in lane_of(ipwld)["problem"]
    assert smtp.deliver(lab, postfix, host, ALLOWED.ipv4).outcome == smtp.DELIVERED
    for client in waiting:
        client.close()
    os.kill(lane.master_pid(), signal.SIGCONT)
    await_lane(ipwld, True)
    handed = lane_of(ipwld)["handed"]
    assert smtp.deliver(lab, lane, host, ALLOWED.ipv4).outcome == smtp.DELIVERED
    assert lane_of(ipwld)["handed"] == handed + 1
    print(lane.words())
