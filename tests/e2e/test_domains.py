# SPDX-License-Identifier: GPL-2.0-or-later
"""Domains of allow lists, asked by ipwl-resolve from a name server of the test: whatever DNS
says or does not say, the last good addresses stay in force."""

import frames
import netns
import pytest
from daemon import DONE, DROP, NEGATIVE, PARTNERS, ROOT
from lab import wait_for
from nameserver import NXDOMAIN, SERVFAIL, NameServer, code, hang
from resolvers import Validator
from test_simulate import EN10MB, simulate, write

SPF = "spf:partner.example"
RECORD = "v=spf1 ip4:5.1.0.0/24 include:spf.mail.example a:mail.partner.example -all"
INCLUDED = "v=spf1 ip4:5.2.0.0/24 ip6:2620:fe:1::/48 ~all"
PREFIXES = ["5.1.0.0/24", "5.2.0.0/24", "5.3.0.1/32", "2620:fe:1::/48"]


def configure(ipwld, zone, *domains, resolver="timeout: 5s"):
    lines = "".join(f"      - {domain}\n" for domain in domains)
    ipwld.configure(lists=PARTNERS + (f"    domains:\n{lines}" if domains else "") + DROP,
                    extra=f"resolver: {{servers: ['{zone.address}'], {resolver}}}\n")


def domain_of(ipwld, name=SPF):
    found, = [item for item in ipwld.ask("domains")["domains"] if item["name"] == name]
    return found


def entries(ipwld):
    _, answer = ipwld.request("GET", "/v1/entries?source=domain")
    return [entry["prefix"] for entry in answer["entries"]]


def refresh(ipwld, result, name=SPF):
    answer = ipwld.ask("domains", "refresh", name,
                       status=DONE if result in ("new", "unchanged") else NEGATIVE)
    found, = answer["domains"]
    assert found["last_fetch"]["result"] == result, found
    return found


@pytest.fixture(name="zone")
def _zone(lab):
    zone = NameServer(namespace=lab.mx)
    zone.put("partner.example", TXT=[RECORD, "another text"], A="5.9.0.1")
    zone.put("spf.mail.example", TXT=INCLUDED)
    zone.put("mail.partner.example", A="5.3.0.1")
    return zone


@pytest.fixture(name="one")
def _one(ipwld, zone):
    configure(ipwld, zone, SPF)
    ipwld.start()
    wait_for(lambda: domain_of(ipwld)["last_fetch"], "the domain is refreshed")
    assert entries(ipwld) == PREFIXES
    return ipwld


def test_a_domain_decides(one, zone):
    found = domain_of(one)
    assert (found["list"], found["entries"], found["missing"], found["held"]) \
        == ("partners", 4, [], None)
    tested, = one.ask("test", "5.2.0.7")["results"]
    assert tested["verdict"] == "allow"
    entry, = tested["entries"]
    assert (entry["source"], entry["origin"], entry["reason"]) \
        == ("domain", SPF, "ip4:5.2.0.0/24 in the record of spf.mail.example")
    zone.put("mail.partner.example", A=["5.3.0.2", "5.3.0.3"])
    refresh(one, "new")
    assert "5.3.0.1/32" not in entries(one) and "5.3.0.3/32" in entries(one)
    record = one.ask("history")["records"][0]
    assert (record["event"], record["origin"], record["added"], record["removed"]) \
        == ("domain", SPF, 2, 1)
    refresh(one, "unchanged")
    metrics = one.metrics_text()
    assert 'ipwl_domains{state="fresh"} 1\n' in metrics and "partner.example" not in metrics


def test_a_host(ipwld, zone):
    configure(ipwld, zone, "mail.partner.example")
    zone.put("mail.partner.example", A=["5.3.0.1"], AAAA=["2620:fe:2::1"])
    ipwld.start()
    wait_for(lambda: domain_of(ipwld, "mail.partner.example")["entries"], "the host is known")
    assert entries(ipwld) == ["5.3.0.1/32", "2620:fe:2::1/128"]
    assert not zone.asked("partner.example")


@pytest.mark.parametrize("how", [code(SERVFAIL), hang, "v=spf1 ip4:5.1.0.0/33 -all",
                                 ["v=spf1 -all", "v=spf1 +all"]])
def test_the_last_good_set_stays(one, zone, how):
    if callable(how):
        zone.behaviours["partner.example"] = how
    else:
        zone.put("partner.example", TXT=how)
    refresh(one, "failed")
    assert entries(one) == PREFIXES
    one.stop()
    one.start()
    assert entries(one) == PREFIXES
    zone.put("partner.example", TXT="v=spf1 ip4:5.1.0.0/24 ip4:5.4.0.0/24 -all")
    refresh(one, "new")
    assert entries(one) == ["5.1.0.0/24", "5.4.0.0/24"]


def test_an_include_fails(one, zone):
    zone.behaviours["spf.mail.example"] = code(SERVFAIL)
    refresh(one, "failed")
    assert entries(one) == PREFIXES


def test_without_a_resolver(one, zone):
    zone.stop()
    found = refresh(one, "failed")
    assert found["last_fetch"]["message"]
    assert entries(one) == PREFIXES


def test_gone(one, zone):
    zone.behaviours["partner.example"] = code(NXDOMAIN)
    for _ in range(6):
        found = refresh(one, "failed")
    assert "does not exist" in found["last_fetch"]["message"]
    assert found["gone_since"] and entries(one) == PREFIXES
    assert 'ipwl_domains{state="gone"} 1\n' in one.metrics_text()
    assert one.status()["domains"] == {"count": 1, "held": [], "missing": [], "gone": [SPF]}
    zone.put("partner.example", TXT=RECORD)
    assert refresh(one, "unchanged")["gone_since"] is None


def test_held_and_accepted(one, zone):
    zone.put("partner.example", TXT="v=spf1 -all")
    found = refresh(one, "held")
    assert found["held"]["entries"] == 0 and "may_be_empty" in found["held"]["reasons"][0]
    assert entries(one) == PREFIXES
    diff = one.ask("domains", "diff", SPF)
    assert (diff["added_count"], sorted(diff["removed"])) == (0, sorted(PREFIXES))
    answer = one.ask("domains", "accept", SPF)
    assert (answer["removed"], answer["domain"]["entries"]) == (4, 0)
    assert entries(one) == []


def test_too_wide_and_reserved(one, zone):
    zone.put("partner.example", TXT="v=spf1 ip4:5.1.0.0/24 ip4:5.0.0.0/8 ip4:10.0.0.1 "
                                    "exists:%{i}.x.example ip4:5.2.0.0/24 ?ip4:5.6.0.0/24 -all")
    found = refresh(one, "new")
    assert entries(one) == ["5.1.0.0/24", "5.2.0.0/24"]
    missing = "\n".join(found["missing"])
    for term in "ip4:5.0.0.0/8", "ip4:10.0.0.1", "exists:%{i}.x.example":
        assert term in missing
    assert 'ipwl_domains{state="incomplete"} 1\n' in one.metrics_text()


def test_the_ttl_decides(ipwld, zone):
    """Within its bounds, here of a minute and an hour."""
    zone.ttl = 30
    configure(ipwld, zone, f"{{{{name: '{SPF}', min_refresh: 1h, max_refresh: 2h}}}}",
              "mail.partner.example")
    ipwld.start()
    wait_for(lambda: all(item["last_fetch"] for item in ipwld.ask("domains")["domains"]), "fetched")
    first, second = ipwld.ask("domains")["domains"]
    assert first["next_fetch_at"] > second["next_fetch_at"]


def test_reload(one, zone):
    configure(one, zone, "mail.partner.example")
    assert SPF in one.ctl("diff").stdout
    one.ask("reload", "--accept")
    assert [item["name"] for item in one.ask("domains")["domains"]] == ["mail.partner.example"]
    wait_for(lambda: entries(one) == ["5.3.0.1/32"], "the new domain is expanded")
    # Its set is still on the disk.
    zone.stop()
    configure(one, zone, "mail.partner.example", SPF)
    one.ask("reload")
    assert set(PREFIXES) <= set(entries(one))


def test_a_damaged_copy(one):
    one.stop()
    copy = one.state / "domains" / f"{SPF}.copy"
    copy.write_bytes(copy.read_bytes()[:-3])
    one.start()
    wait_for(lambda: entries(one) == PREFIXES, "it is asked for again")
    wait_for(lambda: one.status()["suspended"] is None, "enforcement resumes")


def test_a_flood_of_records(one, zone):
    """Each record includes two others."""
    for i in range(40):
        zone.put(f"n{i}.example",
                 TXT=f"v=spf1 include:n{2 * i + 1}.example include:n{2 * i + 2}.example ip4:5.7.0.{i}")
    zone.put("partner.example", TXT="v=spf1 ip4:5.1.0.0/24 include:n0.example -all")
    one.ctl("domains", "refresh", SPF)
    assert "5.1.0.0/24" in entries(one)
    assert len(zone.queries) < 300


def test_a_shared_provider(one, zone):
    """Its customers do not vouch for each other."""
    zone.put("_spf.google.com", TXT="v=spf1 include:_netblocks.google.com ~all")
    zone.put("_netblocks.google.com", TXT="v=spf1 ip4:5.8.0.0/16 ~all")
    zone.put("partner.example", TXT="v=spf1 ip4:5.1.0.0/24 ip4:5.2.0.0/24 include:_spf.google.com -all")
    found = refresh(one, "new")
    assert entries(one) == ["5.1.0.0/24", "5.2.0.0/24"]
    assert found["missing"] == ["1 network of shared providers: _spf.google.com _netblocks.google.com"]
    configure(one, zone, f"{{{{name: '{SPF}', shared: all}}}}")
    one.ask("reload")
    assert entries(one) == ["5.1.0.0/24", "5.2.0.0/24", "5.8.0.0/16"]


def test_simulate_knows_them(one, wire):
    """It judges by the tables in force, also without ipwld: they have the entries of all
    sources."""
    one.ask("add", "--list", "partners", "5.9.0.9", "--reason", "x")
    capture = write(one.top / "capture.pcap", EN10MB, [
        frames.tcp(wire, source) for source in ("5.2.0.7", "5.9.0.9", "5.9.0.8")])
    for is_running in True, False:
        if not is_running:
            one.stop()
        found = {row["address"]: row["verdict"] for row in simulate(one, capture)["sources"]}
        assert found == {"5.2.0.7": "allow", "5.9.0.9": "allow", "5.9.0.8": "unlisted"}


# ---- unbound and nsd -------------------------------------------------------------------

LONG = "v=spf1 " + " ".join(f"ip4:5.3.0.{2 * number}" for number in range(100)) + " -all"
SIGNED = f"""\
@ TXT "v=spf1 mx include:_spf.partner.test -all"
@ MX 10 mail
mail A 5.4.0.1
mail AAAA 2620:fe:4::1
_spf CNAME long
long TXT {" ".join(f'"{LONG[at:at + 200]}"' for at in range(0, len(LONG), 200))}
"""
BOGUS, DEAD, NONE, PLAIN = ("spf:bogus.test", "spf:dead.test", "spf:none.partner.test",
                            "spf:plain.test")


@pytest.fixture(name="validator")
def _validator(lab):
    return Validator(ROOT / "build/peers", netns.temporary_directory(), {
        "partner.test": (SIGNED, "signed"),
        "plain.test": ('@ TXT "v=spf1 ip4:5.5.0.0/24 -all"\n', "plain"),
        "bogus.test": ('@ TXT "v=spf1 ip4:5.6.0.0/24 -all"\n', "bogus"),
    }, dead="dead.test", namespace=lab.mx)


def test_a_validating_resolver(ipwld, validator):
    """A signed record of 1.8 kB over TCP, a zone that is not signed, one with a wrong signature,
    a server that is not there, and a name that does not exist."""
    names = "spf:partner.test", "mail.partner.test", PLAIN, BOGUS, DEAD, NONE
    configure(ipwld, validator, *names, resolver="timeout: 20s")
    ipwld.start()

    def results():
        found = {item["name"]: item for item in ipwld.ask("domains")["domains"]}
        for item in found.values():
            # unbound may not have been up.
            if not item["last_fetch"] or item["fetching"]:
                return None
        if found["spf:partner.test"]["last_fetch"]["result"] != "new":
            ipwld.ctl("domains", "refresh")
            return None
        return found

    found = wait_for(results, "all are refreshed")
    assert {name: (item["entries"], item["last_fetch"]["result"]) for name, item in found.items()} \
        == {"spf:partner.test": (102, "new"), "mail.partner.test": (2, "new"), PLAIN: (1, "new"),
            BOGUS: (0, "failed"), DEAD: (0, "failed"), NONE: (0, "failed")}
    assert "does not exist" in found[NONE]["last_fetch"]["message"]
    assert "does not exist" not in found[BOGUS]["last_fetch"]["message"]
    # Now only what is authenticated counts; what was taken before stays.
    configure(ipwld, validator, *names, resolver="timeout: 20s, require_ad: true")
    ipwld.ask("reload")
    refresh(ipwld, "unchanged", "spf:partner.test")
    found = refresh(ipwld, "failed", PLAIN)
    assert "AD" in found["last_fetch"]["message"] and found["entries"] == 1
    assert "5.5.0.0/24" in entries(ipwld)
