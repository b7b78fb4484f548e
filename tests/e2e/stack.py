# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts packets that reach the MX's stack after XDP and tc, with nftables."""

import json
import types

from lab import is_ipv6

# As ipwl's list `partners` sets them.
MARKED = "meta mark 0x1 meta priority 0:6"


def mail_from(address, port=25):
    """Matches a packet from that address to a port."""
    family = "ip6" if is_ipv6(address) else "ip"
    return f"{family} saddr {address} tcp dport {port}"


class Stack:
    """Named counters at the first hook after tc.

    rules is {name: what nftables is to match}. A packet may count in several.
    With drop, what is counted ends there, and no RST answers it. Without an interface, the hook
    is that of routing, for all of them."""

    def __init__(self, lab, rules, interface="eth0", drop=False):
        self.lab = lab
        # c_: a name may be one of nftables' own words.
        hook = f'ingress device "{interface}"' if interface else "prerouting"
        lines = [f"table {'netdev' if interface else 'inet'} test {{"]
        lines += [f"counter c_{name} {{ }}" for name in rules]
        lines += ["chain ingress {",
                  f"type filter hook {hook} priority 0; policy accept;"]
        lines += [f"{match} counter name c_{name}" for name, match in rules.items()]
        lines += ['iifname != "lo" tcp dport 1-65535 drop'] if drop else []
        lines += ["}", "}", ""]
        lab.mx.run("nft", "-f", "-", input="\n".join(lines))

    def read(self):
        """The packets by name, as attributes."""
        text = self.lab.mx.run("nft", "-j", "list", "counters").stdout
        return types.SimpleNamespace(**{
            item["counter"]["name"].removeprefix("c_"): item["counter"]["packets"]
            for item in json.loads(text)["nftables"] if "counter" in item})
