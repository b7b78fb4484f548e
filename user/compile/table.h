/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables: a policy compiled into what longest-prefix match takes. */
#ifndef COMPILE_TABLE_H
#define COMPILE_TABLE_H

#include "core/policy.h"

#define NODE_MONITOR (1U << 0)

/* A prefix and who decides for the addresses whose longest prefix it is. */
struct node {
	struct prefix prefix;
	uint16_t list;	/* slot */
	uint16_t flags; /* NODE_* */
	uint32_t rule;	/* id; 0: a hole */
};

/* Sorted by prefix, each prefix once; no node decides as its parent does. */
struct table {
	struct node *nodes;
	size_t count;
};

struct tables {
	struct table of[ACTION_COUNT][FAMILY_COUNT];
};

/**
 * tables_compile() - merge the lists of @policy
 * @policy: numbered (rules.h), its lists have slots
 * @ret_tables: to be freed with tables_done()
 *
 * Within a list the most specific of entries and exclusions holds; an exclusion
 * makes a hole in that list alone. Among allow lists the most specific entry
 * decides, then the list named first; among block lists an enforcing list before
 * a monitoring one, then the same.
 *
 * Return: 0 or -ENOMEM.
 */
int tables_compile(const struct policy *policy, struct tables *ret_tables);
void tables_done(struct tables *tables);

/* The same, range by range. */
struct table_compiler;

/* For @policy, which must outlive it. NULL: out of memory. */
struct table_compiler *table_compiler_new(const struct policy *policy);
void table_compiler_free(struct table_compiler *compiler);

/**
 * table_compiler_run() - compile what decides inside @range
 * @ret_table: the nodes inside; belongs to the compiler, valid until the next run
 * @ret_outer: decides in @range where no node does; rule 0: nothing
 *
 * Return: 0 or -ENOMEM.
 */
int table_compiler_run(struct table_compiler *compiler, enum action action,
		       const struct prefix *range, struct table *ret_table, struct node *ret_outer);

#endif
