/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the history as JSON. */
#include "api/record.h"

#include <errno.h>
#include <string.h>

#include "http/http.h"

/* An image with times as the control socket has them, or null. */
static json_t *image_json(const char *image)
{
	json_t *object = image ? json_loads(image, 0, NULL) : NULL;
	json_t *protection = json_object_get(object, "protected");

	if (!object)
		return json_null();
	json_object_set_new(object, "added_at",
			    json_time(json_integer_value(json_object_get(object, "added_at"))));
	json_object_set_new(object, "expires_at",
			    json_time(json_integer_value(json_object_get(object, "expires_at"))));
	json_object_set_new(object, "protected", json_boolean(json_is_object(protection)));
	return object;
}

static json_t *change_json(const struct history_change *change)
{
	char prefix[PREFIX_TEXT_BYTES];

	return json_pack("{s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:o}", "prefix",
			 json_text(change->prefix ? prefix_format(change->prefix, prefix) : NULL),
			 "list", json_text(change->list), "action", action_names[change->action],
			 "source", source_names[change->source], "added", json_count(change->added),
			 "removed", json_count(change->removed), "was", image_json(change->was),
			 "now", image_json(change->now));
}

struct changes {
	json_t *array;
	size_t count;
	size_t added;
	size_t removed;
};

static int take_change(const struct history_change *change, void *context)
{
	struct changes *changes = context;

	changes->added += change->added;
	changes->removed += change->removed;
	if (changes->count++ >= HISTORY_JSON_CHANGES_MAX)
		return 0;
	return json_array_append_new(changes->array, change_json(change)) ? -ENOMEM : 0;
}

static json_t *id_json(int64_t id)
{
	return id ? json_integer(id) : json_null();
}

int history_record_json(struct state *state, const struct history_record *record,
			const struct history_filter *filter, json_t **ret_json)
{
	struct changes changes = { .array = json_array() };
	int err = changes.array
		      ? history_read_changes(state, record->id, filter, take_change, &changes)
		      : -ENOMEM;
	json_t *json;

	if (err) {
		json_decref(changes.array);
		return err;
	}
	json = json_pack("{s:I,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "id",
			 (json_int_t)record->id, "at", json_time(record->at_sec), "event",
			 history_event_names[record->event], "author", json_text(record->author),
			 "via", json_text(record->via), "origin", json_text(record->origin),
			 "reason", json_text(record->reason), "undoes", id_json(record->undoes),
			 "undone_by", id_json(record->undone_by), "added",
			 json_count(changes.added), "removed", json_count(changes.removed),
			 "change_count", json_count(changes.count), "changes", changes.array);
	if (!json)
		return -ENOMEM;
	*ret_json = json;
	return 0;
}
