/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Deletes entries that have expired, and restores entries that expired too early because the
 * wall clock was ahead. The record of such an expiry holds the entries as they were. Once the
 * clock is right again, the time of that record lies in the future.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/history_read.h"
#include "store/manual.h"

struct item {
	char *list;
	enum action action;
	struct prefix prefix;
	char *image; /* restore this; NULL: delete the entry */
};

struct items {
	struct item *items;
	size_t count;
	size_t capacity;
};

/* @image may be NULL. Return: 0 or -ENOMEM. */
static int items_add(struct items *items, const char *list, enum action action,
		     const struct prefix *prefix, const char *image)
{
	size_t capacity = items->capacity ? 2 * items->capacity : 16;
	struct item *item;

	if (items->count == items->capacity) {
		item = reallocarray(items->items, capacity, sizeof(*item));
		if (!item)
			return -ENOMEM;
		items->items = item;
		items->capacity = capacity;
	}
	item = &items->items[items->count++];
	*item = (struct item) { .list = strdup(list),
				.action = action,
				.prefix = *prefix,
				.image = image ? strdup(image) : NULL };
	return item->list && !item->image == !image ? 0 : -ENOMEM;
}

static void items_done(struct items *items)
{
	for (size_t i = 0; i < items->count; i++) {
		free(items->items[i].list);
		free(items->items[i].image);
	}
	free(items->items);
}

/* Delete or restore each item, with a record. Return: 0: the transaction is open; -EIO: it is
 * rolled back. */
static int items_write(const struct items *items, struct state *state, enum history_event event,
		       int64_t now_sec)
{
	struct manual_batch batch = { .state = state,
				      .record = { .at_sec = now_sec, .event = event } };
	int err = manual_begin(&batch);

	for (size_t i = 0; i < items->count && !err; i++) {
		const struct item *item = &items->items[i];

		err = manual_restore(&batch, item->list, item->action, &item->prefix, item->image);
	}
	return err;
}

/* ---- expiry --------------------------------------------------------------- */

static int note_expired(const struct state_entry *entry, void *context)
{
	return items_add(context, entry->list, entry->action, &entry->prefix, NULL);
}

int manual_expire(struct state *state, int64_t now_sec)
{
	struct items items = { 0 };
	int err = state_read_expired(state, now_sec, note_expired, &items);

	if (!err && items.count) {
		err = items_write(&items, state, HISTORY_EXPIRE, now_sec);
		if (!err)
			err = state_commit(state);
	}
	items_done(&items);
	return err;
}

/* ---- return --------------------------------------------------------------- */

struct returning {
	struct state *state;
	int64_t now_sec;
	int64_t record_id; /* of the expiry */
	struct items items;
};

/* A later change of the entry was intended, so it stays. */
static int note_returning(const struct history_change *change, void *context)
{
	struct returning *returning = context;
	int64_t last_id = 0;
	int err;

	if (!change->prefix || !change->was ||
	    manual_image_expiry_sec(change->was) <= returning->now_sec)
		return 0;
	err = history_last_of(returning->state, change->list, change->prefix, &last_id);
	if (err || last_id != returning->record_id)
		return err;
	return items_add(&returning->items, change->list, change->action, change->prefix,
			 change->was);
}

static int look_into_record(const struct history_record *record, void *context)
{
	struct returning *returning = context;

	if (record->event != HISTORY_EXPIRE)
		return 0;
	returning->record_id = record->id;
	return history_read_changes(returning->state, record->id, NULL, note_returning, returning);
}

int manual_return(struct state *state, int64_t now_sec, size_t *ret_count)
{
	const struct history_filter yet_to_come = { .since_sec = now_sec + 1, .limit = INT64_MAX };
	struct returning returning = { .state = state, .now_sec = now_sec };
	int err = history_read(state, &yet_to_come, look_into_record, &returning);

	if (!err && returning.items.count)
		err = items_write(&returning.items, state, HISTORY_RETURN, now_sec);
	if (!err)
		*ret_count = returning.items.count;
	items_done(&returning.items);
	return err;
}
