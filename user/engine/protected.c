/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Holds protected entries against policies, address by address. */
#include "engine/protected.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/addresses.h"
#include "core/overrule.h"
#include "core/provenance.h"
#include "engine/lookup.h"

/* A protection has no effect if its entry has none, because no list of its action is
 * configured. */
int protected_of(struct protections *protections, const struct list *list,
		 struct protected *ret_protected)
{
	struct prefix *prefixes;
	size_t count, kept = 0;
	int err = protections_of(protections, list->name, &prefixes, &count);

	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		if (engine_find_entry(list, SOURCE_MANUAL, &prefixes[i]) ||
		    engine_find_entry(list, SOURCE_FLEET, &prefixes[i]))
			prefixes[kept++] = prefixes[i];
	*ret_protected = (struct protected) { prefixes, kept };
	return 0;
}

int protected_overrule(struct protections *protections, struct policy *policy)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		struct list *list = &policy->lists[i];
		struct protected protected;
		int err = protected_of(protections, list, &protected);

		if (err)
			return err;
		err = list_overrule(list, PREFIX_ARRAY(protected.prefixes, protected.count));
		free(protected.prefixes);
		if (err)
			return err;
	}
	return 0;
}

/* ---- in words -------------------------------------------------------------- */

/* The longest prefix of @list that covers @prefix, if there is one. */
static bool find_around(const struct list *list, const struct prefix *prefix,
			struct prefix *ret_around)
{
	bool is_found = false;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];
		size_t i =
		    set ? prefix_find_covering(PREFIX_ARRAY(set->entries, set->count), prefix) : 0;

		if (!set || i == set->count ||
		    (is_found && set->entries[i].prefix.len <= ret_around->len))
			continue;
		*ret_around = set->entries[i].prefix;
		is_found = true;
	}
	return is_found;
}

/* The exclusion that takes @lost, or the first that takes part of it; NULL: none does. */
static const struct entry *find_exclusion(const struct list *list, const struct prefix *lost)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	struct prefix around;

	if (!find_around(list, lost, &around))
		around = *lost;
	entry_cursor_init(&cursor, list, &around);
	while ((entry = entry_cursor_next(&cursor)) && prefix_contains(&around, &entry->prefix))
		if (entry->is_exclusion && (prefix_contains(&entry->prefix, lost) ||
					    prefix_contains(lost, &entry->prefix)))
			return entry;
	return NULL;
}

/* "excluded by !9.9.9.9 (file /etc/ipwl/allow.d/a.list:7)"; @list: as it is to be. */
static void add_line(const struct list *list, const char *head, const struct prefix *lost,
		     struct lines *lines)
{
	const struct entry *exclusion = list ? find_exclusion(list, lost) : NULL;
	char lost_text[PREFIX_TEXT_BYTES], prefix[PREFIX_TEXT_BYTES];
	char *origin;

	prefix_format_short(lost, lost_text);
	if (!list) {
		lines_add(lines, "%s: the list is no longer configured", head);
		return;
	}
	if (!exclusion) {
		lines_add(lines, "%s: %s is no longer in the list", head, lost_text);
		return;
	}
	origin = holders_origin(exclusion);
	lines_add(lines, "%s: %s is excluded by !%s (%s%s%s)", head, lost_text,
		  prefix_format_short(&exclusion->prefix, prefix), source_names[exclusion->source],
		  origin ? " " : "", origin ? origin : "");
	free(origin);
}

/* ---- what a policy ends ------------------------------------------------------ */

static const struct list *find_same(const struct policy *policy, const struct list *list)
{
	const struct list *same = policy_find_list(policy, list->name);

	return same && same->action == list->action ? same : NULL;
}

static void add_lost(struct protections *protections, const struct list *list,
		     const struct policy *to, const struct prefix *prefix,
		     const struct prefix *lost, struct lines *lines)
{
	char *by = protections_describe(protections, list->name, prefix);
	char text[PREFIX_TEXT_BYTES], *head;

	if (asprintf(&head, "%s, list %s, protected%s%s", prefix_format_short(prefix, text),
		     list->name, by ? " " : "", by ? by : "") < 0)
		head = NULL;
	add_line(find_same(to, list), head ? head : text, lost, lines);
	free(head);
	free(by);
}

/* What @list has and @to has not. */
static int list_lost(const struct list *list, const struct policy *to, struct prefix_set *ret_lost)
{
	struct prefix_set before, after;
	int err = list_addresses(list, &before);

	if (err)
		return err;
	err = policy_addresses(to, list->action, 0, &after);
	if (!err) {
		err = prefix_set_subtract(&before, &after, ret_lost);
		prefix_set_done(&after);
	}
	prefix_set_done(&before);
	return err;
}

int protected_lost(struct protections *protections, const struct policy *from,
		   const struct policy *to, struct lines *ret_lines)
{
	for (size_t i = 0; i < from->list_count; i++) {
		const struct list *list = &from->lists[i];
		struct protected protected = { 0 };
		struct prefix_set lost = { 0 };
		struct prefix part;
		int err = protected_of(protections, list, &protected);

		if (!err && protected.count)
			err = list_lost(list, to, &lost);
		for (size_t j = 0; !err && j < protected.count; j++)
			if (prefix_set_overlap(&lost, &protected.prefixes[j], &part))
				add_lost(protections, list, to, &protected.prefixes[j], &part,
					 ret_lines);
		prefix_set_done(&lost);
		free(protected.prefixes);
		if (err)
			return err;
	}
	return 0;
}

/* ---- what holds ---------------------------------------------------------------- */

/* The first part of @prefix that is not in @held, if there is one. */
static int find_missing(const struct prefix_set *held, const struct prefix *prefix,
			bool *ret_is_missing, struct prefix *ret_part)
{
	const struct prefix_array nodes = PREFIX_ARRAY(held->nodes, held->count);
	struct prefix_node whole = { .prefix = *prefix };
	const struct prefix_set from = { &whole, 1 };
	struct prefix_set inside, missing;
	size_t begin, end;
	int err;

	*ret_is_missing = false;
	if (prefix_find_covering(nodes, prefix) < nodes.count)
		return 0;
	prefix_inside(nodes, prefix, &begin, &end);
	inside = (struct prefix_set) { end > begin ? &held->nodes[begin] : NULL, end - begin };
	err = prefix_set_subtract(&from, &inside, &missing);
	if (err)
		return err;
	*ret_is_missing = missing.count > 0;
	if (missing.count)
		*ret_part = missing.nodes[0].prefix;
	prefix_set_done(&missing);
	return 0;
}

static int check_prefix(const struct list *list, const struct prefix_set *held,
			const struct prefix *prefix, struct lines *warnings)
{
	char head[PREFIX_TEXT_BYTES + POLICY_NAME_MAX + 64], text[PREFIX_TEXT_BYTES];
	struct prefix part;
	bool is_missing;
	int err = find_missing(held, prefix, &is_missing, &part);

	if (err || !is_missing)
		return err;
	snprintf(head, sizeof(head), "the protected entry %s of list \"%s\" is not in force%s",
		 prefix_format_short(prefix, text), list->name,
		 prefix_compare(&part, prefix) ? " in part" : "");
	add_line(list, head, &part, warnings);
	return 0;
}

int protected_check(struct protections *protections, const struct policy *policy,
		    struct lines *warnings)
{
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		struct protected protected = { 0 };
		struct prefix_set held = { 0 };
		int err = protected_of(protections, list, &protected);

		if (!err && protected.count)
			err = list_addresses(list, &held);
		for (size_t j = 0; !err && j < protected.count; j++)
			err = check_prefix(list, &held, &protected.prefixes[j], warnings);
		prefix_set_done(&held);
		free(protected.prefixes);
		if (err)
			return err;
	}
	return 0;
}
