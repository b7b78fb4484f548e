/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hosts that are known, and what this one says of itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

struct host *sync_host(struct fleet_sync *sync, const char *name, bool is_made)
{
	struct host *hosts, *host;

	for (size_t i = 0; i < sync->host_count; i++)
		if (!strcmp(sync->hosts[i].name, name))
			return &sync->hosts[i];
	hosts =
	    is_made ? reallocarray(sync->hosts, sync->host_count + 1, sizeof(struct host)) : NULL;
	if (!hosts)
		return NULL;
	sync->hosts = hosts;
	host = &hosts[sync->host_count++];
	*host = (struct host) { .is_told = false };
	snprintf(host->name, sizeof(host->name), "%s", name);
	return host;
}

void sync_known(const struct fleet_sync *sync, const char *name, struct fleet_origin *ret_origin)
{
	for (size_t i = 0; i < fleet_replica_origin_count(sync->replica); i++) {
		fleet_replica_get_origin(sync->replica, i, ret_origin);
		if (!strcmp(ret_origin->name, name))
			return;
	}
	*ret_origin = (struct fleet_origin) { .name = name };
}

void sync_write_summary(struct fleet_sync *sync)
{
	const char *self = fleet_replica_self(sync->replica);
	const char *const words[] = { "HSET", sync->hosts_key, self, sync->own_text };
	struct fleet_summary summary = { .stamp_ms = sync->own_stamp_ms,
					 .heard_ms = sync_now_ms() };
	struct fleet_origin known;

	sync_known(sync, self, &known);
	summary.count = known.count;
	summary.digest = known.digest;
	if (fleet_summary_format(&summary, &sync->signer, self, sync->own_text) ||
	    sync_send(sync, sync_written, 4, words))
		sync->is_own_wanted = true;
}
