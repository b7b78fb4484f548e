# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything that ipwld does at once, asked of it at the same time: what the worker
replaces, the loop reads meanwhile.

With IPWL_SANITIZER=thread it is a build for ThreadSanitizer (`make tsan`) that runs, and
that has to find nothing. tests/e2e/tsan.supp says what it is told not to mind, and why.
"""

import contextlib
import http.client
import itertools
import json
import os
import pathlib
import random
import threading
import time
import urllib.parse

import netns
import redis_servers
from daemon import METRICS, UNGUARDED
from fleet_hosts import Host
from sources import Source, feed

SEED = int(os.environ.get("IPWL_SEED") or random.randrange(1 << 32))
IS_SANITIZED = os.environ.get("IPWL_SANITIZER") == "thread"
SUPPRESSIONS = pathlib.Path(__file__).with_name("tsan.supp")
# So many that the index has a filter in front (INDEX_FILTER_RULES), and few without.
MANY, FEW = 100_500, 300
RELOADS = 12
ROUNDS = 6  # of each of those who ask, at least
LIMIT_SEC = 1200
KEY = "the key of the fleet, of no use elsewhere"

LISTS = """\
  - name: partners
    action: allow
    mark: 0x1
    entries: [198.51.100.0/24, "2001:db8:a::/48"]
    files: [{top}/allow.d/*.list]
  - name: drop
    action: block
    entries: [203.0.113.0/24, "2001:db8:bad::/48"]
    files: [{top}/block.d/*.list]
    feeds:
"""


class Crowd:
    """Those who ask, each a thread, until the context is left; a failure of one is its."""

    def __init__(self, ipwld, actions):
        self.ipwld = ipwld
        self.rounds = dict.fromkeys(actions, 0)
        self.errors = []
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(name, action))
                         for name, action in actions.items()]

    def _run(self, name, action):
        try:
            while not self._is_over.is_set():
                action()
                self.rounds[name] += 1
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(f"{name}: {error!r}")

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def is_done(self):
        return min(self.rounds.values()) >= ROUNDS

    def check(self):
        assert self.ipwld.process.poll() is None, self.ipwld.words()
        assert not self.errors, self.errors


class Actions:
    """What a crowd asks for. Each returns when it is answered."""

    def __init__(self, ipwld, lab, source):
        self.ipwld = ipwld
        self.lab = lab
        self.source = source
        self.server = redis_servers.Server(lab.mx, "redis", "--unixsocket",
                                           ipwld.top / "redis.sock").start()
        self.other = Host(lab.mx, "other", f"redis://{self.server.place}", KEY).start()
        self.other.await_up()
        self.numbers = itertools.count()

    def ask(self, method, path, body=None, good=(200,), **query):
        query = f"?{urllib.parse.urlencode(query)}" if query else ""
        raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        status, text = self._exchange(method, path + query, raw)
        assert status in good, (path, status, text[:500])

    def _exchange(self, method, path, body):
        answer = None
        while not answer:
            connection = http.client.HTTPConnection("ipwl", timeout=netns.PATIENCE_SEC)
            connection.sock = self.ipwld.open_socket()
            answer = self._read(connection, method, path, body)
        return answer

    def _read(self, connection, method, path, body):
        """The answer, or None: ipwld hangs up on a client that is too slow, as one of these
        may be where the machine is busy."""
        with contextlib.closing(connection):
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (http.client.IncompleteRead, ConnectionError):
                assert self.ipwld.process.poll() is None, "ipwld has ended"
                return None

    def test(self):
        """Keeps the loop looking in what the worker replaces."""
        generator = random.Random(next(self.numbers))
        self.ask("POST", "/v1/test", {"addresses": [
            *(f"20.{generator.randrange(4)}.{generator.randrange(256)}.{generator.randrange(256)}"
              for _ in range(990)), "203.0.113.9", "198.51.100.7", "2001:db8:bad::1",
            "2001:db8:c::1"]})

    def change(self):
        """An entry comes and goes, protected meanwhile; an undo may be quicker."""
        key = {"list": "partners", "prefix": f"192.0.2.{next(self.numbers) % 200}"}
        good = (200, 404, 409)
        self.ask("POST", "/v1/entries", {**key, "reason": "race"})
        self.ask("POST", "/v1/protections", key, good)
        self.ask("GET", "/v1/impact", good=good, **key)
        self.ask("DELETE", "/v1/protections", good=good, **key)
        self.ask("DELETE", "/v1/entries", good=good, **key)

    def expire(self):
        key = {"list": "drop", "prefix": f"2001:db8:c::{next(self.numbers) % 99:x}"}
        self.ask("POST", "/v1/entries", {**key, "ttl_seconds": 1})
        time.sleep(0.2)

    def bring(self):
        """An import, and its undoing where nothing came between."""
        data = "".join(f"192.0.3.{i}\n" for i in range(50)).encode()
        self.ask("POST", "/v1/import", data, list="partners")
        self.ask("POST", "/v1/undo", {}, good=(200, 404, 409))

    def scrape(self):
        answer = None
        while not answer:
            with self.lab.mx.entered():
                connection = http.client.HTTPConnection(*METRICS, timeout=netns.PATIENCE_SEC)
                connection.connect()
            answer = self._read(connection, "GET", "/metrics", None)
        status, text = answer
        assert status == 200 and b"ipwl_" in text, answer

    def look(self):
        self.ask("GET", "/v1/status")
        self.ask("GET", "/v1/history", limit=50)
        self.ask("GET", "/v1/history", prefix="192.0.2.0/24")
        self.ask("GET", "/v1/entries", limit=500)
        self.ask("GET", "/v1/entries", prefix="20.0.7.0/24")
        self.ask("GET", "/v1/feeds")

    def inspect(self):
        self.ask("GET", "/v1/lint", limit=5)
        self.ask("POST", "/v1/diff", {"limit": 5})

    def export(self):
        self.ask("GET", "/v1/export", format="plain", lists="drop")
        self.ask("GET", "/v1/export", format="json", lists="partners")

    def put_feed(self):
        number = next(self.numbers)
        self.source.put("/list", *(f"9.{number % 200}.{i}.0/24" for i in range(200)))

    def refresh(self):
        self.put_feed()
        self.ask("POST", "/v1/feeds/refresh", {"name": None})

    def share(self):
        """Another host says much; the server loses all sometimes, so that it is read again."""
        number = next(self.numbers)
        self.other.ask(f"many-add {100 * (number % 50)} 100")
        self.other.ask(f"many-{'del' if number % 2 else 'end'} {100 * (number % 40)} 50")
        self.ask("GET", "/v1/fleet")
        if number % 5 == 0:
            self.server("FLUSHALL")

    def unplug(self):
        self.lab.plug("eth1")
        time.sleep(0.5)
        self.lab.unplug("eth1")
        time.sleep(0.5)

    def all(self):
        names = ("test", "change", "expire", "bring", "scrape", "look", "inspect", "export",
                 "refresh", "share", "unplug")
        return {**{name: getattr(self, name) for name in names},
                **{f"test {number}": self.test for number in range(2)}}


def configure(ipwld, source, number):
    """By turns large and small lists, with and without an index, so that all that decides is
    replaced or changed in place; other ports, another mode, an export that comes and goes."""
    count = FEW if number % 7 == 3 else MANY + number
    ipwld.write_list("block.d/many.list", *(
        f"20.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(0, 2 * count, 2)))
    out = ipwld.top / "out"
    index = "index: off\n" if number % 3 == 2 else ""
    exports = "" if number % 4 == 3 else (
        f"exports:\n  - {{path: {out}/partners.txt, format: plain, lists: [partners], "
        f"after: [/bin/true]}}\n")
    (ipwld.top / "fleet.key").write_text(KEY + "\n", encoding="utf-8")
    fleet = (f"fleet: {{name: mail, host: mx1, url: 'unix:{ipwld.top}/redis.sock', "
             f"key_file: {ipwld.top}/fleet.key}}\n")
    ipwld.configure(
        interfaces="eth0, eth1", mode="monitor" if number % 5 == 2 else "enforce",
        ports="25" if number % 2 else "25, 587",
        lists=LISTS + feed("one", source.url("/list")), extra=UNGUARDED + index + exports + fleet)


def start(ipwld, reports):
    if not IS_SANITIZED:
        ipwld.start()
        return
    options = (f"log_path={reports}/report:exitcode=66:halt_on_error=0:second_deadlock_stack=1:"
               f"history_size=4:suppressions={SUPPRESSIONS}")
    # ThreadSanitizer wants memory where it looks for it, which more random bits than it
    # knows of prevent.
    ipwld.spawn(wrapper=("setarch", "-R"), env={**os.environ, "TSAN_OPTIONS": options})
    ipwld.await_answer()
    maps = pathlib.Path(f"/proc/{ipwld.process.pid}/maps").read_text(encoding="utf-8")
    assert "libtsan" in maps


def rage(ipwld, actions, source):
    """Reload until everybody has had a turn often enough."""
    until = time.monotonic() + LIMIT_SEC
    number = 1
    with Crowd(ipwld, actions.all()) as crowd:
        while number <= RELOADS or not crowd.is_done():
            number += 1
            configure(ipwld, source, number)
            actions.ask("POST", "/v1/reload", {"accept": True})
            crowd.check()
            assert time.monotonic() < until, crowd.rounds
    crowd.check()
    print(f"{number} reloads, {crowd.rounds}")


def test_all_at_once(lab, ipwld, tmp_path):
    source = Source(lab.mx)
    actions = Actions(ipwld, lab, source)
    actions.put_feed()
    (ipwld.top / "out").mkdir()
    configure(ipwld, source, 1)
    start(ipwld, tmp_path)
    try:
        rage(ipwld, actions, source)
        assert ipwld.stop() == 0
        assert "exchanging entries of the fleet" in ipwld.words()
    finally:
        found = [path.read_text(encoding="utf-8") for path in tmp_path.glob("report*")]
        print("".join(found))
    assert not found
