/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fills DIR-24-8 and the poptrie. */
#include <stdlib.h>
#include <string.h>

#include "candidates.h"

/* The first of the set's intervals that ends at or behind @address. */
static size_t interval_from(const struct set *set, uint32_t address)
{
	size_t low = 0, high = set->interval_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (set->intervals[middle].last < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is one decision, 0 too, that of all addresses from @first to @last? */
static bool is_uniform(const struct set *set, uint32_t first, uint32_t last, uint32_t *ret_decision)
{
	size_t at = interval_from(set, first);
	const struct interval *interval = &set->intervals[at];

	*ret_decision = 0;
	if (at == set->interval_count || interval->first > last)
		return true;
	*ret_decision = interval->decision;
	return interval->first <= first && interval->last >= last;
}

size_t fill_dir24(struct bpf_object *object, const struct set *set)
{
	size_t size;
	uint32_t *first = storage_map(object, "dir24_first", &size);
	struct regions regions;

	regions_open(&regions, object, "dir24_regions");
	for (uint32_t net = 0; net < 1U << 24; net++) {
		uint32_t decision;
		void *second;

		if (is_uniform(set, net << 8, net << 8 | 0xff, &decision)) {
			first[net] = decision;
			continue;
		}
		first[net] = WORD_DIRECT | regions_take(&regions, 1024, 10, &second);
		for (uint32_t host = 0; host < 256; host++) {
			is_uniform(set, net << 8 | host, net << 8 | host, &decision);
			((uint32_t *)second)[host] = decision;
		}
	}
	storage_unmap(first, size);
	return size + regions_close(&regions);
}

/* ---- poptrie -------------------------------------------------------------- */

struct poptrie {
	const struct set *set;
	struct poptrie_node *nodes;
	uint32_t *leaves;
	size_t node_count, node_limit;
	size_t leaf_count, leaf_limit;
};

/* Children below the 32nd bit all stand for the one address above them. */
static void child_range(uint64_t base, int shift, uint64_t child, uint32_t *first, uint32_t *last)
{
	*first = (uint32_t)((base | child << shift) >> 4);
	*last = (uint32_t)((base | child << shift | ((1ULL << shift) - 1)) >> 4);
}

/* Make node @at for the addresses from @base on; @base and @shift count 4 bits more
 * than an address has. */
static void make_node(struct poptrie *trie, size_t at, uint64_t base, int shift)
{
	struct poptrie_node node = { .first_leaf = (uint32_t)trie->leaf_count,
				     .first_node = (uint32_t)trie->node_count };
	uint32_t first, last, decision, before = UINT32_MAX;

	for (uint64_t child = 0; child < 64; child++) {
		child_range(base, shift, child, &first, &last);
		if (!is_uniform(trie->set, first, last, &decision)) {
			node.children |= 1ULL << child;
			trie->node_count++;
		} else if (decision != before) {
			node.leaves |= 1ULL << child;
			if (trie->leaf_count == trie->leaf_limit)
				fail("more poptrie leaves than %zu", trie->leaf_limit);
			trie->leaves[trie->leaf_count++] = decision;
			before = decision;
		}
	}
	if (trie->node_count > trie->node_limit)
		fail("more poptrie nodes than %zu", trie->node_limit);
	trie->nodes[at] = node;
	at = node.first_node;
	for (uint64_t child = 0; child < 64; child++) {
		if (node.children >> child & 1)
			make_node(trie, at++, base | child << shift, shift - 6);
	}
}

size_t fill_poptrie(struct bpf_object *object, const struct set *set)
{
	size_t size, nodes_size, leaves_size;
	uint32_t *first = storage_map(object, "poptrie_first", &size);
	struct poptrie trie = { .set = set };

	trie.nodes = storage_map(object, "poptrie_nodes", &nodes_size);
	trie.leaves = storage_map(object, "poptrie_leaves", &leaves_size);
	trie.node_limit = nodes_size / sizeof(struct poptrie_node);
	trie.leaf_limit = leaves_size / sizeof(uint32_t);
	for (uint32_t i = 0; i < 1U << POPTRIE_DIRECT_BITS; i++) {
		uint32_t base = i << (32 - POPTRIE_DIRECT_BITS), decision;

		if (is_uniform(set, base, base | UINT32_MAX >> POPTRIE_DIRECT_BITS, &decision)) {
			first[i] = decision;
			continue;
		}
		first[i] = WORD_DIRECT | (uint32_t)trie.node_count;
		make_node(&trie, trie.node_count++, (uint64_t)base << 4, 12);
	}
	storage_unmap(first, size);
	storage_unmap(trie.nodes, nodes_size);
	storage_unmap(trie.leaves, leaves_size);
	return size + trie.node_count * sizeof(struct poptrie_node) +
	       trie.leaf_count * sizeof(uint32_t);
}
