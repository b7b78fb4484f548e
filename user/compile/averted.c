/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A class keeps its number as long as its lists are configured, so its counters stay its own.
 * There are few of them, so a search among all is quick, and a small cache avoids most searches.
 */
#include "compile/averted.h"

#include <string.h>

static bool is_in_use(const struct averted_classes *classes, size_t index)
{
	return classes->classes[IPWL_CLASS_AVERTED + index].verdict != 0;
}

static bool is_same(const struct averted_classes *classes, size_t index, uint16_t allow,
		    const struct ipwl_block_set *set)
{
	return is_in_use(classes, index) &&
	       classes->classes[IPWL_CLASS_AVERTED + index].list == allow &&
	       !memcmp(&classes->sets[index], set, sizeof(*set));
}

static size_t hash_of(uint16_t allow, const uint64_t *set, size_t words)
{
	uint64_t hash = allow;

	for (size_t i = 0; i < words; i++)
		hash = (hash ^ set[i]) * 0x9e3779b97f4a7c15U;
	return (size_t)(hash >> 32) % AVERTED_RECENT;
}

/* The set is written before the class is in use. */
static void write_class(struct averted_classes *classes, size_t index, uint16_t allow,
			const struct ipwl_block_set *set)
{
	struct ipwl_class content = { .list = allow, .verdict = IPWL_AVERTED };

	classes->sets[index] = *set;
	__atomic_store(&classes->classes[IPWL_CLASS_AVERTED + index], &content, __ATOMIC_RELEASE);
}

/* Return: an index, or IPWL_AVERTED_MAX if there is neither such a class nor a free one. */
static size_t find_or_take(struct averted_classes *classes, uint16_t allow,
			   const struct ipwl_block_set *set)
{
	size_t first_free = IPWL_AVERTED_MAX;

	for (size_t i = 0; i < IPWL_AVERTED_MAX; i++) {
		if (is_same(classes, i, allow, set))
			return i;
		if (first_free == IPWL_AVERTED_MAX && !is_in_use(classes, i))
			first_free = i;
	}
	if (first_free < IPWL_AVERTED_MAX)
		write_class(classes, first_free, allow, set);
	return first_free;
}

uint16_t averted_class(struct averted_classes *classes, uint16_t allow, const uint64_t *set,
		       size_t words)
{
	uint16_t *recent = &classes->recent[hash_of(allow, set, words)];
	struct ipwl_block_set whole = { .words = { 0 } };
	size_t index;

	memcpy(whole.words, set, words * sizeof(*set));
	if (*recent && is_same(classes, *recent - IPWL_CLASS_AVERTED, allow, &whole))
		return *recent;
	index = find_or_take(classes, allow, &whole);
	if (index == IPWL_AVERTED_MAX) {
		classes->is_full = true;
		return allow | IPWL_CLASS_SECOND;
	}
	*recent = (uint16_t)(IPWL_CLASS_AVERTED + index);
	return *recent;
}

/* Return whether the class is free afterwards. */
static bool forget_in_class(struct averted_classes *classes, size_t index, uint16_t slot)
{
	static const struct ipwl_block_set empty;
	struct ipwl_class unused = { .verdict = 0 };
	struct ipwl_block_set *set = &classes->sets[index];

	set->words[slot / 64] &= ~(1ULL << slot % 64);
	if (classes->classes[IPWL_CLASS_AVERTED + index].list != slot &&
	    memcmp(set, &empty, sizeof(empty)) != 0)
		return false;
	__atomic_store(&classes->classes[IPWL_CLASS_AVERTED + index], &unused, __ATOMIC_RELEASE);
	return true;
}

size_t averted_forget(struct averted_classes *classes, uint16_t slot,
		      uint16_t ret_freed[IPWL_AVERTED_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < IPWL_AVERTED_MAX; i++)
		if (is_in_use(classes, i) && forget_in_class(classes, i, slot))
			ret_freed[count++] = (uint16_t)i;
	return count;
}
