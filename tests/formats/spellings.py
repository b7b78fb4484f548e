# SPDX-License-Identifier: GPL-2.0-or-later
"""Networks in the spellings of many programs, for the second readers."""
import ipaddress
import re

from reference import parse_address, parse_length, parse_prefix, require, span, unbracket

NAME = re.compile(r"\*?[A-Za-z0-9._-]*\.[A-Za-z][A-Za-z0-9_-]*\.?", re.A)


def is_name(word):
    return NAME.fullmatch(word) is not None


def octets(text, zeros):
    numbers = text.split(".")
    require(all(re.fullmatch(r"\d{1,3}", each, re.A) for each in numbers), "octets")
    require(zeros or all(each == "0" or each[0] != "0" for each in numbers), "zeros")
    require(all(int(each) <= 255 for each in numbers), "octets")
    return [int(each) for each in numbers]


def base(text, truncated=False, zeros=False):
    """(address, length) without what a slash adds."""
    text = unbracket(text)
    if ":" in text:
        prefix = parse_prefix(text)
        return prefix.network_address, prefix.prefixlen
    body, stars = re.fullmatch(r"(.*?)((?:\.\*)*)", text).groups()
    if stars:
        numbers = octets(body, zeros)
        require(len(numbers) + stars.count("*") <= 4, "stars")
    else:
        require("." in text, "a number alone")
        if truncated and text.endswith("."):
            body = text[:-1]
            require(body.count(".") < 3, "dot")
        numbers = octets(body, zeros)
        require(len(numbers) == 4 or truncated and len(numbers) < 4, "octets")
    packed = bytes(numbers) + bytes(4 - len(numbers))
    return ipaddress.IPv4Address(packed), 8 * len(numbers)


def length_of(text, version):
    if "." in text:
        bits = int(parse_address(text))
        require(version == 4 and ~bits & 0xffffffff & ((~bits & 0xffffffff) + 1) == 0, "mask")
        return bits.bit_count()
    return parse_length(text, 32 if version == 4 else 128)


def network(text, cut=False, **how):
    address, slash, mask = text.partition("/")
    if address.startswith("[") and "]" in mask:
        address, slash, mask = text, "", ""
    require(not (slash and "*" in address), "star and mask")
    address, length = base(address, **how)
    if slash:
        length = length_of(mask, address.version)
    found = ipaddress.ip_network((address, length), strict=False)
    require(cut or found.network_address == address, "host bits")
    require(not re.fullmatch(r"255\..*\.(?!255).*", text.split("/")[0]) or length_of_base(text) < 32,
            "mask")
    return found


def length_of_base(text):
    address = text.split("/")[0]
    return 32 if re.fullmatch(r"(\d+\.){3}\d+", address) else 0


JOIN = re.compile(r"(.+?)(?:-|\.\.|\u2013|\u2014|->)(.+)")


def spelled(text, cut=False, **how):
    """The networks of one word: a network or a range."""
    match = JOIN.fullmatch(text)
    if match:
        ends = [base(side, zeros=how.get("zeros", False)) for side in match.groups()]
        require(all(length == address.max_prefixlen for address, length in ends), "range")
        require("*" not in text, "star")
        return span(ends[0][0], ends[1][0])
    return [network(text, cut, **how)]
