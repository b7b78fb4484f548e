# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Where to fetch Debian's packages from; sourced by other scripts.

# mirror ARCHIVE: the address of debian or debian-security in this machine's own
# package sources.
mirror() {
	local found
	# shellcheck disable=SC2016 # for apt
	found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
		sed 's|/*$||' | grep -m 1 "/$1$") || true
	echo "${found:-http://deb.debian.org/$1}"
}
