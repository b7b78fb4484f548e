/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads `fleet:`, the hosts with which this one shares entries. */
#include "config/fleet_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/parts.h"
#include "core/fleet_kind.h"
#include "core/scope.h"
#include "redis/url.h"

_Static_assert((int)FLEET_KIND_COUNT <= (int)SOURCE_COUNT, "there is room for each kind");

enum fleet_key {
	FLEET_NAME,
	FLEET_HOST,
	FLEET_URL,
	FLEET_USER,
	FLEET_PASSWORD_FILE,
	FLEET_KEY_FILE,
	FLEET_CA,
	FLEET_PUBLISH,
	FLEET_ONLY_FROM,
	FLEET_FEEDS,
	FLEET_KEY_COUNT,
};

static const char *const fleet_keys[] = {
	[FLEET_NAME] = "name",
	[FLEET_HOST] = "host",
	[FLEET_URL] = "url",
	[FLEET_USER] = "user",
	[FLEET_PASSWORD_FILE] = "password_file",
	[FLEET_KEY_FILE] = "key_file",
	[FLEET_CA] = "ca",
	[FLEET_PUBLISH] = "publish",
	[FLEET_ONLY_FROM] = "only_from",
	[FLEET_FEEDS] = "feeds",
};
_Static_assert(sizeof(fleet_keys) / sizeof(fleet_keys[0]) == FLEET_KEY_COUNT, "all");

struct fleet_reader {
	struct document *document;
	yaml_node_t *values[FLEET_KEY_COUNT];
	const yaml_node_t *node;
};

/* The text of a key; NULL: it is absent, or an error was added. */
static const char *text_of(struct fleet_reader *reader, enum fleet_key key)
{
	const yaml_node_t *node = reader->values[key];

	return node ? document_text(reader->document, node, fleet_keys[key]) : NULL;
}

static int keep_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return text && !*ret_copy ? -ENOMEM : 0;
}

/* What must be there. @example: a line to add. */
static void require(const struct fleet_reader *reader, enum fleet_key key, const char *example)
{
	if (!reader->values[key])
		document_error(reader->document, reader->node, "a fleet without %s: add %s",
			       fleet_keys[key], example);
}

static int read_name(struct fleet_reader *reader, enum fleet_key key, const char *example,
		     char **ret_name)
{
	const char *name = text_of(reader, key);

	require(reader, key, example);
	if (name && !scope_is_host(name))
		document_error(reader->document, reader->values[key],
			       "%s: \"%.80s\" must be at most %d letters, digits, \".\", \"_\" and "
			       "\"-\", and begin with a letter or digit",
			       fleet_keys[key], name, SCOPE_HOST_BYTES_MAX);
	return keep_text(name, ret_name);
}

static int read_url(struct fleet_reader *reader, struct fleet_settings *settings)
{
	const char *url = text_of(reader, FLEET_URL), *problem;
	struct redis_url parsed;

	require(reader, FLEET_URL, "url: rediss://redis.example.org");
	if (url && redis_url_parse(url, &parsed, &problem))
		document_error(reader->document, reader->values[FLEET_URL], "url: \"%.200s\" %s",
			       url, problem);
	else if (url && reader->values[FLEET_CA] && !parsed.is_tls)
		document_error(reader->document, reader->values[FLEET_CA],
			       "ca is for TLS: write url: rediss://…, or remove ca");
	return keep_text(url, &settings->url);
}

static int read_path(struct fleet_reader *reader, enum fleet_key key, char **ret_path)
{
	const char *path = text_of(reader, key);

	if (path && *path != '/')
		document_error(reader->document, reader->values[key],
			       "%s: \"%.80s\" is not an absolute path", fleet_keys[key], path);
	return keep_text(path, ret_path);
}

static int read_server(struct fleet_reader *reader, struct fleet_settings *settings)
{
	int err = read_url(reader, settings);

	if (!err)
		err = keep_text(text_of(reader, FLEET_USER), &settings->user);
	if (!err)
		err = read_path(reader, FLEET_PASSWORD_FILE, &settings->password_file);
	if (!err)
		err = read_path(reader, FLEET_CA, &settings->ca);
	if (reader->values[FLEET_USER] && !reader->values[FLEET_PASSWORD_FILE])
		document_error(reader->document, reader->values[FLEET_USER],
			       "user needs password_file, a file with its password");
	require(reader, FLEET_KEY_FILE, "key_file: /etc/ipwl/fleet.key");
	return err ? err : read_path(reader, FLEET_KEY_FILE, &settings->key_file);
}

static void read_publish(struct fleet_reader *reader, struct fleet_settings *settings)
{
	const yaml_node_t *node = reader->values[FLEET_PUBLISH];
	size_t count = 0, choice;

	for (size_t i = 0; !node && i < FLEET_KIND_COUNT; i++)
		settings->publishes[i] = true;
	if (node)
		document_sequence(reader->document, node, "publish", &count);
	for (size_t i = 0; i < count; i++)
		if (document_choice(reader->document, document_item(reader->document, node, i),
				    "publish", fleet_kind_names, FLEET_KIND_COUNT, &choice))
			settings->publishes[choice] = true;
}

/* Join the names by commas. */
static int read_only_from(struct fleet_reader *reader, struct fleet_settings *settings)
{
	const yaml_node_t *node = reader->values[FLEET_ONLY_FROM];
	size_t count, bytes, used = 0;
	FILE *stream;

	if (!node || !document_sequence(reader->document, node, "only_from", &count))
		return 0;
	stream = open_memstream(&settings->only_from, &bytes);
	if (!stream)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(reader->document, node, i);
		const char *host = document_text(reader->document, item, "a host");

		if (!host)
			continue;
		if (scope_is_host(host))
			fprintf(stream, "%s%s", used++ ? "," : "", host);
		else
			document_error(reader->document, item,
				       "only_from: \"%.80s\" is not the name of a host", host);
	}
	return fclose(stream) ? -ENOMEM : 0;
}

static void read_feeds(const struct fleet_reader *reader, struct fleet_settings *settings)
{
	static const char *const words[] = { "false", "true", "no", "yes" };
	const yaml_node_t *node = reader->values[FLEET_FEEDS];
	size_t choice;

	if (node && document_choice(reader->document, node, "feeds", words,
				    sizeof(words) / sizeof(*words), &choice))
		settings->shares_feeds = choice % 2;
}

int fleet_read(struct document *document, const yaml_node_t *node, struct fleet_settings *settings)
{
	struct fleet_reader reader = { .document = document, .node = node };
	int err;

	if (!node ||
	    !document_mapping(document, node, "fleet", fleet_keys, FLEET_KEY_COUNT, reader.values))
		return 0;
	err = read_name(&reader, FLEET_NAME, "name: mail", &settings->name);
	if (!err)
		err = read_name(&reader, FLEET_HOST, "host: mx1", &settings->host);
	if (!err)
		err = read_server(&reader, settings);
	read_publish(&reader, settings);
	read_feeds(&reader, settings);
	return err ? err : read_only_from(&reader, settings);
}

/* ---- for others to look at ------------------------------------------------------------ */

bool fleet_settings_believe(const struct fleet_settings *settings, const char *host)
{
	const struct scope scope = { .only_hosts = settings->only_from };

	return scope_has(&scope, host);
}

static void write_key(FILE *stream, const char *key, const char *text)
{
	if (text)
		fprintf(stream, ", %s %s", key, text);
}

/* Unless it is everything. */
static void write_publish(FILE *stream, const struct fleet_settings *settings)
{
	const char *before = ", publish ";
	size_t count = 0;

	for (size_t i = 0; i < FLEET_KIND_COUNT; i++)
		count += settings->publishes[i];
	if (count == FLEET_KIND_COUNT)
		return;
	if (!count)
		fprintf(stream, "%snothing", before);
	for (size_t i = 0; i < FLEET_KIND_COUNT; i++) {
		if (!settings->publishes[i])
			continue;
		fprintf(stream, "%s%s", before, fleet_kind_names[i]);
		before = ",";
	}
}

char *fleet_settings_text(const struct fleet_settings *settings)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (stream && settings->name) {
		fprintf(stream, "%s (host %s, url %s", settings->name, settings->host,
			settings->url);
		write_key(stream, "user", settings->user);
		write_key(stream, "password_file", settings->password_file);
		write_key(stream, "key_file", settings->key_file);
		write_key(stream, "ca", settings->ca);
		write_publish(stream, settings);
		write_key(stream, "only_from", settings->only_from);
		write_key(stream, "feeds", settings->shares_feeds ? "true" : NULL);
		fputc(')', stream);
	}
	return stream && !fclose(stream) ? text : NULL;
}

void fleet_settings_done(struct fleet_settings *settings)
{
	free(settings->name);
	free(settings->host);
	free(settings->url);
	free(settings->user);
	free(settings->password_file);
	free(settings->key_file);
	free(settings->ca);
	free(settings->only_from);
}
