/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of settings, lists and their entries as JSON; config/diff.c finds them. */
#include "api/changes.h"

#include "api/entry.h"
#include "http/http.h"

json_t *changes_settings_json(const struct setting_changes *changes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct setting_change *change = &changes->items[i];

		json_array_append_new(array, json_pack("{s:s,s:o,s:o}", "key", change->key, "from",
						       json_text(change->from), "to",
						       json_text(change->to)));
	}
	return array;
}

static json_t *list_change_json(const struct list_change *change)
{
	const struct list_diff *diff = change->diff;

	return json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o}", "name", change->list->name,
			 "action", action_names[change->list->action], "change", change->change,
			 "moved", diff->is_moved, "settings",
			 changes_settings_json(&change->settings), "added",
			 json_count(diff->added[PART_ENTRIES]), "removed",
			 json_count(diff->removed[PART_ENTRIES]), "exclusions_added",
			 json_count(diff->added[PART_EXCLUSIONS]), "exclusions_removed",
			 json_count(diff->removed[PART_EXCLUSIONS]));
}

json_t *changes_lists_json(const struct snapshot_diff *diff)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diff->policy.count; i++)
		if (diff->lists[i].change)
			json_array_append_new(array, list_change_json(&diff->lists[i]));
	return array;
}

void changes_collect_entry(const struct list *list, const struct entry *entry, bool is_added,
			   void *context)
{
	struct changed_entries *entries = context;
	json_t *object;

	if (json_array_size(entries->array) == entries->limit) {
		entries->left_out++;
		return;
	}
	object = exclusion_json(list, entry);
	json_object_set_new(object, "change", json_string(is_added ? "added" : "removed"));
	json_object_set_new(object, "exclusion", json_boolean(entry->is_exclusion));
	json_object_set_new(object, "reason", json_text(entry->reason));
	json_array_append_new(entries->array, object);
}
