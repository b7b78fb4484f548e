/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a new policy still allows what an old one does, prefix by prefix. */
#include "core/guard.h"

#include "core/prefix_search.h"

/* Whether the most specific of the list that covers all of @prefix is an entry. */
static bool list_covers(const struct list *list, const struct prefix *prefix)
{
	const struct prefix *nearest = NULL;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];
		size_t index;

		if (!set)
			continue;
		index = prefix_find_covering(PREFIX_ARRAY(set->entries, set->count), prefix);
		if (index < set->count &&
		    (!nearest || set->entries[index].prefix.len > nearest->len))
			nearest = &set->entries[index].prefix;
	}
	return nearest && !list_has(list, nearest, true);
}

static bool lists_cover(const struct policy *policy, const struct prefix *prefix)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].action == ACTION_ALLOW &&
		    list_covers(&policy->lists[i], prefix))
			return true;
	return false;
}

static bool list_has_inside(const struct list *list, const struct prefix *prefix)
{
	for (int source = 0; source < SOURCE_COUNT; source++) {
		const struct entry_set *set = list->sets[source];
		size_t index = set ? entry_set_lower_bound(set, prefix) : 0;

		if (set && index < set->count &&
		    prefix_contains(prefix, &set->entries[index].prefix))
			return true;
	}
	return false;
}

/* Whether parts of @prefix are listed, which may make up all of it. */
static bool lists_have_inside(const struct policy *policy, const struct prefix *prefix)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].action == ACTION_ALLOW &&
		    list_has_inside(&policy->lists[i], prefix))
			return true;
	return false;
}

static struct prefix half(const struct prefix *prefix, bool is_upper)
{
	struct prefix part = *prefix;

	if (is_upper)
		part.addr[part.len / 8] |= (uint8_t)(0x80 >> part.len % 8);
	part.len++;
	return part;
}

/* As deep as a prefix has bits, and only where the policy has entries. */
static bool is_allowed(const struct policy *policy,
		       const struct prefix *prefix) /* NOLINT(misc-no-recursion) */
{
	struct prefix lower, upper;

	if (lists_cover(policy, prefix))
		return true;
	if (prefix->len == prefix_max_len(prefix->family) || !lists_have_inside(policy, prefix))
		return false;
	lower = half(prefix, false);
	upper = half(prefix, true);
	return is_allowed(policy, &lower) && is_allowed(policy, &upper);
}

static void note(struct guard_result *result, const struct list *list, const struct rule *rule)
{
	struct entry_cursor cursor;

	result->removed_count++;
	if (result->example_count == GUARD_EXAMPLES_MAX)
		return;
	entry_cursor_init(&cursor, list, &rule->prefix);
	result->examples[result->example_count++] =
	    (struct guard_example) { .list = list, .entry = entry_cursor_next(&cursor) };
}

static bool is_too_much(const struct guard_result *result, const struct guard_limits *limits)
{
	uint64_t removed = result->removed_count;

	if (limits->max_removed_entries != GUARD_NO_LIMIT && removed > limits->max_removed_entries)
		return true;
	return removed >= GUARD_SHARE_ENTRIES_MIN &&
	       removed * 100 > (uint64_t)limits->max_removed_share * result->in_use_count;
}

void guard_check(const struct policy *from, const struct policy *to, const struct guard_hits *hits,
		 const struct guard_limits *limits, struct guard_result *ret_result)
{
	*ret_result = (struct guard_result) { 0 };
	for (size_t i = 0; i < from->list_count; i++) {
		const struct list *list = &from->lists[i];

		for (size_t j = 0; list->action == ACTION_ALLOW && j < list->rule_count; j++) {
			const struct rule *rule = &list->rules[j];

			if (!rule->id || !hits->is_hit(list, rule, hits->context))
				continue;
			ret_result->in_use_count++;
			if (!is_allowed(to, &rule->prefix))
				note(ret_result, list, rule);
		}
	}
	ret_result->is_held = is_too_much(ret_result, limits);
}
