# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses in block lists that no block list should have: told wherever people write them."""

import pytest
from daemon import DONE, NEGATIVE

LISTS = """\
  - name: friends
    action: allow
    entries: [10.0.0.0/8]
  - name: foes
    action: block
    entries: [9.9.0.0/16]
    files: [{top}/block.d/*.list]
"""


@pytest.fixture(name="hazardous")
def _hazardous(lab, ipwld):
    """A configuration with a file that has some of each kind."""
    lab.mx.ip("addr", "add", "5.9.1.1/24", "dev", "eth0")
    ipwld.configure(lists=LISTS, extra="protected: [7.7.0.0/16]\n")
    ipwld.write_list("block.d/a.list", "# mine", "5.9.0.0/16", "7.7.7.7", "8.8.8.8", "172.16.0.1",
                     "198.51.100.0/24", "10.0.0.0/8")
    return ipwld


def expected(ipwld, kind=""):
    path = ipwld.top / "block.d/a.list"
    return [f"{path}: {kind}2 more times the block list foes has reserved, own or protected "
            "address space: exclude it from the list, or see `ipwlctl lint --check space'",
            f"{path}:5: {kind}172.16.0.1 in the block list foes is private space, "
            "172.16.0.0/12",
            f"{path}:6: {kind}198.51.100.0/24 in the block list foes is documentation space, "
            "198.51.100.0/24",
            f"{path}:7: {kind}10.0.0.0/8 in the block list foes is private space, 10.0.0.0/8"]


def test_a_check_a_start_and_a_reload_name_file_and_line(hazardous):
    check = hazardous.ctl("check-config", hazardous.config)
    assert check.returncode == DONE
    assert [line for line in check.stderr.splitlines() if "space" in line] \
        == expected(hazardous, "warning: ")
    hazardous.start()
    for line in expected(hazardous):
        assert line in hazardous.words()
    assert [line for line in hazardous.ask("reload")["warnings"] if "space" in line] \
        == expected(hazardous)
    # What the list excludes, wherever that stands, is none.
    path = hazardous.top / "block.d/a.list"
    path.write_text("5.9.0.0/16\n!5.9.1.1\n8.8.8.8\n10.0.0.0/8\n!10.0.0.0/9\n!10.128.0.0/9\n",
                    encoding="utf-8")
    assert hazardous.ask("reload")["warnings"] == []


def test_lint_finds_all_of_it(hazardous):
    hazardous.start()
    assert hazardous.ask("add", "--list", "foes", "127.0.0.1")["warnings"] \
        == ["127.0.0.1 is loopback space, 127.0.0.0/8"]
    assert hazardous.ask("add", "--list", "foes", "8.8.4.4")["warnings"] == []
    answer = hazardous.ask("lint", "--check", "space", status=NEGATIVE)
    path = hazardous.top / "block.d/a.list"
    found = {item["prefix"]: (item["message"], item["suggestion"]) for item in answer["findings"]}
    assert found == {
        "10.0.0.0/8": ("is private space, 10.0.0.0/8",
                       f"remove it from {path}:7, or exclude !10.0.0.0/8"),
        "127.0.0.1/32": ("is loopback space, 127.0.0.0/8",
                         "ipwlctl del --list foes 127.0.0.1, or exclude !127.0.0.0/8"),
        "172.16.0.1/32": ("is private space, 172.16.0.0/12",
                          f"remove it from {path}:5, or exclude !172.16.0.0/12"),
        "198.51.100.0/24": ("is documentation space, 198.51.100.0/24",
                            f"remove it from {path}:6, or exclude !198.51.100.0/24"),
        "5.9.0.0/16": ("would block this host's own address 5.9.1.1",
                       f"remove it from {path}:2, or exclude !5.9.1.1"),
        "7.7.7.7/32": ("would block the protected 7.7.0.0/16",
                       f"remove it from {path}:3, or exclude !7.7.0.0/16")}
    assert hazardous.ask("lint", "--check", "space", "--list", "friends", status=DONE)["total"] == 0


def test_import_names_the_lines(hazardous, tmp_path):
    hazardous.start()
    path = tmp_path / "more.txt"
    path.write_text("8.8.4.4\n10.1.1.1\n5.9.1.1\n", encoding="utf-8")
    for options in ["--dry-run"], ["--force"]:
        result = hazardous.ctl("import", "--list", "foes", *options, path)
        assert result.returncode == DONE
        assert f"{path}:2: 10.1.1.1 in the block list foes is private space" \
            in result.stderr
        assert f"{path}:3: 5.9.1.1 in the block list foes would block this host's own " \
            "address 5.9.1.1" in result.stderr
        assert "8.8.4.4" not in result.stderr
    assert "10.1.1.2" not in hazardous.ctl("import", "--list", "friends", path).stderr
