/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes records of this host as they are made: the summary, the records, the stream. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

#define STREAM_MAX "100000"

int sync_value(const struct fleet_sync *sync, const struct fleet_record *record,
	       char key[FLEET_KEY_BYTES], char value[FLEET_SIGNED_BYTES])
{
	fleet_record_key(record, key);
	if (!fleet_record_format(record, value))
		return -EINVAL;
	return fleet_sign(&sync->signer, record->origin, key, value);
}

int sync_ring(struct fleet_sync *sync, const struct fleet_record *record, const char *key,
	      const char *value)
{
	const char *const words[] = { "XADD",	  sync->stream_key,
				      "MAXLEN",	  "~",
				      STREAM_MAX, "*",
				      "o",	  record->origin,
				      "k",	  key,
				      "v",	  value,
				      "b",	  fleet_replica_self(sync->replica) };

	return sync_send(sync, sync_written, sizeof(words) / sizeof(*words), words);
}

static int send_own(struct fleet_sync *sync, const struct fleet_record *record)
{
	char hash[SYNC_KEY_BYTES], key[FLEET_KEY_BYTES], value[FLEET_SIGNED_BYTES];
	const char *const words[] = { "HSET", sync_records_key(sync, record->origin, hash), key,
				      value };
	int err = sync_value(sync, record, key, value);

	if (!err)
		err = sync_send(sync, sync_written, 4, words);
	return err ? err : sync_ring(sync, record, key, value);
}

void sync_drop_pending(struct fleet_sync *sync)
{
	while (sync->pending_count)
		free(sync->pending[--sync->pending_count]);
}

void sync_send_pending(evutil_socket_t fd, short what, void *context)
{
	struct fleet_sync *sync = context;

	(void)fd;
	(void)what;
	if (sync->pending_count && sync->is_own_written)
		sync_write_summary(sync);
	for (size_t i = 0; i < sync->pending_count; i++) {
		if (send_own(sync, sync->pending[i]))
			sync->is_own_wanted = true;
		else
			sync->state.sent_count++;
	}
	sync_drop_pending(sync);
}

void fleet_sync_publish(struct fleet_sync *sync, const struct fleet_record *record)
{
	const struct timeval now = { 0 };
	struct fleet_record *copy;

	/* Once it is connected again, it compares. */
	if (!redis_client_is_ready(sync->client))
		return;
	copy = sync->pending_count < SYNC_PENDING_MAX ? fleet_record_copy(record) : NULL;
	if (!copy) {
		sync->is_own_wanted = true;
		return;
	}
	sync->pending[sync->pending_count++] = copy;
	evtimer_add(sync->sender, &now);
}

/* ---- what is forgotten -------------------------------------------------------------- */

int fleet_sync_forget(struct fleet_sync *sync, const char *host)
{
	const struct fleet_summary gone = { .is_gone = true, .stamp_ms = sync_now_ms() };
	char text[FLEET_SUMMARY_BYTES], hash[SYNC_KEY_BYTES];
	const char *const tell[] = { "HSET", sync->hosts_key, host, text };
	const char *const unlink[] = { "UNLINK", hash };
	int err;

	if (!scope_is_host(host) || !strcmp(host, fleet_replica_self(sync->replica)))
		return -EINVAL;
	sync_records_key(sync, host, hash);
	err = fleet_summary_format(&gone, &sync->signer, host, text);
	if (!err)
		err = sync_send(sync, sync_written, 4, tell);
	return err ? err : sync_send(sync, sync_written, 2, unlink);
}
