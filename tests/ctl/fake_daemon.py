# SPDX-License-Identifier: GPL-2.0-or-later
"""A control server with canned answers, as docs/control-api.md has them."""
import http.server
import json
import os
import socketserver
import threading
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "unix"

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        pass

    def answer(self):
        fake = self.server.fake
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = {
            "method": self.command,
            "path": url.path,
            "query": dict(urllib.parse.parse_qsl(url.query, strict_parsing=bool(url.query))),
            "body": body if self.headers.get("Content-Type") == "application/octet-stream"
                    else json.loads(body) if body else None,
        }
        fake.requests.append(request)
        answer = fake.answers.get((self.command, url.path), error(404, "not_found", "no such path"))
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            self.close_connection = True
            return
        if answer is None:
            fake.released.wait(120)
            self.close_connection = True
            return
        status, content = answer
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = answer


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients may hang up


class FakeDaemon:
    """answers[method, path] is (status, body), raw bytes for the connection, None to
    stay silent until the end, or a function of the request that returns one of these."""

    def __init__(self, path):
        self.path = str(path)
        self.answers = {}
        self.requests = []
        self.released = threading.Event()

    def __enter__(self):
        self.server = Server(self.path, Handler)
        self.server.fake = self
        os.chmod(self.path, 0o600)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def error(status, code, message, details=()):
    return status, {"schema_version": 1,
                    "error": {"code": code, "message": message, "details": list(details)}}


def entry(prefix="192.0.2.0/24", **changes):
    return {"prefix": prefix, "list": "partners", "action": "allow", "source": "file",
            "origin": "/etc/ipwl/allow.d/a.list:12", "reason": "our partners", "author": None,
            "added_at": None, "expires_at": None, "packets": 7, "bytes": 700, "connections": 2,
            "averted_packets": 1, "protected": False, "last_hit_at": "2026-11-24T09:00:00Z",
            "total_packets": 9, "total_connections": 3, "total_averted_packets": 1, **changes}


def result(address="192.0.2.1", verdict="allow", entries=(), exclusions=(), **changes):
    return {"address": address, "port": 25, "verdict": verdict, "list": None, "mark": None,
            "lane": None, "on_block": None, "reject": None,
            "entries": list(entries), "exclusions": list(exclusions), "left_out": 0,
            "overruled": [],
            "overrides": [], "averted_packets": None, "by_port": [], "limit": None, **changes}


def attempts(source="203.0.113.66", verdict="block", **changes):
    return {"source": source, "port": 25, "verdict": verdict,
            "block": {"list": "drop", "entry": "203.0.113.0/24"}, "allow": None, "attempts": 3,
            "left_out": 0, "first_at": "2026-11-24T09:00:00Z", "last_at": "2026-11-24T09:04:00Z",
            "now": {"verdict": "block", "list": "drop"}, **changes}


def seen(key, rows, **changes):
    return 200, {"schema_version": 1, key: rows, "match_count": len(rows),
                 "attempt_count": sum(row["attempts"] for row in rows),
                 "since": "2026-11-17T09:00:00Z", "remembered_since": "2026-11-20T12:00:00Z",
                 "left_out": {"source_limit": 0, "limit": 0, "ring_full": 0, "rows": 0, "lost": 0},
                 "error": None, **changes}


def record(number=1, event="add", changes=(), **more):
    return {"id": number, "at": "2026-11-24T09:00:00Z", "event": event, "author": "alice",
            "via": None, "origin": None, "reason": None, "undoes": None, "undone_by": None,
            "added": 1, "removed": 0, "change_count": len(changes), "changes": list(changes),
            **more}


def change(prefix="192.0.2.7/32", **more):
    return {"prefix": prefix, "list": "partners", "action": "allow", "source": "manual",
            "added": 1, "removed": 0, "was": None, "now": None, **more}


STATUS = {
    "schema_version": 1, "version": "0.1.0", "libbpf": "1.1", "pid": 4711,
    "started_at": "2026-11-23T12:00:00Z", "uptime_seconds": 266400,
    "config": "/etc/ipwl/ipwld.yaml", "mode": "enforce", "mode_in_force": "monitor",
    "suspended": "the tables are being loaded", "detached": False, "lookup": "index",
    "state": {"path": "/var/lib/ipwl/state.db", "ok": True, "error": None},
    "ports": [25, 465],
    "interfaces": [
        {"name": "eth0", "ifindex": 2, "attached": True, "xdp_mode": "native",
         "marking": "metadata", "error": None,
         "packets": {"other": 123456, "fragment": 0, "malformed": 1, "unlisted": 20,
                     "allow": 3, "averted": 4, "would_block": 5, "block": 6,
                     "would_limit": 8, "limited": 9},
         "connections": {"other": 0, "fragment": 0, "malformed": 0, "unlisted": 18,
                         "allow": 2, "averted": 3, "would_block": 4, "block": 6,
                         "would_limit": 3, "limited": 2}},
        {"name": "eth1", "ifindex": None, "attached": False, "xdp_mode": "none",
         "marking": "none", "error": "there is no such device",
         "packets": {"other": 0, "fragment": 0, "malformed": 0, "unlisted": 0,
                     "allow": 0, "averted": 0, "would_block": 0, "block": 0,
                     "would_limit": 0, "limited": 0},
         "connections": {"other": 0, "fragment": 0, "malformed": 0, "unlisted": 0,
                         "allow": 0, "averted": 0, "would_block": 0, "block": 0,
                         "would_limit": 0, "limited": 0}}],
    "lists": [
        {"name": "partners", "action": "allow", "mode": None, "on_block": None,
         "answers": 0, "ports": None, "mark": 31, "priority": 6,
         "ipv4_entries": 3, "ipv6_entries": 1, "packets": 7, "bytes": 700, "connections": 2,
         "format": "auto", "on_error": "fail", "skipped_lines": 0},
        {"name": "drop", "action": "block", "mode": "monitor", "on_block": "reset",
         "answers": 4, "ports": None, "mark": None, "priority": None,
         "ipv4_entries": 1200000, "ipv6_entries": 0, "packets": 0, "bytes": 0,
         "connections": 0, "format": "netset", "on_error": "skip", "skipped_lines": 3}],
    "averted": [],
    "lanes": [
        {"list": "partners", "family": "ipv4", "address": "127.0.0.1:10025", "port": 25,
         "mode": "enforce", "up": True, "waiting": 0, "waiting_max": 100, "problem": None,
         "handed": 7, "would_hand": 0, "off": 2, "missed": 0},
        {"list": "partners", "family": "ipv6", "address": "[::1]:10025", "port": 25,
         "mode": "enforce", "up": False, "waiting": None, "waiting_max": None,
         "problem": "nobody listens there", "handed": 0, "would_hand": 0, "off": 3, "missed": 1}],
    "rejects": [],
    "list_files": [
        {"list": "partners", "path": "/etc/ipwl/allow.d/a.cidr", "format": "postfix-cidr",
         "recognised": True, "lines": 5, "records": 4, "entries": 3, "exclusions": 0,
         "duplicates": 0,
         "skipped": 1, "skipped_lines": 0,
         "summary": "4 rules: 3 entries, 1 skipped: 1 of another action"}],
    "mail_log": None,
    "sessions": None,
    "rescue": [],
    "seen": {"reported": True, "keep_seconds": 604800, "rows": 1234, "max_rows": 200000, "waiting": 0,
             "failing": False, "attempts": 5678,
             "left_out": {"source_limit": 1, "limit": 20, "ring_full": 0, "rows": 0, "lost": 0},
             "lines": 60, "untold": 17},
    "limits": {"mode": "off", "mode_in_force": "off", "address": None, "network": None},
    "flood": {"mode": "off", "mode_in_force": "off", "threshold": 5000, "quiet_seconds": 60,
              "active": False, "last_at": None, "syncookies": "unknown",
              "syns": {"answered": 0, "would_answer": 0, "odd": 0, "refused": 0}},
    "fleet": None,
    "exports": [
        {"path": "/var/lib/ipwl/export/allow.cidr", "format": "postfix-cidr",
         "lists": ["partners", "vips"], "aggregate": True, "prefixes": 4, "successful": False,
         "changed_at": "2026-11-23T12:00:00Z", "succeeded_at": None,
         "error": "/usr/bin/systemctl exited with status 1"}],
    "feeds": {"count": 2, "held": ["botnets"], "missing": ["vendor"]},
    "domains": {"count": 3, "held": [], "missing": [], "gone": []},
    "expiring_in_use": {"entries": 0, "next_at": None},
    "learn": None,
    "loading": None,
    "reload": {"at": "2026-11-23T13:00:00Z", "successful": False,
               "succeeded_at": "2026-11-23T12:00:00Z",
               "errors": ["/etc/ipwl/ipwld.yaml:3:7: unknown key"], "warnings": [],
               "held": None},
}

FEEDS = {
    "schema_version": 1,
    "feeds": [
        {"name": "botnets", "list": "drop", "action": "block", "url": "https://feeds.example/b",
         "copy_url": "https://mirror.example/b", "format": "netset", "entries": 120, "skipped_lines": 0,
         "cut_entries": {"reserved": 12, "own": 0},
         "overruled_exclusions": 0, "fetched_at": "2026-11-23T10:00:00Z", "checked_at": "2026-11-23T12:00:00Z",
         "age_seconds": 7200,
         "last_fetch": {"at": "2026-11-23T13:00:00Z", "result": "held",
                        "message": "it has no entries, and had 120 (may_be_empty)"},
         "next_fetch_at": "2026-11-24T01:00:00Z", "fetching": False,
         "held": {"at": "2026-11-23T13:00:00Z", "entries": 0,
                  "reasons": ["it has no entries, and had 120 (may_be_empty)"]},
         "trouble": None},
        {"name": "vendor", "list": "partners", "action": "allow", "url": "https://v.example/",
         "copy_url": None, "format": None, "entries": 0, "skipped_lines": 0,
         "cut_entries": {"reserved": 0, "own": 1}, "overruled_exclusions": 2,
         "fetched_at": None, "checked_at": None, "age_seconds": None,
         "last_fetch": {"at": "2026-11-23T13:00:00Z", "result": "failed",
                        "message": "the server answered 404: has the list moved?"},
         "next_fetch_at": None, "fetching": True, "held": None,
         "trouble": "/var/lib/ipwl/feeds/vendor.copy: it is damaged"}],
}
