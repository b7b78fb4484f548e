/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads which log is read: a file, or the journal, of one mail server. */
#include "config/learn_log.h"

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

static const char *const usual_files[LEARN_SERVER_COUNT] = {
	[LEARN_POSTFIX] = "/var/log/mail.log",
	[LEARN_EXIM] = "/var/log/exim4/mainlog",
	[LEARN_OPENSMTPD] = "/var/log/mail.log",
};

static int read_place(struct document *document, const yaml_node_t *node, enum learn_server server,
		      struct learn_settings *settings)
{
	yaml_node_t *values[2];
	const char *file, *journal;

	if (!document_mapping(document, node, learn_server_names[server], keys, 2, values))
		return 0;
	if (!values[0] == !values[1]) {
		document_error(document, node,
			       "%s: must have either file or journal: write file: %s or journal: "
			       "true",
			       learn_server_names[server], usual_files[server]);
		return 0;
	}
	settings->server = server;
	file = values[0] ? document_text(document, values[0], "file") : NULL;
	journal = values[1] ? document_text(document, values[1], "journal") : NULL;
	if (file && check_path(document, values[0], "file", file, "an absolute path")) {
		settings->log_file = strdup(file);
		return settings->log_file ? 0 : -ENOMEM;
	}
	if (journal &&
	    (!strcmp(journal, "true") || check_path(document, values[1], "journal", journal,
						    "true or the absolute path of a directory"))) {
		settings->log_journal = strdup(strcmp(journal, "true") != 0 ? journal : "-");
		return settings->log_journal ? 0 : -ENOMEM;
	}
	return 0;
}

int learn_read_log(struct document *document, const yaml_node_t *learn,
		   yaml_node_t *const servers[LEARN_SERVER_COUNT], struct learn_settings *settings)
{
	int first = -1;

	for (int server = 0; server < LEARN_SERVER_COUNT; server++) {
		if (!servers[server])
			continue;
		if (first >= 0) {
			document_error(document, learn,
				       "learn: has %s and %s, but the log of one mail server is "
				       "read: remove one of them",
				       learn_server_names[first], learn_server_names[server]);
			return 0;
		}
		first = server;
	}
	return first >= 0 ? read_place(document, servers[first], (enum learn_server)first, settings)
			  : 0;
}
