# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion: what ipwlctl offers, and how bash, zsh and fish show it."""
import shlex
import subprocess

import pytest
from conftest import PROGRAM, ROOT, environment
from fake_daemon import FEEDS, STATUS
from test_help import COMMANDS, GLOBAL, OPTIONS
from tmux import Terminal

SCRIPTS = ROOT / "contrib" / "completion"


@pytest.fixture(name="complete")
def _complete(ctl):
    """What ipwlctl offers for the last word."""
    def complete(*words):
        done = ctl("__complete", *words)
        assert (done.code, done.err) == (0, "")
        return {line.split("\t")[0] for line in done.out.splitlines()}
    return complete


@pytest.mark.parametrize("command", COMMANDS)
def test_options(complete, command):
    assert complete(command, "--") == OPTIONS.get(command, set()) | GLOBAL


def test_descriptions_are_those_of_the_help(ctl):
    overview = ctl("--help").out
    lines = [line.split("\t") for line in ctl("__complete", "").out.splitlines()]
    assert [name for name, _ in lines] == COMMANDS
    for name, summary in lines:
        assert f"  {name:14}{summary}\n" in overview
    page = ctl("lint", "--help").out
    for line in ctl("__complete", "lint", "--").out.splitlines():
        assert line.split("\t")[1] in page


def test_words(complete):
    assert complete("") == set(COMMANDS) == complete("--json", "") == complete("help", "")
    assert complete("de") == {"del", "detach"}
    assert complete("--socket", "/a", "re") == {"reload", "refresh", "report", "restore"}
    assert complete("--socket=/a", "re") == {"reload", "refresh", "report", "restore"}
    assert complete("feeds", "") == {"accept", "diff"} == complete("--json", "feeds", "")
    assert complete("fleet", "") == {"accept", "forget"}
    assert complete("ex") == {"export", "explain"}
    assert complete("learn", "") == {"list", "accept", "reject", "forget", "backfill",
                                     "simulate", "partners"}
    assert complete("learn", "list", "--state", "a") == {"active", "at_risk"}
    assert complete("report", "") == {"ham", "spam"}
    assert complete("export", "--format", "r") == {"rspamd-map", "rbldnsd"}
    assert complete("export", "--family", "") == {"4", "6"}
    assert complete("--so") == {"--socket"}
    assert complete("add", "--list", "x", "--t") == {"--ttl"} == complete("add", "--list=x", "--t")
    assert complete("list", "--source", "f") == {"file", "feed", "fleet"}
    assert complete("list", "--source=fe") == {"--source=feed"}
    assert complete("import", "--format", "post") == {"postfix-cidr"}
    assert complete("lint", "--check", "w") == {"wide"}
    assert complete("list", "--sort", "") == {"hits", "connections", "averted", "last_hit"}
    assert complete("blocked", "--sort", "") == {"attempts", "last", "first"}
    assert complete("seen", "") == {"forget"} == complete("seen", "for")
    # --wide takes lengths with lint only.
    assert complete("lint", "--wide", "--") == set()
    assert complete("--wide", "feeds", "") == {"accept", "diff"}


def test_nothing_fits(complete):
    for words in ("add", "--reason", "de"), ("status", ""), ("nonsense", ""), ("list", "x", ""), \
            ("add", "--", "--"), ("--nonsense=x", "feeds", "x", "y", ""), ():
        assert complete(*words) == set(), words


def test_files_users_and_hosts(complete):
    assert complete("import", "/e") == {":files"} == complete("--socket", "")
    assert complete("--socket=/r") == {":files"} == complete("learn", "backfill", "a", "")
    assert complete("learn", "accept", "") == set()
    assert complete("undo", "--by", "") == {":users"} == complete("report", "--user", "")
    assert complete("report", "--by", "") == {":hosts"}


def test_names_that_ipwld_knows(complete, daemon):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    daemon.answers["GET", "/v1/feeds"] = 200, FEEDS
    for words in ["--socket", daemon.path, "add", "--list"], \
            [f"--socket={daemon.path}", "list", "--list"]:
        assert complete(*words, "") == {"partners", "drop"}
        assert complete(*words, "p") == {"partners"}
    for words in ("refresh",), ("feeds", "accept"), ("feeds", "diff"):
        assert complete("--socket", daemon.path, *words, "") == {"botnets", "vendor"}
        assert complete("--socket", daemon.path, *words, "v") == {"vendor"}
        assert complete("--socket", daemon.path, *words, "vendor", "") == set()
    assert complete("--socket", "/nonexistent", "add", "--list", "") == set()
    evil = {**STATUS["lists"][0], "name": '$(touch x) `id`'}
    daemon.answers["GET", "/v1/status"] = 200, {**STATUS, "lists": [evil]}
    assert complete("--socket", daemon.path, "add", "--list", "") == set()


# ---- the shells ------------------------------------------------------------------

def start_shell(shell, directory):
    """An interactive shell that has only our completion, and the program in its PATH."""
    (directory / "bin").mkdir()
    (directory / "bin/ipwlctl").symlink_to(PROGRAM)
    (directory / "notes.list").touch()
    (directory / "zsh").mkdir()
    (directory / "zsh/_ipwlctl").symlink_to(SCRIPTS / "ipwlctl.zsh")
    setup = {
        "bash": f"source {SCRIPTS}/ipwlctl.bash; PS1='ready> '",
        "zsh": f"fpath=({directory}/zsh $fpath); autoload -U compinit; compinit -u -D; "
               "PS1='ready> '",
        "fish": f"source {SCRIPTS}/ipwlctl.fish; function fish_prompt; echo 'ready> '; end",
    }[shell]
    start = {"bash": ["bash", "--norc", "--noprofile"], "zsh": ["zsh", "-f"], "fish": ["fish", "-N"]}
    terminal = Terminal(*start[shell], width=300, height=30,
                        PATH=f"{directory}/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                        XDG_CONFIG_HOME=str(directory), XDG_DATA_HOME=str(directory))
    terminal.type(f" cd {directory}; {setup}; clear", "Enter")
    terminal.wait(lambda screen: screen.startswith("ready>") and setup[:20] not in screen)
    return terminal


def test_each_file_is_one_of_a_shell():
    for shell, check in ("bash", "-n"), ("zsh", "-n"), ("fish", "-n"):
        subprocess.run([shell, check, SCRIPTS / f"ipwlctl.{shell}"], check=True,
                       env=environment())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_in_a_shell(shell, daemon, tmp_path):
    daemon.answers["GET", "/v1/status"] = 200, STATUS
    domains = [{"name": f"spf:{name}.example", "list": "partners"} for name in ("one", "two")]
    daemon.answers["GET", "/v1/domains"] = 200, {"schema_version": 1, "domains": domains}
    with start_shell(shell, tmp_path) as terminal:

        def press(text, expected):
            """Type a text and a tab; wait for what the command line then shows."""
            terminal.type(text, "Tab")
            terminal.wait(expected)
            # An interrupt could be lost while the shell completes; a key waits its turn.
            terminal.type("C-u")
            terminal.wait(lambda screen: screen.rstrip().endswith("ready>"))

        press("ipwlctl feed", "ipwlctl feeds")
        press("ipwlctl learn backf", "ipwlctl learn backfill")
        press("ipwlctl lint --che", "ipwlctl lint --check")
        press("ipwlctl list --source=lear", "ipwlctl list --source=learned")
        press(f"ipwlctl --socket {daemon.path} add --list par", "add --list partners")
        press(f"ipwlctl --socket {daemon.path} domains diff spf:o",
              "domains diff spf:one.example")
        press("ipwlctl import not", "ipwlctl import notes.list")
        # Several candidates are listed.
        terminal.type("ipwlctl lint --check ", "Tab", "Tab")
        terminal.wait(lambda screen: all(word in screen for word in (
            "redundant", "conflict", "unused", "expiring", "wide", "space")))


def test_bash_registers_it():
    done = subprocess.run(["bash", "-c", 'source "$0"; complete -p ipwlctl',
                           SCRIPTS / "ipwlctl.bash"], capture_output=True, text=True, check=True)
    assert "-F _ipwlctl ipwlctl" in done.stdout


def test_bash_behind_other_words(tmp_path):
    """sudo's own completion calls ours with a command line that begins elsewhere."""
    (tmp_path / "ipwlctl").symlink_to(PROGRAM)
    script = (f"source {shlex.quote(str(SCRIPTS / 'ipwlctl.bash'))}; COMP_LINE='A=1 ipwlctl de'; "
              "COMP_POINT=${#COMP_LINE}; COMP_WORDS=(ipwlctl de); COMP_CWORD=1; _ipwlctl; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "-uc", script], capture_output=True, text=True, check=True,
                          env=environment(PATH=f"{tmp_path}:/usr/bin:/bin"))
    assert (done.stdout, done.stderr) == ("del\ndetach\n", "")
