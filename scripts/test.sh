#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all tests, from a fresh clone on Debian 12, as root. Names of stages as
# arguments run those alone: scripts/test.sh unit lint
#
# All stages run, also after one that failed; the exit code is 0 only if none
# did. With CI set, a skipped test is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

all=(deps build clang lint unit bpf ctl packaging e2e bench fuzz kernels)
export B=${B:-build}
fuzz_seconds=${FUZZ_SECONDS:-15}
jobs=$(nproc)

# Random tests print the seed they use; one for all makes a run repeatable.
export IPWL_SEED=${IPWL_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

stage_deps() {
	./scripts/deps.sh --test
}

stage_build() {
	make -j "$jobs" all
}

# The same sources under the other compiler's warnings.
stage_clang() {
	make -j "$jobs" CC=clang B="$B/clang" all
}

stage_lint() {
	./scripts/lint.sh
}

# run_binaries DIRECTORY: each cmocka program there prints its own summary.
run_binaries() {
	local source program failed=0 count=0
	for source in "tests/$1"/test_*.c; do
		[ -e "$source" ] || continue
		program=$B/${source%.c}
		echo "--- $program"
		"$program" 2>&1 || { failed=1; echo "--- $program: FAILED"; }
		count=$((count + 1))
	done
	echo "$count test programs in tests/$1"
	[ $count -gt 0 ] && [ $failed -eq 0 ]
}

stage_unit() {
	make -j "$jobs" unit && run_binaries unit
}

stage_bpf() {
	make -j "$jobs" bpf-tests && run_binaries bpf
}

# pytest fails by itself where it finds no test. Debian's Python has scapy.
run_pytest() {
	/usr/bin/python3 -m pytest -p no:cacheprovider -rs -v --tb=short "tests/$1"
}

stage_ctl() {
	make -j "$jobs" all && run_pytest ctl
}

stage_packaging() {
	make -j "$jobs" all && run_pytest packaging
}

stage_e2e() {
	make -j "$jobs" all e2e-tools && run_pytest e2e
}

# That the benchmark and its peers work; it judges no figure.
stage_bench() {
	make -j "$jobs" all bench-program && run_pytest bench
}

# Short, to see that the targets work and find nothing at once; for more:
# make fuzz FUZZ_SECONDS=3600
stage_fuzz() {
	make -j "$jobs" fuzz FUZZ_SECONDS="$fuzz_seconds" 2>&1
}

# On the oldest kernel that will do, the newest, and two between.
stage_kernels() {
	./scripts/kernels.sh
}

needs_root() {
	case $1 in
	bpf | packaging | e2e | bench) true ;;
	*) false ;;
	esac
}

# Skipped tests in a log, by cmocka's summaries and pytest's lines.
count_skipped() {
	awk '/^\[ +SKIPPED +\] [0-9]+ test/ { count += $4 }
	     /^[^ ]+::[^ ]+.* SKIPPED / { count++ }
	     END { print count + 0 }' "$1"
}

[ $# -gt 0 ] || set -- "${all[@]}"
for stage; do
	if ! declare -F "stage_$stage" >/dev/null; then
		echo "test.sh: no stage $stage; there are: ${all[*]}" >&2
		exit 2
	fi
	if needs_root "$stage" && [ "$(id -u)" -ne 0 ]; then
		echo "test.sh: the stage $stage loads BPF programs and makes network namespaces:" \
			"run it as root" >&2
		exit 2
	fi
done

logs=$B/logs
mkdir -p "$logs"
echo "IPWL_SEED=$IPWL_SEED repeats the random tests of this run"

summary=()
failures=0
for stage; do
	printf '\n===== %s\n' "$stage"
	start=$SECONDS
	"stage_$stage" 2>&1 | tee "$logs/$stage.log"
	status=${PIPESTATUS[0]}
	skipped=$(count_skipped "$logs/$stage.log")
	result=ok
	[ "$skipped" -eq 0 ] || result="ok, BUT $skipped SKIPPED"
	[ "$skipped" -eq 0 ] || [ -z "${CI:-}" ] || { result="FAILED: $skipped SKIPPED"; status=1; }
	[ "$status" -eq 0 ] || [[ $result == FAILED* ]] || result=FAILED
	[ "$status" -eq 0 ] || failures=$((failures + 1))
	summary+=("$(printf '%-10s %5d s  %s' "$stage" $((SECONDS - start)) "$result")")
done

printf '\n===== summary (logs in %s)\n' "$logs"
printf '%s\n' "${summary[@]}"
if [ "$failures" -gt 0 ]; then
	echo "FAILED: $failures of $# stages"
	exit 1
fi
echo "PASSED: all $# stages in $SECONDS s"
