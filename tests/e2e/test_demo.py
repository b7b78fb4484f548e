# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration as its users run it, and what it leaves behind: nothing."""

import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

import netns
from daemon import BUILD
from lab import wait_for

DEMO = pathlib.Path(__file__).with_name("demo.py")


def spawn(*argv):
    return subprocess.Popen([sys.executable, DEMO, *argv], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            env=os.environ | {"IPWL_BUILD": str(BUILD)})


def left_by(pid):
    """What there still is of that run."""
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
    process = spawn("--xdp-mode", xdp_mode)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output
    assert len(re.findall(r"^(?:allowed|blocked|averted|unlisted) .* ok$", output, re.M)) == 8
    assert "WRONG" not in output
    assert left_by(process.pid) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_interrupted(number):
    """At whatever moment; also while it waits at its end."""
    for after in 0.4, 1.5, 3.0:
        process = spawn("--keep")
        time.sleep(after)
        process.send_signal(number)
        output, _ = process.communicate(timeout=60)
        assert process.returncode != 0, output
        assert left_by(process.pid) == [], output


def test_kept():
    process = spawn("--keep")
    output = ""
    while "Ctrl-C" not in output:
        line = process.stdout.readline()
        assert line, output
        output += line
    socket, = set(re.findall(r"--unix-socket (\S+)", output))
    answer = netns.run("curl", "-s", "--unix-socket", socket, "http://ipwl/v1/status").stdout
    assert '"mode":"enforce"' in answer.replace(" ", "")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert left_by(process.pid) == []


def test_killed_outright():
    """Its programs end with it; the next run takes away the rest."""
    process = spawn("--keep")
    time.sleep(3)
    process.kill()
    process.communicate()
    wait_for(lambda: not [item for item in left_by(process.pid) if item.isdigit()], 10,
             "its programs have ended")
    assert left_by(process.pid)
    netns.sweep()
    assert left_by(process.pid) == []
