// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides by LPM tries, if the policy is too large for an index or the index is turned off. */
#include <errno.h>

#include "datapath/internal.h"

static int build_group(struct datapath *datapath, uint32_t generation, uint32_t group,
		       const struct tables *tables)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (enum action action = 0; action < ACTION_COUNT; action++) {
			int err = table_map_build(datapath, generation, group, action, family,
						  &tables->of[action][family]);

			if (err)
				return err;
		}
	return 0;
}

/* Compile and build the tables of all groups. */
static int build_tables(struct datapath *datapath, const struct policy *policy,
			const struct port_groups *groups, uint32_t generation,
			struct tables tables[IPWL_PORT_GROUPS])
{
	for (uint32_t group = 0; group < groups->count; group++) {
		int err = tables_compile(policy, groups->firsts[group], &tables[group]);

		if (!err)
			err = build_group(datapath, generation, group, &tables[group]);
		if (err)
			return err;
	}
	return 0;
}

/* Always build a new generation, so that a failure needs no undo. An undo could fail, too. */
int tables_apply(struct datapath *datapath, const struct policy *policy,
		 const struct port_groups *groups, char error[DATAPATH_ERROR_BYTES])
{
	struct generation next = { .is_indexed = false, .has_groups = groups->count > 1 };
	struct generation_before before = generation_begin(datapath);
	int err = build_tables(datapath, policy, groups, before.next, next.tables);

	if (err) {
		table_maps_drop(datapath, before.next, next.tables);
		for (size_t group = 0; group < IPWL_PORT_GROUPS; group++)
			tables_done(&next.tables[group]);
		return errors_report(error, err, "cannot build the kernel's tables");
	}
	ports_write(datapath, before.next, groups);
	generation_finish(datapath, &before, &next);
	return 0;
}
