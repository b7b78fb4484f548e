# SPDX-License-Identifier: GPL-2.0-or-later
"""Looking before changing: lint, diff, and the guard over reloads."""

import json
import re
import signal
import time

import pytest

import daemon
import frames
from daemon import DENIED, DONE, DROP, INVALID, NEGATIVE, PARTNERS
from lab import ALLOWED, BLOCKED, UNLISTED, check_answers, wait_for

UNUSED_SEC = 8

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


def verdict(ipwld, address):
    status, answer = ipwld.request("POST", "/v1/test", {"addresses": [address]})
    assert status == 200
    return answer["results"][0]["verdict"]


# ---- lint -------------------------------------------------------------------


def findings(answer):
    """What was found, in short: {(check, list, prefix)}."""
    return {(item["check"], item["list"], ("!" if item["exclusion"] else "") + item["prefix"])
            for item in answer["findings"]}


CLEAN = """\
  - name: partners
    action: allow
    entries: [198.51.100.0/24]
  - name: drop
    action: block
    entries: [9.9.9.0/24]
    files: [{top}/block.d/*.list]
"""


def test_lint_when_clean(ipwld):
    ipwld.configure(lists=CLEAN)
    ipwld.start()
    answer = ipwld.ask("lint", status=DONE)
    assert (answer["total"], answer["findings"], answer["left_out"]) == (0, [], 0)
    assert answer["totals"] == dict.fromkeys(
        ("redundant", "conflict", "unused", "expiring", "wide", "space"), 0)
    assert "no findings" in ipwld.ctl("lint").stdout


def test_lint_names_place_and_suggestion(running):
    path = running.write_list("allow.d/a.list", "198.51.100.7", "!2001:db8:ffff::/48",
                              "10.0.0.0/7", "2000::/15")
    running.ask("reload")
    running.ask("add", "--list", "partners", "192.0.2.7", "--ttl", "1h")
    answer = running.ask("lint", status=NEGATIVE)
    assert findings(answer) == {
        ("redundant", "partners", "198.51.100.7/32"),
        ("redundant", "partners", "2001:db8:a::/48"),
        ("redundant", "partners", "2001:db8:bad::77/128"),
        ("conflict", "drop", "2001:db8:bad::/48"),
        ("conflict", "partners", "203.0.113.77/32"),
        # A block inside an allow never drops; the allow inside that block is one more.
        ("conflict", "partners", "2001:db8:bad::77/128"),
        ("expiring", "partners", "192.0.2.7/32"),
        ("wide", "partners", "10.0.0.0/7"),
        ("wide", "partners", "2000::/15"),
        ("space", "drop", "203.0.113.0/24"),
        ("space", "drop", "2001:db8:bad::/48"),
    }
    assert answer["total"] == 11 and sum(answer["totals"].values()) == 11
    by = {(item["check"], item["prefix"]): item for item in answer["findings"]}
    inside = by["redundant", "198.51.100.7/32"]
    assert inside["origin"] == f"{path}:1" and f"{path}:1" in inside["suggestion"]
    assert inside["other"]["prefix"] == "198.51.100.0/24"
    assert inside["other"]["origin"].startswith(f"{running.config}:")
    assert "198.51.100.0/24" in inside["message"]
    block = by["conflict", "2001:db8:bad::/48"]
    assert block["action"] == "block" and block["other"]["action"] == "allow"
    assert "never drops" in block["message"]
    assert by["expiring", "192.0.2.7/32"]["expires_at"]
    assert "ipwlctl add --list partners 192.0.2.7" in by["expiring", "192.0.2.7/32"]["suggestion"]
    text = running.ctl("--wide", "lint")
    assert text.returncode == NEGATIVE
    assert f"file {path}:1" in text.stdout and "11 findings: 3 redundant" in text.stdout
    # An exclusion that takes a part away is none of them.
    assert "!2001:db8:ffff::/48" not in text.stdout


def test_lint_options(running):
    running.write_list("allow.d/a.list", *(f"198.51.100.{i}" for i in range(150)), "10.0.0.0/8")
    running.ask("reload")
    answer = running.ask("lint", "--check", "redundant", status=NEGATIVE)
    assert (answer["total"], len(answer["findings"]), answer["left_out"]) == (150, 100, 50)
    answer = running.ask("lint", "--check", "redundant", "--limit", "1000", status=NEGATIVE)
    assert (len(answer["findings"]), answer["left_out"]) == (150, 0)
    assert [item["origin"].rpartition(":")[2] for item in answer["findings"]] \
        == [str(i) for i in range(1, 151)]
    assert running.ask("lint", "--check", "wide", status=DONE)["total"] == 0
    answer = running.ask("lint", "--check", "wide", "--wide", "9,19", status=NEGATIVE)
    assert findings(answer) == {("wide", "partners", "10.0.0.0/8")}
    assert "wider than /9" in answer["findings"][0]["message"]
    answer = running.ask("lint", "--list", "drop", status=NEGATIVE)
    assert answer["total"] == answer["totals"]["space"] == 2
    assert running.ctl("lint", "--list", "none").returncode == NEGATIVE
    assert running.ctl("lint", "--check", "colour").returncode == INVALID
    for query in ("limit=-1", "limit=1001", "unused_seconds=x", "ipv4_length=33", "colour=1"):
        status, answer = running.request("GET", f"/v1/lint?{query}")
        assert status == 400, answer


def test_lint_of_what_is_unused(running, wire):
    """Entries that nobody hit for long enough; not those that someone just did."""
    def unused(*options):
        answer = running.ask("lint", "--unused", f"{UNUSED_SEC}s", "--check", "unused", *options,
                             status=NEGATIVE)
        return {(item["list"], item["prefix"]): item["last_hit_at"] for item in answer["findings"]}
    # What is younger than that cannot be told.
    assert running.ask("lint", "--unused", "1h", "--check", "unused", status=DONE)["total"] == 0
    time.sleep(UNUSED_SEC + 0.1)
    wire.send(frames.tcp(wire, ALLOWED.ipv4))
    wait_for(lambda: running.packets()["allow"], "it is counted")
    never = dict.fromkeys([("partners", "2001:db8:a::/48"), ("partners", "203.0.113.77/32"),
                           ("partners", "2001:db8:bad::77/128"), ("drop", "203.0.113.0/24"),
                           ("drop", "2001:db8:bad::/48")])
    assert unused() == never
    # A block list's file is another's work, a list by itself is not.
    running.write_list("block.d/a.list", UNLISTED.ipv4)
    running.ask("reload")
    assert unused("--list", "drop").keys() == {key for key in never if key[0] == "drop"}
    wire.send(frames.tcp(wire, BLOCKED.ipv6))
    wait_for(lambda: running.packets()["block"], "it is counted")
    assert unused("--list", "drop") == {("drop", "203.0.113.0/24"): None}


def test_lint_of_very_many(running):
    """The socket answers others while a large list is looked at."""
    lines = [f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}" for i in range(200_000)]
    running.write_list("block.d/large.list", *lines, "10.0.0.0/15")
    running.ask("reload")

    def lint():
        client = running.namespace.popen(running.argv()[0].parent / "ipwlctl", "--socket",
                                         running.socket, "--json", "lint")
        while client.poll() is None:
            yield
        assert client.returncode == NEGATIVE

    check_answers(lint, running.status)
    answer = running.ask("lint", "--check", "redundant", "--list", "drop", status=NEGATIVE)
    assert answer["totals"]["redundant"] == 131072


# ---- diff -------------------------------------------------------------------


def test_diff_of_nothing(running):
    running.ask("add", "--list", "partners", "192.0.2.7")
    answer = running.ask("diff", status=DONE)
    assert answer["differs"] is False
    assert answer["settings"] == answer["lists"] == answer["entries"] == []
    assert running.ctl("diff").stdout == "no differences\n"


def test_diff_then_reload(running):
    """diff says what a reload then does, and does nothing itself."""
    first = running.write_list("allow.d/a.list", "# a comment", UNLISTED.ipv4)
    running.ask("reload")
    first.unlink()
    second = running.write_list("allow.d/b.list", "!198.51.100.128/25", UNLISTED.ipv6)
    running.configure(mode="monitor", ports="25, 587", lists=PARTNERS.replace(
        "mark: 0x1", "mark: 0x2").replace("      - 203.0.113.77\n", "") + """\
  - name: new
    action: block
    entries: [192.0.2.128/25]
""")
    answer = running.ask("diff", status=NEGATIVE)
    assert answer["differs"] is True
    assert {(item["key"], item["from"], item["to"]) for item in answer["settings"]} \
        == {("mode", "enforce", "monitor"), ("ports", "25", "25, 587")}
    lists = {item["name"]: item for item in answer["lists"]}
    assert {name: item["change"] for name, item in lists.items()} \
        == {"partners": "changed", "new": "added", "drop": "removed"}
    assert lists["partners"]["settings"] == [{"key": "mark", "from": "0x1", "to": "0x2"}]
    assert (lists["partners"]["added"], lists["partners"]["removed"],
            lists["partners"]["exclusions_added"]) == (1, 2, 1)
    entries = {(item["change"], item["list"],
                ("!" if item["exclusion"] else "") + item["prefix"]): item["origin"]
               for item in answer["entries"]}
    assert entries.keys() == {
        ("added", "partners", f"{UNLISTED.ipv6}/128"), ("removed", "partners", "203.0.113.77/32"),
        ("removed", "partners", f"{UNLISTED.ipv4}/32"),
        ("added", "partners", "!198.51.100.128/25"), ("added", "new", "192.0.2.128/25"),
        ("removed", "drop", "203.0.113.0/24"), ("removed", "drop", "2001:db8:bad::/48")}
    assert entries["removed", "partners", f"{UNLISTED.ipv4}/32"] == f"{first}:2"
    assert entries["added", "partners", f"{UNLISTED.ipv6}/128"] == f"{second}:2"
    assert (answer["added"], answer["removed"]) == (2, 4)
    assert answer["held"] is None

    text = running.ctl("diff")
    assert text.returncode == NEGATIVE
    for line in ("~ mode: enforce -> monitor", "~ ports: 25 -> 25, 587", "+ list new (block)",
                 "- list drop (block)", "~ list partners, mark: 0x1 -> 0x2",
                 f"+ {UNLISTED.ipv6}/128  partners  file {second}:2",
                 f"- {UNLISTED.ipv4}/32  partners  file {first}:2"):
        assert line in text.stdout, text.stdout
    summary = running.ctl("diff", "--summary")
    assert summary.returncode == NEGATIVE and f"{second}:2" not in summary.stdout
    assert "~ list partners (allow): 1 added, 2 removed" in summary.stdout

    assert running.status()["mode"] == "enforce"
    assert verdict(running, UNLISTED.ipv4) == "allow"
    answer = running.ask("reload")
    assert (answer["added"], answer["removed"]) == (2, 4)
    assert {item["key"] for item in answer["settings"]} == {"mode", "ports"}
    assert {item["name"]: item["change"] for item in answer["lists"]} \
        == {"partners": "changed", "new": "added", "drop": "removed"}
    assert "mode enforce -> monitor" in running.words()
    assert "list partners: mark 0x1 -> 0x2" in running.words()
    assert running.ask("diff")["differs"] is False


def test_diff_sees_manual_entries(running):
    """They stay in a reload, unless their list goes."""
    running.ask("add", "--list", "partners", "192.0.2.7")
    running.configure(lists=DROP)
    answer = running.ask("diff", status=NEGATIVE)
    assert ("removed", "manual", "192.0.2.7/32") in {
        (item["change"], item["source"], item["prefix"]) for item in answer["entries"]}
    assert any("192.0.2.7" in warning for warning in answer["warnings"])
    assert len(running.manual()) == 1


def test_diff_of_order(running):
    running.configure(lists=DROP + PARTNERS)
    assert running.ask("diff")["differs"] is False
    more = PARTNERS.replace("name: partners", "name: friends").replace("allow.d", "friends.d")
    running.configure(lists=PARTNERS + more + DROP)
    running.ask("reload")
    running.configure(lists=more + PARTNERS + DROP)
    answer = running.ask("diff", status=NEGATIVE)
    assert [(item["name"], item["moved"], item["added"]) for item in answer["lists"]] \
        == [("friends", True, 0), ("partners", True, 0)]


def test_diff_with_another_file(running):
    original = running.config.read_text(encoding="utf-8")
    other = running.top / "other.yaml"
    other.write_text(original.replace("mode: enforce", "mode: monitor"), encoding="utf-8")
    answer = running.ask("diff", other, status=NEGATIVE)
    assert answer["config"] == str(other)
    assert [item["key"] for item in answer["settings"]] == ["mode"]
    relative = running.ctl("diff", "other.yaml", cwd=running.top)
    assert relative.returncode == NEGATIVE and "mode: enforce -> monitor" in relative.stdout
    other.write_text(original.replace("mode: enforce", "mode: 7"), encoding="utf-8")
    result = running.ctl("diff", other)
    assert result.returncode == INVALID and f"{other}:4:7: " in result.stderr
    assert running.ctl("diff", running.top / "none.yaml").returncode == INVALID
    # A reload cannot move the state, so a diff says so.
    other.write_text(original.replace("state_dir: ", "state_dir: /tmp"), encoding="utf-8")
    result = running.ctl("diff", other)
    assert result.returncode == INVALID and "restart ipwld" in result.stderr
    assert running.ask("diff")["differs"] is False


# What a reload can change: the key, as the manual page has it, with a value before and after.
SETTINGS = {
    "interfaces": ("[eth0]", "[eth0, eth7]"), "xdp_mode": ("auto", "generic"),
    "ports": ("[25]", "[25, 465]"), "mode": ("enforce", "monitor"), "index": ("auto", "off"),
    "metrics.listen": ("127.0.0.1:12525", "127.0.0.1:12526"),
    "guard.max_removed_entries": ("100", "7"), "guard.max_removed_share": ("50", "60"),
    "guard.max_deleted_entries": ("20", "none"),
    "history.keep": ("400d", "30d"), "history.sample": ("5m", "1m"),
    "events.per_second": ("none", "50"), "events.per_source_minute": ("60", "6"),
    "seen.keep": ("7d", "none"), "seen.max_rows": ("100000", "2000"),
    "seen.journal_per_minute": ("none", "5"),
    "limits.mode": ("monitor", "off"),
    "limits.address_per_minute": ("30", "none"), "limits.address_burst": ("30", "5"),
    "limits.network_per_minute": ("none", "60"), "limits.network_burst": ("120", "10"),
    "flood.mode": ("monitor", "enforce"), "flood.threshold": ("5000", "800"),
    "flood.quiet": ("1m", "2m"),
    "protected": ("[192.0.2.0/24]", "[192.0.3.0/24]"),
    "resolver.servers": ("[127.0.0.1]", "[127.0.0.1, 127.0.0.2:5353]"),
    "resolver.require_ad": ("false", "true"), "resolver.timeout": ("1m", "2m"),
    "resolver.providers": ("[a.example]", "[b.example]"),
    "rescue": ("[{zone: a.example, list: partners, min_trust: low}]",
               "[{zone: a.example, list: partners, min_trust: high}]"),
    "fleet": ("{name: mail, host: mx1, url: 'redis://r', key_file: /k}",
              "{name: mail, host: mx1, url: 'redis://s', key_file: /k}"),
    "web.listen": ("127.0.0.1:12527", "127.0.0.1:12528"),
    "web.token_file": ("/tmp/a", "/tmp/b"), "web.names": ("[a.example]", "[b.example]"),
}
LIST_SETTINGS = {
    # See below.
    "action": None, "name": None, "entries": None, "files": None, "feeds": None, "domains": None,
    "mode": ("enforce", "monitor"), "mark": ("1", "2"), "mark_mask": ("0xff", "0xf"),
    "priority": ("1", "2"), "format": ("plain", "netset"), "on_error": ("fail", "skip"),
    "host_bits": ("refuse", "cut"), "select": ("{a: b}", "{a: c}"),
    "min_trust": ("low", "high"),
    "lane": ("{ipv4: '127.0.0.1:10025'}", "{ipv4: '127.0.0.1:10026'}"),
    "on_block": ("drop", "reset"),
    "reject": ("{per_second: 20}", "{per_second: 5}"),
}
EXPORT_SETTINGS = {
    "format": ("plain", "exim"), "path": ("/tmp/a", "/tmp/b"), "lists": ("[partners]", "[vips]"),
    "aggregate": ("true", "false"), "after": ("postfix", "rspamd"),
}
FEED_SETTINGS = {
    "name": ("one", "two"), "url": ("https://f.example/1", "https://f.example/2"),
    "mirrors": ("[https://g.example/1]", "[https://h.example/1]"),
    "format": ("plain", "netset"), "on_error": ("fail", "skip"), "refresh": ("12h", "6h"),
    "timeout": ("5m", "6m"), "max_bytes": ("1000", "2000"), "user": ("a", "b"),
    "token_file": ("/tmp/a", "/tmp/b"), "ca_file": ("/tmp/a", "/tmp/b"),
    "header_file": ("/tmp/a", "/tmp/b"), "proxy": ("http://p:1", "http://p:2"),
    "may_be_empty": ("false", "true"), "max_shrink": ("50", "60"), "max_growth": ("10", "11"),
    "check_count": ("true", "false"), "min_ipv4_length": ("8", "9"),
    "min_ipv6_length": ("19", "20"), "reserved": ("hold", "cut"), "own": ("hold", "cut"),
    "may_hold_protected": ("false", "true"), "select": ("{a: b}", "{a: c}"),
    "min_trust": ("medium", "none"),
}
DOMAIN_SETTINGS = {
    "name": ("spf:a.test", "b.test"), "min_refresh": ("1h", "2h"), "max_refresh": ("1d", "2d"),
    "gone_after": ("7d", "8d"), "min_ipv4_length": ("16", "17"), "min_ipv6_length": ("32", "33"),
    "reserved": ("hold", "cut"), "shared": ("evidenced", "all"),
    "may_be_empty": ("false", "true"), "max_shrink": ("50", "60"), "max_growth": ("10", "11"),
}
ELSEWHERE = {"state_dir", "runtime_dir", "bpffs_dir",     # a reload refuses a change
             "lists", "exports", "guard", "history", "metrics", "resolver", "events", "seen",
             "limits", "flood", "web", "remote",  # which needs a token, see test_page.py
             "may_hold_reserved", "may_hold_own", "learn",
             "ipv4", "ipv6", "port", "allow_public",  # of a lane
             "per_second",  # of reject and of rescue
             # Of rescue, which diff tells as a whole.
             "zone", "list", "accept", "per_day", "min_time", "max_time", "retry", "max_entries",
             # Of fleet, the same.
             "host", "password_file", "key_file", "ca", "publish", "only_from"}


def config_with(running, key, value, of_list=None, of_export=None, of_feed=None, of_domain=None):
    """A configuration in which one key of one part has that value."""
    def part(start, name, wanted):
        fields = dict(start)
        if wanted:
            fields[key] = value
        if wanted and key == "min_trust":
            fields["format"] = "dnswl"
        return f"{{{', '.join(f'{k}: {v}' for k, v in fields.items())}}}"
    export = part({"format": "plain", "path": "/tmp/a", "lists": "[partners]"}, "export",
                  of_export)
    feed_start = {"name": "one", "url": "https://f.example/1"}
    if of_feed and key == "user":
        feed_start["token_file"] = "/tmp/t"
    feed = part(feed_start, "feed", of_feed)
    domain = part({"name": "spf:a.test"}, "domain", of_domain)
    allow = {"name": "partners", "action": "allow", "entries": "[198.51.100.0/24]", "mark": "1",
             "domains": f"[{domain}]"}
    block = {"name": "drop", "action": "block", "entries": "[203.0.113.0/24]"}
    is_block = key in ("mode", "on_block", "reject")
    if key == "reject":
        block["on_block"] = "reject"
    top = {"mode": "enforce", "interfaces": "[eth0]"}
    if not (of_list or of_export or of_feed or of_domain):
        top[key.split(".")[0]] = f"{{{key.split('.')[1]}: {value}}}" if "." in key else value
    top = {"state_dir": running.state, "runtime_dir": running.socket.parent,
           "bpffs_dir": running.bpffs, **top}
    return ("\n".join(f"{k}: {v}" for k, v in top.items())
            + f"\nlists:\n  - {part(allow, 'list', of_list and not is_block)}\n"
            + f"  - {part({**block, 'feeds': f'[{feed}]'}, 'list', of_list and is_block)}\n"
            + f"  - {{name: vips, action: allow}}\nexports:\n  - {export}\n")


@pytest.mark.parametrize("kind, key", [
    *(("setting", key) for key in SETTINGS), *(("list", key) for key in LIST_SETTINGS),
    *(("export", key) for key in EXPORT_SETTINGS), *(("feed", key) for key in FEED_SETTINGS),
    *(("domain", key) for key in DOMAIN_SETTINGS)])
def test_diff_tells_every_key(lab, ipwld, kind, key):
    """What the configuration can say, diff can tell."""
    table = {"setting": SETTINGS, "list": LIST_SETTINGS, "export": EXPORT_SETTINGS,
             "feed": FEED_SETTINGS, "domain": DOMAIN_SETTINGS}[kind]
    if table[key] is None:
        return
    before, after = table[key]
    option = {} if kind == "setting" else {f"of_{kind}": True}
    ipwld.config.write_text(config_with(ipwld, key, before, **option), encoding="utf-8")
    ipwld.start()
    assert ipwld.ask("diff")["differs"] is False
    ipwld.config.write_text(config_with(ipwld, key, after, **option), encoding="utf-8")
    answer = ipwld.ask("diff", status=NEGATIVE)
    changes = answer["settings"] + [setting for item in answer["lists"]
                                    for setting in item["settings"]]
    named = {"export": "exports", "feed": "feeds", "domain": "domains"}.get(kind, key)
    assert {change["key"] for change in changes} == {named}
    text = ipwld.ctl("diff").stdout
    assert "~ " in text and named in text
    if kind == "setting" and before[0] not in "[{":
        assert f"{before} -> {after}" in text
    if kind == "export" and key == "after":
        assert "after postfix" in text and "after rspamd" in text


def test_no_key_of_the_manual_page_is_left_out():
    page = (daemon.ROOT / "man/ipwld.yaml.5").read_text(encoding="utf-8")
    # Those of learning come from one table, which diff reads as well.
    page = re.sub(r"^\.Ss (?:Learning|Partner|Sessions).*?(?=^\.S[sh] )", "", page, flags=re.M | re.S)
    keys = set(re.findall(r"^\.It Ic (\w+) :", page, re.M))
    tables = SETTINGS, LIST_SETTINGS, EXPORT_SETTINGS, FEED_SETTINGS, DOMAIN_SETTINGS
    told = {key.split(".")[-1] for table in tables for key in table}
    assert keys - told - ELSEWHERE == set()


def test_diff_with_errors(running):
    running.write_list("block.d/a.list", "192.0.2.1/24", "x")
    result = running.ctl("--json", "diff")
    assert result.returncode == INVALID
    answer = json.loads(result.stdout)
    assert answer["error"]["code"] == "configuration" and len(answer["error"]["details"]) == 2
    # It was no reload.
    assert running.status()["reload"]["successful"] is True


def test_diff_reads_no_file_for_others(running):
    """An error quotes what stands in a file; only root may have any file read."""
    secret = running.top / "secret"
    secret.write_text("root: swordfish\n", encoding="utf-8")
    secret.chmod(0o600)
    for path in running.top, running.socket.parent:
        path.chmod(0o755)
    running.socket.chmod(0o666)
    result = running.namespace.run(*NOBODY, running.argv()[0].parent / "ipwlctl", "--socket",
                                   running.socket, "diff", secret, check=False)
    assert result.returncode == DENIED, result
    assert "swordfish" not in result.stderr and "only root" in result.stderr
    result = running.namespace.run(*NOBODY, running.argv()[0].parent / "ipwlctl", "--socket",
                                   running.socket, "diff", check=False)
    assert result.returncode == DONE
    for body, code in (({"config": "relative"}, "invalid"), ({"limit": -1}, "invalid"),
                       ({"limit": 10001}, "invalid"), ({"colour": 1}, "invalid"),
                       ({"config": 7}, "invalid")):
        status, answer = running.request("POST", "/v1/diff", body)
        assert (status, answer["error"]["code"]) == (400, code), answer


def test_diff_limit(running):
    running.write_list("block.d/a.list", *(f"192.0.2.{i}" for i in range(200)))
    answer = running.ask("diff", "--limit", "50", status=NEGATIVE)
    assert (len(answer["entries"]), answer["entries_left_out"], answer["added"]) == (50, 150, 200)
    assert "and 150 more entries" in running.ctl("diff", "--limit", "50").stdout


# ---- the guard ---------------------------------------------------------------


ADDRESSES = [f"192.0.2.{i}" for i in range(1, 21)]


@pytest.fixture(name="guarded")
def _guarded(running, wire):
    """A daemon with twenty allow entries in use, and some that are not."""
    running.write_list("allow.d/a.list", *ADDRESSES, *(f"192.0.2.{i}" for i in range(101, 141)))
    running.ask("reload")
    for address in ADDRESSES:
        wire.send(frames.tcp(wire, address))
    wait_for(lambda: running.packets()["allow"] >= len(ADDRESSES), "all are counted")
    return running


def test_guard_holds_a_reload(guarded):
    """The whole old configuration stays; diff shows why, --accept accepts the new one."""
    guarded.write_list("allow.d/a.list", *ADDRESSES[:9])
    guarded.write_list("block.d/a.list", UNLISTED.ipv4)
    diff = guarded.ask("diff", status=NEGATIVE)
    assert "11 of 20 allow entries in use" in diff["held"]
    assert len(diff["removed_in_use"]) == 11
    assert f"192.0.2.20, list partners (file {guarded.top}/allow.d/a.list:20)" \
        in diff["removed_in_use"]

    result = guarded.ctl("--json", "reload")
    assert result.returncode == NEGATIVE
    error = json.loads(result.stdout)["error"]
    assert error["code"] == "held" and len(error["details"]) == 11
    assert "reload --accept" in error["message"]
    state = guarded.status()["reload"]
    assert state["successful"] is False and "11 of 20" in state["held"]
    assert guarded.metric("ipwl_reload_held") == 1
    assert guarded.metric("ipwl_config_last_reload_successful") == 0
    assert "held" in guarded.ctl("status").stdout
    assert verdict(guarded, "192.0.2.20") == "allow"
    assert verdict(guarded, UNLISTED.ipv4) == "unlisted"

    answer = guarded.ask("reload", "--accept")
    assert answer["removed"] == 51
    assert guarded.status()["reload"]["held"] is None
    assert guarded.metric("ipwl_reload_held") == 0
    assert verdict(guarded, "192.0.2.20") == "unlisted"
    assert verdict(guarded, UNLISTED.ipv4) == "block"


def test_guard_holds_a_small_list_that_becomes_empty(running, wire):
    """Three partners whose file is truncated, and a change of one of them."""
    running.write_list("allow.d/partners.list", *ADDRESSES[:3])
    running.ask("reload")
    for address in ADDRESSES[:3]:
        wire.send(frames.tcp(wire, address))
    wait_for(lambda: running.packets()["allow"] >= 3, "all are counted")
    running.write_list("allow.d/partners.list")
    result = running.ctl("reload")
    assert result.returncode == NEGATIVE and "ipwlctl reload --accept" in result.stderr
    assert (f"it would remove 3 of 3 allow entries in use, wholly or in part: all 3 that "
            f"{running.top}/allow.d/partners.list has") in result.stderr
    assert verdict(running, ADDRESSES[0]) == "allow"
    running.write_list("allow.d/partners.list", *ADDRESSES[1:3])
    assert running.ctl("reload").returncode == DONE
    assert verdict(running, ADDRESSES[0]) == "unlisted"


def test_reload_warns_if_a_block_list_is_lost(running):
    """A file with another ending than the pattern, beside it; no mail is lost by that."""
    listed = running.write_list("block.d/ipsum.list", *(f"192.0.2.{i}" for i in range(100)))
    running.ask("reload")
    listed.rename(listed.with_suffix(".txt"))
    pattern = f"{running.top}/block.d/*.list"
    for command, status in ("diff", NEGATIVE), ("reload", DONE):
        warnings = running.ask(command, status=status)["warnings"]
        assert "the block list drop loses 100 of its 102 entries" in warnings
        assert any(f"{pattern} matches no file, but {listed.with_suffix('.txt')} is there"
                   in warning for warning in warnings)
    result = running.ctl("check-config", running.config)
    assert result.returncode == DONE and "matches no file, but " in result.stderr
    assert "matches no file" in running.ctl("status").stdout


def test_guard_holds_sighup(guarded):
    (guarded.top / "allow.d/a.list").unlink()
    guarded.process.send_signal(signal.SIGHUP)
    wait_for(lambda: guarded.metric("ipwl_reload_held") == 1, "it is held")
    assert "reload: held: it would remove 20 of 20 allow entries in use" in guarded.words()
    assert verdict(guarded, "192.0.2.1") == "allow"
    # Once the file is back, a reload is none to hold.
    guarded.write_list("allow.d/a.list", *ADDRESSES)
    guarded.process.send_signal(signal.SIGHUP)
    wait_for(lambda: guarded.metric("ipwl_reload_held") == 0, "it is not held any more")
    assert guarded.status()["reload"]["successful"] is True


def test_guard_counts_what_is_lost(guarded):
    """Unused entries, and addresses that stay allowed otherwise, do not count."""
    # Ten of twenty is half, not more; of the unused all go.
    guarded.write_list("allow.d/a.list", *ADDRESSES[:10])
    assert guarded.ask("diff", status=NEGATIVE)["held"] is None
    # One network in place of all, or another list.
    guarded.write_list("allow.d/a.list", "192.0.2.0/27")
    diff = guarded.ask("diff", status=NEGATIVE)
    assert (diff["held"], diff["removed_in_use"]) == (None, [])
    assert guarded.ask("reload")["removed"] == 60
    guarded.configure(lists=PARTNERS.replace("name: partners", "name: friends") + DROP)
    assert guarded.ask("diff", status=NEGATIVE)["held"] is None
    # A list of the other action is no such list.
    guarded.configure(lists=DROP)
    guarded.ask("diff", status=NEGATIVE)


def test_guard_counts_holes(running, wire):
    """Exclusions that take all of thirty networks in use away, with each entry still there."""
    networks = [f"203.0.{i}" for i in range(30)]
    entries = [f"{network}.0/24" for network in networks]
    running.write_list("allow.d/a.list", *entries)
    running.ask("reload")
    for network in networks:
        wire.send(frames.tcp(wire, f"{network}.9"))
    wait_for(lambda: running.packets()["allow"] >= len(networks), "all are counted")
    path = running.write_list("allow.d/a.list", *entries, *(
        f"!{network}.{half}/25" for network in networks for half in (0, 128)))
    diff = running.ask("diff", status=NEGATIVE)
    assert (diff["added"], diff["removed"]) == (0, 0)
    assert "30 of 30 allow entries in use" in diff["held"]
    assert f"203.0.7.0/24, list partners (file {path}:8)" in diff["removed_in_use"]
    assert running.ctl("reload").returncode == NEGATIVE
    assert verdict(running, "203.0.7.9") == "allow"
    # A hole in each is enough, wherever it is.
    running.write_list("allow.d/a.list", *entries, *(f"!{network}.64/26" for network in networks))
    result = running.ctl("--json", "reload")
    assert result.returncode == NEGATIVE
    assert f"203.0.7.0/24, list partners (file {path}:8): no longer 203.0.7.64/26" \
        in json.loads(result.stdout)["error"]["details"]
    # A few pass, and diff names them.
    running.write_list("allow.d/a.list", *entries, "!203.0.7.9")
    diff = running.ask("diff", status=NEGATIVE)
    assert diff["held"] is None
    assert diff["removed_in_use"] == \
        [f"203.0.7.0/24, list partners (file {path}:8): no longer 203.0.7.9"]
    assert running.ask("reload")["added"] == 0
    assert verdict(running, "203.0.7.9") == "unlisted"


def test_guard_has_the_limits_in_force(guarded):
    """A new configuration cannot lift the guard over itself, nor set it too low."""
    guarded.configure(extra="guard: {max_removed_entries: none, max_removed_share: 100}\n")
    guarded.write_list("allow.d/a.list", ADDRESSES[0])
    assert "19 of 20" in guarded.ask("diff", status=NEGATIVE)["held"]
    assert guarded.ctl("reload").returncode == NEGATIVE
    guarded.write_list("allow.d/a.list", *ADDRESSES)
    answer = guarded.ask("reload")
    assert {item["key"]: item["to"] for item in answer["settings"]} \
        == {"guard.max_removed_entries": "none", "guard.max_removed_share": "100"}
    guarded.write_list("allow.d/a.list", ADDRESSES[0])
    assert guarded.ask("diff", status=NEGATIVE)["held"] is None
    guarded.write_list("allow.d/a.list", *ADDRESSES)
    guarded.configure(extra="guard: {max_removed_entries: 0}\n")
    guarded.ask("reload")
    guarded.write_list("allow.d/a.list", *ADDRESSES[1:])
    assert "1 of 20" in guarded.ask("diff", status=NEGATIVE)["held"]
    status, answer = guarded.request("POST", "/v1/reload", {"accept": False})
    assert (status, answer["error"]["code"]) == (409, "held")
    assert guarded.request("POST", "/v1/reload", {"accept": 1})[0] == 400
    assert guarded.request("POST", "/v1/reload", {"accept": True})[0] == 200


def test_guard_lets_a_restart_pass(guarded):
    """A start takes the configuration as it is: there is nothing to hold on to."""
    (guarded.top / "allow.d/a.list").unlink()
    guarded.stop()
    guarded.start()
    assert verdict(guarded, "192.0.2.1") == "unlisted"
    assert guarded.status()["reload"]["held"] is None
