# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of a fleet, each an MX with its own ipwld, which meet at one Redis or Valkey."""

import itertools
import os

import daemon
import netns
from lab import Lab
from redis_servers import Server

KEY = "the key of the fleet, of no use elsewhere"

_number = itertools.count(1)


class Fleet:
    """A server, which all reach over a socket in the file system, and its hosts."""

    def __init__(self, kind="redis"):
        self.tag = f"t{next(_number)}"
        self.top = netns.temporary_directory()
        os.chmod(self.top, 0o755)
        self.key = self.top / "fleet.key"
        self.key.write_text(KEY + "\n", encoding="utf-8")
        self.server = Server(netns.Namespace(f"{self.tag}redis"), kind, "--unixsocket",
                             self.top / "redis.sock").start()
        self.labs = {}

    def configuration(self, name, extra=""):
        return (f"fleet: {{name: mail, host: {name}, url: 'unix:{self.top}/redis.sock', "
                f"key_file: {self.key}{extra}}}\n")

    def add(self, name, extra="", more=""):
        """A host that runs."""
        ipwld = self.prepare(name)
        ipwld.configure(extra=self.configuration(name, extra) + more)
        ipwld.start()
        return ipwld

    def prepare(self, name):
        """A host without a configuration."""
        self.labs[name] = Lab(f"{self.tag}{name}-")
        return daemon.Ipwld(self.labs[name].mx)


def shown(ipwld):
    answer = ipwld.ask("fleet")
    return {**answer["server"], **answer}


def states(ipwld):
    return {host["name"]: host["state"] for host in shown(ipwld)["hosts"]}
