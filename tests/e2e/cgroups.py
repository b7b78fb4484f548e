# SPDX-License-Identifier: GPL-2.0-or-later
"""Directories of cgroup v2, for programs whose sockets a test looks at."""

import contextlib
import itertools
import os
import pathlib
import re

import netns
from lab import wait_for

_number = itertools.count(1)


def root():
    """Where cgroup v2 is mounted."""
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        _, path, kind, *_ = line.split()
        if kind == "cgroup2":
            return pathlib.Path(path)
    path = netns.temporary_directory() / "cgroup"
    netns.mount("cgroup2", path)
    return path


def sweep():
    """Remove what a run that was killed outright has left."""
    for path in root().glob(f"{netns.PREFIX}-*"):
        owner = re.match(rf"{netns.PREFIX}-(\d+)-", path.name)
        if owner and not pathlib.Path("/proc", owner[1]).exists():
            for directory, _, _ in os.walk(path, topdown=False):
                # Somebody else may sweep, too.
                with contextlib.suppress(OSError):
                    os.rmdir(directory)


class Cgroup:
    """A directory of its own, or one below another."""

    def __init__(self, parent=None, name=None):
        if not parent:
            sweep()
        name = name or f"{netns.PREFIX}-{os.getpid()}-{next(_number)}"
        self.path = (parent.path if parent else root()) / name
        netns.at_exit(self.remove)
        self.path.mkdir()

    def argv(self, *argv):
        """The command line that runs argv inside."""
        return ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.path,
                *map(str, argv)]

    def processes(self):
        return (self.path / "cgroup.procs").read_text(encoding="ascii").split()

    def remove(self):
        """What ran inside must have ended."""
        if self.path.exists():
            wait_for(lambda: not self.processes(), f"{self.path} is empty")
            self.path.rmdir()
