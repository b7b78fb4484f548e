/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums up attempts by allow entry and by block list. Rows come source by source. Memory grows with
 * the number of entries and lists that matched, not with the number of rows. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/top.h"
#include "engine/internal.h"
#include "engine/seen_internal.h"

#define FIRST_CAPACITY 1024

/* An array of averted sums that may have the same key more than once. */
struct averted_array {
	struct seen_averted *items;
	size_t count;
	size_t capacity;
};

/* A block list while rows come. */
struct list_tally {
	struct seen_list_sum sum;
	struct top top;
	struct seen_source source; /* the present one's attempts that the list matched */
	bool has_source;
};

struct totals_search {
	struct averted_array all;
	struct averted_array present; /* of the present source, each key once */
	struct list_tally *lists;
	size_t list_count;
	size_t list_capacity;
	size_t sources_max;
	uint64_t of[IPWL_VERDICT_COUNT];
	uint64_t source_count;
	struct prefix source; /* the present one */
	bool has_source;
};

/* ---- averted ------------------------------------------------------------------- */

static int compare_matches(const struct seen_match *a, const struct seen_match *b)
{
	int order = strcmp(a->list, b->list);

	if (!order)
		order = (int)a->has_entry - (int)b->has_entry;
	return order || !a->has_entry ? order : prefix_compare(&a->entry, &b->entry);
}

static int compare_keys(const void *a_pointer, const void *b_pointer)
{
	const struct seen_averted *a = a_pointer, *b = b_pointer;
	int order = compare_matches(&a->allow, &b->allow);

	return order ? order : strcmp(a->block_list, b->block_list);
}

/* Sort, and add up what has the same key. */
static void merge_averted(struct averted_array *array)
{
	size_t count = 0;

	if (!array->count)
		return;
	qsort(array->items, array->count, sizeof(*array->items), compare_keys);
	for (size_t i = 1; i < array->count; i++) {
		struct seen_averted *last = &array->items[count];

		if (compare_keys(last, &array->items[i])) {
			array->items[++count] = array->items[i];
			continue;
		}
		last->attempts += array->items[i].attempts;
		last->source_count += array->items[i].source_count;
	}
	array->count = count + 1;
}

/* Append a sum. The array grows only if it is full of different keys. */
static int append_averted(struct averted_array *array, const struct seen_averted *sum)
{
	const bool is_full = array->count == array->capacity;

	if (is_full)
		merge_averted(array);
	if (is_full && array->count >= array->capacity / 2) {
		const size_t capacity = array->capacity ? array->capacity * 2 : FIRST_CAPACITY;
		struct seen_averted *items =
		    reallocarray(array->items, capacity, sizeof(*array->items));

		if (!items)
			return -ENOMEM;
		array->items = items;
		array->capacity = capacity;
	}
	array->items[array->count++] = *sum;
	return 0;
}

/* Add a row to the sums of the present source. */
static int add_averted(struct totals_search *search, const struct seen_row *row, uint64_t attempts)
{
	struct seen_averted key = { .allow = row->decided,
				    .attempts = attempts,
				    .source_count = 1 };

	memcpy(key.block_list, row->beaten.list, sizeof(key.block_list));
	for (size_t i = 0; i < search->present.count; i++) {
		if (compare_keys(&search->present.items[i], &key))
			continue;
		search->present.items[i].attempts += attempts;
		return 0;
	}
	return append_averted(&search->present, &key);
}

/* ---- lists ---------------------------------------------------------------------- */

static bool has_more_attempts(const void *a_pointer, const void *b_pointer, const void *context)
{
	const struct seen_row *a = &((const struct seen_source *)a_pointer)->sum;
	const struct seen_row *b = &((const struct seen_source *)b_pointer)->sum;

	(void)context;
	if (a->attempts != b->attempts)
		return a->attempts > b->attempts;
	return prefix_compare(&a->source, &b->source) < 0;
}

/* NULL: out of memory. */
static struct list_tally *enter_list(struct totals_search *search, const char *name)
{
	struct list_tally *tally;

	for (size_t i = 0; i < search->list_count; i++)
		if (!strcmp(search->lists[i].sum.list, name))
			return &search->lists[i];
	if (search->list_count == search->list_capacity) {
		const size_t capacity = search->list_capacity ? search->list_capacity * 2 : 16;
		struct list_tally *lists = reallocarray(search->lists, capacity, sizeof(*lists));

		if (!lists)
			return NULL;
		search->lists = lists;
		search->list_capacity = capacity;
	}
	tally = &search->lists[search->list_count];
	*tally = (struct list_tally) { 0 };
	if (top_init(&tally->top, search->sources_max, sizeof(struct seen_source),
		     has_more_attempts, NULL))
		return NULL;
	memcpy(tally->sum.list, name, strlen(name) + 1);
	search->list_count++;
	return tally;
}

/* Count attempts that a list dropped, or would have dropped. */
static void add_dropped(struct list_tally *tally, const struct seen_row *row, uint64_t attempts)
{
	struct seen_row *sum = &tally->source.sum;

	if (!tally->has_source)
		tally->source = (struct seen_source) { .sum = { .source = row->source,
								.first_sec = row->first_sec } };
	tally->has_source = true;
	tally->source.of[row->verdict] += attempts;
	sum->attempts += attempts;
	if (row->first_sec < sum->first_sec)
		sum->first_sec = row->first_sec;
	if (row->last_sec > sum->last_sec)
		sum->last_sec = row->last_sec;
}

static int add_to_list(struct totals_search *search, const struct seen_row *row, uint64_t attempts)
{
	const bool is_averted = row->verdict == IPWL_AVERTED;
	struct list_tally *tally =
	    enter_list(search, is_averted ? row->beaten.list : row->decided.list);

	if (!tally)
		return -ENOMEM;
	tally->sum.of[row->verdict] += attempts;
	if (!is_averted)
		add_dropped(tally, row, attempts);
	return 0;
}

/* ---- the search ------------------------------------------------------------------ */

static int end_source(struct totals_search *search)
{
	int err = 0;

	for (size_t i = 0; !err && i < search->present.count; i++)
		err = append_averted(&search->all, &search->present.items[i]);
	search->present.count = 0;
	for (size_t i = 0; i < search->list_count; i++) {
		struct list_tally *tally = &search->lists[i];

		if (!tally->has_source)
			continue;
		tally->sum.source_count++;
		top_add(&tally->top, &tally->source);
		tally->has_source = false;
	}
	return err;
}

static int take_row(const struct seen_row *row, void *context)
{
	struct totals_search *search = context;
	const uint64_t attempts = row->attempts + row->left_out;
	int err = 0;

	if (!search->has_source || prefix_compare(&search->source, &row->source) != 0) {
		err = end_source(search);
		search->source = row->source;
		search->has_source = true;
		search->source_count++;
	}
	search->of[row->verdict] += attempts;
	/* Over a limit: no list decided. */
	if (row->verdict >= IPWL_WOULD_LIMIT)
		return err;
	if (!err && row->verdict == IPWL_AVERTED)
		err = add_averted(search, row, attempts);
	return err ? err : add_to_list(search, row, attempts);
}

static void search_done(struct totals_search *search)
{
	free(search->all.items);
	free(search->present.items);
	for (size_t i = 0; i < search->list_count; i++)
		top_done(&search->lists[i].top);
	free(search->lists);
}

/* ---- the answer ------------------------------------------------------------------ */

static int compare_averted(const void *a_pointer, const void *b_pointer)
{
	const struct seen_averted *a = a_pointer, *b = b_pointer;

	if (a->attempts != b->attempts)
		return a->attempts > b->attempts ? -1 : 1;
	return compare_keys(a, b);
}

static uint64_t dropped_by(const struct seen_list_sum *list)
{
	return list->of[IPWL_BLOCK] + list->of[IPWL_WOULD_BLOCK];
}

static int compare_lists(const void *a_pointer, const void *b_pointer)
{
	const struct seen_list_sum *a = a_pointer, *b = b_pointer;

	if (dropped_by(a) != dropped_by(b))
		return dropped_by(a) > dropped_by(b) ? -1 : 1;
	if (a->of[IPWL_AVERTED] != b->of[IPWL_AVERTED])
		return a->of[IPWL_AVERTED] > b->of[IPWL_AVERTED] ? -1 : 1;
	return strcmp(a->list, b->list);
}

static void take_averted(struct averted_array *all, size_t entries_max, struct seen_totals *totals)
{
	merge_averted(all);
	if (all->count)
		qsort(all->items, all->count, sizeof(*all->items), compare_averted);
	totals->averted = all->items;
	totals->averted_match_count = all->count;
	totals->averted_count = all->count < entries_max ? all->count : entries_max;
	all->items = NULL;
}

/* Return: 0 or -ENOMEM. */
static int take_lists(struct totals_search *search, struct seen_totals *totals)
{
	totals->lists = calloc(search->list_count + 1, sizeof(*totals->lists));
	if (!totals->lists)
		return -ENOMEM;
	for (size_t i = 0; i < search->list_count; i++) {
		struct list_tally *tally = &search->lists[i];
		struct seen_list_sum *sum = &totals->lists[i];

		top_sort(&tally->top);
		*sum = tally->sum;
		sum->sources = (struct seen_source *)(void *)tally->top.elements;
		sum->count = tally->top.count;
		tally->top.elements = NULL;
	}
	totals->list_count = search->list_count;
	qsort(totals->lists, totals->list_count, sizeof(*totals->lists), compare_lists);
	return 0;
}

int engine_sum_seen(struct engine *engine, int64_t since_sec, size_t entries_max,
		    size_t sources_max, struct seen_totals *ret_totals, struct refusal *refusal)
{
	struct totals_search search = { .sources_max = sources_max };
	struct seen_totals totals = { 0 };
	struct seen_filter filter;
	int err = seen_refuse_off(engine, refusal);

	if (err)
		return err;
	engine_update_seen(engine);
	filter = (struct seen_filter) { .since_sec = seen_shown_since_sec(engine, since_sec) };
	err = seen_walk(engine->seen->store, &filter, take_row, &search);
	if (!err)
		err = end_source(&search);
	if (!err)
		err = take_lists(&search, &totals);
	if (!err) {
		take_averted(&search.all, entries_max, &totals);
		memcpy(totals.of, search.of, sizeof(totals.of));
		totals.source_count = search.source_count;
		totals.since_sec = filter.since_sec;
		totals.remembered_since_sec = seen_since_sec(engine->seen->store);
		seen_read_left_out(engine->seen->store, filter.since_sec, &totals.left_out);
		*ret_totals = totals;
	}
	search_done(&search);
	return err ? seen_refuse_error(engine, err, refusal) : 0;
}

void seen_totals_done(struct seen_totals *totals)
{
	free(totals->averted);
	for (size_t i = 0; i < totals->list_count; i++)
		free(totals->lists[i].sources);
	free(totals->lists);
	*totals = (struct seen_totals) { 0 };
}
