# SPDX-License-Identifier: GPL-2.0-or-later
"""/metrics as Prometheus reads it, with one client and with many."""

import concurrent.futures
import os
import re
import socket
import time

from prometheus_client.openmetrics import parser

import frames
import netns
from daemon import METRICS, OPENMETRICS
from lab import SENDERS

NAMES = {
    "ipwl_packets_total": {"interface", "family", "verdict"},
    "ipwl_bytes_total": {"interface", "family", "verdict"},
    "ipwl_connections_total": {"interface", "family", "verdict"},
    "ipwl_attempts_total": {"fate"},
    "ipwl_attempts_crowded_total": set(),
    "ipwl_limits_mode": set(),
    "ipwl_flood_mode": set(),
    "ipwl_flood_active": set(),
    "ipwl_flood_without_cookies": set(),
    "ipwl_flood_syns_total": {"outcome"},
    "ipwl_limit_per_minute": {"of"},
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
    "process_cpu_seconds_total": set(),
    "process_virtual_memory_bytes": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
}
# Of a host in a fleet; ipwl_fleet_lag_seconds follows with its first change.
FLEET_NAMES = {
    "ipwl_fleet_connected": set(),
    "ipwl_fleet_last_contact_timestamp_seconds": set(),
    "ipwl_fleet_hosts": set(),
    "ipwl_fleet_different_hosts": set(),
    "ipwl_fleet_refused_hosts": set(),
    "ipwl_fleet_held_records": set(),
    "ipwl_fleet_records_total": {"result"},
    "ipwl_fleet_feed_copies_total": {"result"},
}
# Each scrape changes them.
CHANGING = {"process_cpu_seconds_total", "process_resident_memory_bytes",
            "process_virtual_memory_bytes", "process_open_fds"}


def send_some(wire, count=10):
    for sender in SENDERS:
        for address in sender.addresses:
            wire.send(frames.tcp(wire, address), frames.udp(wire, address), count=count)


def test_promtool(running, wire):
    send_some(wire)
    result = netns.run("promtool", "check", "metrics", input=running.metrics_text(), check=False)
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_openmetrics(running, wire):
    """The same samples, as another program reads them."""
    running.ctl("add", "--list", "drop", "44.0.0.1")
    send_some(wire)
    before = running.metrics()
    text = running.metrics_text(OPENMETRICS)
    expected = running.metrics()
    assert text.endswith("\n# EOF\n")
    found, types = {}, {}
    for family in parser.text_string_to_metric_families(text):
        types[family.name] = family.type
        assert family.documentation.endswith(".") or "process_" in family.name, family
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    assert found.keys() == expected.keys()
    for name, labels in expected:
        assert types[name.removesuffix("_total")] == (
            "counter" if name.endswith("_total") else "gauge"), name
        # What has been seen may have been written meanwhile.
        if name not in CHANGING and before.get((name, labels)) == expected[name, labels]:
            assert found[name, labels] == expected[name, labels], name
    assert found["ipwl_connections_total",
                 (("family", "ipv4"), ("interface", "eth0"), ("verdict", "block"))] > 0


def test_whoever_does_not_ask_gets_text(running):
    text = running.metrics_text()
    for accept in ("*/*", "text/plain", "application/openmetrics-text;q=0.5, text/plain",
                   "application/openmetrics-text; version=2.0.0", "image/png"):
        other = running.metrics_text(accept)
        assert other.count("\n") == text.count("\n") and "# EOF" not in other, accept


def test_process(running):
    """What the kernel says of the process."""
    proc = f"/proc/{running.process.pid}"
    with open(f"{proc}/limits", encoding="ascii") as limits:
        max_fds = re.search(r"^Max open files +(\d+)", limits.read(), re.M)[1]
    assert running.metric("process_max_fds") == int(max_fds)
    # This scrape and the one before have connections of their own.
    assert abs(running.metric("process_open_fds") - len(os.listdir(f"{proc}/fd"))) <= 2
    assert time.time() - running.metric("process_start_time_seconds") \
        <= running.status()["uptime_seconds"] + 2
    with open(f"{proc}/statm", encoding="ascii") as memory:
        pages = int(memory.read().split()[1])
    resident = running.metric("process_resident_memory_bytes") / os.sysconf("SC_PAGESIZE")
    assert 0.8 < resident / pages < 1.25, (resident, pages)
    assert resident * os.sysconf("SC_PAGESIZE") < running.metric("process_virtual_memory_bytes")
    before = running.metric("process_cpu_seconds_total")
    for _ in range(50):
        running.metrics_text()
    with open(f"{proc}/stat", encoding="ascii") as stat:
        ticks = sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
    after = running.metric("process_cpu_seconds_total")
    assert before < after
    assert abs(after - ticks / os.sysconf("SC_CLK_TCK")) < 0.5


def labels_of(ipwld):
    found = {}
    for name, labels in ipwld.metrics():
        if name.startswith(("ipwl_", "process_")):
            found.setdefault(name, set()).add(frozenset(key for key, _ in labels))
    return found


def assert_names(ipwld, names):
    found, text = labels_of(ipwld), ipwld.metrics_text()
    assert {name: found.get(name) for name in names} \
        == {name: {frozenset(labels)} for name, labels in names.items()}
    for name in names:
        assert f"# HELP {name} " in text and re.search(rf"# TYPE {name} (counter|gauge)\n", text)


def test_names_of_a_fleet(ipwld):
    """They are there before the server is, and only in a fleet."""
    ipwld.configure()
    ipwld.start()
    assert not any(name.startswith("ipwl_fleet_") for name in labels_of(ipwld))
    key = ipwld.top / "fleet.key"
    key.write_text("k" * 32 + "\n", encoding="utf-8")
    ipwld.configure(extra="fleet: {name: mail, host: mx1, url: 'unix:/nonexistent/redis', "
                          f"key_file: {key}, feeds: true}}\n")
    ipwld.ask("reload")
    assert_names(ipwld, FLEET_NAMES)
    assert {name for name in labels_of(ipwld) if name.startswith("ipwl_fleet_")} \
        == set(FLEET_NAMES)
    assert ipwld.metric("ipwl_fleet_connected") == 0


def test_names_and_labels(running, wire):
    send_some(wire)
    text = running.metrics_text()
    assert_names(running, NAMES)
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
