/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of lists and their entries as JSON. */
#include "api/changes.h"

#include <errno.h>
#include <string.h>

#include "api/entry.h"
#include "core/policy_diff.h"
#include "http/http.h"

struct collector {
	json_t *entries;
	size_t limit;
	size_t left_out;
};

static void collect(const struct list *list, const struct entry *entry, bool is_added,
		    void *context)
{
	struct collector *collector = context;
	json_t *object;

	if (json_array_size(collector->entries) == collector->limit) {
		collector->left_out++;
		return;
	}
	object = exclusion_json(list, entry);
	json_object_set_new(object, "change", json_string(is_added ? "added" : "removed"));
	json_object_set_new(object, "exclusion", json_boolean(entry->is_exclusion));
	json_object_set_new(object, "reason", json_text(entry->reason));
	json_array_append_new(collector->entries, object);
}

/* How a list differs; "same" is told from entries that do. */
static const char *change_of(const struct list_diff *diff, const json_t *settings)
{
	if (!diff->from)
		return "added";
	if (!diff->to)
		return "removed";
	for (int part = 0; part < PART_COUNT; part++)
		if (diff->added[part] || diff->removed[part])
			return "changed";
	return diff->is_moved || json_array_size(settings) ? "changed" : NULL;
}

/* Takes over nothing; NULL: the list is the same. */
static json_t *list_json(const struct list_diff *diff)
{
	/* One of the two is there. */
	const struct list *list = diff->from ? diff->from : diff->to;
	json_t *settings = json_array();
	json_t *object;
	const char *change;

	if (diff->from && diff->to)
		changes_add_list_settings(settings, diff->from, diff->to);
	change = change_of(diff, settings);
	if (!change) {
		json_decref(settings);
		return NULL;
	}
	object = json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:o}", "name", list->name, "action",
			   action_names[list->action], "change", change, "moved", diff->is_moved,
			   "settings", settings, "added", json_count(diff->added[PART_ENTRIES]),
			   "removed", json_count(diff->removed[PART_ENTRIES]), "exclusions_added",
			   json_count(diff->added[PART_EXCLUSIONS]), "exclusions_removed",
			   json_count(diff->removed[PART_EXCLUSIONS]));
	return object;
}

static void add_lists(const struct policy_diff *diff, struct changes *changes)
{
	for (size_t i = 0; i < diff->count; i++) {
		json_t *object = list_json(&diff->lists[i]);

		changes->added_count += diff->lists[i].added[PART_ENTRIES];
		changes->removed_count += diff->lists[i].removed[PART_ENTRIES];
		if (object)
			json_array_append_new(changes->lists, object);
	}
}

int changes_find(const struct snapshot *from, const struct snapshot *to, size_t limit,
		 struct changes *ret_changes)
{
	struct changes changes = { .settings = json_array(),
				   .lists = json_array(),
				   .entries = json_array() };
	struct collector collector = { .entries = changes.entries, .limit = limit };
	struct policy_diff diff;

	if (!changes.settings || !changes.lists || !changes.entries ||
	    policy_diff(from->policy, to->policy, collect, &collector, &diff)) {
		changes_done(&changes);
		return -ENOMEM;
	}
	add_lists(&diff, &changes);
	policy_diff_done(&diff);
	changes_add_settings(changes.settings, from->config, to->config);
	changes.left_out = collector.left_out;
	changes.is_any = json_array_size(changes.settings) || json_array_size(changes.lists);
	*ret_changes = changes;
	return 0;
}

void changes_done(struct changes *changes)
{
	json_decref(changes->settings);
	json_decref(changes->lists);
	json_decref(changes->entries);
	*changes = (struct changes) { 0 };
}
