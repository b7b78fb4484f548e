# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl detach` removes everything of ipwl, and nothing of other programs."""

import frames
from daemon import has_programs
from lab import BLOCKED, UNLISTED, wait_for
from stack import Stack, mail_from

# u32 matches everything; there is no action module in every kernel, so none is used.
FOREIGN = ("tc", "filter", "add", "dev", "eth0", "ingress", "prio", "7", "handle", "800::1",
           "protocol", "all", "u32", "match", "u32", "0", "0", "classid", "1:7")


def qdiscs(lab):
    return lab.mx.run("tc", "qdisc", "show", "dev", "eth0").stdout


def check_gone(lab, ipwld):
    assert has_programs(lab.mx) == (False, False)
    assert "xdp" not in lab.mx.ip("-d", "link", "show", "eth0").stdout.split("numtxqueues")[0]
    assert not ipwld.bpffs.exists()
    assert "prog/xdp" not in lab.mx.ip("link", "show").stdout


def test_leaves_nothing(lab, running, wire):
    assert "clsact" in qdiscs(lab)
    assert has_programs(lab.mx) == (True, True)
    answer = running.ask("detach")
    assert answer["detached"] is True
    check_gone(lab, running)
    assert "clsact" not in qdiscs(lab)
    stack = Stack(lab, {"blocked": mail_from(BLOCKED.ipv4)})
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=5)
    assert stack.read().blocked == 5
    # The daemon keeps running without a data plane, and says so.
    status = running.status()
    assert status["detached"] is True
    assert not status["interfaces"][0]["attached"]
    assert "detached" in running.ctl("status").stdout


def test_reload_attaches_again(running, wire):
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=3)
    before = running.packets()["block"]
    running.ask("detach")
    running.write_list("block.d/a.list", UNLISTED.ipv4)
    running.ask("reload")
    wait_for(lambda: running.interface()["attached"], "attached again")
    assert running.status()["detached"] is False
    wire.send(frames.tcp(wire, BLOCKED.ipv4), frames.tcp(wire, UNLISTED.ipv4), count=3)
    assert running.packets()["block"] == before + 6


def test_restart_attaches_again(running, wire):
    running.ask("detach")
    running.stop()
    running.start()
    assert running.interface()["attached"]
    assert running.status()["detached"] is False
    wire.send(frames.tcp(wire, BLOCKED.ipv4), count=3)
    assert running.packets()["block"] == 3


def test_while_detached(lab, running):
    """Entries and status work; nothing attaches by itself when a device comes."""
    running.ask("detach")
    running.ask("add", "--list", "drop", UNLISTED.ipv4)
    lab.unplug("eth0")
    lab.plug("eth0")
    assert running.manual()
    # There is nothing to take off any more.
    assert running.ask("detach")["detached"] is False
    check_gone(lab, running)


def test_without_a_daemon(lab, running):
    """It needs no daemon: the pins are enough."""
    running.kill()
    assert has_programs(lab.mx) == (True, True)
    result = running.ctl("detach", "--config", running.config)
    assert result.returncode == 0, result.stderr
    check_gone(lab, running)
    assert "clsact" not in qdiscs(lab)


def test_what_others_have_stays(lab, ipwld, wire):
    """A clsact qdisc and a filter that were there, and one that came later."""
    lab.mx.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    lab.mx.run(*FOREIGN)
    ipwld.start()
    assert ipwld.interface()["marking"] == "metadata"
    wire.send(frames.tcp(wire, "198.51.100.10"), count=3)
    ipwld.ask("detach")
    assert has_programs(lab.mx) == (False, False)
    assert "clsact" in qdiscs(lab)
    assert "u32" in lab.mx.run("tc", "filter", "show", "dev", "eth0", "ingress").stdout


def test_filter_that_came_later_stays(lab, running):
    """The qdisc is ours, but another program uses it now, on either side."""
    lab.mx.run(*[word.replace("ingress", "egress") for word in FOREIGN])
    running.ask("detach")
    assert has_programs(lab.mx) == (False, False)
    assert "clsact" in qdiscs(lab)
    assert "u32" in lab.mx.run("tc", "filter", "show", "dev", "eth0", "egress").stdout


def test_filter_before_ours(lab, ipwld, wire):
    """A filter of another kind at the first priority: the mark is still set."""
    lab.mx.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
    lab.mx.run(*[word if word != "7" else "1" for word in FOREIGN[:7]], *FOREIGN[7:-1], "1:1")
    ipwld.start()
    interface = ipwld.interface()
    assert interface["marking"] in ("metadata", "classify"), interface
    assert "u32" in lab.mx.run("tc", "filter", "show", "dev", "eth0", "ingress").stdout
    wire.send(frames.tcp(wire, "198.51.100.10"))
