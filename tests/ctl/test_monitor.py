# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwlctl monitor against canned answers: filters, text, JSON lines, pcap, what was left out."""
import json
import signal
import subprocess
import time

from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.utils import PcapReader

from conftest import PROGRAM


def attempt(**changes):
    frame = bytes(Ether() / IP(src="198.51.100.7", dst="203.0.113.25")
                  / TCP(sport=40312, dport=25, flags="S") / b"EHLO")
    return {"at": "2026-11-23T12:00:00.123456Z", "at_ns": 1795435200123456789,
            "source": "198.51.100.7", "source_port": 40312, "destination": "203.0.113.25",
            "port": 25, "verdict": "block", "list": "drop", "entry": "198.51.100.0/24",
            "interface": "eth0", "bytes": len(frame), "left_out": 0,
            "header_bytes": len(frame) - 4, "packet": frame.hex()} | changes


def serve(fake, *batches, left_out=(0, 0, 0), missed=0, reporting=True):
    """Answer nothing first, and then the batches, one a request."""
    rest = list(batches)

    def answer(request):
        begins = "after" not in request["query"]
        attempts = [] if begins or not rest else rest.pop(0)
        counts = dict(zip(("source_limit", "limit", "ring_full"),
                          (100, 200, 300) if begins else
                          (100 + left_out[0], 200 + left_out[1], 300 + left_out[2])))
        return 200, {"schema_version": 1, "next": 5, "missed": 0 if begins else missed,
                     "reporting": reporting, "counts": {"reported": 7} | counts,
                     "attempts": attempts}

    fake.answers["GET", "/v1/monitor"] = answer


def test_lines(daemon, ask):
    serve(daemon, [attempt(), attempt(verdict="averted", list="partners", left_out=6)],
          [attempt(source="2001:db8::7", destination=None, list=None, entry=None,
                   interface=None)])
    result = ask("monitor", "--count", "3")
    assert result.code == 0
    assert result.out.splitlines() == [
        "2026-11-23T12:00:00.123456Z block 198.51.100.7.40312 > 203.0.113.25.25 drop "
        "198.51.100.0/24 eth0",
        "2026-11-23T12:00:00.123456Z averted 198.51.100.7.40312 > 203.0.113.25.25 partners "
        "198.51.100.0/24 eth0 (6 more since the last one)",
        "2026-11-23T12:00:00.123456Z block 2001:db8::7.40312 > -.25 - - -"]
    assert result.err == "3 attempts shown, 0 left out\n"
    assert [request["query"] for request in daemon.requests] == [{}, {"after": "5"},
                                                              {"after": "5"}]


def test_json_lines(daemon, ask):
    serve(daemon, [attempt(), attempt(port=587)])
    result = ask("--json", "monitor", "--count", "2")
    found = [json.loads(line) for line in result.out.splitlines()]
    assert [line["port"] for line in found] == [25, 587]
    expected = attempt(schema_version=1)
    for key in "at_ns", "header_bytes", "packet":
        del expected[key]
    assert found[0] == expected


def test_filters(daemon, ask):
    everything = [attempt(), attempt(verdict="would_block", list="trial"),
                  attempt(port=587), attempt(source="198.51.100.9"),
                  attempt(source="2001:db8::1")]
    for options, index in ((["--verdict", "would_block"], 1), (["--list", "trial"], 1),
                           (["--port", "587"], 2), (["198.51.100.8/30"], 3),
                           (["2001:db8::/32"], 4)):
        serve(daemon, everything)
        result = ask("--json", "monitor", "--count", "1", *options)
        found = json.loads(result.out)
        assert all(found[key] == value for key, value in everything[index].items()
                   if key in found), options
        assert f"{index} filtered out" in result.err


def test_left_out(daemon, ask):
    serve(daemon, [attempt()], left_out=(1, 20, 300), missed=4000)
    result = ask("monitor", "--count", "1")
    assert result.err == (
        "1 attempt shown, 4321 left out: 1 over the limit of their source, 20 over the limit of "
        "all, 300 reported faster than ipwld reads, 4000 shown too late\n")


def test_not_reporting(daemon, ask):
    serve(daemon, [attempt()], reporting=False)
    result = ask("monitor", "--count", "1")
    assert "events: per_second: none" in result.err


def read_pcap(path):
    with PcapReader(str(path)) as reader:
        return [(packet.time, packet.wirelen, bytes(packet)) for packet in reader]


def test_pcap(daemon, ask, tmp_path):
    whole = bytes.fromhex(attempt()["packet"])
    for options, expected in ([], whole[:-4]), (["--payload"], whole):
        serve(daemon, [attempt(), attempt()])
        path = tmp_path / "a.pcap"
        result = ask("monitor", "--count", "2", "--pcap", str(path), *options)
        assert result.code == 0 and len(result.out.splitlines()) == 2
        packets = read_pcap(path)
        assert [data for _, _, data in packets] == [expected, expected]
        assert all(length == len(whole) for _, length, _ in packets)
        assert str(packets[0][0]) == "1795435200.123456789"


def test_pcap_to_standard_output(daemon, ask, tmp_path):
    serve(daemon, [attempt()])
    with open(tmp_path / "a.pcap", "wb") as stream:
        result = ask("monitor", "--count", "1", "--pcap", "-", stdout=stream)
    assert result.code == 0
    assert len(read_pcap(tmp_path / "a.pcap")) == 1


def test_strange_packets(daemon, ask, tmp_path):
    """A daemon that is not ours can send anything."""
    serve(daemon, [attempt(packet="zz"), attempt(packet="0"), attempt(packet=None),
                 attempt(packet="ab" * 5000, header_bytes=100000), attempt(header_bytes=-1),
                 attempt(source="\u001b[2J", bytes=10**12)])
    result = ask("monitor", "--count", "6", "--pcap", str(tmp_path / "a.pcap"))
    assert result.code == 0
    assert "\u001b" not in result.out
    assert max(len(data) for _, _, data in read_pcap(tmp_path / "a.pcap")) == 1024


def test_pcap_that_cannot_be_written(daemon, ask, tmp_path):
    serve(daemon, [attempt()])
    result = ask("monitor", "--pcap", str(tmp_path / "no" / "a.pcap"))
    assert result.code == 1
    assert "No such file" in result.err
    result = ask("monitor", "--count", "1", "--pcap", "/dev/full")
    assert result.code == 1


def test_bad_options(ask):
    for options in (["--verdict", "drop"], ["--port", "0"], ["--port", "25x"], ["--count", "0"],
                    ["198.51.100.7/24"], ["example.com"]):
        assert ask("monitor", *options).code == 4, options
    assert ask("monitor", "--payload").code == 2


def test_interrupt(daemon, ask):
    serve(daemon, [attempt()])
    with subprocess.Popen([PROGRAM, "--socket", daemon.path, "monitor"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout.readline().startswith("2026-11-23")
        while len(daemon.requests) < 4:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors == "1 attempt shown, 0 left out\n"
