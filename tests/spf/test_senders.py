# SPDX-License-Identifier: GPL-2.0-or-later
"""Records in the forms that large senders publish, rebuilt by hand: chains of includes, broad
networks, macros, and a partner's record that uses them."""
import ipaddress

import pytest
from zones import Zone, expand_all

SHORTEST = (16, 32)     # the defaults

RECORDS = {
    # A redirect, and an include for each part.
    "google.test": "v=spf1 include:_netblocks.google.test include:_netblocks2.google.test "
                   "include:_netblocks3.google.test ~all",
    "gmail.test": "v=spf1 redirect=google.test",
    "_netblocks.google.test":
        "v=spf1 ip4:35.190.247.0/24 ip4:64.233.160.0/19 ip4:66.102.0.0/20 ip4:66.249.80.0/20 "
        "ip4:72.14.192.0/18 ip4:74.125.0.0/16 ip4:108.177.8.0/21 ip4:173.194.0.0/16 "
        "ip4:209.85.128.0/17 ip4:216.58.192.0/19 ip4:216.239.32.0/19 ~all",
    "_netblocks2.google.test":
        "v=spf1 ip6:2001:4860:4000::/36 ip6:2404:6800:4000::/36 ip6:2607:f8b0:4000::/36 "
        "ip6:2800:3f0:4000::/36 ip6:2a00:1450:4000::/36 ip6:2c0f:fb50:4000::/36 ~all",
    "_netblocks3.google.test":
        "v=spf1 ip4:172.217.0.0/19 ip4:172.253.56.0/21 ip4:108.177.96.0/19 ip4:35.191.0.0/16 "
        "ip4:130.211.0.0/22 ~all",
    # Both families in one record.
    "protection.test": "v=spf1 ip4:40.92.0.0/15 ip4:40.107.0.0/16 ip4:52.100.0.0/15 "
                       "ip4:104.47.0.0/17 ip6:2a01:111:f400::/48 ip6:2a01:111:f403::/49 -all",
    "grid.test": "v=spf1 ip4:167.89.0.0/17 ip4:208.117.48.0/20 ip4:50.31.32.0/19 "
                 "ip4:198.37.144.0/20 ip4:149.72.0.0/16 ~all",
    # The whole record asks for each address.
    "sales.test": "v=spf1 exists:%{i}._spf.mta.sales.test -all",
    "agent.test": "v=spf1 include:%{ir}.%{v}.%{d}.spf.has.agent.test ~all",
    # A provider that vouches for nobody.
    "neutral.test": "v=spf1 ip4:205.201.128.0/20 ?all",
    "exchange.test": "v=spf1 mx a:relay.exchange.test/28 ?include:neutral.test -all",
}


@pytest.fixture(name="zone")
def fixture_zone():
    zone = Zone()
    for name, text in RECORDS.items():
        zone.add(name, "TXT", text.encode())
    zone.add("exchange.test", "MX", (10, "mail.exchange.test"))
    zone.add("mail.exchange.test", "A", "185.1.1.1")
    zone.add("mail.exchange.test", "AAAA", "2a0a::1")
    zone.add("relay.exchange.test", "A", "185.1.2.18")
    return zone


def expand(zone, text):
    zone.add("partner.test", "TXT", text.encode())
    result, = expand_all([(zone, "partner.test", *SHORTEST)])
    return result


def count(networks):
    return sum(network.num_addresses for network in networks)


def texts(result, family):
    return [str(network) for network in result.networks[family]]


def test_chain_of_includes(zone):
    result = expand(zone, "v=spf1 include:google.test -all")
    networks = [ipaddress.ip_network(term[4:])
                for name in ("_netblocks.google.test", "_netblocks3.google.test")
                for term in RECORDS[name].split() if term.startswith("ip4:")]
    assert result.networks[4] == sorted(networks)
    assert len(result.networks[6]) == 6 and all(result.is_complete.values())
    assert result.lines[3:5] == ["ipv4 ok 4 0 complete", "ipv6 ok 4 0 complete"]


def test_redirect(zone):
    whole = expand(zone, "v=spf1 include:google.test -all")
    zone.records["partner.test"] = []
    assert expand(zone, "v=spf1 redirect=gmail.test").networks == whole.networks


def test_broad_networks_are_left_out(zone):
    """Two networks of /15."""
    result = expand(zone, "v=spf1 include:protection.test -all")
    assert texts(result, 4) == ["40.107.0.0/16", "104.47.0.0/17"]
    assert texts(result, 6) == ["2a01:111:f400::/48", "2a01:111:f403::/49"]
    assert (result.is_complete[4], result.is_complete[6]) == (False, True)


def test_broad_networks_still_refuse(zone):
    """A broad network that must not pass is no network that is left out."""
    result = expand(zone, "v=spf1 -include:protection.test ip4:40.92.0.0/24 ip4:9.9.9.9 -all")
    assert texts(result, 4) == ["9.9.9.9/32"]


def test_the_largest_networks_count(zone):
    assert count(expand(zone, "v=spf1 include:grid.test -all").networks[4]) \
        == 2 ** 15 + 2 ** 12 + 2 ** 13 + 2 ** 12 + 2 ** 16


def test_what_cannot_be_listed(zone):
    """The query of `exists` leaves what comes after it; an include with a macro may be an
    error, so nothing after it is certain."""
    result = expand(zone, "v=spf1 ip4:9.9.9.9 include:sales.test ip4:8.8.8.8 "
                          "include:agent.test ip4:7.7.7.7 -all")
    assert texts(result, 4) == ["8.8.8.8/32", "9.9.9.9/32"]
    assert result.status[4] == "ok" and not result.is_complete[4]


def test_neutral_is_no_pass(zone):
    result = expand(zone, "v=spf1 include:exchange.test include:neutral.test -all")
    assert texts(result, 4) == ["185.1.1.1/32", "185.1.2.16/28", "205.201.128.0/20"]
    assert texts(result, 6) == ["2a0a::1/128"]


def test_more_than_ten_lookups(zone):
    """What a check finds before the eleventh remains."""
    result = expand(zone, "v=spf1 include:google.test include:gmail.test include:exchange.test "
                          "ip4:9.9.9.9 -all")
    assert result.status[4] == "permanent" and "10 terms" in result.message[4]
    assert "185.1.1.1/32" not in texts(result, 4) and "9.9.9.9/32" not in texts(result, 4)
    assert "74.125.0.0/16" in texts(result, 4)


def test_everything(zone):
    result = expand(zone, "v=spf1 +all")
    assert not result.networks[4] and not result.networks[6]
    assert "too-wide too-wide +all" in " ".join(result.lines)
