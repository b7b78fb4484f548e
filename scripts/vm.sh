#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots a Debian with systemd in an emulator, as root, installs the packages of this tree there
# and goes through tests/vm/guest.sh. The image is made once and kept; what a run changes in it
# is gone afterwards. Needs no KVM.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/mirror.sh
. scripts/mirror.sh

usage="usage: scripts/vm.sh [--long] [RELEASE] [STEP...]
  RELEASE  12 or 13 (none: 12)
  STEP     steps of tests/vm/guest.sh instead of all
  --long   also those that take their time
The image is in B/vm/RELEASE; B is build. SECONDS_MAX=N ends a guest that hangs; PACKAGE=FILE
installs that package instead of one that is built."

export B=${B:-build}
release=12
long=
steps=()
for argument; do
	case $argument in
	-h | --help) echo "$usage"; exit 0 ;;
	--long) long=--long ;;
	12 | 13) release=$argument ;;
	[a-z]*) steps+=("$argument") ;;
	*) echo "$usage" >&2; exit 2 ;;
	esac
done
declare -A suites=([12]=bookworm [13]=trixie)
suite=${suites[$release]}
# A guest that hangs ends then; how fast one is depends on the machine and its load.
seconds_max=${SECONDS_MAX:-${long:+7200}}
seconds_max=${seconds_max:-3600}

die() {
	echo "vm.sh: $*" >&2
	exit 1
}

[ "$(id -u)" -eq 0 ] || { echo "vm.sh: it makes a chroot: run it as root" >&2; exit 2; }
[ "$(uname -m)" = x86_64 ] || die "the machine is an x86_64, and so must be the packages"
mkdir -p "$B/vm/$release"
dir=$(cd "$B/vm/$release" && pwd)

# ---- the image ------------------------------------------------------------------

# An ordinary server, what the scenario asks, and the libraries that the package needs: the
# guest has no network to fetch them from.
packages="systemd-sysv udev dbus kmod initramfs-tools linux-image-cloud-amd64 ifupdown iproute2
	procps postfix bpftool bash-completion ca-certificates init-system-helpers
	libbpf1 zlib1g libyaml-0-2 libjansson4 libsqlite3-0 libseccomp2 libmnl0
	libidn2-0 libc-ares2"
# Their names changed with the size of time_t.
for package in libelf1 libevent-2.1-7 libevent-openssl-2.1-7 libevent-pthreads-2.1-7 libcurl4 libpcap0.8 libpsl5; do
	[ "$release" = 12 ] || package+=t64
	packages+=" $package"
done
if [ "$release" = 12 ]; then packages+=" libzip4 libhiredis0.14"; else packages+=" libzip5 libhiredis1.1.0"; fi

# make_root ROOT: what the image will hold. Called in a shell of its own, by name.
# shellcheck disable=SC2317
make_root() {
	local root=$1 names
	read -ra names -d '' <<<"$packages" || true
	debootstrap --variant=minbase "$suite" "$root" "$(mirror debian)" >"$dir/debootstrap.log" 2>&1 ||
		{ tail -n 20 "$dir/debootstrap.log" >&2; die "debootstrap failed"; }
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/vm"
	mkdir -p "$root/etc/initramfs-tools/conf.d"
	# Another one would hold every driver there is.
	echo MODULES=list >"$root/etc/initramfs-tools/conf.d/vm"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	chroot "$root" /usr/bin/env -i DEBIAN_FRONTEND=noninteractive PATH="$PATH" LC_ALL=C.UTF-8 \
		sh -euc '
			echo "postfix postfix/main_mailer_type select Internet Site
			postfix postfix/mailname string mx.example" | sed "s/^[[:space:]]*//" | debconf-set-selections
			mkdir -p /etc/initramfs-tools
			apt-get -q -y --no-install-recommends install "$@"
			printf "virtio_pci\nvirtio_blk\next4\n" >>/etc/initramfs-tools/modules
			update-initramfs -u
			apt-get clean
		' sh "${names[@]}" >"$dir/apt.log" 2>&1 ||
		{ tail -n 30 "$dir/apt.log" >&2; die "the packages of the image cannot be installed"; }
	rm "$root/usr/sbin/policy-rc.d" "$root/etc/resolv.conf"
	make_host "$root"
}

# make_host ROOT: its settings.
# shellcheck disable=SC2317
make_host() {
	local root=$1
	echo mx >"$root/etc/hostname"
	printf '127.0.0.1 localhost mx mx.example\n' >"$root/etc/hosts"
	echo '/dev/vda / ext4 defaults,noatime 0 1' >"$root/etc/fstab"
	mkdir -p "$root/etc/network"
	printf '%s\n' 'auto lo' 'iface lo inet loopback' 'auto eth0' 'iface eth0 inet static' \
		'	address 10.99.0.2/24' >"$root/etc/network/interfaces"
	mkdir -p "$root/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=persistent\nForwardToConsole=no\n' \
		>"$root/etc/systemd/journald.conf.d/vm.conf"
	chroot "$root" postconf -e 'inet_interfaces=all' 'inet_protocols=ipv4' 'mynetworks=127.0.0.0/8' \
		'mydestination=mx.example, localhost' 'smtpd_client_restrictions=' 'biff=no' \
		'smtp_dns_support_level=disabled' 'smtpd_peername_lookup=no'
	# In an emulator the copies for its chroot take longer than all else.
	chroot "$root" postconf -F '*/*/chroot=n'
	rm -f "$root"/etc/systemd/system/multi-user.target.wants/postfix*.service
	cat >"$root/etc/systemd/system/vm-scenario.service" <<-'END'
		[Unit]
		Description=What this machine is for
		After=network.target

		[Service]
		Type=exec
		ExecStart=/bin/sh -ec 'mkdir -p /opt/vm && tar -C /opt/vm -xf /dev/vdb && exec /opt/vm/guest.sh'
		StandardOutput=file:/dev/ttyS1
		StandardError=file:/dev/ttyS1
	END
	# No target waits for it, so none is late because of it.
	cat >"$root/etc/systemd/system/vm-scenario.timer" <<-'END'
		[Timer]
		OnBootSec=1s
		AccuracySec=1s

		[Install]
		WantedBy=multi-user.target
	END
	ln -sf /etc/systemd/system/vm-scenario.timer \
		"$root/etc/systemd/system/multi-user.target.wants/vm-scenario.timer"
	for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
		e2scrub_reap.service fstrim.timer man-db.timer getty@tty1.service \
		serial-getty@ttyS1.service systemd-pcrphase.service systemd-pcrphase-sysinit.service \
		systemd-timesyncd.service; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
}

# Of all that the image depends on.
recipe=$({ declare -f make_root make_host; echo "$suite $packages"; } | sha256sum | cut -c 1-16)

make_image() {
	local start=$SECONDS
	echo "making an image of Debian $release; this takes some minutes, once"
	rm -rf "$dir/root" "$dir/image" "$dir/recipe"
	# What is mounted for the chroot is gone with the namespace.
	export -f make_root make_host die mirror
	# shellcheck disable=SC2016 # for the inner shell
	dir=$dir suite=$suite packages=$packages unshare --mount --propagation private bash -euc '
		mkdir -p "$dir/root"
		make_root "$dir/root"
		umount -R "$dir/root/proc" "$dir/root/sys" 2>/dev/null || true
		cp -L "$dir"/root/vmlinuz "$dir/vmlinuz"
		cp -L "$dir"/root/initrd.img "$dir/initrd"
		truncate -s 3G "$dir/image.new"
		mkfs.ext4 -q -F -O ^has_journal -d "$dir/root" "$dir/image.new"
	'
	mv "$dir/image.new" "$dir/image"
	rm -rf "$dir/root"
	echo "$recipe" >"$dir/recipe"
	echo "the image took $((SECONDS - start)) s"
}

exec 9>"$dir/lock"
flock 9
[ "$(cat "$dir/recipe" 2>/dev/null)" = "$recipe" ] || make_image

# ---- what the guest gets ------------------------------------------------------------

# In the release's own libraries: those of 13 are built in the chroot of debian13.sh.
build_packages() {
	rm -rf "$dir/payload"
	mkdir -p "$dir/payload"
	if [ -n "${PACKAGE:-}" ]; then
		cp "$PACKAGE" "$dir/payload/"
	elif [ "$release" = 13 ]; then
		./scripts/debian13.sh deb
		cp "$B"/debian13/deb/ipwl_*.deb "$dir/payload/"
	else
		./scripts/deb.sh "$B/deb" >"$dir/deb.log" 2>&1 ||
			{ tail -n 40 "$dir/deb.log" >&2; die "the package cannot be built"; }
		cp "$B"/deb/ipwl_*.deb "$dir/payload/"
	fi
}

# next_version DEB OUTPUT: the same with a later version: its scripts and a restart are what
# an upgrade is made of.
next_version() {
	local tree=$dir/next
	rm -rf "$tree"
	dpkg-deb -R "$1" "$tree"
	sed -i 's/^Version: .*/&+next/' "$tree/DEBIAN/control"
	dpkg-deb -b --root-owner-group -Znone "$tree" "$2" >/dev/null
	rm -rf "$tree"
}

# earlier_version OUTPUT: of the first commit that can be packaged, where the history is there.
earlier_version() {
	local commit tree=$dir/earlier
	commit=$(git log --diff-filter=A --format=%H -- packaging/debian/control 2>/dev/null | tail -n 1)
	[ -n "$commit" ] || { echo "no earlier commit is here: no upgrade from one"; return; }
	rm -rf "$tree"
	mkdir "$tree"
	git archive "$commit" | tar -xf - -C "$tree"
	(cd "$tree" && DEB_VERSION=0.0.9-1 ./scripts/deb.sh "$tree/deb") >"$dir/deb.log" 2>&1 ||
		{ tail -n 40 "$dir/deb.log" >&2; die "the package of $commit cannot be built"; }
	mv "$tree"/deb/ipwl_*.deb "$1"
	rm -rf "$tree"
}

build_packages
package=$(ls "$dir"/payload/ipwl_*.deb)
mkdir "$dir/payload/next"
next_version "$package" "$dir/payload/next/ipwl.deb"
# With the libraries of this machine, so for 12 alone.
[ -z "$long" ] || [ "$release" != 12 ] || earlier_version "$dir/payload/next/earlier.deb"
cp tests/vm/guest.sh tests/vm/network.sh tests/vm/smtp.sh "$dir/payload/"
printf '%s\n' "$long" "${steps[@]}" >"$dir/payload/arguments"
tar -C "$dir/payload" --owner=0 --group=0 -cf "$dir/payload.tar" .

# ---- the guest --------------------------------------------------------------------

results=$dir/results
console=$dir/console
: >"$results"
guest=
trap '[ -z "$guest" ] || kill "$guest" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP

start=$SECONDS
timeout "$seconds_max" qemu-system-x86_64 -accel tcg -cpu max -smp 1 -m 1024 -snapshot \
	-display none -monitor none -serial "file:$console" -serial "file:$results" \
	-drive "file=$dir/image,format=raw,if=virtio,cache=unsafe" \
	-drive "file=$dir/payload.tar,format=raw,if=virtio,readonly=on" \
	-netdev user,id=net,restrict=on -device virtio-net-pci,netdev=net \
	-kernel "$dir/vmlinuz" -initrd "$dir/initrd" \
	-append "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 panic=-1" </dev/null 9>&- &
guest=$!

# The guest switches itself off at the end; its results are shown as they come.
shown=0
show() {
	local lines
	lines=$(tr -d '\r' <"$results" | tail -n +$((shown + 1)) | head -n -1) || true
	[ -n "$lines" ] || return 0
	shown=$((shown + $(wc -l <<<"$lines")))
	printf '%s\n' "$lines" | sed "s/^/Debian $release: /"
}
while kill -0 "$guest" 2>/dev/null; do
	sleep 1
	show
done
wait "$guest" || echo "vm.sh: the emulator ended with $? after $((SECONDS - start)) s"
guest=
echo >>"$results"
show

if grep -q '^PASSED' "$results" && ! grep -q '^FAILED' "$results"; then
	echo "vm: Debian $release: $(grep -a '^PASSED' "$results" | tr -d '\r') in $((SECONDS - start)) s"
	exit 0
fi
if ! grep -qE '^(PASSED|FAILED)' "$results"; then
	echo "--- the guest did not come to its end; the end of $console:"
	tr -d '\r' <"$console" | tail -n 40
fi
failed=$(tr -d '\r' <"$results" | sed -n 's/^FAILED //p' | head -n 1)
echo "vm: Debian $release FAILED: ${failed:-the guest did not come to its end}"
exit 1
