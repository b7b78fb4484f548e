# SPDX-License-Identifier: GPL-2.0-or-later
"""A second reader of the formats, written from ipwld.yaml(5) and the programs' manuals
alone, to hold ipwl's against. It may refuse what ipwl reads, and the other way round;
where both read a text they must have read the same."""
import ipaddress
import re

BLANK = " \t"
WORDS = re.compile(r"[ \t]+")


class Refused(Exception):
    """The text is no list of the format."""


def require(holds, why):
    if not holds:
        raise Refused(why)


# ---- prefixes ---------------------------------------------------------------


def parse_length(text, most):
    require(re.fullmatch(r"0|[1-9]\d*", text, re.A), "length")
    require(int(text) <= most, "length")
    return int(text)


def parse_address(text):
    if ":" in text.split(".")[0]:
        require(re.fullmatch(r"[0-9a-fA-F:.]+", text), "address")
        try:
            return ipaddress.IPv6Address(text)
        except ValueError as error:
            raise Refused("address") from error
    require(re.fullmatch(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}", text, re.A), "address")
    require(all(int(number) <= 255 for number in text.split(".")), "address")
    return ipaddress.IPv4Address(text)


def parse_prefix(text, cuts_host_bits=False):
    """An IPv4-mapped prefix stands for IPv4."""
    address, slash, length = text.partition("/")
    address = parse_address(address)
    most = address.max_prefixlen
    length = parse_length(length, most) if slash else most
    network = ipaddress.ip_network((address, length), strict=False)
    require(cuts_host_bits or network.network_address == address, "host bits")
    if address.version == 6 and address.ipv4_mapped and length >= 96:
        return ipaddress.ip_network((address.ipv4_mapped, length - 96), strict=False)
    return network


def parse_range(text):
    """`first - last`, or None: it is no range."""
    match = re.fullmatch(r"([^\s/-]+)[ \t]*-[ \t]*([^\s/-]+)", text)
    if not match:
        return None
    first, last = (parse_prefix(side).network_address for side in match.groups())
    return span(first, last)


def span(first, last):
    require(first.version == last.version and first <= last, "range")
    return list(ipaddress.summarize_address_range(first, last))


def unbracket(text):
    match = re.fullmatch(r"\[([^]]*)\]((?:/.*)?)", text)
    return match[1] + match[2] if match else text


# ---- lines ------------------------------------------------------------------


def lines_of(text):
    text = text.removeprefix("\ufeff")
    require("\0" not in text, "NUL")
    for line in text.split("\n"):
        yield line.removesuffix("\r")


class Reader:
    """Collects entries; the formats are its methods."""

    def __init__(self, action):
        self.action = action
        self.entries = set()

    def add(self, networks, is_exclusion=False):
        for network in networks if isinstance(networks, list) else [networks]:
            if not is_exclusion:
                require(self.action == "allow" or network.prefixlen > 0, "everyone")
            self.entries.add(("!" if is_exclusion else "") + str(network))

    # -- one prefix a line --

    def plain(self, text, cuts_host_bits=False):
        for line in lines_of(text):
            body = re.split(r"[#;]", line, maxsplit=1)[0].strip(BLANK)
            if not body:
                continue
            is_exclusion = body[0] == "!"
            body = body[is_exclusion:]
            networks = parse_range(body) if "-" in body else None
            self.add(networks or parse_prefix(body, cuts_host_bits), is_exclusion)

    drop_text = plain

    def netset(self, text):
        self.plain(text, True)

    def rspamd_map(self, text):
        for line in lines_of(text):
            words = WORDS.split(line.split("#")[0].strip(BLANK), 1)
            if not words[0]:
                continue
            key = unbracket(words[0])
            address, slash, length = key.partition("/")
            if slash and re.fullmatch(r"\d{1,18}", length, re.A) and \
                    int(length) > (128 if ":" in address else 32):
                key = address
            self.add(parse_prefix(key, True))

    def dnswl(self, text):
        for line in lines_of(text):
            line = line.strip(BLANK)
            if not line or line[0] == "#":
                continue
            fields = [field.strip(BLANK) for field in line.split(";")]
            require(3 <= len(fields) <= 5, "fields")
            require(re.fullmatch(r"\d{1,18}", fields[1], re.A), "category")
            trust = fields[2].lower()
            require(trust in {"none", "low", "med", "hi", "0", "1", "2", "3"}, "trust")
            network = parse_prefix(fields[0])
            if trust not in {"none", "0"} and str(network.network_address) != "127.0.0.255":
                self.add(network)

    def drop_json(self, text):
        import json

        def unique(pairs):
            require(len(dict(pairs)) == len(pairs), "twice the same key")
            return dict(pairs)

        for line in lines_of(text):
            line = line.strip(BLANK)
            if not line:
                continue
            try:
                record = json.loads(line, object_pairs_hook=unique)
            except (ValueError, RecursionError) as error:
                raise Refused("JSON") from error
            require(isinstance(record, dict), "object")
            if record.get("type") == "metadata":
                continue
            require("cidr" in record or "asn" in record, "record")
            require(not any(isinstance(value, (dict, list)) for value in record.values()), "nested")
            if "cidr" in record:
                require(isinstance(record["cidr"], str), "cidr")
                self.add(parse_prefix(record["cidr"]))

    def spamdb(self, text):
        for line in lines_of(text):
            line = line.strip(BLANK)
            if not line:
                continue
            fields = [field.strip(BLANK) for field in line.split("|")]
            require(len(fields) > 1 and fields[0] in {"WHITE", "GREY", "TRAPPED", "SPAMTRAP"},
                    "kind")
            if fields[0] != "WHITE":
                continue
            require(len(fields) == 9 and re.fullmatch(r"\d{1,18}", fields[6], re.A), "WHITE")
            network = parse_prefix(fields[1])
            if int(fields[6]) == 0 or int(fields[6]) > NOW:
                self.add(network)

    # -- CrowdSec --

    KNOWN = {"value", "expiration", "duration", "comment", "reason", "type", "action", "scope",
             "simulated", "id", "uuid", "alert_id", "source", "origin", "scenario", "country",
             "as", "as_name", "events_count", "created_at", "allowlist", "name"}

    def crowdsec_csv(self, text):
        import csv
        header = None
        for line in lines_of(text):
            line = line.strip(BLANK)
            if not line or line[0] == "#":
                continue
            try:
                fields, = csv.reader([line], skipinitialspace=True, strict=True)
            except (csv.Error, ValueError) as error:
                raise Refused("CSV") from error
            fields = [field.strip(BLANK) for field in fields]
            if header is None:
                header = [field.lower() for field in fields]
                require("value" in header and set(header) <= self.KNOWN, "header")
                continue
            require(len(fields) <= len(header), "fields")
            self.decision(dict(zip(header, fields)))

    def decision(self, record):
        if record.get("scope", "").lower() not in {"", "ip", "range"}:
            return
        simulated = record.get("simulated", "").lower()
        require(simulated in {"", "true", "false", "0", "1"}, "simulated")
        kind = (record.get("type") or record.get("action") or "").lower()
        require(kind in {"", "ban", "captcha", "throttle", "bypass", "allow", "whitelist"}, "type")
        wanted = {"", "ban"} if self.action == "block" else {"", "bypass", "allow", "whitelist"}
        if simulated in {"true", "1"} or kind not in wanted:
            return
        value = record.get("value", "")
        networks = parse_range(value) or parse_prefix(value)
        if lasts(record.get("expiration") or record.get("duration") or ""):
            self.add(networks)

    # -- SpamAssassin --

    def spamassassin(self, text):
        for line in lines_of(text):
            words = WORDS.split(line.split("#")[0].strip(BLANK))
            if words[0] in {"clear_trusted_networks", "clear_internal_networks"}:
                require(not self.entries, "takes back")
            if words[0] not in {"trusted_networks", "internal_networks"}:
                continue
            require(len(words) > 1, "no network")
            joined = re.sub(r"(^| )! ", r"\1!", " ".join(words[1:]))
            for word in joined.split(" "):
                self.trusted(word)

    def trusted(self, word):
        is_exclusion = word[:1] == "!"
        word = word[is_exclusion:].removesuffix(",")
        networks = parse_range(word)
        if networks:
            self.add(networks, is_exclusion)
            return
        word = unbracket(word)
        if ":" in word:
            self.add(parse_prefix(word.split("%")[0], True), is_exclusion)
            return
        match = re.fullmatch(r"(\d+(?:\.\d+){0,3})\.?(?:/([\d.]+))?", word, re.A)
        require(match and not re.fullmatch(r"(\d+\.){4}.*", word, re.A), "network")
        numbers = [int(number) for number in match[1].split(".")]
        require(max(numbers) <= 255, "network")
        mask = match[2] or str(8 * len(numbers))
        if "." in mask:
            bits = int(parse_address(mask))
            inverse = bits ^ 0xffffffff
            require(inverse & (inverse + 1) == 0, "mask")
            mask = str(bits.bit_count())
        numbers += [0] * (4 - len(numbers))
        self.add(parse_prefix(".".join(map(str, numbers)) + "/" + mask, True), is_exclusion)

    # -- rbldnsd --

    def rbldnsd(self, text):
        most, default = None, ""
        for line in lines_of(text):
            line = line.strip(BLANK)
            special = re.match(r"(?:\$|[#;:]\$)([^ \t]*)[ \t]*([^ \t]*)", line)
            if special:
                name = special[1].lower()
                require(name != "dataset", "datasets")
                if name == "maxrange4":
                    limit = re.fullmatch(r"(/?)(\d{1,9})", special[2], re.A)
                    require(limit and int(limit[2]) > 0, "MAXRANGE4")
                    require(not limit[1] or int(limit[2]) <= 32, "MAXRANGE4")
                    size = 1 << 32 - int(limit[2]) if limit[1] else int(limit[2])
                    most = min(most or size, size)
                continue
            if not line or line[0] in "#;":
                continue
            if line[0] == ":" and line[1:2] != ":":
                default = line[1:]
                check_value(default)
                continue
            is_exclusion = line[0] == "!"
            line = line[is_exclusion:].lstrip(BLANK)
            token, value = split_zone_line(line)
            networks = zone_networks(token)
            check_value(value)
            numbers = numbers_of((value or default).split(":")[0].strip(BLANK)) or [0]
            distrusted = len(numbers) == 4 and numbers[:2] + numbers[3:] == [127, 0, 0]
            if self.action == "allow" and not is_exclusion and distrusted:
                continue
            count = sum(network.num_addresses for network in networks)
            if not most or networks[0].version == 6 or count <= most:
                # RFC 5782, section 5: the entry by which such a list is tested is no sender.
                if is_exclusion or list(map(str, networks)) != ["127.0.0.2/32"]:
                    self.add(networks, is_exclusion)

    # -- keys with data --

    def opensmtpd(self, text):
        for line in lines_of(text):
            key, _ = split_key(line)
            if key is not None:
                self.add(parse_prefix(unbracket(key), True))


NOW = 1795496400
UNITS = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}


def lasts(expiration):
    """Whether it is in the future."""
    if expiration.lower() in {"", "never"}:
        return True
    match = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d*)?Z", expiration, re.A)
    if match:
        import datetime
        try:
            moment = datetime.datetime(*map(int, match.groups()[:6]), tzinfo=datetime.timezone.utc)
        except ValueError as error:
            raise Refused("time") from error
        return moment.timestamp() > NOW
    match = re.fullmatch(r"([+-]?)((\d{1,6}(\.\d+)?[wdhms])+)", expiration, re.A)
    require(match, "expiration")
    return match[1] != "-" and any(float(number) * UNITS[unit] >= 1 for number, unit in re.findall(
        r"(\d+(?:\.\d+)?)([wdhms])", match[2], re.A))


def split_zone_line(line):
    """The address and the value behind its colon."""
    token = re.match(r"[^ \t#;]*", line)[0]
    ipv4 = re.match(r"([^:]*\.[^:]*):", token)
    ipv6 = re.match(r"([0-9a-fA-F:.]+/\d+):", token, re.A)
    if ipv4 or ipv6:
        end = (ipv4 or ipv6).end() - 1
    else:
        end = len(token)
    rest = line[end:].lstrip(BLANK)
    return line[:end], rest[1:] if rest[:1] == ":" else ""


def check_value(value):
    """A number or an address, if it begins as one."""
    first = value.split(":")[0].strip(BLANK)
    if value[:1].isdigit():
        numbers = numbers_of(first)
        require(numbers and len(numbers) in (1, 4), "value")


def numbers_of(text):
    if not re.fullmatch(r"\d{1,10}(\.\d{1,10}){0,3}", text, re.A):
        return None
    numbers = [int(number) for number in text.split(".")]
    return numbers if max(numbers) <= 255 else None


def network_of(numbers, length=None):
    address = ".".join(map(str, numbers + [0] * (4 - len(numbers))))
    return parse_prefix(f"{address}/{8 * len(numbers) if length is None else length}")


def zone_networks(token):
    first, dash, last = token.partition("-")
    if dash:
        first, last = numbers_of(first), numbers_of(last)
        require(first and last, "range")
        if len(last) == 1:
            last = first[:-1] + last
        require(len(first) == len(last), "range")
        return span(network_of(first).network_address, network_of(last).broadcast_address)
    address, slash, length = token.partition("/")
    numbers = numbers_of(address)
    if numbers and len(numbers) < 4:
        require(slash or len(numbers) > 1, "a number alone")
        return [network_of(numbers, parse_length(length.lstrip("0") or "0", 32) if slash else None)]
    groups = token.split(":")
    if 2 <= len(groups) <= 7 and all(re.fullmatch(r"[0-9a-fA-F]{1,4}", group) for group in groups):
        return [parse_prefix(f"{token}::/{16 * len(groups)}")]
    return [parse_prefix(token)]


def split_key(line):
    """Key and data of a table's line; (None, None): it has none."""
    line = line.strip(BLANK)
    if not line or line[0] == "#":
        return None, None
    line = re.split(r"[ \t]#", line, maxsplit=1)[0].strip(BLANK)
    if line[0] == '"':
        key, quote, data = line[1:].partition('"')
        require(quote, "quote")
        return key, data
    words = WORDS.split(line, 1)
    return words[0], words[1] if len(words) > 1 else ""


def read(name, action, text):
    """The entries as text, exclusions with !; Refused: it is no list of that format."""
    import access
    import fields
    import ranges
    import tables

    reader = Reader(action)
    readers = fields.READERS | tables.READERS | access.READERS | ranges.READERS
    if name in readers:
        readers[name](reader, text)
    else:
        getattr(reader, name.replace("-", "_"))(text)
    return reader.entries
