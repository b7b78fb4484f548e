# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of contrib/ in a real Prometheus that scrapes a daemon under traffic: each query of
the dashboard has an answer, and each rule can be evaluated."""

import json
import math
import re
import time

import pytest

import frames
from daemon import DROP, PARTNERS
from lab import SENDERS, wait_for
from nameserver import NameServer
from prometheus import CONTRIB, Prometheus
from sources import Source, feed

DASHBOARD = CONTRIB / "grafana/ipwl.json"
DOMAIN = "partner.example"
SHADOW = """\
  - name: shadow
    action: block
    mode: monitor
    entries: [44.0.0.0/9]
"""
EXTRA = """\
learn: {{list: partners, mode: suggest, postfix: {{file: {top}/mail.log}}}}
exports: [{{path: {top}/allow.txt, format: plain, lists: [partners]}}]
resolver: {{servers: ['{resolver}']}}
"""
# What Grafana puts in for its own variables, for a dashboard of the last minute.
VARIABLES = {"instance": ".*", "interface": ".*", "job": ".*", "__rate_interval": "15s",
             "__range": "60s", "datasource": "prometheus"}


def dashboard():
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def substitute(text):
    return re.sub(r"\$\{?(\w+)\}?", lambda match: VARIABLES[match[1]], text)


def send_some(wire, count):
    # Attempts of their own: a SYN that is sent again would count once.
    for address in [address for sender in SENDERS for address in sender.addresses] + ["44.1.2.3"]:
        wire.send(*[frames.tcp(wire, address) for _ in range(count)], frames.udp(wire, address))


@pytest.fixture(name="busy")
def _busy(lab, ipwld):
    """A daemon that has something of everything."""
    source = Source(lab.mx)
    source.put("/nets", *(f"9.9.{number}.0/24" for number in range(100)))
    zone = NameServer(namespace=lab.mx)
    zone.put(DOMAIN, TXT="v=spf1 ip4:5.1.0.0/24 -all")
    (ipwld.top / "mail.log").touch()
    ipwld.configure(
        lists=f"{PARTNERS}    domains: ['spf:{DOMAIN}']\n{DROP}    feeds:\n"
              f"{feed('botnets', source.url('/nets'))}{SHADOW}",
        extra=EXTRA.format(top=ipwld.top, resolver=zone.address))
    ipwld.start()
    wait_for(lambda: all(item["last_fetch"] for item in
                         ipwld.ask("feeds")["feeds"] + ipwld.ask("domains")["domains"]), "fetched")
    return ipwld


@pytest.fixture(name="scraped")
def _scraped(lab, busy, wire):
    """A Prometheus that has seen the counters before and after some traffic, and a restart."""
    prometheus = Prometheus(lab.mx)
    wait_for(lambda: prometheus.query("ipwl_build_info"), "it is scraped", 0.2)
    send_some(wire, 20)
    for number in range(5):
        busy.ask("report", "ham", f"44.1.{number}.7")
    assert busy.stop() == 0
    busy.start()
    blocked = busy.metric_sum("ipwl_connections_total", verdict="block")
    assert blocked == 40
    wait_for(lambda: prometheus.query('sum(ipwl_connections_total{verdict="block"})')
             == {frozenset(): blocked}, "it has seen the traffic", 0.2)
    # Two scrapes more, so that the last look is complete.
    count = prometheus.query("count_over_time(ipwl_build_info[1h])")
    wait_for(lambda: [*prometheus.query("count_over_time(ipwl_build_info[1h])").values()][0]
             >= [*count.values()][0] + 2, "two more scrapes", 0.2)
    return prometheus


def check_answer(what, answer):
    """Some number, and no NaN."""
    numbers = [number for value in answer.values()
               for number in (value if isinstance(value, list) else [value])]
    assert numbers, f"{what}: nothing"
    assert all(math.isfinite(number) for number in numbers), (what, answer)


def test_each_query_has_an_answer(scraped, busy):
    now = time.time()
    queries = 0
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", []):
            expression = substitute(target["expr"])
            answer = scraped.query(expression) if target["instant"] \
                else scraped.graph(expression, 30, now)
            check_answer((panel["title"], expression), answer)
            for labels in answer:
                known = dict(labels)
                missing = [name for name in re.findall(r"{{(\w+)}}", target["legendFormat"])
                           if name not in known]
                assert not missing, (panel["title"], missing, known)
            queries += 1
    assert queries > 40
    for annotation in dashboard()["annotations"]["list"]:
        check_answer(annotation["name"], scraped.graph(substitute(annotation["expr"]), 60, now))
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["definition"]) \
                .groups()
            values = scraped.ask(f"label/{label}/values", **{"match[]": substitute(metric)})
            assert values, variable["name"]
    assert busy.interface()["attached"]


def test_figures_are_those_of_ipwld(scraped, busy):
    """What a panel shows is what was sent."""
    def rose(verdict):
        found, = scraped.query(f'sum(max_over_time(ipwl_connections_total{{verdict="{verdict}"}}'
                               f'[1h]) - min_over_time(ipwl_connections_total{{'
                               f'verdict="{verdict}"}}[1h]))').values()
        return found
    for verdict, count in {"allow": 40, "averted": 40, "block": 40, "unlisted": 40,
                           "would_block": 20}.items():
        assert rose(verdict) == count == busy.metric_sum("ipwl_connections_total",
                                                         verdict=verdict), verdict
    protection, = [panel for panel in dashboard()["panels"] if panel["title"] == "Protection"]
    expression = substitute(protection["targets"][0]["expr"])
    assert [*scraped.query(expression).values()] == [2]
    busy.ctl("detach")
    wait_for(lambda: [*scraped.query(expression).values()] == [0], "it is not attached", 0.2)


def test_prometheus_reads_openmetrics(scraped):
    """The name of a counter without its suffix is that of OpenMetrics."""
    types = {item["metric"]: item["type"] for item in scraped.ask("targets/metadata")}
    assert types["ipwl_connections"] == "counter" and types["ipwl_list_entries"] == "gauge"
    assert "ipwl_connections_total" not in types
    assert scraped.query("up") == {frozenset({
        "__name__": "up", "job": "ipwl", "instance": "localhost:12525"}.items()): 1}


def test_rules(scraped):
    """All can be evaluated, and what is recorded is there."""
    rules = [rule for group in scraped.ask("rules")["groups"] for rule in group["rules"]]
    wait_for(lambda: all(rule["health"] == "ok" for group in scraped.ask("rules")["groups"]
                         for rule in group["rules"]), "all are evaluated", 0.5)
    recorded = [rule["name"] for rule in rules if rule["type"] == "recording"]
    assert len(recorded) > 3 and len(rules) > 20
    for name in recorded:
        wait_for(lambda name=name: scraped.query(name), f"{name} is recorded", 0.5)
    firing = {alert["labels"]["alertname"] for alert in scraped.ask("alerts")["alerts"]
              if alert["state"] == "firing"}
    assert not firing
