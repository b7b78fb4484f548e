#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration: four senders try to deliver to a Postfix behind ipwl, and a fifth is learned.

Exits with 0 only if each came out as expected. Started by scripts/demo.sh."""

import argparse
import re
import sys
import time

import daemon
import lab as laboratory
import mta
import netns
import smtp
from lab import wait_for

# The documentation networks are never learned, so this sender is from another one.
PARTNER = laboratory.Sender("partner", "44.1.2.7", "2a00:1:2:7::7", "averted")
LEARN = "learn: {list: partners, local_domains: [mx.test]}\n"
DAY_SEC = 86400
# What Postfix logs of a message to bob and of one from him.
MAIL_LOG = """\
{at} mx postfix/submission/smtpd[11]: {sent}: client=laptop[10.0.0.5], sasl_method=PLAIN, \
sasl_username=alice
{at} mx postfix/qmgr[5]: {sent}: from=<alice@mx.test>, size=1000, nrcpt=1 (queue active)
{at} mx postfix/smtp[12]: {sent}: to=<bob@partner.test>, relay=mx.partner.test[{address}]:25, \
delay=1, delays=0.1/0/0.4/0.5, dsn=2.0.0, status=sent (250 2.0.0 Ok)
{at} mx postfix/qmgr[5]: {sent}: removed
{at} mx postfix/smtpd[13]: {received}: client=mx.partner.test[{address}]
{at} mx postfix/qmgr[5]: {received}: from=<bob@partner.test>, size=1000, nrcpt=1 (queue active)
{at} mx postfix/virtual[14]: {received}: to=<inbox@mx.test>, relay=virtual, delay=0.1, \
delays=0.1/0/0/0, dsn=2.0.0, status=sent (delivered to maildir)
{at} mx postfix/qmgr[5]: {received}: removed
"""

COLUMNS = ("sender", "address", "expected", "outcome", "verdict", "mark seen", "")
METRICS = re.compile(r"ipwl_(packets|connections)_total\{.*ipv[46]"
                     r'.*"(allow|averted|block|unlisted)"'
                     r"|ipwl_list_\w+\{|ipwl_interface_attached|ipwl_config_last_reload_successful")


def say(text):
    netns.heed_interrupt()
    print(f"==> {text}", flush=True)


def expected_outcome(sender):
    return smtp.TIMED_OUT if sender.verdict == "block" else smtp.DELIVERED


def expected_mark(sender):
    if sender.verdict == "block":
        return None
    return 1 if sender.is_marked else 0


def mark_text(mark):
    return {None: "no connection", 0: "none"}.get(mark, f"{mark or 0:#x}")


def build_lab(arguments):
    """Set everything up; returns (lab, postfix, ipwld)."""
    say("making an MX and four senders, each a network namespace")
    lab = laboratory.Lab()
    for sender in laboratory.SENDERS:
        lab.add_sender(sender)
    say("starting Postfix on the MX (unpacked below build/, not installed)")
    top = netns.temporary_directory()
    postfix = mta.Postfix(lab.mx, mta.unpack(daemon.ROOT / "build/peers"), top / "postfix")
    postfix.start()
    say(f"starting ipwld on the MX's eth0, in enforce mode, XDP mode {arguments.xdp_mode}")
    ipwld = daemon.Ipwld(lab.mx, top)
    ipwld.configure(xdp_mode=arguments.xdp_mode, extra=LEARN)
    ipwld.start()
    interface = ipwld.interface()
    if not interface["attached"]:
        raise RuntimeError(f"not attached to eth0: {interface['error']}")
    return lab, postfix, ipwld


def deliver(lab, postfix, ipwld):
    """Let all senders try. Prints the table; returns whether all is as expected."""
    say(f"each sender tries to deliver a mail over IPv4 and IPv6; a blocked one "
        f"gives up after {smtp.GIVE_UP_SEC} s")
    cases = [(sender, address) for sender in laboratory.SENDERS for address in sender.addresses]
    attempts = smtp.deliver_from_all(
        lab, postfix, [(lab.hosts[sender], address, expected_outcome(sender) == smtp.TIMED_OUT)
                       for sender, address in cases])
    results = ipwld.request("POST", "/v1/test",
                            {"addresses": [address for _, address in cases]})[1]["results"]
    rows, is_good = [COLUMNS], True
    for (sender, address), attempt, result in zip(cases, attempts, results, strict=True):
        is_row_good = (attempt.outcome == expected_outcome(sender)
                       and attempt.is_in_maildir == (attempt.outcome == smtp.DELIVERED)
                       and attempt.mark == expected_mark(sender)
                       and result["verdict"] == sender.verdict)
        is_good = is_good and is_row_good
        rows.append((sender.name, address,
                     f"{expected_outcome(sender)}, mark {mark_text(expected_mark(sender))}",
                     attempt.outcome + (", in the maildir" if attempt.is_in_maildir else ""),
                     result["verdict"], mark_text(attempt.mark), "ok" if is_row_good else "WRONG"))
    print()
    print_table(rows)
    return is_good


def print_table(rows):
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths).rstrip())


def write_mail_log(path):
    """The log of a week in which alice and bob write to each other."""
    text = ""
    for days in range(7, 1, -1):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - days * DAY_SEC))
        text += MAIL_LOG.format(at=at.replace("Z", ".000000+00:00"), address=PARTNER.ipv4,
                                sent=f"4A71DA9{days}", received=f"4B71DA9{days}")
    path.write_text(text, encoding="utf-8")


def learn(lab, postfix, ipwld):
    """Let ipwld learn a correspondent, whom a block list then lists; returns whether its mail
    still arrives."""
    say("alice and bob@partner.test have written to each other; the log of that week is read")
    log = ipwld.top / "mail.log"
    write_mail_log(log)
    steps = [("learn", "backfill", log), ("explain", PARTNER.ipv4),
             ("learn", "accept", PARTNER.ipv4), ("learn", "list")]
    for step in steps:
        if step[0] == "explain":
            wait_for(lambda: ipwld.ask("explain", PARTNER.ipv4)["learned"],
                     "the partner is a candidate")
        print(f"$ ipwlctl {' '.join(map(str, step))}")
        result = ipwld.ctl(*step)
        print(result.stdout + result.stderr)
        if result.returncode != daemon.DONE:
            return False
    say("a block list lists the host of partner.test, which delivers a mail")
    ipwld.write_list("block.d/mistake.list", PARTNER.ipv4)
    is_good = ipwld.ctl("reload").returncode == daemon.DONE
    host = lab.add_sender(PARTNER)
    attempt = smtp.deliver(lab, postfix, host, PARTNER.ipv4)
    print(f"$ ipwlctl test {PARTNER.ipv4}")
    result = ipwld.ctl("test", PARTNER.ipv4)
    print(result.stdout + result.stderr)
    print(f"{PARTNER.name}: {attempt.outcome}, mark {mark_text(attempt.mark)}")
    verdict, = ipwld.ask("test", PARTNER.ipv4)["results"]
    return is_good and attempt.is_in_maildir and attempt.mark == 1 \
        and verdict["verdict"] == PARTNER.verdict


def show(ipwld):
    """What an administrator would look at; returns whether it is as expected."""
    print("\n$ ipwlctl status")
    status = ipwld.ctl("status")
    print(status.stdout + status.stderr)
    is_good = status.returncode == daemon.DONE
    for sender in laboratory.SENDERS:
        print(f"$ ipwlctl test {' '.join(sender.addresses)}")
        result = ipwld.ctl("test", *sender.addresses)
        print(result.stdout + result.stderr)
        wanted = {"block": daemon.IS_BLOCKED, "unlisted": daemon.NEGATIVE}.get(sender.verdict,
                                                                             daemon.DONE)
        is_good = is_good and result.returncode == wanted
    print(f"$ curl -s http://{':'.join(map(str, daemon.METRICS))}/metrics   (what is of this)")
    lines = [line for line in ipwld.metrics_text().splitlines() if METRICS.match(line)]
    print("\n".join(lines))
    return is_good and bool(lines)


def keep(lab, ipwld):
    """Leave all running until the user has enough."""
    inside = f"nsenter --net={lab.mx.path}"
    print(f"""
Everything is running. In another terminal, as root:
  the MX              {inside} bash
  a sender            nsenter --net={lab.hosts[laboratory.ALLOWED].path} bash
  what ipwl does      {daemon.BUILD}/ipwlctl --socket {ipwld.socket} status
  change a list       {daemon.BUILD}/ipwlctl --socket {ipwld.socket} add --list partners """
          f"""{laboratory.BLOCKED.ipv4} --ttl 1h --reason test
  control socket      curl --unix-socket {ipwld.socket} http://ipwl/v1/status
  metrics             {inside} curl -s http://{daemon.METRICS[0]}:{daemon.METRICS[1]}/metrics
  speak SMTP          nsenter --net={lab.hosts[laboratory.BLOCKED].path} timeout 5 """
          f"""bash -c 'head -n 1 </dev/tcp/{laboratory.MX4}/25'
  configuration, log  {ipwld.config}, {ipwld.log}
To take it all down: Ctrl-C here.""", flush=True)
    try:
        while True:
            netns.heed_interrupt()
            time.sleep(1)
    except KeyboardInterrupt:
        print()


def demonstrate(arguments):
    """All of it; returns whether all is as expected. Heeds an interrupt between the steps."""
    lab, postfix, ipwld = build_lab(arguments)
    is_good = deliver(lab, postfix, ipwld)
    is_good = learn(lab, postfix, ipwld) and is_good
    is_good = show(ipwld) and is_good
    if not is_good:
        print(f"\nThe log of ipwld:\n{ipwld.words()}")
    netns.heed_interrupt()
    print("\nAll came out as expected." if is_good else "\nNOT as expected.", flush=True)
    if arguments.keep:
        keep(lab, ipwld)
    return is_good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave it running to look around")
    parser.add_argument("--xdp-mode", choices=("auto", "native", "generic"), default="auto")
    arguments = parser.parse_args()
    netns.guard()
    try:
        with netns.uninterrupted():
            is_good = demonstrate(arguments)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    finally:
        print("==> cleaning up", flush=True)
        netns.clean_up()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
