# SPDX-License-Identifier: GPL-2.0-or-later
"""The lists that ipwl ships: readable as ipwl reads lists of domains."""
import re

from conftest import TOP, run

LIST = TOP / "data/freemail-domains.list"


def test_freemail_domains():
    lines = LIST.read_text(encoding="ascii").splitlines()
    domains = [line for line in lines if not line.startswith("#")]
    assert domains == sorted(set(domains)) and len(domains) > 3000
    for domain in domains:
        assert re.fullmatch(r"([a-z0-9_-]{1,63}\.)+[a-z]{2,63}", domain), domain
    assert {"gmail.com", "gmx.de", "yahoo.co.uk", "hotmail.fr", "proton.me"} <= set(domains)
    # No registry below which others have their domains.
    assert not {"com", "co.uk", "com.br", "co.jp"} & set(domains)


def test_its_source_is_named():
    head = LIST.read_text(encoding="ascii").partition("\n0")[0]
    assert re.search(r"spamassassin \S+ of \d{4}-\d\d-\d\d\b", head) and "Apache" in head


def test_ipwld_reads_it(staged, tmp_path):
    config = tmp_path / "ipwld.yaml"
    installed = staged / "usr/share/ipwl/freemail-domains.list"
    config.write_text("interfaces: []\nlists:\n- {name: partners, action: allow}\n"
                      f"learn: {{list: partners, freemail_file: {installed}}}\n")
    result = run(staged / "usr/sbin/ipwld", "-t", "-c", config)
    assert result.returncode == 0 and "error" not in result.stdout, result.stdout
