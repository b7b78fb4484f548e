/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks address by address whether a new policy still allows what an old one does. */
#include "core/guard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/addresses.h"
#include "core/rule_array.h"

/* The entries in use of one list that come from one file or from the configuration. */
struct group {
	const char *origin;
	size_t in_use_count;
	size_t removed_count;
};

struct groups {
	struct group *items;
	size_t count;
	size_t last; /* where the last entry was */
};

/* Return: 0 or -ENOMEM. */
static int groups_add(struct groups *groups, const struct entry *entry, bool is_removed)
{
	struct group *group = NULL;

	if (entry->source != SOURCE_FILE && entry->source != SOURCE_CONFIG)
		return 0;
	for (size_t i = 0; i < groups->count && !group; i++) {
		size_t index = (groups->last + i) % groups->count;

		if (groups->items[index].origin == entry->about->origin ||
		    !strcmp(groups->items[index].origin, entry->about->origin)) {
			group = &groups->items[index];
			groups->last = index;
		}
	}
	if (!group) {
		struct group *items =
		    reallocarray(groups->items, groups->count + 1, sizeof(*items));

		if (!items)
			return -ENOMEM;
		groups->items = items;
		group = &items[groups->count++];
		*group = (struct group) { .origin = entry->about->origin };
	}
	group->in_use_count++;
	group->removed_count += is_removed;
	return 0;
}

static void groups_finish(struct groups *groups, struct guard_result *result)
{
	for (size_t i = 0; i < groups->count && !result->emptied; i++) {
		const struct group *group = &groups->items[i];

		if (group->removed_count < GUARD_EMPTIED_ENTRIES_MIN ||
		    group->removed_count < group->in_use_count)
			continue;
		result->emptied = group->origin;
		result->emptied_count = group->removed_count;
	}
	free(groups->items);
}

static void note(struct guard_result *result, const struct list *list, const struct entry *entry,
		 const struct prefix *lost)
{
	result->removed_count++;
	if (result->example_count == GUARD_EXAMPLES_MAX)
		return;
	result->examples[result->example_count++] =
	    (struct guard_example) { .list = list, .entry = entry, .lost = *lost };
}

/* @allowed: the addresses that the new policy allows. */
static int check_list(const struct list *list, const struct prefix_set *allowed,
		      const struct guard_hits *hits, struct guard_result *result)
{
	struct prefix_set held, lost;
	struct groups groups = { 0 };
	const struct rule *rule;
	struct rule_cursor rules;
	int err = list_addresses(list, &held);

	if (err)
		return err;
	err = prefix_set_subtract(&held, allowed, &lost);
	prefix_set_done(&held);
	if (err)
		return err;
	rule_cursor_init(&rules, list->rules, 0, list->rule_count);
	while (!err && (rule = rule_cursor_next(&rules))) {
		struct entry_cursor cursor;
		const struct entry *entry;
		struct prefix part;
		bool is_removed;

		if (!rule->id || !hits->is_hit(list, rule, hits->context))
			continue;
		entry_cursor_init(&cursor, list, &rule->prefix);
		entry = entry_cursor_next(&cursor);
		result->in_use_count++;
		is_removed = prefix_set_overlap(&lost, &rule->prefix, &part);
		if (is_removed)
			note(result, list, entry, &part);
		err = groups_add(&groups, entry, is_removed);
	}
	groups_finish(&groups, result);
	prefix_set_done(&lost);
	return err;
}

static bool is_too_much(const struct guard_result *result, const struct guard_limits *limits)
{
	uint64_t removed = result->removed_count;

	if (result->emptied)
		return true;

	if (limits->max_removed_entries != GUARD_NO_LIMIT && removed > limits->max_removed_entries)
		return true;
	return removed >= GUARD_SHARE_ENTRIES_MIN &&
	       removed * 100 > (uint64_t)limits->max_removed_share * result->in_use_count;
}

static int check_port(const struct policy *from, const struct policy *to, uint16_t port,
		      const struct guard_hits *hits, const struct guard_limits *limits,
		      struct guard_result *ret_result)
{
	struct prefix_set allowed;
	int err = policy_addresses(to, ACTION_ALLOW, port, &allowed);

	*ret_result = (struct guard_result) { 0 };
	if (err)
		return err;
	for (size_t i = 0; i < from->list_count && !err; i++)
		if (from->lists[i].action == ACTION_ALLOW && list_has_port(&from->lists[i], port))
			err = check_list(&from->lists[i], &allowed, hits, ret_result);
	prefix_set_done(&allowed);
	if (limits->max_removed_share == 100)
		ret_result->emptied = NULL;
	ret_result->is_held = is_too_much(ret_result, limits);
	return err;
}

/* Whether one of the lists is for some ports only. */
static bool has_ports(const struct policy *policy)
{
	for (size_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].port_count)
			return true;
	return false;
}

int guard_check(const struct policy *from, const struct policy *to, const uint16_t *ports,
		size_t port_count, const struct guard_hits *hits, const struct guard_limits *limits,
		struct guard_result *ret_result)
{
	/* Without ports of lists, all ports are alike. */
	const size_t count = has_ports(from) || has_ports(to) ? port_count : 1;

	*ret_result = (struct guard_result) { 0 };
	for (size_t i = 0; i < count && i < port_count; i++) {
		struct guard_result result;
		int err = check_port(from, to, ports[i], hits, limits, &result);

		if (err)
			return err;
		if (i == 0 || (result.is_held && !ret_result->is_held) ||
		    (result.is_held == ret_result->is_held &&
		     result.removed_count > ret_result->removed_count))
			*ret_result = result;
	}
	return 0;
}
