# SPDX-License-Identifier: GPL-2.0-or-later
"""The program that expands records for these tests must be there."""
import os

import pytest
from zones import PROGRAM


def pytest_sessionstart():
    if not os.access(PROGRAM, os.X_OK):
        pytest.exit(f"{PROGRAM} is not there: make unit", returncode=1)
