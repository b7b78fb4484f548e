# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Redis and Valkey servers, and a client of user/redis that a test leads."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading

import daemon
import netns
import peers
from lab import wait_for

CACHE = daemon.ROOT / "build/peers"
TALK = daemon.BUILD / "tests/e2e/redis_talk"
KINDS = ("redis", "valkey")
PORT = 6379


def program(kind):
    """The server of Debian 12, or of its backports, which is one program with several names."""
    package = f"{kind}-tools"
    root, = peers.unpack(CACHE, package) if kind == "redis" \
        else peers.unpack_backports(CACHE, package)
    return root / f"usr/bin/{kind}-check-rdb"


class RedisError(Exception):
    """What a server refuses."""


def encode(words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


def decode(file):
    """A reply; independent of hiredis."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the server has closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b"+":
        return rest.decode()
    count = int(rest)
    if kind == b":":
        return count
    if count < 0:
        return None
    if kind == b"$":
        return file.read(count + 2)[:-2].decode(errors="replace")
    return [decode(file) for _ in range(count)]


class Server:
    """One server in a network namespace, at 127.0.0.1."""

    def __init__(self, namespace, kind, *options, port=PORT, role="server"):
        self.namespace = namespace
        self.kind = kind
        self.port = port
        self.role = role
        self.top = netns.temporary_directory()
        self.options = options
        self.process = None
        self.config = self.top / "server.conf"
        self.config.write_text("", encoding="utf-8")

    @property
    def place(self):
        return f"127.0.0.1:{self.port}"

    def argv(self):
        ports = [] if "--port" in self.options else ["--port", self.port]
        return [self.config, *ports, "--bind", "127.0.0.1", "--dir", self.top,
                *([] if self.role == "sentinel" else ["--save", "", "--appendonly", "no"]),
                *self.options, *(["--sentinel"] if self.role == "sentinel" else [])]

    def start(self):
        """Return when it answers."""
        netns.at_exit(self.kill)
        with open(self.top / "output", "wb") as output, netns.uninterrupted():
            # The name says what the program does.
            name = f"{self.kind}-{self.role}"
            self.process = self.namespace.popen(
                "bash", "-c", 'exec -a "$0" "$@"', name, program(self.kind), *self.argv(),
                stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        wait_for(self._answers, f"{name} answers at {self.place}")
        return self

    def _answers(self):
        assert self.process.poll() is None, self.output()
        try:
            self("PING")
        except RedisError as error:
            return not str(error).startswith("LOADING")
        except OSError:
            # With TLS, this is all that is known.
            return "Ready to accept connections" in self.output()
        return True

    def output(self):
        return (self.top / "output").read_text(encoding="utf-8", errors="replace")

    def __call__(self, *words):
        """The reply to a command, on a connection of its own."""
        with self.namespace.entered():
            connection = socket.create_connection(("127.0.0.1", self.port), netns.PATIENCE_SEC)
        with connection, connection.makefile("rb") as file:
            connection.sendall(encode(words))
            return decode(file)

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Talk:
    """A client; lines hold what it has said so far."""

    def __init__(self, namespace, url, user="", password="", ca="", answer_ms=0, wrap=()):
        self.lines = []
        netns.at_exit(self.kill)
        with netns.uninterrupted():
            self.process = namespace.popen(
                *wrap, TALK, url, user, password, ca, answer_ms or 1000, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1)
        self.count = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        with contextlib.suppress(ValueError):
            for line in self.process.stdout:
                self.lines.append(line.rstrip("\n"))

    def find(self, beginning, after=0):
        """The first line that begins so."""
        assert self.process.poll() is None or self.lines[-1:] == ["closed"], self.lines
        return next((line for line in self.lines[after:] if line.startswith(beginning)), None)

    def await_line(self, beginning, after=0):
        return wait_for(lambda: self.find(beginning, after),
                        f"{beginning!r} in {self.lines}")

    def await_ready(self, after=0):
        return self.await_line("ready ", after)

    def await_lost(self, part, after=0):
        return wait_for(lambda: next((line for line in self.lines[after:]
                                      if line.startswith("lost ") and part in line), None),
                        f"lost by {part!r}")

    def send(self, command, block_ms=0):
        """Send without waiting; returns the number of the command."""
        self.process.stdin.write(f"{block_ms} {command}\n")
        self.process.stdin.flush()
        self.count += 1
        return self.count - 1

    def outcome(self, number):
        return wait_for(lambda: self.find(f"reply {number} ") or self.find(f"unanswered {number}")
                        or self.find(f"refused {number} "), f"outcome of {number}")

    def ask(self, command, block_ms=0):
        """Type and text of the reply."""
        words = self.outcome(self.send(command, block_ms)).split(" ", 3)
        assert words[0] == "reply", words
        return words[2], words[3]

    def close(self):
        """End it as a program would, and expect that it ends well."""
        self.process.stdin.close()
        assert self.process.wait(netns.PATIENCE_SEC) == 0
        self.reader.join(netns.PATIENCE_SEC)
        assert self.lines[-1] == "closed", self.lines

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def certificate(authority, names, top):
    """PEM files of a certificate of such names, and its key."""
    authority.context(names)
    top.mkdir(exist_ok=True)
    shutil.copy(authority.top / "server.pem", top / "server.pem")
    shutil.copy(authority.top / "server.key", top / "server.key")
    os.chmod(top / "server.key", 0o644)
    return top / "server.pem", top / "server.key"


def tls_options(authority, names, top, port=PORT):
    cert, key = certificate(authority, names, top)
    return ["--port", 0, "--tls-port", port, "--tls-cert-file", cert, "--tls-key-file", key,
            "--tls-ca-cert-file", authority.file, "--tls-auth-clients", "no"]
