/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's LPM tries: one for allow lists, one for block lists; both are asked. */
#ifndef CANDIDATES_TRIES_BPF_H
#define CANDIDATES_TRIES_BPF_H

#include <bpf/bpf_endian.h>

struct trie_key {
	__u32 length;
	__u32 address; /* network byte order */
};

struct trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct trie_key);
	__type(value, __u32);
};

struct trie trie_allow SEC(".maps");
struct trie trie_block SEC(".maps");

static __always_inline __u32 tries_lookup(__u32 address)
{
	struct trie_key key = { .length = 32, .address = bpf_htonl(address) };
	__u32 *allow = bpf_map_lookup_elem(&trie_allow, &key);
	__u32 *block = bpf_map_lookup_elem(&trie_block, &key);

	if (allow)
		return *allow | DECISION_ALLOW | (block ? DECISION_BOTH : 0);
	return block ? *block : 0;
}

#endif
