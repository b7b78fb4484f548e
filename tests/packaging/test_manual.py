# SPDX-License-Identifier: GPL-2.0-or-later
"""ipwld.yaml(5) against the parser and its headers."""

import re

from conftest import TOP, run

PAGE = (TOP / "man/ipwld.yaml.5").read_text()
CONFIG = TOP / "user/config"


def parser_keys(prefix):
    """The keys of a table such as [LIST_NAME] = "name"."""
    sources = "".join(path.read_text() for path in CONFIG.glob("*.c"))
    keys = re.findall(rf'\[{prefix}_\w+\]\s*=\s*"(\w+)"', sources)
    assert keys
    return keys


def page_keys(section):
    text = re.search(rf"^\.Ss {section}\n(.*?)^\.S[sh] ", PAGE, re.M | re.S)[1]
    return re.findall(r"^\.It Ic (\w+) :", text, re.M)


def test_settings_are_those_the_parser_knows():
    keys = page_keys("Settings")
    for inner in ["listen", "keep", "sample"] + parser_keys("RESOLVER") + \
            parser_keys("EVENTS") + parser_keys("SEEN") + parser_keys("LIMITS") + \
            parser_keys("FLOOD"):
        keys.remove(inner)
    assert sorted(keys) == sorted(parser_keys("SETTING") + parser_keys("GUARD"))


def test_keys_of_learning_are_those_the_parser_knows():
    tables = (CONFIG / "learn_fields.c").read_text()
    general = re.findall(r'(?:NUMBER|DURATION)\("(\w+)", ""', tables)
    nested = re.findall(r'(?:NUMBER|DURATION)\("(\w+)", "\w+\."', tables)
    assert sorted(page_keys("Learning")) == sorted(general + parser_keys("LEARN_KEY"))
    text = re.search(r"^\.Ss Learning\n(.*?)^\.Ss ", PAGE, re.M | re.S)[1]
    nested += parser_keys("LEARN_PARTNER")
    sessions = re.findall(r'NUMBER\("(\w+)", "sessions\."', tables)
    assert sorted(page_keys("Sessions")) == sorted(sessions + parser_keys("LEARN_SESSION"))
    nested = set(nested) - set(sessions)
    assert nested <= set(re.findall(r"^\.Ic (\w+)(?: ,)?$", text, re.M))


def test_keys_of_the_status_page_are_those_the_parser_knows():
    assert sorted(page_keys("Status page")) == sorted(parser_keys("WEB"))


def test_keys_of_a_rescue_are_those_the_parser_knows():
    assert sorted(page_keys("Rescue")) == sorted(parser_keys("RESCUE"))


def test_keys_of_a_fleet_are_those_the_parser_knows():
    assert sorted(page_keys("Fleet")) == sorted(parser_keys("FLEET"))


def test_keys_of_a_list_are_those_the_parser_knows():
    assert sorted(page_keys("Lists")) == sorted(parser_keys("LIST"))


def test_keys_of_a_feed_are_those_the_parser_knows():
    older = {"may_hold_reserved", "may_hold_own"}
    assert set(page_keys("Feeds")) | older == set(parser_keys("FEED"))
    guards = re.search(r"^\.Ss Guards\n(.*?)^\.Ss ", PAGE, re.M | re.S)[1]
    described = set(re.findall(r"^\.Ic (\w+)$", guards, re.M))
    described -= {"protected", "guard", "entries", "files"}
    guarding = {key for key in page_keys("Feeds")
                if re.match("m(ay|ax|in)_|check_|reserved|own", key)} - {"max_bytes", "min_trust"}
    assert guarding | older == described


def test_keys_of_a_domain_are_those_the_parser_knows():
    assert sorted(page_keys("Domains")) == sorted(parser_keys("DOMAIN"))


def test_defaults_of_a_feed_are_those_of_the_header():
    header = (CONFIG / "feed_config.h").read_text()
    defaults = dict(re.findall(r'#define FEED_DEFAULT_(\w+) "?(\w+)"?$', header, re.M))
    assert len(defaults) == 7
    feeds = PAGE[PAGE.index(".Ss Feeds"):]
    for key, default in defaults.items():
        setting = rf"^\.It Ic {key.lower()} : (?:(?!\.It).*\n)+?Default:\n\.Li (\w+) \.$"
        guard = rf"^\.Ic {key.lower()}\n(?:(?!\.Ic).*\n)*?\.Pq default: (\w+)"
        described = re.search(guard if "M" == key[0] and key != "MAX_BYTES" else setting, feeds, re.M)
        assert described and described[1] == default, key


def test_keys_of_an_export_are_those_the_parser_knows():
    assert sorted(page_keys("Exports")) == sorted(parser_keys("EXPORT_KEY"))


def test_formats_of_exports_are_those_there_are():
    source = (TOP / "user/formats/writers.c").read_text()
    names = re.findall(r'\[EXPORT_\w+\] = "([a-z-]+)"', source)
    text = re.search(r"^\.Ss Formats of exports\n(.*?)^\.S[sh] ", PAGE, re.M | re.S)[1]
    listed = [name for line in re.findall(r"^\.It Cm (.*)$", text, re.M)
              for name in line.split(" , ")]
    assert len(names) == 16 and sorted(listed) == sorted(names)


def test_formats_of_lists_are_those_there_are():
    source = (TOP / "user/formats/registry.c").read_text()
    names = set(re.findall(r'\[FORMAT_\w+\] = "([a-z0-9-]+)"', source))
    text = re.search(r"^\.Ss Formats\n(.*?)^\.S[sh] ", PAGE, re.M | re.S)[1]
    assert {name for line in re.findall(r"^\.It Cm (.*)$", text, re.M)
            for name in line.split(" , ")} == names
    readme = (TOP / "README.md").read_text()
    assert f"all {len(names) - 1} formats" in readme


def test_defaults_are_those_of_the_header():
    header = (CONFIG / "config.h").read_text()
    defaults = re.findall(r'#define CONFIG_DEFAULT_\w+ "(.*)"', header)
    assert len(defaults) == 5
    for default in defaults:
        assert re.search(rf"^\.(Pa|Li) {re.escape(default)}( \.)?$", PAGE, re.M), default


def test_example_is_valid(staged, tmp_path):
    text = re.search(r"^\.Sh EXAMPLES\n\.Bd -literal\n(.*?)^\.Ed", PAGE, re.M | re.S)[1]
    candidate = tmp_path / "candidate.list"
    candidate.write_text("9.9.9.0/24\n")
    example = tmp_path / "ipwld.yaml"
    example.write_text(text.replace("\\(dq", '"')
                       .replace("/srv/feeds/candidate.list", str(candidate)))
    result = run(staged / "usr/sbin/ipwld", "-t", "-c", example)
    assert result.returncode == 0
    assert "error" not in result.stdout and "warning" not in result.stdout


def test_every_page_is_installed_and_refers_to_pages_that_exist(staged):
    ours = {path.name for path in (staged / "usr/share/man").rglob("*.[58]")}
    assert ours == {"ipwld.yaml.5", "ipwld.8", "ipwl-fetch.8", "ipwl-resolve.8",
                    "ipwl-maillog.8", "ipwl-reject.8", "ipwlctl.8"}
    for path in (TOP / "man").glob("*.[58]"):
        for name, section in re.findall(r"^\.Xr (\S+) (\d)", path.read_text(), re.M):
            assert not name.startswith("ipwl") or f"{name}.{section}" in ours
