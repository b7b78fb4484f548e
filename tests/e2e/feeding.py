# SPDX-License-Identifier: GPL-2.0-or-later
"""An ipwld with feeds: what the tests of feeds share."""

import pathlib

import pytest
from daemon import DONE, DROP, NEGATIVE, PARTNERS
from lab import wait_for
from sources import Source, feed

# Space that is nobody's documentation: the guards have tests of their own.
LIST = ["9.9.9.0/24", "8.8.8.8", "2620:fe::/48"]
PREFIXES = ["8.8.8.8/32", "9.9.9.0/24", "2620:fe::/48"]


def configure(ipwld, *feeds, allowing=False, extra=""):
    """The lists of daemon.py, one of them with these feeds."""
    feeds = "    feeds:\n" + "".join(feeds) if feeds else ""
    ipwld.configure(lists=PARTNERS + (feeds if allowing else "") + DROP +
                    ("" if allowing else feeds), extra=extra)


def feed_of(ipwld, name="one"):
    found, = [item for item in ipwld.ask("feeds")["feeds"] if item["name"] == name]
    return found


def entries(ipwld):
    return [entry["prefix"] for entry in ipwld.ask("list", "--source", "feed")["entries"]]


def wait_for_fetch(ipwld, name="one"):
    """Wait for the first fetch, which comes by itself."""
    return wait_for(lambda: feed_of(ipwld, name)["last_fetch"] and feed_of(ipwld, name),
                    f"{name} is fetched")


def refresh(ipwld, name="one", result="new"):
    answer = ipwld.ask("refresh", name, status=DONE if result in ("new", "unchanged") else NEGATIVE)
    found, = answer["feeds"]
    assert found["last_fetch"]["result"] == result, found
    return found


@pytest.fixture(name="source")
def _source(lab):
    return Source(lab.mx)


@pytest.fixture(name="one")
def _one(ipwld, source):
    """A daemon with one feed in the block list, fetched and in force."""
    source.put("/list", *LIST, ETag='"v1"', Last_Modified="Sun, 22 Nov 2026 10:00:00 GMT")
    configure(ipwld, feed("one", source.url("/list"), timeout="1h", max_bytes=100000))
    ipwld.start()
    found = wait_for_fetch(ipwld)
    assert found["last_fetch"]["result"] == "new", found
    assert entries(ipwld) == PREFIXES
    return ipwld


def drip(handler):
    """A source that sends a byte now and then, without end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not handler.server.source.released.wait(0.2):
        handler.wfile.write(b"1")


def give_little_time(ipwld, source):
    """A fetch is to take no more than some seconds, and the source never ends."""
    configure(ipwld, feed("one", source.url("/list"), timeout="5s", max_bytes=100000))
    assert ipwld.ask("reload")
    source.answers["/list"] = drip


def fetchers(ipwld):
    """The fetchers of this daemon, as {field: value} of their status."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/status"):
        try:
            status = dict(line.split(":\t", 1) for line in
                          path.read_text(encoding="utf-8").splitlines() if ":\t" in line)
        except OSError:
            continue
        if status["Name"] == "ipwl-fetch" and int(status["PPid"]) == ipwld.process.pid:
            found.append(status | {"path": path.parent})
    return found
