/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Builds the index (include/ipwl_index.h) of a policy, into memory that is given. */
#ifndef COMPILE_INDEX_H
#define COMPILE_INDEX_H

#include "compile/interval.h"
#include "ipwl_index.h"

/* How far an index is written. */
struct index_position {
	uint32_t region;     /* the one being filled */
	uint32_t next_line;  /* in it */
	uint32_t line_count; /* written since index_space_init() */
};

/*
 * Where the index is written: regions that are filled from the first line to the last.
 * Nothing written is ever changed, so what is not needed any more is only given back
 * with its region.
 */
struct index_space {
	unsigned char *regions[IPWL_REGIONS_MAX]; /* IPWL_REGION_BYTES each, or NULL */
	struct index_position position;

	/* Make a region and enter it above. Return: its number; -ENOSPC: there are as
	 * many as there can be; -errno. */
	int (*add_region)(struct index_space *space);
};

/* Begin with no region in use; those entered by earlier users stay untouched. */
void index_space_init(struct index_space *space, int (*add_region)(struct index_space *space));

struct index_builder;

/**
 * index_builder_new() - for a policy
 * @policy: numbered, with slots; must outlive it, as must @space
 * @split_above: intervals of one root slot above which it gets a node. Fewer means
 *               shorter searches and more memory
 *
 * NULL: out of memory.
 */
struct index_builder *index_builder_new(const struct policy *policy, struct index_space *space,
					uint32_t split_above);
void index_builder_free(struct index_builder *builder);

#define INDEX_SPLIT_ABOVE 128
/* For policies so large that nodes would not fit. */
#define INDEX_SPLIT_LARGE IPWL_WORD_COUNT_MAX
#define INDEX_LARGE_RULES (4U << 20)

/* What an index of one family begins with. */
struct index_root {
	uint32_t *words;  /* IPWL_ROOT_WORDS */
	uint32_t *filter; /* IPv4: IPWL_FILTER_WORDS, or NULL */
};

/* A filter is worth its memory from about as many IPv4 rules on. */
#define INDEX_FILTER_RULES 100000
/* Words of the filter below one word of the root. */
#define INDEX_SLOT_FILTER_WORDS (IPWL_FILTER_WORDS / IPWL_ROOT_WORDS)

/**
 * index_builder_run() - build what lies inside @range
 * @range: of at most IPWL_ROOT_BITS
 * @root: what is inside @range is set
 *
 * Return: 0; -ENOMEM; -ENOSPC: more than the index can hold, or what add_region() says.
 */
int index_builder_run(struct index_builder *builder, const struct prefix *range,
		      const struct index_root *root);

/* The same lookup that BPF does. */
struct ipwl_match index_lookup(const struct index_root *root, const struct index_space *space,
			       const struct prefix *address);

#endif
