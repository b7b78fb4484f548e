# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of a terminal for README.md; scripts/pictures.sh takes them to docs/pictures."""

import itertools
import math
import sys
import time

import daemon
import frames
import terminal_picture
from daemon import BUILD

sys.path.insert(0, str(daemon.ROOT / "tests/ctl"))
from tmux import Terminal  # noqa: E402

PICTURES = BUILD / "pictures/readme"
EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
LISTS = """\
  - name: partners
    action: allow
    files: [{top}/allow.d/*.list]
  - name: botnets
    action: block
    entries: [45.9.0.0/16, 46.7.8.0/24]
  - name: trial
    action: block
    mode: monitor
    entries: [47.3.0.0/16]
"""
# How many times each attempts in a second, on average.
SENDERS = {"45.9.1.1": 9, "46.7.8.66": 4, "45.9.17.4": 2, "45.9.200.31": 1, "46.7.8.77": 3,
           "47.3.9.5": 2, "44.1.2.7": 6, "50.1.1.9": 5}
SECONDS = 24
_port = itertools.count(2000)


def test_top_for_the_readme(ipwld, wire, chromium):
    """`ipwlctl top` while mail comes in waves."""
    ipwld.write_list("allow.d/partners.list", "44.1.2.0/24 # Example Ltd", "46.7.8.77 # Acme")
    ipwld.configure(lists=LISTS, extra=EVENTS)
    ipwld.start()
    with Terminal(BUILD / "ipwlctl", "--socket", ipwld.socket, "top", width=88, height=17,
                  TERM="tmux-256color") as terminal:
        terminal.wait("nothing yet")
        for second in range(SECONDS):
            for number, (address, mean) in enumerate(SENDERS.items()):
                count = round(mean * (1 + math.sin(second / (2 + number % 3) + number)))
                for _ in range(count):
                    wire.send(frames.tcp(wire, address, source_port=next(_port)))
            time.sleep(1)
        screen = terminal.wait(lambda shown: "45.9.1.1" in shown and "█" in shown)
        assert "mail is protected" in screen
        terminal_picture.save(chromium, terminal.screen("-e", "-N").rstrip("\n"), PICTURES / "top.png")
