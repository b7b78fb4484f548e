/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets of entries. A set may hold a million, so their strings lie in blocks and the
 * sort works on 16-byte keys that mostly decide without looking at the entry.
 */
#include "core/entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefix_search.h"

#define STRING_BLOCK_BYTES (64 * 1024)
#define FIRST_CAPACITY 16

struct string_block {
	struct string_block *next;
	size_t used;
	size_t size;
	char bytes[];
};

/* An entry's place before the sort. */
struct entry_key {
	uint64_t head; /* the first bits of its prefix, in order */
	size_t index;
};

const char *const source_names[SOURCE_COUNT] = {
	[SOURCE_CONFIG] = "config", [SOURCE_FILE] = "file",	  [SOURCE_FEED] = "feed",
	[SOURCE_MANUAL] = "manual", [SOURCE_LEARNED] = "learned",
};

struct entry_set *entry_set_new(void)
{
	struct entry_set *set = calloc(1, sizeof(*set));

	if (set)
		set->references = 1;
	return set;
}

/* Make room for one more entry, and for its key in the sort: finishing a set must
 * not fail. Keys cost no memory before they are used. */
static int reserve(struct entry_set *set)
{
	size_t capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY;
	struct entry *entries;
	struct entry_key *keys;

	if (set->count < set->capacity)
		return 0;
	keys = malloc(capacity * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	entries = realloc(set->entries, capacity * sizeof(*entries));
	if (!entries) {
		free(keys);
		return -ENOMEM;
	}
	free(set->keys);
	set->keys = keys;
	set->entries = entries;
	set->capacity = capacity;
	return 0;
}

/* Copy @string, which may be NULL. */
static int copy_string(struct entry_set *set, const char *string, const char **ret_copy)
{
	struct string_block *block = set->strings;
	size_t bytes;

	if (!string) {
		*ret_copy = NULL;
		return 0;
	}
	bytes = strlen(string) + 1;
	if (!block || block->size - block->used < bytes) {
		size_t size = bytes > STRING_BLOCK_BYTES ? bytes : STRING_BLOCK_BYTES;

		block = malloc(sizeof(*block) + size);
		if (!block)
			return -ENOMEM;
		block->next = set->strings;
		block->used = 0;
		block->size = size;
		set->strings = block;
	}
	*ret_copy = memcpy(block->bytes + block->used, string, bytes);
	block->used += bytes;
	return 0;
}

/* Copy @string, which may be NULL, unless it equals the copy made last. */
static int copy_repeated(struct entry_set *set, const char *string, const char **last,
			 const char **ret_copy)
{
	int error;

	if (string && *last && !strcmp(string, *last)) {
		*ret_copy = *last;
		return 0;
	}
	error = copy_string(set, string, ret_copy);
	if (!error && string)
		*last = *ret_copy;
	return error;
}

int entry_set_add(struct entry_set *set, const struct entry *entry)
{
	struct entry copy = *entry;

	if (reserve(set) || copy_repeated(set, entry->origin, &set->last_origin, &copy.origin) ||
	    copy_repeated(set, entry->author, &set->last_author, &copy.author) ||
	    copy_string(set, entry->reason, &copy.reason))
		return -ENOMEM;
	set->entries[set->count++] = copy;
	if (!copy.is_exclusion)
		set->entry_counts[copy.prefix.family]++;
	if (copy.expires_at_sec &&
	    (!set->first_expiry_sec || copy.expires_at_sec < set->first_expiry_sec))
		set->first_expiry_sec = copy.expires_at_sec;
	return 0;
}

/* Never decreases from one prefix to the next in order. */
static uint64_t head_of(const struct prefix *prefix)
{
	uint64_t head = 0;

	for (int i = 0; i < 8; i++)
		head = head << 8 | prefix->addr[i];
	return (uint64_t)prefix->family << 63 | head >> 1;
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

#define DIGIT_BITS 16
#define DIGIT_COUNT (1U << DIGIT_BITS)

static unsigned int digit_of(const struct entry_key *key, unsigned int shift)
{
	return key->head >> shift & (DIGIT_COUNT - 1);
}

/* One pass over a digit of the heads, from @from to @to. False: all have the same digit
 * and nothing was done. */
static bool sort_digit(const struct entry_key *from, struct entry_key *to, size_t count,
		       unsigned int shift, size_t places[DIGIT_COUNT])
{
	size_t sum = 0;

	memset(places, 0, DIGIT_COUNT * sizeof(*places));
	for (size_t i = 0; i < count; i++)
		places[digit_of(&from[i], shift)]++;
	if (places[digit_of(&from[0], shift)] == count)
		return false;
	for (unsigned int digit = 0; digit < DIGIT_COUNT; digit++) {
		size_t next = sum + places[digit];

		places[digit] = sum;
		sum = next;
	}
	for (size_t i = 0; i < count; i++)
		to[places[digit_of(&from[i], shift)]++] = from[i];
	return true;
}

/* Sort by head, digit by digit, then the runs of one head. */
static void sort_by_digits(struct entry_set *set, struct entry_key *spare, size_t *places)
{
	struct entry_key *keys = set->keys, *other = spare;
	size_t begin = 0;

	for (unsigned int shift = 0; shift < 64; shift += DIGIT_BITS) {
		struct entry_key *swap = keys;

		if (!sort_digit(keys, other, set->count, shift, places))
			continue;
		keys = other;
		other = swap;
	}
	if (keys != set->keys)
		memcpy(set->keys, keys, set->count * sizeof(*keys));
	for (size_t i = 1; i <= set->count; i++) {
		if (i < set->count && set->keys[i].head == set->keys[begin].head)
			continue;
		if (i - begin > 1)
			qsort_r(&set->keys[begin], i - begin, sizeof(*set->keys), compare_keys,
				set->entries);
		begin = i;
	}
}

/* Below it, the passes over all digits cost more than they save. */
#define DIGITS_WORTH_IT 10000

static void sort_keys(struct entry_set *set)
{
	struct entry_key *spare = NULL;
	size_t *places = NULL;

	for (size_t i = 0; i < set->count; i++) {
		set->keys[i].head = head_of(&set->entries[i].prefix);
		set->keys[i].index = i;
	}
	if (set->count >= DIGITS_WORTH_IT) {
		spare = malloc(set->count * sizeof(*spare));
		places = malloc(DIGIT_COUNT * sizeof(*places));
	}
	if (spare && places)
		sort_by_digits(set, spare, places);
	else
		qsort_r(set->keys, set->count, sizeof(*set->keys), compare_keys, set->entries);
	free(spare);
	free(places);
}

/* For want of memory: move each entry to its key's place, along the cycles of the permutation. */
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

/* Bring the entries into the order of their keys. */
static void order_entries(struct entry_set *set)
{
	struct entry *ordered = malloc(set->count * sizeof(*ordered));

	if (!ordered) {
		permute(set->entries, set->keys, set->count);
		return;
	}
	for (size_t i = 0; i < set->count; i++)
		ordered[i] = set->entries[set->keys[i].index];
	free(set->entries);
	set->entries = ordered;
	set->capacity = set->count;
}

static bool is_sorted(const struct entry_set *set)
{
	for (size_t i = 1; i < set->count; i++) {
		if (prefix_compare(&set->entries[i - 1].prefix, &set->entries[i].prefix) > 0)
			return false;
	}
	return true;
}

void entry_set_finish(struct entry_set *set)
{
	struct entry *shrunk;

	if (!is_sorted(set)) {
		sort_keys(set);
		order_entries(set);
	}
	free(set->keys);
	set->keys = NULL;
	shrunk = realloc(set->entries, (set->count ? set->count : 1) * sizeof(*shrunk));
	if (shrunk) {
		set->entries = shrunk;
		set->capacity = set->count;
	}
}

struct entry_set *entry_set_unexpired(const struct entry_set *set, int64_t now_sec)
{
	struct entry_set *copy = entry_set_new();
	int err = copy ? 0 : -ENOMEM;

	for (size_t i = 0; i < set->count && !err; i++) {
		const struct entry *entry = &set->entries[i];

		if (!entry->expires_at_sec || entry->expires_at_sec > now_sec)
			err = entry_set_add(copy, entry);
	}
	if (err) {
		entry_set_unref(copy);
		return NULL;
	}
	entry_set_finish(copy);
	return copy;
}

struct entry_set *entry_set_ref(struct entry_set *set)
{
	__atomic_add_fetch(&set->references, 1, __ATOMIC_RELAXED);
	return set;
}

void entry_set_unref(struct entry_set *set)
{
	if (!set || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	while (set->strings) {
		struct string_block *next = set->strings->next;

		free(set->strings);
		set->strings = next;
	}
	free(set->keys);
	free(set->entries);
	free(set);
}

size_t entry_set_lower_bound(const struct entry_set *set, const struct prefix *prefix)
{
	return prefix_lower_bound(PREFIX_ARRAY(set->entries, set->count), prefix);
}
