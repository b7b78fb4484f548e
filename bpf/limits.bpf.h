/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits for attempts of unlisted sources (ipwl_limit.h says what holds). It only judges; the
 * caller knows what an attempt is. */
#ifndef IPWL_LIMITS_BPF_H
#define IPWL_LIMITS_BPF_H

#include "ipwl_event.h"
#include "ipwl_limit.h"
#include "maps.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, IPWL_LIMIT_CELLS);
	__type(key, __u32);
	__type(value, __u64);
} limit_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ipwl_limit_settings);
} limit_settings SEC(".maps");

/* The cells of a source, and the earlier one of their times. */
struct limit_cells {
	volatile __u64 *cells[IPWL_LIMIT_ROWS];
	__u64 due_ns;
};

/* Return: 1; 0: never. */
static __always_inline int limit_read(const struct ipwl_attempt_settings *from,
				      enum ipwl_limit limit, const struct ipwl_limited *source,
				      struct limit_cells *ret_cells)
{
	__u32 keys[IPWL_LIMIT_ROWS] = { ipwl_limit_cell(from->keys, limit, 0, source),
					ipwl_limit_cell(from->keys, limit, 1, source) };
	__u64 other_ns;

	ret_cells->cells[0] = bpf_map_lookup_elem(&limit_cells, &keys[0]);
	ret_cells->cells[1] = bpf_map_lookup_elem(&limit_cells, &keys[1]);
	if (!ret_cells->cells[0] || !ret_cells->cells[1])
		return 0;
	ret_cells->due_ns = *ret_cells->cells[0];
	other_ns = *ret_cells->cells[1];
	if (other_ns < ret_cells->due_ns)
		ret_cells->due_ns = other_ns;
	return 1;
}

static __always_inline int is_over(const struct ipwl_rate *rate, __u64 due_ns, __u64 now_ns)
{
	return rate->interval_ns && due_ns > now_ns + rate->burst_ns;
}

/* Count an attempt: no cell of its source may be earlier than the source's own time. */
static __always_inline void limit_count(const struct ipwl_rate *rate, struct limit_cells *cells,
					__u64 now_ns)
{
	__u64 due_ns = (cells->due_ns > now_ns ? cells->due_ns : now_ns) + rate->interval_ns;

	if (!rate->interval_ns)
		return;
	if (*cells->cells[0] < due_ns)
		*cells->cells[0] = due_ns;
	if (*cells->cells[1] < due_ns)
		*cells->cells[1] = due_ns;
}

/**
 * limit_exceeds() - judge an attempt of an unlisted source, and count it if it is admitted
 * @high, @low: the source, see source_of()
 *
 * A global function, so that the verifier checks it once. Return: 1: it is over a limit; 0.
 */
__noinline int limit_exceeds(__u64 high, __u64 low, __u64 now_ns, __u32 is_ipv6)
{
	const struct ipwl_attempt_settings *from = attempt_settings_get();
	__u32 zero = 0;
	const struct ipwl_limit_settings *settings = bpf_map_lookup_elem(&limit_settings, &zero);
	struct ipwl_limited address = ipwl_limited_of(IPWL_LIMIT_ADDRESS, high, low, (int)is_ipv6);
	struct ipwl_limited network = ipwl_limited_of(IPWL_LIMIT_NETWORK, high, low, (int)is_ipv6);
	struct limit_cells of_address, of_network;

	if (!from || !settings || !limit_read(from, IPWL_LIMIT_ADDRESS, &address, &of_address) ||
	    !limit_read(from, IPWL_LIMIT_NETWORK, &network, &of_network))
		return 0;
	if (is_over(&settings->rates[IPWL_LIMIT_ADDRESS], of_address.due_ns, now_ns) ||
	    is_over(&settings->rates[IPWL_LIMIT_NETWORK], of_network.due_ns, now_ns))
		return 1;
	limit_count(&settings->rates[IPWL_LIMIT_ADDRESS], &of_address, now_ns);
	limit_count(&settings->rates[IPWL_LIMIT_NETWORK], &of_network, now_ns);
	return 0;
}

#endif
