/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks address by address whether a new policy still allows what an old one does. */
#include "core/guard.h"

#include "core/addresses.h"

static void note(struct guard_result *result, const struct list *list, const struct rule *rule,
		 const struct prefix *lost)
{
	struct entry_cursor cursor;

	result->removed_count++;
	if (result->example_count == GUARD_EXAMPLES_MAX)
		return;
	entry_cursor_init(&cursor, list, &rule->prefix);
	result->examples[result->example_count++] = (struct guard_example) {
		.list = list, .entry = entry_cursor_next(&cursor), .lost = *lost
	};
}

/* @allowed: the addresses that the new policy allows. */
static int check_list(const struct list *list, const struct prefix_set *allowed,
		      const struct guard_hits *hits, struct guard_result *result)
{
	struct prefix_set held, lost;
	int err = list_addresses(list, &held);

	if (err)
		return err;
	err = prefix_set_subtract(&held, allowed, &lost);
	prefix_set_done(&held);
	if (err)
		return err;
	for (size_t i = 0; i < list->rule_count; i++) {
		const struct rule *rule = &list->rules[i];
		struct prefix part;

		if (!rule->id || !hits->is_hit(list, rule, hits->context))
			continue;
		result->in_use_count++;
		if (prefix_set_overlap(&lost, &rule->prefix, &part))
			note(result, list, rule, &part);
	}
	prefix_set_done(&lost);
	return 0;
}

static bool is_too_much(const struct guard_result *result, const struct guard_limits *limits)
{
	uint64_t removed = result->removed_count;

	if (limits->max_removed_entries != GUARD_NO_LIMIT && removed > limits->max_removed_entries)
		return true;
	return removed >= GUARD_SHARE_ENTRIES_MIN &&
	       removed * 100 > (uint64_t)limits->max_removed_share * result->in_use_count;
}

int guard_check(const struct policy *from, const struct policy *to, const struct guard_hits *hits,
		const struct guard_limits *limits, struct guard_result *ret_result)
{
	struct prefix_set allowed;
	int err = policy_addresses(to, ACTION_ALLOW, &allowed);

	*ret_result = (struct guard_result) { 0 };
	if (err)
		return err;
	for (size_t i = 0; i < from->list_count && !err; i++)
		if (from->lists[i].action == ACTION_ALLOW)
			err = check_list(&from->lists[i], &allowed, hits, ret_result);
	prefix_set_done(&allowed);
	ret_result->is_held = is_too_much(ret_result, limits);
	return err;
}
