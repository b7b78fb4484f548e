#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs stages of scripts/test.sh on Debian 13, as root: in a chroot that debootstrap
# makes once and that later runs use again.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: scripts/debian13.sh [STAGE...]   (none: build unit bpf)
The chroot is IPWL_CACHE/debian13; IPWL_CACHE is XDG_CACHE_HOME/ipwl or /var/cache/ipwl."

case ${1:-} in
-h | --help)
	echo "$usage"
	exit 0
	;;
esac
[ $# -gt 0 ] || set -- build unit bpf
if [ "$(id -u)" -ne 0 ]; then
	echo "debian13.sh: it makes a chroot: run it as root" >&2
	exit 2
fi
# shellcheck source=scripts/chroot.sh
. scripts/chroot.sh

# Those that need nothing but compilers and libraries.
dependencies=--unit
for stage; do
	case $stage in
	build | clang | unit | bpf) ;;
	deb) [ "$dependencies" = --test ] || dependencies=--deb ;;
	*) dependencies=--test ;;
	esac
done

chroot_make debian13 trixie
# shellcheck disable=SC2016 # for the inner shell
chroot_run debian13 B="${B:-build}/debian13" bash -euc '
	./scripts/deps.sh "$1"
	shift
	flock --unlock 9
	{ gcc --version; clang --version; pkg-config --modversion libbpf; } |
		grep -E "^gcc|^Debian clang|^[0-9]"
	./scripts/test.sh "$@"
' bash "$dependencies" "$@"
