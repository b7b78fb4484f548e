// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups of mail ports: which lists decide depends on the port only through its group. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/internal.h"

_Static_assert(POLICY_PORT_GROUPS_MAX == IPWL_PORT_GROUPS, "the core's groups are the ABI's");

static void set_group(struct port_groups *groups, uint16_t port, uint8_t group)
{
	for (int bit = 0; bit < IPWL_PORT_GROUP_BITS; bit++)
		if (group >> bit & 1)
			groups->bits[bit][port / 64] |= 1ULL << port % 64;
}

int ports_group(const struct datapath_change *change, struct port_groups *ret_groups,
		char error[DATAPATH_ERROR_BYTES])
{
	uint8_t *of = calloc(change->port_count + 1, sizeof(*of));

	*ret_groups = (struct port_groups) { .count = 0 };
	if (!of)
		return errors_report(error, -ENOMEM, "cannot group the ports");
	ret_groups->count = policy_group_ports(change->policy, change->ports, change->port_count,
					       of, ret_groups->firsts);
	for (size_t i = 0; i < change->port_count; i++)
		set_group(ret_groups, change->ports[i], of[i]);
	free(of);
	/* Without a port nothing is mail, and the one group is empty. */
	if (!change->port_count)
		ret_groups->count = 1;
	if (ret_groups->count)
		return 0;
	return errors_report(error, -ENOSPC,
			     "the lists' ports make more than %d different groups of ports",
			     IPWL_PORT_GROUPS);
}

bool ports_are_in_force(const struct datapath *datapath, const struct port_groups *groups)
{
	uint32_t generation = generation_in_force(datapath);

	return !memcmp(datapath->settings->port_groups[generation], groups->bits,
		       sizeof(groups->bits));
}

void ports_write(struct datapath *datapath, uint32_t generation, const struct port_groups *groups)
{
	for (int bit = 0; bit < IPWL_PORT_GROUP_BITS; bit++)
		for (size_t word = 0; word < IPWL_PORT_WORDS; word++)
			__atomic_store_n(&datapath->settings->port_groups[generation][bit][word],
					 groups->bits[bit][word], __ATOMIC_RELAXED);
}

uint32_t ports_group_of(const struct datapath *datapath, uint16_t port)
{
	uint32_t generation = generation_in_force(datapath), group = 0;

	for (int bit = 0; bit < IPWL_PORT_GROUP_BITS; bit++) {
		uint64_t word = __atomic_load_n(
		    &datapath->settings->port_groups[generation][bit][port / 64], __ATOMIC_RELAXED);

		group |= (uint32_t)(word >> port % 64 & 1) << bit;
	}
	return group;
}
