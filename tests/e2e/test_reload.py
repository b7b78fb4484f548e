# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads: what they change, and that one with an error changes nothing."""

import signal

import frames
from daemon import DONE, DROP, EX_CONFIG, INVALID, IS_BLOCKED, PARTNERS, has_programs
from lab import ALLOWED, BLOCKED, UNLISTED, wait_for


def verdict(ipwld, address):
    status, answer = ipwld.request("POST", "/v1/test", {"addresses": [address]})
    assert status == 200
    return answer["results"][0]["verdict"]


def test_by_sighup(running):
    running.write_list("block.d/a.list", UNLISTED.ipv4, UNLISTED.ipv6)
    before = running.status()["reload"]["at"]
    assert verdict(running, UNLISTED.ipv4) == "unlisted"
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: verdict(running, UNLISTED.ipv4) == "block", "SIGHUP reloads")
    assert verdict(running, UNLISTED.ipv6) == "block"
    assert running.status()["reload"]["successful"] is True
    assert running.status()["reload"]["at"] >= before


def test_by_ipwlctl(running):
    path = running.write_list("allow.d/a.list", "# our own", f"{UNLISTED.ipv4} ; relay",
                              "", "!198.51.100.128/25", UNLISTED.ipv6)
    answer = running.ask("reload")
    assert (answer["added"], answer["removed"]) == (2, 0)
    result, = running.ask("test", UNLISTED.ipv4)["results"]
    assert (result["verdict"], result["list"], result["mark"]) == ("allow", "partners", 1)
    entry, = result["entries"]
    assert (entry["source"], entry["origin"], entry["reason"], entry["decides"]) \
        == ("file", f"{path}:2", "relay", True)
    # The exclusion is a hole in its own list.
    result, = running.ask("test", "198.51.100.200", status=1)["results"]
    assert (result["verdict"], result["list"]) == ("unlisted", None)
    assert [item["origin"] for item in result["exclusions"]] == [f"{path}:4"]
    path.unlink()
    answer = running.ask("reload")
    assert (answer["added"], answer["removed"]) == (0, 2)
    assert verdict(running, "198.51.100.200") == "allow"
    assert verdict(running, UNLISTED.ipv4) == "unlisted"
    assert running.ask("reload")["added"] == 0


def test_exclusion_lets_a_blocked_one_through(running, wire):
    running.write_list("block.d/hole.list", f"!{BLOCKED.ipv4}", f"!{BLOCKED.ipv6}")
    running.ask("reload")
    before = running.packets()
    for address in BLOCKED.addresses:
        wire.send(*frames.attempts(wire, address, 3))
    after = running.packets()
    assert after["block"] == before["block"]
    assert after["unlisted"] == before["unlisted"] + 6


def test_with_errors_changes_nothing(running):
    """Each error is reported, in one run, and the old configuration stays."""
    good = running.config.read_text(encoding="utf-8")
    running.write_list("block.d/a.list", UNLISTED.ipv4, "192.0.2.1/24", "# fine", "10.0.0.0/33")
    running.write_list("allow.d/b.list", "192.0.2.7", "not-an-address", "192.0.2.08")
    running.config.write_text(good.replace("mode: enforce", "mode: monitor").replace(
        "ports: [25]", "ports: [25, 0, 10x]\ncolour: red"), encoding="utf-8")
    places = [f"{running.top}/block.d/a.list:2:", f"{running.top}/block.d/a.list:4:",
              f"{running.top}/allow.d/b.list:2:", f"{running.top}/allow.d/b.list:3:",
              f"{running.config}:3:", f"{running.config}:4:"]

    check = running.ctl("check-config", running.config)
    result = running.ctl("reload")
    for text, code in ((check.stdout + check.stderr, check.returncode),
                       (result.stdout + result.stderr, result.returncode)):
        assert code == INVALID, text
        for place in places:
            assert place in text, text
        # Host bits: it offers both readings.
        assert "192.0.2.0/24" in text and "192.0.2.1" in text.replace("192.0.2.1/24", "")
    status, answer = running.request("POST", "/v1/reload")
    assert (status, answer["error"]["code"]) == (422, "configuration")
    assert len(answer["error"]["details"]) >= 7

    state = running.status()
    assert state["reload"]["successful"] is False
    assert len(state["reload"]["errors"]) >= 7
    assert state["mode"] == "enforce"
    assert running.metric("ipwl_config_last_reload_successful") == 0
    stamp = running.metric("ipwl_config_last_reload_success_timestamp_seconds")
    assert verdict(running, UNLISTED.ipv4) == "unlisted"
    assert verdict(running, BLOCKED.ipv4) == "block"
    assert verdict(running, ALLOWED.ipv4) == "allow"

    running.config.write_text(good, encoding="utf-8")
    (running.top / "allow.d/b.list").unlink()
    running.write_list("block.d/a.list", UNLISTED.ipv4)
    assert running.ctl("reload").returncode == DONE
    assert running.metric("ipwl_config_last_reload_successful") == 1
    assert running.metric("ipwl_config_last_reload_success_timestamp_seconds") >= stamp
    assert verdict(running, UNLISTED.ipv4) == "block"


def test_sighup_with_an_error(running):
    running.write_list("block.d/a.list", "256.1.1.1")
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: running.metric("ipwl_config_last_reload_successful") == 0, "refused")
    assert f"{running.top}/block.d/a.list:1:1" in running.words()
    assert verdict(running, BLOCKED.ipv4) == "block"


def test_start_with_an_error(ipwld):
    """No half-loaded start: exit status 78, all errors, nothing attached."""
    ipwld.write_list("block.d/a.list", "1.2.3.4/8", "::/0", "x")
    result = ipwld.namespace.run(*ipwld.argv("-f"), check=False)
    assert result.returncode == EX_CONFIG
    for line in 1, 2, 3:
        assert f"{ipwld.top}/block.d/a.list:{line}:" in result.stderr
    assert has_programs(ipwld.namespace) == (False, False)


def test_counters_survive(running, wire):
    """A reload that keeps a list and an entry keeps their counters."""
    for address in BLOCKED.ipv4, ALLOWED.ipv4:
        wire.send(*frames.attempts(wire, address, 9))
    for lists in PARTNERS + DROP, DROP + PARTNERS, PARTNERS + """\
  - name: other
    action: block
    entries: [203.0.113.200/29]
""" + DROP:
        running.configure(lists=lists)
        running.ask("reload")
        state = {item["name"]: item["packets"] for item in running.status()["lists"]}
        assert (state["partners"], state["drop"]) == (9, 9)
        entry, = running.ask("list", "--list", "drop", "203.0.113.0/25")["entries"]
        assert (entry["prefix"], entry["packets"], entry["connections"]) \
            == ("203.0.113.0/24", 9, 9)
        assert running.packets()["block"] == 9


def test_lists_come_and_go(running):
    running.configure(lists=PARTNERS)
    running.ask("reload")
    assert verdict(running, BLOCKED.ipv4) == "unlisted"
    running.configure(lists=DROP)
    running.ask("reload")
    assert verdict(running, ALLOWED.ipv4) == "unlisted"
    assert running.ctl("test", BLOCKED.ipv4).returncode == IS_BLOCKED
    running.configure(lists="")
    running.ask("reload")
    assert verdict(running, BLOCKED.ipv4) == "unlisted"
    assert running.status()["lists"] == []


def test_accepted_oddities(running):
    """CRLF, a byte-order mark, a mapped address, twice the same, allow everything."""
    (running.top / "block.d/odd.list").write_bytes(
        b"\xef\xbb\xbf192.0.2.200\r\n::ffff:192.0.2.201\r\n192.0.2.200\r\n")
    running.configure(lists=PARTNERS + DROP.replace("files: [", "files: [{top}/nothing*, "))
    running.ask("reload")
    assert verdict(running, "192.0.2.200") == "block"
    assert verdict(running, "192.0.2.201") == "block"
    assert running.ask("test", "::ffff:192.0.2.201", status=IS_BLOCKED)["results"]
    running.write_list("allow.d/all.list", "0.0.0.0/0", "::/0")
    warnings = " ".join(running.ask("reload")["warnings"])
    assert f"{running.top}/allow.d/all.list:1" in warnings
    assert f"{running.top}/allow.d/all.list:2" in warnings
    assert verdict(running, "192.0.2.200") == "averted"
    assert verdict(running, "2001:db8:77::1") == "allow"
