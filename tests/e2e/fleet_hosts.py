# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of a fleet that have nothing but a replica in memory (fleet_host.c), led by a test."""

import contextlib
import subprocess
import threading

import daemon
import netns
from clocks import Clocks
from lab import wait_for

PROGRAM = daemon.BUILD / "tests/e2e/fleet_host"
KEY = "the key of the fleet"
TICK_MS = 300


class Host:
    """One host; wrote holds what it has said of (list, prefix), as (version, op)."""

    def __init__(self, namespace, name, url, key=KEY):
        self.namespace = namespace
        self.name = name
        self.url = url
        self.key = key
        self.clocks = Clocks()
        self.wrote = {}
        self.lines = []
        self.answers = []
        self.process = None
        netns.at_exit(self.kill)

    def start(self, saved=None):
        arguments = [self.name, self.url, self.key, TICK_MS, *([saved] if saved else [])]
        with netns.uninterrupted():
            self.process = self.namespace.popen(
                PROGRAM, *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                bufsize=1, env=self.clocks.environment)
        threading.Thread(target=self._read, args=[self.process], daemon=True).start()
        return self

    def _read(self, process):
        with contextlib.suppress(ValueError):
            for line in process.stdout:
                words = line.split()
                if words[0] == "wrote":
                    self.wrote[words[1], words[2]] = (int(words[4]), words[3])
                elif words[0] in ("up", "down", "taken"):
                    self.lines.append(line.rstrip("\n"))
                else:
                    self.answers.append(line.rstrip("\n"))

    def ask(self, command):
        """Send a command, and return its answer without the first word."""
        before = len(self.answers)
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        wait_for(lambda: len(self.answers) > before or self.process.poll() is not None,
                 f"{self.name} answers {command}", interval=0.002)
        assert len(self.answers) == before + 1, f"{self.name} has ended at {command}"
        return self.answers[before].partition(" ")[2]

    def state(self):
        return {name: int(value) for name, _, value
                in (word.partition("=") for word in self.ask("state").split())}

    def live(self):
        """The entries in force: (list, prefix)."""
        return {tuple(word.split("=")) for word in self.ask("live").split()}

    def origins(self):
        """Count and digest of each origin."""
        return {name: value.rpartition("/")[0] for name, _, value
                in (word.partition("=") for word in self.ask("origins").split())}

    def held(self):
        return sum(int(word.rpartition("/")[2]) for word in self.ask("origins").split())

    def hosts(self):
        return dict(word.split("=") for word in self.ask("hosts").split())

    def await_up(self, after=0):
        return wait_for(lambda: "up" in self.lines[after:], f"{self.name} is connected")

    def await_down(self, part, after=0):
        return wait_for(lambda: any(line.startswith("down ") and part in line
                                    for line in self.lines[after:]),
                        f"{self.name} is told {part!r}: {self.lines}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def are_equal(hosts):
    first, *others = [host.origins() for host in hosts]
    return all(other == first for other in others)


def await_equal(hosts):
    """All are connected, know the same, and Redis says so."""
    def is_so():
        states = [host.state() for host in hosts]
        return all(state["connected"] and not state["reading"] and not state["others"]
                   for state in states) and are_equal(hosts)
    try:
        wait_for(is_so)
    except AssertionError:
        for host in hosts:
            print(host.name, host.ask("state"), host.ask("hosts"), host.ask("origins"), sep="\n  ")
        raise


def is_listed(hosts, entry):
    """What is in force by what all hosts have said, judged without any code of ipwl."""
    words = [host.wrote[entry] for host in hosts if entry in host.wrote]
    added = max((version for version, op in words if op == "add"), default=0)
    removed = max((version for version, op in words if op == "del"), default=0)
    return added and (added > removed if entry[0] == "drop" else added >= removed)
