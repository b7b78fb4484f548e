# SPDX-License-Identifier: GPL-2.0-or-later
"""Under full load nothing shows the seams: reloads of large policies, crashes,
upgrades and storms of manual entries drop no allowed packet, let no blocked one
pass, and count every packet once."""

import dataclasses
import json
import os
import random
import signal
import time

import frames
import policies
from daemon import UNGUARDED
from flood import FRAME_BYTES, Arrivals, Flood
from stack import MARKED
from storm import Storm

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
SOURCES = 24  # of each family and set
PREFIXES = 100_000
OTHERS = 8_000  # of these, in which two configurations differ
# make soak does more.
TIMES = 4 if os.environ.get("IPWL_SOAK") else 1
RELOADS_IN_PLACE = 30 * TIMES
RELOADS_ANEW = 20 * TIMES
RESTARTS = 8 * TIMES


def make_bulk(generator, common, own, others):
    """Both configurations have common; own is this one's alone; others are in a list
    of each, here in an allow list or in a block list."""
    split = generator.randrange(len(others))
    bulk = {"partners": common[:9000] + own[:1000], "friends": common[9000:18000] + others[:split],
            "drop": common[18000:50000] + own[1000:3000] + others[split:],
            "feed": common[50000:], "shadow": own[3000:]}
    return bulk


class Configurations:
    """Two pairs of configurations. Those of a pair differ in thousands of prefixes and
    in nested ones around all sources; those of the second pair have exclusions in
    their allow lists as well."""

    def __init__(self, ipwld, generator):
        self.sets = policies.Sets(generator, SOURCES)
        pool = policies.bystanders(generator, PREFIXES + OTHERS // 2)
        common, others = pool[:PREFIXES - OTHERS], pool[PREFIXES - OTHERS:PREFIXES - OTHERS // 2]
        own = (pool[PREFIXES - OTHERS // 2:PREFIXES], pool[PREFIXES:])
        self.policies, self.texts, self.oracles = [], [], []
        for number in range(4):
            bulk = make_bulk(generator, common, own[number % 2], others)
            if number % 2:
                bulk["guests"] = own[1][:500]
            policy = self.sets.policy(bulk, has_holes=number >= 2)
            oracle = policies.Oracle(policy)
            self.sets.check(oracle)
            self.policies.append(policy)
            self.oracles.append(oracle)
            self.texts.append(policies.write(policy, ipwld.top / f"lists{number}"))
        networks = generator.sample(pool, 150) + generator.sample(others + own[0] + own[1], 250)
        self.probes = [str(policies.random_address(generator, network)) for network in networks]


def verdicts(ipwld, addresses):
    status, answer = ipwld.request("POST", "/v1/test", {"addresses": addresses})
    assert status == 200, answer
    return [result["verdict"] for result in answer["results"]]


def check_exact(ipwld, oracle, addresses):
    """The kernel's own tables say what the oracle says."""
    for address, verdict in zip(addresses, verdicts(ipwld, addresses)):
        assert verdict == oracle.verdict(address), address


class Counters:
    """All counters that ought to outlive everything; they never go back."""

    def __init__(self, ipwld, sets):
        self.ipwld = ipwld
        self.sets = sets
        self.last = {}

    def entries(self):
        """{prefix: entry} of the lists that hold sources with a holder."""
        found = {}
        for name, where in ("partners", policies.NETWORKS["allowed"]), \
                ("drop", policies.NETWORKS["blocked"]):
            for network in where:
                status, answer = self.ipwld.request(
                    "GET", f"/v1/entries?list={name}&prefix={network}&limit=1000")
                assert (status, answer["next"]) == (200, None)
                found |= {entry["prefix"]: entry for entry in answer["entries"]}
        return {str(holder): found[str(holder)] for holder in self.sets.holders.values()}

    def check(self, has_entries=False):
        now = {key: value for key, value in self.ipwld.metrics().items()
               if key[0].endswith("_total") and ("list", "guests") not in key[1]
               and not key[0].startswith(("ipwl_seen_", "process_"))}  # each daemon begins anew
        if has_entries:
            for prefix, entry in self.entries().items():
                for what in "packets", "bytes", "connections", "averted_packets":
                    now[prefix, what] = entry[what]
        for key, value in self.last.items():
            if has_entries or not isinstance(key[1], str):
                assert now.get(key, -1) >= value, key
        self.last |= now


def check_arrivals(arrivals, sets, sent):
    """Nothing allowed was lost, nothing blocked came through; returns what came."""
    came, marked = arrivals.read()
    for name, sources in ("allowed", sets.allowed), ("spared", sets.spared):
        lost = {source: sent[source] - came[source] for source in sources
                if came[source] != sent[source]}
        assert not lost, f"{name} packets were dropped: {lost}"
    passed = {source: came[source] for source in sets.blocked if came[source]}
    assert not passed, f"blocked packets got through: {passed}"
    assert all(came[source] <= sent[source] for source in sets.changing)
    return came, marked


def check_totals(ipwld, sets, sent, came, marked):
    """Every packet was counted once, as what it became."""
    for version, family in (4, "ipv4"), (6, "ipv6"):
        def total(counts, sources, version=version):
            return sum(counts[source] for source in sources
                       if policies.version_of(source) == version)
        packets = {verdict: number for (of, verdict), number in ipwld.counters().items()
                   if of == family}
        assert sum(packets.values()) == total(sent, sets.everything)
        assert packets["block"] == (total(sent, sets.blocked) + total(sent, sets.changing)
                                    - total(came, sets.changing))
        assert packets["allow"] + packets["averted"] >= total(sent, sets.allowed)
        connections = {verdict: number for (of, verdict), number
                       in ipwld.counters("connections").items() if of == family}
        # The same SYNs come again and again.
        assert all(number <= packets[verdict] for verdict, number in connections.items())
        assert sum(connections.values()) >= sum(
            policies.version_of(source) == version and sent[source] > 0
            for source in sets.everything)
    everything = ipwld.counters()
    assert {key: value * FRAME_BYTES for key, value in everything.items()} \
        == ipwld.counters("bytes")
    by_verdict = {}
    for (_, verdict), number in everything.items():
        by_verdict[verdict] = by_verdict.get(verdict, 0) + number
    allowed = by_verdict["allow"] + by_verdict["averted"]
    assert marked == allowed
    check_lists(ipwld, {"allow": allowed,
                        "block": by_verdict["block"] + by_verdict.get("would_block", 0)})


def check_lists(ipwld, expected):
    """The lists' counters add up to the verdicts'."""
    counted = {"allow": 0, "block": 0}
    for item in ipwld.status()["lists"]:
        assert item["packets"] >= item["connections"]
        counted[item["action"]] += item["packets"]
    assert counted == expected


def check_holders(entries, sets, sent):
    """Entries that decided all the time have counted all the time."""
    for source, holder in sets.holders.items():
        entry = entries[str(holder)]
        assert (entry["packets"], entry["bytes"]) \
            == (sent[source], sent[source] * FRAME_BYTES), (source, entry)
        assert 1 <= entry["connections"] <= sent[source]
        assert entry["averted_packets"] <= sent[source]


class Programs:
    """The programs in the kernel: a restart replaces them and keeps their link."""

    def __init__(self, ipwld):
        self.ipwld = ipwld
        self.link, *self.last = self._read()

    def _read(self):
        """Ids: of the link, the XDP program on the device, and the tc program."""
        link = json.loads(self.ipwld.namespace.run(
            "bpftool", "-j", "link", "show", "pinned",
            self.ipwld.bpffs / "interfaces/eth0/link").stdout)
        device, = json.loads(self.ipwld.namespace.ip("-j", "-d", "link", "show", "eth0").stdout)
        assert device["xdp"]["prog"]["id"] == link["prog_id"]
        filters = json.loads(self.ipwld.namespace.run(
            "tc", "-j", "filter", "show", "dev", "eth0", "ingress").stdout)
        tc, = [item["options"]["prog"]["id"] for item in filters
               if "prog" in item.get("options", {})]
        return link["id"], link["prog_id"], tc

    def check_replaced(self):
        link, *now = self._read()
        assert link == self.link
        assert now[0] != self.last[0] and now[1] != self.last[1]
        self.last = now


def reload_in_a_row(ipwld, configurations, counters):
    """From each configuration of a pair to the other, again and again."""
    for number in range(RELOADS_IN_PLACE + RELOADS_ANEW):
        chosen = number % 2 + (2 if number >= RELOADS_IN_PLACE else 0)
        ipwld.configure(lists=configurations.texts[chosen], extra=UNGUARDED)
        status, answer = ipwld.request("POST", "/v1/reload")
        assert status == 200, answer
        assert number == 0 or answer["added"] > OTHERS // 4, answer
        counters.check(has_entries=number % 10 == 0)
        if number % 10 == 0:
            check_exact(ipwld, configurations.oracles[chosen], configurations.probes)


def restart_at_random(ipwld, configurations, counters, programs, generator, is_enough):
    """Killed or stopped at any moment, and started with the same or another
    configuration, until enough has been seen."""
    number = 0
    while number < RESTARTS or not is_enough():
        number += 1
        ipwld.configure(lists=generator.choice(configurations.texts), extra=UNGUARDED)
        if generator.random() < 0.7:
            ipwld.process.send_signal(signal.SIGHUP)
        time.sleep(generator.random() * 0.4)
        if number % 3 == 0:
            assert ipwld.stop() == 0
        else:
            ipwld.kill()
        chosen = generator.randrange(len(configurations.texts))
        ipwld.configure(lists=configurations.texts[chosen], extra=UNGUARDED)
        ipwld.start()
        programs.check_replaced()
        counters.check(has_entries=True)
        check_exact(ipwld, configurations.oracles[chosen], configurations.probes)
    return chosen


def check_in_force(ipwld, configurations, number, arrivals):
    """With the remaining manual entries, for tables and packets alike."""
    lists = {item.name: dataclasses.replace(item, entries=set(item.entries))
             for item in configurations.policies[number]}
    for entry in ipwld.manual():
        lists[entry["list"]].add(entry["prefix"])
    oracle = policies.Oracle(list(lists.values()))
    sets = configurations.sets
    check_exact(ipwld, oracle, sets.everything + configurations.probes)
    assert arrivals.passing(sets.allowed) \
        == {source for source in sets.everything if oracle.verdict(source) != "block"}


def test_full_load(lab, ipwld, wire):
    generator = policies.generator_of(SEED)
    configurations = Configurations(ipwld, generator)
    sets = configurations.sets
    ipwld.configure(lists=configurations.texts[1], extra=UNGUARDED)
    ipwld.start()
    programs = Programs(ipwld)
    counters = Counters(ipwld, sets)
    arrivals = Arrivals(lab, sets.everything, MARKED)
    flood = Flood(lab, [frames.tcp(wire, source) for source in sets.everything])
    began = time.monotonic()
    with Storm(ipwld, sets, generator, pause_sec=0.4) as storm:
        reload_in_a_row(ipwld, configurations, counters)
        print(f"{RELOADS_IN_PLACE + RELOADS_ANEW} reloads in {time.monotonic() - began:.1f} s, "
              f"{storm.answered} changes of entries beside them")
        storm.pause_sec = 0.01
        last = restart_at_random(ipwld, configurations, counters, programs, generator,
                                 lambda: storm.answered > 100 and storm.unanswered
                                 and sum(ipwld.packets().values()) > 1_000_000)
    check_in_force(ipwld, configurations, last, arrivals)
    sent = dict(zip(sets.everything, flood.stop()))
    print(f"{sum(sent.values())} packets in {time.monotonic() - began:.1f} s; "
          f"{storm.answered} changes of entries, {storm.unanswered} without an answer")
    storm.check()
    came, marked = check_arrivals(arrivals, sets, sent)
    counters.check(has_entries=True)
    check_totals(ipwld, sets, sent, came, marked)
    check_holders(counters.entries(), sets, sent)
