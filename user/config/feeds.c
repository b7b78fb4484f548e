/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads the feeds of a list, and the prefixes that no feed may block. Fetches nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "config/feed_config.h"
#include "config/parts.h"
#include "core/prefix_error.h"

#define DAY_SEC 86400
#define REFRESH_MAX_SEC (365 * DAY_SEC)
#define MAX_BYTES_MAX (1U << 30)
#define GROWTH_MAX 1000000

enum feed_key {
	FEED_NAME,
	FEED_URL,
	FEED_MIRRORS,
	FEED_FORMAT,
	FEED_ON_ERROR,
	FEED_SELECT,
	FEED_MIN_TRUST,
	FEED_REFRESH,
	FEED_TIMEOUT,
	FEED_MAX_BYTES,
	FEED_USER,
	FEED_TOKEN_FILE,
	FEED_HEADER_FILE,
	FEED_CA_FILE,
	FEED_PROXY,
	FEED_MAY_BE_EMPTY,
	FEED_MAX_SHRINK,
	FEED_MAX_GROWTH,
	FEED_MIN_IPV4_LENGTH,
	FEED_MIN_IPV6_LENGTH,
	FEED_RESERVED,
	FEED_OWN,
	FEED_MAY_HOLD_RESERVED,
	FEED_MAY_HOLD_OWN,
	FEED_MAY_HOLD_PROTECTED,
	FEED_CHECK_COUNT,
	FEED_KEY_COUNT,
};

static const char *const feed_keys[] = {
	[FEED_NAME] = "name",
	[FEED_URL] = "url",
	[FEED_MIRRORS] = "mirrors",
	[FEED_FORMAT] = "format",
	[FEED_ON_ERROR] = "on_error",
	[FEED_SELECT] = "select",
	[FEED_MIN_TRUST] = "min_trust",
	[FEED_REFRESH] = "refresh",
	[FEED_TIMEOUT] = "timeout",
	[FEED_MAX_BYTES] = "max_bytes",
	[FEED_USER] = "user",
	[FEED_TOKEN_FILE] = "token_file",
	[FEED_HEADER_FILE] = "header_file",
	[FEED_CA_FILE] = "ca_file",
	[FEED_PROXY] = "proxy",
	[FEED_MAY_BE_EMPTY] = "may_be_empty",
	[FEED_MAX_SHRINK] = "max_shrink",
	[FEED_MAX_GROWTH] = "max_growth",
	[FEED_MIN_IPV4_LENGTH] = "min_ipv4_length",
	[FEED_MIN_IPV6_LENGTH] = "min_ipv6_length",
	[FEED_RESERVED] = "reserved",
	[FEED_OWN] = "own",
	[FEED_MAY_HOLD_RESERVED] = "may_hold_reserved",
	[FEED_MAY_HOLD_OWN] = "may_hold_own",
	[FEED_MAY_HOLD_PROTECTED] = "may_hold_protected",
	[FEED_CHECK_COUNT] = "check_count",
};
_Static_assert(sizeof(feed_keys) / sizeof(feed_keys[0]) == FEED_KEY_COUNT, "all");

/* The scheme is followed by a host or, for a file, by its absolute path. */
static const char *const schemes[] = { "https://", "http://", "file:///" };
#define SCHEME_HTTPS 0

struct feed_reader {
	struct document *document;
	yaml_node_t *values[FEED_KEY_COUNT];
	struct feed_config *feed;
};

/* ---- words and numbers -------------------------------------------------- */

static void read_flag(struct feed_reader *reader, enum feed_key key, bool *ret_flag)
{
	static const char *const words[] = { "false", "true" };
	size_t choice;

	if (reader->values[key] && document_choice(reader->document, reader->values[key],
						   feed_keys[key], words, 2, &choice))
		*ret_flag = choice == 1;
}

static void read_number(struct feed_reader *reader, enum feed_key key, uint32_t min, uint32_t max,
			uint32_t *ret_number)
{
	if (reader->values[key])
		document_number(reader->document, reader->values[key], feed_keys[key], false, min,
				max, ret_number);
}

static void read_duration(struct feed_reader *reader, enum feed_key key, const char *default_text,
			  int64_t min_sec, int64_t max_sec, uint32_t *ret_sec)
{
	int64_t sec = 0;

	duration_parse(default_text, &sec);
	*ret_sec = (uint32_t)sec;
	document_duration(reader->document, reader->values[key], feed_keys[key], min_sec, max_sec,
			  ret_sec);
}

/* Read a text without blanks and control characters, for use in requests. @node: NULL: there is
 * none. NULL: there is none, or it is wrong. */
static const char *read_node_word(struct feed_reader *reader, const yaml_node_t *node,
				  enum feed_key key, size_t bytes_max)
{
	const char *text = node ? document_text(reader->document, node, feed_keys[key]) : NULL;

	if (!text)
		return NULL;
	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f) {
			document_error(
			    reader->document, node,
			    "%s contains a space or a control character: write %%20 for a space",
			    feed_keys[key]);
			return NULL;
		}
	}
	if (*text != '\0' && strlen(text) <= bytes_max)
		return text;
	document_error(reader->document, node, "%s: write 1 to %zu bytes", feed_keys[key],
		       bytes_max);
	return NULL;
}

static const char *read_word(struct feed_reader *reader, enum feed_key key, size_t bytes_max)
{
	return read_node_word(reader, reader->values[key], key, bytes_max);
}

/* ---- url and credentials ------------------------------------------------ */

static const char *find_scheme(const char *url)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (!strncmp(url, schemes[i], strlen(schemes[i])))
			return schemes[i];
	}
	return NULL;
}

/* Whether the authority of a URL has a user, and perhaps a password. */
static bool has_user(const char *authority)
{
	return memchr(authority, '@', strcspn(authority, "/?#")) != NULL;
}

/* Read the URL of a source. @ret_url: untouched if it is wrong. Return: 0 or -ENOMEM. */
static int read_source(struct feed_reader *reader, const yaml_node_t *node, enum feed_key key,
		       char **ret_url)
{
	const char *url = read_node_word(reader, node, key, FEED_URL_BYTES_MAX);
	const char *scheme = url ? find_scheme(url) : NULL;

	if (!url)
		return 0;
	if (!scheme || url[strlen(scheme)] == '\0' || url[strlen(scheme)] == '/') {
		document_error(reader->document, node,
			       "%s: \"%.80s\" does not begin with https://HOST, http://HOST or "
			       "file:///PATH",
			       feed_keys[key], url);
		return 0;
	}
	if (strcmp(scheme, "file:///") != 0 && has_user(url + strlen(scheme)))
		document_error(reader->document, node,
			       "%s: a user in the URL would be visible to everyone: write user "
			       "and token_file instead",
			       feed_keys[key]);
	*ret_url = strdup(url);
	return *ret_url ? 0 : -ENOMEM;
}

static int read_url(struct feed_reader *reader, const yaml_node_t *item)
{
	if (reader->values[FEED_URL])
		return read_source(reader, reader->values[FEED_URL], FEED_URL, &reader->feed->url);
	document_error(reader->document, item, "a feed without a url: add url: https://…");
	return 0;
}

static int read_mirrors(struct feed_reader *reader)
{
	const yaml_node_t *node = reader->values[FEED_MIRRORS];
	struct feed_config *feed = reader->feed;
	size_t count;

	if (!node)
		return 0;
	document_sequence(reader->document, node, feed_keys[FEED_MIRRORS], &count);
	if (count > FEED_MIRRORS_MAX) {
		document_error(reader->document, node, "mirrors: more than %d: remove some",
			       FEED_MIRRORS_MAX);
		return 0;
	}
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(reader->document, node, i);
		char *url = NULL;

		if (read_source(reader, item, FEED_MIRRORS, &url))
			return -ENOMEM;
		if (!url)
			continue;
		if (feed->url && feed_config_has_url(feed, url))
			document_error(reader->document, item,
				       "mirrors: \"%.80s\" is duplicated: remove one", url);
		feed->mirrors[feed->mirror_count++] = url;
	}
	return 0;
}

static int read_path(struct feed_reader *reader, enum feed_key key, char **ret_path)
{
	const yaml_node_t *node = reader->values[key];
	const char *path = node ? document_text(reader->document, node, feed_keys[key]) : NULL;

	if (!path)
		return 0;
	if (path[0] != '/' || strchr(path, '\n')) {
		document_error(reader->document, node, "%s: \"%.80s\" is not an absolute path",
			       feed_keys[key], path);
		return 0;
	}
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

static int read_credentials(struct feed_reader *reader)
{
	const char *user = read_word(reader, FEED_USER, FEED_USER_BYTES_MAX);
	const struct feed_config *feed = reader->feed;
	int err = 0;

	if (user) {
		reader->feed->user = strdup(user);
		err = reader->feed->user ? 0 : -ENOMEM;
	}
	if (user && strchr(user, ':'))
		document_error(reader->document, reader->values[FEED_USER],
			       "user contains a colon: put the password into token_file");
	if (!err)
		err = read_path(reader, FEED_TOKEN_FILE, &reader->feed->token_file);
	if (!err)
		err = read_path(reader, FEED_HEADER_FILE, &reader->feed->header_file);
	if (!err)
		err = read_path(reader, FEED_CA_FILE, &reader->feed->ca_file);
	if (user && !reader->values[FEED_TOKEN_FILE])
		document_error(reader->document, reader->values[FEED_USER],
			       "user without token_file: name the file with the password");
	for (enum feed_key key = FEED_USER; key <= FEED_CA_FILE; key++) {
		const bool is_safe =
		    key != FEED_CA_FILE && feed->url && feed_url_is_loopback(feed->url);

		if (reader->values[key] && feed->url && !is_safe &&
		    strncmp(feed->url, schemes[SCHEME_HTTPS], strlen(schemes[SCHEME_HTTPS])) != 0)
			document_error(
			    reader->document, reader->values[key],
			    "%s needs https://, or http:// to 127.0.0.1 or [::1], because "
			    "others could read it on the way: change the url or remove "
			    "it",
			    feed_keys[key]);
	}
	return err;
}

/* Its password would be visible, too. */
static int read_proxy(struct feed_reader *reader)
{
	const char *proxy = read_word(reader, FEED_PROXY, FEED_URL_BYTES_MAX);
	const char *scheme = proxy ? find_scheme(proxy) : NULL;
	const char *url = reader->feed->url;

	if (!proxy)
		return 0;
	if (!scheme || !strncmp(scheme, "file:", 5) || !proxy[strlen(scheme)] ||
	    proxy[strlen(scheme)] == '/' || has_user(proxy + strlen(scheme)))
		document_error(reader->document, reader->values[FEED_PROXY],
			       "proxy: \"%.80s\" is not http://HOST:PORT or https://HOST:PORT",
			       proxy);
	else if (url && (!strncmp(url, "file:", 5) || feed_url_is_loopback(url)))
		document_error(reader->document, reader->values[FEED_PROXY],
			       "proxy: a file or this host needs none: remove it");
	reader->feed->proxy = strdup(proxy);
	return reader->feed->proxy ? 0 : -ENOMEM;
}

/* ---- a feed ------------------------------------------------------------- */

/* @alias: a key that can only say hold or take. */
static void read_space(struct feed_reader *reader, enum feed_key key, enum feed_key alias,
		       enum space_choice *ret_choice)
{
	const yaml_node_t *node = reader->values[key];
	bool may_hold = false;
	size_t choice;

	read_flag(reader, alias, &may_hold);
	if (may_hold)
		*ret_choice = SPACE_TAKE;
	if (!node)
		return;
	if (reader->values[alias])
		document_error(reader->document, reader->values[alias],
			       "%s: there is %s, which says the same: remove %s", feed_keys[alias],
			       feed_keys[key], feed_keys[alias]);
	if (document_choice(reader->document, node, feed_keys[key], space_choice_names,
			    SPACE_CHOICE_COUNT, &choice))
		*ret_choice = (enum space_choice)choice;
}

static void read_guards(struct feed_reader *reader)
{
	struct feed_guards *guards = &reader->feed->guards;

	*guards = (struct feed_guards) {
		.checks_count = true,
		.max_shrink_percent = FEED_DEFAULT_MAX_SHRINK,
		.max_growth_factor = FEED_DEFAULT_MAX_GROWTH,
		.min_len = { FEED_DEFAULT_MIN_IPV4_LENGTH, FEED_DEFAULT_MIN_IPV6_LENGTH },
	};
	read_flag(reader, FEED_MAY_BE_EMPTY, &guards->may_be_empty);
	read_space(reader, FEED_RESERVED, FEED_MAY_HOLD_RESERVED,
		   &guards->spaces[FEED_SPACE_RESERVED]);
	read_space(reader, FEED_OWN, FEED_MAY_HOLD_OWN, &guards->spaces[FEED_SPACE_OWN]);
	read_flag(reader, FEED_MAY_HOLD_PROTECTED, &guards->may_hold_protected);
	read_flag(reader, FEED_CHECK_COUNT, &guards->checks_count);
	read_number(reader, FEED_MAX_SHRINK, 0, 100, &guards->max_shrink_percent);
	read_number(reader, FEED_MAX_GROWTH, 1, GROWTH_MAX, &guards->max_growth_factor);
	read_number(reader, FEED_MIN_IPV4_LENGTH, 0, 32, &guards->min_len[FAMILY_IPV4]);
	read_number(reader, FEED_MIN_IPV6_LENGTH, 0, 128, &guards->min_len[FAMILY_IPV6]);
}

static int read_name(struct feed_reader *reader, const yaml_node_t *item, struct config *config)
{
	struct document *document = reader->document;
	const yaml_node_t *node = reader->values[FEED_NAME];
	const char *name;

	if (!node) {
		document_error(document, item, "a feed without a name: add name: NAME");
		return 0;
	}
	name = document_text(document, node, "name");
	if (!name)
		return 0;
	if (!policy_is_name(name)) {
		document_error(document, node,
			       "\"%.80s\" is not a feed's name: 1 to %d of A-Z a-z 0-9 . _ -, "
			       "first a letter or digit",
			       name, POLICY_NAME_MAX);
		return 0;
	}
	if (feed_config_find(config_feeds(config, FEED_OF_URL), name))
		document_error(document, node,
			       "feed %s is duplicated, in this list or another: rename one", name);
	reader->feed->name = strdup(name);
	return reader->feed->name ? 0 : -ENOMEM;
}

static void read_on_error(struct feed_reader *reader)
{
	size_t choice;

	if (reader->values[FEED_ON_ERROR] &&
	    document_choice(reader->document, reader->values[FEED_ON_ERROR], "on_error",
			    on_error_names, 2, &choice))
		reader->feed->skips_errors = choice == 1;
}

static void read_format(struct feed_reader *reader)
{
	size_t format;

	if (reader->values[FEED_FORMAT] &&
	    document_choice(reader->document, reader->values[FEED_FORMAT], "format", format_names,
			    FORMAT_COUNT, &format))
		reader->feed->format = (enum format)format;
	min_trust_read(reader->document, reader->values[FEED_MIN_TRUST], reader->feed->format,
		       &reader->feed->min_trust);
}

static int read_feed(struct feed_reader *reader, const yaml_node_t *item, struct config *config)
{
	struct feed_config *feed = reader->feed;
	int err;

	if (!document_mapping(reader->document, item, "a feed", feed_keys, FEED_KEY_COUNT,
			      reader->values))
		return 0;
	feed->max_bytes = FEED_DEFAULT_MAX_BYTES;
	read_format(reader);
	read_on_error(reader);
	read_duration(reader, FEED_REFRESH, FEED_DEFAULT_REFRESH, FEED_REFRESH_MIN_SEC,
		      REFRESH_MAX_SEC, &feed->refresh_sec);
	feed->refresh_max_sec = feed->refresh_sec;
	read_duration(reader, FEED_TIMEOUT, FEED_DEFAULT_TIMEOUT, 1, DAY_SEC, &feed->timeout_sec);
	read_number(reader, FEED_MAX_BYTES, 1, MAX_BYTES_MAX, &feed->max_bytes);
	read_guards(reader);
	err = read_name(reader, item, config);
	if (!err && reader->values[FEED_SELECT])
		err = select_read(reader->document, reader->values[FEED_SELECT], &feed->select);
	if (!err)
		err = read_url(reader, item);
	if (!err)
		err = read_mirrors(reader);
	if (!err)
		err = read_credentials(reader);
	return err ? err : read_proxy(reader);
}

int feeds_read(struct document *document, const yaml_node_t *node, const struct list *list,
	       struct config *config)
{
	size_t count;
	int err = 0;

	document_sequence(document, node, "feeds", &count);
	for (size_t i = 0; i < count && !err; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		struct feed_config *feeds =
		    realloc(config->feeds, (config->feed_count + 1) * sizeof(*feeds));
		struct feed_reader reader = { .document = document };

		if (!feeds)
			return -ENOMEM;
		config->feeds = feeds;
		if (config->feed_count == FEEDS_MAX) {
			document_error(document, item, "more than %d feeds: remove some",
				       FEEDS_MAX);
			return 0;
		}
		reader.feed = &feeds[config->feed_count];
		*reader.feed = (struct feed_config) { .action = list->action,
						      .list_name = strdup(list->name) };
		err = reader.feed->list_name ? read_feed(&reader, item, config) : -ENOMEM;
		/* Count the feed only now, or the search for duplicate names would find it. */
		config->feed_count++;
	}
	return err;
}

/* ---- protected prefixes ------------------------------------------------- */

int protected_read(struct document *document, const yaml_node_t *node, struct config *config)
{
	size_t count;

	document_sequence(document, node, "protected", &count);
	config->protected = calloc(count + 1, sizeof(*config->protected));
	if (!config->protected)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *item = document_item(document, node, i);
		const char *text = document_text(document, item, "a protected prefix");
		char message[PREFIX_MESSAGE_BYTES];
		enum prefix_error error;

		if (!text)
			continue;
		error = prefix_parse(text, strlen(text),
				     &config->protected[config->protected_count], NULL);
		if (error == PREFIX_OK) {
			config->protected_count++;
			continue;
		}
		prefix_error_message(error, text, strlen(text), message);
		document_error(document, item, "%s", message);
	}
	return 0;
}
