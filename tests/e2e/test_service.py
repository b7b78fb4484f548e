# SPDX-License-Identifier: GPL-2.0-or-later
"""What a service manager hears of ipwld and gives it, without systemd: watchdog, sockets."""

import contextlib
import os
import re
import socket
import sys
import time

import daemon
import netns
import pytest

from daemon import EX_CONFIG, INVALID, METRICS, write_at_once
from fault import Faults, mask
from lab import wait_for

WATCHDOG_USEC = 200_000
SILENCE_SEC = 3 * WATCHDOG_USEC / 1e6


class Manager:
    """The socket that ipwld reports to."""

    def __init__(self, ipwld):
        self.path = ipwld.top / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        netns.at_exit(self.socket.close)
        self.environment = {"NOTIFY_SOCKET": str(self.path), "PATH": "/usr/sbin:/usr/bin"}

    def lines_until(self, line):
        """All that is said up to that."""
        said = []
        self.socket.settimeout(netns.PATIENCE_SEC)
        while line not in said:
            said += self.socket.recv(4096).decode().split("\n")
        return said

    def hears(self, line, timeout=netns.PATIENCE_SEC):
        """Whether it is said within that time."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self.socket.settimeout(left)
            with contextlib.suppress(TimeoutError):
                if line in self.socket.recv(4096).decode().split("\n"):
                    return True
        return False


@pytest.fixture(name="manager")
def _manager(ipwld):
    return Manager(ipwld)


def journal_of(ipwld, *lines):
    """Run ipwld with the log as its journal until it ends or has written these lines, and return
    what it wrote. systemd says by JOURNAL_STREAM which file the journal is."""
    ipwld.log.touch()
    status = ipwld.log.stat()
    ipwld.spawn(env={"PATH": "/usr/sbin:/usr/bin",
                     "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"})
    wait_for(lambda: ipwld.process.poll() is not None
             or lines and all(line in ipwld.words() for line in lines), "it logs")
    return ipwld.words().splitlines()


def test_journal_lines_have_a_priority(ipwld):
    """… and not the name of the program, which the journal knows."""
    lines = journal_of(ipwld, "is ready")
    assert all(re.match(r"<[3-7]>(error: |warning: |debug: )?[a-z]+: ", line) for line in lines)
    assert any(line.startswith("<4>warning: config: ") for line in lines)
    assert any(line.startswith("<6>interface: eth0: attached") for line in lines)
    ipwld.stop()
    # What it does while nobody watches is a warning.
    assert any(re.match(r"<4>warning: daemon: .*ipwld is not running; still attached to eth0 and "
                        r"dropping; to let everything through: ipwlctl detach", line)
               for line in ipwld.words().splitlines())


def test_journal_of_errors(ipwld):
    ipwld.write_list("block.d/a.list", *["nonsense"] * 30)
    lines = journal_of(ipwld)
    assert ipwld.process.wait() == EX_CONFIG
    assert len(lines) == 21 and all(line.startswith("<3>error: config: ") for line in lines)
    assert lines[-1] == "<3>error: config: and 10 more errors"


def test_exit_codes_are_those_that_systemd_names(ipwld):
    """systemd.exec(5) names 77 NOPERM and 78 CONFIG; 5 would be NOTINSTALLED."""
    for path in ipwld.top, ipwld.state, ipwld.socket.parent:
        path.chmod(0o777)
    result = ipwld.namespace.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                                 "--", *ipwld.argv("-f"), check=False)
    assert result.returncode == 77, result
    assert "ipwld needs root" in result.stderr
    unit = (daemon.ROOT / "packaging/systemd/ipwld.service").read_text(encoding="utf-8")
    assert "RestartPreventExitStatus=2 77 78\n" in unit


def test_watchdog_of_loop_and_worker(ipwld, manager):
    """Both are watched: a worker that hangs ends the pings, though the loop turns."""
    faults = Faults()
    ipwld.spawn(env=faults.environment | manager.environment
                | {"WATCHDOG_USEC": str(WATCHDOG_USEC)})
    assert manager.hears("READY=1")
    for _ in range(3):
        assert manager.hears("WATCHDOG=1")
    ipwld.await_answer()
    with faults.holding(1, mask("MAP_UPDATE_ELEM")) as is_waiting:
        adding = ipwld.popen_ctl("add", "--list", "partners", "192.0.2.1")
        wait_for(is_waiting, "the worker waits in the kernel")
        wait_for(lambda: "the worker has been running one task for" in ipwld.words(), "it is seen")
        while manager.hears("WATCHDOG=1", 0.01):
            pass
        assert not manager.hears("WATCHDOG=1", SILENCE_SEC)
        # The loop keeps running.
        assert ipwld.status()["pid"] == ipwld.process.pid
    assert adding.wait(netns.PATIENCE_SEC) == 0
    assert manager.hears("WATCHDOG=1")


def test_a_slow_start_is_not_one_that_hangs(ipwld, manager):
    """Each step gives the next one time: programs are checked for seconds on slow machines."""
    ipwld.configure(interfaces="eth0, eth7, eth8")
    ipwld.spawn(env=manager.environment)
    said = manager.lines_until("READY=1")
    assert said.count("EXTEND_TIMEOUT_USEC=90000000") >= 3
    assert len({line for line in said if line.startswith("EXTEND")}) == 1


# CAP_KILL, CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF.
KEPT_BY_ROOT = sum(1 << number for number in (5, 12, 21, 38, 39))


def test_root_keeps_what_it_needs(ipwld):
    """Without a unit it is root, but opens no file of others; a reload can do what a start
    could."""
    ipwld.start()
    with open(f"/proc/{ipwld.process.pid}/status", encoding="ascii") as status:
        found = dict(line.split(":\t", 1) for line in status.read().splitlines() if ":\t" in line)
    for name, wanted in ("CapEff", KEPT_BY_ROOT), ("CapPrm", KEPT_BY_ROOT), ("CapInh", 0):
        assert int(found[name], 16) == wanted, name
    ipwld.ask("detach")
    ipwld.ask("reload")
    assert ipwld.interface()["attached"]
    path = ipwld.write_list("block.d/theirs.list", "192.0.2.1")
    path.chmod(0o600)
    os.chown(path, 65534, 65534)
    refused = ipwld.ctl("reload")
    assert refused.returncode == INVALID and "Permission denied" in refused.stderr
    ipwld.stop()
    assert ipwld.namespace.run(*ipwld.argv("-f"), check=False).returncode == EX_CONFIG


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "0"}, {"WATCHDOG_USEC": "x"},
                                         {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}],
                         ids=["unset", "0", "no number", "another's"])
def test_no_watchdog_for_others(ipwld, manager, environment):
    ipwld.spawn(env=manager.environment | environment)
    assert manager.hears("READY=1")
    assert not manager.hears("WATCHDOG=1", SILENCE_SEC)


# Gives the socket at descriptor 3 to a program, as systemd does: LISTEN_PID is its own.
ACTIVATE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2], LISTEN_FDNAMES="metrics")
os.execv(sys.argv[3], sys.argv[3:])
"""


def passed(ipwld, listener, count=1):
    """Start ipwld with a listening socket."""
    ipwld.spawn(wrapper=[sys.executable, "-c", ACTIVATE, listener.fileno(), count],
                pass_fds=[listener.fileno()])


def listening(namespace, port):
    with namespace.entered():
        listener = socket.create_server(("127.0.0.1", port))
    netns.at_exit(listener.close)
    return listener


def test_metrics_by_a_socket_that_is_passed(ipwld):
    """It serves them in the place of `listen`, which a reload cannot change either."""
    listener = listening(ipwld.namespace, METRICS[1])
    text = ipwld.config.read_text(encoding="utf-8")
    for number, listen in enumerate(("127.0.0.1:1", "127.0.0.1:2", "none")):
        write_at_once(ipwld.config, text.replace(f"{METRICS[0]}:{METRICS[1]}", listen))
        if number:
            ipwld.ask("reload")
        else:
            passed(ipwld, listener)
            ipwld.await_answer()
        assert "ipwl_build_info" in ipwld.metrics_text()
    assert not [line for line in ipwld.words().splitlines() if "cannot serve" in line]


def test_several_sockets_are_refused(ipwld):
    """Which of them is meant cannot be told: it serves at `listen`, and says so."""
    passed(ipwld, listening(ipwld.namespace, METRICS[1] + 1), count=2)
    ipwld.await_answer()
    assert "ipwl_build_info" in ipwld.metrics_text()
    assert "several sockets" in ipwld.words()
