#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How soon a change on one host of a fleet is known on all others, and what a million records cost,
with real Redis and Valkey. `make bench-fleet` runs it.

The hosts are programs with a replica in memory and nothing else of ipwld (tests/e2e/fleet_host.c),
which measures the exchange alone. At the end an ipwld joins, with its database and the kernel's
tables.
"""

import argparse
import fcntl
import json
import os
import pathlib
import re
import selectors
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))

# pylint: disable=wrong-import-position
import daemon  # noqa: E402
import netns  # noqa: E402
import redis_servers  # noqa: E402
from fleet_hosts import PROGRAM  # noqa: E402
from lab import Lab, wait_for  # noqa: E402

KEY = "the key of the fleet, of no use elsewhere"
TICK_MS = 3000  # as in ipwld
PATIENCE_SEC = 300


class Hosts:
    """Programs, and the lines that they print, with the time at which they come."""

    def __init__(self, server):
        self.server = server
        self.selector = selectors.DefaultSelector()
        self.processes = {}
        self.rest = {}

    def start(self, name):
        with netns.uninterrupted():
            process = self.server.namespace.popen(
                PROGRAM, name, f"redis://{self.server.place}", KEY, TICK_MS,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        netns.at_exit(process.kill)
        fcntl.fcntl(process.stdout, fcntl.F_SETFL, os.O_NONBLOCK)
        self.processes[name] = process
        self.rest[name] = b""
        self.selector.register(process.stdout, selectors.EVENT_READ, name)

    def send(self, name, command):
        self.processes[name].stdin.write(command.encode() + b"\n")
        self.processes[name].stdin.flush()

    def lines(self):
        """(time, name, line) of all that is there, after at most a second."""
        for key, _events in self.selector.select(1):
            part = self.processes[key.data].stdout.read()
            now = time.monotonic()
            assert part != b"", f"{key.data} has ended"
            *lines, self.rest[key.data] = (self.rest[key.data] + (part or b"")).split(b"\n")
            for line in lines:
                yield now, key.data, line.decode()

    def await_all(self, names, beginning):
        """Until each has printed such a line. Returns for each when."""
        found, deadline = {}, time.monotonic() + PATIENCE_SEC
        while len(found) < len(names):
            for now, name, line in self.lines():
                if name in names and line.startswith(beginning):
                    found.setdefault(name, now)
            assert time.monotonic() < deadline, f"{beginning}: {len(found)} of {len(names)}"
        return found

    def await_records(self, name, count):
        """Until it has taken so many records."""
        taken, deadline = 0, time.monotonic() + PATIENCE_SEC
        while taken < count:
            taken += sum(int(line.split()[1]) for _now, of, line in self.lines()
                         if of == name and line.startswith("taken "))
            assert time.monotonic() < deadline, f"{taken} of {count}"

    def stop(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def measure_changes(server, options):
    hosts = Hosts(server)
    names = [f"mx{number}" for number in range(options.hosts)]
    for name in names:
        hosts.start(name)
    hosts.await_all(names, "up")
    all_ms, last_ms = [], []
    for change in range(options.changes):
        origin = names[change * 37 % len(names)]
        others = set(names) - {origin}
        started = time.monotonic()
        hosts.send(origin, f"add partners 198.18.{change >> 8}.{change & 255}/32")
        delays = [1000 * (now - started) for now in hosts.await_all(others, "taken").values()]
        all_ms += delays
        last_ms.append(max(delays))
    hosts.stop()
    return {"hosts": options.hosts, "changes": options.changes,
            "change_p50_ms": percentile(all_ms, .5), "change_p99_ms": percentile(all_ms, .99),
            "change_max_ms": max(all_ms), "last_host_p99_ms": percentile(last_ms, .99)}


def measure_join(server, options):
    server("FLUSHALL")
    hosts = Hosts(server)
    hosts.start("first")
    hosts.await_all({"first"}, "up")
    started = time.monotonic()
    hosts.send("first", f"many-add 0 {options.records}")
    wait_for(lambda: server("HLEN", "ipwl:{mail}:r:first") == options.records, "all are written")
    written_sec = time.monotonic() - started
    memory = dict(line.split(":") for line in server("INFO", "memory").splitlines() if ":" in line)
    started = time.monotonic()
    hosts.start("second")
    hosts.await_records("second", options.records)
    joined_sec = time.monotonic() - started
    hosts.stop()
    return {"records": options.records, "written_sec": written_sec, "joined_sec": joined_sec,
            "server_mb": int(memory["used_memory"]) / 1e6}


def measure_ipwld(server, options):
    """How long a new ipwld takes until all that is at the server is in force, from the moment at
    which it answers; and the longest time for which it kept an answer waiting meanwhile."""
    ipwld = daemon.Ipwld(Lab(f"b{server.kind}-").mx)
    key = ipwld.top / "fleet.key"
    key.write_text(KEY + "\n", encoding="utf-8")
    key.chmod(0o600)
    ipwld.configure(extra=f"fleet: {{name: mail, host: third, url: 'unix:{server.top}/socket', "
                          f"key_file: {key}}}\n")
    ipwld.start()
    started, waited_ms, entries = time.monotonic(), 0, 0
    while entries < options.records:
        asked = time.monotonic()
        assert asked < started + PATIENCE_SEC, f"{entries} of {options.records}: {ipwld.words()}"
        entries = ipwld.metric("ipwl_list_entries", list="partners", action="allow", family="ipv4")
        waited_ms = max(waited_ms, 1000 * (time.monotonic() - asked))
        time.sleep(0.1)
    in_force_sec = time.monotonic() - started
    status = pathlib.Path("/proc", str(ipwld.process.pid), "status").read_text(encoding="ascii")
    ipwld.stop()
    return {"in_force_sec": in_force_sec, "answer_max_ms": waited_ms,
            "ipwld_peak_mb": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024 / 1e6}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--records", type=int, default=1000000)
    parser.add_argument("--json", help="write the figures there, too")
    options = parser.parse_args()
    results = {}
    for kind in redis_servers.KINDS:
        with netns.scope():
            server = redis_servers.Server(netns.Namespace(f"b{kind}"), kind)
            server.options = ("--unixsocket", server.top / "socket")
            server.start()
            results[kind] = {**measure_changes(server, options), **measure_join(server, options),
                             **measure_ipwld(server, options)}
        print(kind)
        for name, value in results[kind].items():
            print(f"  {name:16} {value:12.1f}" if isinstance(value, float)
                  else f"  {name:16} {value:10}")
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    netns.guard()
    try:
        main()
    finally:
        netns.clean_up()
