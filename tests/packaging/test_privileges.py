# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwld with what the systemd unit leaves it, and not more: its capabilities,
and of system calls, address families and writable paths only those it allows."""

import os
import re
import signal
import sys

import pytest

from conftest import TOP, run
from test_unit import service

sys.path.insert(0, str(TOP / "tests/e2e"))
import daemon  # noqa: E402
import netns  # noqa: E402
from lab import wait_for  # noqa: E402
import sources  # noqa: E402

GROUP_ID = 64125


class Confined(daemon.Ipwld):
    """Runs as the unit runs it, under strace, which systemd's filter would not
    survive. The group ipwl is one that only this mount namespace knows."""

    def __init__(self, namespace, unit):
        super().__init__(namespace)
        self.trace = self.top / "trace"
        self.capabilities = [name.removeprefix("CAP_").lower()
                             for name in unit["CapabilityBoundingSet"].split()]
        others = [line for line in open("/etc/group", encoding="utf-8")
                  if not line.startswith("ipwl:")]
        self.group = self.top / "group"
        self.group.write_text("".join(others) + f"{unit['SupplementaryGroups']}:x:{GROUP_ID}:\n",
                              encoding="utf-8")

    def argv(self, *options):
        caps = "-all," + ",".join(f"+{name}" for name in self.capabilities)
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/group && exec "$@"',
                self.group, "strace", "-f", "-qq", "-o", self.trace,
                "setpriv", "--bounding-set", caps, "--inh-caps", "-all", "--no-new-privs",
                "--groups", GROUP_ID, *super().argv(*options)]


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
        export = ipwld.state / "export/allow.list"
        export.parent.mkdir()
        ipwld.configure(lists=daemon.PARTNERS + daemon.DROP + "    feeds:\n" +
                        sources.feed("one", source.url("/list")),
                        extra=f"exports:\n  - {{format: plain, path: {export}, after: "
                              f"[/bin/cp, {export}, {export}.copy]}}\n")
        try:
            ipwld.start()
            interface = ipwld.interface()
            assert interface["attached"] and interface["marking"] != "none", interface
            assert os.stat(ipwld.socket).st_gid == GROUP_ID
            assert ipwld.ask("add", "--list", "partners", "192.0.2.1", "--ttl", "1h")
            assert ipwld.ask("test", "192.0.2.1")["results"][0]["verdict"] == "allow"
            ipwld.write_list("block.d/a.list", "192.0.2.0/24")
            ipwld.ask("reload")
            wait_for(lambda: all(state["successful"] for state in ipwld.status()["exports"]) and
                     "192.0.2.1\n" in export.with_suffix(".list.copy").read_text(), "exports")
            assert ipwld.metrics_text()
            # In time or not, the first fetch may be this one.
            feed, = ipwld.ask("refresh", "one")["feeds"]
            assert feed["entries"] == 1 and not feed["held"], feed
            ipwld.ask("detach")
            ipwld.ask("reload")
            assert ipwld.interface()["attached"]
            os.kill(ipwld.status()["pid"], signal.SIGTERM)
            assert ipwld.process.wait(20) == 0
        finally:
            print(ipwld.words())
        lines = ipwld.trace.read_text(encoding="utf-8").splitlines()
        start = next(i for i, line in enumerate(lines)
                     if "execve(" in line and "/ipwld\"" in line and line.endswith("= 0"))
        assert "Warning" not in ipwld.words()
        yield [line.split(maxsplit=1)[1] for line in lines[start + 1:]], ipwld


def allowed_calls(names):
    """The system calls of a SystemCallFilter, its groups resolved."""
    found = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        listed = run("systemd-analyze", "--no-pager", "syscall-filter", name).stdout.splitlines()
        members = [line.strip() for line in listed if line.startswith("    ")]
        assert members
        found |= allowed_calls(member for member in members if not member.startswith("#"))
    return found


def test_system_calls_are_those_the_filter_allows(calls, staged):
    lines, _ = calls
    used = {match[1] for line in lines if (match := re.match(r"(\w+)\(", line))}
    assert {"bpf", "sendto", "mmap"} <= used
    assert used <= allowed_calls(service(staged)["SystemCallFilter"].split())


def test_address_families_are_those_the_unit_allows(calls, staged):
    lines, _ = calls
    used = {match[1] for line in lines if (match := re.match(r"socket\((AF_\w+)", line))}
    assert used and used <= set(service(staged)["RestrictAddressFamilies"].split())


def test_no_memory_is_writable_and_executable(calls, staged):
    lines, _ = calls
    assert service(staged)["MemoryDenyWriteExecute"] == "yes"
    assert not [line for line in lines if re.match(r"(mmap|mprotect)\(.*PROT_WRITE\|PROT_EXEC", line)]


def test_writes_only_where_the_unit_lets_it(calls):
    """Of the unit: StateDirectory, RuntimeDirectory and ReadWritePaths."""
    lines, ipwld = calls
    places = (f"{ipwld.state}/", f"{ipwld.socket.parent}/", f"{ipwld.bpffs}/", "/dev/null")
    written = {match[1] for line in lines
               if (match := re.match(r'open\w*\(.*?"([^"]*)", [^)]*(?:O_WRONLY|O_RDWR|O_CREAT)', line))
               and " = -1 " not in line}
    assert written
    assert all(path.startswith(places) for path in written), written


def test_the_fetcher_becomes_another_user(calls):
    """With the capabilities of the unit, and before it talks to anybody."""
    lines, _ = calls
    changes = [line for line in lines if line.startswith("setresuid(") and line.endswith("= 0")]
    assert changes and not [line for line in changes if "(0," in line]
    assert [line for line in lines if line.startswith("seccomp(SECCOMP_SET_MODE_FILTER")
            and line.endswith("= 0")]
