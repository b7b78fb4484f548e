#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold the built objects and the sources of user/ against the table in scripts/rooms.

Fails on: a room that is not in the table, a call or an include that the table does not
allow, another room's internal.h, a library that the room may not include, a circle of files
that call one another, and a room that has more than its share of the lines. Objects do not lie, whatever is included: a pointer in a table
of functions counts as a call.

usage: check_rooms.py [--table FILE] [--build DIRECTORY] SOURCES
SOURCES is the folder that holds the rooms; DIRECTORY has SOURCES/ROOM/FILE.o.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys

# Libraries with a row in the table. Headers of libc and the kernel are free for all.
LIBRARIES = {"zlib": r"zlib\.h", "lzma": r"lzma\.h", "zip": r"zip\.h",
             "jansson": r"jansson\.h", "yaml": r"yaml\.h",
             "bpf": r"bpf/.*", "skeletons": r"(ipwl|sessions)\.skel\.h", "libmnl": r"libmnl/.*",
             "sqlite3": r"sqlite3\.h", "curses": r"curses\.h", "event2": r"event2/.*", "curl": r"curl/.*",
             "seccomp": r"seccomp\.h", "ares": r"ares\.h", "pcap": r"pcap/.*",
             "systemd": r"systemd/.*", "hiredis": r"hiredis/.*", "openssl": r"openssl/.*",
             "idn2": r"idn2\.h", "psl": r"libpsl\.h"}


# Beyond that a room does more than one job.
SHARE_MAX_PERCENT = 15


def read_table(path):
    """{room: (what it may use, libraries)}."""
    table = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fields = [field.split() for field in line.partition("#")[0].split(":")]
        if fields == [[]]:
            continue
        if len(fields) != 3 or len(fields[0]) != 1 or set(fields[2]) - set(LIBRARIES):
            sys.exit(f"{path}:{number}: not ROOM : ROOMS : LIBRARIES")
        table[fields[0][0]] = set(fields[1]), set(fields[2])
    return table


def room_of(path, sources):
    return path.relative_to(sources).parts[0]


def symbols(objects, build, flag):
    """(source, name) of each symbol that nm prints with FLAG."""
    out = subprocess.run(["nm", "-A", "-g", flag, *map(str, objects)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    for line in out.splitlines():
        path, _, rest = line.partition(":")
        yield pathlib.Path(path).relative_to(build).with_suffix(".c"), rest.split()[-1]


def calls(objects, build, table):
    """(caller, target, name) of each symbol that one object uses of another.

    Programs of their own (fetch, ctl) may define a name that another program has: where a
    name is defined more than once, the definition in the caller's own room counts, else
    one in a room that the caller may use."""
    defined = collections.defaultdict(list)
    for path, name in symbols(objects, build, "--defined-only"):
        defined[name].append(path)
    for path, name in symbols(objects, build, "--undefined-only"):
        where = defined.get(name)
        if not where:
            continue
        room = path.parts[0]
        own = [one for one in where if one.parts[0] == room]
        allowed = [one for one in where if one.parts[0] in table.get(room, (set(),))[0]]
        target = (own or allowed or where)[0]
        if target != path:
            yield path, target, name


def find_circles(arrows):
    """Circles in {source: set of sources}: each arrow that leads back closes one."""
    state = {}

    def walk(node, trail):
        state[node] = "open"
        for target in sorted(arrows.get(node, ())):
            if state.get(target) == "open":
                yield trail[trail.index(target):] + [target]
            elif target not in state:
                yield from walk(target, trail + [target])
        state[node] = "done"

    sys.setrecursionlimit(10000)
    for node in sorted(arrows):
        if node not in state:
            yield from walk(node, [node])


def check_objects(table, build, sources, findings):
    objects = [path for path in sorted(build.rglob("*.o"))
               if (sources / path.relative_to(build)).with_suffix(".c").exists()]
    if not objects:
        sys.exit(f"{build}: no objects; run make first")
    arrows = collections.defaultdict(set)
    for caller, target, name in calls(objects, build, table):
        here, there = caller.parts[0], target.parts[0]
        # A room that is not in the table is told of once, by check_sources().
        if target not in arrows[caller] and here != there and here in table and \
                there not in table[here][0]:
            findings.append(f"{caller}: calls {name}() of {target}, but {here} may not use "
                            f"{there}")
        arrows[caller].add(target)
    for circle in find_circles(arrows):
        findings.append("a circle of files: " + " -> ".join(map(str, circle)))


def check_include(table, room, name, quoted):
    """What is wrong with this include, or None."""
    uses, libraries = table[room]
    for library, pattern in LIBRARIES.items():
        if re.fullmatch(pattern, name):
            return None if library in libraries else f"{room} may not include {library}"
    if not quoted:
        return None
    target, slash, header = name.partition("/")
    if not slash:
        return None if re.fullmatch(r"ipwl\w*\.h", name) else "name the room: ROOM/FILE.h"
    if target not in table:
        return f"{target} is no room"
    if target == room or name in uses:
        return None
    if target not in uses:
        return f"{room} may not use {target}"
    return f"internal to {target}" if header == "internal.h" else None


def check_sources(table, sources, findings):
    for path in sorted(sources.rglob("*.[ch]")):
        room = room_of(path, sources)
        if room not in table:
            findings.append(f"{path}: the room {room} is not in the table")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'#include (?:"([^"]+)"|<([^>]+)>)', line)
            wrong = match and check_include(table, room, match[1] or match[2], bool(match[1]))
            if wrong:
                findings.append(f"{path}:{number}: {wrong}")


def check_sizes(sources, findings):
    lines = collections.Counter()
    for path in sources.rglob("*.[ch]"):
        lines[room_of(path, sources)] += len(path.read_text().splitlines())
    total = sum(lines.values())
    for room, count in sorted(lines.items()):
        # A tree of a few rooms has larger shares.
        if count * 100 > SHARE_MAX_PERCENT * total and len(lines) > 100 / SHARE_MAX_PERCENT:
            findings.append(f"{sources / room}: has {count * 100 // total} % of all lines, "
                            f"more than {SHARE_MAX_PERCENT}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", type=pathlib.Path, default="scripts/rooms")
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("sources", type=pathlib.Path)
    arguments = parser.parse_args()
    table = read_table(arguments.table)
    findings = []
    check_sources(table, arguments.sources, findings)
    check_sizes(arguments.sources, findings)
    check_objects(table, arguments.build / arguments.sources, arguments.sources, findings)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
