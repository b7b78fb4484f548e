// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Counts SMTP sessions by peer (ipwl_session.h). A sock_ops program on a cgroup: TCP calls it
 * for the sockets below. It only counts, and no session depends on it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ipwl_session.h"

#define FAMILY_INET 2 /* AF_INET */

/* TCP counts the SYN and the FIN as a byte each. */
#define NO_BYTES 2

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, IPWL_SESSION_PEERS_MAX);
	__type(key, struct ipwl_session_peer);
	__type(value, struct ipwl_sessions);
} session_peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, IPWL_SESSION_PEERS_MAX);
	__type(key, struct ipwl_session_peer);
	__type(value, struct ipwl_sessions_noted);
} session_noted SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_session_totals);
} session_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_session_settings);
} session_settings SEC(".maps");

/* The context is read through this, one field at a time: otherwise, clang merges accesses to
 * 8 bytes or to a computed pointer, and the verifier rejects both. */
typedef volatile struct bpf_sock_ops context;

static __always_inline const struct ipwl_session_settings *read_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&session_settings, &zero);
}

static __always_inline int is_mail_port(const struct ipwl_session_settings *all, __u32 port)
{
	__u32 word = (port >> 6) & (IPWL_PORT_WORDS - 1);

	return all->ports[word] >> (port & 63) & 1;
}

static __always_inline int is_outbound(context *session)
{
	return bpf_ntohl(session->remote_port) == IPWL_SMTP_PORT;
}

/* Have the program called when the session ends. */
static __always_inline void follow(struct bpf_sock_ops *session)
{
	bpf_sock_ops_cb_flags_set(session, ((context *)session)->bpf_sock_ops_cb_flags |
					       BPF_SOCK_OPS_STATE_CB_FLAG);
}

static __always_inline void read_peer(context *session, struct ipwl_session_peer *peer)
{
	/* All are read before one is chosen, because clang would choose the place first. */
	const __u32 ip4 = session->remote_ip4;
	const __u32 ip6[] = { session->remote_ip6[0], session->remote_ip6[1],
			      session->remote_ip6[2], session->remote_ip6[3] };
	const int is_ip4 = session->family == FAMILY_INET;
	__u32 *to = (__u32 *)peer->addr;

	to[0] = is_ip4 ? 0 : ip6[0];
	to[1] = is_ip4 ? 0 : ip6[1];
	to[2] = is_ip4 ? bpf_htonl(0xffff) : ip6[2];
	to[3] = is_ip4 ? ip4 : ip6[3];
}

static __always_inline struct ipwl_sessions *find_sessions(const struct ipwl_session_peer *peer,
							   __u64 now_ns)
{
	struct ipwl_sessions *found = bpf_map_lookup_elem(&session_peers, peer);
	struct ipwl_sessions fresh = { .born_ns = now_ns };

	if (found)
		return found;
	bpf_map_update_elem(&session_peers, peer, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&session_peers, peer);
}

static __always_inline void count_total(__u32 kind, __u64 sent, __u64 received)
{
	__u32 zero = 0;
	struct ipwl_session_totals *all = bpf_map_lookup_elem(&session_totals, &zero);

	if (!all || kind >= IPWL_SESSION_KIND_COUNT)
		return;
	__sync_fetch_and_add(&all->sessions[kind], 1);
	__sync_fetch_and_add(&all->sent_bytes[kind], sent);
	__sync_fetch_and_add(&all->received_bytes[kind], received);
}

static __always_inline void count_outbound(context *session, __u64 sent, __u64 received)
{
	struct ipwl_session_peer peer __attribute__((aligned(4))) = {};
	const __u64 now_ns = bpf_ktime_get_boot_ns();
	struct ipwl_sessions *to;

	read_peer(session, &peer);
	to = find_sessions(&peer, now_ns);
	if (!to)
		return;
	__sync_fetch_and_add(&to->sent_bytes, sent);
	__sync_fetch_and_add(&to->received_bytes, received);
	to->last_outbound_ns = now_ns;
	__sync_fetch_and_add(&to->outbound, 1);
}

static __always_inline void count_inbound(context *session, __u64 received)
{
	struct ipwl_session_peer peer __attribute__((aligned(4))) = {};
	const __u64 now_ns = bpf_ktime_get_boot_ns();
	struct ipwl_sessions *to;

	read_peer(session, &peer);
	to = find_sessions(&peer, now_ns);
	if (!to)
		return;
	__sync_fetch_and_add(&to->inbound_bytes, received);
	to->last_inbound_ns = now_ns;
	__sync_fetch_and_add(&to->inbound, 1);
}

/* Peers may send from port 25, and this host does not: its own mail ports come first. */
static __always_inline void count_session(context *session, const struct ipwl_session_settings *all)
{
	const __u64 sent = session->bytes_acked, received = session->bytes_received;

	if (is_mail_port(all, session->local_port)) {
		const int is_complete = sent > NO_BYTES && received > NO_BYTES;

		count_total(is_complete ? IPWL_SESSION_INBOUND : IPWL_SESSION_INBOUND_SHORT, sent,
			    received);
		if (is_complete)
			count_inbound(session, received);
	} else if (is_outbound(session)) {
		const int is_complete = sent >= all->sent_bytes && received >= all->received_bytes;

		count_total(is_complete ? IPWL_SESSION_OUTBOUND : IPWL_SESSION_OUTBOUND_SHORT, sent,
			    received);
		if (is_complete)
			count_outbound(session, sent, received);
	}
}

/* 1 lets the programs of cgroups further up run, and changes nothing. */
SEC("sockops")
int ipwl_sessions(struct bpf_sock_ops *session)
{
	const struct ipwl_session_settings *all = read_settings();

	if (!all)
		return 1;
	switch (((context *)session)->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
		if (is_outbound(session))
			follow(session);
		break;
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		if (is_mail_port(all, ((context *)session)->local_port))
			follow(session);
		break;
	case BPF_SOCK_OPS_STATE_CB:
		if (((context *)session)->args[1] == BPF_TCP_CLOSE)
			count_session(session, all);
		break;
	default:
		break;
	}
	return 1;
}

char _license[] SEC("license") = "GPL";
