# SPDX-License-Identifier: GPL-2.0-or-later
"""System calls that fail in the middle of an update: afterwards the old
configuration is in force, whole, or the new one, and ipwld says which."""

import errno
import json
import os
import random

import pytest

import frames
import policies
from daemon import UNGUARDED
from fault import READS, Faults, mask, mask_without
from flood import Arrivals, Flood
from lab import wait_for
from stack import MARKED

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
# No memory, map full (LPM tries say ENOSPC, hash maps E2BIG), a lock that
# is held, and what a security module answers.
ERRORS = (errno.ENOMEM, errno.ENOSPC, errno.E2BIG, errno.EBUSY, errno.EDEADLK, errno.EPERM)
FOR_GOOD = 1 << 40  # that many calls fail: all until the fault is taken away
WRITES = mask_without(*READS)
LIGHT = 8192  # frames in a burst, which leave most of the CPU to ipwld
GROWTH = 33_000  # more prefixes than fit into two maps of counters
STARTS = 40
# A sweep that has fewer refused reloads has met nothing. How many there are hangs on the
# random policies: from 10 on.
REFUSED_MIN = 5


class Configurations:
    """Policies, what an oracle says of them, and which of them is in force."""

    def __init__(self, ipwld, generator, count, bulks, has_holes):
        self.ipwld = ipwld
        self.generator = generator
        self.sets = policies.Sets(generator, count)
        self.texts, oracles, networks = [], [], set()
        for number, bulk in enumerate(bulks):
            policy = self.sets.policy(bulk, has_holes)
            oracles.append(policies.Oracle(policy))
            self.sets.check(oracles[-1])
            self.texts.append(policies.write(policy, ipwld.top / f"lists{number}"))
            networks.update(*(item.entries for item in policy))
        networks = generator.sample(sorted(networks, key=str), min(len(networks), 80))
        self.probes = self.sets.everything + [
            str(policies.random_address(generator, network)) for network in networks]
        self.expected = [[oracle.verdict(probe) for probe in self.probes] for oracle in oracles]
        assert len(set(map(tuple, self.expected))) == len(bulks)
        self.in_force = 0
        self.arrivals = self.flood = None

    # ---- traffic -----------------------------------------------------------

    def start_traffic(self, lab, wire):
        """Packets from all sources; the always allowed and blocked ones are watched."""
        self.arrivals = Arrivals(lab, self.sets.everything, MARKED)
        self.flood = Flood(lab, [frames.tcp(wire, source) for source in self.sets.everything],
                           LIGHT)

    def end_traffic(self):
        sent = dict(zip(self.sets.everything, self.flood.stop()))
        came, _ = self.arrivals.read()
        for source in self.sets.allowed + self.sets.spared:
            assert came[source] == sent[source], source
        assert not any(came[source] for source in self.sets.blocked)
        assert min(sent.values()) > 1000

    # ---- what is in force --------------------------------------------------

    def configure(self, number):
        self.ipwld.configure(lists=self.texts[number], extra=UNGUARDED)

    def wrong(self):
        """What is not as the configuration in force says, as text."""
        status, answer = self.ipwld.request("POST", "/v1/test", {"addresses": self.probes})
        assert status == 200, answer
        found = [result["verdict"] for result in answer["results"]]
        if found == self.expected[self.in_force]:
            return ""
        others = [number for number, expected in enumerate(self.expected) if expected == found]
        return (f"configuration {others[0]}" if others else "no configuration") \
            + f" is in force, {self.in_force} should be: " + ", ".join(
                f"{probe} is {is_now}" for probe, is_now, ought
                in zip(self.probes, found, self.expected[self.in_force]) if is_now != ought)

    def check(self, when, has_packets=False):
        """By the kernel's tables, and by packets."""
        wrong = self.wrong()
        assert not wrong, f"{when}: {wrong}"
        if has_packets:
            ought = {source for source, verdict in zip(self.probes, self.expected[self.in_force])
                     if verdict != "block" and source in self.sets.everything}
            assert self.arrivals.passing(self.sets.allowed) == ought, when

    # ---- reloads -----------------------------------------------------------

    def reload(self, to):
        """One that must succeed."""
        self.configure(to)
        status, answer = self.ipwld.request("POST", "/v1/reload")
        assert status == 200, answer
        self.in_force = to
        self.check("a reload without a fault")

    def reload_with(self, faults, to, first, error, count=1, calls=WRITES):
        """A reload in which calls fail. Returns whether it was refused, or None if it
        makes no such call."""
        self.configure(to)
        with faults.armed(first, error, calls, count):
            status, answer = self.ipwld.request("POST", "/v1/reload")
        when = (f"{errno.errorcode[error]} {'once' if count == 1 else 'for good'} from call "
                f"{first} of {faults.count} on ({faults.name(first)}), answer {status}")
        assert status in (200, 500), (when, answer)
        if status == 200:
            self.in_force = to
        self.check(when, has_packets=status == 500 and self.generator.random() < 0.2)
        self._check_report(when, status == 200, answer)
        return status == 500 if faults.failed_count else None

    def _check_report(self, when, is_done, answer):
        state = self.ipwld.status()["reload"]
        assert state["successful"] == is_done, when
        assert self.ipwld.metric("ipwl_config_last_reload_successful") == is_done, when
        if not is_done:
            assert answer["error"]["code"] == "internal", when
            assert state["errors"], when

    def calls(self, faults, to, calls=WRITES):
        """How many calls a reload makes that is not disturbed."""
        self.configure(to)
        with faults.armed(0, calls=calls):
            status, answer = self.ipwld.request("POST", "/v1/reload")
        assert status == 200, answer
        self.in_force = to
        return faults.count

    def sweep(self, faults, count, calls=WRITES):
        """Between the first two configurations: each call of a reload fails, with errors
        in turn. Returns how many reloads were refused, and done all the same."""
        total = max(self.calls(faults, 1, calls), self.calls(faults, 0, calls))
        turn = self.generator.randrange(len(ERRORS))
        outcomes = {True: 0, False: 0, None: 0}
        for first in range(1, total + 1):
            error = ERRORS[(first + turn) % len(ERRORS)]
            outcomes[self.reload_with(faults, 1 - self.in_force, first, error, count, calls)] += 1
            self.reload(1 - self.in_force)
        print(f"{total} calls in a reload; with a fault {outcomes[True]} were refused, "
              f"{outcomes[False]} done")
        return outcomes[True], outcomes[False]


def start(ipwld, configurations):
    """Start ipwld with the first configuration; returns what makes it fail."""
    faults = Faults()
    configurations.configure(0)
    ipwld.spawn(env=faults.environment)
    ipwld.await_answer()
    configurations.check("the start")
    return faults


def small_changes(ipwld, generator):
    """Two configurations whose change of the index is made in place."""
    bulk = policies.bystanders(generator, 300)
    bulk = {"drop": bulk[:150], "friends": bulk[150:]}
    return Configurations(ipwld, generator, 2, (bulk, bulk), has_holes=False)


def large_changes(ipwld, generator):
    """Two of which most differs, the holes of allow lists among it."""
    return Configurations(ipwld, generator, 1, ({}, {}), has_holes=True)


@pytest.mark.parametrize("make", [small_changes, large_changes])
def test_a_call_fails(lab, ipwld, wire, make):
    """Each call of a reload in turn."""
    configurations = make(ipwld, policies.generator_of(SEED))
    faults = start(ipwld, configurations)
    configurations.start_traffic(lab, wire)
    outcomes = [configurations.sweep(faults, 1, WRITES | mask("mmap"))
                for _ in range(2 if make is small_changes else 1)]
    assert all(refused >= REFUSED_MIN for refused, _ in outcomes)
    configurations.end_traffic()


@pytest.mark.parametrize("make", [small_changes, large_changes])
def test_calls_fail_for_good(lab, ipwld, wire, make):
    """From some call on none succeeds, so that nothing can be undone either: what decides
    must not be touched until what replaces it is whole."""
    configurations = make(ipwld, policies.generator_of(SEED))
    faults = start(ipwld, configurations)
    configurations.start_traffic(lab, wire)
    assert configurations.sweep(faults, FOR_GOOD, WRITES | mask("mmap"))[0] >= REFUSED_MIN
    configurations.end_traffic()


def test_growth_fails(lab, ipwld, wire):
    """Each time the policy grows by more than two maps of counters hold: what makes such a
    map fails, or any other call."""
    generator = policies.generator_of(SEED)
    faulty = (("MAP_CREATE", 1), ("OBJ_PIN", 1), ("MAP_UPDATE_ELEM", 1), ("MAP_CREATE", 2),
              ("OBJ_PIN", 2))
    bulk = policies.bystanders(generator, GROWTH * len(faulty))
    configurations = Configurations(
        ipwld, generator, 2, [{"drop": bulk[:GROWTH * number]} for number in range(len(faulty) + 1)],
        has_holes=True)
    faults = start(ipwld, configurations)
    configurations.start_traffic(lab, wire)
    refused = 0
    for number, (name, first) in enumerate(faulty, 1):
        for error in generator.choice(ERRORS[:2]), errno.EPERM:
            outcome = configurations.reload_with(faults, number, first, error, FOR_GOOD,
                                                 mask(name))
            assert outcome is not None, (name, first)
            refused += outcome
            if not outcome:
                configurations.reload(number - 1)
        configurations.reload(number)
    assert refused >= len(faulty)
    configurations.end_traffic()


def link_of(ipwld):
    """The id of the pinned link."""
    return json.loads(ipwld.namespace.run("bpftool", "-j", "link", "show", "pinned",
                                          ipwld.bpffs / "interfaces/eth0/link").stdout)["id"]


def test_questions_fail(lab, ipwld, wire):
    """The kernel does not answer what is attached, or listed: that is no reason to take
    anything off, or to change it."""
    configurations = small_changes(ipwld, policies.generator_of(SEED))
    faults = start(ipwld, configurations)
    configurations.start_traffic(lab, wire)
    before = link_of(ipwld)
    calls = mask(*READS)
    total = configurations.calls(faults, 1, calls)
    assert total
    for count in 1, FOR_GOOD:
        for first in range(1, total + 1):
            for error in errno.ENOMEM, errno.EPERM:
                configurations.reload_with(faults, 1 - configurations.in_force, first, error,
                                           count, calls)
                assert link_of(ipwld) == before, (first, error)
    wait_for(lambda: ipwld.interface()["attached"], "all is well again")
    configurations.end_traffic()


def test_start_fails(lab, ipwld, wire):
    """A daemon that cannot start leaves the data plane as it is, and the next one takes
    it over; one that starts all the same has it right."""
    generator = policies.generator_of(SEED)
    configurations = small_changes(ipwld, generator)
    faults = start(ipwld, configurations)
    configurations.start_traffic(lab, wire)
    before = link_of(ipwld)
    # What libbpf finds out about the kernel it remembers as long as the process lives.
    # If it believes that there are no global functions, the verifier takes seconds.
    calls = mask_without(*READS, "BTF_LOAD", "PROG_LOAD") | mask("mmap")
    ended = 0
    ipwld.kill()
    with faults.armed(0, calls=calls):
        ipwld.spawn(env=faults.environment)
        ipwld.await_answer()
    maps = [number for number, name in enumerate(faults.trace(), 1) if name == "mmap"]
    assert maps
    total = faults.count
    for first in maps + generator.sample(range(1, total + 1), STARTS - len(maps)):
        ipwld.kill()
        # A start changes the tables too: to the other configuration.
        other = 1 - configurations.in_force
        configurations.configure(other)
        error = generator.choice(ERRORS)
        with faults.armed(first, error, calls):
            ipwld.spawn(env=faults.environment)
            has_started = starts(ipwld)
        when = f"{errno.errorcode[error]} at call {first} of {total} ({faults.name(first)})"
        if has_started:
            configurations.in_force = other
            wait_for(lambda: ipwld.interface()["attached"], f"{when}: attached")
        else:
            ended += 1
            assert ipwld.process.returncode not in (0, None), when
            configurations.configure(configurations.in_force)
            ipwld.spawn(env=faults.environment)
            ipwld.await_answer()
        configurations.check(when, has_packets=True)
        assert link_of(ipwld) == before, when
    print(f"{ended} of {STARTS} starts failed")
    assert 0 < ended < STARTS
    configurations.end_traffic()


def starts(ipwld):
    """Wait until it answers or ends; returns whether it answers."""
    try:
        ipwld.await_answer()
    except AssertionError:
        if ipwld.process.poll() is None:
            raise
        return False
    return True
