# SPDX-License-Identifier: GPL-2.0-or-later
"""Policies made up for tests, and what they say of an address: an oracle that
shares nothing with ipwl, by Python's ipaddress alone."""

import dataclasses
import ipaddress
import random


@dataclasses.dataclass
class List:
    """A list, as the configuration has it; entries and exclusions are networks."""
    name: str
    action: str
    is_monitor: bool = False
    entries: set = dataclasses.field(default_factory=set)
    exclusions: set = dataclasses.field(default_factory=set)

    def add(self, *prefixes):
        self.entries.update(map(ipaddress.ip_network, prefixes))

    def exclude(self, *prefixes):
        self.exclusions.update(map(ipaddress.ip_network, prefixes))

    def lines(self):
        return sorted([str(entry) for entry in self.entries]
                      + [f"!{exclusion}" for exclusion in self.exclusions])

    def yaml(self, path):
        """Its part of the configuration; it is in the file at path."""
        extra = "    mark: 0x1\n    priority: 6\n" if self.action == "allow" else ""
        extra += "    mode: monitor\n" if self.is_monitor else ""
        return f"  - name: {self.name}\n    action: {self.action}\n{extra}    files: [{path}]\n"


class Oracle:
    """Says what becomes of a source; lists are in the order of the configuration."""

    def __init__(self, lists):
        # {(version, bits): {network as a number: [(list, is an entry)]}}
        self._found = {}
        self.lists = lists
        for item in lists:
            for network in item.entries | item.exclusions:
                of_length = self._found.setdefault((network.version, network.prefixlen), {})
                of_length.setdefault(int(network.network_address), []).append(
                    (item, network in item.entries and network not in item.exclusions))

    def verdict(self, source):
        address = ipaddress.ip_address(source)
        number, width = int(address), address.max_prefixlen
        closest = {}  # by list: whether the narrowest thing that holds it is an entry
        for bits in range(width, -1, -1):
            of_length = self._found.get((address.version, bits))
            if of_length is None:
                continue
            for item, is_entry in of_length.get(number >> (width - bits) << (width - bits), ()):
                closest.setdefault(item.name, (item, is_entry))
        holding = [item for item, is_entry in closest.values() if is_entry]
        is_blocked = any(item.action == "block" for item in holding)
        if any(item.action == "allow" for item in holding):
            return "averted" if is_blocked else "allow"
        if any(item.action == "block" and not item.is_monitor for item in holding):
            return "block"
        return "would_block" if is_blocked else "unlisted"


def around(generator, address, shortest, longest=None):
    """A network that holds the address, with a length between the two."""
    address = ipaddress.ip_address(address)
    bits = generator.randint(shortest, longest or address.max_prefixlen)
    return ipaddress.ip_network((address, bits), strict=False)


def bystanders(generator, count):
    """Networks and addresses far from the tests' sources, of mixed lengths."""
    found = set()
    while len(found) < count:
        if generator.random() < 0.8:
            bits = generator.choice((32, 32, 32, 28, 24, 24, 22, 20))
            number = generator.randrange(20 << 24, 200 << 24)
        else:
            bits = generator.choice((128, 64, 64, 56, 48, 48, 40))
            number = 0x2a00 << 112 | generator.getrandbits(108)
        width = 128 if number >> 32 else 32
        found.add(ipaddress.ip_network((number >> (width - bits) << (width - bits), bits)))
    return list(found)


def random_address(generator, network):
    return network[generator.getrandbits(network.max_prefixlen - network.prefixlen)]


def generator_of(seed):
    """The test's random numbers; its seed is in the output."""
    print(f"IPWL_SEED={seed}")
    return random.Random(seed)


# ---- policies under which some sources are always treated alike --------------

# Of each set, addresses in networks of their own, /24 and /56.
NETWORKS = {"allowed": ("10.1.0.0/16", "2001:db8:1::/48"),
            "blocked": ("10.2.0.0/16", "2001:db8:2::/48"),
            "changing": ("10.3.0.0/16", "2001:db8:3::/48"),
            # Where no entry around the other three reaches.
            "spared": ("9.4.0.0/16", "2001:db9:4::/48")}
# Lengths, by version: of what lies wide around sources, and of what holds them.
WIDE = {4: (9, 24), 6: (33, 56)}
NARROW = {4: (25, 32), 6: (57, 128)}


def sources_of(set_name, count):
    """So many sources of each family."""
    found = []
    for text in NETWORKS[set_name]:
        network = ipaddress.ip_network(text)
        step = 1 << (8 if network.version == 4 else 72)
        found += [str(network[(2 * index + 1) * step + 77]) for index in range(count)]
    return found


def version_of(source):
    return 6 if ":" in source else 4


def wide(generator, source):
    return around(generator, source, *WIDE[version_of(source)])


def half_wide(generator, source):
    """Holds only sources of one set."""
    return around(generator, source, *{4: (18, 24), 6: (50, 56)}[version_of(source)])


def hardly_wide(generator, source):
    """Holds one source or two."""
    return around(generator, source, *{4: (22, 24), 6: (54, 56)}[version_of(source)])


def narrow(generator, source):
    return around(generator, source, *NARROW[version_of(source)])


def beside(generator, source):
    """A network close to a source that does not hold it: a bit of it is the other
    way round. A narrow one holds no other source either."""
    network = generator.choice((hardly_wide, narrow))(generator, source)
    first = 1 if network.prefixlen <= WIDE[network.version][1] else NARROW[network.version][0]
    bit = generator.randint(max(first, network.prefixlen - 8), network.prefixlen)
    number = int(network.network_address) ^ 1 << (network.max_prefixlen - bit)
    return ipaddress.ip_network((number, network.prefixlen))


class Sets:
    """Sources that are allowed by every policy made here, those that are blocked, those
    that change, and those that are spared: treated in several ways, but never
    blocked. Every second one of the first two is held by one entry all the time, which
    decides for it."""

    def __init__(self, generator, count):
        self.generator = generator
        self.allowed = sources_of("allowed", count)
        self.blocked = sources_of("blocked", count)
        self.changing = sources_of("changing", count)
        self.spared = sources_of("spared", count)
        self.surrounded = self.allowed + self.blocked + self.changing
        self.everything = self.surrounded + self.spared
        self.holders = {source: narrow(generator, source)
                        for source in self.allowed[::2] + self.blocked[::2]}

    def policy(self, bulk, has_holes):
        """A policy that keeps the promise; bulk is {list: networks far from all
        sources}. Without has_holes no allow list has an exclusion."""
        lists = {name: List(name, action, is_monitor) for name, action, is_monitor in (
            ("partners", "allow", False), ("shadow", "block", True), ("drop", "block", False),
            ("friends", "allow", False), ("feed", "block", False))}
        for sources, names in (self.allowed, ("partners", "friends")), \
                (self.blocked, ("drop", "feed")):
            for source in sources:
                self._hold(source, lists, names)
        for source in self.surrounded:
            for item in lists.values():
                self._surround(source, item, has_holes)
        for source in self.spared:
            self._spare(source, lists, has_holes)
        for name in "partners", "friends":
            self._keep_out(lists[name], has_holes)
        for name, networks in bulk.items():
            lists.setdefault(name, List(name, "allow")).entries.update(networks)
        return list(lists.values())

    def _hold(self, source, lists, names):
        if source in self.holders:
            lists[names[0]].entries.add(self.holders[source])
        else:
            lists[self.generator.choice(names)].entries.add(narrow(self.generator, source))

    def _surround(self, source, item, has_holes):
        """Change a list around a source. An exclusion is never as narrow as what holds
        a source, nor does it reach the sources of another set."""
        generator = self.generator
        may_exclude = has_holes or item.action == "block"
        for chance, may, into, make in ((0.25, True, item.entries, wide if may_exclude else hardly_wide),
                                        (0.15, True, item.entries, beside),
                                        (0.25, may_exclude, item.exclusions, half_wide)):
            if may and generator.random() < chance:
                into.add(make(generator, source))
        # A narrow one decides for it: not in a list of the same action, unless
        # the source may change.
        if generator.random() < 0.3 and (source in self.changing or source in self.allowed
                                         and item.action == "block" or item.is_monitor):
            into = item.exclusions if may_exclude and generator.random() < 0.3 else item.entries
            into.add(narrow(generator, source))

    def _spare(self, source, lists, has_holes):
        """From policy to policy allow and block entries, and holes, come and go together:
        half of such a change would drop the source."""
        generator = self.generator
        how = generator.choice(("unlisted", "allow", "averted", "hole" if has_holes else "averted",
                                "would_block"))
        if how == "would_block":
            lists["shadow"].entries.add(narrow(generator, source))
        elif how != "unlisted":
            lists["partners"].entries.add(hardly_wide(generator, source))
        if how == "averted":
            lists["drop"].entries.add(narrow(generator, source))
        elif how == "hole":
            lists["partners"].exclusions.add(narrow(generator, source))

    def _keep_out(self, item, has_holes):
        """Let an allow list hold no blocked source."""
        for source in self.blocked:
            holding = [entry for entry in item.entries if ipaddress.ip_address(source) in entry]
            if holding and has_holes:
                longest = max(entry.prefixlen for entry in holding)
                shortest = max(longest, {4: 18, 6: 50}[version_of(source)])
                item.exclusions.add(around(self.generator, source, shortest))
            else:
                item.entries.difference_update(holding)

    def check(self, oracle):
        """That the policy keeps the promise."""
        for source in self.allowed:
            assert oracle.verdict(source) in ("allow", "averted"), source
        for source in self.blocked:
            assert oracle.verdict(source) == "block", source
        for source in self.spared:
            assert oracle.verdict(source) != "block", source


def write(policy, directory):
    """Write the list files; returns the lists' part of the configuration."""
    directory.mkdir()
    text = ""
    for item in policy:
        path = directory / f"{item.name}.list"
        path.write_text("".join(f"{line}\n" for line in item.lines()), encoding="utf-8")
        text += item.yaml(path)
    return text
