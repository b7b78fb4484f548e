#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""greeting.py RUNS: prints the seconds to the greeting of a real Postfix: of an allowed sender, which
a lane takes, the median, and of its unlisted neighbour, which postscreen sees for the first time."""

import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position
import daemon  # noqa: E402
import lab as laboratory  # noqa: E402
import lanes  # noqa: E402
import mta  # noqa: E402
import netns  # noqa: E402
from lab import ALLOWED, UNLISTED  # noqa: E402


def seconds(host, address):
    """Until the last line of the greeting. postscreen sends "220-" at once."""
    begin = time.monotonic()
    with lanes.connect(host, address) as client, client.makefile("rb") as lines:
        for line in lines:
            if line.startswith(b"220 "):
                return time.monotonic() - begin
    raise RuntimeError(f"no greeting for {address}")


def measure(runs):
    lab = laboratory.Lab()
    postfix = lanes.TrustingPostfix(lab.mx, mta.unpack(daemon.ROOT / "build/peers"),
                                    netns.temporary_directory() / "postfix")
    postfix.start()
    host = lab.add_sender(ALLOWED)
    lab.address(host, "eth0", *UNLISTED.addresses)
    ipwld = daemon.Ipwld(lab.mx)
    ipwld.configure(lists=lanes.with_lane())
    ipwld.start()
    lanes.await_lane(ipwld, True)
    allowed = [seconds(host, ALLOWED.ipv4) for _ in range(runs)]
    print(f"{statistics.median(allowed):.4f} {seconds(host, UNLISTED.ipv4):.4f}")


if __name__ == "__main__":
    netns.guard()
    with netns.scope():
        measure(int(sys.argv[1]))
