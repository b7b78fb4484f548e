# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail through Postfix and rspamd to ipwld, which learns from what rspamd finds."""

import concurrent.futures
import contextlib
import http.client
import os
import pathlib
import signal
import socket
import time

import pytest

import mta
import netns
import rspamd
from daemon import INVALID, IS_BLOCKED
from lab import wait_for
from rspamd import PARTNER, SPAMMER

BLOCK_PARTNER = """\
  - name: partners
    action: allow
    entries: []
  - name: drop
    action: block
    files: [{top}/block.d/*.list]
"""


@pytest.fixture(name="filtered")
def _filtered(lab, ipwld, postfix_files):
    """An MX with Postfix, rspamd, Redis and a running ipwld."""
    top = netns.temporary_directory()
    postfix = mta.Postfix(lab.mx, postfix_files, top / "postfix")
    rspamd.add_to_postfix(postfix)
    rspamd.configure(ipwld, lists=BLOCK_PARTNER)
    ipwld.start()
    rspamd.Resolver(lab.mx)
    rspamd.start_redis(lab, top)
    filters = rspamd.start(lab, top)
    postfix.start()
    for sender in PARTNER, SPAMMER:
        lab.add_sender(sender)
    yield lab
    print(filters.words()[-8000:])
    print(postfix.words()[-4000:])


def evidence(ipwld, kind, source="rspamd"):
    return ipwld.metric("ipwl_evidence_total", source=source, kind=kind)


def counts(ipwld, address):
    """All evidence about an address, of all days."""
    total = {}
    for day in ipwld.ask("explain", address)["days"]:
        for kind, count in day.items():
            if kind != "day":
                total[kind] = total.get(kind, 0) + count
    return total


def test_what_rspamd_finds_becomes_evidence(filtered, ipwld):
    partner, spammer = filtered.hosts[PARTNER], filtered.hosts[SPAMMER]
    for address in PARTNER.addresses:
        assert rspamd.send(partner, address, "bob@partner.test")[0] == 250
    # A score for a header, a score for a reject, and no verdict yet.
    assert rspamd.send(spammer, SPAMMER.ipv4, "x@junk.test")[0] == 250
    assert rspamd.send(spammer, SPAMMER.ipv4, "x@spam.test")[0] == 554
    assert rspamd.send(spammer, SPAMMER.ipv4, "x@later.test")[0] == 451
    # A good message whose sender nobody vouches for, and one of this host.
    assert rspamd.send(spammer, SPAMMER.ipv4, "x@unknown.test")[0] == 250
    assert rspamd.send(filtered.mx, "127.0.0.1", "a@mx.test", target="127.0.0.1")[0] == 250
    wait_for(lambda: (evidence(ipwld, "ham"), evidence(ipwld, "spam")) == (2, 2),
             "four messages are evidence")
    for address in PARTNER.addresses:
        assert counts(ipwld, address) == {"ham": 1}, address
        domain, = ipwld.ask("explain", address)["domains"]
        assert (domain["domain"], domain["authenticated_days"]) == ("partner.test", 1)
    assert counts(ipwld, SPAMMER.ipv4) == {"spam": 2}
    assert sum(value for (name, _), value in ipwld.metrics().items()
               if name == "ipwl_evidence_dropped_total") == 0


def test_who_answers_our_mail_is_learned_and_survives_a_block_list(filtered, ipwld):
    partner = filtered.hosts[PARTNER]
    code, number = rspamd.send(filtered.mx, "127.0.0.1", mta.INBOX, "bob@partner.test",
                               target="127.0.0.1", To="bob@partner.test")
    assert code == 250
    # Only the one to whom it was written can know its number.
    stranger = filtered.hosts[SPAMMER]
    assert rspamd.send(stranger, SPAMMER.ipv4, "x@unknown.test",
                       **{"In-Reply-To": "<forged@mx.test>"})[0] == 250
    assert rspamd.send(partner, PARTNER.ipv4, "bob@partner.test",
                       **{"In-Reply-To": number})[0] == 250

    def state():
        learned = ipwld.ask("explain", PARTNER.ipv4)["learned"]
        return learned and (learned["state"], learned["rule"])
    wait_for(lambda: state() == ("probation", "reply"), "the partner is on probation")
    assert ipwld.ask("explain", SPAMMER.ipv4)["learned"] is None
    ipwld.write_list("block.d/a.list", PARTNER.ipv4)
    assert ipwld.ctl("reload").returncode == 0
    # On probation it is only observed.
    assert ipwld.ctl("test", PARTNER.ipv4).returncode == IS_BLOCKED
    assert ipwld.ask("learn", "accept", PARTNER.ipv4)["changed"] == 1
    entry, = ipwld.ask("list", "--source", "learned")["entries"]
    assert (entry["prefix"], entry["list"]) == (f"{PARTNER.ipv4}/32", "partners")
    result, = ipwld.ask("test", PARTNER.ipv4)["results"]
    assert result["verdict"] == "averted"
    assert rspamd.send(partner, PARTNER.ipv4, "bob@partner.test")[0] == 250


def test_spam_never_makes_an_entry(filtered, ipwld):
    """Not even of a sender who answers our mail."""
    spammer = filtered.hosts[SPAMMER]
    _, number = rspamd.send(filtered.mx, "127.0.0.1", mta.INBOX, "bob@partner.test",
                            target="127.0.0.1", To="bob@partner.test")
    for _ in range(3):
        assert rspamd.send(spammer, SPAMMER.ipv4, "x@junk.test",
                           **{"In-Reply-To": number})[0] == 250
    wait_for(lambda: evidence(ipwld, "spam") == 3, "three messages are evidence")
    assert evidence(ipwld, "reply") == 0
    assert ipwld.ask("explain", SPAMMER.ipv4)["learned"] is None


# ---- rspamd does not wait -------------------------------------------------------------

def test_a_dead_and_a_hanging_ipwld_lose_no_mail(filtered, ipwld):
    partner = filtered.hosts[PARTNER]
    ipwld.process.send_signal(signal.SIGSTOP)
    try:
        assert rspamd.send(partner, PARTNER.ipv4, "bob@partner.test")[0] == 250
    finally:
        ipwld.process.send_signal(signal.SIGCONT)
    ipwld.kill()
    assert rspamd.send(partner, PARTNER.ipv4, "bob@partner.test")[0] == 250


class Flood:
    """Messages like those of rspamd, over several connections, as fast as they are taken."""

    BODY = ('{"ip":"44.1.2.%d","user":"","from":"partner.test","action":"no action","score":nan,'
            '"symbols":["R_SPF_ALLOW"],"subject":"' + "x" * 1500 + '"}')

    def __init__(self, ipwld, clients=8):
        self.sent = 0
        self._ipwld = ipwld
        self._ends = False
        self._pool = concurrent.futures.ThreadPoolExecutor(clients)
        self._jobs = [self._pool.submit(self._run) for _ in range(clients)]

    def _run(self):
        count = 0
        connection = http.client.HTTPConnection(*rspamd.LISTEN, timeout=netns.PATIENCE_SEC)
        with self._ipwld.namespace.entered():
            connection.connect()
        with contextlib.closing(connection):
            while not self._ends:
                connection.request("POST", "/v1/rspamd", self.BODY % (count % 200 + 10),
                                   {"Authorization": f"Bearer {rspamd.TOKEN}"})
                response = connection.getresponse()
                response.read()
                assert response.status == 200
                count += 1
        return count

    def end(self):
        self._ends = True
        self.sent = sum(job.result() for job in self._jobs)
        self._pool.shutdown()


def memory_kib(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split("VmRSS:")[1].split()[0])


def test_a_flood_of_messages(filtered, ipwld):
    """Mail is answered as fast as without it, memory is bounded, and nothing is lost
    silently."""
    def seconds_to_send():
        began = time.monotonic()
        assert rspamd.send(filtered.hosts[PARTNER], PARTNER.ipv4, "bob@partner.test")[0] == 250
        return time.monotonic() - began

    # What this machine takes without a flood. A receiver that hangs costs 5 s more.
    quiet = [seconds_to_send() for _ in range(3)]
    bound = max(0.5, 3 * min(quiet))
    flood = Flood(ipwld)
    taken = []
    try:
        deadline = time.monotonic() + netns.PATIENCE_SEC / 3
        while (len(taken) < 5 or min(taken) > bound) and time.monotonic() < deadline:
            taken.append(seconds_to_send())
        before = memory_kib(ipwld.process.pid)
        time.sleep(2)
        after = memory_kib(ipwld.process.pid)
    finally:
        flood.end()
    print(f"{flood.sent} messages; mail took {', '.join(f'{sec:.2f}' for sec in taken)} s; "
          f"{before} and {after} KiB")
    # A busy machine is excused by trying again.
    assert min(taken) <= bound
    assert after - before < 64 * 1024

    def all_counted():
        dropped = ipwld.metric("ipwl_evidence_dropped_total", source="rspamd", reason="queue")
        return evidence(ipwld, "ham") + dropped == len(quiet) + flood.sent + len(taken)
    wait_for(all_counted, "each message is noted or counted as dropped")


# ---- who may send ---------------------------------------------------------------------

GOOD = '{"ip":"44.1.2.7","action":"reject"}'


def test_only_who_has_the_token(ipwld):
    rspamd.configure(ipwld)
    ipwld.start()
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD) == 200
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, user="ipwl") == 200
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, token="wrong") == 401
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, user="root") == 401
    assert rspamd.post(ipwld, "/v1/report", GOOD, token="wrong") == 401
    answer = ipwld.namespace.run("curl", "-s", "-i", "http://{}:{}/".format(*rspamd.LISTEN)).stdout
    assert '\nWWW-Authenticate: Basic realm="ipwl"\n' in answer.replace("\r", "")
    assert rspamd.post(ipwld, "/v1/status", "") == 404
    assert rspamd.post(ipwld, "/v1/rspamd", "no JSON") == 200
    wait_for(lambda: evidence(ipwld, "spam") == 2, "two messages are evidence")
    wait_for(lambda: ipwld.metric("ipwl_evidence_dropped_total", source="rspamd",
                                  reason="invalid") == 1, "one is none")
    # Another token after a reload.
    (ipwld.top / "learn.token").write_text("another\n", encoding="ascii")
    assert ipwld.ctl("reload").returncode == 0
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD) == 401
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, token="another") == 200
    # Without one, nobody is served. The reload is a success all the same, and says so.
    (ipwld.top / "learn.token").unlink()
    assert any("token_file" in line for line in ipwld.ask("reload")["warnings"])
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, token="another") == 0
    (ipwld.top / "learn.token").write_text("third\n", encoding="ascii")
    assert not any("token_file" in line for line in ipwld.ask("reload")["warnings"])
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD, token="third") == 200


def test_reports(ipwld):
    rspamd.configure(ipwld)
    ipwld.start()
    body = '{"kind":"%s","address":"44.1.2.7","user":"alice"}'
    assert rspamd.post(ipwld, "/v1/report", body % "ham") == 200
    assert rspamd.post(ipwld, "/v1/report", body % "fine") == 400
    assert ipwld.ask("report", "spam", "44.1.2.7")["noted"] is True
    mail = "Received: from x (x [44.1.2.7])\n\tby mx.test (Postfix) with ESMTP id 1\n\nhello\n"
    done = ipwld.ctl("report", "spam", "--message", "--by", "mx.test", input=mail)
    assert done.returncode == 0 and done.stdout == "44.1.2.7: reported as spam\n"
    assert counts(ipwld, "44.1.2.7") == {"reported-ham": 1, "reported-spam": 2}
    # Addresses that are never learned.
    assert ipwld.ask("report", "spam", "192.0.2.25")["noted"] is False
    assert ipwld.ask("report", "spam", "10.1.2.3")["noted"] is False


def test_only_loopback(ipwld):
    for listen in "0.0.0.0:12526", "192.0.2.25:12526", '"[::]:12526"':
        rspamd.configure(ipwld)
        text = ipwld.config.read_text(encoding="utf-8")
        ipwld.config.write_text(text.replace("listen: 127.0.0.1:12526", f"listen: {listen}"),
                                encoding="utf-8")
        done = ipwld.ctl("check-config", ipwld.config)
        assert done.returncode == INVALID and "loopback" in done.stdout + done.stderr, listen


def test_the_listener_moves_and_waits_for_its_port(ipwld):
    rspamd.configure(ipwld)
    ipwld.start()
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD) == 200
    ipwld.configure()
    assert ipwld.ctl("reload").returncode == 0
    assert rspamd.post(ipwld, "/v1/rspamd", GOOD) == 0
    with ipwld.namespace.entered():
        holder = socket.socket()
    with holder:
        holder.bind(rspamd.LISTEN)
        holder.listen()
        rspamd.configure(ipwld)
        assert any("cannot listen" in line for line in ipwld.ask("reload")["warnings"])
    wait_for(lambda: rspamd.post(ipwld, "/v1/rspamd", GOOD) == 200, "it serves again", 0.5)
    assert os.path.exists(ipwld.socket)
