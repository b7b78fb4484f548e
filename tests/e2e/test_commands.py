# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwlctl: what each command says, as text and as JSON, and how it exits."""

import datetime
import re

import pytest

import frames
from daemon import BUILD, DONE, EX_CONFIG, INVALID, IS_BLOCKED, NEGATIVE, UNREACHABLE, USAGE
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED

ENTRY = {"prefix", "list", "action", "source", "origin", "reason", "author", "added_at",
         "expires_at", "packets", "bytes", "connections", "averted_packets"}
STATUS = {"schema_version", "version", "libbpf", "pid", "started_at", "uptime_seconds", "config",
          "mode", "mode_in_force", "suspended", "detached", "state", "ports", "interfaces",
          "lists", "reload"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_status(running):
    status = running.ask("status")
    assert set(status) >= STATUS
    assert status["pid"] == running.process.pid
    assert status["config"] == str(running.config)
    assert (status["mode"], status["mode_in_force"], status["suspended"]) \
        == ("enforce", "enforce", None)
    assert (status["detached"], status["ports"]) == (False, [25])
    assert status["state"] == {"path": str(running.state / "state.db"), "ok": True, "error": None}
    assert TIME.fullmatch(status["started_at"]) and TIME.fullmatch(status["reload"]["at"])
    assert status["reload"]["successful"] is True and status["reload"]["errors"] == []
    interface, = status["interfaces"]
    assert (interface["name"], interface["attached"], interface["xdp_mode"],
            interface["marking"], interface["error"]) == ("eth0", True, "native", "metadata", None)
    assert set(interface["packets"]) == {"other", "fragment", "malformed", "unlisted", "allow",
                                         "averted", "would_block", "block", "would_limit", "limited"}
    partners, drop = status["lists"]
    assert partners == {"name": "partners", "action": "allow", "mode": None, "mark": 1,
                        "priority": 6, "ipv4_entries": 2, "ipv6_entries": 2, "packets": 0,
                        "bytes": 0, "connections": 0, "format": "auto", "on_error": "fail",
                        "skipped_lines": 0, "ports": None, "on_block": None, "answers": 0}
    assert status["list_files"] == []
    assert (drop["name"], drop["action"], drop["mode"], drop["mark"], drop["priority"]) \
        == ("drop", "block", "enforce", None, None)
    text = running.ctl("status")
    assert text.returncode == DONE and text.stderr == ""
    for word in "enforce", "eth0", "native", "metadata", "partners", "drop":
        assert word in text.stdout


@pytest.mark.parametrize("addresses,code", [
    ([ALLOWED.ipv4], DONE), ([AVERTED.ipv6], DONE), ([UNLISTED.ipv4], NEGATIVE),
    ([BLOCKED.ipv4], IS_BLOCKED), ([ALLOWED.ipv4, UNLISTED.ipv6], NEGATIVE),
    ([UNLISTED.ipv4, BLOCKED.ipv6, ALLOWED.ipv6], IS_BLOCKED)])
def test_test(running, addresses, code):
    answer = running.ask("test", *addresses, status=code)
    assert [result["address"] for result in answer["results"]] == addresses
    for result in answer["results"]:
        assert set(result) >= {"address", "verdict", "list", "mark", "entries", "exclusions"}
        for entry in result["entries"]:
            assert set(entry) >= ENTRY | {"decides"}
    text = running.ctl("test", *addresses)
    assert text.returncode == code
    for address in addresses:
        assert address in text.stdout


def test_test_says_why(running, wire):
    wire.send(frames.tcp(wire, AVERTED.ipv4), count=3)
    result, = running.ask("test", AVERTED.ipv4)["results"]
    assert (result["verdict"], result["list"], result["mark"]) == ("averted", "partners", 1)
    found = {(entry["prefix"], entry["list"], entry["source"], entry["decides"],
              entry["packets"], entry["averted_packets"]) for entry in result["entries"]}
    assert found == {("203.0.113.77/32", "partners", "config", True, 3, 3),
                     ("203.0.113.0/24", "drop", "config", False, 0, 0)}
    for entry in result["entries"]:
        assert re.fullmatch(rf"{re.escape(str(running.config))}:\d+", entry["origin"])
    text = running.ctl("test", AVERTED.ipv4).stdout
    for word in "averted", "partners", "drop", "203.0.113.0/24", "203.0.113.77":
        assert word in text


def test_test_in_monitor_mode(ipwld):
    ipwld.configure(mode="monitor")
    ipwld.start()
    result, = ipwld.ask("test", BLOCKED.ipv4, status=IS_BLOCKED)["results"]
    assert (result["verdict"], result["list"]) == ("would_block", "drop")


def test_test_moves_no_counter(running):
    for _ in range(5):
        running.ctl("test", *ALLOWED.addresses, *BLOCKED.addresses)
    assert sum(item["packets"] for item in running.status()["lists"]) == 0
    assert sum(running.packets().values()) == 0


def test_list(running):
    running.write_list("block.d/a.list", "203.0.113.5", "192.0.2.0/28 # office")
    running.ask("reload")
    running.ask("add", "--list", "drop", "203.0.113.0/24", "--ttl", "1d", "--reason", "loud")
    entries = running.ask("list")["entries"]
    assert len(entries) == 9
    for entry in entries:
        assert set(entry) >= ENTRY
    assert [entry["list"] for entry in entries] == ["partners"] * 4 + ["drop"] * 5
    found = running.ask("list", "--list", "drop", "203.0.113.0/24")["entries"]
    assert [(entry["prefix"], entry["source"]) for entry in found] == [
        ("203.0.113.0/24", "config"), ("203.0.113.0/24", "manual"), ("203.0.113.5/32", "file")]
    manual, = running.ask("list", "--source", "manual")["entries"]
    assert datetime.datetime.fromisoformat(manual["expires_at"]) \
        - datetime.datetime.fromisoformat(manual["added_at"]) == datetime.timedelta(days=1)
    office, = running.ask("list", "192.0.2.7")["entries"]
    assert (office["reason"], office["origin"]) == ("office", f"{running.top}/block.d/a.list:2")
    text = running.ctl("list", "--source", "manual").stdout
    assert "203.0.113.0/24" in text and "loud" in text and "203.0.113.5" not in text
    assert running.ctl("list", "10.9.8.7").returncode == NEGATIVE
    assert running.ctl("list", "--list", "nope").returncode == NEGATIVE
    assert running.ctl("list", "--source", "nope").returncode in (USAGE, INVALID)
    assert running.ctl("list", "10.9.8.7/8").returncode == INVALID


@pytest.mark.parametrize("argv,code", [
    ([], USAGE), (["nonsense"], USAGE), (["stat"], USAGE), (["status", "more"], USAGE),
    (["--colour", "status"], USAGE), (["test"], USAGE), (["test", "x"], INVALID),
    (["test", "192.0.2.1/24"], INVALID), (["test", "192.0.2.256"], INVALID),
    (["test", ALLOWED.ipv4, "192.0.2.01"], INVALID), (["reload", "now"], USAGE)])
def test_wrong_use(running, argv, code):
    result = running.ctl(*argv)
    assert result.returncode == code, result
    assert result.stderr.strip()


def test_without_a_daemon(ipwld):
    for argv in (["status"], ["test", "192.0.2.1"], ["list"], ["reload"],
                 ["add", "--list", "drop", "192.0.2.1"], ["del", "--list", "drop", "192.0.2.1"]):
        result = ipwld.ctl(*argv)
        assert result.returncode == UNREACHABLE, argv
        assert str(ipwld.socket) in result.stderr


def test_check_config(ipwld):
    assert ipwld.ctl("check-config", ipwld.config).returncode == DONE
    assert ipwld.namespace.run(*ipwld.argv("-t")).returncode == DONE
    ipwld.write_list("block.d/a.list", "192.0.2.1/24")
    for argv, code in (([BUILD / "ipwlctl", "check-config", ipwld.config], INVALID),
                       (ipwld.argv("-t"), EX_CONFIG)):
        result = ipwld.namespace.run(*argv, check=False)
        assert result.returncode == code
        assert f"{ipwld.top}/block.d/a.list:1:" in result.stdout + result.stderr
    # Checking attaches and makes nothing.
    assert not ipwld.bpffs.exists() and not list(ipwld.state.iterdir())


def test_long_list(running):
    """Thousands of entries come whole."""
    running.write_list("block.d/many.list", *[f"10.{index // 256}.{index % 256}.0/24"
                                              for index in range(5000)])
    assert running.ask("reload")["added"] == 5000
    assert len(running.ask("list", "--list", "drop")["entries"]) == 5002
    assert len(running.ctl("list", "--list", "drop").stdout.splitlines()) >= 5002
    assert len(running.ask("list", "10.1.0.0/16")["entries"]) == 256
