# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of a terminal for README.md; scripts/pictures.sh takes them to docs/pictures."""

import frames
import terminal_picture
from daemon import BUILD
from lab import wait_for
from machine import Machine

PICTURES = BUILD / "pictures/readme"
SETUP = r"""set -e
sed -i 's/^interfaces:.*/interfaces: [eth0]/; s/^mode:.*/mode: enforce/' /etc/ipwl/ipwld.yaml
printf '%s\n' '44.1.2.0/24  # Example Ltd' '46.7.8.77  # Acme, ticket 4711' >/etc/ipwl/allow.d/partners.list
printf '46.7.8.0/24\n45.9.0.0/16\n' >/etc/ipwl/block.d/drop.list
"""
MAILS = {"44.1.2.7": 118, "46.7.8.77": 31, "45.9.1.1": 48, "45.9.17.4": 12, "46.7.8.66": 27,
         "47.1.1.9": 93}
COMMANDS = ("ipwlctl status | head -11", "ipwlctl blocked --since 1h",
            "ipwlctl list --hit --list partners")


def test_terminal_for_the_readme(lab, wire, chromium):
    """What ipwlctl says of mail that was sent."""
    machine = Machine(lab.mx)
    machine.install()
    done = machine.run(SETUP)
    assert done.returncode == 0, done.stdout
    machine.start()
    for address, count in MAILS.items():
        wire.send(*[frames.tcp(wire, address) for _ in range(count)])
    blocked = MAILS["46.7.8.77"] + MAILS["45.9.1.1"] + MAILS["45.9.17.4"] + MAILS["46.7.8.66"]
    wait_for(lambda: f"{blocked} attempts" in machine.run("ipwlctl blocked --since 1h").stdout,
             "all is noted")
    screen = ""
    for command in COMMANDS:
        screen += f"\x1b[1m# {command}\x1b[0m\n{machine.run(command).stdout}\n"
    assert "mail is protected" in screen and "Acme, ticket 4711" in screen
    terminal_picture.save(chromium, screen.rstrip("\n"), PICTURES / "terminal.png")
