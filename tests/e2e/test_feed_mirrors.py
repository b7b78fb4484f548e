# SPDX-License-Identifier: GPL-2.0-or-later
"""Mirrors of a feed: which source is asked, and what each of them is told."""

import pytest
# _source is a fixture.
from feeding import LIST, PREFIXES, _source, configure, entries, feed_of, refresh, wait_for_fetch
from sources import Authority, Source, feed


def mirrors(*urls):
    return "[" + ", ".join(f'"{url}"' for url in urls) + "]"


@pytest.fixture(name="mirror")
def _mirror(lab):
    return Source(lab.mx)


@pytest.fixture(name="pair")
def _pair(ipwld, source, mirror):
    """A feed with one mirror, whose url does not answer."""
    source.put("/list", "not here", status=500)
    mirror.put("/copy", *LIST, ETag='"m1"')
    configure(ipwld, feed("one", source.url("/list"), mirrors=mirrors(mirror.url("/copy"))))
    ipwld.start()
    wait_for_fetch(ipwld)
    return ipwld


def test_a_mirror_serves_until_the_first_is_back(pair, source, mirror):
    found = feed_of(pair)
    assert found["last_fetch"]["result"] == "new" and entries(pair) == PREFIXES
    assert found["url"] == source.url("/list") and found["copy_url"] == mirror.url("/copy")
    assert f"one: {source.url('/list')}: " in pair.words()
    assert f"the next source is {mirror.url('/copy')}" in pair.words()
    assert f"one: its newest copy comes from {mirror.url('/copy')}" in pair.ctl("feeds").stdout
    # The validators are for the mirror alone.
    mirror.answers["/copy"] = 304, b"", {}
    refresh(pair, result="unchanged")
    assert "If-None-Match" not in source.asked("/list")[-1]
    assert mirror.asked("/copy")[-1]["If-None-Match"] == '"m1"'
    # The first is back, with the same list: nothing changes but where it comes from.
    source.put("/list", *LIST, ETag='"s1"')
    found = refresh(pair, result="unchanged")
    assert found["copy_url"] == source.url("/list")
    assert "If-None-Match" not in source.asked("/list")[-1] and len(mirror.requests) == 2
    source.answers["/list"] = 304, b"", {}
    refresh(pair, result="unchanged")
    assert source.asked("/list")[-1]["If-None-Match"] == '"s1"' and len(mirror.requests) == 2
    assert "its newest copy" not in pair.ctl("feeds").stdout
    source.put("/list", "9.9.9.0/24", "1.1.1.1")
    refresh(pair)
    assert entries(pair) == ["1.1.1.1/32", "9.9.9.0/24"]


def test_nobody_listens(pair, source, mirror):
    source.stop()
    mirror.put("/copy", *LIST, "1.1.1.1")
    assert refresh(pair)["copy_url"] == mirror.url("/copy")
    mirror.stop()
    found = refresh(pair, result="failed")
    assert "1.1.1.1/32" in entries(pair) and found["copy_url"] == mirror.url("/copy")


def test_what_is_no_list_is_no_answer(pair, source, mirror):
    source.answers["/list"] = 200, b"<html><body>moved</body></html>", {}
    mirror.put("/copy", *LIST, "1.1.1.1")
    found = refresh(pair)
    assert found["copy_url"] == mirror.url("/copy") and found["entries"] == 4
    mirror.answers["/copy"] = 200, b"<html><body>moved</body></html>", {}
    assert refresh(pair, result="invalid")["entries"] == 4


def test_what_is_held_back_is_an_answer(pair, source, mirror):
    asked = len(mirror.requests)
    source.put("/list")
    found = refresh(pair, result="held")
    assert found["held"]["entries"] == 0 and found["copy_url"] == source.url("/list")
    assert len(mirror.requests) == asked and entries(pair) == PREFIXES


def test_a_restart_knows_the_copy_of_a_mirror(pair, source, mirror):
    asked = len(source.requests), len(mirror.requests)
    pair.stop()
    pair.start()
    assert entries(pair) == PREFIXES and feed_of(pair)["copy_url"] == mirror.url("/copy")
    assert feed_of(pair)["last_fetch"] is None and not feed_of(pair)["fetching"]
    assert (len(source.requests), len(mirror.requests)) == asked


def test_secrets_are_for_the_host_of_the_url(lab, ipwld):
    authority = Authority()
    first, second = (Source(lab.mx, authority.context()) for _ in range(2))
    plain = Source(lab.mx)
    token, header = ipwld.top / "token", ipwld.top / "header"
    token.write_text("abc.def\n", encoding="utf-8")
    header.write_text("Key: s3cr.et\n", encoding="utf-8")
    for file in token, header:
        file.chmod(0o600)
    plain.put("/copy", *LIST)
    configure(ipwld, feed("one", first.url("/list"), ca_file=authority.file, token_file=token,
                          header_file=header, mirrors=mirrors(
                              first.url("/again"), second.url("/copy"),
                              first.url("/copy", "localhost"), plain.url("/copy"))))
    ipwld.start()
    assert wait_for_fetch(ipwld)["copy_url"] == plain.url("/copy")
    for sent in first.asked("/list") + first.asked("/again"):
        assert sent["Authorization"] == "Bearer abc.def" and sent["Key"] == "s3cr.et"
    strangers = second.requests + plain.requests
    strangers = [headers for _, headers in strangers] + first.asked("/copy")
    assert len(first.asked("/list")) == len(first.asked("/again")) == 1 and len(strangers) == 3
    assert not [headers for headers in strangers if "Authorization" in headers or "Key" in headers]
