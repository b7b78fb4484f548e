# SPDX-License-Identifier: GPL-2.0-or-later
"""What can go wrong between ipwlctl, the daemon and the terminal, and the exit codes."""
import os
import pty
import re
import select
import socket
import subprocess
import threading
import time

import pytest
from conftest import PROGRAM, environment
from fake_daemon import STATUS, entry, error, result
from test_commands import paged

COMMANDS = [["status"], ["test", "192.0.2.1"], ["list"], ["add", "--list", "a", "192.0.2.1"],
            ["del", "--list", "a", "192.0.2.1"], ["reload"], ["diff"], ["lint"]]
ROUTES = [("GET", "/v1/status"), ("POST", "/v1/test"), ("GET", "/v1/entries"),
          ("POST", "/v1/entries"), ("DELETE", "/v1/entries"), ("POST", "/v1/reload"),
          ("POST", "/v1/diff"), ("GET", "/v1/lint")]


def answer_all(daemon, answer):
    for route in ROUTES:
        daemon.answers[route] = answer


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c[0])
def test_no_daemon(ctl, tmp_path, command):
    path = tmp_path / "control.sock"
    for _ in range(2):
        done = ctl(*command, socket=path)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith(f"ipwlctl: cannot reach ipwld at {path}: is it running?")
        # Then one that a dead daemon left behind.
        with socket.socket(socket.AF_UNIX) as stale:
            if not path.exists():
                stale.bind(str(path))


def test_default_socket(ctl):
    if os.path.exists("/run/ipwl/control.sock"):
        pytest.fail("this test needs a machine on which ipwld does not run")
    done = ctl("status")
    assert done.code == 3
    assert "/run/ipwl/control.sock" in done.err


def test_socket_path_too_long(ctl):
    done = ctl("status", socket="/tmp/" + "x" * 200)
    assert (done.code, done.out) == (3, "")
    assert "x" * 200 in done.err


@pytest.mark.parametrize("command", [*COMMANDS, ["detach"]], ids=lambda c: c[0])
def test_permission(ctl, daemon, tmp_path, command):
    assert os.geteuid() == 0, "this test gives up root by setpriv"
    directory = tmp_path
    while directory != directory.parent and directory.stat().st_uid == 0 and \
            str(directory).startswith("/tmp/"):
        directory.chmod(directory.stat().st_mode | 0o011)
        directory = directory.parent
    nobody = "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"
    assert subprocess.run([*nobody, "test", "-x", PROGRAM], check=False).returncode == 0, \
        f"nobody cannot run {PROGRAM}"
    done = ctl(*command, socket=daemon.path, prefix=nobody)
    assert (done.code, done.out, daemon.requests) == (5, "", [])
    assert done.err == (f"ipwlctl: {daemon.path}: permission denied: "
                        "run this as root or as a member of the group ipwl\n")


@pytest.mark.parametrize("status, code, expected", [
    (400, "invalid", 4), (403, "forbidden", 5), (404, "not_found", 1),
    (405, "method_not_allowed", 4), (409, "conflict", 1), (413, "too_large", 4),
    (422, "configuration", 4), (500, "internal", 1), (503, "unavailable", 3)])
def test_http_errors(ask, daemon, status, code, expected):
    answer = error(status, code, "no: \x1b[2J", ["first\nline", "second"])
    answer_all(daemon, answer)
    for command in COMMANDS:
        done = ask(*command)
        assert (done.code, done.out) == (expected, "")
        # Some look then at what the kernel does.
        assert done.err.startswith("ipwlctl: no: \\x1b[2J\nfirst\\nline\nsecond\n")
        done = ask("--json", *command)
        assert (done.code, done.json()) == (expected, answer[1])


@pytest.mark.parametrize("status, body, expected", [
    (200, b"", 3), (200, b"[1", 3), (200, b"[]", 3), (200, b"{}", 3), (200, b"\xff\xfe", 3),
    (200, b'{"schema_version": 2}', 3), (200, b'{"schema_version": 1}', 3),
    (200, b'{"schema_version": 1} {}', 3), (200, b'{"schema_version": 1, "entries": 5}', 3),
    (200, b'{"schema_version": 1, "entries": [1], "next": null}', 3),
    (200, b"[" * 100000, 3), (500, b"", 1), (500, b"<html>", 1), (404, b"{}", 1),
    (422, b'{"error": 1}', 4), (409, b'{"error": {"message": 5, "details": [5]}}', 1),
    (302, b"", 3), (418, b"{}", 3)])
def test_malformed_bodies(ask, daemon, status, body, expected):
    answer_all(daemon, (status, body))
    for command in COMMANDS:
        done = ask(*command)
        assert (done.code, done.out) == (expected, ""), command
        assert done.err.startswith("ipwlctl: ")


@pytest.mark.parametrize("raw", [
    b"", b"\0", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/9.9 200 OK\r\n\r\n{}",
    b"HTTP/1.1 999999 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2000000])
def test_malformed_http(ask, daemon, raw):
    answer_all(daemon, raw)
    for command in COMMANDS:
        done = ask(*command)
        assert (done.code, done.out) == (3, ""), command
        assert done.err.startswith("ipwlctl: ")


def test_endless_answer(ask, daemon):
    daemon.answers["GET", "/v1/status"] = 200, b" " * (65 << 20)
    done = ask("status")
    assert done.code == 3
    assert "it is too long" in done.err


def test_types_are_not_trusted(ask, daemon):
    odd = {key: [1.5, {"a": 1}, None] for key in STATUS if key != "schema_version"}
    odd.update(schema_version=1, interfaces=[{"name": 7, "packets": "many"}], lists=[{}])
    daemon.answers["GET", "/v1/status"] = 200, odd
    done = ask("status")
    assert done.code == 0 and '1.5, {"a":1}, -' in done.out
    assert ask("--json", "status").json()["mode"] == odd["mode"]


def test_slow_daemon_is_waited_for(ask, daemon):
    def slowly(_):
        time.sleep(2.5)
        return 200, {"schema_version": 1, "added": 1, "removed": 0, "warnings": [], "seconds": 2.5}
    daemon.answers["POST", "/v1/reload"] = slowly
    done = ask("reload")
    assert (done.code, done.err) == (0, "")
    assert done.out == "reloaded in 2.50 s: 1 added, 0 removed\n"


def read_terminal(fd, notice):
    """All output of a pseudo-terminal until it is hung up. notice is called with what has
    come so far."""
    output = b""
    while select.select([fd], [], [], 300)[0]:
        try:
            output += os.read(fd, 65536)
        except OSError:
            break
        notice(output)
    return output.decode()


def on_terminal(*command, notice=lambda output: None, **env):
    """Run with standard output and error on a terminal; (exit code, output)."""
    master, slave = pty.openpty()
    with subprocess.Popen([PROGRAM, *command], stdin=subprocess.DEVNULL, stdout=slave,
                          stderr=slave, env=environment(TERM="xterm", **env)) as process:
        os.close(slave)
        output = read_terminal(master, notice)
    os.close(master)
    return process.returncode, output


def test_progress_on_a_terminal(daemon):
    is_shown = threading.Event()

    def slowly(_):
        assert is_shown.wait(300)
        return error(409, "conflict", "busy")

    def notice(output):
        if b"reading" in output:
            is_shown.set()

    daemon.answers["POST", "/v1/reload"] = slowly
    daemon.answers["GET", "/v1/progress"] = 200, {"schema_version": 1, "loading": {
        "what": "reading /etc/ipwl/block.d/b.list", "unit": "bytes", "done": 60 << 20,
        "total": 140 << 20, "text": "reading /etc/ipwl/b\x1b.list: 62 of 147 MB (42 %)"}}
    code, output = on_terminal("--socket", daemon.path, "reload", notice=notice)
    assert code == 1
    assert re.search(r"\rwaiting for ipwld: \d+ s: reading /etc/ipwl/b\\x1b\.list: "
                     r"62 of 147 MB \(42 %\)\x1b\[K", output)
    assert output.endswith("\r\x1b[Kipwlctl: busy\r\n")


def test_colour(daemon):
    daemon.answers["POST", "/v1/test"] = 200, {"schema_version": 1, "results": [
        result(verdict="block", entries=[entry(reason="\x1b[31mred\x1b[0m", decides=True)])]}
    arguments = "--socket", daemon.path, "test", "192.0.2.1"
    for env, is_coloured in [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)]:
        code, output = on_terminal(*arguments, **env)
        assert code == 6
        assert output.count("\x1b") == (2 if is_coloured else 0)
        assert ("\x1b[31mblock\x1b[0m" in output) == is_coloured
    assert "\x1b" not in on_terminal("--json", *arguments)[1]


def test_silent_daemon(daemon):
    answer_all(daemon, None)
    processes = [subprocess.Popen([PROGRAM, "--socket", daemon.path, *command],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                 for command in COMMANDS[:3]]
    for process in processes:
        out, err = process.communicate(timeout=300)
        assert (process.returncode, out) == (3, b"")
        assert err.decode().startswith(
            f"ipwlctl: ipwld at {daemon.path} did not answer within 30 s\n")


NASTY = "a\x1b]0;title\x07\x00b\tc\nd\x7fe\x9b31mf\u202eg\u2028h".replace("\x00", "")
ESCAPED = "a\\x1b]0;title\\x07b\\tc\\nd\\x7fe\\u009b31mf\\u202eg\\u2028h"


def test_control_characters(ask, daemon):
    nasty = entry(reason=NASTY, origin=NASTY, list=NASTY, decides=True)
    page = {"schema_version": 1, "entries": [nasty], "next": None}
    daemon.answers["GET", "/v1/entries"] = 200, page
    daemon.answers["POST", "/v1/test"] = 200, {
        "schema_version": 1, "results": [result(address=NASTY, entries=[nasty])]}
    daemon.answers["POST", "/v1/entries"] = 200, {
        "schema_version": 1, "entry": nasty, "entries": [nasty], "warnings": [NASTY]}
    daemon.answers["DELETE", "/v1/entries"] = 200, {
        "schema_version": 1, "entry": nasty, "entries": [nasty], "still_listed_by": [NASTY]}
    daemon.answers["GET", "/v1/status"] = 200, {
        **STATUS, "suspended": NASTY, "reload": {**STATUS["reload"], "errors": [NASTY]}}
    for command in COMMANDS[:5]:
        done = ask("--wide", *command)
        assert ESCAPED in done.out
        assert not [c for c in done.out + done.err if c in NASTY and not c.isprintable()
                    and c != "\n"], command
        done = ask("--json", *command)
        assert NASTY in str(list(done.json().values())) or repr(NASTY)[1:-1] in str(done.json())
        assert "\x9b" not in done.out and "\u202e" not in done.out


def test_unicode_columns(ask, daemon):
    daemon.answers["GET", "/v1/entries"] = 200, {"schema_version": 1, "next": None, "entries": [
        entry(origin="Müller", reason="grüße"), entry(origin="東京", reason="日本"),
        entry(origin="e\u0301e\u0301", reason="x"), entry(origin="abcdefgh", reason="y")]}
    for locale in "C", "C.UTF-8", "POSIX":
        lines = ask("--wide", "list", env={"LC_ALL": locale}).out.splitlines()
        column = lines[0].index("AUTHOR")
        assert lines[1][column] == "-" == lines[4][column]
        assert lines[2][column - 2] == "-"      # two characters, four columns
        assert lines[3][column + 2] == "-"      # four characters, two columns
    assert "東京" in ask("--json", "list").out


@pytest.mark.parametrize("arguments", [["status"], ["list"], ["--json", "list"], ["--help"],
                                       ["--version"], ["add", "--help"]])
def test_full_disk(ask, daemon, arguments):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    daemon.answers["GET", "/v1/entries"] = paged(10000)
    with open("/dev/full", "wb") as full:
        done = ask(*arguments, stdout=full)
    assert done.code == 1
    assert done.err == "ipwlctl: cannot write the output: No space left on device\n"
    assert len(daemon.requests) < 10


def test_closed_output(ask, daemon):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    done = ask("status", prefix=("sh", "-c", 'exec "$@" >&-', "sh"))
    assert done.code == 1
    assert done.err == "ipwlctl: cannot write the output: Bad file descriptor\n"


def test_broken_pipe_is_quiet(daemon):
    daemon.answers["GET", "/v1/entries"] = paged(200000)
    with subprocess.Popen([PROGRAM, "--socket", daemon.path, "list"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        assert process.stdout.readline().startswith(b"PREFIX")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 1
    assert len(daemon.requests) < 20


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_memory_does_not_grow(daemon, options):
    """The peak of a list of 100 000 entries is that of 5 000, but for noise."""
    peaks = []
    for count in 5000, 100000:
        page = paged(count)
        daemon.answers["GET", "/v1/entries"] = page
        with subprocess.Popen([PROGRAM, *options, "--socket", daemon.path, "list"],
                              stdout=subprocess.DEVNULL) as process:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        peaks.append(usage.ru_maxrss)
    assert peaks[1] < peaks[0] + 2048, peaks


def test_proxies_are_ignored(ask, daemon):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    proxies = {"http_proxy": "http://127.0.0.1:9", "ALL_PROXY": "socks5://127.0.0.1:9"}
    assert ask("status", env=proxies).code == 0


USAGE = [
    [], ["stat"], ["STATUS"], ["status", "x"], ["--js", "status"], ["-j"], ["-x", "status"],
    ["--socket"], ["--socket=/a", "--socket=/b", "status"], ["--json=yes", "status"], ["", "x"],
    ["test"], ["list", "a", "b"], ["list", "--lst", "a"], ["list", "--lis", "a"],
    ["list", "--list"], ["list", "--list=a", "--list=b"], ["add", "192.0.2.1"],
    ["add", "--list", "a"], ["protect", "--list", "a", "b", "c"], ["protect", "--list", "a", "--", "-1", "b"],
    ["del", "192.0.2.1"], ["del", "--list", "a"], ["del", "--ttl", "1d", "--list", "a", "x"],
    ["reload", "now"], ["diff", "a", "b"], ["diff", "--limit", "x"], ["diff", "--limit", "10001"],
    ["lint", "x"], ["lint", "--unused", "90"], ["lint", "--expiring", "-1d"],
    ["lint", "--wide", "8"], ["lint", "--wide", "33,19"], ["lint", "--wide", "8,"],
    ["lint", "--limit", "1001"], ["lint", "--limit", "1x"], ["simulate"], ["simulate", "a", "b"],
    ["simulate", "--limit", "-1", "a"], ["spf"], ["spf", "a..example"], ["spf", "m\u00fcnchen.example"],
    ["spf", "--timeout", "11m", "a.example"], ["spf", "--timeout", "1", "a.example"],
    ["spf", "--servers", "a b", "a.example"], ["check-config", "a", "b"], ["detach", "x"], ["detach", "--config"],
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_usage_errors(ctl, arguments):
    done = ctl(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "--help" in done.err


def test_options_anywhere(ask, daemon):
    daemon.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": entry(), "entries": [entry()],
                                                  "warnings": []}
    bodies = []
    for arguments in (["add", "--list", "a", "--reason=-", "-x"[1:]],
                      ["add", "x", "--list=a", "--reason", "-"],
                      ["add", "--reason", "-", "--list", "a", "--", "x"]):
        assert ask(*arguments).code == 0
        bodies.append(daemon.requests[-1]["body"])
    assert bodies[0] == bodies[1] == bodies[2]
    assert (bodies[0]["prefix"], bodies[0]["reason"]) == ("x", "-")
    assert ask("add", "--list=a", "--reason=", "x").code == 0
    assert daemon.requests[-1]["body"]["reason"] == ""


def test_details_of_an_error(ask, daemon):
    """No more than a person can read; --wide has all."""
    daemon.answers["POST", "/v1/reload"] = error(422, "configuration", "rejected",
                                                 [f"f:{i}: wrong" for i in range(1001)])
    lines = ask("reload").err.splitlines()
    assert lines == ["ipwlctl: rejected", *[f"f:{i}: wrong" for i in range(20)],
                     "and 981 more (see --wide)"]
    assert len(ask("reload", "--wide").err.splitlines()) == 1002


def test_journal(ctl, daemon, tmp_path):
    """In the journal each line has its priority, and no name of the program, which the journal
    knows. systemd says by JOURNAL_STREAM which file the journal is."""
    daemon.answers["POST", "/v1/reload"] = error(422, "configuration", "rejected", ["f:1: wrong"])
    daemon.answers["POST", "/v1/entries"] = 200, {"schema_version": 1, "entry": entry(), "entries": [entry()],
                                                  "warnings": ["odd"]}
    def run(*command, own):
        with open(tmp_path / "journal", "wb") as journal:
            status = os.fstat(journal.fileno())
            stream = f"{status.st_dev}:{status.st_ino + (not own)}"
            subprocess.run([PROGRAM, "--socket", daemon.path, *command], stderr=journal,
                           env=environment(JOURNAL_STREAM=stream), stdout=subprocess.DEVNULL,
                           check=False)
        return (tmp_path / "journal").read_text()
    assert run("reload", own=True) == "<3>rejected\n<3>f:1: wrong\n"
    assert run("reload", own=False) == "ipwlctl: rejected\nf:1: wrong\n"
    assert run("add", "--list", "a", "192.0.2.1", own=True) == "<4>warning: odd\n"
