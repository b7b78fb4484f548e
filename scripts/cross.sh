#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds for other processors, as root: in a chroot for each, with Debian's cross compiler and
# libraries. By itself it builds all with the unit tests, and runs these in an emulator of user
# programs.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: scripts/cross.sh ARCHITECTURE [COMMAND [ARGUMENT]...]
  ARCHITECTURE  arm64 or s390x (big-endian)
  COMMAND       run this there, for instance make; it builds into B/ARCHITECTURE
                (none: run the unit tests)
The chroot is IPWL_CACHE/cross-ARCHITECTURE; IPWL_CACHE is XDG_CACHE_HOME/ipwl or /var/cache/ipwl."

case ${1:-} in
arm64) machine=aarch64 ;;
s390x) machine=s390x ;;
-h | --help)
	echo "$usage"
	exit 0
	;;
*)
	echo "$usage" >&2
	exit 2
	;;
esac
if [ "$(id -u)" -ne 0 ]; then
	echo "cross.sh: it makes a chroot: run it as root" >&2
	exit 2
fi
architecture=$1
shift
[ $# -gt 0 ] || set -- ./tests/cross/units.sh
# shellcheck source=scripts/chroot.sh
. scripts/chroot.sh

chroot_make "cross-$architecture" bookworm
# shellcheck disable=SC2016 # for the inner shell
chroot_run "cross-$architecture" B="${B:-build}/$architecture" WERROR="${WERROR:-1}" \
	CC="$machine-linux-gnu-gcc" AR="$machine-linux-gnu-ar" \
	PKG_CONFIG="$machine-linux-gnu-pkg-config" \
	IPWL_ARCHITECTURE="$architecture" IPWL_EMULATOR="qemu-$machine" bash -euc '
	./scripts/deps.sh --cross "$IPWL_ARCHITECTURE"
	flock --unlock 9
	"$@"
' bash "$@"
