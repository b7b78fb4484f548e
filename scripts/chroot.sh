# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Chroots with another Debian, which are made once and used again; sourced by other scripts, in the
# tree's directory, by root.

# shellcheck source=scripts/mirror.sh
. scripts/mirror.sh

chroot_cache=${IPWL_CACHE:-${XDG_CACHE_HOME:-/var/cache}/ipwl}
chroot_inside=
# That nobody is left to kill must not become the status of the script.
trap '[ -z "$chroot_inside" ] || kill -KILL "$chroot_inside" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP

# chroot_make NAME SUITE: unless it is there. Afterwards descriptor 9 is locked: one run at a time
# makes a chroot or installs in it.
chroot_make() {
	local root=$chroot_cache/$1
	mkdir -p "$chroot_cache"
	exec 9>"$root.lock"
	flock 9
	[ ! -e "$root" ] || return 0
	echo "making a chroot of Debian $2 in $root"
	rm -rf "$root.new"
	debootstrap --variant=minbase "$2" "$root.new" "$(mirror debian)" >"$root.log" 2>&1 ||
		{ tail -n 20 "$root.log" >&2; exit 1; }
	mkdir -p "$root.new/src"
	mv "$root.new" "$root"
}

# chroot_run NAME COMMAND [ARGUMENT]...: in the chroot, with the tree in /src. All that is mounted
# there, and all that runs, ends with the script. A PID namespace ends what was started inside; a
# mount namespace, what was mounted. unshare(1) itself ignores signals that ask it to end.
chroot_run() {
	local root=$chroot_cache/$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	unshare --mount --propagation private --pid --fork --kill-child bash -euc '
		root=$1
		shift
		# Programs that make their own mount namespace want the root to be a mount.
		mount --bind "$root" "$root"
		mount --bind "$PWD" "$root/src"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount -t bpf bpf "$root/sys/fs/bpf"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmp "$root/tmp"
		mount -t tmpfs run "$root/run"
		# The installer of Debian writes this file, debootstrap does not.
		[ -e "$root/etc/hosts" ] || echo "127.0.0.1 localhost" >"$root/etc/hosts"
		touch "$root/etc/resolv.conf"
		mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
		exec chroot "$root" /usr/bin/env -C /src HOME=/root LC_ALL=C.UTF-8 TMPDIR=/tmp \
			PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' bash "$root" "$@" &
	chroot_inside=$!
	wait "$chroot_inside"
}
