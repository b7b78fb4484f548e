/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `learn.postfix:` and its like, the log that is read. */
#ifndef CONFIG_LEARN_LOG_H
#define CONFIG_LEARN_LOG_H

#include "config/document.h"
#include "config/learn.h"

/* @learn: the mapping of all. @servers: the mapping of each server or NULL, in the order of enum
 * learn_server; if all are NULL, no log is read. Return: 0 or -ENOMEM. */
int learn_read_log(struct document *document, const yaml_node_t *learn,
		   yaml_node_t *const servers[LEARN_SERVER_COUNT], struct learn_settings *settings);

#endif
