# SPDX-License-Identifier: GPL-2.0-or-later
"""The sysctl and Prometheus files are accepted by the programs they are for. What the dashboard
shows is in tests/e2e/test_prometheus.py."""

import json
import re

import yaml
from conftest import TOP, run

CONTRIB = TOP / "contrib"


def test_prometheus_accepts_the_configuration_and_rules():
    assert run("promtool", "check", "config", CONTRIB / "prometheus.yml").returncode == 0


def test_alerts_fire_when_they_should_and_only_then():
    tests = TOP / "tests/packaging/alerts.test.yml"
    assert run("promtool", "test", "rules", tests).returncode == 0
    cases = [case for test in yaml.safe_load(tests.read_text())["tests"]
             for case in test["alert_rule_test"]]
    fired = {case["alertname"] for case in cases if case.get("exp_alerts")}
    silent = {case["alertname"] for case in cases if not case.get("exp_alerts")}
    alerts = set(re.findall(r"alert: (\w+)", (CONTRIB / "ipwl-alerts.yml").read_text()))
    assert fired == silent == alerts


def test_rates_are_recorded():
    tests = TOP / "tests/packaging/recording.test.yml"
    assert run("promtool", "test", "rules", tests).returncode == 0
    tested = set(re.findall(r"expr: (instance\w*:\w+:\w+)", tests.read_text()))
    recorded = set(re.findall(r"record: (\S+)", (CONTRIB / "ipwl-recording.yml").read_text()))
    assert tested == recorded


def test_the_dashboard_is_whole():
    """What Grafana does not check when it imports a dashboard."""
    dashboard = json.loads((CONTRIB / "grafana/ipwl.json").read_text())
    panels = dashboard["panels"]
    # Grafana 11.6 and later; "id" would be that of one installation.
    assert dashboard["schemaVersion"] >= 41 and "id" not in dashboard
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y)
                 for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    source = {"type": "prometheus", "uid": "${datasource}"}
    for panel in panels:
        if panel["type"] == "row":
            continue
        assert panel["title"] and panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == source
        references = [target["refId"] for target in panel["targets"]]
        assert references == sorted(set(references)), panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == source
            assert target["legendFormat"] or panel["type"] == "table", panel["title"]
            # Each metric is of the hosts that are chosen.
            metrics = re.findall(r"\b(?:ipwl|process|scrape)_\w+(?={|\[)", target["expr"])
            assert metrics and target["expr"].count('instance=~"$instance"') == len(metrics)
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]\w*)", json.dumps(dashboard)))
    assert used == variables


def test_the_kernel_knows_the_sysctls():
    """Read only: what the file sets is the machine's."""
    settings = re.findall(r"^([\w.]+) *= *(\S+)$", (CONTRIB / "60-ipwl.conf").read_text(), re.M)
    assert settings
    for name, value in settings:
        result = run("sysctl", "-n", name)
        assert result.returncode == 0
        assert int(result.stdout) in (0, 1) and int(value) in (0, 1)
