# SPDX-License-Identifier: GPL-2.0-or-later
"""A change beyond a limit fails with an error that names the limit, and has no effect."""

import ipaddress
import os
import random
import resource

import pytest

import policies
from daemon import DONE, DROP, INVALID, IS_BLOCKED, PARTNERS
from lab import ALLOWED, BLOCKED

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
LISTS_MAX = 1024
NAME_MAX = 63
ADDRESSES_MAX = 1000
CHUNK_RULES = 16_384  # more prefixes than that need one more map, and descriptor


def make_lists(prefix, count, first=0):
    """So many block lists of one address each."""
    return "".join(f"  - name: {prefix}{number}\n    action: block\n"
                   f"    entries: [10.{number // 256}.{number % 256}.1]\n"
                   for number in range(first, first + count))


def address_of(number):
    return f"10.{number // 256}.{number % 256}.1"


def check_refused(ipwld, status, *words):
    """The reload is refused with these words everywhere, and nothing has changed."""
    result = ipwld.ctl("reload")
    assert result.returncode == status, result.stderr
    state = ipwld.status()["reload"]
    assert state["successful"] is False
    assert ipwld.metric("ipwl_config_last_reload_successful") == 0
    for text in result.stderr, " ".join(state["errors"]), ipwld.words():
        for word in words:
            assert word in text, text


def test_most_lists(running):
    """As many as there may be, all of them at work; one more is an error."""
    for lists in "", make_lists("l", LISTS_MAX):
        running.configure(lists=lists)
        running.ask("reload")
    numbers = (0, 1, LISTS_MAX // 2, LISTS_MAX - 1)
    result = running.ask("test", *map(address_of, numbers), status=IS_BLOCKED)
    assert [item["list"] for item in result["results"]] == [f"l{number}" for number in numbers]
    running.configure(lists=make_lists("l", LISTS_MAX + 1))
    check_refused(running, INVALID, str(LISTS_MAX), f"{running.config}:")
    assert running.ctl("check-config", running.config).returncode == INVALID
    assert len(running.status()["lists"]) == LISTS_MAX
    assert running.ctl("test", address_of(LISTS_MAX)).returncode == 1
    assert running.ctl("test", address_of(LISTS_MAX - 1)).returncode == IS_BLOCKED


def test_lists_that_are_renamed(running):
    """Old and new lists together have to fit: one by one they are replaced all the same."""
    count = LISTS_MAX * 5 // 8
    running.configure(lists=make_lists("old", count))
    running.ask("reload")
    running.configure(lists=make_lists("new", count))
    check_refused(running, 1, str(LISTS_MAX), "list new")
    assert {item["name"] for item in running.status()["lists"]} \
        == {f"old{number}" for number in range(count)}
    for number in 0, count - 1:
        result, = running.ask("test", address_of(number), status=IS_BLOCKED)["results"]
        assert result["list"] == f"old{number}"
    # What was refused holds nothing: other lists fit beside the old ones.
    others = make_lists("other", LISTS_MAX - count)
    running.configure(lists=make_lists("old", count) + others)
    running.ask("reload")
    running.configure(lists=others)
    running.ask("reload")
    running.configure(lists=make_lists("new", count))
    running.ask("reload")
    result, = running.ask("test", address_of(count - 1), status=IS_BLOCKED)["results"]
    assert result["list"] == f"new{count - 1}"


def test_names(running):
    running.configure(lists=PARTNERS.replace("partners", "p" * NAME_MAX) + DROP)
    running.ask("reload")
    running.configure(lists=PARTNERS.replace("partners", "p" * (NAME_MAX + 1)) + DROP)
    check_refused(running, INVALID, str(NAME_MAX))
    assert running.status()["lists"][0]["name"] == "p" * NAME_MAX


def test_list_file(running):
    path = running.write_list("block.d/long.list", "192.0.2.1 ; " + "x" * 4096)
    check_refused(running, INVALID, f"{path}:1:", "4096")
    assert running.ctl("test", BLOCKED.ipv4).returncode == IS_BLOCKED


def test_configuration_file(running):
    good = running.config.read_text(encoding="utf-8")
    running.config.write_text(good + "# " + "x" * (4 << 20) + "\n", encoding="utf-8")
    check_refused(running, INVALID, str(running.config), str(4 << 20))
    running.config.write_text(good, encoding="utf-8")
    running.ask("reload")


@pytest.mark.parametrize("method, path, body, status, word", [
    ("POST", "/v1/test", {"addresses": ["192.0.2.1"] * (ADDRESSES_MAX + 1)}, 400, "1000"),
    ("GET", "/v1/entries?limit=1001", None, 400, "1000"),
    ("POST", "/v1/entries", {"list": "drop", "prefix": "192.0.2.1", "reason": "x" * 1025,
                             "ttl_seconds": None, "sudo_user": None}, 400, "1024"),
    ("POST", "/v1/test", b" " * ((1 << 20) + 1), 413, str(1 << 20)),
], ids=["addresses", "entries of a page", "reason", "body"])
def test_requests(running, method, path, body, status, word):
    found, answer = running.request(method, path, body)
    assert found == status, answer
    assert word in answer["error"]["message"], answer
    assert running.manual() == []


def test_most_addresses(running):
    status, answer = running.request("POST", "/v1/test", {"addresses": [
        ALLOWED.ipv4] * (ADDRESSES_MAX - 1) + [BLOCKED.ipv4]})
    assert status == 200
    assert answer["results"][-1]["verdict"] == "block"


def test_many_exclusions(running):
    """What is no entry counts for a page, too: the loop looks at so much at a time."""
    network = ipaddress.ip_network("10.0.0.0/8")
    holes = (f"!{network[number]}" for number in range(0, 240_000, 2))
    running.write_list("block.d/holes.list", "10.0.0.0/8", *holes, "10.255.0.0/16 # last")
    running.ask("reload")
    pages, after = [], ""
    while after is not None:
        status, page = running.request("GET", f"/v1/entries?list=drop&prefix=10.0.0.0/8{after}")
        assert status == 200, page
        pages.append([entry["prefix"] for entry in page["entries"]])
        after = page["next"] and f"&after={page['next']}"
    assert pages == [["10.0.0.0/8"], [], ["10.255.0.0/16"]]
    found = running.ask("list", "--list", "drop", "10.0.0.0/8")["entries"]
    assert [entry["prefix"] for entry in found] == ["10.0.0.0/8", "10.255.0.0/16"]


def test_one_prefix_very_often(running):
    """Of the same prefix in one file one entry is left, and of many files' the first are shown."""
    running.write_list("block.d/a.list", *["100.64.0.7 # first"], *["100.64.0.7"] * 120_000)
    for number in range(120):
        running.write_list(f"allow.d/{number:03}.list", "100.64.0.7", "!100.64.0.9")
    running.ask("reload")
    lists = {item["name"]: item for item in running.status()["lists"]}
    files = {os.path.basename(item["path"]): item for item in running.status()["list_files"]}
    assert files["a.list"]["entries"] == 1 and files["a.list"]["duplicates"] == 120_000
    assert "120000 duplicates" in files["a.list"]["summary"]
    assert lists["drop"]["ipv4_entries"] < 10
    result, = running.ask("test", "100.64.0.7")["results"]
    assert result["verdict"] == "averted"
    assert len(result["entries"]) == 50 and result["left_out"] == 71
    assert sum(entry["decides"] for entry in result["entries"]) == 50
    assert "and 71 more" in running.ctl("test", "100.64.0.7").stdout
    result, = running.request("POST", "/v1/test", {"addresses": ["100.64.0.9"]})[1]["results"]
    assert len(result["exclusions"]) == 50 and result["left_out"] == 70


def write_large(ipwld, generator, count):
    path = ipwld.top / "block.d/large.list"
    networks = policies.bystanders(generator, count)
    path.write_text("".join(f"{network}\n" for network in networks), encoding="utf-8")
    return str(policies.random_address(generator, networks[-1]))


def descriptors(ipwld):
    return len(os.listdir(f"/proc/{ipwld.process.pid}/fd"))


def test_no_descriptors(running):
    """The process may open no more files: the old configuration stays, whole."""
    generator = policies.generator_of(SEED)
    pid = running.process.pid
    added = write_large(running, generator, 2 * CHUNK_RULES)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    in_use = descriptors(running)
    outcomes = set()
    for spare in range(2, 24):
        # A request needs one, a configuration with its lists another.
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use + spare, before[1]))
        status, answer = running.request("POST", "/v1/reload")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        outcomes.add(status)
        if status == 200:
            break
        assert "Too many open files" in str(answer), answer
        assert running.status()["reload"]["successful"] is False
        assert running.ctl("test", added).returncode == 1
        assert running.ctl("test", BLOCKED.ipv4).returncode == IS_BLOCKED
    assert outcomes > {200}, outcomes
    assert running.ctl("test", added).returncode == IS_BLOCKED


def address_space(ipwld):
    with open(f"/proc/{ipwld.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def test_no_memory(running):
    """The process may have no more memory: wherever that strikes it lives on, and the
    old configuration stays, whole."""
    generator = policies.generator_of(SEED)
    pid = running.process.pid
    # More than fits into the addresses that malloc() has reserved for the worker (64 MiB).
    added = write_large(running, generator, 24 * CHUNK_RULES)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    outcomes = {200: 0, 422: 0, 500: 0}
    # Most of them small: memory that the process has already is not asked for again.
    for spare in sorted(int(2 ** generator.uniform(12, 24)) for _ in range(30)):
        resource.prlimit(pid, resource.RLIMIT_AS, (address_space(running) + spare, unlimited[1]))
        status, answer = running.request("POST", "/v1/reload")
        resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        outcomes[status] += 1
        if status == 200:
            break
        assert "memory" in str(answer), answer
        assert running.status()["reload"]["successful"] is False
        assert running.ctl("test", added).returncode == 1
        assert running.ctl("test", BLOCKED.ipv4).returncode == IS_BLOCKED
    print(f"answers: {outcomes}")
    assert outcomes[500] + outcomes[422] > 5
    assert running.ctl("reload").returncode == DONE
    assert running.ctl("test", added).returncode == IS_BLOCKED
