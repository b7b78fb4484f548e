#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes the pictures of README.md again, in docs/pictures: what ipwl shows in end-to-end tests.
# Needs what has been built (make all e2e-tools), root, and the packages of scripts/deps.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

made=build/pictures/readme
rm -rf "$made"
/usr/bin/python3 -m pytest -p no:cacheprovider -q tests/e2e -k for_the_readme
mkdir -p docs/pictures
for picture in "$made"/*.png; do
	# A palette makes them three times smaller, and nobody sees it.
	pngquant --quality 60-95 --strip --force --output "docs/pictures/${picture##*/}" "$picture"
done
ls -l docs/pictures
