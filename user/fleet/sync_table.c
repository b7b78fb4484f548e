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

bool sync_believes(const struct fleet_sync *sync, const char *name)
{
	const struct scope scope = { .only_hosts = sync->only_from };

	return !strcmp(name, sync->self) || scope_has(&scope, name);
}

struct known sync_known(const struct fleet_sync *sync, const char *name)
{
	for (size_t i = 0; i < sync->known_count; i++)
		if (!strcmp(sync->known[i].name, name))
			return sync->known[i];
	return (struct known) { .count = 0 };
}

void sync_write_summary(struct fleet_sync *sync)
{
	const char *const words[] = { "HSET", sync->hosts_key, sync->self, sync->own_text };
	const struct known known = sync_known(sync, sync->self);
	struct fleet_summary summary = { .stamp_ms = sync->own_stamp_ms,
					 .heard_ms = sync_now_ms() };

	summary.count = known.count;
	summary.digest = known.digest;
	if (fleet_summary_format(&summary, &sync->signer, sync->self, sync->own_text) ||
	    sync_send(sync, sync_written, 4, words))
		sync->is_own_wanted = true;
}
