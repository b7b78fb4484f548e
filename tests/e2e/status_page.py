# SPDX-License-Identifier: GPL-2.0-or-later
"""The status page of a daemon: asking for it, and a week of samples made up for it."""

import contextlib
import http.client
import json
import math
import random
import sqlite3
import struct
import time

import netns

ADDRESS = ("127.0.0.1", 12527)
URL = f"http://{ADDRESS[0]}:{ADDRESS[1]}/"
LISTEN = f"web: {{listen: '{ADDRESS[0]}:{ADDRESS[1]}'}}\n"
TOKEN = "s3cret-t0ken"

# In the order of the ABI.
VERDICTS = ("other", "fragment", "malformed", "unlisted", "allow", "averted", "would_block", "block",
            "would_limit", "limited")


def connect(ipwld, address=ADDRESS, timeout=netns.PATIENCE_SEC):
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    with ipwld.namespace.entered():
        connection.connect()
    return connection


def request(ipwld, path="/status.json", method="GET", headers=(), address=ADDRESS):
    """One request: (status, headers, body)."""
    with contextlib.closing(connect(ipwld, address)) as connection:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = dict(headers)
        if "Host" not in sent:
            sent["Host"] = "%s:%d" % address
        for name, values in sent.items():
            for value in values if isinstance(values, tuple) else (values,):
                if value is not None:
                    connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()


def overview(ipwld):
    """What the page shows."""
    status, _, body = request(ipwld)
    assert status == 200, body
    return json.loads(body)


def sums(ipwld, what, series="day"):
    """{verdict: number} of all samples of a series, without those that are zero."""
    samples = overview(ipwld)["samples"][series][what]
    return {verdict: sum(numbers) for verdict, numbers in samples.items() if sum(numbers)}


# ---- a week ------------------------------------------------------------------

def write_week(ipwld, seed, until=None):
    """Samples of a plausible week in the file of a daemon that has run and is stopped. Returns
    {series: {verdict: connections}}."""
    generator = random.Random(seed)
    now = int(until or time.time())
    written = {}
    with contextlib.closing(sqlite3.connect(ipwld.state / "samples.db")) as database, database:
        for series, (name, step, count) in enumerate((("day", 60, 1440), ("week", 600, 1008))):
            written[name] = dict.fromkeys(VERDICTS, 0)
            for number in range(count):
                start = now // step * step - number * step
                if number == 0 or _is_gap(now - start):
                    continue
                counts = _counts(generator, start, now - start, step)
                for verdict in VERDICTS:
                    written[name][verdict] += counts[verdict][1]
                database.execute(
                    "REPLACE INTO samples VALUES (?, ?, ?, ?, ?)",
                    (series, start // step % count, start, step,
                     struct.pack(f"<{2 * len(VERDICTS)}Q", *(n for verdict in VERDICTS for n in counts[verdict]))))
    return written


def _is_gap(age):
    """The host was down for three quarters of an hour, two days and a bit ago."""
    return 190_000 < age < 192_700


def _counts(generator, start, age, step):
    """{verdict: (packets, connections)}: busy by day, a flood of a botnet last night."""
    hour = time.gmtime(start).tm_hour + time.gmtime(start).tm_min / 60
    weight = 0.35 + 0.65 * max(0, math.sin((hour - 6) / 24 * 2 * math.pi + 0.3))
    if time.gmtime(start).tm_wday >= 5:
        weight *= 0.6
    flood = 90 * math.exp(-((age - 30_000) / 4200) ** 2) + 45 * math.exp(-((age - 300_000) / 9000) ** 2)
    rates = {"allow": 46 * weight, "averted": 4.5 * weight, "unlisted": 27 * weight + 3,
             "would_block": 8 * weight, "block": 14 + 8 * weight + flood,
             "would_limit": 3 * weight, "limited": 2 * weight}
    counts = dict.fromkeys(VERDICTS, (0, 0))
    for verdict, rate in rates.items():
        mean = rate * step / 60
        connections = max(0, round(generator.gauss(mean, math.sqrt(mean) + 0.04 * mean)))
        counts[verdict] = (connections * (1 if verdict == "block" else 18), connections)
    return counts
