# SPDX-License-Identifier: GPL-2.0-or-later
"""The help text, the manual page and the contract name the same commands and options."""
import pathlib
import re
import subprocess

import pytest
from conftest import ROOT

COMMANDS = ["status", "test", "list", "seen", "blocked", "limits", "summary", "top", "allow", "block", "add", "del", "import", "history", "undo", "protect",
            "unprotect", "reload", "diff", "lint", "simulate", "monitor", "spf", "feeds", "fleet", "refresh", "domains",
            "learn", "explain", "report", "check-config", "export", "backup", "restore", "detach", "help"]
SCOPE = {"--local", "--only-hosts", "--not-hosts"}
OPTIONS = {"status": {"--check", "--config"}, "test": {"--config", "--port"},
           "list": {"--list", "--source", "--hit", "--sort", "--since", "--limit", "--config"},
           "seen": {"--since", "--limit", "--names", "--servers"},
           "blocked": {"--since", "--sort", "--list", "--limit", "--names", "--servers"},
           "limits": {"--since", "--limit"},
           "top": {"--interval"}, "summary": {"--since", "--format", "--mail"},
           "allow": {"--list", "--reason", "--ttl"} | SCOPE,
           "block": {"--list", "--reason", "--ttl", "--force"} | SCOPE,
           "add": {"--list", "--reason", "--ttl", "--force"} | SCOPE,
           "del": {"--list", "--reason", "--yes", "--accept", "--fleet"},
           "import": {"--format", "--list", "--reason", "--ttl", "--on-error", "--dry-run",
                      "--force", "--from-nft", "--from-ipset"},
           "export": {"--format", "--list", "--aggregate", "--no-aggregate", "--family"},
           "history": {"--list", "--since", "--limit"},
           "undo": {"--since", "--by", "--dry-run", "--reason", "--yes"},
           "protect": {"--list", "--reason"}, "unprotect": {"--list", "--reason"},
           "reload": {"--accept"}, "diff": {"--summary", "--limit"},
           "lint": {"--list", "--check", "--unused", "--expiring", "--wide", "--limit"},
           "monitor": {"--verdict", "--list", "--port", "--count", "--pcap", "--payload"},
           "simulate": {"--config", "--new", "--limit", "--limits"}, "restore": {"--config"}, "detach": {"--config"},
           "spf": {"--servers", "--authenticated", "--timeout"},
           "fleet": {"--reason", "--yes"},
           "learn": {"--state", "--since", "--reason", "--yes"},
           "report": {"--message", "--by", "--user"}}
GLOBAL = {"--socket", "--json", "--wide", "--help", "--version"}


def options_in(text):
    return set(re.findall(r"^  (--[a-z-]+)", text, re.M))


def man_sections():
    """{heading: text} of .Sh and .Ss sections."""
    parts = re.split(r"^\.S[hs] (.*)$", (ROOT / "man" / "ipwlctl.8").read_text(), flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def man_options(text):
    return {"--" + name for name in re.findall(r"^\.It Fl (?:[hV] , )?-([a-z-]+)", text, re.M)}


def test_overview(ctl):
    done = ctl("--help")
    assert (done.code, done.err) == (0, "")
    assert re.findall(r"^  ([a-z][a-z-]*) ", done.out, re.M) == COMMANDS
    assert options_in(done.out) == GLOBAL
    assert ctl("-h").out == done.out
    assert ctl().err == done.out
    assert max(map(len, done.out.splitlines())) <= 80
    codes = re.search(r"exit codes: (.*?)\n\n", done.out, re.S)[1]
    rows = re.findall(r"^\.It (\d)$", man_sections()["EXIT STATUS"], re.M)
    assert rows == re.findall(r"\b(\d) ", codes) == list("0123456")


@pytest.mark.parametrize("command", COMMANDS)
def test_command(ctl, command):
    done = ctl(command, "--help")
    assert (done.code, done.err) == (0, "")
    usage = re.sub(r"\n +", " ", done.out.split("\n\n")[0])
    expected = OPTIONS.get(command, set())
    assert usage.startswith(f"usage: ipwlctl [--socket PATH] [--json] {command}")
    assert set(re.findall(r"--[a-z-]+", usage)) == expected | {"--socket", "--json"}
    assert options_in(done.out) == expected | GLOBAL
    assert max(map(len, done.out.splitlines())) <= 80
    assert ctl(command, "-h", "whatever").out == done.out
    heading, = (key for key in man_sections() if re.match(rf"{command}( |$)", key))
    assert man_options(man_sections()[heading]) == expected
    positional = re.sub(r"--[a-z-]+ [A-Z]+", "", usage.split(command, 1)[1])
    positional = re.findall(r"\[?([A-Z]{2,})", positional)
    assert positional == [word.upper() for word in re.findall(r"Ar (\w+)", heading)]


def test_man_page_has_no_other_commands_and_options():
    sections = man_sections()
    names = [heading.split()[0] for heading in sections if heading[0].islower()]
    assert names == COMMANDS
    assert man_options(sections["DESCRIPTION"]) == GLOBAL


def test_version(ctl):
    version = (ROOT / "VERSION").read_text().strip()
    header = (ROOT / "include/ipwl.h").read_text()
    abi = re.search(r"#define IPWL_ABI_VERSION (\d+)", header)[1]
    assert ctl("--version").out == f"ipwlctl {version} (ABI {abi})\n" == ctl("-V").out


def test_help_is_a_command(ctl):
    assert ctl("help").out == ctl("--help").out
    for command in COMMANDS:
        assert ctl("help", command).out == ctl(command, "--help").out
    assert ctl("help", "nonsense").code == 2


@pytest.mark.parametrize("argv, meant", [
    (["stauts"], "status"), (["stat"], "status"), (["lists"], "list"), (["dell"], "del"),
    (["check"], "check-config"), (["help", "histor"], "history"),
    (["list", "--suorce=file"], "--source"), (["add", "--reson", "x"], "--reason"),
    (["list", "-list", "x"], "--list"), (["--jason", "status"], "--json")])
def test_did_you_mean(ctl, argv, meant):
    done = ctl(*argv)
    assert done.code == 2
    assert done.err.splitlines()[0].endswith(f": did you mean {meant}?")


@pytest.mark.parametrize("argv", [["nonsense"], ["x"], ["status", "--nonsense"], [""]])
def test_no_guess(ctl, argv):
    done = ctl(*argv)
    assert done.code == 2 and "did you mean" not in done.err


def test_man_page_is_clean():
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "style", ROOT / "man" / "ipwlctl.8"],
                          capture_output=True, text=True, check=False)
    # A link to a page that is not installed on the machine of the tests is fine.
    lines = [line for line in done.stdout.splitlines()
             if "referenced manual not found" not in line]
    assert lines == []


def test_main_stays_small():
    assert len(pathlib.Path(ROOT / "user/ctl/main.c").read_text().splitlines()) <= 100
