# SPDX-License-Identifier: GPL-2.0-or-later
"""import: what it asks of the daemon, and what it prints of the answer."""
import pytest
from fake_daemon import error

READ = {"format": "postfix-cidr", "recognised": True, "lines": 5, "records": 4, "entries": 3,
        "exclusions": 0, "skipped": 1, "skipped_lines": 0,
        "summary": "4 rules: 3 entries, 1 skipped: 1 of another action"}
ANSWER = {"schema_version": 1, "list": "partners", "dry_run": False, "added": 2, "replaced": 1,
          "expires_at": None, "read": READ, "warnings": ["/x:3:1: 192.0.2.9/24 has host bits"],
          "seconds": 0.5}


@pytest.fixture(name="file")
def _file(tmp_path):
    path = tmp_path / "access.cidr"
    path.write_bytes(b"\x1f\x8b\0 any \xff bytes\n")
    return path


def test_import(ask, daemon, file):
    daemon.answers["POST", "/v1/import"] = 200, ANSWER
    done = ask("import", "--list", "partners", file)
    assert (done.code, done.out, done.err) == (
        0, "postfix-cidr (recognised): 4 rules: 3 entries, 1 skipped: 1 of another action\n"
           "2 added to list partners, 1 replaced there, in force now\n",
        "ipwlctl: warning: /x:3:1: 192.0.2.9/24 has host bits\n")
    request, = daemon.requests
    assert request["body"] == file.read_bytes()
    assert request["query"] == {"list": "partners", "name": str(file)}
    assert ask("--json", "import", "--list", "partners", file).json() == ANSWER


def test_all_options(ask, daemon, file):
    daemon.answers["POST", "/v1/import"] = 200, {
        **ANSWER, "dry_run": True, "warnings": [], "read": {**READ, "recognised": False},
        "prefixes": ["192.0.2.0/24", "2001:db8::/32"],
        "skipped_records": ["standard input:3: 192.0.3.0/24: of another action"]}
    done = ask("import", "--format", "postfix-cidr", "--list", "a b", "--reason", "wh&y é",
               "--ttl", "1h30m", "--on-error", "skip", "--dry-run", "-",
               input=file.read_bytes())
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].startswith("postfix-cidr: 4 rules")
    assert "nothing has changed" in done.out
    assert done.out.splitlines()[2:] == [
        "+ 192.0.2.0/24", "+ 2001:db8::/32", "+ and 1 more",
        "skipped: standard input:3: 192.0.3.0/24: of another action"]
    request, = daemon.requests
    assert request["body"] == file.read_bytes()
    assert request["query"] == {"list": "a b", "format": "postfix-cidr", "reason": "wh&y é",
                                "ttl_seconds": "5400", "on_error": "skip", "dry_run": "true",
                                "name": "standard input"}


def test_wrong_before_asking(ask, daemon, file, tmp_path):
    for argv, code, words in (
            (("--list", "a", "--format", "cidr", file), 4, "unknown format cidr"),
            (("--list", "a", "--on-error", "warn", file), 4, "write fail or skip"),
            (("--list", "a", "--ttl", "10", file), 4, "needs a unit"),
            (("--list", "a", tmp_path / "none"), 4, "No such file"),
            (("--list", "a", tmp_path), 4, "Is a directory"),
            ((file,), 2, "--list NAME"),
            (("--list", "a"), 2, "import needs FILE"),
            (("--list", "a", file, file), 2, "needs one FILE")):
        done = ask("import", *argv)
        assert (done.code, done.out) == (code, "")
        assert words in done.err
    assert daemon.requests == []


@pytest.mark.parametrize("status, code, exit_code", [
    (400, "invalid", 4), (404, "not_found", 1), (409, "conflict", 1), (413, "too_large", 4),
    (500, "internal", 1), (503, "unavailable", 3)])
def test_refused(ask, daemon, file, status, code, exit_code):
    daemon.answers["POST", "/v1/import"] = error(status, code, "it has errors", ["/x:3:1: bad"])
    done = ask("import", "--list", "partners", file)
    assert (done.code, done.out) == (exit_code, "")
    assert done.err == "ipwlctl: it has errors\n/x:3:1: bad\n"


@pytest.mark.parametrize("answer", [{}, {"read": 5}, {"read": None}, {"read": {}, "added": "x"}])
def test_odd_answers(ask, daemon, file, answer):
    daemon.answers["POST", "/v1/import"] = 200, {"schema_version": 1, **answer}
    for options in (), ("--json",):
        assert ask(*options, "import", "--list", "partners", file).code in (0, 3)


@pytest.fixture(name="programs")
def _programs(tmp_path):
    """An nft and an ipset that print their arguments; returns the environment."""
    for name in "nft", "ipset":
        path = tmp_path / name
        path.write_text('#!/bin/sh\n[ "$4" != fail ] && [ "$2" != fail ] || '
                        '{ echo "no such set" >&2; exit 3; }\necho "$0:" "$@"\n')
        path.chmod(0o755)
    return {"PATH": f"relative:{tmp_path}:/usr/bin:/bin"}


@pytest.mark.parametrize("argv, name, form", [
    (["--from-ipset", "blocked"], "ipset save blocked", "ipset"),
    (["--from-nft", "inet", "filter", "blocked"], "nft list set inet filter blocked", "nftables")])
def test_sets_of_the_kernel(ask, daemon, programs, tmp_path, argv, name, form):
    daemon.answers["POST", "/v1/import"] = 200, ANSWER
    assert ask("import", "--list", "partners", *argv, env=programs).code == 0
    request, = daemon.requests
    assert request["body"] == f"{tmp_path}/{name.replace(' ', ': ', 1)}\n".encode()
    assert request["query"] == {"list": "partners", "name": name, "format": form}


def test_sets_that_cannot_be_read(ask, daemon, programs, tmp_path):
    for argv, code, words in (
            (["--from-ipset", "fail"], 4, "no such set\nipwlctl: ipset exited with status 3\n"),
            (["--from-nft", "inet", "fail", "x"], 4, "nft exited with status 3\n"),
            (["--from-nft", "inet", "filter"], 2, "--from-nft needs FAMILY TABLE SET"),
            (["--from-ipset", "a", "b"], 2, "--from-ipset needs one SET"),
            (["--from-ipset", "--from-nft", "a"], 2, "exclude each other"),
            (["--from-ipset", "--format", "ipset", "a"], 2, "exclude each other"),
            (["a", "b"], 2, "needs one FILE")):
        done = ask("import", "--list", "partners", *argv, env=programs)
        assert (done.code, done.out) == (code, "") and words in done.err, argv
    (tmp_path / "nft").write_text("#!/bin/sh\nkill -9 $$\n")
    done = ask("import", "--list", "x", "--from-nft", "a", "b", "c", env=programs)
    assert (done.code, done.err) == (4, "ipwlctl: nft was ended by signal 9\n")
    assert daemon.requests == []
