# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that are provoked while mail arrives. Whatever breaks, each packet of an allowed sender
passes, also where a block list has it, and no entry that ipwld has acknowledged is lost.
docs/operations.md says what an administrator sees and does."""

import contextlib
import http.client
import os
import random
import resource
import shutil
import signal
import sqlite3
import threading
import time

import pytest

import frames
import netns
from clocks import Clocks
from daemon import DONE, IS_BLOCKED, UNGUARDED
from flow import Flow
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, wait_for
from stack import Stack, mail_from

SEED = int(os.environ.get("IPWL_SEED") or time.time())
KILLS = int(os.environ.get("IPWL_KILLS", "200"))
YEAR_SEC = 365 * 86400
SENDERS = {"allowed": ALLOWED, "averted": AVERTED, "unlisted": UNLISTED, "blocked": BLOCKED}


class Traffic:
    """What has been sent, and what has come through."""

    def __init__(self, lab, wire):
        self.stack = Stack(lab, {f"{name}{number}": mail_from(address)
                                 for name, sender in SENDERS.items()
                                 for number, address in enumerate(sender.addresses)},
                           interface=None, drop=True)
        self.flow = Flow(lab, [frames.tcp(wire, address) for sender in SENDERS.values()
                               for address in sender.addresses])

    def passed(self, name):
        """Packets of a sender that came through, the fewer of its two addresses."""
        seen = vars(self.stack.read())
        return min(seen[f"{name}0"], seen[f"{name}1"])

    def go_on(self, count=50):
        """Let so many more packets of each address come."""
        before = self.passed("allowed")
        wait_for(lambda: self.passed("allowed") >= before + count, "packets come through")


@contextlib.contextmanager
def traffic(lab, wire, is_enforced=True):
    """Inside, mail arrives. At the end, not one packet is missing of those who may pass, and
    none has come of those who may not, if that is enforced all the time."""
    under_way = Traffic(lab, wire)
    under_way.go_on()
    yield under_way
    under_way.go_on()
    rounds = under_way.flow.stop()
    for name, count in vars(under_way.stack.read()).items():
        if not name.startswith("blocked"):
            assert count == rounds, name
        elif is_enforced:
            assert count == 0, name


@pytest.fixture(name="mail")
def _mail(lab, running, wire):
    """Mail arrives at a daemon that runs."""
    with traffic(lab, wire) as under_way:
        yield under_way
        assert running.interface()["attached"]


def add(ipwld, address, listed="partners"):
    return ipwld.ctl("add", "--list", listed, "--reason", "test", address)


def prefixes(ipwld):
    return {entry["prefix"].removesuffix("/32") for entry in ipwld.manual()}


def add(ipwld, address, listed="partners", reason="test"):
    return ipwld.ctl("add", "--list", listed, "--reason", reason, address)


def prefixes(ipwld):
    return {entry["prefix"].removesuffix("/32") for entry in ipwld.manual()}


def check_suspended(ipwld, words):
    """It drops nothing until an administrator reloads."""
    assert words in ipwld.status()["suspended"], ipwld.status()
    assert "mail is not protected" in ipwld.ctl("status").stdout
    before = ipwld.packets()["would_block"]
    wait_for(lambda: ipwld.packets()["would_block"] > before, "blocked senders pass")


# ---- the state directory ------------------------------------------------------


def test_state_directory_is_full(lab, ipwld, wire):
    netns.mount("tmpfs", ipwld.state, "size=1m")
    ipwld.start()
    with traffic(lab, wire):
        acknowledged = {"192.0.2.50"}
        assert add(ipwld, "192.0.2.50").returncode == DONE
        ballast = ipwld.state / "ballast"
        with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(512))
        for address in (f"192.0.2.{index}" for index in range(100, 140)):
            result = add(ipwld, address, reason="y" * 900)
            if result.returncode == DONE:
                acknowledged.add(address)
            else:
                assert "full" in result.stderr, result.stderr
        assert len(acknowledged) < 41
        assert ipwld.ctl("reload").returncode == DONE
        ipwld.kill()
        ballast.unlink()
        ipwld.start()
        assert prefixes(ipwld) == acknowledged
        assert add(ipwld, "192.0.2.99").returncode == DONE


def test_state_directory_is_read_only(running, mail):
    assert add(running, "192.0.2.50").returncode == DONE
    # What the daemon opens there from now on.
    netns.mount("tmpfs", running.state, "ro")
    result = add(running, "192.0.2.51")
    assert result.returncode != DONE and "nothing has changed" in result.stderr, result.stderr
    assert running.ctl("reload").returncode == DONE
    assert prefixes(running) == {"192.0.2.50"}
    assert "state.db" in running.ctl("status").stdout
    mail.go_on()
    netns.run("umount", running.state)
    assert running.ctl("reload").returncode == DONE
    assert add(running, "192.0.2.52").returncode == DONE
    running.kill()
    running.start()
    assert prefixes(running) == {"192.0.2.50", "192.0.2.52"}


def test_state_directory_is_gone(lab, running, wire):
    """While it runs, its entries stay in force. The next one does not know which they were."""
    with traffic(lab, wire, is_enforced=False) as mail:
        assert add(running, "192.0.2.50").returncode == DONE
        shutil.rmtree(running.state)
        result = add(running, "192.0.2.51")
        assert result.returncode != DONE and "nothing has changed" in result.stderr, result.stderr
        assert running.ctl("test", "192.0.2.50").returncode == DONE
        mail.go_on()
        running.kill()
        running.start()
        check_suspended(running, "was missing or empty, although ipwld has run before")
        # Also over restarts.
        running.stop()
        running.start()
        check_suspended(running, "was missing or empty, although ipwld has run before")
        assert add(running, "192.0.2.50").returncode == DONE
        running.ask("reload")
        assert running.status()["suspended"] is None


@pytest.mark.parametrize("how, words", [
    ("truncated", "was corrupt"), ("garbage", "was corrupt"), ("empty", "was missing or empty")])
def test_state_is_damaged(lab, running, wire, how, words):
    with traffic(lab, wire, is_enforced=False) as mail:
        assert add(running, "192.0.2.50").returncode == DONE
        path = running.state / "state.db"
        size = path.stat().st_size
        with open(path, "r+b") as file:
            if how == "garbage":
                file.write(random.Random(SEED).randbytes(size))
            else:
                file.truncate(size // 2 if how == "truncated" else 0)
        result = add(running, "192.0.2.51")
        assert result.returncode != DONE and "nothing has changed" in result.stderr, result.stderr
        assert running.ctl("test", "192.0.2.50").returncode == DONE
        mail.go_on()
        running.kill()
        running.start()
        check_suspended(running, words)


def test_state_of_a_newer_version(lab, running, wire):
    """It is read by the newer one again, as it was."""
    path = running.state / "state.db"
    with traffic(lab, wire, is_enforced=False):
        assert add(running, "192.0.2.50").returncode == DONE
        running.stop()
        with contextlib.closing(sqlite3.connect(path)) as database:
            version, = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version + 1}")
            database.commit()
        content = path.read_bytes()
        running.start()
        check_suspended(running, f"its schema version is {version + 1}")
        assert add(running, "192.0.2.51").returncode != DONE
        running.stop()
        assert path.read_bytes() == content


def test_state_is_locked_by_another_program(running, mail):
    """A backup, for example. Entries stay in force, and reloads work."""
    assert add(running, "192.0.2.50").returncode == DONE
    with contextlib.closing(sqlite3.connect(running.state / "state.db")) as database:
        database.execute("BEGIN EXCLUSIVE")
        result = add(running, "192.0.2.51")
        assert result.returncode != DONE and "locked" in result.stderr, result.stderr
        result = running.ctl("reload")
        assert result.returncode == DONE and "by another program" in result.stderr, result.stderr
        assert running.status()["suspended"] is None
        assert running.ctl("test", "192.0.2.50").returncode == DONE
        mail.go_on()
        database.rollback()
    assert add(running, "192.0.2.52").returncode == DONE
    assert prefixes(running) == {"192.0.2.50", "192.0.2.52"}
    assert running.status()["state"]["ok"]


def test_clock_is_a_year_ahead_and_behind(lab, running, wire):
    """What has expired by a wrong clock returns."""
    clocks = Clocks()
    with traffic(lab, wire) as mail:
        assert add(running, "192.0.2.50").returncode == DONE
        result = running.ctl("add", "--list", "partners", "--ttl", "1d", "192.0.2.51")
        assert result.returncode == DONE
        for ahead in YEAR_SEC, 0, -YEAR_SEC, 0:
            clocks.set_ahead(ahead)
            running.stop()
            running.spawn(env=clocks.environment)
            running.await_answer()
            expected = {"192.0.2.50"} | ({"192.0.2.51"} if ahead <= 0 else set())
            assert prefixes(running) == expected, ahead
            assert running.ctl("reload").returncode == DONE
            assert prefixes(running) == expected, ahead
            mail.go_on()


# ---- bpffs ---------------------------------------------------------------------


def refuses_to_start(ipwld, words):
    ipwld.spawn()
    assert ipwld.process.wait(netns.PATIENCE_SEC) == 1
    assert words in ipwld.words(), ipwld.words()


def test_bpffs_is_unmounted(lab, running, wire):
    """The programs stay as long as ipwld runs; after that, all mail passes."""
    with traffic(lab, wire, is_enforced=False) as mail:
        netns.run("umount", "-l", running.bpffs.parent)
        mail.go_on()
        assert add(running, "192.0.2.50").returncode == DONE
        assert running.ctl("reload").returncode == DONE
        assert mail.passed("blocked") == 0
        running.stop()
        mail.go_on()
        refuses_to_start(running, "is not on a BPF file system: mount one there")
        netns.mount("bpf", running.bpffs.parent)
        running.start()
        assert prefixes(running) == {"192.0.2.50"}
        before = running.packets()["block"]
        wait_for(lambda: running.packets()["block"] > before, "it drops again")


def test_bpffs_is_read_only(running, mail):
    """What is in force goes on, with and without ipwld."""
    netns.run("mount", "-o", "remount,ro", running.bpffs.parent)
    assert add(running, "192.0.2.50").returncode == DONE
    assert running.ctl("reload").returncode == DONE
    mail.go_on()
    running.stop()
    refuses_to_start(running, "Read-only file system")
    mail.go_on()
    netns.run("mount", "-o", "remount,rw", running.bpffs.parent)
    running.start()
    assert prefixes(running) == {"192.0.2.50"}


# ---- interfaces ------------------------------------------------------------------


def test_interface_is_renamed(lab, running, wire):
    """It is another one then: mail passes until the configuration names it."""
    with traffic(lab, wire, is_enforced=False) as mail:
        lab.mx.ip("link", "set", "eth0", "name", "eth9")
        wait_for(lambda: not running.interface()["attached"], "it is missed")
        mail.go_on()
        running.configure(interfaces="eth9")
        assert running.ctl("reload").returncode == DONE
        before = running.packets("eth9")["block"]
        wait_for(lambda: running.packets("eth9")["block"] > before, "it drops again")


def test_mtu_is_raised(lab, running, mail):
    """The driver asks the XDP program first."""
    for mtu in 3000, 9000, 1500:
        for host, name in (lab.switch, "mx-eth0"), (lab.mx, "eth0"):
            host.ip("link", "set", name, "mtu", mtu)
        mail.go_on()
        assert running.ctl("reload").returncode == DONE
        assert running.interface()["attached"]


# ---- limits ----------------------------------------------------------------------


@contextlib.contextmanager
def limited(ipwld, which, value):
    """Inside, a resource of the running daemon is limited."""
    before = resource.prlimit(ipwld.process.pid, which)
    resource.prlimit(ipwld.process.pid, which, (value, before[1]))
    yield
    resource.prlimit(ipwld.process.pid, which, before)


def test_memory_ends_while_a_million_load(running, mail):
    """The reload is refused, and all stays as it was."""
    large = running.top / "allow.d/large.list"
    with open(large, "w", encoding="ascii") as file:
        file.writelines(f"{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}.1\n"
                        for index in range(1 << 20, 2 << 20))
    used = int(netns.run("ps", "-o", "vsz=", running.process.pid).stdout) << 10
    with limited(running, resource.RLIMIT_AS, used + (20 << 20)):
        result = running.ctl("reload")
        assert result.returncode != DONE and "allocate memory" in result.stderr, result.stderr
        assert "the old configuration stays in force" in result.stderr
        mail.go_on()
        assert running.ctl("test", ALLOWED.ipv4).returncode == DONE
    assert running.ctl("reload").returncode == DONE
    assert running.ctl("test", "16.1.2.1").returncode == DONE
    assert add(running, "192.0.2.50").returncode == DONE


def test_descriptors_end(running, mail):
    """One is left, for one client at a time."""
    used = len(os.listdir(f"/proc/{running.process.pid}/fd"))
    acknowledged = set()
    with limited(running, resource.RLIMIT_NOFILE, used + 1):
        for address in "192.0.2.50", "192.0.2.51":
            if add(running, address).returncode == DONE:
                acknowledged.add(address)
        running.ctl("reload")
        mail.go_on()
    assert running.ctl("reload").returncode == DONE
    running.kill()
    running.start()
    assert prefixes(running) == acknowledged


def test_ten_thousand_list_files(running, mail):
    for index in range(10_000):
        (running.top / f"allow.d/{index}.list").write_text(
            f"10.{index >> 8}.{index & 255}.1\n", encoding="ascii")
    running.ask("reload")
    lists = {item["name"]: item["ipv4_entries"] for item in running.status()["lists"]}
    assert lists["partners"] == 10_002, lists
    mail.go_on()


# ---- the control socket -----------------------------------------------------------


def test_control_socket_is_flooded(running, mail):
    """Connections, half requests and bodies of 100 MB, while others are answered."""
    is_over = threading.Event()

    def connect():
        while not is_over.is_set():
            with contextlib.suppress(OSError), running.open_socket(timeout=1) as connection:
                connection.sendall(b"GET /v1/sta")
                is_over.wait(0.02)

    def send_much():
        while not is_over.is_set():
            with contextlib.suppress(OSError), running.open_socket(timeout=1) as connection:
                connection.sendall(b"POST /v1/import?list=drop HTTP/1.1\r\nHost: x\r\n"
                                   b"Content-Length: 104857600\r\n\r\n")
                for _ in range(1600):
                    connection.sendall(bytes(1 << 16))

    threads = [threading.Thread(target=work) for work in [connect] * 20 + [send_much] * 2]
    for thread in threads:
        thread.start()
    try:
        for index in range(10):
            assert add(running, f"192.0.2.{index}").returncode == DONE
            assert running.ctl("test", ALLOWED.ipv4).returncode == DONE
            assert running.metric("ipwl_config_last_reload_successful") == 1
            mail.go_on(10)
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert len(prefixes(running)) == 10


def test_hangups(running, mail):
    """A hundred times a second."""
    running.write_list("block.d/new.list", "10.1.2.3")
    for _ in range(300):
        running.process.send_signal(signal.SIGHUP)
        time.sleep(0.01)
    mail.go_on()
    assert add(running, "192.0.2.50").returncode == DONE
    wait_for(lambda: running.ctl("test", "10.1.2.3").returncode == IS_BLOCKED, "it has reloaded")


# ---- kill -9 -----------------------------------------------------------------------


def change(ipwld, what, address):
    """Whether it is acknowledged."""
    body = {"list": "partners", "prefix": address}
    if what == "POST":
        body |= {"reason": "x", "ttl_seconds": None, "sudo_user": None}
    return ipwld.request(what, "/v1/entries", body)[0] == 200


def work_until_killed(ipwld, chance, known):
    """Change entries and reload. Returns the entries that are acknowledged, and the one that was
    changed when the daemon died, if it was one."""
    while True:
        address = f"192.0.2.{chance.randrange(256)}"
        what = chance.choice(("POST", "DELETE", "reload"))
        try:
            if what == "reload":
                ipwld.request("POST", "/v1/reload", {})
            elif change(ipwld, what, address):
                known = known | {address} if what == "POST" else known - {address}
        except (OSError, http.client.HTTPException, ValueError):
            return known, {address} if what != "reload" else set()


def test_killed_at_any_moment(lab, ipwld, wire):
    """While it loads, reloads, adds and deletes: what was acknowledged is there."""
    chance = random.Random(SEED)
    print(f"IPWL_SEED={SEED}, {KILLS} kills")
    ipwld.configure(extra=UNGUARDED)
    ipwld.write_list("block.d/large.list", *(f"10.{index >> 8}.{index & 255}.1"
                                             for index in range(20_000)))
    ipwld.start()
    known = set()
    with traffic(lab, wire):
        for number in range(KILLS):
            killer = threading.Timer(chance.random() * chance.choice((0.02, 0.2, 0.6)),
                                     ipwld.process.kill)
            killer.start()
            known, unknown = work_until_killed(ipwld, chance, known)
            killer.join()
            ipwld.process.wait()
            if chance.random() < 0.3:
                # Before it is ready, too.
                ipwld.spawn()
                time.sleep(chance.random() * 0.3)
                ipwld.kill()
            ipwld.start()
            found = prefixes(ipwld)
            assert found | unknown == known | unknown, number
            known = found
