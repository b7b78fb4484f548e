# SPDX-License-Identifier: GPL-2.0-or-later
"""The second reader of tables of access and of lists of clients, written from their manuals."""
import ipaddress
import re

from reference import BLANK, lines_of, require, span
from spellings import is_name, network, spelled

REJECTS, PERMITS = {"reject", "discard"}, {"permit", "ok", "relay"}


def by_length(rules):
    """As rules of which the first that matches decides."""
    return sorted(rules, key=lambda rule: -rule[0].prefixlen)


def access_rules(text, action):
    rules = []
    for line in lines_of(text):
        if not line.strip(BLANK) or line.strip(BLANK)[0] == "#":
            continue
        require(line[0] not in BLANK, "continuation")
        key, *value = re.split(r"[ \t]+", line.strip(BLANK), maxsplit=1)
        if re.match("(?i)(from|to|spam|auth|greetpause):", key):
            continue
        key = re.sub("(?i)^ipv6:(?=.)", "", re.sub("(?i)^connect:(?=.)", "", key))
        if is_name(key) or "@" in key:
            continue
        require(value, "no action")
        word = re.split(r"[ \t]+", value[0])[0].split(",")[0]
        low = word.lower()
        require(word and not (low.isdigit() and not re.fullmatch(r"[45]\d\d", low)), "number")
        permits = low in PERMITS or re.fullmatch("permit_[a-z0-9_-]+", low, re.A) is not None
        rejects = low in REJECTS or re.fullmatch(r"5\d\d", low) is not None or \
            word.startswith(("ERROR:", "error:"))
        rules.append((network(key, truncated=True), (), permits if action == "allow" else rejects))
    return by_length(rules)


def geo_rules(text, _action):
    rules = []
    for line in lines_of(text):
        line = line.split("#")[0].strip(BLANK)
        words = re.split(r"[ \t]+", line, maxsplit=1)
        if not line or line == "}" or words[0] == "geo":
            continue
        require(len(words) == 2, "value")
        if words[0] == "default" and words[1] in ('0;', '"";'):
            continue
        require(words[1] in ("0;", "1;"), "value")
        rules.append((network(words[0], truncated=True), (), words[1] == "1;"))
    return by_length(rules)


def tcprules_rules(text, action):
    rules = []
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#":
            continue
        address, colon, rest = line.partition(":")
        verb, _, variables = rest.partition(",")
        address, verb = address.strip(BLANK), verb.strip(BLANK)
        require(colon and verb in ("allow", "deny"), "verb")
        if not address or address[0] == "=" or "@" in address:
            continue
        rbl = re.search(r"RBLSMTPD=(.)(.)", variables)
        allowed = verb == "allow" and not (rbl and rbl[1] != rbl[2])
        require(not set(address) & set("/*"), "address")
        first, dash, last = address.partition("-")
        found = network(first, truncated=True)
        networks = [found]
        require(found.version == 6 or found.prefixlen == 32 or address.endswith("."), "dot")
        if dash:
            last = last[:-1] if found.prefixlen < 32 else last
            require(re.fullmatch(r"0|[1-9]\d{0,2}", last, re.A) and found.version == 4, "range")
            count = found.prefixlen // 8
            numbers = list(found.network_address.packed)
            require(int(last) <= 255, "range")
            numbers[count - 1] = int(last)
            end = ipaddress.ip_network((bytes(numbers), found.prefixlen)).broadcast_address
            networks = span(found.network_address, end)
        rules += [(each, (), allowed == (action == "allow")) for each in networks]
    return by_length(rules)


def http_rules(text, action):
    rules, kinds = [], set()

    def add(words, lists):
        for word in words:
            if is_name(word) or word.lower() in ("all", "localhost") or \
                    word.startswith(("unix:", "env=")):
                continue
            rules.append((network(word, cut=True, truncated=True), (), lists))

    for line in lines_of(text):
        words = re.split(r"[ \t]+", line.split("#")[0].strip(BLANK))
        verb = words[0].lower()
        if verb in ("allow", "deny") and words[-1].endswith(";"):
            words[-1] = words[-1][:-1]
            add([word for word in words[1:] if word], (verb == action) if action == "allow"
                else verb == "deny")
        elif verb in ("allow", "deny"):
            require(len(words) > 1 and words[1].lower() == "from", "from")
            if [word.lower() for word in words[2:]] != ["all"]:
                kinds.add(verb)
            require(len(kinds) < 2, "both")
            add(words[2:], (verb == "allow") == (action == "allow"))
        elif verb == "require":
            negated = len(words) > 1 and words[1].lower() == "not"
            if [word.lower() for word in words[1 + negated:2 + negated]] == ["ip"]:
                add(words[2 + negated:], negated != (action == "allow"))
        elif words[0]:
            require(words[0][0] in "<{}" or verb in {"order", "satisfy", "location", "server", "if",
                                                     "options", "allowoverride"}, "line")
    return rules


def read_clients(reader, text):
    for line in lines_of(text):
        line = line.split("#")[0].strip(BLANK)
        if not line or line[0] == "/" and line[-1] == "/" and re.split(r"[ \t]", line)[0][0] == "/":
            continue
        require(not re.search(r"[ \t]", line), "more words")
        if not is_name(line) and "@" not in line:
            reader.add(spelled(line, truncated=True))


def read_spf(reader, text):
    for line in lines_of(text):
        for word in re.split(r"[ \t]+", line.split("#")[0].strip(BLANK)):
            word = word.lstrip('"').rstrip('",')
            if not word or word.lower() == "v=spf1":
                continue
            match = re.fullmatch(r"([-+~?]?)(ip[46]):(.+)", word, re.I)
            if match:
                if match[1] == "?":
                    continue
                found, = [network(match[3], cut=True)]
                require("6" in match[2] if found.version == 6 else "4" in match[2], "family")
                reader.add(found, match[1] in ("-", "~"))
                continue
            require(re.fullmatch(r"[-+~?]?((all|a|mx|ptr)|(a:|a/|mx:|mx/|ptr:|include:|exists:|"
                                 r"redirect=|exp=).+)", word, re.I), "term")


def hosts_rules(text, action):
    rules, other = [], "deny" if action == "allow" else "allow"
    for line in lines_of(text):
        line = line.strip(BLANK)
        if not line or line[0] == "#":
            continue
        require(line[-1] != "\\", "continuation")
        parts = [part.strip(BLANK) for part in split_colons(line)]
        require(len(parts) > 1 and parts[1], "clients")
        against, excludes = any(part.lower() == other for part in parts[2:]), False
        mine, excepted = [], []
        for word in filter(None, re.split(r"[ \t,]+", parts[1])):
            if word.lower() == "except":
                require(not excludes, "twice")
                excludes = True
            elif word.lower() not in {"all", "local", "known", "unknown", "paranoid", "localhost"} \
                    and not is_name(word) and word[0] not in "@/":
                found = network(word, cut=True, truncated=True)
                (excepted if excludes else mine).append((found, (), not (against or excludes)))
        rules += by_length(excepted) + by_length(mine)
    return rules


def split_colons(line):
    parts, inside = [""], False
    for char in line:
        inside = char == "[" or inside and char != "]"
        if char == ":" and not inside:
            parts.append("")
        else:
            parts[-1] += char
    return parts


RULES = {"access": access_rules, "nginx-geo": geo_rules, "tcprules": tcprules_rules,
         "http-access": http_rules, "hosts-access": hosts_rules}
READERS = {"clients": read_clients, "spf": read_spf}
