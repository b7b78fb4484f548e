/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as they are read: checked, and given to take() together. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

static bool is_text(const struct redis_reply *reply)
{
	return reply->type == REDIS_STRING && strlen(reply->text) == reply->text_bytes;
}

int sync_batch_add(struct fleet_sync *sync, struct batch *batch, const char *origin,
		   const struct redis_reply *key, const struct redis_reply *value)
{
	struct fleet_record record, **records;
	struct fleet_texts texts;

	/* The MAC is cut off in place. */
	if (!is_text(key) || !is_text(value) || !scope_is_host(origin) ||
	    !fleet_sign_check(&sync->signer, origin, key->text, value->text) ||
	    fleet_record_parse(origin, key->text, value->text, &texts, &record)) {
		sync->state.refused_count++;
		return 0;
	}
	if (batch->count == batch->room) {
		const size_t room = batch->room ? 2 * batch->room : 64;

		records = reallocarray(batch->records, room, sizeof(struct fleet_record *));
		if (!records)
			return -ENOMEM;
		batch->records = records;
		batch->room = room;
	}
	batch->records[batch->count] = fleet_record_copy(&record);
	if (!batch->records[batch->count])
		return -ENOMEM;
	batch->count++;
	return 0;
}

int sync_batch_take(struct fleet_sync *sync, const struct batch *batch)
{
	const char *self = fleet_replica_self(sync->replica);

	if (!batch->count)
		return 0;
	for (size_t i = 0; i < batch->count; i++)
		sync->state.received_count += strcmp(batch->records[i]->origin, self) != 0;
	return sync->events.take((const struct fleet_record *const *)batch->records, batch->count,
				 sync->events.context);
}

void sync_batch_free(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->records[i]);
	free(batch->records);
	*batch = (struct batch) { 0 };
}
