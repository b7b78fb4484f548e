/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Separates the exclusions of automatic sources into those in force and those overruled. */
#include "core/overrule.h"

#include <errno.h>

bool source_is_automatic(enum source source)
{
	return source == SOURCE_FEED || source == SOURCE_LEARNED;
}

bool entry_is_overruled(const struct entry *entry, struct prefix_array protected)
{
	return entry->is_exclusion && source_is_automatic(entry->source) &&
	       prefix_find_covering(protected, &entry->prefix) < protected.count;
}

static const struct prefix *prefix_at(struct prefix_array array, size_t index)
{
	return (const struct prefix *)((const char *)array.elements + index * array.element_bytes);
}

/* Whether an exclusion of the set lies inside one of @protected. Looks only at entries there. */
static bool has_overruled(const struct entry_set *set, struct prefix_array protected)
{
	for (size_t i = 0; i < protected.count; i++) {
		size_t begin, end;

		prefix_inside(PREFIX_ARRAY(set->entries, set->count), prefix_at(protected, i),
			      &begin, &end);
		for (; begin < end; begin++)
			if (set->entries[begin].is_exclusion)
				return true;
	}
	return false;
}

/* Distribute @set, which may be NULL, to the two sets. */
static int part(const struct entry_set *set, struct prefix_array protected,
		struct entry_set *in_force, struct entry_set *overruled)
{
	for (size_t i = 0; set && i < set->count; i++) {
		const struct entry *entry = &set->entries[i];
		int err = entry_set_add(entry_is_overruled(entry, protected) ? overruled : in_force,
					entry);

		if (err)
			return err;
	}
	return 0;
}

static int part_source(struct list *list, enum source source, struct prefix_array protected)
{
	struct entry_set *in_force = entry_set_new(), *overruled = entry_set_new();
	int err = in_force && overruled ? 0 : -ENOMEM;

	if (!err)
		err = part(list->sets[source], protected, in_force, overruled);
	if (!err)
		err = part(list->overruled[source], protected, in_force, overruled);
	if (err) {
		entry_set_unref(in_force);
		entry_set_unref(overruled);
		return err;
	}
	entry_set_finish(in_force);
	entry_set_finish(overruled);
	list_replace_set(list, source, in_force);
	if (overruled->count)
		list->overruled[source] = overruled;
	else
		entry_set_unref(overruled);
	return 0;
}

int list_overrule(struct list *list, struct prefix_array protected)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];
		int err;

		if (!source_is_automatic((enum source)source) || !set ||
		    (!list->overruled[source] && !has_overruled(set, protected)))
			continue;
		err = part_source(list, (enum source)source, protected);
		if (err)
			return err;
	}
	return 0;
}

static void
visit_set(const struct list *list, const struct entry_set *set, const struct prefix *prefix,
	  void (*visit)(const struct list *list, const struct entry *exclusion, void *context),
	  void *context)
{
	for (size_t i = 0; i < set->count; i++)
		if (prefix_contains(&set->entries[i].prefix, prefix))
			visit(list, &set->entries[i], context);
}

void policy_overruled(const struct policy *policy, const struct prefix *prefix,
		      void (*visit)(const struct list *list, const struct entry *exclusion,
				    void *context),
		      void *context)
{
	for (size_t i = 0; i < policy->list_count; i++)
		for (int source = 0; source < SOURCE_COUNT; source++)
			if (policy->lists[i].overruled[source])
				visit_set(&policy->lists[i], policy->lists[i].overruled[source],
					  prefix, visit, context);
}
