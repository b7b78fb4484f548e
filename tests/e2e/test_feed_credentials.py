# SPDX-License-Identifier: GPL-2.0-or-later
"""Feeds over HTTPS and by a proxy: whom ipwl trusts, and who learns its token and its header."""

from feeding import LIST, PREFIXES, configure, entries, refresh, wait_for_fetch
from sources import Authority, Proxy, Source, feed


def test_tls_is_verified(lab, ipwld):
    authority, other = Authority(), Authority("other")
    good = Source(lab.mx, authority.context())
    elsewhere = Source(lab.mx, authority.context("DNS:mx.example"))
    for source in good, elsewhere:
        source.put("/list", *LIST)
    configure(ipwld, feed("good", good.url("/list"), ca_file=authority.file),
              feed("unknown", good.url("/list")),
              feed("wrong-ca", good.url("/list"), ca_file=other.file),
              feed("wrong-host", elsewhere.url("/list"), ca_file=authority.file))
    ipwld.start()
    assert wait_for_fetch(ipwld, "good")["last_fetch"]["result"] == "new"
    for name in "unknown", "wrong-ca", "wrong-host":
        last = wait_for_fetch(ipwld, name)["last_fetch"]
        assert last["result"] == "failed"
        assert "certificate" in last["message"] and "not trusted" in last["message"], last
    # Their answers were never asked for.
    assert len(good.requests) == 1 and not elsewhere.requests
    assert entries(ipwld) == PREFIXES
    good.answers["/list"] = 302, b"", {"Location": elsewhere.url("/list")}
    assert "not trusted" in refresh(ipwld, "good", "failed")["last_fetch"]["message"]
    plain = Source(lab.mx)
    plain.put("/list", "1.1.1.1")
    good.answers["/list"] = 302, b"", {"Location": plain.url("/list")}
    assert "not https" in refresh(ipwld, "good", "failed")["last_fetch"]["message"]
    assert not plain.requests


def test_credentials_go_to_their_host_alone(lab, ipwld):
    authority = Authority()
    first, second = (Source(lab.mx, authority.context()) for _ in range(2))
    secret = ipwld.top / "secret"
    secret.write_text("pass word\n", encoding="utf-8")
    secret.chmod(0o600)
    token = ipwld.top / "token"
    token.write_text("abc.def", encoding="utf-8")
    token.chmod(0o600)
    first.put("/basic", *LIST)
    first.put("/bearer", *LIST)
    configure(ipwld, feed("basic", first.url("/basic"), ca_file=authority.file, user="mx",
                          token_file=secret),
              feed("bearer", first.url("/bearer"), ca_file=authority.file, token_file=token))
    ipwld.start()
    for name in "basic", "bearer":
        assert wait_for_fetch(ipwld, name)["last_fetch"]["result"] == "new"
    assert first.asked("/basic")[0]["Authorization"] == "Basic bXg6cGFzcyB3b3Jk"
    assert first.asked("/bearer")[0]["Authorization"] == "Bearer abc.def"
    # Another port is another host; so is another name.
    for name in "basic", "bearer":
        for target in second.url("/moved"), first.url("/moved", "localhost"):
            first.answers[f"/{name}"] = 302, b"", {"Location": target}
            first.put("/moved", "9.9.9.0/24", "1.1.1.1")
            second.put("/moved", "9.9.9.0/24", "8.8.8.8")
            refresh(ipwld, name)
    assert len(first.asked("/moved")) == 2 and len(second.asked("/moved")) == 2
    assert not [headers for headers in first.asked("/moved") + second.asked("/moved")
                if "Authorization" in headers]
    # The same host gets them again.
    first.answers["/bearer"] = 302, b"", {"Location": "/here"}
    first.put("/here", *LIST)
    refresh(ipwld, "bearer")
    assert first.asked("/here")[0]["Authorization"] == "Bearer abc.def"
    # They are in no answer, and no log.
    text = ipwld.ctl("--json", "feeds").stdout + ipwld.words()
    assert "abc.def" not in text and "pass word" not in text
    token.unlink()
    last = refresh(ipwld, "bearer", "failed")["last_fetch"]
    assert last["message"] == f"{token}: No such file or directory"


def test_a_header_goes_to_its_host_alone(lab, ipwld):
    authority = Authority()
    first, second = (Source(lab.mx, authority.context()) for _ in range(2))
    first.put("/list", *LIST)
    header, token = ipwld.top / "header", ipwld.top / "token"
    header.write_text("Key: s3cr.et value \n# more\n", encoding="utf-8")
    token.write_text("abc.def\n", encoding="utf-8")
    for file in header, token:
        file.chmod(0o600)
    configure(ipwld, feed("keyed", first.url("/list"), ca_file=authority.file, header_file=header,
                          token_file=token))
    ipwld.start()
    assert wait_for_fetch(ipwld, "keyed")["last_fetch"]["result"] == "new"
    sent = first.asked("/list")[0]
    assert sent["Key"] == "s3cr.et value" and sent["Authorization"] == "Bearer abc.def"
    assert sent["Accept-Encoding"] == "gzip"
    # It follows to its own host, also by a path and with an answer of the redirect.
    first.answers["/list"] = 302, b"moved " * 100, {"Location": "/here"}
    first.put("/here", "9.9.9.0/24", "1.1.1.1")
    refresh(ipwld, "keyed")
    assert first.asked("/here")[0]["Key"] == "s3cr.et value"
    assert first.asked("/here")[0]["Authorization"] == "Bearer abc.def"
    # Another port is another host; so is another name. Neither gets a secret, nor does the
    # first host if it is asked again from there.
    for number, target in enumerate((second.url("/moved"), first.url("/moved", "localhost"))):
        first.answers["/list"] = 307, b"", {"Location": target}
        first.answers["/moved"] = second.answers["/moved"] = \
            301, b"", {"Location": first.url("/back")}
        first.put("/back", "9.9.9.0/24", f"8.8.8.{number}")
        refresh(ipwld, "keyed")
    others = first.asked("/moved") + second.asked("/moved") + first.asked("/back")
    assert len(others) == 4
    assert not [headers for headers in others if "Key" in headers or "Authorization" in headers]
    # Nor does it follow to http, for ever, or through an endless answer.
    plain = Source(lab.mx)
    plain.put("/list", "1.1.1.1")
    first.answers["/list"] = 302, b"", {"Location": plain.url("/list")}
    assert "not https" in refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
    assert not plain.requests
    first.answers["/list"] = 302, b"", {"Location": "/list"}
    assert "redirects" in refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
    first.answers["/list"] = 302, b"x" * 100_000, {"Location": "/here"}
    assert refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
    first.answers["/list"] = 403, b"", {}
    token.unlink()
    configure(ipwld, feed("keyed", first.url("/list"), ca_file=authority.file, header_file=header))
    ipwld.ask("reload")
    assert "rejected header_file" in refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
    # It is in no answer, and no log.
    text = ipwld.ctl("--json", "feeds").stdout + ipwld.words()
    assert "s3cr.et" not in text
    for wrong in "no header", "Key:", "Host: attacker.example", "a b: c", ": c":
        header.write_text(wrong, encoding="utf-8")
        message = refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
        assert message == f"{header}: its first line is no header of its own: write NAME: VALUE"
    header.unlink()
    message = refresh(ipwld, "keyed", "failed")["last_fetch"]["message"]
    assert message == f"{header}: No such file or directory"


def test_the_proxy_of_the_environment(lab, ipwld, monkeypatch):
    authority = Authority()
    source = Source(lab.mx, authority.context())
    source.put("/list", *LIST)
    proxy, other = Proxy(lab.mx), Proxy(lab.mx)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("no_proxy", "example.net,localhost")
    configure(ipwld, feed("one", source.url("/list"), ca_file=authority.file),
              feed("named", source.url("/list"), ca_file=authority.file, proxy=other.url),
              feed("direct", source.url("/list", "localhost"), ca_file=authority.file))
    ipwld.start()
    for name in "one", "named", "direct":
        assert wait_for_fetch(ipwld, name)["last_fetch"]["result"] == "new", name
    line = f"CONNECT 127.0.0.1:{source.port} HTTP/1.1"
    assert [each.lines.count(line) for each in (proxy, other)] == [1, 1]
    assert len(source.asked("/list")) == 3
    proxy.stop()
    assert "connect" in refresh(ipwld, "one", "failed")["last_fetch"]["message"].lower()


def test_a_proxy(lab, ipwld):
    """It makes a tunnel, and sees neither the header nor the token."""
    authority = Authority()
    source = Source(lab.mx, authority.context())
    source.put("/list", *LIST)
    proxy = Proxy(lab.mx)
    header = ipwld.top / "header"
    header.write_text("Key: s3cr.et", encoding="utf-8")
    header.chmod(0o600)
    configure(ipwld, feed("tunnel", source.url("/list"), ca_file=authority.file, proxy=proxy.url,
                          header_file=header))
    ipwld.start()
    assert wait_for_fetch(ipwld, "tunnel")["last_fetch"]["result"] == "new"
    assert entries(ipwld) == PREFIXES
    assert proxy.lines[0] == f"CONNECT 127.0.0.1:{source.port} HTTP/1.1"
    assert "s3cr.et" not in "".join(proxy.lines) and "/list" not in "".join(proxy.lines)
    assert source.asked("/list")[0]["Key"] == "s3cr.et"
    # Nothing goes around it.
    proxy.stop()
    count = len(source.requests)
    assert "connect" in refresh(ipwld, "tunnel", "failed")["last_fetch"]["message"].lower()
    assert len(source.requests) == count and entries(ipwld) == PREFIXES
