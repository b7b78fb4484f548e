# SPDX-License-Identifier: GPL-2.0-or-later
"""Other mail servers with a lane, by the snippets of contrib/: what each can tell of it."""

import os
import re
import signal

import pytest

import consumers
import daemon
import lanes
import netns
import peers
from lab import ALLOWED, UNLISTED, wait_for
from lanes import await_lane, lane_of

CACHE = daemon.ROOT / "build/peers"
NORMAL_PORT, TRUSTED_PORT = 2525, 2526

OPENSMTPD = """\
table anyone {{ "@" = nobody }}
listen on 0.0.0.0
listen on ::
{snippet}
action drop maildir "/var/mail/drop" virtual <anyone>
match tag IPWL from any for domain "mx.test" action drop
"""

HAPROXY = f"""\
defaults
	mode tcp
	timeout client 10s
	timeout server 10s
	timeout connect 5s
frontend mail
	bind 0.0.0.0:25
	bind :::25 v6only
	default_backend mx
{{snippet}}
backend mx
	server mx 127.0.0.1:{NORMAL_PORT}
backend trusted
	server mx 127.0.0.1:{TRUSTED_PORT}
"""


@pytest.fixture(name="host")
def _host(lab):
    host = lab.add_sender(ALLOWED)
    lab.address(host, "eth0", *UNLISTED.addresses)
    return host


def snippet(name):
    return (daemon.ROOT / "contrib" / name).read_text(encoding="utf-8")


def start(ipwld):
    ipwld.configure(lists=lanes.with_lane())
    ipwld.start()
    for family in "ipv4", "ipv6":
        await_lane(ipwld, True, family)


def test_opensmtpd_knows_the_tag(lab, ipwld, host):
    smtpd = peers.Peer(lab.mx, peers.unpack(CACHE, "opensmtpd"), netns.temporary_directory(),
                       ["opensmtpd", "opensmtpq"], ["/run/opensmtpd", "/var/lib/opensmtpd/empty"])
    smtpd.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    smtpd.write("etc/smtpd.conf", OPENSMTPD.format(snippet=snippet("opensmtpd-lane.conf")))
    smtpd.start("smtpd", "-d")
    try:
        consumers.await_smtp(lab, smtpd)
        start(ipwld)
        for address in ALLOWED.addresses:
            assert consumers.attempt(host, address)[0] == 250, address
        for address in UNLISTED.addresses:
            assert consumers.attempt(host, address)[0] == 550, address
    finally:
        print(smtpd.words())


def test_haproxy_needs_a_new_kernel(lab, ipwld, host):
    """Its listeners have SO_REUSEPORT."""
    haproxy = peers.Peer(lab.mx, peers.unpack(CACHE, "haproxy"), netns.temporary_directory())
    haproxy.write("etc/haproxy/haproxy.cfg", HAPROXY.format(snippet=snippet("haproxy-lane.cfg")))
    check = haproxy.run("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
    assert "WARNING" not in check.stdout + check.stderr
    lanes.Server(lab.mx, "normal", ("127.0.0.1",), NORMAL_PORT).serve()
    lanes.Server(lab.mx, "trusted", ("127.0.0.1",), TRUSTED_PORT).serve()
    haproxy.start("haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg")
    consumers.await_smtp(lab, haproxy)
    start(ipwld)
    release = tuple(int(part) for part in os.uname().release.split(".")[:2])
    is_taken = release >= (6, 6)
    for address in ALLOWED.addresses:
        assert lanes.greeting(host, address) == ("trusted" if is_taken else "normal")
    for address in UNLISTED.addresses:
        assert lanes.greeting(host, address) == "normal"
    state = lane_of(ipwld)
    assert (state["handed"], state["missed"]) == ((1, 0) if is_taken else (0, 1))


# ---- Exim ---------------------------------------------------------------------------

SILENCE_SEC = 4

# Each daemon greets with its name and the port at which it believes the connection came.
EXIM = """\
primary_hostname = mx.test
exim_user = root
exim_group = root
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4-{name}-%slog
pid_file_path = /run/exim-{name}.pid
tls_advertise_hosts =
host_lookup =
local_interfaces = {interfaces}
smtp_connect_backlog = 4
smtp_banner = {name} $received_port
"""
LANE_INTERFACES = "127.0.0.1.10025 ; ::1.10025"


def start_exim(lab, **daemons):
    """Daemons of Exim with these names and interfaces."""
    exim = peers.Peer(lab.mx, peers.unpack(CACHE, "exim4-daemon-light", "exim4-base"),
                      netns.temporary_directory() / "exim", ["Debian-exim"],
                      ["/var/spool/exim4"])
    exim.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    for name, interfaces in daemons.items():
        exim.write(f"etc/exim4/{name}.conf",
                   EXIM.format(name=name, interfaces=f"<; {interfaces}"))
    exim.start("sh", "-c", " ".join(f"exim4 -C /etc/exim4/{name}.conf -bdf &" for name in daemons)
               + " wait")
    consumers.await_smtp(lab, exim)
    wait_for(lambda: len(lab.mx.run("ss", "-Htln", "sport", "=", ":10025").stdout.splitlines())
             == 2, "Exim listens at the lane")
    return exim


def test_exim_cannot_tell_a_lane(lab, ipwld, host):
    """One daemon decides by the port, which is that of the mail port. The lane is only a queue:
    it has room when that of the mail port is full."""
    exim = start_exim(lab, one=f"0.0.0.0.25 ; ::0.25 ; {LANE_INTERFACES}")
    start(ipwld)
    try:
        for address in ALLOWED.addresses + UNLISTED.addresses:
            assert lanes.greeting(host, address) == "one 25"
        assert (lane_of(ipwld)["handed"], lane_of(ipwld, "ipv6")["handed"]) == (1, 1)
        pid, = {int(number) for number in re.findall(
            r"pid=(\d+)", lab.mx.run("ss", "-Htlnp", "sport", "=", ":10025").stdout)}
        os.kill(pid, signal.SIGSTOP)
        waiting = []
        with pytest.raises(TimeoutError):
            while len(waiting) < 100:
                waiting.append(lanes.connect(host, UNLISTED.ipv4, timeout=SILENCE_SEC))
        waiting.append(lanes.connect(host, ALLOWED.ipv4))
        os.kill(pid, signal.SIGCONT)
        assert waiting[-1].recv(512) == b"220 one 25\r\n"
        for client in waiting:
            client.close()
    finally:
        print(exim.words())


def test_second_exim_is_a_lane(lab, ipwld, host):
    """A daemon of its own has a configuration of its own."""
    exim = start_exim(lab, normal="0.0.0.0.25 ; ::0.25", trusted=LANE_INTERFACES)
    start(ipwld)
    try:
        for address in ALLOWED.addresses:
            assert lanes.greeting(host, address) == "trusted 25"
        for address in UNLISTED.addresses:
            assert lanes.greeting(host, address) == "normal 25"
    finally:
        print(exim.words())
