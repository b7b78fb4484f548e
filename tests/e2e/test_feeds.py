# SPDX-License-Identifier: GPL-2.0-or-later
"""Feeds fetched from real HTTP and HTTPS servers: what servers and the net do to them,
and that the last good copy stays in force whatever that is."""

import calendar
import contextlib
import gzip
import threading
import time

import netns
import pytest
from daemon import NEGATIVE
# _one and _source are fixtures.
from feeding import (LIST, PREFIXES, _one, _source, configure, drip, entries, feed_of, fetchers,
                     give_little_time, refresh, wait_for_fetch)
from lab import wait_for
from sources import feed


def test_a_feed_is_fetched_and_decides(one):
    found = feed_of(one)
    assert (found["list"], found["action"], found["entries"], found["held"], found["trouble"]) \
        == ("drop", "block", 3, None, None)
    assert found["age_seconds"] < 60 and found["next_fetch_at"] and not found["fetching"]
    result, = one.ask("test", "9.9.9.9", status=6)["results"]
    assert result["verdict"] == "block"
    entry, = result["entries"]
    assert (entry["source"], entry["origin"]) == ("feed", "one:1")


def test_200_then_304(one, source):
    before = feed_of(one)
    first, = source.asked("/list")
    assert "If-None-Match" not in first and first["User-Agent"].startswith("ipwl/")
    source.answers["/list"] = 304, b"", {"Content-Length": "0"}
    time.sleep(1)
    after = refresh(one, result="unchanged")
    asked = source.asked("/list")[-1]
    assert asked["If-None-Match"] == '"v1"'
    assert asked["If-Modified-Since"] == "Sun, 22 Nov 2026 10:00:00 GMT"
    assert after["fetched_at"] == before["fetched_at"]
    assert after["checked_at"] > before["checked_at"]
    assert entries(one) == PREFIXES


@pytest.mark.parametrize("has_copy", [False, True], ids=["the first time", "without validators"])
def test_304_that_nobody_asked_for(ipwld, source, has_copy):
    """It is not known what is unchanged, so this is a failure, and soon tried again."""
    not_modified = 304, b"", {"Content-Length": "0"}
    source.answers["/list"] = not_modified
    configure(ipwld, feed("one", source.url("/list"), refresh="12h"))
    if has_copy:
        source.put("/list", *LIST)
    ipwld.start()
    found = wait_for_fetch(ipwld)
    if has_copy:
        source.answers["/list"] = not_modified
        found = refresh(ipwld, result="failed")
    assert "If-None-Match" not in source.asked("/list")[-1]
    assert found["last_fetch"]["result"] == "failed"
    assert "the server answered 304" in found["last_fetch"]["message"]
    assert found["entries"] == (len(PREFIXES) if has_copy else 0)
    next_at = calendar.timegm(time.strptime(found["next_fetch_at"], "%Y-%m-%dT%H:%M:%SZ"))
    assert next_at - time.time() < 3600
    source.put("/list", *LIST, "1.1.1.1")
    assert refresh(ipwld)["entries"] == len(PREFIXES) + 1


def test_the_same_again_without_validators_is_no_change(one, source):
    source.put("/list", *LIST)
    before = one.status()
    assert refresh(one, result="unchanged")["entries"] == 3
    refresh(one, result="unchanged")
    assert "If-None-Match" not in source.asked("/list")[-1]
    assert one.status()["lists"] == before["lists"]


def test_a_new_copy_replaces_the_old(one, source):
    source.put("/list", "9.9.9.0/24", "1.1.1.1")
    found = refresh(one)
    assert found["last_fetch"]["message"] == "in force with 2 entries, 1 added, 2 removed"
    assert entries(one) == ["1.1.1.1/32", "9.9.9.0/24"]


@pytest.mark.parametrize("status, words", [
    (404, "the server answered 404: has the list moved?"),
    (403, "may require user and token_file"), (500, "the server answered 500"),
    (429, "too many requests"), (204, "the server answered 204"), (206, "the server answered 206")])
def test_statuses(one, source, status, words):
    source.answers["/list"] = status, b"" if status == 204 else b"1.1.1.1\n", {}
    found = refresh(one, result="failed")
    assert words in found["last_fetch"]["message"]
    assert entries(one) == PREFIXES and found["entries"] == 3


def test_a_server_that_says_when_to_come_back(one, source):
    source.answers["/list"] = 503, b"", {"Retry-After": "86000"}
    refresh(one, result="failed")
    now = time.time()
    text = feed_of(one)["next_fetch_at"]
    next_at = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    assert 85900 < next_at - now < 1.1 * 86000 + 100


def test_a_slow_server_takes_no_more_than_its_time(one, source):
    give_little_time(one, source)
    started = time.monotonic()
    found = refresh(one, result="failed")
    assert 4.5 < time.monotonic() - started
    assert "took too long" in found["last_fetch"]["message"]
    assert entries(one) == PREFIXES


def test_the_daemon_does_not_wait_for_a_slow_server(one, source):
    source.answers["/list"] = drip
    one.request("GET", "/v1/status")
    with one.namespace.popen("curl", "-s", "-o", "/dev/null", "--unix-socket", one.socket,
                             "-d", "{}", "http://ipwl/v1/feeds/refresh"):
        wait_for(lambda: feed_of(one)["fetching"], "it is fetched")
        assert one.ask("add", "--list", "drop", "1.2.3.4")
        assert one.ask("test", "1.2.3.4", status=6)
        assert one.ask("reload")
        assert feed_of(one)["fetching"]
        assert feed_of(one)["next_fetch_at"] is None


def cut(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"9.9.9.0/24\n")
    handler.close_connection = True


def cut_chunk(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"b\r\n9.9.9.0/24\n\r\n20\r\n8.8")
    handler.close_connection = True


def cut_gzip(handler):
    handler.reply(200, gzip.compress(b"9.9.9.0/24\n" * 100)[:-12], {"Content-Encoding": "gzip"})


@pytest.mark.parametrize("answer, words", [
    (cut, "cut off"), (cut_chunk, "cut off"), (cut_gzip, "gzip data is truncated")])
def test_cut_off(one, source, answer, words):
    source.answers["/list"] = answer
    assert words in refresh(one, result="failed")["last_fetch"]["message"]
    assert entries(one) == PREFIXES


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    while not handler.server.source.released.is_set():
        handler.wfile.write(b"9.9.9.0/24\n" * 1000)


def test_an_endless_body_ends_at_max_bytes(one, source):
    source.answers["/list"] = endless
    found = refresh(one, result="failed")
    assert "it is larger than max_bytes, 100000" in found["last_fetch"]["message"]
    assert entries(one) == PREFIXES


def test_a_length_over_max_bytes(one, source):
    source.put("/list", *["9.9.9.0/24"] * 20000)
    assert "max_bytes" in refresh(one, result="failed")["last_fetch"]["message"]


def test_an_encoding_that_nobody_asked_for(one, source):
    source.answers["/list"] = 200, b"\x0b\x02\x80", {"Content-Encoding": "br"}
    assert "Content-Encoding br" in refresh(one, result="failed")["last_fetch"]["message"]


def test_a_redirect_is_followed(one, source):
    source.put("/elsewhere", "1.1.1.1", "8.8.8.8")
    source.answers["/list"] = 302, b"", {"Location": "/elsewhere"}
    refresh(one)
    assert entries(one) == ["1.1.1.1/32", "8.8.8.8/32"]


def test_redirects_in_a_ring(one, source):
    source.answers["/list"] = 302, b"", {"Location": "/a"}
    source.answers["/a"] = 302, b"", {"Location": "/list"}
    found = refresh(one, result="failed")
    assert "more than 5 redirects" in found["last_fetch"]["message"]
    assert len(source.asked("/a")) == 3
    assert entries(one) == PREFIXES


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/list",
                                    "https://127.0.0.1:1/list", "gopher://127.0.0.1/"])
def test_never_to_another_scheme(one, source, target):
    source.answers["/list"] = 302, b"", {"Location": target}
    found = refresh(one, result="failed")
    assert found["last_fetch"]["message"] \
        == f"did not follow a redirect to {target}, because it is not http"
    assert entries(one) == PREFIXES


@pytest.mark.parametrize("body", [
    b"<!DOCTYPE html>\n<html><body>Please log in</body></html>\n",
    b"\xef\xbb\xbf\n  <html>\n9.9.9.9\n</html>\n"])
@pytest.mark.parametrize("on_error", ["fail", "skip"])
def test_html_instead_of_a_list(ipwld, source, body, on_error):
    source.put("/list", *LIST)
    configure(ipwld, feed("one", source.url("/list"), on_error=on_error))
    ipwld.start()
    wait_for_fetch(ipwld)
    source.answers["/list"] = 200, body, {"Content-Type": "text/html"}
    assert "HTML" in refresh(ipwld, result="invalid")["last_fetch"]["message"]
    assert entries(ipwld) == PREFIXES


def test_a_line_that_is_none(one, source):
    source.put("/list", *LIST, "8.8.4.4/33", format="plain")
    found = refresh(one, result="invalid")
    assert found["last_fetch"]["message"].startswith("one:4:")
    assert entries(one) == PREFIXES


def test_lines_that_are_skipped_are_counted(ipwld, source):
    source.put("/list", *LIST, "8.8.4.4/33", "what?")
    configure(ipwld, feed("one", source.url("/list"), format="plain", on_error="skip"))
    ipwld.start()
    assert wait_for_fetch(ipwld)["skipped_lines"] == 2
    assert entries(ipwld) == PREFIXES
    assert ipwld.metric("ipwl_feed_skipped_lines", feed="one") == 2
    # A restart reads the copy again.
    ipwld.stop()
    ipwld.start()
    assert feed_of(ipwld)["skipped_lines"] == 2


# ---- the life of a copy ------------------------------------------------------


def test_the_copy_outlives_the_source_and_the_daemon(one, source):
    source.stop()
    found = refresh(one, result="failed")
    assert "connect" in found["last_fetch"]["message"].lower()
    assert entries(one) == PREFIXES
    assert one.stop() == 0
    one.start()
    assert entries(one) == PREFIXES
    assert one.ask("test", "9.9.9.9", status=6)
    found = feed_of(one)
    # It is fresh enough: the source is not asked at each restart.
    assert found["last_fetch"] is None and found["age_seconds"] < 60
    one.kill()
    one.start()
    assert entries(one) == PREFIXES


def test_a_reload_keeps_feeds_without_asking(one, source):
    source.stop()
    answer = one.ask("reload")
    assert (answer["added"], answer["removed"]) == (0, 0)
    assert entries(one) == PREFIXES
    # To another list, whose entries they become.
    configure(one, feed("one", source.url("/list")), allowing=True)
    assert one.ask("reload")
    assert one.ask("test", "9.9.9.9")["results"][0]["list"] == "partners"
    configure(one)
    answer = one.ask("reload")
    assert (answer["added"], answer["removed"]) == (0, 3)
    assert one.ask("feeds")["feeds"] == [] and one.ctl("list", "--source", "feed").returncode == 1
    assert one.ask("test", "9.9.9.9", status=1)


def test_a_feed_that_is_taken_away_while_it_is_fetched(one, source):
    source.answers["/list"] = drip
    with one.namespace.popen(*("curl", "-s", "--unix-socket", one.socket, "-d", "{}",
                               "http://ipwl/v1/feeds/refresh"), stdout=-1) as curl:
        wait_for(lambda: feed_of(one)["fetching"], "it is fetched")
        configure(one)
        one.ask("reload")
        assert curl.communicate(timeout=netns.PATIENCE_SEC)[0].split() \
            == [b'{"schema_version":1,"feeds":[]}']
    wait_for(lambda: not fetchers(one), "its fetcher is gone")


def test_another_url_and_format(one, source):
    source.put("/other", "127.0.0.2", "1.1.1.1 :127.0.0.2:x", "8.8.8.8")
    configure(one, feed("one", source.url("/other"), format="rbldnsd"))
    release = threading.Event()
    answer = source.answers["/other"]
    source.answers["/other"] = lambda handler: (release.wait(netns.PATIENCE_SEC),
                                                handler.reply(*answer))
    one.ask("reload")
    wait_for(lambda: source.asked("/other"), "the new source is asked")
    # What was in force stays until it has answered.
    assert entries(one) == PREFIXES
    release.set()
    wait_for(lambda: entries(one) == ["1.1.1.1/32", "8.8.8.8/32"],
             "what the new source has is in force")
    assert "If-None-Match" not in source.asked("/other")[0]
    # The entry for tests of the zone itself is nobody's address.
    assert (feed_of(one)["format"], feed_of(one)["skipped_lines"]) == ("rbldnsd", 1)


def test_another_url_is_fetched_at_once(one, source):
    source.put("/other", "1.1.1.1", "8.8.8.8")
    configure(one, feed("one", source.url("/other")))
    one.ask("reload")
    wait_for(lambda: entries(one) == ["1.1.1.1/32", "8.8.8.8/32"], "the other is in force")
    configure(one, feed("one", source.url("/other"), refresh="10m"))
    one.ask("reload")
    assert len(source.asked("/other")) == 1
    next_at = calendar.timegm(time.strptime(feed_of(one)["next_fetch_at"], "%Y-%m-%dT%H:%M:%SZ"))
    assert 590 < next_at - time.time() <= 600


def test_entries_of_a_feed_expire(ipwld, source):
    source.put("/list", "value,expiration,comment", "9.9.9.0/24,12s,soon", "8.8.8.8,1h,later",
               ETag='"x"')
    source.put("/more", "1.1.1.1")
    configure(ipwld, feed("one", source.url("/list"), format="crowdsec-csv"),
              feed("two", source.url("/more")))
    ipwld.start()
    for name in "one", "two":
        assert wait_for_fetch(ipwld, name)["last_fetch"]["result"] == "new"
    assert entries(ipwld) == ["1.1.1.1/32", "8.8.8.8/32", "9.9.9.0/24"]
    wait_for(lambda: entries(ipwld) == ["1.1.1.1/32", "8.8.8.8/32"], "it expires")
    # Neither a reload, nor another feed of the list, nor a restart brings it back.
    assert ipwld.ask("reload")["added"] == 0
    source.put("/more", "1.1.1.2")
    refresh(ipwld, "two")
    assert entries(ipwld) == ["1.1.1.2/32", "8.8.8.8/32"]
    ipwld.stop()
    ipwld.start()
    assert entries(ipwld) == ["1.1.1.2/32", "8.8.8.8/32"]


def test_several_feeds_of_a_list(lab, ipwld, source):
    names = [f"f{i}" for i in range(9)]
    for i, name in enumerate(names):
        source.put(f"/{name}", "9.9.9.0/24", f"8.8.{i}.0/24")
    asked = []
    release = threading.Event()

    def counted(handler):
        asked.append(handler.path)
        release.wait(netns.PATIENCE_SEC)
        status, body, headers = copies[handler.path]
        handler.reply(status, body, headers)

    copies = dict(source.answers)
    source.answers = {path: counted for path in copies}
    configure(ipwld, *(feed(name, source.url(f"/{name}")) for name in names))
    ipwld.start()
    wait_for(lambda: len(asked) == 4, "four are asked at once")
    time.sleep(0.3)
    assert len(asked) == 4
    release.set()
    for name in names:
        assert wait_for_fetch(ipwld, name)["last_fetch"]["result"] == "new"
    assert entries(ipwld) == [f"8.8.{i}.0/24" for i in range(9)] + ["9.9.9.0/24"] * 9
    # One list entry that several feeds hold stays until the last of them is gone.
    configure(ipwld, feed("f3", source.url("/f3")))
    ipwld.ask("reload")
    assert entries(ipwld) == ["8.8.3.0/24", "9.9.9.0/24"]
    assert ipwld.ask("refresh")["feeds"][0]["name"] == "f3"


def test_a_file(ipwld):
    path = ipwld.top / "feed.list"
    path.write_text("\n".join(LIST), encoding="utf-8")
    path.chmod(0o644)
    configure(ipwld, feed("one", f"file://{path}"))
    ipwld.start()
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"
    refresh(ipwld, result="unchanged")
    path.write_text("1.1.1.1\n8.8.8.8\n", encoding="utf-8")
    refresh(ipwld)
    assert entries(ipwld) == ["1.1.1.1/32", "8.8.8.8/32"]
    path.chmod(0o600)
    refresh(ipwld, result="failed")
    path.unlink()
    refresh(ipwld, result="failed")
    assert entries(ipwld) == ["1.1.1.1/32", "8.8.8.8/32"]


def test_a_full_disk_keeps_what_is_in_force(lab, ipwld, source):
    source.put("/list", *LIST)
    filler = ipwld.state / "filler"
    configure(ipwld, feed("one", source.url("/list")))
    netns.mount("tmpfs", ipwld.state, "size=1m")
    ipwld.start()
    wait_for_fetch(ipwld)
    with open(filler, "wb", buffering=0) as stream, contextlib.suppress(OSError):
        while stream.write(b"x" * 4096):
            pass
    source.put("/list", "1.1.1.1", *LIST)
    found = refresh(ipwld, result="failed")
    assert "No space left" in found["last_fetch"]["message"]
    assert entries(ipwld) == PREFIXES
    filler.unlink()
    refresh(ipwld)
    assert len(entries(ipwld)) == 4


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
@pytest.mark.parametrize("allowing", [True, False])
def test_a_damaged_copy(ipwld, source, damage, allowing):
    """Senders that an allow list lost must not be dropped; those of a block list pass."""
    source.put("/list", *LIST)
    configure(ipwld, feed("one", source.url("/list")), allowing=allowing)
    ipwld.start()
    wait_for_fetch(ipwld)
    ipwld.stop()
    path = ipwld.state / "feeds/one.copy"
    data = bytearray(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    if damage == "flipped":
        data[-3] ^= 1
    path.write_bytes({"cut": data[:-5], "flipped": data, "empty": b""}[damage])
    release = []
    source.answers["/list"] = lambda handler: (wait_for(lambda: release),
                                               handler.reply(200, "\n".join(LIST).encode()))
    ipwld.start()
    assert "damaged" in feed_of(ipwld)["trouble"]
    status = ipwld.status()
    assert status["mode_in_force"] == ("monitor" if allowing else "enforce")
    assert bool(status["suspended"]) == allowing
    release.append(True)
    assert wait_for_fetch(ipwld)["last_fetch"]["result"] == "new"
    assert feed_of(ipwld)["trouble"] is None
    assert ipwld.status()["mode_in_force"] == "enforce" and not ipwld.status()["suspended"]
    assert entries(ipwld) == PREFIXES


def test_unknown_names(one):
    for argv in ("refresh", "two"), ("feeds", "accept", "two"), ("feeds", "diff", "two"):
        result = one.ctl(*argv)
        assert result.returncode == NEGATIVE and 'no feed "two"' in result.stderr
    for verb in "accept", "diff":
        result = one.ctl("feeds", verb, "one")
        assert result.returncode == NEGATIVE and "no copy of feed one is held" in result.stderr
    assert one.ctl("feeds", "take", "one").returncode == 2
    assert one.ctl("feeds", "accept").returncode == 2


def test_text_output(one, source):
    source.put("/list")
    one.ctl("refresh")
    text = one.ctl("feeds").stdout
    assert "held back: it has no entries, and had 3 (may_be_empty)" in text
    assert "ipwlctl feeds diff one" in text
    source.stop()
    text = one.ctl("refresh", "one").stdout
    assert "one: failed: " in text and "FEED" in text


def test_metrics(one, source):
    before = time.time()
    assert one.metric("ipwl_feed_entries", feed="one") == 3
    assert one.metric("ipwl_feed_held", feed="one") == 0
    assert 0 <= before - one.metric("ipwl_feed_last_success_timestamp_seconds", feed="one") < 60
    source.answers["/list"] = 304, b"", {"Content-Length": "0"}
    refresh(one, result="unchanged")
    source.put("/list", *LIST * 2, "1.1.1.1")
    refresh(one)
    source.put("/list")
    refresh(one, result="held")
    assert one.metric("ipwl_feed_held", feed="one") == 1
    source.answers["/list"] = 200, b"<html>", {}
    refresh(one, result="invalid")
    source.stop()
    refresh(one, result="failed")
    counts = {dict(labels)["result"]: value for (name, labels), value in one.metrics().items()
              if name == "ipwl_feed_fetches_total"}
    assert counts == {"new": 2, "unchanged": 1, "held": 1, "invalid": 1, "failed": 1}
    one.ask("reload")
    assert one.metric("ipwl_feed_fetches_total", feed="one", result="new") == 2
