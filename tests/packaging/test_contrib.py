# SPDX-License-Identifier: GPL-2.0-or-later
"""The sysctl and Prometheus files are accepted by the programs they are for. What the dashboard
shows is in tests/e2e/test_prometheus.py."""

import re

from conftest import TOP, run

CONTRIB = TOP / "contrib"


def test_prometheus_accepts_the_configuration_and_rules():
    assert run("promtool", "check", "config", CONTRIB / "prometheus.yml").returncode == 0


def test_alerts_fire_when_they_should_and_only_then():
    tests = TOP / "tests/packaging/alerts.test.yml"
    assert run("promtool", "test", "rules", tests).returncode == 0
    named = set(re.findall(r"alertname: (\w+)", tests.read_text()))
    alerts = set(re.findall(r"alert: (\w+)", (CONTRIB / "ipwl-alerts.yml").read_text()))
    assert named == alerts


def test_rates_are_recorded():
    tests = TOP / "tests/packaging/recording.test.yml"
    assert run("promtool", "test", "rules", tests).returncode == 0
    tested = set(re.findall(r"expr: (instance\w*:\w+:\w+)", tests.read_text()))
    recorded = set(re.findall(r"record: (\S+)", (CONTRIB / "ipwl-recording.yml").read_text()))
    assert tested == recorded


def test_the_kernel_knows_the_sysctls():
    """Read only: what the file sets is the machine's."""
    settings = re.findall(r"^([\w.]+) *= *(\S+)$", (CONTRIB / "60-ipwl.conf").read_text(), re.M)
    assert settings
    for name, value in settings:
        result = run("sysctl", "-n", name)
        assert result.returncode == 0
        assert int(result.stdout) in (0, 1) and int(value) in (0, 1)
