# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl allow` and `block`: the list is chosen where only one fits."""
import pytest
from fake_daemon import STATUS, entry

ALLOW, BLOCK = STATUS["lists"]


@pytest.fixture(name="lists")
def _lists(daemon):
    """Set the lists; returns what was added."""
    daemon.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": entry(), "entries": [entry()],
                                                  "warnings": []}

    def set_lists(*lists):
        daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "lists": list(lists)}
    set_lists(ALLOW, BLOCK)
    return set_lists


def added(daemon):
    return [request["body"] for request in daemon.requests if request["method"] == "POST"]


@pytest.mark.parametrize("command, name", [("allow", "partners"), ("block", "drop")])
def test_only_list(ask, daemon, lists, command, name):
    assert ask(command, "192.0.2.7", "--reason", "why", "--ttl", "1h").code == 0
    body, = added(daemon)
    assert (body["list"], body["prefix"], body["reason"], body["ttl_seconds"]) == \
        (name, "192.0.2.7", "why", 3600)


@pytest.mark.parametrize("command, action, both, message", [
    ("allow", "allow", [ALLOW, BLOCK, {**ALLOW, "name": "vips"}],
     "there are several allow lists: write --list with one of partners, vips"),
    ("block", "block", [BLOCK, {**BLOCK, "name": "spam"}],
     "there are several block lists: write --list with one of drop, spam"),
    ("block", "block", [ALLOW], "there is no block list: add one to lists: of the configuration"),
    ("allow", "allow", [], "there is no allow list: add one to lists: of the configuration")])
def test_no_choice(ask, daemon, lists, command, action, both, message):
    lists(*both)
    done = ask(command, "192.0.2.7")
    assert (done.code, done.out, done.err) == (4, "", f"ipwlctl: {message}\n")
    assert added(daemon) == []
    assert ask(command, "192.0.2.7", "--list", "vips").code == 0
    assert added(daemon)[0]["list"] == "vips"


def test_usage(ask, daemon, lists):
    assert ask("allow").code == 2 and ask("block").code == 2
    assert ask("allow", "192.0.2.7", "--force").code == 2
    assert ask("block", "192.0.2.7", "--force").code == 0
    assert added(daemon)[0]["force"] is True
    assert ask("--json", "allow", "192.0.2.7").json()["entry"] == entry()


@pytest.mark.parametrize("command", [["allow"], ["block"], ["add", "--list", "drop"]])
def test_several(ask, daemon, lists, command):
    both = [entry("192.0.2.7/32"), entry("192.0.2.8/31", expires_at="2026-12-24T09:00:00Z")]
    daemon.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": both[0],
                                                  "entries": both, "warnings": []}
    done = ask(*command, "192.0.2.7", "192.0.2.8-192.0.2.9", "192.0.3.*")
    assert added(daemon)[0]["prefix"] == "192.0.2.7,192.0.2.8-192.0.2.9,192.0.3.*"
    assert done.out == (
        "192.0.2.7/32 is now in allow list partners, with no expiry\n"
        "192.0.2.8/31 is now in allow list partners, until 2026-12-24T09:00:00Z\n")
    assert ask("--json", *command, "192.0.2.7").json()["entries"] == both
