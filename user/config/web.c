/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `web:`, where the status page is, and for whom. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/listen.h"
#include "config/parts.h"
#include "dns/name.h"

enum web_key { WEB_LISTEN, WEB_REMOTE, WEB_TOKEN_FILE, WEB_NAMES, WEB_KEY_COUNT };

static const char *const web_keys[] = {
	[WEB_LISTEN] = "listen",
	[WEB_REMOTE] = "remote",
	[WEB_TOKEN_FILE] = "token_file",
	[WEB_NAMES] = "names",
};
_Static_assert(sizeof(web_keys) / sizeof(web_keys[0]) == WEB_KEY_COUNT, "all");

static int read_listen(struct document *document, const yaml_node_t *node,
		       struct web_settings *settings)
{
	const char *text = document_text(document, node, "listen");
	int err;

	if (!text)
		return 0;
	err = listen_parse(text, &settings->listen_host, &settings->listen_port);
	if (err == -ENOMEM)
		return err;
	if (err)
		document_error(document, node,
			       "listen: \"%.80s\" is not ADDRESS:PORT: write 127.0.0.1:12527, "
			       "\"[::1]:12527\" or none; a host name is no address",
			       text);
	else if (settings->listen_host && !settings->is_remote &&
		 !listen_is_loopback(settings->listen_host))
		document_error(document, node,
			       "listen: other hosts can reach \"%.80s\": write 127.0.0.1:12527, or "
			       "add remote: true",
			       text);
	return 0;
}

static int read_token_file(struct document *document, const yaml_node_t *node,
			   struct web_settings *settings)
{
	const char *path = document_text(document, node, "token_file");

	if (!path)
		return 0;
	if (*path != '/')
		document_error(document, node, "token_file: \"%.80s\" is not an absolute path",
			       path);
	settings->token_file = strdup(path);
	return settings->token_file ? 0 : -ENOMEM;
}

/* Join the names by blanks. */
static int read_names(struct document *document, const yaml_node_t *node,
		      struct web_settings *settings)
{
	char name[DNS_NAME_BYTES];
	size_t bytes, count, used = 0;
	FILE *stream = open_memstream(&settings->names, &bytes);

	if (!stream)
		return -ENOMEM;
	document_sequence(document, node, "names", &count);
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, "a name");

		if (!text)
			continue;
		if (dns_name_normalise(text, strlen(text), name))
			fprintf(stream, "%s%s", used++ ? " " : "", name);
		else
			document_error(document, item,
				       "\"%.80s\" is not a host name: write mx1.example.com", text);
	}
	if (fclose(stream))
		return -ENOMEM;
	if (!used) {
		free(settings->names);
		settings->names = NULL;
	}
	return 0;
}

int web_read(struct document *document, const yaml_node_t *node, struct web_settings *settings)
{
	static const char *const words[] = { "false", "true" };
	yaml_node_t *values[WEB_KEY_COUNT];
	size_t choice;
	int err = 0;

	if (!node || !document_mapping(document, node, "web", web_keys, WEB_KEY_COUNT, values))
		return 0;
	if (values[WEB_REMOTE] &&
	    document_choice(document, values[WEB_REMOTE], web_keys[WEB_REMOTE], words, 2, &choice))
		settings->is_remote = choice == 1;
	if (values[WEB_LISTEN])
		err = read_listen(document, values[WEB_LISTEN], settings);
	if (!err && values[WEB_TOKEN_FILE])
		err = read_token_file(document, values[WEB_TOKEN_FILE], settings);
	if (!err && values[WEB_NAMES])
		err = read_names(document, values[WEB_NAMES], settings);
	if (settings->is_remote && !settings->token_file && !err)
		document_error(document, values[WEB_REMOTE],
			       "remote: needs token_file, a file with the token that clients must "
			       "know");
	return err;
}

void web_settings_done(struct web_settings *settings)
{
	free(settings->listen_host);
	free(settings->token_file);
	free(settings->names);
}
