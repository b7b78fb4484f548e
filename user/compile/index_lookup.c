/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lookup of the BPF programs, for tests and to tell what the kernel would decide. */
#include "compile/index.h"

#include "ipwl_lookup.h"

static inline const char *ipwl_region(const void *regions, uint32_t number)
{
	const struct index_space *space = regions;

	return (const char *)space->regions[number];
}

struct ipwl_match index_lookup(const struct index_root *root, const struct index_space *space,
			       const struct prefix *address)
{
	address_bits bits = prefix_first(address);

	if (address->family == FAMILY_IPV4)
		return ipwl_match4(root->words, root->filter, space, (uint32_t)(bits >> 96));
	return ipwl_match6(root->words, space, (uint64_t)(bits >> 64), (uint64_t)bits);
}
