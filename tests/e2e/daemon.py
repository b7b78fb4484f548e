# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwld and ipwlctl of the build, in the MX's namespace, and what they say."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess

import netns
from lab import wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / (os.environ.get("IPWL_BUILD") or os.environ.get("B") or "build")
METRICS = ("127.0.0.1", 12525)
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# What each sender in lab.py is to these lists.
PARTNERS = """\
  - name: partners
    action: allow
    mark: 0x1
    priority: 6
    entries:
      - 198.51.100.0/24
      - 2001:db8:a::/48
      - 203.0.113.77
      - 2001:db8:bad::77
    files: [{top}/allow.d/*.list]
"""
DROP = """\
  - name: drop
    action: block
    entries:
      - 203.0.113.0/24
      - 2001:db8:bad::/48
    files: [{top}/block.d/*.list]
"""

EX_CONFIG = 78  # how ipwld ends on a bad configuration
DONE, NEGATIVE, USAGE, UNREACHABLE, INVALID, DENIED, IS_BLOCKED = range(7)

# Behind a configuration that takes allow entries away under traffic, by reloads or by hand.
UNGUARDED = ("guard: {max_removed_entries: none, max_removed_share: 100, "
             "max_deleted_entries: none}\n")


def without_space(warnings):
    """Warnings except those of hazards: all addresses of the lab are hazards."""
    return [line for line in warnings if " in the block list " not in line]


def write_at_once(path, text):
    """Who reads meanwhile finds the old text or the new one."""
    part = path.with_suffix(".new")
    part.write_text(text, encoding="utf-8")
    part.rename(path)


class Ipwld:
    """One daemon with all its directories below a temporary one."""

    def __init__(self, namespace, top=None):
        self.namespace = namespace
        self.top = top or netns.temporary_directory()
        self.config = self.top / "ipwld.yaml"
        self.state = self.top / "state"
        self.bpffs = self.top / "bpf/ipwl"
        self.socket = self.top / "run/control.sock"
        self.log = self.top / "ipwld.log"
        self.process = None
        for path in ("allow.d", "block.d", "state", "run"):
            (self.top / path).mkdir(exist_ok=True)
        if not os.path.ismount(self.bpffs.parent):
            netns.mount("bpf", self.bpffs.parent)

    def configure(self, interfaces="eth0", mode="enforce", ports="25", xdp_mode="auto",
                  lists=PARTNERS + DROP, extra=""):
        """Write the configuration file."""
        if "sessions:" not in extra:
            # They would be those of all tests that run.
            extra = re.sub(r"^learn:(?:\n  | \{)", lambda head: head[0] + "sessions: {mode: off}" +
                           (", " if head[0].endswith("{") else "\n  "), extra, flags=re.MULTILINE)
        write_at_once(
            self.config,
            f"interfaces: [{interfaces}]\nxdp_mode: {xdp_mode}\nports: [{ports}]\nmode: {mode}\n"
            f"state_dir: {self.state}\nruntime_dir: {self.socket.parent}\n"
            f"bpffs_dir: {self.bpffs}\nmetrics:\n  listen: {METRICS[0]}:{METRICS[1]}\n{extra}"
            + (f"lists:\n{lists.format(top=self.top)}" if lists else ""))

    def write_list(self, name, *lines):
        """Write a list file, like allow.d/a.list."""
        path = self.top / name
        write_at_once(path, "".join(f"{line}\n" for line in lines))
        return path

    # ---- the process -------------------------------------------------------

    def argv(self, *options):
        return [BUILD / "ipwld", "-c", self.config, *options]

    def spawn(self, wrapper=(), **options):
        """Start it and do not wait. wrapper is a command that runs its arguments."""
        netns.at_exit(self.kill)
        with open(self.log, "ab") as log, netns.uninterrupted():
            self.process = self.namespace.popen(
                *wrapper, *self.argv("-f"), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **options)

    def start(self):
        """Start it and return when it answers."""
        self.spawn()
        self.await_answer()

    def await_answer(self):
        def is_up():
            if self.process.poll() is not None:
                raise AssertionError(
                    f"ipwld ended with {self.process.returncode}:\n{self.words()}")
            with contextlib.suppress(OSError):
                return self.request("GET", "/v1/status")[0] == 200
            return False
        wait_for(is_up, "ipwld answers")

    def stop(self, number=signal.SIGTERM):
        """End it and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(netns.PATIENCE_SEC)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def words(self):
        """What it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    # ---- ipwlctl and the control socket ------------------------------------

    def ctl(self, *argv, **options):
        """Run ipwlctl; returns the finished process."""
        return self.namespace.run(BUILD / "ipwlctl", "--socket", self.socket, *argv,
                                  check=False, **options)

    def popen_ctl(self, *argv):
        """Start ipwlctl."""
        return self.namespace.popen(BUILD / "ipwlctl", "--socket", self.socket, *argv)

    def ask(self, *argv, status=DONE):
        """Run `ipwlctl --json`, expect that exit status, and return the object."""
        result = self.ctl("--json", *argv)
        assert result.returncode == status, \
            f"{argv}: exit {result.returncode}\n{result.stdout}{result.stderr}"
        answer = json.loads(result.stdout)
        assert answer["schema_version"] == 1
        return answer

    def open_socket(self, timeout=netns.PATIENCE_SEC):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(str(self.socket))
        except OSError:
            connection.close()
            raise
        return connection

    def request(self, method, path, body=None):
        """One request on the control socket: (status, object)."""
        connection = http.client.HTTPConnection("ipwl")
        connection.sock = self.open_socket()
        with contextlib.closing(connection):
            raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
            connection.request(method, path, raw)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def manual(self):
        """The manual entries."""
        status, answer = self.request("GET", "/v1/entries?source=manual")
        assert (status, answer["next"]) == (200, None), answer
        return answer["entries"]

    def status(self):
        status, answer = self.request("GET", "/v1/status")
        assert status == 200, answer
        return answer

    def interface(self, name="eth0"):
        """One interface's part of the status."""
        found, = [item for item in self.status()["interfaces"] if item["name"] == name]
        return found

    def packets(self, name="eth0"):
        """Packets of an interface by verdict, both families and none."""
        return self.interface(name)["packets"]

    # ---- metrics -----------------------------------------------------------

    def metrics_text(self, accept=None):
        """The metrics as text: in OpenMetrics if the header "Accept" asks for it."""
        connection = http.client.HTTPConnection(*METRICS, timeout=netns.PATIENCE_SEC)
        with self.namespace.entered():
            connection.connect()
        with contextlib.closing(connection):
            connection.request("GET", "/metrics", headers={"Accept": accept} if accept else {})
            response = connection.getresponse()
            assert response.status == 200 and response.getheader("Vary") == "Accept"
            kind = response.getheader("Content-Type")
            assert kind == (OPENMETRICS if accept == OPENMETRICS else
                            "text/plain; version=0.0.4; charset=utf-8"), kind
            return response.read().decode()

    def metrics(self):
        """All samples: {(name, ((label, value), …)): number}."""
        return parse_metrics(self.metrics_text())

    def counters(self, what="packets", interface="eth0"):
        """{(family, verdict): number} of an interface; what: packets, bytes, connections."""
        found = {}
        for (name, labels), value in self.metrics().items():
            labels = dict(labels)
            if name == f"ipwl_{what}_total" and labels["interface"] == interface and value:
                found[labels["family"], labels["verdict"]] = int(value)
        return found

    def metric(self, name, **labels):
        """The one sample of that name with these labels."""
        return self.metrics()[(name, tuple(sorted(labels.items())))]

    def metric_sum(self, name, **labels):
        """The sum of all samples of that name with these labels and others."""
        return sum(value for (of, its), value in self.metrics().items()
                   if of == name and labels.items() <= dict(its).items())


def parse_metrics(text):
    samples = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            assert match, f"not a sample: {line!r}"
            labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")
            key = (match[1], tuple(sorted(labels)))
            assert key not in samples, f"twice: {line}"
            samples[key] = float(match[3])
    return samples


def has_programs(namespace, interface="eth0"):
    """What of ipwl the kernel shows on an interface: (xdp, tc)."""
    link = namespace.ip("-d", "link", "show", interface).stdout
    filters = namespace.run("tc", "filter", "show", "dev", interface, "ingress").stdout
    return "xdp" in re.sub(r"<[^>]*>", "", link), "ipwl" in filters
