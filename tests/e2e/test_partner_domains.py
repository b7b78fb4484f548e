# SPDX-License-Identifier: GPL-2.0-or-later
"""Partner domains that are learned: their SPF records, and mail of a partner from a new address
of its pool, which a DNS block list rejects at a real postscreen."""

import time

import pytest

import consumers
import daemon
import lab as laboratory
import maillog
import mta
import netns
import peers
from lab import wait_for
from nameserver import NameServer

CACHE = daemon.ROOT / "build/peers"
NAME, SPF = "partner.test", "spf:partner.test"
BLOCK_ZONE = "bl.test"
# Addresses that anybody could have: those for documentation are never learned.
POOL, OTHER_OF_POOL, STRANGER, SHARED = "5.1.0.7", "5.1.0.8", "5.2.0.7", "5.8.0.9"
RECORD = "v=spf1 ip4:5.1.0.0/24 include:spf.provider.test -all"
RULES = "  postfix: {{file: {log}}}\n"


@pytest.fixture(name="zone")
def _zone(lab):
    zone = NameServer(namespace=lab.mx)
    zone.put(NAME, TXT=RECORD)
    zone.put("spf.provider.test", TXT="v=spf1 ip4:5.8.0.0/16 -all")
    return zone


def configure(ipwld, zone, keys="", extra=""):
    ipwld.configure(extra=f"learn:\n  list: partners\n{keys}resolver: {{servers: "
                    f"['{zone.address}'], providers: [provider.test]}}\n{extra}")


def begin(ipwld, zone, keys="", extra=""):
    """Our users have written to the partner lately, and its record is known."""
    configure(ipwld, zone, keys, extra)
    ipwld.start()
    log = maillog.Log()
    for days in 3, 2, 1:
        log.sent(days, f"bob@{NAME}", "9.9.10.7")
    ipwld.ask("learn", "backfill", log.write(ipwld.top / "old.log"))
    wait_for(lambda: any(item["last_fetch"] for item in domains(ipwld)), "the record is fetched")


def domains(ipwld):
    return ipwld.ask("domains")["domains"]


def domain(ipwld):
    found, = domains(ipwld)
    return found


def entries(ipwld):
    return sorted((entry["prefix"], entry["source"], entry["origin"]) for entry in
                  ipwld.request("GET", "/v1/entries?list=partners")[1]["entries"]
                  if entry["source"] in ("domain", "learned"))


def learned(ipwld, address):
    return ipwld.ask("explain", address)["learned"]


def state(ipwld, address):
    found = learned(ipwld, address)
    return found and found["state"]


def see(ipwld, kind, address, sender="-"):
    line = f"postfix {kind} {int(time.time())} {address} {sender} - - -\n"
    status, answer = ipwld.request("POST", "/v1/learn/evidence", line.encode())
    assert (status, answer["noted"]) == (200, 1), answer


# ---- domains ------------------------------------------------------------------------

def test_a_suggested_domain(ipwld, zone):
    begin(ipwld, zone)
    found = domain(ipwld)
    assert (found["name"], found["origin"], found["in_force"], found["entries"], found["list"]) \
        == (SPF, "learned", False, 1, "partners")
    partner, = ipwld.ask("learn", "partners")["partners"]
    assert (partner["state"], partner["in_force"], partner["entries"]) == ("candidate", False, 1)
    assert ipwld.metric("ipwl_learned_domains", state="candidate") == 1
    assert ipwld.status()["learn"]["domains"]["candidate"] == 1
    assert entries(ipwld) == []
    assert ipwld.ask("test", POOL, status=daemon.NEGATIVE)["results"][0]["verdict"] == "unlisted"
    assert ipwld.ask("learn", "accept", NAME)["changed"] == 1
    assert "in force, 1 entry" in ipwld.ctl("explain", NAME).stdout
    tested, = ipwld.ask("test", POOL)["results"]
    entry, = tested["entries"]
    assert (entry["source"], entry["origin"], entry["reason"]) \
        == ("domain", SPF, "learned partner: ip4:5.1.0.0/24")
    record = ipwld.ask("history")["records"][0]
    assert (record["event"], record["origin"], record["author"], record["added"]) \
        == ("domain", SPF, "root", 1)
    # It is refreshed like others, and outlives restarts.
    zone.put(NAME, TXT="v=spf1 ip4:5.1.0.0/24 ip4:5.4.0.0/24 -all")
    ipwld.ask("domains", "refresh", SPF)
    assert [prefix for prefix, _, _ in entries(ipwld)] == ["5.1.0.0/24", "5.4.0.0/24"]
    ipwld.kill()
    zone.stop()
    ipwld.start()
    assert [prefix for prefix, _, _ in entries(ipwld)] == ["5.1.0.0/24", "5.4.0.0/24"]
    assert ipwld.ask("learn", "reject", NAME)["changed"] == 1
    assert entries(ipwld) == [] and domains(ipwld) == []


def test_a_domain_without_a_record(ipwld, zone):
    """That is nobody's fault."""
    zone.put(NAME, A="5.9.0.1")
    begin(ipwld, zone, "  mode: auto\n")
    assert domain(ipwld)["last_fetch"]["result"] == "failed"
    assert ipwld.status()["domains"] == {"count": 1, "held": [], "missing": [], "gone": []}
    assert ipwld.metric("ipwl_domains", state="absent") == 1
    assert "warning: domains" not in ipwld.words()


# ---- shared providers -----------------------------------------------------------------

def sees_shared(ipwld):
    """A block list rejects an address of the provider that the partner uses; then the partner's
    mail comes from it. What becomes of the address after each."""
    states = []
    for kind in "listed", "ham":
        see(ipwld, kind, SHARED, NAME)
        see(ipwld, "listed", POOL)
        see(ipwld, "reply", STRANGER)
        # What comes later has been judged then.
        wait_for(lambda: state(ipwld, STRANGER), "the review")
        states.append(state(ipwld, SHARED))
        ipwld.ask("learn", "forget", "--yes", STRANGER)
    assert state(ipwld, POOL) == "active"
    return states


def spf_of(ipwld, address):
    return [(item["domain"], item["shared"]) for item in ipwld.ask("explain", address)["spf"]]


def test_shared_evidenced(ipwld, zone):
    begin(ipwld, zone, "  mode: auto\n  rules: [spf, reply]\n")
    assert spf_of(ipwld, SHARED) == [(NAME, True)] and spf_of(ipwld, POOL) == [(NAME, False)]
    assert sees_shared(ipwld) == [None, "active"]
    assert learned(ipwld, SHARED)["rule"] == "spf"
    ipwld.ask("learn", "accept", NAME)
    assert [prefix for prefix, source, _ in entries(ipwld) if source == "domain"] == ["5.1.0.0/24"]


def test_shared_all(ipwld, zone):
    begin(ipwld, zone, "  mode: auto\n  rules: [spf, reply]\n  partner: {shared: all}\n")
    assert sees_shared(ipwld) == ["active", "active"]
    ipwld.ask("learn", "accept", NAME)
    assert [prefix for prefix, source, _ in entries(ipwld) if source == "domain"] \
        == ["5.1.0.0/24", "5.8.0.0/16"]


def test_shared_never(ipwld, zone):
    begin(ipwld, zone, "  mode: auto\n  rules: [spf, reply]\n  partner: {shared: never}\n")
    assert spf_of(ipwld, SHARED) == []
    assert sees_shared(ipwld) == [None, None]


# ---- a pool ---------------------------------------------------------------------------

class Site:
    """A real postscreen with a real block list, which has all of the senders."""

    def __init__(self, lab, ipwld, postfix_files):
        top = netns.temporary_directory()
        self.export = ipwld.top / "export"
        self.export.mkdir()
        # Postfix wants the file when it starts.
        (self.export / "allow.cidr").touch()
        block_list = peers.Peer(lab.mx, peers.unpack(CACHE, "rbldnsd"), top / "rbldnsd", ["rbldns"])
        zone = block_list.write("block", "5.0.0.0/8\n")
        block_list.start("rbldnsd", "-n", "-u", "rbldns", "-b", "127.0.0.1/53",
                         f"{BLOCK_ZONE}:ip4trie:{zone}")
        wait_for(lambda: consumers.is_in_zone(lab, BLOCK_ZONE, POOL), "rbldnsd answers")
        self.postfix = mta.Postscreen(
            lab.mx, postfix_files, top / "postfix", BLOCK_ZONE,
            f"postscreen_access_list = cidr:{self.export}/allow.cidr\n"
            "postscreen_dnsbl_min_ttl = 1s\npostscreen_dnsbl_max_ttl = 1s\n")
        self.postfix.log.touch(mode=0o644)
        self.postfix.start()
        self.host = lab.add_sender(laboratory.Sender("pool", POOL, "2a00:99:20::7", ""))
        lab.address(self.host, "eth0", OTHER_OF_POOL, STRANGER)
        consumers.run_after(ipwld, "allow.cidr", "kill", "-HUP", self.postfix.master_pid())

    def exports(self, ipwld):
        return (f"exports:\n  - {{format: postfix-cidr, path: {self.export}/allow.cidr, "
                f"after: [{ipwld.top}/after-allow.cidr]}}\n")

    def code(self, source):
        return consumers.attempt(self.host, source)[0]


@pytest.fixture(name="site")
def _site(lab, ipwld, postfix_files):
    site = Site(lab, ipwld, postfix_files)
    yield site
    print(site.postfix.words())


def test_a_new_address_is_suggested(ipwld, zone, site):
    begin(ipwld, zone, RULES.format(log=site.postfix.log), site.exports(ipwld))
    assert (site.code(POOL), site.code(STRANGER)) == (550, 550)
    wait_for(lambda: state(ipwld, POOL) == "candidate", "the suggestion")
    assert learned(ipwld, POOL)["domain"] == NAME
    assert "a block list rejected it" in learned(ipwld, POOL)["why"]
    assert site.code(POOL) == 550 and entries(ipwld) == []
    ipwld.ask("learn", "accept", POOL)
    wait_for(lambda: site.code(POOL) == 250, "the retry passes")
    assert state(ipwld, STRANGER) is None and site.code(STRANGER) == 550


def test_a_new_address_is_put_in_force(ipwld, zone, site):
    begin(ipwld, zone, "  mode: auto\n" + RULES.format(log=site.postfix.log), site.exports(ipwld))
    assert (site.code(POOL), site.code(STRANGER)) == (550, 550)
    wait_for(lambda: site.code(POOL) == 250, "the retry passes")
    assert entries(ipwld) == [(f"{POOL}/32", "learned", "spf")]
    assert state(ipwld, STRANGER) is None and site.code(STRANGER) == 550
    # The whole pool, once its domain is in force: without a first reject.
    ipwld.ask("learn", "accept", NAME)
    wait_for(lambda: site.code(OTHER_OF_POOL) == 250, "the pool passes")
