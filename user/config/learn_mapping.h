/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mapping of `learn:`: keys of a table (learn_fields.h), and others. */
#ifndef CONFIG_LEARN_MAPPING_H
#define CONFIG_LEARN_MAPPING_H

#include "config/document.h"
#include "config/learn_fields.h"

#define LEARN_KEYS_MAX 48

/* A mapping, and its key. */
struct learn_mapping {
	const yaml_node_t *node;
	const char *name;
};

/* Read a mapping with the other keys @keys first, then those of @table, which are stored in
 * @settings. @values: room for LEARN_KEYS_MAX nodes, in this order; NULL: the key is not there.
 * Return: whether the mapping could be read. */
bool learn_read_mapping(struct document *document, const struct learn_mapping *mapping,
			const char *const *keys, size_t key_count,
			const struct learn_field_table *table, yaml_node_t *values[],
			struct learn_settings *settings);

#endif
