#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs make with all CPUs, one run at a time for each build directory: the stages of
# scripts/test.sh run side by side and share what they build.
set -euo pipefail
cd "$(dirname "$0")/.."

export B=${B:-build}
mkdir -p "$B"
exec flock "$B/.make.lock" make --no-print-directory -j "$(nproc)" "$@"
