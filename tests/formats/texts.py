# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes texts of each format: good ones, and ones with a few mistakes."""
import json

from reader import FORMATS
from texts_tables import TableMaker

WORDS = ("partner", "Partner A", "mx1.example.net", "SBL1", "10", "5.0", "note", "B_2", "x")
# What people put where it does not belong.
ODD = (" ", "\t", ",", ";", ":", "#", "!", "-", "/", ".", "\"", "[", "]", "|", "{", "}", "0", "/24",
       " /24", " 24", " to ", " - ", " 255.255.255.0", " 198.51.100.1", "\r", "$", "%", "\u2013",
       "permit", "reject", " deny", "if ", "endif", ":127.0.0.2:", "'", "\\", "\ufeff", "::",
       "ffff", "08", "256")


class Maker(TableMaker):
    """Texts out of one random generator."""

    def __init__(self, numbers):
        self.numbers = numbers

    def pick(self, *choices):
        return self.numbers.choice(choices)

    def chance(self, share):
        return self.numbers.random() < share

    # -- addresses: few, so that they meet, nest and repeat --

    def octets(self, count):
        return [self.pick(10, 192, 198, 203), self.pick(0, 1), self.pick(0, 2, 3),
                self.pick(0, 1, 8, 64, 128, 255)][:count]

    def address4(self):
        return ".".join(map(str, self.octets(4)))

    def network4(self, has_host_bits=False):
        length = self.pick(8, 15, 16, 23, 24, 24, 25, 30, 31, 32)
        number = int.from_bytes(bytes(self.octets(4)), "big")
        if not has_host_bits:
            number = number >> 32 - length << 32 - length
        return ".".join(map(str, number.to_bytes(4, "big"))) + f"/{length}"

    def address6(self):
        return self.pick("2001:db8::", "2001:DB8::1", "2001:db8:0:1::", "fe80::1", "::1",
                         "2001:db8:1:2:3:4:5:6", "::ffff:192.0.2.1", "2001:db8:a:b::")

    def network6(self):
        return self.pick("2001:db8::/32", "2001:db8::/48", "2001:db8:1::/48", "2001:db8:0:1::/64",
                         "::ffff:192.0.2.0/120", "2001:DB8::/33", "2001:db8::1/128", "::/1")

    def prefix(self, host_bits=0.0):
        return self.pick(self.address4(), self.address4(), self.network4(self.chance(host_bits)),
                         self.network4(), self.address6(), self.network6())

    def span(self):
        first = self.octets(4)
        last = first[:3] + [min(255, first[3] + self.pick(0, 1, 5, 200))]
        dash = self.pick("-", " - ")
        return ".".join(map(str, first)) + dash + ".".join(map(str, last))

    def comment(self, mark):
        return self.pick("", "", f" {mark} {self.pick(*WORDS)}")

    # -- lines --

    def plain(self):
        return self.pick("", "", "", "!") + self.pick(self.prefix(), self.prefix(), self.span()) \
            + self.comment(self.pick("#", ";"))

    def netset(self):
        return self.prefix(0.3) + self.comment("#")

    def drop_text(self):
        return f"{self.network4()} ; SBL{self.numbers.randrange(999)}"

    def drop_json(self):
        record = {"cidr": self.prefix(), "sblid": "SBL1", "rir": "arin"}
        return json.dumps(self.pick(record, record, {"asn": 64496, "rir": "arin"}))

    def rspamd_map(self):
        prefix = self.prefix(0.1)
        if self.chance(0.1):
            prefix = f"[{self.address6()}]/64" if self.chance(0.5) else f"[{self.address6()}]"
        return prefix + self.pick("", " ", "\t ") + self.comment("#") if self.chance(0.2) \
            else prefix + self.pick(" ", "\t") + self.pick(*WORDS) + self.comment("#")

    def spamassassin(self):
        name = self.pick("trusted_networks", "internal_networks", "trusted_networks",
                         "required_score")
        if name == "required_score":
            return "required_score 5"
        words = [self.pick("", "", "", "!", "! ") + self.pick(
            self.prefix(0.1), "10.0.", "192.168.", "10.0.1/24", "192.0.2.1-192.0.2.9", "010.001.",
            "192.0.2.0/255.255.255.0", "[2001:db8::]/32") for _ in range(self.pick(1, 2, 3))]
        return name + " " + self.pick(" ", ", ").join(words) + self.comment("#")

    def dnswl(self):
        return f"{self.prefix()};{self.pick(1, 5, 15)};" \
               f"{self.pick('none', 'low', 'med', 'hi', 0, 1, 2, 3)};example.net;{self.pick(1, 99)}"

    def rbldnsd(self):
        octets = self.octets(4)
        address = self.pick(self.prefix(), self.address4(), "10.0", "10/8", "192.168.0-1",
                            ".".join(map(str, octets)) + f"-{min(255, octets[3] + 3)}",
                            "127.16-31", "2001:db8:1:2")
        value = self.pick("", " :127.0.0.2:text", " :127.0.5.0:none", " text", ":127.0.0.3:tight",
                          " :5:number", " # note")
        return self.pick("", "", "", "!") + address + value

    def crowdsec_csv(self):
        row = {"value": self.pick(self.prefix(), self.span()),
               "expiration": self.pick("", "30d", "1h30m", "-1h", "never", "2030-01-01T00:00:00Z",
                                       "2020-01-01T00:00:00Z"),
               "duration": "4h", "type": self.pick("ban", "captcha", "bypass", ""),
               "scope": self.pick("ip", "Range", "country", ""), "comment":
               self.pick("partner", '"a, b"', '"a ""b"""', ""), "simulated":
               self.pick("false", "true", "")}
        return ",".join(row[name] for name in self.header)

    def spamdb(self):
        return self.pick(f"WHITE|{self.address4()}|||1|2|{self.pick(1, 1795496401, 9999999999)}|1|7",
                         "GREY|192.0.2.2|mx|<a@x>|<b@y>|1|2|3|1|0", "TRAPPED|192.0.2.3|1750000000",
                         "SPAMTRAP|<trap@example.net>")

    def exim(self):
        prefix = self.prefix(0.1)
        if ":" in prefix or self.chance(0.1):
            prefix = f'"{prefix}"'
        return self.pick("", "", "!") + prefix + self.pick("", ": partner", " partner", ":x") \
            + self.comment("#")

    def opensmtpd(self):
        prefix = self.prefix(0.1)
        return self.pick(prefix, f'"{prefix}"') + self.comment("#")

    def postfix_cidr(self):
        if self.chance(0.05):
            return f"if {self.network4()}"
        if self.chance(0.05):
            return "endif"
        pattern = self.prefix(0.1)
        if ":" in pattern and self.chance(0.3):
            address, slash, length = pattern.partition("/")
            pattern = f"[{address}]{slash}{length}"
        return pattern + self.pick(" ", "\t", "\n  ") + self.pick(
            "permit", "OK", "REJECT", "reject spam", "dunno", "550 no", "450 later", "17", "my_class",
            "permit_mynetworks, reject", "reject_unknown_client_hostname", "DISCARD")

    # -- texts --

    HEADERS = {"netset": "# ipv4 hash:net ipset", "rbldnsd": ":127.0.0.2:listed",
               "drop-text": "; Spamhaus DROP List"}

    def json(self):
        """A whole document: an array or object of strings, or records, or objects of them."""
        key = self.pick("ip", "cidr", "ip_prefix", "ipv4Prefix", "address", "Network")
        records = [{key: self.pick(self.prefix(), self.prefix(), self.span()),
                    self.pick("comment", "region", "action", "type", "enabled", "service"):
                    self.pick("a", "deny", "allow", "ban", True, False, 7, "captcha")}
                   for _ in range(self.numbers.randrange(1, 6))]
        strings = [self.prefix() for _ in range(self.numbers.randrange(5))]
        words = [self.pick(*WORDS[:4], "mx.example") for _ in range(self.numbers.randrange(3))]
        text = self.pick(
            lambda: records, lambda: strings or ["192.0.2.1"],
            lambda: {"syncToken": "1", self.pick("prefixes", "data", "values"): records},
            lambda: {"hooks": strings, "ssh_keys": words, "web": ["192.0.2.1"]},
            lambda: {"name": "x", "properties": {"addressPrefixes": strings, "tags": words}},
            lambda: [{"id": 1, "ips": strings, "urls": words, "tcpPorts": "25"}],
            lambda: {self.pick("allow", "blocked", "banned"): strings, "prefixes": []})()
        if text is records and self.chance(0.3):
            return "\n".join(map(json.dumps, records))
        text = json.dumps(text, indent=self.pick(None, 1, 2))
        return text.replace("/", "\\/") if self.chance(0.1) else text

    def csv(self):
        """A table with a header, in any of the separators."""
        separator = self.pick(",", ",", ";", "\t")
        names = [self.pick("ip", "IP_Address", "network", "dst_ip", "prefix", "range")] + [
            self.pick("reason", "comment", "expires", "action", "type", "enabled", "country",
                      "isWhitelisted") for _ in range(self.numbers.randrange(3))]
        names = list(dict.fromkeys(names))
        self.numbers.shuffle(names)
        values = {"reason": ("x", "", '"a, b; c"'), "comment": ("", '"q ""q"""'),
                  "expires": ("", "30d", "never", "2020-01-01T00:00:00Z", "2030-01-01 00:00:00"),
                  "action": ("ban", "allow", "captcha", "deny"), "type": ("host", "drop"),
                  "enabled": ("true", "false", "1"), "country": ("XX", ""),
                  "isWhitelisted": ("True", "False", "")}
        lines = [separator.join(
            self.pick(*values[name]).replace("00:00:00\n", "") if name in values else self.pick(
                self.prefix(), self.prefix(), f'"{self.address4()}"', self.span())
            for name in names) for _ in range(self.numbers.randrange(1, 7))]
        head = separator.join(names)
        if len(names) > 1 and self.chance(0.2):
            head = "# " + head
        return "\n".join([head, *lines])

    def geofeed(self):
        return f"{self.network4()},{self.pick('US', 'de', '')},{self.pick('US-AL', '')}," \
               f"{self.pick('Alabaster', '')}" + self.pick("", ",", ",12345")

    def good(self, name):
        if name == "csv":
            return self.csv() + self.pick("", "\n", "\r\n")
        if name == "json":
            return self.json() + self.pick("", "\n", "\r\n")
        self.header = self.pick(["value", "expiration", "comment"], ["value"],
                                ["duration", "scope", "value", "type"], ["value", "simulated"])
        make = getattr(self, name.replace("-", "_"))
        lines = [make() for _ in range(self.numbers.randrange(1, 9))]
        if name == "crowdsec-csv":
            lines.insert(0, ",".join(self.header))
        elif name == "drop-json":
            lines.append(json.dumps({"type": "metadata", "records": len(lines)}))
        elif name in self.HEADERS and self.chance(0.5):
            lines.insert(0, self.HEADERS[name])
        elif name == "postfix-cidr":
            depth = 0
            for i, line in enumerate(lines):
                depth += line.startswith("if ")
                if line == "endif":
                    depth -= 1
                if depth < 0:
                    depth, lines[i] = 0, "# x"
            # Of classes alone nothing tells that they are Postfix's.
            lines += ["endif"] * depth + ["203.0.113.9 permit"]
        lines = self.wrap(name, lines)
        end = self.pick("\n", "\n", "\r\n")
        return end.join(lines) + self.pick("", end)

    def mutated(self, name):
        """A good one with one to three mistakes."""
        text = self.good(name)
        for _ in range(self.pick(1, 1, 2, 3)):
            place = self.numbers.randrange(len(text) + 1)
            kind = self.numbers.randrange(5)
            if kind == 0:
                text = text[:place] + text[place + self.pick(1, 1, 3):]
            elif kind == 1:
                text = text[:place] + self.pick(*ODD) + text[place:]
            elif kind == 2:
                text = text[:place] + self.pick(*ODD) + text[place + 1:]
            elif kind == 3:
                lines = text.split("\n")
                lines.insert(self.numbers.randrange(len(lines) + 1),
                             self.good(self.pick(*FORMATS)).split("\n")[0])
                text = "\n".join(lines)
            else:
                end = place + self.pick(1, 4, 9)
                text = text[:place] + text[place:end] * 2 + text[end:]
        return text
