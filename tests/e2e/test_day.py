# SPDX-License-Identifier: GPL-2.0-or-later
"""Days of a mail administrator: day.txt and learning.txt have what she types and the screens that
she expects. README.md and the manual pages name each of these commands."""

import itertools
import pathlib
import re
import threading

import demo
import frames
from daemon import has_programs
from lab import wait_for
from machine import Machine
from scapy.utils import wrpcap
from sources import Source
from stack import Stack, mail_from
from transcript import Transcript

HERE = pathlib.Path(__file__).parent
FEED_PORT = 8000


class Day:
    """What happens to her."""

    def __init__(self, lab, wire):
        self.lab = lab
        self.wire = wire
        self.machine = Machine(lab.mx)
        self.machine.install()
        self.source = Source(lab.mx, port=FEED_PORT)
        self.ports = itertools.count(40000)

    def mails(self, count, senders):
        before = self.lab.received()
        # Attempts of their own: a SYN that is sent again would count once.
        sent = sum(self.wire.send(frames.tcp(self.wire, sender, source_port=next(self.ports)))
                   for sender in re.split(", | and ", senders) for _ in range(int(count)))
        wait_for(lambda: self.lab.received() >= before + sent, "all has arrived")

    def capture(self, count, first, second, path):
        part = self.machine.top / "capture"
        wrpcap(str(part), [frames.tcp(self.wire, sender) for sender in (first, second)
                           for _ in range(int(count))])
        assert self.machine.run(f"cp {part} {path}").returncode == 0

    def feed(self, prefix, count, network):
        self.source.put("/list", prefix, *(f"{network}.{i}.1" for i in range(int(count))))

    def fetched(self):
        wait_for(lambda: self.machine.run("ipwlctl --json feeds | grep '\"result\": *\"new\"'")
                 .returncode == 0, "the feed is fetched")

    def upgrade(self, blocked, allowed):
        """No packet of either may be judged by nobody."""
        stack = Stack(self.lab, {"blocked": mail_from(blocked), "allowed": mail_from(allowed)})
        sent, is_over = 0, threading.Event()
        pair = frames.tcp(self.wire, blocked), frames.tcp(self.wire, allowed)

        def send():
            nonlocal sent
            while not is_over.wait(0.01):
                sent += self.wire.send(*pair) // 2

        sender = threading.Thread(target=send)
        sender.start()
        try:
            program = self.machine.program()
            self.machine.make("install")
            self.machine.stop()
            self.machine.start()
            assert self.machine.program() != program
        finally:
            is_over.set()
            sender.join()
        seen = stack.read()
        assert sent > 10 and seen.allowed == sent, (sent, seen)
        return f"{seen.blocked} of the blocked sender's packets arrived, and all of the other's"

    def kernel(self):
        programs = [name for name, is_there in zip(("XDP", "tc"), has_programs(self.lab.mx),
                                                   strict=True) if is_there]
        return "\n".join([*programs, self.machine.run("ls /sys/fs/bpf").stdout]).strip()


def test_the_day(lab, wire):
    day = Day(lab, wire)
    Transcript(HERE / "day.txt", day.machine, {
        "ipwld starts": day.machine.start,
        "ipwld is stopped": day.machine.stop,
        r"(\d+) mails from (.*)": day.mails,
        r"a capture of (\d+) mails from (\S+) and (\S+) lies in (\S+)": day.capture,
        r"the feed has (\S+) and (\d+) addresses of (\d+\.\d+)\.0\.0/16": day.feed,
        "the feed is fetched": day.fetched,
        "the feed is empty": lambda: day.source.put("/list"),
        r"a new version is installed and ipwld is restarted, while (\S+) and (\S+) send":
            day.upgrade,
        "what came to syslog": lambda: "\n".join(
            re.sub(r"^<\d+>.*? ipwlctl\[\d+\]: ", "", line) for line in day.machine.syslog_lines()),
        "ipwl is uninstalled": lambda: day.machine.make("uninstall"),
        "what is left in the kernel": day.kernel,
    }).repeat()


def test_learning(lab):
    """A week of mail with a partner, in an old log and in the one that ipwl follows."""
    machine = Machine(lab.mx)
    machine.install()

    def log(path):
        part = machine.top / "log"
        demo.write_mail_log(part)
        assert machine.run(f"cp {part} {path}").returncode == 0

    def is_reviewed():
        shown = machine.run(f"ipwlctl explain {demo.PARTNER.ipv4}").stdout
        return ": candidate " in shown and "sent 12 messages" in shown

    Transcript(HERE / "learning.txt", machine, {
        "ipwld starts": machine.start,
        r"Postfix logs a week of mail with \S+ to (\S+)": log,
        "a minute passes": lambda: wait_for(is_reviewed, "both logs count") and "",
    }).repeat()
