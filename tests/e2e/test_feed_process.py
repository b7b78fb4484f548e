# SPDX-License-Identifier: GPL-2.0-or-later
"""The fetcher as a process: what it may do, and what happens if it dies, hangs or is missing."""

import os
import shutil
import signal

import netns
from daemon import BUILD
# _one and _source are fixtures.
from feeding import (LIST, PREFIXES, _one, _source, drip, entries, fetchers, give_little_time,
                     refresh)
from lab import wait_for


def test_the_fetcher_has_no_privileges(one, source):
    source.answers["/list"] = drip
    with one.namespace.popen("curl", "-s", "-o", "/dev/null", "--unix-socket", one.socket,
                             "-d", "{}", "http://ipwl/v1/feeds/refresh"):
        wait_for(lambda: len(source.asked("/list")) == 2, "it is fetched")
        process, = fetchers(one)
        assert 0 not in map(int, process["Uid"].split() + process["Gid"].split())
        assert process["Groups"].split() == []
        for name in "CapEff", "CapPrm", "CapInh", "CapAmb":
            assert int(process[name], 16) == 0
        assert (process["NoNewPrivs"], process["Seccomp"]) == ("1", "2")
        opened = {number.name: os.readlink(number) for number in (process["path"] / "fd").iterdir()}
        assert {opened[str(i)].split()[0] for i in range(4)} \
            == {"/memfd:request", "/memfd:result", "/dev/null", "/memfd:body"}
        rest = [target for number, target in opened.items() if int(number) > 3]
        assert rest and all(target.startswith(("socket:", "pipe:", "anon_inode:"))
                            for target in rest), opened
        assert process["path"].joinpath("environ").read_bytes().split(b"\0")[:-1] \
            == [b"PATH=/usr/bin:/bin", b"LC_ALL=C"]
        limits = process["path"].joinpath("limits").read_text(encoding="utf-8")
        assert "Max file size             100000               100000" in limits
        # The daemon stops it, and does not wait for its end, which would take an hour.
        assert one.stop() == 0
    wait_for(lambda: not process["path"].exists(), "the fetcher is gone")


def test_a_fetcher_that_dies(one, source):
    source.answers["/list"] = drip
    with one.namespace.popen("curl", "-s", "--unix-socket", one.socket, "-d", "{}",
                             "http://ipwl/v1/feeds/refresh", stdout=-1) as curl:
        wait_for(lambda: len(source.asked("/list")) == 2, "it is fetched")
        process, = fetchers(one)
        os.kill(int(process["Pid"]), signal.SIGKILL)
        assert b"ipwl-fetch was killed: Killed" in curl.communicate(timeout=netns.PATIENCE_SEC)[0]
    assert entries(one) == PREFIXES
    source.put("/list", *LIST, "1.1.1.1")
    refresh(one)


def test_a_fetcher_that_hangs(one, source):
    """Even one that does not end by itself, as a stopped one cannot, is ended."""
    give_little_time(one, source)
    with one.namespace.popen("curl", "-s", "--unix-socket", one.socket, "-d", "{}",
                             "http://ipwl/v1/feeds/refresh", stdout=-1) as curl:
        wait_for(lambda: len(source.asked("/list")) == 2, "it is fetched")
        process, = fetchers(one)
        os.kill(int(process["Pid"]), signal.SIGSTOP)
        assert b"ipwl-fetch was killed: Killed" in curl.communicate(timeout=netns.PATIENCE_SEC)[0]
    assert not process["path"].exists()
    assert entries(one) == PREFIXES


def test_without_a_fetcher(one, source):
    """An installation in part: said, and nothing else stops."""
    one.stop()
    alone = netns.temporary_directory()
    shutil.copy(BUILD / "ipwld", alone / "ipwld")
    one.argv = lambda *options: [alone / "ipwld", "-c", one.config, *options]
    one.start()
    assert entries(one) == PREFIXES
    last = refresh(one, result="failed")["last_fetch"]
    assert last["message"] == f"{alone}/ipwl-fetch cannot be started: No such file or directory"
