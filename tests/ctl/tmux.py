# SPDX-License-Identifier: GPL-2.0-or-later
"""A program in a real terminal, by tmux: what is on the screen, and keys for it."""
import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile
import time

PATIENCE_SEC = 120


class Terminal:
    """One tmux server with one window. `run` is a command that runs tmux elsewhere, such as in a
    network namespace."""

    def __init__(self, *command, width=80, height=24, run=(), **environment):
        self._top = pathlib.Path(tempfile.mkdtemp(prefix="ipwl-tmux-"))
        self._run = [str(part) for part in run]
        variables = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self._top),
                     "ESCDELAY": "25", **environment}
        self._environment = variables
        words = ["env", *(f"{name}={value}" for name, value in environment.items()), *command]
        line = shlex.join(map(str, words))
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                   f"{line}; echo exit status $?; exec sleep 600")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._top)

    def _tmux(self, *arguments, check=True):
        return subprocess.run([*self._run, "tmux", "-u", "-S", str(self._top / "socket"), *arguments],
                              env=self._environment, stdout=subprocess.PIPE, text=True,
                              check=check, timeout=PATIENCE_SEC).stdout

    def screen(self, *options):
        """All lines, without spaces at their ends."""
        return self._tmux("capture-pane", "-p", *options)

    def styled(self):
        """The same with the codes of its colours, for pictures."""
        return self.screen("-e")

    def type(self, *keys):
        """Names of keys as tmux has them, or text."""
        for key in keys:
            self._tmux("send-keys", key)

    def resize(self, width, height):
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, is_there):
        """Wait for a text, or until a function of the screen is true; returns the screen. Two looks
        must show the same: a screen that is drawn just now is none."""
        if isinstance(is_there, str):
            text = is_there
            is_there = lambda screen: text in screen
        deadline = time.monotonic() + PATIENCE_SEC
        before = None
        while True:
            screen = self.screen()
            if is_there(screen) and screen == before:
                return screen
            assert time.monotonic() < deadline, f"not in time:\n{screen}"
            before = screen
            time.sleep(0.05)
