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

/* A record of this host has come back. */
static void look_at_echo(struct fleet_sync *sync, const struct fleet_record *record,
			 const char *writer)
{
	const struct fleet_record *known;

	if (!strcmp(writer, record->origin)) {
		/* A stream may be read again. */
		if (record->version <= sync->lag_version)
			return;
		sync->lag_version = record->version;
		sync->state.lag_ms = sync_now_ms() - fleet_version_ms(record->version);
		sync->state.lag_count++;
		return;
	}
	/* Another host has written an older one: it may have replaced a newer one. */
	known = fleet_replica_find(sync->replica, record->origin, record->list, &record->prefix,
				   record->source);
	if (known && known->version > record->version)
		fleet_sync_publish(sync, known);
}

static int add_entry(struct fleet_sync *sync, const struct redis_reply *entry, struct batch *batch)
{
	const struct redis_reply *fields = &entry->elements[1];
	const struct redis_reply *origin = find_field(fields, "o"), *key = find_field(fields, "k");
	const struct redis_reply *value = find_field(fields, "v"), *by = find_field(fields, "b");
	const size_t before = batch->count;
	int err;

	if (!origin || !key || !value || !by) {
		sync->state.refused_count++;
		return 0;
	}
	err = sync_batch_add(sync, batch, origin->text, key, value);
	if (!err && batch->count > before &&
	    !strcmp(origin->text, fleet_replica_self(sync->replica)))
		look_at_echo(sync, batch->records[before], by->text);
	return err;
}

static int take_entries(struct fleet_sync *sync, const struct redis_reply *entries)
{
	struct batch batch = { 0 };
	const char *last = NULL;
	int err = 0;

	if (entries->type != REDIS_ARRAY)
		return -EINVAL;
	for (size_t i = 0; i < entries->element_count && !err; i++) {
		const char *id = entry_id(&entries->elements[i]);

		if (!id)
			continue;
		last = id;
		err = add_entry(sync, &entries->elements[i], &batch);
	}
	if (!err)
		err = sync_batch_take(sync, &batch);
	sync_batch_free(&batch);
	/* What could not be taken is missed when the summaries are compared. */
	if (last)
		set_cursor(sync, last);
	return err;
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
	    reply->elements[0].type == REDIS_ARRAY && reply->elements[0].element_count == 2)
		(void)take_entries(sync, &reply->elements[0].elements[1]);
	sync_read_stream(sync);
}

void sync_read_stream(struct fleet_sync *sync)
{
	const char *const words[] = { "XREAD",	  "COUNT",   COUNT_TEXT,       "BLOCK",
				      BLOCK_TEXT, "STREAMS", sync->stream_key, sync->cursor };

	if (!*sync->cursor)
		return;
	redis_client_command(sync->reader, 8, words, NULL, BLOCK_MS, stream_answered, sync);
}
