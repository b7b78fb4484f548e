# SPDX-License-Identifier: GPL-2.0-or-later
"""`learn backfill`: what it asks of the reader of logs beside it, and of ipwld."""
import json
import shutil
import subprocess

import pytest
from conftest import PROGRAM, environment
from fake_daemon import error

LINE = "postfix sent 1795436182 44.1.2.7 partner.test - alice 1\n"


@pytest.fixture(name="backfill")
def _backfill(tmp_path, daemon):
    """Run it with a reader that is this shell script: (exit status, output, errors)."""
    program = tmp_path / "ipwlctl"
    shutil.copy(PROGRAM, program)

    def run(script, *argv, options=()):
        reader = tmp_path / "ipwl-maillog"
        reader.write_text(f"#!/bin/sh\n[ \"$*\" = -b ] || exit 9\n{script}\n")
        reader.chmod(0o755)
        done = subprocess.run([program, "--socket", daemon.path, *options, "learn", "backfill",
                               *argv], env=environment(), capture_output=True, text=True,
                              timeout=300, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture(name="noted")
def _noted(daemon):
    """What ipwld was sent; it notes each line but the first of each request."""
    bodies = []

    def answer(request):
        bodies.append(request["body"].decode())
        return 200, {"schema_version": 1, "noted": bodies[-1].count("\n") - 1, "dropped": 1}

    daemon.answers["POST", "/v1/learn/evidence"] = answer
    return bodies


def write(path, text):
    path.write_text(text)
    return path


def test_files_are_read_one_after_another(backfill, noted, tmp_path):
    """The reader gets the file, and what it writes is sent."""
    logs = [write(tmp_path / name, LINE * 3) for name in ("mail.log.1", "mail.log")]
    code, out, err = backfill("cat; echo read 10 1795436182", *logs)
    assert (code, err) == (0, "")
    assert out == "20 lines of the mail server: 4 items of evidence noted, 2 not\n"
    assert noted == [LINE * 3, LINE * 3]
    code, out, _ = backfill("cat; echo read 10 1795436182", logs[0], options=["--json"])
    assert json.loads(out) == {"schema_version": 1, "files": 1, "noted": 2, "dropped": 1}


def test_much_evidence_is_sent_in_pieces(backfill, noted, tmp_path):
    count = 200000
    log = write(tmp_path / "mail.log", LINE * count)
    code, out, _ = backfill("cat; echo read 7 0", log)
    assert code == 0 and f"{count - len(noted)} items of evidence noted" in out
    assert len(noted) > 1 and "".join(noted) == LINE * count
    assert max(map(len, noted)) <= 4 << 20


def test_a_log_without_evidence(backfill, noted, tmp_path):
    code, out, _ = backfill("cat; echo read 5 0", write(tmp_path / "mail.log", ""))
    assert code == 0 and out.startswith("5 lines of the mail server: 0 items") and noted == []


@pytest.mark.parametrize("script", ["cat", "cat; echo read 3 0; exit 1", "kill -9 $$"])
def test_a_reader_that_fails(backfill, noted, tmp_path, script):  # pylint: disable=unused-argument
    code, out, err = backfill(script, write(tmp_path / "mail.log", LINE))
    assert (code, out) == (4, "") and "not read to its end" in err


def test_ipwld_refuses(backfill, daemon, tmp_path):
    """The reader does not go on for ever."""
    daemon.answers["POST", "/v1/learn/evidence"] = error(409, "conflict", "nothing is learned")
    code, _, err = backfill("yes 'postfix sent 1 44.1.2.7 a.test - a 1'",
                            write(tmp_path / "mail.log", ""))
    assert code == 1 and "nothing is learned" in err


def test_files_that_are_not_there(backfill, noted, tmp_path):
    code, _, err = backfill("cat", tmp_path / "nothing")
    assert code == 4 and "No such file" in err and noted == []


def test_no_reader(daemon, tmp_path):
    shutil.copy(PROGRAM, tmp_path / "ipwlctl")
    done = subprocess.run([tmp_path / "ipwlctl", "--socket", daemon.path, "learn", "backfill",
                           write(tmp_path / "mail.log", "")], env=environment(), text=True,
                          capture_output=True, check=False)
    assert done.returncode == 1 and "ipwl-maillog cannot be started" in done.stderr
