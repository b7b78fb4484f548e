# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients that add and delete manual entries, all at once and without an end."""

import http.client
import random
import threading
import time
import urllib.parse

import policies
from daemon import DONE, NEGATIVE, UNREACHABLE

CALLERS = ("socket", "socket", "ipwlctl")


class Storm:
    """Rages while the context is entered. What its clients do changes no verdict of the
    sets' allowed, blocked and spared sources, nor which entry decides for those with a holder.
    Each client has prefixes of its own, so it knows which are there: those that
    were answered."""

    def __init__(self, ipwld, sets, generator, pause_sec):
        self.ipwld = ipwld
        self.sets = sets
        self.pause_sec = pause_sec
        self.answered = 0
        self.unanswered = 0
        self.there = {}  # {(list, prefix): whether it is, or None if not known}
        self.errors = []
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run, args=(
            caller, index, random.Random(generator.getrandbits(64))))
            for index, caller in enumerate(CALLERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def check(self):
        """The entries match the answers, even after restarts."""
        assert not self.errors, self.errors
        manual = {(entry["list"], entry["prefix"]) for entry in self.ipwld.manual()}
        for key, is_there in self.there.items():
            assert is_there is None or is_there == (key in manual), (key, is_there)
        assert manual <= set(self.there)
        assert any(self.there.values())

    def _choose(self, index, generator):
        """A list and a prefix that only this client uses."""
        source = generator.choice(self.sets.surrounded[index::len(CALLERS)])
        name = generator.choice(("partners", "friends", "drop", "feed", "shadow"))
        is_free = source not in self.sets.holders and source not in self.sets.blocked
        if name == "shadow" or source in self.sets.changing or \
                (is_free and name in ("partners", "friends")) or \
                (source in self.sets.allowed and name in ("drop", "feed")):
            network = policies.narrow(generator, source)
        else:
            # Not the source itself, but the other half of a narrow network.
            network = policies.narrow(generator, source)
            number = int(network.network_address) ^ 1 << (network.max_prefixlen
                                                          - network.prefixlen)
            network = type(network)((number, network.prefixlen))
        return name, str(network)

    def _run(self, caller, index, generator):
        mine = []
        try:
            while not self._is_over.wait(generator.random() * 2 * self.pause_sec):
                adds = len(mine) < 5 or (len(mine) < 40 and generator.random() < 0.5)
                key = self._choose(index, generator) if adds else generator.choice(mine)
                before = self.there.get(key, False)
                after = (self._call if caller == "socket" else self._ctl)(adds, key, before)
                with self._lock:
                    self.there[key] = after
                    self.answered += after is not None
                    self.unanswered += after is None
                if after is None:
                    time.sleep(0.05)
                if key in mine and after is False:
                    mine.remove(key)
                elif key not in mine and after is not False:
                    mine.append(key)
        except Exception as error:  # pylint: disable=broad-except
            self.errors.append(repr(error))
            raise

    def _call(self, adds, key, before):
        """On the control socket; returns whether the entry is there now, or None."""
        name, prefix = key
        try:
            if adds:
                status, answer = self.ipwld.request("POST", "/v1/entries", {
                    "list": name, "prefix": prefix, "reason": "storm", "ttl_seconds": None,
                    "sudo_user": None})
            else:
                query = urllib.parse.urlencode({"list": name, "prefix": prefix})
                status, answer = self.ipwld.request("DELETE", f"/v1/entries?{query}")
        except (OSError, http.client.HTTPException, ValueError):
            return None
        if status == 503:
            return None
        return self._outcome(adds, before, status == 200, status in (404, 409), answer)

    def _ctl(self, adds, key, before):
        """The same by ipwlctl."""
        name, prefix = key
        result = self.ipwld.ctl("add" if adds else "del", "--list", name, prefix)
        if result.returncode == UNREACHABLE:
            return None
        return self._outcome(adds, before, result.returncode == DONE,
                             result.returncode == NEGATIVE, result.stderr)

    @staticmethod
    def _outcome(adds, before, is_done, is_refused, words):
        """A refusal is right where a list excludes the prefix, or it is not there."""
        if is_done:
            return adds
        assert is_refused, words
        assert adds or before is not True, words
        return before if adds else False
