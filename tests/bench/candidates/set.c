/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random prefixes, the disjoint intervals that they make, and the oracle. */
#include <stdlib.h>
#include <string.h>

#include "candidates.h"

/* splitmix64 */
uint64_t set_random(struct set *set)
{
	uint64_t z = (set->random += 0x9e3779b97f4a7c15U);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static uint32_t mask_of(unsigned int length)
{
	return length ? UINT32_MAX << (32 - length) : 0;
}

static uint8_t draw_length(struct set *set)
{
	uint32_t permille = (uint32_t)(set_random(set) % 1000);

	if (permille < 650)
		return 32;
	if (permille < 960)
		return 24;
	if (permille < 990)
		return 22;
	return permille < 999 ? 20 : 16;
}

static int compare_networks(const void *a, const void *b)
{
	const struct network *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (int)x->length - (int)y->length;
}

static void sort_unique(struct networks *networks)
{
	size_t kept = 0;

	qsort(networks->items, networks->count, sizeof(*networks->items), compare_networks);
	for (size_t i = 0; i < networks->count; i++) {
		if (!kept || compare_networks(&networks->items[kept - 1], &networks->items[i]))
			networks->items[kept++] = networks->items[i];
	}
	networks->count = kept;
}

struct cover {
	struct interval *items;
	size_t count;
};

static void cover_add(struct cover *cover, uint64_t first, uint64_t end, uint32_t decision)
{
	struct interval *last = cover->count ? &cover->items[cover->count - 1] : NULL;

	if (first >= end || !decision)
		return;
	if (last && last->decision == decision && (uint64_t)last->last + 1 == first) {
		last->last = (uint32_t)(end - 1);
		return;
	}
	cover->items[cover->count++] =
	    (struct interval) { (uint32_t)first, (uint32_t)(end - 1), decision };
}

static uint64_t network_end(const struct network *network)
{
	return network->address + (1ULL << (32 - network->length));
}

/* The most specific network's rule, for each address in @networks. */
static struct cover flatten(const struct networks *networks, uint32_t flags)
{
	const struct network *open[33];
	struct cover cover = { allocate(networks->count * 2 + 1, sizeof(struct interval)), 0 };
	size_t depth = 0;
	uint64_t at = 0;

	for (size_t i = 0; i <= networks->count; i++) {
		const struct network *next = i < networks->count ? &networks->items[i] : NULL;
		uint64_t begin = next ? next->address : 1ULL << 32;

		while (depth && network_end(open[depth - 1]) <= begin) {
			depth--;
			cover_add(&cover, at, network_end(open[depth]), open[depth]->rule | flags);
			at = network_end(open[depth]);
		}
		if (depth)
			cover_add(&cover, at, begin, open[depth - 1]->rule | flags);
		at = begin;
		if (next)
			open[depth++] = next;
	}
	return cover;
}

/* Where @at lies in @cover's interval *@index or before it: its decision, 0 if before.
 * *@end becomes the next address where that may change, if it is nearer. */
static uint32_t decision_at(const struct cover *cover, size_t *index, uint64_t at, uint64_t *end)
{
	const struct interval *interval;

	while (*index < cover->count && cover->items[*index].last < at)
		++*index;
	if (*index == cover->count)
		return 0;
	interval = &cover->items[*index];
	if (at < interval->first) {
		*end = interval->first < *end ? interval->first : *end;
		return 0;
	}
	*end = interval->last + 1ULL < *end ? interval->last + 1ULL : *end;
	return interval->decision;
}

/* Allow beats block. */
static void overlay(struct set *set, const struct cover *allow, const struct cover *block)
{
	struct cover cover = {
		allocate(2 * (allow->count + block->count) + 1, sizeof(struct interval)), 0
	};
	size_t in_allow = 0, in_block = 0;
	uint64_t end;

	for (uint64_t at = 0; at < 1ULL << 32; at = end) {
		uint32_t allowed, blocked;

		end = 1ULL << 32;
		allowed = decision_at(allow, &in_allow, at, &end);
		blocked = decision_at(block, &in_block, at, &end);
		if (allowed && blocked)
			allowed |= DECISION_BOTH;
		cover_add(&cover, at, end, allowed ? allowed : blocked);
	}
	set->intervals = cover.items;
	set->interval_count = cover.count;
}

/* Crowded: the upper half is one of count / 256, spread by a multiplication. */
static uint32_t draw_address(struct set *set, enum kind kind)
{
	uint32_t address = (uint32_t)set_random(set);
	uint64_t crowd = set_random(set) % (set->prefix_count / 256);

	if (kind != KIND_CLUSTERED || set_random(set) % 2)
		return address;
	return (address & 0xffff) | (uint32_t)(crowd * 40503) << 16;
}

void set_init(struct set *set, size_t count, enum kind kind, uint64_t seed)
{
	struct cover allow, block;

	*set = (struct set) { .prefix_count = count, .random = seed };
	set->allow.items = allocate(count, sizeof(struct network));
	set->block.items = allocate(count, sizeof(struct network));
	for (size_t i = 0; i < count; i++) {
		struct networks *list = i % 10 ? &set->block : &set->allow;
		uint8_t length = kind == KIND_ADDRESSES ? 32 : draw_length(set);

		list->items[list->count++] = (struct network) {
			.address = draw_address(set, kind) & mask_of(length),
			.rule = (uint32_t)i + 1,
			.length = length,
		};
	}
	sort_unique(&set->allow);
	sort_unique(&set->block);
	allow = flatten(&set->allow, DECISION_ALLOW);
	block = flatten(&set->block, 0);
	overlay(set, &allow, &block);
	free(allow.items);
	free(block.items);
}

void set_done(struct set *set)
{
	free(set->allow.items);
	free(set->block.items);
	free(set->intervals);
}

uint32_t set_listed(struct set *set)
{
	size_t at = set_random(set) % (set->allow.count + set->block.count);
	const struct network *network = at < set->allow.count
					    ? &set->allow.items[at]
					    : &set->block.items[at - set->allow.count];

	return network->address | ((uint32_t)set_random(set) & ~mask_of(network->length));
}

static uint32_t longest_match(const struct networks *networks, uint32_t address)
{
	for (unsigned int length = 33; length-- > 0;) {
		struct network key = { .address = address & mask_of(length),
				       .length = (uint8_t)length };
		const struct network *found =
		    bsearch(&key, networks->items, networks->count, sizeof(key), compare_networks);

		if (found)
			return found->rule;
	}
	return 0;
}

uint32_t set_oracle(const struct set *set, uint32_t address)
{
	uint32_t allowed = longest_match(&set->allow, address);
	uint32_t blocked = longest_match(&set->block, address);

	if (allowed)
		return allowed | DECISION_ALLOW | (blocked ? DECISION_BOTH : 0);
	return blocked;
}
