# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocked senders that a DNS allow list knows: looked up, let in for a while, and only while the
list is to be believed."""
import ipaddress
import itertools
import time

import pytest

import frames
from clocks import Clocks
from daemon import INVALID
from lab import MX4, wait_for
from nameserver import NXDOMAIN, REFUSED, SERVFAIL, NameServer, code, hang, record
from test_seen import Syns

ZONE = "wl.test"
BLOCKED = "9.1.0.7"
BLOCKED6 = "2620:fe::7"
LISTS = """\
  - name: partners
    action: allow
    entries: [9.2.0.0/24]
  - name: drop
    action: block
    entries: [9.1.0.0/16, 10.0.0.0/8, 11.0.0.0/8, 192.0.2.0/24, "2620:fe::/48"]
"""
EVENTS = "events: {per_second: 1000, per_source_minute: 1000}\n"


def name_of(address, zone=ZONE):
    pointer = ipaddress.ip_address(address).reverse_pointer
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa") + "." + zone


def list_address(server, address, answer, zone=ZONE):
    server.put(name_of(address, zone), A=answer)


@pytest.fixture(name="server")
def _server(lab):
    server = NameServer(namespace=lab.mx)
    list_address(server, "127.0.0.2", "127.0.10.0")
    list_address(server, BLOCKED, "127.0.5.2")
    list_address(server, BLOCKED6, "127.0.5.3")
    return server


def configure(ipwld, server, *zones, more="", learn=""):
    zones = zones or (f"{{zone: {ZONE}, list: partners, min_trust: medium}}",)
    rescue = "rescue:\n" + "".join(f"  - {zone}\n" for zone in zones)
    ipwld.configure(lists=LISTS, extra=f"resolver: {{servers: ['{server.address}'], timeout: 2s}}\n"
                    + EVENTS + rescue + learn + more)


def zone_of(ipwld, zone=ZONE):
    found, = [item for item in ipwld.status()["rescue"] if item["zone"] == zone]
    return found


def wait_until_up(ipwld, zone=ZONE):
    return wait_for(lambda: zone_of(ipwld, zone)["up"] and zone_of(ipwld, zone), f"{zone} works")


def wait_until_off(ipwld, zone=ZONE):
    return wait_for(lambda: zone_of(ipwld, zone)["problem"], f"{zone} is off")


@pytest.fixture(name="rescuing")
def _rescuing(ipwld, server):
    configure(ipwld, server)
    ipwld.start()
    wait_until_up(ipwld)
    return ipwld


def knock(wire, *sources):
    for source in sources:
        wire.send(frames.tcp(wire, source))


def entries(ipwld):
    return ipwld.request("GET", "/v1/entries?source=rescue")[1]["entries"]


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def wait_for_results(ipwld, zone=ZONE, **results):
    wait_for(lambda: all(zone_of(ipwld, zone)["sources"][key] == count
                         for key, count in results.items()), f"{results}")


def test_a_blocked_sender_is_rescued(rescuing, wire, server):
    knock(wire, BLOCKED, BLOCKED6, "9.1.0.8")
    wait_for_results(rescuing, rescued=2, unlisted=1)
    assert verdict(rescuing, BLOCKED) == verdict(rescuing, BLOCKED6) == "averted"
    assert verdict(rescuing, "9.1.0.8") == "block"
    first, second = entries(rescuing)
    assert (first["prefix"], first["origin"], first["reason"]) \
        == (f"{BLOCKED}/32", ZONE, "rescued: 127.0.5.2 (medium), TTL 5m 0s")
    assert second["prefix"] == f"{BLOCKED6}/128" and "(high)" in second["reason"]
    assert first["expires_at"] > first["added_at"]
    history = rescuing.ask("history", BLOCKED)["records"]
    assert [record["event"] for record in history] == ["rescue"]
    assert history[0]["origin"] == ZONE
    assert "only changes of manual and learned entries" \
        in rescuing.ctl("undo", str(history[0]["id"])).stderr
    # The answer about the one that is not listed is remembered.
    asked = len(server.queries)
    knock(wire, "9.1.0.8")
    wait_for(lambda: zone_of(rescuing)["left_out"]["known"] == 1, "it is known")
    assert len(server.queries) == asked


def test_an_entry_outlives_ipwld_and_expires(ipwld, server, wire):
    clocks = Clocks()
    configure(ipwld, server)

    def start():
        ipwld.spawn(env=clocks.environment)
        ipwld.await_answer()
        wait_until_up(ipwld)
    start()
    knock(wire, BLOCKED)
    wait_for(lambda: verdict(ipwld, BLOCKED) == "averted", "it is rescued")
    ipwld.stop()
    start()
    assert verdict(ipwld, BLOCKED) == "averted" and len(entries(ipwld)) == 1
    ipwld.ask("reload")
    assert verdict(ipwld, BLOCKED) == "averted"
    # The TTL is 5 minutes; the default keeps an entry for 6 hours.
    clocks.let_pass(5 * 3600)
    ipwld.ask("reload")
    assert verdict(ipwld, BLOCKED) == "averted"
    checked_at = zone_of(ipwld)["checked_at"]
    clocks.let_pass(2 * 3600)
    wait_for(lambda: zone_of(ipwld)["checked_at"] > checked_at, "it is checked each hour")
    ipwld.ask("reload")
    assert verdict(ipwld, BLOCKED) == "block" and entries(ipwld) == []


def test_a_source_that_comes_again(ipwld, server, wire):
    """An entry expires by itself, and the next attempt is looked up again."""
    configure(ipwld, server, f"{{zone: {ZONE}, list: partners, min_trust: low, min_time: 2s, "
              "max_time: 2s, retry: 1s}")
    ipwld.start()
    wait_until_up(ipwld)
    knock(wire, BLOCKED)
    wait_for_results(ipwld, rescued=1)
    wait_for(lambda: verdict(ipwld, BLOCKED) == "block", "it expires")
    # An answer counts it no more from that second on; ipwld then removes it.
    wait_for(lambda: entries(ipwld) == [], "its entry goes")

    def is_again():
        knock(wire, BLOCKED)
        return zone_of(ipwld)["sources"]["rescued"] == 2
    # It is remembered for a minute that it was rescued.
    wait_for(is_again, "it is rescued again", 1)


def test_monitor_mode(ipwld, server, wire):
    configure(ipwld, server)
    text = ipwld.config.read_text(encoding="utf-8")
    ipwld.config.write_text(text.replace("mode: enforce", "mode: monitor"), encoding="utf-8")
    ipwld.start()
    wait_until_up(ipwld)
    knock(wire, BLOCKED)
    wait_for_results(ipwld, rescued=1)
    assert verdict(ipwld, BLOCKED) == "averted"


def test_who_is_never_looked_up(ipwld, server, wire):
    """Private addresses, this host's network, and those that learning may not have."""
    configure(ipwld, server, learn="learn: {list: partners, never: [9.1.7.0/24]}\n")
    ipwld.start()
    wait_until_up(ipwld)
    asked = len(server.queries)
    knock(wire, "10.0.0.1", MX4, "9.1.7.1")
    wait_for(lambda: zone_of(ipwld)["left_out"]["never"] == 3, "they are left out")
    knock(wire, "9.1.0.9")
    wait_for_results(ipwld, unlisted=1)
    # With the control.
    assert len(server.queries) == asked + 2


def test_levels_and_answers(ipwld, server, wire):
    """Two zones, each with its own answers and its own list."""
    list_address(server, "9.1.0.1", "127.0.5.1")
    list_address(server, "127.0.0.2", "127.0.0.2", "yes.test")
    list_address(server, "9.1.0.2", ["127.0.0.9", "127.0.1.4"], "yes.test")
    list_address(server, "9.1.0.3", "127.0.0.9", "yes.test")
    configure(ipwld, server, f"{{zone: {ZONE}, list: partners, min_trust: 2}}",
              "{zone: yes.test, list: partners, accept: [127.0.0.2, 127.0.1.0/24]}")
    ipwld.start()
    wait_until_up(ipwld)
    wait_until_up(ipwld, "yes.test")
    knock(wire, "9.1.0.1", "9.1.0.2", "9.1.0.3", BLOCKED)
    wait_for_results(ipwld, rescued=1, too_low=1, unlisted=2)
    wait_for_results(ipwld, "yes.test", rescued=1, too_low=1, unlisted=2)
    assert {entry["prefix"]: entry["reason"] for entry in entries(ipwld)} \
        == {"9.1.0.2/32": "rescued: 127.0.1.4, TTL 5m 0s",
            f"{BLOCKED}/32": "rescued: 127.0.5.2 (medium), TTL 5m 0s"}
    # The zone goes, and so do its entries.
    configure(ipwld, server)
    ipwld.ask("reload", "--accept")
    assert [entry["prefix"] for entry in entries(ipwld)] == [f"{BLOCKED}/32"]


def test_who_is_blocked_by_hand_is_not_rescued(rescuing, wire):
    rescuing.ask("add", "--list", "drop", "9.1.0.0/29", "--reason", "we know them")
    knock(wire, BLOCKED, BLOCKED6)
    wait_for_results(rescuing, rescued=1, refused=1)
    assert [entry["prefix"] for entry in entries(rescuing)] == [f"{BLOCKED6}/128"]
    assert verdict(rescuing, BLOCKED) == "block"


def test_no_more_than_max_entries(ipwld, server, wire):
    for last in range(1, 5):
        list_address(server, f"9.1.0.{last}", "127.0.5.3")
    configure(ipwld, server, f"{{zone: {ZONE}, list: partners, min_trust: low, max_entries: 3}}")
    ipwld.start()
    wait_until_up(ipwld)
    knock(wire, *(f"9.1.0.{last}" for last in range(1, 5)))
    wait_for_results(ipwld, rescued=3, refused=1)
    assert len(entries(ipwld)) == 3


# ---- a list that is not to be believed ---------------------------------------------


def everything(answer):
    """A resolver that has this answer whenever there is none."""
    class Rewriter(NameServer):
        is_on = False

        def reply(self, query):
            packet = super().reply(query)
            if self.is_on and packet[3] & 15 == NXDOMAIN:
                return query.answer(record(query.name, "A", answer))
            return packet
    return Rewriter


@pytest.mark.parametrize("answer, why", [
    ("198.51.100.80", "outside 127.0.0.0/8"), ("127.0.5.3", "may list everything"),
    ("127.0.10.3", "category 10"), ("127.0.0.255", "refuses to answer this resolver"),
    ("127.0.7.4", "no level of trust")])
def test_a_list_that_lists_everything(lab, ipwld, wire, answer, why):
    """It is off at once, not only after the next hour, and nobody is let in by it."""
    server = everything(answer)(namespace=lab.mx)
    list_address(server, "127.0.0.2", "127.0.10.0")
    list_address(server, BLOCKED, "127.0.5.2")
    configure(ipwld, server)
    ipwld.start()
    wait_until_up(ipwld)
    knock(wire, BLOCKED)
    wait_for_results(ipwld, rescued=1)
    server.is_on = True
    knock(wire, "9.1.0.8", BLOCKED6)
    assert why in wait_until_off(ipwld)
    assert verdict(ipwld, "9.1.0.8") == verdict(ipwld, BLOCKED6) == "block"
    # The last good answers hold.
    assert verdict(ipwld, BLOCKED) == "averted"
    assert ipwld.metric("ipwl_rescue_up", zone=ZONE) == 0
    assert f"not looked up in {ZONE}" in ipwld.ctl("status").stdout
    asked = len(server.queries)
    knock(wire, "9.1.0.9")
    wait_for(lambda: zone_of(ipwld)["left_out"]["off"] >= 1, "nobody is asked")
    assert len(server.queries) == asked
    # A reload checks again: the canaries are listed, too.
    ipwld.ask("reload")
    wait_for(lambda: len(server.queries) > asked, "it is checked")
    assert not zone_of(ipwld)["up"]
    server.is_on = False
    ipwld.ask("reload")
    wait_until_up(ipwld)
    knock(wire, "9.1.0.10")
    wait_for_results(ipwld, unlisted=1)
    assert ipwld.metric("ipwl_rescue_up", zone=ZONE) == 1


@pytest.mark.parametrize("behaviour, why", [
    (code(REFUSED), ""), (code(SERVFAIL), ""), (hang, ""),
    (code(NXDOMAIN), "127.0.0.2 is not listed")], ids=["refuse", "fail", "hang", "empty"])
def test_a_list_that_never_worked(ipwld, server, wire, behaviour, why):
    """The words for a failure are those of c-ares."""
    server.behaviours[name_of("127.0.0.2")] = behaviour
    configure(ipwld, server)
    ipwld.start()
    assert why in wait_until_off(ipwld)
    knock(wire, BLOCKED)
    wait_for(lambda: zone_of(ipwld)["left_out"]["off"] == 1, "nobody is asked")
    assert verdict(ipwld, BLOCKED) == "block"


def test_no_answer_about_a_source(rescuing, server, wire):
    """It says nothing about the list, and the source is soon asked about again."""
    server.behaviours[name_of(BLOCKED)] = code(SERVFAIL)
    knock(wire, BLOCKED, BLOCKED6)
    wait_for_results(rescuing, failed=1, rescued=1)
    assert zone_of(rescuing)["up"] and verdict(rescuing, BLOCKED) == "block"


# ---- forged SYNs -------------------------------------------------------------------


def test_forged_syns_cost_few_queries(ipwld, server, wire):
    """However many sources there are, queries stay within the limit, and ipwld answers."""
    per_second = 5
    configure(ipwld, server,
              f"{{zone: {ZONE}, list: partners, min_trust: medium, per_second: {per_second}}}",
              more="")
    text = ipwld.config.read_text(encoding="utf-8").replace(
        EVENTS, "events: {per_second: 100000, per_source_minute: 100000}\n")
    ipwld.config.write_text(text, encoding="utf-8")
    ipwld.start()
    wait_until_up(ipwld)
    syns = Syns(wire, ipwld)
    before, started = len(server.queries), time.monotonic()
    for number in range(6000):
        syns.send(bytes([11, number >> 12 & 255, number >> 6 & 63, number & 63]))
        if number % 1000 == 999:
            assert ipwld.status()["rescue"][0]["waiting"] <= 1024
    wait_for(lambda: zone_of(ipwld)["left_out"]["queue"] > 0, "the queue is full")
    wait_for_results_at_least(ipwld, 20)
    elapsed = time.monotonic() - started
    # A second's worth may have been saved up.
    assert len(server.queries) - before <= per_second * (elapsed + 1)
    assert int(ipwld.metric("ipwl_rescue_queries_total", zone=ZONE)) >= len(server.queries)
    assert int(ipwld.metric("ipwl_rescue_waiting", zone=ZONE)) <= 1024


def test_a_sender_who_comes_again_during_a_flood(ipwld, server, wire):
    configure(ipwld, server)
    text = ipwld.config.read_text(encoding="utf-8").replace(
        EVENTS, "events: {per_second: 100000, per_source_minute: 100000}\n")
    ipwld.config.write_text(text, encoding="utf-8")
    ipwld.start()
    wait_until_up(ipwld)
    syns = Syns(wire, ipwld)
    numbers = itertools.count()

    def flood():
        for number in itertools.islice(numbers, 1500):
            syns.send(bytes([11, number >> 16 & 255, number >> 8 & 255, number & 255]))

    def is_left_out():
        flood()
        return zone_of(ipwld)["left_out"]["queue"] > 0
    wait_for(is_left_out, "the queue is full", 0.1)

    def is_rescued():
        flood()
        knock(wire, BLOCKED)
        return verdict(ipwld, BLOCKED) == "averted"
    wait_for(is_rescued, "it is rescued", 1)
    assert zone_of(ipwld)["waiting"] > 500


def wait_for_results_at_least(ipwld, count):
    wait_for(lambda: zone_of(ipwld)["sources"]["unlisted"] >= count, f"{count} look-ups")


# ---- the configuration ---------------------------------------------------------------


def test_errors(running):
    for zone, words in (
            ("{list: partners, min_trust: low}", "a rescue without a zone"),
            ("{zone: x.test, min_trust: low}", "a rescue without a list"),
            ("{zone: x.test, list: drop, min_trust: low}", 'there is no allow list "drop"'),
            ("{zone: 'x..test', list: partners, min_trust: low}", "not the name of a DNS list"),
            ("{zone: x.test, list: partners}", "needs either min_trust"),
            ("{zone: x.test, list: partners, min_trust: low, accept: [127.0.0.2]}",
             "needs either min_trust"),
            ("{zone: x.test, list: partners, min_trust: best}", "must be none, low"),
            ("{zone: x.test, list: partners, accept: [192.0.2.1]}", "is not in 127.0.0.0/8"),
            ("{zone: x.test, list: partners, accept: []}", "write at least 1 answer"),
            ("{zone: x.test, list: partners, min_trust: low, per_second: 1}",
             "per_second: must be a decimal number from 2 to 1000"),
            ("{zone: x.test, list: partners, min_trust: low, min_time: 2d}",
             "min_time must not be longer than max_time")):
        running.configure(extra=f"rescue:\n  - {zone}\n")
        result = running.ctl("reload")
        assert result.returncode == INVALID and words in result.stderr, result.stderr
    good = "{zone: x.test, list: partners, min_trust: low}"
    running.configure(extra=f"rescue:\n  - {good}\n  - {good}\n")
    assert "zone x.test is duplicated" in running.ctl("reload").stderr
    running.configure(extra=f"events: {{per_second: none}}\nrescue: [{good}]\n")
    assert "set events.per_second" in running.ctl("reload").stderr
