#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The demonstration: four senders try to deliver to a Postfix behind ipwl.

Exits with 0 only if each came out as expected. Started by scripts/demo.sh."""

import argparse
import re
import sys
import threading

import daemon
import lab as laboratory
import mta
import netns
import smtp

COLUMNS = ("sender", "address", "expected", "outcome", "verdict", "mark seen", "")
METRICS = re.compile(r"ipwl_(packets|connections)_total\{.*ipv[46]"
                     r'.*"(allow|averted|block|unlisted)"'
                     r"|ipwl_list_\w+\{|ipwl_interface_attached|ipwl_config_last_reload_successful")


def say(text):
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
    ipwld.configure(xdp_mode=arguments.xdp_mode)
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
        threading.Event().wait()
    except KeyboardInterrupt:
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave it running to look around")
    parser.add_argument("--xdp-mode", choices=("auto", "native", "generic"), default="auto")
    arguments = parser.parse_args()
    netns.guard()
    try:
        lab, postfix, ipwld = build_lab(arguments)
        is_good = deliver(lab, postfix, ipwld)
        is_good = show(ipwld) and is_good
        if not is_good:
            print(f"\nThe log of ipwld:\n{ipwld.words()}")
        print("\nAll came out as expected." if is_good else "\nNOT as expected.", flush=True)
        if arguments.keep:
            keep(lab, ipwld)
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    finally:
        say("cleaning up")
        netns.clean_up()
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
