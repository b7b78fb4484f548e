/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds prefixes that a list has twice, or both includes and excludes. */
#include <string.h>

#include "config/parts.h"

/* Maximum number of single warnings, because a generated list may cause very many. */
#define WARNINGS_PER_LIST_MAX 10

struct check {
	struct diagnostics *diagnostics;
	size_t warning_count;
	/* The first entry of the present prefix, by source and is_exclusion. */
	const struct entry *first[SOURCE_COUNT][2];
};

static void warn_twice(struct check *check, const struct duplicate *duplicate,
		       const char *first_origin)
{
	char prefix[PREFIX_TEXT_BYTES];

	if (check->warning_count++ >= WARNINGS_PER_LIST_MAX)
		return;
	prefix_format_short(&duplicate->prefix, prefix);
	diagnostics_add(check->diagnostics, SEVERITY_WARNING, duplicate->origin, duplicate->line, 0,
			"%s%s is duplicated, first at %s:%u", duplicate->is_exclusion ? "!" : "",
			prefix, first_origin, duplicate->first_line);
}

static void warn_contradiction(struct check *check, const struct entry *entry,
			       const struct entry *opposite)
{
	char prefix[PREFIX_TEXT_BYTES];

	if (check->warning_count++ >= WARNINGS_PER_LIST_MAX)
		return;
	prefix_format_short(&entry->prefix, prefix);
	diagnostics_add(check->diagnostics, SEVERITY_WARNING, entry->about->origin, entry->line, 0,
			"%s is both in this list and excluded from it (%s:%u): the exclusion wins",
			prefix, opposite->about->origin, opposite->line);
}

/* Find the first entry of the present prefix, from any source, that says the opposite. */
static const struct entry *find_first(const struct check *check, bool is_exclusion)
{
	for (size_t source = 0; source < SOURCE_COUNT; source++) {
		if (check->first[source][is_exclusion])
			return check->first[source][is_exclusion];
	}
	return NULL;
}

static void check_entry(struct check *check, const struct entry *entry)
{
	const struct entry **first = &check->first[entry->source][entry->is_exclusion];
	const struct entry *opposite = find_first(check, !entry->is_exclusion);

	/* Two sources may have the same prefix, but a contradiction is reported once. */
	if (*first) {
		const struct duplicate duplicate = { entry->prefix, entry->is_exclusion,
						     entry->about->origin, entry->line,
						     (*first)->line };

		warn_twice(check, &duplicate, (*first)->about->origin);
		return;
	}
	if (opposite && !find_first(check, entry->is_exclusion))
		warn_contradiction(check, entry, opposite);
	*first = entry;
}

/* Report duplicates within one file or the configuration. They were removed from the set. */
static void check_duplicates(struct check *check, const struct entry_set *set)
{
	size_t kept =
	    set->duplicate_count < DUPLICATES_KEPT ? set->duplicate_count : DUPLICATES_KEPT;

	for (size_t i = 0; i < kept; i++)
		warn_twice(check, &set->duplicates[i], set->duplicates[i].origin);
	check->warning_count += set->duplicate_count - kept;
}

void list_check(const struct list *list, const struct place *place, struct diagnostics *diagnostics)
{
	struct check check = { .diagnostics = diagnostics };
	const struct entry *entry, *previous = NULL;
	struct entry_cursor cursor;
	bool in_run = false; /* of entries with the same prefix */

	for (int source = 0; source < SOURCE_COUNT; source++) {
		if (list->sets[source])
			check_duplicates(&check, list->sets[source]);
	}
	entry_cursor_init(&cursor, list, NULL);
	while ((entry = entry_cursor_next(&cursor))) {
		const bool is_repeated =
		    previous && !prefix_compare(&previous->prefix, &entry->prefix);

		/* Nearly all prefixes come once, and there is nothing to check. */
		if (is_repeated && !in_run) {
			memset(check.first, 0, sizeof(check.first));
			check_entry(&check, previous);
		}
		if (is_repeated)
			check_entry(&check, entry);
		in_run = is_repeated;
		previous = entry;
	}
	if (check.warning_count > WARNINGS_PER_LIST_MAX)
		diagnostics_add(diagnostics, SEVERITY_WARNING, place->file, place->line,
				place->column,
				"list %s: further duplicate or contradictory prefixes: %zu",
				list->name, check.warning_count - WARNINGS_PER_LIST_MAX);
}
