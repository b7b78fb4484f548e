# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documents name exists: files, commands, metrics, make targets."""

import re
import sys

import pytest

from conftest import TOP, run

sys.path.insert(0, str(TOP / "tests/e2e"))
import daemon  # noqa: E402
import netns  # noqa: E402
import sources  # noqa: E402
from lab import wait_for  # noqa: E402

DOCUMENTS = [*sorted(TOP.glob("*.md")), *sorted((TOP / "docs").glob("*.md"))]
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
                                  TOP / "packaging/systemd/ipwld.service", TOP / "man/ipwld.yaml.5",
                                  TOP / "contrib/ipwl-alerts.yml"], ids=lambda path: path.name)
def test_commands_of_ipwlctl_exist(path, staged):
    shown = run(staged / "usr/bin/ipwlctl", "--help").stdout
    commands = set(re.findall(r"^ +([a-z-]+)\b", shown, re.M))
    assert {"status", "detach"} <= commands
    for command in re.findall(r"[`/ ]ipwlctl ([a-z][a-z-]*)", path.read_text()):
        assert command in commands, command


@pytest.fixture(scope="module", name="exported")
def _exported():
    """The names that /metrics of a daemon with a list of each kind, a lane, a feed, a domain, an
    export, learning, a rescue and a fleet has."""
    netns.guard()
    with netns.scope():
        namespace = netns.Namespace("documents")
        namespace.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer")
        namespace.ip("link", "set", "eth0", "up")
        ipwld = daemon.Ipwld(namespace)
        source = sources.Source(namespace)
        source.put("/list", "9.9.9.0/24")
        key = ipwld.top / "fleet.key"
        key.write_text("k" * 32 + "\n", encoding="utf-8")
        ipwld.configure(lists=daemon.PARTNERS + "    domains: [mail.partner.example]\n"
                        "    lane: {{ipv4: 127.0.0.1:10025}}\n" + daemon.DROP +
                        "    on_block: reject\n    feeds:\n" +
                        sources.feed("one", source.url("/list")),
                        extra=f"exports:\n  - {{format: plain, path: {ipwld.top}/allow}}\n"
                              "learn: {list: partners}\n"
                              "rescue: [{zone: wl.test, list: partners, min_trust: low}]\n"
                              "fleet: {name: mail, host: mx1, url: 'unix:/nonexistent/redis', "
                              f"key_file: {key}, feeds: true}}\n")
        ipwld.start()
        wait_for(lambda: ipwld.status()["exports"][0]["successful"], "the export is written")
        yield {name for name, _ in ipwld.metrics()}


@pytest.mark.parametrize("name", ["README.md", "contrib/ipwl-alerts.yml", "man/ipwld.yaml.5"])
def test_metrics_exist(name, exported):
    """As a daemon has them, not as its source reads."""
    named = set(re.findall(r"\bipwl_[a-z_]+\b", (TOP / name).read_text()))
    named -= {"ipwl_conn"}  # the beginning of one, for grep
    assert named and named <= exported, named - exported


@pytest.mark.parametrize("path", DOCUMENTS, ids=IDS)
def test_make_targets_exist(path):
    targets = {line.split("\t")[0] for line in run("make", "help").stdout.splitlines()}
    for target in re.findall(r"(?:^ +(?:sudo )?|`)make ([a-z-]+)", path.read_text(), re.M):
        assert target in targets, target
