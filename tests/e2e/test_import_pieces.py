# SPDX-License-Identifier: GPL-2.0-or-later
"""A long import is put in force in pieces, and others are served in between."""

import contextlib
import sqlite3
import threading

from daemon import DONE
from lab import wait_for

COUNT = 60_000
# The highest prefix of the list: it is in the last piece.
LAST = f"10.{(COUNT - 1) >> 16}.{(COUNT - 1) >> 8 & 255}.{(COUNT - 1) & 255}"


def imported_count(ipwld):
    """The entries that are on the disk."""
    with contextlib.closing(sqlite3.connect(f"file:{ipwld.state}/state.db?mode=ro",
                                            uri=True)) as database:
        with contextlib.suppress(sqlite3.OperationalError):
            return database.execute("SELECT COUNT(*) FROM entries").fetchone()[0]
    return 0


def test_others_are_served(running):
    text = "".join(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}\n" for i in range(COUNT))
    answers = []
    client = threading.Thread(target=lambda: answers.append(running.request(
        "POST", "/v1/import?list=partners", text.encode())))
    client.start()
    wait_for(lambda: imported_count(running), "the first piece is in force")
    assert running.status()["schema_version"] == 1
    added = running.ask("add", "--list", "partners", LAST, "--reason", "in between")
    assert added["entry"]["reason"] == "in between"
    client.join()
    (status, answer), = answers
    # The import met the entry of the other client: it was added before the last piece.
    assert (status, answer["added"], answer["replaced"]) == (200, COUNT - 1, 1)
    assert imported_count(running) == COUNT
    records = [record for record in running.ask("history")["records"]
               if record["event"] == "import"]
    # All pieces are one record, which is undone as a whole.
    assert len(records) == 1
    running.ask("undo", str(records[0]["id"]), "--yes", status=DONE)
    assert imported_count(running) == 1
