/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A heap of sorted runs, one for each list. */
#include "core/rule_merge.h"

#include <errno.h>
#include <stdlib.h>

#include "core/prefix_search.h"

static bool is_before(const struct rule_run *a, const struct rule_run *b)
{
	int order = prefix_compare(&a->next->prefix, &b->next->prefix);

	return order ? order < 0 : a->list < b->list;
}

/* Move the run at @index down the heap to its place. */
static void sink(struct rule_merge *merge, size_t index)
{
	struct rule_run run = merge->runs[index];

	for (;;) {
		size_t child = 2 * index + 1;

		if (child >= merge->run_count)
			break;
		if (child + 1 < merge->run_count &&
		    is_before(&merge->runs[child + 1], &merge->runs[child]))
			child++;
		if (!is_before(&merge->runs[child], &run))
			break;
		merge->runs[index] = merge->runs[child];
		index = child;
	}
	merge->runs[index] = run;
}

int rule_merge_init(struct rule_merge *merge, const struct policy *policy)
{
	*merge = (struct rule_merge) { 0 };
	merge->runs = malloc((policy->list_count + 1) * sizeof(*merge->runs));
	return merge->runs ? 0 : -ENOMEM;
}

void rule_merge_done(struct rule_merge *merge)
{
	free(merge->runs);
}

void rule_merge_start(struct rule_merge *merge, const struct policy *policy, enum action action,
		      uint16_t port, const struct prefix *range)
{
	merge->run_count = 0;
	merge->rule_count = 0;
	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];
		struct rule_run *run;
		size_t begin, end;

		if (list->action != action || (port && !list_has_port(list, port)))
			continue;
		prefix_inside(rule_array_prefixes(list->rules), range, &begin, &end);
		if (begin == end)
			continue;
		run = &merge->runs[merge->run_count++];
		rule_cursor_init(&run->cursor, list->rules, begin, end);
		run->next = rule_cursor_next(&run->cursor);
		run->list = i;
		merge->rule_count += end - begin;
	}
	for (size_t i = merge->run_count / 2; i-- > 0;)
		sink(merge, i);
}

void rule_merge_next(struct rule_merge *merge)
{
	struct rule_run *first = &merge->runs[0];

	first->next = rule_cursor_next(&first->cursor);
	if (!first->next) {
		*first = merge->runs[--merge->run_count];
		if (merge->run_count == 0)
			return;
	}
	sink(merge, 0);
}
