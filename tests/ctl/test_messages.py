# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages of all programs: "1 entry", not "1 entries"; commands between ` and '."""
import re

import pytest
from conftest import ROOT

NOUNS = """addresses answers bytes changes characters columns connections days domains duplicates
entries errors exclusions exports feeds files findings hits hosts hours ifs interfaces items lines
lists lookups messages minutes names networks packets prefixes records redirects reports results
rules seconds senders sources terms times users warnings""".split()
NUMBER = r"%[-0-9.*]*(?:zu|zd|l{0,2}[du]|\.0f)"
COUNTED = re.compile(rf"{NUMBER}(?: [a-z]+){{0,2}} (?:{'|'.join(NOUNS)})\b")
# Of several: "1 of its entries" is right.
OF_SEVERAL = re.compile(rf"{NUMBER} of its ")

# The number is a limit in the code, or another text is shown for 1.
NEVER_ONE = {
    "%d characters", "%u bytes", "%zu bytes", "%d feeds", "%d exports", "%d domains", "%d lists",
    "%u different prefixes", "%d addresses", "%d lookups", "%u rules", "%ld redirects",
    "%d nested ifs", "%d terms", "%d names", "%zu columns",  # limits
    "without a hit for %lld days", "expire within %lld days",  # limits
    "more than %zu entries",   # of a list
    "%zu domains, checksum",   # as many as are not shown by name
    "kept for %d days",        # a limit
    "%zu %s lists",            # as many as are not shown by name
    "%zu domains %s: see",     # of health
    "%zu records cannot be",   # of undo
    "undid %zu records",
    "record %lld, %s of %lld entries",
    "%u times as many",
    "%zu allow entries would be deleted, and",
    "more than %d prefixes at once",
}


def texts(path):
    """The string literals of a C file; adjacent ones, and the macros of inttypes.h between them,
    are one."""
    code = re.sub(r'" ?PRI[a-z]+64 ?"|" ?PRI[a-z]+32 ?"', "llu", path.read_text())
    code = re.sub(r'"\s*\n\s*"', "", code)
    return re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)


def counted(text):
    return [found[0] for found in COUNTED.finditer(text) if not OF_SEVERAL.match(found[0])]


def test_the_search():
    assert counted("all %zu entries have expired") == ["%zu entries"]
    assert counted("%llu of %u good messages, weighted") == ["%u good messages"]
    assert counted("more than %u new domains in a day") == ["%u new domains"]
    assert not counted("%zu %s, %zu added") and not counted("%lld of its entries had")
    assert not counted("line %zu: the entries")


@pytest.mark.parametrize("room", sorted(path.name for path in (ROOT / "user").iterdir()))
def test_every_count_has_its_noun(room):
    wrong = [f"{path.relative_to(ROOT)}: {text}"
             for path in sorted((ROOT / "user" / room).rglob("*.[ch]")) for text in texts(path)
             if counted(text) and not any(part in text for part in NEVER_ONE)]
    assert not wrong, "use plural() of base/plural.h"


def test_commands_are_quoted_one_way():
    wrong = [f"{path.relative_to(ROOT)}: {text}" for path in (ROOT / "user").rglob("*.[ch]")
             for text in texts(path) if re.search("`[^`']*`", text)]
    assert not wrong, "write `command'"


def test_no_exemption_is_left_over():
    everything = "\n".join(text for path in (ROOT / "user").rglob("*.[ch]")
                           for text in texts(path))
    assert not {part for part in NEVER_ONE if part not in everything}
