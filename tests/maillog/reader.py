# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipwld does with the reader: it keeps evidence and its position together."""
import os
import select
import subprocess
import time

PATIENCE_SEC = 60


class Reader:
    """Starts the program with a request; survives its end as ipwld does."""

    def __init__(self, program, request):
        self.program = program
        self.request = request
        self.kept = []
        self.position = None
        self.problem = None
        self.last_read = None
        self.process = None

    def start(self):
        lines = [*self.request, *([f"position {self.position}"] if self.position else [])]
        request = os.memfd_create("request")
        os.write(request, "".join(f"{line}\n" for line in lines).encode())
        read_end, write_end = os.pipe()
        self.process = subprocess.Popen([self.program], stdin=request, stdout=write_end,
                                        env={"TZ": "UTC"})
        os.close(request)
        os.close(write_end)
        self.output = read_end
        self.rest = b""
        self.waiting = []  # evidence after the last position

    def take(self, timeout):
        """Take what there is; returns whether there was anything."""
        if not select.select([self.output], [], [], timeout)[0]:
            return False
        data = os.read(self.output, 1 << 16)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            self.take_line(line.decode())
        return bool(data)

    def take_line(self, line):
        word, _, text = line.partition(" ")
        if word == "position":
            self.kept += self.waiting
            self.waiting = []
            self.position = text
        elif word == "read":
            self.last_read = text
        elif word == "problem":
            self.problem = text
        elif word == "working":
            self.problem = None
        else:
            self.waiting.append(line)

    def take_until(self, condition):
        deadline = time.monotonic() + PATIENCE_SEC
        while not condition():
            assert time.monotonic() < deadline, (len(self.kept), self.problem)
            self.take(0.2)

    def stop(self):
        """Kill it. What came after the last position is lost, and must come again."""
        self.process.kill()
        self.process.wait()
        os.close(self.output)
