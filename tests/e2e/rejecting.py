# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists that reject, and ipwl-reject of the build."""

import contextlib
import signal
import subprocess

import lanes
import netns
from daemon import BUILD, DROP, PARTNERS
from lab import wait_for

TEXT = "blocked by list drop, see https://mx.test/?ip=%a"
ADDRESSES = ("127.0.0.1:10026", "[::1]:10026")
SILENCE_SEC = 4  # the second SYN comes after a second


def rejecting(settings=""):
    """The usual lists, of which the second rejects."""
    settings = settings.replace("{", "{{").replace("}", "}}")  # for Ipwld.configure()
    return PARTNERS + DROP.replace("    action: block\n", "    action: block\n"
                                   "    on_block: reject\n" + settings)


class Reject:
    """ipwl-reject in a namespace, which must listen."""

    def __init__(self, namespace, *options, log=None):
        self.namespace = namespace
        self.options = options or ("-v", "-n", "mx.test", "-t", TEXT)
        self.log = log or netns.temporary_directory() / "reject.log"
        self.process = None

    def start(self):
        netns.at_exit(self.kill)
        with open(self.log, "ab") as log, netns.uninterrupted():
            self.process = self.namespace.popen(BUILD / "ipwl-reject", *self.options,
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(lambda: ":10026" in self.namespace.run("ss", "-Htln").stdout,
                 "ipwl-reject listens")
        return self

    def words(self):
        return self.log.read_text(encoding="utf-8")

    def send(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self):
        """Return its exit status."""
        self.send(signal.SIGTERM)
        status = self.process.wait(netns.PATIENCE_SEC)
        self.process = None
        return status


def reject_of(ipwld, family="ipv4"):
    """The element of the status."""
    reject, = [item for item in ipwld.status()["rejects"] if item["family"] == family]
    return reject


def await_reject(ipwld, is_up, family="ipv4"):
    return wait_for(lambda: (item := reject_of(ipwld, family))["up"] == is_up and item,
                    f"ipwl-reject is {'up' if is_up else 'off'}", 0.2)


def start(ipwld, settings="", is_up=True, **options):
    ipwld.configure(lists=rejecting(settings), **options)
    ipwld.start()
    for family in "ipv4", "ipv6":
        await_reject(ipwld, is_up, family)


def is_silent(host, address):
    """Whether nothing answers a connection."""
    try:
        return lanes.greeting(host, address, timeout=SILENCE_SEC) == ""
    except TimeoutError:
        return True
