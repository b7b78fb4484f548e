# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Bash completion for ipwlctl. ipwlctl itself knows what may follow (user/ctl/complete.c).

_ipwlctl() {
	local line=${COMP_LINE:0:COMP_POINT} breaks='' before='' current word
	local -a words=()

	# COMP_WORDS is split at "=" and ":", which are inside words here.
	read -ra words <<<"$line"
	[[ $line == *[[:blank:]] ]] && words+=('')
	while ((${#words[@]} > 1)) && [[ ${words[0]} != "${COMP_WORDS[0]}" ]]; do
		words=("${words[@]:1}")
	done
	current=${words[-1]}
	# bash keeps what is before the last of them.
	[[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
	[[ $COMP_WORDBREAKS == *:* ]] && breaks+=':'
	[[ $breaks ]] && before=${current%"${current##*[$breaks]}"}
	current=${current#"$before"}

	COMPREPLY=()
	while IFS= read -r word; do
		case $word in
		:files) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current") ;;
		:users) mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -u -- "$current") ;;
		:hosts)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -A hostname -- "$current")
			;;
		*)
			word=${word%%$'\t'*}
			COMPREPLY+=("${word#"$before"}")
			;;
		esac
	done < <(timeout 3 ipwlctl __complete "${words[@]:1}" 2>/dev/null </dev/null)
}

complete -o filenames -F _ipwlctl ipwlctl
