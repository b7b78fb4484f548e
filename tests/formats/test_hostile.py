# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of which a part would change the list if it were passed over: each is read whole or
refused with its line and column, in any format."""
import re

import pytest
from reader import ALLOW_ONLY, FORMATS, read_all

REFUSED = None
# What is put behind an address in any format.
BEHIND = (" /24", " to 192.0.2.255", " .. 192.0.2.255", " \u2013 192.0.2.255", " 255.255.255.0",
          " netmask 255.255.255.0", " 198.51.100.1", "/24/25", "/24 /25", ",198.51.100.1", "/33",
          "/255.255.0.255", "-198.51.100", " -198.51.100", "\u00a0/24", "x", "/ 24", "/24x")
# How a line of each format goes around it.
LINES = {
    "plain": "{}", "netset": "{}", "drop-text": "{} ; SBL1", "rspamd-map": "{} partner",
    "postfix-cidr": "{} permit", "spamassassin": "trusted_networks {}",
    "dnswl": "{};3;1;example.net;1", "rbldnsd": "{} :127.0.0.2:text",
    "drop-json": '{{"cidr":"{}","sblid":"SBL1"}}', "crowdsec-csv": "value,comment\n{},partner",
    "spamdb": "WHITE|{}|||1|2|9999999999|1|7", "exim": "{}: partner", "opensmtpd": "{}",
    "json": '{{"ip":"{}"}}', "csv": "ip,reason\n{},partner", "geofeed": "{},US,US-AL,Alabaster,",
    "ipset": "create s hash:net\nadd s {}", "nftables": "add element inet t s {{ {} }}",
    "iptables": "-A INPUT -s {} -j ACCEPT",
    "access": "{}\tOK", "clients": "{}", "nginx-geo": "{} 1;", "spf": "v=spf1 ip4:{} -all",
    "hosts-access": "ALL: {}", "http-access": "allow {};", "networks": "{}",
    "dshield": "{}\t192.0.2.255\t24\t1\tNAME\tXX\tx", "ipfilter": "{} - 192.0.2.255 , 200 , x",
    "p2p": "x:{}-192.0.2.255", "tcprules": "{}:allow", "dns-zone": "{} IN A 127.0.0.2",
    "csf": "{}", "mikrotik": "/ip firewall address-list\nadd list=s address={}"}
# Where the format knows what that is.
READ = {
    ("spamassassin", " 198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    # A second word is a second network there, and of two masks the last is none.
    ("crowdsec-csv", ",198.51.100.1"): REFUSED,
    ("rspamd-map", "/33"): {"192.0.2.0/32"},
    # An option that ipwl does not know: the rule is skipped.
    ("iptables", " -198.51.100"): set(),
    ("nftables", ",198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    ("hosts-access", " 198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    ("hosts-access", ",198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    ("networks", " /24"): {"192.0.2.0/24"},
    ("networks", " to 192.0.2.255"): {"192.0.2.0/24"},
    ("networks", " .. 192.0.2.255"): {"192.0.2.0/24"},
    ("networks", " \u2013 192.0.2.255"): {"192.0.2.0/24"},
    ("networks", " 255.255.255.0"): {"192.0.2.0/24"},
    ("networks", " netmask 255.255.255.0"): {"192.0.2.0/24"},
    ("networks", " 198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    ("networks", ",198.51.100.1"): {"192.0.2.0/32", "198.51.100.1/32"},
    ("spamassassin", " 255.255.255.0"): {"192.0.2.0/32", "255.255.255.0/32"},
}
# Lines of one format each; REFUSED, or all that it may hold.
OWN = (
    ("plain", "block", "192.0.2.0;192.0.2.255;Partner", REFUSED),
    ("plain", "block", "192.0.2.0;24", REFUSED),
    ("plain", "block", "192.0.2.1;allow", REFUSED),
    ("plain", "allow", "! 192.0.2.1", REFUSED),
    ("plain", "allow", "192.0.2.1 - 192.0.2.9 - 192.0.2.20", REFUSED),
    ("netset", "block", "192.0.2.9/24", {"192.0.2.0/24"}),
    ("netset", "block", "192.0.2.1 nomatch", REFUSED),
    ("postfix-cidr", "allow", "192.0.2.0 24 permit", REFUSED),
    ("postfix-cidr", "allow", "!192.0.2.0/24 permit", REFUSED),
    ("postfix-cidr", "allow", "192.0.2.1 ACCEPT", set()),
    ("postfix-cidr", "allow", "192.0.2.1 \"permit\"", REFUSED),
    ("postfix-cidr", "allow", "192.0.2.1 permit 198.51.100.1 permit", REFUSED),
    ("postfix-cidr", "allow", "192.0.2.1 permit\n 198.51.100.1 reject", REFUSED),
    ("postfix-cidr", "allow", "if 192.0.2.0/24\n192.0.2.1 permit", REFUSED),
    ("rspamd-map", "allow", "!192.0.2.1", REFUSED),
    ("rspamd-map", "allow", "192.0.2.1;x", REFUSED),
    ("spamassassin", "allow", "trusted_networks 192.0.2.1\nclear_trusted_networks", REFUSED),
    ("spamassassin", "allow", "trusted_networks 20%1:db8::/48", REFUSED),
    ("dnswl", "allow", "192.0.2.1;3;none;x;1", set()),
    ("dnswl", "allow", "127.0.0.255;3;hi;x;1", set()),
    ("dnswl", "allow", "192.0.2.1;3;4;x;1", REFUSED),
    ("dnswl", "allow", "192.0.2.1;3;1;x;1;more", REFUSED),
    ("rbldnsd", "allow", "192.0.2.1 :127.0.5.0:none", set()),
    ("rbldnsd", "allow", "192.0.2.1 :127.0.05.0:none", set()),
    ("rbldnsd", "block", "9.2.0.192 IN A 127.0.0.2", REFUSED),
    ("rbldnsd", "block", "$ORIGIN rbl.example.\n192.0.2.1", REFUSED),
    ("rbldnsd", "block", "192.0.2.1 :127.0.0:x", REFUSED),
    ("drop-json", "block", '{"cidr":"192.0.2.1","cidr":"192.0.2.2"}', REFUSED),
    ("drop-json", "block", '{"cidr":"192.0.2.0/24","prefixes":["192.0.3.0/24"]}', REFUSED),
    ("drop-json", "block", '{"cidr":["192.0.2.0/24"]}', REFUSED),
    ("crowdsec-csv", "block", "value,type\n192.0.2.1,captcha", set()),
    ("crowdsec-csv", "block", "value,scope\n192.0.2.1,country", set()),
    ("crowdsec-csv", "block", "value,simulated\n192.0.2.1,true", set()),
    ("crowdsec-csv", "allow", "value,type\n192.0.2.1,ban", set()),
    ("crowdsec-csv", "block", "value,verdict\n192.0.2.1,no", REFUSED),
    ("spamdb", "allow", "TRAPPED|192.0.2.1|1750000000", set()),
    ("spamdb", "allow", "WHITE|192.0.2.1", REFUSED),
    ("exim", "allow", "192.0.2.1: deny", REFUSED),
    ("exim", "allow", '192.0.2.1:allow,RBLSMTPD="-no"', REFUSED),
    ("exim", "allow", '"192.0.2.1', REFUSED),
    ("exim", "block", "192.0.2.1: allow", REFUSED),
    ("opensmtpd", "allow", "!192.0.2.1", REFUSED),
    ("opensmtpd", "allow", '"192.0.2.0" /24', REFUSED),
    ("opensmtpd", "allow", '"192.0.2.1', REFUSED),
    ("csv", "allow", "network,netmask\n192.0.2.0,255.255.255.0", REFUSED),
    ("csv", "allow", "start_ip,end_ip\n192.0.2.0,192.0.2.255", REFUSED),
    ("csv", "allow", "ip,network\n192.0.2.1,192.0.2.0/24", REFUSED),
    ("csv", "allow", "ip,reason\n192.0.2.1,a,b", REFUSED),
    ("csv", "allow", 'ip,reason\n"192.0.2.1,a', REFUSED),
    ("csv", "allow", "ip,reason\n192.0.2.1:25,a", REFUSED),
    ("csv", "allow", "ip,action\n192.0.2.1,deny", set()),
    ("csv", "block", "ip,action\n192.0.2.1,captcha", set()),
    ("csv", "block", "ip,simulated\n192.0.2.1,true", set()),
    ("csv", "block", "ip,reason\nCountry:XX,a\nIp:192.0.2.1,b", {"192.0.2.1/32"}),
    ("geofeed", "allow", "192.0.2.0/24,US,US-AL,Alabaster,,x", REFUSED),
    ("json", "allow", '["192.0.2.0/24","198.51.100.0 /24"]', REFUSED),
    ("json", "allow", '{"hooks":["192.0.2.0/24"],"web":["198.51.100.0 /24"]}', REFUSED),
    ("json", "allow", '{"ip":"192.0.2.1","except":["192.0.2.2"]}', REFUSED),
    ("json", "allow", '{"cidr":"192.0.2.0","prefixlen":24}', REFUSED),
    ("json", "allow", '{"network":"192.0.2.0","netmask":"255.255.255.0"}', REFUSED),
    ("json", "allow", '{"range":{"start":"192.0.2.0","end":"192.0.2.9"}}', REFUSED),
    ("json", "allow", '{"ip":"192.0.2.1"', REFUSED),
    ("json", "allow", '{"ip":"192.0.2.1","action":"deny"}', set()),
    ("json", "block", '{"ip":"192.0.2.1","type":"captcha"}', set()),
    ("json", "block", '{"ip":"192.0.2.1","isWhitelisted":true}', set()),
)


def check(request, read, expected):
    if expected is REFUSED:
        assert read.errors, (request, read)
        assert all(re.match(r"list:\d+(:\d+)?: ", error) for error in read.errors), (request, read)
    else:
        assert not read.errors and set(read.entries) == expected, (request, read)


@pytest.mark.parametrize("name", FORMATS)
def test_behind_an_address(name):
    requests = [(name, "allow", LINES[name].format("192.0.2.0" + behind) + "\n")
                for behind in BEHIND]
    for behind, request, read in zip(BEHIND, requests, read_all(requests), strict=True):
        check(request, read, READ.get((name, behind), REFUSED))


@pytest.mark.parametrize("name, action, line, expected", OWN)
def test_own(name, action, line, expected):
    request = (name, action, line + "\n")
    read, = read_all([request])
    check(request, read, expected)
    assert action == "allow" or name not in ALLOW_ONLY


def test_never_by_auto():
    """Nor does auto, for several such lines, list a single address of the network meant."""
    for behind in BEHIND:
        for name in FORMATS:
            head, _, line = LINES[name].rpartition("\n")
            lines = [line.format(f"192.0.{number}.0{behind}") for number in range(1, 5)]
            read, = read_all([("auto", "allow", "\n".join([head] * bool(head) + lines) + "\n")])
            expected = READ.get((name, behind), REFUSED)
            meant = {network.replace("192.0.2.0", f"192.0.{number}.0") for number in range(1, 5)
                     for network in READ.get(("networks", behind)) or ()}
            assert read.errors or expected is not REFUSED or \
                read.format == "networks" and set(read.entries) == meant, (name, behind, read)
