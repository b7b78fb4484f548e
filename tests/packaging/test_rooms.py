# SPDX-License-Identifier: GPL-2.0-or-later
"""The check of rooms fails on each kind of breach, and on nothing else."""

import re
import subprocess
import sys

import pytest

from conftest import TOP

TABLE = """\
# room : may use : libraries
base   :             :
store  : base        : sqlite3
api    : store base  :
"""

# A tree that keeps to the table. api calls down, through a pointer in a table, too.
TREE = {
    "base/text.h": "int text_length(const char *text);\n",
    "base/text.c": '#include "base/text.h"\nint text_length(const char *text) { return *text; }\n',
    "store/internal.h": "int store_secret(void);\n",
    "store/store.h": "int store_open(void);\n",
    "store/store.c": '#include <sqlite3.h>\n#include "base/text.h"\n#include "store/internal.h"\n'
                     '#include "store/store.h"\nint store_open(void) { return text_length(""); }\n',
    "api/api.c": '#include <stdio.h>\n#include "ipwl.h"\n#include "store/store.h"\n'
                 "int (*const opens[])(void) = { store_open };\n",
}

# Name: (files that differ, what is said of it).
BREACHES = {
    "upward call": ({"base/text.c": "int store_open(void);\nint text_length(const char *text)"
                                    "{ return *text + store_open(); }\n"},
                    r"base/text\.c: calls store_open\(\) of store/store\.c, but base may not "),
    "upward call by a pointer": ({"base/text.c": "int store_open(void);\n"
                                                 "int (*const opens[])(void) = { store_open };\n"
                                                 "int text_length(const char *text)"
                                                 "{ return *text; }\n",
                                  "api/api.c": "int api;\n"},
                                 r"base/text\.c: calls store_open\(\)"),
    "circle": ({"store/one.c": "int two(void);\nint one(void) { return two(); }\n",
                "store/two.c": "int one(void);\nint two(void) { return one(); }\n"},
               r"a circle of files: store/one\.c -> store/two\.c -> store/one\.c"),
    "unknown room": ({"attic/attic.c": "int attic;\n"}, r"attic is not in the table"),
    "call from an unknown room": ({"attic/attic.c": "int store_open(void);\n"
                                                    "int attic(void) { return store_open(); }\n"},
                                  r"attic is not in the table"),
    "upward include": ({"base/more.h": '#include "store/store.h"\n'},
                       r"base/more\.h:1: base may not use store"),
    "include of no room": ({"base/more.h": '#include "cellar/wine.h"\n'},
                           r"base/more\.h:1: cellar is no room"),
    "foreign library": ({"api/more.h": "#include <sqlite3.h>\n"},
                        r"api/more\.h:1: api may not include sqlite3"),
    "another's internal.h": ({"api/more.h": '#include "store/internal.h"\n'},
                             r"api/more\.h:1: internal to store"),
    "bare include": ({"store/more.h": '#include "store.h"\n'},
                     r"store/more\.h:1: name the room"),
}


def check(directory, tree, table=TABLE):
    """(exit status, output) of the check on a tree that is written and compiled there."""
    (directory / "rooms").write_text(table)
    (directory / "ipwl.h").write_text("")
    for name, text in tree.items():
        path = directory / "user" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix == ".c":
            built = (directory / "build/user" / name).with_suffix(".o")
            built.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["gcc", "-I.", "-Iuser", "-c", path, "-o", built], cwd=directory,
                           check=True)
    result = subprocess.run([sys.executable, TOP / "scripts/check_rooms.py", "--table", "rooms",
                             "user"], cwd=directory, text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False)
    return result.returncode, result.stdout


def test_tree_that_keeps_to_it(tmp_path):
    assert check(tmp_path, TREE) == (0, "")


@pytest.mark.parametrize("breach", BREACHES)
def test_breach(tmp_path, breach):
    changes, words = BREACHES[breach]
    status, output = check(tmp_path, TREE | changes)
    assert status == 1 and re.search(words, output), output
    assert "Traceback" not in output


def test_each_circle_is_told(tmp_path):
    circles = {f"store/{name}_{number}.c": f"int {name}_{3 - number}(void);\n"
                                           f"int {name}_{number}(void) "
                                           f"{{ return {name}_{3 - number}(); }}\n"
               for name in ("first", "second") for number in (1, 2)}
    status, output = check(tmp_path, TREE | circles)
    assert status == 1 and output.count("a circle of files") == 2, output


def test_room_that_grows_too_large(tmp_path):
    rooms = [f"room{index}" for index in range(8)]
    table = "".join(f"{room} : :\n" for room in rooms)
    tree = {f"{room}/one.c": "int one_" + room + ";\n" + "\n" * 99 for room in rooms}
    assert check(tmp_path, tree, table) == (0, "")
    status, output = check(tmp_path, tree | {"room3/one.c": "int one;\n" + "\n" * 300}, table)
    assert status == 1 and "user/room3: has 30 % of all lines" in output


def test_nothing_built(tmp_path):
    """A check of nothing is no success."""
    (tmp_path / "build/user").mkdir(parents=True)
    status, output = check(tmp_path, {"base/text.h": ""})
    assert status == 1 and "no objects" in output
