/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule ids from policy to policy. Old and new rules of a list are both sorted, so
 * ids are carried over by walking the two side by side.
 */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a numbering has done so far. */
struct numbering {
	struct rule_ids *ids;
	struct rules_change change;
	size_t added_capacity;
	size_t removed_capacity;
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

/* A popped id stays in the stack's memory: rules_number() may put it back. */
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

/* An exclusion (id 0) has nothing to give back. */
static int remove_id(struct numbering *numbering, uint32_t id)
{
	struct rules_change *change = &numbering->change;

	if (!id)
		return 0;
	return append_id(&change->removed, &change->removed_count, &numbering->removed_capacity,
			 id);
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

/* Give @rule, of which *@old_index is the place in @old, the id it had there, or a
 * fresh one. Rules of @old that are passed over are gone. */
static int number_rule(struct numbering *numbering, const struct list *old, size_t *old_index,
		       struct rule *rule, bool is_exclusion)
{
	uint32_t old_id = 0;
	int error = 0;

	while (old && *old_index < old->rule_count && !error) {
		const struct rule *candidate = &old->rules[*old_index];
		int order = prefix_compare(&candidate->prefix, &rule->prefix);

		if (order > 0)
			break;
		++*old_index;
		if (order == 0) {
			old_id = candidate->id;
			break;
		}
		error = remove_id(numbering, candidate->id);
	}
	rule->id = 0;
	if (error)
		return error;
	if (is_exclusion)
		return remove_id(numbering, old_id);
	rule->id = old_id;
	return old_id ? 0 : add_id(numbering, &rule->id);
}

/* Remove the rules of @old from @begin on. */
static int remove_rest(struct numbering *numbering, const struct list *old, size_t begin)
{
	int error = 0;

	for (size_t i = begin; i < old->rule_count && !error; i++)
		error = remove_id(numbering, old->rules[i].id);
	return error;
}

/* Fill the room in list->rules with the distinct prefixes of its entries. */
static int number_entries(struct numbering *numbering, struct list *list, const struct list *old)
{
	struct entry_cursor cursor;
	const struct entry *entry;
	size_t old_index = 0;
	int error = 0;

	entry_cursor_init(&cursor, list, NULL);
	entry = entry_cursor_next(&cursor);
	while (entry && !error) {
		struct rule *rule = &list->rules[list->rule_count++];
		bool is_exclusion = false;

		rule->prefix = entry->prefix;
		do {
			is_exclusion |= entry->is_exclusion;
			entry = entry_cursor_next(&cursor);
		} while (entry && !prefix_compare(&entry->prefix, &rule->prefix));
		error = number_rule(numbering, old, &old_index, rule, is_exclusion);
	}
	if (!error && old)
		error = remove_rest(numbering, old, old_index);
	return error;
}

static int number_list(struct numbering *numbering, struct list *list, const struct list *old)
{
	size_t room = 0;
	struct rule *shrunk;
	int error;

	for (int source = 0; source < SOURCE_COUNT; source++) {
		if (list->sets[source])
			room += list->sets[source]->count;
	}
	if (room == 0)
		return old ? remove_rest(numbering, old, 0) : 0;
	list->rules = malloc(room * sizeof(*list->rules));
	if (!list->rules)
		return -ENOMEM;
	error = number_entries(numbering, list, old);
	if (error)
		return error;
	shrunk = realloc(list->rules, list->rule_count * sizeof(*shrunk));
	if (shrunk)
		list->rules = shrunk;
	return 0;
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
			error = remove_rest(numbering, &old->lists[i], 0);
	}
	return error;
}

int rules_number(struct policy *policy, const struct policy *old, struct rule_ids *ids,
		 struct rules_change *ret_change)
{
	struct numbering numbering = { .ids = ids };
	uint32_t next = ids->next;
	size_t free_count = ids->free_count;
	int error = number_policy(&numbering, policy, old);

	if (error) {
		/* Taking ids only moved these two. */
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
