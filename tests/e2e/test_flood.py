# SPDX-License-Identifier: GPL-2.0-or-later
"""A flood of forged SYNs, and who still gets through."""

import array
import contextlib
import fcntl
import ipaddress
import socket
import struct

import pytest

import flood
import frames
import lanes
import smtp
from daemon import DROP, PARTNERS
from lab import ALLOWED, BLOCKED, UNLISTED, wait_for
from lanes import greeting

COOKIES = "net.ipv4.tcp_syncookies"
FORGED = 2000
SESSIONS = 20
TRIES, TRY_SEC = 20, 10
SIOCETHTOOL, ETHTOOL_STXCSUM = 0x8946, 0x17


def shield(mode="enforce", quiet="2s"):
    return f"flood: {{mode: {mode}, threshold: 1000, quiet: {quiet}}}\n"


def send_whole_checksums(host, interface="eth0"):
    """Have the host complete its checksums, as a network does; veth leaves that to nobody."""
    value = array.array("B", struct.pack("II", ETHTOOL_STXCSUM, 0))
    with host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sP", interface.encode(), value.buffer_info()[0])
        fcntl.ioctl(control, SIOCETHTOOL, request)


def tcp_count(lab, name):
    """A counter of the MX's TCP, like SyncookiesRecv."""
    lines = lab.mx.run("cat", "/proc/net/netstat").stdout.splitlines()
    heads, values = lines[0].split(), lines[1].split()
    assert heads[0] == values[0] == "TcpExt:"
    return int(values[heads.index(name)])


@pytest.fixture(name="senders")
def _senders(lab):
    """An allowed host, a blocked one, and one in no list, whose SYNs are as on a network."""
    lab.accept_sent_frames()
    hosts = {sender: lab.add_sender(sender) for sender in (ALLOWED, UNLISTED, BLOCKED)}
    for host in hosts.values():
        send_whole_checksums(host)
    lab.mx.sysctl(COOKIES, 2)
    return hosts


@pytest.fixture(name="hosts")
def _hosts(lab, senders):
    """The senders, and a server that greets them."""
    lanes.mail_server(lab)
    return senders


@pytest.fixture(name="forged")
def _forged(lab):
    """SYNs of addresses that nobody has."""
    wire = lab.wire()
    first4, first6 = ipaddress.ip_address("100.64.0.1"), ipaddress.ip_address("2001:db8:f::1")
    syns = [frames.tcp(wire, str(first + i), source_port=1024 + i)
            for i in range(FORGED // 2) for first in (first4, first6)]
    wire.close()
    return syns


def is_active(ipwld, expected=1):
    return ipwld.metric("ipwl_flood_active") == expected


def answered(ipwld, outcome="answered"):
    return ipwld.metric("ipwl_flood_syns_total", outcome=outcome)


def greeted(host, address):
    """As greeting(), by a sender that tries again. A flood may leave no room in the device for the
    packet that ends a handshake. After a cookie, nobody sends it again: the server knows of no
    connection, and the sender waits for its greeting."""
    for _ in range(TRIES):
        with contextlib.suppress(TimeoutError):
            return greeting(host, address, timeout=TRY_SEC)
    raise TimeoutError(f"no greeting for {address} in {TRIES} tries")


def delivered(lab, postfix, host, address):
    """The same for a mail."""
    for _ in range(TRIES):
        attempt = smtp.deliver(lab, postfix, host, address, timeout=TRY_SEC)
        if attempt.outcome != smtp.TIMED_OUT:
            break
    return attempt


def test_flood(lab, ipwld, hosts, forged):
    """While forged SYNs come without an end, everybody who exists is greeted."""
    ipwld.configure(extra=shield())
    ipwld.start()
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    assert not is_active(ipwld) and not answered(ipwld)
    source = flood.Flood(lab, forged)
    wait_for(lambda: is_active(ipwld), "the shield is on")
    wait_for(lambda: "flood: the shield is on (mode enforce)" in ipwld.words(), "it is logged")
    before = tcp_count(lab, "SyncookiesRecv")
    for address in UNLISTED.addresses:
        assert greeted(hosts[UNLISTED], address) == "normal"
    assert tcp_count(lab, "SyncookiesRecv") >= before + 2
    for _ in range(SESSIONS // 2):
        for address in ALLOWED.addresses:
            assert greeted(hosts[ALLOWED], address) == "normal"
    with pytest.raises(TimeoutError):
        greeting(hosts[BLOCKED], BLOCKED.ipv4, timeout=1.5)
    status = ipwld.status()["flood"]
    assert status["active"] and status["mode_in_force"] == "enforce"
    assert status["syncookies"] == "always" and status["last_at"]
    assert "shield against floods, mode enforce: on" in ipwld.ctl("status").stdout
    assert "a flood of SYNs" in ipwld.ctl("status").stdout
    sent = sum(source.stop())
    # The first ones, about as many as the threshold, went to the server.
    assert sent > answered(ipwld) > sent * 0.9
    wait_for(lambda: is_active(ipwld, 0), "the shield is off")
    after = answered(ipwld)
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    assert answered(ipwld) == after


def test_postfix(lab, ipwld, senders, forged, postfix):
    """A real Postfix goes on greeting and taking mail: of the unlisted by the shield's cookies."""
    ipwld.configure(extra=shield(quiet="1h"))
    ipwld.start()
    source = flood.Flood(lab, forged)
    wait_for(lambda: is_active(ipwld), "the shield is on")
    sent, received = tcp_count(lab, "SyncookiesSent"), tcp_count(lab, "SyncookiesRecv")
    for address in UNLISTED.addresses:
        attempt = delivered(lab, postfix, senders[UNLISTED], address)
        assert (attempt.outcome, attempt.mark, attempt.is_in_maildir) == (smtp.DELIVERED, 0, True)
    # The server itself has sent none meanwhile.
    assert tcp_count(lab, "SyncookiesSent") == sent
    assert tcp_count(lab, "SyncookiesRecv") >= received + 2
    for address in ALLOWED.addresses:
        attempt = delivered(lab, postfix, senders[ALLOWED], address)
        assert (attempt.outcome, attempt.mark, attempt.is_in_maildir) == (smtp.DELIVERED, 1, True)
    assert tcp_count(lab, "SyncookiesSent") >= sent + 2
    assert source.is_running() and is_active(ipwld)
    assert sum(source.stop()) > answered(ipwld) > FORGED


def test_without_always(lab, ipwld, hosts, forged):
    """With the kernel's default, the listener gives cookies once its queue is full."""
    lab.mx.sysctl(COOKIES, 1)
    ipwld.configure(extra=shield())
    ipwld.start()
    wait_for(lambda: ipwld.status()["flood"]["syncookies"] == "when_full", "the kernel is asked")
    source = flood.Flood(lab, forged)
    wait_for(lambda: answered(ipwld) > FORGED, "SYNs are answered")
    assert greeted(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    assert greeted(hosts[ALLOWED], ALLOWED.ipv4) == "normal"
    source.stop()


def test_monitor_and_off(lab, ipwld, hosts, forged):
    """Monitoring answers nothing, and a reload switches the shield off at once."""
    def reload(**options):
        ipwld.configure(**options)
        assert ipwld.ctl("reload").returncode == 0

    ipwld.configure(extra=shield("monitor", "1h"))
    ipwld.start()
    source = flood.Flood(lab, forged)
    wait_for(lambda: answered(ipwld, "would_answer") > FORGED, "SYNs are counted")
    assert not answered(ipwld)
    reload(extra=shield(quiet="1h"))
    wait_for(lambda: answered(ipwld) > FORGED, "SYNs are answered")
    source.stop()
    # Without ipwld the kernel goes on.
    assert is_active(ipwld)
    before = answered(ipwld)
    ipwld.kill()
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    ipwld.start()
    assert answered(ipwld) == before + 1
    # The kernel no longer takes cookies: the server answers by itself, as soon as the shield has
    # asked for a cookie again.
    lab.mx.sysctl(COOKIES, 0)

    def is_greeted():
        with contextlib.suppress(ConnectionResetError):
            return greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
        return False
    wait_for(lambda: is_greeted() and answered(ipwld, "refused"), "the server answers")
    wait_for(lambda: ipwld.metric("ipwl_flood_without_cookies") == 1, "it is told")
    assert "the kernel gives no SYN cookies" in ipwld.ctl("status").stdout
    lab.mx.sysctl(COOKIES, 2)
    before = answered(ipwld)
    reload(mode="monitor", extra=shield(quiet="1h"))
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    reload(extra=shield("off"))
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    reload(extra=shield(quiet="1h"))
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    assert answered(ipwld) == before and not is_active(ipwld)


def test_detach(lab, ipwld, hosts, forged):
    ipwld.configure(extra=shield(quiet="1h"), lists=PARTNERS + DROP)
    ipwld.start()
    source = flood.Flood(lab, forged)
    wait_for(lambda: answered(ipwld) > FORGED, "SYNs are answered")
    source.stop()
    assert ipwld.ctl("detach").returncode == 0
    # The shield is gone, so this one is the server's own cookie.
    before = tcp_count(lab, "SyncookiesSent")
    assert greeting(hosts[UNLISTED], UNLISTED.ipv4) == "normal"
    assert tcp_count(lab, "SyncookiesSent") == before + 1
