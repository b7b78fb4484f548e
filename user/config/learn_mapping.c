/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the mappings of `learn:`, with their numbers and durations. */
#include "config/learn_mapping.h"

#include "base/duration.h"

static void read_field(struct document *document, const yaml_node_t *node,
		       const struct learn_field *field, struct learn_settings *settings)
{
	const char *text, *refusal;
	int64_t sec;

	if (!field->is_duration) {
		document_number(document, node, field->key, false, (uint32_t)field->min,
				(uint32_t)field->max, learn_field_number(settings, field));
		return;
	}
	text = document_text(document, node, field->key);
	if (!text)
		return;
	refusal = duration_parse(text, &sec);
	if (refusal)
		document_error(document, node, "%s: \"%.40s\" %s", field->key, text, refusal);
	else if (sec < field->min || sec > field->max)
		document_error(document, node, "%s: must be from %lldh to %lldd, not \"%.40s\"",
			       field->key, (long long)field->min / 3600,
			       (long long)field->max / 86400, text);
	else
		*learn_field_duration(settings, field) = sec;
}

bool learn_read_mapping(struct document *document, const struct learn_mapping *mapping,
			const char *const *keys, size_t key_count,
			const struct learn_field_table *table, yaml_node_t *values[],
			struct learn_settings *settings)
{
	const char *all[LEARN_KEYS_MAX];

	for (size_t i = 0; i < key_count; i++)
		all[i] = keys[i];
	for (size_t i = 0; i < table->count; i++)
		all[key_count + i] = table->fields[i].key;
	if (!document_mapping(document, mapping->node, mapping->name, all, key_count + table->count,
			      values))
		return false;
	for (size_t i = 0; i < table->count; i++)
		if (values[key_count + i])
			read_field(document, values[key_count + i], &table->fields[i], settings);
	return true;
}
