# SPDX-License-Identifier: GPL-2.0-or-later
"""Has the clocks of a running ipwld go ahead, by a library that it was started with."""

import mmap
import os
import struct

import netns
from daemon import BUILD

LIBRARY = BUILD / "tests/e2e/clocks.so"

_FIELDS = struct.Struct("=2q")


class Clocks:
    """The clocks of one ipwld; start it with .environment."""

    def __init__(self):
        assert LIBRARY.exists(), f"{LIBRARY} is not there: run make e2e-tools first"
        path = netns.temporary_directory() / "clocks"
        path.write_bytes(bytes(_FIELDS.size))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self.environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "IPWL_CLOCKS": str(path)}

    def _write(self, wall, passed):
        self._memory[:] = _FIELDS.pack(wall, passed)

    def set_ahead(self, seconds):
        """The wall clock goes so far ahead of the right time."""
        self._write(seconds, _FIELDS.unpack(self._memory[:])[1])

    def let_pass(self, seconds):
        """So much time has passed, by all clocks."""
        wall, passed = _FIELDS.unpack(self._memory[:])
        self._write(wall, passed + seconds)
