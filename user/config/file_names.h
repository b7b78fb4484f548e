/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the list files that patterns stand for. */
#ifndef CONFIG_FILE_NAMES_H
#define CONFIG_FILE_NAMES_H

#include "config/document.h"

struct file_names {
	char **items;
	size_t count;
};

/**
 * file_names_add() - append what the pattern of a scalar stands for
 * @pattern: relative ones begin at the configuration's directory
 *
 * Sorted; a name that is there already is left out. A pattern with a wildcard may
 * stand for nothing.
 *
 * Return: 0, also if an error was added; -ENOMEM.
 */
int file_names_add(struct file_names *names, struct document *document, const yaml_node_t *pattern);
void file_names_done(struct file_names *names);

#endif
