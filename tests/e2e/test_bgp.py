# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists that bird, OpenBGPD and ExaBGP of Debian announce, with the very snippets of contrib/, and
that FRR receives."""

import ipaddress
import json

import pytest

import bgp
import consumers
import daemon
import netns
from bgp import COMMUNITIES
from daemon import UNGUARDED
from lab import wait_for

CACHE = daemon.ROOT / "build/peers"
ALLOW, BLOCK = COMMUNITIES["allow"], COMMUNITIES["block"]

# Some of it is in both. An allow list wins, whatever the length.
ENTRIES = {"partners": ["198.51.100.0/24", "!198.51.100.13", "203.0.113.77", "2001:db8:a::/48",
                        "!2001:db8:a::/49", "2001:db8:bad::77", "192.0.2.128/25",
                        "2001:db8:c::/48"],
           "drop": ["198.51.100.64/26", "203.0.113.0/24", "2001:db8:bad::/48", "192.0.2.128/25",
                    "2001:db8:c::/48"]}


def networks_of(entries):
    """What a list holds, by Python's module."""
    listed = [ipaddress.ip_network(text) for text in entries if text[0] != "!"]
    for text in entries:
        if text[0] == "!":
            listed = without(listed, ipaddress.ip_network(text[1:]))
    return listed


def without(networks, hole):
    found = []
    for network in networks:
        if network.version != hole.version or not network.overlaps(hole):
            found.append(network)
        elif network.supernet_of(hole):
            found += network.address_exclude(hole)
    return found


def expected_of(entries):
    """{prefix: community} of {list: entries}."""
    allowed, blocked = (networks_of(entries[name]) for name in ("partners", "drop"))
    for network in allowed:
        blocked = without(blocked, network)
    return {str(network): community for networks, community in ((allowed, ALLOW), (blocked, BLOCK))
            for version in (4, 6) for network in ipaddress.collapse_addresses(
                network for network in networks if network.version == version)}


def configure(ipwld, speaker, entries):
    text = "".join(f"  - name: {name}\n    action: {action}\n    entries: "
                   f"{json.dumps(entries[name])}\n"
                   for name, action in (("partners", "allow"), ("drop", "block")))
    exports = "".join(
        f"  - {{format: {speaker}, path: {ipwld.top}/export/{action}.{bgp.SPEAKERS[speaker].suffix}"
        f", lists: [{name}], after: [/bin/sh, {ipwld.top}/after]}}\n"
        for name, action in (("partners", "allow"), ("drop", "block")))
    ipwld.configure(mode="monitor", lists=text, extra=f"exports:\n{exports}{UNGUARDED}")


def kernel_routes(namespace):
    return [namespace.ip(family, "route", "show", "table", "all").stdout for family in ("-4", "-6")]


@pytest.mark.parametrize("name", bgp.SPEAKERS)
def test_the_peer_receives_the_lists(lab, ipwld, name):
    top = netns.temporary_directory()
    directory = ipwld.top / "export"
    directory.mkdir()
    script = ipwld.top / "after"
    script.touch()
    configure(ipwld, name, ENTRIES)
    ipwld.start()
    consumers.await_exports(ipwld)
    speaker = bgp.SPEAKERS[name](lab, CACHE, top / "speaker", directory)
    receiver = bgp.Receiver(lab, CACHE, top / "receiver")
    before = kernel_routes(lab.mx), kernel_routes(receiver.host)
    try:
        receiver.start()
        speaker.start()
        check(ipwld, speaker, receiver, script, name)
        # Nothing of it may become a route of a host.
        assert (kernel_routes(lab.mx), kernel_routes(receiver.host)) == before
    finally:
        print(speaker.words()[-4000:], receiver.frr.words()[-4000:])


def await_routes(receiver, expected, what):
    try:
        wait_for(lambda: receiver.routes() == expected, what, 0.2)
    except AssertionError:
        assert receiver.routes() == expected
        raise


def check(ipwld, speaker, receiver, script, name):
    entries = {name: list(listed) for name, listed in ENTRIES.items()}
    expected = expected_of(entries)
    assert len(expected) > 30 and set(expected.values()) == {ALLOW, BLOCK}
    await_routes(receiver, expected, "the first routes")
    sessions = receiver.sessions()
    assert sorted(sessions.values()) == [("Established", 1)] * 2
    script.write_text(speaker.reload_script(), encoding="utf-8")

    # A change of one address.
    for address in "203.0.113.1", "2001:db8:d::1":
        assert ipwld.ctl("add", "--list", "partners", address).returncode == 0
        entries["partners"].append(address)
        await_routes(receiver, expected_of(entries), f"{address} is added")
    assert ipwld.ctl("del", "--list", "partners", "203.0.113.1").returncode == 0
    entries["partners"].remove("203.0.113.1")
    await_routes(receiver, expected_of(entries), "203.0.113.1 is withdrawn")

    # A prefix changes from one kind to the other, and nothing is left of a list.
    configure(ipwld, name, {"partners": [], "drop": ENTRIES["drop"][-2:]})
    assert ipwld.ctl("reload").returncode == 0
    expected = {"192.0.2.128/25": BLOCK, "2001:db8:c::/48": BLOCK, "2001:db8:d::1/128": ALLOW}
    await_routes(receiver, expected, "the allow list has one entry")
    assert ipwld.ctl("del", "--list", "partners", "2001:db8:d::1").returncode == 0
    configure(ipwld, name, {"partners": [], "drop": []})
    assert ipwld.ctl("reload").returncode == 0
    await_routes(receiver, {}, "both lists are empty")
    consumers.await_exports(ipwld)

    # Whatever a list may contain, the program loads the file.
    odd = ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "::1", "fe80::/10", "ff02::/16"]
    configure(ipwld, name, {"partners": [*odd, "192.0.2.0/24"], "drop": ["203.0.113.0/24"]})
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: {"192.0.2.0/24": ALLOW, "203.0.113.0/24": BLOCK}.items() <=
             (receiver.routes() or {}).items(), "routes besides odd ones", 0.2)
    configure(ipwld, name, {"partners": ["0.0.0.0/0", "::/0"], "drop": ["203.0.113.0/24"]})
    assert ipwld.ctl("reload").returncode == 0
    await_routes(receiver, {"0.0.0.0/0": ALLOW, "::/0": ALLOW}, "everything is allowed")
    assert receiver.sessions() == sessions
    consumers.await_exports(ipwld)
