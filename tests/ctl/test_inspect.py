# SPDX-License-Identifier: GPL-2.0-or-later
"""lint, diff and reload --accept: what they ask, what they print, how they exit."""
import struct

import pytest
from fake_daemon import error

CHANGES = {
    "settings": [{"key": "mode", "from": "monitor", "to": "enforce"},
                 {"key": "ports", "from": "25", "to": "25, 587"}],
    "lists": [
        {"name": "partners", "action": "allow", "change": "changed", "moved": True,
         "settings": [{"key": "mark", "from": None, "to": "0x1"}], "added": 1, "removed": 2,
         "exclusions_added": 1, "exclusions_removed": 0},
        {"name": "new", "action": "block", "change": "added", "moved": False, "settings": [],
         "added": 4, "removed": 0, "exclusions_added": 0, "exclusions_removed": 0},
        {"name": "old", "action": "block", "change": "removed", "moved": False, "settings": [],
         "added": 0, "removed": 7, "exclusions_added": 0, "exclusions_removed": 0}],
}
CHANGES_TEXT = """\
~ mode: monitor -> enforce
~ ports: 25 -> 25, 587
~ list partners (allow): 1 added, 2 removed; exclusions: 1 added, 0 removed; moved in the \
order of the lists
~ list partners, mark: none -> 0x1
+ list new (block): 4 added, 0 removed
- list old (block): 0 added, 7 removed
"""


def change(prefix, what, **changes):
    return {"change": what, "prefix": prefix, "list": "partners", "action": "allow",
            "source": "file", "origin": "/etc/ipwl/allow.d/a.list:3", "reason": None,
            "exclusion": False, **changes}


DIFF = {"schema_version": 1, "config": "/etc/ipwl/ipwld.yaml", "differs": True, "added": 5,
        "removed": 9, **CHANGES,
        "entries": [change("192.0.2.0/24", "added"),
                    change("192.0.2.7/32", "removed", source="manual", origin="alice"),
                    change("2001:db8::/32", "added", exclusion=True)],
        "entries_left_out": 12, "held": None, "removed_in_use": [], "warnings": ["look"]}
SAME = {**DIFF, "differs": False, "added": 0, "removed": 0, "settings": [], "lists": [],
        "entries": [], "entries_left_out": 0, "warnings": []}


def test_diff(ask, daemon):
    daemon.answers["POST", "/v1/diff"] = 200, DIFF
    done = ask("diff")
    assert done.code == 1
    assert done.out == CHANGES_TEXT + """\
+ 192.0.2.0/24  partners  file /etc/ipwl/allow.d/a.list:3
- 192.0.2.7/32  partners  manual alice
+ !2001:db8::/32  partners  file /etc/ipwl/allow.d/a.list:3
and 12 more entries
entries: 5 added, 9 removed
"""
    assert done.err == "ipwlctl: warning: look\n"
    assert daemon.requests[-1]["body"] == {}
    done = ask("--json", "diff")
    assert (done.code, done.json()) == (1, DIFF)


def test_diff_of_nothing(ask, daemon):
    daemon.answers["POST", "/v1/diff"] = 200, SAME
    done = ask("diff")
    assert (done.code, done.out, done.err) == (0, "no differences\n", "")


def test_diff_held(ask, daemon):
    held = {**DIFF, "held": "it would remove 3 of 4", "removed_in_use": ["192.0.2.1, list a"]}
    daemon.answers["POST", "/v1/diff"] = 200, held
    assert "the guard would hold a reload: it would remove 3 of 4; `ipwlctl reload --accept' reloads anyway\n" \
        "  192.0.2.1, list a\n" in ask("diff").out
    daemon.answers["POST", "/v1/diff"] = 200, {**held, "held": None}
    assert "allow entries in use that would be removed, wholly or in part:\n  192.0.2.1, list a\n" \
        in ask("diff").out


def test_diff_options(ask, daemon, tmp_path):
    daemon.answers["POST", "/v1/diff"] = 200, SAME
    for arguments, body in (
            (["--summary"], {"limit": 0}), (["--limit", "7"], {"limit": 7}),
            (["--summary", "--limit=7", "/a.yaml"], {"limit": 0, "config": "/a.yaml"}),
            (["a.yaml"], {"config": str(tmp_path / "a.yaml")})):
        assert ask("diff", *arguments, cwd=tmp_path).code == 0
        assert daemon.requests[-1]["body"] == body
    count = len(daemon.requests)
    assert ask("diff", b"/\xff").code == 4
    assert len(daemon.requests) == count


@pytest.mark.parametrize("status, code, expected", [
    (422, "configuration", 4), (403, "forbidden", 5), (400, "invalid", 4), (503, "x", 3)])
def test_diff_refused(ask, daemon, status, code, expected):
    daemon.answers["POST", "/v1/diff"] = error(status, code, "no", ["/a.yaml:1:1: bad"])
    done = ask("diff")
    assert (done.code, done.out) == (expected, "")
    assert done.err == "ipwlctl: no\n/a.yaml:1:1: bad\n"


def test_reload_says_what_changed(ask, daemon):
    answer = {"schema_version": 1, "added": 3, "removed": 1, "warnings": [], "seconds": 0.021,
              **CHANGES}
    daemon.answers["POST", "/v1/reload"] = 200, answer
    assert ask("reload").out == "reloaded in 0.02 s: 3 added, 1 removed\n" + CHANGES_TEXT
    assert ask("--json", "reload").json() == answer
    assert daemon.requests[-1]["body"] is None
    assert ask("reload", "--accept").code == 0
    assert daemon.requests[-1]["body"] == {"accept": True}


def test_reload_held(ask, daemon):
    answer = error(409, "held", "held: it would remove 3 of 4", ["192.0.2.1, list a"])
    daemon.answers["POST", "/v1/reload"] = answer
    done = ask("reload")
    assert (done.code, done.out) == (1, "")
    assert done.err == "ipwlctl: held: it would remove 3 of 4\n192.0.2.1, list a\n"


def finding(check, prefix, **changes):
    return {"check": check, "prefix": prefix, "list": "partners", "action": "allow",
            "source": "file", "origin": "/etc/ipwl/allow.d/a.list:3", "exclusion": False,
            "reason": None, "expires_at": None, "last_hit_at": None, "other": None,
            "message": "lies inside 192.0.2.0/24", "suggestion": "remove it", **changes}


LINT = {"schema_version": 1, "total": 3,
        "totals": {"redundant": 2, "conflict": 0, "unused": 1, "expiring": 0, "wide": 0,
                   "space": 0},
        "counted_since": "2026-11-23T12:00:00Z", "left_out": 1,
        "findings": [finding("redundant", "192.0.2.7/32"),
                     finding("unused", "2001:db8::/32", exclusion=True, source="config",
                             origin=None, message="never hit")]}
LINT_TEXT = """\
redundant  192.0.2.7/32  partners  file /etc/ipwl/allow.d/a.list:3
    lies inside 192.0.2.0/24
    -> remove it
unused  !2001:db8::/32  partners  config
    never hit
    -> remove it
3 findings: 2 redundant, 0 conflict, 1 unused, 0 expiring, 0 wide, 0 space; 1 not shown \
(see --limit)
"""


def test_lint(ask, daemon):
    daemon.answers["GET", "/v1/lint"] = 200, LINT
    done = ask("lint")
    assert (done.code, done.out, done.err) == (1, LINT_TEXT, "")
    assert daemon.requests[-1]["query"] == {}
    done = ask("--json", "lint")
    assert (done.code, done.json()) == (1, LINT)


def test_lint_of_nothing(ask, daemon):
    clean = {**LINT, "total": 0, "totals": dict.fromkeys(LINT["totals"], 0), "left_out": 0,
             "findings": []}
    daemon.answers["GET", "/v1/lint"] = 200, clean
    done = ask("lint")
    assert (done.code, done.out, done.err) == (0, "no findings\n", "")
    assert ask("--json", "lint").code == 0


def test_lint_options(ask, daemon):
    daemon.answers["GET", "/v1/lint"] = 200, LINT
    ask("lint", "--list", "a", "--check", "wide", "--unused", "30d", "--expiring=1h",
        "--wide", "16,32", "--limit", "5")
    assert daemon.requests[-1]["query"] == {
        "list": "a", "check": "wide", "unused_seconds": str(30 * 86400),
        "expiring_seconds": "3600", "ipv4_length": "16", "ipv6_length": "32", "limit": "5"}


@pytest.mark.parametrize("answer", [{"schema_version": 1}, {**LINT, "findings": [7]},
                                    {**LINT, "findings": "x"}], ids=str)
def test_lint_of_a_strange_daemon(ask, daemon, answer):
    daemon.answers["GET", "/v1/lint"] = 200, answer
    assert ask("lint").code == 3


def test_nothing_reaches_the_terminal_as_it_is(ask, daemon):
    evil = "a\x1b[2Jb\n‮"
    daemon.answers["GET", "/v1/lint"] = 200, {**LINT, "findings": [
        finding(evil, evil, list=evil, origin=evil, message=evil, suggestion=evil)]}
    daemon.answers["POST", "/v1/diff"] = 200, {
        **DIFF, "held": evil, "removed_in_use": [evil],
        "entries": [change(evil, "added", list=evil, origin=evil)],
        "settings": [{"key": evil, "from": evil, "to": evil}]}
    for command in "lint", "diff":
        out = ask(command).out
        assert "\x1b" not in out and "‮" not in out and "\\x1b[2J" in out


# ---- simulate, as far as it goes without the kernel ----------------------------


def pcap(link_type, packets=()):
    text = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type)
    return text + b"".join(struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet
                           for packet in packets)


@pytest.mark.parametrize("content, words", [
    (None, "No such file"), (b"", "not a pcap or pcapng file"),
    (b"hello, world" * 9, "not a pcap or pcapng file"),
    (pcap(0), "link type NULL (0) is not supported"),
    (pcap(105), "link type IEEE802_11 (105) is not supported")], ids=lambda value: str(value)[:20])
def test_simulate_refuses_a_capture(ctl, tmp_path, content, words):
    path = tmp_path / "a.pcap"
    if content is not None:
        path.write_bytes(content)
    done = ctl("simulate", path)
    assert (done.code, done.out) == (4, "")
    assert str(path) in done.err and words in done.err


def test_simulate_without_tables(ctl, tmp_path):
    """Nothing is made where nothing is pinned."""
    capture = tmp_path / "a.pcap"
    capture.write_bytes(pcap(1, [bytes(60)]))
    config = tmp_path / "ipwld.yaml"
    config.write_text(f"interfaces: [eth0]\nbpffs_dir: {tmp_path}/bpf\nlists: []\n")
    done = ctl("simulate", "--config", config, capture)
    assert (done.code, done.out) == (1, "")
    assert "start ipwld" in done.err
    assert not (tmp_path / "bpf").exists()
    done = ctl("simulate", "--config", tmp_path / "none.yaml", capture)
    assert (done.code, done.out) == (4, "")
