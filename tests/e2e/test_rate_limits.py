# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits for senders in no list, with real packets and connections."""
import signal
import socket

import pytest

import frames
from daemon import DONE, NEGATIVE
from lab import ALLOWED, AVERTED, BLOCKED, MX4, UNLISTED, is_ipv6, wait_for
from netns import PATIENCE_SEC

EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
# One a minute: no test takes so long that it matters.
LIMITS = "limits: {mode: MODE, address_per_minute: 1, address_burst: 3, network_per_minute: 1, " \
    "network_burst: 8}\n"


def limits(mode="enforce"):
    return LIMITS.replace("MODE", mode) + EVENTS


def connections(ipwld):
    return {key: value for key, value in ipwld.counters("connections").items() if value}


def neighbour(address):
    """Another one in the same network, but not in the same /64."""
    return "2001:db8:25:1::1" if is_ipv6(address) else address.rsplit(".", 1)[0] + ".98"


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
@pytest.mark.parametrize("daemon_mode,mode,verdict", [
    ("enforce", "enforce", "limited"), ("enforce", "monitor", "would_limit"),
    ("monitor", "enforce", "would_limit"), ("enforce", "off", "unlisted")])
def test_verdicts(ipwld, wire, daemon_mode, mode, verdict, xdp_mode):
    """Of each kind of sender. Nobody in a list is limited."""
    ipwld.configure(mode=daemon_mode, xdp_mode=xdp_mode, extra=limits(mode))
    ipwld.start()
    for sender in ALLOWED, AVERTED, BLOCKED, UNLISTED:
        for address in sender.addresses:
            wire.send(*frames.attempts(wire, address, 10))
            wire.send(frames.tcp(wire, address, flags="A"), count=20)
    expected = {}
    for family in "ipv4", "ipv6":
        expected[family, "allow"] = expected[family, "averted"] = 10
        expected[family, "block" if daemon_mode == "enforce" else "would_block"] = 10
        expected[family, "unlisted"] = 3
        expected[family, verdict] = expected.get((family, verdict), 0) + 7
    assert connections(ipwld) == expected
    packets = ipwld.packets()
    assert packets["unlisted"] == 2 * (20 + (10 if mode == "off" else 3))


def test_who_is_told(ipwld, wire):
    """Status, test, monitor, seen, blocked and metrics."""
    ipwld.configure(extra=limits())
    ipwld.start()
    for address in UNLISTED.addresses:
        wire.send(*frames.attempts(wire, address, 5))
        frame = frames.tcp(wire, address)
        wire.send(frame, count=4)  # sent again, it is one attempt
    found = wait_for(lambda: ipwld.request("GET", "/v1/monitor?after=0")[1]["attempts"][5:],
                     "all attempts over the limit are reported")
    assert len(found) == 1
    status = ipwld.status()["limits"]
    assert status == {"mode": "enforce", "mode_in_force": "enforce",
                      "address": {"per_minute": 1, "burst": 3},
                      "network": {"per_minute": 1, "burst": 8}}
    assert "limits, mode enforce: 1 a minute for an address, 1 a minute for a network" in ipwld.ctl("status").stdout
    for address in UNLISTED.addresses:
        result, = ipwld.ask("test", address, status=1)["results"]
        assert (result["verdict"], result["limit"]["mode"]) == ("unlisted", "enforce")
        assert result["limit"]["address"]["left"] == 0
        assert 0 < result["limit"]["address"]["wait_seconds"] <= 60
        assert result["limit"]["network"]["left"] == 5
        other, = ipwld.ask("test", neighbour(address), status=1)["results"]
        assert (other["limit"]["address"]["left"], other["limit"]["network"]["left"]) == (3, 5)
        seen, = ipwld.ask("seen", address)["attempts"]
        assert (seen["verdict"], seen["attempts"], seen["block"]) \
            == ("limited", 3, {"list": None, "entry": None})
    assert ipwld.ask("test", ALLOWED.ipv4)["results"][0]["limit"] is None
    sources = ipwld.ask("blocked")["sources"]
    assert {row["source"]: row["attempts_by_verdict"]["limited"] for row in sources} \
        == dict.fromkeys(UNLISTED.addresses, 3)
    assert ipwld.metric("ipwl_limits_mode") == 2
    assert ipwld.metric("ipwl_limit_per_minute", of="network") == 1
    assert f"verdict=limited address={UNLISTED.ipv4} port=25 list=- entry=-" in ipwld.words()
    assert ipwld.packets()["limited"] == 2 * (2 + 4)


def test_switched_off_at_once(ipwld, wire):
    """Without touching anything else; and on again, where they were."""
    ipwld.configure(extra=limits())
    ipwld.start()
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 5))
    for mode, verdict in ("off", "unlisted"), ("monitor", "would_limit"), ("enforce", "limited"):
        before = connections(ipwld)
        ipwld.configure(extra=limits(mode))
        diff = ipwld.ctl("diff").stdout
        assert "limits.mode" in diff
        assert ipwld.ctl("reload").returncode == DONE
        wire.send(*frames.attempts(wire, UNLISTED.ipv4, 4))
        before["ipv4", verdict] = before.get(("ipv4", verdict), 0) + 4
        assert connections(ipwld) == before


def test_state_outlives_ipwld(ipwld, wire):
    """Limits hold while no ipwld runs, and a restart forgets nothing. detach removes all."""
    ipwld.configure(extra=limits())
    ipwld.start()
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 3))
    for number in signal.SIGTERM, signal.SIGKILL:
        ipwld.stop(number)
        wire.send(*frames.attempts(wire, UNLISTED.ipv4, 2))
        ipwld.start()
    assert connections(ipwld) == {("ipv4", "unlisted"): 3, ("ipv4", "limited"): 4}
    assert ipwld.ctl("detach").returncode == DONE
    assert not ipwld.bpffs.exists()
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 2))
    assert ipwld.ctl("reload").returncode == DONE
    wire.send(*frames.attempts(wire, UNLISTED.ipv4, 1))
    assert connections(ipwld)["ipv4", "limited"] == 5


def test_heaviest_networks(ipwld, wire):
    """By attempts over a limit, of all addresses of a network together."""
    ipwld.configure(extra=limits("monitor"))
    ipwld.start()
    assert ipwld.ask("limits", status=NEGATIVE)["networks"] == []
    for number in range(1, 31):
        wire.send(*frames.attempts(wire, f"192.0.2.{number}", 2))
        wire.send(*frames.attempts(wire, f"2001:db8:25:{number:x}::1", 1))
    wire.send(*frames.attempts(wire, "8.8.8.8", 5), *frames.attempts(wire, BLOCKED.ipv4, 5))
    answer = wait_for(lambda: next(filter(lambda found: found["attempt_count"] == 76,
                                          [ipwld.ask("limits")]), None), "all are stored")
    assert [(row["network"], row["sources"], row["attempts"], row["attempts_by_verdict"],
             row["left_out"], row["left"]) for row in answer["networks"]] == [
        ("192.0.2.0/24", 26, 52, {"would_limit": 52, "limited": 0}, 0, 0),
        ("2001:db8:25::/48", 22, 22, {"would_limit": 22, "limited": 0}, 0, 0),
        ("8.8.8.0/24", 1, 2, {"would_limit": 2, "limited": 0}, 0, 5)]
    assert answer["match_count"] == 3 and not any(answer["left_out"].values())
    one, = ipwld.ask("limits", "192.0.2.7", "--limit", "1")["networks"]
    assert (one["network"], one["attempts"]) == ("192.0.2.0/24", 2)
    text = ipwld.ctl("limits", "--limit", "2").stdout
    assert "2001:db8:25::/48" in text and "8.8.8.0/24" not in text
    assert "2 of 3 networks, 76 attempts since" in text


def test_real_connections(lab, ipwld):
    """A sender over its limit waits. An established connection does not notice."""
    ipwld.configure(extra=limits())
    ipwld.start()
    sender = lab.add_sender(UNLISTED)
    with ipwld.namespace.entered():
        server = socket.create_server((MX4, 25), backlog=16)
    with server, sender.entered():
        clients = [socket.create_connection((MX4, 25), PATIENCE_SEC) for _ in range(3)]
        peers = [server.accept()[0] for _ in range(3)]
        with pytest.raises(TimeoutError):
            socket.create_connection((MX4, 25), 2.5).close()
        for client, peer in zip(clients, peers):
            client.sendall(b"QUIT\r\n")
            assert peer.recv(100) == b"QUIT\r\n"
            client.close()
            peer.close()
    assert connections(ipwld) == {("ipv4", "unlisted"): 3, ("ipv4", "limited"): 1}
    assert ipwld.packets()["limited"] >= 2
