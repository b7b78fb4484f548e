/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sorts entries by 16-byte keys, which usually decide without a look at the entry. Many entries
 * are sorted digit by digit. The sort is faster with more memory, but never fails without it.
 */
#include "core/entry_sort.h"

#include <stdlib.h>
#include <string.h>

/* The head of a prefix. In sorted order, heads never decrease. */
static uint64_t head_of(const struct prefix *prefix)
{
	return (uint64_t)prefix->family << 63 | prefix_half(prefix, 0) >> 1;
}

static int compare_keys(const void *a, const void *b, void *context)
{
	const struct entry *entries = context;
	const struct entry_key *one = a, *other = b;
	int order;

	if (one->head != other->head)
		return one->head < other->head ? -1 : 1;
	order = prefix_compare(&entries[one->index].prefix, &entries[other->index].prefix);
	if (order)
		return order;
	return one->index < other->index ? -1 : one->index > other->index;
}

/* Of this size, the places of all digits stay in the first-level and second-level cache. */
#define DIGIT_BITS 11
#define DIGIT_VALUES (1U << DIGIT_BITS)
#define DIGIT_COUNT ((64 + DIGIT_BITS - 1) / DIGIT_BITS)

/* By digit, from the lowest: first the number of heads with each value, then where the next of
 * them goes. */
struct places {
	size_t of[DIGIT_COUNT][DIGIT_VALUES];
};

static unsigned int digit_of(const struct entry_key *key, unsigned int digit)
{
	return key->head >> digit * DIGIT_BITS & (DIGIT_VALUES - 1);
}

static void count_digits(const struct entry_key *keys, size_t count, struct places *places)
{
	memset(places, 0, sizeof(*places));
	for (size_t i = 0; i < count; i++)
		for (unsigned int digit = 0; digit < DIGIT_COUNT; digit++)
			places->of[digit][digit_of(&keys[i], digit)]++;
}

/* Sort @from to @to by one digit of the heads, whose values are counted in @places. Return
 * false, and do nothing, if all heads have the same. */
static bool sort_digit(const struct entry_key *from, struct entry_key *to, size_t count,
		       unsigned int digit, size_t places[DIGIT_VALUES])
{
	size_t sum = 0;

	if (places[digit_of(&from[0], digit)] == count)
		return false;
	for (unsigned int value = 0; value < DIGIT_VALUES; value++) {
		size_t next = sum + places[value];

		places[value] = sum;
		sum = next;
	}
	for (size_t i = 0; i < count; i++)
		to[places[digit_of(&from[i], digit)]++] = from[i];
	return true;
}

/* Sort by head, digit by digit. Then sort each run of equal heads. */
static void sort_by_digits(struct entry *entries, struct entry_key *keys, size_t count,
			   struct entry_key *spare, struct places *places)
{
	struct entry_key *from = keys, *to = spare;
	size_t begin = 0;

	count_digits(keys, count, places);
	for (unsigned int digit = 0; digit < DIGIT_COUNT; digit++) {
		struct entry_key *swap = from;

		if (!sort_digit(from, to, count, digit, places->of[digit]))
			continue;
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, count * sizeof(*keys));
	for (size_t i = 1; i <= count; i++) {
		if (i < count && keys[i].head == keys[begin].head)
			continue;
		if (i - begin > 1)
			qsort_r(&keys[begin], i - begin, sizeof(*keys), compare_keys, entries);
		begin = i;
	}
}

/* If there are fewer keys, the passes over all digits cost more than they save. */
#define DIGITS_WORTH_IT 2000

static void sort_keys(struct entry *entries, struct entry_key *keys, size_t count)
{
	struct entry_key *spare = NULL;
	struct places *places = NULL;

	for (size_t i = 0; i < count; i++) {
		keys[i].head = head_of(&entries[i].prefix);
		keys[i].index = i;
	}
	if (count >= DIGITS_WORTH_IT) {
		spare = malloc(count * sizeof(*spare));
		places = malloc(sizeof(*places));
	}
	if (spare && places)
		sort_by_digits(entries, keys, count, spare, places);
	else
		qsort_r(keys, count, sizeof(*keys), compare_keys, entries);
	free(spare);
	free(places);
}

/* Used if memory is short: move each entry to the place of its key, along the cycles of the
 * permutation. */
static void permute(struct entry *entries, struct entry_key *keys, size_t count)
{
	for (size_t start = 0; start < count; start++) {
		struct entry first = entries[start];
		size_t to = start;

		while (keys[to].index != start) {
			size_t from = keys[to].index;

			entries[to] = entries[from];
			keys[to].index = to;
			to = from;
		}
		entries[to] = first;
		keys[to].index = to;
	}
}

static bool is_sorted(const struct entry *entries, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (prefix_compare(&entries[i - 1].prefix, &entries[i].prefix) > 0)
			return false;
	}
	return true;
}

/* How many entries ahead are fetched. */
#define AHEAD 16

void entries_sort(struct entry *entries, struct entry_key *keys, size_t count)
{
	struct entry *ordered;

	if (is_sorted(entries, count))
		return;
	sort_keys(entries, keys, count);
	ordered = malloc(count * sizeof(*ordered));
	if (!ordered) {
		permute(entries, keys, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		/* They lie anywhere: reads that overlap take a fraction of the time. */
		if (i + AHEAD < count)
			__builtin_prefetch(&entries[keys[i + AHEAD].index]);
		ordered[i] = entries[keys[i].index];
	}
	memcpy(entries, ordered, count * sizeof(*ordered));
	free(ordered);
}
