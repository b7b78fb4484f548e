# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever text of a format it is given, auto takes it for that format, for another that
yields the same entries, or refuses it."""
import collections
import os
import random

from reader import ALLOW_ONLY, FORMATS, read_all
from texts import Maker

SEED = int(os.environ.get("IPWL_SEED") or random.SystemRandom().randrange(2**32))
# A list of Exim without data is one of ipwl's own, where an exclusion holds wherever it stands.
NATIVE = {("exim", "plain")}
COUNT = 20_000 if os.environ.get("IPWL_SOAK") else 1_000


def has_classes_alone(read):
    """A table of Postfix of which nobody can say that it is one: its values are any words."""
    return not read.entries and read.warnings and \
        all("may be a class of main.cf" in warning for warning in read.warnings)


def test_matrix():
    print(f"IPWL_SEED={SEED}")
    maker = Maker(random.Random(f"{SEED} auto"))
    matrix, wrong = collections.Counter(), []
    for name in FORMATS:
        texts = [maker.good(name) for _ in range(COUNT)]
        actions = ["allow" if name in ALLOW_ONLY else maker.pick("allow", "block") for _ in texts]
        named = read_all([(name, action, text) for action, text in zip(actions, texts)])
        auto = read_all([("auto", action, text) for action, text in zip(actions, texts)])
        for action, text, own, read in zip(actions, texts, named, auto, strict=True):
            if own.errors or has_classes_alone(own):
                continue
            matrix[name, "refused" if read.errors else read.format] += 1
            if not read.errors and (name, read.format) not in NATIVE and \
                    set(read.entries) != set(own.entries):
                wrong.append((name, action, text, own, read))
    for (name, elected), count in sorted(matrix.items()):
        print(f"{name:14} {elected:14} {count}")
    assert not wrong, wrong[0]
    for name in FORMATS:
        assert matrix[name, name] > 0, name
