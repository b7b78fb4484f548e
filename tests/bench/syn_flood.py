#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a forged SYN costs, and how long allowed senders wait meanwhile: without a shield, with
the kernel's cookies, with nftables' synproxy, with Postfix's postscreen, and with the shield of
ipwl. `make bench-flood` runs it.

One CPU makes the SYNs and receives them over veth. Its time is that of the generator and of the
kernel's thread for packets there, divided by the SYNs sent. The floor is a device that drops
them: what the generator and veth cost. The machine should have nothing else to do.
"""

import argparse
import contextlib
import json
import os
import pathlib
import random
import resource
import statistics
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests/e2e"))

# pylint: disable=wrong-import-position
from scapy.layers.inet import IP, TCP  # noqa: E402
from scapy.layers.l2 import Ether  # noqa: E402

import flood  # noqa: E402
import lanes  # noqa: E402
import mta  # noqa: E402
import netns  # noqa: E402
from daemon import ROOT, Ipwld  # noqa: E402
from frames import SENDER_MAC  # noqa: E402
from lab import ALLOWED, MX4, Lab, link_of, wait_for  # noqa: E402

WAYS = ("floor", "no cookies", "kernel cookies", "always cookies", "synproxy", "postscreen",
        "ipwl off", "ipwl")
# What tcp_syncookies is; for the others 2.
COOKIES = {"no cookies": 0, "kernel cookies": 1, "postscreen": 1}
FRAMES = 4000
BURST, QUICK_BURST = 1 << 19, 1 << 14
SESSION_SEC = 10
# Where sessions fail, all of them would take half an hour.
ALL_SESSIONS_SEC = 20
# Far fewer: a SYN that finds itself in the queue costs little.
BACKLOG = 128
TICKS = os.sysconf("SC_CLK_TCK")
OPTIONS = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
# Drops what goes back to the forged sources, so that no bridge has to.
SINK = """
struct md { unsigned int data, data_end; };
__attribute__((section("xdp"))) int sink(struct md *c)
{
	unsigned char *d = (void *)(long)c->data;
	return d + 14 <= (unsigned char *)(long)c->data_end && d[0] == 2 && d[5] == 1 ? 1 : 2;
}
"""
# Of the device at the MX. Without one, veth receives in another way.
DROP, PASS = (f'__attribute__((section("xdp"))) int all(void *c) {{ return {action}; }}\n'
              for action in (1, 2))
SYNPROXY = """
table inet shield {
	chain first {
		type filter hook prerouting priority raw;
		tcp dport 25 tcp flags syn notrack
	}
	chain input {
		type filter hook input priority filter;
		tcp dport 25 ct state invalid,untracked synproxy mss 1460 wscale 7 timestamp sack-perm
		tcp dport 25 ct state invalid drop
	}
}
"""


def attach(namespace, device, source):
    top = netns.temporary_directory()
    netns.run("clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-", "-o", top / "x.o",
              input=source)
    namespace.ip("link", "set", "dev", device, "xdpdrv", "obj", top / "x.o", "sec", "xdp")


def cpu_seconds(pid):
    """Of a process, as exact as a tick of the clock."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def packet_thread():
    """The kernel's thread of the CPU that flood.c takes: the last one."""
    name = f"ksoftirqd/{max(os.sched_getaffinity(0))}"
    for path in pathlib.Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text(encoding="ascii").strip() == name:
                return int(path.parent.name)
    raise RuntimeError(f"there is no {name}")


def syns(lab):
    generator = random.Random(1)
    mac = link_of(lab.mx, "eth0")["address"]
    return [bytes(Ether(src=SENDER_MAC, dst=mac)
                  / IP(src=f"100.{generator.randrange(64, 128)}.{generator.randrange(256)}."
                           f"{generator.randrange(1, 255)}", dst=MX4)
                  / TCP(sport=generator.randrange(1024, 65536), dport=25, flags="S",
                        seq=generator.randrange(1 << 32), window=64240, options=OPTIONS))
            for _ in range(FRAMES)]


def child_seconds():
    """CPU time of all processes that were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def sessions(host, count, timeout):
    """Seconds from connect to greeting; None for those that failed, and for those that were not
    tried because too much time had passed."""
    found = []
    end = time.monotonic() + ALL_SESSIONS_SEC
    for _ in range(count):
        start = time.monotonic()
        if start > end:
            return found + [None] * (count - len(found))
        try:
            lanes.greeting(host, ALLOWED.ipv4, timeout=timeout)
            found.append(time.monotonic() - start)
        except OSError:
            found.append(None)
    return found


@contextlib.contextmanager
def machine():
    with netns.scope():
        lab = Lab()
        host = lab.add_sender(ALLOWED)
        attach(lab.switch, "mx-eth0", SINK)
        lab.mx.sysctl("net.core.somaxconn", BACKLOG)
        yield lab, host


def serve(lab, way):
    """Greet allowed senders."""
    if way != "postscreen":
        lanes.Server(lab.mx, "normal", ("0.0.0.0", "::"), 25, backlog=BACKLOG).serve()
        return
    top = netns.temporary_directory()
    (top / "allowed").write_text(f"{ALLOWED.ipv4} permit\n", encoding="ascii")
    mta.Postscreen(lab.mx, mta.unpack(ROOT / "build/peers"), top / "postfix", "",
                   f"postscreen_access_list = cidr:{top}/allowed\n").start()


def prepare(lab, way):
    if way == "floor":
        attach(lab.mx, "eth0", DROP)
        return None
    serve(lab, way)
    lab.mx.sysctl("net.ipv4.tcp_syncookies", COOKIES.get(way, 2))
    if way == "synproxy":
        lab.mx.run("nft", "-f", "-", input=SYNPROXY)
        lab.mx.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
    if not way.startswith("ipwl"):
        attach(lab.mx, "eth0", PASS)
        return None
    ipwld = Ipwld(lab.mx)
    mode = "enforce" if way == "ipwl" else "off"
    ipwld.configure(extra=f"flood: {{mode: {mode}, threshold: 1000, quiet: 1h}}\n")
    ipwld.start()
    return ipwld


def measure(way, options):
    """(ns a SYN, million SYNs a second, sessions idle, sessions in the flood)."""
    count = 0 if way == "floor" else options.sessions
    with machine() as (lab, host):
        ipwld = prepare(lab, way)
        idle = sessions(host, count, netns.PATIENCE_SEC)
        frames = syns(lab)
        thread = packet_thread()
        before = cpu_seconds(thread) + child_seconds()
        source = flood.Flood(lab, frames, QUICK_BURST if options.quick else BURST)
        before += cpu_seconds(source.process.pid)
        start = time.monotonic()
        if way == "ipwl":
            wait_for(lambda: ipwld.metric("ipwl_flood_active") == 1, "the shield is on")
        busy = sessions(host, count, SESSION_SEC)
        time.sleep(max(0, options.seconds - (time.monotonic() - start)))
        # The last burst counts, too: it may be the only one.
        sent = sum(source.stop())
        used = cpu_seconds(thread) + child_seconds() - before
        return used / sent * 1e9, sent / (time.monotonic() - start) / 1e6, idle, busy


def percentile(values, part):
    """In ms, of the sessions that were done."""
    values = sorted(value for value in values if value is not None)
    return values[min(len(values) - 1, int(part * len(values)))] * 1e3


def summary(results):
    """Medians of the runs; done is that of the worst one. Without a session there is no time."""
    cost, rate, idle, busy = zip(*results)
    figures = {"ns_per_syn": statistics.median(cost), "millions_per_second": statistics.median(rate)}
    if busy[0]:
        figures |= {"done": min(sum(value is not None for value in run) for run in busy)}
        for name, runs, part in (("p50_ms", busy, 0.5), ("p99_ms", busy, 0.99),
                                 ("idle_p99_ms", idle, 0.99)):
            values = [percentile(run, part) for run in runs if any(run)]
            if values:
                figures[name] = statistics.median(values)
    return figures


def line_of(way, figures, floor, count):
    line = f"{way:16} {figures['ns_per_syn']:8.0f} {figures['ns_per_syn'] - floor:8.0f} " \
           f"{figures['millions_per_second']:6.2f}"
    if "done" in figures:
        line += f" {figures['done']:4}/{count:4}"
        for name, width in ("p50_ms", 7), ("p99_ms", 7), ("idle_p99_ms", 8):
            line += f" {figures[name]:{width}.1f}" if name in figures else f" {'-':>{width}}"
    return line


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5, help="of each way; medians are printed")
    parser.add_argument("--sessions", type=int, default=200, help="of the allowed sender, a run")
    parser.add_argument("--seconds", type=float, default=3, help="of flood at least, a run")
    parser.add_argument("--only", action="append", choices=WAYS, metavar="WAY",
                        help=f"besides the floor; can be repeated: {', '.join(WAYS[1:])}")
    parser.add_argument("--json", type=pathlib.Path, help="also write the figures there")
    parser.add_argument("--quick", action="store_true",
                        help="few packets: shows that everything works")
    options = parser.parse_args()
    if options.quick:
        options.runs, options.sessions, options.seconds = 1, 2, 0.1
    return options


def main():
    options = arguments()
    report, problems = {}, {}
    print(f"{'':16} {'ns/SYN':>8} {'net':>8} {'M/s':>6} {'done':>9} {'p50 ms':>7} {'p99 ms':>7} "
          f"{'idle p99':>8}")
    for way in WAYS:
        if options.only and way not in ("floor", *options.only):
            continue
        try:
            report[way] = summary([measure(way, options) for _ in range(options.runs)])
            print(line_of(way, report[way], report["floor"]["ns_per_syn"], options.sessions),
                  flush=True)
        except (RuntimeError, AssertionError, OSError) as problem:
            if way == "floor":
                raise
            problems[way] = str(problem)
            print(f"{way:16} not here: {problem}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"sessions": options.sessions, "ways": report,
                                            "problems": problems}, indent=2) + "\n",
                                encoding="utf-8")


if __name__ == "__main__":
    netns.guard()
    try:
        main()
    finally:
        netns.clean_up()
