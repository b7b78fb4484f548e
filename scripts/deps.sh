#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages that building, testing or the demonstration need,
# and only those that are missing. Starts no service and removes no package.
set -euo pipefail

usage="usage: scripts/deps.sh [--build] [--deb] [--unit] [--test] [--demo] [--bench] [--all]   (none: --all)
       scripts/deps.sh --cross ARCHITECTURE   (to build for that one: arm64, s390x)"

# The runtime that belongs to the default clang.
clang_runtime() {
	apt-cache depends clang 2>/dev/null | sed -nE 's/^ *Depends: clang-([0-9]+)$/libclang-rt-\1-dev/p'
}

build=(
	build-essential      # gcc, make, libc headers (UAPI headers for BPF too)
	clang                # the BPF target
	llvm                 # llvm-strip, which bpftool's skeletons like to have
	bpftool              # gen skeleton
	pkg-config           # flags of the libraries
	libbpf-dev           # loading and pinning
	libelf-dev           # of libbpf
	zlib1g-dev           # of libbpf; packed lists
	liblzma-dev          # packed feeds
	libzip-dev           # packed feeds
	libevent-dev         # ipwld's loop and HTTP
	libhiredis-dev       # the protocol of Redis
	libssl-dev           # TLS to Redis
	libyaml-dev          # the configuration
	libjansson-dev       # control socket bodies, lists in JSON
	libsqlite3-dev       # manual entries
	libcurl4-openssl-dev # ipwlctl's HTTP, and the fetcher's
	libseccomp-dev       # the fetcher's cage
	libc-ares-dev        # DNS, in ipwl-resolve
	libpcap-dev          # ipwlctl simulate, ipwlctl monitor
	libncurses-dev       # ipwlctl top
	libidn2-dev          # domains in the log of Postfix
	libpsl-dev           # the organisation that a name belongs to
	libsystemd-dev       # the journal
	libmnl-dev           # interfaces and tc filters by netlink
)

# The Debian package. systemd says where it has its units, by a file that is in systemd-dev
# since Debian 13.
deb=(
	debhelper
	systemd
)
[ -z "$(apt-cache madison systemd-dev 2>/dev/null)" ] || deb+=(systemd-dev)

# The demonstration and the end-to-end tests keep their own list; among it are the
# libraries of a Postfix that is unpacked, never installed: an MTA stays as it is.
mapfile -t demo < <(grep -v '^#' "$(dirname "$0")/../tests/e2e/packages.txt")
# So do the programs that read exported lists.
mapfile -t consumers < <(grep -v '^#' "$(dirname "$0")/../tests/e2e/consumers.txt")

# Unit and verdict tests.
unit=(
	libcmocka-dev
	iproute2 # interfaces for the verdict tests
)

test=(
	"${unit[@]}"
	"${deb[@]}"
	lintian            # what Debian says of the package
	reuse              # what is said of licences
	gcovr              # make coverage
	e2fsprogs          # images of machines
	"$(clang_runtime)" # libFuzzer, ASan and UBSan for clang
	python3-pytest     # ipwlctl and packaging tests
	python3-pytest-xdist # end-to-end tests side by side
	python3-spf        # what checks addresses by SPF records, and the suite of such checks
	python3-yaml       # that suite
	prometheus         # promtool, and what runs the queries of the dashboard; its service is disabled below
	python3-prometheus-client # reads OpenMetrics
	procps             # sysctl, pgrep
	systemd-journal-remote # files of a journal for the reader of logs
	chromium           # the status page, in a real browser
	chromium-driver    # drives it
	fonts-dejavu-core  # text in its pictures
	pngquant           # makes pictures of README.md small
	tmux               # a terminal for ipwlctl top
	zsh                # completion
	fish               # completion
	ncurses-term       # descriptions of terminals
	tcpdump            # reads what ipwlctl monitor writes
	strace             # what ipwld asks of the kernel, against its unit
	# systemd, of the package: systemd-analyze verify and security, too
	qemu-system-x86    # other kernels
	qemu-system-arm    # kernels of another processor
	busybox-static     # their user space
	cpio               # their initramfs
	xz-utils           # their modules
	kmod               # the order of those
	debootstrap        # the next Debian, to build and test on
	debian-archive-keyring # their packages' signatures
	clang-format       # lint
	clang-tidy         # lint
	cppcheck           # lint
	shellcheck         # lint
	codespell          # lint
	mandoc             # lint of the manual pages
)

# What the benchmark compares with.
bench=(
	nftables      # a set at netdev ingress, synproxy
	ipset         # hash:net
	iptables      # its raw table
	xdp-tools     # xdp-filter
	python3-scapy # SYNs of a flood
)

# cross ARCHITECTURE: compilers of this machine, libraries of that one, an emulator, and what
# its kernels run.
cross() {
	local package
	printf '%s\n' build-essential clang llvm bpftool pkgconf debhelper systemd qemu-user "crossbuild-essential-$1"
	for package in "${build[@]}" libcmocka-dev; do
		[[ $package != *-dev ]] || echo "$package:$1"
	done
	echo "iproute2:$1"
	echo "busybox-static:$1"
}

die() {
	echo "deps.sh: $*" >&2
	exit 1
}

wanted=()
[ $# -gt 0 ] || set -- --all
if [ "$1" = --cross ]; then
	[ $# -eq 2 ] || { echo "$usage" >&2; exit 2; }
	mapfile -t wanted < <(cross "$2")
	if ! dpkg --print-foreign-architectures | grep -qx "$2"; then
		dpkg --add-architecture "$2"
		apt-get -qq update
	fi
	set --
fi
for argument; do
	case $argument in
	--build) wanted+=("${build[@]}") ;;
	--deb) wanted+=("${build[@]}" "${deb[@]}") ;;
	--unit) wanted+=("${build[@]}" "${unit[@]}") ;;
	--test) wanted+=("${build[@]}" "${demo[@]}" "${consumers[@]}" "${test[@]}" "${bench[@]}") ;;
	--demo) wanted+=("${build[@]}" "${demo[@]}") ;;
	--bench) wanted+=("${build[@]}" "${bench[@]}") ;;
	--all) wanted+=("${build[@]}" "${demo[@]}" "${consumers[@]}" "${test[@]}" "${bench[@]}") ;;
	-h | --help) echo "$usage"; exit 0 ;;
	*) echo "$usage" >&2; exit 2 ;;
	esac
done

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	die "this is not Debian (no apt-get). Needed, by their Debian names: ${wanted[*]}"
fi

is_installed() {
	local status
	status=$(dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null) || true
	[[ $status == *installed* && $status != *not-installed* ]]
}

# named_here PACKAGE: the same library as another Debian has it, by another version or
# with a suffix: libicu76 for libicu72, libssl3t64 for libssl3.
named_here() {
	local found=$1 stem
	if [[ $1 == lib* && -z $(apt-cache madison "$1" 2>/dev/null) ]]; then
		stem=$(sed -E 's/[0-9.-]+$//' <<<"$1")
		found=$(apt-cache search --names-only "^${stem}[0-9.-]+(t64)?$" | awk '{ print $1 }' |
			sort -V | tail -n 1)
	fi
	echo "${found:-$1}"
}

missing=()
for package in "${wanted[@]}"; do
	is_installed "$package" || package=$(named_here "$package")
	is_installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
fi

# What is fetched by `apt-get download` later needs package lists, which images
# for containers and virtual machines are often shipped without.
lists_wanted=false
case " $* " in
"  " | *" --build "* | *" --deb "* | *" --unit "*) ;;
*) apt-cache show postfix >/dev/null 2>&1 || lists_wanted=true ;;
esac
[ ${#missing[@]} -gt 0 ] || $lists_wanted || exit 0

[ "$(id -u)" -eq 0 ] || die "only root can install ${missing[*]:-package lists}: run it with sudo"

# Packages must not start what they bring. A policy of the administrator's own
# stays as it is; ours goes away however this script ends.
policy=/usr/sbin/policy-rc.d
marker='# ipwl scripts/deps.sh: temporary'
if [ ! -e "$policy" ] || grep -qF "$marker" "$policy"; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 130' INT TERM HUP
	printf '#!/bin/sh\n%s\nexit 101\n' "$marker" >"$policy"
	chmod 755 "$policy"
fi

log=$(mktemp)
apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 \
		-o DPkg::Lock::Timeout=300 "$@" </dev/null >"$log" 2>&1
}

# --no-remove: rather fail than take something of the user's away.
install_missing() {
	[ ${#missing[@]} -eq 0 ] ||
		apt install --no-remove --no-install-recommends "${missing[@]}"
}
refresh_lists() {
	echo "deps.sh: refreshing the package lists"
	apt update || { cat "$log" >&2; die "apt-get update failed"; }
}

! $lists_wanted || refresh_lists
[ ${#missing[@]} -eq 0 ] || echo "deps.sh: installing ${missing[*]}"
# The lists may be missing or older than the archive: refresh and try again.
if ! install_missing; then
	refresh_lists
	install_missing || { cat "$log" >&2; die "apt-get could not install ${missing[*]}"; }
fi
rm -f "$log"

# For tests only: no Prometheus that comes up with the next boot.
if [[ " ${missing[*]} " == *" prometheus "* ]] && command -v systemctl >/dev/null; then
	systemctl --quiet disable prometheus.service 2>/dev/null || true
fi
