# SPDX-License-Identifier: GPL-2.0-or-later
"""Whoever may connect, which for the metrics is any local user, cannot keep ipwld from its
work: connections have their share of the descriptors, and idle ones end."""

import contextlib
import errno
import os
import resource
import socket

import pytest

from daemon import DONE, IS_BLOCKED, METRICS
from lab import UNLISTED, wait_for

DESCRIPTORS = 512
SHARE = DESCRIPTORS // 8
FLOOD = 2 * DESCRIPTORS
FULL = f"{SHARE} connections are open, as many as there may be"


@pytest.fixture(name="small")
def _small(ipwld):
    """A daemon that may have few descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], 4 * FLOOD), before[1]))
    ipwld.configure()
    ipwld.spawn(("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}"))
    ipwld.await_answer()
    yield ipwld
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def connect_metrics(ipwld):
    with ipwld.namespace.entered():
        return begin(socket.socket(), METRICS)


def connect_control(ipwld):
    return begin(socket.socket(socket.AF_UNIX), str(ipwld.socket))


def begin(connection, address):
    """Connect, if the kernel can do that at once or later by itself."""
    connection.setblocking(False)
    result = connection.connect_ex(address)
    assert result in (0, errno.EINPROGRESS, errno.EAGAIN), os.strerror(result)
    return connection


@contextlib.contextmanager
def idle_connections(ipwld, connect, count):
    """Inside, so many connections have been begun on which nobody says a word."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(connect(ipwld)) for _ in range(count)]


def open_sockets(ipwld):
    count = 0
    for link in os.scandir(f"/proc/{ipwld.process.pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(link.path).startswith("socket:")
    return count


@pytest.mark.parametrize("says", [b"", b"GET /metrics HTTP/1.1\r\nX: "], ids=["nothing", "half"])
def test_idle_scrapers(small, says):
    """All else works meanwhile, and scrapes when the idle ones have had their time."""
    before = open_sockets(small)
    with idle_connections(small, connect_metrics, FLOOD) as connections:
        for connection in connections:
            with contextlib.suppress(OSError):  # one that is not connected yet
                connection.send(says)
        wait_for(lambda: FULL in small.words(), "the listener is full")
        for _ in range(3):
            assert small.ctl("add", "--list", "drop", UNLISTED.ipv4).returncode == DONE
            assert small.ctl("test", UNLISTED.ipv4).returncode == IS_BLOCKED
            assert small.ctl("reload").returncode == DONE
            assert small.ctl("del", "--list", "drop", UNLISTED.ipv4).returncode == DONE
            interface = small.interface()
            assert interface["attached"] and interface["error"] is None, interface
            assert interface["marking"] == "metadata"
        # A client of ours may be among them.
        assert open_sockets(small) <= before + SHARE + 2
    words = small.words()
    assert words.count(FULL) == 1, words
    assert "Too many open files" not in words
    with idle_connections(small, connect_metrics, SHARE + 2):
        assert small.metric("ipwl_config_last_reload_successful") == 1


def test_idle_clients_of_the_control_socket(small):
    """Of root, or of the group: they end, too."""
    with idle_connections(small, connect_control, SHARE + 20):
        wait_for(lambda: FULL in small.words(), "the listener is full")
        assert small.metric("ipwl_config_last_reload_successful") == 1
        assert small.status()["reload"]["successful"]
        small.ask("reload")
    assert small.words().count(FULL) == 1
