#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The demonstration: an MX with a real Postfix and four senders in network
# namespaces, ipwl between them. Installs what is missing, builds, shows, and
# cleans up. Exits with 0 only if all came out as expected.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: scripts/demo.sh [--keep] [--xdp-mode auto|native|generic]
  --keep      leave it running until Ctrl-C, and say how to look around
  --xdp-mode  how the program is attached (default: auto)"

case ${1:-} in
-h | --help)
	echo "$usage"
	exit 0
	;;
esac
if [ "$(id -u)" -ne 0 ]; then
	echo "demo.sh: it makes network namespaces and loads BPF programs: run it as root," >&2
	echo "demo.sh: sudo ./scripts/demo.sh" >&2
	exit 2
fi

build=${B:-build}
echo "==> installing what is missing"
./scripts/deps.sh --demo
echo "==> building in $build"
make --no-print-directory -s -j "$(nproc)" B="$build" all
mkdir -p "$build"
# Debian's Python: python3-scapy and the like belong to it.
IPWL_BUILD=$build PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 tests/e2e/demo.py "$@"
