# SPDX-License-Identifier: GPL-2.0-or-later
"""The systemd unit: accepted by systemd, hardened, and still enough for ipwld."""

import configparser
import re

from conftest import run

# Of 10.0; what is left is uid 0, CAP_NET_ADMIN, CAP_BPF, CAP_SETUID to start the
# fetcher as another user, and the network.
EXPOSURE_MAX = 2.8


def service(staged):
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(staged / "usr/lib/systemd/system/ipwld.service")
    return unit["Service"]


def test_systemd_accepts_it(staged):
    # The file system of a real machine has these, a staged root has not.
    for target in ("sysinit", "basic", "shutdown", "multi-user"):
        (staged / f"usr/lib/systemd/system/{target}.target").write_text("[Unit]\n")
    try:
        result = run("systemd-analyze", "--root", staged, "--man=no", "verify", "ipwld.service")
    finally:
        for path in (staged / "usr/lib/systemd/system").glob("*.target"):
            path.unlink()
    assert result.returncode == 0
    assert "ipwld" not in result.stdout


def test_exposure(staged):
    result = run("systemd-analyze", "--no-pager", "--offline=yes",
                 f"--threshold={EXPOSURE_MAX * 10:.0f}", "security",
                 staged / "usr/lib/systemd/system/ipwld.service")
    score = re.search(r"Overall exposure level for ipwld.service: ([\d.]+)", result.stdout)
    assert score and float(score[1]) <= EXPOSURE_MAX
    assert result.returncode == 0


def test_stopping_leaves_the_data_plane(staged):
    unit = service(staged)
    assert not {key for key in unit if key.startswith("ExecStop")}
    # Rule numbers must live as long as the pinned counters: until the next boot.
    assert unit["RuntimeDirectory"] == "ipwl"
    assert unit["RuntimeDirectoryPreserve"] == "yes"
    assert "/sys/fs/bpf" in unit["ReadWritePaths"].split()


def test_others_can_read_exports_and_not_the_state(staged):
    unit = service(staged)
    assert unit["StateDirectory"].split() == ["ipwl", "ipwl/export"]
    assert unit["StateDirectoryMode"] == "0755"
    # Of state.db; exports get their mode whatever it is.
    assert unit["UMask"] == "0077"
