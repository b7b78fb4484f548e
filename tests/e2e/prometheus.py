# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus with the configuration of contrib/, in a network namespace."""

import contextlib
import http.client
import json
import re
import subprocess
import urllib.parse

import netns
from daemon import ROOT
from lab import wait_for

PORT = 9090
CONTRIB = ROOT / "contrib"


class Prometheus:
    """Scrapes ipwld each second, unlike that of an administrator."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.top = netns.temporary_directory()
        self._configure()
        netns.at_exit(self.close)
        with open(self.top / "log", "wb") as log, netns.uninterrupted():
            self.process = namespace.popen(
                "prometheus", f"--config.file={self.top}/prometheus.yml",
                f"--storage.tsdb.path={self.top}/data", f"--web.listen-address=127.0.0.1:{PORT}",
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_for(self._is_up, "Prometheus is ready")

    def _configure(self):
        """The files as they are; only the times are shorter."""
        text = (CONTRIB / "prometheus.yml").read_text(encoding="utf-8")
        (self.top / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n" + text,
            encoding="utf-8")
        for name in re.findall(r"^  - (\S+\.yml)$", text, re.M):
            rules = (CONTRIB / name).read_text(encoding="utf-8")
            (self.top / name).write_text(re.sub(r"^( +interval:) 1m$", r"\1 1s", rules,
                                                flags=re.M), encoding="utf-8")

    def _is_up(self):
        assert self.process.poll() is None, (self.top / "log").read_text(encoding="utf-8")
        with contextlib.suppress(OSError):
            return self._get("/-/ready")[0] == 200
        return False

    def close(self):
        self.process.kill()
        self.process.wait()

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=netns.PATIENCE_SEC)
        with self.namespace.entered():
            connection.connect()
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()

    def ask(self, path, **parameters):
        """The data of an answer of the API; a list is a parameter that is repeated."""
        status, body = self._get(f"/api/v1/{path}?{urllib.parse.urlencode(parameters, True)}")
        answer = json.loads(body)
        assert status == 200 and answer["status"] == "success", (path, parameters, answer)
        return answer["data"]

    def query(self, expression):
        """{labels as a frozen set of pairs: number} now."""
        data = self.ask("query", query=expression)
        assert data["resultType"] in ("vector", "scalar"), data
        return {frozenset(item["metric"].items()): float(item["value"][1])
                for item in data["result"]}

    def graph(self, expression, seconds, now):
        """{labels: [number, …]} of the last seconds."""
        data = self.ask("query_range", query=expression, start=now - seconds, end=now, step=1)
        return {frozenset(item["metric"].items()): [float(value) for _, value in item["values"]]
                for item in data["result"]}
