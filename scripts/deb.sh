#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian package of this tree, in a copy of it. Needs no root. The same tree gives
# the same bytes, wherever, whenever and in whatever language it is built.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: scripts/deb.sh [OUTPUT]   (default: B/deb; B is build)
  DEB_VERSION        the package's version (default: that of VERSION, and -1)
  IPWL_ARCHITECTURE  the processor that it is for, such as arm64 (default: this machine's)"

case ${1:-} in
-h | --help)
	echo "$usage"
	exit 0
	;;
-*)
	echo "$usage" >&2
	exit 2
	;;
esac
output=${1:-${B:-build}/deb}
version=${DEB_VERSION:-$(cat VERSION)-1}
mkdir -p "$output"
output=$(cd "$output" && pwd)
maintainer=$(sed -n 's/^Maintainer: //p' packaging/debian/control)

is_clone() {
	[ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$PWD" ]
}

# All that is no product of a build.
list_files() {
	if is_clone; then
		git ls-files --cached --others --exclude-standard -z
	else
		find . -path ./build -prune -o -path ./.git -prune -o \( -type f -o -type l \) -print0
	fi
}

# When the tree was last changed: the time of all that the package holds.
epoch() {
	if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
		echo "$SOURCE_DATE_EPOCH"
	elif is_clone; then
		git log -1 --format=%ct
	else
		date -u -d "$(sed -nE 's/^## \[[0-9.]+\] - ([0-9-]+)$/\1/p' CHANGELOG.md | head -n 1)" +%s
	fi
}

work=$(mktemp -d "$output/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
tree=$work/ipwl
mkdir "$tree"
SOURCE_DATE_EPOCH=$(epoch)
export SOURCE_DATE_EPOCH
# Older times than that would go into the package.
list_files | while IFS= read -r -d '' name; do
	[ ! -e "$name" ] || printf '%s\0' "$name"
done | tar --null --no-recursion --mtime="@$SOURCE_DATE_EPOCH" -T - -cf - | tar -xf - -C "$tree"
cp -r packaging/debian "$tree/debian"
cat >"$tree/debian/changelog" <<END
ipwl ($version) unstable; urgency=medium

  * See changelog.gz for what has changed.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END

# What an outer make or test says is not for this build.
(cd "$tree" && env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u B -u WERROR -u CC -u AR -u PKG_CONFIG \
	-u DESTDIR -u PREFIX dpkg-buildpackage --build=binary --no-sign -j"$(nproc)" \
	${IPWL_ARCHITECTURE:+--host-arch "$IPWL_ARCHITECTURE"})
rm -f "$output"/ipwl*.deb "$output"/ipwl_*.{changes,buildinfo}
mv "$work"/ipwl*.deb "$work"/ipwl_*.{changes,buildinfo} "$output/"
ls -l "$output"/*.deb
