# SPDX-License-Identifier: GPL-2.0-or-later
"""Continuous traffic: frames put on a wire by a process of its own, at a pace.

Run as a program it reads what to send from standard input and goes on until
that is closed; then it prints how often it sent each frame."""

import json
import select
import socket
import subprocess
import sys
import time

import netns

ROUNDS_PER_SECOND = 500


class Flow:
    """Sends all the frames in turn, each about so many times a second."""

    def __init__(self, lab, frames, per_second=ROUNDS_PER_SECOND, interface="eth0"):
        self.process = lab.switch.popen(sys.executable, __file__, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        order = {"interface": f"mx-{interface}", "per_second": per_second,
                 "frames": [frame.hex() for frame in frames]}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "started\n"

    def stop(self):
        """End it; returns how often all the frames were sent."""
        output, _ = self.process.communicate(timeout=netns.PATIENCE_SEC)
        assert self.process.returncode == 0
        return int(output)


def main():
    order = json.loads(sys.stdin.readline())
    frames = [bytes.fromhex(text) for text in order["frames"]]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
        wire.bind((order["interface"], 0))
        print("started", flush=True)
        send_until_closed(wire, frames, 1 / order["per_second"])


def send_until_closed(wire, frames, pause):
    due = time.monotonic()
    rounds = 0
    while not select.select([sys.stdin], [], [], max(0, due - time.monotonic()))[0]:
        for frame in frames:
            wire.send(frame)
        rounds += 1
        due = max(due + pause, time.monotonic() - 0.1)
    print(rounds)


if __name__ == "__main__":
    main()
