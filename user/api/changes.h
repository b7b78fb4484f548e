/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a switch from one snapshot to another changes, for answers. */
#ifndef API_CHANGES_H
#define API_CHANGES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/lines.h"
#include "config/snapshot.h"

struct changes {
	bool is_any;	      /* an entry, an exclusion, a list or a setting */
	size_t added_count;   /* entries, exclusions apart */
	size_t removed_count; /* the same */
	json_t *settings;     /* SETTING of docs/control-api.md */
	json_t *lists;	      /* those that differ */
	json_t *entries;      /* entries and exclusions, up to the limit */
	size_t left_out;      /* entries beyond it */
};

/* @limit: entries that are named. Return: 0; -ENOMEM, and nothing is to be freed. */
int changes_find(const struct snapshot *from, const struct snapshot *to, size_t limit,
		 struct changes *ret_changes);
void changes_done(struct changes *changes);

/* Append SETTINGs: what differs between two configurations, or between two lists of the
 * same name and action. */
void changes_add_settings(json_t *settings, const struct config *from, const struct config *to);
void changes_add_list_settings(json_t *settings, const struct list *from, const struct list *to);

/* The settings and lists of an answer as lines, "list drop: mode monitor -> none", for
 * the log. */
void changes_describe(const json_t *answer, struct lines *lines);

#endif
