/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Describes who lists a prefix. */
#include "core/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *holders_origin(const struct entry *entry)
{
	char *origin;

	if (!entry->about->origin)
		return NULL;
	if (!entry->line)
		return strdup(entry->about->origin);
	return asprintf(&origin, "%s:%u", entry->about->origin, entry->line) < 0 ? NULL : origin;
}

static void add_holder(const struct entry *entry, struct lines *lines)
{
	char *origin = holders_origin(entry);

	lines_add(lines, "%s%s%s", source_names[entry->source], origin ? " " : "",
		  origin ? origin : "");
	free(origin);
}

void holders_add(const struct list *list, const struct prefix *prefix, bool is_exclusion,
		 struct lines *lines)
{
	struct entry_cursor cursor;
	const struct entry *entry;

	entry_cursor_init(&cursor, list, prefix);
	while ((entry = entry_cursor_next(&cursor)) && !prefix_compare(&entry->prefix, prefix))
		if (entry->is_exclusion == is_exclusion)
			add_holder(entry, lines);
}

struct warning {
	const struct list *list;
	const struct prefix *prefix;
	struct lines *warnings;
};

static void warn_about(const struct list *other, const struct entry *entry, uint32_t rule_id,
		       void *context)
{
	const struct warning *warning = context;
	char prefix[PREFIX_TEXT_BYTES], outer[PREFIX_TEXT_BYTES];
	char *origin = holders_origin(entry);

	(void)rule_id;
	prefix_format_short(warning->prefix, prefix);
	prefix_format(&entry->prefix, outer);
	if (entry->is_exclusion && other == warning->list)
		lines_add(
		    warning->warnings,
		    "%s lies inside the exclusion %s of this list (%s %s), which it overrides",
		    prefix, outer, source_names[entry->source], origin ? origin : "");
	else if (!entry->is_exclusion && other->action == ACTION_ALLOW &&
		 warning->list->action == ACTION_BLOCK)
		lines_add(warning->warnings,
			  "%s is still allowed, because %s is in the allow list \"%s\" (%s %s)",
			  prefix, outer, other->name, source_names[entry->source],
			  origin ? origin : "");
	free(origin);
}

void holders_warn(const struct policy *policy, const struct list *list, const struct prefix *prefix,
		  struct lines *warnings)
{
	struct warning warning = { .list = list, .prefix = prefix, .warnings = warnings };

	if (!prefix->len)
		lines_add(warnings, "this lists every %s address",
			  prefix->family == FAMILY_IPV4 ? "IPv4" : "IPv6");
	policy_covering(policy, prefix, warn_about, &warning);
}
