# SPDX-License-Identifier: GPL-2.0-or-later
"""Sets of nftables and ipset that ipwl takes over, with the programs of Debian."""

import time

from daemon import DONE, INVALID
from test_entries import when

NFT = """\
table inet filter {
	set blocked {
		type ipv4_addr
		flags interval,timeout
		elements = { 198.18.1.0/24 comment "a, whole } network", 198.18.0.16-198.18.0.18 timeout 2h,
			     198.18.0.9 timeout 1h comment "ssh" }
	}
	set blocked6 {
		type ipv6_addr
		flags interval
		elements = { 2001:db8:5::/48 }
	}
}
"""
IPSET = """\
create blocked hash:net family inet timeout 600 comment
add blocked 198.18.1.0/24 timeout 0 comment "their network"
add blocked 198.18.0.9
create others hash:ip family inet6
add others 2001:db8:7::1
"""


def entries(ipwld, name="drop"):
    return {entry["prefix"]: entry for entry in ipwld.manual() if entry["list"] == name}


def seconds_left(entry):
    return when(entry["expires_at"]) - time.time()


def test_nftables(running):
    running.namespace.run("nft", "-f", "-", input=NFT)
    answer = running.ask("import", "--list", "drop", "--from-nft", "inet", "filter", "blocked",
                         "--reason", "from nftables")
    assert (answer["added"], answer["read"]["format"]) == (4, "nftables")
    found = entries(running)
    assert set(found) == {"198.18.1.0/24", "198.18.0.16/31", "198.18.0.18/32", "198.18.0.9/32"}
    assert found["198.18.1.0/24"]["reason"] == "a, whole } network"
    assert found["198.18.1.0/24"]["expires_at"] is None
    assert found["198.18.0.9/32"]["reason"] == "ssh"
    assert 3000 < seconds_left(found["198.18.0.9/32"]) <= 3600
    assert found["198.18.0.16/31"]["reason"] == "from nftables"
    assert 6000 < seconds_left(found["198.18.0.18/32"]) <= 7200
    record, = running.ask("history", "--limit", "1")["records"]
    assert record["origin"] == "nft list set inet filter blocked"
    # All of it is one change.
    running.ask("undo", "--yes")
    assert running.manual() == []
    running.ask("import", "--list", "partners", "--from-nft", "inet", "filter", "blocked6")
    assert list(entries(running, "partners")) == ["2001:db8:5::/48"]
    result = running.ctl("import", "--list", "drop", "--from-nft", "inet", "filter", "none")
    assert result.returncode == INVALID and "nft exited with status 1" in result.stderr


def test_ipset(running):
    running.namespace.run("ipset", "restore", input=IPSET)
    answer = running.ask("import", "--list", "drop", "--from-ipset", "blocked")
    assert (answer["added"], answer["read"]["format"]) == (2, "ipset")
    found = entries(running)
    assert (found["198.18.1.0/24"]["reason"], found["198.18.1.0/24"]["expires_at"]) == \
        ("their network", None)
    assert 300 < seconds_left(found["198.18.0.9/32"]) <= 600
    assert running.ctl("import", "--list", "drop", "--from-ipset", "others").returncode == DONE
    assert "2001:db8:7::1/128" in entries(running)
    result = running.ctl("import", "--list", "drop", "--from-ipset", "none")
    assert result.returncode == INVALID and "ipset exited with status 1" in result.stderr
    # What the block list should not have is refused, as of any list.
    running.namespace.run("ipset", "create", "wide", "hash:net")
    running.namespace.run("ipset", "add", "wide", "10.0.0.0/7")
    assert "wider than /8" in running.ctl("import", "--list", "drop", "--from-ipset", "wide").stderr
