# SPDX-License-Identifier: GPL-2.0-or-later
"""What an administrator is told without asking: metrics, `status` and its exit codes."""

import frames
from daemon import DONE, INVALID, IS_BLOCKED, NEGATIVE, UNREACHABLE
from lab import ALLOWED, BLOCKED, UNLISTED, wait_for

OK, WARNING, CRITICAL, UNKNOWN = range(4)


def check(ipwld, code, *words):
    """`status --check` and the first line of `status`."""
    result = ipwld.ctl("status", "--check")
    assert result.returncode == code, result
    assert result.stdout.count("\n") == 1
    for word in words:
        assert word in result.stdout
    return ipwld.ctl("status").stdout.splitlines()[0]


def mode_metrics(ipwld):
    return [ipwld.metric("ipwl_mode_in_force", mode=mode) for mode in ("enforce", "monitor")] \
        + [ipwld.metric("ipwl_enforcement_suspended")]


def test_enforcing(running):
    assert check(running, OK, "IPWL OK - ") \
        == "mail is protected: ipwl enforces on eth0 (native)"
    assert mode_metrics(running) == [1, 0, 0]


def test_monitor(ipwld):
    ipwld.configure(mode="monitor")
    ipwld.start()
    assert check(ipwld, WARNING, "IPWL WARNING - ") \
        == "mail is not protected: monitor mode on eth0 (native) drops nothing"
    assert mode_metrics(ipwld) == [0, 1, 0]


def test_suspended(ipwld):
    (ipwld.state / "state.db").write_bytes(b"not a database" * 1000)
    ipwld.start()
    assert check(ipwld, CRITICAL, "state.db") \
        == "mail is not protected: enforcement is suspended, nothing is dropped"
    assert mode_metrics(ipwld) == [0, 1, 1]
    ipwld.ask("reload")
    check(ipwld, OK)
    assert mode_metrics(ipwld) == [1, 0, 0]


def test_every_configured_interface_has_a_metric(ipwld):
    ipwld.configure(interfaces="eth0, no-such-if0")
    ipwld.start()
    attached = {dict(labels)["interface"]: value for (name, labels), value
                in ipwld.metrics().items() if name == "ipwl_interface_attached"}
    assert attached == {"eth0": 1, "no-such-if0": 0}
    assert check(ipwld, WARNING, "not attached to no-such-if0: no such interface") \
        == "mail is protected on eth0 (native), but not on no-such-if0"


def test_nothing_attached(ipwld):
    ipwld.configure(interfaces="no-such-if0")
    ipwld.start()
    assert check(ipwld, CRITICAL) \
        == "mail is not protected: ipwl is not attached to no-such-if0"


def test_detached(running):
    assert running.ctl("detach").returncode == DONE
    assert check(running, CRITICAL).startswith("mail is not protected: ipwl is detached")
    assert running.metric("ipwl_interface_attached", interface="eth0", xdp_mode="none") == 0
    running.ask("reload")
    check(running, OK)


def test_entries_that_expire_in_use(ipwld, wire):
    """Only entries from which mail comes, and that nothing else keeps allowed."""
    ipwld.configure(extra="history: {sample: 1s}\n")
    ipwld.start()
    for prefix, ttl in (("192.0.2.7", "2d"),            # in use
                        ("192.0.2.8", "2d"),            # not in use
                        ("192.0.2.9", "30d"),           # not soon
                        (ALLOWED.ipv4, "2d")):          # a list allows it for longer
        ipwld.ask("add", "--list", "partners", prefix, "--ttl", ttl)
    for address in "192.0.2.7", "192.0.2.9", ALLOWED.ipv4, BLOCKED.ipv4:
        wire.send(frames.tcp(wire, address))
    wait_for(lambda: ipwld.metric("ipwl_expiring_in_use_entries") == 1, "the counters are read")
    entry, = ipwld.ask("list", "192.0.2.7")["entries"]
    assert ipwld.status()["expiring_in_use"] == {"entries": 1, "next_at": entry["expires_at"]}
    check(ipwld, WARNING, "1 allow entry in use expires within 7 days")
    finding, = [one for one in ipwld.ask("lint", "--check", "expiring", status=NEGATIVE)["findings"]
                if one["prefix"] == "192.0.2.7/32"]
    assert finding["last_hit_at"] and f"; last hit {finding['last_hit_at']}" in finding["message"]
    ipwld.ask("protect", "--list", "partners", "192.0.2.7")
    wait_for(lambda: ipwld.metric("ipwl_expiring_in_use_entries") == 0, "the counters are read")
    check(ipwld, OK)


def test_stopped(running):
    """The kernel still decides, and root is told so, and how to end it."""
    running.stop()
    result = running.ctl("status", "--config", running.config)
    assert result.returncode == UNREACHABLE
    first, second, *_ = result.stdout.splitlines()
    assert first == "ipwld is not running; still attached to eth0 and dropping"
    assert "to let everything through: ipwlctl detach" in second
    answer = running.ask("status", "--config", running.config, status=UNREACHABLE)
    assert (answer["running"], answer["mode_in_force"]) == (False, "enforce")
    assert [(one["name"], one["attached"]) for one in answer["interfaces"]] == [("eth0", True)]
    result = running.ctl("status", "--check", "--config", running.config)
    assert result.returncode == CRITICAL
    assert result.stdout.startswith("IPWL CRITICAL - ipwld is not running; still attached to eth0")
    for sender, code in (BLOCKED, IS_BLOCKED), (ALLOWED, DONE), (UNLISTED, NEGATIVE):
        results = running.ask("test", "--config", running.config, *sender.addresses,
                              status=code)["results"]
        assert {result["verdict"] for result in results} == {sender.verdict}
    text = running.ctl("test", "--config", running.config, BLOCKED.ipv4)
    assert text.stdout == f"{BLOCKED.ipv4}: block: blocked by drop\n"
    assert "the tables that the kernel still uses" in text.stderr
    # Nothing was changed by looking; a daemon can start.
    running.start()
    check(running, OK)


def stopped_list(ipwld, *argv, status=DONE):
    """(prefix, list, packets) of what `list` shows without ipwld."""
    entries = ipwld.ask("list", "--config", ipwld.config, *argv, status=status)["entries"]
    for entry in entries:
        for unknown in ("source", "origin", "reason", "author", "added_at", "expires_at",
                        "total_packets", "protected"):
            assert entry[unknown] is None
    return [(entry["prefix"], entry["list"], entry["packets"]) for entry in entries]


def test_list_while_stopped(running, wire):
    """Every rule of the kernel with its hits, also those of packets that came since, and of an
    entry that was added by hand."""
    running.ask("add", "--list", "partners", "192.0.2.7")
    known = {entry["prefix"] for entry in running.ask("list")["entries"]}
    running.stop()
    for address, count in (BLOCKED.ipv4, 3), ("192.0.2.7", 2):
        for syn in frames.attempts(wire, address, count):
            wire.send(syn)
    # A list file that changes now changes nothing in the kernel.
    running.write_list("allow.d/partners.list", "9.9.9.9")
    listed = stopped_list(running)
    assert {prefix for prefix, _, _ in listed} == known
    assert ("203.0.113.0/24", "drop", 3) in listed and ("192.0.2.7/32", "partners", 2) in listed
    assert all(packets == 0 for prefix, _, packets in listed
               if prefix not in ("203.0.113.0/24", "192.0.2.7/32"))
    assert stopped_list(running, "--list", "drop", "203.0.113.7") == [
        ("203.0.113.0/24", "drop", 3)]
    assert {prefix for prefix, _, _ in stopped_list(running, "203.0.113.0/24")} \
        == {"203.0.113.0/24", "203.0.113.77/32"}
    entry, = running.ask("list", "--config", running.config, "192.0.2.7")["entries"]
    assert entry["last_hit_at"] and entry["connections"] == 2
    text = running.ctl("list", "--config", running.config, BLOCKED.ipv4)
    assert "warning: this is what the kernel still has" in text.stderr
    head, row = text.stdout.splitlines()
    assert head.split() == ["PREFIX", "LIST", "ACTION", "PACKETS", "CONNECTIONS", "AVERTED",
                            "LAST", "HIT"]
    assert row.split()[:5] == ["203.0.113.0/24", "drop", "block", "3", "3"]
    # Looking changed nothing.
    running.start()
    assert running.ask("list", BLOCKED.ipv4)["entries"][0]["packets"] == 3


def test_list_while_stopped_that_finds_nothing(running):
    running.stop()
    ctl = "list", "--config", running.config
    for argv, status, message in (
            (["8.8.8.8"], NEGATIVE, "no entry matches"),
            (["--list", "none"], NEGATIVE, 'there is no list "none"'),
            (["192.0.2.1/24"], INVALID, "192.0.2.1/24 has host bits"),
            (["--source", "file"], UNREACHABLE, "only ipwld knows the sources of entries")):
        result = running.ctl(*ctl, *argv)
        assert (result.returncode, result.stdout) == (status, ""), result
        assert message in result.stderr
    (running.socket.parent / "rules").unlink()
    result = running.ctl(*ctl)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert "/rules: it is missing, or not of these tables" in result.stderr
    assert not (running.socket.parent / "rules").exists()


def test_list_while_stopped_with_packets_that_wait(ipwld, wire):
    """So many rules are counted in batches. None of the packets is missing."""
    ipwld.write_list("block.d/a.list", *(f"9.{i >> 8}.{i & 255}.0/24" for i in range(20000)))
    ipwld.start()
    ipwld.stop()
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=7)
    assert stopped_list(ipwld, BLOCKED.ipv4) == [("203.0.113.0/24", "drop", 7)]


def test_stopped_for_others_than_root(running):
    running.stop()
    for path in running.top, running.socket.parent:
        path.chmod(0o755)
    nobody = "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"
    for command in ("status",), ("test", BLOCKED.ipv4), ("list",):
        result = running.namespace.run(
            *nobody, running.argv()[0].parent / "ipwlctl", "--socket", running.socket, *command,
            "--config", running.config, check=False)
        assert (result.returncode, result.stdout) == (UNREACHABLE, ""), result
        assert "run this with sudo to see what the kernel still does" in result.stderr


def test_stopped_in_monitor_mode_and_detached(ipwld):
    ipwld.configure(mode="monitor")
    ipwld.start()
    ipwld.stop()
    assert ipwld.ctl("status", "--config", ipwld.config).stdout.startswith(
        "ipwld is not running; still attached to eth0 and counting\n")
    assert ipwld.ctl("detach", "--config", ipwld.config).returncode == DONE
    result = ipwld.ctl("status", "--config", ipwld.config)
    assert (result.returncode, result.stdout) == (UNREACHABLE, "")
    assert result.stderr.endswith(
        f"ipwlctl: nothing is pinned in {ipwld.bpffs}: ipwl is not attached, unless with another "
        "bpffs_dir\n")


def test_another_socket(running):
    """One who asks at the wrong socket is told so."""
    for command in ["status"], ["test", BLOCKED.ipv4], ["list"]:
        result = running.namespace.run(
            running.argv()[0].parent / "ipwlctl", "--socket", running.top / "none.sock", *command,
            "--config", running.config, check=False)
        assert (result.returncode, result.stdout) == (UNREACHABLE, "")
        assert f"an ipwld runs that uses {running.bpffs}: if it has another socket" in result.stderr
