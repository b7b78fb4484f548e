# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's loop answers while the worker reads, compiles and loads a large policy."""

import collections
import concurrent.futures
import contextlib
import itertools
import os
import pathlib
import random
import shutil
import threading
import time

import policies
import pytest
from fault import Faults, mask
from lab import ALLOWED, wait_for

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
PREFIXES = 300_000
LARGE = 40_000  # needs one more map of counters
ANSWERS = 5  # of each kind that must come while a policy is replaced
ROUNDS_MAX = 30


class Asker(threading.Thread):
    """Asks again and again; keeps when each answer was asked for and came, and what
    it said of the number of entries."""

    def __init__(self, ask):
        super().__init__()
        self.ask = ask
        self.answers = []
        self.error = None
        self._is_over = threading.Event()
        self.start()

    def run(self):
        try:
            while not self._is_over.is_set():
                asked = time.monotonic()
                entries = self.ask()
                self.answers.append((asked, time.monotonic(), entries))
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def stop(self):
        self._is_over.set()
        self.join()
        if self.error:
            raise self.error

    def during(self, begin, end):
        """Answers that were asked for and had come between the two moments."""
        return [answer for answer in self.answers if begin <= answer[0] and answer[1] <= end]


def entries_by_metrics(ipwld):
    return sum(value for (name, _), value in ipwld.metrics().items()
               if name == "ipwl_list_entries")


def entries_by_status(ipwld):
    return sum(item["ipv4_entries"] + item["ipv6_entries"]
               for item in ipwld.ask("status")["lists"])


@contextlib.contextmanager
def asking(ipwld):
    """Inside, both ways to ask are in use all the time."""
    askers = {"GET /metrics": Asker(lambda: entries_by_metrics(ipwld)),
              "ipwlctl status": Asker(lambda: entries_by_status(ipwld))}
    try:
        yield askers
    finally:
        for asker in askers.values():
            asker.stop()


def write_lists(ipwld, generator, count=PREFIXES):
    """Large lists of both actions, in files."""
    shutil.rmtree(ipwld.top / "lists", True)
    networks = policies.bystanders(generator, count)
    lists = [policies.List("partners", "allow"), policies.List("drop", "block")]
    for index, item in enumerate(lists):
        item.entries.update(networks[index::2])
    ipwld.configure(lists=policies.write(lists, ipwld.top / "lists"))


def halve_lists(ipwld):
    for path in (ipwld.top / "lists").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[::2]), encoding="utf-8")


def check_order(kind, asker, begin, end, before, after):
    """First the old, then the new number of entries is said. Returns how many answers with
    the old one came during the reload."""
    during = asker.during(begin, end)
    gaps = [second - first for first, second in itertools.pairwise(
        [begin] + [came for _, came, _ in during] + [end])]
    print(f"{before:.0f} to {after:.0f} entries in {end - begin:.2f} s, {kind}: {len(during)} "
          f"answers, the longest time without one {max(gaps):.3f} s")
    seen = [entries for _, _, entries in asker.answers]
    assert seen == [before] * seen.count(before) + [after] * seen.count(after)
    return sum(entries == before for _, _, entries in during)


def test_answers_during_a_reload(ipwld):
    """To a large policy, to half of it, and to none, until enough answers have come: with
    what is still in force."""
    ipwld.configure(lists="")
    ipwld.start()
    generator = policies.generator_of(SEED)
    steps = (lambda: write_lists(ipwld, generator), lambda: halve_lists(ipwld),
             lambda: ipwld.configure(lists=""))
    meanwhile = collections.Counter()
    for _ in range(ROUNDS_MAX):
        sizes = []
        for number, step in enumerate(steps):
            before = entries_by_metrics(ipwld)
            step()
            with asking(ipwld) as askers:
                begin = time.monotonic()
                status, answer = ipwld.request("POST", "/v1/reload")
                end = time.monotonic()
            assert status == 200, answer
            sizes.append(entries_by_metrics(ipwld))
            for kind, asker in askers.items():
                meanwhile[number, kind] += check_order(kind, asker, begin, end, before, sizes[-1])
        assert sizes == [PREFIXES, PREFIXES // 2, 0]
        if len(meanwhile) == 6 and min(meanwhile.values()) >= ANSWERS:
            return
    raise AssertionError(f"so few answers came during reloads: {meanwhile}")


@pytest.mark.parametrize("call, number", [("MAP_CREATE", 1), ("OBJ_PIN", 1),
                                          ("MAP_UPDATE_ELEM", 1), ("MAP_UPDATE_ELEM", 1000)])
def test_answers_while_the_kernel_takes_its_time(ipwld, call, number):
    """However long a call of the reload lasts, questions are answered beside it."""
    faults = Faults()
    ipwld.configure()
    ipwld.spawn(env=faults.environment)
    ipwld.await_answer()
    before = entries_by_metrics(ipwld)
    write_lists(ipwld, policies.generator_of(SEED), LARGE)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with faults.holding(number, mask(call)) as is_waiting:
            reload = pool.submit(ipwld.request, "POST", "/v1/reload")
            wait_for(lambda: is_waiting() or reload.done(), f"a {call}")
            assert not reload.done(), f"there is no {call} number {number}"
            for _ in range(ANSWERS):
                assert entries_by_metrics(ipwld) == entries_by_status(ipwld) == before
            assert ipwld.ask("test", ALLOWED.ipv4)["results"][0]["verdict"] == "allow"
            assert is_waiting() and not reload.done()
        status, answer = reload.result()
    assert status == 200, answer
    assert entries_by_metrics(ipwld) == entries_by_status(ipwld) == LARGE


def cpu_ticks(path):
    """What a process or a thread has had of the CPU."""
    fields = path.read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_the_loop_leaves_the_work_to_the_worker(ipwld):
    """Of what a reload costs, the thread that answers does next to nothing."""
    ipwld.configure(lists="")
    ipwld.start()
    generator = policies.generator_of(SEED)
    process = pathlib.Path("/proc", str(ipwld.process.pid))
    loop = process / "task" / process.name / "stat"
    before = cpu_ticks(process / "stat"), cpu_ticks(loop)
    total = 0
    while total < 100:
        write_lists(ipwld, generator)
        status, answer = ipwld.request("POST", "/v1/reload")
        assert status == 200, answer
        total, of_loop = cpu_ticks(process / "stat") - before[0], cpu_ticks(loop) - before[1]
    print(f"{of_loop} of {total} ticks of the CPU")
    assert of_loop <= total / 10
