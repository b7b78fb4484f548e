# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets as fast as one CPU makes them, and what of them arrives by source."""

import json
import subprocess

from daemon import BUILD
from lab import is_ipv6, wait_for
from netns import PATIENCE_SEC

PROGRAM = BUILD / "tests/e2e/flood"
FRAME_BYTES = 74  # as flood.h


class Flood:
    """Sends the frames in turn to the MX, without an end and without a loss. Between
    bursts the kernel makes a pause of some 20 ms."""

    def __init__(self, lab, frames, burst=1 << 19, interface="eth0"):
        assert PROGRAM.exists(), f"{PROGRAM} is not there: run make e2e-tools first"
        self.process = lab.switch.popen(PROGRAM, f"mx-{interface}", lab.mx.path, interface,
                                        burst, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        lines = [frame.ljust(FRAME_BYTES, b"\0").hex() for frame in frames]
        self.process.stdin.write("\n".join(lines) + "\n\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "started\n"

    def is_running(self):
        return self.process.poll() is None

    def stop(self):
        """End it; returns how often each frame was sent."""
        output, _ = self.process.communicate(timeout=PATIENCE_SEC)
        assert self.process.returncode == 0
        return [int(line) for line in output.split()]


class Arrivals:
    """Counts the MX's packets behind XDP and tc by source, and those that are
    marked, by nftables; then drops them."""

    def __init__(self, lab, sources, marked, interface="eth0"):
        self.lab = lab
        lines = ["table netdev arrivals {", "counter marked { }"]
        for family, name, kind in (False, "from4", "ipv4_addr"), (True, "from6", "ipv6_addr"):
            members = ", ".join(source for source in sources if is_ipv6(source) == family)
            lines += [f"set {name} {{", f"type {kind}; counter;"]
            lines += [f"elements = {{ {members} }}"] if members else []
            lines += ["}"]
        lines += ["chain ingress {",
                  f'type filter hook ingress device "{interface}" priority 0; policy accept;',
                  f"{marked} counter name marked", "ip saddr @from4 drop", "ip6 saddr @from6 drop",
                  "}", "}", ""]
        lab.mx.run("nft", "-f", "-", input="\n".join(lines))

    def read(self):
        """({source: packets}, marked packets)."""
        by_source, marked = {}, None
        text = self.lab.mx.run("nft", "-j", "list", "table", "netdev", "arrivals").stdout
        for item in json.loads(text)["nftables"]:
            if "counter" in item:
                marked = item["counter"]["packets"]
            for member in item.get("set", {}).get("elem", ()):
                by_source[member["elem"]["val"]] = member["elem"]["counter"]["packets"]
        return by_source, marked

    def passing(self, allowed):
        """The sources whose packets come through now. Those in allowed do: by them it
        knows when each source has had its turn."""
        # What was on its way is behind when each source has had its turn once.
        before = self._after_two_rounds(self.read()[0], allowed)
        after = self._after_two_rounds(before, allowed)
        return {source for source, count in after.items() if count > before[source]}

    def _after_two_rounds(self, before, allowed):
        def counts():
            now, _ = self.read()
            return now if all(now[source] >= before[source] + 2 for source in allowed) else None

        return wait_for(counts, "packets of allowed sources come", 0.02)
