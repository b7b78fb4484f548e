# SPDX-License-Identifier: GPL-2.0-or-later
"""The journal: entries of Postfix and of those who claim to be it, and restarts."""
import shutil
import subprocess
import time

import pytest
from reader import Reader
from scenarios import Log

REMOTE = "/lib/systemd/systemd-journal-remote"


@pytest.fixture
def reader(program, directory):
    reader = Reader(program, [f"journal {directory}/journal"])
    yield reader
    if reader.process and reader.process.poll() is None:
        reader.stop()


class Journal:
    """Writes files of a journal, each from a list of entries."""

    def __init__(self, directory):
        self.directory = directory / "journal"
        self.directory.mkdir()
        self.count = 0
        # The reader begins a month ago.
        self.usec = int(time.time() - 86400) * 1000000

    def write(self, entries):
        """entries: of fields, which are text."""
        self.count += 1
        text = b""
        for fields in entries:
            self.usec += 1000
            text += (f"__REALTIME_TIMESTAMP={self.usec}\n__MONOTONIC_TIMESTAMP={self.usec}\n"
                     f"_BOOT_ID={'0' * 31}1\n").encode()
            for name, value in fields.items():
                text += f"{name}={value}\n".encode()
            text += b"\n"
        part = self.directory.with_name(f"part-{self.count}.journal")
        subprocess.run([REMOTE, f"--output={part}", "-"], input=text, check=True,
                       stderr=subprocess.DEVNULL)
        part.chmod(0o644)
        shutil.move(part, self.directory / f"part-{self.count}.journal")


def entries(items, **fields):
    for line, _ in items:
        head, _, message = line.split("mx ", 1)[1].partition(": ")
        yield {"SYSLOG_IDENTIFIER": head.partition("[")[0], "MESSAGE": message, **fields}


def expected(items):
    """Without the times, which are those of the journal."""
    return [evidence.split(" ", 3)[3] for _, evidence in items if evidence]


def noted(reader):
    return [line.split(" ", 3)[3] for line in reader.kept]


@pytest.mark.parametrize("fields", [{"_SYSTEMD_SLICE": "system-postfix.slice", "_UID": "4711"},
                                    {"_SYSTEMD_SLICE": "system.slice", "_UID": "0"}])
def test_generated(reader, directory, seed, fields):
    items = list(Log(seed, False).lines(300))
    journal = Journal(directory)
    half = len(items) // 2
    journal.write(entries(items[:half], **fields))
    reader.start()
    reader.take_until(lambda: noted(reader) == expected(items[:half]))
    # What follows joins with what was read before the restart.
    reader.stop()
    journal.write(entries(items[half:], **fields))
    reader.start()
    reader.take_until(lambda: len(noted(reader)) >= len(expected(items)))
    assert noted(reader) == expected(items)


def test_claimed(reader, directory, seed):
    """Any user can write an entry with Postfix's identifier."""
    items = list(Log(seed, False).lines(50))
    journal = Journal(directory)
    journal.write([*entries(items, _UID="1000", _SYSTEMD_SLICE="user-1000.slice"),
                   *entries(items, _SYSTEMD_SLICE="system.slice"),
                   {"SYSLOG_IDENTIFIER": "postfix/smtpd", "_UID": "0",
                    "MESSAGE": "NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 550 5.7.1 x"}])
    reader.start()
    reader.take_until(lambda: reader.kept)
    reader.take(1)
    assert noted(reader) == ["192.0.2.7 - - - -"]


def test_no_journal(reader):
    reader.start()
    reader.take_until(lambda: reader.problem)
    assert "cannot be read" in reader.problem


EXIM = ["2026-11-28 20:33:05 1t5Jkm-00000000A1b-2Xyz <= bob@partner.test H=mx.partner.test "
        "[192.0.2.7] P=esmtp S=3",
        "2026-11-28 20:33:05 1t5Jkm-00000000A1b-2Xyz => alice <alice@home.test> R=r T=t"]
OPENSMTPD = ["1a2b3c4d5e6f7081 smtp connected address=192.0.2.7 host=x",
             "1a2b3c4d5e6f7081 smtp message msgid=00c0ffee size=3 nrcpt=1 proto=ESMTP",
             "1a2b3c4d5e6f7081 smtp envelope evpid=00c0ffee00000001 from=<bob@partner.test> "
             "to=<alice@home.test>",
             "1a2b3c4d5e6f7083 mda delivery evpid=00c0ffee00000001 from=<bob@partner.test> "
             "to=<alice@home.test> user=alice delay=0s result=Ok stat=Delivered"]


@pytest.mark.parametrize("server, tag, lines, name", [
    ("exim", "exim", EXIM, "mx.partner.test"), ("opensmtpd", "smtpd", OPENSMTPD, "-")])
def test_other_servers(program, directory, server, tag, lines, name):
    """Exim writes its own time, too. Any user can write an entry with their identifiers."""
    reader = Reader(program, [f"server {server}", f"journal {directory}/journal"])
    journal = Journal(directory)
    claimed = [line.replace("192.0.2.7", "192.0.2.8") for line in lines]
    journal.write([{"SYSLOG_IDENTIFIER": tag, "_UID": "1000", "MESSAGE": line}
                   for line in claimed] +
                  [{"SYSLOG_IDENTIFIER": tag, "_UID": "0", "MESSAGE": line} for line in lines])
    reader.start()
    try:
        reader.take_until(lambda: reader.kept)
        reader.take(1)
        assert noted(reader) == [f"192.0.2.7 partner.test {name} alice@home.test 1"]
        assert reader.kept[0].startswith(f"{server} accepted ")
    finally:
        reader.stop()
