#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The devices on which mail arrives, of each kind that the kernel knows how to stack, and the
# senders behind them in a namespace: device K has 10.K.0.1, .2 and .3, to which the senders
# come from 198.51.100.K (allowed), 203.0.113.K (blocked) and 203.0.113.10K (both: averted).
set -euo pipefail

# pair K DEVICE OUTSIDE: addresses and routes of both ends.
pair() {
	local k=$1 device=$2 outside=$3 n=0 source
	ip addr add "10.$k.0.1/24" dev "$device"
	ip addr add "10.$k.0.2/24" dev "$device"
	ip addr add "10.$k.0.3/24" dev "$device"
	ip link set "$device" up
	ip -n outside addr add "10.$k.0.9/24" dev "$outside"
	ip -n outside link set "$outside" up
	for source in "198.51.100.$k" "203.0.113.$k" "203.0.113.10$k"; do
		n=$((n + 1))
		ip -n outside addr add "$source/32" dev lo
		ip -n outside route add "10.$k.0.$n/32" dev "$outside" src "$source"
		ip route add "$source/32" dev "$device"
	done
}

ip netns add outside
ip -n outside link set lo up
for name in veth trunk member port; do
	ip link add "$name" type veth peer name "$name-out"
	ip link set "$name-out" netns outside
	ip -n outside link set "$name-out" up
done

pair 1 veth veth-out

ip link set trunk up
ip link add link trunk name trunk.7 type vlan id 7
ip -n outside link add link trunk-out name trunk-out.7 type vlan id 7
pair 2 trunk.7 trunk-out.7

ip link add bond0 type bond mode active-backup miimon 100
ip link set member master bond0
pair 3 bond0 member-out

ip link add br0 type bridge forward_delay 0
ip link set port master br0
ip link set port up
pair 4 br0 port-out
