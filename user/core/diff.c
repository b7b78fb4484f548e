/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps from one table to another. Why their order is safe: let n be the longest
 * new prefix of an address and o its longest old one. Until n is there nothing
 * longer than n is, so o decides as before. Once n is there either o is longer and
 * goes on deciding, or n decides, and what is added later is shorter. Removals come
 * when n is there; all that is removed before o is shorter, so o decides to the end,
 * and after it n.
 */
#include "table.h"

#include <errno.h>
#include <stdlib.h>

#define LEN_COUNT 129

/* A walk over two tables side by side. */
struct walk {
	const struct table *from;
	const struct table *to;
	size_t from_index;
	size_t to_index;
};

static bool decide_alike(const struct node *a, const struct node *b)
{
	return a->rule == b->rule && a->list == b->list && a->flags == b->flags;
}

/* The next prefix of either table; without one both nodes are NULL. */
static struct step walk_prefix(struct walk *walk)
{
	const struct node *from = NULL, *to = NULL;
	int order = 0;

	if (walk->from_index < walk->from->count)
		from = &walk->from->nodes[walk->from_index];
	if (walk->to_index < walk->to->count)
		to = &walk->to->nodes[walk->to_index];
	if (from && to)
		order = prefix_compare(&from->prefix, &to->prefix);
	if (order > 0)
		from = NULL;
	if (order < 0)
		to = NULL;
	walk->from_index += from != NULL;
	walk->to_index += to != NULL;
	return (struct step) { .old_node = from, .new_node = to };
}

/* The next prefix at which the tables differ. */
static bool walk_next(struct walk *walk, struct step *ret_step)
{
	for (;;) {
		struct step step = walk_prefix(walk);

		if (!step.old_node && !step.new_node)
			return false;
		if (step.old_node && step.new_node && decide_alike(step.old_node, step.new_node))
			continue;
		*ret_step = step;
		return true;
	}
}

/* Count the steps of each kind and length, then turn the counts into the places
 * where each begins: additions from the longest, then removals from the shortest. */
static void place_steps(struct walk walk, size_t put_at[LEN_COUNT], size_t remove_at[LEN_COUNT],
			struct diff *diff)
{
	struct step step;

	for (int len = 0; len < LEN_COUNT; len++)
		put_at[len] = remove_at[len] = 0;
	while (walk_next(&walk, &step)) {
		if (step.new_node)
			put_at[step.new_node->prefix.len]++;
		else
			remove_at[step.old_node->prefix.len]++;
	}
	diff->count = 0;
	for (int len = LEN_COUNT - 1; len >= 0; len--) {
		size_t steps = put_at[len];

		put_at[len] = diff->count;
		diff->count += steps;
	}
	diff->remove_from = diff->count;
	for (int len = 0; len < LEN_COUNT; len++) {
		size_t steps = remove_at[len];

		remove_at[len] = diff->count;
		diff->count += steps;
	}
}

int diff_tables(const struct table *from, const struct table *to, struct diff *ret_diff)
{
	size_t put_at[LEN_COUNT], remove_at[LEN_COUNT];
	struct walk walk = { .from = from, .to = to };
	struct diff diff = { 0 };
	struct step step;

	place_steps(walk, put_at, remove_at, &diff);
	if (!diff.count) {
		*ret_diff = diff;
		return 0;
	}
	diff.steps = malloc(diff.count * sizeof(*diff.steps));
	if (!diff.steps)
		return -ENOMEM;
	while (walk_next(&walk, &step)) {
		if (step.new_node)
			diff.steps[put_at[step.new_node->prefix.len]++] = step;
		else
			diff.steps[remove_at[step.old_node->prefix.len]++] = step;
	}
	*ret_diff = diff;
	return 0;
}

void diff_done(struct diff *diff)
{
	free(diff->steps);
	*diff = (struct diff) { 0 };
}
