/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lookup of the BPF programs, for tests and to tell what the kernel would decide. */
#include "compile/index.h"

#include "ipwl_lookup.h"

static inline const char *ipwl_region(const void *regions, uint32_t slot)
{
	const struct index_space *space = regions;

	return (const char *)space->regions[slot];
}

struct ipwl_match index_lookup(const struct index_root *root, const struct index_space *space,
			       const struct prefix *address)
{
	address_bits bits = prefix_first(address);
	struct ipwl_match match;

	if (address->family == FAMILY_IPV4)
		match = ipwl_match4(root->words, root->filter, space, root->generation,
				    (uint32_t)(bits >> 96));
	else
		match = ipwl_match6(root->words, space, root->generation, (uint64_t)(bits >> 64),
				    (uint64_t)bits);
	if (match.rule & IPWL_PLACE_FLAG)
		match.rule = ipwl_rule_at(space, match.rule);
	return match;
}
