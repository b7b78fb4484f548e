# SPDX-License-Identifier: GPL-2.0-or-later
"""A log that grows and is rotated while the reader is killed and started again: all evidence
comes once, in order."""
import gzip
import os
import random
import shutil

import pytest
from reader import Reader
from scenarios import Log


@pytest.fixture
def reader(program, directory):
    reader = Reader(program, [f"file {directory}/mail.log"])
    yield reader
    if reader.process and reader.process.poll() is None:
        reader.stop()


class Writer:
    """Writes the lines of a log, and rotates it."""

    def __init__(self, directory, seed, messages):
        self.path = directory / "mail.log"
        self.rng = random.Random(seed)
        self.items = list(Log(seed, True).lines(messages))
        self.done = 0
        self.expected = []
        self.stream = None

    def open(self):
        self.stream = open(self.path, "a", encoding="utf-8", buffering=1)

    def write(self, count):
        if not self.stream:
            self.open()
        for line, evidence in self.items[self.done:self.done + count]:
            self.stream.write(line + "\n")
            if evidence:
                self.expected.append(evidence)
        self.done += count

    def shift(self):
        """Make room for NAME.1, as logrotate does."""
        for number in range(30, 0, -1):
            for suffix in "", ".gz":
                old = self.path.with_name(f"mail.log.{number}{suffix}")
                if old.exists():
                    old.rename(self.path.with_name(f"mail.log.{number + 1}{suffix}"))
        return self.path.with_name("mail.log.1")

    def rename(self):
        self.path.rename(self.shift())
        if self.rng.random() < 0.5:
            self.write(5)  # before the logger has opened the new file
        self.stream.close()
        self.stream = None

    def copytruncate(self):
        shutil.copyfile(self.path, self.shift())
        self.stream.truncate(0)

    def compress(self):
        path = self.path.with_name("mail.log.1")
        if path.exists():
            with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
                shutil.copyfileobj(plain, packed)
            path.unlink()


def test_grows(reader, directory, seed):
    writer = Writer(directory, seed, 300)
    reader.start()
    for _ in range(4):
        writer.write(200)
        reader.take_until(lambda: reader.kept == writer.expected)
    # A line without its end is not read.
    writer.stream.write("x" * 300000)
    writer.stream.write("\n")
    writer.write(200)
    reader.take_until(lambda: reader.kept == writer.expected)


@pytest.mark.parametrize("rotate", ["rename", "copytruncate"])
@pytest.mark.parametrize("is_compressed", [True, False])
def test_rotated_while_stopped(reader, directory, seed, rotate, is_compressed):
    writer = Writer(directory, seed, 500)
    writer.write(500)
    reader.start()
    reader.take_until(lambda: reader.kept == writer.expected)
    for _ in range(2):
        reader.stop()
        for _ in range(3):
            writer.write(150)
            getattr(writer, rotate)()
            if is_compressed:
                writer.compress()
        writer.write(50)
        reader.start()
        reader.take_until(lambda: len(reader.kept) >= len(writer.expected))
        assert reader.kept == writer.expected


def test_random(reader, directory, seed):
    """Rotation and death at any moment."""
    writer = Writer(directory, seed, 1200)
    deeds = [writer.rename, writer.copytruncate, writer.compress, "restart", "restart"]
    writer.write(100)
    reader.start()
    while writer.done < len(writer.items) - 300:
        writer.write(writer.rng.randrange(1, 300))
        deed = writer.rng.choice(deeds)
        if deed == "restart":
            for _ in range(writer.rng.randrange(3)):
                reader.take(1.5)
            reader.stop()
            reader.start()
            continue
        # What a copy misses is lost for everybody, and so is a file that vanishes unread.
        reader.take_until(lambda: reader.kept == writer.expected)
        if writer.stream:
            deed()
    writer.write(len(writer.items) - writer.done)
    reader.take_until(lambda: len(reader.kept) >= len(writer.expected))
    assert reader.kept == writer.expected


def test_late_writer(reader, directory, seed):
    """The reader starts when the log was renamed, and its writer does not know it yet."""
    writer = Writer(directory, seed, 300)
    writer.write(200)
    reader.start()
    reader.take_until(lambda: reader.kept == writer.expected)
    reader.stop()
    writer.path.rename(writer.shift())
    for make in lambda: None, writer.path.touch:
        make()
        writer.write(100)
        reader.start()
        reader.take_until(lambda: reader.kept == writer.expected)
        writer.write(100)
        reader.take_until(lambda: reader.kept == writer.expected)
        reader.stop()
    writer.stream.close()
    writer.open()
    reader.start()
    writer.write(100)
    reader.take_until(lambda: reader.kept == writer.expected)


def test_missing(reader, directory, seed):
    """A file that does not exist is no error: it may come."""
    reader.start()
    assert not reader.take(1.5)
    assert reader.problem is None
    writer = Writer(directory, seed, 100)
    writer.write(200)
    reader.take_until(lambda: reader.kept == writer.expected)


def test_unreadable(reader, directory):
    (directory / "mail.log").mkdir()
    reader.start()
    reader.take_until(lambda: reader.problem)
    assert "it is not a regular file" in reader.problem
    (directory / "mail.log").rmdir()
    (directory / "mail.log").touch()
    reader.take_until(lambda: reader.problem is None)


def test_slow_ipwld(reader, directory, seed):
    """The reader waits for ipwld, and ends with it."""
    writer = Writer(directory, seed, 3000)
    writer.write(len(writer.items))
    reader.start()
    reader.process.poll()
    reader.take(5)
    assert len(reader.kept) + len(reader.waiting) < 1500
    reader.take_until(lambda: reader.kept == writer.expected)
    os.close(reader.output)
    assert reader.process.wait(timeout=30) == 0
    reader.output = os.open("/dev/null", os.O_RDONLY)
