# SPDX-License-Identifier: GPL-2.0-or-later
"""Other mail servers with a lane, by the snippets of contrib/: what each can tell of it."""

import os

import pytest

import consumers
import daemon
import lanes
import netns
import peers
from lab import ALLOWED, UNLISTED
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
