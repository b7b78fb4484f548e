# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make install` puts into a staged root, made once for all tests."""

import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


def run(*argv, **options):
    """Run a command in the tree; its output is shown where the test fails."""
    result = subprocess.run([str(arg) for arg in argv], cwd=TOP, text=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800, **options)
    print(*argv)
    print(result.stdout)
    return result


def make(*argv):
    # An outer make's flags and jobs are not for this one; B is, as environment.
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR", "PREFIX")}
    # Other stages may be building.
    result = run("scripts/make.sh", *argv, env=environment)
    assert result.returncode == 0
    return result


@pytest.fixture(scope="session")
def staged(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    make("install", f"DESTDIR={root}")
    return root
