/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waits at the end of the stream, on a connection of its own, with a cursor of its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "fleet/sync_internal.h"

#define BLOCK_MS 3000
#define BLOCK_TEXT "3000"
#define COUNT_TEXT "500"
#define BEGINNING "0-0"

/* ---- cursors ------------------------------------------------------------------------ */

static bool read_id(const char *text, int64_t *ret_ms, int64_t *ret_number)
{
	size_t digits = number_scan(text, strlen(text), ret_ms);

	return digits && text[digits] == '-' &&
	       number_parse(text + digits + 1, 0, INT64_MAX, ret_number);
}

/* Whether the stream ends before the cursor, so it is another one. */
static bool is_before(const char *id, const char *cursor)
{
	int64_t ms, number, cursor_ms, cursor_number;

	if (!read_id(id, &ms, &number) || !read_id(cursor, &cursor_ms, &cursor_number))
		return false;
	return ms < cursor_ms || (ms == cursor_ms && number < cursor_number);
}

static void set_cursor(struct fleet_sync *sync, const char *id)
{
	snprintf(sync->cursor, sizeof(sync->cursor), "%s", id);
}

/* The id of an entry; NULL: it is no entry. */
static const char *entry_id(const struct redis_reply *entry)
{
	int64_t ms, number;

	if (entry->type != REDIS_ARRAY || entry->element_count != 2 ||
	    entry->elements[0].type != REDIS_STRING ||
	    !read_id(entry->elements[0].text, &ms, &number))
		return NULL;
	return entry->elements[0].text;
}

static void end_answered(struct redis_client *client, const struct redis_reply *reply,
			 void *argument)
{
	struct fleet_sync *sync = argument;
	const bool is_first = !*sync->cursor;
	const char *id = BEGINNING;

	(void)client;
	if (!reply)
		return;
	if (reply->type != REDIS_ARRAY) {
		sync_tell_error(sync, "XREVRANGE", reply);
		return;
	}
	if (reply->element_count && entry_id(&reply->elements[0]))
		id = entry_id(&reply->elements[0]);
	if (is_first)
		set_cursor(sync, id);
	else if (is_before(id, sync->cursor))
		set_cursor(sync, BEGINNING);
	if (is_first && redis_client_is_ready(sync->reader))
		sync_read_stream(sync);
}

void sync_ask_end(struct fleet_sync *sync)
{
	const char *const words[] = { "XREVRANGE", sync->stream_key, "+", "-", "COUNT", "1" };

	sync_send(sync, end_answered, 6, words);
}

/* ---- entries ------------------------------------------------------------------------ */

/* The text of a field; NULL: there is none. */
static const struct redis_reply *find_field(const struct redis_reply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->element_count; i += 2)
		if (fields->elements[i].type == REDIS_STRING &&
		    fields->elements[i + 1].type == REDIS_STRING &&
		    !strcmp(fields->elements[i].text, name))
			return &fields->elements[i + 1];
	return NULL;
}

static int add_entry(struct fleet_job *job, const struct redis_reply *entry)
{
	const struct redis_reply *fields = &entry->elements[1];
	const struct redis_reply *origin = find_field(fields, "o"), *key = find_field(fields, "k");
	const struct redis_reply *value = find_field(fields, "v"), *by = find_field(fields, "b");

	if (origin && key && value && by)
		return sync_job_add(job, origin->text, key->text, value->text, by->text);
	job->refused_count++;
	return 0;
}

/* Where the replica is: another host has written an older record of this one, and may have replaced
 * a newer one. */
static void look_at_own(struct fleet_job *job, const struct fleet_access *access,
			const struct item *item, const struct fleet_record *record)
{
	const struct fleet_record *known;

	if (!item->is_own)
		return;
	if (item->is_echo) {
		if (record->version > job->echo_version)
			job->echo_version = record->version;
		return;
	}
	known = fleet_replica_find(access->replica, record->origin, record->list, &record->prefix,
				   record->kind);
	if (!known || known->version <= record->version)
		return;
	if (!job->again)
		job->again = calloc(job->item_count, sizeof(struct fleet_record *));
	if (!job->again)
		return;
	job->again[job->again_count] = fleet_record_copy(known);
	job->again_count += job->again[job->again_count] != NULL;
}

static void take_entries(struct fleet_job *job, const struct fleet_access *access)
{
	sync_job_take(job, access, look_at_own);
}

/* What could not be taken is missed when the summaries are compared. */
static void entries_taken(struct fleet_job *job)
{
	struct fleet_sync *sync = job->sync;

	sync->stream_job_count--;
	for (size_t i = 0; i < job->again_count; i++)
		fleet_sync_publish(sync, job->again[i]);
	/* A stream may be read again. */
	if (job->echo_version > sync->lag_version) {
		sync->lag_version = job->echo_version;
		sync->state.lag_ms = sync_now_ms() - fleet_version_ms(job->echo_version);
		sync->state.lag_count++;
	}
	if (sync->is_stream_idle)
		sync_read_stream(sync);
}

static void read_entries(struct fleet_sync *sync, const struct redis_reply *entries)
{
	struct fleet_job *job = sync_job_new(sync, take_entries, entries_taken);
	int err = job ? 0 : -ENOMEM;

	for (size_t i = 0; i < entries->element_count && !err; i++) {
		const char *id = entry_id(&entries->elements[i]);

		if (!id)
			continue;
		err = add_entry(job, &entries->elements[i]);
		set_cursor(sync, id);
	}
	if (!job)
		return;
	job->is_last = true;
	sync->stream_job_count++;
	sync_job_submit(job);
}

static void stream_answered(struct redis_client *client, const struct redis_reply *reply,
			    void *argument)
{
	struct fleet_sync *sync = argument;

	(void)client;
	if (!reply)
		return;
	if (reply->type == REDIS_ERROR) {
		/* The summaries are compared all the same. */
		sync_tell_error(sync, "XREAD", reply);
		set_cursor(sync, "");
		return;
	}
	if (reply->type == REDIS_ARRAY && reply->element_count == 1 &&
	    reply->elements[0].type == REDIS_ARRAY && reply->elements[0].element_count == 2 &&
	    reply->elements[0].elements[1].type == REDIS_ARRAY)
		read_entries(sync, &reply->elements[0].elements[1]);
	sync_read_stream(sync);
}

void sync_read_stream(struct fleet_sync *sync)
{
	const char *const words[] = { "XREAD",	  "COUNT",   COUNT_TEXT,       "BLOCK",
				      BLOCK_TEXT, "STREAMS", sync->stream_key, sync->cursor };

	sync->is_stream_idle = sync->stream_job_count >= SYNC_JOBS_MAX;
	if (!*sync->cursor || sync->is_stream_idle)
		return;
	redis_client_command(sync->reader, 8, words, NULL, BLOCK_MS, stream_answered, sync);
}
