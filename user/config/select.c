/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `select` of a list or a feed: conditions for the fields of records. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "config/parts.h"

static bool has_condition(const struct select *select, const char *field)
{
	for (size_t i = 0; i < select->count; i++) {
		if (!strcasecmp(select->conditions[i].field, field))
			return true;
	}
	return false;
}

static int read_condition(struct document *document, const yaml_node_pair_t *pair,
			  struct select *select)
{
	const yaml_node_t *key = yaml_document_get_node(&document->yaml, pair->key);
	const yaml_node_t *node = yaml_document_get_node(&document->yaml, pair->value);
	const char *field = document_text(document, key, "a field of select");
	const char *value = document_text(document, node, "a value of select");

	if (!field || !value)
		return 0;
	if (select->count == SELECT_MAX)
		document_error(document, key, "more than %d fields in select: remove some",
			       SELECT_MAX);
	else if (has_condition(select, field))
		document_error(document, key,
			       "%.80s is duplicated in select: remove one, because a record must "
			       "fulfil all conditions",
			       field);
	else
		return select_add(select, field, value);
	return 0;
}

int select_read(struct document *document, const yaml_node_t *node, struct select *select)
{
	int err = 0;

	if (node->type != YAML_MAPPING_NODE) {
		document_error(document, node,
			       "select must be a mapping of fields to values, such as "
			       "{service: S3}");
		return 0;
	}
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top && !err; pair++)
		err = read_condition(document, pair, select);
	return err;
}
