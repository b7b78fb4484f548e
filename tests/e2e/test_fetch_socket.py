# SPDX-License-Identifier: GPL-2.0-or-later
"""Feeds that are fetched by whoever listens on a socket, as under systemd: ipwld starts no
program, and takes nothing that a fetcher could still change."""

import mmap
import os
import socket

import pytest
from daemon import DROP, PARTNERS
from fetchers import Manager, as_systemd
from lab import wait_for
from sources import Authority, Source, feed
from feeding import LIST, PREFIXES, entries, feed_of, fetchers, refresh, wait_for_fetch


def answer(connection, body, keep=lambda fd: None):
    """A fetcher that answers so; keep() may do with the body what it likes."""
    _, fds, _, _ = socket.recv_fds(connection, 1, 3)
    os.write(fds[2], body)
    os.write(fds[1], b"result new\n")
    keep(fds[2])
    connection.close()
    return fds


def hang_up(connection):
    """A fetcher that is started, and ends."""
    for fd in socket.recv_fds(connection, 1, 3)[1]:
        os.close(fd)
    connection.close()


def start(ipwld, serve, *feeds):
    manager = Manager(ipwld, serve)
    ipwld.configure(lists=PARTNERS + DROP + "    feeds:\n" + "".join(feeds))
    ipwld.spawn(env={**os.environ, "IPWL_FETCH_SOCKET": str(manager.path)})
    ipwld.await_answer()
    return manager


@pytest.fixture(name="source")
def _source(lab):
    source = Source(lab.mx)
    source.put("/list", *LIST)
    return source


def test_fetches(lab, ipwld, source):
    """With a token that the fetcher could not read; nothing is started by ipwld."""
    authority = Authority()
    secret = ipwld.top / "secret"
    secret.write_text("abc.def\n", encoding="utf-8")
    secret.chmod(0o600)
    closed = Source(lab.mx, authority.context())
    closed.put("/list", "1.1.1.1")
    manager = start(ipwld, as_systemd(lab.mx), feed("one", source.url("/list")),
                    feed("two", closed.url("/list"), ca_file=authority.file, token_file=secret))
    for name in "one", "two":
        assert wait_for_fetch(ipwld, name)["last_fetch"]["result"] == "new"
    assert entries(ipwld) == sorted(PREFIXES + ["1.1.1.1/32"], key=lambda text: (":" in text, text))
    assert closed.asked("/list")[0]["Authorization"] == "Bearer abc.def"
    assert manager.served == 2 and not fetchers(ipwld)
    source.answers["/list"] = 500, b"", {}
    assert "answered 500" in refresh(ipwld, "one", "failed")["last_fetch"]["message"]


def test_nobody_listens(lab, ipwld, source):
    manager = start(ipwld, as_systemd(lab.mx), feed("one", source.url("/list")))
    wait_for_fetch(ipwld)
    manager.stop()
    message = refresh(ipwld, result="failed")["last_fetch"]["message"]
    assert message == f"{manager.path} cannot be reached: Connection refused " \
                      "(is ipwl-fetch.socket running?)"
    assert entries(ipwld) == PREFIXES


def test_an_end_without_an_answer(ipwld, source):
    start(ipwld, hang_up, feed("one", source.url("/list")))
    assert wait_for_fetch(ipwld)["last_fetch"]["message"] \
        == "ipwl-fetch exited without an answer: see its journal"


def test_the_body_is_sealed_once_it_is_there(ipwld, source):
    """A fetcher that keeps it open cannot change what the guards have seen."""
    kept = []
    start(ipwld, lambda connection: kept.append(answer(connection, b"9.9.9.0/24\n")),
          feed("one", source.url("/list")))
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"
    assert entries(ipwld) == ["9.9.9.0/24"]
    wait_for(lambda: kept, "its end")
    with pytest.raises(PermissionError):
        os.pwrite(kept[0][2], b"8.8.8.0/24\n", 0)
    with pytest.raises(PermissionError):
        os.ftruncate(kept[0][2], 0)


def test_a_body_that_is_mapped_for_writing_is_not_taken(ipwld, source):
    kept = []
    start(ipwld, lambda connection: answer(connection, b"9.9.9.0/24\n",
                                           lambda fd: kept.append(mmap.mmap(fd, 0))),
          feed("one", source.url("/list")))
    assert wait_for_fetch(ipwld)["last_fetch"]["message"].startswith(
        "ipwl-fetch still has the body open")
    assert not feed_of(ipwld)["entries"]
