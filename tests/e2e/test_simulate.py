# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that `ipwlctl simulate` judges: every verdict against an oracle that knows only
the configuration, in every kind of capture, and no counter moves."""

import collections
import ipaddress
import json
import os
import random
import struct

import pytest
from scapy.layers.l2 import Ether
from scapy.utils import RawPcapWriter, wrpcapng

import frames
from daemon import DENIED, DONE, DROP, INVALID, NEGATIVE, PARTNERS
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, wait_for

EN10MB, RAW, SLL, SLL2, NULL, IPV4, IPV6 = 1, 101, 113, 276, 0, 228, 229
ALLOW = [ipaddress.ip_network(text) for text in
         ("198.51.100.0/24", "2001:db8:a::/48", "203.0.113.77/32", "2001:db8:bad::77/128")]
BLOCK = [ipaddress.ip_network(text) for text in ("203.0.113.0/24", "2001:db8:bad::/48")]


def oracle(address, enforce=True):
    """The verdict for mail from an address, by the lists of daemon.py."""
    address = ipaddress.ip_address(address)
    allowed, blocked = (any(address in network for network in networks if
                            network.version == address.version) for networks in (ALLOW, BLOCK))
    if allowed:
        return "averted" if blocked else "allow"
    if blocked:
        return "block" if enforce else "would_block"
    return "unlisted"


def list_of(verdict):
    return {"allow": "partners", "averted": "partners", "block": "drop",
            "would_block": "drop"}.get(verdict)


@pytest.fixture(name="draw")
def _draw():
    seed = int(os.environ.get("IPWL_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"IPWL_SEED={seed}")
    return random.Random(seed)


def draw_address(draw, family=None):
    network = draw.choice([network for network in ALLOW + BLOCK if
                           family in (None, network.version)])
    if draw.random() < 0.3:
        network = ipaddress.ip_network("0.0.0.0/0" if network.version == 4 else "::/0")
    return str(network[draw.randrange(network.num_addresses)])


def draw_frame(draw, wire, expected, family=None):
    """A frame; its result is added to expected: {(address, verdict): counts}."""
    address = draw_address(draw, family)
    kind = draw.choice(("mail", "mail", "mail", "syn", "port", "udp", "vlan"))
    if kind == "udp":
        frame, verdict = frames.udp(wire, address), "other"
    elif kind == "port":
        frame, verdict = frames.tcp(wire, address, port=26), "other"
    else:
        frame = frames.tcp(wire, address, flags="S" if kind == "syn" else "PA",
                           tags=(7,) if kind == "vlan" else (),
                           payload=b"" if kind == "syn" else bytes(draw.randrange(1400)))
        verdict = oracle(address)
    count = expected[address if verdict != "other" else None, verdict]
    count[0] += 1
    count[1] += kind == "syn"
    return frame


def write(path, link_type, packets):
    """Packets are bytes, or (bytes, length on the wire)."""
    writer = RawPcapWriter(str(path), linktype=link_type)
    writer.write_header(None)
    for packet in packets:
        data, length = packet if isinstance(packet, tuple) else (packet, len(packet))
        writer.write_packet(data, sec=1, usec=0, caplen=len(data), wirelen=length)
    writer.close()
    return path


def simulate(ipwld, path, *options):
    return ipwld.ask("simulate", "--config", ipwld.config, path, *options)


def check(answer, expected):
    """expected: {(address or None, verdict): [packets, connections]}."""
    totals = collections.Counter()
    for (_, verdict), (packets, _) in expected.items():
        totals[verdict] += packets
    assert {name: count for name, count in answer["verdicts"].items() if count} == +totals
    found = {(row["address"], row["verdict"]): [row["packets"], row["connections"]]
             for row in answer["sources"]}
    assert found == {key: value for key, value in expected.items() if key[0]}
    assert all(row["list"] == list_of(row["verdict"]) for row in answer["sources"])
    assert answer["sources_left_out"] == answer["packets_left_out"] == 0


def everything_counted(ipwld):
    """All counters that anyone reads, without the hosts' own packets."""
    wait_for(lambda: all(entry["total_packets"] is not None
                         for entry in ipwld.ask("list")["entries"]), "hits are read")
    metrics = {key: value for key, value in ipwld.metrics().items()
               if key[0].startswith("ipwl_") and key[0].endswith("_total")
               and dict(key[1]).get("verdict") != "other"
               # ipwld reads a moment later what the kernel has reported.
               and not key[0].startswith("ipwl_seen_")}
    # A hit that is not noted yet has the time at which it is asked for.
    entries = [{key: value for key, value in entry.items() if key != "last_hit_at"}
               for entry in ipwld.ask("list")["entries"]]
    return metrics, entries, ipwld.status()["lists"]


# How an Ethernet frame becomes a packet of another link type.
def cooked(frame):
    return struct.pack("!HHH8s", 0, 1, 6, b"\2\0\0\0\0\1\0\0") + frame[12:]


def cooked2(frame):
    return frame[12:14] + struct.pack("!HIHBB8s", 0, 3, 1, 0, 6, b"\2\0\0\0\0\1\0\0") + frame[14:]


def bare(frame):
    return frame[14:]


@pytest.mark.parametrize("kind", ["ethernet", "pcapng", "raw", "ipv4", "ipv6", "sll", "sll2"])
def test_against_oracle(running, wire, draw, kind):
    link_type, convert, family = {
        "ethernet": (EN10MB, bytes, None), "pcapng": (None, bytes, None), "raw": (RAW, bare, None),
        "ipv4": (IPV4, bare, 4), "ipv6": (IPV6, bare, 6), "sll": (SLL, cooked, None),
        "sll2": (SLL2, cooked2, None)}[kind]
    expected = collections.defaultdict(lambda: [0, 0])
    # The same addresses come again and again. A bare packet has no VLAN tag.
    sent = []
    while len(sent) < 400:
        trial = collections.defaultdict(lambda: [0, 0])
        frame = draw_frame(draw, wire, trial, family)
        if convert is bare and frame[12:14] == b"\x81\x00":
            continue
        repeat = draw.randrange(1, 4)
        sent += [frame] * repeat
        for key, (packets, connections) in trial.items():
            expected[key][0] += packets * repeat
            # A SYN again is no further connection, but to other ports each one is.
            expected[key][1] += connections * (repeat if key[1] == "other" else 1)
    path = running.top / f"{kind}.cap"
    if link_type is None:
        wrpcapng(str(path), [Ether(frame) for frame in sent])
    else:
        write(path, link_type, map(convert, sent))
    for frame in sent[:20]:
        wire.send(frame)
    before = everything_counted(running)
    answer = simulate(running, path)
    assert answer["packets"] == len(sent)
    assert not any(answer["skipped"].values())
    check(answer, expected)
    assert everything_counted(running) == before


def test_no_rule_counts(running, wire):
    """Not even the rule that decides, and a packet from the wire still does."""
    def hits():
        return {entry["prefix"]: entry["packets"] for entry in running.ask("list")["entries"]}
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, ALLOWED.ipv4)] * 1000)
    before = hits()
    assert simulate(running, path)["verdicts"]["allow"] == 1000
    assert hits() == before
    wire.send(frames.tcp(wire, ALLOWED.ipv4))
    assert hits()["198.51.100.0/24"] == before["198.51.100.0/24"] + 1
    assert not any("simulat" in name for _, _, names in os.walk(running.bpffs) for name in names)


def test_follows_the_tables(running, wire):
    """Tables and mode are those in force, not those of a moment before."""
    path = write(running.top / "a.pcap", EN10MB,
                 [frames.tcp(wire, address) for address in (UNLISTED.ipv4, BLOCKED.ipv6)])
    def verdicts():
        return {row["address"]: row["verdict"] for row in simulate(running, path)["sources"]}
    assert verdicts() == {UNLISTED.ipv4: "unlisted", BLOCKED.ipv6: "block"}
    running.ask("add", "--list", "partners", UNLISTED.ipv4)
    assert verdicts() == {UNLISTED.ipv4: "allow", BLOCKED.ipv6: "block"}
    running.configure(mode="monitor")
    running.ask("reload")
    assert verdicts() == {UNLISTED.ipv4: "allow", BLOCKED.ipv6: "would_block"}
    # Nor does it need a daemon.
    running.stop()
    assert simulate(running, path)["verdicts"]["would_block"] == 1


NEW_LISTS = """\
  - {{name: partners, action: allow, entries: [{unlisted}]}}
  - name: trial
    action: block
    mode: monitor
    entries: [198.51.100.0/24]
    files: [{top}/trial.list]
"""


def test_lists_that_are_not_in_force(running, wire, draw):
    """The configuration as it would be after a reload; what is in force stays."""
    addresses = (UNLISTED.ipv4, ALLOWED.ipv4, BLOCKED.ipv4, BLOCKED.ipv6)
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, address) for address in addresses])
    new = running.top / "new.yaml"
    (running.top / "trial.list").write_text("2001:db8:bad::/48\n", encoding="utf-8")
    text = running.config.read_text(encoding="utf-8")
    new.write_text(text[:text.index("lists:")] + "lists:\n" + NEW_LISTS.format(
        unlisted=UNLISTED.ipv4, top=running.top), encoding="utf-8")
    pins = set(os.listdir(running.bpffs.parent))
    before = everything_counted(running)

    def verdicts(*options):
        answer = running.ask("simulate", "--config", new, *options, path)
        return [next((row["verdict"], row["list"]) for row in answer["sources"]
                     if row["address"] == address) for address in addresses]
    then = [("allow", "partners"), ("would_block", "trial"), ("unlisted", None),
            ("would_block", "trial")]
    now = [("unlisted", None), ("allow", "partners"), ("block", "drop"), ("block", "drop")]
    assert verdicts("--new") == then and verdicts() == now
    assert everything_counted(running) == before
    assert set(os.listdir(running.bpffs.parent)) == pins
    # Nothing needs to be in force.
    running.ctl("detach", "--config", running.config)
    running.stop()
    assert verdicts("--new") == then
    # By a larger list, against what its prefixes say.
    networks = {ipaddress.ip_network((draw.randrange(1 << 20) * 4096, 24)) for _ in range(20000)}
    (running.top / "trial.list").write_text("".join(f"{network}\n" for network in networks),
                                            encoding="utf-8")
    listed = [str(network[7]) for network in draw.sample(sorted(networks), 200)]
    addresses = [address for address in listed if int(address.split(".")[0]) not in (0, 127) and
                 int(address.split(".")[0]) < 224]
    write(path, EN10MB, [frames.tcp(wire, address) for address in addresses])
    assert set(verdicts("--new")) == {("would_block", "trial")}


def test_a_new_configuration_with_errors(running, wire):
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, UNLISTED.ipv4)])
    new = running.top / "new.yaml"
    new.write_text(running.config.read_text(encoding="utf-8") + "  - {name: x, action: maybe}\n",
                   encoding="utf-8")
    result = running.ctl("simulate", "--new", "--config", new, path)
    assert (result.returncode, result.stdout) == (INVALID, "") and f"{new}:" in result.stderr
    assert [name for name in os.listdir(running.bpffs.parent) if "trial" in name] == []


def test_long_and_cut_packets(running, wire):
    """Long frames of GRO are run unchanged; truncated ones if they can be judged."""
    whole = frames.tcp(wire, BLOCKED.ipv4, flags="PA", payload=bytes(60000))
    jumbo = frames.tcp(wire, AVERTED.ipv6, flags="PA", payload=bytes(8900))
    usual = frames.tcp(wire, ALLOWED.ipv4, flags="PA", payload=bytes(1000))
    tagged = frames.tcp(wire, BLOCKED.ipv6, flags="PA", tags=(5, 6), payload=bytes(1000))
    other = frames.udp(wire, BLOCKED.ipv4)
    packets = [whole, jumbo]
    # Both headers are there; then not quite.
    packets += [(usual[:54], len(usual)), (usual[:53], len(usual)), (usual[:14], len(usual))]
    packets += [(tagged[:82], len(tagged)), (tagged[:81], len(tagged))]
    packets += [(other[:34], len(other)), (b"\0" * 10, 10)]
    answer = simulate(running, write(running.top / "a.pcap", EN10MB, packets))
    assert answer["packets"] == 9
    assert answer["skipped"] == {"cut": 4, "outgoing": 0, "too_long": 0}
    assert {(row["address"], row["verdict"]) for row in answer["sources"]} == {
        (BLOCKED.ipv4, "block"), (AVERTED.ipv6, "averted"), (ALLOWED.ipv4, "allow"),
        (BLOCKED.ipv6, "block")}
    assert answer["verdicts"]["other"] == 1 and answer["verdicts"]["malformed"] == 0


def test_what_the_program_calls_malformed(running, wire):
    """A frame that ends on the wire within its headers is no cut capture."""
    frame = frames.tcp(wire, BLOCKED.ipv4)
    parts = frames.fragments(wire, BLOCKED.ipv4)
    answer = simulate(running, write(running.top / "a.pcap", EN10MB,
                                     [frames.cut(frame, 40), frame, *parts]))
    assert {name: count for name, count in answer["verdicts"].items() if count} \
        == {"malformed": 1, "block": 2, "fragment": len(parts) - 1}


def test_outgoing_packets(running, wire):
    """A capture on "any" has the host's own packets, which XDP does not see."""
    frame = frames.tcp(wire, BLOCKED.ipv4)
    outgoing, outgoing2 = bytearray(cooked(frame)), bytearray(cooked2(frame))
    outgoing[1] = outgoing2[10] = 4
    for link_type, packets in ((SLL, [outgoing, cooked(frame)]), (SLL2, [outgoing2, cooked2(frame)])):
        answer = simulate(running, write(running.top / "a.pcap", link_type, map(bytes, packets)))
        assert answer["skipped"]["outgoing"] == 1
        assert answer["verdicts"]["block"] == 1


def test_most_frequent_first_and_limit(running, wire):
    packets = [frames.tcp(wire, UNLISTED.ipv4)] + [frames.tcp(wire, BLOCKED.ipv4)] * 3 \
        + [frames.tcp(wire, ALLOWED.ipv6, flags="A")] * 2
    path = write(running.top / "a.pcap", EN10MB, packets)
    answer = simulate(running, path, "--limit", "2")
    assert [(row["address"], row["packets"], row["connections"]) for row in answer["sources"]] \
        == [(BLOCKED.ipv4, 3, 1), (ALLOWED.ipv6, 2, 0)]
    assert answer["sources_left_out"] == 1
    text = running.ctl("simulate", "--config", running.config, "--limit", "2", path)
    assert text.returncode == DONE
    lines = [line.split() for line in text.stdout.splitlines()]
    assert lines[:3] == [["SOURCE", "VERDICT", "LIST", "PACKETS", "CONNECTIONS"],
                         [BLOCKED.ipv4, "block", "drop", "3", "1"],
                         [ALLOWED.ipv6, "allow", "partners", "2", "0"]]
    assert ["and", "1", "more", "(see", "--limit)"] in lines
    assert ["unlisted", "1"] in lines and ["block", "3"] in lines


def test_standard_input(running, wire):
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, BLOCKED.ipv4)])
    with open(path, "rb") as capture:
        result = running.ctl("--json", "simulate", "--config", running.config, "-", stdin=capture)
    assert result.returncode == DONE, result
    assert json.loads(result.stdout)["verdicts"]["block"] == 1


def test_what_cannot_be_read(running, wire):
    frame = frames.tcp(wire, BLOCKED.ipv4)
    wrong = write(running.top / "null.pcap", NULL, [frame])
    empty = running.top / "empty.pcap"
    empty.write_bytes(b"")
    text = running.top / "text.pcap"
    text.write_bytes(b"From: someone\n" * 100)
    ends = running.top / "ends.pcap"
    ends.write_bytes(write(running.top / "a.pcap", EN10MB, [frame]).read_bytes()[:-3])
    for path, words in ((wrong, "link type NULL"), (empty, "not a pcap or pcapng file"),
                        (text, "not a pcap or pcapng file"), (ends, "truncated"),
                        (running.top / "none.pcap", "No such file"), (running.top, "directory")):
        result = running.ctl("simulate", "--config", running.config, path)
        assert result.returncode == INVALID, (path, result)
        assert str(path) in result.stderr and words in result.stderr, result.stderr
        assert not result.stdout


def test_without_rights(running, wire):
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, BLOCKED.ipv4)])
    running.top.chmod(0o755)
    drop = ("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs")
    result = running.namespace.run(*drop, running.argv()[0].parent / "ipwlctl", "simulate",
                                   "--config", running.config, path, check=False)
    assert result.returncode == DENIED, result
    assert "run this as root" in result.stderr


def test_when_detached(running, wire):
    path = write(running.top / "a.pcap", EN10MB, [frames.tcp(wire, BLOCKED.ipv4)])
    running.ask("detach")
    result = running.ctl("simulate", "--config", running.config, path)
    assert result.returncode == NEGATIVE
    assert "is detached" in result.stderr
    assert not running.bpffs.exists()


def test_sees_the_lists_of_its_configuration(ipwld, wire):
    """The oracle's lists are those of daemon.py."""
    ipwld.configure(lists=PARTNERS + DROP)
    ipwld.start()
    entries = {entry["prefix"]: entry["action"] for entry in ipwld.ask("list")["entries"]}
    assert entries == {str(network): action for action, networks in
                       (("allow", ALLOW), ("block", BLOCK)) for network in networks}


# ---- limits --------------------------------------------------------------------

LIMITS = "limits: {mode: MODE, address_per_minute: 6, address_burst: 3, network_per_minute: 10, " \
    "network_burst: 5}\n"


class Bucket:
    """How many attempts a source may make: refilled with time, up to a burst."""

    def __init__(self, per_minute, burst):
        self.per_ns, self.burst = per_minute / 60e9, burst
        self.tokens, self.at = burst, 0

    def has_one(self, at):
        self.tokens = min(self.burst, self.tokens + (at - self.at) * self.per_ns)
        self.at = at
        return self.tokens > 1 - 1e-9


def limited(attempts, address, network):
    """Which of the attempts [(time in ns, address)] are over a limit: (per minute, burst) each."""
    buckets, over = {}, []
    for at, source in attempts:
        lengths = (64, 48) if ":" in source else (32, 24)
        both = [buckets.setdefault(str(ipaddress.ip_network(f"{source}/{length}", strict=False)),
                                   Bucket(*limit))
                for length, limit in zip(lengths, (address, network))]
        over.append(not all([bucket.has_one(at) for bucket in both]))
        if not over[-1]:
            for bucket in both:
                bucket.tokens -= 1
    return over


def write_timed(path, packets):
    """Packets are (time in ns, bytes)."""
    writer = RawPcapWriter(str(path), linktype=EN10MB, nano=True)
    writer.write_header(None)
    for at, data in packets:
        writer.write_packet(data, sec=at // 10**9, usec=at % 10**9)
    writer.close()
    return path


def draw_attempts(draw, wire, count):
    """[(time, source, frame)] of a few networks, none of them in a list, in the order of time."""
    at, found = 10**18, []
    for _ in range(count):
        at += draw.choice((0, 1, draw.randrange(10**9), draw.randrange(4 * 10**9)))
        source = draw.choice((f"192.0.2.{draw.randrange(3)}", f"192.0.3.{draw.randrange(3)}",
                              f"2001:db8:c:{1 + draw.randrange(3)}::{1 + draw.randrange(3)}"))
        found.append((at, source, frames.tcp(wire, source)))
    return found


@pytest.mark.parametrize("mode,daemon_mode,options,verdict", [
    ("monitor", "enforce", (), "would_limit"), ("enforce", "enforce", (), "limited"),
    ("enforce", "monitor", (), "would_limit"), ("off", "enforce", (), None),
    ("off", "enforce", ("--limits", "6/10"), "would_limit"),
    ("enforce", "enforce", ("--limits", "6/none"), "would_limit")])
def test_limits(ipwld, wire, draw, tmp_path, mode, daemon_mode, options, verdict):
    """What limits would have made of a capture, by its own times and not by those of the run."""
    ipwld.configure(mode=daemon_mode, extra=LIMITS.replace("MODE", mode))
    ipwld.start()
    drawn = draw_attempts(draw, wire, 400)
    # Packets of connections, and sources in lists, have no limit.
    others = [(10**18, frames.tcp(wire, ALLOWED.ipv4)) for _ in range(50)] \
        + [(10**18, frames.tcp(wire, "192.0.2.1", flags="A")) for _ in range(50)]
    path = write_timed(tmp_path / "c.pcap", others + [(at, frame) for at, _, frame in drawn])
    address, network = {(): ((6, 3), (10, 5)), ("--limits", "6/10"): ((6, 6), (10, 10)),
                        ("--limits", "6/none"): ((6, 6), (10**9, 10**9))}[options]
    over = limited([(at, source) for at, source, _ in drawn], address, network)
    assert 0 < sum(over) < 400
    answer = simulate(ipwld, path, *options)
    expected = {"allow": 50, "unlisted": 50 + over.count(False)}
    if verdict:
        expected[verdict] = sum(over)
    else:
        expected["unlisted"] += sum(over)
    assert {name: count for name, count in answer["verdicts"].items() if count} == expected
    by_source = collections.Counter(source for (_, source, _), one in zip(drawn, over) if one)
    if verdict:
        assert {row["address"]: row["connections"] for row in answer["sources"]
                if row["verdict"] == verdict} == by_source
        assert answer["limits"]["address"] == dict(zip(("per_minute", "burst"), address))
        assert "limits: 6 attempts a minute of an address" in ipwld.ctl(
            "simulate", "--config", ipwld.config, path, *options).stdout
    else:
        assert answer["limits"] is None
    assert ipwld.packets()["limited"] == ipwld.packets()["would_limit"] == 0


def test_limits_like_the_kernel(ipwld, wire, draw, tmp_path):
    """At one moment, the kernel and the simulation admit the same."""
    ipwld.configure(extra=LIMITS.replace("MODE", "enforce").replace("_minute: 6", "_minute: 1")
                    .replace("_minute: 10", "_minute: 1"))
    ipwld.start()
    drawn = [frame for _, _, frame in draw_attempts(draw, wire, 60)]
    path = write_timed(tmp_path / "c.pcap", [(10**18, frame) for frame in drawn])
    answer = simulate(ipwld, path)["verdicts"]
    wire.send(*drawn)
    packets = ipwld.packets()
    for verdict in "unlisted", "limited":
        assert packets[verdict] == answer[verdict] > 0


@pytest.mark.parametrize("limits", ["30", "30/", "/30", "0/30", "30/30/30", "-1/2", "60001/1", "a/b"])
def test_bad_limits(ipwld, tmp_path, limits):
    ipwld.configure()
    ipwld.start()
    path = write_timed(tmp_path / "c.pcap", [])
    done = ipwld.ctl("simulate", "--config", ipwld.config, path, "--limits", limits)
    assert (done.returncode, done.stdout) == (INVALID, "")
    assert f"--limits {limits}: write attempts a minute" in done.stderr
