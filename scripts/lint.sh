#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs all linters over the tree, the same on a desk and in CI; any finding fails.
# Names of checks as arguments run those alone: scripts/lint.sh format tidy
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

all=(format tidy cppcheck shell python spelling manual rooms files licences)
export B=${B:-build}
jobs=$(nproc)

# files PATTERN...: what is in the tree, tracked or not; build/ is not.
files() {
	local names=()
	for pattern; do
		names+=(-o -name "$pattern")
	done
	find .ci bpf contrib docs include man packaging scripts tests user ./*.md ./Makefile \
		./.clang-*  -type f \( "${names[@]:1}" \) -not -path '*/__pycache__/*' | sort
}

# Named by their first line, for some have no suffix.
shell_files() {
	files '*' | xargs -d '\n' grep -lE '^#!.*\b(ba)?sh\b'
}
python_files() {
	{
		files '*.py'
		files '*' | xargs -d '\n' grep -lE '^#!.*\bpython3?\b'
	} | sort -u
}

check_format() {
	files '*.c' '*.h' | xargs -d '\n' clang-format --dry-run -Werror
}

check_tidy() {
	./scripts/make.sh -s skeletons "$B/flood.skel.h" || return
	local flags
	eval "flags=($(make -s B="$B" WERROR=1 flags))" || return
	# BPF sources are for another target and judged by the verifier. Output is held
	# back until a file is through, or parallel runs would mix theirs.
	# shellcheck disable=SC2016 # for the inner shell
	files '*.c' | grep -v "\.bpf\.c$" | xargs -d '\n' -P "$jobs" -I{} sh -c \
		'out=$(clang-tidy --quiet "$0" -- "$@" 2>/dev/null) || { echo "$out"; exit 1; }' \
		{} "${flags[@]}"
}

check_cppcheck() {
	# System headers are left out, or each file would take minutes; so macros
	# from there that are no expressions have a stand-in here (without a semicolon,
	# behind which cppcheck drops everything). unusedFunction and style are off:
	# one file at a time, callbacks and interfaces look unused. Void pointer
	# arithmetic is GNU C, and how BPF programs are written. The fixture of
	# tests/bpf has buffers that the kernel fills.
	cppcheck --quiet -j "$jobs" --std=c11 --inline-suppr --error-exitcode=1 \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		--suppress=arithOperationsOnVoidPointer --suppress='uninitvar:tests/bpf/*' \
		-D'SEC(name)=' -D'LIBBPF_OPTS(type, name, ...)=struct type name = { __VA_ARGS__ }' \
		-D'json_array_foreach(array, i, value)=while (next(array, &i, &value))' \
		-D__x86_64__ -DIPWL_VERSION='"0"' -Iinclude -Iuser bpf include user tests
}

check_shell() {
	shell_files | xargs -d '\n' shellcheck -x
}

check_python() {
	python_files | xargs -r -d '\n' /usr/bin/python3 -c '
import sys
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as source:
        compile(source.read(), name, "exec")'
}

check_spelling() {
	# nd: a macro of mdoc(7). Overrides of lintian quote the misspelt words of others.
	files '*' | grep -vE '/corpus/|\.(bin|pcap|png|lintian-overrides)$' |
		xargs -d '\n' codespell --quiet-level=2 --ignore-words-list=nd
}

check_manual() {
	files '*.[58]' | xargs -r -d '\n' mandoc -T lint -W warning
}

# only_in NAMES DIRECTORIES: headers that match NAMES (a regular expression)
# are included in user/ from these directories alone.
only_in() {
	grep -rnE "#include [<\"]($1)" user | grep -vE "^($2)/" && failed=1
}

# Who may include and call whom: scripts/rooms; docs/architecture.md says why.
check_rooms() {
	local failed=0
	./scripts/make.sh -s all || return
	scripts/check_rooms.py --build "$B" user || failed=1
	only_in '(.*/)?(bpf/.*\.bpf|bpf/ipwl).*\.h' none
	# BPF code and user space share include/ and nothing else.
	grep -rnE '#include' bpf include | grep -vE '<(linux|bpf|asm)/|"[a-z_]+(\.bpf)?\.h"' && failed=1
	return $failed
}

check_files() {
	local failed=0 name
	# REUSE-IgnoreStart
	while read -r name; do
		head -n 2 "$name" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' ||
			{ echo "$name:1: no SPDX line"; failed=1; }
	# REUSE-IgnoreEnd
	done < <(files '*.c' '*.h' '*.sh' '*.py' '*.[58]' '*.yml' '*.yaml' '*.conf' '*.service' \
		Makefile run)
	while read -r name; do
		[ "$(wc -l <"$name")" -le 500 ] || { echo "$name: more than 500 lines"; failed=1; }
	done < <(files '*.c' '*.h')
	files '*.c' | xargs -d '\n' scripts/check_json_pack.py || failed=1
	files '*' | grep -vE '/corpus/|\.png$' | xargs -d '\n' grep -nE '\b(TO''DO|FIX''ME|XX''X)\b' && failed=1
	files '*' | grep -vE '/corpus/|\.png$' | xargs -d '\n' grep -nE '[[:blank:]]+$' && failed=1
	return $failed
}

# Each file has a licence, and each licence its text.
check_licences() {
	local output
	output=$(reuse lint 2>&1) || { echo "$output"; return 1; }
}

[ $# -gt 0 ] || set -- "${all[@]}"
failed=()
for check; do
	if ! declare -F "check_$check" >/dev/null; then
		echo "lint.sh: no check $check; there are: ${all[*]}" >&2
		exit 2
	fi
	start=$SECONDS
	if "check_$check"; then
		echo "lint: $check: ok ($((SECONDS - start)) s)"
	else
		echo "lint: $check: FAILED ($((SECONDS - start)) s)"
		failed+=("$check")
	fi
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "lint: FAILED: ${failed[*]}"
	exit 1
fi
echo "lint: all $# checks ok"
