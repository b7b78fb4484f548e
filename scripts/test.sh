#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all tests, from a fresh clone on Debian 12, as root. Names of stages as
# arguments run those alone: scripts/test.sh unit lint
#
# All stages run, also after one that failed; the exit code is 0 only if none
# did. With CI set, a skipped test is a failure. Stages run side by side, LANES of
# them (default: one more than there are CPUs, since some mostly wait), and the output
# of each is printed whole when it ends.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# Those that the others build on run first, one after the other; then the longest.
first=(deps build)
all=("${first[@]}" e2e vm kernels cross lint debian13 tsan unit fuzz clang packaging bpf ctl maillog formats spf bench)
# Not among all: for hours, not for each change.
extra=(deb soak)

export B=${B:-build}
export WERROR=${WERROR:-1}
lanes=${LANES:-$(($(nproc) + 1))}
logs=$B/logs

# Random tests print the seed they use; one for all makes a run repeatable. It comes from the
# committed files: the same ones get the same random inputs, and each change tries others. Without
# them, and for a soak, it is drawn.
draw_seed() {
	local tree
	if [[ " $* " != *" soak "* ]] &&
		tree=$(git -c safe.directory='*' rev-parse 'HEAD^{tree}' 2>/dev/null); then
		echo $((16#${tree:0:8}))
	else
		od -An -N4 -tu4 /dev/urandom | tr -d ' '
	fi
}
export IPWL_SEED=${IPWL_SEED:-$(draw_seed "$@")}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
export PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1

built() {
	./scripts/make.sh "$@"
}

stage_deps() {
	./scripts/deps.sh --test
}

# What several stages use.
stage_build() {
	built all e2e-tools bpf-tests bench-program skeletons
}

# The same sources under the other compiler's warnings.
stage_clang() {
	built CC=clang B="$B/clang" all
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
	built unit && run_binaries unit
}

stage_bpf() {
	built bpf-tests && run_binaries bpf
}

# run_pytest TESTS [OPTION...]: pytest fails by itself where it finds no test. Debian's
# Python has scapy.
run_pytest() {
	/usr/bin/python3 -m pytest -p no:cacheprovider -rsfE -v --tb=short "$@"
}

stage_ctl() {
	built all && run_pytest tests/ctl -n 2
}

# The reader of logs: generated logs, rotation and restarts.
stage_maillog() {
	built all && run_pytest tests/maillog -n 3
}

# Lists in all formats, read by ipwl and by a second reader.
stage_formats() {
	built unit && run_pytest tests/formats
}

# SPF records, expanded by ipwl and checked by another program.
stage_spf() {
	built unit && run_pytest tests/spf
}

stage_packaging() {
	built all && run_pytest tests/packaging
}

# Most of what an end-to-end test takes is waiting, for namespaces to come and go among
# other things.
stage_e2e() {
	built all e2e-tools && run_pytest tests/e2e -n "$(($(nproc) + 2))"
}

# Everything at once, asked of an ipwld that ThreadSanitizer watches.
stage_tsan() {
	built tsan &&
		IPWL_SANITIZER=thread IPWL_BUILD="$B/tsan" run_pytest tests/e2e/test_races.py
}

# That the benchmark and its peers work; it judges no figure.
stage_bench() {
	built all bench-program e2e-tools && run_pytest tests/bench
}

# Short, to see that the targets work and find nothing at once; for more: make soak.
stage_fuzz() {
	built fuzz-programs && make --no-print-directory fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-15}" 2>&1
}

# On the oldest kernel that will do, the newest, and two between.
stage_kernels() {
	./scripts/kernels.sh
}

# With the next Debian's compilers and libraries.
stage_debian13() {
	./scripts/debian13.sh build unit bpf
}

# Other processors: arm64 with its unit tests, its package and a kernel; of a big-endian one the
# tests of what reads and writes numbers.
stage_cross() {
	local failed=0
	./scripts/cross.sh arm64 || failed=1
	./scripts/cross.sh arm64 ./scripts/deb.sh || failed=1
	./scripts/kernels.sh --arm64 || failed=1
	./scripts/cross.sh s390x ./tests/cross/units.sh 'test_entry*' 'test_export*' 'test_format*' \
		test_index test_number 'test_policy*' 'test_prefix*' 'test_rule*' test_siphash || failed=1
	[ $failed -eq 0 ]
}

# A Debian with systemd in an emulator: the package from its installation to its removal.
stage_vm() {
	./scripts/vm.sh
}

# For scripts/vm.sh on another Debian.
stage_deb() {
	./scripts/deb.sh
}

# Random tests again and again, each time from another seed; then the fuzz targets.
stage_soak() {
	local failed=0 round seed=$IPWL_SEED
	export IPWL_SOAK=1
	built all e2e-tools unit bpf-tests fuzz-programs || return
	for ((round = 1; round <= ${SOAK_ROUNDS:-20}; round++)); do
		export IPWL_SEED=$((seed + round))
		echo "--- round $round, IPWL_SEED=$IPWL_SEED"
		run_binaries unit || failed=1
		run_binaries bpf || failed=1
		run_pytest tests/formats tests/spf || failed=1
		run_pytest tests/e2e/test_{seam,traffic,together,faults,simulate}.py || failed=1
	done
	make --no-print-directory fuzz FUZZ_SECONDS="${FUZZ_SECONDS:-1800}" 2>&1 || failed=1
	./scripts/vm.sh --long 12 || failed=1
	./scripts/vm.sh --long 13 || failed=1
	[ $failed -eq 0 ]
}

needs_root() {
	case $1 in
	bpf | packaging | e2e | vm | formats | tsan | bench | cross | debian13 | soak) true ;;
	*) false ;;
	esac
}

# Skipped tests in a log, by the summaries of cmocka and pytest.
count_skipped() {
	awk '/^\[ +SKIPPED +\] [0-9]+ test/ { count += $4 }
	     /^=+ .* in [0-9.]+s.* =+$/ {
		for (i = 2; i <= NF; i++)
			if ($i ~ /^skipped,?$/)
				count += $(i - 1)
	     }
	     END { print count + 0 }' "$1"
}

# run_stage STAGE: its output, and what it cost in STAGE.cost: seconds of time, and of
# the CPU in user space and kernel.
run_stage() {
	local TIMEFORMAT='%R %U %S' status
	{
		time "stage_$1" 2>&1
		status=$?
	} 2>"$logs/$1.cost"
	return $status
}

if [ "${1:-}" = --stage ]; then
	run_stage "$2"
	exit
fi

[ $# -gt 0 ] || set -- "${all[@]}"
for stage; do
	if ! declare -F "stage_$stage" >/dev/null; then
		echo "test.sh: no stage $stage; there are: ${all[*]} ${extra[*]}" >&2
		exit 2
	fi
	if needs_root "$stage" && [ "$(id -u)" -ne 0 ]; then
		echo "test.sh: the stage $stage loads BPF programs and makes network namespaces:" \
			"run it as root" >&2
		exit 2
	fi
done

mkdir -p "$logs"
echo "IPWL_SEED=$IPWL_SEED repeats the random tests of this run"

declare -A running=() results=()
failures=0

# Each stage cleans up behind itself.
end_stages() {
	local pid
	trap - EXIT INT TERM HUP
	for pid in "${!running[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null
	done
	for pid in "${!running[@]}"; do
		while kill -0 -- "-$pid" 2>/dev/null; do
			sleep 0.1
		done
	done
	exit "$1"
}
trap 'end_stages 130' INT TERM HUP

# judge STAGE STATUS: note the result.
judge() {
	local result=ok status=$2 skipped real user system
	skipped=$(count_skipped "$logs/$1.log")
	if [ "$skipped" -gt 0 ]; then
		result="ok, BUT $skipped SKIPPED"
		[ -z "${CI:-}" ] || { result="FAILED: $skipped SKIPPED"; status=1; }
	fi
	[ "$status" -eq 0 ] || [[ $result == FAILED* ]] || result=FAILED
	[ "$status" -eq 0 ] || failures=$((failures + 1))
	read -r real user system < <(tail -n 1 "$logs/$1.cost")
	results[$1]=$(awk -v stage="$1" -v result="$result" -v real="$real" -v user="$user" -v kernel="$system" \
		'BEGIN { printf "%-10s %5d s %5d s of CPU  %s", stage, real, user + kernel, result }')
}

# name_failures STAGE: what its runners say has failed, in few lines: they are all that
# some see of a run.
name_failures() {
	grep -aE '^(FAILED|ERROR) |^\[  FAILED  \] test_|^ERROR: |: FAILED|: FAIL |^lint: .*FAILED' "$logs/$1.log" |
		sort -u | head -n 8 | cut -c 1-200 | sed "s/^/$1: /"
}

# start_stage STAGE: in a session of its own, so that no signal of the terminal reaches
# it but by end_stages. Bash ignores SIGINT in what it starts in the background.
start_stage() {
	: >"$logs/$1.log"
	setsid ./scripts/test.sh --stage "$1" >"$logs/$1.log" 2>&1 </dev/null &
	running[$!]=$1
}

run_alone() {
	local pid status
	printf '\n===== %s\n' "$1"
	start_stage "$1"
	pid=$!
	tail -n +1 -f -s 0.1 --pid "$pid" "$logs/$1.log" &
	wait "$pid"
	status=$?
	unset "running[$pid]"
	wait
	judge "$1" $status
}

# run_beside STAGE...: in so many lanes.
run_beside() {
	local stage pid status
	while [ $# -gt 0 ] || [ ${#running[@]} -gt 0 ]; do
		while [ $# -gt 0 ] && [ ${#running[@]} -lt "$lanes" ]; do
			echo "----- $1 has started"
			start_stage "$1"
			shift
		done
		wait -n -p pid "${!running[@]}"
		status=$?
		stage=${running[$pid]}
		unset "running[$pid]"
		printf '\n===== %s\n' "$stage"
		cat "$logs/$stage.log"
		judge "$stage" $status
	done
}

beside=()
for stage; do
	if [ $# -eq 1 ] || [[ " ${first[*]} " == *" $stage "* ]]; then
		run_alone "$stage"
	else
		beside+=("$stage")
	fi
done
run_beside "${beside[@]}"

printf '\n===== summary (logs in %s)\n' "$logs"
for stage; do
	echo "${results[$stage]}"
done
if [ "$failures" -gt 0 ]; then
	for stage; do
		[[ ${results[$stage]} != *FAILED* ]] || name_failures "$stage"
	done
	echo "FAILED: $failures of $# stages"
	exit 1
fi
echo "PASSED: all $# stages in $SECONDS s"
