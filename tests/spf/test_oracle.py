# SPDX-License-Identifier: GPL-2.0-or-later
"""Random records: pyspf checks addresses one by one, and the set must say the same."""
import ipaddress
import os
import random

import pytest
import spf
from zones import Zone, expand_all

ROUNDS = 400
DOMAINS = [f"d{number}.test" for number in range(6)]
HOSTS = [f"h{number}.test" for number in range(6)]
# Close together, so that terms overlap; the mapped space must never count.
IPV4 = [str(ipaddress.ip_address("192.0.2.0") + number) for number in range(18)]
IPV6 = [str(ipaddress.ip_address("2001:db8::") + number) for number in range(18)]
SENDERS = ("user@", "a.b-c@", "")


@pytest.fixture(name="seed")
def fixture_seed():
    seed = int(os.environ.get("IPWL_SEED") or random.SystemRandom().randrange(2 ** 32))
    print(f"IPWL_SEED={seed}")
    return seed


def random_term(rng, may_skip, targets):
    kinds = ["ip4"] * 4 + ["ip6"] * 3 + ["a", "a", "mx", "include", "include"]
    if may_skip:
        kinds += ["exists", "ptr", "macro"]
    kind = rng.choice(kinds)
    if kind == "ip4":
        return f"ip4:{rng.choice(IPV4)}{rng.choice(('', '/32', '/31', '/30', '/29', '/28', '/24'))}"
    if kind == "ip6":
        return f"ip6:{rng.choice(IPV6)}{rng.choice(('', '/128', '/127', '/126', '/125', '/64'))}"
    if kind in ("a", "mx"):
        name = rng.choice(("", "", ":" + rng.choice(HOSTS), ":nothing.test"))
        return kind + name + rng.choice(("", "", "/30", "/29//126", "//127"))
    if kind == "include":
        return f"include:{rng.choice(targets)}"
    if kind == "exists":
        return f"exists:{rng.choice(('%{i}.x.test', '%{l}.y.test', 'h0.test'))}"
    if kind == "ptr":
        return rng.choice(("ptr", "ptr:h0.test"))
    return rng.choice(("a:%{l}.y.test", "mx:%{d}", "include:%{l}.test", "a:%{d}"))


def random_record(rng, domain, may_skip, may_redirect):
    # pyspf refuses an include of the record itself, before it checks anything.
    targets = [other for other in DOMAINS if other != domain] * 3 + ["nothing.test"]
    terms = []
    for _ in range(rng.randrange(7)):
        qualifier = rng.choice(("", "", "", "+", "-", "~", "?"))
        terms.append(qualifier + random_term(rng, may_skip, targets))
    last = rng.choice(("-all", "~all", "?all", "", "", "redirect"))
    if last == "redirect":
        last = f"redirect={rng.choice(targets)}" if may_redirect else ""
    terms += [last] if last else []
    if rng.random() < 0.2:
        terms.insert(rng.randrange(len(terms) + 1), rng.choice(("exp=e.test", "x=%{d}", "all")))
    if rng.random() < 0.02:
        terms.append(rng.choice(("ip4:1.2.3", "a:", "foo:bar", "a/33", "include:")))
    return " ".join(["v=spf1", *terms]).replace(" all", " -all")


def random_zone(rng):
    zone = Zone()
    may_skip, may_redirect = rng.random() < 0.4, rng.random() < 0.4
    for domain in DOMAINS:
        if rng.random() < 0.95:
            zone.add(domain, "TXT",
                     random_record(rng, domain, may_skip, may_redirect).encode())
        zone.add(domain, "TXT", b"something else")
    for name in HOSTS + DOMAINS:
        for _ in range(rng.randrange(3)):
            zone.add(name, "A", rng.choice(IPV4))
        for _ in range(rng.randrange(3)):
            zone.add(name, "AAAA", rng.choice(IPV6))
        for number in range(rng.choice((0, 1, 2, 11 if rng.random() < 0.1 else 3))):
            zone.add(name, "MX", (number, rng.choice(HOSTS)))
        if rng.random() < 0.02:
            zone.fail(name)
    if rng.random() < 0.5:
        zone.add("user.y.test", "A", "127.0.0.2")
    if rng.random() < 0.3:
        zone.add("192.0.2.3.x.test", "A", "127.0.0.2")
    return zone


class Check(spf.query):
    """pyspf counts each exchange without an address as a query without an answer; RFC 7208
    counts terms."""

    def dns_mx(self, domainname):
        names = self.dns(domainname, "MX")
        if len(names) > spf.MAX_MX:
            raise spf.PermError("too many exchanges")
        voids, self.void_lookups = self.void_lookups, -1000
        try:
            return [address for _, name in sorted(names) for address in self.dns_a(name, self.A)]
        finally:
            self.void_lookups = voids


def check(zone, address, sender, domain):
    def lookup(name, kind, *_):
        values = zone.answer(name, kind)
        if values is None:
            raise spf.TempError("DNS timeout")
        for value in values:
            if kind == "AAAA":
                value = ipaddress.ip_address(value).packed
            yield (name, kind), ((value,) if kind == "TXT" else value)
    spf.DNSLookup = lookup
    return Check(address, sender + domain if sender else "", domain, strict=True).check()[0]


def test_oracle(seed):
    rng = random.Random(seed)
    rounds = ROUNDS * (20 if os.environ.get("IPWL_SOAK") else 1)
    zones = [random_zone(rng) for _ in range(rounds)]
    results = expand_all([(zone, DOMAINS[0]) for zone in zones])
    complete = passing = 0
    for number, (zone, result) in enumerate(zip(zones, results)):
        for family, addresses in ((4, IPV4), (6, IPV6)):
            complete += result.is_complete[family]
            for address in addresses:
                is_in = result.passes(address)
                sender = rng.choice(SENDERS)
                outcome = check(zone, address, sender, DOMAINS[0])
                passing += is_in
                where = (number, address, sender, outcome, zone.records, result.lines)
                # The query of a skipped term may fail; another time it may not.
                if is_in and (result.is_complete[family] or outcome != "temperror"):
                    assert outcome == "pass", where
                if result.is_complete[family]:
                    assert is_in == (outcome == "pass"), where
    # The rounds reach something.
    assert complete > rounds // 4 and passing > rounds
