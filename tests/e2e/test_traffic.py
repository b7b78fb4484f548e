# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of lists while packets arrive: none is decided by half a change."""

import ipaddress
import os
import random
import signal
import time

import pytest

import frames
from daemon import DROP, PARTNERS
from flow import Flow
from stack import Stack, mail_from

RELOADS = 60
PER_SECOND = 250
# Lists that are replaced at random are not those that an administrator keeps.
UNGUARDED = "guard: {max_removed_entries: none, max_removed_share: 100}\n"
SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))

FILES_ALONE = """\
  - name: partners
    action: allow
    mark: 0x1
    files: [{top}/allow.d/*.list]
  - name: drop
    action: block
    files: [{top}/block.d/*.list]
"""

# Sources that are allowed before and after every change, and that are blocked
# (and not allowed) before and after, each held by other prefixes all the time.
ALWAYS_ALLOWED = ("10.1.1.1", "10.1.2.1", "10.2.1.1", "2001:db8:1:1::1", "2001:db8:1:2::1")
ALWAYS_BLOCKED = ("10.3.1.1", "10.3.2.1", "10.4.1.1", "2001:db8:3:1::1", "2001:db8:3:2::1")


def holder(generator, address):
    """Some prefix that holds the address, longer than /8 (/32 for IPv6)."""
    bits = generator.randint(9, 32) if ":" not in address else generator.randint(33, 128)
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def bystanders(generator, count):
    """Prefixes that hold none of the sources above: they only move things."""
    found = set()
    while len(found) < count:
        if generator.random() < 0.5:
            found.add(f"10.{generator.randint(5, 250)}.{generator.randint(0, 255)}.0/24")
        else:
            found.add(f"2001:db8:{generator.randint(16, 65535):x}::/48")
    return sorted(found)


def write_lists(ipwld, generator, count):
    """Lists that keep the promise above, made up anew."""
    allow = [holder(generator, address) for address in ALWAYS_ALLOWED]
    block = [holder(generator, address) for address in ALWAYS_BLOCKED]
    # Allowed sources are often blocked too: an allow list beats that.
    block += [holder(generator, address) for address in ALWAYS_ALLOWED if generator.random() < 0.5]
    allow = [prefix for prefix in allow if not holds_any(prefix, ALWAYS_BLOCKED)]
    allow += [address for address in ALWAYS_ALLOWED
              if not any(holds_any(prefix, [address]) for prefix in allow)]
    others = bystanders(generator, count)
    generator.shuffle(others)
    half = generator.randint(0, count)
    ipwld.write_list("allow.d/a.list", *dict.fromkeys(allow + others[:half]))
    ipwld.write_list("block.d/a.list", *dict.fromkeys(block + others[half:]))


def holds_any(prefix, addresses):
    network = ipaddress.ip_network(prefix)
    return any(ipaddress.ip_address(address) in network for address in addresses)


def start_flow(lab, wire):
    sources = ALWAYS_ALLOWED + ALWAYS_BLOCKED
    stack = Stack(lab, {f"s{index}": mail_from(address) for index, address in enumerate(sources)},
                  drop=True)
    return stack, Flow(lab, [frames.tcp(wire, address) for address in sources], PER_SECOND)


def check(ipwld, stack, rounds):
    seen = vars(stack.read())
    allowed = len(ALWAYS_ALLOWED)
    for index, address in enumerate(ALWAYS_ALLOWED + ALWAYS_BLOCKED):
        assert seen[f"s{index}"] == (rounds if index < allowed else 0), address
    packets = ipwld.packets()
    assert packets["allow"] + packets["averted"] == allowed * rounds
    assert packets["block"] == len(ALWAYS_BLOCKED) * rounds
    assert packets["unlisted"] == packets["would_block"] == 0
    lists = {item["name"]: item for item in ipwld.status()["lists"]}
    assert lists["partners"]["packets"] == allowed * rounds
    assert lists["drop"]["packets"] == len(ALWAYS_BLOCKED) * rounds


@pytest.mark.parametrize("size", [20, 5000, 20000])
def test_reload_under_traffic(lab, ipwld, wire, size):
    """Small changes are made in place, large ones in new tables."""
    print(f"IPWL_SEED={SEED}")
    generator = random.Random(SEED)
    ipwld.configure(lists=FILES_ALONE, extra=UNGUARDED)
    write_lists(ipwld, generator, size)
    ipwld.start()
    stack, flow = start_flow(lab, wire)
    reloads = 0
    while reloads < RELOADS or stack.read().s0 < RELOADS / 4:
        write_lists(ipwld, generator, generator.choice([size, size, size // 10]))
        status, answer = ipwld.request("POST", "/v1/reload")
        assert status == 200, answer
        reloads += 1
    rounds = flow.stop()
    check(ipwld, stack, rounds)


def test_manual_entries_under_traffic(lab, ipwld, wire):
    """A manual entry takes a source's last file entry over, back and forth; a
    source is blocked and unblocked beside them."""
    ipwld.configure()
    ipwld.write_list("allow.d/a.list", *ALWAYS_ALLOWED)
    ipwld.write_list("block.d/a.list", "10.0.0.0/8", "2001:db8::/32")
    ipwld.start()
    stack, flow = start_flow(lab, wire)
    for _ in range(8):
        for address in ALWAYS_ALLOWED[:4:3]:
            body = {"list": "partners", "prefix": address, "reason": None, "ttl_seconds": None,
                    "sudo_user": None}
            assert ipwld.request("POST", "/v1/entries", body)[0] == 200
        ipwld.write_list("allow.d/a.list", *[address for address in ALWAYS_ALLOWED
                                             if address not in ALWAYS_ALLOWED[:4:3]])
        assert ipwld.request("POST", "/v1/reload")[0] == 200
        ipwld.write_list("allow.d/a.list", *ALWAYS_ALLOWED)
        assert ipwld.request("POST", "/v1/reload")[0] == 200
        for address in ALWAYS_ALLOWED[:4:3]:
            status, answer = ipwld.request("DELETE",
                                           f"/v1/entries?list=partners&prefix={address}")
            assert status == 200, answer
    rounds = flow.stop()
    check(ipwld, stack, rounds)


def test_list_order_under_traffic(lab, ipwld, wire):
    """Lists that swap, appear and go: the same promise."""
    extra = """\
  - name: also
    action: block
    mode: monitor
    entries: [10.0.0.0/8, 2001:db8::/32]
"""
    ipwld.configure(lists=PARTNERS + DROP)
    ipwld.write_list("allow.d/a.list", *ALWAYS_ALLOWED)
    ipwld.write_list("block.d/a.list", "10.0.0.0/8", "2001:db8::/33")
    ipwld.start()
    stack, flow = start_flow(lab, wire)
    for lists in (DROP + PARTNERS, extra + DROP + PARTNERS, PARTNERS + DROP + extra,
                  PARTNERS + extra + DROP, PARTNERS + DROP) * 5:
        ipwld.configure(lists=lists)
        assert ipwld.request("POST", "/v1/reload")[0] == 200
    rounds = flow.stop()
    check(ipwld, stack, rounds)


def test_killed_while_it_reloads(lab, ipwld, wire):
    """kill -9 at any moment of a change, and a start with yet other lists."""
    print(f"IPWL_SEED={SEED}")
    generator = random.Random(SEED)
    ipwld.configure(lists=FILES_ALONE, extra=UNGUARDED)
    write_lists(ipwld, generator, 2000)
    ipwld.start()
    stack, flow = start_flow(lab, wire)
    before = {}
    for _ in range(15):
        write_lists(ipwld, generator, generator.choice([20, 2000, 20000]))
        ipwld.process.send_signal(signal.SIGHUP)
        time.sleep(generator.random() * 0.08)
        ipwld.kill()
        if generator.random() < 0.5:
            write_lists(ipwld, generator, 200)
        ipwld.start()
        after = {key: value for key, value in ipwld.metrics().items()
                 if key[0].endswith("_total")
                 and not key[0].startswith(("ipwl_seen_", "process_"))}  # each daemon begins anew
        for key, value in before.items():
            assert after.get(key, -1) >= value, key
        before = after
    rounds = flow.stop()
    check(ipwld, stack, rounds)
