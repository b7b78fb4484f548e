# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists for some mail ports only."""

import pytest

import frames
from daemon import INVALID, IS_BLOCKED, USAGE
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED
from stack import Stack

PORTS = (25, 465, 587)
# On port 25 as always; submission has an allow list and a block list of its own.
LISTS = """\
  - name: partners
    action: allow
    ports: [25]
    entries: [198.51.100.0/24, 203.0.113.77, "2001:db8:a::/48"]
  - name: staff
    action: allow
    ports: [587, 465]
    entries: [203.0.113.66]
  - name: drop
    action: block
    entries: [203.0.113.0/24]
  - name: guessers
    action: block
    ports: [465, 587]
    entries: [198.51.100.10, "2001:db8:a::10"]
"""
# By source: the verdict at port 25, and at the others.
EXPECTED = {
    ALLOWED.ipv4: ("allow", "block"),
    ALLOWED.ipv6: ("allow", "block"),
    AVERTED.ipv4: ("averted", "block"),
    BLOCKED.ipv4: ("block", "averted"),
    UNLISTED.ipv4: ("unlisted", "unlisted"),
}


def expected(address, port):
    return EXPECTED[address][port != 25]


@pytest.fixture(name="ported", params=["auto", "off"])
def _ported(request, ipwld):
    ipwld.configure(lists=LISTS, ports="25, 465, 587", extra=f"index: {request.param}\n")
    ipwld.start()
    assert ipwld.status()["lookup"] == ("index" if request.param == "auto" else "tries")
    return ipwld


def test_packets(lab, ported, wire):
    """Each port has the verdicts of its lists, and the stack gets what is not blocked."""
    came = Stack(lab, {f"p{port}": f"tcp dport {port}" for port in PORTS})
    counts = {}
    for number, address in enumerate(EXPECTED, 1):
        for port in PORTS:
            wire.send(frames.tcp(wire, address, port=port), count=number)
            verdict = expected(address, port)
            counts[verdict] = counts.get(verdict, 0) + number
            passed = [n for n, a in enumerate(EXPECTED, 1) if expected(a, port) != "block"
                      and n <= number]
            assert vars(came.read())[f"p{port}"] == sum(passed)
    packets = ported.packets()
    assert {verdict: packets[verdict] for verdict in counts} == counts


def test_test(ported):
    """`ipwlctl test` says the same for each port."""
    for address in EXPECTED:
        for port in PORTS:
            exit_status = {"block": IS_BLOCKED, "unlisted": 1}.get(expected(address, port), 0)
            result, = ported.ask("test", "--port", port, address, status=exit_status)["results"]
            assert (result["port"], result["verdict"]) == (port, expected(address, port))
            assert {row["port"]: row["verdict"] for row in result["by_port"]} \
                == {number: expected(address, number) for number in PORTS}
    # The first port, unless told.
    result, = ported.ask("test", ALLOWED.ipv4)["results"]
    assert (result["port"], result["verdict"]) == (25, "allow")
    assert ported.ctl("test", "--port", 26, ALLOWED.ipv4).returncode == INVALID
    assert ported.ctl("test", "--port", "smtp", ALLOWED.ipv4).returncode == USAGE
    assert "PORT" in ported.ctl("test", ALLOWED.ipv4).stdout
    lists = {item["name"]: item["ports"] for item in ported.status()["lists"]}
    assert lists == {"partners": [25], "staff": [587, 465], "drop": None, "guessers": [465, 587]}


def test_entries_in_place(ported, wire):
    """An added entry counts at the ports of its list, and no longer once it is deleted."""
    for name, verdicts in ("staff", ("unlisted", "allow")), ("partners", ("allow", "unlisted")):
        ported.ask("add", "--list", name, UNLISTED.ipv4)
        for port in PORTS:
            before = ported.packets()
            wire.send(frames.tcp(wire, UNLISTED.ipv4, port=port))
            verdict = verdicts[port != 25]
            assert ported.packets()[verdict] == before[verdict] + 1, (name, port)
        ported.ask("del", "--list", name, UNLISTED.ipv4)
    for port in PORTS:
        ported.ask("test", "--port", port, UNLISTED.ipv4, status=1)


def test_a_change_of_ports(ipwld, wire):
    """It is shown, it is held if it costs mail of entries in use, and it is in force afterwards."""
    everywhere = LISTS.replace("    ports: [25]\n", "")
    ipwld.configure(lists=everywhere, ports="25, 465, 587")
    ipwld.start()
    for address in ALLOWED.ipv4, AVERTED.ipv4:
        wire.send(frames.tcp(wire, address), count=3)
    ipwld.configure(lists=LISTS, ports="25, 465, 587")
    changes = ipwld.ctl("diff").stdout
    assert "ports" in changes and "25" in changes
    assert ipwld.ctl("reload").returncode != 0
    ipwld.ask("test", "--port", 587, ALLOWED.ipv4)
    ipwld.ask("reload", "--accept")
    ipwld.ask("test", "--port", 587, ALLOWED.ipv4, status=IS_BLOCKED)
    # Wider again: nothing is held.
    ipwld.configure(lists=everywhere, ports="25, 465, 587")
    ipwld.ask("reload")
    ipwld.ask("test", "--port", 587, ALLOWED.ipv4)


def mapped_bytes(ipwld):
    """What ipwld has mapped of the kernel's maps: it counts as resident memory."""
    total = 0
    with open(f"/proc/{ipwld.process.pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            if line.rstrip().endswith("anon_inode:bpf-map"):
                first, last = (int(part, 16) for part in line.split()[0].split("-"))
                total += last - first
    return total


def test_only_what_is_used_is_mapped(running):
    """Roots are mapped when they are written first, regions and the cells of limits only while
    they are written. What a lookup has mapped goes at the next change."""
    root, region = 512 << 10, (1 << 20) + 4096
    before = mapped_bytes(running)
    running.configure(ports=",".join(map(str, PORTS)), lists=LISTS)
    running.ask("reload")
    # Another generation, with another group.
    with_groups = mapped_bytes(running)
    assert with_groups == before + 2 * root
    assert running.ask("test", ALLOWED.ipv4)
    assert mapped_bytes(running) == with_groups + region
    running.configure(ports=",".join(map(str, PORTS)), lists=LISTS,
                      extra="limits: {mode: monitor, address_per_minute: 30, address_burst: 30}\n")
    running.ask("reload")
    assert mapped_bytes(running) == with_groups
