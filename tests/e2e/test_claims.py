# SPDX-License-Identifier: GPL-2.0-or-later
"""One ipwld for each bpffs_dir, state_dir and runtime_dir, whatever path or namespace leads
there: a second one says who is first, and touches nothing."""

import fcntl
import os
import pathlib
import signal

import pytest

import frames
from daemon import IS_BLOCKED, NEGATIVE, DONE, Ipwld, has_programs
from lab import BLOCKED, UNLISTED
from netns import PATIENCE_SEC, Namespace

SECOND_LISTS = f"""\
  - name: mine
    action: block
    entries: [{UNLISTED.ipv4}]
"""


@pytest.fixture(name="second")
def _second(lab):
    """Another ipwld with other lists, in a network namespace of its own."""
    namespace = Namespace(f"{lab.tag}second")
    namespace.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0")
    return Ipwld(namespace)


def refuse(second, first, setting, directory, wrapper=()):
    """Run the second one, which must end with a word about the first."""
    second.configure(lists=SECOND_LISTS)
    result = second.namespace.run(*wrapper, *second.argv("-f"), check=False)
    assert result.returncode == NEGATIVE, result.stderr
    assert f"another ipwld uses {setting} {directory} " \
           f"(pid {first.process.pid}, {first.config})" in result.stderr, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr


def check_first(first, wire):
    """It decides as ever, by its own tables."""
    before = first.packets()["block"]
    assert first.interface()["attached"]
    assert has_programs(first.namespace) == (True, True)
    wire.send(frames.tcp(wire, BLOCKED.ipv4), frames.tcp(wire, UNLISTED.ipv4), count=3)
    assert first.packets()["block"] == before + 3
    result, = first.ask("test", BLOCKED.ipv4, status=IS_BLOCKED)["results"]
    assert result["list"] == "drop"
    assert first.ctl("reload").returncode == DONE


def directory_of(ipwld, setting):
    return {"bpffs_dir": ipwld.bpffs, "state_dir": ipwld.state,
            "runtime_dir": ipwld.socket.parent}[setting]


def share(second, first, setting, by_link=False):
    """Give the second one a directory of the first, by another path or the same."""
    directory = directory_of(first, setting)
    if by_link:
        link = second.top / "link"
        link.symlink_to(directory)
        directory = link
    if setting == "bpffs_dir":
        second.bpffs = directory
    elif setting == "state_dir":
        second.state = directory
    else:
        second.socket = directory / "control.sock"
    return directory


@pytest.mark.parametrize("by_link", [False, True], ids=["same path", "another path"])
@pytest.mark.parametrize("setting", ["bpffs_dir", "state_dir", "runtime_dir"])
def test_second_is_refused(running, second, wire, setting, by_link):
    directory = share(second, running, setting, by_link)
    refuse(second, running, setting, directory)
    check_first(running, wire)
    assert (directory_of(running, setting) / "owner").readlink() \
        == pathlib.Path(f"pid {running.process.pid}, {running.config}")


def test_in_another_mount_namespace(running, second, wire):
    """The file system is the same one there."""
    directory = share(second, running, "bpffs_dir")
    refuse(second, running, "bpffs_dir", directory, wrapper=("unshare", "--mount"))
    check_first(running, wire)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_in_the_way(running, second, number):
    """The next one takes over what the first one had, however that ended."""
    for setting in "bpffs_dir", "state_dir", "runtime_dir":
        share(second, running, setting)
    running.stop(number)
    second.configure(lists=SECOND_LISTS)
    second.start()
    assert os.readlink(second.bpffs / "owner") == f"pid {second.process.pid}, {second.config}"
    assert second.stop() == 0
    for setting in "bpffs_dir", "state_dir", "runtime_dir":
        assert not (directory_of(second, setting) / "owner").exists()


def test_one_directory_for_two_settings(ipwld):
    """Nobody is in one's own way."""
    ipwld.state = ipwld.socket.parent
    ipwld.configure()
    ipwld.start()
    assert ipwld.stop() == 0


def test_a_directory_of_another_user(ipwld):
    """systemd-tmpfiles makes one for the user whom systemd starts ipwld as. Root without its
    capabilities cannot write there."""
    os.chown(ipwld.socket.parent, 65534, 65534)
    ipwld.spawn()
    assert ipwld.process.wait(PATIENCE_SEC) == 77
    assert f"cannot write in runtime_dir {ipwld.socket.parent}, which belongs to nobody: let " \
        "systemd start ipwld, or give the directory to the user who runs it" in ipwld.words()
    os.chown(ipwld.socket.parent, 0, 0)
    ipwld.start()


def test_an_older_version_runs(ipwld):
    """It locks a file; one that it has left is removed."""
    path = ipwld.socket.parent / "ipwld.lock"
    ipwld.configure()
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("4711\n")
        file.flush()
        result = ipwld.namespace.run(*ipwld.argv("-f"), check=False)
        assert result.returncode == NEGATIVE, result.stderr
        assert "an older ipwld uses" in result.stderr and "pid 4711" in result.stderr
    ipwld.start()
    assert not path.exists()


# ---- detach ----------------------------------------------------------------------------


def test_detach_leaves_what_another_has(running, second, wire):
    """Whoever asks the wrong socket, or none, is told whose pins they are."""
    second.configure(lists=SECOND_LISTS)
    second.start()
    result = second.ctl("detach", "--config", running.config)
    assert result.returncode == DONE  # by the second one, of its own
    assert "detached by ipwld" in result.stdout
    second.stop()
    result = second.ctl("detach", "--config", running.config)
    assert result.returncode == NEGATIVE, result.stdout
    assert f"another ipwld uses it (pid {running.process.pid}, {running.config})" in result.stderr
    assert "--socket" in result.stderr
    check_first(running, wire)


def test_detach_from_one_that_hangs(lab, running):
    """It was asked and did not answer, so this is the last resort."""
    os.kill(running.process.pid, signal.SIGSTOP)
    try:
        result = running.ctl("detach", "--config", running.config)
        assert result.returncode == DONE, result.stderr
        assert "did not answer" in result.stderr and "detached without ipwld" in result.stdout
        assert has_programs(lab.mx) == (False, False)
        assert not running.bpffs.exists()
    finally:
        os.kill(running.process.pid, signal.SIGCONT)


def test_detached_pins_are_free_for_another(running, second):
    """Whoever has them then keeps them."""
    running.ask("detach")
    share(second, running, "bpffs_dir")
    second.configure(lists=SECOND_LISTS)
    second.start()
    result = running.ctl("reload")
    assert result.returncode == NEGATIVE
    assert f"another ipwld uses bpffs_dir {running.bpffs} (pid {second.process.pid}" \
        in result.stderr, result.stderr
    assert running.status()["detached"] is True
    assert second.ask("test", UNLISTED.ipv4, status=IS_BLOCKED)
    second.ask("detach")
    second.stop()
    running.ask("reload")
    assert running.interface()["attached"]


# ---- one device -------------------------------------------------------------------------


def filters_of(ipwld):
    """The tc filters on its device, with the ids of their programs."""
    return ipwld.namespace.run("tc", "filter", "show", "dev", "eth0", "ingress").stdout


def test_device_of_another(lab, running, wire):
    """With directories of its own a second one runs, but has no device."""
    second = Ipwld(lab.mx)
    second.configure(lists=SECOND_LISTS)
    before = filters_of(running)
    assert "ipwl" in before
    second.start()
    interface = second.interface()
    assert not interface["attached"] and interface["marking"] == "none"
    assert "another XDP program" in interface["error"], interface
    assert filters_of(running) == before
    second.ask("reload")
    second.ask("detach")
    assert filters_of(running) == before
    assert second.stop() == 0
    result = second.ctl("detach", "--config", second.config)
    assert result.returncode == DONE, result.stderr
    assert filters_of(running) == before
    check_first(running, wire)
    assert running.interface()["marking"] == "metadata"
