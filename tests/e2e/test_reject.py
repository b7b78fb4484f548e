# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocked senders are told that they are rejected, and nothing of them gets to the mail server."""

import signal
import smtplib
import socket

import pytest

import lanes
import netns
import rejecting
from daemon import DROP, PARTNERS
from lab import AVERTED, BLOCKED, UNLISTED, mx_address, wait_for
from lanes import greeting
from rejecting import Reject, await_reject, is_silent, reject_of, start


@pytest.fixture(name="host")
def _host(lab):
    """One host with the addresses of those that are blocked, averted and unlisted."""
    host = lab.add_sender(BLOCKED)
    for sender in AVERTED, UNLISTED:
        lab.address(host, "eth0", *sender.addresses)
    return host


@pytest.fixture(name="normal")
def _normal(lab):
    return lanes.mail_server(lab)


@pytest.fixture(name="reject")
def _reject(lab):
    reject = Reject(lab.mx).start()
    yield reject
    print(reject.words())


def refusal(host, address):
    """What a client that tries to send mail is told."""
    with host.entered():
        client = smtplib.SMTP(mx_address(address), 25, "sender.test", netns.PATIENCE_SEC,
                              (address, 0))
    with client, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        client.sendmail("from@sender.test", ["to@mx.test"], "Subject: x\n\nx\n")
    return refused.value.recipients["to@mx.test"]


@pytest.mark.parametrize("cookies", [0, 1, 2])
@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_who_is_rejected(lab, ipwld, host, normal, reject, xdp_mode, cookies):
    """With words, and to the end of the connection. All others get through."""
    lab.mx.sysctl("net.ipv4.tcp_syncookies", cookies)
    start(ipwld, xdp_mode=xdp_mode)
    for address in BLOCKED.addresses:
        assert refusal(host, address) == (
            550, f"5.7.1 blocked by list drop, see https://mx.test/?ip={address}".encode())
        line = f"{address}, helo \"sender.test\", from <from@sender.test>, to mx.test; recipients: 1"
        wait_for(lambda expected=line: expected in reject.words(), "it is logged")
    assert not normal.seen
    for address in AVERTED.addresses + UNLISTED.addresses:
        assert greeting(host, address) == "normal"
    for family in "ipv4", "ipv6":
        assert reject_of(ipwld, family)["handed"] == 1
        assert ipwld.metric("ipwl_reject_up", list="drop", family=family) == 1
        assert ipwld.metric("ipwl_reject_connections_total", list="drop", family=family,
                            outcome="handed") == 1
    assert ipwld.metric("ipwl_answers_total", list="drop", answer="reject") == 2
    result = ipwld.ctl("test", BLOCKED.ipv4).stdout
    assert "; connections are rejected by ipwl-reject at 127.0.0.1:10026" in result
    assert ipwld.ask("test", AVERTED.ipv4)["results"][0]["reject"] is None


def test_greeting_rejects(lab, ipwld, host, normal):
    """With -g, and other commands than QUIT are out of sequence (RFC 5321)."""
    Reject(lab.mx, "-g", "-t", "no").start()
    start(ipwld)
    with lanes.connect(host, BLOCKED.ipv4) as client:
        assert client.recv(512) == b"554 5.7.1 no\r\n"
        client.sendall(b"EHLO sender.test\r\n")
        assert client.recv(512).startswith(b"503 ")
        client.sendall(b"quit\r\n")
        assert client.recv(512).startswith(b"221 ")
        assert client.recv(512) == b""
    assert not normal.seen


def test_nobody_rejects(ipwld, host, normal, lab):
    """Dropped as long as ipwl-reject does not run."""
    start(ipwld, is_up=False)
    assert is_silent(host, BLOCKED.ipv4) and is_silent(host, BLOCKED.ipv6)
    assert "nobody listens there" in reject_of(ipwld)["problem"]
    assert ipwld.metric("ipwl_reject_up", list="drop", family="ipv4") == 0
    assert "dropped, because ipwl-reject at 127.0.0.1:10026 is off" in \
        ipwld.ctl("test", BLOCKED.ipv4).stdout
    assert "ipwl-reject at 127.0.0.1:10026 is off" in ipwld.ctl("status").stdout
    reject = Reject(lab.mx).start()
    await_reject(ipwld, True)
    assert greeting(host, BLOCKED.ipv4).startswith("mx.test")
    # It ends between two looks.
    reject.kill()
    assert is_silent(host, BLOCKED.ipv4)
    await_reject(ipwld, False)
    assert not normal.seen
    assert greeting(host, AVERTED.ipv4) == "normal"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_in_a_connection(ipwld, host, normal, reject, number):
    """The client is told so, and what it sends then gets to nobody."""
    start(ipwld)
    with lanes.connect(host, BLOCKED.ipv4) as client:
        assert client.recv(512).startswith(b"220 ")
        reject.send(number)
        reject.process.wait()
        try:
            assert client.recv(512) == b""
            client.sendall(b"EHLO sender.test\r\n")
        except ConnectionResetError:
            pass
    assert not normal.seen
    assert greeting(host, UNLISTED.ipv4) == "normal"


def test_it_is_stopped_with_sigstop(ipwld, host, normal, reject):
    """Its queue fills, and the rest is dropped until it has kept up for a while."""
    start(ipwld, "    reject: {per_second: 10000}\n")
    reject.send(signal.SIGSTOP)
    waiting = [begin(host) for _ in range(120)]
    await_reject(ipwld, False)
    assert "places in its queue are taken" in reject_of(ipwld)["problem"]
    assert is_silent(host, BLOCKED.ipv4)
    assert reject_of(ipwld)["off"] >= 1
    for client in waiting:
        client.close()
    reject.send(signal.SIGCONT)
    await_reject(ipwld, True)
    assert greeting(host, BLOCKED.ipv4).startswith("mx.test")
    assert not normal.seen


def test_rate(ipwld, host, normal, reject):
    """More connections than the list may hand over are dropped."""
    start(ipwld, "    reject: {per_second: 1}\n")
    clients = [begin(host) for _ in range(5)]
    wait_for(lambda: reject_of(ipwld)["limited"] + reject_of(ipwld)["handed"] >= 5, "all came")
    state = reject_of(ipwld)
    assert state["handed"] >= 1 and state["limited"] >= 1
    for client in clients:
        client.close()
    assert ipwld.metric("ipwl_reject_connections_total", list="drop", family="ipv4",
                        outcome="limited") >= 1
    assert not normal.seen
    wait_for(lambda: "recipients: 0" in reject.words(), "the connection is logged")


def begin(host):
    """A connection that is begun and not waited for."""
    with host.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    client.setblocking(False)
    client.bind((BLOCKED.ipv4, 0))
    client.connect_ex((mx_address(BLOCKED.ipv4), 25))
    return client


def test_without_the_tc_program(lab, ipwld, host, normal, reject):
    """If somebody removes it, the stack discards what XDP lets pass."""
    start(ipwld)
    ipwld.process.send_signal(signal.SIGSTOP)
    lab.mx.run("tc", "filter", "del", "dev", "eth0", "ingress")
    with pytest.raises(TimeoutError):
        greeting(host, BLOCKED.ipv4, timeout=rejecting.SILENCE_SEC)
    with pytest.raises(TimeoutError):
        greeting(host, BLOCKED.ipv6, timeout=rejecting.SILENCE_SEC)
    assert greeting(host, AVERTED.ipv4) == "normal"
    assert [peer for peer, _, _ in normal.seen] == [AVERTED.ipv4]
    ipwld.process.send_signal(signal.SIGCONT)
    assert "recipients" not in reject.words()


def test_connections_with_the_mail_server(lab, ipwld, host, reject):
    """A sender that is blocked later gets no further there."""
    server = lanes.Server(lab.mx, "normal", ("0.0.0.0", "::"), 25)
    ipwld.configure(lists=PARTNERS + DROP, mode="monitor")
    ipwld.start()
    with lanes.connect(host, BLOCKED.ipv4) as before:
        ipwld.configure(lists=rejecting.rejecting())
        assert ipwld.ctl("reload").returncode == 0
        await_reject(ipwld, True)
        server.serve()
        before.settimeout(rejecting.SILENCE_SEC)
        # The greeting gets out; what the sender says to it does not get in.
        assert before.recv(512) == b"220 normal\r\n"
        assert greeting(host, BLOCKED.ipv4).startswith("mx.test")
    assert len(server.seen) == 1
    wait_for(lambda: "recipients" in reject.words(), "the connection is logged")


def test_reload_and_detach(ipwld, host, normal, reject):
    """Each change is in force at once."""
    start(ipwld, mode="monitor")
    assert greeting(host, BLOCKED.ipv4) == "normal"

    def reload(lists):
        ipwld.configure(lists=lists)
        assert ipwld.ctl("reload").returncode == 0

    reload(rejecting.rejecting())
    assert greeting(host, BLOCKED.ipv4).startswith("mx.test")
    seen = len(normal.seen)
    reload(PARTNERS + DROP)
    assert is_silent(host, BLOCKED.ipv4)
    assert not ipwld.status()["rejects"] and "ipwl_reject_up{" not in ipwld.metrics_text()
    reload(rejecting.rejecting())
    assert greeting(host, BLOCKED.ipv6).startswith("mx.test")
    assert len(normal.seen) == seen
    assert ipwld.ctl("detach").returncode == 0
    assert greeting(host, BLOCKED.ipv4) == "normal"
    wait_for(lambda: "recipients" in reject.words(), "the connection is logged")


def test_without_ipwld(ipwld, host, normal, reject):
    """Nobody watches ipwl-reject then, so in the end all are dropped."""
    start(ipwld)
    assert ipwld.stop() == 0
    wait_for(lambda: is_silent(host, BLOCKED.ipv4), "blocked senders are dropped", 1)
    assert not normal.seen
    ipwld.start()
    await_reject(ipwld, True)
    assert greeting(host, BLOCKED.ipv4).startswith("mx.test")
    wait_for(lambda: "recipients" in reject.words(), "the connection is logged")
