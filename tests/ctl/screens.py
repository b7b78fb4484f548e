# SPDX-License-Identifier: GPL-2.0-or-later
"""Screens that an administrator sees, in files of screens/.

IPWL_WRITE_SCREENS=1 writes the files; look at the difference before you commit it."""
import os
import pathlib
import re

SCREENS = pathlib.Path(__file__).parent / "screens"


def compare(name, text):
    path = SCREENS / f"{name}.txt"
    if os.environ.get("IPWL_WRITE_SCREENS"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def tables(text):
    """Lines that are rows: a terminal that wraps them breaks the columns."""
    return [line for line in text.splitlines() if re.search(r"\S  +\S", line)]
