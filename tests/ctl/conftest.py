# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: the program under test ($IPWLCTL) and a fake daemon for it."""
import json
import os
import pathlib
import subprocess
import types

import pytest
from fake_daemon import FakeDaemon

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = pathlib.Path(os.environ.get("IPWLCTL", BUILD / "ipwlctl")).resolve()


def pytest_sessionstart():
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: build it, or set IPWLCTL", returncode=1)


def environment(**extra):
    """A small environment, the same everywhere."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", **extra}


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "control.sock") as fake:
        yield fake


@pytest.fixture
def ctl():
    """Run ipwlctl: ctl("status", socket=…, input=…) with code, out, err, json()."""

    def run(*arguments, socket=None, env=None, prefix=(), **options):
        command = [*prefix, str(PROGRAM)]
        if socket:
            command += ["--socket", str(socket)]
        done = subprocess.run(
            [*command, *arguments], env=environment(**(env or {})), timeout=300, check=False,
            stdout=options.pop("stdout", subprocess.PIPE), stderr=subprocess.PIPE,
            **({"input": b""} if "stdin" not in options and "input" not in options else {}),
            **options)
        out = done.stdout.decode() if done.stdout is not None else None
        return types.SimpleNamespace(code=done.returncode, out=out, err=done.stderr.decode(),
                                     json=lambda: json.loads(out))

    return run


@pytest.fixture
def ask(ctl, daemon):
    """Run ipwlctl against the fake daemon."""
    return lambda *arguments, **options: ctl(*arguments, socket=daemon.path, **options)
