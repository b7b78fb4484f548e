/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks up the entries of a change in the policy in force. */
#include "engine/lookup.h"

#include <stdlib.h>

#include "core/provenance.h"
#include "engine/internal.h"
#include "store/protections.h"

const struct list *engine_find_list(const struct engine *engine, const char *name,
				    struct refusal *refusal)
{
	const struct list *list = policy_find_list(engine->current->policy, name);

	if (!list)
		refusal_set(refusal, OUTCOME_NOT_FOUND, "there is no list \"%s\"", name);
	return list;
}

const struct entry *engine_find_entry(const struct list *list, enum source source,
				      const struct prefix *prefix)
{
	const struct entry_set *set = list->sets[source];
	size_t i;

	if (!set)
		return NULL;
	i = entry_set_lower_bound(set, prefix);
	if (i < set->count && !prefix_compare(&set->entries[i].prefix, prefix))
		return &set->entries[i];
	return NULL;
}

const struct entry *engine_find_manual(const struct list *list, const struct prefix *prefix)
{
	return engine_find_entry(list, SOURCE_MANUAL, prefix);
}

static void refuse_unlisted(const struct list *list, const struct prefix *prefix,
			    struct refusal *refusal)
{
	char text[PREFIX_TEXT_BYTES];

	prefix_format(prefix, text);
	holders_add(list, prefix, false, &refusal->details);
	if (refusal->details.count)
		refusal_set(
		    refusal, OUTCOME_CONFLICT,
		    "%s in list \"%s\" is not a manual entry: remove it where it comes from", text,
		    list->name);
	else
		refusal_set(refusal, OUTCOME_NOT_FOUND, "%s is not in list \"%s\"", text,
			    list->name);
}

const struct list *engine_find_deletable(const struct engine *engine,
					 const struct entry_change *change, struct refusal *refusal)
{
	const struct list *list = engine_find_list(engine, change->list, refusal);

	if (!list)
		return NULL;
	for (size_t i = 0; i < change->prefix_count; i++) {
		if (engine_find_manual(list, &change->prefixes[i]))
			continue;
		refuse_unlisted(list, &change->prefixes[i], refusal);
		return NULL;
	}
	return engine_refuse_protected(engine, change, refusal) ? NULL : list;
}

int engine_refuse_protected(const struct engine *engine, const struct entry_change *change,
			    struct refusal *refusal)
{
	char prefix[PREFIX_TEXT_BYTES];
	char *protection = NULL;
	size_t i;
	int err;

	for (i = 0; i < change->prefix_count && !protection; i++)
		protection =
		    protections_describe(engine->protections, change->list, &change->prefixes[i]);
	if (!protection)
		return 0;
	lines_add(&refusal->details, "protected %s", protection);
	err = refusal_set(
	    refusal, OUTCOME_CONFLICT, "%s in list \"%s\" is protected (%s): unprotect it first",
	    prefix_format(&change->prefixes[i - 1], prefix), change->list, protection);
	free(protection);
	return err;
}
