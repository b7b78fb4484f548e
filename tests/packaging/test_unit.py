# SPDX-License-Identifier: GPL-2.0-or-later
"""The systemd units: accepted by systemd, hardened, and still enough for what they run."""

import re
import shutil

import pytest

from conftest import TOP, run

UNITS = sorted(path.name for path in (TOP / "packaging/systemd").glob("*.*")
               if path.suffix in (".service", ".socket", ".path", ".timer"))
DIRECTORY = "usr/lib/systemd/system"

# Of 10.0, as systemd-analyze weighs a unit; what is left of ipwld is CAP_NET_ADMIN, CAP_BPF,
# bpf(2), the host's network and, without a socket that is passed, the Internet's families.
EXPOSURES = {"ipwld.service": 1.6, "ipwl-fetch@.service": 1.3, "ipwl-resolve@.service": 1.3,
             "ipwl-flood.service": 1.6, "ipwl-maillog@.service": 1.0,
             "ipwl-reject.service": 1.3, "ipwl-summary.service": 1.0}
EXPOSURE_WITH_SOCKET = 1.2


def settings(path, section="Service"):
    """{key: [each of its values]} of a section."""
    found, now = {}, None
    for line in path.read_text().splitlines():
        if line.startswith("["):
            now = line.strip("[]")
        elif now == section and re.match(r"\w+=", line):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def service(staged, name="ipwld.service"):
    """{key: its last value}."""
    return {key: values[-1] for key, values in settings(staged / DIRECTORY / name).items()}


@pytest.fixture(scope="module", name="root")
def _root(staged, tmp_path_factory):
    """As a machine has it: with the targets and services that are named."""
    root = tmp_path_factory.mktemp("machine")
    shutil.copytree(staged, root, dirs_exist_ok=True)
    for name in ("sysinit.target", "basic.target", "shutdown.target", "multi-user.target",
                 "sockets.target", "paths.target", "timers.target", "network-pre.target", "network-online.target",
                 "nss-lookup.target", "system.slice"):
        (root / DIRECTORY / name).write_text("[Unit]\n")
    for name in "systemd-sysusers", "systemd-sysctl", "systemd-tmpfiles-setup":
        (root / DIRECTORY / f"{name}.service").write_text("[Service]\nType=oneshot\n"
                                                          "ExecStart=/bin/true\n")
    # The programs of Debian that the units run.
    for name in "bin/sh", "bin/true", "usr/bin/install", "usr/bin/chown", "usr/bin/rm", \
            "usr/bin/systemctl":
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(f"/{name}", root / name)
    return root


@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_it(root, name):
    result = run("systemd-analyze", "--root", root, "--man=no", "verify",
                 name.replace("@.", "@postfix."))
    assert result.returncode == 0
    assert "ipwl" not in result.stdout


def exposure(path):
    result = run("systemd-analyze", "--no-pager", "--offline=yes", "security", path)
    return float(re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)[1])


@pytest.mark.parametrize("name", EXPOSURES)
def test_exposure(staged, name):
    assert exposure(staged / DIRECTORY / name) <= EXPOSURES[name]


def test_exposure_with_a_socket_that_is_passed(staged, tmp_path):
    drop_in = (staged / "usr/share/doc/ipwl/socket.conf").read_text()
    unit = tmp_path / "ipwld.service"
    unit.write_text((staged / DIRECTORY / "ipwld.service").read_text() + drop_in)
    assert exposure(unit) <= EXPOSURE_WITH_SOCKET


def test_stopping_leaves_the_data_plane(staged):
    unit = service(staged)
    assert not {key for key in unit if key.startswith("ExecStop")}
    # Rule numbers must live as long as the pinned counters: until the next boot.
    assert unit["RuntimeDirectory"].split()[0] == "ipwl"
    assert unit["RuntimeDirectoryPreserve"] == "yes"
    assert unit["BindPaths"] == "/sys/fs/bpf/ipwl"


@pytest.mark.parametrize("before, meanwhile, after", [("1", None, "1"), ("0", None, "0"),
                                                      ("2", None, "2"), ("1", "0", "0")])
def test_cookies_are_set_and_restored(staged, tmp_path, before, meanwhile, after):
    """As systemd runs the commands of the unit, in another network namespace."""
    unit = service(staged, "ipwl-flood.service")
    assert unit["RuntimeDirectory"] == "ipwl-flood" and unit["RemainAfterExit"] == "yes"
    # It stops with ipwld, however that ends; even while it starts, for which there is no ExecStop=.
    assert "ExecStop" not in unit
    header = settings(staged / DIRECTORY / "ipwl-flood.service", "Unit")
    assert header["BindsTo"] == ["ipwld.service"] and "ipwld.service" in header["After"][-1]
    start, stop = (unit[key].replace("/run/ipwl-flood", str(tmp_path)).replace("$$", "$")
                   for key in ("ExecStart", "ExecStopPost"))
    sysctl = "/proc/sys/net/ipv4/tcp_syncookies"
    steps = [f"echo {before} >{sysctl}", start, f"cat {sysctl}"]
    steps += [f"echo {meanwhile} >{sysctl}"] if meanwhile else []
    steps += [stop, f"cat {sysctl}"]
    result = run("unshare", "--net", "sh", "-ec", "\n".join(steps))
    assert result.stdout.split() == ["2", after]


def test_others_can_read_exports_and_not_the_state(staged):
    unit = service(staged)
    assert unit["StateDirectory"].split() == ["ipwl", "ipwl/export"]
    assert unit["StateDirectoryMode"] == "0755"
    # Of state.db; exports get their mode whatever it is.
    assert unit["UMask"] == "0077"


def test_it_ends_for_good_where_another_try_would_not_help(staged):
    header = (TOP / "user/daemon/daemon.h").read_text()
    statuses = dict(re.findall(r"STATUS_(\w+) = (\d+)", header))
    assert set(service(staged)["RestartPreventExitStatus"].split()) \
        == {statuses[name] for name in ("USAGE", "PERMISSION", "CONFIGURATION")}


@pytest.mark.parametrize("name", ["fetch", "resolve", "maillog"])
def test_a_helpers_socket_is_where_ipwld_looks(staged, name):
    socket = settings(staged / DIRECTORY / f"ipwl-{name}.socket", "Socket")
    assert f"IPWL_{name.upper()}_SOCKET={socket['ListenStream'][0]}" \
        in settings(staged / DIRECTORY / "ipwld.service")["Environment"]
    assert (socket["SocketUser"], socket["SocketMode"]) == (["ipwl"], ["0600"])
