# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration as its users run it. It leaves nothing behind."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

import netns
from daemon import BUILD
from lab import wait_for

DEMO = pathlib.Path(__file__).with_name("demo.py")


# What it says before each of its steps.
STEPS = ("==> making an MX", "==> starting Postfix", "==> starting ipwld",
         "==> each sender", "==> alice and bob", "$ ipwlctl status", "To take it all down")


@contextlib.contextmanager
def running(*argv, wrapper=()):
    """A separate demonstration; nothing remains, however the test ends."""
    with subprocess.Popen([*wrapper, sys.executable, DEMO, *argv], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, start_new_session=True,
                          env=os.environ | {"IPWL_BUILD": str(BUILD), "PYTHONUNBUFFERED": "1",
                                            "PYTHONFAULTHANDLER": "1"}) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.returncode < 0:
                wait_for(lambda: not programs_of(process.pid), "its programs have ended")
                netns.sweep()


def read_until(process, words):
    """What it says until a line begins with these words."""
    output = ""
    for line in process.stdout:
        output += line
        if line.startswith(words):
            return output
    raise AssertionError(f"it did not say {words}:\n{output}")


def rest_of(process):
    """What it says until it ends."""
    try:
        return process.communicate(timeout=netns.PATIENCE_SEC)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        raise AssertionError(f"it goes on:\n{process.communicate()[0]}") from None


def programs_of(pid):
    return [item for item in left_by(pid) if item.isdigit()]


def left_by(pid):
    """The remains of that run."""
    mark = f"ipwl-{pid}-"
    found = [path.name for path in netns.RUN_NETNS.glob(f"{mark}*")]
    found += [path.name for path in pathlib.Path("/tmp").glob(f"{mark}*")]
    found += [line for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").split("\n")
              if mark in line]
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("xdp_mode", ["auto", "generic"])
def test_demo(xdp_mode):
    with running("--xdp-mode", xdp_mode) as process:
        output = rest_of(process)
    assert process.returncode == 0, output
    assert len(re.findall(r"^(?:allowed|blocked|averted|unlisted) .* ok$", output, re.M)) == 8
    assert re.search(r"^partner: delivered, mark 0x1$", output, re.M)
    assert "WRONG" not in output
    assert left_by(process.pid) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("step", STEPS[:-1])
def test_interrupted(number, step):
    """At whatever step."""
    with running("--keep") as process:
        output = read_until(process, step)
        process.send_signal(number)
        output += rest_of(process)
        # On a busy machine it may have come to its end before.
        assert process.returncode != 0 or STEPS[-1] in output, output
        assert left_by(process.pid) == [], output


INTERRUPTS = """
import concurrent.futures, os, signal, sys, threading
sys.path.insert(0, sys.argv[1])
import netns

def interrupt():
    os.kill(os.getpid(), signal.SIGTERM)

class Finalized:
    def __del__(self):
        interrupt()

class Condition(threading.Condition):
    def __enter__(self):
        held = super().__enter__()
        if threading.get_ident() == threading.main_thread().ident:
            interrupt()
        return held

netns.handle_signals()
with netns.uninterrupted():
    if sys.argv[2] == "finalizer":
        Finalized()
    else:
        threading.Condition = Condition
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(abs, (1, 2)))
    print("went on", flush=True)
    netns.heed_interrupt()
    print("heeded nothing")
"""


@pytest.mark.parametrize("place", ["finalizer", "lock"])
def test_an_interrupt_waits_for_the_next_step(place):
    """Python only reports an exception that is raised in a finalizer. One that is raised
    when a thread has just taken a lock leaves it locked."""
    result = netns.run(sys.executable, "-c", INTERRUPTS, DEMO.parent, place, check=False)
    assert result.returncode != 0
    assert result.stdout == "went on\n" and "heed_interrupt" in result.stderr, result


BESIDE = """
import os, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
import netns

class Critical:
    is_interrupted, lock, count = False, threading.Lock(), 0

    @property
    def depth(self):
        seen = self.count
        if threading.current_thread() is threading.main_thread():
            steps.append("leave")
            await_step("left")
        return seen

    @depth.setter
    def depth(self, count):
        self.count = count

def await_step(step):
    while step not in steps:
        time.sleep(0.01)

def work():
    with netns.uninterrupted():
        steps.append("inside")
        await_step("leave")
    steps.append("left")

netns._critical = Critical()
netns.handle_signals()
steps = []
threading.Thread(target=work).start()
await_step("inside")
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(1)
    sys.exit("it is lost")
except KeyboardInterrupt:
    pass
"""


def test_an_interrupt_beside_other_threads():
    """One that comes when another thread ends what is not to be interrupted is raised, too."""
    result = netns.run(sys.executable, "-c", BESIDE, DEMO.parent, check=False)
    assert result.returncode == 0, result


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_kept(number):
    """It waits at its end, until it is told to stop."""
    with running("--keep") as process:
        output = read_until(process, STEPS[-1])
        socket, = set(re.findall(r"--unix-socket (\S+)", output))
        answer = netns.run("curl", "-s", "--unix-socket", socket, "http://ipwl/v1/status").stdout
        assert '"mode":"enforce"' in answer.replace(" ", "")
        process.send_signal(number)
        rest_of(process)
        assert process.returncode == 0
        assert left_by(process.pid) == []


def test_killed_outright():
    """Its programs end with it; the next run takes away the rest."""
    with running("--keep") as process:
        read_until(process, "==> each sender")
        process.kill()
        process.communicate()
        wait_for(lambda: not programs_of(process.pid), "its programs have ended")
        assert left_by(process.pid)
        netns.sweep()
        assert left_by(process.pid) == []


def test_started_in_the_background():
    """By a shell that ignores SIGINT and SIGHUP there, as with nohup: it goes on in spite
    of both, and the programs it starts do not inherit that."""
    ignoring = "trap '' INT HUP; exec \"$@\""
    with running("--keep", wrapper=("sh", "-c", ignoring, "sh")) as process:
        read_until(process, STEPS[-1])
        ignored = 1 << signal.SIGINT - 1 | 1 << signal.SIGHUP - 1
        programs = programs_of(process.pid)
        assert programs
        for pid in programs:
            status = pathlib.Path("/proc", pid, "status").read_text(encoding="ascii")
            assert not int(re.search(r"SigIgn:\s+(\w+)", status)[1], 16) & ignored, status
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        rest_of(process)
        assert left_by(process.pid) == []
