#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# take-off.sh IPWLCTL: stops ipwld and takes ipwl off all interfaces, before its files are
# removed. Fails where a program stays attached: then nothing shall be removed.
set -eu

ipwlctl=${1:-/usr/bin/ipwlctl}

if [ -d /run/systemd/system ]; then
	# The socket first: a request would start ipwld again. What is not there is not running.
	for unit in ipwld.socket ipwld.service ipwl-fetch.socket ipwl-resolve.socket \
		ipwl-maillog.socket ipwl-reject.service ipwl-flood.service ipwl-summary.timer \
		'ipwl-after@*.path'; do
		systemctl stop "$unit" 2>/dev/null || true
	done
fi
[ -x "$ipwlctl" ] || exit 0

# One that was started by hand. Behind `detach` it would go on, and attach again.
pid=$("$ipwlctl" --json status 2>/dev/null |
	sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p') || true
if [ -n "$pid" ] && kill -TERM "$pid"; then
	while grep -qs "^State:[[:space:]]*[A-Y]" "/proc/$pid/status"; do
		sleep 0.1
	done
fi

status=0
"$ipwlctl" detach || status=$?
# 4: the configuration cannot be read, and there is nothing in the usual place.
if [ "$status" -ne 0 ] && [ "$status" -ne 4 ]; then
	echo "ipwl is still on an interface, so nothing is removed: see above" >&2
	exit 1
fi
