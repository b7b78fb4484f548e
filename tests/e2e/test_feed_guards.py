# SPDX-License-Identifier: GPL-2.0-or-later
"""Copies of feeds that a guard holds back: the old one stays, and says so, until an
administrator or the source thinks better of it."""

import json

import pytest
from daemon import DONE, NEGATIVE
from lab import MX4
from sources import Source, feed
from feeding import configure, entries, feed_of, refresh, wait_for_fetch

OLD = [f"9.9.{i}.0/24" for i in range(10)]


@pytest.fixture(name="source")
def _source(lab):
    return Source(lab.mx)


def start(ipwld, source, *lines, allowing=False, extra="", **keys):
    """A daemon with these lines of a feed in force."""
    source.put("/list", *lines)
    configure(ipwld, feed("one", source.url("/list"), **keys), allowing=allowing, extra=extra)
    ipwld.start()
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"


def reasons(ipwld):
    return feed_of(ipwld)["held"]["reasons"]


@pytest.mark.parametrize("new, words, excused", [
    ([], "it has no entries, and had 10 (may_be_empty)", {"may_be_empty": "true"}),
    (OLD[:4], "it has 4 entries, and had 10: more than 50 % fewer (max_shrink)",
     {"max_shrink": 60}),
    ([f"9.{i}.0.0/16" for i in range(101)],
     "it has 101 entries, and had 10: more than 10 times as many (max_growth)",
     {"max_growth": 11}),
    (OLD + ["64.0.0.0/7"], "64.0.0.0/7 is wider than /8 (min_ipv4_length)",
     {"min_ipv4_length": 7}),
    (OLD + ["2a00::/18"], "2a00::/18 is wider than /19 (min_ipv6_length)",
     {"min_ipv6_length": 18}),
    (OLD + ["10.1.2.0/24"], "10.1.2.0/24 is private space, 10.0.0.0/8 (reserved)",
     {"may_hold_reserved": "true"}),
    (OLD + ["fd00::1"], "fd00::1 is private space, fc00::/7 (reserved)",
     {"may_hold_reserved": "true"}),
    (OLD + ["127.0.0.1"], "127.0.0.1 is loopback space, 127.0.0.0/8 (reserved)",
     {"may_hold_reserved": "true"}),
    (OLD + ["169.254.1.1"], "169.254.1.1 is link-local space, 169.254.0.0/16 "
     "(reserved)", {"may_hold_reserved": "true"}),
    (OLD + ["224.0.0.251"], "224.0.0.251 is multicast space, 224.0.0.0/4 (reserved)",
     {"may_hold_reserved": "true"}),
    (OLD + ["2001:db8:1::/48"], "2001:db8:1::/48 is documentation space, 2001:db8::/32 "
     "(reserved)", {"may_hold_reserved": "true"}),
    (OLD + ["198.18.7.0/24"], "198.18.7.0/24 would block the protected 198.18.0.0/16 "
     "(may_hold_protected)", {"may_hold_protected": "true"}),
    (OLD + ["5.0.0.0/8"], "5.0.0.0/8 would block the protected 5.5.5.5 (may_hold_protected)",
     {"may_hold_protected": "true"}),
    (OLD + ["198.19.0.25"], "198.19.0.25 would block this host's own address 198.19.0.25 "
     "(own)", {"may_hold_own": "true"}),
])
def test_each_guard_holds_a_copy_back_and_can_be_excused(lab, ipwld, source, new, words, excused):
    """A copy that trips one guard, with and without the setting that lets it pass."""
    lab.mx.ip("addr", "add", "198.19.0.25/32", "dev", "eth0")
    extra = "protected: [198.18.0.0/16, 5.5.5.5]\n"
    start(ipwld, source, *OLD, extra=extra)
    source.put("/list", *new)
    found = refresh(ipwld, result="held")
    assert words in found["held"]["reasons"]
    # Of addresses in benchmarking space the reserved guard speaks, too.
    assert len(found["held"]["reasons"]) == 1 + ("198.1" in words)
    assert (found["entries"], found["held"]["entries"]) == (10, len(new))
    assert entries(ipwld) == OLD
    others = {"may_hold_reserved": "true"} if "198.1" in words else {}
    configure(ipwld, feed("one", source.url("/list"), **excused | others), extra=extra)
    assert ipwld.ask("reload")["added"] == 0
    assert reasons(ipwld) == ["no guard would hold it back now: refresh the feed or accept the copy"]
    found = refresh(ipwld)
    assert found["held"] is None and found["entries"] == len(new)
    assert len(feed_entries(ipwld)) == len(new)


def feed_entries(ipwld):
    status, answer = ipwld.request("GET", "/v1/entries?source=feed")
    assert status == 200
    return answer["entries"]


def test_the_hosts_own_addresses_as_they_are_at_that_time(lab, ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list", *OLD, "5.9.0.0/16")
    refresh(ipwld)
    lab.mx.ip("addr", "add", "5.9.1.1/24", "dev", "eth0")
    lab.mx.ip("addr", "add", "2a01:4f8::25/64", "dev", "eth0")
    source.put("/list", *OLD, "5.9.0.0/17", "2a01:4f8::/32")
    refresh(ipwld, result="held")
    assert reasons(ipwld) == [
        "5.9.0.0/17 would block this host's own address 5.9.1.1 (own)",
        "2a01:4f8::/32 would block this host's own address 2a01:4f8::25 (own)"]
    # A hole in the list is one for the guard, too.
    source.put("/list", *OLD, "5.9.0.0/17", "!5.9.1.1", "2a01:4f8::/32", "!2a01:4f8:0:0::/64")
    refresh(ipwld)


def test_the_lists_own_exclusions_come_first(ipwld, source):
    """A copy does not bring addresses that the list excludes, however wide it is."""
    level1 = ["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "45.9.148.0/24",
              "224.0.0.0/3"]
    source.put("/list", *level1)
    configure(ipwld, feed("one", source.url("/list")))
    ipwld.start()
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "held"
    # Each such exclusion lets one of the reasons go.
    path = ipwld.write_list("block.d/a.list", *(f"!{prefix}" for prefix in level1[:4]))
    ipwld.ask("reload")
    assert reasons(ipwld) == ["224.0.0.0/3 is wider than /8 (min_ipv4_length)",
                              "224.0.0.0/3 is multicast space, 224.0.0.0/4 (reserved)",
                              "224.0.0.0/3 is reserved space, 240.0.0.0/4 (reserved)"]
    path.write_text(path.read_text(encoding="utf-8") + "!224.0.0.0/3\n", encoding="utf-8")
    ipwld.ask("reload")
    assert refresh(ipwld)["entries"] == 6
    assert [verdict_of(ipwld, address) for address in ("45.9.148.1", "10.0.0.1")] \
        == ["block", "unlisted"]


def test_space_can_be_cut_out(lab, ipwld, source):
    """Reserved and own addresses are removed from entries inside and around them."""
    lab.mx.ip("addr", "add", "5.9.1.1/24", "dev", "eth0")
    start(ipwld, source, *OLD, "10.0.0.0/8", "192.0.0.0/16", "5.9.0.0/16", "fd00::/8",
          reserved="cut", own="cut")
    found = feed_of(ipwld)
    assert found["cut_entries"] == {"reserved": 3, "own": 1}
    assert found["held"] is None
    addresses = {"192.0.1.1": "block", "192.0.2.1": "unlisted", "10.1.1.1": "unlisted",
                 "5.9.1.0": "block", "5.9.1.1": "unlisted", "5.9.1.2": "block",
                 "fd00::1": "unlisted"}
    assert {address: verdict_of(ipwld, address) for address in addresses} == addresses
    assert ipwld.metric("ipwl_feed_cut_entries", feed="one", space="reserved") == 3
    assert ipwld.metric("ipwl_feed_cut_entries", feed="one", space="own") == 1
    text = ipwld.ctl("feeds").stdout
    assert "one: 3 of its entries had reserved address space, which is cut out\n" in text
    assert "one: 1 of its entries had this host's own address space, which is cut out\n" in text
    assert entries_inside(ipwld, "5.9.0.0/16") == 16
    # So it is over a restart and a reload, when new addresses count, too.
    ipwld.stop()
    ipwld.start()
    assert feed_of(ipwld)["cut_entries"] == {"reserved": 3, "own": 1}
    lab.mx.ip("addr", "add", "9.9.5.5/24", "dev", "eth0")
    ipwld.ask("reload")
    assert feed_of(ipwld)["cut_entries"] == {"reserved": 3, "own": 2}
    assert verdict_of(ipwld, "9.9.5.5") == "unlisted"
    # What was never judged with it does not come by a change of settings, but by a word.
    configure(ipwld, feed("one", source.url("/list"), own="cut"))
    ipwld.ask("reload")
    ipwld.stop()
    ipwld.start()
    assert feed_of(ipwld)["cut_entries"] == {"reserved": 3, "own": 2}
    configure(ipwld, feed("one", source.url("/list"), own="cut", reserved="take"))
    ipwld.ask("reload")
    assert feed_of(ipwld)["cut_entries"]["reserved"] == 0
    assert verdict_of(ipwld, "10.1.1.1") == "block"
    configure(ipwld, feed("one", source.url("/list")))
    ipwld.ask("reload")
    source.put("/list", *OLD, "10.0.0.0/8")
    refresh(ipwld, result="held")


def test_diff_tells_of_feeds(ipwld, source):
    """A feed that is added, removed or reconfigured is a change of its list."""
    url = source.url("/list")
    start(ipwld, source, *OLD)
    configure(ipwld, feed("one", url, reserved="cut", refresh="1h", max_shrink=60),
              feed("two", url, mirrors="[http://a.example/, http://b.example/]"))
    change, = ipwld.ask("diff", status=NEGATIVE)["lists"]
    assert (change["name"], change["change"]) == ("drop", "changed")
    assert change["settings"] == [{
        "key": "feeds", "from": f"one (url {url})",
        "to": f"one (url {url}, refresh 1h 0m, max_shrink 60, reserved cut), "
              f"two (url {url}, mirrors [http://a.example/ http://b.example/])"}]
    assert "list drop, feeds: one (url" in ipwld.ctl("diff").stdout
    configure(ipwld, feed("one", url))
    assert ipwld.ask("diff", status=DONE)["lists"] == []
    configure(ipwld)
    change, = ipwld.ask("diff", status=NEGATIVE)["lists"]
    assert (change["settings"][0]["from"], change["settings"][0]["to"]) == (f"one (url {url})",
                                                                          None)


def entries_inside(ipwld, prefix):
    """How many the prefix was made into."""
    status, answer = ipwld.request("GET", f"/v1/entries?source=feed&prefix={prefix}")
    assert status == 200
    return len(answer["entries"])


def test_to_allow_ones_own_harms_nobody(ipwld, source):
    start(ipwld, source, *OLD, allowing=True, may_hold_reserved="true",
          extra="protected: [5.5.5.5]\n")
    source.put("/list", *OLD, MX4, "5.5.5.0/24")
    refresh(ipwld)
    assert ipwld.ask("test", "5.5.5.5")["results"][0]["verdict"] == "allow"


def test_a_feed_does_not_end_what_is_protected(ipwld, source):
    """Its exclusion is not in force where a protected entry stands, and all say so."""
    start(ipwld, source, *OLD, allowing=True)
    ipwld.ask("protect", "--list", "partners", "9.9.9.0/24", "--reason", "hospital")
    source.put("/list", *OLD, "!9.9.9.9", "!9.9.9.0/24", "!9.9.7.7")
    found = refresh(ipwld)
    assert found["overruled_exclusions"] == 2
    verdicts = ipwld.ask("test", "9.9.9.9", "9.9.7.7", status=NEGATIVE)["results"]
    assert [result["verdict"] for result in verdicts] == ["allow", "unlisted"]
    assert [(item["prefix"], item["source"], item["origin"]) for item in verdicts[0]["overruled"]] \
        == [("9.9.9.0/24", "feed", "one:12"), ("9.9.9.9/32", "feed", "one:11")]
    assert "9.9.9.0/24 by root at" in verdicts[0]["overruled"][1]["protected"]
    assert "hospital" in verdicts[0]["overruled"][1]["protected"]
    assert verdicts[0]["exclusions"] == [] and verdicts[1]["overruled"] == []
    assert "NOT EXCLUDED" in ipwld.ctl("test", "9.9.9.9").stdout
    assert "one: 2 of its exclusions are not in force" in ipwld.ctl("feeds").stdout
    assert "one: 2 of its exclusions are not in force" in ipwld.words()
    record = ipwld.request("GET", "/v1/history?limit=1")[1]["records"][0]
    assert (record["event"], record["added"], record["removed"]) == ("feed", 1, 0)
    assert record["reason"] == "protected entries overrule 2 exclusions"
    # So it stays over a reload and a restart, and with other changes.
    ipwld.ask("reload")
    ipwld.stop()
    ipwld.start()
    ipwld.ask("add", "--list", "partners", "1.1.1.1")
    assert verdict_of(ipwld, "9.9.9.9") == "allow" and feed_of(ipwld)["overruled_exclusions"] == 2
    # The exclusions are there again once nothing is protected, and the other way round.
    ipwld.ask("unprotect", "--list", "partners", "9.9.9.0/24")
    assert verdict_of(ipwld, "9.9.9.9") == "unlisted" and feed_of(ipwld)["overruled_exclusions"] == 0
    ipwld.ask("protect", "--list", "partners", "9.9.9.9")
    assert verdict_of(ipwld, "9.9.9.9") == "allow" and feed_of(ipwld)["overruled_exclusions"] == 1
    ipwld.ask("undo", "--yes")
    assert verdict_of(ipwld, "9.9.9.9") == "unlisted" and feed_of(ipwld)["overruled_exclusions"] == 0


def verdict_of(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def test_the_first_copy_is_held_too(ipwld, source):
    source.put("/list", "0.0.0.0/1", "128.0.0.0/1", "9.9.9.0/24")
    configure(ipwld, feed("one", source.url("/list")))
    ipwld.start()
    found = wait_for_fetch(ipwld)
    assert found["last_fetch"]["result"] == "held"
    assert "0.0.0.0/1 is wider than /8, and it is not the only one (min_ipv4_length)" \
        in found["held"]["reasons"]
    assert feed_entries(ipwld) == [] and found["fetched_at"] is None
    assert ipwld.metric("ipwl_feed_held", feed="one") == 1
    assert ipwld.metric("ipwl_feed_last_success_timestamp_seconds", feed="one") == 0


def test_the_first_copy_may_be_empty(ipwld, source):
    start(ipwld, source, "# nothing today")
    assert feed_of(ipwld)["entries"] == 0


def records(*prefixes, count=None):
    """Spamhaus DROP as JSON lines; count: what it declares."""
    lines = [json.dumps({"cidr": prefix, "sblid": f"SBL{i}", "rir": "ripencc"})
             for i, prefix in enumerate(prefixes)]
    return [*lines, json.dumps({"type": "metadata", "timestamp": 1763900000, "size": 1,
                                "records": len(prefixes) if count is None else count})]


def test_a_declared_count_that_does_not_match(ipwld, source):
    start(ipwld, source, *records(*OLD), format="drop-json")
    source.put("/list", *records(*OLD[:8], count=10))
    refresh(ipwld, result="held")
    assert reasons(ipwld) == ["it says that it has 10 records and has 8: it may be cut off"]
    source.put("/list", *records(*OLD[:8]))
    refresh(ipwld)
    configure(ipwld, feed("one", source.url("/list"), check_count="false"))
    ipwld.ask("reload")
    source.put("/list", *records(*OLD[:8], count=10))
    refresh(ipwld)


def test_diff_and_accept(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list", OLD[0], OLD[1], "1.1.1.1", "2620:fe::/48", "!9.9.0.7")
    refresh(ipwld, result="held")
    diff = ipwld.ask("feeds", "diff", "one")
    assert diff["removed"] == OLD[2:] and diff["removed_count"] == 8
    assert diff["added"] == ["1.1.1.1/32", "!9.9.0.7/32", "2620:fe::/48"]
    assert (diff["added_count"], diff["entries"], diff["held"]["entries"]) == (3, 10, 4)
    text = ipwld.ctl("feeds", "diff", "one").stdout
    assert "-9.9.5.0/24\n" in text and "+!9.9.0.7/32\n" in text and "held back: it has 4" in text
    answer = ipwld.ask("feeds", "accept", "one")
    assert (answer["added"], answer["removed"]) == (3, 8)
    assert answer["feed"]["held"] is None
    assert entries(ipwld) == ["1.1.1.1/32", OLD[0], OLD[1], "2620:fe::/48"]
    assert ipwld.ask("test", "9.9.0.7", status=1)
    assert "one: root accepted it: 4 entries, 3 added, 8 removed" in ipwld.words()
    assert ipwld.ctl("feeds", "accept", "one").returncode == NEGATIVE
    # It is the copy that a restart finds.
    ipwld.stop()
    source.stop()
    ipwld.start()
    assert len(entries(ipwld)) == 4
    assert sorted(path.name for path in (ipwld.state / "feeds").iterdir()) == ["one.copy"]


def test_a_held_copy_outlives_a_restart(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list", ETag='"empty"')
    refresh(ipwld, result="held")
    held = feed_of(ipwld)["held"]
    for stop in ipwld.stop, ipwld.kill:
        stop()
        ipwld.start()
        assert feed_of(ipwld)["held"] == held
        assert entries(ipwld) == OLD
        assert ipwld.metric("ipwl_feed_held", feed="one") == 1
    # The source is asked whether it has another than this one.
    source.answers["/list"] = 304, b"", {"Content-Length": "0"}
    refresh(ipwld, result="held")
    assert source.asked("/list")[-1]["If-None-Match"] == '"empty"'
    assert entries(ipwld) == OLD
    assert ipwld.ask("feeds", "accept", "one", status=DONE)["removed"] == 10


def test_a_source_that_thinks_better_of_it(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list")
    refresh(ipwld, result="held")
    source.put("/list", *OLD)
    assert refresh(ipwld, result="unchanged")["held"] is None
    source.put("/list")
    refresh(ipwld, result="held")
    source.put("/list", *OLD, "1.1.1.1")
    assert refresh(ipwld)["held"] is None
    assert len(entries(ipwld)) == 11
    assert not (ipwld.state / "feeds/one.held").exists()


def test_a_failure_leaves_what_is_held(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list")
    refresh(ipwld, result="held")
    source.put("/list", status=500)
    assert refresh(ipwld, result="failed")["held"]
    source.put("/list", "what?")
    assert refresh(ipwld, result="invalid")["held"]
    assert ipwld.ask("feeds", "accept", "one")["feed"]["entries"] == 0


def test_after_accept_the_last_fetch_is_not_held(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list")
    refresh(ipwld, result="held")
    assert " held " in ipwld.ctl("feeds").stdout
    last = ipwld.ask("feeds", "accept", "one")["feed"]["last_fetch"]
    assert (last["result"], last["message"]) == ("new", "was held back, and is accepted")
    assert "held" not in ipwld.ctl("feeds").stdout
    assert feed_of(ipwld)["last_fetch"] == last


def test_a_damaged_held_copy_is_dropped_with_a_word(ipwld, source):
    start(ipwld, source, *OLD)
    source.put("/list")
    refresh(ipwld, result="held")
    path = ipwld.state / "feeds/one.held"
    path.write_bytes(path.read_bytes()[:-3])
    result = ipwld.ctl("feeds", "accept", "one")
    assert result.returncode == NEGATIVE and "damaged" in result.stderr
    assert entries(ipwld) == OLD
    ipwld.stop()
    ipwld.start()
    assert feed_of(ipwld)["held"] is None
    assert "feed one: the copy held back is lost" in "\n".join(ipwld.status()["reload"]["warnings"])
    assert entries(ipwld) == OLD
