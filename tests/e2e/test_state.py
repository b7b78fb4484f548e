# SPDX-License-Identifier: GPL-2.0-or-later
"""A broken state database, and a full disk: mail still passes."""

import os
import sqlite3

import frames
import netns
from daemon import DONE
from lab import ALLOWED, BLOCKED, UNLISTED
from stack import Stack, mail_from


def verdict(ipwld, address):
    return ipwld.request("POST", "/v1/test", {"addresses": [address]})[1]["results"][0]["verdict"]


def break_state(ipwld, content):
    for path in ipwld.state.glob("state.db*"):
        path.unlink()
    (ipwld.state / "state.db").write_bytes(content)


def check_broken(lab, ipwld, wire, content):
    """It runs, says so, keeps the bad file aside, and drops no mail."""
    stack = Stack(lab, {"blocked": mail_from(BLOCKED.ipv4)})
    ipwld.start()
    status = ipwld.status()
    assert status["state"]["error"] and status["suspended"]
    assert (status["mode"], status["mode_in_force"]) == ("enforce", "monitor")
    text = ipwld.ctl("status").stdout
    assert "state.db" in text and "suspended" in text
    assert "state.db" in ipwld.words()
    # What SQLite has beside its database comes and goes.
    kept = [path for path in ipwld.state.glob("state.db.*") if path.read_bytes() == content]
    assert len(kept) == 1, list(ipwld.state.iterdir())
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    assert stack.read().blocked == 5
    assert ipwld.packets()["would_block"] == 5
    # Entries can be made again, and a reload by hand enforces.
    assert ipwld.ctl("add", "--list", "partners", UNLISTED.ipv4).returncode == DONE
    ipwld.ask("reload")
    status = ipwld.status()
    assert (status["mode_in_force"], status["suspended"]) == ("enforce", None)
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    assert stack.read().blocked == 5
    ipwld.kill()
    ipwld.start()
    assert verdict(ipwld, UNLISTED.ipv4) == "allow"
    assert ipwld.status()["state"]["ok"] is True
    assert ipwld.status()["mode_in_force"] == "enforce"


def test_not_a_database(lab, ipwld, wire):
    content = b"This is not a database.\n" * 500
    break_state(ipwld, content)
    check_broken(lab, ipwld, wire, content)


def test_damaged_in_the_middle(lab, ipwld, wire):
    """A database whose pages were overwritten after the first."""
    ipwld.start()
    for index in range(200):
        body = {"list": "partners", "prefix": f"192.0.2.{index}", "reason": "x" * 200,
                "ttl_seconds": None, "sudo_user": None}
        assert ipwld.request("POST", "/v1/entries", body)[0] == 200
    ipwld.stop()
    with sqlite3.connect(ipwld.state / "state.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    content = bytearray((ipwld.state / "state.db").read_bytes())
    content[4096:len(content) - 4096] = os.urandom(len(content) - 8192)
    break_state(ipwld, bytes(content))
    check_broken(lab, ipwld, wire, bytes(content))


def test_missing_is_no_trouble(ipwld):
    """The first start has none."""
    assert not (ipwld.state / "state.db").exists()
    ipwld.start()
    status = ipwld.status()
    assert (status["state"]["ok"], status["suspended"]) == (True, None)
    assert (ipwld.state / "state.db").exists()


def fill(directory):
    """Write until nothing fits any more; returns the file that does it."""
    path = directory / "ballast"
    with open(path, "wb", buffering=0) as ballast:
        for size in 65536, 512, 1:
            try:
                while True:
                    ballast.write(b"x" * size)
            except OSError:
                continue
    return path


def test_full_disk_at_start(lab, ipwld, wire):
    """A disk that takes no database: lists are in force, the status says so."""
    netns.mount("tmpfs", ipwld.state, "size=256k")
    ballast = fill(ipwld.state)
    ipwld.start()
    status = ipwld.status()
    assert status["state"]["ok"] is False and status["state"]["error"]
    assert ipwld.interface()["attached"]
    assert verdict(ipwld, ALLOWED.ipv4) == "allow"
    stack = Stack(lab, {"allowed": mail_from(ALLOWED.ipv4)})
    wire.send(frames.tcp(wire, ALLOWED.ipv4), count=5)
    assert stack.read().allowed == 5
    assert ipwld.ctl("add", "--list", "drop", UNLISTED.ipv4).returncode != DONE
    assert verdict(ipwld, UNLISTED.ipv4) == "unlisted"
    ballast.unlink()
    ipwld.stop()
    ipwld.start()
    # The database is new, and somebody may have deleted one.
    assert "was missing or empty" in ipwld.status()["suspended"]
    ipwld.ask("reload")
    assert ipwld.status()["state"]["ok"] is True and ipwld.status()["suspended"] is None
    assert ipwld.ctl("add", "--list", "drop", UNLISTED.ipv4).returncode == DONE


def test_full_disk_while_running(ipwld):
    """A change that cannot be stored is refused completely; the entries stay in force."""
    netns.mount("tmpfs", ipwld.state, "size=512k")
    ipwld.start()
    ipwld.ask("add", "--list", "partners", "192.0.2.50", "--reason", "before")
    ballast = fill(ipwld.state)
    refused = 0
    for index in range(100, 140):
        address = f"192.0.2.{index}"
        result = ipwld.ctl("add", "--list", "partners", address, "--reason", "y" * 900)
        refused += result.returncode != DONE
        assert verdict(ipwld, address) == ("allow" if result.returncode == DONE else "unlisted")
    assert refused
    assert verdict(ipwld, "192.0.2.50") == "allow"
    assert ipwld.ctl("reload").returncode == DONE
    before = {entry["prefix"] for entry in ipwld.manual()}
    ipwld.kill()
    ballast.unlink()
    ipwld.start()
    assert ipwld.status()["state"]["ok"] is True
    after = {entry["prefix"] for entry in ipwld.manual()}
    assert after == before
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.51").returncode == DONE
