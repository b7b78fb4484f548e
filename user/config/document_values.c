/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Typed, strict access to the values of a document. Errors say what to write instead. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/number.h"
#include "config/document.h"
#include "config/document_scan.h"

void document_error(struct document *document, const yaml_node_t *node, const char *format, ...)
{
	char message[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	diagnostics_add(document->diagnostics, SEVERITY_ERROR, document->path,
			(uint32_t)node->start_mark.line + 1, (uint32_t)node->start_mark.column + 1,
			"%s", message);
}

static const char *text_of(const yaml_node_t *scalar)
{
	return (const char *)scalar->data.scalar.value;
}

/* Whether a value is empty, as in `key:` with all items commented out. */
static bool is_nothing(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && yaml_tag_is_core((const char *)node->tag) &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (node->data.scalar.length == 0 || !strcmp(text_of(node), "~") ||
		!strcmp(text_of(node), "null"));
}

static void type_error(struct document *document, const yaml_node_t *node, const char *name,
		       yaml_node_type_t expected)
{
	bool is_scalar = node->type == YAML_SCALAR_NODE;

	if (expected == YAML_SEQUENCE_NODE && is_scalar)
		document_error(document, node, "%s must be a list, not one value: write [%.80s]",
			       name, text_of(node));
	else if (expected == YAML_SEQUENCE_NODE)
		document_error(document, node,
			       "%s must be a list, not a mapping: begin each item with \"- \"",
			       name);
	else if (expected == YAML_MAPPING_NODE)
		document_error(document, node,
			       "%s must be a mapping, not %s: write lines of KEY: VALUE", name,
			       is_scalar ? "one value" : "a list");
	else if (node->type == YAML_SEQUENCE_NODE)
		document_error(document, node,
			       "%s must be one value, not a list: quote a text that begins with [",
			       name);
	else
		document_error(document, node,
			       "%s must be one value, not a mapping: quote a text with a colon at "
			       "its end or before a space",
			       name);
}

/* Whether a node has the type and is not in error already. */
static bool check_type(struct document *document, const yaml_node_t *node, const char *name,
		       yaml_node_type_t expected)
{
	if (!yaml_tag_is_core((const char *)node->tag))
		return false;
	if (node->type == expected)
		return true;
	type_error(document, node, name, expected);
	return false;
}

const char *document_text(struct document *document, const yaml_node_t *node, const char *name)
{
	if (!check_type(document, node, name, YAML_SCALAR_NODE))
		return NULL;
	if (strlen(text_of(node)) != node->data.scalar.length) {
		document_error(document, node, "%s contains a NUL character: remove it", name);
		return NULL;
	}
	return text_of(node);
}

bool document_parse_number(const char *text, bool allow_hex, uint32_t *ret_number)
{
	bool is_hex = allow_hex && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	int64_t number;

	/* Octal to YAML 1.1, decimal to YAML 1.2. */
	if (!is_hex && text[0] == '0' && text[1] != '\0')
		return false;
	if (is_hex ? !number_parse_hex(text + 2, 0, UINT32_MAX, &number)
		   : !number_parse(text, 0, UINT32_MAX, &number))
		return false;
	*ret_number = (uint32_t)number;
	return true;
}

bool document_number(struct document *document, const yaml_node_t *node, const char *name,
		     bool allow_hex, uint32_t min, uint32_t max, uint32_t *ret_number)
{
	const char *text = document_text(document, node, name);
	uint32_t number;

	if (!text)
		return false;
	if (document_parse_number(text, allow_hex, &number) && number >= min && number <= max) {
		*ret_number = number;
		return true;
	}
	document_error(document, node,
		       "%s: must be a decimal%s number from %u to %u, not \"%.40s\"", name,
		       allow_hex ? " or 0x hexadecimal" : "", min, max, text);
	return false;
}

/* Write the words as "A, B and C"; @conjunction: " and ", " or ". */
static void join(const char *const words[], size_t word_count, const char *conjunction, char *text,
		 size_t text_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < word_count && used < text_bytes; i++)
		used += (size_t)snprintf(text + used, text_bytes - used, "%s%s",
					 !i		      ? ""
					 : i + 1 < word_count ? ", "
							      : conjunction,
					 words[i]);
}

void document_number_or_none(struct document *document, const yaml_node_t *node, const char *name,
			     uint32_t max, uint32_t *ret_number)
{
	const char *text = document_text(document, node, name);

	if (text && !strcmp(text, "none"))
		*ret_number = 0;
	else if (text)
		document_number(document, node, name, false, 1, max, ret_number);
}

void document_duration(struct document *document, const yaml_node_t *node, const char *name,
		       int64_t min_sec, int64_t max_sec, uint32_t *ret_sec)
{
	const char *text = node ? document_text(document, node, name) : NULL;
	char min_text[DURATION_TEXT_BYTES], max_text[DURATION_TEXT_BYTES];
	const char *trouble;
	int64_t sec = 0;

	if (!text)
		return;
	trouble = duration_parse(text, &sec);
	if (trouble)
		document_error(document, node, "%s: \"%.40s\" %s: write 12h or 1d12h", name, text,
			       trouble);
	else if (sec < min_sec || sec > max_sec)
		document_error(document, node, "%s: \"%.40s\" is not between %s and %s", name, text,
			       duration_format(min_sec, min_text),
			       duration_format(max_sec, max_text));
	else
		*ret_sec = (uint32_t)sec;
}

bool document_choice(struct document *document, const yaml_node_t *node, const char *name,
		     const char *const words[], size_t word_count, size_t *ret_index)
{
	const char *text = document_text(document, node, name);
	char all[512];

	if (!text)
		return false;
	for (size_t i = 0; i < word_count; i++) {
		if (!strcmp(text, words[i])) {
			*ret_index = i;
			return true;
		}
	}
	join(words, word_count, " or ", all, sizeof(all));
	document_error(document, node, "%s: must be %s, not \"%.40s\"", name, all, text);
	return false;
}

bool document_sequence(struct document *document, const yaml_node_t *node, const char *name,
		       size_t *ret_count)
{
	*ret_count = 0;
	if (is_nothing(node))
		return true;
	if (!check_type(document, node, name, YAML_SEQUENCE_NODE))
		return false;
	*ret_count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
	return true;
}

yaml_node_t *document_item(struct document *document, const yaml_node_t *sequence, size_t index)
{
	return yaml_document_get_node(&document->yaml, sequence->data.sequence.items.start[index]);
}

static void take_pair(struct document *document, const yaml_node_pair_t *pair,
		      const char *const keys[], size_t key_count, yaml_node_t *values[])
{
	yaml_node_t *key = yaml_document_get_node(&document->yaml, pair->key);
	yaml_node_t *value = yaml_document_get_node(&document->yaml, pair->value);
	const char *text = document_text(document, key, "key");
	char all[512];
	size_t i = 0;

	if (!text)
		return;
	while (i < key_count && strcmp(text, keys[i]) != 0)
		i++;
	if (i == key_count) {
		join(keys, key_count, " and ", all, sizeof(all));
		document_error(document, key, "unknown key \"%.40s\": the keys here are %s", text,
			       all);
	} else if (values[i]) {
		document_error(document, key,
			       "duplicate key \"%s\": its first value is in line %zu", text,
			       values[i]->start_mark.line + 1);
	} else {
		values[i] = value;
	}
}

bool document_mapping(struct document *document, const yaml_node_t *node, const char *name,
		      const char *const keys[], size_t key_count, yaml_node_t *ret_values[])
{
	memset(ret_values, 0, key_count * sizeof(ret_values[0]));
	if (is_nothing(node))
		return true;
	if (!check_type(document, node, name, YAML_MAPPING_NODE))
		return false;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++)
		take_pair(document, pair, keys, key_count, ret_values);
	return true;
}

struct place document_place(const struct document *document, const yaml_node_t *node)
{
	const yaml_mark_t *start = &node->start_mark, *end = &node->end_mark;
	struct place place = { document->path, (uint32_t)start->line + 1,
			       (uint32_t)start->column + 1, false };
	uint32_t quote;

	if (node->type != YAML_SCALAR_NODE)
		return place;
	quote = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1;
	/* This does not hold with escapes, a tag, several lines or a block scalar. */
	if (start->line == end->line &&
	    end->column - start->column == node->data.scalar.length + 2 * (size_t)quote) {
		place.column += quote;
		place.is_verbatim = true;
	}
	return place;
}
