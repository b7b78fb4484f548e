/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes records of this host as they are made: the summary, the records, the stream. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fleet/sync_internal.h"

#define STREAM_MAX "100000"

int sync_value(const struct fleet_signer *signer, const struct fleet_record *record,
	       char key[FLEET_KEY_BYTES], char value[FLEET_SIGNED_BYTES])
{
	fleet_record_key(record, key);
	if (!fleet_record_format(record, value))
		return -EINVAL;
	return fleet_sign(signer, record->origin, key, value);
}

int sync_ring(struct fleet_sync *sync, const char *origin, const char *key, const char *value)
{
	const char *const words[] = { "XADD", sync->stream_key, "MAXLEN", "~", STREAM_MAX, "*",
				      "o",    origin,		"k",	  key, "v",	   value,
				      "b",    sync->self };

	return sync_send(sync, sync_written, sizeof(words) / sizeof(*words), words);
}

static int send_own(struct fleet_sync *sync, const struct fleet_record *record)
{
	char hash[SYNC_KEY_BYTES], key[FLEET_KEY_BYTES], value[FLEET_SIGNED_BYTES];
	const char *const words[] = { "HSET", sync_records_key(sync, record->origin, hash), key,
				      value };
	int err = sync_value(&sync->signer, record, key, value);

	if (!err)
		err = sync_send(sync, sync_written, 4, words);
	return err ? err : sync_ring(sync, record->origin, key, value);
}

void sync_drop_pending(struct fleet_sync *sync)
{
	while (sync->pending_count)
		free(sync->pending[--sync->pending_count]);
	sync->is_sending = false;
}

static void begin_sending(struct fleet_sync *sync);

/* The summary of what is sent is known: first that, then the records. */
static void send_pending(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;
	const size_t count = job->pending_count;

	if (job->number != sync->connection || !sync->is_sending)
		return;
	sync->is_sending = false;
	if (sync->is_own_written)
		sync_write_summary(sync);
	for (size_t i = 0; i < count; i++) {
		const int err = send_own(sync, sync->pending[i]);

		sync->state.sent_count += !err;
		/* A record that cannot be written stays as it is. */
		sync->is_own_wanted |= err && err != -EINVAL;
		free(sync->pending[i]);
	}
	sync->pending_count -= count;
	memmove(sync->pending, sync->pending + count, sync->pending_count * sizeof(*sync->pending));
	if (sync->pending_count)
		begin_sending(sync);
}

static void begin_sending(struct fleet_sync *sync)
{
	struct fleet_job *job = sync_job_new(sync, NULL, send_pending);

	if (!job) {
		sync->is_own_wanted = true;
		sync_drop_pending(sync);
		return;
	}
	job->pending_count = sync->pending_count;
	sync->is_sending = true;
	sync_job_submit(job);
}

void fleet_sync_publish(struct fleet_sync *sync, const struct fleet_record *record)
{
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
	if (!sync->is_sending)
		begin_sending(sync);
}

/* ---- what is forgotten -------------------------------------------------------------- */

int fleet_sync_forget(struct fleet_sync *sync, const char *host)
{
	const struct fleet_summary gone = { .is_gone = true, .stamp_ms = sync_now_ms() };
	char text[FLEET_SUMMARY_BYTES], hash[SYNC_KEY_BYTES];
	const char *const tell[] = { "HSET", sync->hosts_key, host, text };
	const char *const unlink[] = { "UNLINK", hash };
	int err;

	if (!scope_is_host(host) || !strcmp(host, sync->self))
		return -EINVAL;
	sync_records_key(sync, host, hash);
	err = fleet_summary_format(&gone, &sync->signer, host, text);
	if (!err)
		err = sync_send(sync, sync_written, 4, tell);
	return err ? err : sync_send(sync, sync_written, 2, unlink);
}
