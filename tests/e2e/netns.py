# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces that are named after this process, and their clean-up."""

import atexit
import contextlib
import ctypes
import fcntl
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import types

PREFIX = "ipwl"
# Ends a test that hangs, and is far longer than anything takes on a busy machine.
PATIENCE_SEC = 180
CLONE_NEWNET = 0x40000000
RUN_NETNS = pathlib.Path("/run/netns")

_libc = ctypes.CDLL(None, use_errno=True)
_scopes = [contextlib.ExitStack()]
_critical = types.SimpleNamespace(depth=0, is_interrupted=False, lock=threading.Lock())
_is_worker = False


def at_exit(function, *args):
    """Call function when the scope ends, the last one named first. To be called before
    what it takes away is made: an interrupt may come in between."""
    _scopes[-1].callback(function, *args)


@contextlib.contextmanager
def scope():
    """Removes namespaces made inside it at its end; without a scope, when the process ends."""
    with contextlib.ExitStack() as undo:
        _scopes.append(undo)
        try:
            yield
        finally:
            _scopes.remove(undo)


def clean_up():
    """End all scopes; does nothing the second time."""
    with uninterrupted():
        for undo in reversed(_scopes):
            undo.close()


@contextlib.contextmanager
def uninterrupted():
    """An interrupt inside is raised at the end, or by heed_interrupt(). At any place, it would
    leave a program that is being started, or keep a lock of Python's threads for ever; while
    Python runs a finalizer, it would only be reported."""
    with _critical.lock:
        _critical.depth += 1
    try:
        yield
    finally:
        with _critical.lock:
            _critical.depth -= 1
        if _critical.is_interrupted and not _critical.depth:
            if threading.current_thread() is threading.main_thread():
                _critical.is_interrupted = False
                _interrupt()
            else:
                os.kill(os.getpid(), signal.SIGTERM)  # the main thread raises it


def heed_interrupt():
    """Raise an interrupt that came since uninterrupted() was entered. To be called between
    the steps of a long program, and while it waits."""
    if _critical.is_interrupted:
        _critical.is_interrupted = False
        _interrupt()


def _interrupt():
    if not _is_worker:
        raise KeyboardInterrupt  # the one that pytest, too, stops for
    # execnet, which runs the workers of pytest-xdist, ends them without a clean-up.
    clean_up()
    os._exit(130)


def _on_signal(_number, _frame):
    # Set before the look: another thread may leave uninterrupted() meanwhile.
    _critical.is_interrupted = True
    if not _critical.depth:
        _critical.is_interrupted = False
        _interrupt()


def keep_ignored_signals_from_children():
    """A shell ignores SIGINT in what it starts in the background, nohup SIGHUP, and what
    is ignored is inherited. This process goes on ignoring it, but by a handler, which
    a program that it starts does not inherit."""
    python_ignores = {signal.SIGPIPE, signal.SIGXFSZ}  # and restores in subprocesses
    for number in signal.valid_signals() - python_ignores:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


def guard(is_worker=False):
    """Clean up at the end of this process, also when it is told to stop."""
    global _is_worker  # pylint: disable=global-statement
    _is_worker = is_worker
    atexit.register(clean_up)
    if threading.current_thread() is threading.main_thread():
        handle_signals()
    else:
        print("netns: not in the main thread: an interrupt leaves what the next run removes",
              file=sys.stderr)
    sweep()


def handle_signals():
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _on_signal)
    keep_ignored_signals_from_children()


def sweep():
    """Remove what a run that was killed outright has left."""
    pattern = re.compile(rf"{PREFIX}-(\d+)-")

    def is_left(path):
        match = pattern.match(path.name)
        return match and not pathlib.Path("/proc", match[1]).exists()

    for path in filter(is_left, RUN_NETNS.glob(f"{PREFIX}-*")):
        run("ip", "netns", "del", path.name, check=False)
    for path in filter(is_left, pathlib.Path(tempfile.gettempdir()).glob(f"{PREFIX}-*")):
        for line in pathlib.Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
            if line.split()[1].startswith(f"{path}/"):
                run("umount", "-l", line.split()[1], check=False)
        shutil.rmtree(path, True)


def run(*argv, check=True, **options):
    """Run a program and return its result; the text it wrote is in it."""
    options.setdefault("timeout", PATIENCE_SEC)
    result = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True,
                            check=False, **options)
    if check and result.returncode:
        raise RuntimeError(f"{' '.join(map(str, argv))}: exit {result.returncode}\n"
                           f"{result.stdout}{result.stderr}")
    return result


@contextlib.contextmanager
def turns(path):
    """Inside, no other process is inside with the same path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def temporary_directory():
    """A new directory that is removed at the end, with what is mounted there."""
    path = pathlib.Path(tempfile.gettempdir(), f"{PREFIX}-{os.getpid()}-{secrets.token_hex(4)}")
    at_exit(shutil.rmtree, path, True)
    path.mkdir(mode=0o700)
    path.chmod(0o755)
    return path


def mount(kind, path, options=""):
    """Mount a file system of its own on a new directory, and return a function
    that unmounts it."""
    path.mkdir(parents=True, exist_ok=True)

    def unmount():
        if os.path.ismount(path):
            run("umount", "-l", path, check=False)

    at_exit(unmount)
    with uninterrupted():
        run("mount", "-t", kind, *(["-o", options] if options else []), kind, path)
    return unmount


class Namespace:
    """A network namespace, /run/netns/ipwl-PID-NAME."""

    def __init__(self, name):
        self.name = f"{PREFIX}-{os.getpid()}-{name}"
        at_exit(self.remove)
        with uninterrupted():
            run("ip", "netns", "add", self.name)
        self.sysctl("net.ipv6.conf.default.accept_dad", 0)
        self.sysctl("net.ipv6.conf.default.accept_ra", 0)
        self.sysctl("net.ipv6.conf.default.router_solicitations", 0)
        # No multicast listener reports: each packet here is one a test sent.
        self.sysctl("net.ipv6.conf.default.force_mld_version", 1)
        self.ip("link", "set", "lo", "up")

    @property
    def path(self):
        return RUN_NETNS / self.name

    def remove(self):
        if self.path.exists():
            run("ip", "netns", "del", self.name, check=False)

    def argv(self, *argv):
        """The command line that runs argv inside. Not `ip netns exec`, which
        mounts another /sys and hides what is mounted there."""
        return ["nsenter", f"--net={self.path}", "--", *map(str, argv)]

    def run(self, *argv, **options):
        return run(*self.argv(*argv), **options)

    def popen(self, *argv, **options):
        """Start a program that ends at the latest with the calling thread."""
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.argv(*argv)], **options)

    def ip(self, *args, **options):
        return self.run("ip", *args, **options)

    def sysctl(self, name, value):
        with self.entered():
            path = pathlib.Path("/proc/sys", name.replace(".", "/"))
            path.write_text(str(value), encoding="ascii")

    @contextlib.contextmanager
    def entered(self):
        """Inside, this thread makes its sockets in the namespace; they stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        inside = os.open(self.path, os.O_RDONLY)
        try:
            _setns(inside)
            try:
                yield self
            finally:
                _setns(home)
        finally:
            os.close(inside)
            os.close(home)


def _setns(descriptor):
    if _libc.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
