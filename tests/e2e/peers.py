# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of Debian that are run as if they were installed, and never are: their
packages are unpacked below build/ and laid over /usr and /etc in a mount namespace of
their own. Debian's mail servers exclude each other, and what is there stays untouched."""

import os
import pathlib
import shutil
import signal
import subprocess

import netns

# What a package's programs need at run time; the rest (manuals, units) stays away.
KEPT = ("usr/bin", "usr/sbin", "usr/lib", "usr/libexec", "usr/share", "etc")
ROOT = pathlib.Path(__file__).resolve().parents[2]
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/lintian")

SCRIPT = """\
top=$1; layers=$2; directories=$3; shift 3
for part in usr etc; do
	lower=
	for layer in $top $layers; do
		[ ! -d "$layer/$part" ] || lower=$lower$layer/$part:
	done
	mount -t overlay overlay -o "lowerdir=$lower/$part" "/$part"
done
for path in /run /var/lib /var/log /var/spool /var/mail; do
	[ ! -d $path ] || mount -t tmpfs -o mode=755 tmpfs $path
done
[ -z "$directories" ] || mkdir -p -m 755 $directories
exec "$@"
"""


def unpack(cache, *packages):
    """Fetch packages with apt into cache, once; returns their roots."""
    with netns.turns(cache / "lock"):
        return [_unpack(cache, package) for package in packages]


def unpack_backports(cache, *packages):
    """The same for packages that Debian 12 has only in its backports, which need not be among
    the package sources of this machine."""
    with netns.turns(cache / "lock"):
        return [_unpack(cache, package, _backports) for package in packages]


def _backports(cache, package):
    """Options for apt: package lists of its own, unless the machine's have the package."""
    if netns.run("apt-cache", "madison", package).stdout.strip():
        return []
    top = cache / "backports"
    for name in "lists", "archives":
        (top / name / "partial").mkdir(parents=True, exist_ok=True)
    mirror = netns.run("bash", "-c", ". scripts/mirror.sh; mirror debian",
                       cwd=ROOT).stdout.strip()
    (top / "sources.list").write_text(
        "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
        f"{mirror} bookworm-backports main\n", encoding="utf-8")
    options = [argument for name, value in (("Dir::Etc::SourceList", top / "sources.list"),
                                            ("Dir::Etc::SourceParts", "/dev/null"),
                                            ("Dir::State::Lists", top / "lists"),
                                            ("Dir::Cache", top))
               for argument in ("-o", f"{name}={value}")]
    netns.run("apt-get", "-q", "-o", "APT::Sandbox::User=root", *options, "update")
    return options


def _unpack(cache, package, options=lambda *_: []):
    root = cache / package
    if root.exists():
        return root
    work = cache / f"{package}.{os.getpid()}"
    shutil.rmtree(work, True)
    work.mkdir(parents=True)
    try:
        netns.run("apt-get", "-q", "-o", "APT::Sandbox::User=root",
                  *options(cache, package), "download", package, cwd=work, timeout=netns.PATIENCE_SEC)
        archive, = work.glob(f"{package}_*.deb")
        netns.run("dpkg-deb", "-x", archive, work / "all")
        for name in LEFT_OUT:
            shutil.rmtree(work / "all" / name, True)
        for name in KEPT:
            if (work / "all" / name).exists():
                (work / "root" / name).parent.mkdir(parents=True, exist_ok=True)
                (work / "all" / name).rename(work / "root" / name)
        # make would take files of that name for dependencies.
        for path in (work / "root").rglob("*.d"):
            if path.is_file():
                path.unlink()
        (work / "root").rename(root)
    finally:
        shutil.rmtree(work, True)
    return root


class Peer:
    """Packages at their places in a network namespace, with files of a test over them,
    and users and directories of their own."""

    def __init__(self, namespace, roots, top, users=(), directories=()):
        self.namespace = namespace
        self.roots = roots
        self.top = top
        self.directories = directories
        self.output = top / "output"
        self.process = None
        (top / "etc").mkdir(parents=True)
        top.chmod(0o755)
        self._add_users(users)

    def _add_users(self, users):
        """Users and groups of these names that nobody else knows."""
        for name in "passwd", "group":
            lines = pathlib.Path("/etc", name).read_text(encoding="utf-8").splitlines()
            lines = [line for line in lines if line.split(":", 1)[0] not in users]
            for number, user in enumerate(users, 64201):
                lines.append(f"{user}:x:{number}:" if name == "group" else
                             f"{user}:x:{number}:{number}::/run:/usr/sbin/nologin")
            self.write(f"etc/{name}", "".join(f"{line}\n" for line in lines))

    def write(self, name, text):
        """A file that hides one of the packages, like etc/resolv.conf."""
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def argv(self, *argv):
        return ["unshare", "--mount", "--propagation", "private", "--pid", "--fork",
                "--kill-child", "sh", "-ec", SCRIPT, "sh", self.top,
                " ".join(map(str, self.roots)), " ".join(self.directories), *argv]

    def run(self, *argv, **options):
        return self.namespace.run(*self.argv(*argv), **options)

    def start(self, *argv):
        """Run it until the end of the test."""
        netns.at_exit(self.stop)
        with open(self.output, "ab") as output, netns.uninterrupted():
            self.process = self.namespace.popen(
                *self.argv(*argv), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True)

    def stop(self):
        if not self.process or self.process.poll() is not None:
            return
        # The first process of a PID namespace, with which the others end. If it has changed its
        # user, it no longer ends with its parent.
        pid = self.process.pid
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
        for child in children.read_text(encoding="ascii").split():
            os.kill(int(child), signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def words(self):
        return self.output.read_text(encoding="utf-8", errors="replace") \
            if self.output.exists() else ""
