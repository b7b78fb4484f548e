# SPDX-License-Identifier: GPL-2.0-or-later
"""contrib/redis.conf on real servers: what its user may do, and what not."""

import hashlib
import re

import pytest

import daemon
import netns
import redis_servers
import sources
from redis_servers import Server, Talk

NOBODY = "#" + 64 * "0"
PASSWORD = "correct horse"

ALLOWED = (
    "PING", "TIME", "SELECT 0", "HSET ipwl:{mx}:r:a k v", "HSETNX ipwl:{mx}:r:a k v",
    "HGET ipwl:{mx}:r:a k",
    "HMGET ipwl:{mx}:r:a k", "HGETALL ipwl:{mx}:r:a", "HLEN ipwl:{mx}:r:a",
    "HSCAN ipwl:{mx}:r:a 0 COUNT 10", "HDEL ipwl:{mx}:r:a k", "HINCRBY ipwl:{mx}:e:1 k 1",
    "EXPIRE ipwl:{mx}:e:1 100", "TTL ipwl:{mx}:e:1", "EXISTS ipwl:{mx}:e:1", "TYPE ipwl:{mx}:e:1",
    "XADD ipwl:{mx}:s MAXLEN ~ 1000 * k v", "XLEN ipwl:{mx}:s", "XRANGE ipwl:{mx}:s - + COUNT 1",
    "XREVRANGE ipwl:{mx}:s + - COUNT 1", "XREAD COUNT 1 STREAMS ipwl:{mx}:s 0",
    "XINFO STREAM ipwl:{mx}:s", "XTRIM ipwl:{mx}:s MAXLEN 100", "SET ipwl:{mx}:l a NX PX 1000",
    "GET ipwl:{mx}:l", "SET ipwl:{mx}:f:a:l a NX EX 15", "EXPIRE ipwl:{mx}:f:a:l 15", "MULTI", "DISCARD", "DEL ipwl:{mx}:l", "UNLINK ipwl:{mx}:s",
)
FORBIDDEN = (
    "FLUSHALL", "FLUSHDB", "KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "CONFIG GET *", "SHUTDOWN",
    "DEBUG SLEEP 1", "ACL LIST", "CLIENT LIST", "CLIENT KILL TYPE normal", "MONITOR", "SAVE",
    "REPLICAOF NO ONE", "EVAL return 0", "SUBSCRIBE c", "PUBLISH c m", "SWAPDB 0 1", "INFO",
    "COPY ipwl:a other:a", "RENAME ipwl:a other:a", "XGROUP CREATE ipwl:s g 0",
    "GET other:key", "SET other:key v", "DEL other:key", "HSET other:key a b", "GET ipw",
    "XREAD STREAMS ipwl:s other:s 0 0",
)


def settings(path, password, with_tls=None):
    text = (daemon.ROOT / "contrib/redis.conf").read_text(encoding="utf-8")
    assert NOBODY in text
    text = text.replace(NOBODY, "#" + hashlib.sha256(password.encode()).hexdigest())
    if with_tls:
        text = re.sub(r"^#(?=port|tls-)", "", text, flags=re.MULTILINE)
        for name, file in with_tls.items():
            text = text.replace(f"/etc/redis/tls/{name}", str(file))
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(name="top")
def _top():
    with netns.scope():
        yield netns.temporary_directory()


@pytest.mark.parametrize("kind", redis_servers.KINDS)
def test_user(top, kind):
    namespace = netns.Namespace(f"rc-{kind}")
    server = Server(namespace, kind, "--enable-debug-command", "yes", "--include",
                    settings(top / "ipwl.conf", PASSWORD)).start()
    server("SET", "other:key", "precious")
    server("SET", "ipwl:a", "1")
    talk = Talk(namespace, f"redis://{server.place}", "ipwl", PASSWORD)
    talk.await_ready()
    for command in ALLOWED:
        assert talk.ask(command)[0] != "error", (command, talk.lines[-1])
    for command in FORBIDDEN:
        kind_of, text = talk.ask(command)
        assert (kind_of, text.split()[0]) == ("error", "NOPERM"), (command, talk.lines[-1])
    assert server("GET", "other:key") == "precious"
    assert server("CONFIG", "GET", "maxmemory-policy")[1] == "noeviction"
    assert not talk.find("lost")


def test_sample_lets_nobody_in(top):
    namespace = netns.Namespace("rn")
    server = Server(namespace, "redis", "--include", daemon.ROOT / "contrib/redis.conf").start()
    for password in "", "0" * 64:
        talk = Talk(namespace, f"redis://{server.place}", "ipwl", password or " ")
        talk.await_lost("refuses the password of the user ipwl")


@pytest.mark.parametrize("kind", redis_servers.KINDS)
def test_tls(top, kind):
    namespace = netns.Namespace(f"rt-{kind}")
    authority = sources.Authority()
    cert, key = redis_servers.certificate(authority, "IP:127.0.0.1", top / "tls")
    path = settings(top / "ipwl.conf", PASSWORD,
                    {"server.pem": cert, "server.key": key, "ca.pem": authority.file})
    Server(namespace, kind, "--include", path).start()
    talk = Talk(namespace, "rediss://127.0.0.1", "ipwl", PASSWORD, authority.file)
    talk.await_ready()
    assert talk.ask("PING") == ("status", "PONG")
