# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page: its figures, who may see it, and what survives."""

import concurrent.futures
import contextlib
import json
import re
import signal
import socket
import sqlite3
import struct
import time

import pytest

import frames
import netns
import status_page
from daemon import INVALID, NEGATIVE
from lab import SENDERS, wait_for
from status_page import LISTEN, TOKEN, overview, request, sums


@pytest.fixture(name="shown")
def _shown(ipwld):
    """A daemon that runs and has a status page."""
    ipwld.configure(extra=LISTEN)
    ipwld.start()
    return ipwld


def send_some(wire, count=10):
    """Attempts, and packets that are none. The same SYN again would be no further attempt."""
    for address in (address for sender in SENDERS for address in sender.addresses):
        for _ in range(count):
            wire.send(frames.tcp(wire, address), frames.tcp(wire, address, flags="A"),
                      frames.udp(wire, address))


def counted(ipwld, what):
    """{verdict: number} of all interfaces, as Prometheus sees them."""
    total = {}
    for (_, verdict), value in ipwld.counters(what).items():
        total[verdict] = total.get(verdict, 0) + value
    return total


def check_figures(ipwld):
    """The samples have all that the counters have."""
    assert counted(ipwld, "connections").get("block", 0) > 0
    for what in "packets", "connections":
        for series in "day", "week":
            assert sums(ipwld, what, series) == counted(ipwld, what), (what, series)


# ---- figures --------------------------------------------------------------------

def test_figures_are_those_of_the_metrics(shown, wire):
    for _ in range(3):
        send_some(wire)
        check_figures(shown)
    shown_now, status = overview(shown), shown.status()
    for changing in "uptime_seconds", "schema_version":
        shown_now["status"].pop(changing, None)
        status.pop(changing)
    assert shown_now["status"] == status
    assert shown_now["feeds"] == shown_now["domains"] == [] and shown_now["candidates"] is None


def test_whose_mail_was_saved(shown, wire):
    """Entries of allow lists whose senders are on a block list, too, by packets."""
    assert overview(shown)["saved"] == []
    send_some(wire)
    saved = overview(shown)["saved"]
    assert [(entry["prefix"], entry["list"], entry["total_averted_packets"]) for entry in saved] \
        == [("203.0.113.77/32", "partners", 20), ("2001:db8:bad::77/128", "partners", 20)]
    assert all(entry["last_hit_at"] for entry in saved)


def test_the_same_words_as_ipwlctl(shown):
    def check(level):
        health = overview(shown)["health"]
        lines = shown.ctl("status").stdout.splitlines()
        assert health["summary"] == lines[0]
        assert health["protection"] == level
        assert [f"{item['level'].lower()}: {item['text']}" for item in health["problems"]] \
            == lines[1:len(health["problems"]) + 1]
        assert health["level"] == shown.ask("status", "--check", status=(
            "OK", "WARNING", "CRITICAL").index(health["level"]))["level"]
    check("OK")
    shown.configure(extra=LISTEN, mode="monitor")
    shown.ask("reload")
    check("WARNING")
    shown.configure(extra=LISTEN, interfaces="eth0, eth7")
    shown.ask("reload")
    check("WARNING")
    shown.config.write_text("nonsense: [\n", encoding="utf-8")
    assert shown.ctl("reload").returncode == INVALID
    check("WARNING")
    shown.configure(extra=LISTEN)
    shown.ask("reload")
    assert shown.ctl("detach").returncode == 0
    check("CRITICAL")


def test_what_is_counted_survives(shown, wire):
    """Stop and start, kill -9, and packets that arrive while nobody looks."""
    for end in shown.kill, shown.stop, shown.kill:
        send_some(wire)
        end()
        send_some(wire, 3)
        shown.start()
        check_figures(shown)


def test_a_new_set_of_counters(shown, wire):
    """What was counted before `detach` stays, although the kernel begins at zero."""
    send_some(wire)
    before = sums(shown, "connections")
    assert shown.ctl("detach").returncode == 0
    shown.ask("reload")
    send_some(wire, 4)
    after = sums(shown, "connections")
    assert after == {verdict: before[verdict] + before[verdict] * 4 // 10 for verdict in before}


def test_a_damaged_file(shown, wire):
    send_some(wire)
    assert sums(shown, "connections")
    shown.stop()
    (shown.state / "samples.db").write_bytes(b"no database, and longer than its header" * 100)
    shown.start()
    assert "samples.db was damaged and is kept as" in shown.words()
    assert not sums(shown, "connections")
    before = counted(shown, "connections")
    send_some(wire)
    assert sums(shown, "connections") == {key: counted(shown, "connections")[key] - before[key]
                                          for key in before}


def test_each_minute_is_kept(shown, wire):
    """Without an end of its own, the daemon keeps at least all but the last minute."""
    send_some(wire)

    def kept():
        shown_now = overview(shown)["samples"]["day"]["start"]
        return len(shown_now) >= 2
    wait_for(kept, "a minute is over", 1)
    # The counters of the look at the end of that minute are on the disk soon.
    wait_for(lambda: _kept_sum(shown) == sum(counted(shown, "connections").values()),
             "it is on the disk", 0.5)


def _kept_sum(ipwld):
    with contextlib.closing(sqlite3.connect(ipwld.state / "samples.db")) as database:
        rows = database.execute("SELECT counts FROM samples WHERE series = 0").fetchall()
    return sum(sum(struct.unpack(f"<{2 * len(status_page.VERDICTS)}Q", row[0])[1::2]) for row in rows)


def test_a_week_is_read(ipwld):
    ipwld.configure(extra=LISTEN)
    ipwld.start()
    ipwld.stop()
    written = status_page.write_week(ipwld, seed=1)
    ipwld.start()
    for series, connections in written.items():
        assert sums(ipwld, "connections", series) \
            == {verdict: number for verdict, number in connections.items() if number}
    samples = overview(ipwld)["samples"]
    assert samples["day"]["step_seconds"] == 60 and samples["week"]["step_seconds"] == 600
    # The gap is one, and no zero.
    starts = samples["week"]["start"]
    assert any(later - earlier > 2000 for earlier, later in zip(starts, starts[1:]))


# ---- who may see it -------------------------------------------------------------------

def test_off_by_default(running):
    with pytest.raises(ConnectionRefusedError):
        request(running)


SECRETS = ("198.51.100", "2001:db8", "partners", "drop", "eth0", "ipwld", "protected")


def check_tells_nothing(answer):
    status, headers, body = answer
    text = f"{headers} {body.decode()}"
    assert not [secret for secret in SECRETS if secret in text], text
    return status


def test_names_of_others_are_refused(shown):
    """A page that makes its own name point here (DNS rebinding) sees nothing."""
    for host in ("attacker.example", "attacker.example:12527", "localhost.attacker.example",
                 "127.0.0.1.attacker.example", "", None, ("127.0.0.1", "attacker.example"),
                 ("attacker.example", "127.0.0.1"), ("localhost", "localhost")):
        for path in "/", "/status.json", "/page.js", "/nothing":
            assert check_tells_nothing(request(shown, path, headers={"Host": host})) == 421, host
    assert check_tells_nothing(request(shown, "http://attacker.example/status.json")) == 421
    for host in "127.0.0.1", "localhost:8080", "[::1]:12527", "192.0.2.25":
        assert request(shown, headers={"Host": host})[0] == 200, host
    shown.configure(extra=LISTEN.replace("}", ", names: [MX1.example.com]}"))
    shown.ask("reload")
    assert request(shown, headers={"Host": "mx1.example.com"})[0] == 200
    assert request(shown, headers={"Host": "mx2.example.com"})[0] == 421


def test_only_who_has_the_token(ipwld):
    path = ipwld.top / "web.token"
    path.write_text(f"{TOKEN}\n", encoding="ascii")
    ipwld.configure(extra=LISTEN.replace("}", f", token_file: {path}}}"))
    ipwld.start()
    basic = "Basic aXB3bDpzM2NyZXQtdDBrZW4="  # of base64(1)
    for page in "/", "/status.json", "/page.js", "/uplot.js", "/nothing":
        for wrong in (None, "Bearer wrong", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN,
                      "Basic cm9vdDpzM2NyZXQtdDBrZW4="):
            answer = request(ipwld, page, headers={"Authorization": wrong})
            assert check_tells_nothing(answer) == 401, (page, wrong)
            assert answer[1]["WWW-Authenticate"].startswith('Basic realm="ipwl"')
    assert request(ipwld, headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200
    assert request(ipwld, "/", headers={"Authorization": basic})[0] == 200
    assert request(ipwld, "/nothing", headers={"Authorization": basic})[0] == 404
    # Another one after a reload; without any, nobody is served, and mail is.
    path.write_text("another\n", encoding="ascii")
    ipwld.ask("reload")
    assert request(ipwld, headers={"Authorization": f"Bearer {TOKEN}"})[0] == 401
    assert request(ipwld, headers={"Authorization": "Bearer another"})[0] == 200
    path.unlink()
    assert any("token_file" in line for line in ipwld.ask("reload")["warnings"])
    with pytest.raises(ConnectionRefusedError):
        request(ipwld)
    assert ipwld.interface()["attached"]
    # It starts without the page, too.
    ipwld.stop()
    ipwld.start()
    assert ipwld.interface()["attached"] and "web: token_file" in ipwld.words()


def test_it_only_shows(shown):
    for path in "/", "/status.json", "/page.js":
        for method in "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD":
            status, headers, _ = request(shown, path, method)
            assert status == 405, (path, method)
            assert headers["Allow"] == "GET"
    for path in ("/v1/status", "/v1/entries", "/v1/detach", "/metrics", "/page.js/",
                 "/../page.js", "/%2e%2e/etc/passwd", "/status.json%00", "/favicon.ico"):
        assert request(shown, path)[0] in (400, 404), path
    assert request(shown, "/v1/detach", "POST")[0] == 404
    assert shown.interface()["attached"]


def test_strange_requests(shown):
    """None is answered with more than an error, and the page goes on."""
    for raw in (b"CONNECT localhost:25 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n",
                b"GET http:// HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"GET ://[ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET /\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"):
        with shown.namespace.entered():
            connection = socket.create_connection(status_page.ADDRESS,
                                                  timeout=netns.PATIENCE_SEC)
        with contextlib.closing(connection):
            connection.sendall(raw)
            answer = connection.recv(64)
        assert re.match(rb"HTTP/1\.[01] (400|404|421) ", answer), (raw, answer)
    assert request(shown)[0] == 200


def test_headers(shown):
    types = {"/": "text/html; charset=utf-8", "/status.json": "application/json",
             "/page.js": "text/javascript; charset=utf-8", "/page.css": "text/css; charset=utf-8",
             "/nothing": "text/plain; charset=utf-8"}
    for path, kind in types.items():
        _, headers, body = request(shown, path)
        assert headers["Content-Type"] == kind
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "Access-Control-Allow-Origin" not in headers
        assert int(headers["Content-Length"]) == len(body)
    page = request(shown, "/")[2].decode()
    # Nothing inline, and nothing from elsewhere.
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on\w+=|https?://", page)
    for name in re.findall(r'(?:src|href)="([^"#]+)"', page):
        assert request(shown, f"/{name}")[0] == 200, name


def test_only_loopback_unless_said_otherwise(ipwld):
    token = ipwld.write_list("web.token", TOKEN)
    refused = (("listen: '0.0.0.0:12527'", "remote"), ("listen: '192.0.2.25:12527'", "remote"),
               ("listen: '[::]:12527'", "remote"), ("listen: 'localhost:12527'", "host name"),
               ("listen: '192.0.2.25:12527', remote: true", "token_file"),
               ("listen: '127.0.0.1:12527', names: ['a b']", "host name"),
               ("listen: '127.0.0.1:12527', token_file: token", "absolute"),
               ("listen: '127.0.0.1:12527', port: 1", "unknown"))
    for text, word in refused:
        ipwld.configure(extra=f"web: {{{text}}}\n")
        done = ipwld.ctl("check-config", ipwld.config)
        assert done.returncode == INVALID, text
        assert word in done.stdout + done.stderr, (text, done.stderr)
    ipwld.configure(
        extra=f"web: {{listen: '192.0.2.25:12527', remote: true, token_file: {token}}}\n")
    ipwld.start()
    address = ("192.0.2.25", 12527)
    assert request(ipwld, address=address)[0] == 401
    assert request(ipwld, address=address, headers={"Authorization": f"Bearer {TOKEN}"})[0] == 200
    with pytest.raises(ConnectionRefusedError):
        request(ipwld)


def test_the_listener_moves_and_waits_for_its_port(shown):
    assert request(shown)[0] == 200
    shown.configure()
    changes = shown.ask("diff", status=NEGATIVE)["settings"]
    assert [item["key"] for item in changes] == ["web.listen"], changes
    shown.ask("reload")
    with pytest.raises(ConnectionRefusedError):
        request(shown)
    with shown.namespace.entered():
        holder = socket.socket()
    with holder:
        holder.bind(status_page.ADDRESS)
        holder.listen()
        shown.configure(extra=LISTEN)
        assert any("cannot serve the status page" in line
                   for line in shown.ask("reload")["warnings"])

    def is_back():
        with contextlib.suppress(OSError):
            return request(shown)[0] == 200
    wait_for(is_back, "it serves again", 0.5)


# ---- many clients, and slow ones --------------------------------------------------------

CONNECTIONS_MAX = 32


def test_slow_clients_keep_nobody_out(shown, wire):
    """As many connections as there may be, idle or without an end to reading; the rest of
    ipwld goes on, and the page comes back when they are closed."""
    held = []
    for number in range(CONNECTIONS_MAX):
        with shown.namespace.entered():
            connection = socket.create_connection(status_page.ADDRESS,
                                                  timeout=netns.PATIENCE_SEC)
        if number % 3 == 1:
            connection.sendall(b"GET /uplot.js HTTP/1.1\r\nHost: localhost\r\n\r\n")
        elif number % 3 == 2:
            connection.sendall(b"GET /status.json HTTP/1.1\r\nHo")
        held.append(connection)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waits = pool.submit(request, shown)
        send_some(wire)
        assert shown.metrics() and shown.status()
        assert counted(shown, "connections")["block"] == 20
        assert waits.result(netns.PATIENCE_SEC)[0] == 200
    for connection in held:
        connection.close()
    check_figures(shown)


def test_many_clients(shown, wire):
    send_some(wire)
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: request(shown), range(200)))
    assert {status for status, _, _ in answers} == {200}
    assert {json.loads(body)["health"]["summary"] for _, _, body in answers} \
        == {shown.ctl("status").stdout.splitlines()[0]}
    assert shown.stop() == 0


def test_large_requests_are_refused(shown):
    assert request(shown, headers={"X": "x" * 20_000})[0] in (400, 413)
    assert request(shown, f"/{'x' * 20_000}")[0] in (400, 404, 413, 414)
    with contextlib.closing(status_page.connect(shown)) as connection:
        connection.request("GET", "/", b"x" * 4096, {"Host": "localhost"})
        assert connection.getresponse().status in (400, 413)
    assert request(shown)[0] == 200


def test_it_stops_at_once(shown):
    """With a client in the middle of a request."""
    with contextlib.closing(status_page.connect(shown)) as connection:
        connection.putrequest("GET", "/status.json")
        began = time.monotonic()
        assert shown.stop(signal.SIGTERM) == 0
        assert time.monotonic() - began < netns.PATIENCE_SEC / 2
