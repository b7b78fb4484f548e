# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of the formats of other programs' tables and rules."""


class TableMaker:
    """The part of the maker that makes them: it has pick(), chance() and addresses."""

    def ipset(self):
        return "add s " + self.pick(self.network4(True), self.address4(), self.address6(),
                                    self.span().replace(" ", "")) + self.pick(
            "", "", " timeout 0", " timeout 600", ' comment "a b"', " nomatch",
            ' packets 1 bytes 9 timeout 60 comment ""')

    def nftables(self):
        return self.pick(self.network4(True), self.address4(), self.network6(),
                         self.span().replace(" ", "")) + self.pick(
            "", "", " timeout 1h expires 59m59s", ' comment "a, b"', " counter packets 1 bytes 9",
            " timeout 2d")

    def iptables(self):
        return "-A " + self.pick(*["INPUT"] * 20, "f2b-x", "OUTPUT") + self.pick(
            *[""] * 20, " !") + self.pick(
            " -s " + self.network4(), " -s " + self.address4() + "/32", "") + self.pick(
            "", "", " -p tcp -m tcp --dport 25", " -p udp", " -i eth0",
            ' -m comment --comment "a b"', " -m multiport --dports 22,25") + " -j " + self.pick(
            "ACCEPT", "DROP", "REJECT --reject-with icmp-port-unreachable", "RETURN", "LOG")

    def wrap(self, name, lines):
        """A whole text around the lines, for formats that need it."""
        if name == "ipset":
            lines.insert(0, "create s hash:net family inet" + self.pick("", "", " timeout 60", " netmask 24"))
        elif name == "nftables":
            head = self.pick("table inet t {\n set s {\n  type ipv4_addr\n  flags interval\n"
                             "  elements = { ", "add element inet t s { ", "define s = { ")
            tail = " }\n }\n}" if head.startswith("table") else " }"
            return [head + self.pick(",\n\t", ", ").join(lines) + tail]
        elif name == "iptables":
            lines = ["*filter", ":INPUT ACCEPT [0:0]", *lines, "COMMIT"]
        return lines
