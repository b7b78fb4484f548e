#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a forged SYN costs, and how long allowed senders wait meanwhile: without a shield, with
the kernel's cookies, with nftables' synproxy, with Postfix's postscreen, and with the shield of
ipwl. As root, after
`make all e2e-tools`:

    tests/bench/syn_flood.py [RUNS [SESSIONS [SECONDS]]]

One CPU makes the SYNs and receives them over veth. Its time is that of the generator and of the
kernel's thread for packets there, divided by the SYNs sent. The floor is a device that drops
them: what the generator and veth cost. The machine should have nothing else to do.
"""

import contextlib
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

# What tcp_syncookies is; for the others 2.
COOKIES = {"no cookies": 0, "kernel cookies": 1, "postscreen": 1}
FRAMES = 4000
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


def sessions(host, count):
    """Seconds from connect to greeting; None for those that failed."""
    found = []
    for _ in range(count):
        start = time.monotonic()
        try:
            lanes.greeting(host, ALLOWED.ipv4, timeout=10)
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


def measure(way, count, seconds):
    """(ns a SYN, million SYNs a second, sessions idle, sessions in the flood)."""
    with machine() as (lab, host):
        ipwld = prepare(lab, way)
        has_sessions = way != "floor"
        idle = sessions(host, count) if has_sessions else []
        frames = syns(lab)
        thread = packet_thread()
        before = cpu_seconds(thread) + child_seconds()
        source = flood.Flood(lab, frames)
        before += cpu_seconds(source.process.pid)
        start = time.monotonic()
        if way == "ipwl":
            wait_for(lambda: ipwld.metric("ipwl_flood_active") == 1, "the shield is on")
        busy = sessions(host, count) if has_sessions else []
        time.sleep(max(0, seconds - (time.monotonic() - start)))
        # The last burst counts, too: it may be the only one.
        sent = sum(source.stop())
        used = cpu_seconds(thread) + child_seconds() - before
        return used / sent * 1e9, sent / (time.monotonic() - start) / 1e6, idle, busy


def percentile(values, part):
    values = sorted(value for value in values if value is not None)
    return values[min(len(values) - 1, int(part * len(values)))] * 1e3 if values else float("nan")


def main():
    runs, count, seconds = (int(a) for a in (sys.argv[1:] + ["5", "200", "3"][len(sys.argv) - 1:]))
    print(f"{'':16} {'ns/SYN':>8} {'net':>8} {'M/s':>6} {'done':>9} {'p50 ms':>7} {'p99 ms':>7} "
          f"{'idle p99':>8}")
    floor = None
    for way in "floor", "no cookies", "kernel cookies", "always cookies", "synproxy", "postscreen", \
            "ipwl off", "ipwl":
        results = []
        for _ in range(runs):
            try:
                results.append(measure(way, count, seconds))
            except (RuntimeError, AssertionError, OSError) as problem:
                print(f"{way:16} not here: {problem}")
                break
        if not results:
            continue
        cost = statistics.median(result[0] for result in results)
        floor = cost if floor is None else floor
        line = f"{way:16} {cost:8.0f} {cost - floor:8.0f} " \
               f"{statistics.median(result[1] for result in results):6.2f}"
        if results[0][3]:
            done = min(sum(value is not None for value in result[3]) for result in results)
            line += f" {done:4}/{count:4}" + "".join(
                f" {statistics.median(values):{width}.1f}" for values, width in (
                    ([percentile(result[3], 0.5) for result in results], 7),
                    ([percentile(result[3], 0.99) for result in results], 7),
                    ([percentile(result[2], 0.99) for result in results], 8)))
        print(line, flush=True)


if __name__ == "__main__":
    try:
        main()
    finally:
        netns.clean_up()
