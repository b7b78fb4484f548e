/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a longest-prefix match, as the kernel makes it, finds in a compiled table. */
#ifndef UNIT_TABLE_LOOKUP_H
#define UNIT_TABLE_LOOKUP_H

#include "compile/table.h"
#include "core/prefix_search.h"

/* The node that decides for an address; NULL: none matches, or a hole does. */
static inline const struct node *table_lookup(const struct table *table,
					      const struct prefix *address)
{
	size_t index = prefix_find_covering(PREFIX_ARRAY(table->nodes, table->count), address);

	if (index == table->count || !table->nodes[index].rule)
		return NULL;
	return &table->nodes[index];
}

#endif
