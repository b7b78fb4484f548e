# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Bash completion for ipwlctl: commands, options, and names of lists if ipwld answers.

# Names of lists, one a line; nothing if the daemon does not answer at once.
_ipwlctl_lists() {
	timeout 2 ipwlctl "$@" --json status 2>/dev/null </dev/null |
		sed -n 's/^{"name":"\([A-Za-z0-9._-]*\)","action".*/\1/p'
}

# Names of feeds, the same way.
_ipwlctl_feeds() {
	timeout 2 ipwlctl "$@" --json feeds 2>/dev/null </dev/null |
		sed -n 's/^{"name":"\([A-Za-z0-9._-]*\)","list".*/\1/p'
}

# Names of domains, the same way.
_ipwlctl_domains() {
	timeout 2 ipwlctl "$@" --json domains 2>/dev/null </dev/null |
		sed -n 's/^{"name":"\([A-Za-z0-9._:-]*\)","list".*/\1/p'
}

_ipwlctl() {
	local global='--socket --json --wide --help --version'
	local commands='status test list seen blocked limits summary top allow block add del import'
	commands+=' history undo protect unprotect reload diff lint simulate monitor spf feeds refresh domains learn explain report'
	commands+=' check-config export detach help'
	local formats='auto plain postfix-cidr rspamd-map spamassassin dnswl rbldnsd drop-text
		drop-json netset crowdsec-csv spamdb exim opensmtpd json csv geofeed ipset nftables
		iptables access clients nginx-geo networks dshield ipfilter p2p spf hosts-access
		http-access tcprules dns-zone csf mikrotik'
	local cur=${COMP_WORDS[COMP_CWORD]} prev='' command='' options='' i
	local -a socket=() words=()

	# "=" is a word of its own in COMP_WORDS.
	[[ $cur == '=' ]] && cur=''
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket | --list | --source | --reason | --ttl | --config | --format | --since | --limit | --limits | \
			--check | --family | --unused | --expiring | --state | --by | --user | \
			--servers | --timeout | --sort | --mail | --interval)
			prev=${COMP_WORDS[i]}
			[[ ${COMP_WORDS[i + 1]} == '=' ]] && ((i++))
			((i + 1 < COMP_CWORD)) || break
			((i++))
			[[ $prev == --socket ]] && socket=(--socket "${COMP_WORDS[i]}")
			prev=''
			;;
		--wide)
			# Of lint it takes lengths; before the command it shows all columns.
			[[ $command == lint ]] || continue
			prev=--wide
			((i + 1 < COMP_CWORD)) || break
			((i++))
			prev=''
			;;
		-*) ;;
		*)
			if [[ $command ]]; then
				words+=("${COMP_WORDS[i]}")
			else
				command=${COMP_WORDS[i]}
			fi
			;;
		esac
	done

	case $command in
	status) options='--check --config' ;;
	test) options='--config --port' ;;
	list) options='--list --source --hit --sort --since --limit --config' ;;
	seen) options='--since --limit --names --servers' ;;
	blocked) options='--since --sort --list --limit --names --servers' ;;
	limits) options='--since --limit' ;;
	top) options='--interval' ;;
	summary)
		options='--since --format --mail'
		formats='text html json'
		;;
	allow) options='--list --reason --ttl' ;;
	block) options='--list --reason --ttl --force' ;;
	add) options='--list --reason --ttl --force' ;;
	export)
		options='--format --list --aggregate --no-aggregate --family'
		formats='plain postfix-cidr rspamd-map spamassassin rbldnsd exim opensmtpd haproxy
			nftables json csv'
		;;
	import) options='--format --list --reason --ttl --on-error --dry-run --force' ;;
	reload) options='--accept' ;;
	diff) options='--summary --limit' ;;
	lint) options='--list --check --unused --expiring --wide --limit' ;;
	simulate) options='--config --limit --limits' ;;
	monitor) options='--verdict --list --port --count --pcap --payload' ;;
	spf) options='--servers --authenticated --timeout' ;;
	del) options='--list --reason --yes --accept' ;;
	history) options='--list --since --limit' ;;
	undo) options='--since --by --dry-run --reason --yes' ;;
	protect | unprotect) options='--list --reason' ;;
	learn) options='--state --since --reason --yes' ;;
	report) options='--message --by --user' ;;
	detach) options='--config' ;;
	esac

	COMPREPLY=()
	case $prev in
	--socket | --config) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--source)
		mapfile -t COMPREPLY < <(compgen -W 'config file feed domain manual learned' -- "$cur")
		;;
	--format)
		mapfile -t COMPREPLY < <(compgen -W "$formats" -- "$cur")
		;;
	--on-error) mapfile -t COMPREPLY < <(compgen -W 'fail skip' -- "$cur") ;;
	--verdict) mapfile -t COMPREPLY < <(compgen -W 'block would_block averted limited would_limit' -- "$cur") ;;
	--pcap) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--family) mapfile -t COMPREPLY < <(compgen -W '4 6' -- "$cur") ;;
	--list)
		mapfile -t COMPREPLY < <(compgen -W "$(_ipwlctl_lists "${socket[@]}")" -- "$cur")
		;;
	--check)
		mapfile -t COMPREPLY < <(compgen -W 'redundant conflict unused expiring wide space' -- "$cur")
		;;
	--state)
		mapfile -t COMPREPLY < <(
			compgen -W 'candidate probation active at_risk removed' -- "$cur"
		)
		;;
	--sort)
		if [[ $command == blocked ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'attempts last first' -- "$cur")
		else
			mapfile -t COMPREPLY < <(
				compgen -W 'hits connections averted last_hit' -- "$cur"
			)
		fi
		;;
	--by)
		if [[ $command == undo ]]; then
			mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
		fi
		;;
	--user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
	--reason | --ttl | --mail | --interval | --since | --limit | --limits | --unused | --expiring | --wide | --servers | --timeout) ;;
	*)
		if [[ $cur == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$global $options" -- "$cur")
		elif [[ ! $command ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
		elif [[ $command == feeds && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'accept diff' -- "$cur")
		elif [[ $command == help && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
		elif [[ $command == feeds && ${#words[@]} -eq 1 ||
			$command == refresh && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_ipwlctl_feeds "${socket[@]}")" -- "$cur")
		elif [[ $command == domains && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'accept diff refresh' -- "$cur")
		elif [[ $command == domains && ${#words[@]} -eq 1 ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$(_ipwlctl_domains "${socket[@]}")" -- "$cur")
		elif [[ $command == learn && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(
				compgen -W 'list accept reject forget backfill simulate partners' -- "$cur"
			)
		elif [[ $command == seen && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'forget' -- "$cur")
		elif [[ $command == report && ${#words[@]} -eq 0 ]]; then
			mapfile -t COMPREPLY < <(compgen -W 'ham spam' -- "$cur")
		elif [[ $command == learn && ${words[0]} == backfill ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		elif [[ $command == check-config || $command == import ||
			$command == diff || $command == simulate ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		fi
		;;
	esac
}

complete -o filenames -F _ipwlctl ipwlctl
