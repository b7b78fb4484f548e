# SPDX-License-Identifier: GPL-2.0-or-later
"""Lanes: which listener takes a connection, and what becomes of it when the lane does not."""

import socket

import pytest

import lanes
import netns
from daemon import DROP, INVALID, PARTNERS
from lab import ALLOWED, AVERTED, MX4, MX6, SENDERS, UNLISTED, Sender, is_ipv6, mx_address
from lanes import PORT, await_lane, greeting, lane_of


@pytest.fixture(name="host")
def _host(lab):
    """One host with the addresses of all senders that get through."""
    host = lab.add_sender(ALLOWED)
    for sender in AVERTED, UNLISTED:
        lab.address(host, "eth0", *sender.addresses)
    return host


def start(ipwld, lane=lanes.LANE, is_up=True, **options):
    ipwld.configure(lists=lanes.with_lane(lane), **options)
    ipwld.start()
    for family in "ipv4", "ipv6":
        await_lane(ipwld, is_up, family)


@pytest.mark.parametrize("cookies", [1, 2])
@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_who_is_handed_to_the_lane(lab, ipwld, host, xdp_mode, cookies):
    """Senders of the list only. Own address and mark are as without a lane."""
    lab.mx.sysctl("net.ipv4.tcp_syncookies", cookies)
    normal, lane = lanes.mail_server(lab), lanes.lane_server(lab)
    start(ipwld, xdp_mode=xdp_mode)
    for sender in ALLOWED, AVERTED:
        for address in sender.addresses:
            assert greeting(host, address) == "lane", address
            assert lane.seen.pop() == (address, (mx_address(address), 25), 1)
    for address in UNLISTED.addresses:
        assert greeting(host, address) == "normal", address
        assert normal.seen.pop() == (address, (mx_address(address), 25), 0)
    assert not normal.seen and not lane.seen
    for family in "ipv4", "ipv6":
        assert lane_of(ipwld, family)["handed"] == 2
        assert ipwld.metric("ipwl_lane_up", list="partners", family=family) == 1
        assert ipwld.metric("ipwl_lane_connections_total", list="partners", family=family,
                            outcome="handed") == 2


def test_without_metadata(lab, ipwld, host):
    """Where XDP cannot pass the list, the tc program finds it by itself."""
    lanes.mail_server(lab)
    lanes.lane_server(lab)
    start(ipwld)
    state = ipwld.bpffs / "interfaces/eth0/state"
    lab.mx.run("bpftool", "map", "update", "pinned", state, "key", "0", "0", "0", "0",
               "value", "1", "0", "0", "0", "1", "0", "0", "0")
    # Metadata of another ipwld, which tc must not believe: so there is none.
    assert ipwld.interface()["marking"] == "classify"
    for address in ALLOWED.addresses:
        assert greeting(host, address) == "lane"


def test_established_connections_stay(lab, ipwld, host):
    """Also those that were there before the lane."""
    normal = lanes.Server(lab.mx, "normal", ("0.0.0.0",), 25)
    ipwld.configure()
    ipwld.start()
    with lanes.connect(host, ALLOWED.ipv4) as before:
        lanes.lane_server(lab)
        ipwld.configure(lists=lanes.with_lane())
        assert ipwld.ctl("reload").returncode == 0
        await_lane(ipwld, True)
        assert greeting(host, ALLOWED.ipv4) == "lane"
        normal.serve()
        assert before.recv(512) == b"220 normal\r\n"


def test_nobody_listens(lab, ipwld, host):
    """The normal way at once; the lane when it comes."""
    lanes.mail_server(lab)
    start(ipwld, is_up=False)
    assert "nobody listens there" in lane_of(ipwld)["problem"]
    assert ipwld.metric("ipwl_lane_up", list="partners", family="ipv4") == 0
    for address in ALLOWED.addresses:
        assert greeting(host, address) == "normal"
    assert lane_of(ipwld)["off"] == 1
    result, = ipwld.ask("test", ALLOWED.ipv4)["results"]
    assert result["lane"] == {"address": f"127.0.0.1:{PORT}", "mode": "enforce", "up": False}
    assert "the lane 127.0.0.1:10025 is off" in ipwld.ctl("status").stdout
    server = lanes.lane_server(lab)
    await_lane(ipwld, True)
    for address in ALLOWED.addresses:
        await_lane(ipwld, True, "ipv6" if is_ipv6(address) else "ipv4")
        assert greeting(host, address) == "lane"
    assert f"; lane 127.0.0.1:{PORT}" in ipwld.ctl("test", ALLOWED.ipv4).stdout
    # It ends between two looks: the packet that comes first finds that.
    server.close()
    for address in ALLOWED.addresses:
        assert greeting(host, address) == "normal"
    await_lane(ipwld, False)


def test_full_queue(lab, ipwld, host):
    """A lane that accepts nothing is off before its queue is full, and back when it has kept
    up for ten seconds. Nobody waits longer than one SYN."""
    lanes.mail_server(lab)
    stuck = lanes.Server(lab.mx, "lane", ("127.0.0.1", "::1"), PORT, backlog=10)
    start(ipwld)
    waiting = []
    while lane_of(ipwld)["up"]:
        waiting.append(lanes.connect(host, ALLOWED.ipv4))
        assert len(waiting) < 1000
    lane = lane_of(ipwld)
    assert lane["waiting"] >= 8 and lane["waiting_max"] == 10
    assert f"{lane['waiting']} of 10 places in its queue are taken" in lane["problem"]
    assert greeting(host, ALLOWED.ipv4) == "normal"
    stuck.serve()
    await_lane(ipwld, True)
    assert greeting(host, ALLOWED.ipv4) == "lane"
    for client in waiting:
        client.close()
    assert ipwld.words().count("the lane 127.0.0.1:10025 is off") == 1


def test_ipwld_is_gone(lab, ipwld, host):
    """A lane that nobody watches ends by itself; a new ipwld takes it up again."""
    lanes.mail_server(lab)
    lanes.lane_server(lab)
    start(ipwld)
    assert ipwld.stop() == 0
    assert greeting(host, ALLOWED.ipv4) == "lane"
    netns_wait(lambda: greeting(host, ALLOWED.ipv4) == "normal", "the lane ends")
    ipwld.start()
    await_lane(ipwld, True)
    assert greeting(host, ALLOWED.ipv4) == "lane"
    assert ipwld.ctl("detach").returncode == 0
    assert greeting(host, ALLOWED.ipv4) == "normal"


def test_reload_changes_the_lane(lab, ipwld, host):
    """From one listener to another without a connection that goes elsewhere."""
    lanes.mail_server(lab)
    lanes.lane_server(lab, "first")
    lanes.lane_server(lab, "second", 10026)
    start(ipwld)
    second = 'lane: {ipv4: "127.0.0.1:10026", ipv6: "[::1]:10026"}'
    for lane, name in (second, "second"), (lanes.LANE, "first"), (second, "second"):
        ipwld.configure(lists=lanes.with_lane(lane))
        change = ipwld.ctl("diff")
        assert "10026" in change.stdout
        reload = ipwld.popen_ctl("reload")
        while reload.poll() is None:
            assert greeting(host, ALLOWED.ipv4) in ("first", "second"), ipwld.status()["lanes"]
        assert reload.returncode == 0
        assert greeting(host, ALLOWED.ipv4) == name
    ipwld.configure()
    assert ipwld.ctl("reload").returncode == 0
    assert greeting(host, ALLOWED.ipv4) == "normal"
    assert not ipwld.status()["lanes"]


@pytest.mark.parametrize("lane", [lanes.LANE, lanes.LANE.replace("{", "{mode: monitor, ")])
def test_monitor_only_counts(lab, ipwld, host, lane):
    lanes.mail_server(lab)
    lanes.lane_server(lab)
    start(ipwld, lane, mode="enforce" if "monitor" in lane else "monitor")
    assert greeting(host, ALLOWED.ipv4) == "normal"
    state = lane_of(ipwld)
    assert (state["mode"], state["would_hand"], state["handed"]) == ("monitor", 1, 0)
    assert "in monitor mode; would be handed to the lane" in ipwld.ctl("test", ALLOWED.ipv4).stdout


def test_other_ports(lab, ipwld, host):
    """A lane takes the connections to one port."""
    lanes.lane_server(lab)
    lanes.Server(lab.mx, "submission", ("0.0.0.0",), 587).serve()
    start(ipwld, ports="25, 587")
    with host.entered():
        client = socket.create_connection((MX4, 587), netns.PATIENCE_SEC, (ALLOWED.ipv4, 0))
    with client:
        assert client.recv(512) == b"220 submission\r\n"
    assert greeting(host, ALLOWED.ipv4) == "lane"


def test_public_listener(lab, ipwld, host):
    """A listener that other hosts can reach would get round what guards the mail port."""
    lanes.mail_server(lab)
    server = lanes.lane_server(lab, addresses=("0.0.0.0", "::"))
    start(ipwld, is_up=False)
    assert "other hosts can reach its listener" in lane_of(ipwld)["problem"]
    assert greeting(host, ALLOWED.ipv4) == "normal"
    ipwld.configure(lists=lanes.with_lane(lanes.LANE.replace("{", "{allow_public: true, ")))
    assert ipwld.ctl("reload").returncode == 0
    await_lane(ipwld, True)
    assert greeting(host, ALLOWED.ipv4) == "lane"
    server.close()


def test_public_address(lab, ipwld, host):
    lanes.mail_server(lab)
    lane = f'lane: {{ipv4: "{MX4}:{PORT}", ipv6: "[{MX6}]:{PORT}"}}'
    ipwld.configure(lists=lanes.with_lane(lane))
    result = ipwld.ctl("check-config", ipwld.config)
    assert result.returncode == INVALID and "allow_public: true" in result.stderr
    lanes.lane_server(lab, addresses=(MX4, MX6))
    start(ipwld, lane.replace("{", "{allow_public: true, "))
    for address in ALLOWED.addresses:
        assert greeting(host, address) == "lane"


# ---- a host that forwards --------------------------------------------------------------

INNER = Sender("inner", "10.9.9.9", "2001:db8:9::9", "unlisted")


@pytest.fixture(name="inner")
def _inner(lab):
    """Another mail server, to which the MX forwards."""
    inner = netns.Namespace(f"{lab.tag}inner")
    inner.ip("link", "add", "eth0", "type", "veth", "peer", "name", "inside", "netns",
             lab.mx.name)
    inner.ip("link", "set", "eth0", "up")
    lab.mx.ip("link", "set", "inside", "up")
    lab.mx.ip("address", "add", "10.9.9.1/24", "dev", "inside")
    lab.mx.ip("-6", "address", "add", "2001:db8:9::1/64", "dev", "inside")
    inner.ip("address", "add", f"{INNER.ipv4}/24", "dev", "eth0")
    inner.ip("-6", "address", "add", f"{INNER.ipv6}/64", "dev", "eth0")
    inner.ip("route", "add", "default", "via", "10.9.9.1")
    inner.ip("-6", "route", "add", "default", "via", "2001:db8:9::1")
    lab.mx.sysctl("net.ipv4.ip_forward", 1)
    lab.mx.sysctl("net.ipv6.conf.all.forwarding", 1)
    for name in "all", "eth0", "inside":
        lab.mx.sysctl(f"net.ipv4.conf.{name}.rp_filter", 0)
    lanes.Server(inner, "inner", ("0.0.0.0", "::"), 25).serve()
    return inner


@pytest.mark.usefixtures("inner")
def test_what_is_forwarded_stays_so(lab, ipwld, host):
    """A packet with a socket would be dropped there."""
    lanes.mail_server(lab)
    lanes.lane_server(lab)
    start(ipwld)
    host.ip("route", "add", "10.9.9.0/24", "via", MX4, "dev", "eth0", "onlink")
    host.ip("-6", "route", "add", "2001:db8:9::/64", "via", MX6, "dev", "eth0", "onlink")
    for address, to in (ALLOWED.ipv4, INNER.ipv4), (ALLOWED.ipv6, INNER.ipv6):
        assert greeting(host, address, to) == "inner"
        assert greeting(host, address) == "lane"
    assert lane_of(ipwld)["handed"] == lane_of(ipwld, "ipv6")["handed"] == 1


@pytest.mark.usefixtures("inner")
def test_redirected_port(lab, ipwld, host):
    """If NAT gives the mail port to another host, the kernel drops what is handed over. The SYN
    that is sent again takes the normal way."""
    lanes.lane_server(lab)
    start(ipwld)
    lab.mx.run("nft", "-f", "-", input=f"""table ip test {{
        chain in {{
            type nat hook prerouting priority dstnat;
            ip daddr {MX4} tcp dport 25 dnat to {INNER.ipv4}
        }}
    }}""")
    assert greeting(host, ALLOWED.ipv4) == "inner"
    assert lane_of(ipwld)["handed"] == 1


def netns_wait(condition, message):
    lanes.wait_for(condition, message, 1)


def test_configuration_is_shown(ipwld):
    """Lists without a lane have none, and no metric."""
    ipwld.configure(lists=PARTNERS + DROP)
    ipwld.start()
    assert ipwld.status()["lanes"] == []
    assert "ipwl_lane_up{" not in ipwld.metrics_text()
    assert len(SENDERS) == 4
