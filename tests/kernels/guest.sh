#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The first and only process of a guest that scripts/kernels.sh boots: runs ipwl on
# its kernel. Its results are the lines "ipwl: PASS|FAIL|INFO ..." on the console, the
# last one is "ipwl: END".

MX4=192.0.2.1
MX6=2001:db8::1
config=/etc/ipwl/ipwld.yaml
export PATH=/usr/host:/bin

# The whole iproute2, not busybox's own, which its shell prefers.
ip() { /usr/host/ip "$@"; }
tc() { /usr/host/tc "$@"; }

info() { echo "ipwl: INFO $*"; }

# check NAME COMMAND...: the command's exit status decides.
check() {
	name=$1
	shift
	start=$(date +%s)
	if "$@" >/tmp/check.log 2>&1; then
		result=PASS
	else
		result=FAIL
		cat /tmp/check.log
	fi
	echo "ipwl: $result $name ($(($(date +%s) - start)) s)"
}

# An emulator on a busy machine is slow: what must come is waited for so long. Of what
# must not come, a shorter time is enough.
patience_sec=120
glance_sec=2

# await COMMAND...: until it succeeds.
await() {
	for _ in $(seq $((patience_sec * 10))); do
		"$@" >/dev/null 2>&1 && return
		usleep 100000
	done
	"$@"
}

prepare() {
	mount -t proc proc /proc
	mount -t sysfs sys /sys
	mount -t devtmpfs dev /dev
	mount -t tmpfs run /run
	mount -t bpf bpf /sys/fs/bpf
	while read -r module; do
		insmod "/modules/$module" || echo "cannot load $module"
	done </modules/order
}

# An MX and one neighbour with all the senders' addresses.
make_network() {
	ip link set lo up
	ip netns add peer
	ip link add mx0 type veth peer name peer0 netns peer
	echo 1 >/proc/sys/net/ipv4/tcp_fwmark_accept
	ip address add $MX4/24 dev mx0
	ip address add $MX6/64 dev mx0 nodad
	ip link set mx0 up
	for host in 9 10 66 77; do
		ip -n peer address add 192.0.2.$host/24 dev peer0
		ip -n peer address add 2001:db8::$host/64 dev peer0 nodad
	done
	ip -n peer link set peer0 up
	peer listen 25 >/tmp/mx.log 2>&1 &
	peer listen 10025 >/tmp/lane.log 2>&1 &
	await grep -q listening /tmp/mx.log
	await grep -q listening /tmp/lane.log
}

# write_config MODE: 10 is allowed, 66 is blocked, 77 both, 9 is in no list.
write_config() {
	mkdir -p /etc/ipwl /var/lib
	cat >$config <<-END
		interfaces: [mx0]
		xdp_mode: $1
		mode: enforce
		lists:
		  - name: partners
		    action: allow
		    mark: 0x7
		    entries: [192.0.2.10, 192.0.2.77, "2001:db8::10", "2001:db8::77"]
		  - name: drop
		    action: block
		    entries: [192.0.2.64/26, "2001:db8::60/123", "2001:db8::77"]
		    files: [/etc/ipwl/block.d/*.list]
	END
	rm -rf /etc/ipwl/block.d
	mkdir /etc/ipwl/block.d
}

start() {
	ipwld -f -c $config >>/tmp/ipwld.log 2>&1 &
	daemon=$!
	await ipwlctl status || { cat /tmp/ipwld.log; return 1; }
}

stop() {
	kill "$daemon" && wait "$daemon"
}

# ask PATTERN COMMAND...: what ipwlctl says has a match.
ask() {
	pattern=$1
	shift
	ipwlctl "$@" >/tmp/answer 2>&1 || { cat /tmp/answer; return 1; }
	grep -qE "$pattern" /tmp/answer || { echo "no $pattern in:"; cat /tmp/answer; return 1; }
}

# mail HOST MARK [LOG]: both families get through, and the MX's sockets have this mark.
mail() {
	log=${3:-/tmp/mx.log}
	for sender in "192.0.2.$1 $MX4" "2001:db8::$1 $MX6"; do
		source=${sender% *}
		ip netns exec peer peer connect "$source" "${sender#* }" 25 $patience_sec ||
			{ echo "$source: no connection"; return 1; }
		tail -n 1 "$log" | grep -qxF "$source mark $2" ||
			{ echo "$source: $(tail -n 1 "$log"), not mark $2"; return 1; }
	done
}

no_mail() {
	for sender in "192.0.2.$1 $MX4" "2001:db8::$1 $MX6"; do
		source=${sender% *}
		! ip netns exec peer peer connect "$source" "${sender#* }" 25 $glance_sec ||
			{ echo "$source: connected"; return 1; }
	done
}

# connections VERDICT: as the metrics count them, over both families.
connections() {
	wget -qO- http://127.0.0.1:12525/metrics |
		awk -v verdict="verdict=\"$1\"" \
			'/^ipwl_connections_total/ && index($0, verdict) { sum += $2 } END { print sum + 0 }'
}

# counted VERDICT MIN: no fewer connections.
counted() {
	found=$(connections "$1")
	[ "$found" -ge "$2" ] || { echo "$found connections are $1, not $2"; return 1; }
}

answers() {
	ipwlctl test 192.0.2.10 2001:db8::77 >/dev/null || return 1
	ipwlctl test 192.0.2.9 >/dev/null
	[ $? -eq 1 ] || return 1
	ipwlctl test 2001:db8::66 >/dev/null
	[ $? -eq 6 ]
}

block_9() {
	printf '192.0.2.9\n2001:db8::9\n' >/etc/ipwl/block.d/more.list
	ipwlctl reload && no_mail 9
}

# lane_is_up ADDRESS, as a pattern
lane_is_up() {
	ipwlctl status | grep -q "$1 .* yes "
}

# The senders of the list are handed to its lane once it was looked at, and others are not. The
# listener is for all addresses.
handed_to_lane() {
	sed -i '/mark: 0x7/a\    lane: {ipv4: "127.0.0.1:10025", ipv6: "[::1]:10025", allow_public: true}' $config
	ipwlctl reload || return 1
	await lane_is_up '127\.0\.0\.1:10025' && await lane_is_up '\[::1\]:10025' || return 1
	mail 10 7 /tmp/lane.log && mail 77 7 /tmp/lane.log && mail 9 0
}

# A device of the kind that the guest has sends no answers in native mode, unless its other end
# has an XDP program.
reset() {
	sed -i '/action: block/a\    on_block: reset' $config
	ipwlctl reload || return 1
	for sender in "192.0.2.66 $MX4" "2001:db8::66 $MX6"; do
		ip netns exec peer peer connect "${sender% *}" "${sender#* }" 25 $patience_sec
		[ $? -eq 3 ] || { echo "${sender% *}: no reset"; return 1; }
	done
	mail 9 0
}

# Blocked senders are told so by ipwl-reject, and nothing of them gets to the mail server.
rejected() {
	sed -i -e '/on_block:/d' -e '/action: block/a\    on_block: reject' $config
	echo 'nobody:x:65534:65534:nobody:/:/bin/false' >/etc/passwd
	ipwl-reject -v >/tmp/reject.log 2>&1 &
	rejecter=$!
	lines=$(wc -l </tmp/mx.log)
	ipwlctl reload || return 1
	await lane_is_up '127\.0\.0\.1:10026' && await lane_is_up '\[::1\]:10026' || return 1
	for sender in "192.0.2.66 $MX4" "2001:db8::66 $MX6"; do
		source=${sender% *}
		ip netns exec peer peer connect "$source" "${sender#* }" 25 $patience_sec ||
			{ echo "$source: no connection"; return 1; }
		await grep -q "$source; recipients" /tmp/reject.log ||
			{ cat /tmp/reject.log; return 1; }
	done
	kill $rejecter
	wait $rejecter || return 1
	[ "$(wc -l </tmp/mx.log)" = "$lines" ] || { cat /tmp/mx.log; return 1; }
	mail 77 7 /tmp/lane.log && mail 9 0
}

# An attempt that is dropped, as it is shown to those who watch.
monitored() {
	timeout 300 ipwlctl monitor --verdict block --count 1 >/tmp/monitor.log 2>&1 &
	watcher=$!
	while kill -0 $watcher 2>/dev/null; do
		no_mail 66 || return 1
	done
	grep -qE '(192\.0\.2|2001:db8:)[.:]66\.[0-9]+ > .*\.25 drop .* mx0' /tmp/monitor.log ||
		{ cat /tmp/monitor.log; return 1; }
}

# While no daemon runs, and after the next one has taken over.
restart() {
	stop
	mail 10 7 && no_mail 66 || return 1
	start && mail 10 7 && no_mail 66
}

# What of ipwl is on this machine.
traces() {
	{
		ip -details link show dev mx0
		tc qdisc show dev mx0
		find /sys/fs/bpf -mindepth 1
	} | grep -oE 'prog/xdp|clsact|/sys/fs/bpf/ipwl.*'
}

attached() {
	ask "mx0.*$1.*metadata" status || return 1
	for trace in prog/xdp clsact /sys/fs/bpf/ipwl; do
		traces | grep -qxF $trace || { echo "no $trace"; return 1; }
	done
}

nothing_left() {
	! traces
}

detach() {
	ipwlctl detach && nothing_left && mail 66 0
}

# The main job, attached in one way.
run_mode() {
	rm -rf /var/lib/ipwl
	write_config "$1"
	check "$1: ipwld starts" start
	check "$1: attached so, with marks by metadata" attached "$1"
	check "$1: allowed mail gets through with its mark" mail 10 7
	check "$1: so does mail in both lists" mail 77 7
	check "$1: unlisted mail gets through without" mail 9 0
	check "$1: blocked mail does not" no_mail 66
	check "$1: ipwlctl test agrees" answers
	check "$1: allowed is counted" counted allow 2
	check "$1: averted is counted" counted averted 2
	check "$1: unlisted is counted" counted unlisted 2
	check "$1: block is counted" counted block 2
	check "$1: it is shown to those who watch" monitored
	check "$1: the senders of a list are handed to its lane" handed_to_lane
	[ "$1" = native ] || check "$1: blocked senders are reset" reset
	check "$1: blocked senders are rejected" rejected
	write_config "$1"
	check "$1: a reload blocks one more" block_9
	check "$1: decides without ipwld, and under the next one" restart
	check "$1: counters outlive it" counted allow 6
	check "$1: detach leaves nothing" detach
	check "$1: ipwld stops" stop
}

has_metadata_in_test_runs() {
	uname -r | awk -F . '{ exit !($1 > 5 || ($1 == 5 && $2 >= 15)) }'
}

# run_tests ALLOWED_INSTRUCTIONS
run_tests() {
	verifier "$1" >/tmp/verifier.log 2>&1
	verifier_status=$?
	while read -r line; do
		info "$line"
	done </tmp/verifier.log
	check "the verifier's work has a bound" [ $verifier_status -eq 0 ]
	check verdicts verdicts
	check test_attempts test_attempts
	check test_limits test_limits
	check test_events test_events
	check test_flood test_flood
	check test_sessions test_sessions
	if has_metadata_in_test_runs; then
		check test_decision test_decision
		check test_verdict test_verdict
	else
		info "test_decision, test_verdict: not here, test runs hide the metadata"
	fi
}

no_complaints() {
	! dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace'
}

prepare
info "$(uname -rv)"
run_tests "${IPWL_INSTRUCTIONS:?}"
make_network
run_mode native
run_mode generic
check "the kernel has no complaints" no_complaints
echo "ipwl: END"
reboot -f
