# SPDX-License-Identifier: GPL-2.0-or-later
"""Transcripts: what an administrator types and sees, in a text file that a test repeats.

    ## A heading or a note for people.
    $ ipwlctl status              a command of root; "bob$ …" is one of bob with sudo
    mail is protected: …          what it prints; "(exit 1)" ends it
    @ 3 mails from 192.0.2.7      what happens meanwhile: the test does it, and may print

A command goes on in lines that begin with "> ". IPWL_WRITE_SCREENS=1 writes the outputs."""

import os
import re

# Times and numbers that differ each time, of the same width.
VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "2026-11-29T03:00:00Z"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ"), "2026-11-29T03:00Z"),
    (re.compile(r"\d{8}T\d{6}Z"), "20261129T030000Z"),
    (re.compile(r"ipwld\.yaml:\d+:\d+"), "ipwld.yaml:84:9"),
    (re.compile(r"\d{4}-\d\d-\d\d(?!T)"), "2026-11-29"),
    (re.compile(r"[0-9.]+ of 10 good messages"), "5.5 of 10 good messages"),
    (re.compile(r"first good message [0-9.]+ of"), "first good message 6.5 of"),
    # The age of a copy, in a column of three characters.
    (re.compile(r"  \d+s +(?=(?:new|unchanged|held|failed)\b)"), "  0s   "),
    (re.compile(r"process \d+, up for [^,]+,"), "process 4711, up for 5m 0s,"),
    (re.compile(r"reloaded in [0-9.]+ s"), "reloaded in 0.02 s"),
)
HEAD = re.compile(r"(?:([a-z]*)\$|@|##) (.*)", re.S)


def normal(text):
    for pattern, value in VARIABLE:
        text = pattern.sub(value, text)
    return text


def parts(text):
    """[head, output] of each command, event and note."""
    found = []
    for line in text.splitlines():
        if HEAD.fullmatch(line):
            found.append([line, []])
        elif line.startswith("> ") and not found[-1][1]:
            found[-1][0] += f"\n{line}"
        else:
            found[-1][1].append(line)
    return [(head, "\n".join(output).rstrip("\n")) for head, output in found]


class Transcript:
    """events: {pattern: function}; the function gets the groups of the pattern, and returns what is
    printed, or nothing."""

    def __init__(self, path, machine, events):
        self.path = path
        self.machine = machine
        self.events = [(re.compile(pattern), function) for pattern, function in events.items()]

    def _happen(self, what):
        for pattern, function in self.events:
            match = pattern.fullmatch(what)
            if match:
                return function(*match.groups()) or ""
        raise AssertionError(f"{self.path.name}: nobody knows what this is: {what}")

    def _output(self, head):
        user, what = HEAD.fullmatch(head).groups()
        if head.startswith("@"):
            return self._happen(what)
        done = self.machine.run(what.replace("\n> ", "\n"), user)
        return normal(done.stdout) + (f"(exit {done.returncode})" if done.returncode else "")

    def repeat(self):
        """Do all of it, and compare what is seen with the file."""
        is_written = os.environ.get("IPWL_WRITE_SCREENS")
        seen = []
        for head, output in parts(self.path.read_text(encoding="utf-8")):
            if not head.startswith("##"):
                found = self._output(head).rstrip("\n")
                assert is_written or found == output, f"{self.path.name}: {head}"
                output = found
            seen.append(f"{head}\n{output}".rstrip("\n") + "\n")
        if is_written:
            self.path.write_text("\n".join(seen), encoding="utf-8")
