# SPDX-License-Identifier: GPL-2.0-or-later
"""Bad input in configuration and list files, given to a running daemon: each is
refused as a whole with its place, or accepted where it is harmless."""

import os

import pytest

from daemon import DONE, DROP, INVALID, PARTNERS
from lab import BLOCKED

# Name: content of a list file of the block list, the place, words of the message.
LISTS = {
    "host bits": (b"192.0.2.1/24\n", "1:", ("192.0.2.0/24", "192.0.2.1")),
    "mask too long": (b"\n192.0.2.0/33\n", "2:", ("33",)),
    "mask too long, IPv6": (b"2001:db8::/129\n", "1:", ("129",)),
    "leading zero": (b"192.0.02.1\n", "1:", ()),
    "leading zero in the mask": (b"192.0.2.0/024\n", "1:", ()),
    "garbage behind it": (b"# a\n# b\n192.0.2.1 x\n", "3:", ()),
    "hexadecimal": (b"0xC0000201\n", "1:", ()),
    "everything": (b"0.0.0.0/0\n", "1:", ("0.0.0.0/0",)),
    "everything, IPv6": (b"::/0\n", "1:", ("::/0",)),
    "a NUL": (b"192.0.2.1\n192.0.2.2\0\n", "2:", ()),
    "a long line": (b"192.0.2.1\n" + b"1" * 10_000_000 + b"\n192.0.2.2\n", "2:", ()),
    "a long comment": (b"192.0.2.1 # " + b"x" * 10_000_000 + b"\n", "1:", ()),
    "no text": (bytes(range(1, 256)), "1:", ()),
    "only a bang": (b"!\n", "1:", ()),
}

# Name: (what is replaced, by what, the line, words of the message).
SETTINGS = {
    "unknown key": ("mode: enforce", "mode: enforce\ncolour: red", 5, ("colour",)),
    "key twice": ("mode: enforce", "mode: enforce\nmode: monitor", 5, ("mode",)),
    "wrong type": ("ports: [25]", "ports: {a: 1}", 3, ("ports",)),
    "no number": ("ports: [25]", "ports: [10x]", 3, ("10x",)),
    "port 0": ("ports: [25]", "ports: [0]", 3, ("0",)),
    "port 65536": ("ports: [25]", "ports: [25, 65536]", 3, ("65536",)),
    "unknown mode": ("mode: enforce", "mode: maybe", 4, ("maybe",)),
    "unknown XDP mode": ("xdp_mode: auto", "xdp_mode: fast", 2, ("fast",)),
    "no interface": ("interfaces: [eth0]", "interfaces:", 1, ("interfaces",)),
    "name too long": ("interfaces: [eth0]", "interfaces: [a2345678901234567]", 1, ()),
    "path in a name": ("interfaces: [eth0]", "interfaces: [../x]", 1, ()),
    "list name twice": ("  - name: drop", "  - name: partners", None, ("partners",)),
    "mark too big": ("mark: 0x1", "mark: 0x100000000", None, ("0x100000000",)),
    "unknown action": ("action: block", "action: maim", None, ("maim",)),
    "prefix with host bits": ("- 198.51.100.0/24", "- 198.51.100.1/24", None,
                              ("198.51.100.0/24",)),
    "not YAML": ("mode: enforce", "mode: [enforce", None, ()),
    "aliases": ("mode: enforce", "mode: &a enforce\nx: *a", None, ()),
    "a bomb of aliases": ("mode: enforce", "b0: &b0 [x, x]\n" + "".join(
        f"b{n}: &b{n} [{', '.join([f'*b{n - 1}'] * 9)}]\n" for n in range(1, 12))
        + "mode: enforce", None, ()),
    "deep nesting": ("mode: enforce", "mode: " + "[" * 20_000 + "]" * 20_000, None, ()),
    "a tab": ("mode: enforce", "\tmode: enforce", None, ()),
}


def check_refused(ipwld, place, words):
    result = ipwld.ctl("reload")
    text = result.stdout + result.stderr
    assert result.returncode == INVALID, text[:2000]
    assert place in text, text[:2000]
    for word in words:
        assert word in text, text[:2000]
    status = ipwld.status()
    assert (status["reload"]["successful"], status["mode"]) == (False, "enforce")
    assert ipwld.ctl("test", BLOCKED.ipv4).returncode == 6


def test_list_files(running):
    for name, (content, place, words) in LISTS.items():
        print(name)
        (running.top / "block.d/bad.list").write_bytes(content)
        check_refused(running, f"{running.top}/block.d/bad.list:{place}", words)
    (running.top / "block.d/bad.list").unlink()
    assert running.ctl("reload").returncode == DONE


def test_settings(running):
    good = running.config.read_text(encoding="utf-8")
    for name, (old, new, line, words) in SETTINGS.items():
        print(name)
        assert old in good
        running.config.write_text(good.replace(old, new), encoding="utf-8")
        check_refused(running, f"{running.config}:{line or ''}", words)
    running.config.write_text(good, encoding="utf-8")
    assert running.ctl("reload").returncode == DONE


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", b"- 1\n", b"x", b"lists: 5\n",
                                     b"%YAML 9.9\n---\n", b"a: 1\n---\nb: 2\n"])
def test_no_configuration_at_all(running, content):
    running.config.write_bytes(content)
    check_refused(running, str(running.config), ())


def test_configuration_is_gone(running):
    running.config.unlink()
    check_refused(running, str(running.config), ())


def test_files_that_cannot_be_read(running):
    """A directory, a dangling link, a pipe that nobody writes to: none is awaited."""
    (running.top / "block.d/dir.list").mkdir()
    check_refused(running, f"{running.top}/block.d/dir.list", ())
    (running.top / "block.d/dir.list").rmdir()
    (running.top / "block.d/link.list").symlink_to("/nonexistent/list")
    check_refused(running, f"{running.top}/block.d/link.list", ())
    (running.top / "block.d/link.list").unlink()
    os.mkfifo(running.top / "block.d/pipe.list")
    check_refused(running, f"{running.top}/block.d/pipe.list", ())


def test_missing_file_and_empty_glob(running):
    """A file named in full must be there; a glob may match nothing."""
    running.configure(lists=PARTNERS + DROP.replace("/block.d/*.list", "/block.d/gone.list"))
    check_refused(running, "gone.list", ())
    running.configure(lists=PARTNERS + DROP.replace("/block.d/*.list", "/block.d/gone*.list"))
    assert running.ctl("reload").returncode == DONE


def test_same_prefix_twice(running):
    """In one file and in two: one rule, each entry is shown."""
    running.write_list("block.d/a.list", "192.0.2.8/30", "192.0.2.8/30")
    running.write_list("block.d/b.list", "192.0.2.8/30")
    running.ask("reload")
    result, = running.ask("test", "192.0.2.9", status=6)["results"]
    assert {entry["origin"] for entry in result["entries"]} >= {
        f"{running.top}/block.d/a.list:1", f"{running.top}/block.d/b.list:1"}
