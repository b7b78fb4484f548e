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

    def network6_or_4(self, host_bits=0.0):
        return self.pick(self.network4(self.chance(host_bits)), self.address4(), self.network6())

    def truncated(self):
        octets = ".".join(map(str, self.octets(self.pick(2, 3))))
        return octets + self.pick("", ".")

    def name(self):
        return self.pick("mx.example.net", ".example.com", "example.org", "host-1.example.net")

    def access(self):
        key = self.pick(self.address4(), self.address4(), self.truncated(), self.name(),
                        "Connect:" + self.address4(), "Connect:" + self.truncated(),
                        "From:a@example.net", "user@example.net")
        return key + self.pick(" ", "\t", "\t\t") + self.pick(
            "OK", "REJECT", "RELAY", "permit", "reject no", "DISCARD", "dunno", "ERROR:550 no",
            "550 no", "450 later", "my_class")

    def clients(self):
        return self.pick(self.name(), self.name(), "/^mx\\d+\\.example\\.net$/", self.truncated(),
                         self.address4(), self.network4()) + self.comment("#")

    def nginx_geo(self):
        return self.network6_or_4() + " " + self.pick("0;", "1;", "1;") + self.comment("#")

    def spf(self):
        terms = [self.pick("", "", "+", "-", "~", "?") + self.pick(
            "ip4:" + self.network4(True), "ip4:" + self.address4(), "ip6:2001:db8::/32",
            "include:example.net", "a", "mx:example.net", "exists:%{i}.x")
            for _ in range(self.pick(1, 1, 3))]
        return self.pick("{} -all", '"v=spf1 {} ~all"', "v=spf1 {}", "ip4:10.1.2.3 {}").format(
            " ".join(terms)) if len(terms) > 1 else self.pick("ip4:", "ip4:") + self.network4()

    def hosts_access(self):
        clients = [self.pick(self.truncated().rstrip(".") + ".", self.address4(), self.name(),
                             "192.0.2.0/255.255.255.0", "[2001:db8::]/64", "LOCAL", "@netgroup")
                   for _ in range(self.pick(1, 1, 2))]
        return self.pick("ALL", "sshd", "sshd, in.ftpd") + ": " + self.pick(" ", ", ").join(
            clients) + self.pick("", "", " EXCEPT " + self.address4()) + self.pick(
            "", "", "", " : ALLOW", " : deny", " : spawn /bin/x : allow")

    def http_access(self):
        where = self.pick(self.network4(True), self.address4(), self.network6(), "all")
        return self.pick(f"allow {where};", f"deny {where};", f"  allow  {where}; # x",
                         f"Require ip {where} {self.truncated()}" if where != "all" else
                         "Require all granted", f"Require not ip {self.address4()}",
                         "Require host example.net", "<RequireAny>", "Order allow,deny")

    def networks(self):
        one = self.pick(
            self.network4(), self.network4().replace("/", " /"), self.span(),
            "192.0.2.0/255.255.255.0", "192.0.2.0 255.255.255.0", "192.0.2.0 netmask 255.255.255.0",
            "192.0.2.0 mask 24", "192.0.2.1 to 192.0.2.9", "192.0.2.1..192.0.2.9",
            "192.0.2.1 .. 192.0.2.9", "192.0.2.1 \u2013 192.0.2.9", "192.0.2.*", "10.0.*.*",
            "192.0.2.0;192.0.2.255;Partner A", "[2001:db8::]/32")
        many = self.pick(", ", ",").join(self.network6_or_4() for _ in range(self.pick(2, 3)))
        return self.pick(one, one, many, many + ",", f"ignoreip = {self.address4()} ::1 10.0.0.0/8",
                         f"mynetworks = {many} !{self.address4()}") if ";" not in one else one

    def dshield(self):
        first = f"{self.pick(192, 198)}.0.{self.pick(0, 2, 3)}"
        return f"{first}.0\t{first}.255\t24\t{self.pick(1, 77)}\tNAME\tXX\tabuse@example.net"

    def padded(self):
        first = self.octets(4)
        last = first[:3] + [255]
        return ["".join(".".join(f"{number:03}" for number in numbers)) for numbers in (first, last)]

    def ipfilter(self):
        first, last = self.padded()
        return f"{first} - {last} , {self.pick('000', '100', '127', '128', '200')} , text"

    def p2p(self):
        first, last = self.octets(4), None
        last = first[:3] + [255]
        return f"{self.pick('Some text', 'a:b', 'x')}:{'.'.join(map(str, first))}-" \
               f"{'.'.join(map(str, last))}"

    def tcprules(self):
        octets = self.octets(3)
        address = self.pick(self.address4(), ".".join(map(str, octets)) + ".",
                            ".".join(map(str, octets)) + ".3-9", "=mx.example.net", "",
                            "user@192.0.2.1")
        return address + self.pick(":allow", ":deny", ':allow,RBLSMTPD=""', ':allow,RELAYCLIENT=""',
                                   ':allow,RBLSMTPD="-no"', ':allow,A="x",RBLSMTPD="later"')

    def dns_zone(self):
        octets = self.octets(4)[::-1]
        owner = self.pick(".".join(map(str, octets)), ".".join(map(str, octets)),
                          "*." + ".".join(map(str, octets[1:])), "example.net")
        return owner + self.pick(" ", "\t", " 3600 ", " IN ", " 1h IN ") + self.pick(
            "A 127.0.0.2", "A 127.0.0.4", 'TXT "listed"', "A 127.0.5.0")

    def csf(self):
        address = self.pick(self.address4(), self.network4(True))
        return self.pick(address, f"tcp|in|d=25|s={address}", f"tcp|in|d=22|s={address}",
                         f"tcp|out|d=25|d={address}", f"in|s={address}") + self.comment("#")

    def mikrotik(self):
        address = self.pick(self.network4(), self.address4(), self.span().replace(" ", ""),
                            "mx.example.net")
        return self.pick("add list=s address={}", "add address={} list=s comment=\"a b\"",
                         "add address={} list=s timeout=1d10:00:00", ":do {{ add list=s "
                         "address={} }} on-error={{}}", "add disabled=yes list=s address={}"
                         ).format(address)

    def wrap(self, name, lines):
        """A whole text around the lines, for formats that need it."""
        if name == "ipset":
            lines.insert(0, "create s hash:net family inet" + self.pick("", "", " timeout 60", " netmask 24"))
        elif name == "nftables":
            head = self.pick("table inet t {\n set s {\n  type ipv4_addr\n  flags interval\n"
                             "  elements = { ", "add element inet t s { ", "define s = { ")
            tail = " }\n }\n}" if head.startswith("table") else " }"
            return [head + self.pick(",\n\t", ", ").join(lines) + tail]
        elif name == "mikrotik":
            lines.insert(0, "/ip firewall address-list")
        elif name == "iptables":
            lines = ["*filter", ":INPUT ACCEPT [0:0]", *lines, "COMMIT"]
        return lines
