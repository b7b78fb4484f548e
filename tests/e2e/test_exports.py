# SPDX-License-Identifier: GPL-2.0-or-later
"""Exported files: when they are written, by what way, and what happens when they
cannot be."""

import json
import stat
import threading
import time

import pytest

import netns
from daemon import INVALID, NEGATIVE, USAGE
from lab import check_answers, wait_for

LISTS = """\
  - name: partners
    action: allow
    entries: [198.51.100.0/24, "!198.51.100.9", "2001:db8:a::/48"]
    files: [{top}/allow.d/*.list]
  - name: vips
    action: allow
    entries: [192.0.2.7]
  - name: drop
    action: block
    entries: [203.0.113.0/24]
    files: [{top}/block.d/*.list]
"""
FORMATS = ("plain", "postfix-cidr", "rspamd-map", "spamassassin", "rbldnsd", "exim", "opensmtpd",
           "haproxy", "nftables", "ipset", "bird", "openbgpd", "exabgp", "json", "json-entries",
           "csv")


@pytest.fixture(name="out")
def _out(ipwld):
    path = ipwld.top / "out"
    path.mkdir()
    return path


def configure(ipwld, *exports):
    """Each export is the inside of a YAML flow mapping."""
    lines = "".join(f"  - {{{export}}}\n" for export in exports)
    ipwld.configure(lists=LISTS, extra=f"exports:\n{lines}")


def states(ipwld):
    """{path: the export's part of the status}."""
    return {export["path"]: export for export in ipwld.status()["exports"]}


def await_success(ipwld, path):
    return wait_for(lambda: states(ipwld)[str(path)]["successful"] and states(ipwld)[str(path)],
                    f"{path} is written")


def lines_of(path):
    """The lines after the header."""
    header, *lines = path.read_text().splitlines()
    assert header.startswith("# Written by ipwl from the allow list"), header
    return lines


def test_a_file_follows_every_change_of_the_lists(ipwld, out):
    path = out / "allow.list"
    configure(ipwld, f"format: plain, path: {path}, lists: [partners]")
    # As the unit has it: the file is for others to read all the same.
    ipwld.spawn(wrapper=["sh", "-c", 'umask 077; exec "$@"', "sh"])
    ipwld.await_answer()
    await_success(ipwld, path)
    first = ["198.51.100.0/24", "!198.51.100.9", "2001:db8:a::/48"]
    assert lines_of(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: lines_of(path) == ["192.0.2.1", *first], "added")
    assert ipwld.ctl("del", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: lines_of(path) == first, "deleted")
    assert ipwld.ctl("add", "--list", "partners", "--ttl", "2s", "192.0.2.2").returncode == 0
    wait_for(lambda: "192.0.2.2" in lines_of(path), "added for a while")
    wait_for(lambda: lines_of(path) == first, "expired")
    ipwld.write_list("allow.d/a.list", "192.0.2.128/25", "192.0.2.0/25")
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: lines_of(path) == ["192.0.2.0/24", *first], "reloaded")
    assert {item.name for item in out.iterdir()} == {"allow.list"}


def test_a_file_is_touched_only_when_its_content_changes(ipwld, out):
    path, log = out / "allow.list", ipwld.top / "runs"
    script = ipwld.top / "after"
    script.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    script.chmod(0o755)
    configure(ipwld, f'format: plain, path: {path}, lists: [partners], '
                     f'after: [{script}, "$(id)", "a b"]')
    ipwld.start()
    await_success(ipwld, path)
    before, inode = path.stat(), path.stat().st_ino
    assert log.read_text() == "$(id) a b\n"
    assert ipwld.ctl("reload").returncode == 0
    assert ipwld.ctl("add", "--list", "drop", "192.0.2.1").returncode == 0
    # Covered by what is there.
    assert ipwld.ctl("add", "--list", "partners", "198.51.100.1").returncode == 0
    time.sleep(1)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (inode, before.st_mtime_ns)
    assert log.read_text() == "$(id) a b\n"
    ipwld.stop()
    ipwld.start()
    await_success(ipwld, path)
    assert path.stat().st_ino == inode and log.read_text() == "$(id) a b\n"
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: log.read_text() == "$(id) a b\n" * 2, "the command has run")
    assert path.stat().st_ino != inode


def test_a_file_is_compared_only_when_its_lists_change(ipwld, out):
    first, second = out / "allow.list", out / "drop.list"
    configure(ipwld, f"format: plain, path: {first}, lists: [partners]",
              f"format: plain, path: {second}, lists: [drop]")
    ipwld.start()
    await_success(ipwld, first)
    await_success(ipwld, second)
    whole = first.read_text()
    first.write_text("changed by somebody")
    for command in (("add", "--list", "drop", "192.0.2.1"), ("del", "--list", "drop", "192.0.2.1")):
        before = second.read_text()
        assert ipwld.ctl(*command).returncode == 0
        # Exports are written in their order.
        wait_for(lambda: second.read_text() != before, "the other one is written")
        assert first.read_text() == "changed by somebody"
    # A change of its own list, and each reload, compare it again.
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: "192.0.2.1" in first.read_text(), "written anew")
    assert ipwld.ctl("del", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: first.read_text() == whole, "deleted")
    first.unlink()
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: first.exists() and first.read_text() == whole, "reloaded")


def test_a_file_follows_whatever_its_text_depends_on(ipwld, out):
    """Block lists as routes leave out what is allowed, and entries have reasons."""
    routes, entries = out / "drop.bird", out / "vips.json"
    configure(ipwld, f"format: bird, path: {routes}, lists: [drop]",
              f"format: json-entries, path: {entries}, lists: [vips]")
    ipwld.start()
    await_success(ipwld, routes)
    await_success(ipwld, entries)
    whole = routes.read_text()
    assert "203.0.113.0/24" in whole
    assert ipwld.ctl("add", "--list", "partners", "203.0.113.7").returncode == 0
    wait_for(lambda: "203.0.113.7" not in routes.read_text() and
             "203.0.113.6/32" in routes.read_text(), "the allowed address is left out")
    assert ipwld.ctl("del", "--list", "partners", "203.0.113.7").returncode == 0
    wait_for(lambda: routes.read_text() == whole, "it is blocked again")
    for reason in "first", "second":
        assert ipwld.ctl("add", "--list", "vips", "--reason", reason, "192.0.2.8").returncode == 0
        wait_for(lambda what=reason: what in entries.read_text(), "the reason is written")


def test_a_reader_sees_the_old_file_or_the_new_one(ipwld, out):
    path = out / "allow.list"
    ipwld.write_list("allow.d/a.list", *(f"10.{i >> 8}.{i & 255}.1" for i in range(20000)))
    configure(ipwld, f"format: plain, path: {path}, lists: [partners]")
    ipwld.start()
    await_success(ipwld, path)
    texts, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            texts.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    expected = {path.read_text()}
    for number in range(1, 4):
        assert ipwld.ctl("add", "--list", "partners", f"192.0.2.{4 * number}").returncode == 0
        wait_for(lambda: f"192.0.2.{4 * number}\n" in path.read_text(), "added")
        expected.add(path.read_text())
    stop.set()
    reader.join()
    assert len(texts) > 1 and texts <= expected


def test_what_cannot_be_written_is_told_and_tried_again(ipwld, out, lab):
    missing, good = ipwld.top / "later/allow.list", out / "good.list"
    configure(ipwld, f"format: plain, path: {missing}", f"format: plain, path: {good}")
    ipwld.start()
    await_success(ipwld, good)
    state = states(ipwld)[str(missing)]
    assert (state["successful"], state["succeeded_at"]) == (False, None)
    assert "No such file or directory" in state["error"]
    assert "No such file or directory" in ipwld.ctl("status").stdout
    assert ipwld.metric("ipwl_export_last_successful", path=str(missing), format="plain") == 0
    assert ipwld.metric("ipwl_export_last_successful", path=str(good), format="plain") == 1
    # Packets are still decided, and lists can be changed.
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    assert ipwld.ask("test", "192.0.2.1")["results"][0]["verdict"] == "allow"
    missing.parent.mkdir()
    state = await_success(ipwld, missing)
    assert state["error"] is None and "192.0.2.1" in missing.read_text()
    assert abs(ipwld.metric("ipwl_export_last_success_timestamp_seconds", path=str(missing),
                            format="plain") - time.time()) < 60
    assert ipwld.metric("ipwl_export_entries", path=str(missing), format="plain") == 4


def test_a_full_disk_leaves_the_old_file(ipwld):
    directory = ipwld.top / "small"
    netns.mount("tmpfs", directory, "size=64k")
    path = directory / "allow.list"
    configure(ipwld, f"format: plain, path: {path}, lists: [partners]")
    ipwld.start()
    await_success(ipwld, path)
    before = path.read_text()
    ipwld.write_list("allow.d/a.list", *(f"10.{i >> 8}.{i & 255}.1" for i in range(20000)))
    assert ipwld.ctl("reload").returncode == 0
    state = wait_for(lambda: not states(ipwld)[str(path)]["successful"] and
                     states(ipwld)[str(path)], "the disk is full")
    assert "No space left on device" in state["error"]
    assert path.read_text() == before and {item.name for item in directory.iterdir()} == \
        {"allow.list"}
    assert ipwld.ask("test", "10.0.1.1")["results"][0]["verdict"] == "allow"
    ipwld.write_list("allow.d/a.list", "10.0.0.0/8")
    assert ipwld.ctl("reload").returncode == 0
    await_success(ipwld, path)
    assert "10.0.0.0/8" in path.read_text()


def test_a_command_that_fails_is_told_and_run_again(ipwld, out):
    path, fails = out / "allow.list", ipwld.top / "fails"
    fails.touch()
    configure(ipwld, f"format: plain, path: {path}, "
                     f"after: [/bin/sh, -c, 'echo looking; test ! -e {fails}']")
    ipwld.start()
    state = wait_for(lambda: states(ipwld)[str(path)]["error"] and states(ipwld)[str(path)],
                     "the command has failed")
    assert "/bin/sh exited with status 1" in state["error"] and not state["successful"]
    # The file is there nevertheless.
    assert "198.51.100.0/24" in path.read_text()
    assert "/bin/sh: looking" in ipwld.words()
    fails.unlink()
    await_success(ipwld, path)


def test_a_wish_that_a_service_be_reloaded(ipwld, out):
    """A file for each change, which another program removes and acts on."""
    path = out / "allow.list"
    wish = ipwld.socket.parent / "after/postfix"
    configure(ipwld, f"format: plain, path: {path}, lists: [partners], after: postfix")
    ipwld.start()
    await_success(ipwld, path)
    assert wish.read_bytes() == b"" and not wish.is_symlink()
    # Nobody takes it: said as soon as there is another change, and nothing is lost.
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    state = wait_for(lambda: states(ipwld)[str(path)]["error"] and states(ipwld)[str(path)],
                     "nobody takes it")
    assert state["error"] == f"{wish}: nobody has acted on this request: " \
        "systemctl enable --now ipwl-after@postfix.path"
    assert "192.0.2.1" in path.read_text()
    wish.unlink()
    await_success(ipwld, path)
    wait_for(wish.exists, "the wish is made again")
    # Whatever lies there instead is not followed.
    wish.unlink()
    victim = out / "victim"
    wish.symlink_to(victim)
    assert ipwld.ctl("del", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: states(ipwld)[str(path)]["error"], "the link is refused")
    assert not victim.exists()


def test_a_command_that_hangs_stops_nothing(ipwld, out):
    path = out / "allow.list"
    configure(ipwld, f"format: plain, path: {path}, after: [/bin/sleep, '3611']")
    ipwld.start()
    wait_for(path.exists, "written")
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    assert "192.0.2.1" in ipwld.ctl("export", "--format", "plain").stdout
    assert ipwld.stop() == 0
    assert ipwld.namespace.run("pgrep", "-fx", "/bin/sleep 3611", check=False).stdout == ""


def test_exports_follow_the_configuration(ipwld, out):
    old, new = out / "old", out / "new"
    configure(ipwld, f"format: plain, path: {old}")
    ipwld.start()
    await_success(ipwld, old)
    configure(ipwld, f"format: csv, path: {new}, lists: [drop]")
    assert ipwld.ctl("reload").returncode == 0
    await_success(ipwld, new)
    assert set(states(ipwld)) == {str(new)}
    assert new.read_text() == "prefix,family,action\n203.0.113.0/24,ipv4,block\n"
    assert old.exists()
    configure(ipwld, f"format: plain, path: {new}, lists: [nowhere]")
    refused = ipwld.ctl("reload")
    assert refused.returncode == INVALID and 'there is no list "nowhere"' in refused.stderr
    assert set(states(ipwld)) == {str(new)}


def test_nothing_is_taken_from_readers_while_entries_may_be_missing(ipwld, out):
    """A manual allow entry is lost with the database; the files keep it."""
    path = out / "allow.list"
    configure(ipwld, f"format: plain, path: {path}")
    ipwld.start()
    assert ipwld.ctl("add", "--list", "partners", "192.0.2.1").returncode == 0
    wait_for(lambda: path.exists() and "192.0.2.1\n" in path.read_text(), "added")
    ipwld.stop()
    (ipwld.state / "state.db").write_bytes(b"not a database at all" * 1000)
    ipwld.start()
    assert ipwld.status()["suspended"]
    state = wait_for(lambda: states(ipwld)[str(path)]["error"] and states(ipwld)[str(path)],
                     "held back")
    assert "suspended" in state["error"]
    assert "192.0.2.1\n" in path.read_text()
    assert ipwld.ctl("reload").returncode == 0
    wait_for(lambda: "192.0.2.1\n" not in path.read_text(), "the administrator has looked")


# ---- ipwlctl export ------------------------------------------------------------------

def test_export_prints_what_the_files_hold(ipwld, out):
    def names(form):
        return ["partners"] if form == "json-entries" else ["partners", "vips"]
    configure(ipwld, *(f"format: {form}, path: {out}/{form}, lists: [{', '.join(names(form))}]"
                       for form in FORMATS))
    ipwld.start()
    for form in FORMATS:
        await_success(ipwld, out / form)
        lists = ["--list", ",".join(names(form))]
        if form == "rbldnsd":
            for family in "46":
                shown = ipwld.ctl("export", "--format", form, *lists, "--family", family)
                assert shown.stdout == (out / f"{form}.{family}").read_text()
            continue
        shown = ipwld.ctl("export", "--format", form, *lists)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout == (out / form).read_text()
        if form == "json-entries":
            continue
        # They are all allow lists there are.
        assert ipwld.ctl("export", "--format", form).stdout == shown.stdout
    assert ipwld.ctl("export", "--format=plain", "--family=6").stdout.splitlines()[1:] == \
        ["2001:db8:a::/48"]


def test_aggregate(ipwld):
    ipwld.configure(lists=LISTS)
    ipwld.write_list("allow.d/a.list", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.1")
    ipwld.start()
    argv = ["export", "--format", "haproxy", "--list", "partners", "--family", "4"]
    merged = ipwld.ctl(*argv).stdout.splitlines()[1:]
    assert merged[0] == "10.0.0.0/24" and ipwld.ctl(*argv, "--aggregate").stdout.splitlines()[1:] \
        == merged
    assert ipwld.ctl(*argv, "--no-aggregate").stdout.splitlines()[1:3] == \
        ["10.0.0.0/25", "10.0.0.128/25"]
    plain = ["export", "--format", "plain", "--list", "partners", "--family", "4"]
    assert ipwld.ctl(*plain, "--no-aggregate").stdout.splitlines()[1:4] == \
        ["10.0.0.0/25", "10.0.0.1", "10.0.0.128/25"]


def test_export_refuses(running):
    def refused(status, message, *argv):
        result = running.ctl("export", *argv)
        assert (result.returncode, result.stdout) == (status, ""), result
        assert message in result.stderr, result.stderr
    refused(USAGE, "needs --format", "--list", "partners")
    refused(INVALID, 'unknown format "cidr"', "--format", "cidr")
    refused(NEGATIVE, 'there is no list "x"', "--format", "plain", "--list", "x")
    refused(INVALID, "named more than once", "--format", "plain", "--list", "drop,drop")
    refused(INVALID, "different actions", "--format", "plain", "--list", "drop", "--list", "partners")
    refused(INVALID, "has only one family", "--format", "rbldnsd")
    refused(INVALID, "must be 4 or 6", "--format", "plain", "--family", "5")
    refused(INVALID, "trusted_networks", "--format", "spamassassin", "--list", "drop")
    refused(USAGE, "exclude each other", "--format", "plain", "--aggregate", "--no-aggregate")
    assert running.request("GET", "/v1/export?format=plain&aggregate=maybe")[0] == 400
    assert running.request("POST", "/v1/export?format=plain")[0] == 405


def test_a_large_list_stalls_nobody(ipwld, out):
    """A quarter of a million prefixes, while the main loop keeps answering."""
    count = 250_000
    path = out / "allow.json"
    ipwld.write_list("allow.d/a.list", *(f"10.{i >> 15}.{i >> 7 & 255}.{2 * (i & 127)}"
                                         for i in range(count)))
    configure(ipwld, f"format: json, path: {path}")
    ipwld.start()
    shown = []

    def show():
        reader = threading.Thread(
            target=lambda: shown.append(ipwld.ctl("export", "--format", "json")))
        reader.start()
        while reader.is_alive():
            yield

    check_answers(show, ipwld.status)
    await_success(ipwld, path)
    assert shown[0].returncode == 0 and shown[0].stdout == path.read_text()
    assert len(json.loads(shown[0].stdout)["prefixes"]) > count
    # A client that goes away in the middle harms nobody.
    with ipwld.open_socket() as client:
        client.sendall(b"GET /v1/export?format=json HTTP/1.1\r\nHost: ipwl\r\n\r\n")
    assert ipwld.status()["exports"]
