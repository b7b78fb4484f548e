# SPDX-License-Identifier: GPL-2.0-or-later
"""The evidence that ipwld has noted."""

import contextlib
import sqlite3

from lab import wait_for


def ask(ipwld, query):
    with contextlib.closing(sqlite3.connect(f"file:{ipwld.state}/learn.db?mode=ro",
                                            uri=True)) as database:
        return database.execute(query).fetchall()


def sent(ipwld):
    """{domain: messages} of our users."""
    with contextlib.suppress(sqlite3.OperationalError):
        return dict(ask(ipwld, "SELECT name, SUM(messages) FROM sent JOIN domains "
                        "ON domain = id GROUP BY name"))
    return {}


def days(ipwld, address):
    """(sent, accepted, rejected, listed) of an address."""
    blob = "".join(f"{int(part):02x}" for part in address.split("."))
    rows = ask(ipwld, "SELECT SUM(sent), SUM(accepted), SUM(rejected), SUM(listed) FROM days "
               f"WHERE hex(address) LIKE '%{blob}%'")
    return tuple(value or 0 for value in rows[0])


def await_sent(ipwld, expected):
    try:
        wait_for(lambda: sent(ipwld) == expected, "the evidence")
    except AssertionError as error:
        raise AssertionError(f"{sent(ipwld)}, not {expected}") from error


def names_of(ipwld, address):
    """The reverse name that counts, and the one that was seen once; nothing: none is known."""
    blob = "".join(f"{int(part):02x}" for part in address.split("."))
    with contextlib.suppress(sqlite3.OperationalError):
        rows = ask(ipwld, f"SELECT name, other FROM names WHERE hex(address) = upper('{blob}')")
        return rows[0] if rows else ()
    return ()


def learn_from(ipwld, server, log):
    """Start a daemon that reads that server's log."""
    ipwld.configure(extra=f"learn:\n  list: partners\n  {server}: {{file: {log}}}\n"
                    "  partner: {max_new_domains: 1000}\n")
    ipwld.start()


def finish(ipwld, server, expected, domain="last.test"):
    """Send a last message: what was sent before is in the log before it."""
    server.send([f"end@{domain}"])
    await_sent(ipwld, {**expected, domain: expected.get(domain, 0) + 1})
