# SPDX-License-Identifier: GPL-2.0-or-later
"""Verdicts and counters of single packets, as they come from a wire."""

import pytest

import frames
from lab import ALLOWED, AVERTED, BLOCKED, SENDERS, UNLISTED, Sniffer
from stack import MARKED, Stack, mail_from

REPEAT = 25


def families(sender):
    return ("ipv4", sender.ipv4), ("ipv6", sender.ipv6)


def expect(ipwld, wire, expected, *sent, count=REPEAT):
    """Send the frames, and see exactly the expected packets and bytes counted.

    expected is {(family, verdict): packets in one round}, or (packets, connections). A further
    round sends the same SYNs again; to a mail port, they are no further connections.
    The hosts' own address resolution (ARP, neighbour discovery) may come in between."""
    before = {what: ipwld.counters(what) for what in ("packets", "bytes", "connections")}
    wire.send(*sent, count=count)
    grown = {what: {key: value - before[what].get(key, 0)
                    for key, value in ipwld.counters(what).items()
                    if value != before[what].get(key, 0)} for what in before}
    for counted in grown.values():
        for noise in {("none", "other"), ("ipv6", "other")} - expected.keys():
            counted.pop(noise, None)
    expected = {key: value if isinstance(value, tuple) else (value, 0)
                for key, value in expected.items()}
    assert grown["packets"] == {key: value[0] * count for key, value in expected.items()}
    assert grown["connections"] == {key: value[1] * (count if key[1] == "other" else 1)
                                    for key, value in expected.items() if value[1]}
    assert sum(grown["bytes"].values()) == sum(map(len, sent)) * count


@pytest.fixture(name="started", params=["native", "generic"])
def _started(request, ipwld):
    ipwld.configure(xdp_mode=request.param)
    ipwld.start()
    return ipwld


def test_mail(started, wire):
    for sender in SENDERS:
        for family, address in families(sender):
            key = family, sender.verdict
            expect(started, wire, {key: (1, 1)}, frames.tcp(wire, address))
            expect(started, wire, {key: 1}, frames.tcp(wire, address, flags="A"))
            expect(started, wire, {key: 1}, frames.tcp(wire, address, flags="SA"))
            expect(started, wire, {key: 1}, frames.tcp(wire, address, flags="PA", payload=b"EHLO"))


def test_what_is_not_mail_passes(lab, started, wire):
    """Other ports, UDP and ICMP of a blocked source reach the stack."""
    stack = Stack(lab, {"port26": mail_from(BLOCKED.ipv4, 26),
                        "port26v6": mail_from(BLOCKED.ipv6, 26),
                        "udp": f"ip saddr {BLOCKED.ipv4} udp dport 25",
                        "ping": "icmp type echo-request", "ping6": "icmpv6 type echo-request",
                        "mail": mail_from(BLOCKED.ipv4)})
    for family, address in families(BLOCKED):
        key = family, "other"
        expect(started, wire, {key: (1, 1)}, frames.tcp(wire, address, port=26))
        # The answer to mail of the MX's own: only the destination port counts.
        expect(started, wire, {key: 1},
               frames.tcp(wire, address, port=40000, source_port=25, flags="SA"))
        expect(started, wire, {key: 1}, frames.udp(wire, address))
        expect(started, wire, {key: 1}, frames.ping(wire, address))
    expect(started, wire, {("ipv4", "block"): (1, 1)}, frames.tcp(wire, BLOCKED.ipv4))
    arp = bytes.fromhex("ffffffffffff020000000001" "0806" "0001080006040001") + bytes(20)
    expect(started, wire, {("none", "other"): 1}, arp)
    seen = stack.read()
    assert (seen.port26, seen.port26v6, seen.ping, seen.ping6) == (REPEAT,) * 4
    assert (seen.udp, seen.mail) == (REPEAT, 0)


def test_vlan_tags(lab, started, wire):
    """Tags change nothing, however many there are, and allowed packets are marked."""
    stack = Stack(lab, {"marked": MARKED, "all": f"ether saddr {frames.SENDER_MAC}"})
    for tags in (5,), (6, 7), (5, 6, 7), (0,) * 20:
        for sender in SENDERS:
            for family, address in families(sender):
                expect(started, wire, {(family, sender.verdict): (1, 1)},
                       frames.tcp(wire, address, tags=tags))
    seen = stack.read()
    assert seen.marked == 4 * 2 * 2 * REPEAT
    assert seen.all == 4 * 2 * 3 * REPEAT


def test_options_and_extension_headers(started, wire):
    for sender in SENDERS:
        expect(started, wire, {("ipv4", sender.verdict): (1, 1)},
               frames.ipv4_with_options(wire, sender.ipv4))
        expect(started, wire, {("ipv6", sender.verdict): (1, 1)},
               frames.ipv6_with_extensions(wire, sender.ipv6))


def test_fragments(lab, started, wire):
    """A first fragment is judged, later ones pass."""
    sniffer = Sniffer(lab)
    for sender in SENDERS:
        for family, address in families(sender):
            parts = frames.fragments(wire, address)
            assert len(parts) == 3
            expect(started, wire, {(family, sender.verdict): 1, (family, "fragment"): 2}, *parts)
    found = sniffer.frames()
    sniffer.close()
    # Three fragments of three senders, two of the blocked one; both families.
    assert len([frame for frame in found if len(frame) > 400]) == 2 * (3 * 3 + 2) * REPEAT


def test_first_fragment_without_ports(lab, started, wire):
    """The stack may still find the ports in the next one: the source decides."""
    stack = Stack(lab, {"all": f"ether saddr {frames.SENDER_MAC}"})
    for sender in SENDERS:
        first, last = frames.split_headers(wire, sender.ipv6)
        expect(started, wire, {("ipv6", sender.verdict): 1, ("ipv6", "fragment"): 1}, first, last)
    assert stack.read().all == (2 * len(SENDERS) - 1) * REPEAT


def test_malformed_packets_pass(lab, started, wire):
    sniffer = Sniffer(lab)
    for family, address in families(BLOCKED):
        whole = frames.tcp(wire, address)
        shortest = 14 + (20 if family == "ipv4" else 40)
        sent = [frames.cut(whole, length) for length in range(shortest, len(whole))]
        expect(started, wire, {(family, "malformed"): len(sent)}, *sent, count=1)
    found = sniffer.frames()
    sniffer.close()
    assert len([frame for frame in found if 14 < len(frame) < 74]) >= 2 * 20


def test_several_ports(ipwld, wire):
    ipwld.configure(ports="25, 465, 587")
    ipwld.start()
    for port, verdict in ((25, "block"), (465, "block"), (587, "block"), (26, "other"),
                          (466, "other"), (65535, "other")):
        for family, address in families(BLOCKED):
            expect(ipwld, wire, {(family, verdict): (1, 1)},
                   frames.tcp(wire, address, port=port))
    ipwld.configure(ports="587")
    assert ipwld.ctl("reload").returncode == 0
    for port, verdict in (25, "other"), (587, "block"):
        expect(ipwld, wire, {("ipv4", verdict): (1, 1)},
               frames.tcp(wire, BLOCKED.ipv4, port=port))


def test_only_block_drops(lab, started, wire):
    """Of mail from each kind of sender: how much the stack is given."""
    rules = {sender.name + family: mail_from(address)
             for sender in SENDERS for family, address in families(sender)}
    stack = Stack(lab, rules)
    for sender in SENDERS:
        for _, address in families(sender):
            wire.send(frames.tcp(wire, address), count=REPEAT)
    seen = vars(stack.read())
    assert seen == {name: 0 if name.startswith(BLOCKED.name) else REPEAT for name in rules}


def test_everything_is_counted_once(lab, started, wire):
    """The verdicts of an interface add up to what its driver received, and the
    lists and entries to the verdicts."""
    for sender in SENDERS:
        for _, address in families(sender):
            wire.send(frames.tcp(wire, address), frames.udp(wire, address),
                      frames.ping(wire, address), *frames.fragments(wire, address), count=REPEAT)
    wire.send(*[frames.cut(frames.tcp(wire, BLOCKED.ipv4), length) for length in range(34, 54)])
    status = started.status()
    packets = status["interfaces"][0]["packets"]
    assert sum(packets.values()) == lab.received()
    lists = {item["name"]: item for item in status["lists"]}
    assert lists["partners"]["packets"] == packets["allow"] + packets["averted"]
    assert lists["drop"]["packets"] == packets["block"] + packets["would_block"]
    entries = started.ask("list")["entries"]
    for name, item in lists.items():
        for what in "packets", "bytes", "connections":
            assert sum(entry[what] for entry in entries if entry["list"] == name) == item[what]
            assert item[what] > 0
    text = started.metrics()
    for family in "ipv4", "ipv6":
        key = (("family", family), ("interface", "eth0"), ("verdict", "fragment"))
        assert text["ipwl_packets_total", key] == 2 * len(SENDERS) * REPEAT
    averted = [entry for entry in entries if entry["averted_packets"]]
    assert {entry["prefix"] for entry in averted} == {f"{AVERTED.ipv4}/32", f"{AVERTED.ipv6}/128"}


def test_several_interfaces(lab, ipwld):
    lab.plug("eth1")
    ipwld.configure(interfaces="eth0, eth1")
    ipwld.start()
    wires = {name: lab.wire(name) for name in ("eth0", "eth1")}
    for name, sender, count in (("eth0", ALLOWED, 3), ("eth1", BLOCKED, 5), ("eth1", UNLISTED, 7)):
        wires[name].send(frames.tcp(wires[name], sender.ipv4), count=count)
    assert ipwld.packets("eth0")["allow"] == 3
    assert ipwld.packets("eth0")["block"] == 0
    assert (ipwld.packets("eth1")["block"], ipwld.packets("eth1")["unlisted"]) == (5, 7)
    assert ipwld.counters(interface="eth1")["ipv4", "block"] == 5
    for wire in wires.values():
        wire.close()
