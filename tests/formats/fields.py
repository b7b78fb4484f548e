# SPDX-License-Identifier: GPL-2.0-or-later
"""The second reader of formats whose records have fields with names: JSON and CSV."""
import json
import re

from reference import NOW, Refused, lasts, parse_prefix, parse_range, require

# ---- JSON -------------------------------------------------------------------

KINDS = r"(ip|ipv4|ipv6|)_?(address|cidr|network|prefix|range)"
ADDRESS = re.compile(
    rf"({KINDS}(es|s)?|ip|ips|ipv4|ipv6|subnets?|netblocks?|address_?prefix(es)?|dst_?ip|"
    r"jdcloud_?cidrs)")
# Of the combinations these are no names.
NO_ADDRESS = {"ipv4range", "ipv4ranges", "ipv6range", "ipv6ranges", "ipcidr", "ipcidrs"}
LENGTH = {"prefixlen", "prefixlength", "prefixsize", "netmask", "mask", "masklength", "subnetmask",
          "wildcard", "cidrlength"}
EXCEPTIONS = {"except", "exceptions", "exclude", "excluded", "excludes", "exclusions", "ignore",
              "not"}
ACTIONS = {"action", "decision", "disposition", "policy", "type", "verdict"}
EXPIRY = {"duration", "expiration", "expires", "expiresat", "expiry"}
OFF = {True: {"deleted", "disabled", "expired", "inactive", "revoked", "simulated"},
       False: {"active", "enabled"}}
REFUSALS = set("""deny denied reject rejected drop block blocked discard ban banned refuse refused
    blacklist black no false off 0 dunno hold defer error never none quarantine blacklisted captcha
    greylist""".split())
GRANTS = set("""allow allowed accept accepted permit permitted ok pass relay yes true on white skip
    whitelisted bypass whitelist""".split())
WEAKER = set("captcha throttle greylist quarantine dunno none no false off never hold defer".split())


def plain(name):
    return re.sub(r"[_.\- ]", "", name).translate(str.maketrans(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"))


def is_for_addresses(name):
    return name not in NO_ADDRESS and ADDRESS.fullmatch(name) is not None


def stripped(word):
    return word.lstrip("\"'(").rstrip("\"'),;:.!=").lower()


def begins_like_prefix(text):
    """Whether something of the text, from its start, is an address."""
    match = re.match(r"[0-9.]+|[0-9a-fA-F:.]+", text)
    if not match:
        return False
    for end in range(len(text), 1, -1):
        try:
            parse_prefix(text[:end], True)
            return True
        except Refused:
            continue
    return False


class Walk:
    """A tree, from the outside to the inside."""

    def __init__(self, reader):
        self.reader = reader
        self.found = 0

    def is_against(self, word):
        word = stripped(word)
        return word in REFUSALS if self.reader.action == "allow" else word in GRANTS

    def object(self, value, skipped, ends):
        names = {plain(key): key for key in value}
        fields = {plain(key): item for key, item in value.items()}
        has_address = any(is_for_addresses(name) and isinstance(item, (str, list))
                          for name, item in fields.items())
        require(not any(begins_like_prefix(key) for key in value), "an address as a name")
        require(not (has_address and any(fields.get(name) is not None for name in LENGTH)), "length")
        require(len(names) == len(value), "names alike")
        self.found += has_address
        for name, item in fields.items():
            if name in ACTIONS and isinstance(item, str):
                word = stripped(item)
                skipped |= self.is_against(item) or (
                    word == "throttle" if self.reader.action == "allow" else word in WEAKER)
            skipped |= item is True and (name in OFF[True] or (
                name in {"iswhitelisted", "whitelisted"} and self.reader.action == "block"))
            skipped |= item is False and name in OFF[False]
            if name in EXPIRY and item is not None:
                require(type(item) in (int, str), "expiry")
                require(type(item) is str or item >= 10 ** 9, "expiry")
                ends = not lasts(item) if isinstance(item, str) else item <= NOW
        for key, item in value.items():
            self.value(item, key, False, skipped or (
                isinstance(item, (list, dict, str)) and self.against_name(key)), ends, has_address)

    def against_name(self, key):
        name = plain(key)
        known = is_for_addresses(name) or name in LENGTH | EXCEPTIONS | ACTIONS | EXPIRY | \
            OFF[True] | OFF[False]
        return not known and self.is_against(key)

    def value(self, value, key, is_item, skipped, ends, has_address):
        name = plain(key or "")
        skipped |= name in OFF[True] and isinstance(value, (dict, list))
        if isinstance(value, dict):
            self.object(value, skipped, ends)
        elif isinstance(value, list):
            among = any(isinstance(item, str) and begins_like_prefix(item) for item in value)
            for item in value:
                if isinstance(item, str) and among and not is_for_addresses(name):
                    require(begins_like_prefix(item), "among addresses")
                self.value(item, key, True, skipped, ends, has_address)
        elif isinstance(value, str):
            self.string(value, name, key is not None, is_item, skipped, ends, has_address)
        else:
            require(not is_for_addresses(name) or value is None or isinstance(value, bool), "number")

    def string(self, text, name, is_named, is_item, skipped, ends, has_address):
        if not is_for_addresses(name):
            if not begins_like_prefix(text) or name in ACTIONS | EXPIRY | LENGTH | OFF[True] | \
                    OFF[False] | {"comment", "description", "note", "notes", "reason", "name",
                                  "scenario", "service", "servicearea"}:
                return
            require(name not in EXCEPTIONS, "exception")
            require(is_item or has_address, "an unknown name")
            if not is_item:
                return
            require(not (is_named and has_address), "an unknown name")
        self.found += 1
        if skipped:
            return
        networks = parse_range(text) or parse_prefix(text)
        if not ends:
            self.reader.add(networks)


def read_json(reader, text):
    def unique(pairs):
        require(len(dict(pairs)) == len(pairs), "twice the same key")
        return dict(pairs)

    text = text.removeprefix("\ufeff")
    decoder, walk = json.JSONDecoder(object_pairs_hook=unique), Walk(reader)
    blank = re.compile(r"[ \t\r\n]*")
    position = blank.match(text).end()
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            raise Refused("JSON") from error
        require(isinstance(value, (dict, list)), "neither object nor array")
        walk.found += value in ([], {})
        walk.value(value, None, False, False, False, False)
        position = blank.match(text, position).end()
    require(walk.found, "no addresses")


# ---- CSV --------------------------------------------------------------------


def split_row(line, separator):
    """Fields without quotes; a quote must be closed."""
    fields, rest, blanks = [], line, " \t".replace(separator, "")
    while True:
        rest = rest.lstrip(blanks)
        match = re.match(rf'"((?:[^"]|"")*)"[{blanks}]*', rest)
        require(match or rest[:1] != '"', "quote")
        if match:
            require(rest[match.end():][:1] in ("", separator), "quote")
            fields.append(match[1].replace('""', '"'))
            found, rest = rest[match.end():][:1], rest[match.end() + 1:]
        else:
            field, found, rest = rest.partition(separator)
            fields.append(field.strip(" \t"))
        if not found:
            return fields


def head_of(line, is_comment):
    body = line.strip(" \t")
    if is_comment:
        body = re.sub(r"^(#[ \t]*)+", "", body)
    for separator in ",;\t":
        try:
            names = split_row(body, separator)
        except Refused:
            continue
        if any(is_for_addresses(plain(name)) for name in names) and (
                not is_comment or len(names) > 1 and all(name and " " not in name
                                                         for name in names)):
            return separator, names
    return None


def truth(text):
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(
        text.lower())


def read_csv(reader, text, head=None):
    from reference import lines_of

    for line in lines_of(text):
        body = line.strip(" \t")
        if not body:
            continue
        if head is None:
            head = head_of(line, body[0] == "#")
            require(head or body[0] == "#", "header")
            if head:
                names = [plain(name) for name in head[1]]
                require(sum(map(is_for_addresses, names)) == 1, "columns of addresses")
                require(not set(names) & (LENGTH | EXCEPTIONS), "a column that changes others")
        elif body[0] != "#":
            fields = split_row(line if head[0] == "\t" else body, head[0])
            require(len(fields) <= len(head[1]), "more fields than columns")
            row_of(reader, head[1], fields)


def row_of(reader, head, fields):
    names = [plain(name) for name in head]
    walk, skipped, address, expiry = Walk(reader), False, "", ""
    for name, field in zip(names, fields):
        if name in ACTIONS:
            word = stripped(field)
            skipped |= walk.is_against(field) or field.lower() in (
                {"throttle"} if reader.action == "allow" else WEAKER) or word == ""  and False
        if name in OFF[True] and truth(field) is True or name in OFF[False] and \
                truth(field) is False:
            skipped = True
        if name in {"iswhitelisted", "whitelisted"}:
            skipped |= truth(field) is True and reader.action == "block"
        if name in EXPIRY and field:
            expiry = field
        if is_for_addresses(name):
            address = field
    lower = [name.lower() for name in head]
    if "scope" in lower and lower.index("scope") < len(fields):
        skipped |= fields[lower.index("scope")].lower() in {"country", "as"}
    skipped |= re.match("(?i)(country|as|username|session):", address) is not None
    if skipped:
        return
    address = re.sub(r"^((?i:ip|range):)+(?=.)", "", address, count=1)
    networks = parse_range(address) or parse_prefix(address)
    if lasts(expiry.replace(" ", "T", 1) + ("Z" if " " in expiry and expiry[-1:].isdigit() else "")
             if re.match(r"\d{4}-", expiry) else expiry):
        reader.add(networks)


def read_geofeed(reader, text):
    read_csv(reader, text, (",", ["prefix", "country", "region", "city", "postal"]))


READERS = {"json": read_json, "csv": read_csv, "geofeed": read_geofeed}
