# SPDX-License-Identifier: GPL-2.0-or-later
"""The second reader of the formats of other programs' tables and rules, written from their manuals."""
import re

from reference import BLANK, lasts, lines_of, require
from spellings import JOIN, network, spelled


# ---- rules of which the first that matches decides ---------------------------


VALUED = ("-s", "--source", "-j", "-g", "-p", "-m", "--comment", "--dport", "--dports",
          "--reject-with")


def iptables_options(words):
    """(source, target, whether it is not for mail, whether it has conditions)"""
    rest, source, target, other, conditional = list(words), None, None, False, False
    inverted = any(pair in (("!", "-s"), ("!", "--source")) for pair in zip(words, words[1:]))
    while rest:
        option = rest.pop(0)
        value = rest.pop(0) if option in VALUED and rest else ""
        if option in ("-s", "--source"):
            require(not source, "two sources")
            source = value
        elif option in ("-j", "-g"):
            target = value
        elif option in ("-p", "-m"):
            other |= value in ("udp", "icmp")
            conditional |= value not in ("tcp", "comment", "multiport")
        elif option in ("--dport", "--dports"):
            other |= not {"25", "465", "587", "smtp"} & set(value.split(","))
        elif option not in ("--comment", "--reject-with"):
            conditional = True
            require(option[:1] in ("-", "!") or not source and "-s" not in words, "word")
            while option[:1] == "-" and rest and rest[0][:1] not in ("-", "!"):
                rest.pop(0)
    return source, target, other, conditional, inverted


def iptables_rules(text, action):
    rules, chains, ended, table = [], set(), None, "*filter"
    wanted = ("ACCEPT",) if action == "allow" else ("DROP", "REJECT")
    for line in lines_of(text):
        line = line.strip(BLANK)
        if line[:1] == "*":
            table = re.split(r"[ \t]+", line)[0]
        if not line or line[0] in "#*:" or re.split(r"[ \t]+", line)[0] in ("COMMIT", "-P", "-N"):
            continue
        require(re.fullmatch(r'(("[^"]*"|[^ \t"]+)([ \t]+|$))*', line), "quotes")
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|[^ \t"]+', line)]
        if words[0][:1] == "[":
            words = words[1:]
        require(words[:1] == ["-A"] and len(words) > 1 and len(words[1]) < 64, "line")
        source, target, other, conditional, inverted = iptables_options(words[2:])
        if target not in ("ACCEPT", "DROP", "REJECT", "RETURN") or table != "*filter" or \
                other or words[1] == "OUTPUT":
            continue
        if source and not (conditional and target in wanted) and words[1] != ended:
            require(not inverted, "everyone but")
            chains.add(words[1])
            require(len(chains) == 1, "two chains")
            rules.append((network(source, cut=True), (), target in wanted))
        elif not source and not conditional:
            ended = words[1]
    return rules


RULES = {
    "iptables": iptables_rules}


# ---- sets -------------------------------------------------------------------


def options_of(text, known_words, times, flags):
    """(whether it has expired, flags); quotes are comments."""
    ended, found, rest = {}, set(), text.strip(BLANK)
    while rest:
        word, *more = re.split(r"[ \t]+", rest, maxsplit=1)
        rest = more[0] if more else ""
        if word in flags:
            found.add(word)
            continue
        if word == "comment" and re.match('"[^"]*"', rest):
            rest = re.sub('^"[^"]*"[ \t]*', "", rest)
            continue
        value, *more = re.split(r"[ \t]+", rest, maxsplit=1)
        rest = more[0] if more else ""
        if word in times:
            ended[word] = times[word](value)
        else:
            require(word in known_words and re.fullmatch(r"\d{1,18}", value, re.A), "option")
    return ended, found


def seconds(text):
    require(re.fullmatch(r"\d{1,9}", text, re.A), "timeout")
    return False


def read_ipset(reader, text):
    name, members, mask = None, False, None
    for line in lines_of(text):
        line = line.strip(BLANK)
        words = re.split(r"[ \t]+", line)
        if (words[0] in ("create", "-N") and not members) or words[0] == "Header:":
            require("bitmask" not in words, "bitmask")
            if "netmask" in words:
                value = [*words, ""][words.index("netmask") + 1]
                require(re.fullmatch(r"\d+", value, re.A) and 0 < int(value) <= 128, "netmask")
                mask = int(value)
        if not line or line[0] == "#":
            continue
        if words[0] in ("Name:", "create", "-N", "add", "-A") and not (
                members and words[0] not in ("Name:",)):
            if words[0] == "Name:":
                words[1:] = [line[5:].strip(BLANK)]
            require(len(words) > 1 and words[1] and name in (None, words[1]), "a second set")
            name, members = words[1], words[0] == "Name:" and False
        if words[0] == "Name:" or re.match("Revision:|Header:|Size in memory:|References:|"
                                           "Number of entries:", line):
            continue
        if words[0] == "Type:" or words[0] in ("create", "-N") and not members:
            kind = line[5:].strip(BLANK) if words[0] == "Type:" else (words + ["", ""])[2]
            require(kind in ("hash:ip", "hash:net", "bitmap:ip"), "type")
        elif line == "Members:":
            members = True
        elif members or words[0] in ("add", "-A"):
            element = line if members else re.split(r"[ \t]+", line, maxsplit=2)[2:]
            element = element if members else (element[0] if element else "")
            head, *rest = re.split(r"[ \t]+", element, maxsplit=1)
            require("," not in head, "parts")
            _, flags = options_of(rest[0] if rest else "", {"packets", "bytes"},
                                  {"timeout": seconds}, {"nomatch", "-exist"})
            found = spelled(head, cut=True)
            require(not mask or not JOIN.fullmatch(head), "a range with a netmask")
            if mask and found[0].prefixlen == found[0].max_prefixlen > mask:
                found = [found[0].supernet(new_prefix=mask)]
            reader.add(found, "nomatch" in flags)
        else:
            require(words[0] == "flush", "command")


def lasting(text):
    """Whether the time that is left is over."""
    require(re.match(r"\d", text) and not re.match(r"\d{4}-", text), "timeout")
    return not lasts(text)


def read_nft(reader, text):
    """Only the shapes that the maker writes: anything else is refused."""
    lines = [re.match(r'(?:"[^"]*"|[^"#]|"(?=[^"]*$)[^"]*$)*', line)[0] for line in lines_of(text)]
    body = "\n".join(lines)
    heads = r"elements[ \t]*=|add[ \t]+element[ \t]+\w+[ \t]+\w+[ \t]+\w+|define[ \t]+\w+[ \t]*="
    require(not re.search(r"saddr|daddr|map|delete|destroy|include", body), "rules")
    require(len(re.findall(rf"(?:{heads})", body)) == 1 and len(re.findall(r"\bset\b", body)) <= 1,
            "one set")
    match = re.search(rf"(?:{heads})[ \t\n]*\{{", body)
    require(match, "elements")
    rest, elements, element, quoted = body[match.end():], [], "", False
    require("}" in rest, "cut off")
    for char in rest:
        if char in ",}\n" and not quoted or char == "\n":
            elements.append(element.strip(BLANK))
            element, quoted = "", False
            if char == "}":
                break
            continue
        quoted ^= char == '"'
        element += char
    for element in filter(None, elements):
        head, *more = re.split(r"[ \t]+", element, maxsplit=1)
        ended, _ = options_of(more[0] if more else "", {"packets", "bytes"},
                              {"timeout": lasting, "expires": lasting},
                              {"counter", "last", "never", "used"})
        if not ended.get("expires"):
            reader.add(spelled(head, cut=True))


READERS = {
    "ipset": read_ipset, "nftables": read_nft}
