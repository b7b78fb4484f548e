#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare the formats of json_pack() with the number of arguments behind them.

A format that is too short leaves out the last members in silence, and the compiler does not know
such formats. A format that is not written out is not checked.

usage: check_json_pack.py FILE.c...
"""
import re
import sys

# A call, a string or a character in it, and what opens, closes or separates arguments.
CALL = re.compile(r"\bjson_pack\(")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|/\*.*?\*/|[(\[{}\]),]|[^"\'(\[{}\]),/]+|/', re.S)


def arguments(text, position):
    """The arguments of the call whose parenthesis ends at @position."""
    found, depth = [""], 1
    while True:
        token = TOKEN.match(text, position)[0]
        position += len(token)
        depth += (token in "([{") - (token in ")]}")
        if depth == 0:
            return found
        if token == "," and depth == 1:
            found.append("")
        else:
            found[-1] += token


def wanted(text):
    """How many arguments a format takes. "n" takes none, and "%" one more for the length."""
    return len(re.findall(r"[sibfIoO]", text)) + text.count("%")


def check(name):
    with open(name, encoding="utf-8") as source:
        text = source.read()
    failed = False
    for call in CALL.finditer(text):
        form, *others = arguments(text, call.end())
        if not form.strip().startswith('"'):
            continue
        count = wanted("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', form)))
        if count != len(others):
            line = text[:call.start()].count("\n") + 1
            print(f"{name}:{line}: json_pack() has {len(others)} arguments for {count} places")
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(any([check(name) for name in sys.argv[1:]]))
