#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# units.sh [PATTERN...]: builds the unit tests for another processor, and runs those that a
# pattern names, or all. IPWL_EMULATOR runs them; it knows no sanitizers. scripts/cross.sh starts
# this.
set -euo pipefail

declare -A left_out=(
	[test_learning_year]="it learns for a year, which takes an emulator minutes"
	[test_process]="the emulator does not tell that a program to start is missing"
)

./scripts/make.sh SANITIZE= unit
[ $# -gt 0 ] || set -- 'test_*'
count=0
failed=0
while read -r source; do
	name=$(basename "$source" .c)
	if [ -n "${left_out[$name]:-}" ]; then
		echo "--- $name: left out: ${left_out[$name]}"
		continue
	fi
	count=$((count + 1))
	echo "--- $name"
	if ! timeout 900 "$IPWL_EMULATOR" "$B/tests/unit/$name" >"$B/$name.log" 2>&1 </dev/null; then
		cat "$B/$name.log"
		echo "--- $name: FAILED"
		failed=$((failed + 1))
	fi
done < <(for pattern; do compgen -G "tests/unit/$pattern.c"; done | sort -u)
echo "$count test programs for $IPWL_ARCHITECTURE, $failed failed"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
