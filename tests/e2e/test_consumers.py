# SPDX-License-Identifier: GPL-2.0-or-later
"""Exported lists in the programs that they are for, each of Debian, with the very
snippets of contrib/."""

import json
import re

import pytest

import consumers
import daemon
import mta
import netns
import peers
from consumers import CROWD_ALLOWED, CROWD_OTHER, EXPORTED, NEIGHBOURS
from lab import wait_for

CACHE = daemon.ROOT / "build/peers"


@pytest.fixture(name="directory")
def _directory(ipwld):
    return consumers.start(ipwld)


@pytest.fixture(name="top")
def _top():
    return netns.temporary_directory()


@pytest.fixture(name="rbldnsd")
def _rbldnsd(lab, directory, top):
    rbldnsd = consumers.start_rbldnsd(lab, CACHE, top / "rbldnsd", directory)
    yield rbldnsd
    print(rbldnsd.words())


# ---- rbldnsd -------------------------------------------------------------------------

@pytest.mark.usefixtures("rbldnsd")
def test_rbldnsd_answers_by_the_zones(lab, ipwld):
    for address in EXPORTED + NEIGHBOURS:
        assert consumers.is_in_zone(lab, consumers.DROP_ZONE, address), address
        assert consumers.is_in_zone(lab, consumers.ALLOW_ZONE, address) == (address in EXPORTED)
    ipwld.ctl("add", "--list", "partners", NEIGHBOURS[1])
    wait_for(lambda: consumers.is_in_zone(lab, consumers.ALLOW_ZONE, NEIGHBOURS[1]),
             "rbldnsd has the new zone")


# ---- Postfix -------------------------------------------------------------------------

@pytest.mark.usefixtures("rbldnsd")
def test_postscreen_passes_the_exported_and_rejects_their_neighbours(
        lab, ipwld, directory, top, postfix_files):
    postfix = mta.Postscreen(lab.mx, postfix_files, top / "postfix", consumers.DROP_ZONE,
                             consumers.snippet("postfix-postscreen.cf", directory))
    postfix.start()
    host = consumers.add_senders(lab)
    replies = consumers.attempts(host)
    print(postfix.words())
    for address in EXPORTED:
        assert replies[address][0] == 250, (address, replies)
    for address in NEIGHBOURS:
        code, text = replies[address]
        assert code == 550 and f"blocked using {consumers.DROP_ZONE}" in text, (address, replies)
    consumers.check_crowd(host, takes_others=False)
    consumers.run_after(ipwld, "allow.cidr", "kill", "-HUP", postfix.master_pid())
    ipwld.ctl("add", "--list", "partners", NEIGHBOURS[3])
    wait_for(lambda: consumers.attempt(host, NEIGHBOURS[3])[0] == 250, "Postfix follows")
    assert consumers.attempt(host, NEIGHBOURS[1])[0] == 550
    # Whoever passes postscreen still cannot relay.
    assert "reject_unauth_destination" in (postfix.top / "config/main.cf").read_text()


# ---- rspamd --------------------------------------------------------------------------

MESSAGE = """\
Received: from sender.test (sender.test [{literal}])
\tby mx.test (Postfix) with ESMTP id 4711 for <inbox@mx.test>;
\tTue, 24 Nov 2026 05:00:00 +0000 (UTC)
From: Sender <from@sender.test>
To: inbox@mx.test
Subject: hello
Date: Tue, 24 Nov 2026 05:00:00 +0000
Message-ID: <{number}@sender.test>

Hello.
"""


def test_rspamd_gives_symbol_and_score(lab, ipwld, directory, top):
    rspamd = peers.Peer(lab.mx, peers.unpack(CACHE, "rspamd"), top / "rspamd",
                        directories=["/run/rspamd", "/var/lib/rspamd", "/var/log/rspamd"])
    rspamd.write("etc/rspamd/local.d/multimap.conf",
                 consumers.snippet("rspamd-multimap.conf", directory))
    rspamd.write("etc/rspamd/local.d/logging.inc", "type = \"console\";\n")
    # Nobody answers: it shall not wait for that.
    rspamd.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    rspamd.write("etc/rspamd/local.d/options.inc", "dns { timeout = 20ms; retransmits = 1; }\n")
    rspamd.start("rspamd", "-f", "-i", "-u", "root", "-g", "root")

    def scan(address):
        assert rspamd.process.poll() is None, rspamd.words()
        result = lab.mx.run("curl", "-s", "-H", f"IP: {address}", "--data-binary", "@-",
                            "http://127.0.0.1:11333/checkv2", check=False,
                            input=MESSAGE.format(literal=address, number=1))
        return json.loads(result.stdout)["symbols"] if result.returncode == 0 else None

    try:
        wait_for(lambda: scan(NEIGHBOURS[0]), "rspamd answers", 0.2)
        for address in EXPORTED + CROWD_ALLOWED:
            assert scan(address)["IPWL_ALLOW"]["score"] == -5.0, address
        for address in NEIGHBOURS + CROWD_OTHER:
            assert "IPWL_ALLOW" not in scan(address), address
    finally:
        print(rspamd.words()[-4000:])


# ---- SpamAssassin --------------------------------------------------------------------

def hits_by_address(spamassassin, rule):
    """The senders whose mail hits the rule, by one run over all."""
    sources = EXPORTED + NEIGHBOURS + CROWD_ALLOWED + CROWD_OTHER
    mbox = "".join("From sender Tue Nov 24 05:00:00 2026\n" + MESSAGE.format(
        literal=f"IPv6:{source}" if ":" in source else source, number=number) + "\n"
                   for number, source in enumerate(sources))
    result = spamassassin.run("spamassassin", "-t", "-x", "--mbox", input=mbox)
    print(result.stderr)
    found = {}
    for mail in re.split(r"^From ", result.stdout, flags=re.M)[1:]:
        number = int(re.search(r"<(\d+)@sender\.test>", mail)[1])
        status = re.search(r"^X-Spam-Status: (.*?)^\S", mail, re.M | re.S)[1]
        found[sources[number]] = rule in re.split(r"[\s,=]+", status)
    assert set(found) == set(sources), result.stdout
    return {source for source, is_hit in found.items() if is_hit}


@pytest.mark.usefixtures("rbldnsd")
def test_spamassassin_scores_by_the_zone(lab, ipwld, directory, top):
    spamassassin = peers.Peer(lab.mx, peers.unpack(CACHE, "spamassassin"), top / "spamassassin")
    spamassassin.write("etc/spamassassin/ipwl.cf", consumers.snippet("spamassassin.cf", directory))
    spamassassin.write("etc/spamassassin/local.cf",
                       "dns_server 127.0.0.1\ndns_available yes\nuse_bayes 0\nuse_auto_welcomelist 0\n")
    spamassassin.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    assert hits_by_address(spamassassin, "RCVD_IN_IPWL") == set(EXPORTED + CROWD_ALLOWED)


def test_spamassassin_trusts_the_networks(lab, ipwld, directory, top):
    """The other way: relays of one's own, by the file of trusted_networks."""
    spamassassin = peers.Peer(lab.mx, peers.unpack(CACHE, "spamassassin"), top / "spamassassin")
    spamassassin.write("etc/spamassassin/local.cf",
                       f"include {directory}/allow.cf\ndns_available no\nuse_bayes 0\n")
    assert hits_by_address(spamassassin, "ALL_TRUSTED") == set(EXPORTED + CROWD_ALLOWED)


# ---- Exim ----------------------------------------------------------------------------

EXIM = """\
primary_hostname = mx.test
exim_user = root
exim_group = root
spool_directory = /var/spool/exim4
log_file_path = /var/log/exim4-%slog
tls_advertise_hosts =
host_lookup =
local_interfaces = <; 0.0.0.0 ; ::0
acl_smtp_rcpt = acl_check_rcpt
smtp_accept_max = 100
{main}
begin acl
acl_check_rcpt:
deny domains = ! mx.test
     message = relaying is denied
{acl}
accept
begin routers
drop:
  driver = redirect
  data = :blackhole:
"""


@pytest.mark.usefixtures("rbldnsd")
def test_exim_decides_by_the_file(lab, ipwld, directory, top):
    exim = peers.Peer(lab.mx, peers.unpack(CACHE, "exim4-daemon-light", "exim4-base"),
                      top / "exim", ["Debian-exim"], ["/var/spool/exim4"])
    exim.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    exim.write("etc/exim4/exim4.conf", EXIM.format(
        main=consumers.snippet("exim4-main.conf", directory),
        acl=consumers.snippet("exim4-acl.conf", directory)))
    exim.start("exim4", "-C", "/etc/exim4/exim4.conf", "-bdf", "-oX", "25", "-oP", "/run/exim.pid")
    consumers.await_smtp(lab, exim)
    host = consumers.add_senders(lab)
    replies = consumers.attempts(host)
    print(exim.words())
    check_listed(replies, NEIGHBOURS)
    consumers.check_crowd(host, takes_others=False)
    # It reads the file with each connection.
    assert ipwld.ctl("add", "--list", "partners", NEIGHBOURS[3]).returncode == 0
    wait_for(lambda: consumers.attempt(host, NEIGHBOURS[3])[0] == 250, "Exim follows")


def check_listed(replies, rejected):
    for address, reply in replies.items():
        assert reply and reply[0] == (550 if address in rejected else 250), (address, replies)


# ---- OpenSMTPD -----------------------------------------------------------------------

OPENSMTPD = """\
{snippet}
table anyone {{ "@" = nobody }}
filter no_rdns phase connect match !rdns disconnect "550 no name for your address"
filter mail chain {{ ipwl_allow, no_rdns }}
listen on 0.0.0.0 filter mail
listen on :: filter mail
action drop maildir "/var/mail/drop" virtual <anyone>
match from any for domain "mx.test" action drop
"""


def test_opensmtpd_decides_by_the_file(lab, ipwld, directory, top):
    smtpd = peers.Peer(lab.mx, peers.unpack(CACHE, "opensmtpd"), top / "smtpd",
                       ["opensmtpd", "opensmtpq"], ["/run/opensmtpd", "/var/lib/opensmtpd/empty"])
    smtpd.write("etc/resolv.conf", "nameserver 127.0.0.1\n")
    smtpd.write("etc/smtpd.conf", OPENSMTPD.format(
        snippet=consumers.snippet("opensmtpd.conf", directory)))
    smtpd.start("smtpd", "-d")
    try:
        consumers.await_smtp(lab, smtpd)
        host = consumers.add_senders(lab)
        check_listed(consumers.attempts(host), NEIGHBOURS)
        consumers.check_crowd(host, takes_others=False)
    finally:
        print(smtpd.words())


# ---- HAProxy -------------------------------------------------------------------------

HAPROXY = """\
defaults
	mode tcp
	timeout client 10s
	timeout server 10s
	timeout connect 5s
frontend mail
	bind 0.0.0.0:25
	bind :::25 v6only
{snippet}
	tcp-request connection reject
	default_backend mx
backend mx
	server mx 127.0.0.1:2525
"""


def test_haproxy_decides_by_the_file(lab, directory, top):
    haproxy = peers.Peer(lab.mx, peers.unpack(CACHE, "haproxy"), top / "haproxy")
    haproxy.write("etc/haproxy/haproxy.cfg", HAPROXY.format(
        snippet=consumers.snippet("haproxy.cfg", directory)))
    check = haproxy.run("haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
    assert "WARNING" not in check.stdout + check.stderr
    with consumers.banner(lab, 2525):
        haproxy.start("haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg")
        consumers.await_smtp(lab, haproxy)
        host = consumers.add_senders(lab)
        connected = {address for address in EXPORTED + NEIGHBOURS + CROWD_ALLOWED + CROWD_OTHER
                     if consumers.greeting(host, address)}
    print(haproxy.words())
    assert connected == set(EXPORTED) | set(CROWD_ALLOWED)


# ---- nftables ------------------------------------------------------------------------

def test_nftables_decides_by_the_sets(lab, ipwld, directory):
    rules = directory / "rules.nft"
    rules.write_text(consumers.snippet("nftables.conf", directory))
    lab.mx.run("nft", "-f", rules)
    consumers.run_after(ipwld, "allow.nft", "nft", "-f", directory / "allow.nft")
    host = consumers.add_senders(lab)
    with consumers.banner(lab, 25):
        # Many hosts that are in no list send a little each: all of them get through.
        for _ in range(3):
            for address in CROWD_OTHER:
                assert consumers.greeting(host, address), address
        for address in EXPORTED:
            assert all(consumers.greeting(host, address) for _ in range(40)), address
        # A host that sends much has only its own limit to blame.
        for address in NEIGHBOURS:
            answered = [bool(consumers.greeting(host, address, 0.5)) for _ in range(25)]
            assert all(answered[:20]) and not all(answered), (address, answered)
            wait_for(lambda source=address: not consumers.greeting(host, source, 0.5), address)
        for address in CROWD_OTHER:
            assert consumers.greeting(host, address), address
        assert ipwld.ctl("add", "--list", "partners", NEIGHBOURS[3]).returncode == 0
        wait_for(lambda: all(consumers.greeting(host, NEIGHBOURS[3], 2) for _ in range(10)),
                 "the new set")
        wait_for(lambda: not consumers.greeting(host, NEIGHBOURS[1], 0.5), "the limit")
    sets = json.loads(lab.mx.run("nft", "-j", "list", "table", "inet", "ipwl").stdout)
    assert {item["set"]["name"] for item in sets["nftables"] if "set" in item} == \
        {"allow4", "allow6", "rate4", "rate6"}


# ---- ipset ---------------------------------------------------------------------------

def test_ipset_decides_by_the_sets(lab, ipwld, directory):
    restore = "ipset", "restore", "-file", directory / "allow.ipset"
    lab.mx.run(*restore)
    rules = directory / "rules"
    rules.write_text(consumers.snippet("ipset.conf", directory))
    lab.mx.run("iptables-restore", "--test", rules)
    consumers.run_after(ipwld, "allow.ipset", *restore)

    def members():
        return {address for address in EXPORTED + NEIGHBOURS + CROWD_ALLOWED + CROWD_OTHER
                if lab.mx.run("ipset", "test", f"ipwl-allow{6 if ':' in address else 4}", address,
                              check=False).returncode == 0}

    assert members() == {*EXPORTED, *CROWD_ALLOWED}
    # Exclusions, and sets that are in use while they are replaced.
    lab.mx.run("iptables-restore", rules)
    assert ipwld.ctl("add", "--list", "partners", NEIGHBOURS[1]).returncode == 0
    wait_for(lambda: members() == {*EXPORTED, *CROWD_ALLOWED, NEIGHBOURS[1]}, "the new set")
    # What the kernel has is what ipwl reads.
    for family in "4", "6":
        saved = ipwld.top / f"saved{family}"
        saved.write_text(lab.mx.run("ipset", "save", f"ipwl-allow{family}").stdout)
        done = ipwld.ctl("import", "--list", "partners", "--dry-run", saved)
        assert done.returncode == 0 and "ipset" in done.stdout, done
    assert lab.mx.run("ipset", "list", "-n").stdout.split() == ["ipwl-allow4", "ipwl-allow6"]


# ---- all -----------------------------------------------------------------------------

def test_every_snippet_is_here():
    """Another test has each of these files in the program that it is for."""
    tests = (daemon.ROOT / "tests/e2e/test_consumers.py").read_text(encoding="utf-8")
    others = {"60-ipwl.conf",                         # test_marks, test_contrib
              "rspamd-metadata-exporter.conf",        # test_rspamd
              "fail2ban-ipwl.conf",                   # test_seen
              "fail2ban-action.conf",                 # test_fail2ban
              "crowdsec.yml",                         # test_crowdsec
              "postfix-lane.cf",                      # test_lane_postfix
              "bird.conf", "openbgpd.conf", "exabgp.conf", "frr-bgp.conf",  # test_bgp
              "nginx-export.conf",                    # test_pull
              "redis.conf",                           # test_redis_contrib
              "opensmtpd-lane.conf", "haproxy-lane.cfg",  # test_lane_servers
              "prometheus.yml", "ipwl-alerts.yml", "ipwl-recording.yml"}  # test_contrib
    for path in (daemon.ROOT / "contrib").iterdir():
        if path.is_file() and path.name not in others:
            assert f'snippet("{path.name}", directory)' in tests, path
