# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documents name exists: files, commands, metrics, make targets."""

import re

import pytest

from conftest import TOP, run

DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
IDS = [path.name for path in DOCUMENTS]
ROOMS = "scripts|user|bpf|include|tests|contrib|docs|man|packaging"


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_paths_lead_somewhere(path):
    text = path.read_text()
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (path.parent / target).exists(), target
    for name in re.findall(rf"(?:^|[\s`(])((?:{ROOMS})/[\w./-]*\w/?)", text):
        assert (TOP / name).exists(), name


@pytest.mark.parametrize("path", [*DOCUMENTS, TOP / "packaging/ipwld.yaml",
                                  TOP / "packaging/ipwld.service", TOP / "man/ipwld.yaml.5",
                                  TOP / "contrib/ipwl-alerts.yml"], ids=lambda path: path.name)
def test_commands_of_ipwlctl_exist(path, staged):
    shown = run(staged / "usr/sbin/ipwlctl", "--help").stdout
    commands = set(re.findall(r"^ +([a-z-]+)\b", shown, re.M))
    assert {"status", "detach"} <= commands
    for command in re.findall(r"[`/ ]ipwlctl ([a-z][a-z-]*)", path.read_text()):
        assert command in commands, command


def test_metrics_exist():
    exported = set(re.findall(r'\bipwl_[a-z_]+(?:total|entries|attached|successful|seconds|held|info)\b',
                              "".join(path.read_text()
                                      for path in (TOP / "user/web").glob("*.c"))))
    assert len(exported) >= 9
    for name in ("README.md", "contrib/ipwl-alerts.yml"):
        named = set(re.findall(r"\bipwl_[a-z_]+\b", (TOP / name).read_text()))
        named -= {"ipwl_conn"}  # the beginning of one, for grep
        assert named and named <= exported, named - exported


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_make_targets_exist(path):
    targets = {line.split("\t")[0] for line in run("make", "help").stdout.splitlines()}
    for target in re.findall(r"(?:^ +(?:sudo )?|`)make ([a-z-]+)", path.read_text(), re.M):
        assert target in targets, target
