# SPDX-License-Identifier: GPL-2.0-or-later
"""The fail2ban of Debian bans by ipwl, with its own filter of Postfix."""

import shutil
import time

import pytest

import daemon
import frames
import peers
from lab import wait_for
from test_entries import when

CONFIG = """\
[DEFAULT]
[Definition]
loglevel = INFO
logtarget = STDOUT
syslogsocket = auto
socket = {top}/socket
pidfile = {top}/pid
dbfile = None
dbpurgeage = 1d
allowipv6 = yes
"""
JAIL = """\
[DEFAULT]
backend = polling
usedns = no
[postfix-sasl]
enabled = true
filter = postfix[mode=auth]
logpath = {top}/mail.log
maxretry = 3
bantime = {bantime}
action = ipwl[list=drop, ipwlctl="{ipwlctl} --socket {socket}"]
"""
GUESS = "mx postfix/smtpd[7]: warning: unknown[{}]: SASL LOGIN authentication failed: authentication failure\n"


class Fail2ban:
    def __init__(self, ipwld, top, bantime):
        root, = peers.unpack(daemon.ROOT / "build/peers", "fail2ban")
        self.peer = peers.Peer(ipwld.namespace, [root], top)
        self.log = self.peer.write("mail.log", "")
        shutil.copyfile(daemon.ROOT / "contrib/fail2ban-action.conf",
                        self.peer.write("etc/fail2ban/action.d/ipwl.conf", ""))
        self.peer.write("etc/fail2ban/fail2ban.local", CONFIG.format(top=top))
        self.peer.write("etc/fail2ban/jail.local", JAIL.format(
            top=top, bantime=bantime, ipwlctl=daemon.BUILD / "ipwlctl", socket=ipwld.socket))
        # Debian's own jail is not ours.
        self.peer.write("etc/fail2ban/jail.d/defaults-debian.conf", "")
        self.peer.start("/usr/bin/python3", "/usr/bin/fail2ban-server", "-f", "-x", "start")
        wait_for(lambda: "Jail 'postfix-sasl' started" in self.peer.words(), "the jail")

    def guess(self, address, count=3):
        """Somebody tries passwords, by the log of the mail server."""
        with open(self.log, "a", encoding="ascii") as log:
            for _ in range(count):
                log.write(time.strftime("%b %d %H:%M:%S ") + GUESS.format(address))

    def client(self, *argv):
        return self.peer.run("/usr/bin/python3", "/usr/bin/fail2ban-client", *argv)


@pytest.mark.parametrize("bantime", ["10m", "-1"])
def test_bans_become_entries(running, wire, tmp_path, bantime):
    jail = Fail2ban(running, tmp_path / "peer", bantime)
    jail.guess("198.18.0.9")
    jail.guess("2001:db8:25::9")
    jail.guess("198.18.0.10", count=2)
    wait_for(lambda: len(running.manual()) == 2 or "Failed to execute" in jail.peer.words(),
             "two entries")
    found = {entry["prefix"]: entry for entry in running.manual()}
    assert set(found) == {"198.18.0.9/32", "2001:db8:25::9/128"}, jail.peer.words()
    for entry in found.values():
        assert (entry["list"], entry["reason"]) == ("drop", "fail2ban: postfix-sasl, 3 failures")
        if bantime == "-1":
            assert entry["expires_at"] is None
        else:
            assert 500 < when(entry["expires_at"]) - time.time() <= 600
    wire.send(frames.tcp(wire, "198.18.0.9"))
    assert running.packets()["block"] == 1
    # An address that is not banned by ipwl any more can be unbanned all the same.
    running.ask("del", "--list", "drop", "2001:db8:25::9", "--yes")
    jail.client("unban", "198.18.0.9")
    jail.client("unban", "2001:db8:25::9")
    wait_for(lambda: jail.peer.words().count("] Unban ") == 2, "both are unbanned")
    wait_for(lambda: running.manual() == [], "no entry is left")
    assert "ERROR" not in jail.peer.words(), jail.peer.words()


def test_an_own_address_is_not_banned(running, tmp_path):
    jail = Fail2ban(running, tmp_path / "peer", "10m")
    jail.guess("192.0.2.25")
    wait_for(lambda: "would block this host's own address" in jail.peer.words(), "a refusal")
    assert running.manual() == []
