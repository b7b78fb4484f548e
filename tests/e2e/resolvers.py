# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwl-resolve as its parents run it, and a validating resolver with signed zones."""

import os
import socket
import subprocess
from typing import NamedTuple

import daemon
import netns
import peers
from lab import wait_for

PROGRAM = daemon.BUILD / "ipwl-resolve"


class Answer(NamedTuple):
    """The text of a result."""
    status: dict            # by family, 4 and 6
    message: dict
    is_complete: dict
    prefixes: list
    ttl_sec: int
    is_authenticated: bool
    lines: list


def request(kind, name, server, timeout_sec=30, **more):
    lines = {"kind": kind, "name": name, "timeout_sec": timeout_sec, "servers": server, **more}
    return "".join(f"{key} {value}\n" for key, value in lines.items()).encode()


def memory(name, content=b""):
    fd = os.memfd_create(name)
    os.write(fd, content)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def spawn(text):
    """The process, and its result file."""
    question, result = memory("request", text), memory("result")
    process = subprocess.Popen([PROGRAM], stdin=question, stdout=result,
                               stderr=subprocess.PIPE, env={})
    os.close(question)
    return process, result


def resolve(*args, **options):
    process, result = spawn(request(*args, **options))
    error = process.communicate(timeout=netns.PATIENCE_SEC)[1]
    answer = read(result)
    assert (process.returncode, error) == (0, b""), (process.returncode, error)
    return answer


def read(fd):
    text = os.pread(fd, 1 << 20, 0).decode()
    os.close(fd)
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("dns 1", "end"), text
    status, message, is_complete = {}, {}, {}
    for line in lines:
        word, *rest = line.split(" ", 5)
        if word in ("ipv4", "ipv6"):
            family = int(word[3])
            status[family] = rest[0]
            is_complete[family] = rest[3] == "complete"
            message[family] = rest[4] if len(rest) > 4 else ""
    return Answer(status, message, is_complete,
                  [line.split()[2] for line in lines if line.startswith("prefix ")],
                  int(lines[1].split()[1]), lines[2] == "authenticated yes", lines)


# ---- unbound and nsd -------------------------------------------------------------

UNBOUND = """\
server:
    directory: "{top}"
    chroot: ""
    username: ""
    pidfile: ""
    interface: 127.0.0.1@{port}
    do-daemonize: no
    use-syslog: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    local-zone: "test." nodefault
{anchors}
remote-control:
    control-enable: no
{stubs}
"""
NSD = """\
server:
    ip-address: 127.0.0.1
    port: {port}
    username: ""
    chroot: ""
    pidfile: ""
    database: ""
    zonesdir: "{top}"
    xfrdfile: "{top}/xfrd"
    xfrdir: "{top}"
    zonelistfile: "{top}/zones"
remote-control:
    control-enable: no
{zones}
"""
HEAD = """\
$ORIGIN {zone}.
$TTL 300
@ SOA ns hostmaster 1 3600 600 86400 60
@ NS ns
ns A 127.0.0.1
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Validator:
    """unbound, and nsd with its zones: {name: (records, "signed", "plain" or "bogus")}. A
    bogus zone has an anchor that did not sign it. `dead`: a zone whose server is not there."""

    def __init__(self, cache, top, zones, dead, namespace=None):
        self.top = top
        self.namespace = namespace
        self.port, self.zones_port = free_port(), free_port()
        self.roots = peers.unpack(cache, "unbound", "nsd", "ldnsutils")
        anchors, stubs, config = [], [], []
        for zone, (records, kind) in zones.items():
            (top / zone).write_text(HEAD.format(zone=zone) + records, encoding="utf-8")
            config.append(f'zone:\n    name: {zone}\n    zonefile: {self._sign(zone, kind)}\n')
            if kind != "plain":
                anchor = top / f"{zone}.anchor"
                anchors.append(f'    trust-anchor-file: "{anchor}"')
            stubs.append(self._stub(zone, self.zones_port))
        stubs.append(self._stub(dead, free_port()))
        (top / "nsd.conf").write_text(NSD.format(port=self.zones_port, top=top,
                                                 zones="".join(config)), encoding="utf-8")
        (top / "unbound.conf").write_text(
            UNBOUND.format(port=self.port, top=top, anchors="\n".join(anchors),
                           stubs="\n".join(stubs)), encoding="utf-8")
        self._start(self._program("nsd"), "-d", "-c", top / "nsd.conf")
        self._start(self._program("unbound"), "-d", "-c", top / "unbound.conf")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def _program(self, name):
        path, = (root / directory / name for root in self.roots
                 for directory in ("usr/sbin", "usr/bin") if (root / directory / name).exists())
        return path

    @staticmethod
    def _stub(zone, port):
        return f'stub-zone:\n    name: "{zone}."\n    stub-addr: 127.0.0.1@{port}'

    def _sign(self, zone, kind):
        """Returns the file to serve."""
        if kind == "plain":
            return zone
        keys = [netns.run(self._program("ldns-keygen"), "-a", "ECDSAP256SHA256", "-k", zone,
                          cwd=self.top).stdout.strip() for _ in range(2)]
        signer, anchor = keys[0], keys[0 if kind == "signed" else 1]
        (self.top / f"{zone}.anchor").write_text(
            (self.top / f"{anchor}.key").read_text(encoding="utf-8"), encoding="utf-8")
        netns.run(self._program("ldns-signzone"), "-n", zone, signer, cwd=self.top)
        return f"{zone}.signed"

    def _start(self, *argv):
        with open(self.top / "output", "ab") as output:
            options = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output,
                       "cwd": self.top}
            process = self.namespace.popen(*argv, **options) if self.namespace \
                else subprocess.Popen(argv, **options)
        netns.at_exit(self._stop, process)

    @staticmethod
    def _stop(process):
        process.kill()
        process.wait()

    def await_answer(self, name):
        wait_for(lambda: resolve("host", name, self.address).status[4] == "ok",
                 f"unbound answers: {(self.top / 'output').read_text(encoding='utf-8')}")
