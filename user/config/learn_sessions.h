/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `learn.sessions:`. */
#ifndef CONFIG_LEARN_SESSIONS_H
#define CONFIG_LEARN_SESSIONS_H

#include "config/document.h"
#include "config/learn.h"

/* @node: NULL: the defaults stay. Return: 0 or -ENOMEM. */
int learn_read_sessions(struct document *document, const yaml_node_t *node,
			struct learn_settings *settings);

#endif
