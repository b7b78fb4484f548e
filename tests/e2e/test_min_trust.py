# SPDX-License-Identifier: GPL-2.0-or-later
"""Levels of trust of dnswl.org: which records of files and feeds become entries."""
from daemon import DROP, INVALID, PARTNERS
# _source is a fixture.
from feeding import _source, feed_of, wait_for_fetch
from sources import feed

LEVELS = ("9.9.9.1;3;none;a.example;1", "9.9.9.2;3;low;b.example;2", "9.9.9.3;3;med;c.example;3",
          "9.9.9.4;3;hi;d.example;4")


def listed(ipwld):
    answer = ipwld.ask("list", "--list", "partners", "9.9.9.0/24")
    return [entry["prefix"][6] for entry in answer["entries"]]


def with_files(ipwld, min_trust, list_format="dnswl"):
    files = f"    files: [{{top}}/allow.d/*.list]\n    format: {list_format}\n"
    more = f"    min_trust: {min_trust}\n" if min_trust else ""
    ipwld.configure(lists=PARTNERS.split("    files:")[0] + files + more + DROP)


def test_of_files(running):
    running.write_list("allow.d/dnswl.list", *LEVELS)
    for min_trust, found in ((None, "234"), ("none", "1234"), ("medium", "34"), ("3", "4")):
        with_files(running, min_trust)
        running.ask("reload")
        assert listed(running) == list(found), min_trust
    file, = running.status()["list_files"]
    assert file["summary"] == "4 records: 1 entry, 3 skipped: 3 below min_trust"
    with_files(running, "high", "auto")
    result = running.ctl("reload")
    assert result.returncode == INVALID and "min_trust needs format: dnswl" in result.stderr
    assert listed(running) == ["4"]


def test_of_feeds(ipwld, source):
    """A copy that was fetched before is read again by the new level."""
    source.put("/list", *LEVELS)

    def configure(**options):
        feeds = "    feeds:\n" + feed("levels", source.url("/list"), format="dnswl", **options)
        ipwld.configure(lists=PARTNERS + feeds + DROP)
    configure(min_trust="medium")
    ipwld.start()
    assert wait_for_fetch(ipwld, "levels")["skipped_lines"] == 2
    assert listed(ipwld) == ["3", "4"]
    configure(min_trust="none")
    ipwld.ask("reload")
    assert listed(ipwld) == ["1", "2", "3", "4"]
    assert feed_of(ipwld, "levels")["skipped_lines"] == 0 and len(source.asked("/list")) == 1
