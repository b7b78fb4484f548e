# SPDX-License-Identifier: GPL-2.0-or-later
"""The second reader of ranges, zones and filters in other programs' files, from their manuals."""
import ipaddress
import re

from reference import BLANK, lines_of, parse_address, require, span
from spellings import base, is_name, network, octets, spelled

WORDY = re.compile(
    r"(?P<a>[^\s,;!]+?)[ \t]*(?:-|\u2013|\u2014|\.\.|->|(?<=[ \t])(?:to|through|thru|bis)(?=[ \t]))"
    r"[ \t]*(?P<b>[^\s,;-]+)|(?P<n>[^\s,;/!]+)(?:[ \t]*/|[ \t]+(?:net)?mask[ \t]+|[ \t]+(?=255\.))"
    r"(?P<m>[\d.]+)|(?P<w>[^\s,;!]+)", re.I)


def read_networks(reader, text):
    cut = False
    for line in lines_of(text):
        line = line.split("#")[0].strip(BLANK)
        if line[:1] == ";":
            continue
        setting = re.match(r"(mynetworks|ignoreip)[ \t]*=[ \t]*", line)
        if setting:
            cut, line = setting[1] == "ignoreip", line[setting.end():]
        fields = [field.strip(BLANK) for field in line.split(";")]
        if 2 <= len(fields) <= 3:
            reader.add(span(parse_address(fields[0]), parse_address(fields[1])))
            continue
        require(";" not in line, "semicolon")
        position = 0
        while position < len(line):
            if line[position] in " \t,":
                position += 1
                continue
            word = re.match(r"[^ \t,;]*", line[position:])[0]
            if is_name(word) or word.lower() == "localhost" or re.match(r"/[^\d]|[^:]*:/", word) \
                    and word != "/":
                position += len(word)
                continue
            excludes = line[position] == "!"
            rest = line[position + excludes:].lstrip(" \t")
            skipped = len(line) - position - len(rest)
            match = WORDY.match(rest)
            require(match, "word")
            if match["a"]:
                found = spelled(match["a"] + "-" + match["b"])
                require(len(match["a"]) > 1, "range")
            elif match["n"]:
                found = [network(match["n"] + "/" + match["m"], cut)]
            else:
                found = spelled(match["w"], cut)
            reader.add(found, excludes)
            position += skipped + match.end()
            require(position == len(line) or line[position] in " \t,;", "more")


def whole(text):
    address, length = base(text.strip(BLANK), zeros=True)
    require(length == address.max_prefixlen, "whole")
    return address


def read_dshield(reader, text):
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#" or line.startswith("Start"):
            continue
        fields = [field.strip(BLANK) for field in line.split("\t")]
        require(len(fields) >= 3 and re.fullmatch(r"\d{1,2}", fields[2], re.A), "fields")
        found = span(parse_address(fields[0]), parse_address(fields[1]))
        require(len(found) == 1 and found[0].prefixlen == int(fields[2]), "length")
        reader.add(found)


def read_ipfilter(reader, text):
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#" or line.startswith("//"):
            continue
        fields = line.split(",", 2)
        require(len(fields) > 1 and re.fullmatch(r"\d{1,18}", fields[1].strip(BLANK), re.A), "level")
        first, dash, last = fields[0].partition("-")
        require(dash, "range")
        if (int(fields[1]) > 127) == (reader.action == "allow"):
            reader.add(span(whole(first), whole(last)))
        else:
            whole(first), whole(last)


def read_p2p(reader, text):
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#":
            continue
        name, colon, ends = line.rpartition(":")
        first, dash, last = ends.partition("-")
        require(colon and dash, "range")
        reader.add(span(whole(first), whole(last)))


def read_zone(reader, text):
    for line in lines_of(text):
        indented = line[:1] in tuple(BLANK)
        if ";" in line and '"' not in line.split(";")[0]:
            line = line.split(";")[0]
        words = line.split()
        if words and words[0].upper() == "$ORIGIN":
            require(not any(re.fullmatch(r"\d{1,19}", label, re.A) for label in
                            " ".join(words[1:]).split(".")), "origin")
        if not words or words[0].upper() in ("$TTL", "$ORIGIN"):
            continue
        if words[0][0] == ")" or indented and (words[-1][-1] == ")" or
                                               len(words) == 1 and words[0][0].isdigit()):
            continue
        require(not indented, "owner")
        owner, rest = words[0], words[1:]
        for _ in range(2):
            if rest and (rest[0].upper() in ("IN", "CH", "HS") or
                         re.fullmatch(r"\d[\dsmhdwSMHDW]*", rest[0], re.A)):
                rest = rest[1:]
        require(rest and rest[0].upper() in {"A", "AAAA", "TXT", "NS", "SOA", "MX", "PTR", "SRV",
                                             "CAA", "RRSIG", "NSEC", "DNSKEY"}, "type")
        if rest[0].upper() != "A":
            continue
        labels = owner.removesuffix(".").split(".")
        star = labels[0] == "*"
        labels = labels[star:]
        count = 0
        while count < len(labels) and re.fullmatch(r"[0-9a-f]", labels[count], re.I | re.A):
            count += 1
        if count >= 5:
            require(star == (count < 32) and count <= 32, "labels")
            digits = "".join(reversed(labels[:count])).ljust(32, "0")
            found = ipaddress.ip_network((int(digits, 16), 4 * count))
        else:
            count = 0
            while count < len(labels) and re.fullmatch(r"\d{1,18}", labels[count], re.A):
                count += 1
            if not count:
                continue
            require(star == (count < 4) and count <= 4, "labels")
            numbers = octets(".".join(reversed(labels[:count])), False)
            found = ipaddress.ip_network((bytes(numbers) + bytes(4 - count), 8 * count))
        answer = " ".join(rest[1:])
        require(str(parse_address(answer)).startswith("127."), "answer")
        require(all(re.match("[A-Za-z_]", label) for label in labels[count:]), "zone")
        if reader.action == "allow" and re.fullmatch(r"127\.0\..*\.0", answer):
            continue
        if str(found) != "127.0.0.2/32":
            reader.add(found)


def read_csf(reader, text):
    for line in lines_of(text):
        line = line.split("#")[0].strip(BLANK)
        if not line or line.startswith("Include ") or is_name(line) and "|" not in line:
            continue
        if "|" not in line:
            reader.add(network(line, cut=True))
            continue
        source, out, port, bad = None, False, False, False
        for part in line.split("|"):
            if part == "out" or re.match(r"[dug]=", part) and ("." in part or part[0] != "d"):
                out = True
            elif part in ("udp", "icmp"):
                port = True
            elif part.startswith("d="):
                port |= not {"25", "465", "587"} & set(part[2:].split(","))
            elif re.match("s=.", part):
                source = part[2:]
            else:
                bad |= part not in ("in", "tcp")
        if out:
            continue
        require(source and not bad, "filter")
        if not port:
            reader.add(network(source, cut=True))


def read_mikrotik(reader, text):
    menu, name, records = True, None, 0
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#":
            continue
        require(line[-1] != "\\", "continuation")
        if line[0] == "/":
            match = re.match(r"/(ip|ipv6)([ /])firewall\2address-list", line)
            menu = match is not None
            if not menu:
                continue
            line = line[match.end():].strip(BLANK)
            if not line:
                continue
        if line.startswith(":do") and re.search(r"\{[^}]*\}", line):
            line = re.search(r"\{([^}]*)\}", line)[1].strip(BLANK)
        if not menu:
            continue
        verb, *rest = re.split(r"[ \t]+", line, maxsplit=1)
        if verb == "remove" and not records:
            continue
        require(verb == "add", "command")
        records += 1
        properties = dict(re.findall(r'(\S+?)=((?:"[^"]*"|[^\s"])*)', rest[0] if rest else ""))
        left = re.sub(r'(\S+?)=((?:"[^"]*"|[^\s"])*)', "", rest[0] if rest else "").strip(BLANK)
        require(not left and set(properties) <= {"address", "list", "comment", "disabled", "timeout",
                                                 "dynamic", "creation-time"}, "property")
        properties = {key: re.sub('^"(.*)"$', r"\1", value) for key, value in properties.items()}
        require(name in (None, properties.get("list")) and properties.get("list"), "list")
        name = properties["list"]
        if properties.get("disabled", "no") != "no" or is_name(properties.get("address", "")):
            continue
        if "timeout" in properties:
            require(re.fullmatch(r"((\d+[wdhms])+)?(\d\d?:\d\d?:\d\d?)?", properties["timeout"], re.A)
                    and properties["timeout"], "timeout")
        reader.add(spelled(properties.get("address", ""), cut=True))


READERS = {"networks": read_networks, "dshield": read_dshield, "ipfilter": read_ipfilter,
           "p2p": read_p2p, "dns-zone": read_zone, "csf": read_csf, "mikrotik": read_mikrotik}
