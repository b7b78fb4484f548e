/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by document.c and document_scan.c. Other files include document.h. */
#ifndef CONFIG_DOCUMENT_SCAN_H
#define CONFIG_DOCUMENT_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/diagnostics.h"

/* A YAML text in memory. */
struct yaml_text {
	const char *path;
	const char *text; /* without a byte-order mark */
	size_t bytes;
	struct diagnostics *diagnostics;
};

/* Make a parser for the text. Return: 0 or -ENOMEM. */
int yaml_text_parser(const struct yaml_text *text, yaml_parser_t *ret_parser);

/**
 * yaml_text_scan() - check a text before it is composed into a document
 *
 * The scan stops at a syntax error, if nesting is too deep, or if there is not exactly one
 * document. Aliases and tags are errors, too, but do not stop it. The composer accepts them: it
 * resolves an alias to the same node, which costs nothing.
 *
 * Return: 0: the text may be composed; -EINVAL: it must not be; -ENOMEM.
 */
int yaml_text_scan(const struct yaml_text *text);

/* Add the error at which a parser stopped. Return: -EINVAL or -ENOMEM. */
int yaml_text_error(const struct yaml_text *text, const yaml_parser_t *parser);

/* Whether this tag (NULL: none) leaves the type of the value as it looks. */
bool yaml_tag_is_core(const char *tag);

#endif
