#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boots Debian's kernels in an emulator and runs ipwl on each: the verdict tests, then
# ipwld with real packets (tests/kernels/guest.sh). Needs neither root nor KVM.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/mirror.sh
. scripts/mirror.sh

usage="usage: scripts/kernels.sh [--refresh] [--arm64] [VERSION...]
  VERSION    such as 5.10, or newest: what Debian has newest
             (none: 5.10 6.1 6.12 newest; for arm64: newest)
  --refresh  look for newer packages of kernels that are here already
  --arm64    kernels of that processor; scripts/cross.sh builds the programs, as root"

export B=${B:-build}
architecture=amd64
usual=(5.10 6.1 6.12 newest)
suites="bullseye bookworm bookworm-backports trixie trixie-backports"
security_suites="bullseye-security bookworm-security trixie-security"
modules="veth cls_bpf sch_ingress tcp_diag"
# Twice what Linux 5.10 walks through; it gives up at a million.
instructions=250000
# A guest that hangs ends then; how fast one is depends on the machine and its load.
guest_sec=3000
# Of random packets; an emulator is slow.
rounds=1000
seed=${IPWL_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}

die() {
	echo "kernels.sh: $*" >&2
	exit 1
}

# ---- kernels from Debian's archive ------------------------------------------

# A configuration of apt that touches nothing of this machine's.
prepare_apt() {
	local apt=$PWD/$cache/apt
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg suite
	[[ $B != /* ]] || apt=$cache/apt
	mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial"
	{
		for suite in $suites; do
			echo "deb [signed-by=$keys] $(mirror debian) $suite main"
		done
		for suite in $security_suites; do
			echo "deb [signed-by=$keys] $(mirror debian-security) $suite main"
		done
	} >"$apt/sources.list"
	cat >"$apt/apt.conf" <<-END
		Dir::Etc::sourcelist "$apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State "$apt/state";
		Dir::Cache "$apt/cache";
		APT::Architecture "$architecture";
		APT::Sandbox::User "";
		Acquire::Languages "none";
	END
	export APT_CONFIG=$apt/apt.conf
	echo "looking for kernels in $(mirror debian)"
	# A suite that has left the mirror is no loss if its kernel is found elsewhere.
	apt-get -qq update || echo "kernels.sh: some package lists are missing" >&2
}

# package_of VERSION: the newest package of it. Those for the cloud are the same
# kernels with fewer drivers.
package_of() {
	local pattern="[0-9]+\.[0-9]+"
	[ "$1" = newest ] || pattern=${1//./\\.}
	apt-cache search --names-only "^linux-image-$pattern\.[0-9].*-cloud-$architecture$" |
		awk '{ print $1 }' | sort -V | tail -n 1
}

# download VERSION: leave vmlinuz, modules/ and their order in the cache.
download() {
	local package parts release work=$cache/work-$1
	package=$(package_of "$1")
	[ -n "$package" ] || die "Debian has no kernel $1 in: $suites"
	release=${package#linux-image-}
	# Newer ones come in several packages.
	mapfile -t parts < <(apt-cache depends "$package" |
		grep -oE "linux-(binary|modules)-[^ ]+$" | sort -u)
	echo "fetching $package"
	rm -rf "$work"
	mkdir -p "$work/debs" "$work/tree" "$work/new/modules"
	(cd "$work/debs" && apt-get -qq download "$package" "${parts[@]}")
	for package in "$work"/debs/*.deb; do
		dpkg-deb --extract "$package" "$work/tree"
	done
	mkdir -p "$work/tree/lib"
	[ ! -d "$work/tree/usr/lib/modules" ] || mv "$work/tree/usr/lib/modules" "$work/tree/lib"
	cp "$(find "$work/tree" -name 'vmlinuz*' -type f -print -quit)" "$work/new/vmlinuz"
	unpack_modules "$work/tree" "$release" "$work/new/modules"
	rm -rf "${cache:?}/$1"
	mv "$work/new" "$cache/$1"
	rm -rf "$work"
}

# unpack_modules TREE RELEASE TO: with what they depend on, which comes first.
unpack_modules() {
	local path name
	# It complains of lists of built-in modules that some packages lack.
	"$(find_tool depmod)" -b "$1" "$2" 2>/dev/null
	for name in $modules; do
		"$(find_tool modprobe)" -d "$1" -S "$2" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
		name=$(basename "${path%.xz}")
		case $path in
		*.xz) xz -dc "$path" >"$3/$name" ;;
		*) cp "$path" "$3/$name" ;;
		esac
		echo "$name" >>"$3/order"
	done
}

# A user's PATH may lack the directories of the administrator.
find_tool() {
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" || die "no $1 here; scripts/deps.sh installs it"
}

# ---- the guest ----------------------------------------------------------------

# there COMMAND [ARGUMENT]...: where programs of the kernels' processor are built.
there() {
	if [ "$architecture" = amd64 ]; then
		"$@"
	else
		B=${B%/*} ./scripts/cross.sh "$architecture" "$@"
	fi
}

build() {
	there ./scripts/make.sh -s all bpf-tests "$B"/tests/kernels/{verifier,verdicts,peer}
}

# archive DIRECTORY: to standard output. The kernel takes several in a row.
archive() {
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0)
}

# boot VERSION: in the background, its console in a file. The CPUs take turns on one thread: on
# two, QEMU 7.2 may still run an instruction that the kernel has patched already, such as a
# breakpoint, and the guest dies by it ("Oops: int3").
boot() {
	local dir=$cache/$1
	rm -rf "$dir/root"
	mkdir "$dir/root"
	cp -r "$dir/modules" "$dir/root/modules"
	{
		cat "$cache/root.cpio"
		archive "$dir/root"
	} >"$dir/initrd"
	timeout "$guest_sec" "${machine[@]}" -accel tcg,thread=single -cpu max -smp 2 -m 1024 \
		-display none -monitor none -nic none -no-reboot -serial "file:$dir/console" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initrd" -append "console=$console quiet panic=-1 \
IPWL_SEED=$seed IPWL_ROUNDS=$rounds IPWL_INSTRUCTIONS=$instructions" </dev/null &
	guests[$1]=$!
}

# finish VERSION: wait for a guest.
finish() {
	wait "${guests[$1]}" || echo "kernels.sh: the emulator ended with $?" >>"$cache/$1/console"
	unset "guests[$1]"
}

# report VERSION: print a guest's results; fails if it is not all passed.
report() {
	local console=$cache/$1/console results
	results=$(tr -d '\r' <"$console" | grep -a '^ipwl: ' | sed 's/^ipwl: //') || true
	grep -v '^END$' <<<"$results" | sed "s/^/$1: /"
	if grep -q '^END$' <<<"$results" && grep -q '^PASS ' <<<"$results" &&
		! grep -q '^FAIL ' <<<"$results"; then
		return 0
	fi
	grep -q '^END$' <<<"$results" || echo "$1: FAIL the guest did not come to its end"
	echo "--- the end of $console:"
	tr -d '\r' <"$console" | tail -n 60
	return 1
}

refresh=false
versions=()
for argument; do
	case $argument in
	-h | --help) echo "$usage"; exit 0 ;;
	--refresh) refresh=true ;;
	--arm64)
		architecture=arm64
		usual=(newest)
		;;
	newest | [0-9]*.[0-9]*) versions+=("$argument") ;;
	*) echo "$usage" >&2; exit 2 ;;
	esac
done
[ ${#versions[@]} -gt 0 ] || versions=("${usual[@]}")
if [ "$architecture" = amd64 ]; then
	[ "$(uname -m)" = x86_64 ] || die "the kernels are for x86_64, and so must be the programs"
	machine=(qemu-system-x86_64)
	console=ttyS0
else
	machine=(qemu-system-aarch64 -M virt)
	console=ttyAMA0
	B=$B/$architecture
fi
cache=$B/kernels

mkdir -p "$cache"
missing=()
for version in "${versions[@]}"; do
	if $refresh || [ ! -e "$cache/$version/vmlinuz" ]; then
		missing+=("$version")
	fi
done
if [ ${#missing[@]} -gt 0 ]; then
	prepare_apt
	for version in "${missing[@]}"; do
		download "$version"
	done
fi

build
there ./tests/kernels/make_root.sh "$cache/root"
archive "$cache/root" >"$cache/root.cpio"
echo "IPWL_SEED=$seed repeats the random tests of this run"

declare -A guests=()
trap '[ ${#guests[@]} -eq 0 ] || kill "${guests[@]}"' EXIT
trap 'exit 130' INT TERM HUP

# Two at a time: a guest waits for packets that never come as much as it computes.
passed=0
failed=0
for ((i = 0; i < ${#versions[@]}; i += 2)); do
	for version in "${versions[@]:i:2}"; do
		boot "$version"
	done
	for version in "${versions[@]:i:2}"; do
		finish "$version"
		if report "$version"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
	done
done
echo "kernels: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
