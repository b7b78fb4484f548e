# SPDX-License-Identifier: GPL-2.0-or-later
"""The benchmark runs to its end with small lists and few packets, and its peers drop
what is listed and no more. Figures are not judged: a test shares its machine."""
import json
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("B", "build"))
SECTIONS = {
    "limits": "one dependent read",
    "packets": "IPv4 UDP",
    "decision": "decision, any sources",
    "attempts": "listed sources, SYN",
    "path": "listed sources: xdp-filter, times ipwl",
    "load": "from list files to in force",
    "daemon": "add an entry, median",
    "greeting": "greeting, allowed, by a lane",
    "large": "kernel memory",
}


def run(*arguments):
    return subprocess.run(
        [f"{BUILD}/tests/bench/bench", "--ipwld", f"{BUILD}/ipwld", *arguments],
        capture_output=True, text=True, timeout=1800, check=False)


@pytest.mark.parametrize("section", SECTIONS)
def test_section_gives_figures(section, tmp_path):
    report = tmp_path / "report.json"
    result = run("--quick", "--max", "1000", "--only", section, "--json", str(report))
    assert result.returncode == 0, result.stdout + result.stderr
    content = json.loads(report.read_text())
    assert content["machine"]["kernel"]
    assert content["machine"]["last_cache"]
    names = [f"{figure['section']}: {figure['what']}" for figure in content["figures"]]
    assert any(SECTIONS[section] in name for name in names), names
    for figure in content["figures"]:
        assert isinstance(figure["value"], float), figure
        assert (figure["goal"] is None) == (figure["met"] is None), figure


def test_flood_gives_figures(tmp_path):
    report = tmp_path / "report.json"
    result = subprocess.run(
        [f"{ROOT}/tests/bench/syn_flood.py", "--quick", "--json", str(report)],
        env={**os.environ, "B": BUILD}, capture_output=True, text=True, timeout=1800, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    content = json.loads(report.read_text())
    assert not content["problems"], content
    ways = content["ways"]
    assert set(ways) == {"floor", "no cookies", "kernel cookies", "always cookies", "synproxy",
                         "postscreen", "ipwl off", "ipwl"}
    for way, figures in ways.items():
        assert figures["ns_per_syn"] > 0 and figures["millions_per_second"] > 0, way
        if way != "floor":
            assert figures["done"] <= content["sessions"] and figures["idle_p99_ms"] > 0, way


def test_unknown_section_is_refused():
    result = run("--only", "nothing")
    assert result.returncode != 0
    assert "there is no section nothing" in result.stderr
