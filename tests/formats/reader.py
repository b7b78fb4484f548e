# SPDX-License-Identifier: GPL-2.0-or-later
"""What ipwl makes of texts: one run of read_texts for many of them."""
import os
import pathlib
import subprocess
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("B", "build")
PROGRAM = BUILD / "tests/formats/read_texts"
FORMATS = ("plain", "postfix-cidr", "rspamd-map", "spamassassin", "dnswl", "rbldnsd", "drop-text",
           "drop-json", "netset", "crowdsec-csv", "spamdb", "exim", "opensmtpd", "json", "csv",
           "geofeed", "ipset", "nftables", "iptables", "access", "clients", "nginx-geo", "networks",
           "dshield", "ipfilter", "p2p", "spf", "hosts-access", "http-access", "tcprules",
           "dns-zone", "csf", "mikrotik")
ALLOW_ONLY = ("dnswl", "spamdb")


class Read(NamedTuple):
    """One text as it was read."""
    format: str
    entries: tuple      # of text, exclusions with !
    errors: tuple
    warnings: tuple


def read_all(texts):
    """`texts`: (format, action, text) each, the text as bytes or as str."""
    requests = []
    for name, action, text in texts:
        data = text.encode() if isinstance(text, str) else text
        requests.append(f"{name} {action} {len(data)}\n".encode() + data)
    done = subprocess.run([PROGRAM], input=b"".join(requests), stdout=subprocess.PIPE, check=True)
    answers, block = [], []
    for line in done.stdout.decode(errors="replace").split("\n"):
        if line != ".":
            block.append(line)
            continue
        answers.append(Read(block[0], *(
            tuple(item[cut:] for item in block[1:] if (item[0] if item[0] in "?~" else "") == mark)
            for mark, cut in (("", 0), ("?", 1), ("~", 1)))))
        block = []
    assert len(answers) == len(requests), "read_texts lost some"
    return answers


def read_one(name, action, text):
    answer, = read_all([(name, action, text)])
    return answer
