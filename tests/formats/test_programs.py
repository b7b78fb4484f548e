# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs themselves, of Debian: what they read of a text ipwl must have read, and what
they write must not be misread. As root, for the sets of the kernel."""
import ipaddress
import os
import random
import re
import subprocess
import sys

import pytest
from first_match import is_listed_by, parse_entries, postfix_lists, probes
from reader import ROOT, read_all, read_one
from texts import Maker

sys.path.insert(0, str(ROOT / "tests/e2e"))
import mta  # noqa: E402
import peers  # noqa: E402

CACHE = ROOT / "build/peers"
SEED = int(os.environ.get("IPWL_SEED") or random.SystemRandom().randrange(2**32))
ROUNDS = 200 if os.environ.get("IPWL_SOAK") else 30


@pytest.fixture(name="maker")
def _maker(request):
    print(f"IPWL_SEED={SEED}")
    return Maker(random.Random(f"{SEED} {request.node.name}"))


def run(*argv, **options):
    return subprocess.run([str(part) for part in argv], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False, **options)


# ---- Postfix ----------------------------------------------------------------


def test_postfix_decides_alike(maker, tmp_path):
    CACHE.mkdir(parents=True, exist_ok=True)
    root = mta.unpack(CACHE)
    (tmp_path / "main.cf").write_text(
        "compatibility_level = 3.6\nmail_owner = daemon\nsetgid_group = tty\n"
        f"meta_directory = {tmp_path}\n")
    environment = {"MAIL_CONFIG": str(tmp_path), "LD_LIBRARY_PATH": str(root / "usr/lib/postfix")}
    table = tmp_path / "table"
    compared = 0
    for _ in range(ROUNDS):
        text, action = maker.good("postfix-cidr"), maker.pick("allow", "block")
        read = read_one("postfix-cidr", action, text)
        # ipwl takes an IPv4-mapped pattern for IPv4; in Postfix no client ever has one.
        if read.errors or "::ffff:" in text:
            continue
        table.write_text(text, newline="")
        entries = parse_entries(read.entries)
        patterns = re.findall(r"^(?:if )?\[?([0-9a-fA-F:.]+)\]?(/\d+)?", text, re.M)
        networks = [network for _, network in entries] + [
            network for _, network in parse_networks(patterns)]
        addresses = sorted({str(address) for address in probes(networks)})
        done = run(root / "usr/sbin/postmap", "-q", "-", f"cidr:{table}", env=environment,
                   input="".join(f"{address}\n" for address in addresses))
        assert done.returncode in (0, 1), done
        actions = dict(line.split("\t", 1) for line in done.stdout.splitlines())
        for address in addresses:
            found = address in actions and postfix_lists(actions[address], action)
            by_ipwl = is_listed_by(entries, next(iter(parse_networks([(address, "")])))[1][0])
            assert found == by_ipwl, (address, actions.get(address), text, read, done.stderr)
        compared += len(addresses)
    assert compared > ROUNDS


def parse_networks(patterns):
    for address, length in patterns:
        try:
            yield False, ipaddress.ip_network(address + length, strict=False)
        except ValueError:
            continue


# ---- rbldnsd ----------------------------------------------------------------


def listed_by_dump(dump):
    """Addresses and networks of octets that a dumped zone lists, by their numbers."""
    found = {}
    for line in dump.splitlines():
        match = re.match(r"(?:\*\.)?([\d.]+)\t(A|CNAME)\t", line)
        if match:
            found[tuple(map(int, reversed(match[1].split("."))))] = match[2] == "A"
    return found


def test_rbldnsd_lists_alike(maker, tmp_path):
    CACHE.mkdir(parents=True, exist_ok=True)
    root, = peers.unpack(CACHE, "rbldnsd")
    zone = tmp_path / "zone"
    for parent in (tmp_path, *tmp_path.parents[:-2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    for _ in range(ROUNDS):
        lines = [line for line in (maker.rbldnsd() for _ in range(12))
                 # The data set has no IPv6, and no network that is not there whole.
                 if not re.search(r"::|db8|^!|/(8|15)\b", line)]
        text = ":127.0.0.2:x\n" + "".join(f"{line}\n" for line in lines)
        zone.write_text(text)
        done = run(root / "usr/sbin/rbldnsd", "-n", "-u", "nobody", "-d", f"rbl.example:ip4set:{zone}")
        read = read_one("rbldnsd", "block", text)
        assert done.returncode == 0 and not read.errors, (text, done.stderr, read)
        dump = listed_by_dump(done.stdout)
        entries = parse_entries(read.entries)
        # The zone as BIND has it, octets reversed.
        body = done.stdout.partition("$TTL")[2].partition("\n")[2]
        zones = [parse_entries(zone.entries) for zone in read_all(
            [("auto", "block", done.stdout), ("auto", "block", body)]) if not zone.errors]
        for address in probes([network for _, network in entries]):
            numbers = tuple(address.packed)
            by_dump = any(dump.get(numbers[:count]) for count in (4, 3, 2, 1))
            assert by_dump == is_listed_by(entries, address), (str(address), text, read)
            for zone_entries in zones:
                assert by_dump == is_listed_by(zone_entries, address), (str(address), done.stdout)


# ---- sets of the kernel -----------------------------------------------------


def in_namespace(script):
    done = run("unshare", "--net", "sh", "-ec", script)
    assert done.returncode == 0, done.stderr
    return done.stdout


def distinct_networks(maker):
    """Networks that do not overlap, half of them with host bits."""
    return [f"10.{i}.{maker.pick(0, 7)}.{maker.pick(0, 9)}/{maker.pick(16, 20, 24, 30, 31)}"
            for i in range(40)]


def test_ipset_cuts_alike(maker):
    networks = distinct_networks(maker)
    saved = in_namespace("ipset create s hash:net comment timeout 0\n" + "".join(
        f"ipset add s {network} comment x timeout 600\n" for network in networks) + "ipset save s; ipset list s")
    saved, listed = saved.split("Name:")
    members = {line.split()[2] for line in saved.splitlines() if line.startswith("add ")}
    text = "# ipv4 hash:net ipset\n" + "".join(f"{network}\n" for network in networks)
    assert set(read_one("auto", "block", text).entries) == members
    assert set(read_one("auto", "block", "".join(f"{each}\n" for each in members)).entries) \
        == members
    for form in saved, "Name:" + listed:
        read = read_one("auto", "block", form)
        assert (read.format, set(read.entries)) == ("ipset", members), read


def test_nft_cuts_alike(maker):
    networks = distinct_networks(maker)
    listed = in_namespace(
        "nft add table t\nnft add set t s '{ type ipv4_addr; flags interval; elements = {"
        + ", ".join(networks) + "} }'\nnft list set t s")
    members = set(re.findall(r"\d+\.\d+\.\d+\.\d+(?:/\d+)?", listed))
    text = "# ipv4 hash:net ipset\n" + "".join(f"{network}\n" for network in networks)
    assert {entry.removesuffix("/32") for entry in read_one("auto", "block", text).entries} \
        == members
    for form in listed, listed.replace("\n", " "):
        read = read_one("auto", "block", form)
        assert read.format == "nftables"
        assert {entry.removesuffix("/32") for entry in read.entries} == members
    # Whole, or not at all.
    read = read_one("auto", "block", "\n".join(
        line.strip() for line in listed.splitlines() if "/" in line))
    assert read.errors or {entry.removesuffix("/32") for entry in read.entries} == members


def test_iptables_decides_alike(maker):
    rules = [(network, maker.pick("ACCEPT", "DROP", "REJECT"))
             for network in distinct_networks(maker)] + [("10.0.0.0/12", "DROP")]
    saved = in_namespace("".join(
        f"iptables -A INPUT -s {network} -m comment --comment 'a b' -j {target}\n"
        for network, target in rules) + "iptables-save")
    networks = [(ipaddress.ip_network(network, strict=False), target)
                for network, target in rules]
    for action, wanted in ("allow", {"ACCEPT"}), ("block", {"DROP", "REJECT"}):
        read = read_one("auto", action, saved)
        assert read.format == "iptables" and not read.errors, read
        entries = parse_entries(read.entries)
        for address in probes([network for network, _ in networks]):
            target = next((target for network, target in networks if address in network), None)
            assert (target in wanted) == is_listed_by(entries, address), (address, saved, read)
