# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes system calls of a running ipwld fail or wait, by a library that it was started with."""

import contextlib
import mmap
import os
import struct

import netns
from daemon import BUILD

LIBRARY = BUILD / "tests/e2e/fault.so"

# The bits of struct control: commands of bpf(2) (enum bpf_cmd in linux/bpf.h), read(2)
# of list files, and mmap(2).
COMMANDS = {"MAP_CREATE": 0, "MAP_LOOKUP_ELEM": 1, "MAP_UPDATE_ELEM": 2, "MAP_DELETE_ELEM": 3,
            "MAP_GET_NEXT_KEY": 4, "PROG_LOAD": 5, "OBJ_PIN": 6, "OBJ_GET": 7,
            "OBJ_GET_INFO_BY_FD": 15, "BTF_LOAD": 18, "MAP_FREEZE": 22, "MAP_LOOKUP_BATCH": 24,
            "MAP_UPDATE_BATCH": 26, "MAP_DELETE_BATCH": 27, "LINK_CREATE": 28, "LINK_UPDATE": 29,
            "LINK_DETACH": 34, "read_list": 62, "mmap": 63}
NAMES = {number: name for name, number in COMMANDS.items()}
EVERY = (1 << 62) - 1  # command of bpf(2)
READS = ("MAP_LOOKUP_ELEM", "MAP_LOOKUP_BATCH", "MAP_GET_NEXT_KEY", "OBJ_GET_INFO_BY_FD")

_FIELDS = struct.Struct("=8Q")
_TRACE = 65536


class Faults:
    """The control of one ipwld; start it with .environment."""

    def __init__(self):
        assert LIBRARY.exists(), f"{LIBRARY} is not there: run make e2e-tools first"
        path = netns.temporary_directory() / "fault"
        path.write_bytes(bytes(_FIELDS.size + _TRACE))
        with open(path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)
        self.environment = {**os.environ, "LD_PRELOAD": str(LIBRARY), "IPWL_FAULT": str(path)}

    def _write(self, calls, first, last, error):
        self._memory[8:16] = bytes(8)  # first: nothing fails while the others change
        self._memory[16:_FIELDS.size] = _FIELDS.pack(0, 0, last, error, 0, 0, 0, 0)[16:]
        self._memory[0:8] = calls.to_bytes(8, "little")
        self._memory[8:16] = first.to_bytes(8, "little")

    @contextlib.contextmanager
    def armed(self, first, error=0, calls=EVERY, count=1):
        """Inside, that call and so many in all fail; the calls are counted from 1."""
        self._write(calls, first, first + count - 1 if first else 0, error)
        try:
            yield self
        finally:
            self._memory[8:16] = bytes(8)

    @contextlib.contextmanager
    def counting(self, calls=EVERY):
        """Inside, calls are counted and none fails."""
        with self.armed(0, calls=calls):
            yield self

    @contextlib.contextmanager
    def holding(self, number, calls):
        """Inside, the call with that number, counted from 1, waits. Yields a function that
        says whether it does."""
        self._write(calls, 0, 0, 0)
        self._memory[48:56] = number.to_bytes(8, "little")
        try:
            yield lambda: _FIELDS.unpack_from(self._memory)[7] == 1
        finally:
            self._memory[48:56] = bytes(8)

    @property
    def count(self):
        return _FIELDS.unpack_from(self._memory)[4]

    @property
    def failed_count(self):
        return _FIELDS.unpack_from(self._memory)[5]

    def trace(self):
        """The names of the calls counted."""
        return [self.name(number) for number in range(1, min(self.count + 1, _TRACE))]

    def name(self, number):
        """Of a call by its number."""
        bit = self._memory[_FIELDS.size + number % _TRACE]
        return NAMES.get(bit, str(bit))


def mask(*names):
    """Of calls by their names."""
    return sum(1 << COMMANDS[name] for name in names)


def mask_without(*names):
    """Of all commands of bpf(2) but these."""
    return EVERY & ~mask(*names)
