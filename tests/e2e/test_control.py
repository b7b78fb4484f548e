# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket under requests that are wrong, too big, slow, or many."""

import concurrent.futures
import json
import socket
import stat
import time

import pytest

from daemon import BUILD, DENIED, DONE, INVALID, UNREACHABLE
from lab import BLOCKED, wait_for

ENTRY = {"list": "drop", "prefix": "192.0.2.7", "reason": None, "ttl_seconds": None,
         "sudo_user": None}


def answers(ipwld):
    started = time.monotonic()
    assert ipwld.request("GET", "/v1/status")[0] == 200
    assert ipwld.ctl("test", BLOCKED.ipv4).returncode == 6
    return time.monotonic() - started < 2


def check_error(answer, code):
    assert answer["schema_version"] == 1
    assert answer["error"]["code"] == code
    assert answer["error"]["message"] and isinstance(answer["error"]["details"], list)


def test_mode_of_the_socket(running):
    assert stat.S_IMODE(running.socket.stat().st_mode) == 0o660
    assert running.socket.stat().st_uid == 0


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
    assert running.ask("list", "--source", "manual")["entries"] == []


def test_paths_and_methods(running):
    for method, path, status, code in (
            ("GET", "/", 404, "not_found"), ("GET", "/v1/nothing", 404, "not_found"),
            ("GET", "/v1/entries?list=nope", 404, "not_found"),
            ("GET", "/v1/entries?source=nope", 400, "invalid"),
            ("GET", "/v1/entries?prefix=nope", 400, "invalid"),
            ("GET", "/v1/entries?limit=10x", 400, "invalid"),
            ("GET", "/v1/entries?limit=1001", 400, "invalid"),
            ("GET", "/v1/entries?after=%00%ff", 400, "invalid"),
            ("DELETE", "/v1/entries?list=drop", 400, "invalid"),
            ("POST", "/v1/status", 405, "method_not_allowed"),
            ("GET", "/v1/reload", 405, "method_not_allowed"),
            ("PUT", "/v1/entries", 405, "method_not_allowed")):
        found, answer = running.request(method, path)
        assert (found, answer["error"]["code"]) == (status, code), path
        check_error(answer, code)


def test_oversized(running):
    status, answer = running.request("POST", "/v1/test", b" " * ((1 << 20) + 1))
    assert status == 413
    check_error(answer, "too_large")
    for announced in b"99999999999", b"-1", b"99999999999999999999999", b"x":
        with running.open_socket() as connection:
            connection.sendall(b"POST /v1/test HTTP/1.1\r\nHost: x\r\nContent-Length: "
                               + announced + b"\r\n\r\n")
            assert connection.recv(64).split()[1:2] in ([b"413"], [b"400"], [])
    with running.open_socket() as connection:
        try:
            connection.sendall(b"GET /v1/status HTTP/1.1\r\n" + b"X: " + b"y" * (4 << 20))
            while connection.recv(65536):
                pass
        except OSError:
            pass
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
    for _ in range(10):
        assert answers(running)
        for connection in slow[::3]:
            connection.sendall(b" ")
    for connection in slow:
        connection.close()
    wait_for(lambda: answers(running), 5)


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
        body = ENTRY | {"prefix": f"192.0.2.{index}"}
        assert running.request("GET", "/v1/status", timeout=30)[0] == 200
        assert running.request("POST", "/v1/entries", body, timeout=30)[0] == 200
        return running.request("POST", "/v1/test", {"addresses": [f"192.0.2.{index}"]},
                               timeout=30)[1]["results"][0]["verdict"]

    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        assert set(pool.map(one, range(120))) == {"block"}
    assert len(running.ask("list", "--source", "manual")["entries"]) == 120


def test_who_may(running):
    """Another user is kept out by the socket's mode; exit code 5, and 3 without one."""
    result = running.namespace.run(
        "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--",
        *map(str, running_ctl(running, "status")), check=False)
    assert result.returncode == DENIED, result
    running.stop()
    assert running.ctl("status").returncode == UNREACHABLE
    assert running.ctl("reload").returncode == UNREACHABLE
    assert running.ctl("check-config", running.config).returncode == DONE
    running.config.write_text("mode: no\n", encoding="utf-8")
    assert running.ctl("check-config", running.config).returncode == INVALID


def running_ctl(ipwld, *argv):
    return [BUILD / "ipwlctl", "--socket", ipwld.socket, *argv]
