#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make data/freemail-domains.list from the rules of SpamAssassin.

usage: freemail.py VERSION DATE FILE... > data/freemail-domains.list
FILEs are 20_freemail*_domains.cf, for example of Debian's package spamassassin; VERSION is
that of the package, DATE that of the files. A domain of the list covers its subdomains, and the list has no patterns:
"yahoo.*" becomes the names below that large providers have, and other patterns that cannot be
written so are left out.
"""
import pathlib
import re
import sys

TOP_LEVEL = """com net org at be br ca ch cl cn cz de dk ee es eu fi fr gr hk hr hu id ie in it jp
kr lt lv mx my nl no nz ph pl pt ro rs ru se sg si sk th tr tw ua uk us vn za""".split()
SECOND_LEVEL = """co.uk co.jp co.in co.id co.kr co.nz co.za co.th com.ar com.au com.br com.cn
com.co com.hk com.mx com.my com.pe com.ph com.pl com.sg com.tr com.tw com.ua com.vn""".split()

# Providers that are newer than the source.
ADDED = """proton.me pm.me tuta.com tuta.io tutamail.com tutanota.com tutanota.de keemail.me
mailbox.org posteo.de posteo.net disroot.org hey.com zohomail.com zohomail.eu zohomail.in
duck.com icloud.com me.com googlemail.com""".split()

HEAD = """\
# Domains of mail providers at which anybody can have an address.
#
# Source: SpamAssassin, 20_freemail_domains.cf and 20_freemail_mailcom_domains.cf, of Debian's
# package spamassassin {version} of {date}. Made by scripts/freemail.py, which adds a
# few names.
# Copyright The Apache Software Foundation
# Licensed under the Apache License, Version 2.0, http://www.apache.org/licenses/LICENSE-2.0
"""


def expand(pattern):
    """The domains that a pattern stands for."""
    if pattern.startswith("*."):
        return [pattern[2:]] if not re.search(r"[*?]", pattern[2:]) else []
    name, _, end = pattern.partition(".")
    if re.search(r"[*?]", name):
        # ms1.hinet.net, ms2.hinet.net, …: the domain covers them.
        return [end] if end.count(".") else []
    if end == "*":
        return [f"{name}.{top}" for top in TOP_LEVEL]
    if end == "co*.*":
        return [f"{name}.{second}" for second in SECOND_LEVEL]
    return [pattern] if not re.search(r"[*?]", pattern) else []


def main():
    version, date, *paths = sys.argv[1:]
    domains = set(ADDED)
    for path in paths:
        for line in pathlib.Path(path).read_text(encoding="ascii").splitlines():
            words = line.partition("#")[0].lower().split()
            if words[:1] == ["freemail_domains"]:
                for pattern in words[1:]:
                    domains.update(expand(pattern.rstrip(".")))
    sys.stdout.write(HEAD.format(version=version, date=date))
    sys.stdout.write("".join(f"{domain}\n" for domain in sorted(domains)))


if __name__ == "__main__":
    main()
