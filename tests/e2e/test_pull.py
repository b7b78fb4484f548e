# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts with ipwl, without Redis: what one exports is a feed of the other, by nginx of Debian
with the snippet of contrib/."""

import datetime
import json

import pytest

import consumers
import daemon
import lab as laboratory
import netns
import peers
from daemon import UNGUARDED
from feeding import feed_of, refresh, wait_for_fetch
from lab import wait_for
from sources import Authority, feed

CACHE = daemon.ROOT / "build/peers"
OTHER = laboratory.Sender("other", "192.0.2.26", "2001:db8:25::26", "")
REASON = 'Müller "4711" \\ #5'
TOKEN = "5f0e9a"


class Web:
    """nginx on the MX."""

    def __init__(self, lab, top, directory, authority):
        self.nginx = peers.Peer(lab.mx, peers.unpack(CACHE, "nginx", "nginx-common"), top,
                                ["www-data"], ["/var/lib/nginx", "/var/log/nginx"])
        authority.context(f"IP:{laboratory.MX4},IP:{laboratory.MX6}")
        for name, end in ("crt", "pem"), ("key", "key"):
            self.nginx.write(f"etc/nginx/ipwl.{name}",
                             (authority.top / f"server.{end}").read_text(encoding="utf-8"))
        self.nginx.write("etc/nginx/ipwl-tokens", f'"Bearer {TOKEN}" 1;\n').chmod(0o600)
        self.nginx.write("etc/nginx/conf.d/ipwl.conf",
                         consumers.snippet("nginx-export.conf", directory))
        self.nginx.write("etc/nginx/nginx.conf", "user www-data;\ndaemon off;\n"
                         "error_log stderr info;\nevents {}\nhttp {\n"
                         "\taccess_log /dev/stdout;\n\tinclude conf.d/*.conf;\n}\n")

    def start(self):
        self.nginx.run("nginx", "-t")
        self.nginx.start("nginx")


class Hosts:
    """The MX exports two lists. The other host has a list of its own, and one for each of them."""

    def __init__(self, lab, ipwld):
        self.first = ipwld
        self.directory = ipwld.top / "export"
        self.directory.mkdir()
        self.authority = Authority()
        self.web = Web(lab, netns.temporary_directory() / "nginx", self.directory, self.authority)
        self.second = daemon.Ipwld(lab.add_sender(OTHER))
        self.token = self.second.top / "token"
        self.set_token(TOKEN)

    def set_token(self, token):
        self.token.write_text(f"{token}\n", encoding="utf-8")
        self.token.chmod(0o600)

    def configure_first(self, *partners):
        lines = "".join(f"      - {entry}\n" for entry in partners)
        exports = "".join(f"  - {{format: json-entries, path: {self.directory}/{name}.json, "
                          f"lists: [{name}]}}\n" for name in ("partners", "vips"))
        self.first.configure(
            lists="  - name: partners\n    action: allow\n" +
            (f"    entries:\n{lines}" if lines else "") +
            "    files: [{top}/allow.d/*.list]\n"
            "  - {{name: vips, action: allow, entries: [9.9.9.9]}}\n",
            extra=f"exports:\n{exports}{UNGUARDED}")

    def configure_second(self):
        lists = "  - {{name: partners, action: allow, entries: [1.1.1.1]}}\n"
        for name in "partners", "vips":
            url = f"https://{laboratory.MX4}/ipwl/{name}.json"
            lists += f"  - name: mx-{name}\n    action: allow\n    feeds:\n" + feed(
                f"mx-{name}", url, format="json", token_file=self.token,
                ca_file=self.authority.file, refresh="10m")
        self.second.configure(lists=lists + "  - {{name: drop, action: block, "
                              "entries: [8.8.0.0/16, 9.9.9.0/24, 2620:fe::/32]}}\n")

    def await_exports(self):
        consumers.await_exports(self.first)

    def fetched(self, name="partners"):
        """{prefix: (reason, expires_at)} of a list of the other host, by its feed."""
        return {entry["prefix"]: (entry["reason"], entry["expires_at"]) for entry in
                self.second.ask("list", "--list", f"mx-{name}", "--source", "feed")["entries"]}

    def verdicts(self, *addresses):
        answer = json.loads(self.second.ctl("--json", "test", *addresses).stdout)
        return [result["verdict"] for result in answer["results"]]


@pytest.fixture(name="hosts")
def _hosts(lab, ipwld):
    hosts = Hosts(lab, ipwld)
    ipwld.write_list("allow.d/a.list", "8.8.8.0/24  # a file", "!8.8.8.8", "2620:fe::/48")
    hosts.configure_first("8.8.4.4")
    ipwld.start()
    hosts.await_exports()
    hosts.web.start()
    hosts.configure_second()
    hosts.second.start()
    yield hosts
    print(hosts.web.nginx.words()[-4000:], hosts.second.words())


FIRST = {"8.8.8.0/24": ("a file", None), "2620:fe::/48": (None, None), "8.8.4.4/32": (None, None)}


def await_first(hosts):
    for name in "mx-partners", "mx-vips":
        found = wait_for_fetch(hosts.second, name)
        assert found["last_fetch"]["result"] == "new", found


def add(hosts, *argv):
    """Add an entry on the first host, and fetch it on the other."""
    path = hosts.directory / "partners.json"
    before = path.read_bytes()
    assert hosts.first.ctl("add", "--list", "partners", *argv).returncode == 0
    wait_for(lambda: path.read_bytes() != before, "the export")
    refresh(hosts.second, "mx-partners")


def test_entries_arrive_with_all_that_is_known(hosts):
    await_first(hosts)
    assert hosts.fetched() == FIRST
    assert hosts.fetched("vips") == {"9.9.9.9/32": (None, None)}
    # The exclusion is for the list that it was in.
    addresses = "8.8.8.1", "8.8.8.8", "8.8.4.4", "2620:fe::1", "9.9.9.9", "9.9.9.8"
    assert hosts.verdicts(*addresses) == ["averted", "block", "averted", "averted", "averted",
                                          "block"]
    add(hosts, "8.8.5.5", "--reason", REASON, "--ttl", "1h")
    entry, = hosts.first.ask("list", "8.8.5.5")["entries"]
    assert entry["expires_at"] and hosts.fetched()["8.8.5.5/32"] == (REASON, entry["expires_at"])
    assert hosts.verdicts("8.8.5.5") == ["averted"]
    refresh(hosts.second, "mx-partners", "unchanged")
    # It expires here, whatever the other host says.
    add(hosts, "8.8.6.6", "--ttl", "20s")
    hosts.web.nginx.stop()
    assert "8.8.6.6/32" in hosts.fetched()
    expires = datetime.datetime.fromisoformat(hosts.fetched()["8.8.6.6/32"][1])
    wait_for(lambda: hosts.verdicts("8.8.6.6") == ["block"], "the entry expires")
    assert datetime.datetime.now(datetime.timezone.utc) >= expires


def check_kept(hosts, message):
    """The last good copy is in force, and the other host says what is wrong."""
    assert hosts.fetched() == FIRST and hosts.verdicts("8.8.8.1", "1.1.1.1") == ["averted", "allow"]
    assert message in feed_of(hosts.second, "mx-partners")["last_fetch"]["message"]
    assert "mx-partners" in hosts.second.ctl("status").stdout
    assert hosts.second.metric("ipwl_feed_fetches_total", feed="mx-partners", result="failed") == 1


def test_a_wrong_token_costs_nothing(hosts):
    await_first(hosts)
    hosts.set_token("wrong")
    refresh(hosts.second, "mx-partners", "failed")
    check_kept(hosts, "401")
    # Nor does a file without a token.
    hosts.set_token("")
    refresh(hosts.second, "mx-partners", "failed")
    assert hosts.fetched() == FIRST
    hosts.set_token(TOKEN)
    refresh(hosts.second, "mx-partners", "unchanged")
    assert TOKEN not in hosts.second.words()
    # nginx gives away nothing else.
    for path in "/", "/ipwl/", "/ipwl/..%2fipwld.yaml", "/ipwl/missing.json":
        got = hosts.second.namespace.run(
            "curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H",
            f"Authorization: Bearer {TOKEN}", f"https://{laboratory.MX4}{path}")
        assert got.stdout == "404", path


def test_a_host_that_empties_its_list(hosts):
    await_first(hosts)
    path = hosts.directory / "partners.json"
    before = path.read_bytes()
    hosts.first.write_list("allow.d/a.list")
    hosts.configure_first()
    assert hosts.first.ctl("reload").returncode == 0
    wait_for(lambda: path.read_bytes() != before, "the export")
    hosts.await_exports()
    found = refresh(hosts.second, "mx-partners", "held")
    assert hosts.fetched() == FIRST and hosts.verdicts("8.8.8.1") == ["averted"]
    assert found["held"], found
    assert hosts.second.metric("ipwl_feed_held", feed="mx-partners") == 1
    assert "mx-partners" in hosts.second.ctl("status").stdout
    # The other lists go on, and so does this one once it has entries.
    refresh(hosts.second, "mx-vips", "unchanged")
    hosts.first.write_list("allow.d/a.list", "8.8.8.0/24", "2620:fe::/48")
    hosts.configure_first("8.8.4.4")
    assert hosts.first.ctl("reload").returncode == 0
    wait_for(lambda: b"2620:fe" in path.read_bytes(), "the export")
    refresh(hosts.second, "mx-partners")
    assert hosts.verdicts("8.8.8.8") == ["averted"]


def test_a_host_that_is_down(hosts):
    await_first(hosts)
    hosts.web.nginx.stop()
    hosts.first.stop()
    refresh(hosts.second, "mx-partners", "failed")
    check_kept(hosts, "connect")
    # For as long as it takes, and after a restart.
    hosts.second.stop()
    hosts.second.start()
    assert hosts.fetched() == FIRST and hosts.verdicts("8.8.8.1", "9.9.9.9") == ["averted"] * 2
    hosts.first.start()
    hosts.web.start()
    add(hosts, "8.8.7.7")
    assert hosts.verdicts("8.8.7.7") == ["averted"]
