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

/* Largest file. A configuration is small, because large lists belong in list files. A node
 * takes about 160 bytes of memory, but may take only two bytes of the file. */
#define DOCUMENT_BYTES_MAX (4U << 20)
/* Deepest nesting. The configuration needs 5 levels. */
#define DOCUMENT_DEPTH_MAX 32

struct document {
	yaml_document_t yaml;
	const char *path;
	struct diagnostics *diagnostics;
};

/**
 * document_load() - read a YAML file with one document
 * @path: must outlive the document
 * @ret_document: to be freed with document_done(); untouched if an error is returned
 *
 * Aliases and tags are errors. The document is returned all the same, so that the caller can
 * find further errors. Values that are unknown because of an alias or a tag are ignored.
 *
 * Return: 0, even if errors were added; -EINVAL: there is no document; -ENOMEM.
 */
int document_load(const char *path, struct diagnostics *diagnostics, struct document *ret_document);
void document_done(struct document *document);

yaml_node_t *document_root(struct document *document);

/* Add an error or a warning at the place of @node. */
void document_error(struct document *document, const yaml_node_t *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Parse a whole text as a decimal number or, if @allow_hex, a hexadecimal one with 0x. */
bool document_parse_number(const char *text, bool allow_hex, uint32_t *ret_number);

/*
 * Typed access. For a value of another type, these functions add an error that calls it @name,
 * and return NULL or false. For a value with an earlier error (a tag or an alias), they return
 * the same without another error.
 */

/* A scalar as text. All scalars are text here, whatever type YAML would guess. */
const char *document_text(struct document *document, const yaml_node_t *node, const char *name);

/* A number in the form of document_parse_number(), from @min to @max. */
bool document_number(struct document *document, const yaml_node_t *node, const char *name,
		     bool allow_hex, uint32_t min, uint32_t max, uint32_t *ret_number);

/* A number from 1 to @max, or 0 for "none". After an error, @ret_number is unchanged. */
void document_number_or_none(struct document *document, const yaml_node_t *node, const char *name,
			     uint32_t max, uint32_t *ret_number);

/* A duration like 1d12h, from @min_sec to @max_sec. NULL, or an error: @ret_sec does not change. */
void document_duration(struct document *document, const yaml_node_t *node, const char *name,
		       int64_t min_sec, int64_t max_sec, uint32_t *ret_sec);

/* The index of a value in a set of words. */
bool document_choice(struct document *document, const yaml_node_t *node, const char *name,
		     const char *const words[], size_t word_count, size_t *ret_index);

/* The number of items of a sequence; 0 on error. An empty value is an empty sequence. */
bool document_sequence(struct document *document, const yaml_node_t *node, const char *name,
		       size_t *ret_count);
yaml_node_t *document_item(struct document *document, const yaml_node_t *sequence, size_t index);

/* The values of a mapping, in the order of @keys; NULL if a key is absent. Unknown and
 * duplicate keys are errors. An empty value is an empty mapping. */
bool document_mapping(struct document *document, const yaml_node_t *node, const char *name,
		      const char *const keys[], size_t key_count, yaml_node_t *ret_values[]);

/* The place where a node begins. If a scalar is quoted, this is the place of its text. */
struct place document_place(const struct document *document, const yaml_node_t *node);

#endif
