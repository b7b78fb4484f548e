# SPDX-License-Identifier: GPL-2.0-or-later
"""What each command asks the daemon, and what it prints of the answer."""
import subprocess

import pytest
from conftest import PROGRAM, environment
from fake_daemon import STATUS, entry, error, result

BLOCK = {"list": "drop", "action": "block", "origin": "/etc/ipwl/block.d/b.list:3", "reason": None,
         "averted_packets": 0}


def assert_tidy(text):
    assert not [line for line in text.splitlines() if line != line.rstrip()]


def test_status(ask, daemon):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    assert ask("--json", "status").json() == STATUS
    assert ask("status", "--json").json() == STATUS


LIST_TEXT = """\
PREFIX LIST ACTION SOURCE ORIGIN AUTHOR ADDED EXPIRES PACKETS BYTES CONNECTIONS AVERTED TOTAL \
LAST HIT PROT REASON
192.0.2.0/24 partners allow file /etc/ipwl/allow.d/a.list:12 - - - 7 700 2 1 9 \
2026-11-24T09:00:00Z our partners
2001:db8::/32 partners allow manual alice alice 2026-11-24T00:00:00Z 2026-12-24T00:00:00Z 123 700 \
2 1 9 2026-11-24T09:00:00Z * -
"""


def test_list(ask, daemon):
    entries = [entry(), entry("2001:db8::/32", source="manual", origin="alice", reason=None,
                              author="alice", added_at="2026-11-24T00:00:00Z",
                              expires_at="2026-12-24T00:00:00Z", packets=123, protected=True)]
    daemon.answers["GET", "/v1/entries"] = 200, {"schema_version": 1, "entries": entries,
                                                 "next": None}
    text = ask("--wide", "list", "192.0.2.0/24", "--list", "partners & friends", "--source=file")
    assert (text.code, text.err) == (0, "")
    assert [line.split() for line in text.out.splitlines()] == \
        [line.split() for line in LIST_TEXT.splitlines()]
    head, first, second = text.out.splitlines()
    for label in "LIST", "SOURCE", "REASON":
        assert first[head.index(label) - 1] == " " == second[head.index(label) - 1]
        assert first[head.index(label)] != " " != second[head.index(label)]
    end = head.index("PACKETS") + len("PACKETS")
    assert first[:end].endswith("  7") and second[:end].endswith(" 123")
    assert_tidy(text.out)
    assert daemon.requests[-1]["query"] == {"list": "partners & friends", "source": "file",
                                            "prefix": "192.0.2.0/24", "limit": "1000"}
    assert ask("--json", "list").json() == {"schema_version": 1, "entries": entries}


def paged(count, page_size=1000):
    def page(request):
        start = int(request["query"].get("after", "x0")[1:])
        assert int(request["query"]["limit"]) == page_size
        end = min(start + page_size, count)
        return 200, {"schema_version": 1, "next": f"x{end}" if end < count else None,
                     "entries": [entry(f"10.{i // 256}.{i % 256}.0/24") for i in range(start, end)]}
    return page


def test_list_pages(ask, daemon):
    daemon.answers["GET", "/v1/entries"] = paged(2500)
    entries = ask("--json", "list").json()["entries"]
    assert [e["prefix"] for e in entries] == [f"10.{i // 256}.{i % 256}.0/24" for i in range(2500)]
    assert len(daemon.requests) == 3
    lines = ask("list").out.splitlines()
    assert len(lines) == 2501
    assert [line.split()[0] for line in lines[1:]] == [e["prefix"] for e in entries]
    assert_tidy("\n".join(lines))


def test_list_second_page_fails(ask, daemon):
    def page(request):
        if "after" in request["query"]:
            return error(500, "internal", "the disk is on fire")
        return paged(2500)(request)
    daemon.answers["GET", "/v1/entries"] = page
    text = ask("list")
    assert (text.code, len(text.out.splitlines())) == (1, 1001)
    assert text.err == "ipwlctl: the disk is on fire\n"
    cut = ask("--json", "list")
    assert cut.code == 1
    with pytest.raises(ValueError):
        cut.json()


@pytest.mark.parametrize("entries, following", [([], "x1"), ([entry()], "x1")])
def test_list_pages_without_end(ask, daemon, entries, following):
    daemon.answers["GET", "/v1/entries"] = 200, {"schema_version": 1, "entries": entries,
                                                 "next": following}
    done = ask("list")
    assert done.code == 3
    assert "pages do not end" in done.err


def test_list_nothing(ask, daemon):
    daemon.answers["GET", "/v1/entries"] = 200, {"schema_version": 1, "entries": [], "next": None}
    for arguments in ["--list=a"], ["--source", "feed"], ["192.0.2.1"]:
        done = ask("list", *arguments)
        assert (done.code, done.out, done.err) == (1, "", "ipwlctl: no entry matches\n")
        done = ask("--json", "list", *arguments)
        assert (done.code, done.json()) == (1, {"schema_version": 1, "entries": []})
    done = ask("list")
    assert (done.code, done.out) == (0, "")


def answer_test(daemon, *results):
    daemon.answers["POST", "/v1/test"] = 200, {"schema_version": 1, "results": list(results)}


AVERTED = result(
    "192.0.2.1", "averted", list="partners", mark=1,
    entries=[entry(decides=True), entry("192.0.0.0/8", **BLOCK, decides=False),
             entry("192.0.0.0/16", **BLOCK, decides=False),
             entry("192.0.2.0/24", **{**BLOCK, "list": "hole"}, decides=False)],
    exclusions=[{"prefix": "192.0.2.1/32", "list": "hole", "action": "block", "source": "config",
                 "origin": "/etc/ipwl/ipwld.yaml:9"}],
    overrides=[{"prefix": "192.0.0.0/16", "list": "drop", "action": "block", "source": "file",
                "origin": "/etc/ipwl/block.d/b.list:3"}], averted_packets=1234)

AVERTED_TEXT = """\
192.0.2.1: averted: allowed by partners 192.0.2.0/24 (file /etc/ipwl/allow.d/a.list:12), which \
overrides block list drop 192.0.0.0/16; 1234 packets averted so far; mark 0x1
"""


def test_test_averted(ask, daemon):
    answer_test(daemon, AVERTED)
    done = ask("--wide", "test", "192.0.2.1")
    head, *rows = done.out.splitlines()
    assert (done.code, head + "\n", done.err) == (0, AVERTED_TEXT, "")
    assert [row.split()[0] for row in rows] \
        == ["PREFIX", "*", "192.0.0.0/8", "192.0.0.0/16", "192.0.2.0/24", "EXCLUDED",
            "192.0.2.1/32"]
    done = ask("--json", "test", "192.0.2.1")
    assert (done.code, done.json()) == (0, {"schema_version": 1, "results": [{**AVERTED, "name": None}]})
    assert daemon.requests[-1]["body"] == {"addresses": ["192.0.2.1"]}


def test_test_overruled(ask, daemon):
    """An exclusion that is not in force is told, with what stands against it."""
    overruled = {"prefix": "192.0.2.1/32", "list": "partners", "action": "allow",
                 "source": "feed", "origin": "vendor",
                 "protected": "192.0.2.0/24 by alice at 2026-11-23T12:00:00Z: invoices"}
    answer = result(entries=[entry(decides=True)], overruled=[overruled])
    answer_test(daemon, answer)
    done = ask("--wide", "test", "192.0.2.1")
    assert (done.code, done.err) == (0, "")
    assert [line.split(maxsplit=5) for line in done.out.splitlines()[-2:]] == [
        ["NOT", "EXCLUDED", "FROM", "LIST", "ACTION", "SOURCE  ORIGIN  PROTECTED"],
        ["192.0.2.1/32", "partners", "allow", "feed", "vendor", overruled["protected"]]]
    assert ask("--json", "test", "192.0.2.1").json()["results"] == [{**answer, "name": None}]


@pytest.mark.parametrize("verdict, code, line, remedy", [
    ("allow", 0, "192.0.2.1: allow: allowed by partners 192.0.2.0/24 "
                 "(file /etc/ipwl/allow.d/a.list:12); mark 0x1f", None),
    ("block", 6, "192.0.2.1: block: blocked by drop 192.0.0.0/16 "
                 "(file /etc/ipwl/block.d/b.list:3)",
     "to let it through: ipwlctl allow 192.0.2.1"),
    ("would_block", 6, "192.0.2.1: would_block: in monitor mode; would be blocked by drop "
                       "192.0.0.0/16 (file /etc/ipwl/block.d/b.list:3)",
     "to let it through in enforce mode, too: ipwlctl allow 192.0.2.1"),
    ("unlisted", 1, "192.0.2.1: unlisted: in no list", None),
])
def test_test_verdicts(ask, daemon, verdict, code, line, remedy):
    entries = {"allow": [entry(decides=True)], "unlisted": []}.get(
        verdict, [entry("192.0.0.0/16", **BLOCK, decides=True)])
    answer_test(daemon, result(verdict=verdict, entries=entries,
                               mark=31 if verdict == "allow" else None))
    done = ask("--wide", "test", "192.0.2.1")
    assert (done.code, done.out.splitlines()[0]) == (code, line)
    assert f"\n  {remedy}\n" in done.out if remedy else " to let " not in done.out
    assert_tidy(done.out)
    assert ask("--json", "test", "192.0.2.1").code == code


@pytest.mark.parametrize("address, network, text", [
    (29, 117, "; the limit of 192.0.2.1 leaves it 29 attempts now"),
    (29, 1, "; the limit of 192.0.2.0/24 leaves it 1 attempt now"),
    (29, 0, "; 192.0.2.0/24 is over its limit for 7 s (mode monitor)"),
    (3, None, "; the limit of 192.0.2.1 leaves it 3 attempts now"), (None, None, ""),
])
def test_test_limits(ask, daemon, address, network, text):
    def limit(prefix, left):
        return None if left is None else {"prefix": prefix, "left": left,
                                          "wait_seconds": 0 if left else 7}
    answer_test(daemon, result(verdict="unlisted", limit={
        "mode": "monitor", "address": limit("192.0.2.1", address),
        "network": limit("192.0.2.0/24", network)}))
    remedy = "  to exempt it from limits: ipwlctl allow 192.0.2.1\n" if "is over" in text else ""
    assert ask("test", "192.0.2.1").out == f"192.0.2.1: unlisted: in no list{text}\n{remedy}"


@pytest.mark.parametrize("prefix, action, is_told", [
    ("192.0.2.1/32", "allow", True), ("192.0.2.0/24", "allow", False),
    ("192.0.2.1/32", "block", False)])
def test_test_remedy_for_an_exclusion(ask, daemon, prefix, action, is_told):
    """An entry of the same address would be refused; one that is more specific would not."""
    answer_test(daemon, result(verdict="block", entries=[entry("192.0.0.0/16", **BLOCK, decides=True)],
                               exclusions=[{"prefix": prefix, "list": "hole", "action": action,
                                            "source": "file", "origin": "/a.list:9"}]))
    shown = ask("test", "192.0.2.1").out
    assert ("  to let it through: remove its exclusion from allow list hole (file /a.list:9)\n"
            in shown) == is_told
    assert ("  to let it through: ipwlctl allow 192.0.2.1\n" in shown) == (not is_told)


HOSTS = """\
192.0.2.3 mx.partner.example
2001:db8::3 mx.partner.example
192.0.2.1 other.example
"""


def test_test_names(ctl, daemon, tmp_path):
    """By the resolver of the system, with a file of hosts of our own."""
    daemon.answers["POST", "/v1/test"] = by_address
    (tmp_path / "hosts").write_text(HOSTS)
    own = "unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', \
        str(tmp_path / "hosts")

    def ask(*argv, **options):
        return ctl(*argv, socket=daemon.path, prefix=own, **options)
    done = ask("test", "mx.partner.example", "192.0.2.2", "-", input=b"other.example\n")
    assert (done.code, done.err) == (6, "")
    heads = [line for line in done.out.splitlines() if not line.startswith(" ")]
    assert sorted(heads) == ["192.0.2.1 (other.example): allow: allowed by ?",
                             "192.0.2.2: unlisted: in no list",
                             "192.0.2.3 (mx.partner.example): block: blocked by ?",
                             "2001:db8::3 (mx.partner.example): allow: allowed by ?"]
    assert "  to let it through: ipwlctl allow 192.0.2.3\n" in done.out
    results = ask("--json", "test", "other.example", "192.0.2.2").json()["results"]
    assert [one["name"] for one in results] == ["other.example", None]
    done = ask("test", "other.example", "nobody.invalid")
    assert (done.code, done.out) == (4, "") and done.err.startswith("ipwlctl: nobody.invalid: ")
    # What is no name is no address either.
    for text in "other.example.", "*.example", ".example", "a b.example", "mx", "1.2.3.4.5":
        assert ask("test", text).code in (0, 4), text


def by_address(request):
    verdicts = {"192.0.2.1": "allow", "192.0.2.2": "unlisted", "192.0.2.3": "block"}
    return 200, {"schema_version": 1, "results": [
        result(a, verdicts.get(a, "allow")) for a in request["body"]["addresses"]]}


def test_test_leaves_out(ask, daemon):
    answer_test(daemon, result(entries=[entry(decides=True)], left_out=71))
    assert "and 71 more" in ask("test", "192.0.2.1").out
    assert ask("--json", "test", "192.0.2.1").json()["results"][0]["left_out"] == 71


def test_test_highest_code(ask, daemon):
    daemon.answers["POST", "/v1/test"] = by_address
    assert ask("test", "192.0.2.1", "2001:db8::1").code == 0
    assert ask("test", "192.0.2.2", "192.0.2.1").code == 1
    assert ask("test", "192.0.2.3", "192.0.2.2", "192.0.2.1").code == 6


def test_test_stdin(ask, daemon):
    daemon.answers["POST", "/v1/test"] = by_address
    lines = "".join(f"10.0.{i // 256}.{i % 256}\n" for i in range(1203))
    done = ask("--json", "test", "2001:DB8::1", "-",
               input=("# some\n\n 192.0.2.2 \r\n" + lines + "::ffff:192.0.2.3").encode())
    assert done.code == 6
    assert [r["address"] for r in done.json()["results"]] == \
        ["2001:db8::1", "192.0.2.2", *lines.split(), "192.0.2.3"]
    assert [len(r["body"]["addresses"]) for r in daemon.requests] == [500, 500, 206]


@pytest.mark.parametrize("text, place", [
    (b"192.0.2.1\n192.0.2\n", "standard input:2: "), (b"192.0.2.1\0x\n", "standard input:1: "),
    (b"10.0.0.0/8\n", "standard input:1: "), (b"\xff\xfe\n", "standard input:1: "),
    (b"x" * 1000000, "standard input:1: "), (b"192.0.2.1 192.0.2.2", "standard input:1: "),
    (b"", "no address"), (b"# nothing\n", "no address")])
def test_test_bad_stdin(ask, daemon, text, place):
    done = ask("test", "-", input=text)
    assert (done.code, done.out, daemon.requests) == (4, "", [])
    assert place in done.err
    assert len(done.err) < 1000


def test_test_bad_addresses_are_all_reported(ask, daemon):
    done = ask("test", "192.0.2.1", "192.0.2.256", "10.0.0.0/8", "mx.invalid", "")
    assert (done.code, done.out, daemon.requests) == (4, "", [])
    assert len(done.err.splitlines()) == 4


def test_test_closed_stdin(ask, daemon):
    done = ask("test", "-", prefix=("sh", "-c", 'exec "$@" <&-', "sh"))
    assert (done.code, daemon.requests) == (4, [])


@pytest.mark.parametrize("answer", [[], [result("192.0.2.1", "odd")], ["x"]])
def test_test_odd_answers(ask, daemon, answer):
    answer_test(daemon, *answer)
    done = ask("--json", "test", "192.0.2.1")
    assert (done.code, done.out) == (3, "")
    assert "no usable answer" in done.err


ADDED = entry("192.0.2.7/32", source="manual", origin="alice", author="alice", reason="their new MX",
              added_at="2026-11-24T00:00:00Z", expires_at="2026-11-25T01:30:00Z")


def test_add(ask, daemon):
    answer = {"schema_version": 1, "entry": ADDED, "entries": [ADDED], "warnings": ["it is in block list drop, too"]}
    daemon.answers["POST", "/v1/entries"] = 200, answer
    arguments = "add", "192.0.2.7", "--list", "partners", "--reason", "their new MX", "--ttl=1d1h30m"
    done = ask(*arguments, env={"SUDO_USER": "alice"})
    assert (done.code, done.out) == (
        0, "192.0.2.7/32 is now in allow list partners, until 2026-11-25T01:30:00Z\n")
    assert done.err == "ipwlctl: warning: it is in block list drop, too\n"
    assert daemon.requests[-1]["body"] == {"list": "partners", "prefix": "192.0.2.7",
                                           "reason": "their new MX", "ttl_seconds": 91800,
                                           "sudo_user": "alice"}
    assert ask("--json", *arguments).json() == answer


def test_add_plain(ask, daemon):
    daemon.answers["POST", "/v1/entries"] = 200, {
        "schema_version": 1, "entry": {**ADDED, "expires_at": None}, "entries": [{**ADDED, "expires_at": None}], "warnings": []}
    done = ask("add", "--list", "partners", "192.0.2.7")
    assert (done.code, done.err) == (0, "")
    assert done.out == "192.0.2.7/32 is now in allow list partners, with no expiry\n"
    assert daemon.requests[-1]["body"] == {"list": "partners", "prefix": "192.0.2.7",
                                           "reason": None, "ttl_seconds": None, "sudo_user": None}


@pytest.mark.parametrize("ttl, seconds", [
    ("1s", 1), ("90m", 5400), ("2h", 7200), ("30d", 2592000), ("2w", 1209600),
    ("1h30m", 5400), ("36525d", 3155760000)])
def test_add_ttl(ask, daemon, ttl, seconds):
    daemon.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": ADDED, "entries": [ADDED],
                                                  "warnings": []}
    assert ask("add", "--list", "a", "--ttl", ttl, "192.0.2.7").code == 0
    assert daemon.requests[-1]["body"]["ttl_seconds"] == seconds


@pytest.mark.parametrize("ttl", [
    "", "10", "10x", "d", "1.5h", "-1d", "+1d", " 1d", "1d ", "1 d", "0d", "0s0m", "1D", "1h30",
    "36526d", "36525d1s", "9223372036854775807s", "99999999999999999999d", "1h\x1b"])
def test_add_bad_ttl(ask, daemon, ttl):
    done = ask("add", "--list", "a", "--ttl", ttl, "192.0.2.7")
    assert (done.code, daemon.requests) == (4, [])
    assert done.err.startswith("ipwlctl: --ttl ") and "\x1b" not in done.err


def test_add_not_utf8(ask, daemon):
    done = ask("add", "--list", "a", "--reason", b"\xff", "192.0.2.7")
    assert (done.code, daemon.requests) == (4, [])


def test_add_refused(ask, daemon):
    answer = error(400, "invalid", "192.0.2.7/24 has host bits set",
                   ["write 192.0.2.0/24 or 192.0.2.7"])
    daemon.answers["POST", "/v1/entries"] = answer
    done = ask("add", "--list", "a", "192.0.2.7/24")
    assert (done.code, done.out) == (4, "")
    assert done.err == "ipwlctl: 192.0.2.7/24 has host bits set\nwrite 192.0.2.0/24 or 192.0.2.7\n"
    done = ask("--json", "add", "--list", "a", "192.0.2.7/24")
    assert (done.code, done.json()) == (4, answer[1])


def test_del(ask, daemon):
    answer = {"schema_version": 1, "entry": ADDED, "entries": [ADDED], "still_listed_by": ["file /a.list:3"], "impacts": [None],
              "impact": None}
    daemon.answers["DELETE", "/v1/entries"] = 200, answer
    done = ask("del", "--list", "partners", "192.0.2.7", "--reason", "moved & gone, ä",
               env={"SUDO_USER": "alice"})
    assert (done.code, done.err) == (0, "")
    assert done.out == ("192.0.2.7/32: the manual entry in allow list partners is removed\n"
                        "still listed by file /a.list:3\n")
    assert daemon.requests[-1]["query"] == {"list": "partners", "prefix": "192.0.2.7",
                                            "reason": "moved & gone, ä", "sudo_user": "alice"}
    assert ask("--json", "del", "--list", "partners", "192.0.2.7").json() == answer
    assert daemon.requests[-1]["query"] == {"list": "partners", "prefix": "192.0.2.7"}


def test_del_held(ask, daemon):
    answer = error(409, "conflict", "192.0.2.0/24 is no manual entry", ["file /a.list:12"])
    daemon.answers["DELETE", "/v1/entries"] = answer
    done = ask("del", "--list", "partners", "192.0.2.0/24")
    assert (done.code, done.out) == (1, "")
    assert done.err == "ipwlctl: 192.0.2.0/24 is no manual entry\nfile /a.list:12\n"
    assert ask("--json", "del", "--list", "partners", "192.0.2.0/24").json() == answer[1]


def test_reload(ask, daemon):
    answer = {"schema_version": 1, "added": 3, "removed": 1, "warnings": ["a.list:1: twice"],
              "seconds": 0.021, "settings": [], "lists": []}
    daemon.answers["POST", "/v1/reload"] = 200, answer
    done = ask("reload")
    assert (done.code, done.out) == (0, "reloaded in 0.02 s: 3 added, 1 removed\n")
    assert daemon.requests[-1]["body"] is None
    assert done.err == "ipwlctl: warning: a.list:1: twice\n"
    assert ask("--json", "reload").json() == answer


def test_reload_refused(ask, daemon):
    lines = [f"/etc/ipwl/a.list:{i}:1: bad" for i in range(1, 40)]
    answer = error(422, "configuration", "the configuration has 39 errors", lines)
    daemon.answers["POST", "/v1/reload"] = answer
    done = ask("--wide", "reload")
    assert (done.code, done.out) == (4, "")
    assert done.err == "ipwlctl: the configuration has 39 errors\n" + "\n".join(lines) + "\n"
    done = ask("--json", "reload")
    assert (done.code, done.json()) == (4, answer[1])


# ---- export --------------------------------------------------------------------------

@pytest.mark.parametrize("argv, size", [(["export", "--format", "plain"], 1 << 22),
                                        (["list"], 30000), (["--json", "list"], 30000)])
def test_a_reader_that_has_enough_is_no_error(daemon, argv, size):
    """`export | head -1`, whenever the write fails."""
    daemon.answers["GET", "/v1/export"] = 200, b"192.0.2.1\n" * (size // 10)
    daemon.answers["GET", "/v1/entries"] = paged(size)
    script = 'set -o pipefail; "$0" --socket "$@" | head -1 >/dev/null'
    done = subprocess.run(["bash", "-c", script, PROGRAM, daemon.path, *argv],
                          capture_output=True, text=True, env=environment(), check=False)
    assert (done.stderr, done.returncode) == ("", 1)



def test_export_asks_and_prints_as_it_comes(ask, daemon):
    text = b"# Written by ipwl\n192.0.2.0/24\tpermit\n"
    daemon.answers["GET", "/v1/export"] = 200, text
    done = ask("export", "--format", "postfix-cidr")
    assert (done.code, done.out, done.err) == (0, text.decode(), "")
    assert daemon.requests[-1]["query"] == {"format": "postfix-cidr", "aggregate": "true"}
    assert ask("--json", "export", "--format", "postfix-cidr").out == text.decode()
    ask("export", "--list", "a", "--format=rbldnsd", "--list=b", "--no-aggregate", "--family", "6")
    assert daemon.requests[-1]["query"] == {"format": "rbldnsd", "lists": "a,b", "family": "6",
                                            "aggregate": "false"}


def test_export_that_is_cut_or_refused_is_no_success(ask, daemon):
    daemon.answers["GET", "/v1/export"] = \
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n192.0.2.0/24\n"
    done = ask("export", "--format", "plain")
    assert (done.code, done.out) == (3, "192.0.2.0/24\n")
    assert "no usable answer" in done.err
    daemon.answers["GET", "/v1/export"] = error(404, "not_found", "there is no list \"x\"")
    done = ask("export", "--format", "plain", "--list", "x")
    assert (done.code, done.out) == (1, "")
    assert 'there is no list "x"' in done.err
    daemon.answers["GET", "/v1/export"] = 500, b"oops"
    done = ask("export", "--format", "plain")
    assert (done.code, done.out) == (1, "") and "500" in done.err
