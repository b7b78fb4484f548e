# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwl-resolve and `ipwlctl spf`: against unbound with signed zones, and against resolvers
that lie, hang and flood. Addresses are not those of documentation, which are left out."""

import json
import os
import pathlib
import signal
import socket
import subprocess

import pytest

import daemon
import nameserver
import netns
from lab import wait_for
from nameserver import NameServer, code, hang, record
from resolvers import PROGRAM, Validator, memory, read, request, resolve, spawn

LONG = "v=spf1 " + " ".join(f"ip4:11.0.0.{2 * number}" for number in range(100)) + " -all"
PARTNER = """\
@ TXT "v=spf1 mx a:mail.partner.test include:_spf.partner.test ip6:2a00:1::/48 -all"
@ MX 10 mail
mail A 11.1.0.1
mail AAAA 2a00:2::1
only4 A 11.1.0.4
_spf CNAME long
alias CNAME mail
empty TXT "nothing"
"""


def strings(text):
    """As a zone file has it."""
    return " ".join(f'"{text[at:at + 200]}"' for at in range(0, len(text), 200))


@pytest.fixture(name="scope", autouse=True)
def _scope():
    with netns.scope():
        yield


@pytest.fixture(name="validator", scope="module")
def _validator(tmp_path_factory):
    with netns.scope():
        validator = Validator(daemon.BUILD / "peers", tmp_path_factory.mktemp("dns"), {
            "partner.test": (PARTNER + f"long TXT {strings(LONG)}\n", "signed"),
            "plain.test": ('@ TXT "v=spf1 ip4:11.2.0.0/24 -all"\n', "plain"),
            "bogus.test": ('@ TXT "v=spf1 ip4:11.3.0.0/24 -all"\n', "bogus"),
        }, dead="dead.test")
        validator.await_answer("mail.partner.test")
        yield validator


# ---- a validating resolver -------------------------------------------------------

@pytest.mark.parametrize("demand", [{}, {"authenticated": "yes"}])
def test_signed(validator, demand):
    """A record of 1.8 kB behind an alias, over TCP, and the addresses of an exchange."""
    answer = resolve("spf", "partner.test", validator.address, **demand)
    assert answer.status == {4: "ok", 6: "ok"}, answer.message
    assert all(answer.is_complete.values())
    assert answer.is_authenticated and 0 < answer.ttl_sec <= 300
    assert set(answer.prefixes) == {f"11.0.0.{2 * number}/32" for number in range(100)} \
        | {"11.1.0.1/32", "2a00:1::/48", "2a00:2::1/128"}


def test_host(validator):
    answer = resolve("host", "alias.partner.test", validator.address, authenticated="yes")
    assert (answer.prefixes, answer.is_authenticated) == (["11.1.0.1/32", "2a00:2::1/128"], True)
    answer = resolve("host", "only4.partner.test", validator.address)
    assert answer.status == {4: "ok", 6: "no-record"}
    # The absence of a record holds for a shorter time.
    assert 0 < answer.ttl_sec <= 60


def test_not_signed(validator):
    answer = resolve("spf", "plain.test", validator.address)
    assert (answer.prefixes, answer.is_authenticated) == (["11.2.0.0/24"], False)
    answer = resolve("spf", "plain.test", validator.address, authenticated="yes")
    assert answer.status == {4: "temporary", 6: "temporary"} and not answer.prefixes
    assert "AD" in answer.message[4]


@pytest.mark.parametrize("name", ["bogus.test", "dead.test"])
def test_servfail_is_not_the_absence_of_a_record(validator, name):
    for kind in "spf", "host":
        answer = resolve(kind, name, validator.address)
        assert answer.status == {4: "temporary", 6: "temporary"} and not answer.prefixes
        assert answer.message[4]


@pytest.mark.parametrize("name, status", [("none.partner.test", "no-domain"),
                                          ("empty.partner.test", "no-record"),
                                          ("mail.partner.test", "no-record")])
def test_absence(validator, name, status):
    answer = resolve("spf", name, validator.address, authenticated="yes")
    assert answer.status == {4: status, 6: status} and answer.is_authenticated


def test_authenticated_needs_a_local_resolver():
    answer = resolve("spf", "partner.test", "127.0.0.1,192.0.2.53", authenticated="yes")
    assert answer.status[4] == "temporary" and "loopback" in answer.message[4]


# ---- resolvers that go wrong -------------------------------------------------------

GOOD = {("a.test", "TXT"): ["v=spf1 a mx -all"], ("a.test", "MX"): ["m.test"],
        ("a.test", "A"): ["11.0.0.1"], ("a.test", "AAAA"): ["2a00::1"],
        ("m.test", "A"): ["11.0.0.2"], ("m.test", "AAAA"): ["2a00::2"]}
TEXT = record("bad.test", "TXT", "v=spf1 ip4:11.9.0.1 -all")


def flood(query, _is_tcp):
    """Answers to other queries, without an end that is near."""
    return (query.answer(TEXT, query_id=(query.id + 1 + number) % 65536)
            for number in range(20000))


def garbage(query, _is_tcp):
    return [query.answer(TEXT)[:length] for length in (5, 13, 30, 50)]


@pytest.mark.parametrize("behaviour", [
    hang, flood, garbage, code(nameserver.SERVFAIL), code(nameserver.REFUSED),
    code(nameserver.NOTIMP), code(nameserver.FORMERR), code(9),
    # An answer that is too long for UDP, and nothing over TCP.
    lambda query, is_tcp: [] if is_tcp else [query.answer(flags=nameserver.TRUNCATED)],
    # Data that does not fit its length, and a name that points to itself.
    lambda query, _: [query.answer(TEXT[:-1])],
    lambda query, _: [query.answer(b"\xc0\x2a" + TEXT[10:])],
])
def test_no_answer(behaviour):
    server = NameServer(GOOD, {"bad.test": behaviour})
    answer = resolve("spf", "bad.test", server.address, timeout_sec=3)
    assert answer.status == {4: "temporary", 6: "temporary"} and not answer.prefixes
    assert answer.message[4].startswith("bad.test TXT: ")


def test_lies():
    """An answer with another number or to another question does not count; the right one,
    which comes later, does."""
    def lie(query, _is_tcp):
        bad = record("bad.test", "TXT", "v=spf1 ip4:11.66.0.0/16 -all")
        other = query.question.replace(b"\3bad", b"\3bat")
        return [query.answer(bad, query_id=query.id ^ 1), query.answer(bad, question=other),
                query.answer(TEXT)]
    server = NameServer(behaviours={"bad.test": lie})
    assert resolve("spf", "bad.test", server.address).prefixes == ["11.9.0.1/32"]


def test_records_of_other_names_do_not_count():
    def smuggle(query, _is_tcp):
        return [query.answer(record("else.test", "TXT", "v=spf1 ip4:11.66.0.0/16 -all"), TEXT,
                             record("else.test", "A", "11.66.0.1"))]
    server = NameServer(behaviours={"bad.test": smuggle})
    assert resolve("spf", "bad.test", server.address).prefixes == ["11.9.0.1/32"]


def test_old_server_without_edns():
    def old(query, _is_tcp):
        return [query.answer(code=nameserver.FORMERR) if query.has_edns else query.answer(TEXT)]
    server = NameServer(behaviours={"bad.test": old})
    assert resolve("spf", "bad.test", server.address).prefixes == ["11.9.0.1/32"]


def test_a_failure_of_one_family_leaves_the_other():
    def no_ipv6(query, _is_tcp):
        if query.kind == "AAAA":
            return [query.answer(code=nameserver.SERVFAIL)]
        return [query.answer(record("m.test", "A", "11.0.0.2", ttl=20))]
    server = NameServer(GOOD, {"m.test": no_ipv6})
    answer = resolve("spf", "a.test", server.address)
    assert answer.status == {4: "ok", 6: "temporary"}
    assert answer.prefixes == ["11.0.0.1/32", "11.0.0.2/32"]
    assert "m.test AAAA" in answer.message[6] and answer.ttl_sec == 20


def test_each_question_is_asked_once():
    server = NameServer(GOOD)
    assert len(resolve("spf", "a.test", server.address).prefixes) == 4
    assert len(set(server.queries)) == len(server.queries) == 6


def test_a_second_server_answers():
    server = NameServer(GOOD)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        servers = f"127.0.0.1:{silent.getsockname()[1]},{server.address}"
        assert resolve("host", "a.test", servers).status == {4: "ok", 6: "ok"}


def test_no_server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert resolve("host", "a.test", f"127.0.0.1:{port}").status[4] == "temporary"
    assert "resolvers" in resolve("host", "a.test", "nonsense").message[4]


# ---- the program -------------------------------------------------------------------

def test_it_is_confined():
    """While it waits for an answer."""
    server = NameServer(behaviours={"bad.test": hang})
    process, result = spawn(request("spf", "bad.test", server.address, timeout_sec=120))
    wait_for(lambda: server.queries, "it has asked")
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    status = dict(line.split(":\t", 1) for line in text.splitlines())
    assert status["Seccomp"].strip() == "2" and status["NoNewPrivs"].strip() == "1"
    assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
    assert "0" not in status["Uid"].split() and "0" not in status["Gid"].split()
    assert not status["Groups"].strip()
    files = os.listdir(f"/proc/{process.pid}/fd")
    links = {os.readlink(f"/proc/{process.pid}/fd/{name}").split(":")[0] for name in files}
    assert links <= {"/memfd", "pipe", "socket", "anon_inode"}, links
    process.send_signal(signal.SIGKILL)
    process.communicate()
    os.close(result)


@pytest.mark.parametrize("text", [b"", b"kind spf\n", b"kind spf\nname a..test\ntimeout_sec 1\n",
                                  b"x" * 5000])
def test_a_bad_request(text):
    process, result = spawn(text)
    process.communicate(timeout=netns.PATIENCE_SEC)
    assert read(result).message[4] == "the request cannot be read"


def test_over_a_socket():
    """As systemd starts it."""
    server = NameServer(GOOD)
    ours, theirs = socket.socketpair()
    result = memory("result")
    question = memory("request", request("spf", "a.test", server.address))
    with ours, theirs:
        process = subprocess.Popen([PROGRAM], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        socket.send_fds(ours, [b"x"], [question, result])
        theirs.close()
        # The connection ends with the program.
        ours.settimeout(netns.PATIENCE_SEC)
        assert ours.recv(1) == b""
    assert process.wait(netns.PATIENCE_SEC) == 0
    os.close(question)
    assert len(read(result).prefixes) == 4


# ---- ipwlctl spf -------------------------------------------------------------------

ZONE = {("p.test", "TXT"): ["v=spf1 ip4:11.0.0.0/24 include:q.test ip4:12.0.0.0/8 "
                            "ip4:192.168.0.0/24 exists:%{i}.x.test -all"],
        ("q.test", "TXT"): ["v=spf1 mx ?all"], ("q.test", "MX"): ["m.test"],
        ("m.test", "A"): ["11.5.0.1"], ("bad.test", "TXT"): ["v=spf1 ip4:1.2.3 -all"]}


def ctl(*arguments, **options):
    return netns.run(daemon.BUILD / "ipwlctl", *arguments, check=False, **options)


def test_tree():
    server = NameServer(ZONE)
    done = ctl("spf", "P.test.", "--servers", server.address)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "p.test",
        "  ip4:11.0.0.0/24  IPv4 1 network",
        "  include:q.test  IPv4 1 network, IPv6 0 networks",
        "    mx  IPv4 1 network, IPv6 no answer",
        "    ?all  gives no pass",
        "  ip4:12.0.0.0/8  IPv4 left out: too broad",
        "  ip4:192.168.0.0/24  IPv4 left out: reserved address space",
        "  exists:%{i}.x.test  skipped: it depends on the message",
        "  -all  gives no pass",
        "IPv4: 2 networks, 3 of 10 lookups, 1 of 2 without an answer: incomplete",
        "IPv6: 0 networks, 3 of 10 lookups, 1 of 2 without an answer: incomplete",
        "valid for 5m 0s",
        "11.0.0.0/24",
        "11.5.0.1",
    ]


def test_tree_in_json():
    server = NameServer(ZONE)
    done = ctl("--json", "spf", "p.test", "--servers", server.address)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["status"] == "ok"
    assert answer["ipv4"] == {"status": "ok", "lookups": 3, "voids": 1, "complete": False,
                              "message": None}
    include = answer["record"]["terms"][1]
    assert (include["term"], include["record"]["domain"]) == ("include:q.test", "q.test")
    assert include["record"]["terms"][0]["prefixes"] == ["11.5.0.1"]
    assert [term["ipv4"] for term in answer["record"]["terms"]] \
        == ["taken", "taken", "too-wide", "reserved", "exists", "refused"]


@pytest.mark.parametrize("name, status, words", [
    ("none.test", "no-domain", "the domain does not exist"),
    ("m.test", "no-record", "there is no SPF record"),
    ("bad.test", "permanent", 'bad.test has an invalid term: "ip4:1.2.3"'),
    ("hang.test", "temporary", "temporary failure")])
def test_no_expansion(name, status, words):
    server = NameServer(ZONE, {"hang.test": hang})
    options = ("--servers", server.address, "--timeout", "2s")
    done = ctl("spf", name, *options)
    assert done.returncode == 1 and words in done.stdout
    assert json.loads(ctl("--json", "spf", name, *options).stdout)["status"] == status


def test_anybody_may_ask():
    server = NameServer(ZONE)
    done = netns.run("setpriv", "--reuid", 65534, "--regid", 65534, "--clear-groups",
                     daemon.BUILD / "ipwlctl", "spf", "p.test", "--servers", server.address,
                     check=False)
    assert done.returncode == 0, done.stderr
