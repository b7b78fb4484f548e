# SPDX-License-Identifier: GPL-2.0-or-later
"""/metrics as Prometheus reads it, with one client and with many."""

import concurrent.futures
import re
import socket

import frames
import netns
from daemon import METRICS
from lab import SENDERS

NAMES = {
    "ipwl_packets_total": {"interface", "family", "verdict"},
    "ipwl_bytes_total": {"interface", "family", "verdict"},
    "ipwl_connections_total": {"interface", "family", "verdict"},
    "ipwl_attempts_total": {"fate"},
    "ipwl_attempts_crowded_total": set(),
    "ipwl_list_packets_total": {"list", "action", "verdict"},
    "ipwl_list_connections_total": {"list", "action", "verdict"},
    "ipwl_averted_connections_total": {"allow_list", "block_list"},
    "ipwl_list_entries": {"list", "action", "family"},
    "ipwl_list_skipped_lines": {"list"},
    "ipwl_interface_attached": {"interface", "xdp_mode"},
    "ipwl_mode_in_force": {"mode"},
    "ipwl_enforcement_suspended": set(),
    "ipwl_expiring_in_use_entries": set(),
    "ipwl_config_last_reload_successful": set(),
    "ipwl_config_last_reload_success_timestamp_seconds": set(),
    "ipwl_build_info": {"version", "libbpf"},
}


def send_some(wire, count=10):
    for sender in SENDERS:
        for address in sender.addresses:
            wire.send(frames.tcp(wire, address), frames.udp(wire, address), count=count)


def test_promtool(running, wire):
    send_some(wire)
    result = netns.run("promtool", "check", "metrics", input=running.metrics_text(), check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_names_and_labels(running, wire):
    send_some(wire)
    text = running.metrics_text()
    found = {}
    for name, labels in running.metrics():
        if name.startswith("ipwl_"):
            found.setdefault(name, set()).add(frozenset(key for key, _ in labels))
    assert {name: found.get(name) for name in NAMES} \
        == {name: {frozenset(labels)} for name, labels in NAMES.items()}
    for name in NAMES:
        assert f"# HELP {name} " in text and re.search(rf"# TYPE {name} (counter|gauge)\n", text)
    # Never an address or a prefix.
    assert not re.search(r"\d+\.\d+\.\d+\.\d+|2001:db8", text)
    assert running.metric("ipwl_list_entries", list="partners", action="allow", family="ipv4") == 2
    assert running.metric("ipwl_list_entries", list="drop", action="block", family="ipv6") == 1
    assert running.metric("ipwl_config_last_reload_successful") == 1


def test_same_as_status(running, wire):
    send_some(wire)
    status = running.status()
    by_verdict = {}
    for (_, verdict), value in running.counters().items():
        by_verdict[verdict] = by_verdict.get(verdict, 0) + value
    assert by_verdict == {key: value for key, value in
                          status["interfaces"][0]["packets"].items() if value}
    for item in status["lists"]:
        for what in "packets", "connections":
            assert running.metric_sum(f"ipwl_list_{what}_total", list=item["name"],
                                      action=item["action"]) == item[what]


def test_a_hundred_clients(running):
    """All answered, each with the whole, while the control socket answers too."""
    def scrape(_):
        return len(running.metrics())

    with concurrent.futures.ThreadPoolExecutor(100) as pool:
        scrapes = pool.map(scrape, range(500))
        for _ in range(5):
            assert running.ctl("status").returncode == 0
        assert len(set(scrapes)) == 1


def test_a_hundred_that_do_not_read(running):
    """Connections that stay open and idle keep nobody out."""
    idle = []
    for index in range(100):
        with running.namespace.entered():
            connection = socket.create_connection(METRICS, timeout=netns.PATIENCE_SEC)
        if index % 2:
            connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        idle.append(connection)
    assert running.metric("ipwl_config_last_reload_successful") == 1
    assert running.status()
    for connection in idle:
        connection.close()


def test_nothing_else_there(running):
    """Only /metrics, and nothing of the control socket."""
    url = f"http://{METRICS[0]}:{METRICS[1]}"
    refused = ("404", "405", "501")
    for path, method, expected in (
            ("/metrics", "GET", ("200",)), ("/v1/status", "GET", refused),
            ("/v1/reload", "POST", refused), ("/v1/detach", "POST", refused),
            ("/metrics", "POST", refused), ("/v1/entries", "DELETE", refused)):
        result = running.namespace.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                       "-X", method, url + path)
        assert result.stdout in expected, (path, method)
    assert "\nAllow: GET, HEAD\n" in running.namespace.run(
        "curl", "-s", "-i", "-d", "", f"{url}/metrics").stdout.replace("\r", "")
    assert running.interface()["attached"]


def test_none(ipwld):
    """`listen: none` opens no port."""
    ipwld.configure()
    text = ipwld.config.read_text(encoding="utf-8")
    ipwld.config.write_text(text.replace(f"{METRICS[0]}:{METRICS[1]}", "none"), encoding="utf-8")
    ipwld.start()
    assert ipwld.namespace.run("ss", "-tlnH").stdout == ""
