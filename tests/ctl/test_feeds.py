# SPDX-License-Identifier: GPL-2.0-or-later
"""`feeds` and `refresh`: what they ask and print."""
import copy

from fake_daemon import FEEDS, error

TABLE = """\
FEED     LIST      FORMAT  ENTRIES  AGE    LAST    NEXT               HELD
botnets  drop      netset      120  2h 0m  held    2026-11-24T01:00Z     0
vendor   partners  -             0  -      failed  -                     -
botnets: its newest copy comes from https://mirror.example/b
botnets: 12 of its entries had reserved address space, which is cut out
botnets: held back: it has no entries, and had 120 (may_be_empty)
botnets: `ipwlctl feeds diff botnets' shows the changes, `ipwlctl feeds accept botnets' accepts them
vendor: 1 of its entries had this host's own address space, which is cut out
vendor: 2 of its exclusions are not in force, because list partners has protected \
entries there
vendor: failed: the server answered 404: has the list moved?
vendor: /var/lib/ipwl/feeds/vendor.copy: it is damaged
"""
DIFF = {"schema_version": 1, "name": "botnets", "entries": 120,
        "held": FEEDS["feeds"][0]["held"], "added_count": 1, "removed_count": 12002,
        "added": ["!198.51.100.7/32"], "removed": ["192.0.2.0/24", "192.0.2.7/32"]}


def test_feeds(ask, daemon):
    daemon.answers["GET", "/v1/feeds"] = 200, FEEDS
    done = ask("feeds")
    assert (done.code, done.err) == (0, "")
    assert done.out == TABLE
    assert ask("--json", "feeds").json() == FEEDS
    assert [request["path"] for request in daemon.requests] == ["/v1/feeds"] * 2


def test_no_feeds(ask, daemon):
    daemon.answers["GET", "/v1/feeds"] = 200, {"schema_version": 1, "feeds": []}
    done = ask("feeds")
    assert (done.code, done.out) == (0, "")
    assert "no feeds are configured" in done.err
    assert ask("--json", "feeds").json()["feeds"] == []


def test_diff(ask, daemon):
    daemon.answers["GET", "/v1/feeds/diff"] = 200, DIFF
    done = ask("feeds", "diff", "botnets")
    assert (done.code, done.err) == (0, "")
    assert done.out == ("held back: it has no entries, and had 120 (may_be_empty)\n"
                        "-192.0.2.0/24\n-192.0.2.7/32\n- and 12000 more\n+!198.51.100.7/32\n"
                        "entries: 120 in force, 0 held back, 1 added, 12002 removed\n")
    assert ask("feeds", "diff", "botnets", "--json").json() == DIFF
    assert daemon.requests[0]["query"] == {"name": "botnets"}


def test_accept(ask, daemon):
    answer = {"schema_version": 1, "feed": FEEDS["feeds"][0], "added": 3, "removed": 1}
    daemon.answers["POST", "/v1/feeds/accept"] = 200, answer
    done = ask("feeds", "accept", "botnets", env={"SUDO_USER": "alice"})
    assert (done.code, done.err) == (0, "")
    assert done.out == "botnets: now in force with 120 entries, 3 added, 1 removed\n"
    assert ask("--json", "feeds", "accept", "botnets").json() == answer
    assert daemon.requests[0]["body"] == {"name": "botnets", "sudo_user": "alice"}


def test_nothing_is_held(ask, daemon):
    message = "no copy of feed botnets is held back"
    daemon.answers["POST", "/v1/feeds/accept"] = error(404, "not_found", message)
    daemon.answers["GET", "/v1/feeds/diff"] = error(404, "not_found", message)
    for verb in "accept", "diff":
        done = ask("feeds", verb, "botnets")
        assert (done.code, done.out) == (1, "") and message in done.err


def test_refresh(ask, daemon):
    daemon.answers["POST", "/v1/feeds/refresh"] = 200, FEEDS
    done = ask("refresh")
    assert (done.code, done.out, done.err) == (1, TABLE, "")
    assert ask("--json", "refresh", "botnets").json() == FEEDS
    assert [request["body"] for request in daemon.requests] \
        == [{"name": None}, {"name": "botnets"}]
    for results, code in (("new", "unchanged"), 0), (("new", "invalid"), 1), (("held", "new"), 1):
        fine = copy.deepcopy(FEEDS)
        for feed, result in zip(fine["feeds"], results):
            feed["last_fetch"]["result"] = result
        daemon.answers["POST", "/v1/feeds/refresh"] = 200, fine
        assert ask("refresh").code == code


def test_copy_of_another_host(ask, daemon):
    taken = copy.deepcopy(FEEDS)
    taken["feeds"][0]["last_fetch"]["from"] = "mx2"
    daemon.answers["GET", "/v1/feeds"] = 200, taken
    name = taken["feeds"][0]["name"]
    assert f"{name}: host mx2 of the fleet has fetched it" in ask("feeds").out.splitlines()
    assert ask("--json", "feeds").json() == taken


def test_usage(ask, daemon):
    for words in ("take",), ("accept",), ("diff",), ("accept", "a", "b"), ("list", "a"):
        done = ask("feeds", *words)
        assert done.code == 2 and done.out == "" and "feeds --help" in done.err
    assert ask("refresh", "a", "b").code == 2
    assert daemon.requests == []
