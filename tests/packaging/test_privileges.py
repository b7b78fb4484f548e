# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwld with what the systemd unit leaves it, and not more: its user and capabilities,
and of system calls, address families and writable paths only those it allows."""

import os
import re
import shutil
import signal
import sys

import pytest

from conftest import TOP, run
from test_unit import service, settings

sys.path.insert(0, str(TOP / "tests/e2e"))
import cgroups  # noqa: E402
import daemon  # noqa: E402
import netns  # noqa: E402
from lab import wait_for  # noqa: E402
import sources  # noqa: E402
from fetchers import Manager, as_systemd  # noqa: E402

USER_ID = 64125  # nobody's


class Confined(daemon.Ipwld):
    """Runs as the unit runs it, a user with three capabilities, under strace, which systemd's
    filter would not survive."""

    def __init__(self, namespace, unit):
        super().__init__(namespace)
        self.trace = self.top / "trace"
        self.program = shutil.copy(daemon.BUILD / "ipwld", self.top / "ipwld")
        self.capabilities = unit["CapabilityBoundingSet"]
        self.bpffs.mkdir()
        self.top.chmod(0o755)
        for path in self.bpffs, self.state, self.socket.parent:
            os.chown(path, USER_ID, USER_ID)

    def argv(self, *options):
        caps = ",".join(f"+{name.removeprefix('CAP_').lower()}"
                        for name in self.capabilities.split())
        return ["strace", "-f", "-qq", "-o", self.trace,
                "setpriv", "--reuid", USER_ID, "--regid", USER_ID, "--clear-groups",
                "--bounding-set", f"-all,{caps}", "--inh-caps", f"-all,{caps}",
                "--ambient-caps", f"-all,{caps}", "--no-new-privs",
                self.program, "-c", self.config, *options]


@pytest.fixture(scope="module")
def calls(staged):
    """What the kernel was asked by a daemon that did all it can do."""
    netns.guard()
    with netns.scope():
        namespace = netns.Namespace("unit")
        namespace.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer")
        namespace.ip("link", "set", "eth0", "up")
        ipwld = Confined(namespace, service(staged))
        source = sources.Source(namespace)
        source.put("/list", "9.9.9.0/24")
        fetchers = Manager(ipwld, as_systemd(namespace))
        fetchers.path.chmod(0o666)
        export = ipwld.state / "export/allow.list"
        export.parent.mkdir()
        os.chown(export.parent, USER_ID, USER_ID)
        wish = ipwld.socket.parent / "after/postfix"
        ipwld.configure(lists=daemon.PARTNERS + daemon.DROP + "    feeds:\n" +
                        sources.feed("one", source.url("/list")),
                        extra=f"exports:\n  - {{format: plain, path: {export}, after: postfix}}\n"
                              "learn: {list: partners, sessions: {mode: on, cgroup: "
                              f"{cgroups.Cgroup().path}}}}}\n")
        try:
            ipwld.spawn(env={**os.environ, "IPWL_FETCH_SOCKET": str(fetchers.path)})
            ipwld.await_answer()
            interface = ipwld.interface()
            assert interface["attached"] and interface["marking"] != "none", interface
            wait_for(lambda: ipwld.status()["sessions"]["attached"], "sessions are counted")
            assert ipwld.ask("add", "--list", "partners", "192.0.2.1", "--ttl", "1h")
            assert ipwld.ask("test", "192.0.2.1")["results"][0]["verdict"] == "allow"
            ipwld.write_list("block.d/a.list", "192.0.2.0/24")
            ipwld.ask("reload")
            wait_for(wish.exists, "the wish")
            wish.unlink()
            wait_for(lambda: all(state["successful"] for state in ipwld.status()["exports"]) and
                     "192.0.2.1\n" in export.read_text(), "exports")
            assert ipwld.metrics_text()
            # In time or not, the first fetch may be this one.
            feed, = ipwld.ask("refresh", "one")["feeds"]
            assert feed["entries"] == 1 and not feed["held"], feed
            ipwld.ask("detach")
            ipwld.ask("reload")
            assert ipwld.interface()["attached"]
            wait_for(lambda: ipwld.status()["sessions"]["attached"], "sessions are counted again")
            pid = ipwld.status()["pid"]
            with open(f"/proc/{pid}/status", encoding="ascii") as status:
                ipwld.identity = dict(line.split(":\t", 1) for line in status.read().splitlines()
                                      if ":\t" in line)
            os.kill(pid, signal.SIGTERM)
            assert ipwld.process.wait(20) == 0
        finally:
            print(ipwld.words())
        lines = ipwld.trace.read_text(encoding="utf-8").splitlines()
        start = next(i for i, line in enumerate(lines)
                     if re.search(r' execve\("[^"]*/ipwld", ', line) and line.endswith("= 0"))
        assert "Warning" not in ipwld.words()
        yield [line.split(maxsplit=1)[1] for line in lines[start + 1:]], ipwld


def test_it_is_a_user_with_three_capabilities(calls):
    _, ipwld = calls
    wanted = sum(1 << number for number in (12, 38, 39))  # NET_ADMIN, PERFMON, BPF
    for name in "CapEff", "CapPrm", "CapBnd":
        assert int(ipwld.identity[name], 16) == wanted
    assert set(ipwld.identity["Uid"].split()) == {str(USER_ID)}


def members(names):
    """The system calls of some words of a SystemCallFilter, their groups resolved."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        listed = run("systemd-analyze", "--no-pager", "syscall-filter", name).stdout.splitlines()
        words = [line.strip() for line in listed if line.startswith("    ")]
        assert words
        found |= members(word for word in words if not word.startswith("#"))
    return found


def allowed_calls(lines):
    """Of an allow list whose lines add to it or, with ~, take away."""
    found = set()
    for line in lines:
        if line.startswith("~"):
            found -= members(line[1:].split())
        else:
            found |= members(line.split())
    return found


# Which systemd refuses without harm: a thread that cannot step back, and a limit that the
# unit sets.
REFUSED = {"setpriority", "prlimit64"}


def test_system_calls_are_those_the_filter_allows(calls, staged):
    lines, _ = calls
    used = {match[1] for line in lines if (match := re.match(r"(\w+)\(", line))}
    assert {"bpf", "sendto", "mmap"} <= used
    unit = settings(staged / "usr/lib/systemd/system/ipwld.service")
    assert used - REFUSED <= allowed_calls(unit["SystemCallFilter"])


def test_it_starts_no_program(calls, staged):
    lines, _ = calls
    assert service(staged)["NoExecPaths"] == "/"
    assert not [line for line in lines if line.startswith(("execve(", "execveat("))]


def test_address_families_are_those_the_unit_allows(calls, staged):
    lines, _ = calls
    used = {match[1] for line in lines if (match := re.match(r"socket\((AF_\w+)", line))}
    assert used and used <= set(service(staged)["RestrictAddressFamilies"].split())


def test_no_memory_is_writable_and_executable(calls, staged):
    lines, _ = calls
    assert service(staged)["MemoryDenyWriteExecute"] == "yes"
    assert not [line for line in lines if re.match(r"(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC", line)]


def test_writes_only_where_the_unit_lets_it(calls):
    """Of the unit: StateDirectory, RuntimeDirectory and BindPaths."""
    lines, ipwld = calls
    places = (f"{ipwld.state}/", f"{ipwld.socket.parent}/", f"{ipwld.bpffs}/", "/dev/null")
    written = {match[1] for line in lines
               if (match := re.match(r'open\w*\(.*?"([^"]*)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)', line))
               and " = -1 " not in line}
    # In the directory that it has opened for wishes.
    assert written and "postfix" in written
    written.remove("postfix")
    assert all(path.startswith(places) for path in written), written
