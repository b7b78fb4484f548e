# SPDX-License-Identifier: GPL-2.0-or-later
"""What a blocked sender gets to know: nothing, or a reset."""

import pytest

import lanes
from daemon import DROP, INVALID, PARTNERS
from lab import AVERTED, BLOCKED, UNLISTED
from lanes import greeting

RESETS = PARTNERS + DROP.replace("    action: block\n", "    action: block\n    on_block: reset\n")
SILENCE_SEC = 1.5  # a reset takes a millisecond


@pytest.fixture(name="host")
def _host(lab):
    host = lab.add_sender(BLOCKED)
    for sender in AVERTED, UNLISTED:
        lab.address(host, "eth0", *sender.addresses)
    lanes.mail_server(lab)
    return host


@pytest.mark.parametrize("xdp_mode", ["native", "generic"])
def test_blocked_senders_are_reset(lab, ipwld, host, xdp_mode):
    lab.accept_sent_frames()
    ipwld.configure(lists=RESETS, xdp_mode=xdp_mode)
    ipwld.start()
    for address in BLOCKED.addresses:
        with pytest.raises(ConnectionRefusedError):
            greeting(host, address)
    for address in AVERTED.addresses + UNLISTED.addresses:
        assert greeting(host, address) == "normal"
    assert ipwld.packets()["block"] == 2
    assert ipwld.metric("ipwl_answers_total", list="drop", answer="reset") == 2
    drop, = [item for item in ipwld.status()["lists"] if item["name"] == "drop"]
    assert (drop["on_block"], drop["answers"]) == ("reset", 2)
    result = ipwld.ctl("test", BLOCKED.ipv4)
    assert "blocked by drop" in result.stdout and "; connections are reset" in result.stdout
    assert ipwld.ask("test", AVERTED.ipv4)["results"][0]["on_block"] is None


def test_reload_and_detach(lab, ipwld, host):
    """Each change is in force at once."""
    lab.accept_sent_frames()

    def reload(**options):
        ipwld.configure(**options)
        assert ipwld.ctl("reload").returncode == 0

    ipwld.configure(lists=RESETS, mode="monitor")
    ipwld.start()
    assert greeting(host, BLOCKED.ipv4) == "normal"
    reload(lists=RESETS)
    with pytest.raises(ConnectionRefusedError):
        greeting(host, BLOCKED.ipv4)
    ipwld.configure()
    assert "on_block: reset -> none" in ipwld.ctl("diff").stdout
    reload()
    with pytest.raises(TimeoutError):
        greeting(host, BLOCKED.ipv4, timeout=SILENCE_SEC)
    assert "ipwl_answers_total{" not in ipwld.metrics_text()
    reload(lists=RESETS)
    with pytest.raises(ConnectionRefusedError):
        greeting(host, BLOCKED.ipv6)
    assert ipwld.ctl("detach").returncode == 0
    assert greeting(host, BLOCKED.ipv4) == "normal"


def test_allow_lists_have_none(ipwld):
    ipwld.configure(lists=RESETS.replace("action: allow\n", "action: allow\n    on_block: reset\n"))
    result = ipwld.ctl("check-config", ipwld.config)
    assert result.returncode == INVALID and "on_block is only for block lists" in result.stderr
