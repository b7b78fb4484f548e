# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of a mail administrator, with the screens that she expects. README.md and the manual
pages name each of these commands."""

import os
import time

import daemon
import frames
from daemon import DONE, IS_BLOCKED, NEGATIVE, UNREACHABLE
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, wait_for

PARTNERS = [f"192.0.2.{i}" for i in range(101, 131)]


def screen(ipwld, *argv, status=DONE, author=None):
    """What a command prints: standard output and standard error."""
    result = ipwld.namespace.run(
        daemon.BUILD / "ipwlctl", "--socket", ipwld.socket, *argv, check=False,
        env={**os.environ, "SUDO_USER": author} if author else None)
    assert result.returncode == status, result
    return result.stdout + result.stderr


def first_line(ipwld, *argv, **options):
    return screen(ipwld, *argv, **options).splitlines()[0]


def test_the_day(ipwld, wire):
    config = str(ipwld.config)

    # The first hour, in monitor mode: nothing is dropped, and she is told so.
    ipwld.configure(mode="monitor", extra="history: {sample: 1s}\n")
    assert ": valid, 2 lists with " in screen(ipwld, "check-config", config)
    ipwld.start()
    assert first_line(ipwld, "status") \
        == "mail is not protected: monitor mode on eth0 (native) drops nothing"
    for sender in ALLOWED, AVERTED, BLOCKED, UNLISTED:
        wire.send(frames.tcp(wire, sender.ipv4))
    wait_for(lambda: ipwld.packets()["would_block"] == 1, "all are counted")
    assert first_line(ipwld, "test", BLOCKED.ipv4, status=IS_BLOCKED).startswith(
        f"{BLOCKED.ipv4}: would_block: in monitor mode; would be blocked by drop 203.0.113.0/24 ")

    # Going to enforce.
    ipwld.configure(extra="history: {sample: 1s}\n")
    assert first_line(ipwld, "diff", status=NEGATIVE) == "~ mode: monitor -> enforce"
    assert "mode: monitor -> enforce" in screen(ipwld, "reload")
    assert first_line(ipwld, "status") == "mail is protected: ipwl enforces on eth0 (native)"
    assert screen(ipwld, "status", "--check").startswith("IPWL OK - mail is protected")

    # Three in the morning: a partner's mail does not arrive.
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=3)
    assert first_line(ipwld, "test", BLOCKED.ipv4, status=IS_BLOCKED).startswith(
        f"{BLOCKED.ipv4}: block: blocked by drop 203.0.113.0/24 (config {config}:")
    assert screen(ipwld, "add", "--list", "partners", BLOCKED.ipv4, "--reason", "ticket 4711") \
        == f"{BLOCKED.ipv4}/32 is now in allow list partners, with no expiry\n"
    assert first_line(ipwld, "test", BLOCKED.ipv4).startswith(
        f"{BLOCKED.ipv4}: averted: allowed by partners {BLOCKED.ipv4}/32 (manual root)")
    assert "ticket 4711" in screen(ipwld, "history", BLOCKED.ipv4)

    # A block list that comes under another name, and an allow list that comes empty.
    listed = ipwld.write_list("block.d/ipsum.list", *(f"9.9.9.{i}" for i in range(100)))
    ipwld.write_list("allow.d/partners.list", *PARTNERS[:3])
    screen(ipwld, "reload")
    for address in PARTNERS[:3]:
        wire.send(frames.tcp(wire, address))
    wait_for(lambda: len([entry for entry in ipwld.ask("list", "--source", "file")["entries"]
                          if entry["total_packets"]]) == 3, "their mail is counted")
    listed.rename(listed.with_suffix(".txt"))
    text = screen(ipwld, "reload")
    assert "matches no file, but " in text and "loses 100 of its 102 entries" in text
    ipwld.write_list("allow.d/partners.list")
    assert "held: it would remove 3 of " in screen(ipwld, "reload", status=NEGATIVE)
    text = screen(ipwld, "status")
    assert text.startswith("mail is protected: ") and "warning: the last reload is held: " in text
    assert screen(ipwld, "status", "--check", status=1).startswith("IPWL WARNING - ")
    ipwld.write_list("allow.d/partners.list", *PARTNERS[:3])
    screen(ipwld, "reload")

    # A colleague deletes what he should not.
    for address in PARTNERS[3:]:
        screen(ipwld, "add", "--list", "partners", address, author="alice")
    time.sleep(1.1)
    start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for number, address in enumerate(PARTNERS[3:]):
        text = screen(ipwld, "del", "--yes", "--list", "partners", address, author="bob",
                      status=DONE if number < 20 else NEGATIVE)
    assert "held: 20 allow entries have been deleted within a minute" in text
    text = screen(ipwld, "undo", "--since", start, "--by", "bob", "--dry-run")
    assert text.endswith("20 added, 0 removed\ndry run: nothing has changed\n")
    assert screen(ipwld, "undo", "--since", start, "--by", "bob").endswith("20 added, 0 removed\n")
    assert first_line(ipwld, "test", PARTNERS[3]).startswith(f"{PARTNERS[3]}: allow: ")

    # The daemon is stopped, and the kernel still decides.
    ipwld.stop()
    text = screen(ipwld, "status", "--config", config, status=UNREACHABLE)
    assert text.startswith("ipwld is not running; still attached to eth0 and dropping\n")

    # A damaged database: nothing is dropped until she says so.
    for path in ipwld.state.glob("state.db-*"):
        path.unlink()
    (ipwld.state / "state.db").write_bytes(b"not a database" * 1000)
    ipwld.start()
    assert first_line(ipwld, "status") \
        == "mail is not protected: enforcement is suspended, nothing is dropped"
    assert screen(ipwld, "status", "--check", status=2).startswith("IPWL CRITICAL - ")
    screen(ipwld, "reload")
    assert first_line(ipwld, "status").startswith("mail is protected: ")

    # Off with it, at once.
    screen(ipwld, "detach", author="alice")
    assert first_line(ipwld, "status") \
        == "mail is not protected: ipwl is detached (`ipwlctl reload' attaches it)"
    wait_for(lambda: " alice (sudo) " in screen(ipwld, "--wide", "history"), "it is recorded")
