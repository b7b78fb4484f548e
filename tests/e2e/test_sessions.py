# SPDX-License-Identifier: GPL-2.0-or-later
"""SMTP sessions that the kernel counts, with processes of other namespaces and child cgroups, and
what is learned from them."""

import contextlib
import signal
import socket
import subprocess

import pytest

import cgroups
import frames
import mta
import netns
from lab import ALLOWED, MX4, MX6, UNLISTED, Sender, wait_for
from test_learned import remember_probation, verdict

# Sends a message of so many bytes, and prints how many bytes it sent and how many it received.
CLIENT = """
import smtplib, sys
class Counting(smtplib.SMTP):
    sent = 0
    def send(self, text):
        raw = text.encode() if isinstance(text, str) else text
        self.sent += len(raw)
        super().send(text)
target, recipient, size = sys.argv[1:]
with Counting(target, 25, "client.test", 60) as client:
    if int(size):
        client.sendmail("from@sender.test", [recipient], "Subject: x\\n\\n" + "x\\n" * int(size))
    else:
        client.ehlo()
print(client.sent)
"""
# Greets on port 25, and accepts what comes.
SERVER = """
import socket, threading
def serve(connection):
    is_data = False
    with connection, connection.makefile("rwb", 0) as stream:
        stream.write(b"220 mx.test\\r\\n")
        for line in stream:
            if is_data and line != b".\\r\\n":
                continue
            word = line.strip().upper()
            is_data = word == b"DATA"
            code = {b"DATA": b"354 ", b"QUIT": b"221 "}.get(word, b"250 ")
            stream.write(code + b"x" * 80 + b"\\r\\n")
            if word == b"QUIT":
                break
listener = socket.create_server(("::", 25), family=socket.AF_INET6, dualstack_ipv6=True)
print("listening", flush=True)
while True:
    threading.Thread(target=serve, args=listener.accept()[:1], daemon=True).start()
"""
LONG, SHORT = 4000, 0
# Those of the lab are never learned. The first one of these sends, the other one receives.
PARTNER = Sender("partner", "46.0.0.1", "2a00:46::1", "unlisted")
STRANGER = Sender("stranger", "46.0.0.2", "2a00:46::2", "unlisted")


@pytest.fixture(name="group")
def _group(lab):
    """The cgroup of this test. It goes after the lab, when no process is inside any more."""
    assert lab
    return cgroups.Cgroup()


def configure(ipwld, group, mode="on", keys=""):
    ipwld.configure(extra="learn:\n  list: partners\n"
                          f"  sessions: {{mode: {mode}, cgroup: {group.path}{keys}}}\n")


@pytest.fixture(name="counting")
def _counting(ipwld, group):
    """A daemon that counts the sessions of the cgroup."""
    configure(ipwld, group)
    ipwld.start()
    wait_for(lambda: ipwld.status()["sessions"]["attached"], "sessions are counted")
    return ipwld


def totals(ipwld, direction, result="complete"):
    return ipwld.status()["sessions"]["totals"][direction][result]


def counts(ipwld):
    """(complete, short) outbound, then inbound."""
    both = ipwld.status()["sessions"]["totals"]
    return tuple(both[direction][result]["sessions"] for direction in ("outbound", "inbound")
                 for result in ("complete", "short"))


def run_client(group, host, target, size):
    """Returns how many bytes the client sent."""
    result = netns.run(*group.argv(*host.argv("/usr/bin/python3", "-c", CLIENT, target, mta.INBOX,
                                              size)))
    return int(result.stdout)


@contextlib.contextmanager
def server(group, host):
    """A server of that cgroup and host."""
    with netns.uninterrupted():
        # pylint: disable=consider-using-with
        process = subprocess.Popen(group.argv("setpriv", "--pdeathsig", "KILL", *host.argv(
            "/usr/bin/python3", "-u", "-c", SERVER)), stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"listening\n"
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("target", [MX4, MX6])
def test_mail_of_a_container(lab, group, counting, postfix, target):
    """It is sent from another namespace, by a process of a child cgroup."""
    assert postfix
    host, container = lab.add_sender(UNLISTED), cgroups.Cgroup(group, "container")
    sent = run_client(container, host, target, LONG)
    wait_for(lambda: counts(counting) == (1, 0, 0, 0), "the session is counted")
    found = totals(counting, "outbound")
    # TCP counts the SYN and the FIN, too.
    assert 0 <= found["sent_bytes"] - sent <= 2 and found["received_bytes"] > 200, (found, sent)
    run_client(container, host, target, SHORT)
    wait_for(lambda: counts(counting) == (1, 1, 0, 0), "a short one is not complete")
    assert counting.metric("ipwl_sessions_total", direction="outbound", result="complete") == 1
    assert counting.metric("ipwl_session_sent_bytes_total", direction="outbound",
                           result="complete") == found["sent_bytes"]
    assert counting.metric("ipwl_sessions_attached") == 1
    assert f"SMTP sessions in {group.path}: 1 outbound, 1 short; 0 inbound, 0 short" in \
        counting.ctl("status").stdout


def test_sessions_of_others(lab, counting, postfix):
    """Those of processes in other cgroups are not counted."""
    assert postfix
    other = cgroups.Cgroup()
    run_client(other, lab.add_sender(UNLISTED), MX4, LONG)
    assert counts(counting) == (0, 0, 0, 0)


def converse(host, source, target, *words):
    """Open a connection, wait for the greeting, and say something."""
    with host.entered():
        with socket.create_connection((target, 25), 60, (source, 0)) as client:
            client.recv(1000)
            for word in words:
                client.sendall(word)
                client.recv(1000)


def test_inbound_sessions(lab, group, counting, wire):
    """A genuine one counts; one without a word, a half-open one and a forged SYN do not."""
    sender = lab.add_sender(ALLOWED)
    with server(group, lab.mx):
        for source, target in zip(ALLOWED.addresses, (MX4, MX6)):
            converse(sender, source, target, b"EHLO x\r\n", b"QUIT\r\n")
        wait_for(lambda: counts(counting) == (0, 0, 2, 0), "two sessions are counted")
        # Whoever answers it, nobody completes the handshake.
        wire.send(*(frames.tcp(wire, f"100.64.0.{last}", source_port=2000 + last)
                    for last in range(1, 20)))
        converse(sender, ALLOWED.ipv4, MX4)
        wait_for(lambda: counts(counting) == (0, 0, 2, 1), "one without a word is short")
        converse(sender, ALLOWED.ipv4, MX4, b"EHLO x\r\n")
        wait_for(lambda: counts(counting) == (0, 0, 3, 1), "one more session")
    assert totals(counting, "inbound")["received_bytes"] >= 2 * 14 + 8


def test_restart(lab, group, counting):
    """Sessions while ipwld does not run are not lost, also if it was killed."""
    sender = lab.add_sender(ALLOWED)
    with server(group, lab.mx):
        for i, end in enumerate((counting.stop, counting.kill)):
            end()
            converse(sender, ALLOWED.ipv4, MX4, b"EHLO x\r\n")
            counting.start()
            wait_for(lambda: counting.status()["sessions"]["attached"], "it counts again")
            wait_for(lambda n=i: counts(counting) == (0, 0, 2 * n + 1, 0), "it is counted")
            converse(sender, ALLOWED.ipv4, MX4, b"EHLO x\r\n")
            wait_for(lambda n=i: counts(counting) == (0, 0, 2 * n + 2, 0), "one more")


def programs(group):
    """The programs on a cgroup."""
    return netns.run("bpftool", "cgroup", "show", group.path).stdout.count("sock_ops")


def test_reload(group, counting):
    """The program follows the configuration, and goes with it."""
    other = cgroups.Cgroup()
    assert programs(group) == 1
    configure(counting, other)
    assert counting.ctl("reload").returncode == 0
    wait_for(lambda: programs(other) == 1, "the program is on the other cgroup")
    assert programs(group) == 0
    configure(counting, other, mode="off")
    assert counting.ctl("reload").returncode == 0
    wait_for(lambda: programs(other) == 0, "the program is gone")
    assert counting.status()["sessions"]["mode"] == "off"
    assert "SMTP sessions" not in counting.ctl("status").stdout


def test_detach(group, counting):
    assert counting.ctl("detach").returncode == 0
    assert programs(group) == 0 and not counting.status()["sessions"]["attached"]
    assert counting.ctl("reload").returncode == 0
    wait_for(lambda: programs(group) == 1, "a reload attaches it again")
    assert counting.stop() == 0
    assert programs(group) == 1
    # Without a daemon, too.
    result = counting.ctl("detach", "--config", counting.config)
    assert result.returncode == 0 and programs(group) == 0, result


def test_cgroup_that_comes_later(ipwld, group):
    """Without it, ipwld says so, and mail is not affected."""
    path = group.path / "later"
    ipwld.configure(extra=f"learn:\n  list: partners\n  sessions: {{mode: on, cgroup: {path}}}\n")
    ipwld.start()
    wait_for(lambda: ipwld.status()["sessions"]["problem"], "it says what is missing")
    problem = f"cannot open the cgroup {path}: No such file or directory"
    assert ipwld.status()["sessions"]["problem"] == problem
    assert f"SMTP sessions are not counted: {problem}" in ipwld.ctl("status").stdout
    assert ipwld.ctl("status", "--check").returncode == 1
    assert ipwld.metric("ipwl_sessions_attached") == 0
    later = cgroups.Cgroup(group, "later")
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: programs(later) == 1, "it is attached")
    assert ipwld.status()["sessions"]["problem"] is None


def test_no_cgroup(ipwld):
    """With mode auto it is no problem that sessions cannot be counted."""
    ipwld.configure(extra=f"learn:\n  list: partners\n  sessions: {{cgroup: {ipwld.top}}}\n")
    ipwld.start()
    wait_for(lambda: ipwld.status()["sessions"]["problem"], "it says so")
    assert ipwld.status()["sessions"]["problem"] == \
        f"{ipwld.top} is not a directory of cgroup v2"
    assert "not a directory" not in ipwld.ctl("status", "--check").stdout


def test_refused_by_another_program(ipwld, group):
    """A program that was attached without room for others."""
    netns.run("clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-", "-o", ipwld.top / "other.o",
              input='__attribute__((section("sockops"))) int other(void *c) { return 1; }\n')
    pin = ipwld.bpffs.parent / "other"
    netns.run("bpftool", "prog", "load", ipwld.top / "other.o", pin)
    netns.run("bpftool", "cgroup", "attach", group.path, "sock_ops", "pinned", pin)
    configure(ipwld, group)
    ipwld.start()
    wait_for(lambda: ipwld.status()["sessions"]["problem"], "it says so")
    assert "which may have a program that allows no other" in ipwld.ctl("status").stdout
    netns.run("bpftool", "cgroup", "detach", group.path, "sock_ops", "pinned", pin)
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: ipwld.status()["sessions"]["attached"], "it is attached")


def evidence(ipwld, address, kind):
    """How many sessions are noted of an address."""
    return sum(day.get(kind, 0) for day in ipwld.ask("explain", address)["days"])


def read_now(ipwld):
    """A reload looks at the sessions at once."""
    assert ipwld.ctl("reload").returncode == 0


def test_outbound_evidence(lab, group, counting):
    """It is noted once, whenever ipwld runs, and lists nobody."""
    assert counting.ask("explain", STRANGER.ipv4)["learned"] is None
    with server(cgroups.Cgroup(), lab.add_sender(STRANGER)):
        for i, end in enumerate((counting.stop, counting.kill, None)):
            for address in STRANGER.addresses:
                run_client(group, lab.mx, address, LONG)
            read_now(counting)
            for address in STRANGER.addresses:
                wait_for(lambda a=address, n=2 * i + 1: evidence(counting, a, "outbound") == n,
                         "the session is noted")
            if not end:
                break
            end()
            for address in STRANGER.addresses:
                run_client(group, lab.mx, address, LONG)
            counting.start()
            for address in STRANGER.addresses:
                wait_for(lambda a=address, n=2 * i + 2: evidence(counting, a, "outbound") == n,
                         "so is the one without ipwld")
    answer = counting.ask("explain", STRANGER.ipv4)
    assert answer["learned"] is None and answer["days"][-1]["outbound"] == 5, answer
    assert answer["sessions"]["outbound"] == 5 and answer["sessions"]["inbound"] == 0
    assert answer["sessions"]["sent_bytes"] > 5 * 2 * LONG
    assert answer["sessions"]["since"] <= answer["sessions"]["last_outbound_at"]
    assert f'since {answer["sessions"]["since"]}: 5 outbound, 0 inbound\n' in \
        counting.ctl("explain", STRANGER.ipv4).stdout
    assert counting.request("POST", "/v1/test", {"addresses": [STRANGER.ipv4]})[1]["results"][0][
        "verdict"] == "unlisted"
    assert "OUTBOUND" in counting.ctl("explain", STRANGER.ipv4).stdout


def test_inbound_evidence(lab, group, ipwld):
    """It renews a sender that is learned, and says nothing of others."""
    ipwld.configure(extra="learn:\n  list: partners\n  mode: auto\n"
                          f"  sessions: {{mode: on, cgroup: {group.path}}}\n")
    ipwld.start()
    wait_for((ipwld.state / "learn.db").exists, "learn.db exists")
    assert ipwld.stop() == 0
    remember_probation(ipwld.state / "learn.db")
    ipwld.start()
    wait_for(lambda: verdict(ipwld) == "allow", "the sender is learned")
    with server(group, lab.mx):
        for sender in STRANGER, PARTNER:
            converse(lab.add_sender(sender), sender.ipv4, MX4, b"EHLO x\r\n", b"QUIT\r\n")
        wait_for(lambda: counts(ipwld) == (0, 0, 2, 0), "both sessions are counted")
    read_now(ipwld)
    wait_for(lambda: evidence(ipwld, PARTNER.ipv4, "inbound") == 1, "one is noted")
    assert evidence(ipwld, STRANGER.ipv4, "inbound") == 0
    assert ipwld.ask("explain", STRANGER.ipv4)["sessions"]["inbound"] == 1
    assert ipwld.ask("explain", "46.0.0.3")["sessions"] is None
    assert ipwld.metric("ipwl_evidence_total", source="kernel", kind="inbound") == 1
    assert verdict(ipwld) == "allow"
