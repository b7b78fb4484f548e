/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Expands patterns to names of list files. */
#ifndef CONFIG_FILE_NAMES_H
#define CONFIG_FILE_NAMES_H

#include "config/document.h"

struct file_names {
	char **items;
	size_t count;
};

/**
 * file_names_add() - append the files that a pattern matches
 * @pattern: a scalar; a relative pattern begins at the configuration's directory
 *
 * The names are sorted. A name that was added before is left out. A pattern with a wildcard may
 * match nothing.
 *
 * Return: 0, even if an error was added; -ENOMEM.
 */
int file_names_add(struct file_names *names, struct document *document, const yaml_node_t *pattern);
void file_names_done(struct file_names *names);

#endif
