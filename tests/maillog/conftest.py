# SPDX-License-Identifier: GPL-2.0-or-later
"""The reader of logs, as ipwld or a person starts it."""
import os
import pathlib
import shutil
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / os.environ.get("B", "build") / "ipwl-maillog").resolve()


def pytest_sessionstart():
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: build it", returncode=1)


@pytest.fixture
def program():
    return PROGRAM


@pytest.fixture
def seed():
    """Printed when a test fails, and repeated by IPWL_SEED."""
    value = int(os.environ.get("IPWL_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"IPWL_SEED={value}")
    return value


@pytest.fixture
def directory():
    """Unlike tmp_path, any user can read it: the reader drops root."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="ipwl-maillog-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)
