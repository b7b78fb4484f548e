/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compiles a policy into tables for longest-prefix match. */
#ifndef COMPILE_TABLE_H
#define COMPILE_TABLE_H

#include "core/policy.h"

#define NODE_MONITOR (1U << 0)

/* A prefix, and the list and rule that decide for the addresses whose longest prefix it is. */
struct node {
	struct prefix prefix;
	uint16_t list;	/* slot */
	uint16_t flags; /* NODE_* */
	uint32_t rule;	/* id; 0: a hole */
};

/* Sorted by prefix, each prefix once. Each node decides differently from its parent, or belongs
 * to other lists. */
struct table {
	struct node *nodes;
	size_t count;
	/* The lists that contain the prefix of each node, as bits of their slots: set_words for
	 * each node. NULL if they were not requested. */
	uint64_t *sets;
	size_t set_words;
};

struct tables {
	struct table of[ACTION_COUNT][FAMILY_COUNT];
};

/**
 * tables_compile() - merge the lists of @policy that are for @port
 * @policy: numbered (rules.h), its lists have slots
 * @port: a mail port; 0: all lists count
 * @ret_tables: to be freed with tables_done()
 *
 * Within a list, the most specific entry or exclusion applies. An exclusion makes a hole only
 * in its own list. Among allow lists, the most specific entry decides, then the list that is
 * named first. Among block lists, an enforcing list comes before a monitoring one; then the
 * same order applies.
 *
 * Return: 0 or -ENOMEM.
 */
int tables_compile(const struct policy *policy, uint16_t port, struct tables *ret_tables);
void tables_done(struct tables *tables);

/* Compiles the same tables range by range. */
struct table_compiler;

/* Create a compiler for @policy, which must outlive it, and @port, as above. @has_sets: tables
 * have `sets`. NULL: out of memory. */
struct table_compiler *table_compiler_new(const struct policy *policy, uint16_t port,
					  bool has_sets);
void table_compiler_free(struct table_compiler *compiler);

/**
 * table_compiler_run() - compile the table of @range
 * @ret_table: the nodes inside @range. They belong to the compiler and are valid until the next
 *             run
 * @ret_outer: decides in @range where no node does; rule 0: nothing decides there
 * @ret_outer_set: the set of @ret_outer, valid as long as the nodes; NULL without sets
 *
 * Return: 0 or -ENOMEM.
 */
int table_compiler_run(struct table_compiler *compiler, enum action action,
		       const struct prefix *range, struct table *ret_table, struct node *ret_outer,
		       const uint64_t **ret_outer_set);

#endif
