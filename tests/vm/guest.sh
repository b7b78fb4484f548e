#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Inside the machine of scripts/vm.sh: what an administrator does with the package, from its
# installation to its removal. Each step is a process of its own, and ends at the first
# command that fails. What is printed goes to scripts/vm.sh.
set -uo pipefail

here=/opt/vm
# Over a reboot.
memory=/var/lib/vm
mkdir -p "$memory"

# Longest: a Postfix that starts in an emulator on a busy machine.
patience_sec=300

# ---- help -------------------------------------------------------------------------

fail() {
	echo "$*"
	exit 1
}

# wait_for WORDS COMMAND...
wait_for() {
	local words=$1 deadline=$((SECONDS + patience_sec))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || fail "not within $patience_sec s: $words"
		sleep 0.3
	done
}

is_active() {
	[ "$(systemctl is-active ipwld)" = active ]
}

pid_of_ipwld() {
	systemctl show --value -p MainPID ipwld
}

# Whether ipwl is on no device.
is_unattached() {
	local device
	! bpftool net | grep -vE '^([a-z_]+:)?$' | grep -q . || return 1
	for device in /sys/class/net/*; do
		device=${device##*/}
		! tc filter show dev "$device" ingress 2>/dev/null | grep -q . || return 1
		! ip -d link show "$device" | grep -q 'prog/xdp' || return 1
	done
}

show_kernel() {
	bpftool net
	find /sys/fs/bpf -ls
}

expect_unattached() {
	is_unattached || { show_kernel; fail "something of ipwl is on a device"; }
}

# Nothing at all is left of it in the kernel.
expect_off() {
	expect_unattached
	[ ! -e /sys/fs/bpf/ipwl ] || { show_kernel; fail "/sys/fs/bpf/ipwl is left"; }
}

attached_count() {
	ipwlctl --wide status | awk '$1 == "INTERFACE" { inside = 1; next } NF == 0 { inside = 0 }
		inside && $2 == "yes" { count++ } END { print count + 0 }'
}

are_attached() {
	[ "$(attached_count)" = "$1" ]
}

outside() {
	ip netns exec outside "$@"
}

# From device K: 1 allowed, 2 blocked, 3 averted.
send_mail() {
	outside timeout 60 "$here/smtp.sh" "10.$1.0.$2" "$3"
}

# A blocked sender gets no answer at all.
expect_dropped() {
	local status=0
	outside timeout 3 bash -c "exec 3<>/dev/tcp/10.$1.0.2/25" 2>/dev/null || status=$?
	[ $status -eq 124 ] || fail "a blocked connection to device $1 ended with $status, no time-out"
}

# Mail is slow in an emulator; that a connection comes about shows as much.
expect_connection() {
	outside timeout 20 bash -c "exec 3<>/dev/tcp/10.$1.0.$2/25" ||
		fail "no connection from sender $2 to device $1"
}

expect_decided() {
	local k
	for k; do
		expect_connection "$k" 1
		expect_connection "$k" 3
		expect_dropped "$k"
	done
}

# exposure UNIT MAX
expect_exposure() {
	local figure
	figure=$(systemd-analyze --no-pager security "$1" |
		sed -n 's/.*Overall exposure level for .*: \([0-9.]*\).*/\1/p')
	echo "systemd-analyze security $1: $figure"
	awk -v figure="$figure" -v max="$2" 'BEGIN { exit !(figure != "" && figure <= max) }' ||
		fail "the exposure of $1 is $figure, more than $2"
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" >"$memory/apt.log" 2>&1 ||
		{ cat "$memory/apt.log"; fail "apt-get $*"; }
}

configure() {
	sed -i -e "s/^interfaces:.*/interfaces: [$1]/" -e "s/^mode:.*/mode: $2/" /etc/ipwl/ipwld.yaml
}

journal_of_ipwld() {
	journalctl -q --no-pager -b -u ipwld -o cat
}

# ---- steps --------------------------------------------------------------------------

step_install() {
	expect_off
	apt_install install "$here"/ipwl_*.deb
	is_active || fail "it does not run"
	[ "$(systemctl is-enabled ipwld)" = enabled ] || fail "it is not enabled"
	expect_unattached
	journal_of_ipwld | grep -q "no interface, so ipwl sees no packet" || fail "it says nothing"
	[ "$(stat -c %U:%G /run/ipwl/control.sock)" = ipwl:ipwl ]
	! command -v gcc clang cc >/dev/null || fail "a compiler came with it"
}

step_hardened() {
	local pid
	pid=$(pid_of_ipwld)
	[ "$(ps -o user= -p "$pid")" = ipwl ] || fail "it is not the user ipwl"
	# CAP_NET_ADMIN, CAP_PERFMON, CAP_BPF.
	grep -E '^Cap(Prm|Eff|Bnd|Amb)' "/proc/$pid/status" | awk '$2 != "000000c000001000" { exit 1 }' ||
		fail "capabilities: $(grep Cap "/proc/$pid/status")"
}

step_attach() {
	"$here/network.sh"
	printf '198.51.100.0/24 # partners\n203.0.113.101\n203.0.113.102\n203.0.113.103\n203.0.113.104\n' \
		>/etc/ipwl/allow.d/partners.list
	echo 203.0.113.0/24 >/etc/ipwl/block.d/drop.list
	configure "eth0, veth, trunk.7, bond0, br0" enforce
	systemctl reload ipwld
	wait_for "all five are attached" are_attached 5
	ipwlctl status
	bpftool net
	# Measured where everything works.
	expect_exposure ipwld.service 1.6
}

step_mail() {
	systemctl start postfix
	wait_for "Postfix answers" send_mail 1 1 first
	local k
	for k in 1 2 3 4; do
		send_mail "$k" 3 "averted-$k" || fail "mail of an averted sender by device $k"
		expect_connection "$k" 1
		expect_dropped "$k"
	done
	ipwlctl status | grep -E 'veth|trunk|bond|br0'
	# Each device costs an emulator seconds at each start: from here on, two.
	configure "eth0, veth" enforce
	systemctl reload ipwld
	wait_for "the others are let go" are_attached 2
	[ "$(bpftool net | grep -cE 'driver|generic')" -eq 2 ] || fail "others are still attached"
}

step_stranger() {
	useradd member
	usermod -a -G ipwl member
	runuser -u member -- env -i PATH=/usr/local/bin:/usr/bin:/bin ipwlctl status >/dev/null ||
		fail "a member of the group may not ask"
	! runuser -u nobody -- ipwlctl status 2>/dev/null || fail "anybody may ask"
	local path
	for path in /var/lib/ipwl/{state,hits,samples}.db /run/ipwl/rules; do
		! runuser -u nobody -- cat "$path" >/dev/null 2>&1 || fail "anybody may read $path"
	done
	# What ipwl owns, and no more, is its own to write.
	! runuser -u ipwl -- touch /etc/ipwl/x /sys/fs/bpf/x /run/x 2>/dev/null || fail "ipwl may write"
}

step_feed() {
	printf '192.0.2.0/24\n192.0.2.77\n' >/srv/feed.list
	cat >>/etc/ipwl/ipwld.yaml <<-'END'

		  - name: fetched
		    action: block
		    feeds:
		      - name: local
		        url: file:///srv/feed.list
		        may_hold_reserved: true
	END
	systemctl reload ipwld
	wait_for "the feed is in force" sh -c 'ipwlctl test 192.0.2.77; [ $? -eq 6 ]'
	ipwlctl feeds
	wait_for "no fetcher is left" sh -c '! pgrep -x ipwl-fetch'
	journalctl -q --no-pager -b -u 'ipwl-fetch@*' | grep -q . || fail "no instance has fetched"
	systemctl start ipwl-fetch@x.service 2>/dev/null || true
	expect_exposure ipwl-fetch@.service 1.3
}

step_maillog() {
	cat >>/etc/ipwl/ipwld.yaml <<-'END'

		learn:
		  list: partners
		  postfix: {journal: true}
	END
	systemctl reload ipwld
	wait_for "the reader runs" pgrep -x ipwl-maillog
	[ "$(stat -c %U "/proc/$(pgrep -x ipwl-maillog)")" = ipwl-maillog ] || fail "another user reads"
	send_mail 1 1 learned
	wait_for "lines of Postfix are read" reads_mail_log
	wait_for "sessions are counted" sh -c \
		"ipwlctl status | grep -E 'SMTP sessions in /sys/fs/cgroup: .*; [1-9][0-9]* inbound'"
	pkill -KILL -x ipwl-maillog
	wait_for "another reader runs" pgrep -x ipwl-maillog
	expect_exposure ipwl-maillog@.service 1.0
}

# The mail that was accepted is evidence.
reads_mail_log() {
	ipwlctl status | grep 'postfix last at 2'
}

step_after() {
	systemctl enable --now ipwl-after@postfix.path
	cat >>/etc/ipwl/ipwld.yaml <<-'END'
		exports:
		  - format: postfix-cidr
		    path: /var/lib/ipwl/export/allow.cidr
		    lists: [partners]
		    after: postfix
	END
	systemctl reload ipwld
	wait_for "the export is there" test -s /var/lib/ipwl/export/allow.cidr
	runuser -u nobody -- grep -q 198.51.100.0/24 /var/lib/ipwl/export/allow.cidr
	wait_for "Postfix is reloaded" sh -c \
		'journalctl -q --no-pager -b -u "postfix*" | grep -qiE "reload"'
	wait_for "the wish is taken" test ! -e /run/ipwl/after/postfix
}

# The timer is off until an administrator wants it.
step_summary() {
	! systemctl is-enabled ipwl-summary.timer || fail "the package has enabled the timer"
	systemctl enable --now ipwl-summary.timer
	systemctl list-timers --no-pager --all ipwl-summary.timer | grep -q ipwl-summary.service ||
		fail "the timer does not wait"
	systemctl start ipwl-summary.service
	wait_for "root has the summary" grep -qs '^Subject: .*ipwl on ' /var/mail/root
	grep -q '^Content-Type: multipart/alternative' /var/mail/root || fail "it is not in two forms"
	expect_exposure ipwl-summary.service 1.0
}

step_stop() {
	systemctl stop ipwld
	# The data plane decides on.
	expect_decided 1
	[ "$(bpftool net | grep -cE 'driver|generic')" -eq 2 ] || { bpftool net; fail "programs are gone"; }
	journal_of_ipwld | grep -q 'to let everything through: ipwlctl detach' ||
		fail "the journal does not say how they are taken off"
	systemctl start ipwld
	wait_for "all are attached" are_attached 2
}

step_restart() {
	local before
	before=$(ls -i /sys/fs/bpf/ipwl/interfaces/veth/link)
	systemctl restart ipwld
	is_active
	are_attached 2
	[ "$(ls -i /sys/fs/bpf/ipwl/interfaces/veth/link)" = "$before" ] || fail "the link is another"
	expect_decided 1
}

step_kill() {
	local before
	before=$(pid_of_ipwld)
	kill -KILL "$before"
	expect_dropped 1
	wait_for "systemd starts it again" sh -c "[ \$(systemctl show --value -p MainPID ipwld) != $before ]"
	wait_for "it runs" is_active
	wait_for "all are attached" are_attached 2
	expect_decided 1
}

# What tcp_syncookies is.
cookies_are() {
	[ "$(cat /proc/sys/net/ipv4/tcp_syncookies)" = "$1" ]
}

# The setting is the shield's only as long as ipwld runs.
step_flood() {
	local before invocation
	! systemctl is-enabled ipwl-flood.service || fail "the package has enabled the unit"
	before=$(cat /proc/sys/net/ipv4/tcp_syncookies)
	[ "$before" != 2 ] || fail "cookies are given always already"
	systemctl enable --now ipwl-flood.service
	cookies_are 2 || fail "cookies are not given always"
	expect_exposure ipwl-flood.service 1.6
	systemctl stop ipwld
	wait_for "the setting is restored" cookies_are "$before"
	systemctl start ipwld
	wait_for "the unit starts with ipwld" systemctl is-active ipwl-flood
	cookies_are 2 || fail "cookies are not given always after a start"
	invocation=$(systemctl show --value -p InvocationID ipwl-flood)
	kill -KILL "$(pid_of_ipwld)"
	wait_for "the unit ends and starts again" sh -c \
		"[ \$(systemctl show --value -p InvocationID ipwl-flood) != '$invocation' ] &&
		systemctl is-active ipwl-flood"
	cookies_are 2 || fail "cookies are not given always after a kill"
	# Had it not been restored in between, it would stay.
	systemctl disable --now ipwl-flood.service
	cookies_are "$before" || fail "the setting is not restored: $(cat /proc/sys/net/ipv4/tcp_syncookies)"
	is_active || fail "ipwld does not run on"
	[ ! -e /run/ipwl-flood ] || fail "/run/ipwl-flood is left"
}

step_broken_configuration() {
	cp /etc/ipwl/ipwld.yaml "$memory/good"
	echo 'colour: red' >>/etc/ipwl/ipwld.yaml
	! systemctl reload ipwld 2>/dev/null || fail "a bad configuration is taken"
	is_active || fail "a bad configuration ends it"
	! systemctl restart ipwld 2>/dev/null || fail "it starts with a bad configuration"
	[ "$(systemctl show --value -p ExecMainStatus ipwld)" = 78 ] || fail "not 78"
	expect_dropped 1
	cp "$memory/good" /etc/ipwl/ipwld.yaml
	systemctl reset-failed ipwld
	systemctl start ipwld
	wait_for "all are attached" are_attached 2
}

step_watchdog() {
	local before
	mkdir -p /run/systemd/system/ipwld.service.d
	printf '[Service]\nWatchdogSec=10s\n' >/run/systemd/system/ipwld.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart ipwld
	before=$(pid_of_ipwld)
	# It lives as long as it answers.
	sleep 15
	[ "$(pid_of_ipwld)" = "$before" ] || fail "the watchdog ends a healthy one"
	kill -STOP "$before"
	wait_for "it is started again" sh -c \
		"[ \$(systemctl show --value -p MainPID ipwld) != $before ] && systemctl is-active ipwld"
	rm -r /run/systemd/system/ipwld.service.d
	systemctl daemon-reload
	systemctl restart ipwld
	wait_for "all are attached" are_attached 2
}

step_socket() {
	install -D -m 644 /usr/share/doc/ipwl/socket.conf /etc/systemd/system/ipwld.service.d/socket.conf
	systemctl daemon-reload
	systemctl stop ipwld
	systemctl enable --now ipwld.socket
	systemctl restart ipwld
	wait_for "all are attached" are_attached 2
	expect_exposure ipwld.service 1.2
	exec 3<>/dev/tcp/127.0.0.1/12525
	printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3
	grep -q '^ipwl_interface_attached' <&3 || fail "no metrics by the socket"
	exec 3>&-
	expect_decided 1
	ipwlctl add --list partners 203.0.113.201 --reason "a manual entry"
	ipwlctl test 203.0.113.201 || fail "the manual entry has no effect"
	# The wish of this change must not be lost, however busy its unit is.
	wait_for "the export has it" grep -qF 203.0.113.201 /var/lib/ipwl/export/allow.cidr
}

step_after_reboot() {
	# Before the network: the journal's clock tells.
	wait_for "it runs" is_active
	local attached network
	attached=$(journalctl -q --no-pager -b -u ipwld -o short-monotonic | grep -m 1 'eth0: attached' |
		sed 's/^\[ *\([0-9.]*\)\].*/\1/')
	network=$(systemctl show --value -p ExecMainStartTimestampMonotonic networking)
	echo "eth0 is attached at $attached s, networking starts at ${network%??????} s"
	[ -n "$attached" ] || { journal_of_ipwld; fail "eth0 is not attached"; }
	awk -v a="$attached" -v n="$network" 'BEGIN { exit !(a * 1000000 < n) }' ||
		fail "the network is up before ipwl decides"
	# The others come later than the daemon.
	are_attached 1 || { ipwlctl status; fail "not eth0 alone"; }
	"$here/network.sh"
	systemctl start postfix
	wait_for "those that come later are attached" are_attached 2
	wait_for "Postfix answers" send_mail 1 1 again
	expect_decided 1
	ipwlctl test 203.0.113.201 || fail "the manual entry is gone"
	ipwlctl list --source manual | grep -q "a manual entry"
}

# traffic WORD K N SUCCESS: again and again, until the file is gone; counts in WORD.good and
# WORD.bad.
traffic() {
	local word=$1 address=10.$2.0.$3 good=0 bad=0
	while [ -e "$memory/traffic" ]; do
		if outside timeout "$4" bash -c "exec 3<>/dev/tcp/$address/25 && head -c 3 <&3" \
			2>/dev/null | grep -q 220; then
			good=$((good + 1))
		else
			bad=$((bad + 1))
		fi
		echo "$good $bad" >"$memory/$word.count"
		# The rest of the machine wants to get on, too.
		sleep 1
	done
}

begin_traffic() {
	touch "$memory/traffic"
	traffic allowed 1 1 30 &
	traffic blocked 1 2 1 &
}

end_traffic() {
	local good bad
	rm "$memory/traffic"
	wait
	read -r good bad <"$memory/allowed.count"
	echo "allowed: $good connections, $bad lost"
	[[ $bad -eq 0 && $good -ge 3 ]] || fail "allowed connections were lost"
	read -r good bad <"$memory/blocked.count"
	echo "blocked: $bad connections dropped, $good passed"
	[[ $good -eq 0 && $bad -ge 3 ]] || fail "blocked connections have passed"
}

version() {
	dpkg-query -W -f '${Version}' ipwl
}

step_upgrade() {
	local before
	before=$(version)
	begin_traffic
	apt_install install "$here/next/ipwl.deb"
	is_active || fail "it does not run"
	wait_for "all are attached" are_attached 2
	end_traffic
	[ "$(version)" != "$before" ]
	ipwlctl list --source manual | grep -q "a manual entry"
}

# As a later version would leave the state: of another schema, and the one before beside it.
step_downgrade() {
	local known state=/var/lib/ipwl/state.db
	known=$(ipwld --version | sed -n 's/.* state schema \([0-9]*\).*/\1/p')
	[ -n "$known" ] || fail "ipwld --version: $(ipwld --version)"
	begin_traffic
	systemctl stop ipwld.socket ipwld
	cp -p "$state" "$state.v$known"
	printf '\143' | dd of="$state" bs=1 seek=63 conv=notrunc status=none
	systemctl start ipwld.socket
	apt_install install --allow-downgrades "$here"/ipwl_*.deb
	grep -q "restored $state.v$known of" "$memory/apt.log" || { cat "$memory/apt.log"; fail "nothing is restored"; }
	wait_for "it runs" is_active
	end_traffic
	ipwlctl list --source manual | grep -q "a manual entry" || fail "manual entries are lost"
	[ "$(stat -c '%U %a' "$state")" = "ipwl 600" ]
}

step_remove() {
	show_kernel
	apt_install remove ipwl
	expect_off
	[ -e /var/lib/ipwl/state.db ] || fail "the state is gone already"
	[ -e /etc/ipwl/ipwld.yaml ] || fail "the configuration is gone already"
	! pgrep -x ipwld || fail "ipwld still runs"
	# The senders that were blocked are Postfix's business again.
	expect_connection 1 2
}

step_reinstall() {
	apt_install install "$here"/ipwl_*.deb
	wait_for "it runs" is_active
	wait_for "all are attached" are_attached 2
	expect_decided 1
	ipwlctl list --source manual | grep -q "a manual entry" || fail "manual entries are lost"
}

step_purge() {
	apt_install purge ipwl
	expect_off
	local path
	for path in /var/lib/ipwl /run/ipwl /etc/ipwl/ipwld.yaml /sys/fs/bpf/ipwl /usr/lib/ipwl \
		/etc/systemd/system/multi-user.target.wants/ipwld.service \
		/etc/systemd/system/multi-user.target.wants/ipwl-after@postfix.path \
		/etc/systemd/system/timers.target.wants/ipwl-summary.timer; do
		[[ ! -e $path && ! -L $path ]] || fail "$path is left"
	done
}

# From a package of an earlier commit, in traffic.
step_earlier() {
	[ -e "$here/next/earlier.deb" ] || { echo "no earlier package"; return; }
	apt_install install "$here/next/earlier.deb"
	mkdir -p /etc/ipwl/allow.d /etc/ipwl/block.d
	echo 198.51.100.0/24 >/etc/ipwl/allow.d/partners.list
	echo 203.0.113.0/24 >/etc/ipwl/block.d/drop.list
	configure "eth0, veth" enforce
	systemctl reload ipwld
	wait_for "both are attached" are_attached 2
	ipwlctl add --list partners 203.0.113.201 --reason "an early entry"
	begin_traffic
	apt_install install "$here"/ipwl_*.deb
	wait_for "it runs" is_active
	wait_for "both are attached" are_attached 2
	end_traffic
	ipwlctl list --source manual | grep -q "an early entry"
	apt_install purge ipwl
	expect_off
}

# ---- all of them --------------------------------------------------------------------

before_reboot=(install hardened attach mail stranger feed maillog after summary stop restart kill flood socket)
behind_reboot=(after_reboot upgrade downgrade remove reinstall purge)
# For those who have the time.
long_before_reboot=(broken_configuration watchdog)
long_behind_reboot=(earlier)

# What a reader needs who was not there.
tell_all() {
	echo "--- systemctl status"
	systemctl --no-pager -l -n 0 status 'ipwl*' | head -n 60
	echo "--- journal of ipwl"
	journalctl -q --no-pager -b -o short-monotonic -u 'ipwl*' -n 60
	echo "--- journal, errors"
	journalctl -q --no-pager -b -o short-monotonic -p err -n 20
	echo "--- journal of Postfix; who listens"
	journalctl -q --no-pager -b -o short-monotonic -u 'postfix*' -n 20
	tail -n 5 /var/log/mail.log 2>/dev/null
	ss -Hltn
	echo "--- ipwlctl status"
	timeout 10 ipwlctl status
	echo "--- bpftool net; ls /sys/fs/bpf"
	bpftool net
	find /sys/fs/bpf | head -n 30
	echo "--- ip -brief address"
	ip -brief address
}

if [ "${1:-}" = --step ]; then
	set -eE
	trap 'echo "$BASH_SOURCE:$LINENO: failed: $BASH_COMMAND"' ERR
	"step_$2"
	exit
fi

finish() {
	echo "$*"
	sync
	sleep 1
	systemctl poweroff --no-block
	sleep 600
}

# run_steps STEP...: up to the first that fails.
run_steps() {
	local step start output=$memory/output
	for step; do
		start=$SECONDS
		if "$here/guest.sh" --step "$step" >"$output" 2>&1; then
			echo "ok: $step ($((SECONDS - start)) s)"
			grep -hE '^(systemd-analyze|allowed:|blocked:|eth0 is attached)' "$output" | sed 's/^/  /'
		else
			echo "--- the step $step printed:"
			tail -n 60 "$output"
			tell_all
			finish "FAILED step $step: $(tail -n 1 "$output")"
		fi
	done
}

mapfile -t arguments < <(grep . "$here/arguments")
is_long=
if [ "${arguments[0]:-}" = --long ]; then
	is_long=yes
	arguments=("${arguments[@]:1}")
fi
if [ ${#arguments[@]} -gt 0 ]; then
	run_steps "${arguments[@]}"
	finish "PASSED ${#arguments[@]} steps"
fi
if [ -n "$is_long" ]; then
	before_reboot+=("${long_before_reboot[@]}")
	behind_reboot+=("${long_behind_reboot[@]}")
fi
if [ ! -e "$memory/rebooted" ]; then
	echo "the guest runs $(uname -r), systemd $(systemctl --version | sed -n '1s/.*(\(.*\)).*/\1/p')," \
		"after $(cut -d. -f1 /proc/uptime) s"
	run_steps "${before_reboot[@]}"
	touch "$memory/rebooted"
	echo "rebooting"
	sync
	systemctl reboot --no-block
	sleep 600
fi
run_steps "${behind_reboot[@]}"
finish "PASSED $((${#before_reboot[@]} + ${#behind_reboot[@]})) steps"
