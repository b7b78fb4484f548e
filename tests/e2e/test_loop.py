# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon's loop answers while the worker reads, compiles and loads a large policy."""

import contextlib
import itertools
import os
import random
import threading
import time

import policies

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
PREFIXES = 300_000
ANSWERS = 5  # of each kind that must come while a large policy is loaded


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


def write_lists(ipwld, generator):
    """Large lists of both actions, in files."""
    networks = policies.bystanders(generator, PREFIXES)
    lists = [policies.List("partners", "allow"), policies.List("drop", "block")]
    for index, item in enumerate(lists):
        item.entries.update(networks[index::2])
    ipwld.configure(lists=policies.write(lists, ipwld.top / "lists"))


def halve_lists(ipwld):
    for path in (ipwld.top / "lists").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(lines[::2]), encoding="utf-8")


def check_order(kind, asker, begin, end, before, after):
    """Answers came all the time, and first the old, then the new number of entries."""
    during = asker.during(begin, end)
    gaps = [second - first for first, second in itertools.pairwise(
        [begin] + [came for _, came, _ in during] + [end])]
    print(f"{before:.0f} to {after:.0f} entries in {end - begin:.2f} s, {kind}: {len(during)} "
          f"answers, the longest time without one {max(gaps):.3f} s")
    seen = [entries for _, _, entries in asker.answers]
    assert seen == [before] * seen.count(before) + [after] * seen.count(after)
    meanwhile = sum(entries == before for _, _, entries in during)
    assert meanwhile >= (ANSWERS if after else 1), f"{kind} was not answered meanwhile"
    quarter = (end - begin) / 4
    for number in range(4 if after and kind == "GET /metrics" else 0):
        assert asker.during(begin + number * quarter, begin + (number + 1) * quarter), \
            f"{kind} was not answered in quarter {number + 1} of the reload"


def test_answers_during_a_reload(ipwld):
    """To a large policy, to half of it, and to none: meanwhile it answers, with what is
    still in force."""
    ipwld.configure(lists="")
    ipwld.start()
    steps = (lambda: write_lists(ipwld, policies.generator_of(SEED)),
             lambda: halve_lists(ipwld), lambda: ipwld.configure(lists=""))
    sizes = []
    for step in steps:
        before = entries_by_metrics(ipwld)
        step()
        with asking(ipwld) as askers:
            begin = time.monotonic()
            status, answer = ipwld.request("POST", "/v1/reload", timeout=120)
            end = time.monotonic()
        assert status == 200, answer
        sizes.append(entries_by_metrics(ipwld))
        for kind, asker in askers.items():
            check_order(kind, asker, begin, end, before, sizes[-1])
    assert sizes == [PREFIXES, PREFIXES // 2, 0]
