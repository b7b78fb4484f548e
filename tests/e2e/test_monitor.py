# SPDX-License-Identifier: GPL-2.0-or-later
"""Attempts of real packets, from the kernel to those who watch."""
import signal
import subprocess

import pytest
from scapy.utils import rdpcap

import frames
from daemon import BUILD, DONE, DROP, PARTNERS
from lab import ALLOWED, AVERTED, BLOCKED, MX4, UNLISTED, is_ipv6, wait_for
from netns import PATIENCE_SEC

# Not limited, as far as these tests go.
UNLIMITED = "events: {per_second: 100000, per_source_minute: 100000}\n"
FLOOD = 100_000
# A whole network is blocked.
WIDE = "  - {{name: wide, action: block, entries: [10.0.0.0/8]}}\n"
REPORTED = ("block", "would_block", "averted")


def watch(ipwld, after=0):
    """All attempts that ipwld still has after a number."""
    found = []
    while True:
        status, answer = ipwld.request("GET", f"/v1/monitor?after={after}")
        assert status == 200
        found += answer["attempts"]
        after = answer["next"]
        if not answer["attempts"]:
            return found


def counts(ipwld):
    return ipwld.request("GET", "/v1/monitor")[1]["counts"]


def await_attempts(ipwld, count):
    """As soon as there are so many; no more may come."""
    wait_for(lambda: len(watch(ipwld)) >= count, f"{count} attempts are there")
    found = watch(ipwld)
    assert len(found) == count, found
    return found


def read_memory(ipwld):
    """Bytes that ipwld holds."""
    with open(f"/proc/{ipwld.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
@pytest.mark.parametrize("mode", ["enforce", "monitor"])
def test_every_attempt_once(ipwld, wire, mode, xdp_mode):
    """Of all senders, with SYNs that are sent again, and what is no SYN."""
    ipwld.configure(mode=mode, xdp_mode=xdp_mode, extra=UNLIMITED)
    ipwld.start()
    expected, counted = [], {}
    for sender in ALLOWED, AVERTED, BLOCKED, UNLISTED:
        verdict = "would_block" if (mode, sender) == ("monitor", BLOCKED) else sender.verdict
        for address in sender.addresses:
            frame = frames.tcp(wire, address)
            counted["ipv6" if is_ipv6(address) else "ipv4", verdict] = 1
            wire.send(frame, count=7)
            wire.send(frames.tcp(wire, address, flags="PA"), count=3)
            if verdict in REPORTED:
                expected.append((address, 40000, 25, verdict, frame))
    found = await_attempts(ipwld, len(expected))
    assert [(item["source"], item["source_port"], item["port"], item["verdict"],
             bytes.fromhex(item["packet"])) for item in found] == expected
    for item in found:
        assert item["list"] == ("partners" if item["verdict"] == "averted" else "drop")
        assert item["entry"] and item["interface"] == "eth0" and item["left_out"] == 0
        assert item["destination"] and item["bytes"] == len(item["packet"]) / 2
    assert {key: value for key, value in ipwld.counters("connections").items() if value} \
        == counted


def test_connections_of_a_real_sender(lab, ipwld):
    """A sender whose packets are dropped sends its SYN again, and that is one attempt."""
    ipwld.configure(extra=UNLIMITED)
    ipwld.start()
    sender = lab.add_sender(BLOCKED)
    client = sender.popen("/usr/bin/python3", "-c", "import socket; "
                          f"socket.create_connection(({MX4!r}, 25))", stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: ipwld.packets()["block"] >= 3, "the SYN is sent again")
    finally:
        client.kill()
        client.wait()
    assert ipwld.counters("connections")["ipv4", "block"] == 1


def test_while_ipwld_is_away(ipwld, wire):
    """Attempts that the kernel reports while no ipwld runs are there for the next one, and none
    comes twice, however ipwld ends."""
    ipwld.configure(extra=UNLIMITED)
    for number in signal.SIGTERM, signal.SIGKILL:
        ipwld.start()
        wire.send(frames.tcp(wire, AVERTED.ipv4))
        wait_for(lambda: watch(ipwld), "the attempt is there")
        ipwld.stop(number)
        wire.send(*frames.attempts(wire, BLOCKED.ipv4, 5))
        ipwld.start()
        assert [item["source"] for item in await_attempts(ipwld, 5)] == [BLOCKED.ipv4] * 5
        ipwld.stop()


def test_off_and_detached(ipwld, wire):
    ipwld.configure(extra="events: {per_second: none}\n")
    ipwld.start()
    before = counts(ipwld)
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 5))
    assert counts(ipwld) == before and watch(ipwld) == []
    ipwld.configure(extra=UNLIMITED)
    assert ipwld.ctl("reload").returncode == DONE
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 3))
    await_attempts(ipwld, 3)
    # Nothing is attached, and a reload attaches again.
    assert ipwld.ctl("detach").returncode == DONE
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 3))
    assert len(watch(ipwld)) == 3
    assert ipwld.ctl("reload").returncode == DONE
    wire.send(*frames.attempts(wire, BLOCKED.ipv4, 2))
    await_attempts(ipwld, 5)


def send_flood(wire):
    """An attempt of each of 100 000 forged sources."""
    frame = frames.tcp(wire, "10.0.0.0")
    for number in range(FLOOD):
        wire.send(frame[:27] + number.to_bytes(3, "big") + frame[30:])


def test_flood_of_forged_sources(ipwld, wire):
    """Every attempt is reported or counted; memory and reports stay within bounds."""
    ipwld.configure(lists=PARTNERS + DROP + WIDE)
    ipwld.start()
    wire.send(frames.tcp(wire, BLOCKED.ipv4))
    before = read_memory(ipwld)
    send_flood(wire)
    wait_for(lambda: sum(counts(ipwld).values()) == FLOOD + 1, "all are counted")
    found = counts(ipwld)
    assert found["limit"] > 0 and found["reported"] >= 4000
    assert ipwld.counters("connections")["ipv4", "block"] == FLOOD + 1
    assert read_memory(ipwld) - before < 20 << 20
    assert "10.0." not in ipwld.metrics_text()
    # Who watches is told how many it cannot see.
    wait_for(lambda: ipwld.request("GET", "/v1/monitor?after=0")[1]["missed"]
             == max(0, counts(ipwld)["reported"] - 4096), "ipwld has read them")


def test_known_counts(ipwld, wire):
    """Without limits in the way, the sources of a replay and their attempts are what they are."""
    ipwld.configure(extra=UNLIMITED, lists=PARTNERS + DROP + WIDE)
    ipwld.start()
    send_flood(wire)
    wait_for(lambda: sum(counts(ipwld).values()) == FLOOD, "all are counted")
    found = counts(ipwld)
    assert found["limit"] == found["source_limit"] == 0
    # ipwld may be slower than the flood, but knows that.
    assert found["reported"] + found["ring_full"] == FLOOD
    last = wait_for(lambda: watch(ipwld), "attempts are there")[-1]
    assert last["list"] == "wide" and last["entry"] == "10.0.0.0/8"


def test_monitor_and_pcap(ipwld, wire):
    """What `ipwlctl monitor` shows and writes is what was sent; tcpdump reads it."""
    ipwld.configure(extra=UNLIMITED)
    ipwld.start()
    path = ipwld.top / "dropped.pcap"
    with open(ipwld.top / "lines", "wb") as lines, \
            subprocess.Popen([BUILD / "ipwlctl", "--socket", ipwld.socket, "monitor", "--verdict",
                              "block", "--pcap", path], stdout=lines, stderr=subprocess.PIPE,
                             text=True) as process:
        sent = []

        def is_watching():
            sent.append(frames.tcp(wire, BLOCKED.ipv4))
            wire.send(sent[-1])
            return (ipwld.top / "lines").read_text()

        wait_for(is_watching, "an attempt is shown")
        sent.append(frames.tcp(wire, BLOCKED.ipv6, payload=b"data of TCP Fast Open"))
        wire.send(frames.tcp(wire, AVERTED.ipv4), sent[-1])
        wait_for(lambda: BLOCKED.ipv6 in (ipwld.top / "lines").read_text(), "it is shown")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE_SEC)
        assert process.returncode == DONE
    assert "1 filtered out, 0 left out" in errors
    packets = [bytes(packet) for packet in rdpcap(str(path))]
    # Those before it watched are not there, and only headers are.
    sent[-1] = sent[-1][:-len(b"data of TCP Fast Open")]
    assert packets == sent[-len(packets):]
    text = subprocess.run(["tcpdump", "-nr", path], capture_output=True, text=True,
                          check=True).stdout
    assert len(text.splitlines()) == len(packets)
    assert f"IP {BLOCKED.ipv4}.40000 > " in text and "Flags [S]" in text
