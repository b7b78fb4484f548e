# SPDX-License-Identifier: GPL-2.0-or-later
"""What `make uninstall` and the package's removal do first: nothing of ipwl stays attached."""

import pytest
from daemon import BUILD, ROOT, has_programs


@pytest.fixture(name="take_off")
def _take_off(ipwld):
    """Runs the script for that daemon's directories, out of reach of this machine's systemd."""
    program = ipwld.top / "ipwlctl"

    def run(status=None, path=program):
        program.write_text(
            "#!/bin/sh\ncase \"$*\" in\n"
            + (f"detach) exit {status} ;;\n" if status is not None else "")
            + f"detach) exec {BUILD}/ipwlctl --socket {ipwld.socket} detach"
              f" --config {ipwld.config} ;;\n"
              f"*) exec {BUILD}/ipwlctl --socket {ipwld.socket} \"$@\" ;;\nesac\n",
            encoding="utf-8")
        program.chmod(0o755)
        return ipwld.namespace.run(
            "unshare", "--mount", "sh", "-c",
            'test ! -e /run/systemd || mount -t tmpfs tmpfs /run/systemd; exec "$@"', "sh",
            ROOT / "packaging/take-off.sh", path, check=False)

    return run


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_takes_everything_off(ipwld, take_off, is_running):
    ipwld.start()
    assert has_programs(ipwld.namespace) == (True, True)
    if not is_running:
        ipwld.stop()
    result = take_off()
    assert result.returncode == 0, result.stderr
    assert has_programs(ipwld.namespace) == (False, False)
    assert not ipwld.bpffs.exists()
    # One that went on would attach again.
    assert ipwld.process.wait(1) == 0
    again = take_off()
    assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("status, expected", [(1, 1), (5, 1), (4, 0), (0, 0)])
def test_what_stays_attached_stops_a_removal(take_off, status, expected):
    """4: a configuration that cannot be read, and nothing in the usual place."""
    result = take_off(status)
    assert result.returncode == expected
    assert ("nothing is removed" in result.stderr) == bool(expected)


def test_without_ipwlctl_there_is_nothing_to_do(ipwld, take_off):
    assert take_off(1, ipwld.top / "nothing").returncode == 0
