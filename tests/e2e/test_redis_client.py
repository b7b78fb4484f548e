# SPDX-License-Identifier: GPL-2.0-or-later
"""The client of Redis with real servers: Redis 7.0 and Valkey 8. It comes back after each of
their failures, and accepts no server that it should not."""

import contextlib
import itertools

import pytest

import nameserver
import netns
import redis_servers
import sources
from redis_servers import Server, Talk

_number = itertools.count(1)


@pytest.fixture(name="namespace")
def _namespace():
    with netns.scope():
        yield netns.Namespace(f"r{next(_number)}")


@pytest.fixture(name="kind", params=redis_servers.KINDS)
def _kind(request):
    return request.param


def test_commands(namespace, kind):
    """All kinds of replies, over TCP, by name and over a Unix socket."""
    path = netns.temporary_directory() / "server.sock"
    server = Server(namespace, kind, "--unixsocket", path).start()
    for url in (f"redis://{server.place}/2", f"redis://localhost:{server.port}/2", f"unix:{path}"):
        talk = Talk(namespace, url)
        talk.await_ready()
        assert talk.ask("FLUSHDB") == ("status", "OK")
        assert talk.ask("HSET h a 1 b 2") == ("integer", "2")
        assert talk.ask("HGET h b") == ("string", "2")
        assert talk.ask("HGET h c")[0] == "nil"
        assert talk.ask("HSCAN h 0") == ("array", "[0 [a 1 b 2]]")
        assert talk.ask("HSET h") == \
            ("error", "ERR wrong number of arguments for 'hset' command")
        # It blocks for longer than the server may be silent otherwise.
        assert talk.ask("XREAD BLOCK 2500 STREAMS s 0", 2500)[0] == "nil"
        assert not talk.find("lost")
        talk.close()


def test_password(namespace, kind):
    server = Server(namespace, kind, "--user", "ipwl", "on", ">secret", "~ipwl:*", "+@all").start()
    server("CONFIG", "SET", "requirepass", "other")
    right = Talk(namespace, f"redis://{server.place}", "ipwl", "secret")
    default = Talk(namespace, f"redis://{server.place}", "", "other")
    wrong = Talk(namespace, f"redis://{server.place}", "ipwl", "wrong")
    none = Talk(namespace, f"redis://{server.place}")
    right.await_ready()
    default.await_ready()
    wrong.await_lost("refuses the password of the user ipwl: WRONGPASS")
    none.await_lost("does not accept commands: NOAUTH")
    # What it may not do is its own affair; the connection stays.
    kind_of, text = right.ask("GET other:key")
    assert (kind_of, text.split()[0]) == ("error", "NOPERM")
    assert right.ask("GET ipwl:key")[0] == "nil"
    assert not right.find("lost")


def test_tls(namespace, kind):
    """Only a certificate of an authority that is trusted, and of the right name, is accepted."""
    authority, other = sources.Authority(), sources.Authority("other")
    top = netns.temporary_directory()
    server = Server(namespace, kind,
                    *redis_servers.tls_options(authority, "DNS:localhost,IP:127.0.0.1", top)).start()
    for url in (f"rediss://localhost:{server.port}", f"rediss://{server.place}"):
        talk = Talk(namespace, url, ca=authority.file)
        talk.await_ready()
        assert talk.ask(f"SET k {'x' * 100000}") == ("status", "OK")
        assert talk.ask("GET k") == ("string", "x" * 100000)
        talk.close()
    for ca in (other.file, ""):
        Talk(namespace, f"rediss://localhost:{server.port}", ca=ca) \
            .await_lost("the certificate is not accepted: ")
    Talk(namespace, f"rediss://localhost:{server.port}", ca=top / "none.pem") \
        .await_lost(f"cannot read the certificates of {top}/none.pem")
    # TLS where none is, and none where TLS is.
    Talk(namespace, f"redis://{server.place}").await_lost("")
    plain = Server(namespace, kind, port=6380).start()
    Talk(namespace, f"rediss://{plain.place}", ca=authority.file).await_lost("")


@pytest.mark.parametrize("names", ["DNS:redis.example", "IP:127.0.0.2"])
def test_certificate_of_another(namespace, names):
    authority = sources.Authority()
    server = Server(namespace, "redis", *redis_servers.tls_options(
        authority, names, netns.temporary_directory())).start()
    for host in ("localhost", "127.0.0.1"):
        Talk(namespace, f"rediss://{host}:{server.port}", ca=authority.file) \
            .await_lost("the certificate is not accepted: ")


def test_certificate_is_renewed(namespace):
    """A new authority in the same file is accepted without a restart."""
    authority, other = sources.Authority(), sources.Authority("other")
    ca = netns.temporary_directory() / "ca.pem"
    ca.write_bytes(other.file.read_bytes())
    server = Server(namespace, "redis", *redis_servers.tls_options(
        authority, "DNS:localhost", netns.temporary_directory())).start()
    talk = Talk(namespace, f"rediss://localhost:{server.port}", ca=ca)
    talk.await_lost("the certificate is not accepted: ")
    ca.write_bytes(authority.file.read_bytes())
    talk.await_ready()


def test_server_stops_and_dies(namespace, kind):
    server = Server(namespace, kind).start()
    talk = Talk(namespace, f"redis://{server.place}", answer_ms=700)
    talk.await_ready()
    # It stops while it is asked, while a command blocks, and while it has nothing to say.
    for command, block_ms in (("INCR n", 0), ("XREAD BLOCK 300 STREAMS s 0", 300), ("", 0)):
        before = len(talk.lines)
        server.pause()
        number = talk.send(command, block_ms) if command else None
        talk.await_lost("does not answer", before)
        if command:
            assert talk.outcome(number) == f"unanswered {number}"
        server.resume()
        talk.await_ready(before)
    before = len(talk.lines)
    server.kill()
    talk.await_lost("has ended", before)
    talk.await_lost("Connection refused", before)
    server.start()
    talk.await_ready(before)
    assert talk.ask("DBSIZE") == ("integer", "0")
    assert talk.ask("FLUSHALL") == ("status", "OK")
    talk.close()


def test_server_loads(namespace, kind):
    """A server that has started and is not done with its file is not the right one yet."""
    server = Server(namespace, kind, "--key-load-delay", 2000,
                    "--loading-process-events-interval-bytes", 1024).start()
    for number in range(2000):
        server("SET", f"key{number}", "x" * 100)
    server("SAVE")
    server.kill()
    talk = Talk(namespace, f"redis://{server.place}")
    server.start()
    talk.await_ready()
    assert talk.find("lost ") and any("LOADING" in line for line in talk.lines), talk.lines
    assert talk.ask("DBSIZE") == ("integer", "2000")


def test_replica(namespace, kind):
    """A replica is refused; a master that becomes one is left, whether it is written to or not."""
    master = Server(namespace, kind).start()
    replica = Server(namespace, kind, "--replicaof", "127.0.0.1", master.port, port=6380).start()
    talk = Talk(namespace, f"redis://{replica.place},{master.place}")
    talk.await_lost(f"{replica.place} is no master but a slave")
    assert talk.await_ready() == f"ready {master.place}"
    before = len(talk.lines)
    replica("REPLICAOF", "NO", "ONE")
    master("REPLICAOF", "127.0.0.1", replica.port)
    number = talk.send("SET k v")
    assert talk.await_ready(before) == f"ready {replica.place}"
    assert "READONLY" in talk.outcome(number) or "unanswered" in talk.outcome(number)
    # Without a command of the caller: it is asked for its role.
    before = len(talk.lines)
    master("REPLICAOF", "NO", "ONE")
    replica("REPLICAOF", "127.0.0.1", master.port)
    assert talk.await_ready(before) == f"ready {master.place}"


# ---- names -------------------------------------------------------------------------------

WITH_RESOLV_CONF = ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
                    'mount --bind "$0" /etc/resolv.conf; exec "$@"')


def test_name(namespace):
    """Names are looked up again for each attempt, also if a name server or DNS itself is dead at
    first."""
    server = Server(namespace, "redis").start()
    dns = nameserver.NameServer(behaviours={"redis.test": nameserver.hang}, namespace=namespace,
                                port=53)
    resolv_conf = netns.temporary_directory() / "resolv.conf"
    # Nobody answers at the first one.
    resolv_conf.write_text("nameserver 127.0.0.9\nnameserver 127.0.0.1\n"
                           "options timeout:1 attempts:1\n", encoding="utf-8")
    talk = Talk(namespace, f"redis://redis.test:{server.port}",
                wrap=(*WITH_RESOLV_CONF, resolv_conf))
    talk.await_lost("redis.test")
    assert not talk.find("ready")
    dns.put("redis.test", A=["127.0.0.1"])
    assert talk.await_ready() == f"ready redis.test:{server.port}"
    # Later it has no address for a while, and then two, one of which does not answer.
    before = len(talk.lines)
    dns.put("redis.test", TXT="no address")
    server.kill()
    talk.await_lost("no address of this name", before)
    server.start()
    dns.put("redis.test", A=["127.0.0.9", "127.0.0.1"])
    talk.await_ready(before)
    assert talk.ask("PING") == ("status", "PONG")
    talk.close()


# ---- Sentinel ----------------------------------------------------------------------------

SENTINEL_PORTS = (26379, 26380, 26381)


def start_sentinels(namespace, kind, master, *options):
    """Three sentinels that know the master, and each other."""
    sentinels = []
    for port in SENTINEL_PORTS:
        sentinel = Server(namespace, kind, port=port, role="sentinel")
        sentinel.config.write_text(
            f"sentinel monitor main 127.0.0.1 {master.port} 2\n"
            "sentinel down-after-milliseconds main 1000\n"
            "sentinel failover-timeout main 3000\n" + "".join(f"{line}\n" for line in options),
            encoding="utf-8")
        sentinels.append(sentinel.start())

    def know_each_other():
        answers = [sentinel("SENTINEL", "MASTER", "main") for sentinel in sentinels]
        facts = [dict(zip(answer[::2], answer[1::2])) for answer in answers]
        return all(fact["num-other-sentinels"] == "2" and fact["num-slaves"] == "1"
                   for fact in facts)

    redis_servers.wait_for(know_each_other, "the sentinels know the replica and each other")
    return sentinels


def sentinel_url(master="main"):
    places = ",".join(f"127.0.0.1:{port}" for port in (26378, *SENTINEL_PORTS))
    return f"redis-sentinel://{places}#{master}"


def test_sentinel(namespace, kind):
    """The master fails; the client goes to the one that the sentinels elect, and not back to the
    old one, which wakes up as a master."""
    master = Server(namespace, kind).start()
    replica = Server(namespace, kind, "--replicaof", "127.0.0.1", master.port, port=6380).start()
    sentinels = start_sentinels(namespace, kind, master)
    talk = Talk(namespace, sentinel_url())
    # The first of the URL is not there.
    talk.await_lost("cannot connect to 127.0.0.1:26378")
    assert talk.await_ready() == f"ready {master.place}"
    Talk(namespace, sentinel_url("other")).await_lost("does not know the master other")
    assert talk.ask("SET k v") == ("status", "OK")
    redis_servers.wait_for(lambda: replica("GET", "k") == "v", "the replica has it")
    before = len(talk.lines)
    sentinels[0].kill()
    master.pause()
    redis_servers.wait_for(lambda: talk.find(f"ready {replica.place}", before), "failover")
    assert talk.ask("GET k") == ("string", "v")
    assert talk.ask("SET k w") == ("status", "OK")
    master.resume()

    def follows():
        # The sentinels cut all its connections meanwhile.
        with contextlib.suppress(OSError):
            return master("ROLE")[0] == "slave"
        return False
    redis_servers.wait_for(follows, "the old master follows")
    assert talk.ask("GET k") == ("string", "w")


def test_sentinel_with_password(namespace, kind):
    master = Server(namespace, kind, "--requirepass", "secret").start()
    sentinel = Server(namespace, kind, "--requirepass", "secret", port=26379, role="sentinel")
    sentinel.config.write_text("sentinel monitor main 127.0.0.1 6379 1\n"
                               "sentinel auth-pass main secret\n", encoding="utf-8")
    sentinel.start()
    talk = Talk(namespace, "redis-sentinel://127.0.0.1#main", "", "secret")
    assert talk.await_ready() == f"ready {master.place}"
    Talk(namespace, "redis-sentinel://127.0.0.1#main").await_lost("does not answer: NOAUTH")


# ---- Cluster -----------------------------------------------------------------------------

SLOTS = 16384


def test_cluster(namespace, kind):
    """One hash tag is on one node: the client finds it from any other, and again when the slot
    moves."""
    nodes = [Server(namespace, kind, "--cluster-enabled", "yes", port=port).start()
             for port in (7000, 7001, 7002)]
    share = SLOTS // len(nodes) + 1
    for number, node in enumerate(nodes):
        node("CLUSTER", "ADDSLOTSRANGE", number * share, min((number + 1) * share, SLOTS) - 1)
        node("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        node("CLUSTER", "MEET", "127.0.0.1", nodes[0].port)
    redis_servers.wait_for(lambda: all("cluster_state:ok" in node("CLUSTER", "INFO")
                                       and "cluster_known_nodes:3" in node("CLUSTER", "INFO")
                                       for node in nodes), "the cluster is whole")
    key = "ipwl:{mx}:s"
    slot = nodes[0]("CLUSTER", "KEYSLOT", key)
    owner = nodes[slot // share]
    others = [node for node in nodes if node is not owner]
    talk = Talk(namespace, f"redis://{others[0].place}")
    talk.await_ready()
    number = talk.send(f"SET {key} v")
    talk.await_lost(f"names another server: MOVED {slot} {owner.place}")
    assert talk.outcome(number).startswith(f"reply {number} error MOVED")
    talk.await_line(f"ready {owner.place}")
    assert talk.ask(f"SET {key} v") == ("status", "OK")
    # The slot moves while the client is connected.
    before = len(talk.lines)
    identity = others[1]("CLUSTER", "MYID")
    owner("DEL", key)
    for node in nodes:
        node("CLUSTER", "SETSLOT", slot, "NODE", identity)
    number = talk.send(f"SET {key} w")
    talk.await_line(f"ready {others[1].place}", before)
    assert talk.ask(f"SET {key} w") == ("status", "OK")
    assert others[1]("GET", key) == "w"
