/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lookup of the BPF programs, for tests and to tell what the kernel would decide. */
#include "compile/index.h"

#include "ipwl_lookup.h"

struct lookup {
	struct index_space *space;
	int *error; /* of find_region() */
};

static inline const char *ipwl_region(const void *regions, uint32_t slot)
{
	const struct lookup *lookup = regions;
	struct index_space *space = lookup->space;

	if (!space->regions[slot] && space->find_region && !*lookup->error)
		*lookup->error = space->find_region(space, slot);
	return (const char *)space->regions[slot];
}

int index_lookup(const struct index_root *root, struct index_space *space,
		 const struct prefix *address, struct ipwl_match *ret_match)
{
	address_bits bits = prefix_first(address);
	int error = 0;
	const struct lookup lookup = { .space = space, .error = &error };

	if (address->family == FAMILY_IPV4)
		*ret_match = ipwl_match4(root->words, root->filter, &lookup, root->generation,
					 (uint32_t)(bits >> 96));
	else
		*ret_match = ipwl_match6(root->words, &lookup, root->generation,
					 (uint64_t)(bits >> 64), (uint64_t)bits);
	if (ret_match->rule & IPWL_PLACE_FLAG)
		ret_match->rule = ipwl_rule_at(&lookup, ret_match->rule);
	return error;
}
