# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts of a fleet that share feeds: one fetches, the others take its copy and judge it."""

import os
import signal
import time

import pytest

import netns
import redis_servers
from feeding import LIST, PREFIXES, configure, drip, entries, feed_of, refresh, wait_for_fetch
from fleet_labs import Fleet, shown
from lab import MX4, wait_for
from sources import Source, feed

METRIC = "ipwl_fleet_feed_copies_total"
PORT = 8080
PATH = "/list?token=open-sesame"
URL = f"http://{MX4}:{PORT}{PATH}"


class Sharers:
    """Hosts, each of which reaches the source at the same URL."""

    def __init__(self, kind="redis"):
        self.fleet = Fleet(kind)
        self.redis = self.fleet.server
        self.answers = {}
        self.requests = []
        self.put("v1", *LIST)

    def put(self, version, *lines):
        body = "".join(f"{line}\n" for line in lines).encode()
        self.answers[PATH] = 200, body, {"ETag": f'"{version}"'}

    def prepare(self, name, extra=", feeds: yes", **keys):
        """A host that does not run yet."""
        ipwld = self.fleet.prepare(name)
        source = Source(ipwld.namespace, address=MX4, port=PORT)
        source.answers, source.requests = self.answers, self.requests
        configure(ipwld, feed("one", URL, **keys), extra=self.fleet.configuration(name, extra))
        return ipwld

    def add(self, name, **keys):
        """A host that has fetched, or taken a copy."""
        ipwld = self.prepare(name, **keys)
        ipwld.start()
        wait_for_fetch(ipwld)
        return ipwld

    def await_given(self, ipwld, count=1):
        wait_for(lambda: shown(ipwld)["feeds"]["given"] == count, f"{count} given")

    def await_free(self):
        """Nobody has the lease."""
        wait_for(lambda: not self.keys(":l"), "the lease is given back")

    def keys(self, end=""):
        return sorted(key for key in self.redis("KEYS", "*:f:*") if key.endswith(end))


@pytest.fixture(name="sharers")
def _sharers():
    with netns.scope():
        yield Sharers()


def origin(ipwld):
    """What came last, and from which host."""
    last = feed_of(ipwld)["last_fetch"]
    return last["result"], last["from"]


def await_taken(ipwld, host):
    wait_for(lambda: feed_of(ipwld)["last_fetch"] and origin(ipwld)[1] == host, f"taken from {host}")


def make_due(ipwld):
    """As if its last fetch had been long ago."""
    assert ipwld.stop() == 0
    hours_ago = time.time() - 24 * 3600
    os.utime(ipwld.state / "feeds/one.copy", (hours_ago, hours_ago))
    ipwld.start()


@pytest.mark.parametrize("kind", redis_servers.KINDS)
def test_one_request(kind):
    """For three hosts, the source is asked once. The next copy is taken, too."""
    with netns.scope():
        sharers = Sharers(kind)
        first = sharers.add("mx1")
        sharers.await_given(first)
        others = [sharers.add(name) for name in ("mx2", "mx3")]
        assert len(sharers.requests) == 1
        assert origin(first) == ("new", None)
        for host in others:
            assert origin(host) == ("new", "mx1") and entries(host) == PREFIXES
            assert shown(host)["feeds"] == {"given": 0, "taken": 1, "refused": 0, "large": 0}
            assert host.metric(METRIC, result="taken") == 1
            assert "one: host mx1 of the fleet has fetched it\n" in host.ctl("feeds").stdout
            assert "copies of feeds: 0 given, 1 taken\n" in host.ctl("fleet").stdout
        assert first.metric(METRIC, result="given") == 1
        # A person asks for what the source has, and the others take that when they are due.
        sharers.put("v2", *LIST, "9.9.10.0/24")
        refresh(first)
        sharers.await_given(first, 2)
        make_due(others[0])
        await_taken(others[0], "mx1")
        assert "9.9.10.0/24" in entries(others[0])
        assert len(sharers.requests) == 2
        # What is here already is confirmed.
        make_due(others[0])
        await_taken(others[0], "mx1")
        assert origin(others[0])[0] == "unchanged"
        # A host that took its copy asks the source only for a newer one.
        sharers.answers[PATH] = 304, b"", {}
        refresh(others[1], result="unchanged")
        assert [headers.get("If-None-Match") for _path, headers in sharers.requests] \
            == [None, '"v1"', '"v1"']


def test_what_is_in_redis(sharers):
    """One copy, which expires; nothing of the URL."""
    host = sharers.add("mx1")
    sharers.await_given(host)
    sharers.await_free()
    assert len(sharers.keys()) == 2, sharers.keys()
    for key in sharers.keys():
        assert 0 < sharers.redis("TTL", key) <= 24 * 3600
        stored = key + sharers.redis("GET", key)
        assert "sesame" not in stored and MX4 not in stored and "/list" not in stored
    # The former copy is there for those who are reading it, and not for long.
    sharers.put("v2", *LIST, "9.9.10.0/24")
    refresh(host)
    sharers.await_given(host, 2)
    parts = sharers.keys(":0")
    assert len(parts) == 2
    wait_for(lambda: min(sharers.redis("TTL", key) for key in parts) <= 60, "the former one ends")
    assert max(sharers.redis("TTL", key) for key in parts) > 60


def test_holder_dies(sharers):
    """Another host takes over when the lease has ended."""
    good = sharers.answers[PATH]
    holder = sharers.prepare("mx1")
    sharers.answers[PATH] = drip
    holder.start()
    wait_for(lambda: len(sharers.requests) == 1 and sharers.keys(":l"), "it fetches")
    holder.stop(signal.SIGKILL)
    sharers.answers[PATH] = good
    second = sharers.add("mx2")
    assert origin(second) == ("new", None) and entries(second) == PREFIXES
    sharers.await_given(second)
    third = sharers.add("mx3")
    assert origin(third) == ("new", "mx2") and len(sharers.requests) == 2


def test_holder_fails(sharers):
    """A host that cannot fetch lets the next one try; then it takes that one's copy."""
    good = sharers.answers[PATH]
    sharers.answers[PATH] = 500, b"", {}
    first = sharers.add("mx1")
    assert origin(first) == ("failed", None)
    sharers.await_free()
    sharers.answers[PATH] = good
    second = sharers.add("mx2")
    assert origin(second) == ("new", None)
    sharers.await_given(second)
    assert first.stop() == 0
    first.start()
    await_taken(first, "mx2")
    assert entries(first) == PREFIXES and len(sharers.requests) == 2


@pytest.mark.parametrize("how", ["killed", "paused", "flushed"])
def test_redis_is_gone(sharers, how):
    """Each host fetches for itself, and keeps what it has."""
    first = sharers.add("mx1")
    sharers.await_given(first)
    second = sharers.prepare("mx2")
    {"killed": sharers.redis.kill, "paused": sharers.redis.pause,
     "flushed": lambda: sharers.redis("FLUSHALL")}[how]()
    second.start()
    wait_for_fetch(second)
    assert origin(second) == ("new", None) and entries(second) == PREFIXES
    assert entries(first) == PREFIXES and len(sharers.requests) == 2
    if how == "paused":
        sharers.redis.resume()
    if how == "killed":
        sharers.redis.start()
    refresh(first, result="unchanged")
    wait_for(lambda: shown(first)["connected"], "it is connected again")


def cut(redis, key):
    redis("SET", key, b"x" * (redis("STRLEN", key) - 1))


def damage(redis, key):
    redis("SET", key, b"x" * redis("STRLEN", key))


def forge(redis, key):
    text = redis("GET", key)
    assert " mx1 " in text
    redis("SET", key, text.replace(" mx1 ", " mx9 "))


@pytest.mark.parametrize("spoil, end", [(cut, ":0"), (damage, ":0"), (forge, "")])
def test_spoilt_copy(sharers, spoil, end):
    """It is refused; the host fetches, and gives a good one."""
    first = sharers.add("mx1")
    sharers.await_given(first)
    sharers.await_free()
    key, = [key for key in sharers.keys(end) if end or not key.endswith(":0")]
    spoil(sharers.redis, key)
    second = sharers.add("mx2")
    assert origin(second) == ("new", None) and entries(second) == PREFIXES
    assert shown(second)["feeds"]["refused"] == 1 and len(sharers.requests) == 2
    assert "1 refused" in second.ctl("fleet").stdout
    sharers.await_given(second)
    third = sharers.add("mx3")
    assert origin(third) == ("new", "mx2") and len(sharers.requests) == 2


def test_own_guards(sharers):
    """A copy that one host accepts, another one holds back. It asks the source itself."""
    first = sharers.add("mx1")
    sharers.await_given(first)
    second = sharers.add("mx2", min_ipv4_length=25)
    assert origin(second) == ("held", None) and feed_of(second)["entries"] == 0
    assert len(sharers.requests) == 2
    assert "If-None-Match" not in sharers.requests[1][1]


@pytest.mark.parametrize("keys", [{"format": "plain"}, {"on_error": "skip"}, {"extra": ""},
                                  {"extra": ", feeds: yes, only_from: [mx7]"}])
def test_other_feed(sharers, keys):
    """Hosts that do not mean the same, or do not share, fetch by themselves."""
    first = sharers.add("mx1")
    sharers.await_given(first)
    second = sharers.add("mx2", **keys)
    assert origin(second) == ("new", None) and len(sharers.requests) == 2


def test_reload(sharers):
    """Sharing begins and ends without a restart."""
    first = sharers.add("mx1")
    sharers.await_given(first)
    configure(first, feed("one", URL), extra=sharers.fleet.configuration("mx1"))
    first.ask("reload")
    wait_for(lambda: shown(first)["connected"], "it is connected again")
    assert shown(first)["feeds"] is None
    assert not any(name == METRIC for name, _labels in first.metrics())
    configure(first, feed("one", URL), extra=sharers.fleet.configuration("mx1", ", feeds: yes"))
    first.ask("reload")
    refresh(first, result="unchanged")
    sharers.await_given(first)
