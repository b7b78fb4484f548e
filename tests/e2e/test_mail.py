# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job: mail over SMTP to a real Postfix, from each kind of sender."""

import pytest

import lab as laboratory
import smtp
from daemon import DROP, PARTNERS


def deliver_all(lab, postfix, also_blocked=False):
    """{(sender, address): what became of its mail}."""
    cases = [(sender, address) for sender in laboratory.SENDERS for address in sender.addresses]
    for sender in laboratory.SENDERS:
        if sender not in lab.hosts:
            lab.add_sender(sender)
    attempts = smtp.deliver_from_all(
        lab, postfix, [(lab.hosts[sender], address,
                        sender.verdict == "block" and not also_blocked)
                       for sender, address in cases])
    return dict(zip(cases, attempts, strict=True))


def check_delivered(attempts, also_blocked=False):
    for (sender, address), attempt in attempts.items():
        is_through = also_blocked or sender.verdict != "block"
        assert attempt.outcome == (smtp.DELIVERED if is_through else smtp.TIMED_OUT), attempt
        assert attempt.is_in_maildir == is_through, attempt
        if is_through:
            assert attempt.mark == (1 if sender.is_marked else 0), attempt


def check_verdicts(ipwld, blocked_as):
    """The kernel's verdict of each sender, and that each was counted."""
    addresses = [address for sender in laboratory.SENDERS for address in sender.addresses]
    results = ipwld.request("POST", "/v1/test", {"addresses": addresses})[1]["results"]
    expected = [blocked_as if sender.verdict == "block" else sender.verdict
                for sender in laboratory.SENDERS for _ in sender.addresses]
    assert [result["verdict"] for result in results] == expected
    connections = ipwld.counters("connections")
    for family in "ipv4", "ipv6":
        for verdict in "allow", "averted", "unlisted":
            assert connections[family, verdict] == 1
        # TCP sends a SYN again when none answers.
        assert connections[family, blocked_as] >= 1


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_enforce(lab, ipwld, postfix, xdp_mode):
    ipwld.configure(xdp_mode=xdp_mode)
    ipwld.start()
    assert ipwld.interface()["xdp_mode"] == xdp_mode
    check_delivered(deliver_all(lab, postfix))
    check_verdicts(ipwld, "block")


def test_monitor_never_drops(lab, ipwld, postfix):
    ipwld.configure(mode="monitor")
    ipwld.start()
    check_delivered(deliver_all(lab, postfix, also_blocked=True), also_blocked=True)
    check_verdicts(ipwld, "would_block")
    assert ipwld.packets()["block"] == 0


def test_monitoring_list_never_drops(lab, ipwld, postfix):
    ipwld.configure(lists=PARTNERS + DROP + "    mode: monitor\n")
    ipwld.start()
    check_delivered(deliver_all(lab, postfix, also_blocked=True), also_blocked=True)
    check_verdicts(ipwld, "would_block")


def test_order_and_length_do_not_matter(lab, ipwld, postfix):
    """An allowed network beats a blocked address inside it, named before it."""
    ipwld.configure(lists=DROP + PARTNERS)
    ipwld.write_list("block.d/more.list", laboratory.ALLOWED.ipv4, laboratory.ALLOWED.ipv6)
    ipwld.start()
    host = lab.add_sender(laboratory.ALLOWED)
    for address in laboratory.ALLOWED.addresses:
        attempt = smtp.deliver(lab, postfix, host, address)
        assert (attempt.outcome, attempt.mark) == (smtp.DELIVERED, 1)
        assert ipwld.ask("test", address)["results"][0]["verdict"] == "averted"


def test_from_monitor_to_enforce_and_back(lab, ipwld, postfix):
    """The steps of the README, with reloads only."""
    host = lab.add_sender(laboratory.BLOCKED)
    source = laboratory.BLOCKED.ipv4
    for mode, outcome in (("monitor", smtp.DELIVERED), ("enforce", smtp.TIMED_OUT),
                          ("monitor", smtp.DELIVERED)):
        ipwld.configure(mode=mode)
        if ipwld.process:
            assert ipwld.ctl("reload").returncode == 0
        else:
            ipwld.start()
        assert ipwld.status()["mode_in_force"] == mode
        attempt = smtp.deliver(lab, postfix, host, source, outcome == smtp.TIMED_OUT)
        assert attempt.outcome == outcome
