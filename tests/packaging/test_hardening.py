# SPDX-License-Identifier: GPL-2.0-or-later
"""The programs as they are built: what makes an error in them hard to use."""

import platform
import re

import pytest

from conftest import run

ENDBR64 = b"\xf3\x0f\x1e\xfa"
PROGRAMS = ["usr/sbin/ipwld", "usr/sbin/ipwl-fetch", "usr/sbin/ipwl-resolve", "usr/sbin/ipwl-maillog",
            "usr/sbin/ipwl-reject",
            "usr/bin/ipwlctl"]


def elf(path, option):
    result = run("readelf", "-W", option, path)
    assert result.returncode == 0
    return result.stdout


@pytest.mark.parametrize("name", PROGRAMS)
def test_flags(staged, name):
    path = staged / name
    assert re.search(r"Type: +DYN", elf(path, "-h")), "not position-independent"
    segments = elf(path, "-l")
    assert "GNU_RELRO" in segments and "INTERP" in segments
    stack, = re.findall(r"GNU_STACK.* (R\w*)\s+0x", segments)
    assert stack == "RW", "the stack is executable"
    assert not re.search(r"LOAD.* RWE ", segments), "memory is writable and executable"
    dynamic = elf(path, "-d")
    assert "BIND_NOW" in dynamic and "PIE" in dynamic
    assert not re.search(r"R(UN)?PATH", dynamic)
    symbols = elf(path, "--dyn-syms")
    assert "__stack_chk_fail" in symbols and re.search(r"__\w+_chk\b", symbols)
    if platform.machine() == "x86_64":
        check_cet(path)


def check_cet(path):
    """Each function can be jumped to, or has been marked as one that cannot. The program as a
    whole says so only where libc's start-up files do: not in Debian 12."""
    assert path.read_bytes().count(ENDBR64) > 10
    start = run("gcc", "-print-file-name=Scrt1.o").stdout.split("\n")[0]
    if "IBT" in elf(start, "-n"):
        assert "x86 feature: IBT, SHSTK" in elf(path, "-n")
