/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes the changes between two snapshots as JSON. */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include <jansson.h>
#include <stddef.h>

#include "config/diff.h"

/* The array of SETTING of docs/control-api.md. */
json_t *changes_settings_json(const struct setting_changes *changes);
/* The array of lists that differ. */
json_t *changes_lists_json(const struct snapshot_diff *diff);

/* Collects added and removed entries and exclusions, in the visit() of snapshot_diff(). */
struct changed_entries {
	json_t *array;
	size_t limit; /* maximum number in `array` */
	size_t left_out;
};

/* @context: a struct changed_entries. */
void changes_collect_entry(const struct list *list, const struct entry *entry, bool is_added,
			   void *context);

#endif
