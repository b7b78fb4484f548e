# SPDX-License-Identifier: GPL-2.0-or-later
"""Real hosts of a fleet, each an MX with its own ipwld, which meet at one Redis or Valkey."""

import time

import pytest

import daemon
import netns
import redis_servers
from daemon import DONE
from fleet_labs import KEY, Fleet, shown, states
from lab import BLOCKED, MX4, UNLISTED, wait_for


@pytest.fixture(name="fleet")
def _fleet():
    with netns.scope():
        yield Fleet()


@pytest.fixture(name="kind", params=redis_servers.KINDS)
def _kind(request):
    return request.param


def verdict(ipwld, address):
    _status, answer = ipwld.request("POST", "/v1/test", {"addresses": [address]})
    return answer["results"][0]["verdict"]


# Both lists have the address.
SPARED = "averted"


def await_verdict(hosts, expected, address=BLOCKED.ipv4):
    for host in hosts:
        wait_for(lambda host=host: verdict(host, address) == expected,
                 f"{host.top}: {address} is {expected}")


def await_states(hosts, **expected):
    for host in hosts:
        wait_for(lambda host=host: states(host) == expected, f"{host.top}: {expected}")


def test_three_hosts(kind):
    """What one adds or removes holds on all, also for packets."""
    with netns.scope():
        fleet = Fleet(kind)
        hosts = [fleet.add(f"mx{number}") for number in (1, 2, 3)]
        assert verdict(hosts[1], BLOCKED.ipv4) == "block"
        hosts[0].ask("add", "--list", "partners", BLOCKED.ipv4, "--reason", "a new customer")
        await_verdict(hosts, SPARED)
        lab = fleet.labs["mx2"]
        sender = lab.add_sender(BLOCKED)
        before = hosts[1].packets()[SPARED]
        sender.run("bash", "-c", f"exec 3<>/dev/tcp/{MX4}/25", check=False)
        wait_for(lambda: hosts[1].packets()[SPARED] > before, "mx2 lets the sender through")
        await_states(hosts, mx1="equal", mx2="equal", mx3="equal")
        history = hosts[2].ask("history")["records"]
        assert history[0]["origin"] == "mx1" or "mx1" in str(history[0]), history[0]
        hosts[0].ask("del", "--list", "partners", BLOCKED.ipv4)
        await_verdict(hosts, "block")


def test_server_is_gone(fleet):
    """Each goes on with what it has, also after a restart, and tells the rest later."""
    hosts = [fleet.add(f"mx{number}") for number in (1, 2)]
    hosts[0].ask("add", "--list", "partners", BLOCKED.ipv4)
    await_verdict(hosts, SPARED)
    fleet.server.kill()
    for host in hosts:
        wait_for(lambda host=host: not shown(host)["connected"], "it notices")
        assert shown(host)["problem"]
        assert host.metric("ipwl_fleet_connected") == 0
        # Each attempt to connect may end in another way.
        wait_for(lambda host=host: f"fleet mail: {host.status()['fleet']['problem']}\n"
                 in host.ctl("status").stdout, "both say the same")
        assert host.status()["fleet"]["problem"]
    assert hosts[1].stop() == 0
    hosts[1].start()
    assert verdict(hosts[1], BLOCKED.ipv4) == SPARED
    hosts[1].ask("add", "--list", "partners", UNLISTED.ipv4)
    assert verdict(hosts[0], UNLISTED.ipv4) == "unlisted"
    fleet.server.start()
    await_verdict(hosts, "allow", UNLISTED.ipv4)
    await_verdict(hosts, SPARED)
    await_states(hosts, mx1="equal", mx2="equal")
    assert hosts[0].metric("ipwl_fleet_connected") == 1
    assert hosts[0].metric("ipwl_fleet_hosts") == 2
    wait_for(lambda: hosts[0].metric("ipwl_fleet_different_hosts") == 0, "they are equal")
    assert "fleet mail: 2 hosts, 0 different\n" in hosts[0].ctl("status").stdout
    assert hosts[0].status()["fleet"]["connected"]


def test_many_removals_are_held(fleet):
    """One host that empties its list empties no other's."""
    hosts = [fleet.add(f"mx{number}", more=daemon.UNGUARDED if number == 1 else "")
             for number in (1, 2)]
    prefixes = [f"192.0.2.{number}" for number in range(100, 180)]
    hosts[0].ask("add", "--list", "partners", *prefixes)
    await_verdict(hosts, "allow", prefixes[-1])
    await_states(hosts, mx1="equal", mx2="equal")
    hosts[0].ask("del", "--list", "partners", *prefixes)
    wait_for(lambda: any(host["held"] for host in shown(hosts[1])["hosts"]), "they are held")
    assert hosts[1].metric("ipwl_fleet_held_records") > 0
    assert verdict(hosts[1], prefixes[-1]) == "allow"
    assert "ipwlctl fleet accept mx1" in hosts[1].ctl("fleet").stdout
    assert hosts[1].ask("fleet", "accept", "mx1")["accepted"] > 0
    await_verdict(hosts, "unlisted", prefixes[-1])


def is_protected(ipwld, prefix):
    found = ipwld.request("GET", "/v1/entries")[1]["entries"]
    return any(entry["protected"] for entry in found if entry["prefix"] == prefix)


def test_protections(fleet):
    """What one host protects, no other removes, until the first one ends it."""
    hosts = [fleet.add(f"mx{number}") for number in (1, 2)]
    prefix = f"{BLOCKED.ipv4}/32"
    hosts[0].ask("add", "--list", "partners", BLOCKED.ipv4)
    hosts[0].ask("protect", "--list", "partners", BLOCKED.ipv4, "--reason", "hospital")
    wait_for(lambda: is_protected(hosts[1], prefix), "mx2 protects it")
    await_verdict(hosts, SPARED)
    refused = hosts[1].ctl("del", "--fleet", "--list", "partners", BLOCKED.ipv4)
    assert refused.returncode != DONE and "hospital" in refused.stderr
    hosts[0].ask("unprotect", "--list", "partners", BLOCKED.ipv4)
    wait_for(lambda: not is_protected(hosts[1], prefix), "mx2 no longer protects it")
    hosts[1].ask("del", "--fleet", "--list", "partners", BLOCKED.ipv4)
    await_verdict(hosts, "block")
    await_states(hosts, mx1="equal", mx2="equal")


def test_forget(fleet):
    """A host that is gone for good."""
    hosts = [fleet.add(f"mx{number}") for number in (1, 2)]
    hosts[1].ask("add", "--list", "partners", BLOCKED.ipv4)
    await_verdict(hosts, SPARED)
    assert hosts[1].stop() == 0
    assert hosts[0].ask("fleet", "forget", "mx2")["forgotten"] == 1
    assert verdict(hosts[0], BLOCKED.ipv4) == "block"
    wait_for(lambda: states(hosts[0])["mx2"] == "forgotten", "it is forgotten")
    assert hosts[0].ctl("fleet", "forget", "mx1").returncode != DONE
    hosts[1].start()
    await_verdict(hosts, SPARED)


def test_only_from(fleet):
    """Entries of hosts that are not believed are not in force."""
    first, second = fleet.add("mx1"), fleet.add("mx2", extra=", only_from: [mx3]")
    third = fleet.add("mx3")
    first.ask("add", "--list", "partners", BLOCKED.ipv4)
    third.ask("add", "--list", "partners", UNLISTED.ipv4)
    await_verdict((first, second, third), "allow", UNLISTED.ipv4)
    await_verdict((first, third), SPARED)
    assert verdict(second, BLOCKED.ipv4) == "block"
    await_states((second,), mx1="ignored", mx2="equal", mx3="equal")


def test_key(fleet):
    """Without the right key, a host runs and learns nothing; a reload mends it."""
    good = fleet.add("mx1")
    fleet.key.write_text("another key, which the others do not have\n", encoding="utf-8")
    bad = fleet.add("mx2")
    good.ask("add", "--list", "partners", BLOCKED.ipv4)
    wait_for(lambda: shown(bad)["refused_hosts"] == 1, "it refuses mx1")
    assert bad.metric("ipwl_fleet_refused_hosts") == 1
    assert verdict(bad, BLOCKED.ipv4) == "block"
    fleet.key.unlink()
    assert bad.ctl("reload").returncode == DONE
    fleet.key.write_text(KEY + "\n", encoding="utf-8")
    assert bad.ctl("reload").returncode == DONE
    await_verdict((good, bad), SPARED)
    # Leave the fleet, and come back.
    bad.configure()
    assert bad.ctl("reload", "--accept").returncode == DONE
    assert verdict(bad, BLOCKED.ipv4) == "block"
    assert "no fleet" in bad.ctl("fleet").stderr
    bad.configure(extra=fleet.configuration("mx2"))
    assert bad.ctl("reload").returncode == DONE
    await_verdict((good, bad), SPARED)


SENDER = "46.0.0.1"
LEARN = "learn: {list: partners, mode: auto, rules: [reputation, partner]}\n"


def note(ipwld, kind, count, days_ago, domain="partner.example", person="-", address=SENDER):
    """What ipwld is told of a sender, as its reader of the log would."""
    at = int(time.time()) - days_ago * 86400
    line = f"postfix {kind} {at} {address} {domain} - {person} 1\n"
    status, answer = ipwld.request("POST", "/v1/learn/evidence", (line * count).encode())
    assert status == 200 and answer["noted"] == count, answer


def explained(ipwld, subject=SENDER):
    return ipwld.ask("explain", subject)


def is_learned(ipwld):
    return explained(ipwld)["learned"] is not None


def seen_on(ipwld):
    return {host["host"]: host["accepted"] for host in explained(ipwld)["hosts"]}


def accepted(ipwld):
    return sum(day.get("accepted", 0) for day in explained(ipwld)["days"])


def test_evidence(kind):
    """A sender that no host has seen often enough is learned by all that they have seen."""
    with netns.scope():
        fleet = Fleet(kind)
        hosts = [fleet.add(f"mx{number}", more=LEARN) for number in (1, 2)]
        third = fleet.add("mx3", extra=", publish: [manual, learned]", more=LEARN)
        await_states((hosts[0],), mx1="equal", mx2="equal", mx3="equal")
        # 10 are needed; after 16 days, a message counts 0.7.
        for host in hosts:
            note(host, "accepted", 8, 16)
            assert not is_learned(host)
        note(third, "accepted", 1, 16)
        # Time goes on with what is seen of anybody.
        for host in (*hosts, third):
            note(host, "listed", 1, 0, domain="-", address="8.8.8.8")
        for host, other in zip(hosts, ("mx2", "mx1")):
            wait_for(lambda host=host: is_learned(host), f"{host.top} has learned it")
            assert seen_on(host) == {other: 8} and accepted(host) == 16
            learned = explained(host)["learned"]
            assert learned["rule"] == "reputation"
            assert learned["why"].endswith(f"; seen on {other}, too"), learned
            shown_text = host.ctl("explain", SENDER).stdout
            assert f"of these on {other}: 8 accepted, on 1 day\n" in shown_text
            wait_for(lambda host=host: [host["evidence"] for host in shown(host)["hosts"]
                                        if host["name"] in ("mx1", "mx2")] == [1, 1], "it is told")
        # What a host keeps to itself does not count elsewhere, but it learns from the others.
        wait_for(lambda: is_learned(third), "mx3 has learned it")
        assert seen_on(third) == {"mx1": 8, "mx2": 8} and accepted(third) == 17
        # Its evidence goes with a host, also after a restart. What is learned stays.
        assert hosts[1].stop() == 0
        hosts[0].ask("fleet", "forget", "mx2")
        wait_for(lambda: accepted(hosts[0]) == 8, "mx2's is gone")
        assert hosts[0].stop() == 0
        hosts[0].start()
        assert accepted(hosts[0]) == 8 and is_learned(hosts[0])
        # It is still there.
        hosts[1].start()
        wait_for(lambda: seen_on(hosts[0]) == {"mx2": 8}, "mx2 is back")


def test_evidence_of_partners(fleet):
    """Users of both hosts wrote to a domain: it is a partner of both, and so is who sends for it."""
    hosts = [fleet.add(f"mx{number}", more=LEARN) for number in (1, 2)]
    note(hosts[0], "sent", 1, 3, person="ann@example.org", address="46.0.0.9")
    note(hosts[1], "sent", 2, 2, person="bob@example.org", address="46.0.0.9")
    note(hosts[0], "ham", 1, 1)
    note(hosts[1], "ham", 1, 2)
    for host, others in zip(hosts, (2, 1)):
        wait_for(lambda host=host: is_learned(host), f"{host.top} has learned it")
        assert explained(host)["learned"]["rule"] == "partner"
        partner = explained(host, "partner.example")["partner"]
        assert (partner["messages"], partner["days"]) == (3, 2), partner
        assert partner["host_messages"] == others and partner["partner"]
        partner = host.ask("learn", "partners")["partners"][0]
        assert partner["messages"] == 3 and partner["partner"], partner
