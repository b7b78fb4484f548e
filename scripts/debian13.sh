#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs stages of scripts/test.sh on Debian 13, as root: in a chroot that debootstrap
# makes once and that later runs use again. All that is mounted there, and all that
# runs, ends with this script.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/mirror.sh
. scripts/mirror.sh

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

cache=${IPWL_CACHE:-${XDG_CACHE_HOME:-/var/cache}/ipwl}
root=$cache/debian13
mkdir -p "$cache"

# One run at a time makes the chroot or installs in it.
exec 9>"$cache/debian13.lock"
flock 9
if [ ! -e "$root" ]; then
	echo "making a chroot of Debian 13 in $root"
	rm -rf "$root.new"
	debootstrap --variant=minbase trixie "$root.new" "$(mirror debian)" >"$root.log" 2>&1 ||
		{ tail -n 20 "$root.log" >&2; exit 1; }
	mkdir -p "$root.new/src"
	mv "$root.new" "$root"
fi

# Those that need nothing but compilers and libraries.
dependencies=--unit
for stage; do
	case $stage in
	build | clang | unit | bpf) ;;
	deb) [ "$dependencies" = --test ] || dependencies=--deb ;;
	*) dependencies=--test ;;
	esac
done

# A PID namespace ends what was started inside; a mount namespace, what was mounted.
# unshare(1) itself ignores signals that ask it to end.
inside=
# That nobody is left to kill must not become the status of this script.
trap '[ -z "$inside" ] || kill -KILL "$inside" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck disable=SC2016 # for the inner shell
unshare --mount --propagation private --pid --fork --kill-child bash -euc '
	root=$1 dependencies=$2
	shift 2
	# Programs that make their own mount namespace want the root to be a mount.
	mount --bind "$root" "$root"
	mount --bind "$PWD" "$root/src"
	mount -t proc proc "$root/proc"
	mount --rbind /sys "$root/sys"
	mount -t bpf bpf "$root/sys/fs/bpf"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs tmp "$root/tmp"
	mount -t tmpfs run "$root/run"
	touch "$root/etc/resolv.conf"
	mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
	inside() {
		chroot "$root" /usr/bin/env -C /src HOME=/root LC_ALL=C.UTF-8 TMPDIR=/tmp \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	}
	inside ./scripts/deps.sh "$dependencies"
	flock --unlock 9
	inside sh -c "gcc --version; clang --version; pkg-config --modversion libbpf" |
		grep -E "^gcc|^Debian clang|^[0-9]"
	inside B="${B:-build}/debian13" ./scripts/test.sh "$@"
' bash "$root" "$dependencies" "$@" &
inside=$!
wait "$inside"
