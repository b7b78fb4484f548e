# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipwld writes: who may read it, and that no link in its place leads elsewhere."""

import os
import signal
import stat

import pytest
from daemon import DROP, PARTNERS
from lab import wait_for
from sources import Source, feed
from feeding import wait_for_fetch

# For others to read, on purpose; all else holds addresses or how they are counted.
OPEN = {"export/allow.list", "export/.allow.list.ipwl-new"}


def configure(ipwld, source):
    ipwld.configure(lists=PARTNERS + DROP + "    feeds:\n" + feed("one", source.url("/list")),
                    extra="exports:\n"
                          f"  - {{format: plain, path: {ipwld.state}/export/allow.list, "
                          "after: postfix}\n")


def use(ipwld):
    """Have every file written that there is."""
    ipwld.await_answer()
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"
    ipwld.ask("add", "--list", "partners", "192.0.2.1")
    wait_for(lambda: ipwld.status()["exports"][0]["successful"] is not None, "the export is tried")


@pytest.fixture(name="source")
def _source(lab):
    source = Source(lab.mx)
    source.put("/list", "9.9.9.0/24")
    return source


def test_nobody_else_may_read_or_write(ipwld, source):
    """Whatever umask it is started with."""
    (ipwld.state / "export").mkdir()
    configure(ipwld, source)
    ipwld.spawn(wrapper=["sh", "-c", 'umask 0; exec "$@"', "sh"])
    use(ipwld)
    # No file comes or goes while they are looked at.
    os.kill(ipwld.process.pid, signal.SIGSTOP)
    seen = set()
    for top in ipwld.state, ipwld.socket.parent, ipwld.bpffs:
        for path in top.rglob("*"):
            mode = path.lstat().st_mode
            name = str(path.relative_to(top))
            if stat.S_ISREG(mode):
                seen.add(path.name)
                allowed = 0o644 if name in OPEN or not path.stat().st_size else 0o600
                assert stat.S_IMODE(mode) & ~allowed == 0, f"{path}: {mode:o}"
            elif stat.S_ISSOCK(mode):
                assert stat.S_IMODE(mode) & 0o007 == 0, f"{path}: {mode:o}"
            elif name != "owner":  # a link to nothing, which says who has the directory
                assert stat.S_ISDIR(mode) and not mode & 0o022, f"{path}: {mode:o}"
    os.kill(ipwld.process.pid, signal.SIGCONT)
    assert {"state.db", "hits.db", "samples.db", "rules", "one.copy", "allow.list", "postfix"} <= seen


# Each place in which ipwld makes or replaces a file.
PLACES = ("state/state.db", "state/state.db.v1", "state/hits.db", "state/samples.db",
          "state/feeds", "state/feeds/one.copy", "state/feeds/.one.copy.ipwl-new", "state/export/allow.list",
          "state/export/.allow.list.ipwl-new", "run/rules", "run/rules.new", "run/control.sock",
          "run/after", "run/after/postfix")


@pytest.mark.parametrize("place", PLACES)
def test_a_link_leads_nowhere(ipwld, source, place):
    """To a file that is there and to one that would be made: neither is touched, and what
    has nothing to do with the link goes on."""
    victim = ipwld.top / "victim"
    if place in ("state/feeds", "run/after"):
        victim.mkdir()
    else:
        victim.write_text("precious\n", encoding="utf-8")
    before = victim.stat()
    path = ipwld.top / place
    path.parent.mkdir(parents=True, exist_ok=True)
    (ipwld.state / "export").mkdir(exist_ok=True)
    path.symlink_to(victim)
    configure(ipwld, source)
    ipwld.spawn()
    ipwld.await_answer()
    assert ipwld.interface()["attached"]
    wait_for(lambda: ipwld.status()["exports"][0]["successful"] is not None, "the export is tried")
    wait_for_fetch(ipwld)
    ipwld.ctl("add", "--list", "partners", "192.0.2.1")
    ipwld.stop()
    if victim.is_dir():
        assert not list(victim.iterdir())
    else:
        assert victim.read_text(encoding="utf-8") == "precious\n"
    after = victim.stat()
    assert (after.st_mode, after.st_uid, after.st_ino) \
        == (before.st_mode, before.st_uid, before.st_ino)
