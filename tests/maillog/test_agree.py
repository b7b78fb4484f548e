# SPDX-License-Identifier: GPL-2.0-or-later
"""All evidence of generated logs, and no other, in the order of the lines."""
import gzip
import subprocess

import pytest
from scenarios import Log


def backfill(program, path, **options):
    with open(path, "rb") as log:
        done = subprocess.run([program, "-b"], stdin=log, stdout=subprocess.PIPE,
                              env={"TZ": "UTC"}, timeout=120, check=True, **options)
    *evidence, last = done.stdout.decode().splitlines()
    assert last.startswith("read ")
    return evidence


@pytest.mark.parametrize("is_traditional", [True, False])
@pytest.mark.parametrize("has_long_ids", [True, False])
def test_generated(program, directory, seed, is_traditional, has_long_ids):
    items = list(Log(seed, is_traditional, has_long_ids).lines(3000))
    path = directory / "mail.log"
    path.write_text("".join(f"{line}\n" for line, _ in items), encoding="utf-8")
    expected = [evidence for _, evidence in items if evidence]
    assert len(expected) > 1000
    assert backfill(program, path) == expected


def test_gzip(program, directory, seed):
    items = list(Log(seed, True).lines(200))
    text = "".join(f"{line}\n" for line, _ in items).encode()
    expected = [evidence for _, evidence in items if evidence]
    path = directory / "mail.log.gz"
    path.write_bytes(gzip.compress(text[:999]) + gzip.compress(text[999:]))
    assert backfill(program, path) == expected
    # What is missing must not go unnoticed.
    path.write_bytes(gzip.compress(text)[:-100])
    with pytest.raises(subprocess.CalledProcessError):
        backfill(program, path, stderr=subprocess.DEVNULL)


def test_pipe(program, seed):
    items = list(Log(seed, False).lines(200))
    done = subprocess.run([program, "-b"], check=True, stdout=subprocess.PIPE, timeout=120,
                          input="".join(f"{line}\n" for line, _ in items).encode())
    assert done.stdout.decode().splitlines()[:-1] == [found for _, found in items if found]
