/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads which log of Postfix is read: a file, or the journal. */
#include "config/learn_postfix.h"

#include <errno.h>
#include <string.h>

#include "config/parts.h"

/* It is part of a name in the database. */
#define PATH_BYTES_MAX 200

static const char *const keys[] = { "file", "journal" };

static bool check_path(struct document *document, const yaml_node_t *node, const char *key,
		       const char *path, const char *help)
{
	const char *c = path;

	while ((unsigned char)*c >= ' ' && *c != 0x7f)
		c++;
	if (*path == '/' && !*c && strlen(path) <= PATH_BYTES_MAX)
		return true;
	document_error(document, node, "%s: \"%.80s\" must be %s, of at most %d characters", key,
		       path, help, PATH_BYTES_MAX);
	return false;
}

int learn_read_postfix(struct document *document, const yaml_node_t *node,
		       struct learn_settings *settings)
{
	yaml_node_t *values[2];
	const char *file, *journal;

	if (!node || !document_mapping(document, node, "postfix", keys, 2, values))
		return 0;
	if (!values[0] == !values[1]) {
		document_error(document, node,
			       "postfix: must have either file or journal: write file: "
			       "/var/log/mail.log or journal: true");
		return 0;
	}
	file = values[0] ? document_text(document, values[0], "file") : NULL;
	journal = values[1] ? document_text(document, values[1], "journal") : NULL;
	if (file && check_path(document, values[0], "file", file, "an absolute path")) {
		settings->postfix_file = strdup(file);
		return settings->postfix_file ? 0 : -ENOMEM;
	}
	if (journal &&
	    (!strcmp(journal, "true") || check_path(document, values[1], "journal", journal,
						    "true or the absolute path of a directory"))) {
		settings->postfix_journal = strdup(strcmp(journal, "true") != 0 ? journal : "-");
		return settings->postfix_journal ? 0 : -ENOMEM;
	}
	return 0;
}
