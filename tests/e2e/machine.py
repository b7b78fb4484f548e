# SPDX-License-Identifier: GPL-2.0-or-later
"""A host on which ipwl is installed in the usual places, and whose administrator types commands.

It has a file system of its own over that of this machine: overlays that end with the test."""

import os
import socket
import subprocess

import netns
from daemon import BUILD, ROOT
from lab import wait_for

# Where an installation and ipwl write. What is hidden: /run, with the services of this machine.
SETUP = """\
set -e
for name in etc usr var; do
	mkdir -p "$1/$name" "$1/$name.work"
	mount -t overlay overlay -o "lowerdir=/$name,upperdir=$1/$name,workdir=$1/$name.work" "/$name"
done
mount -t tmpfs tmpfs /run
mount -t bpf bpf /sys/fs/bpf
mkdir -p "$1/dev"
mount --rbind /dev "$1/dev.host"
mount -t tmpfs tmpfs /dev
for name in null zero full random urandom; do
	touch "/dev/$name"
	mount --bind "$1/dev.host/$name" "/dev/$name"
done
ln -s /proc/self/fd /dev/fd
mkdir /dev/log.d
mount --bind "$1/dev" /dev/log.d
ln -s log.d/log /dev/log
exec sleep infinity
"""


class Machine:
    """The MX of a laboratory, from its keyboard."""

    def __init__(self, namespace):
        self.namespace = namespace
        self.top = netns.temporary_directory()
        self.disk = self.top / "disk"
        netns.mount("tmpfs", self.disk)
        (self.disk / "dev.host").mkdir()
        self.ipwld = None
        self.holder = namespace.popen("unshare", "--mount", "--propagation", "private", "sh", "-c",
                                      SETUP, "sh", self.disk)
        netns.at_exit(self._end)
        wait_for(lambda: self.holder.poll() is not None or self.run("test -S /dev/log || "
                 "test -h /dev/log").returncode == 0, "the machine has its file systems")
        assert self.holder.poll() is None
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        netns.at_exit(self.syslog.close)
        self.syslog.bind(str(self.disk / "dev/log"))

    def _end(self):
        for process in self.ipwld, self.holder:
            if process and process.poll() is None:
                process.kill()
                process.wait()

    def argv(self, *argv):
        """The command line that runs argv there."""
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt",
                f"--net={self.namespace.path}", "--", *map(str, argv)]

    def run(self, command, user=None):
        """Have the shell run a command, by sudo if a user is named; both outputs are in stdout."""
        environment = {"PATH": "/usr/sbin:/usr/bin", "LC_ALL": "C.UTF-8", "HOME": "/root",
                       **({"SUDO_USER": user} if user else {})}
        return subprocess.run(self.argv("bash", "-c", command), env=environment, check=False,
                              cwd="/", text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=netns.PATIENCE_SEC)

    def make(self, target):
        """`make install` or `make uninstall`, from the tree."""
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR", "PREFIX")}
        result = netns.run(*self.argv(ROOT / "scripts/make.sh", "-s", target), cwd=ROOT,
                           env=environment | {"B": os.path.relpath(BUILD, ROOT)})
        assert result.returncode == 0, result

    def install(self):
        """What README.md says, without systemd."""
        self.make("install")
        done = self.run("systemd-sysusers")
        assert done.returncode == 0, done.stdout

    def start(self):
        """Start ipwld as systemd does, its log in /var/log."""
        with netns.uninterrupted():
            self.ipwld = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.argv(
                    "sh", "-c", "exec ipwld -f >>/var/log/ipwld.log 2>&1")],
                stdin=subprocess.DEVNULL, env={"PATH": "/usr/sbin:/usr/bin"})
        wait_for(lambda: self.ipwld.poll() is not None or
                 self.run("ipwlctl --json status").returncode == 0, "ipwld answers")
        assert self.ipwld.poll() is None, self.run("cat /var/log/ipwld.log").stdout

    def stop(self):
        self.ipwld.terminate()
        assert self.ipwld.wait(netns.PATIENCE_SEC) == 0

    def program(self):
        """Device and inode of the file that runs."""
        status = os.stat(f"/proc/{self.ipwld.pid}/exe")
        return status.st_dev, status.st_ino

    def syslog_lines(self):
        """What came to syslog until now."""
        lines = []
        self.syslog.setblocking(False)
        while True:
            try:
                lines.append(self.syslog.recv(65536).decode())
            except BlockingIOError:
                return lines
