/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds addresses that are both allowed and blocked. One walk visits the rules of all lists in
 * the order of prefixes. It keeps a stack of the rules that cover the present one. For each
 * list, only the most specific of them applies.
 */
#include <errno.h>
#include <stdlib.h>

#include "core/lint_findings.h"
#include "core/rule_merge.h"

#define NONE SIZE_MAX
#define FIRST_CAPACITY 256

struct cover {
	const struct rule *rule;
	size_t list;
	size_t below; /* the cover of this list that applied before, or NONE */
};

struct sweep {
	const struct policy *policy;
	const struct lint_options *options;
	struct lint_findings *findings;
	struct cover *covers; /* a stack */
	size_t count;
	size_t capacity;
	size_t *holding;		 /* for each list, the cover that applies, or NONE */
	size_t list_count[ACTION_COUNT]; /* number of lists in which an entry applies */
};

static enum action action_of(const struct sweep *sweep, const struct cover *cover)
{
	return sweep->policy->lists[cover->list].action;
}

static void count_holding(struct sweep *sweep, size_t index, bool is_more)
{
	const struct cover *cover;

	if (index == NONE)
		return;
	cover = &sweep->covers[index];
	if (!cover->rule->id)
		return;
	if (is_more)
		sweep->list_count[action_of(sweep, cover)]++;
	else
		sweep->list_count[action_of(sweep, cover)]--;
}

static int push(struct sweep *sweep, const struct rule *rule, size_t list)
{
	size_t capacity = sweep->capacity ? 2 * sweep->capacity : FIRST_CAPACITY;

	if (sweep->count == sweep->capacity) {
		struct cover *covers =
		    reallocarray(sweep->covers, capacity, sizeof(*sweep->covers));

		if (!covers)
			return -ENOMEM;
		sweep->covers = covers;
		sweep->capacity = capacity;
	}
	count_holding(sweep, sweep->holding[list], false);
	sweep->covers[sweep->count] =
	    (struct cover) { .rule = rule, .list = list, .below = sweep->holding[list] };
	sweep->holding[list] = sweep->count++;
	count_holding(sweep, sweep->holding[list], true);
	return 0;
}

static void pop(struct sweep *sweep)
{
	const struct cover *cover = &sweep->covers[--sweep->count];

	count_holding(sweep, sweep->count, false);
	sweep->holding[cover->list] = cover->below;
	count_holding(sweep, cover->below, true);
}

/* Find the most specific entry of an action that covers the present prefix, or return NULL. */
static const struct cover *find_cover(const struct sweep *sweep, enum action action)
{
	if (!sweep->list_count[action])
		return NULL;
	for (size_t i = sweep->count; i-- > 0;) {
		const struct cover *cover = &sweep->covers[i];

		if (action_of(sweep, cover) == action && cover->rule->id &&
		    sweep->holding[cover->list] == i)
			return cover;
	}
	return NULL;
}

/* Return the first entry of a rule. */
static const struct entry *entry_of(const struct list *list, const struct rule *rule)
{
	struct entry_cursor cursor;

	entry_cursor_init(&cursor, list, &rule->prefix);
	return entry_cursor_next(&cursor);
}

static int judge(struct sweep *sweep, const struct rule *rule, size_t index)
{
	const struct list *list = &sweep->policy->lists[index];
	const struct lint_options *options = sweep->options;
	struct lint_finding finding = { .list = list };
	const struct cover *cover;

	if (!rule->id || (options->list && options->list != list))
		return 0;
	cover = find_cover(sweep, list->action == ACTION_ALLOW ? ACTION_BLOCK : ACTION_ALLOW);
	if (!cover)
		return 0;
	if (sweep->findings->count < options->limit) {
		finding.entry = entry_of(list, rule);
		finding.other_list = &sweep->policy->lists[cover->list];
		finding.other = entry_of(finding.other_list, cover->rule);
	}
	return lint_add(sweep->findings, options->limit, &finding);
}

/* At the same prefix, the allow rule comes first. So this is one conflict, which is reported
 * for the block rule. */
static struct rule_merge *next_merge(struct rule_merge merges[ACTION_COUNT])
{
	struct rule_merge *allow = &merges[ACTION_ALLOW], *block = &merges[ACTION_BLOCK];

	if (rule_merge_is_done(block))
		return allow;
	if (rule_merge_is_done(allow))
		return block;
	return prefix_compare(&rule_merge_first(allow)->prefix, &rule_merge_first(block)->prefix) <=
		       0
		   ? allow
		   : block;
}

static int sweep_rules(struct sweep *sweep, struct rule_merge merges[ACTION_COUNT])
{
	struct rule_merge *merge;
	int err = 0;

	while (!err && !rule_merge_is_done(merge = next_merge(merges))) {
		const struct rule *rule = rule_merge_first(merge);
		size_t list = rule_merge_list(merge);

		while (
		    sweep->count &&
		    !prefix_contains(&sweep->covers[sweep->count - 1].rule->prefix, &rule->prefix))
			pop(sweep);
		err = judge(sweep, rule, list);
		if (!err)
			err = push(sweep, rule, list);
		rule_merge_next(merge);
	}
	while (sweep->count)
		pop(sweep);
	return err;
}

static int sweep_family(struct sweep *sweep, enum family family)
{
	const struct prefix all = { .family = (uint8_t)family };
	struct rule_merge merges[ACTION_COUNT];
	int err = rule_merge_init(&merges[ACTION_ALLOW], sweep->policy);

	if (err)
		return err;
	err = rule_merge_init(&merges[ACTION_BLOCK], sweep->policy);
	if (!err) {
		rule_merge_start(&merges[ACTION_ALLOW], sweep->policy, ACTION_ALLOW, 0, &all);
		rule_merge_start(&merges[ACTION_BLOCK], sweep->policy, ACTION_BLOCK, 0, &all);
		err = sweep_rules(sweep, merges);
		rule_merge_done(&merges[ACTION_BLOCK]);
	}
	rule_merge_done(&merges[ACTION_ALLOW]);
	return err;
}

int lint_conflicts(const struct policy *policy, const struct lint_options *options,
		   struct lint_findings *findings)
{
	struct sweep sweep = { .policy = policy, .options = options, .findings = findings };
	int err = 0;

	sweep.holding = malloc((policy->list_count + 1) * sizeof(*sweep.holding));
	if (!sweep.holding)
		return -ENOMEM;
	for (size_t i = 0; i < policy->list_count; i++)
		sweep.holding[i] = NONE;
	for (enum family family = 0; family < FAMILY_COUNT && !err; family++)
		err = sweep_family(&sweep, family);
	free(sweep.covers);
	free(sweep.holding);
	return err;
}
