/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks the entries of both policies side by side. Both are in the same order. */
#include "core/policy_diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry_pair.h"

struct comparison {
	struct list_diff *diff;
	void (*visit)(const struct list *list, const struct entry *entry, bool is_added,
		      void *context);
	void *context;
};

/* A walk, and its present entry. */
struct position {
	struct entry_cursor cursor;
	const struct entry *entry; /* NULL: at the end */
};

static void start(struct position *position, const struct list *list)
{
	entry_cursor_init(&position->cursor, list, NULL);
	position->entry = entry_cursor_next(&position->cursor);
}

static void advance(struct position *position)
{
	position->entry = entry_cursor_next(&position->cursor);
}

static int compare(const struct entry *a, const struct entry *b)
{
	int order;

	if (!a || !b)
		return a ? -1 : b ? 1 : 0;
	order = prefix_compare(&a->prefix, &b->prefix);
	return order ? order : (int)a->source - (int)b->source;
}

/* Count the entries and exclusions with the prefix and source of @key. */
static void count_group(struct position position, const struct entry *key,
			size_t counts[PART_COUNT])
{
	counts[PART_ENTRIES] = counts[PART_EXCLUSIONS] = 0;
	for (; position.entry && !compare(position.entry, key); advance(&position))
		counts[position.entry->is_exclusion ? PART_EXCLUSIONS : PART_ENTRIES]++;
}

/* Move past the group. Report the entries of each part beyond @other_counts. */
static void pass_group(struct comparison *comparison, struct position *position,
		       const struct entry *key, const size_t other_counts[PART_COUNT],
		       bool is_added)
{
	struct list_diff *diff = comparison->diff;
	size_t counts[PART_COUNT] = { 0 };

	for (; position->entry && !compare(position->entry, key); advance(position)) {
		enum list_part part =
		    position->entry->is_exclusion ? PART_EXCLUSIONS : PART_ENTRIES;

		if (++counts[part] <= other_counts[part])
			continue;
		if (is_added)
			diff->added[part]++;
		else
			diff->removed[part]++;
		if (comparison->visit)
			comparison->visit(is_added ? diff->to : diff->from, position->entry,
					  is_added, comparison->context);
	}
}

/* Move both back to before their present entry, and then past what is the same, source by
 * source. */
static void skip_same(struct position *from, struct position *to)
{
	if (from->entry)
		from->cursor.next[from->entry->source]--;
	if (to->entry)
		to->cursor.next[to->entry->source]--;
	for (int source = 0; source < SOURCE_COUNT; source++) {
		struct entry_pair pair = { .from = from->cursor.list->sets[source],
					   .to = to->cursor.list->sets[source],
					   .from_index = from->cursor.next[source],
					   .to_index = to->cursor.next[source] };

		entry_pair_skip(&pair);
		from->cursor.next[source] = pair.from_index;
		to->cursor.next[source] = pair.to_index;
	}
	advance(from);
	advance(to);
}

/* The sets of @list that @other does not share. Either may be NULL. */
static struct list differing_sets(const struct list *list, const struct list *other)
{
	struct list differing = { 0 };

	for (int source = 0; list && source < SOURCE_COUNT; source++)
		if (!other || other->sets[source] != list->sets[source])
			differing.sets[source] = list->sets[source];
	return differing;
}

static void compare_lists(struct comparison *comparison)
{
	const struct list_diff *diff = comparison->diff;
	const struct list old = differing_sets(diff->from, diff->to);
	const struct list new = differing_sets(diff->to, diff->from);
	struct position from, to;

	start(&from, &old);
	start(&to, &new);
	for (skip_same(&from, &to); from.entry || to.entry; skip_same(&from, &to)) {
		bool is_old = !to.entry || (from.entry && compare(from.entry, to.entry) <= 0);
		size_t from_counts[PART_COUNT], to_counts[PART_COUNT];
		struct entry key;

		key = is_old ? *from.entry : *to.entry;
		count_group(from, &key, from_counts);
		count_group(to, &key, to_counts);
		pass_group(comparison, &from, &key, to_counts, false);
		pass_group(comparison, &to, &key, from_counts, true);
	}
}

static const struct list *find_same(const struct policy *policy, const struct list *list)
{
	const struct list *found = policy_find_list(policy, list->name);

	return found && found->action == list->action ? found : NULL;
}

static void pair_lists(struct policy_diff *diff, const struct policy *from, const struct policy *to)
{
	for (size_t i = 0; i < to->list_count; i++)
		diff->lists[diff->count++] = (struct list_diff) {
			.from = find_same(from, &to->lists[i]),
			.to = &to->lists[i],
		};
	for (size_t i = 0; i < from->list_count; i++)
		if (!find_same(to, &from->lists[i]))
			diff->lists[diff->count++] = (struct list_diff) { .from = &from->lists[i] };
}

/* Whether a list of the old policy is in the new one as well. */
static bool is_kept(const struct policy_diff *diff, const struct list *list)
{
	for (size_t i = 0; i < diff->count; i++)
		if (diff->lists[i].from == list)
			return diff->lists[i].to != NULL;
	return false;
}

/* Find lists whose place has changed: compares the n-th list of one action in both policies,
 * without lists that only one of them has. */
static void find_moves(struct policy_diff *diff, const struct policy *from, enum action action)
{
	size_t next = 0; /* index in the new order, with which diff->lists begins */

	for (size_t i = 0; i < from->list_count; i++) {
		const struct list *list = &from->lists[i];

		if (list->action != action || !is_kept(diff, list))
			continue;
		while (next < diff->count && (!diff->lists[next].from || !diff->lists[next].to ||
					      diff->lists[next].from->action != action))
			next++;
		if (next == diff->count)
			return;
		diff->lists[next].is_moved = diff->lists[next].from != list;
		next++;
	}
}

int policy_diff(const struct policy *from, const struct policy *to,
		void (*visit)(const struct list *list, const struct entry *entry, bool is_added,
			      void *context),
		void *context, struct policy_diff *ret_diff)
{
	struct policy_diff diff = { 0 };

	diff.lists = calloc(from->list_count + to->list_count + 1, sizeof(*diff.lists));
	if (!diff.lists)
		return -ENOMEM;
	pair_lists(&diff, from, to);
	for (enum action action = 0; action < ACTION_COUNT; action++)
		find_moves(&diff, from, action);
	for (size_t i = 0; i < diff.count; i++) {
		struct comparison comparison = { &diff.lists[i], visit, context };

		compare_lists(&comparison);
	}
	*ret_diff = diff;
	return 0;
}

void policy_diff_done(struct policy_diff *diff)
{
	free(diff->lists);
	*diff = (struct policy_diff) { 0 };
}
