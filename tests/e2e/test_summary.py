# SPDX-License-Identifier: GPL-2.0-or-later
"""`ipwlctl summary`: what was sent on the wire, as metrics, monitor and history have it."""

import email
import email.policy
import itertools
import os
import re
import shutil

import pytest

import daemon
import frames
import mta
import netns
from daemon import DONE, INVALID, NEGATIVE, UNREACHABLE
from lab import ALLOWED, AVERTED, BLOCKED, UNLISTED, wait_for

LISTS = """\
  - name: partners
    action: allow
    entries: [198.51.100.0/24, "2001:db8:a::/48"]
    files: [{top}/allow.d/*.list]
  - name: drop
    action: block
    entries: [203.0.113.0/24, "2001:db8:bad::/48"]
  - name: trial
    action: block
    mode: monitor
    entries: [192.0.2.64/28]
"""
EVENTS = "events: {per_second: 100000, per_source_minute: 100000}\n"
TRIED = "192.0.2.77"  # in the list on trial

_port = itertools.count(2000)


@pytest.fixture(name="mx")
def _mx(ipwld):
    ipwld.write_list("allow.d/a.list", f"{AVERTED.ipv4}  # the plant in Lyon", AVERTED.ipv6)
    ipwld.configure(lists=LISTS, extra=EVENTS)
    ipwld.start()
    return ipwld


def attempt(wire, address, count=1):
    for _ in range(count):
        wire.send(frames.tcp(wire, address, source_port=next(_port)))


def send_all(mx, wire):
    """Some of each verdict; returns how many."""
    sent = {ALLOWED.ipv4: 4, AVERTED.ipv4: 5, AVERTED.ipv6: 2, BLOCKED.ipv4: 7, BLOCKED.ipv6: 1,
            "203.0.113.67": 3, UNLISTED.ipv4: 6, TRIED: 8}
    for address, count in sent.items():
        attempt(wire, address, count)
    wait_for(lambda: mx.status()["seen"]["attempts"] == 26, "all attempts are noted")
    return sent


def connections(mx, verdict):
    return int(mx.metric_sum("ipwl_connections_total", verdict=verdict))


def monitored(mx):
    """Attempts that `monitor` can still show: (verdict, list) of each."""
    status, answer = mx.request("GET", "/v1/monitor?after=0")
    assert status == 200
    return [(attempt["verdict"], attempt["list"]) for attempt in answer["attempts"]]


def test_attempts(mx, wire):
    """They equal those of metrics, of monitor and of blocked."""
    sent = send_all(mx, wire)
    summary = mx.ask("summary", "--since", "1h")
    totals = summary["attempts"]
    expected = {"averted": 7, "would_block": 8, "block": 11, "would_limit": 0, "limited": 0}
    assert totals["attempts_by_verdict"] == expected
    assert {verdict: connections(mx, verdict) for verdict in expected} == expected
    shown = monitored(mx)
    assert {verdict: sum(of == verdict for of, _ in shown) for verdict in expected} == expected
    assert sum(totals["left_out"].values()) == 0
    counted = {verdict: connections(mx, verdict)
               for verdict in ("allow", "averted", "unlisted", "would_block", "block")}
    assert summary["connections"]["total"] == counted
    assert {verdict: sum(steps) for verdict, steps
            in summary["connections"]["by_verdict"].items()} == counted
    assert counted["allow"] == sent[ALLOWED.ipv4] and counted["unlisted"] == sent[UNLISTED.ipv4]
    blocked = {source["source"]: source["attempts"]
               for source in mx.ask("blocked", "--since", "1h")["sources"]}
    lists = {of["list"]: of for of in totals["lists"]}
    assert [of["list"] for of in totals["lists"]] == ["drop", "trial"]
    named = {source["source"]: source["attempts"]
             for of in totals["lists"] for source in of["sources"]}
    assert named == {source: count for source, count in blocked.items()
                     if source not in AVERTED.addresses}
    assert [source["source"] for source in lists["drop"]["sources"]] == \
        [BLOCKED.ipv4, "203.0.113.67", BLOCKED.ipv6]
    for name, of in lists.items():
        for verdict in "block", "would_block":
            assert of["attempts_by_verdict"][verdict] == shown.count((verdict, name))
    assert lists["drop"]["attempts_by_verdict"]["averted"] == \
        mx.metric("ipwl_averted_connections_total", allow_list="partners", block_list="drop") == 7
    averted = [(sum_["allow"]["entry"], sum_["block_list"], sum_["attempts"], sum_["source_count"],
                sum_["entry"]["reason"], sum_["entry"]["source"]) for sum_ in totals["averted"]]
    assert averted == [(f"{AVERTED.ipv4}/32", "drop", 5, 1, "the plant in Lyon", "file"),
                       (f"{AVERTED.ipv6}/128", "drop", 2, 1, None, "file")]
    text = mx.ctl("summary").stdout
    assert "7 attempts, which block lists would have dropped" in text
    assert "Dropped: 11 attempts; in monitor mode: 8" in text
    assert BLOCKED.ipv4 in text and "the plant in" in text
    assert mx.ctl("summary", "--format", "json").stdout.startswith('{"schema_version":1')


def test_changes(mx):
    """They equal those of the history; entries that expire are named."""
    mx.ask("add", "--list", "partners", "203.0.113.5", "--ttl", "3d", "--reason", "ticket 1")
    mx.ask("add", "--list", "partners", "203.0.113.6")
    mx.ask("del", "--list", "partners", "203.0.113.6", "--yes")
    summary = mx.ask("summary")
    records = mx.ask("history")["records"]
    assert summary["changes"]["record_count"] == len(records)
    assert {(by["event"], by["records"], by["added"], by["removed"])
            for by in summary["changes"]["by"]} >= {("add", 2, 2, 0), ("del", 1, 0, 1)}
    for event in {record["event"] for record in records}:
        of = [record for record in records if record["event"] == event]
        by = [by for by in summary["changes"]["by"] if by["event"] == event]
        for key in "added", "removed":
            assert sum(item[key] for item in by) == sum(record[key] for record in of)
        assert sum(item["records"] for item in by) == len(of)
    expiring, = summary["expiring"]["items"]
    assert (expiring["prefix"], expiring["reason"]) == ("203.0.113.5/32", "ticket 1")
    lint = mx.ask("lint", "--check", "expiring", status=NEGATIVE)
    assert summary["expiring"]["count"] == lint["total"] == 1
    assert summary["unused"]["lists"] == [{"list": name, "action": action, "count": 0} for
                                          name, action in (("partners", "allow"), ("drop", "block"),
                                                           ("trial", "block"))]
    assert summary["candidates"] is None and summary["feeds"] == []
    assert summary["health"]["level"] == "OK"
    later = mx.ask("summary", "--since", "2100-01-01")
    assert later["changes"]["record_count"] == 0 and later["connections"]["since"] is None


def test_off(ipwld):
    """Without stored attempts the rest is shown."""
    ipwld.configure(lists=LISTS, extra="seen: {keep: none}\n")
    ipwld.start()
    assert ipwld.ask("summary")["attempts"] is None
    assert "Attempts are not stored" in ipwld.ctl("summary").stdout
    for query in "limit=0", "sources=101", "x=1":
        assert ipwld.request("GET", f"/v1/seen/totals?{query}")[0] == 400
    assert ipwld.request("GET", "/v1/seen/totals")[0] == 409


def test_usage(mx):
    assert mx.ctl("summary", "--since", "soon").returncode == INVALID
    assert mx.ctl("summary", "--format", "pdf").returncode == INVALID
    assert mx.ctl("summary").returncode == DONE
    mx.stop()
    assert mx.ctl("summary").returncode == UNREACHABLE


# ---- mail -----------------------------------------------------------------------------------------

UNIT = daemon.ROOT / "packaging/systemd/ipwl-summary.service"


def run_unit(mx, directory, to, sendmail, wrapper=()):
    """Run the commands of the unit, with these paths in place of its own."""
    text = UNIT.read_text()
    environment, = re.findall(r"^Environment=MAIL_TO=root SINCE=(\S+)$", text, re.M)
    commands = re.findall(r"^ExecStart=\+?/bin/sh -ec '(.*)'$", text, re.M)
    assert len(commands) == 2 == text.count("ExecStart=")
    for command, before in zip(commands, ((), wrapper), strict=True):
        for path, other in (("/usr/bin/ipwlctl", f"{daemon.BUILD}/ipwlctl --socket {mx.socket}"),
                            ("/run/ipwl-summary", str(directory)),
                            ("/usr/sbin/sendmail", str(sendmail))):
            command = command.replace(path, other)
        mx.namespace.run(*before, "/bin/sh", "-ec", command,
                         env={**os.environ, "MAIL_TO": to, "SINCE": environment})


def check_mail(text, to):
    mail = email.message_from_string(text, policy=email.policy.default)
    assert mail["To"] == to and mail["Subject"].endswith(": 7 averted, 11 dropped")
    assert not [part.defects for part in mail.walk() if part.defects]
    plain, page = mail.iter_parts()
    assert BLOCKED.ipv4 in plain.get_content() and "<svg" in page.get_content()
    return mail


def test_unit_with_any_sendmail(mx, wire, tmp_path):
    """It gets the message and these options, whatever it is."""
    send_all(mx, wire)
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/options\ncat >{tmp_path}/mail\n')
    sendmail.chmod(0o755)
    run_unit(mx, tmp_path, "postmaster@example.org", sendmail)
    assert (tmp_path / "options").read_text() == "-i -t\n"
    assert check_mail((tmp_path / "mail").read_text(), "postmaster@example.org")["From"] is None


class Submission(mta.Postfix):
    """It takes mail from its own sendmail, too."""

    def __init__(self, namespace, peer, top):
        super().__init__(namespace, peer, top)
        with open(top / "config/master.cf", "a", encoding="ascii") as master:
            master.write("pickup    unix  n  -  n  60  1  pickup\n")
        # postdrop(1) believes no environment: it looks into /etc.
        shutil.copytree(top / "config", top / "etc/postfix")
        for name in "passwd", "group":
            shutil.copy(top / name, top / "etc" / name)

    def inside(self):
        """The command that runs another one as if Postfix were installed."""
        return ("unshare", "--mount", "--propagation", "private", "sh", "-ec",
                'mount -t overlay overlay -o "lowerdir=$0:/etc" /etc; exec "$@"',
                self.top / "etc", "env", f"LD_LIBRARY_PATH={self.peer}/usr/lib/postfix")


def test_unit_with_postfix(mx, wire, postfix_files):
    """The mail arrives."""
    send_all(mx, wire)
    postfix = Submission(mx.namespace, postfix_files, mx.top / "postfix")
    postfix.start()
    run_unit(mx, mx.top, mta.INBOX, postfix.peer / "usr/sbin/sendmail", postfix.inside())
    assert postfix.find("averted, 11 dropped", netns.PATIENCE_SEC), postfix.words()
    path, = (postfix.inbox / "new").iterdir()
    mail = check_mail(path.read_text(), mta.INBOX)
    assert mail["From"].addresses[0].addr_spec == f"root@{mta.DOMAIN}"
    assert not list((postfix.top / "spool/maildrop").iterdir())
