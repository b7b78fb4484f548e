#compdef ipwlctl
# SPDX-License-Identifier: GPL-2.0-or-later
# Zsh completion for ipwlctl. ipwlctl itself knows what may follow (user/ctl/complete.c).

_ipwlctl() {
	local line word
	local -a candidates asked

	for line in ${(f)"$(timeout 3 ipwlctl __complete "${(@Q)words[2,CURRENT-1]}" "$PREFIX" \
		2>/dev/null </dev/null)"}; do
		case $line in
		(:*) asked+=("$line") ;;
		(*)
			word=${line%%$'\t'*}
			candidates+=("${word//:/\\:}${line#"$word"}")
			;;
		esac
	done
	# "_describe" wants a colon before the description.
	candidates=("${(@)candidates//$'\t'/:}")
	((${#candidates})) && _describe ipwlctl candidates
	((${#asked})) || return
	[[ $PREFIX == --*=* ]] && compset -P 1 '*='
	for line in $asked; do
		case $line in
		(:files) _files ;;
		(:users) _users ;;
		(:hosts) _hosts ;;
		esac
	done
}

_ipwlctl "$@"
