# SPDX-License-Identifier: GPL-2.0-or-later
"""BGP speakers that announce exported lists, and FRR, which receives them."""

import json
import pathlib
import re

import consumers
import lab as laboratory
import peers
from lab import wait_for

RECEIVER = laboratory.Sender("receiver", "192.0.2.53", "2001:db8:25::53", "")
COMMUNITIES = {"allow": "65066:42", "block": "65066:666"}


def connect(lab):
    """A host at the MX's network; returns it."""
    host = lab.add_sender(RECEIVER)
    for namespace, addresses in ((lab.mx, (laboratory.MX4, laboratory.MX6)),
                                 (host, RECEIVER.addresses)):
        for address, bits in zip(addresses, (24, 64)):
            namespace.ip("address", "del", f"{address}/{128 if bits == 64 else 32}", "dev", "eth0")
            namespace.ip("address", "add", f"{address}/{bits}", "dev", "eth0", "nodad")
        wait_for(lambda host=namespace: host.ip("-6", "address", "show", "dev", "eth0", "scope",
                                                "link", "-tentative").stdout, "a link-local address")
    return host


class Receiver:
    """FRR with the snippet of contrib/."""

    def __init__(self, lab, cache, top):
        self.host = connect(lab)
        self.frr = peers.Peer(self.host, peers.unpack(cache, "frr"), top, ["frr", "frrvty"],
                              ["/run/frr", "/var/log/frr"])
        groups = top / "etc/group"
        groups.write_text(re.sub("^(frrvty:.*)", r"\1frr", groups.read_text(encoding="utf-8"),
                                 flags=re.MULTILINE), encoding="utf-8")
        self.sockets = top / "sockets"
        self.sockets.mkdir()
        self.sockets.chmod(0o777)
        self.frr.write("etc/frr/zebra.conf", "")
        self.frr.write("etc/frr/frr.conf", consumers.snippet("frr-bgp.conf", top))

    def start(self):
        common = f"-z {self.sockets}/zebra --vty_socket {self.sockets} --log stdout"
        # It would leave files in /var/tmp. What bgpd receives before it knows the interfaces is lost.
        self.frr.start("sh", "-ec", f"mount -t tmpfs tmpfs /var/tmp; chown -R frr /run/frr "
                       f"{self.sockets}; /usr/lib/frr/zebra -f /etc/frr/zebra.conf {common} & "
                       f"until [ -S {self.sockets}/zebra ]; do sleep 0.1; done; "
                       f"exec /usr/lib/frr/bgpd -f /etc/frr/frr.conf {common}")
        wait_for(lambda: self.show("show bgp summary json"), "FRR answers", 0.2)

    def show(self, command):
        assert self.frr.process.poll() is None, self.frr.words()
        result = self.frr.run("vtysh", "--vty_socket", self.sockets, "-c", command, check=False)
        try:
            return json.loads(result.stdout)
        except ValueError:
            return None

    def routes(self):
        """{prefix: community} of what the speaker announces, or None: it changes just now."""
        found, count = {}, 0
        for family in "ipv4", "ipv6":
            shown = self.show(f"show bgp {family} unicast json")["routes"]
            # One that is being withdrawn is not valid any more.
            if not all(path.get("valid") for paths in shown.values() for path in paths):
                return None
            count += len(shown)
            for community in COMMUNITIES.values():
                shown = self.show(f"show bgp {family} unicast community {community} json")["routes"]
                count -= len(shown)
                found |= {prefix: community for prefix in shown}
        return None if count else found

    def sessions(self):
        """{peer: (state, how often it was established)}."""
        return {peer: (state["bgpState"], state["connectionsEstablished"])
                for peer, state in self.show("show bgp neighbors json").items()
                if "bgpState" in state}


class Speaker:
    """A program with its snippet of contrib/."""

    package = None
    users = ()
    suffix = None

    def __init__(self, lab, cache, top, directory):
        self.top = top
        self.directory = directory
        self.peer = peers.Peer(lab.mx, peers.unpack(cache, *self.packages()), top, self.users)

    def packages(self):
        return [self.package]

    def snippet(self):
        return consumers.snippet(f"{self.package}.conf", self.directory)

    def words(self):
        return self.peer.words()

    def start(self):
        """Start it with the files as they are."""
        raise NotImplementedError

    def reload_script(self):
        """What an administrator lets run when a file has changed, for sh."""
        raise NotImplementedError

    def child(self, name):
        """The process with that name that the peer runs, or None."""
        pid = self.peer.process.pid
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == name:
                return int(child)
        return None


class Bird(Speaker):
    package = "bird2"
    suffix = "bird"

    def snippet(self):
        return consumers.snippet("bird.conf", self.directory)

    def start(self):
        self.peer.write("etc/bird/bird.conf",
                        f"router id {laboratory.MX4};\nlog stderr all;\nprotocol device {{}}\n"
                        # What most hosts have: their kernel gets the routes of master4 and master6.
                        "protocol kernel { ipv4 { export all; }; }\n"
                        "protocol kernel { ipv6 { export all; }; }\n" + self.snippet())
        self.peer.start("bird", "-f", "-c", "/etc/bird/bird.conf", "-s", self.top / "control")

    def reload_script(self):
        # birdc says on its output only that a configuration was refused.
        return f"{self.peer.roots[0]}/usr/sbin/birdc -s {self.top}/control configure | " \
            "tee /dev/stderr | grep -q -e Reconfigured -e 'Reconfiguration in progress'"


class Openbgpd(Speaker):
    package = "openbgpd"
    users = ("_openbgpd",)
    suffix = "bgpd"

    def start(self):
        self.peer.directories = ["/run/openbgpd"]
        path = self.peer.write("etc/bgpd.conf", f'socket "{self.top}/control"\n' + self.snippet())
        path.chmod(0o600)
        self.peer.run("bgpd", "-n")
        self.peer.start("bgpd", "-d", "-v")

    def reload_script(self):
        line, = [line for line in self.snippet().splitlines() if "ExecReload=/" in line]
        return line.split("'")[1].replace(
            "bgpctl", f"{self.peer.roots[0]}/usr/sbin/bgpctl -s {self.top}/control")


class Exabgp(Speaker):
    package = "exabgp"
    users = ("exabgp",)
    suffix = "exabgp"

    def packages(self):
        return ["exabgp", "python3-exabgp"]

    def join_script(self):
        """As in the snippet."""
        line, = [line for line in self.snippet().splitlines() if "ExecStartPre=" in line]
        lines = self.snippet().splitlines()
        first = lines.index(line)
        script = " ".join(lines[first:first + 3]).replace("#", "").replace("\\", "")
        return script.split("'")[1].replace("/etc/exabgp/ipwl.conf", str(self.top / "ipwl.conf")) \
            .replace("/run/exabgp/", f"{self.top}/")

    def start(self):
        (self.top / "ipwl.conf").write_text(self.snippet(), encoding="utf-8")
        self.peer.run("sh", "-ec", self.join_script())
        self.peer.start("env", "exabgp.daemon.user=root", "exabgp.log.destination=stdout",
                        "exabgp.api.cli=false", "/usr/sbin/python3-exabgp", self.top / "exabgp.conf")

    def reload_script(self):
        return f"{self.join_script()}; kill -USR1 {self.child('python3-exabgp')}"


SPEAKERS = {"bird": Bird, "openbgpd": Openbgpd, "exabgp": Exabgp}


