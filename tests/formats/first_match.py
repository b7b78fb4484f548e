# SPDX-License-Identifier: GPL-2.0-or-later
"""The formats whose first rule that matches decides, asked address by address."""
import ipaddress
import re

import access
import tables
from reference import (BLANK, WORDS, Refused, lines_of, parse_prefix, require, split_key,
                       unbracket)

PERMITS, REJECTS = {"permit", "ok"}, {"reject", "discard"}


def octal(text):
    """To Postfix a number of an IPv4 address with a leading zero is octal."""
    address, slash, length = text.partition("/")
    if ":" in address:
        return text
    numbers = []
    for number in address.split("."):
        if re.fullmatch(r"0\d+", number, re.A):
            require(re.fullmatch(r"0[0-7]{1,3}", number, re.A), "octal")
            number = str(int(number, 8))
        numbers.append(number)
    return ".".join(numbers) + slash + length


def postfix_pattern(word):
    """A network; None: Postfix passes over it."""
    require(not word.startswith("!"), "all but")
    try:
        return parse_prefix(octal(unbracket(word)))
    except Refused as refused:
        if str(refused) == "host bits":
            return None
        raise


def postfix_lists(action_text, action):
    word = WORDS.split(action_text)[0].split(",")[0].lower()
    require(re.fullmatch(r"[a-z][a-z0-9_-]*|\d+", word, re.A), "action")
    if word.isdigit():
        code = word[0] if len(word) == 3 and word[0] in "45" else ""
        permits, rejects = not code, code == "5"
    else:
        permits = word in PERMITS or re.fullmatch("permit_.+", word) is not None
        rejects = word in REJECTS
    return permits if action == "allow" else rejects


def postfix_lines(text):
    """Logical lines."""
    found = []
    for line in lines_of(text):
        if not line.strip(BLANK) or line.lstrip(BLANK)[0] == "#":
            continue
        if line[0] in BLANK:
            require(found, "no line before")
            found[-1] += " " + line.strip(BLANK)
        else:
            found.append(line.strip(BLANK))
    return found


def postfix_rules(text, action):
    """(network, the scopes around it, whether it lists), in order."""
    scopes, rules = [], []
    for line in postfix_lines(text):
        words = WORDS.split(line, 1)
        if words[0].lower() == "endif":
            require(scopes and len(words) == 1, "endif")
            scopes.pop()
        elif words[0].lower() == "if":
            require(len(words) == 2 and len(WORDS.split(words[1])) == 1, "if")
            scopes.append(postfix_pattern(words[1]))
        else:
            pattern = postfix_pattern(words[0])
            require(pattern is None or len(words) == 2, "no action")
            if pattern is not None:
                rules.append((pattern, tuple(scopes), postfix_lists(words[1], action)))
    require(not scopes, "no endif")
    return rules


def exim_rules(text, _action):
    rules = []
    for line in lines_of(text):
        line = line.strip(BLANK)
        excludes = line.startswith("!")
        rest = line[excludes:].lstrip(BLANK)
        if not line or line[0] == "#":
            continue
        require(rest and rest[0] != "#", "no item")
        key, _ = split_key(rest)
        if rest[0] != '"':
            try:
                parse_prefix(unbracket(key), True)
            except Refused:
                key = key.split(":")[0]
        rules.append((parse_prefix(unbracket(key), True), (), not excludes))
    return rules


RULES = {"postfix-cidr": postfix_rules, "exim": exim_rules} | tables.RULES | access.RULES


def holds(network, address):
    return network is not None and network.version == address.version and address in network


def is_listed(rules, address):
    for network, scopes, lists in rules:
        if holds(network, address) and all(holds(scope, address) for scope in scopes):
            return lists
    return False


def is_listed_by(entries, address):
    """By what ipwl has read: the most specific counts, of equals the exclusion."""
    best = (-1, False)
    for is_exclusion, network in entries:
        if holds(network, address):
            best = max(best, (network.prefixlen, is_exclusion))
    return best[0] >= 0 and not best[1]


def parse_entries(texts):
    return [(text[0] == "!", ipaddress.ip_network(text.removeprefix("!"))) for text in texts]


def probes(networks):
    """Where the answer may change: both ends of each network, and just outside."""
    for network in networks:
        first, last = network.network_address, network.broadcast_address
        yield from (first, last)
        if int(first) > 0:
            yield first - 1
        if int(last) < 2 ** network.max_prefixlen - 1:
            yield last + 1


def differences(name, action, text, entries):
    """Addresses that the rules and the entries decide otherwise; Refused: no such list."""
    rules = RULES[name](text, action)
    entries = parse_entries(entries)
    networks = [network for network, *_ in rules] + [network for _, network in entries]
    networks += [scope for _, scopes, _ in rules for scope in scopes if scope is not None]
    if action == "block":
        require(not any(lists and network.prefixlen == 0 for network, _, lists in rules),
                "everyone")
    return sorted({str(address) for address in probes(networks)
                   if is_listed(rules, address) != is_listed_by(entries, address)})
