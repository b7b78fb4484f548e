# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwlctl on a terminal of 80 columns and 24 lines."""
import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from conftest import PROGRAM, environment


def at_terminal(daemon, *arguments, answer=b"", stdout=None, **options):
    """Run it on a terminal, type an answer: (code, what it shows)."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen([PROGRAM, "--socket", daemon.path, *arguments], stdin=follower,
                               stdout=stdout or follower, stderr=follower,
                               env=environment(), **options)
    os.close(follower)
    shown = b""
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if select.select([leader], [], [], 0.1)[0]:
            try:
                shown += os.read(leader, 4096)
            except OSError:  # closed at the other end
                break
        if answer and shown.endswith(b"[y/N] "):
            os.write(leader, answer)
            answer = None
    os.close(leader)
    return process.wait(10), shown.decode().replace("\r\n", "\n")
