# SPDX-License-Identifier: GPL-2.0-or-later
"""While a list is read, the service manager and ipwlctl hear which file it is, and how far that
is. Reads are held, so that the order of events is known."""

import pytest

from daemon import DONE, UNREACHABLE
from fault import Faults, mask
from lab import wait_for
from test_service import Manager

# More than two pieces of a file.
COUNT = 20_000
LINES = [f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(COUNT)]


@pytest.fixture(name="faults")
def _faults():
    return Faults()


@pytest.fixture(name="manager")
def _manager(ipwld):
    return Manager(ipwld)


def states(said):
    """The steps of STATUS= that say what is loaded."""
    return [line.removeprefix("STATUS=") for line in said
            if line.startswith(("STATUS=starting: ", "STATUS=reloading: "))]


def test_start(ipwld, manager, faults):
    """From the first byte to the socket: a start is given time, and says what it does."""
    path = ipwld.write_list("block.d/big.list", *LINES)
    with faults.holding(2, mask("read_list")) as is_waiting:
        ipwld.spawn(env=faults.environment | manager.environment)
        wait_for(is_waiting, "the second piece of the file is waited for")
        said = manager.lines_until(f"STATUS=starting: reading {path}: 0 of 1 MB (0 %)")
        assert "EXTEND_TIMEOUT_USEC=90000000" in said
        assert not any(line.startswith("READY") for line in said)
        for command in ("status",), ("list",):
            result = ipwld.ctl(*command)
            assert result.returncode == UNREACHABLE
            assert "ipwld is starting and does not answer yet" in result.stderr
            assert f": reading {path}: " in result.stderr
        result = ipwld.ctl("status", "--check")
        assert result.returncode == 2 and "CRITICAL - ipwld is starting: reading" in result.stdout
        assert (ipwld.socket.parent / "starting").exists()
    said = manager.lines_until("READY=1")
    assert not any(step.startswith("reloading") for step in states(said))
    assert not (ipwld.socket.parent / "starting").exists()
    assert ipwld.status()["loading"] is None


def test_a_start_that_was_killed(ipwld, faults):
    """What it said last counts no longer."""
    ipwld.write_list("block.d/big.list", *LINES)
    with faults.holding(1, mask("read_list")) as is_waiting:
        ipwld.spawn(env=faults.environment)
        wait_for(is_waiting, "the file is waited for")
        assert "is starting" in ipwld.ctl("status").stderr
        ipwld.kill()
    assert (ipwld.socket.parent / "starting").exists()
    assert "is it running?" in ipwld.ctl("status").stderr
    ipwld.start()
    assert not (ipwld.socket.parent / "starting").exists()


def test_reload(ipwld, manager, faults):
    """The main loop answers meanwhile, and each answer is further than the one before."""
    ipwld.spawn(env=faults.environment | manager.environment)
    ipwld.await_answer()
    path = ipwld.write_list("block.d/big.list", *LINES)
    size = path.stat().st_size
    with faults.holding(2, mask("read_list")) as is_waiting:
        reloading = ipwld.popen_ctl("reload")
        wait_for(is_waiting, "the second piece of the file is waited for")
        loading = ipwld.status()["loading"]
        assert loading["what"] == f"reading {path}" and loading["unit"] == "bytes"
        assert 0 < loading["done"] < loading["total"] == size
        assert ipwld.request("GET", "/v1/progress") == (
            200, {"schema_version": 1, "loading": loading})
        assert f"loading: {loading['text']}\n" in ipwld.ctl("status").stdout
    assert reloading.wait() == DONE
    assert ipwld.status()["loading"] is None
    said = manager.lines_until("RELOADING=1") + manager.lines_until("READY=1")
    # The one at once; whether there are more depends on the time that each takes.
    steps = [step for step in states(said) if step.startswith("reloading: ")]
    assert steps[0] == f"reloading: reading {path}: 0 of 1 MB (0 %)"


def test_tables_are_written(running, faults):
    """The step after the files: the kernel's tables."""
    running.stop()
    running.spawn(env=faults.environment)
    running.await_answer()
    running.write_list("block.d/big.list", *LINES)
    with faults.holding(1, mask("MAP_CREATE", "MAP_UPDATE_ELEM")) as is_waiting:
        reloading = running.popen_ctl("reload")
        wait_for(is_waiting, "the kernel is waited for")
        assert running.status()["loading"]["what"] in ("writing the tables of the kernel",
                                                       "building the index")
    assert reloading.wait() == DONE
    assert running.status()["loading"] is None
