/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a switch from one snapshot to another changes, as JSON. */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include <jansson.h>
#include <stddef.h>

#include "config/diff.h"

/* SETTINGs of docs/control-api.md. */
json_t *changes_settings_json(const struct setting_changes *changes);
/* The lists that differ. */
json_t *changes_lists_json(const struct snapshot_diff *diff);

/* Entries and exclusions that came or went, for the visit() of snapshot_diff(). */
struct changed_entries {
	json_t *array;
	size_t limit; /* that are named */
	size_t left_out;
};

/* @context: a struct changed_entries. */
void changes_collect_entry(const struct list *list, const struct entry *entry, bool is_added,
			   void *context);

#endif
