# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists of other programs: as list files, and imported as manual entries."""

import concurrent.futures
import gzip
import ipaddress
import json
import os
import random
import time

import daemon
import frames
import netns
import peers
from daemon import DONE, DROP, INVALID, NEGATIVE, PARTNERS, without_space
from lab import UNLISTED, wait_for

POSTFIX = f"""\
# postscreen
{UNLISTED.ipv4} permit
10.1.0.0/16 reject
10.0.0.0/8 permit
10.1.2.0/24 permit
"""


def verdicts(ipwld, *addresses):
    answer = ipwld.request("POST", "/v1/test", {"addresses": list(addresses)})[1]
    return [result["verdict"] for result in answer["results"]]


def list_status(ipwld, name):
    found, = [item for item in ipwld.status()["lists"] if item["name"] == name]
    return found


def prefixes(ipwld):
    return {entry["prefix"] for entry in ipwld.manual()}


# ---- list files ------------------------------------------------------------


def test_recognised(running, wire):
    path = running.write_list("allow.d/access.list", *POSTFIX.splitlines())
    drop = running.top / "block.d/drop.list"
    drop.write_bytes(gzip.compress(b"; Spamhaus DROP List\n198.18.0.0/24 ; SBL1\n"))
    running.ask("reload")
    files = {item["path"]: item for item in running.status()["list_files"]}
    written_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(path.stat().st_mtime))
    assert files[str(path)] == {
        "written_at": written_at,
        "list": "partners", "path": str(path), "format": "postfix-cidr", "recognised": True,
        "lines": 5, "records": 4, "entries": 2, "exclusions": 1, "duplicates": 0,
        "skipped": 1, "skipped_lines": 0,
        "summary": "4 rules: 2 entries, 1 exclusion, 1 skipped: 1 never reached"}
    assert files[str(drop)]["format"] == "drop-text"
    assert "postfix-cidr" in running.ctl("status").stdout
    assert verdicts(running, "10.2.0.1", "10.1.0.1", "10.1.2.1", "198.18.0.1") \
        == ["allow", "unlisted", "unlisted", "block"]
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=3)
    assert running.packets()["allow"] == 3


def test_format_of_a_list(running):
    """The same line in two formats."""
    lists = PARTNERS + "    format: {format}\n" + DROP
    running.write_list("allow.d/a.list", "192.0.2.7 reject")
    for name, expected in ("postfix-cidr", "unlisted"), ("rspamd-map", "allow"):
        running.configure(lists=lists.replace("{format}", name))
        running.ask("reload")
        assert verdicts(running, "192.0.2.7") == [expected]
        assert list_status(running, "partners")["format"] == name
    running.configure(lists=lists.replace("{format}", "plain"))
    result = running.ctl("reload")
    assert result.returncode == INVALID
    assert f"{running.top}/allow.d/a.list:1:11: unexpected \"reject\" after the prefix" in result.stderr
    running.configure(lists=lists.replace("{format}", "cidr"))
    assert running.ctl("reload").returncode == INVALID


def test_on_error(running):
    path = running.write_list("block.d/feed.list", "192.0.2.1", "<html>", *["x"] * 20, "192.0.2.2")
    result = running.ctl("reload")
    assert result.returncode == INVALID
    assert f"{path}:2:1: " in result.stderr
    assert running.metric("ipwl_list_skipped_lines", list="drop") == 0
    running.configure(lists=PARTNERS + DROP + "    on_error: skip\n")
    warnings = without_space(running.ask("reload")["warnings"])
    assert warnings[0].startswith(f"{path}: further skipped lines: 16")
    assert warnings[1].startswith(f"{path}:2:1: ") and len(warnings) == 6
    assert verdicts(running, "192.0.2.1", "192.0.2.2") == ["block", "block"]
    status = list_status(running, "drop")
    assert (status["on_error"], status["skipped_lines"]) == ("skip", 21)
    assert list_status(running, "partners")["on_error"] == "fail"
    assert running.metric("ipwl_list_skipped_lines", list="drop") == 21
    assert running.metric("ipwl_list_skipped_lines", list="partners") == 0


def test_cut_file(running):
    """A person may have edited it, so it is in force, with a warning."""
    path = running.top / "block.d/drop.list"
    path.write_text('{"cidr":"192.0.2.0/24","sblid":"SBL1"}\n'
                    '{"type":"metadata","records":2}\n', encoding="utf-8")
    warning, = without_space(running.ask("reload")["warnings"])
    assert f"{path}: says that it has 2 records but has 1" in warning
    assert verdicts(running, "192.0.2.9") == ["block"]
    path.write_text("# ipv4 hash:net ipset\n# Entries : 2 subnets, 9 unique IPs\n198.51.100.0/24\n"
                    "203.0.113.0/24\n# Entries : 1 unique IPs\n192.0.2.1\n", encoding="utf-8")
    assert without_space(running.ask("reload")["warnings"]) == []


def test_host_bits(running):
    """As the format's program, or as the list says."""
    path = running.write_list("block.d/set.list", "# ipv4 hash:net ipset", "192.0.2.9/24")
    warning, = without_space(running.ask("reload")["warnings"])
    assert f"{path}:2:1: 192.0.2.9/24 has host bits set" in warning
    assert "192.0.2.0/24" in warning and "write 192.0.2.9" in warning
    assert verdicts(running, "192.0.2.200") == ["block"]
    running.configure(lists=PARTNERS + DROP + "    host_bits: refuse\n")
    result = running.ctl("reload")
    assert result.returncode == INVALID
    assert f"{path}:2:1: 192.0.2.9/24 has host bits set: write 192.0.2.0/24" in result.stderr
    running.write_list("block.d/set.list", "192.0.2.9/24")
    assert running.ctl("reload").returncode == INVALID
    running.configure(lists=PARTNERS + DROP + "    host_bits: cut\n")
    assert len(without_space(running.ask("reload")["warnings"])) == 1
    assert verdicts(running, "192.0.2.200") == ["block"]


def test_entries_of_files_expire(running):
    """Counted from when the file was written, not from when it was read."""
    path = running.write_list("block.d/bans.list", "value,expiration,comment",
                              "192.0.2.1,12s,soon", "192.0.2.2,1h,later", "192.0.2.3,,never")
    running.ask("reload")
    entries = running.ask("list", "--list", "drop", "192.0.2.0/24")["entries"]
    assert [bool(entry["expires_at"]) for entry in entries] == [True, True, False]
    assert verdicts(running, "192.0.2.1") == ["block"]
    wait_for(lambda: verdicts(running, "192.0.2.1") == ["unlisted"], "it expires")
    assert time.time() >= int(path.stat().st_mtime) + 12
    assert verdicts(running, "192.0.2.2", "192.0.2.3") == ["block", "block"]
    running.ask("reload")
    file, = running.status()["list_files"]
    assert file["summary"] == "3 records: 2 entries, 1 skipped: 1 expired"


# ---- import ----------------------------------------------------------------


def write(ipwld, text, name="access.cidr"):
    path = ipwld.top / name
    path.write_text(text, encoding="utf-8")
    return path


def test_import(running, wire):
    path = write(running, POSTFIX)
    dry = running.ask("import", "--list", "partners", "--dry-run", path)
    assert (dry["dry_run"], dry["read"]["format"], running.manual()) == (True, "postfix-cidr", [])
    done = running.ask("import", "--list", "partners", "--reason", "partner", "--ttl", "1h", path)
    # 10.0.0.0/8 without 10.1.0.0/16: one network of each length from 9 to 16.
    assert (done["added"], done["replaced"]) == (9, 0) == (dry["added"], dry["replaced"])
    wire.send(frames.tcp(wire, UNLISTED.ipv4), count=3)
    assert running.packets()["allow"] == 3
    assert verdicts(running, "10.0.255.255", "10.1.0.0", "10.1.255.255", "10.2.0.0") \
        == ["allow", "unlisted", "unlisted", "allow"]
    manual = running.manual()
    assert {entry["reason"] for entry in manual} == {"partner"}
    assert all(entry["expires_at"] and entry["author"] for entry in manual)
    # Once more: the same entries; and they outlive the daemon.
    done = running.ask("import", "--list", "partners", "--format", "postfix-cidr", path)
    assert (done["added"], done["replaced"]) == (0, 9)
    expected = prefixes(running)
    running.stop()
    running.start()
    assert prefixes(running) == expected
    assert {(entry["reason"], entry["expires_at"]) for entry in running.manual()} == {(None, None)}
    # An entry of an import is one like any other.
    running.ask("del", "--list", "partners", UNLISTED.ipv4)
    assert verdicts(running, UNLISTED.ipv4) == ["unlisted"]


def test_dry_run_and_skipped_lines(running):
    """A dry run names the prefixes and what was skipped; bad lines can be skipped."""
    path = write(running, "10.1.0.0/16 reject\n10.0.0.0/15 permit\n192.0.2.1 dunno\nx permit\n"
                          "10.1.2.3 permit\n")
    assert running.ctl("import", "--list", "partners", "--dry-run", path).returncode == INVALID
    dry = running.ask("import", "--list", "partners", "--on-error", "skip", "--dry-run", path)
    assert dry["prefixes"] == ["10.0.0.0/16"]
    assert dry["skipped_records"] == [f"{path}:5: 10.1.2.3: never reached",
                                      f"{path}:3: 192.0.2.1: of another action"]
    assert dry["read"]["skipped_lines"] == 1 and running.manual() == []
    assert f"{path}:4:" in dry["warnings"][0] and "the line is skipped" in dry["warnings"][0]
    text = running.ctl("import", "--list", "partners", "--on-error", "skip", "--dry-run", path)
    assert "+ 10.0.0.0/16" in text.stdout and "skipped: " in text.stdout
    done = running.ask("import", "--list", "partners", "--on-error", "skip", path)
    assert done["added"] == 1 and "prefixes" not in done
    assert prefixes(running) == {"10.0.0.0/16"}
    status, answer = running.request("POST", "/v1/import?list=drop&on_error=odd", b"192.0.2.1\n")
    assert (status, answer["error"]["code"]) == (400, "invalid")


def test_all_or_nothing(running):
    good = write(running, "192.0.2.1 # fine\n", "good.list")
    running.ask("import", "--list", "partners", good)
    bad = write(running, "192.0.2.2\n192.0.2.3/24\n192.0.2.4\nx\n", "bad.list")
    result = running.ctl("import", "--list", "partners", bad)
    assert result.returncode == INVALID
    assert f"{bad}:2:1: 192.0.2.3/24 has host bits" in result.stderr
    assert f"{bad}:4:1: " in result.stderr
    assert prefixes(running) == {"192.0.2.1/32"}
    # What the configuration excludes cannot be added.
    running.write_list("allow.d/hole.list", "!192.0.2.3")
    running.ask("reload")
    conflict = write(running, "192.0.2.2\n192.0.2.3\n", "conflict.list")
    result = running.ctl("import", "--list", "partners", conflict)
    assert result.returncode == NEGATIVE
    assert "192.0.2.3/32 is excluded by" in result.stderr and "hole.list:1" in result.stderr
    assert prefixes(running) == {"192.0.2.1/32"}
    for text, list_name, code in (("0.0.0.0/0\n", "drop", INVALID),
                                  ("192.0.2.1\n", "nope", NEGATIVE),
                                  ("WHITE|192.0.2.1|||1|2|99999999999|1|1\n", "drop", INVALID)):
        assert running.ctl("import", "--list", list_name, write(running, text)).returncode == code
    assert prefixes(running) == {"192.0.2.1/32"}
    assert running.ask("import", "--list", "partners", write(running, ""))["added"] == 0


def test_refused_by_the_disk(running):
    """A commit that fails leaves the kernel as it was."""
    path = write(running, POSTFIX)
    running.ask("import", "--list", "partners", write(running, "192.0.2.1\n", "one.list"))
    database = running.state / "state.db"
    lock = running.namespace.popen(
        "/usr/bin/python3", "-c",
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()", database,
        stdin=-1, stdout=-1)
    assert lock.stdout.readline()
    result = running.ctl("import", "--list", "partners", path)
    lock.stdin.close()
    lock.wait(netns.PATIENCE_SEC)
    assert result.returncode == NEGATIVE, result
    assert verdicts(running, UNLISTED.ipv4) == ["unlisted"]
    assert prefixes(running) == {"192.0.2.1/32"}
    running.ask("import", "--list", "partners", path)
    assert verdicts(running, UNLISTED.ipv4) == ["allow"]


def test_large(running):
    """A hundred thousand by one commit and one switch, and odd requests."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    numbers = random.Random(seed)
    wanted = {f"{ipaddress.ip_address(numbers.randrange(2**24, 2**31))}" for _ in range(100_000)}
    path = write(running, "".join(f"{address}\n" for address in sorted(wanted)))
    done = running.ask("import", "--list", "drop", "--format", "plain", path)
    assert done["added"] == len(wanted)
    assert list_status(running, "drop")["ipv4_entries"] == len(wanted) + 1
    some = numbers.sample(sorted(wanted), 50)
    assert verdicts(running, *some) == ["block"] * 50
    for query in ("", "list=drop&format=odd", "list=drop&ttl_seconds=0", "list=drop&ttl_seconds=1x",
                  "list=drop&dry_run=yes", "list=drop&odd=1", "list=drop&name=",
                  f"list=drop&reason={'x' * 1025}"):
        status, answer = running.request("POST", f"/v1/import?{query}", b"192.0.2.1\n")
        assert (status, answer["error"]["code"]) == (400, "invalid"), query
    status, answer = running.request("POST", "/v1/import?list=drop", b"\n" * (64 * 2**20 + 1))
    assert (status, answer["error"]["code"]) == (413, "too_large")
    assert running.request("POST", "/v1/import?list=drop", gzip.compress(b"192.0.2.1\n"))[0] == 200
    assert DONE == running.ctl("test", "198.51.100.1").returncode


# ---- rspamd ----------------------------------------------------------------

MULTIMAP = """\
RULE{number} {{
  type = "ip";
  map = "{path}";
  score = 1.0;
}}
"""
# What maps have, one line each. Values are numbers: a word would be the name of another symbol.
MAP_LINES = ("192.0.2.0/24", "192.0.2.9/24 3", "192.0.2.77 10", "[2001:db8::]/32 6",
             "[2001:db8:1::7]", "2001:DB8:2::/48 # note", "198.51.100.7/40", "203.0.113.5 5.0",
             "198.51.100.64/26\t2", "203.0.113.128/25\t1 # more", "10.1.2.3#tight",
             "198.18.0.0/15 17", "2001:db8:3::1/200", "203.0.113.9 -4")


def test_rspamd_reads_alike(lab, running):
    """A map that ipwl reads holds the addresses that it holds in rspamd."""
    seed = int(os.environ.get("IPWL_SEED") or random.randrange(2**32))
    print(f"seed {seed}")
    numbers = random.Random(seed)
    top = netns.temporary_directory()
    maps, multimap = [], ""
    for number in range(6):
        path = top / f"map{number}"
        path.write_text("# map\n" + "".join(
            f"{line}\n" for line in numbers.sample(MAP_LINES, 4)), encoding="utf-8")
        read = running.ask("import", "--list", "partners", "--format", "rspamd-map", "--dry-run",
                           path)
        maps.append([ipaddress.ip_network(prefix) for prefix in read["prefixes"]])
        multimap += MULTIMAP.format(number=number, path=path)
    peer = peers.Peer(lab.mx, peers.unpack(daemon.ROOT / "build/peers", "rspamd"), top / "rspamd",
                      directories=["/run/rspamd", "/var/lib/rspamd", "/var/log/rspamd"])
    peer.write("etc/rspamd/local.d/multimap.conf", multimap)
    peer.write("etc/rspamd/local.d/logging.inc", "type = \"console\";\n")
    peer.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    peer.write("etc/rspamd/local.d/options.inc", "dns { timeout = 20ms; retransmits = 1; }\n")
    for module in "rbl", "asn", "spf", "dkim", "dmarc", "arc", "hfilter", "fuzzy_check":
        peer.write(f"etc/rspamd/local.d/{module}.conf", "enabled = false;\n")
    peer.start("rspamd", "-f", "-i", "-u", "root", "-g", "root")

    def rules_for(address):
        assert peer.process.poll() is None, peer.words()
        result = lab.mx.run("curl", "-s", "-H", f"IP: {address}", "--data-binary", "@-",
                            "http://127.0.0.1:11333/checkv2", check=False,
                            input=f"Subject: x\nMessage-ID: <{address}@x>\n\nHello.\n")
        return json.loads(result.stdout)["symbols"] if result.returncode == 0 else None

    wait_for(lambda: rules_for("192.0.2.200") is not None, "rspamd answers", 0.2)
    ends = {end for networks in maps for network in networks
            for end in (network.network_address, network.broadcast_address,
                        network.network_address - 1, network.broadcast_address + 1)}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(zip(ends, pool.map(rules_for, ends)))
    for address, found in answers:
        for number, networks in enumerate(maps):
            expected = any(address.version == network.version and address in network
                           for network in networks)
            assert (f"RULE{number}" in found) == expected, (
                address, (top / f"map{number}").read_text(encoding="utf-8"), networks)
