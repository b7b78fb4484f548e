/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `learn.postfix:`, the log that is read. */
#ifndef CONFIG_LEARN_POSTFIX_H
#define CONFIG_LEARN_POSTFIX_H

#include "config/document.h"
#include "config/learn.h"

/* @node: NULL: no log is read. Return: 0 or -ENOMEM. */
int learn_read_postfix(struct document *document, const yaml_node_t *node,
		       struct learn_settings *settings);

#endif
