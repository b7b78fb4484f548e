/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the index (include/ipwl_index.h) of a policy, in memory that the caller provides. */
#ifndef COMPILE_INDEX_H
#define COMPILE_INDEX_H

#include "compile/interval.h"
#include "ipwl_index.h"

/* The position at which the next unit is written. */
struct index_position {
	uint32_t generation;
	uint32_t region;     /* slot of the region that is being filled */
	uint32_t next_unit;  /* in this region */
	uint32_t unit_count; /* units used since index_space_init() */
	/* Rules of long blocks lie together, apart from the blocks. */
	uint32_t next_rule; /* its place, without flag and generation */
	uint32_t rules_left;
};

/*
 * The memory of the index: regions that are filled from the first unit to the last. Written
 * units never change. Units that are no longer needed are only freed together with their
 * region.
 */
struct index_space {
	unsigned char *regions[IPWL_REGION_SLOTS]; /* IPWL_REGION_BYTES each, or NULL: not there,
						    * or not needed at present */
	struct index_position position;

	/* Create a region of the position's generation and store it in `regions`. Return: its
	 * slot; -ENOSPC: the generation has no more regions; another -errno. */
	int (*add_region)(struct index_space *space);
	/* For index_lookup(): put the region of a slot into `regions`, where it is NULL. Return: 0
	 * or -errno. NULL: all regions are there. */
	int (*find_region)(struct index_space *space, uint32_t slot);
};

/* Start a new index of a generation, which uses none of the existing regions. Regions and
 * find_region() stay. */
void index_space_init(struct index_space *space, uint32_t generation,
		      int (*add_region)(struct index_space *space));

/* Allocate units for @bytes. Return: 0 or the -errno of add_region(). */
int index_space_take(struct index_space *space, size_t bytes, unsigned char **ret_memory,
		     uint32_t *ret_unit);
/* Allocate @count rules of a long block. @ret_place: of the first one, without flag and
 * generation. Return: as index_space_take(). */
int index_space_take_rules(struct index_space *space, size_t count, unsigned char **ret_memory,
			   uint32_t *ret_place);

/* Whether what is written next may go to the region of a slot. Between two runs of a builder, only
 * such regions need to be in `regions`. */
bool index_space_fills(const struct index_space *space, uint32_t slot);

struct index_builder;

/**
 * index_builder_new() - create a builder for a policy
 * @policy: numbered, with slots; must outlive the builder
 * @port: the lists that are for it count; 0: all lists
 * @first_port: a port whose index is built already, to share with; 0: none
 * @space: must outlive the builder
 * @averted: numbers classes; must outlive the builder
 * @split_above: up to this number of intervals share a block; more get a node. At most
 *               INDEX_SPLIT_ABOVE. A smaller number means shorter searches and more memory
 *
 * Return: the builder; NULL: out of memory.
 */
struct index_builder *index_builder_new(const struct policy *policy, uint16_t port,
					uint16_t first_port, struct index_space *space,
					struct averted_classes *averted, uint32_t split_above);
void index_builder_free(struct index_builder *builder);

#define INDEX_SPLIT_ABOVE IPWL_WORD_COUNT_MAX

/* The root of the index of one family. */
struct index_root {
	uint32_t *words; /* IPWL_ROOT_WORDS */
	/* The root of the builder's first port. Where both have the same intervals, they have the
	 * same word. NULL without a first port. */
	const uint32_t *first_words;
	uint32_t *filter; /* IPv4: IPWL_FILTER_WORDS, or NULL. With a first port, bits are added */
	uint32_t generation; /* for index_lookup() */
};

/* A filter is worth its memory from about this many IPv4 rules. */
#define INDEX_FILTER_RULES 100000
/* The number of filter words for one root word. */
#define INDEX_SLOT_FILTER_WORDS (IPWL_FILTER_WORDS / IPWL_ROOT_WORDS)

/**
 * index_builder_run() - build the index of @range
 * @range: at most IPWL_ROOT_BITS long
 * @root: the words of @range are set
 *
 * Return: 0; -ENOMEM; -ENOSPC: the index would be too large; another -errno of add_region().
 */
int index_builder_run(struct index_builder *builder, const struct prefix *range,
		      const struct index_root *root);

/* Look up an address exactly as the BPF program does. @ret_match has the id of its rule. Return: 0,
 * or the -errno of find_region(). */
int index_lookup(const struct index_root *root, struct index_space *space,
		 const struct prefix *address, struct ipwl_match *ret_match);

#endif
