# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipwlctl does by itself: check-config, and detach without a daemon."""
import os
import subprocess

import pytest
from conftest import PROGRAM, environment
from fake_daemon import error

CONFIG = """\
interfaces: [lo]
bpffs_dir: {directory}/bpf
lists:
  - name: partners
    action: allow
    entries:
      - 192.0.2.0/24
      - 2001:db8::/32
  - name: drop
    action: block
    files:
      - {directory}/*.list
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "ipwld.yaml"
    path.write_text(CONFIG.format(directory=tmp_path))
    (tmp_path / "a.list").write_text("9.9.9.0/24\n8.8.8.8\n!8.8.8.9\n")
    return path


@pytest.fixture
def pins(tmp_path):
    """What a daemon would have pinned, but for the kernel's objects."""
    path = tmp_path / "bpf" / "v1"
    path.mkdir(parents=True)
    (path / "settings").touch()
    return tmp_path / "bpf"


def test_check_config(ctl, config):
    done = ctl("check-config", config)
    assert (done.code, done.err) == (0, "")
    listed, summary = config.parent / "a.list", "3 prefixes: 2 entries, 1 exclusion"
    assert done.out == (f"{listed}: list drop, plain (recognised): {summary}\n"
                        f"{config}: valid, 2 lists with 4 entries\n")
    assert ctl("--json", "check-config", config).json() == {
        "schema_version": 1, "config": str(config), "valid": True, "error_count": 0,
        "warning_count": 0, "diagnostics": [], "list_files": [{
            "list": "drop", "path": str(listed), "format": "plain", "recognised": True,
            "records": 3, "entries": 2, "exclusions": 1, "skipped": 0, "skipped_lines": 0,
            "summary": summary}]}


def test_check_config_files(ctl, config):
    """The format of each file, and what was skipped, by kind; and one without an entry."""
    listed = config.parent / "b.list"
    listed.write_text("192.0.2.1 permit\n192.0.2.0/24 reject\n192.0.2.7/25 reject\n")
    done = ctl("check-config", config)
    assert done.code == 0
    assert done.out.splitlines()[1] == (
        f"{listed}: list drop, postfix-cidr (recognised): 3 rules: 1 entry, 1 exclusion, "
        "1 skipped: 1 with host bits")
    listed.write_text("192.0.2.0/24 permit\n192.0.2.7 dunno\n")
    done = ctl("check-config", config)
    assert done.code == 0
    assert (f"{listed}: warning: has lines but no entry for this block list; read as "
            "postfix-cidr, it has 2 rules: 0 entries, 2 skipped") in done.err
    for text in "", "# nothing\n", "!192.0.2.9\n":
        listed.write_text(text)
        assert ctl("check-config", config).err == ""


def test_check_config_errors(ctl, config):
    bad = config.parent / "b.list"
    bad.write_text("192.0.2.1\n192.0.2.1/24\nnonsense\n")
    done = ctl("check-config", config)
    assert (done.code, done.out) == (4, "")
    lines = done.err.splitlines()
    assert [line[:line.index(": ")] for line in lines] == [f"{bad}:2:1", f"{bad}:3:1"]
    answer = ctl("--json", "check-config", config)
    assert (answer.code, answer.err) == (4, "")
    answer = answer.json()
    assert (answer["valid"], answer["error_count"], answer["warning_count"]) == (False, 2, 0)
    for line, item in zip(lines, answer["diagnostics"], strict=True):
        assert set(item) == {"file", "line", "column", "severity", "message"}
        assert line == f"{item['file']}:{item['line']}:{item['column']}: {item['message']}"
        assert item["severity"] == "error"


def test_check_config_knows_the_interfaces(ctl, config):
    """A start waits for an interface that does not exist; a person may have mistyped."""
    config.write_text(config.read_text().replace("[lo]", "\n  - lo\n  - no-such-if0"))
    done = ctl("check-config", config)
    assert done.code == 0
    assert done.err.startswith(f"{config}:3: warning: there is no interface no-such-if0 now")
    answer = ctl("--json", "check-config", config).json()
    assert answer["valid"] and answer["warning_count"] == 1
    assert answer["diagnostics"][0]["line"] == 3


def test_check_config_shows_what_a_person_can_read(ctl, config):
    (config.parent / "b.list").write_text("nonsense\n" * 1001)
    done = ctl("check-config", config)
    assert done.code == 4
    *errors, last = done.err.splitlines()
    assert len(errors) == 20 and last == "and 981 more errors"
    assert len(ctl("--wide", "check-config", config).err.splitlines()) == 1001
    answer = ctl("--json", "check-config", config).json()
    assert answer["error_count"] == 1001 and len(answer["diagnostics"]) == 1000


def test_check_config_warning(ctl, config):
    (config.parent / "b.list").write_text("198.51.100.0/24\n")
    config.write_text(config.read_text().replace("192.0.2.0/24", "0.0.0.0/0"))
    done = ctl("check-config", config)
    assert done.code == 0
    assert "0.0.0.0/0" in done.err and "valid" in done.out
    answer = ctl("--json", "check-config", config).json()
    assert answer["valid"] is True and answer["warning_count"] >= 1
    assert {item["severity"] for item in answer["diagnostics"]} == {"warning"}


def test_check_config_tells_of_space(ctl, config):
    """What no block list should have, by file and line; in the errors' stead it says nothing."""
    listed = config.parent / "b.list"
    listed.write_text("# ours\n10.1.0.0/16\n8.8.4.4\n")
    done = ctl("check-config", config)
    assert (done.code, done.err) == (
        0, f"{listed}:2: warning: 10.1.0.0/16 in the block list drop is private space, "
        "10.0.0.0/8\n")
    item, = ctl("--json", "check-config", config).json()["diagnostics"]
    assert (item["file"], item["line"], item["severity"]) == (str(listed), 2, "warning")
    listed.write_text("10.1.0.0/16\nnonsense\n")
    assert "space" not in ctl("check-config", config).err


def test_check_config_missing_file(ctl, tmp_path):
    done = ctl("check-config", tmp_path / "none.yaml")
    assert (done.code, done.out) == (4, "")
    assert str(tmp_path / "none.yaml") in done.err
    answer = ctl("--json", "check-config", tmp_path / "none.yaml").json()
    assert (answer["diagnostics"][0]["line"], answer["diagnostics"][0]["column"]) == (None, None)
    if not os.path.exists("/etc/ipwl/ipwld.yaml"):
        done = ctl("check-config")
        assert done.code == 4 and "/etc/ipwl/ipwld.yaml" in done.err


def test_detach_by_the_daemon(ask, daemon, config, pins):
    daemon.answers["POST", "/v1/detach"] = 200, {"schema_version": 1, "detached": True}
    done = ask("detach", "--config", config)
    assert (done.code, done.err) == (0, "")
    assert done.out == "detached by ipwld, which is still running; nothing is filtered until a reload\n"
    assert ask("--json", "detach").json() == {"schema_version": 1, "detached": True, "by": "ipwld"}
    assert list(pins.iterdir())


@pytest.mark.parametrize("status, code, expected", [(403, "forbidden", 5), (500, "internal", 1)])
def test_detach_refused_by_the_daemon(ask, daemon, config, pins, status, code, expected):
    daemon.answers["POST", "/v1/detach"] = error(status, code, "no")
    for options in [], ["--json"]:
        done = ask(*options, "detach", "--config", config)
        assert (done.code, done.out, done.err) == (expected, "", "ipwlctl: no\n")
    assert list(pins.iterdir())


def test_detach_without_a_daemon(ctl, config, pins):
    done = ctl("detach", "--config", config, socket="/nonexistent")
    assert (done.code, done.out) == (
        0, f"detached without ipwld: everything pinned in {pins} has been removed\n")
    assert "cannot reach ipwld at /nonexistent" in done.err
    assert not pins.exists()
    done = ctl("detach", "--config", config, socket="/nonexistent")
    assert (done.code, done.out) == (0, f"nothing to detach: nothing is pinned in {pins}\n")
    done = ctl("--json", "detach", "--config", config, socket="/nonexistent")
    assert (done.code, done.json()) == (0, {"schema_version": 1, "detached": False, "by": "ipwlctl"})


@pytest.mark.parametrize("answer", [error(503, "unavailable", "stopping"), (200, b"nonsense"), b""])
def test_detach_by_an_unusable_daemon(ask, daemon, config, pins, answer):
    daemon.answers["POST", "/v1/detach"] = answer
    done = ask("--json", "detach", "--config", config)
    assert (done.code, done.json()) == (0, {"schema_version": 1, "detached": True, "by": "ipwlctl"})
    assert not pins.exists()


def test_detach_by_a_silent_daemon(ask, daemon, config, pins):
    daemon.answers["POST", "/v1/detach"] = None
    done = ask("detach", "--config", config)
    assert done.code == 0
    assert "did not answer within 10 s" in done.err and "detached without ipwld" in done.out
    assert not pins.exists()


def test_detach_without_permission(ctl, config, pins, tmp_path):
    assert os.geteuid() == 0, "this test gives up root by setpriv"
    pins.chmod(0o700)
    directory = tmp_path
    while str(directory).startswith("/tmp/"):
        directory.chmod(directory.stat().st_mode | 0o011)
        directory = directory.parent
    done = ctl("detach", "--config", config, socket="/nonexistent",
               prefix=("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"))
    assert (done.code, done.out) == (5, "")
    assert "run this as root" in done.err
    assert (pins / "v1" / "settings").exists()


def detach_in_a_private_sysfs(tmp_path, config, directory_exists):
    """Run `detach` where the default directory is a private one."""
    script = "mount -t tmpfs none /sys/fs/bpf && " + \
        ("mkdir -p /sys/fs/bpf/ipwl/v1 && touch /sys/fs/bpf/ipwl/v1/settings && "
         if directory_exists else "") + \
        '"$@"; code=$?; ls /sys/fs/bpf; exit $code'
    return subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", PROGRAM, "--socket", tmp_path / "none",
         "detach", "--config", config], env=environment(), capture_output=True, text=True,
        check=False)


def test_detach_with_a_broken_configuration(config, pins, tmp_path):
    """The default directory is tried; without one, nothing is claimed."""
    config.write_text("bpffs_dir: [\n")
    done = detach_in_a_private_sysfs(tmp_path, config, True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == \
        "detached without ipwld: everything pinned in /sys/fs/bpf/ipwl has been removed\n"
    assert f"{config}: cannot read bpffs_dir: looking in /sys/fs/bpf/ipwl instead" in done.stderr
    done = detach_in_a_private_sysfs(tmp_path, config, False)
    assert (done.returncode, done.stdout) == (4, "")
    assert f"{config}:" in done.stderr and "name the configuration" in done.stderr
    assert list(pins.iterdir())


def test_detach_without_a_configuration(tmp_path):
    """A file that was named and is not there is no reason to claim anything."""
    done = detach_in_a_private_sysfs(tmp_path, tmp_path / "none.yaml", False)
    assert (done.returncode, done.stdout) == (4, "")
    assert "name the configuration" in done.stderr


def test_detach_with_errors_elsewhere(ctl, config, pins):
    """Nothing but bpffs_dir matters, nor do list files."""
    config.write_text(config.read_text() + "mode: oops\nlists: [{name: a, action: allow, "
                      "files: [/nonexistent.list]}]\n")
    done = ctl("detach", "--config", config, socket="/nonexistent")
    assert done.code == 0, done.err
    assert not (pins / "v1").exists()
