# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket under requests that are wrong, too big, slow, or many."""

import concurrent.futures
import contextlib
import http.client
import json
import pathlib
import socket
import stat

import pytest

from daemon import BUILD, DENIED, DONE, INVALID, UNREACHABLE
from lab import BLOCKED

GROUP = 64104
ENTRY = {"list": "drop", "prefix": "192.0.2.7", "reason": None, "ttl_seconds": None,
         "sudo_user": None}


def answers(ipwld):
    return ipwld.request("GET", "/v1/status")[0] == 200 and \
        ipwld.ctl("test", BLOCKED.ipv4).returncode == 6


def is_open(connection):
    """That it was neither closed nor answered by the other side."""
    connection.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        return connection.recv(1, socket.MSG_PEEK) != b""
    return True


def check_error(answer, code):
    assert answer["schema_version"] == 1
    assert answer["error"]["code"] == code
    assert answer["error"]["message"] and isinstance(answer["error"]["details"], list)


def ctl_as_nobody(ipwld, *argv, groups="--clear-groups"):
    return ipwld.namespace.run("setpriv", "--reuid=65534", "--regid=65534", groups, "--",
                               BUILD / "ipwlctl", "--socket", ipwld.socket, *argv, check=False)


def start_with_group(ipwld, line):
    """Start it where /etc/group has that line for the group ipwl, or none."""
    group = ipwld.top / "group"
    others = pathlib.Path("/etc/group").read_text(encoding="utf-8").splitlines(keepends=True)
    group.write_text("".join(other for other in others if not other.startswith("ipwl:")) + line,
                     encoding="utf-8")
    ipwld.spawn(wrapper=("unshare", "--mount", "--propagation", "private", "sh", "-c",
                         'mount --bind "$0" /etc/group && exec "$@"', group))
    ipwld.await_answer()
    state = ipwld.socket.stat()
    return stat.S_IMODE(state.st_mode), state.st_uid, state.st_gid


def test_who_may(ipwld):
    """root and members of the group ipwl may connect; the user is the author."""
    assert start_with_group(ipwld, f"ipwl:x:{GROUP}:\n") == (0o660, 0, GROUP)
    result = ctl_as_nobody(ipwld, "status")
    assert result.returncode == DENIED, result
    member = f"--groups={GROUP}"
    assert ctl_as_nobody(ipwld, "status", groups=member).returncode == DONE
    assert ctl_as_nobody(ipwld, "add", "--list", "drop", "192.0.2.7",
                         groups=member).returncode == DONE
    entry, = ipwld.manual()
    assert entry["author"] == "nobody"


def test_socket_without_a_group(ipwld):
    """Without a group ipwl, only root may connect."""
    assert start_with_group(ipwld, "")[:2] == (0o600, 0)
    assert ctl_as_nobody(ipwld, "status").returncode == DENIED


@pytest.mark.parametrize("body", [
    b"", b"{", b"null", b"[]", b"12", b'"x"', b"\xff\xfe", b"\0", b"{}" * 2,
    b'{"addresses": "192.0.2.1"}', b'{"addresses": [1]}', b'{"addresses": null}', b"{}",
    b'{"addresses": ["192.0.2.1/24"]}', b'{"addresses": ["x"]}', b'{"addresses": [""]}',
    b'{"addresses": ["192.0.2.1\\u0000"]}', b"[" * 100_000,
    json.dumps({"addresses": ["192.0.2.1"] * 10_001}).encode()])
def test_malformed_test(running, body):
    status, answer = running.request("POST", "/v1/test", body)
    assert status == 400
    check_error(answer, "invalid")
    assert answers(running)


@pytest.mark.parametrize("change", [
    {"list": 5}, {"list": None}, {"prefix": 5}, {"prefix": "192.0.2.1/24"}, {"prefix": ""},
    {"prefix": "192.0.2.1\0"}, {"prefix": "::/0"}, {"reason": 5}, {"ttl_seconds": "60"},
    {"ttl_seconds": -1}, {"ttl_seconds": 0}, {"ttl_seconds": 1.5}, {"ttl_seconds": 2 ** 63 - 1},
    {"ttl_seconds": 2 ** 70}, {"colour": "red"}])
def test_malformed_entry(running, change):
    body = json.dumps(ENTRY | change).encode()
    status, answer = running.request("POST", "/v1/entries", body)
    assert status == 400, answer
    check_error(answer, "invalid")
    assert running.manual() == []


def test_paths_and_methods(running):
    for method, path, status, code in (
            ("GET", "/", 404, "not_found"), ("GET", "/v1/nothing", 404, "not_found"),
            ("GET", "/v1/entries?list=nope", 404, "not_found"),
            ("GET", "/v1/entries?source=nope", 400, "invalid"),
            ("GET", "/v1/entries?prefix=nope", 400, "invalid"),
            ("GET", "/v1/entries?limit=10x", 400, "invalid"),
            ("GET", "/v1/entries?limit=1001", 400, "invalid"),
            ("GET", "/v1/entries?limit=0", 400, "invalid"),
            # Pagers without end.
            ("GET", "/v1/history?limit=0", 400, "invalid"),
            ("GET", "/v1/history?before=0", 400, "invalid"),
            ("GET", "/v1/history?since=-1", 400, "invalid"),
            ("GET", "/v1/history?before=1&before=2", 400, "invalid"),
            ("GET", "/v1/entries?after=%00%ff", 400, "invalid"),
            ("DELETE", "/v1/entries?list=drop", 400, "invalid"),
            ("POST", "/v1/status", 405, "method_not_allowed"),
            ("GET", "/v1/reload", 405, "method_not_allowed"),
            ("PUT", "/v1/entries", 405, "method_not_allowed")):
        found, answer = running.request(method, path)
        assert (found, answer["error"]["code"]) == (status, code), path
        check_error(answer, code)


def test_oversized(running):
    size = (1 << 20) + 1
    with running.open_socket() as connection:
        # It may have answered, and closed, before it has read all.
        with contextlib.suppress(BrokenPipeError):
            connection.sendall(b"POST /v1/test HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
                               % size + b" " * size)
        response = http.client.HTTPResponse(connection, method="POST")
        response.begin()
        assert response.status == 413
        check_error(json.loads(response.read()), "too_large")


def test_lengths_that_lie(running):
    """A body announced that never comes, headers without an end: others are answered."""
    with contextlib.ExitStack() as closed_at_end:
        for announced in b"99999999999", b"1048577", b"-1", b"99999999999999999999999", b"x":
            connection = closed_at_end.enter_context(running.open_socket(timeout=0.2))
            connection.sendall(b"POST /v1/test HTTP/1.1\r\nHost: x\r\nContent-Length: "
                               + announced + b"\r\n\r\n")
            with contextlib.suppress(TimeoutError):
                assert connection.recv(64).split()[1:2] in ([b"413"], [b"400"], []), announced
        connection = closed_at_end.enter_context(running.open_socket(timeout=0.2))
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /v1/status HTTP/1.1\r\n" + b"X: " + b"y" * (4 << 20))
            assert connection.recv(64).split()[1:2] != [b"200"]
        assert answers(running)


@pytest.mark.parametrize("garbage", [
    b"\r\n\r\n", b"\0" * 4096, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00",
    b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n", b"POST /v1/test HTTP/1.1\r\nHost: x\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", b"{}"])
def test_not_http(running, garbage):
    with running.open_socket(timeout=1) as connection:
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
        except OSError:
            pass
    assert answers(running)


def test_slow_requests(running):
    """Many that never end: others are answered meanwhile, and these are closed."""
    slow = []
    for index in range(50):
        connection = running.open_socket()
        connection.sendall((b"POST /v1/test HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
                            b"GET /v1/sta", b"")[index % 3])
        slow.append(connection)
    assert answers(running)
    # It did not wait until those had had their time.
    assert all(is_open(connection) for connection in slow)
    for _ in range(10):
        assert answers(running)
        for connection in slow[::3]:
            with contextlib.suppress(OSError):  # it may have had its time
                connection.sendall(b" ")
    for connection in slow:
        connection.close()
    assert answers(running)


def test_idle_after_an_answer(running):
    """A client that has its answer and asks no more loses its connection."""
    with contextlib.closing(running.open_socket()) as connection:
        connection.settimeout(120)
        connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        while connection.recv(65536):
            pass


def test_slow_reader(running):
    """A client that asks for much and does not read holds up nobody."""
    running.write_list("block.d/many.list", *[f"10.{index // 256}.{index % 256}.0/24"
                                              for index in range(20_000)])
    running.ask("reload")
    lazy = []
    for _ in range(5):
        connection = running.open_socket()
        connection.sendall(b"GET /v1/entries?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n" * 50)
        lazy.append(connection)
    assert answers(running)
    assert all(is_open(connection) for connection in lazy)
    for _ in range(10):
        assert answers(running)
    for connection in lazy:
        connection.close()
    assert answers(running)


def test_pages(running):
    """All entries come, each once, in order, over several pages."""
    prefixes = [f"10.{index // 256}.{index % 256}.0/24" for index in range(2500)]
    running.write_list("block.d/many.list", *prefixes)
    running.ask("reload")
    found, after = [], ""
    while after is not None:
        _, answer = running.request("GET", f"/v1/entries?list=drop&limit=999{after}")
        assert len(answer["entries"]) <= 999
        found += [entry["prefix"] for entry in answer["entries"]]
        after = answer["next"] and f"&after={answer['next']}"
    expected = set(prefixes) | {"203.0.113.0/24", "2001:db8:bad::/48"}
    assert len(found) == len(expected) and set(found) == expected
    assert [entry["prefix"] for entry in running.ask("list", "--list", "drop")["entries"]] == found


def test_many_clients_at_once(running):
    """Reads and writes together; each is answered, and each write is there."""
    def one(index):
        # Not 192.0.2.0/24, where this host has its address.
        body = ENTRY | {"prefix": f"192.0.3.{index}"}
        assert running.request("GET", "/v1/status")[0] == 200
        assert running.request("POST", "/v1/entries", body)[0] == 200
        return running.request("POST", "/v1/test", {"addresses": [f"192.0.3.{index}"]})[1]["results"][0]["verdict"]

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        assert set(pool.map(one, range(120))) == {"block"}
    assert len(running.manual()) == 120


def test_without_a_daemon(running):
    """Nobody answers: exit code 3; a configuration can be checked all the same."""
    running.stop()
    assert running.ctl("status").returncode == UNREACHABLE
    assert running.ctl("reload").returncode == UNREACHABLE
    assert running.ctl("check-config", running.config).returncode == DONE
    running.config.write_text("mode: no\n", encoding="utf-8")
    assert running.ctl("check-config", running.config).returncode == INVALID
