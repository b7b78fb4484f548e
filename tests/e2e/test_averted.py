# SPDX-License-Identifier: GPL-2.0-or-later
"""Which block lists would have cost the mail that an allow list has passed."""

import re
import signal

import frames
from daemon import DROP, PARTNERS
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED

# On trial: it contains partners, a sender of `drop`, and one that no other list has.
CANDIDATE = """\
  - name: candidate
    action: block
    mode: monitor
    entries: [198.51.100.0/24, 203.0.113.77, 192.0.2.99, "2001:db8:a::/48"]
"""
OTHER = """\
  - name: other
    action: block
    entries: [198.51.100.10]
"""


def averted(ipwld):
    """{(allow list, block list): connections}"""
    found = {}
    for (name, labels), value in ipwld.metrics().items():
        labels = dict(labels)
        if name == "ipwl_averted_connections_total" and value:
            found[labels["allow_list"], labels["block_list"]] = int(value)
    return found


def decided(ipwld, name):
    """Connections that a list has decided, by verdict."""
    return {dict(labels)["verdict"]: int(value) for (metric, labels), value
            in ipwld.metrics().items()
            if metric == "ipwl_list_connections_total" and dict(labels)["list"] == name and value}


def reload(ipwld, lists):
    ipwld.configure(lists=lists)
    assert ipwld.ask("reload", "--accept")


def send(wire, address, count):
    """So many attempts to connect: the same SYN again would be none."""
    wire.send(*(frames.tcp(wire, address) for _ in range(count)))


def test_by_block_list(ipwld, wire):
    ipwld.configure(lists=PARTNERS + DROP + CANDIDATE)
    ipwld.start()
    assert averted(ipwld) == {}
    for address in ALLOWED.ipv4, ALLOWED.ipv6:
        send(wire, address, 10)
    for address in AVERTED.ipv4, AVERTED.ipv6:
        send(wire, address, 5)
    send(wire, BLOCKED.ipv4, 3)
    send(wire, UNLISTED.ipv4, 2)
    counts = {("partners", "candidate"): 25, ("partners", "drop"): 10}
    assert averted(ipwld) == counts
    assert decided(ipwld, "partners") == {"averted": 30}
    assert decided(ipwld, "drop") == {"block": 3}
    assert decided(ipwld, "candidate") == {"would_block": 2}
    assert sorted((row["allow_list"], row["block_list"], row["connections"])
                  for row in ipwld.status()["averted"]) \
        == sorted((*pair, count) for pair, count in counts.items())
    table = ipwld.ctl("status").stdout
    assert re.search(r"\nALLOWED BY +ALSO IN .*CONNECTIONS\n", table)
    assert re.search(r"\npartners +candidate +25 +25\n", table)


def test_carried_over(ipwld, wire):
    """Counts outlive reloads, changes of entries, and a killed daemon."""
    lists = PARTNERS + DROP + CANDIDATE
    ipwld.configure(lists=lists)
    ipwld.start()
    for number in range(1, 9):
        send(wire, ALLOWED.ipv4, 1)
        send(wire, AVERTED.ipv4, 1)
        if number % 4 == 0:
            ipwld.stop(signal.SIGKILL)
            send(wire, AVERTED.ipv4, 1)
            ipwld.start()
        elif number % 4 == 1:
            reload(ipwld, lists + OTHER)
        elif number % 4 == 2:
            reload(ipwld, lists)
        else:
            ipwld.ask("add", "--list", "drop", f"203.0.113.{number}", "--reason", "more")
        assert averted(ipwld)["partners", "drop"] == number + number // 4
        assert averted(ipwld)["partners", "candidate"] == 2 * number + number // 4


def test_a_list_that_goes(ipwld, wire):
    """Its pairs go with it, and nobody inherits them."""
    ipwld.configure(lists=PARTNERS + DROP + CANDIDATE)
    ipwld.start()
    send(wire, AVERTED.ipv4, 4)
    reload(ipwld, PARTNERS + CANDIDATE)
    assert averted(ipwld) == {("partners", "candidate"): 4}
    reload(ipwld, PARTNERS + OTHER + CANDIDATE)
    send(wire, ALLOWED.ipv4, 2)
    assert averted(ipwld) == {("partners", "candidate"): 6, ("partners", "other"): 2}
    reload(ipwld, CANDIDATE)
    assert averted(ipwld) == {}


def test_without_index(ipwld, wire):
    """The tries decide alike, and count for no block list."""
    ipwld.configure(lists=PARTNERS + DROP + CANDIDATE, extra="index: off\n")
    ipwld.start()
    send(wire, AVERTED.ipv4, 5)
    assert decided(ipwld, "partners") == {"averted": 5}
    assert averted(ipwld) == {}
