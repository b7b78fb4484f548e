// SPDX-License-Identifier: GPL-2.0-or-later
/* Decides by LPM tries, if the policy is too large for an index or the index is turned off. */
#include <errno.h>

#include "datapath/internal.h"

static int build_tables(struct datapath *datapath, uint32_t generation, const struct tables *tables)
{
	for (enum family family = 0; family < FAMILY_COUNT; family++)
		for (enum action action = 0; action < ACTION_COUNT; action++) {
			int err = table_map_build(datapath, generation, action, family,
						  &tables->of[action][family]);

			if (err)
				return err;
		}
	return 0;
}

/* Always build a new generation, so that a failure needs no undo. An undo could fail, too. */
int tables_apply(struct datapath *datapath, const struct policy *policy,
		 char error[DATAPATH_ERROR_BYTES])
{
	struct generation next = { .is_indexed = false };
	struct generation_before before;
	int err = tables_compile(policy, &next.tables);

	if (err)
		return errors_report(error, err, "cannot compile the policy");
	before = generation_begin(datapath);
	err = build_tables(datapath, before.next, &next.tables);
	if (err) {
		table_maps_drop(datapath, before.next, &next.tables);
		tables_done(&next.tables);
		return errors_report(error, err, "cannot build the kernel's tables");
	}
	generation_finish(datapath, &before, &next);
	return 0;
}
