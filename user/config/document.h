/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A YAML document with the place of each value, and typed access to its values. */
#ifndef CONFIG_DOCUMENT_H
#define CONFIG_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <yaml.h>

#include "base/diagnostics.h"
#include "config/entry_text.h"

/* A configuration is small: entries by the hundred thousand go to list files. A
 * node takes about 160 bytes of memory, and the shortest two of the file. */
#define DOCUMENT_BYTES_MAX (4U << 20)
/* The configuration needs five. */
#define DOCUMENT_DEPTH_MAX 32

struct document {
	yaml_document_t yaml;
	const char *path;
	struct diagnostics *diagnostics;
};

/**
 * document_load() - read the one document of a YAML file
 * @path: must live as long as the document
 * @ret_document: free with document_done(); untouched if there is none
 *
 * Aliases and tags are errors; the document is there nevertheless, so that other
 * errors are found, and values that they make unknown are passed over.
 *
 * Return: 0, also if errors were added but there is a document; -EINVAL; -ENOMEM.
 */
int document_load(const char *path, struct diagnostics *diagnostics, struct document *ret_document);
void document_done(struct document *document);

yaml_node_t *document_root(struct document *document);

/* Add an error or a warning at the place of @node. */
void document_error(struct document *document, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Parse all of a text as a decimal number or, where @allow_hex, one with 0x. */
bool document_parse_number(const char *text, bool allow_hex, uint32_t *ret_number);

/*
 * Typed access. A value of another type adds an error and is answered with NULL or
 * false; @name is what the error calls it. A value that is in error already
 * (a tag, an alias) is answered in the same way without another one.
 */

/* One value as text; all scalars are text here, whatever YAML would guess. */
const char *document_text(struct document *document, const yaml_node_t *node, const char *name);

/* A number as document_parse_number() takes it, from @min to @max. */
bool document_number(struct document *document, const yaml_node_t *node, const char *name,
		     bool allow_hex, uint32_t min, uint32_t max, uint32_t *ret_number);

/* One of a set of words, as its index. */
bool document_choice(struct document *document, const yaml_node_t *node, const char *name,
		     const char *const words[], size_t word_count, size_t *ret_index);

/* How many items a sequence has, 0 if it is none. Nothing counts as an empty one. */
bool document_sequence(struct document *document, const yaml_node_t *node, const char *name,
		       size_t *ret_count);
yaml_node_t *document_item(struct document *document, const yaml_node_t *sequence, size_t index);

/* The values of a mapping, in the order of @keys, NULL where a key is absent. Keys
 * that are unknown or there twice are errors. Nothing counts as an empty mapping. */
bool document_mapping(struct document *document, const yaml_node_t *node, const char *name,
		      const char *const keys[], size_t key_count, yaml_node_t *ret_values[]);

/* Where a node, or the text of a scalar behind its quote, begins. */
struct place document_place(const struct document *document, const yaml_node_t *node);

#endif
