# SPDX-License-Identifier: GPL-2.0-or-later
"""Feeds that are packed, and archives of one list."""

import gzip
import io
import lzma
import zipfile

import pytest

# _one and _source are fixtures.
from feeding import PREFIXES, _one, _source, entries, refresh

TEXT = b"1.1.1.1\n8.8.8.8\n"
BOMB = b"\n" * 60_000_000


def archive(**files):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name.replace("_", "."), data)
    return file.getvalue()


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_gzip(one, source, headers):
    source.answers["/list"] = 200, gzip.compress(TEXT), headers
    refresh(one)
    assert entries(one) == ["1.1.1.1/32", "8.8.8.8/32"]
    assert source.asked("/list")[-1]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("headers", [{}, {"Content-Encoding": "gzip"}])
def test_a_gzip_bomb(one, source, headers):
    bomb = gzip.compress(BOMB)
    assert len(bomb) < 100000
    source.answers["/list"] = 200, bomb, headers
    found = refresh(one, result="failed")
    assert "unpacked, it is larger than max_bytes, 100000" in found["last_fetch"]["message"]
    assert entries(one) == PREFIXES


def test_gzip_in_gzip(one, source):
    """It is unpacked only once, and the result is no list."""
    source.answers["/list"] = 200, gzip.compress(gzip.compress(b"1.1.1.1\n")), {}
    found = refresh(one, result="invalid")
    assert "packed with gzip twice" in str(found["last_fetch"])
    assert entries(one) == PREFIXES


@pytest.mark.parametrize("body", [
    lzma.compress(TEXT, preset=9), lzma.compress(TEXT[:8]) + lzma.compress(TEXT[8:]),
    archive(drop_txt=TEXT)], ids=["xz", "two streams", "zip"])
def test_packed(one, source, body):
    source.answers["/list"] = 200, body, {}
    refresh(one)
    assert entries(one) == ["1.1.1.1/32", "8.8.8.8/32"]


def test_an_archive_made_in_a_pipe(one, source):
    """Sizes and checksum come after the data, as of a program that cannot seek."""
    class Pipe(io.BytesIO):
        def seekable(self):
            return False

        def seek(self, *_):
            raise io.UnsupportedOperation

        tell = seek

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("drop.txt", TEXT)
    source.answers["/list"] = 200, pipe.getvalue(), {}
    refresh(one)
    assert entries(one) == ["1.1.1.1/32", "8.8.8.8/32"]


@pytest.mark.parametrize("body, words", [
    (lzma.compress(BOMB), "unpacked, it is larger than max_bytes, 100000"),
    (archive(bomb_txt=BOMB), "unpacked, it is larger than max_bytes, 100000"),
    (lzma.compress(TEXT)[:-8], "its xz data is truncated"),
    (archive(drop_txt=TEXT)[:-8], "its zip archive is truncated or damaged"),
    (archive(a_txt=TEXT, b_txt=TEXT), "its zip archive has more than one file: only one is expected"),
], ids=["xz bomb", "zip bomb", "cut xz", "cut zip", "two files"])
def test_refused(one, source, body, words):
    source.answers["/list"] = 200, body, {}
    found = refresh(one, result="failed")
    assert words in found["last_fetch"]["message"]
    assert entries(one) == PREFIXES
