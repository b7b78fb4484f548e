/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What document.c and document_scan.c share; others include document.h. */
#ifndef CONFIG_DOCUMENT_SCAN_H
#define CONFIG_DOCUMENT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/diagnostics.h"

/* A YAML text in memory. */
struct yaml_text {
	const char *path;
	const char *text; /* without byte-order mark */
	size_t bytes;
	struct diagnostics *diagnostics;
};

/* Return: 0, -ENOMEM. */
int yaml_text_parser(const struct yaml_text *text, yaml_parser_t *ret_parser);

/**
 * yaml_text_scan() - look for what must not reach the composer
 *
 * Nesting that is too deep, more or less than one document and what is no YAML
 * at all end the scan. Aliases and tags are errors too, but the composer can take
 * them: it resolves an alias to the same node, which costs nothing.
 *
 * Return: 0: the text may be composed; -EINVAL: it may not; -ENOMEM.
 */
int yaml_text_scan(const struct yaml_text *text);

/* Add the error that a parser stopped with. Return: -EINVAL or -ENOMEM. */
int yaml_text_error(const struct yaml_text *text, const yaml_parser_t *parser);

/* Whether a value with this tag (NULL: none) is what it looks like. */
bool yaml_tag_is_core(const char *tag);

#endif
