# SPDX-License-Identifier: GPL-2.0-or-later
"""Texts of each format, good ones and mutated ones, read by ipwl and by a second reader: what
both read must be the same. What only one of them refuses is counted."""
import collections
import os
import random

import first_match
import pytest
import reference
from reader import ALLOW_ONLY, BUILD, FORMATS, ROOT, read_all
from texts import Maker

SEED = int(os.environ.get("IPWL_SEED") or random.SystemRandom().randrange(2**32))
COUNT = 100_000 if os.environ.get("IPWL_SOAK") else 3_000
BATCH = 10_000


def compare(name, action, text, read):
    """"" where both read the same, who refuses, or how they differ."""
    try:
        if name in first_match.RULES:
            if read.errors:
                first_match.RULES[name](text, action)
                return "ipwl alone refuses"
            differing = first_match.differences(name, action, text, read.entries)
            return f"! decided otherwise: {differing}" if differing else ""
        expected = reference.read(name, action, text)
    except reference.Refused:
        return "" if read.errors else "the second reader alone refuses"
    if read.errors:
        return "ipwl alone refuses"
    found = set(read.entries)
    return f"! more: {found - expected}, less: {expected - found}" if found != expected else ""


@pytest.mark.parametrize("name", FORMATS)
def test_agree(name):
    seed = f"{SEED} {name}"
    print(f"IPWL_SEED={SEED}")
    maker = Maker(random.Random(seed))
    outcomes, examples = collections.Counter(), {}
    for start in range(0, COUNT, BATCH):
        requests = []
        for i in range(start, min(COUNT, start + BATCH)):
            text = maker.mutated(name) if i % 3 else maker.good(name)
            action = "allow" if name in ALLOW_ONLY else maker.pick("allow", "block")
            requests.append((name, action, text))
        for request, read in zip(requests, read_all(requests), strict=True):
            outcome = compare(*request, read)
            outcomes[outcome[:1] if outcome.startswith("!") else outcome] += 1
            if outcome:
                examples.setdefault(outcome[:1] if outcome[0] == "!" else outcome,
                                    (outcome, request, read))
    print(f"{name}: {dict(outcomes)}")
    for outcome, (detail, request, read) in examples.items():
        print(f"{outcome}: {detail}\n  {request!r}\n  {read}")
    assert "!" not in outcomes, examples["!"]
    # A reader that refuses everything would agree, too.
    assert outcomes[""] > COUNT / 2


# What editors, other systems and converters leave at the ends of lines and between words.
STRAY = ("\r", "\n\r", " \r", "\t\r", "\r\r\n", "\x00", "\x0b", "\x0c", "\x1a", "\x7f", "\x85", "\xa0",
         "\u200b", "\u2028", "\u3000", "\ufeff", "\\", "\\\n")


@pytest.mark.parametrize("name", FORMATS)
def test_stray_characters(name):
    """One in a good text, mostly at the end of a line: no entry gets lost in silence."""
    print(f"IPWL_SEED={SEED}")
    maker = Maker(random.Random(f"{SEED} stray {name}"))
    requests = []
    for _ in range(500):
        text = maker.good(name)
        ends = [place for place in range(len(text) + 1)
                if place in (0, len(text)) or "\n" in text[place - 1:place + 1]]
        place = maker.pick(*ends) if maker.pick(True, False) else maker.pick(*range(len(text) + 1))
        action = "allow" if name in ALLOW_ONLY else maker.pick("allow", "block")
        requests.append((name, action, text[:place] + maker.pick(*STRAY) + text[place:]))
    for request, read in zip(requests, read_all(requests), strict=True):
        outcome = compare(*request, read)
        assert not outcome.startswith("!"), (outcome, request, read)


def test_corpus_of_the_fuzzer():
    """What the fuzz target has found, in the tree and in the build, as each format."""
    requests = []
    for directory in ROOT / "tests/fuzz/corpus/format", BUILD / "corpus/fuzz_format":
        for path in sorted(directory.glob("*")):
            try:
                # The first two bytes choose format and action.
                text = path.read_bytes()[2:].decode()
            except UnicodeDecodeError:
                continue
            requests += [(name, action, text) for name in FORMATS for action in ("allow", "block")
                         if action == "allow" or name not in ALLOW_ONLY]
    assert requests
    for request, read in zip(requests, read_all(requests), strict=True):
        outcome = compare(*request, read)
        assert not outcome.startswith("!"), (outcome, request, read)


def test_good_ones_are_read():
    """Of the generated texts without mistakes hardly any is refused."""
    maker = Maker(random.Random(SEED))
    for name in FORMATS:
        reads = read_all([(name, "allow", maker.good(name)) for _ in range(300)])
        assert sum(not read.errors for read in reads) > 200, name
