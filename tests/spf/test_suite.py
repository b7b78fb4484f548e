# SPDX-License-Identifier: GPL-2.0-or-later
"""The test suite of openspf.org (release 2014.04), as Debian's package python3-spf has it.

The suite checks one address at a time. An expansion must contain no address for which a
check does not give "pass". It may lack addresses for which only a check can know."""
import gzip
import ipaddress
import pathlib
import subprocess

import pytest
import yaml
from zones import BUILD, Zone, expand_all

INSTALLED = pathlib.Path("/usr/share/doc/python3-spf/rfc7208-tests.yml.gz")
CASES = 203

# These pass a check, but are not in the set: who the client is decides.
MISSING = {
    # The name of the client.
    "PTR mechanism syntax": {"ptr-case-change", "ptr-match-implicit", "ptr-match-ip6",
                             "ptr-match-target"},
    "Test cases from implementation bugs": {"bytes-bug"},
    # The answer to a query.
    "EXISTS mechanism syntax": {"exists-ip4", "exists-ip6"},
    # The sender, the greeting or the address.
    "Macro expansion rules": {"hello-macro", "macro-mania-in-domain",
                              "macro-multiple-delimiters", "macro-reverse-split-on-dash",
                              "trailing-dot-domain"},
}


def suite_file():
    """Where dpkg leaves documentation out, the package is unpacked below build/."""
    if INSTALLED.exists():
        return INSTALLED
    directory = BUILD / "peers/python3-spf-doc"
    path = directory / INSTALLED.relative_to("/")
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download",
                        "python3-spf"], cwd=directory, check=True)
        archive, = directory.glob("python3-spf_*.deb")
        subprocess.run(["dpkg-deb", "-x", archive, directory], check=True)
    return path


def zone_of(data):
    zone = Zone()
    for name, records in data.items():
        has_text = any(isinstance(record, dict) and "TXT" in record for record in records)
        for record in records:
            if record == "TIMEOUT":
                zone.fail(name)
                continue
            for kind, value in record.items():
                add_record(zone, name, kind, value, has_text)
    return zone


def add_record(zone, name, kind, value, has_text):
    """A record of type SPF stands for one of type TXT where there is none."""
    if value == "TIMEOUT":
        zone.fail(name)
    elif value == "NONE":
        pass
    elif kind == "TXT" or (kind == "SPF" and not has_text):
        strings = value if isinstance(value, list) else [value]
        zone.add(name, "TXT", b"".join(string if isinstance(string, bytes)
                                       else string.encode("latin-1") for string in strings))
    elif kind != "SPF":
        zone.add(name, kind, value)


def load():
    with gzip.open(suite_file(), "rt", encoding="latin-1") as stream:
        for scenario in yaml.safe_load_all(stream):
            if scenario:
                zone = zone_of(scenario["zonedata"])
                for name, test in scenario["tests"].items():
                    yield scenario["description"], name, zone, test


def domain_of(test):
    """The domain that is checked, or None if no check of it can pass."""
    domain = test["mailfrom"].rpartition("@")[2] if test["mailfrom"] else test["helo"]
    labels = domain.rstrip(".").split(".")
    is_domain = len(labels) > 1 and all(0 < len(label) < 64 for label in labels)
    return domain.lower() if is_domain and domain.isascii() else None


@pytest.fixture(scope="module")
def outcomes():
    """(scenario, name, results that the suite allows, whether the address is in the set)"""
    cases = list(load())
    wanted = [case for case in cases if domain_of(case[3])]
    expanded = expand_all([(zone, domain_of(test)) for _, _, zone, test in wanted])
    results = {(case[0], case[1]): result for case, result in zip(wanted, expanded)}
    found = []
    for scenario, name, _, test in cases:
        allowed = test["result"] if isinstance(test["result"], list) else [test["result"]]
        result = results.get((scenario, name))
        address = ipaddress.ip_address(test["host"])
        found.append((scenario, name, allowed, bool(result and result.passes(address))))
    return found


def test_all_cases(outcomes):
    assert len(outcomes) == CASES


def test_no_false_pass(outcomes):
    assert not [outcome for outcome in outcomes if "pass" not in outcome[2] and outcome[3]]


def test_pass(outcomes):
    missing = {}
    for scenario, name, allowed, is_in in outcomes:
        if allowed == ["pass"] and not is_in:
            missing.setdefault(scenario, set()).add(name)
    assert missing == MISSING
    assert sum(allowed == ["pass"] and is_in for _, _, allowed, is_in in outcomes) == 30
