/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What other hosts protect. */
#include <errno.h>

#include "engine/fleet_internal.h"
#include "store/protections.h"

struct protecting {
	const struct fleet_replica *replica;
	const struct snapshot *snapshot;
	struct foreign_protections *foreign;
};

static int add_protection(const struct fleet_record *record, void *context)
{
	const struct protecting *protecting = context;

	if (record->kind != FLEET_PROTECTIONS ||
	    !fleet_is_wanted(protecting->replica, protecting->snapshot->config,
			     policy_find_list(protecting->snapshot->policy, record->list), record))
		return 0;
	return foreign_protections_add(protecting->foreign, record->origin, record->list,
				       &record->prefix, record->author, record->reason,
				       record->added_at_sec);
}

int fleet_protections_give(struct engine *engine, const struct fleet_replica *replica,
			   const struct snapshot *snapshot)
{
	struct protecting protecting = { replica, snapshot, foreign_protections_new() };
	int err = protecting.foreign ? 0 : -ENOMEM;

	if (!err && replica)
		err = fleet_replica_walk_live(replica, time_now_ms(), add_protection, &protecting);
	if (err)
		foreign_protections_unref(protecting.foreign);
	else
		protections_give(engine->protections, protecting.foreign);
	return err;
}
