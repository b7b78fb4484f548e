# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Postfix as the MX, unpacked below build/ and never installed: Debian's
mail servers exclude each other, and one that is there stays untouched."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

import netns
from lab import wait_for

DOMAIN = "mx.test"
INBOX = f"inbox@{DOMAIN}"
# Users and groups that only Postfix's own mount namespace knows.
USERS = {"postfix": 64101, "vmail": 64102}
GROUPS = {"postfix": 64101, "vmail": 64102, "postdrop": 64103}
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "maildrop", "private", "public", "pid", "saved", "trace")

MASTER = """\
smtp      inet  n  -  n  -  -  smtpd
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  5  1  qmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
virtual   unix  -  n  n  -  -  virtual
anvil     unix  -  -  n  -  1  anvil
proxymap  unix  -  -  n  -  -  proxymap
postlog   unix-dgram n - n - 1 postlogd
"""

MAIN = """\
compatibility_level = 3.6
command_directory = {peer}/usr/sbin
daemon_directory = {peer}/usr/lib/postfix/sbin
shlib_directory = {peer}/usr/lib/postfix
meta_directory = {config}
queue_directory = {spool}
data_directory = {data}
maillog_file = {log}
maillog_file_prefixes = {top}
mail_owner = postfix
setgid_group = postdrop
myhostname = {domain}
mydestination =
mynetworks =
inet_protocols = all
inet_interfaces = all
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
smtpd_tls_security_level = none
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
# What fails once on a busy machine is tried again at once, not after five minutes.
minimal_backoff_time = 1s
transport_retry_time = 1s
queue_run_delay = 1s
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_base = {top}
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
import_environment = MAIL_CONFIG MAIL_LOGTAG LD_LIBRARY_PATH TZ LANG=C
export_environment = LD_LIBRARY_PATH TZ LANG
"""


def unpack(cache):
    """Fetch Debian's Postfix with apt into cache, once; returns its root."""
    with netns.turns(cache / "lock"):
        return _unpack(cache)


def _unpack(cache):
    peer = cache / "postfix"
    if (peer / "usr/lib/postfix/sbin/master").exists():
        return peer
    work = cache / f"postfix.{os.getpid()}"
    shutil.rmtree(work, True)
    (work / "root/usr/lib").mkdir(parents=True)
    try:
        netns.run("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "postfix",
                  cwd=work, timeout=netns.PATIENCE_SEC)
        package, = work.glob("postfix_*.deb")
        netns.run("dpkg-deb", "-x", package, work / "all")
        # Nothing but programs and libraries: there are *.d among the rest, which
        # make would take for dependencies.
        shutil.move(work / "all/usr/lib/postfix", work / "root/usr/lib/postfix")
        shutil.move(work / "all/usr/sbin", work / "root/usr/sbin")
        shutil.rmtree(peer, True)
        (work / "root").rename(peer)
    finally:
        shutil.rmtree(work, True)
    return peer


class Postfix:
    """One instance with its own configuration, queue and maildir, all below top."""

    def __init__(self, namespace, peer, top):
        self.namespace = namespace
        self.peer = peer
        self.top = top
        self.inbox = top / "inbox"
        self.log = top / "mail.log"
        self.process = None
        self._lay_out()

    def _lay_out(self):
        self.top.mkdir(parents=True)
        for path in ("config", "data", "spool", "inbox"):
            (self.top / path).mkdir()
        for path in self.top, *self.top.parents[:1]:
            path.chmod(0o755)
        os.chown(self.top / "data", USERS["postfix"], GROUPS["postfix"])
        os.chown(self.inbox, USERS["vmail"], GROUPS["vmail"])
        for queue in QUEUES:
            path = self.top / "spool" / queue
            path.mkdir(mode=0o700)
            if queue != "pid":
                os.chown(path, USERS["postfix"], GROUPS["postfix"])
        for queue, mode in ("maildrop", 0o730), ("public", 0o710):
            path = self.top / "spool" / queue
            os.chown(path, USERS["postfix"], GROUPS["postdrop"])
            path.chmod(mode)
        (self.top / "spool/pid").chmod(0o755)
        self._write("config/master.cf", MASTER)
        self._write("config/main.cf", MAIN.format(
            peer=self.peer, config=self.top / "config", spool=self.top / "spool",
            data=self.top / "data", log=self.log, top=self.top, domain=DOMAIN,
            uid=USERS["vmail"], gid=GROUPS["vmail"]))
        passwd = pathlib.Path("/etc/passwd").read_text(encoding="utf-8")
        group = pathlib.Path("/etc/group").read_text(encoding="utf-8")
        self._write("passwd", _without(passwd, USERS) + "".join(
            f"{name}:x:{number}:{GROUPS[name]}::/nonexistent:/usr/sbin/nologin\n"
            for name, number in USERS.items()))
        self._write("group", _without(group, GROUPS) + "".join(
            f"{name}:x:{number}:\n" for name, number in GROUPS.items()))

    def _write(self, name, text):
        (self.top / name).write_text(text, encoding="utf-8")

    def start(self):
        """Return once it accepts connections on both families."""
        # A PID namespace, so that all of Postfix ends with the shell that is its
        # first process; master itself changes users and would outlive us.
        script = ("for name in passwd group resolv.conf; do [ ! -e \"$1/$name\" ] || "
                  "mount --bind \"$1/$name\" \"/etc/$name\" || exit; done; "
                  "{ \"$2/usr/lib/postfix/sbin/master\" -c \"$1/config\" -d & wait; }")
        environment = {"PATH": os.environ["PATH"], "LANG": "C",
                       "LD_LIBRARY_PATH": str(self.peer / "usr/lib/postfix"),
                       "MAIL_CONFIG": str(self.top / "config")}
        netns.at_exit(self.stop)
        with open(self.top / "master.out", "wb") as output, netns.uninterrupted():
            self.process = self.namespace.popen(
                "unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                "--kill-child", "sh", "-c", script, "sh", self.top, self.peer,
                env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True)
        for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
            self._await_listener(family, address)

    def _await_listener(self, family, address):
        deadline = time.monotonic() + netns.PATIENCE_SEC
        while True:
            with self.namespace.entered():
                probe = socket.socket(family, socket.SOCK_STREAM)
            with probe:
                probe.settimeout(2)
                if probe.connect_ex((address, 25)) == 0:
                    return
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"Postfix does not listen on {address}:\n{self.words()}")
            time.sleep(0.05)

    def words(self):
        """What it logged."""
        texts = [path.read_text(encoding="utf-8", errors="replace")
                 for path in (self.top / "master.out", self.log) if path.exists()]
        return "".join(texts)

    def find(self, token, timeout):
        """Whether a message with that token comes to lie in the maildir."""
        deadline = time.monotonic() + timeout
        while True:
            for path in (self.inbox / "new").glob("*"):
                if token in path.read_text(encoding="utf-8", errors="replace"):
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)

    def master_pid(self):
        """The process that SIGHUP makes read its configuration and tables again."""
        shell = _children(self.process.pid)[0]
        return next(pid for pid in _children(shell)
                    if pathlib.Path(f"/proc/{pid}/comm").read_text("ascii") == "master\n")

    def stop(self):
        """Return when all its processes are gone."""
        if not self.process or self.process.poll() is not None:
            return
        try:
            wait_for(self._is_killed, "Postfix has ended")
        finally:
            self.process.kill()

    def _is_killed(self):
        """unshare(1), which ends with its child, may not have made it yet."""
        for child in _children(self.process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        return self.process.poll() is not None


class Postscreen(Postfix):
    """Postfix with postscreen before it, which rejects who is in a DNS block list. `settings`: more
    lines of main.cf."""

    def __init__(self, namespace, peer, top, zone, settings):
        super().__init__(namespace, peer, top)
        master = top / "config/master.cf"
        master.write_text(master.read_text().replace(
            "smtp      inet  n  -  n  -  -  smtpd\n",
            "smtp      inet  n  -  n  -  1  postscreen\nsmtpd     pass  -  -  n  -  -  smtpd\n"
            "dnsblog   unix  -  -  n  -  0  dnsblog\ntlsproxy  unix  -  -  n  -  0  tlsproxy\n"))
        with open(top / "config/main.cf", "a", encoding="utf-8") as main:
            main.write(f"postscreen_dnsbl_sites = {zone}\npostscreen_dnsbl_action = enforce\n"
                       f"postscreen_greet_wait = 2s\n{settings}")
        self._write("resolv.conf", "nameserver 127.0.0.1\n")


def _children(pid):
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in text.split()]


def _without(text, names):
    return "".join(line for line in text.splitlines(keepends=True)
                   if line.split(":", 1)[0] not in names)
