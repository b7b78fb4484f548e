#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make_root.sh ROOT: makes what all guests of scripts/kernels.sh have: their programs with the
# shared libraries that these need. It runs where the programs were built; IPWL_EMULATOR runs
# those of another processor.
set -euo pipefail

root=$1
emulator=${IPWL_EMULATOR:-}

# A user's PATH may lack the directories of the administrator.
PATH=$PATH:/usr/sbin:/sbin
busybox=$(command -v busybox)
rm -rf "$root"
mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,usr/host,var}
cp "$busybox" "$root/bin/busybox"
for program in $($emulator "$busybox" --list); do
	[ "$program" = busybox ] || ln -s busybox "$root/bin/$program"
done

# libraries PROGRAM: the paths of all that it needs.
libraries() {
	if [ -n "$emulator" ]; then
		"$emulator" "$(readelf -l "$1" | sed -n 's/.*interpreter: \(.*\)]$/\1/p')" --list "$1"
	else
		ldd "$1"
	fi | grep -oE '/[^ :]+ \(' | sed 's/ .*//'
}

for program in "$B"/{ipwld,ipwlctl,ipwl-reject} "$B"/tests/kernels/{verifier,verdicts,peer} \
	"$B"/tests/bpf/test_{attempts,decision,events,flood,limits,sessions,verdict} \
	"$(command -v ip)" "$(command -v tc)"; do
	cp -L "$program" "$root/usr/host/"
	libraries "$program"
done | sort -u | while read -r library; do
	mkdir -p "$root$(dirname "$library")"
	cp -L "$library" "$root$library"
done
cp tests/kernels/guest.sh "$root/init"
chmod 755 "$root/init"
