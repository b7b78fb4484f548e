# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones as texts, and what ipwl makes of the SPF records in them: one run of expand_zone
for many of them."""
import ipaddress
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = BUILD / "tests/spf/expand_zone"
CNAMES_MAX = 8


class Zone:
    """Names with records: (type, value), where the value of TXT is bytes, of MX a pair of
    a preference and a name. A name in `failing` does not answer for other types."""

    def __init__(self):
        self.records = {}
        self.failing = set()

    def add(self, name, kind, value):
        self.records.setdefault(key(name), []).append((kind, value))

    def fail(self, name):
        self.records.setdefault(key(name), [])
        self.failing.add(key(name))

    def answer(self, name, kind):
        """The values of a type, behind aliases; None: a failure."""
        for _ in range(CNAMES_MAX):
            found = [value for other, value in self.records.get(key(name), ()) if other == kind]
            if found:
                return found
            if key(name) in self.failing:
                return None
            aliases = [value for other, value in self.records.get(key(name), ())
                       if other == "CNAME"]
            if not aliases:
                return []
            name = aliases[0]
        return None

    def lines(self):
        """For expand_zone."""
        yield "zone"
        for name in self.records:
            # Names that no query can have.
            if not name or not name.isascii() or " " in name:
                continue
            yield f"exists {name}"
            for kind in ("A", "AAAA", "MX", "TXT"):
                values = self.answer(name, kind)
                if values is None:
                    yield f"fails {name}"
                for value in values or ():
                    yield f"record {name} {kind} {written(kind, value)}"


def key(name):
    return name.lower().rstrip(".")


def written(kind, value):
    if kind == "TXT":
        return value.hex()
    if kind == "MX":
        return key(value[1]) or "."
    return value


class Result:
    """A result of expand_zone."""

    def __init__(self, lines):
        self.lines = lines
        self.status, self.is_complete, self.message = {}, {}, {}
        self.networks = {4: [], 6: []}
        for line in lines:
            word, rest = line.split(" ", 1) if " " in line else (line, "")
            if word in ("ipv4", "ipv6"):
                family = int(word[3])
                fields = rest.split(" ", 4)
                self.status[family] = fields[0]
                self.is_complete[family] = fields[3] == "complete"
                self.message[family] = fields[4] if len(fields) > 4 else ""
            elif word == "prefix":
                network = ipaddress.ip_network(rest.split(" ")[1])
                self.networks[network.version].append(network)

    def passes(self, address):
        address = ipaddress.ip_address(address)
        if address.version == 6 and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks[address.version])


def expand_all(cases):
    """`cases`: (zone, domain) each, or with the shortest prefixes behind."""
    lines = []
    for zone, domain, *shortest in cases:
        lines += zone.lines()
        lines.append("expand {} {} {}".format(domain, *(shortest or (0, 0))))
    done = subprocess.run([PROGRAM], input="".join(f"{line}\n" for line in lines).encode(),
                          stdout=subprocess.PIPE, check=True)
    results, block = [], []
    for line in done.stdout.decode().splitlines():
        if line == "end":
            results.append(Result(block))
            block = []
        else:
            block.append(line)
    assert len(results) == len(cases), "expand_zone lost some"
    return results
