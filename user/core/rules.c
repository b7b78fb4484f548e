/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries rule ids over from policy to policy. The old and the new rules of a list are both
 * sorted, so they are walked side by side.
 */
#include "core/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry_pair.h"
#include "core/prefix_search.h"
#include "core/rule_array.h"

/* The state of a numbering. */
struct numbering {
	struct rule_ids *ids;
	struct rule_builder rules; /* of the list at hand */
	const struct list *old_list;
	struct rules_change change;
	size_t added_capacity;
	size_t removed_capacity;
	size_t removed_rule_capacity;
	size_t changed_capacity;
};

void rule_ids_init(struct rule_ids *ids, uint32_t limit)
{
	*ids = (struct rule_ids) { .limit = limit, .next = 1 };
}

void rule_ids_done(struct rule_ids *ids)
{
	free(ids->free_ids);
	*ids = (struct rule_ids) { 0 };
}

void rules_change_done(struct rules_change *change)
{
	free(change->added);
	free(change->removed);
	free(change->removed_rules);
	free(change->changed);
	*change = (struct rules_change) { 0 };
}

static int append_id(uint32_t **array, size_t *count, size_t *capacity, uint32_t id)
{
	if (*count == *capacity) {
		size_t grown = *capacity ? 2 * *capacity : 64;
		uint32_t *larger = realloc(*array, grown * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		*array = larger;
		*capacity = grown;
	}
	(*array)[(*count)++] = id;
	return 0;
}

/* Take an id. It stays in the stack's memory, so that rules_number() can restore the stack. */
static int take_id(struct rule_ids *ids, uint32_t *ret_id)
{
	if (ids->free_count)
		*ret_id = ids->free_ids[--ids->free_count];
	else if (ids->next < ids->limit)
		*ret_id = ids->next++;
	else
		return -ENOSPC;
	return 0;
}

static int add_id(struct numbering *numbering, uint32_t *ret_id)
{
	struct rules_change *change = &numbering->change;
	int error = take_id(numbering->ids, ret_id);

	if (error)
		return error;
	return append_id(&change->added, &change->added_count, &numbering->added_capacity, *ret_id);
}

static int note_removed(struct numbering *numbering, const struct rule *rule)
{
	struct rules_change *change = &numbering->change;

	if (change->removed_count == numbering->removed_rule_capacity) {
		const size_t grown = 2 * numbering->removed_rule_capacity + 64;
		struct removed_rule *larger =
		    reallocarray(change->removed_rules, grown, sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		change->removed_rules = larger;
		numbering->removed_rule_capacity = grown;
	}
	change->removed_rules[change->removed_count] =
	    (struct removed_rule) { numbering->old_list, rule };
	return 0;
}

/* Record a rule of the old list as removed. An exclusion (id 0) has no id to return. */
static int remove_rule(struct numbering *numbering, const struct rule *rule)
{
	struct rules_change *change = &numbering->change;
	int error = rule->id ? note_removed(numbering, rule) : 0;

	if (error || !rule->id)
		return error;
	return append_id(&change->removed, &change->removed_count, &numbering->removed_capacity,
			 rule->id);
}

static struct list *find_same_list(const struct policy *policy, const struct list *list)
{
	for (size_t i = 0; policy && i < policy->list_count; i++) {
		struct list *candidate = &policy->lists[i];

		if (candidate->action == list->action && !strcmp(candidate->name, list->name))
			return candidate;
	}
	return NULL;
}

static int append_prefix(struct prefix **array, size_t *count, size_t *capacity,
			 const struct prefix *prefix)
{
	if (*count == *capacity) {
		size_t grown = *capacity ? 2 * *capacity : 64;
		struct prefix *larger = realloc(*array, grown * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		*array = larger;
		*capacity = grown;
	}
	(*array)[(*count)++] = *prefix;
	return 0;
}

static int note_changed(struct numbering *numbering, const struct prefix *prefix)
{
	struct rules_change *change = &numbering->change;

	if (change->is_everything)
		return 0;
	return append_prefix(&change->changed, &change->changed_count, &numbering->changed_capacity,
			     prefix);
}

/* Record that a rule of the old list is gone. */
static int drop_rule(struct numbering *numbering, const struct rule *old)
{
	int error = note_changed(numbering, &old->prefix);

	return error ? error : remove_rule(numbering, old);
}

/* Find the id of a rule: that of @old (NULL: the rule is new), or a new one. */
static int number_rule(struct numbering *numbering, const struct rule *old,
		       const struct prefix *prefix, bool is_exclusion, uint32_t *ret_id)
{
	bool is_same = old && !old->id == is_exclusion;
	int error = is_same ? 0 : note_changed(numbering, prefix);

	*ret_id = 0;
	if (error)
		return error;
	if (is_exclusion)
		return old ? remove_rule(numbering, old) : 0;
	if (!is_same)
		return add_id(numbering, ret_id);
	*ret_id = old->id;
	return 0;
}

static int add_rule(struct numbering *numbering, const struct rule *old,
		    const struct prefix *prefix, bool is_exclusion)
{
	struct rule rule = { .prefix = *prefix };
	int error = number_rule(numbering, old, prefix, is_exclusion, &rule.id);

	if (!error)
		rule_builder_add(&numbering->rules, &rule);
	return error;
}

/* Walks the rules of a list, of which the next one is known. */
struct old_rules {
	struct rule_cursor cursor;
	const struct rule *next; /* NULL: at the end */
};

static void old_rules_init(struct old_rules *rules, const struct list *old)
{
	rule_cursor_init(&rules->cursor, old ? old->rules : NULL, 0, old ? old->rule_count : 0);
	rules->next = rule_cursor_next(&rules->cursor);
}

/* Find the old rule for @prefix, or NULL. Those before it are gone. */
static int pass_old_rules(struct numbering *numbering, struct old_rules *rules,
			  const struct prefix *prefix, const struct rule **ret_rule)
{
	int error = 0;

	*ret_rule = NULL;
	while (rules->next && !error) {
		const struct rule *candidate = rules->next;
		int order = prefix_compare(&candidate->prefix, prefix);

		if (order > 0)
			break;
		rules->next = rule_cursor_next(&rules->cursor);
		if (order == 0) {
			*ret_rule = candidate;
			break;
		}
		error = drop_rule(numbering, candidate);
	}
	return error;
}

/* The old rules from the present one on are gone. */
static int remove_rest(struct numbering *numbering, struct old_rules *rules)
{
	int error = 0;

	for (; rules->next && !error; rules->next = rule_cursor_next(&rules->cursor))
		error = drop_rule(numbering, rules->next);
	return error;
}

static int remove_all(struct numbering *numbering, const struct list *old)
{
	struct old_rules rules;

	numbering->old_list = old;
	old_rules_init(&rules, old);
	return remove_rest(numbering, &rules);
}

/* Build rules of the distinct prefixes of the list's entries. */
static int number_entries(struct numbering *numbering, const struct list *list,
			  const struct list *old)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	struct old_rules rules;
	int error = 0;

	old_rules_init(&rules, old);
	entry_cursor_init(&cursor, list, NULL);
	entry = entry_cursor_next(&cursor);
	while (entry && !error) {
		const struct prefix *prefix = &entry->prefix;
		const struct rule *old_rule;
		bool is_exclusion = false;

		do {
			is_exclusion |= entry->is_exclusion;
			entry = entry_cursor_next(&cursor);
		} while (entry && !prefix_compare(&entry->prefix, prefix));
		error = pass_old_rules(numbering, &rules, prefix, &old_rule);
		if (!error)
			error = add_rule(numbering, old_rule, prefix, is_exclusion);
	}
	return error ? error : remove_rest(numbering, &rules);
}

/* Give the list the rules that were built, unless there was an @error. */
static int take_rules(struct numbering *numbering, struct list *list, int error)
{
	if (error) {
		rule_builder_abandon(&numbering->rules);
		return error;
	}
	list->rules = rule_builder_finish(&numbering->rules, &list->rule_count);
	return list->rules ? 0 : -ENOMEM;
}

static int number_whole_list(struct numbering *numbering, struct list *list, const struct list *old)
{
	rule_builder_init(&numbering->rules);
	return take_rules(numbering, list, number_entries(numbering, list, old));
}

/* ---- lists of which few entries change ------------------------------------ */

/* Prefixes whose entries may have changed. */
struct candidates {
	struct prefix *prefixes;
	size_t count;
	size_t capacity;
};

/* Tell which kinds of entries there are at one prefix, and move *@index past them. */
static unsigned int kinds_at(const struct entry_set *set, size_t *index,
			     const struct prefix *prefix)
{
	unsigned int kinds = 0;

	for (; set && *index < set->count; ++*index) {
		const struct entry *entry = &set->entries[*index];

		if (prefix_compare(&entry->prefix, prefix))
			break;
		kinds |= entry->is_exclusion ? 2 : 1;
	}
	return kinds;
}

/* Add the prefixes at which two sets differ. */
static int compare_sets(const struct entry_set *old, const struct entry_set *new,
			struct candidates *candidates)
{
	struct entry_pair pair = { .from = old, .to = new };
	int error = 0;

	while (!error && entry_pair_skip(&pair)) {
		const struct prefix prefix = *entry_pair_prefix(&pair);

		if (kinds_at(old, &pair.from_index, &prefix) !=
		    kinds_at(new, &pair.to_index, &prefix))
			error = append_prefix(&candidates->prefixes, &candidates->count,
					      &candidates->capacity, &prefix);
	}
	return error;
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_compare(a, b);
}

static void sort_candidates(struct candidates *candidates)
{
	size_t kept = 0;

	if (!candidates->count)
		return;
	qsort(candidates->prefixes, candidates->count, sizeof(*candidates->prefixes),
	      compare_prefixes);
	for (size_t i = 1; i < candidates->count; i++)
		if (prefix_compare(&candidates->prefixes[i], &candidates->prefixes[kept]))
			candidates->prefixes[++kept] = candidates->prefixes[i];
	candidates->count = kept + 1;
}

static int find_candidates(const struct list *list, const struct list *old,
			   struct candidates *candidates)
{
	int error = 0;

	for (int source = 0; source < SOURCE_COUNT && !error; source++)
		if (list->sets[source] != old->sets[source])
			error = compare_sets(old->sets[source], list->sets[source], candidates);
	if (!error)
		sort_candidates(candidates);
	return error;
}

/* Keep the rules of @old from *@next up to a prefix, and number its rule. */
static int number_candidate(struct numbering *numbering, const struct list *list,
			    const struct list *old, size_t *next, const struct prefix *prefix)
{
	size_t index = prefix_lower_bound(rule_array_prefixes(old->rules), prefix);
	const struct rule *old_rule =
	    index < old->rule_count ? rule_array_at(old->rules, index) : NULL;
	bool is_exclusion = list_has(list, prefix, true);

	if (old_rule && prefix_compare(&old_rule->prefix, prefix))
		old_rule = NULL;
	rule_builder_keep(&numbering->rules, old->rules, *next, index);
	*next = index + (old_rule != NULL);
	if (!is_exclusion && !list_has(list, prefix, false))
		return old_rule ? drop_rule(numbering, old_rule) : 0;
	return add_rule(numbering, old_rule, prefix, is_exclusion);
}

/* Like number_whole_list(), but numbers only the prefixes that may have changed. */
static int number_candidates(struct numbering *numbering, struct list *list, const struct list *old,
			     const struct candidates *candidates)
{
	size_t next = 0;
	int error = 0;

	rule_builder_init(&numbering->rules);
	for (size_t i = 0; i < candidates->count && !error; i++)
		error = number_candidate(numbering, list, old, &next, &candidates->prefixes[i]);
	if (!error)
		rule_builder_keep(&numbering->rules, old->rules, next, old->rule_count);
	return take_rules(numbering, list, error);
}

/* If more than this part of the prefixes (one in 8) changes, a walk over all is as quick. */
#define CANDIDATES_SHARE 8

static int number_list(struct numbering *numbering, struct list *list, const struct list *old)
{
	struct candidates candidates = { .prefixes = NULL };
	int error;

	list->is_numbered = true;
	numbering->old_list = old;
	if (!old || !old->is_numbered)
		return number_whole_list(numbering, list, old);
	error = find_candidates(list, old, &candidates);
	if (!error && !candidates.count) {
		list->rules = rule_array_ref(old->rules);
		list->rule_count = old->rule_count;
	} else if (!error && candidates.count > old->rule_count / CANDIDATES_SHARE) {
		error = number_whole_list(numbering, list, old);
	} else if (!error) {
		error = number_candidates(numbering, list, old, &candidates);
	}
	free(candidates.prefixes);
	return error;
}

/* Whether the policies differ in more than prefixes. */
static bool lists_differ(const struct policy *a, const struct policy *b)
{
	if (!b || a->list_count != b->list_count)
		return true;
	for (size_t i = 0; i < a->list_count; i++)
		if (a->lists[i].action != b->lists[i].action ||
		    a->lists[i].is_monitor != b->lists[i].is_monitor ||
		    !list_has_same_ports(&a->lists[i], &b->lists[i]) ||
		    strcmp(a->lists[i].name, b->lists[i].name) != 0)
			return true;
	return false;
}

static int number_policy(struct numbering *numbering, struct policy *policy,
			 const struct policy *old)
{
	int error = 0;

	for (size_t i = 0; i < policy->list_count && !error; i++)
		error = number_list(numbering, &policy->lists[i],
				    find_same_list(old, &policy->lists[i]));
	for (size_t i = 0; old && i < old->list_count && !error; i++) {
		if (!find_same_list(policy, &old->lists[i]))
			error = remove_all(numbering, &old->lists[i]);
	}
	return error;
}

int rules_number(struct policy *policy, const struct policy *old, struct rule_ids *ids,
		 struct rules_change *ret_change)
{
	struct numbering numbering = {
		.ids = ids,
		.change = { .is_everything = lists_differ(policy, old) },
	};
	uint32_t next = ids->next;
	size_t free_count = ids->free_count;
	int error = number_policy(&numbering, policy, old);

	if (error) {
		/* Taking ids has changed only these two members. */
		ids->next = next;
		ids->free_count = free_count;
		rules_change_done(&numbering.change);
		return error;
	}
	*ret_change = numbering.change;
	return 0;
}

static int give_back(struct rule_ids *ids, const uint32_t *given, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = append_id(&ids->free_ids, &ids->free_count, &ids->free_capacity, given[i]);
	return error;
}

int rules_commit(struct rule_ids *ids, const struct rules_change *change)
{
	return give_back(ids, change->removed, change->removed_count);
}

int rules_rollback(struct rule_ids *ids, const struct rules_change *change)
{
	return give_back(ids, change->added, change->added_count);
}
